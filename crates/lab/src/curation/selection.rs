//! Which documents of a corpus go on, and the file that says so.

use std::fmt;
use std::path::Path;

use autophage_corpus::TokenStore;
use autophage_durable::Checksum;
use serde::{Deserialize, Serialize};

use super::Everything;
use crate::LabError;
use crate::manifest::{read_json, write_json};

/// Version of `selection.json`.
pub const SELECTION_VERSION: u32 = 1;

/// Documents of a corpus that go on to training sets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Selection {
    version: u32,
    curator: String,
    corpus: Corpus,
    kept: Size,
    /// Runs of documents that are kept, ascending and apart from each other: the first number of
    /// each, and the number after its last.
    ranges: Vec<[u32; 2]>,
    /// XXH3-64 of all of the above, as 16 hexadecimal digits.
    xxh3: String,
}

/// What tells a corpus from another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Corpus {
    documents: u64,
    tokens: u64,
    /// [`TokenStore::checksum`], as 16 hexadecimal digits.
    xxh3: String,
}

/// The size of some documents.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Size {
    documents: u64,
    tokens: u64,
}

impl Selection {
    /// All documents of `corpus`.
    pub fn everything(corpus: &TokenStore) -> Self {
        let documents = corpus.documents() as u32;
        let ranges = match documents {
            0 => Vec::new(),
            documents => vec![[0, documents]],
        };
        Self::of_ranges(Everything::NAME, corpus, ranges)
    }

    /// The documents of `corpus` with these numbers, ascending, as `curator` decided.
    ///
    /// # Errors
    /// [`LabError::Selection`]: numbers that do not ascend, or that the corpus does not have.
    pub fn new(
        curator: &str,
        corpus: &TokenStore,
        numbers: impl IntoIterator<Item = u32>,
    ) -> Result<Self, LabError> {
        let failed = |problem| LabError::Selection {
            curator: curator.to_owned(),
            problem,
        };
        let documents = corpus.documents() as u32;
        let mut ranges: Vec<[u32; 2]> = Vec::new();
        for number in numbers {
            if number >= documents {
                return Err(failed(format!(
                    "it keeps document {number} of a corpus whose last is {}",
                    i64::from(documents) - 1
                )));
            }
            match ranges.last_mut() {
                Some([_, end]) if *end == number => *end += 1,
                Some([_, end]) if *end > number => {
                    return Err(failed(format!(
                        "it names document {number} after document {}: numbers must ascend",
                        *end - 1
                    )));
                }
                _ => ranges.push([number, number + 1]),
            }
        }
        Ok(Self::of_ranges(curator, corpus, ranges))
    }

    /// Ranges that are known to be in order and in the corpus.
    fn of_ranges(curator: &str, corpus: &TokenStore, ranges: Vec<[u32; 2]>) -> Self {
        let mut selection = Self {
            version: SELECTION_VERSION,
            curator: curator.to_owned(),
            corpus: Corpus::of(corpus),
            kept: Size::of_ranges(&ranges, corpus),
            ranges,
            xxh3: String::new(),
        };
        selection.xxh3 = selection.checksum();
        selection
    }

    /// Name of the curator that decided.
    pub fn curator(&self) -> &str {
        &self.curator
    }

    /// Number of documents that go on.
    pub fn documents(&self) -> u64 {
        self.kept.documents
    }

    /// Number of their stored tokens.
    pub fn tokens(&self) -> u64 {
        self.kept.tokens
    }

    /// Number of documents of the corpus.
    pub fn corpus_documents(&self) -> u64 {
        self.corpus.documents
    }

    /// Number of stored tokens of the corpus.
    pub fn corpus_tokens(&self) -> u64 {
        self.corpus.tokens
    }

    /// Whether all documents of the corpus go on.
    pub fn is_everything(&self) -> bool {
        self.kept.documents == self.corpus.documents
    }

