//! Corpora that are part of the program.

/// What a path begins with to name one of them.
pub(super) const PREFIX: &str = "builtin:";

/// The opening of the training split of TinyStories, see `assets/README.md`.
const TINYSTORIES_SAMPLE: &[u8] = include_bytes!("../../assets/tinystories-sample.jsonl");

/// The JSON lines of the corpus of this name.
pub(super) fn json_lines(name: &str) -> Option<&'static [u8]> {
    match name {
        "tinystories-sample" => Some(TINYSTORIES_SAMPLE),
        _ => None,
    }
}
