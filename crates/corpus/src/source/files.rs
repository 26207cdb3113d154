//! From a path to the files of a corpus, in an order that depends on their names alone.

use std::fs;
use std::path::{Path, PathBuf};

use glob::{MatchOptions, glob_with};

use super::builtin;
use super::settings::{Format, SourceSettings};
use crate::CorpusError;

/// For messages: what [`infer`] recognises.
pub(crate) const EXTENSIONS: &str =
    ".txt, .jsonl, .ndjson (each also with .gz or .zst) and .parquet";

/// A file of a corpus.
#[derive(Clone, Debug)]
pub(super) struct CorpusFile {
    pub(super) place: Place,
    pub(super) format: Format,
    pub(super) compression: Compression,
    /// Size as it is stored.
    pub(super) bytes: u64,
}

/// Where a corpus file is.
#[derive(Clone, Debug)]
pub(super) enum Place {
    Disk(PathBuf),
    Memory { name: String, bytes: &'static [u8] },
}

/// How a corpus file is compressed as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    Gzip,
    Zstandard,
}

/// The files that `settings` names, sorted by path. At least one.
pub(super) fn find(settings: &SourceSettings) -> Result<Vec<CorpusFile>, CorpusError> {
    let path = Path::new(&settings.path);
    if let Some(name) = settings.path.strip_prefix(builtin::PREFIX) {
        return match builtin::json_lines(name) {
            Some(bytes) => Ok(vec![CorpusFile {
                place: Place::Memory {
                    name: settings.path.clone(),
                    bytes,
                },
                format: Format::Jsonl,
                compression: Compression::None,
                bytes: bytes.len() as u64,
            }]),
            None => Err(CorpusError::MissingCorpus { path: path.into() }),
        };
    }
    let mut files = Vec::new();
    if path.is_dir() {
        let mut below = Vec::new();
        walk(path, &mut below)?;
        below.sort();
        for file in below {
            let (format, compression) = infer(&file);
            if format.is_some() && (settings.format.is_none() || format == settings.format) {
                files.push(corpus_file(file, format, compression)?);
            }
        }
    } else if path.exists() {
        let (format, compression) = infer(path);
        files.push(corpus_file(
            path.into(),
            settings.format.or(format),
            compression,
        )?);
    } else if settings.path.contains(['*', '?', '[']) {
        let options = MatchOptions {
            require_literal_leading_dot: true,
            ..MatchOptions::new()
        };
        let paths =
            glob_with(&settings.path, options).map_err(|error| CorpusError::InvalidGlob {
                pattern: settings.path.clone(),
                problem: error.to_string(),
            })?;
        let mut matching = Vec::new();
        for file in paths {
            let file = file.map_err(|error| {
                let path = error.path().to_owned();
                CorpusError::io("read", &path)(error.into())
            })?;
            if file.is_file() {
                matching.push(file);
            }
        }
        matching.sort();
        for file in matching {
            let (format, compression) = infer(&file);
            files.push(corpus_file(file, settings.format.or(format), compression)?);
        }
    } else {
        return Err(CorpusError::MissingCorpus { path: path.into() });
    }
    if files.is_empty() {
        return Err(CorpusError::NoMatchingFiles { path: path.into() });
    }
    Ok(files)
}

fn corpus_file(
    path: PathBuf,
    format: Option<Format>,
    compression: Compression,
) -> Result<CorpusFile, CorpusError> {
    let Some(format) = format else {
        return Err(CorpusError::UnknownFormat { path });
    };
    let metadata = fs::metadata(&path).map_err(CorpusError::io("read", &path))?;
    Ok(CorpusFile {
        bytes: metadata.len(),
        place: Place::Disk(path),
        format,
        compression,
    })
}

