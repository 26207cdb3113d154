//! A course as the training that a learner hands out.

use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use autophage_compute::Backend;

use super::course::{Course, Observer};
use super::state;
use crate::{ModelError, Progress, Trained, Training};

impl<B: Backend> Training for Course<'_, B> {
    fn advance(&mut self, observer: Observer<'_>) -> Result<Progress, ModelError> {
        let begin = Instant::now();
        let flow = self.go_on(observer);
        self.place.seconds += begin.elapsed().as_secs_f64();
        Ok(match flow? {
            ControlFlow::Continue(()) => Progress::Finished,
            ControlFlow::Break(()) => Progress::Stopped,
        })
    }

    fn save(&self, directory: &Path) -> Result<(), ModelError> {
        state::save(self, directory)
    }

    fn finish(self: Box<Self>) -> Result<Trained, ModelError> {
        let steps = self.trainer.step;
        let mut model = self.trainer.into_model();
        let epochs = match &self.best {
            None => self.place.epoch,
            Some(best) => {
                model.restore(&best.weights);
                best.epoch
            }
        };
        Ok(Trained {
            model: Box::new(model),
            epochs,
            steps,
            tokens: self.place.tokens,
            seconds: self.place.seconds,
        })
    }
}
