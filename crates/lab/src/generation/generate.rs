//! Sampling the corpus of a generation.

use std::ops::ControlFlow;

use autophage_corpus::TokenStoreWriter;

use super::common::Common;
use super::draft::Draft;
use super::step::Step;
use crate::reporter::{Halt, Reporter};
use crate::{LabError, Stage, Vocabulary};

/// Lets the model write. Leaves its corpus.
pub(super) struct Generate;

impl Step for Generate {
    fn stage(&self) -> Stage {
        Stage::GENERATE
    }

    fn total(&self, common: &Common<'_>, draft: &Draft<'_>) -> Result<Option<u64>, LabError> {
        Ok(Some(common.composer.generated_tokens(draft.n)))
    }

    fn work(
        &self,
        common: &Common<'_>,
        draft: &mut Draft<'_>,
        reporter: &mut Reporter<'_>,
    ) -> Result<u64, Halt> {
        let tokenizer = &common.prepared.tokenizer;
        let wanted = common.composer.generated_tokens(draft.n);
        let mut writer = TokenStoreWriter::create(
            draft.files.corpus(),
            tokenizer.vocabulary(),
            tokenizer.end_of_text(),
        )?;
        let mut failed = None;
        let section = &common.experiment.generation;
        common.cycle().generate(
            draft.n,
            draft.model(common)?,
            |random| section.request(Vocabulary::of(tokenizer), random),
            &mut |document| {
                if let Err(error) = writer.push(document) {
                    failed = Some(error);
                    return ControlFlow::Break(());
                }
                let done = writer.tokens();
                reporter.progress(done.min(wanted), None, done, None)
            },
        )?;
        if let Some(error) = failed {
            return Err(error.into());
        }
        reporter.check()?;
        Ok(writer.finish()?.tokens())
    }
}
