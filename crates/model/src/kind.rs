//! Which kind of model a directory holds.

use std::path::Path;

use crate::files::CONFIG;
use crate::{ModelError, NGram};

/// A kind of model, by what its files are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelKind {
    /// A decoder of some family, which its `config.json` names.
    Decoder,
    /// An n-gram model.
    NGram,
}

impl ModelKind {
    /// The kind of the model in `directory`.
    ///
    /// # Errors
    /// No model there, or the files of two.
    pub fn of(directory: &Path) -> Result<Self, ModelError> {
        let has = |name: &str| directory.join(name).exists();
        match (has(CONFIG), has(NGram::FILE)) {
            (false, true) => Ok(Self::NGram),
            (true, true) => Err(ModelError::TwoModels {
                directory: directory.to_owned(),
            }),
            // Weights without a configuration are the decoder's loader to complain about.
            (true, false) | (false, false) => Ok(Self::Decoder),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_holds_one_kind_of_model() {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str| std::fs::write(directory.path().join(name), "{}").unwrap();
        let kind = || ModelKind::of(directory.path());
        assert_eq!(
            kind().unwrap(),
            ModelKind::Decoder,
            "whose loader says what is missing"
        );
        write(NGram::FILE);
        assert_eq!(kind().unwrap(), ModelKind::NGram);
        write(CONFIG);
        let error = kind().unwrap_err().to_string();
        assert!(
            error.contains(NGram::FILE) && error.contains(CONFIG),
            "{error}"
        );
    }
}
