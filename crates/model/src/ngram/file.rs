//! The file of an n-gram model, `ngram.bin`, as `docs/formats.md` describes it.

use std::io::Write;
use std::path::Path;

use autophage_durable::{AtomicFile, Checksum};

use super::context::Context;
use super::counts::{Entry, Level};
use super::{Interpolation, NGram, NGramLearner};
use crate::{LanguageModel, ModelError};

pub(super) const NAME: &str = "ngram.bin";
const MAGIC: [u8; 8] = *b"AUTOPHNG";
const VERSION: u32 = 1;

/// Writes the model to `directory`.
pub(super) fn write(model: &NGram, directory: &Path) -> Result<(), ModelError> {
    let path = directory.join(NAME);
    let bytes = encode(model);
    let write = || {
        let mut file = AtomicFile::create(&path)?;
        file.write_all(&bytes)?;
        file.write_all(&Checksum::of(&bytes).to_le_bytes())?;
        file.commit()
    };
    write().map_err(ModelError::file(&path))
}

/// Reads the model in `directory`.
pub(super) fn read(directory: &Path) -> Result<NGram, ModelError> {
    let path = directory.join(NAME);
    let bytes = std::fs::read(&path).map_err(ModelError::file(&path))?;
    decode(&bytes).map_err(|reason| ModelError::Damaged {
        path,
        reason: reason.to_owned(),
    })
}

fn encode(model: &NGram) -> Vec<u8> {
    let settings = model.settings();
    let (kind, weight) = match settings.interpolation {
        Interpolation::None => (0, 0.0),
        Interpolation::WittenBell => (1, 0.0),
        Interpolation::JelinekMercer { weight } => (2, weight),
    };
    let mut bytes = MAGIC.to_vec();
    let header = [
        VERSION,
        settings.order as u32,
        model.vocabulary() as u32,
        kind,
        u32::from(settings.full_support),
    ];
    push(&mut bytes, &header);
    bytes.extend_from_slice(&f64::to_le_bytes(weight));
    for level in model.levels() {
        push(
            &mut bytes,
            &[level.contexts().len() as u32, level.entries().len() as u32],
        );
        for context in level.contexts() {
            push(&mut bytes, &[context.shorter, context.oldest]);
        }
        push(&mut bytes, level.first_entry());
        for entry in level.entries() {
            push(&mut bytes, &[entry.next, entry.cumulative]);
        }
    }
    bytes
}

fn push(bytes: &mut Vec<u8>, words: &[u32]) {
    bytes.extend(words.iter().flat_map(|word| word.to_le_bytes()));
}

/// What is wrong with a file.
type Reason = &'static str;

fn decode(bytes: &[u8]) -> Result<NGram, Reason> {
    let contents = bytes
        .strip_prefix(&MAGIC)
        .ok_or("it does not begin as an n-gram file")?;
    let (contents, checksum) = contents.split_last_chunk().ok_or("it is cut off")?;
    let summed = &bytes[..bytes.len() - checksum.len()];
    let mut reader = Reader(contents);
    if reader.word()? != VERSION {
        return Err("its format version is not 1; write it again with this version of autophage");
    }
    if Checksum::of(summed) != u64::from_le_bytes(*checksum) {
        return Err("its checksum does not fit; generate the model again");
    }
    let order = reader.word()? as usize;
    let vocabulary = reader.word()?;
    let kind = reader.word()?;
    let full_support = reader.word()? != 0;
    let weight = reader.number()?;
    let settings = NGramLearner {
        order,
        interpolation: match kind {
            0 => Interpolation::None,
            1 => Interpolation::WittenBell,
            2 => Interpolation::JelinekMercer { weight },
            _ => return Err("its kind of interpolation is unknown"),
        },
        full_support,
    };
    settings.check().map_err(|_| "its settings cannot be")?;
    let mut levels: Vec<Level> = Vec::new();
    for _ in 0..order {
        let shorter = levels
            .last()
            .map_or(1, |level: &Level| level.contexts().len());
        levels.push(level(&mut reader, shorter, vocabulary)?);
    }
    if !reader.0.is_empty() {
        return Err("it goes on after its end");
    }
    if levels[0].contexts().len() != 1 {
        return Err("it has no tokens");
    }
    Ok(NGram::new(settings, vocabulary, levels))
}

/// Reads a level and checks everything that lookups rely on.
fn level(reader: &mut Reader<'_>, shorter: usize, vocabulary: u32) -> Result<Level, Reason> {
    let nodes = reader.word()? as usize;
    let entries = reader.word()? as usize;
    let contexts = reader.pairs(nodes, |shorter, oldest| Context { shorter, oldest })?;
    let first_entry = reader.words(nodes + 1)?;
    let entries = reader.pairs(entries, |next, cumulative| Entry { next, cumulative })?;
    let in_order = |contexts: &[Context]| contexts[0] < contexts[1];
    let sound = contexts.windows(2).all(in_order)
        && contexts
            .iter()
            .all(|context| (context.shorter as usize) < shorter && context.oldest < vocabulary)
        && first_entry[0] == 0
        && first_entry[nodes] as usize == entries.len()
        && first_entry.is_sorted()
        && first_entry
            .windows(2)
            .all(|node| are_counts(&entries[node[0] as usize..node[1] as usize], vocabulary));
    if sound {
        Ok(Level::new(contexts, first_entry, entries))
    } else {
        Err("its counts contradict each other")
    }
}

/// Whether the entries are those of a node: at least one, tokens in order, each counted at least
/// once.
fn are_counts(entries: &[Entry], vocabulary: u32) -> bool {
    let in_order =
        |pair: &[Entry]| pair[0].next < pair[1].next && pair[0].cumulative < pair[1].cumulative;
    entries.windows(2).all(in_order)
        && entries.first().is_some_and(|first| first.cumulative > 0)
        && entries.last().is_some_and(|last| last.next < vocabulary)
}

/// The bytes that have not been read yet.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn word(&mut self) -> Result<u32, Reason> {
        let (word, rest) = self.0.split_first_chunk().ok_or("it is cut off")?;
        self.0 = rest;
        Ok(u32::from_le_bytes(*word))
    }

    fn number(&mut self) -> Result<f64, Reason> {
        let (number, rest) = self.0.split_first_chunk().ok_or("it is cut off")?;
        self.0 = rest;
        Ok(f64::from_le_bytes(*number))
    }

    fn words(&mut self, count: usize) -> Result<Vec<u32>, Reason> {
        let (words, rest) = self.0.split_at_checked(4 * count).ok_or("it is cut off")?;
        self.0 = rest;
        let word = |bytes: &[u8]| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        Ok(words.chunks_exact(4).map(word).collect())
    }

    /// Reads `count` pairs of words and makes something of each.
    fn pairs<T>(&mut self, count: usize, of: impl Fn(u32, u32) -> T) -> Result<Vec<T>, Reason> {
        let words = self.words(2 * count)?;
        Ok(words
            .chunks_exact(2)
            .map(|pair| of(pair[0], pair[1]))
            .collect())
    }
}
