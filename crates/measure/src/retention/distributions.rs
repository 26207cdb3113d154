//! A model's distributions after the tracked contexts, and the file that keeps them.
//!
//! The format is described in `docs/formats.md`.

use std::path::Path;

use autophage_model::LanguageModel;

use crate::MeasureError;
use crate::framed::{self, Kind};
use crate::probe::Conditioning;

const KIND: Kind = Kind {
    magic: b"AUTOPHDS",
    version: 1,
    mismatch: "it is not a file of distributions",
};
/// Contexts that a model is asked for at once, to bound its memory.
const CONTEXTS_AT_ONCE: usize = 64;

/// Next-token distributions of one model after a list of contexts.
#[derive(Clone, Debug, PartialEq)]
pub struct Distributions {
    contexts: Vec<Vec<u32>>,
    vocabulary: usize,
    /// ln p̂(v | x), a row of V for each context.
    ln_probabilities: Vec<f32>,
}

impl Distributions {
    /// Asks `model` for its distribution after each of `contexts`.
    ///
    /// # Errors
    /// A context that is too long for the model, a token outside its vocabulary, or an answer that is
    /// no distribution.
    pub fn of_model(
        model: &dyn LanguageModel,
        contexts: &[Vec<u32>],
        end_of_text: u32,
        conditioning: Conditioning,
    ) -> Result<Self, MeasureError> {
        let vocabulary = model.vocabulary();
        let mut ln_probabilities = Vec::with_capacity(contexts.len() * vocabulary);
        for contexts in contexts.chunks(CONTEXTS_AT_ONCE) {
            let conditioned: Vec<Vec<u32>> = contexts
                .iter()
                .map(|context| conditioning.apply(context, end_of_text))
                .collect();
            let rows = model
                .next_token_log_probabilities(&conditioned)
                .map_err(MeasureError::model("tracked contexts"))?;
            if rows.len() != contexts.len() {
                return Err(wrong_answer(&rows.len(), &contexts.len()));
            }
            for (row, context) in rows.iter().zip(contexts) {
                check_row(row, context, vocabulary)?;
                ln_probabilities.extend_from_slice(row);
            }
        }
        Ok(Self {
            contexts: contexts.to_vec(),
            vocabulary,
            ln_probabilities,
        })
    }

    /// The contexts.
    pub fn contexts(&self) -> &[Vec<u32>] {
        &self.contexts
    }

    /// Number of tokens of the vocabulary.
    pub fn vocabulary(&self) -> usize {
        self.vocabulary
    }

    /// p̂(v | x) for all v, of the context in this place: brought to sum 1 in double precision, so
    /// that the rounding of the model's single precision does not pass for an error of the model.
    ///
    /// # Panics
    /// If there are not so many contexts.
    pub fn probabilities(&self, context: usize) -> Vec<f64> {
        let row = &self.ln_probabilities[context * self.vocabulary..][..self.vocabulary];
        let mut row: Vec<f64> = row.iter().map(|&ln| f64::from(ln).exp()).collect();
        let sum: f64 = row.iter().sum();
        row.iter_mut().for_each(|p| *p /= sum);
        row
    }

    /// Writes the distributions to a file.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), MeasureError> {
        let mut header = Vec::new();
        let mut push = |number: usize| header.extend_from_slice(&(number as u32).to_le_bytes());
        push(self.contexts.len());
        push(self.vocabulary);
        for context in &self.contexts {
            push(context.len());
            context.iter().for_each(|&token| push(token as usize));
        }
        let rows = self.ln_probabilities.chunks(self.vocabulary.max(1));
        let rows = rows.map(|row| row.iter().flat_map(|ln| ln.to_le_bytes()).collect());
        framed::save(path, KIND, std::iter::once(header).chain(rows))
    }

    /// Reads what [`save`](Self::save) wrote.
    ///
    /// # Errors
    /// A file that cannot be read, is damaged, or is of another version.
    pub fn load(path: &Path) -> Result<Self, MeasureError> {
        framed::load(path, parse)
    }
}

