//! Checks of what a model is asked for, the same for every model.

use crate::{Form, GenerationRequest, ModelError};

/// Checks that every token is one that the model knows.
///
/// # Errors
/// The first that is not.
pub(crate) fn check_tokens(tokens: &[u32], vocabulary: usize) -> Result<(), ModelError> {
    match tokens.iter().find(|&&token| token as usize >= vocabulary) {
        None => Ok(()),
        Some(&token) => Err(ModelError::TokenOutsideVocabulary { token, vocabulary }),
    }
}

impl GenerationRequest {
    /// Checks that the request makes sense for a model of that vocabulary.
    ///
    /// # Errors
    /// A token outside the vocabulary, or [`ModelError::Request`] with the field that is wrong.
    pub(crate) fn check(&self, vocabulary: usize) -> Result<(), ModelError> {
        let wrong = |field, problem| Err(ModelError::Request { field, problem });
        check_tokens(&self.prompt, vocabulary)?;
        let vocabulary = self
            .vocabulary
            .map_or(vocabulary, |most| most.min(vocabulary));
        check_tokens(&[self.end_of_text], vocabulary)?;
        if self.context == 0 {
            return wrong("context", "0, and it must be at least 1".to_owned());
        }
        let (field, tokens) = match self.form {
            Form::Documents { max_tokens } => ("max_tokens", max_tokens),
            Form::Stream { tokens } => ("tokens", tokens),
        };
        if tokens <= self.prompt.len() {
            return wrong(
                field,
                format!(
                    "{tokens}, and it must be more than the {} tokens of the prompt",
                    self.prompt.len()
                ),
            );
        }
        if self.batch == 0 {
            return wrong("batch", "0, and it must be at least 1".to_owned());
        }
        let filter = self.filter;
        if !(filter.temperature.is_finite() && filter.temperature > 0.0) {
            return wrong(
                "temperature",
                format!("{}, and it must be a positive number", filter.temperature),
            );
        }
        if filter.top_k == Some(0) {
            return wrong("top_k", "0, and it must be at least 1".to_owned());
        }
        if let Some(top_p) = filter.top_p
            && !(top_p > 0.0 && top_p <= 1.0)
        {
            return wrong(
                "top_p",
                format!("{top_p}, and it must be above 0 and at most 1"),
            );
        }
        Ok(())
    }
}
