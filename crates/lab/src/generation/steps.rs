//! The steps of a generation, in their order.

use super::curate::Curate;
use super::generate::Generate;
use super::measure::Measure;
use super::step::Step;
use super::train::Train;

/// The steps of a generation, in the order in which they are taken.
pub(super) const STEPS: [&dyn Step; 4] = [&Train, &Generate, &Curate, &Measure];
