//! The cache that all cores share, for which sampling chooses how much to do side by side.

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

/// Its size in bytes, where the system tells.
pub(super) fn bytes() -> Option<usize> {
    static BYTES: OnceLock<Option<usize>> = OnceLock::new();
    *BYTES.get_or_init(|| largest_in(Path::new("/sys/devices/system/cpu/cpu0/cache")))
}

/// The size of the largest of the caches that have a directory each in `caches`, as Linux has them.
fn largest_in(caches: &Path) -> Option<usize> {
    fs::read_dir(caches)
        .ok()?
        .filter_map(|cache| parse(&fs::read_to_string(cache.ok()?.path().join("size")).ok()?))
        .max()
}

/// Reads a size such as `32768K`.
fn parse(size: &str) -> Option<usize> {
    let size = size.trim();
    let (digits, unit) = match size.strip_suffix(['K', 'M']) {
        Some(digits) if size.ends_with('K') => (digits, 1 << 10),
        Some(digits) => (digits, 1 << 20),
        None => (size, 1),
    };
    digits.parse::<usize>().ok()?.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        assert_eq!(parse("32768K\n"), Some(32 << 20));
        assert_eq!(parse("4M"), Some(4 << 20));
        assert_eq!(parse("512"), Some(512));
        for bad in ["", "K", "-1K", "1.5M", "99999999999999999999K"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_system_that_does_not_tell_has_no_size() {
        assert_eq!(largest_in(Path::new("does/not/exist")), None);
    }
}