fn parse(bytes: &[u8]) -> Result<Distributions, &'static str> {
    let mut rest = framed::contents(bytes, KIND)?;
    let mut number = || framed::take(&mut rest).map(u32::from_le_bytes);
    let count = number()?;
    let vocabulary = number()? as usize;
    let mut contexts = Vec::new();
    for _ in 0..count {
        let length = number()?;
        contexts.push(
            (0..length)
                .map(|_| number())
                .collect::<Result<Vec<u32>, _>>()?,
        );
    }
    let (numbers, odd) = rest.as_chunks::<4>();
    if !odd.is_empty() || Some(numbers.len()) != vocabulary.checked_mul(contexts.len()) {
        return Err("it has another number of probabilities than it says");
    }
    Ok(Distributions {
        contexts,
        vocabulary,
        ln_probabilities: numbers
            .iter()
            .map(|bytes| f32::from_le_bytes(*bytes))
            .collect(),
    })
}

/// How far the probabilities of a row may be from sum 1: single precision over a large vocabulary.
const SUM_TOLERANCE: f64 = 1e-3;

fn check_row(row: &[f32], context: &[u32], vocabulary: usize) -> Result<(), MeasureError> {
    if row.len() != vocabulary {
        return Err(wrong_answer(&row.len(), &vocabulary));
    }
    let sum: f64 = row.iter().map(|&ln| f64::from(ln).exp()).sum();
    if (sum - 1.0).abs() <= SUM_TOLERANCE {
        Ok(())
    } else {
        Err(MeasureError::Answer {
            what: format!("context {context:?}"),
            found: format!("probabilities with sum {sum}"),
            expected: "a distribution".to_owned(),
        })
    }
}

fn wrong_answer(found: &usize, expected: &usize) -> MeasureError {
    MeasureError::Answer {
        what: "tracked contexts".to_owned(),
        found: found.to_string(),
        expected: expected.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::testing::{Conditional, END, whole_context};

    fn some() -> Distributions {
        let contexts: Vec<Vec<u32>> = (0..100)
            .map(|i| vec![1 + i % 5; 1 + i as usize % 3])
            .collect();
        Distributions::of_model(&whole_context(7), &contexts, END, Conditioning::Bare).unwrap()
    }

    #[test]
    fn rows_are_the_models_and_sum_to_one() {
        let model = whole_context(7);
        let distributions = some();
        for (i, context) in distributions.contexts().iter().enumerate() {
            let row = distributions.probabilities(i);
            assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-14);
            for (p, ln) in row.iter().zip((model.ln_probabilities)(context)) {
                assert!((p / f64::from(ln).exp() - 1.0).abs() < 1e-6);
            }
        }
    }

    #[test]
    fn a_file_gives_back_what_was_saved() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("distributions.bin");
        let saved = some();
        saved.save(&path).unwrap();
        assert_eq!(Distributions::load(&path).unwrap(), saved);
    }

    #[test]
    fn damage_is_an_error_wherever_it_is() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("distributions.bin");
        some().save(&path).unwrap();
        let whole = fs::read(&path).unwrap();
        framed::assert_damage_is_found(&whole, parse);
        fs::write(&path, &whole[..whole.len() - 4]).unwrap();
        let error = Distributions::load(&path).unwrap_err().to_string();
        assert!(error.contains("distributions.bin"), "{error}");
        fs::remove_file(&path).unwrap();
        assert!(matches!(
            Distributions::load(&path),
            Err(MeasureError::File { .. })
        ));
    }

    #[test]
    fn an_answer_that_is_no_distribution_is_refused() {
        let model = Conditional {
            vocabulary: 3,
            max_context: None,
            ln_probabilities: |_: &[u32]| vec![-1.0; 3],
        };
        let answer = Distributions::of_model(&model, &[vec![1]], END, Conditioning::Bare);
        assert!(matches!(answer, Err(MeasureError::Answer { .. })));
    }
}
