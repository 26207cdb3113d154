//! The mathematics of model collapse.
