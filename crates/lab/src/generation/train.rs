//! Training the model of a generation.

use autophage_model::Epochs;

use super::common::Common;
use super::draft::Draft;
use super::step::Step;
use crate::curve::Curve;
use crate::manifest::write_json;
use crate::reporter::{Halt, Reporter};
use crate::{EpochCount, LabError, Stage, TrainingMetrics};

/// Trains the model. Leaves the training curve, what came of it, and the model with its tokenizer as
/// Hugging Face's libraries read them.
pub(super) struct Train;

impl Step for Train {
    fn stage(&self) -> Stage {
        Stage::TRAIN
    }

    fn total(&self, _: &Common<'_>, _: &Draft<'_>) -> Result<Option<u64>, LabError> {
        Ok(None)
    }

    fn work(
        &self,
        common: &Common<'_>,
        draft: &mut Draft<'_>,
        reporter: &mut Reporter<'_>,
    ) -> Result<u64, Halt> {
        let (n, set) = (draft.n, draft.set);
        let start = common.start(n);
        let mut curve = Curve::create(&draft.files.curve())?;
        let trained = common.cycle().train(
            n,
            &set.documents,
            &common.prepared.validation,
            epochs(common, draft.past.epochs),
            start.as_deref(),
            &mut |event| curve.add(event, reporter),
        )?;
        let trained = trained.ok_or(Halt::Stopped)?;
        let (training_loss, validation_loss) = curve.finish()?;
        let directory = draft.files.directory();
        trained
            .model
            .save(directory)
            .map_err(LabError::model(format!("model of generation {n}")))?;
        common.prepared.tokenizer.save_pretrained(directory)?;
        let metrics = TrainingMetrics {
            documents: set.provenance.documents,
            set_tokens: set.provenance.tokens,
            epochs: trained.epochs,
            steps: trained.steps,
            tokens: trained.tokens,
            training_loss,
            validation_loss,
        };
        write_json(&draft.files.training(), &metrics)?;
        draft.keep(trained.model);
        Ok(trained.tokens)
    }
}

/// How many epochs to train, where generation 1 was trained `known`.
fn epochs(common: &Common<'_>, known: Option<u32>) -> Epochs {
    let training = &common.experiment.training;
    match (training.epochs, known) {
        (EpochCount::Fixed(epochs), _) | (EpochCount::EarlyStopping, Some(epochs)) => {
            Epochs::Fixed(epochs)
        }
        (EpochCount::EarlyStopping, None) => Epochs::EarlyStopping {
            max: training.max_epochs,
            patience: training.patience,
        },
    }
}
