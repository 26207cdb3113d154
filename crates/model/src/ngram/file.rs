//! The file of an n-gram model, `ngram.bin`, as `docs/formats.md` describes it.

use std::io::Write;
use std::path::Path;

use autophage_durable::{AtomicFile, Checksum};

use super::counts::Level;
use super::{Interpolation, NGram, NGramLearner};
use crate::{LanguageModel, ModelError};

pub(super) const NAME: &str = "ngram.bin";
const MAGIC: [u8; 8] = *b"apngram\0";
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
            &[level.oldest.len() as u32, level.next.len() as u32],
        );
        for array in [
            &level.first_node,
            &level.oldest,
            &level.first_entry,
            &level.next,
            &level.cumulative,
        ] {
            push(&mut bytes, array);
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
        let shorter = levels.last().map_or(1, |level| level.oldest.len());
        levels.push(level(&mut reader, shorter, vocabulary)?);
    }
    if !reader.0.is_empty() {
        return Err("it goes on after its end");
    }
    if levels[0].oldest.len() != 1 {
        return Err("it has no tokens");
    }
    Ok(NGram::new(settings, vocabulary, levels))
}

/// Reads a level and checks everything that lookups rely on.
fn level(reader: &mut Reader<'_>, shorter: usize, vocabulary: u32) -> Result<Level, Reason> {
    let nodes = reader.word()? as usize;
    let entries = reader.word()? as usize;
    let level = Level {
        first_node: reader.words(shorter + 1)?,
        oldest: reader.words(nodes)?,
        first_entry: reader.words(nodes + 1)?,
        next: reader.words(entries)?,
        cumulative: reader.words(entries)?,
    };
    let in_vocabulary = |tokens: &[u32]| tokens.iter().all(|&token| token < vocabulary);
    let sound = divides(&level.first_node, nodes)
        && divides(&level.first_entry, entries)
        && in_vocabulary(&level.oldest)
        && in_vocabulary(&level.next)
        && sorted_within(&level.oldest, &level.first_node)
        && sorted_within(&level.next, &level.first_entry)
        && sorted_within(&level.cumulative, &level.first_entry)
        // Every node has an entry, and every entry an occurrence.
        && level.first_entry.windows(2).all(|bounds| bounds[0] < bounds[1])
        && (0..nodes).all(|node| level.cumulative[level.first_entry[node] as usize] > 0);
    sound
        .then_some(level)
        .ok_or("its counts contradict each other")
}

/// Whether `bounds` rise from 0 to `len`.
fn divides(bounds: &[u32], len: usize) -> bool {
    bounds.first() == Some(&0)
        && bounds.last().map(|&last| last as usize) == Some(len)
        && bounds.is_sorted()
}

/// Whether the values rise strictly between any two neighbouring bounds.
fn sorted_within(values: &[u32], bounds: &[u32]) -> bool {
    bounds.windows(2).all(|bounds| {
        values[bounds[0] as usize..bounds[1] as usize].is_sorted_by(|left, right| left < right)
    })
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
}