    /// The numbers of the documents that go on, ascending.
    pub fn numbers(&self) -> impl Iterator<Item = u32> {
        self.ranges.iter().flat_map(|&[first, end]| first..end)
    }

    /// Writes the selection to a file.
    pub(crate) fn save(&self, path: &Path) -> Result<(), LabError> {
        write_json(path, self)
    }

    /// Reads what [`save`](Self::save) wrote of `corpus`, and verifies it against the corpus.
    pub(crate) fn load(path: &Path, corpus: &TokenStore, remedy: &str) -> Result<Self, LabError> {
        let selection: Self = read_json(path, remedy)?;
        match selection.problem(corpus) {
            None => Ok(selection),
            Some(problem) => Err(LabError::Damaged {
                path: path.to_owned(),
                problem,
                remedy: remedy.to_owned(),
            }),
        }
    }

    /// Why this is not a selection of documents of `corpus`; `None` if it is one.
    pub(super) fn problem(&self, corpus: &TokenStore) -> Option<String> {
        if self.version != SELECTION_VERSION {
            return Some(format!(
                "it has version {}; this version of autophage reads version {SELECTION_VERSION}",
                self.version
            ));
        }
        if self.xxh3 != self.checksum() {
            return Some("its checksum is not that of its contents".to_owned());
        }
        let found = Corpus::of(corpus);
        if self.corpus != found {
            return Some(format!(
                "it is of {}, and the corpus at hand is of {found}",
                self.corpus
            ));
        }
        let mut before = None;
        for &[first, end] in &self.ranges {
            if first >= end || before.is_some_and(|before| first <= before) {
                return Some("its documents do not ascend".to_owned());
            }
            before = Some(end);
        }
        if before.is_some_and(|end| u64::from(end) > found.documents) {
            return Some("it keeps documents that the corpus does not have".to_owned());
        }
        (self.kept != Size::of_ranges(&self.ranges, corpus))
            .then(|| "the documents that it keeps have another size than it says".to_owned())
    }

    fn checksum(&self) -> String {
        let mut sum = Checksum::new();
        sum.update(&self.version.to_le_bytes());
        sum.update(self.curator.as_bytes());
        sum.update(self.corpus.xxh3.as_bytes());
        let (corpus, kept) = (&self.corpus, &self.kept);
        for number in [corpus.documents, corpus.tokens, kept.documents, kept.tokens] {
            sum.update(&number.to_le_bytes());
        }
        for number in self.ranges.as_flattened() {
            sum.update(&number.to_le_bytes());
        }
        format!("{:016x}", sum.finish())
    }
}

impl Corpus {
    fn of(corpus: &TokenStore) -> Self {
        Self {
            documents: corpus.documents() as u64,
            tokens: corpus.tokens(),
            xxh3: format!("{:016x}", corpus.checksum()),
        }
    }
}

impl fmt::Display for Corpus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            documents,
            tokens,
            xxh3,
        } = self;
        write!(f, "{documents} documents and {tokens} tokens ({xxh3})")
    }
}

