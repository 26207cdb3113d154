//! Tokenizers as Hugging Face writes and reads them.

use std::fs;
use std::path::{Path, PathBuf};

use autophage_durable::write_atomically;
use serde_json::{Value, json};
use tokenizers::Tokenizer as HuggingFace;

use super::{END_OF_TEXT, Tokenizer};
use crate::CorpusError;

const TOKENIZER: &str = "tokenizer.json";
const CONFIGURATION: &str = "tokenizer_config.json";
const SPECIAL_TOKENS: &str = "special_tokens_map.json";

/// What the end of a text is called in common tokenizers, the first that is there.
const ENDS_OF_TEXT: [&str; 4] = [END_OF_TEXT, "<|end_of_text|>", "</s>", "<eos>"];

impl Tokenizer {
    /// Reads a Hugging Face `tokenizer.json`, or the one in a directory.
    ///
    /// Its end of text is the `eos_token` of a `tokenizer_config.json` beside it; without one,
    /// the first of `<|endoftext|>`, `<|end_of_text|>`, `</s>` and `<eos>` that it has. Padding and
    /// truncation that the file asks for are switched off.
    ///
    /// # Errors
    /// A file that cannot be read, that is not a tokenizer, or that has no end of text.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, CorpusError> {
        let mut path: PathBuf = path.as_ref().into();
        if path.is_dir() {
            path.push(TOKENIZER);
        }
        let invalid = |problem: String| CorpusError::InvalidTokenizer {
            path: path.clone(),
            problem,
        };
        let bytes = fs::read(&path).map_err(CorpusError::io("read", &path))?;
        let inner = HuggingFace::from_bytes(bytes).map_err(|error| invalid(error.to_string()))?;
        let names = match configured_end_of_text(&path.with_file_name(CONFIGURATION))? {
            Some(name) => vec![name],
            None => ENDS_OF_TEXT.map(str::to_owned).to_vec(),
        };
        let Some(name) = names
            .iter()
            .find(|name| inner.token_to_id(name.as_str()).is_some())
        else {
            let added = inner.get_added_tokens_decoder();
            let special = added.values().filter(|token| token.special);
            let mut special: Vec<String> = special.map(|token| token.content.clone()).collect();
            special.sort();
            return Err(CorpusError::NoEndOfText { path, special });
        };
        Self::new(inner, name).ok_or_else(|| invalid("its vocabulary cannot be used".into()))
    }

    /// Writes the tokenizer as a Hugging Face `tokenizer.json`.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), CorpusError> {
        let path = path.as_ref();
        let json = self
            .inner()
            .to_string(true)
            .map_err(|error| CorpusError::io("write", path)(std::io::Error::other(error)))?;
        write_atomically(path, json.as_bytes()).map_err(CorpusError::io("write", path))
    }

    /// Writes to an existing directory what `AutoTokenizer.from_pretrained` reads: `tokenizer.json`,
    /// `tokenizer_config.json` and `special_tokens_map.json`, with the end of text as the start,
    /// the end and the padding of a text.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn save_pretrained(&self, directory: impl AsRef<Path>) -> Result<(), CorpusError> {
        let directory = directory.as_ref();
        self.save(directory.join(TOKENIZER))?;
        let end = self.token(self.end_of_text());
        let special = json!({ "bos_token": end, "eos_token": end, "pad_token": end });
        let mut configuration = special.clone();
        configuration["tokenizer_class"] = json!("PreTrainedTokenizerFast");
        configuration["clean_up_tokenization_spaces"] = json!(false);
        for (name, value) in [(CONFIGURATION, configuration), (SPECIAL_TOKENS, special)] {
            let path = directory.join(name);
            write_atomically(&path, format!("{value:#}\n").as_bytes())
                .map_err(CorpusError::io("write", &path))?;
        }
        Ok(())
    }
}

