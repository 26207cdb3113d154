//! Making one generation: its training set, its model, its text, its measurements.

mod common;
mod curate;
mod draft;
mod generate;
mod make;
mod measure;
mod past;
mod step;
mod steps;
mod train;

pub(crate) use common::Common;
pub(crate) use make::make;
pub(crate) use past::Past;
