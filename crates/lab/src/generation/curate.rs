//! Choosing which documents of a generation go on.

use super::common::Common;
use super::draft::Draft;
use super::step::Step;
use crate::curation::{CurationInput, Selection};
use crate::reporter::{Halt, Reporter};
use crate::{LabError, Stage};

/// Lets the curator decide. Leaves the selection.
pub(super) struct Curate;

impl Step for Curate {
    fn stage(&self) -> Stage {
        Stage::CURATE
    }

    fn is_shown(&self, common: &Common<'_>) -> bool {
        !common.curator.keeps_everything()
    }

    fn total(&self, _: &Common<'_>, draft: &Draft<'_>) -> Result<Option<u64>, LabError> {
        Ok(Some(draft.corpus()?.documents() as u64))
    }

    fn work(
        &self,
        common: &Common<'_>,
        draft: &mut Draft<'_>,
        _: &mut Reporter<'_>,
    ) -> Result<u64, Halt> {
        let corpus = draft.corpus()?;
        let (curator, n) = (common.curator, draft.n);
        let input = CurationInput::new(n, &corpus, common.experiment.seed);
        let kept = curator
            .curate(&input)
            .map_err(|source| LabError::Curation {
                curator: curator.name(),
                generation: n,
                source,
            })?;
        let selection = Selection::new(&curator.name(), &corpus, kept)?;
        selection.save(&draft.files.selection())?;
        Ok(corpus.tokens())
    }
}
