//! The experiment file, the generation loop and the run directory.