impl Size {
    /// Of documents that the corpus has.
    fn of_ranges(ranges: &[[u32; 2]], corpus: &TokenStore) -> Self {
        let mut size = Self::default();
        for number in ranges.iter().flat_map(|&[first, end]| first..end) {
            size.documents += 1;
            size.tokens += corpus.document(number as usize).len() as u64;
        }
        size
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn corpus(documents: &[&[u32]]) -> TokenStore {
        TokenStore::in_memory(documents, 10, 0).unwrap()
    }

    fn five() -> TokenStore {
        corpus(&[&[1, 0], &[2, 2, 0], &[3], &[], &[5, 5, 5, 0]])
    }

    #[test]
    fn a_selection_knows_what_it_keeps() {
        let selection = Selection::new("short", &five(), [0, 1, 3]).unwrap();
        assert_eq!((selection.documents(), selection.tokens()), (3, 5));
        assert_eq!(
            (selection.corpus_documents(), selection.corpus_tokens()),
            (5, 10)
        );
        assert!(selection.numbers().eq([0, 1, 3]));
        assert!(!selection.is_everything());
        assert_eq!(selection.curator(), "short");
    }

    #[test]
    fn everything_is_recorded_in_one_range() {
        let everything = Selection::everything(&five());
        assert!(everything.is_everything());
        assert_eq!(everything.tokens(), 10);
        let json = serde_json::to_string(&everything).unwrap();
        assert!(json.contains("\"ranges\":[[0,5]]"), "{json}");
        assert!(Selection::everything(&corpus(&[])).is_everything());
        let each = Selection::new(Everything::NAME, &five(), 0..5).unwrap();
        assert_eq!(each, everything);
    }

    #[test]
    fn numbers_that_are_no_selection_are_refused() {
        for (numbers, problem) in [
            (&[0, 5][..], "document 5 of a corpus whose last is 4"),
            (&[2, 1], "document 1 after document 2"),
            (&[2, 2], "document 2 after document 2"),
        ] {
            let refused = Selection::new("odd", &five(), numbers.iter().copied());
            let error = refused.unwrap_err().to_string();
            assert!(error.contains(problem) && error.contains("odd"), "{error}");
        }
    }

    #[test]
    fn a_file_gives_back_what_was_saved_and_nothing_else() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("selection.json");
        let corpus = five();
        let saved = Selection::new("short", &corpus, [0, 1, 3]).unwrap();
        saved.save(&path).unwrap();
        let load = |corpus: &TokenStore| Selection::load(&path, corpus, "make it anew");
        assert_eq!(load(&corpus).unwrap(), saved);

        // A corpus of other tokens, one with other ends of documents, and one with fewer.
        let other = self::corpus(&[&[1, 0], &[2, 3, 0], &[3], &[], &[5, 5, 5, 0]]);
        assert!(load(&other).is_err());
        let apart = self::corpus(&[&[1, 0], &[2, 2], &[0, 3], &[], &[5, 5, 5, 0]]);
        let error = load(&apart).unwrap_err().to_string();
        assert!(error.contains("another size"), "{error}");
        let shorter = self::corpus(&[&[1, 0]]);
        let error = load(&shorter).unwrap_err().to_string();
        for part in ["selection.json", "1 documents and 2 tokens", "make it anew"] {
            assert!(error.contains(part), "{error}");
        }

        let whole = fs::read_to_string(&path).unwrap();
        for (from, to, problem) in [
            ("\"version\":1", "\"version\":2", "version 2"),
            ("[[0,2],[3,4]]", "[[0,2],[2,3]]", "checksum"),
            ("short", "shore", "checksum"),
            ("[[0,2]", "[[0,2", "line 1 column"),
        ] {
            assert!(whole.contains(from));
            fs::write(&path, whole.replace(from, to)).unwrap();
            let error = load(&corpus).unwrap_err().to_string();
            assert!(error.contains(problem), "{error}");
        }
    }

    /// What a careless program could write, with a checksum that fits.
    #[test]
    fn contents_that_contradict_each_other_are_refused() {
        let corpus = five();
        let good = Selection::new("short", &corpus, [0, 1, 3]).unwrap();
        let refused = |ranges: &[[u32; 2]]| {
            let mut bad = good.clone();
            bad.ranges = ranges.to_vec();
            bad.xxh3 = bad.checksum();
            bad.problem(&corpus).unwrap()
        };
        assert!(refused(&[[3, 4], [0, 2]]).contains("ascend"));
        assert!(refused(&[[0, 0]]).contains("ascend"));
        assert!(refused(&[[0, 2], [4, 6]]).contains("does not have"));
        assert!(refused(&[[0, 2]]).contains("another size"));
        assert_eq!(good.problem(&corpus), None);
    }
}