/// All files below `directory`, hidden ones aside. Links to directories are not followed, since they
/// may lead round in a circle.
fn walk(directory: &Path, files: &mut Vec<PathBuf>) -> Result<(), CorpusError> {
    let read = CorpusError::io("read", directory);
    let entries =
        fs::read_dir(directory).and_then(|entries| entries.collect::<Result<Vec<_>, _>>());
    for entry in entries.map_err(read)? {
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let path = entry.path();
        match entry.file_type() {
            Ok(kind) if kind.is_dir() => walk(&path, files)?,
            _ if path.is_file() => files.push(path),
            _ => {}
        }
    }
    Ok(())
}

/// Format and compression by the extensions of the name.
fn infer(path: &Path) -> (Option<Format>, Compression) {
    let extension = |path: &Path| {
        path.extension()
            .and_then(|extension| extension.to_str())
            .map(str::to_ascii_lowercase)
    };
    let compression = match extension(path).as_deref() {
        Some("gz") => Compression::Gzip,
        Some("zst") => Compression::Zstandard,
        _ => Compression::None,
    };
    let inner = match compression {
        Compression::None => path.to_owned(),
        _ => path.with_extension(""),
    };
    let format = match (extension(&inner).as_deref(), compression) {
        (Some("txt"), _) => Some(Format::Text),
        (Some("jsonl" | "ndjson"), _) => Some(Format::Jsonl),
        (Some("parquet"), Compression::None) => Some(Format::Parquet),
        _ => None,
    };
    (format, compression)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(settings: &SourceSettings, root: &Path) -> Vec<String> {
        let files = find(settings).unwrap();
        files
            .iter()
            .map(|file| match &file.place {
                Place::Disk(path) => path.strip_prefix(root).unwrap().display().to_string(),
                Place::Memory { name, .. } => name.clone(),
            })
            .collect()
    }

    #[test]
    fn directories_and_globs_are_sorted() {
        let root = tempfile::tempdir().unwrap();
        let root = root.path();
        fs::create_dir_all(root.join("b/c")).unwrap();
        for name in [
            "z.txt",
            "a.jsonl.gz",
            "b/c/x.TXT",
            "b/y.parquet",
            ".hidden.txt",
            "notes.md",
            "a.parquet.gz",
        ] {
            fs::write(root.join(name), "x").unwrap();
        }
        let all = SourceSettings::new(root.display().to_string());
        assert_eq!(
            names(&all, root),
            ["a.jsonl.gz", "b/c/x.TXT", "b/y.parquet", "z.txt"]
        );
        let text = SourceSettings {
            format: Some(Format::Text),
            ..all.clone()
        };
        assert_eq!(names(&text, root), ["b/c/x.TXT", "z.txt"]);
        let glob = SourceSettings::new(format!("{}/**/*.txt", root.display()));
        assert_eq!(names(&glob, root), ["z.txt"]);
        let glob = SourceSettings::new(format!("{}/*", root.display()));
        assert!(matches!(
            find(&glob),
            Err(CorpusError::UnknownFormat { .. })
        ));
        let forced = SourceSettings {
            format: Some(Format::Text),
            ..SourceSettings::new(root.join("notes.md").display().to_string())
        };
        assert_eq!(names(&forced, root), ["notes.md"]);
    }

    #[test]
    fn what_is_not_there_is_an_error() {
        let root = tempfile::tempdir().unwrap();
        let path = |name: &str| SourceSettings::new(root.path().join(name).display().to_string());
        for missing in [path("none.txt"), SourceSettings::new("builtin:none")] {
            assert!(matches!(
                find(&missing),
                Err(CorpusError::MissingCorpus { .. })
            ));
        }
        for empty in [path(""), path("*.txt")] {
            assert!(matches!(
                find(&empty),
                Err(CorpusError::NoMatchingFiles { .. })
            ));
        }
        assert!(matches!(
            find(&path("a***")),
            Err(CorpusError::InvalidGlob { .. })
        ));
    }

    #[test]
    fn the_name_of_a_file_may_look_like_a_glob() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("a[1].txt"), "x").unwrap();
        let settings = SourceSettings::new(root.path().join("a[1].txt").display().to_string());
        assert_eq!(names(&settings, root.path()), ["a[1].txt"]);
    }
}
