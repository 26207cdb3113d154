//! What the place can show that standard output goes to: how many columns, and which characters.

use std::env;
use std::io::{IsTerminal, stdout};
use std::sync::OnceLock;

/// Columns where nothing tells how many there are.
const COLUMNS: usize = 80;

/// Whether `--ascii` was given.
static ASCII: OnceLock<bool> = OnceLock::new();

/// Notes whether ASCII characters alone are asked for.
pub(crate) fn initialise(ascii: bool) {
    // Called once, by `main`.
    let _ = ASCII.set(ascii);
}

/// Columns of the terminal, or what the variable COLUMNS says; `None` in a pipe or a file, where lines
/// may have any length.
pub(crate) fn columns() -> Option<usize> {
    let asked = env::var("COLUMNS").ok().and_then(|text| text.parse().ok());
    asked.filter(|&columns| columns > 0).or_else(|| {
        let terminal = stdout().is_terminal();
        terminal.then(|| terminal_size::terminal_size().map_or(COLUMNS, |(w, _)| w.0.into()))
    })
}

/// Columns for what is drawn to fill a line: those of the terminal, or 80.
pub(crate) fn columns_to_fill() -> usize {
    columns().unwrap_or(COLUMNS)
}

/// Whether other characters than those of ASCII can be shown.
pub(crate) fn is_unicode() -> bool {
    static UNICODE: OnceLock<bool> = OnceLock::new();
    *UNICODE.get_or_init(|| {
        let ascii = ASCII.get().copied().unwrap_or(false);
        let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        !ascii
            && unicode_locale(
                variable("LC_ALL")
                    .or_else(|| variable("LC_CTYPE"))
                    .or_else(|| variable("LANG"))
                    .as_deref(),
            )
            && variable("TERM").is_none_or(|terminal| terminal != "dumb")
    })
}

/// Whether a locale has all characters. One that is not set says nothing: containers and other
/// systems than Unix set none, and show UTF-8.
fn unicode_locale(locale: Option<&str>) -> bool {
    locale.is_none_or(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.contains("utf-8") || locale.contains("utf8")
    })
}

/// `text` as it can be shown: with the nearest ASCII characters where it must be. Only for text that
/// the program itself composes, not for text of a corpus or a model.
pub(crate) fn shown(text: &str) -> String {
    if is_unicode() {
        text.to_owned()
    } else {
        ascii(text)
    }
}

fn ascii(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '→' => plain.push_str("->"),
            '±' => plain.push_str("+-"),
            '…' => plain.push_str(".."),
            '×' => plain.push('x'),
            '−' | '–' | '─' => plain.push('-'),
            '≤' => plain.push_str("<="),
            '≥' => plain.push_str(">="),
            other if other.is_ascii() => plain.push(other),
            _ => plain.push('?'),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locales() {
        for name in ["en_GB.UTF-8", "C.utf8", "de_DE.UTF-8@euro"] {
            assert!(unicode_locale(Some(name)), "{name}");
        }
        for name in ["C", "POSIX", "en_US.ISO-8859-1", "de_DE"] {
            assert!(!unicode_locale(Some(name)), "{name}");
        }
        assert!(unicode_locale(None));
    }

    #[test]
    fn the_nearest_ascii_characters() {
        assert_eq!(
            ascii("there→was 2.4 ±0.1 ×3 …"),
            "there->was 2.4 +-0.1 x3 .."
        );
        assert_eq!(ascii("naïve"), "na?ve");
    }
}
