//! `autophage sample`: what the models of a run write.

use std::path::PathBuf;

use autophage_lab::Run;
use serde::Serialize;

use crate::failure::Failure;
use crate::terminal::{say, write_json};

/// Show excerpts of the corpus that a generation wrote, or the same for every generation.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Directory of the run.
    #[arg(value_name = "RUN")]
    directory: PathBuf,

    /// The generation; all of them if not given.
    #[arg(long, short)]
    generation: Option<u32>,

    /// Documents of each generation.
    #[arg(long, default_value_t = 1)]
    count: usize,

    /// Number of the first document.
    #[arg(long, default_value_t = 0)]
    first: usize,

    /// Characters of each document; 0 for all of it.
    #[arg(long, default_value_t = 400)]
    length: usize,

    /// Print JSON, documents whole.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Excerpt {
    generation: u32,
    document: usize,
    text: String,
}

pub(crate) fn execute(arguments: &Arguments) -> Result<(), Failure> {
    let run = Run::open(&arguments.directory)?;
    let generations = match arguments.generation {
        Some(generation) => generation..=generation,
        None => 1..=run.finished()?,
    };
    let mut excerpts = Vec::new();
    for generation in generations {
        for document in arguments.first..arguments.first.saturating_add(arguments.count) {
            match run.excerpt(generation, document)? {
                Some(text) => excerpts.push(Excerpt {
                    generation,
                    document,
                    text,
                }),
                None => break,
            }
        }
    }
    if arguments.json {
        write_json(&excerpts);
        return Ok(());
    }
    if excerpts.is_empty() {
        return Err(Failure::failed(format!(
            "{} has no document {} in what was asked for",
            arguments.directory.display(),
            arguments.first
        )));
    }
    for excerpt in &excerpts {
        say!(
            "── generation {}, document {}",
            excerpt.generation,
            excerpt.document
        );
        say!("{}", shortened(&excerpt.text, arguments.length));
        say!("");
    }
    Ok(())
}

/// The first `length` characters; all of them if `length` is 0.
fn shortened(text: &str, length: usize) -> String {
    match text.char_indices().nth(length) {
        Some((end, _)) if length > 0 => format!("{} …", text[..end].trim_end()),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::shortened;

    #[test]
    fn texts_are_cut_at_characters() {
        assert_eq!(shortened("häuser", 3), "häu …");
        assert_eq!(shortened("häuser", 6), "häuser");
        assert_eq!(shortened("häuser", 0), "häuser");
        assert_eq!(shortened("", 5), "");
    }
}
