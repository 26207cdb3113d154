//! What a generation is made by.

use super::common::Common;
use super::draft::Draft;
use crate::reporter::{Halt, Reporter};
use crate::{LabError, Stage};

/// A step by which a generation is made: one stage of the work.
pub(super) trait Step: Sync {
    /// The stage that it is shown and timed as.
    fn stage(&self) -> Stage;

    /// Whether there is work to show and to time.
    fn is_shown(&self, _common: &Common<'_>) -> bool {
        true
    }

    /// How much there is to do, in units of the stage; `None` if that is not known.
    fn total(&self, common: &Common<'_>, draft: &Draft<'_>) -> Result<Option<u64>, LabError>;

    /// Does it, leaves its artefacts in the draft's directory, and says how many tokens it dealt with.
    fn work(
        &self,
        common: &Common<'_>,
        draft: &mut Draft<'_>,
        reporter: &mut Reporter<'_>,
    ) -> Result<u64, Halt>;
}
