//! The font of pictures, which is part of the program.

use std::sync::Once;

use plotters::style::{FontStyle, register_font};

/// The name under which plotters knows it. In SVG files it stands for the reader's own font.
pub(super) const FAMILY: &str = "sans-serif";

/// Height of a line of text as a part of the size of the font, as plotters has it and the bundled font
/// was made to have.
pub(super) const LINE: f64 = 1.24;

static FONT: &[u8] = include_bytes!("../../assets/NotoSans.ttf");

/// Makes the font known to plotters.
pub(super) fn register() {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        // Without it drawing fails, and says so.
        let _ = register_font(FAMILY, FontStyle::Normal, FONT);
    });
}

/// Width of a text of this size, about.
pub(super) fn text_width(text: &str, size: f64) -> f64 {
    register();
    // Measured large, for plotters gives whole numbers.
    const TIMES: f64 = 20.0;
    let style = plotters::style::IntoFont::into_font((FAMILY, size * LINE * TIMES));
    match style.box_size(text) {
        Ok((width, _)) => f64::from(width) / TIMES,
        Err(_) => 0.6 * size * text.chars().count() as f64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_has_a_width() {
        let width = |text: &str| text_width(text, 12.0);
        assert!((6.0..8.0).contains(&width("0")), "{}", width("0"));
        assert!((width("0000") / width("0") - 4.0).abs() < 0.05);
        assert!(width("i") < width("W"));
        // Every character that figures use themselves is in the font.
        for character in "→×±·–—…≥≤∞αβρκλ−⁻²".chars() {
            assert_ne!(
                width(&character.to_string()),
                width("\u{10FFFF}"),
                "{character}"
            );
        }
    }
}
