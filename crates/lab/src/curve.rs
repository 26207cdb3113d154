//! The training curve: a line of JSON for every step and every epoch.

use std::io::Write;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use autophage_durable::AtomicFile;
use autophage_model::TrainingEvent;
use serde::{Deserialize, Serialize};

use crate::LabError;
use crate::reporter::Reporter;

/// A line of the training curve.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case")]
pub enum CurvePoint {
    /// An optimizer step.
    Step {
        /// Its number, from 1.
        step: u64,
        /// Target tokens of the step.
        tokens: u64,
        /// Mean loss before the step, in nats a token.
        loss: f64,
        /// Norm of the gradient before clipping.
        gradient_norm: f64,
        /// The learning rate.
        learning_rate: f64,
    },
    /// An epoch that is done.
    Epoch {
        /// Its number, from 1.
        epoch: u32,
        /// The number of its last step.
        step: u64,
        /// Mean loss of its steps, in nats a token.
        training_loss: f64,
        /// Loss on the held-out real documents, in nats a token, if that was asked for.
        validation_loss: Option<f64>,
    },
}

/// Reads a training curve, a line a point.
pub(crate) fn read(path: &Path, remedy: &str) -> Result<Vec<CurvePoint>, LabError> {
    let text = std::fs::read_to_string(path).map_err(LabError::file("read", path))?;
    text.lines()
        .map(|line| {
            serde_json::from_str(line).map_err(|error| LabError::Damaged {
                path: path.to_owned(),
                problem: error.to_string(),
                remedy: remedy.to_owned(),
            })
        })
        .collect()
}

/// The file of the training curve while it is written.
pub(crate) struct Curve {
    path: PathBuf,
    file: AtomicFile,
    steps: u64,
    tokens: u64,
    /// Of the latest step.
    loss: Option<f64>,
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
            steps: 0,
            tokens: 0,
            loss: None,
            training_loss: None,
            validation_loss: None,
            failed: None,
        })
    }

    /// Notes an event of the training, reports it, and says whether the training may go on.
    pub(crate) fn add(
        &mut self,
        event: &TrainingEvent,
        reporter: &mut Reporter<'_>,
    ) -> ControlFlow<()> {
        let mut total = None;
        let point = match *event {
            TrainingEvent::Step {
                step,
                total_steps,
                tokens,
                loss,
                gradient_norm,
                learning_rate,
            } => {
                self.steps = step;
                self.tokens += tokens;
                self.loss = Some(loss);
                total = Some(total_steps);
                Some(CurvePoint::Step {
                    step,
                    tokens,
                    loss,
                    gradient_norm,
                    learning_rate,
                })
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
                Some(CurvePoint::Epoch {
                    epoch,
                    step,
                    training_loss,
                    validation_loss,
                })
            }
            // Places to stop at, and no points of the curve.
            _ => None,
        };
        if let Some(point) = point {
            self.write(&point);
        }
        reporter.progress(self.steps, total, self.tokens, self.loss)
    }

    fn write(&mut self, point: &CurvePoint) {
        let written = serde_json::to_writer(&mut self.file, point)
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
