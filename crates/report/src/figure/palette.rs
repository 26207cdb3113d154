//! Colours, for a white and for a dark ground.

use super::Colour;

/// Red, green, blue.
pub(crate) type Rgb = (u8, u8, u8);

/// The ground that something is drawn on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ground {
    Light,
    Dark,
}

/// The palette of M. Okabe and K. Ito (2002), which people with any kind of colour vision can tell
/// apart, without its yellow, which does not show on white.
const CATEGORIES_ON_LIGHT: [Rgb; CATEGORIES] = [
    (0x00, 0x72, 0xB2),
    (0xD5, 0x5E, 0x00),
    (0x00, 0x9E, 0x73),
    (0xCC, 0x79, 0xA7),
    (0xE6, 0x9F, 0x00),
    (0x56, 0xB4, 0xE9),
];

/// The same hues, lighter.
const CATEGORIES_ON_DARK: [Rgb; CATEGORIES] = [
    (0x4F, 0xA8, 0xE0),
    (0xF2, 0x84, 0x3C),
    (0x2F, 0xC2, 0x96),
    (0xE3, 0x98, 0xC2),
    (0xF0, 0xBC, 0x42),
    (0x9A, 0xD8, 0xF7),
];

/// Number of colours for things of different kinds.
pub(crate) const CATEGORIES: usize = 6;

/// Viridis (S. van der Walt and N. Smith, 2015) at equal distances: even in lightness, and the same
/// order for everybody.
const VIRIDIS: [Rgb; 9] = [
    (0x44, 0x01, 0x54),
    (0x47, 0x2D, 0x7B),
    (0x3B, 0x52, 0x8B),
    (0x2C, 0x72, 0x8E),
    (0x21, 0x91, 0x8C),
    (0x28, 0xAE, 0x80),
    (0x5E, 0xC9, 0x62),
    (0xAD, 0xDC, 0x30),
    (0xFD, 0xE7, 0x25),
];

/// Colours of a sequence are rounded to so many steps.
pub(crate) const SEQUENCE_STEPS: usize = 12;

/// A colour of the palette, apart from the ground: what a style sheet has a class for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Swatch {
    Category(usize),
    Sequence(usize),
    Ink,
    /// Axes and the text on them.
    Axis,
    /// Lines behind the data.
    Grid,
}

impl Swatch {
    /// All of them.
    pub(crate) fn all() -> impl Iterator<Item = Self> {
        (0..CATEGORIES)
            .map(Self::Category)
            .chain((0..=SEQUENCE_STEPS).map(Self::Sequence))
            .chain([Self::Ink, Self::Axis, Self::Grid])
    }

    /// Its class in a style sheet.
    pub(crate) fn class(self) -> String {
        match self {
            Self::Category(index) => format!("c{index}"),
            Self::Sequence(step) => format!("q{step}"),
            Self::Ink => "ink".to_owned(),
            Self::Axis => "axis".to_owned(),
            Self::Grid => "grid".to_owned(),
        }
    }

    pub(crate) fn rgb(self, ground: Ground) -> Rgb {
        match (self, ground) {
            (Self::Category(index), Ground::Light) => CATEGORIES_ON_LIGHT[index % CATEGORIES],
            (Self::Category(index), Ground::Dark) => CATEGORIES_ON_DARK[index % CATEGORIES],
            // Neither yellow on white nor violet on black.
            (Self::Sequence(step), Ground::Light) => viridis(step, 0.0, 0.82),
            (Self::Sequence(step), Ground::Dark) => viridis(step, 0.3, 1.0),
            (Self::Ink, Ground::Light) => (0x1C, 0x20, 0x24),
            (Self::Ink, Ground::Dark) => (0xE8, 0xEA, 0xED),
            (Self::Axis, Ground::Light) => (0x4A, 0x50, 0x57),
            (Self::Axis, Ground::Dark) => (0xB4, 0xBA, 0xC1),
            (Self::Grid, Ground::Light) => (0xE3, 0xE6, 0xE9),
            (Self::Grid, Ground::Dark) => (0x33, 0x38, 0x3E),
        }
    }
}

impl From<Colour> for Swatch {
    fn from(colour: Colour) -> Self {
        match colour {
            Colour::Category(index) => Self::Category(index % CATEGORIES),
            // The conversion saturates, and takes NaN for 0.
            Colour::Sequence(place) => Self::Sequence(
                ((place * SEQUENCE_STEPS as f64).round() as usize).min(SEQUENCE_STEPS),
            ),
            Colour::Ink => Self::Ink,
        }
    }
}

/// A colour of viridis between the parts `from` and `to` of its length.
fn viridis(step: usize, from: f64, to: f64) -> Rgb {
    let part = from + (to - from) * step.min(SEQUENCE_STEPS) as f64 / SEQUENCE_STEPS as f64;
    let place = part * (VIRIDIS.len() - 1) as f64;
    let below = (place as usize).min(VIRIDIS.len() - 2);
    let (a, b) = (VIRIDIS[below], VIRIDIS[below + 1]);
    let mix = |a: u8, b: u8| {
        let share = place - below as f64;
        (f64::from(a) * (1.0 - share) + f64::from(b) * share).round() as u8
    };
    (mix(a.0, b.0), mix(a.1, b.1), mix(a.2, b.2))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance and contrast of the Web Content Accessibility Guidelines 2.
    fn contrast(a: Rgb, b: Rgb) -> f64 {
        let luminance = |(r, g, b): Rgb| {
            let linear = |v: u8| {
                let v = f64::from(v) / 255.0;
                if v <= 0.040_45 {
                    v / 12.92
                } else {
                    ((v + 0.055) / 1.055).powf(2.4)
                }
            };
            0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b)
        };
        let (a, b) = (luminance(a) + 0.05, luminance(b) + 0.05);
        a.max(b) / a.min(b)
    }

    #[test]
    fn everything_stands_out_from_its_ground() {
        for swatch in Swatch::all() {
            let (light, dark) = (swatch.rgb(Ground::Light), swatch.rgb(Ground::Dark));
            let least = match swatch {
                Swatch::Grid => 1.1,
                Swatch::Ink | Swatch::Axis => 7.0,
                _ => 1.7,
            };
            for (colour, ground) in [(light, (255, 255, 255)), (dark, (0x16, 0x19, 0x1C))] {
                let contrast = contrast(colour, ground);
                assert!(contrast >= least, "{swatch:?}: {contrast}");
            }
        }
    }

    #[test]
    fn colours_of_one_ground_differ() {
        for ground in [Ground::Light, Ground::Dark] {
            let mut colours: Vec<Rgb> = Swatch::all().map(|swatch| swatch.rgb(ground)).collect();
            let count = colours.len();
            colours.sort_unstable();
            colours.dedup();
            assert_eq!(colours.len(), count);
        }
    }

    #[test]
    fn every_colour_has_a_swatch() {
        assert_eq!(Swatch::from(Colour::Category(6)), Swatch::Category(0));
        for (place, step) in [
            (0.0, 0),
            (1.0, SEQUENCE_STEPS),
            (7.0, SEQUENCE_STEPS),
            (f64::NAN, 0),
        ] {
            assert_eq!(
                Swatch::from(Colour::Sequence(place)),
                Swatch::Sequence(step)
            );
        }
    }
}
