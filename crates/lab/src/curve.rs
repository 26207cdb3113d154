//! The training curve: a line of JSON for every step and every epoch.

use std::io::Write;
use std::path::{Path, PathBuf};

use autophage_durable::AtomicFile;
use autophage_model::TrainingEvent;
use serde::Serialize;

use crate::LabError;
use crate::reporter::Reporter;

/// A line of the training curve.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
enum Point {
    Step {
        step: u64,
        tokens: u64,
        loss: f64,
        gradient_norm: f64,
        learning_rate: f64,
    },
    Epoch {
        epoch: u32,
        step: u64,
        training_loss: f64,
        validation_loss: Option<f64>,
    },
}

/// The file of the training curve while it is written.
pub(crate) struct Curve {
    path: PathBuf,
    file: AtomicFile,
    tokens: u64,
    training_loss: Option<f64>,
    validation_loss: Option<f64>,
    /// The first error of writing; the trainer cannot be told of it.
    failed: Option<std::io::Error>,
}

impl Curve {
    pub(crate) fn create(path: &Path) -> Result<Self, LabError> {
        Ok(Self {
            path: path.to_owned(),
            file: AtomicFile::create(path).map_err(LabError::file("write", path))?,
            tokens: 0,
            training_loss: None,
            validation_loss: None,
            failed: None,
        })
    }

    pub(crate) fn add(&mut self, event: &TrainingEvent, reporter: &mut Reporter<'_>) {
        let point = match *event {
            TrainingEvent::Step {
                step,
                total_steps,
                tokens,
                loss,
                gradient_norm,
                learning_rate,
            } => {
                self.tokens += tokens;
                // Training has no place to stop at; the stop is noted and follows the stage.
                let _ = reporter.progress(step, Some(total_steps), self.tokens, Some(loss));
                Point::Step {
                    step,
                    tokens,
                    loss,
                    gradient_norm,
                    learning_rate,
                }
            }
            TrainingEvent::Epoch {
                epoch,
                step,
                training_loss,
                validation_loss,
            } => {
                self.training_loss = Some(training_loss);
                self.validation_loss = match (self.validation_loss, validation_loss) {
                    (Some(best), Some(loss)) => Some(best.min(loss)),
                    (best, loss) => loss.or(best),
                };
                Point::Epoch {
                    epoch,
                    step,
                    training_loss,
                    validation_loss,
                }
            }
        };
        let written = serde_json::to_writer(&mut self.file, &point)
            .map_err(std::io::Error::from)
            .and_then(|()| self.file.write_all(b"\n"));
        if let Err(error) = written {
            self.failed.get_or_insert(error);
        }
    }

    /// The training loss of the last epoch and the lowest validation loss.
    pub(crate) fn finish(self) -> Result<(Option<f64>, Option<f64>), LabError> {
        self.failed
            .map_or(Ok(()), Err)
            .and_then(|()| self.file.commit())
            .map_err(LabError::file("write", &self.path))?;
        Ok((self.training_loss, self.validation_loss))
    }
}