/// The `eos_token` of a `tokenizer_config.json`, if both are there.
fn configured_end_of_text(path: &Path) -> Result<Option<String>, CorpusError> {
    if !path.exists() {
        return Ok(None);
    }
    let bytes = fs::read(path).map_err(CorpusError::io("read", path))?;
    let configuration: Value =
        serde_json::from_slice(&bytes).map_err(|error| CorpusError::InvalidTokenizer {
            path: path.to_owned(),
            problem: error.to_string(),
        })?;
    // A token is a string, or an object that describes it.
    let token = &configuration["eos_token"];
    let name = token.as_str().or_else(|| token["content"].as_str());
    Ok(name.map(str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_saved_tokenizer_is_the_same() {
        let directory = tempfile::tempdir().unwrap();
        let text = "The cat sat on the mat. The cat sat.<|endoftext|>";
        for tokenizer in [
            Tokenizer::gpt2(),
            Tokenizer::train_bpe([text], 300).unwrap(),
        ] {
            tokenizer.save_pretrained(directory.path()).unwrap();
            let file = directory.path().join(TOKENIZER);
            for read in [directory.path(), &file] {
                let read = Tokenizer::from_file(read).unwrap();
                assert_eq!(read.vocabulary(), tokenizer.vocabulary());
                assert_eq!(read.end_of_text(), tokenizer.end_of_text());
                assert_eq!(read.encode(text).unwrap(), tokenizer.encode(text).unwrap());
            }
        }
    }

    /// A tokenizer of words, with gaps in its vocabulary, as files in the wild have them.
    fn words(added: &str) -> String {
        format!(
            r#"{{"version": "1.0", "added_tokens": [{added}], "normalizer": {{"type": "Lowercase"}},
                "truncation": {{"direction": "Right", "max_length": 2, "strategy": "LongestFirst",
                "stride": 0}}, "pre_tokenizer": {{"type": "Whitespace"}}, "post_processor": null,
                "decoder": null, "padding": {{"strategy": {{"Fixed": 9}}, "direction": "Right",
                "pad_to_multiple_of": null, "pad_id": 0, "pad_type_id": 0, "pad_token": "a"}},
                "model": {{"type": "WordLevel", "vocab": {{"a": 0, "b": 5}}, "unk_token": "a"}}}}"#
        )
    }

    const STOP: &str = r#"{"id": 2, "content": "STOP", "single_word": false, "lstrip": false,
        "rstrip": false, "normalized": false, "special": true}"#;

    #[test]
    fn the_configuration_names_the_end_of_text() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("words.json");
        fs::write(&path, words(STOP)).unwrap();
        let error = Tokenizer::from_file(&path).unwrap_err();
        assert!(matches!(&error, CorpusError::NoEndOfText { special, .. } if special == &["STOP"]));
        for token in [r#""STOP""#, r#"{"content": "STOP"}"#] {
            let configuration = format!(r#"{{"eos_token": {token}}}"#);
            fs::write(directory.path().join(CONFIGURATION), configuration).unwrap();
            let tokenizer = Tokenizer::from_file(&path).unwrap();
            assert_eq!((tokenizer.vocabulary(), tokenizer.end_of_text()), (6, 2));
            // Neither truncated nor padded.
            assert_eq!(tokenizer.encode("b A B b").unwrap(), [5, 0, 5, 5]);
            assert!(tokenizer.decode(&[3]).is_err());
        }
    }

    #[test]
    fn what_is_not_a_tokenizer_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        assert!(matches!(
            Tokenizer::from_file(directory.path()),
            Err(CorpusError::Io { .. })
        ));
        let path = directory.path().join("x.json");
        fs::write(&path, "{}").unwrap();
        let error = Tokenizer::from_file(&path).unwrap_err();
        assert!(matches!(error, CorpusError::InvalidTokenizer { .. }));
        assert!(error.to_string().contains("x.json"));
    }

    proptest! {
        #[test]
        fn arbitrary_files_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let directory = tempfile::tempdir().unwrap();
            let path = directory.path().join(TOKENIZER);
            fs::write(&path, bytes).unwrap();
            prop_assert!(Tokenizer::from_file(&path).is_err());
        }
    }
}
