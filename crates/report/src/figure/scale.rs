//! From values to places on an axis, and where its marks are.

use std::ops::Range;

use plotters::coord::ranged1d::{KeyPointHint, NoDefaultFormatting, Ranged};
use serde::Serialize;

use super::{Axis, Figure, Mark};

/// How values are laid out along an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scale {
    /// Equal differences have equal lengths.
    Linear,
    /// Equal quotients have equal lengths.
    Logarithmic,
}

impl Scale {
    /// Its name: `linear`, `logarithmic`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Linear => "linear",
            Self::Logarithmic => "logarithmic",
        }
    }
}

/// The part of an axis that is shown, with its marks.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Extent {
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) scale: Scale,
    /// Values with their names, ascending.
    pub(crate) marks: Vec<(f64, String)>,
}

/// About so many marks on an axis with room for them.
const MARKS: f64 = 5.0;

impl Extent {
    /// The horizontal axis of a figure.
    pub(crate) fn horizontal(figure: &Figure) -> Self {
        let stacked = figure.series.iter().any(|s| s.mark == Mark::Stack);
        let values = figure.points().map(|point| point.x);
        let (low, high) = ends(values, &figure.x, Scale::Linear);
        if figure.x.whole {
            let room = if stacked || low == high {
                0.5
            } else {
                (0.02 * (high - low)).max(0.2)
            };
            return Self {
                low: low - room,
                high: high + room,
                scale: Scale::Linear,
                marks: whole_marks(low, high),
            };
        }
        match figure.x.scale {
            // Nothing is to be read beyond the data, so the axis ends there.
            Scale::Linear => Self::linear(low, high, false),
            Scale::Logarithmic => Self::logarithmic(low, high),
        }
    }

    /// The vertical axis of a figure.
    pub(crate) fn vertical(figure: &Figure, scale: Scale) -> Self {
        let ends_of = |point: &super::Point| {
            let (low, high) = point.interval.unwrap_or((point.y, point.y));
            [point.y, low, high]
        };
        let values = figure
            .stacked_heights()
            .into_iter()
            .chain(figure.points().flat_map(ends_of))
            .chain(figure.references.iter().map(|reference| reference.y));
        let (low, high) = ends(values, &figure.y, scale);
        match scale {
            Scale::Linear => Self::linear(low, high, true),
            Scale::Logarithmic => Self::logarithmic(low, high),
        }
    }

    /// Marks at round numbers; with `whole_steps` the axis ends at such marks.
    fn linear(low: f64, high: f64, whole_steps: bool) -> Self {
        let (low, high) = apart(low, high);
        let step = round_step((high - low) / MARKS);
        let (first, last) = ((low / step + 1e-9).floor(), (high / step - 1e-9).ceil());
        let (low, high) = if whole_steps {
            (first * step, last * step)
        } else {
            (low, high)
        };
        // Places after the point that the step has.
        let decimals = (-(step * 1.000_001).log10().floor()).max(0.0) as usize;
        let decimals = decimals + usize::from((step * 10f64.powi(decimals as i32)).fract() > 1e-6);
        // The conversion saturates; of marks this far apart there are never many.
        let marks = (0..=(last - first).min(20.0) as u32)
            .map(|i| (first + f64::from(i)) * step)
            .filter(|mark| (low - 1e-9 * step..=high + 1e-9 * step).contains(mark))
            .map(|mark| (mark, plain(mark, decimals)))
            .collect();
        Self {
            low,
            high,
            scale: Scale::Linear,
            marks,
        }
    }

    /// Marks at 1, 2 and 5 times the powers of ten, or at fewer of them over many powers.
    fn logarithmic(low: f64, high: f64) -> Self {
        // In logarithms throughout: the quotient of two numbers need not be one.
        let (least, greatest) = (low.log10(), high.log10());
        let room = if greatest - least < 0.18 {
            0.1
        } else {
            0.03 * (greatest - least)
        };
        let low = 10f64.powf(least - room).max(f64::MIN_POSITIVE);
        let high = 10f64.powf(greatest + room).min(f64::MAX);
        let (first, last) = (low.log10().floor() as i32, high.log10().ceil() as i32);
        let powers = high.log10() - low.log10();
        let (multiples, every): (&[f64], i32) = match powers {
            _ if powers < 1.0 => (&[1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0], 1),
            _ if powers < 3.0 => (&[1.0, 2.0, 5.0], 1),
            _ => (&[1.0], (powers / 6.0).ceil() as i32),
        };
        let marks = (first..=last)
            .filter(|power| power.rem_euclid(every) == 0)
            .flat_map(|power| {
                multiples
                    .iter()
                    .map(move |m| (m * 10f64.powi(power), power))
            })
            .filter(|(mark, _)| (low..=high).contains(mark))
            .map(|(mark, power)| {
                let decimals = (-power).max(0) as usize;
                let half = usize::from((mark / 10f64.powi(power)).fract() > 0.1 && power < 1);
                (mark, plain(mark, decimals + half))
            })
            .collect();
        Self {
            low,
            high,
            scale: Scale::Logarithmic,
            marks,
        }
    }

    /// The place of a value, from 0 at the lower end to 1 at the upper.
    pub(crate) fn place(&self, value: f64) -> f64 {
        match self.scale {
            Scale::Linear => (value - self.low) / (self.high - self.low),
            Scale::Logarithmic => (value.ln() - self.low.ln()) / (self.high.ln() - self.low.ln()),
        }
    }
}

impl Ranged for Extent {
    type FormatOption = NoDefaultFormatting;
    type ValueType = f64;

    fn map(&self, value: &f64, limit: (i32, i32)) -> i32 {
        let length = f64::from(limit.1 - limit.0);
        // What is off the axis, such as 0 on a logarithmic one, stays near; NaN is taken for 0.
        limit.0 + (self.place(*value).clamp(-1.0, 2.0) * length).round() as i32
    }

    fn key_points<Hint: KeyPointHint>(&self, _: Hint) -> Vec<f64> {
        self.marks.iter().map(|(mark, _)| *mark).collect()
    }

    fn range(&self) -> Range<f64> {
        self.low..self.high
    }
}

/// Least and greatest of the values that the scale can show, and what the axis asks for.
fn ends(values: impl Iterator<Item = f64>, axis: &Axis, scale: Scale) -> (f64, f64) {
    let shown = |value: &f64| value.is_finite() && (scale == Scale::Linear || *value > 0.0);
    let (low, high) = values
        .chain(axis.from)
        .chain(axis.to)
        .filter(shown)
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| {
            (low.min(value), high.max(value))
        });
    if low <= high { (low, high) } else { (1.0, 1.0) }
}

/// Makes room around a single value.
fn apart(low: f64, high: f64) -> (f64, f64) {
    if high - low > 1e-9 * high.abs().max(low.abs()) {
        return (low, high);
    }
    match low.abs() {
        0.0 => (0.0, 1.0),
        size => (low - 0.1 * size, high + 0.1 * size),
    }
}

/// 1, 2 or 5 times a power of ten, about `step`.
fn round_step(step: f64) -> f64 {
    let power = 10f64.powf(step.log10().floor());
    match step / power {
        part if part < 1.5 => power,
        part if part < 3.5 => 2.0 * power,
        part if part < 7.5 => 5.0 * power,
        _ => 10.0 * power,
    }
}

/// Whole numbers from `low` to `high`, the first always among them.
fn whole_marks(low: f64, high: f64) -> Vec<(f64, String)> {
    const MOST: f64 = 9.0;
    let step = (0..)
        .flat_map(|power| [1.0, 2.0, 5.0].map(|m| m * 10f64.powi(power)))
        .find(|step| (high - low) / step < MOST)
        .unwrap_or(f64::INFINITY);
    let first = low.ceil();
    let mut marks = vec![first];
    // Multiples of the step, except of 2: from 1 on, odd numbers are as round.
    let mut mark = match step {
        step if step <= 2.0 => first + step,
        step => (first / step).floor() * step + step,
    };
    while mark <= high {
        if step <= 2.0 || mark - first >= 0.5 * step {
            marks.push(mark);
        }
        mark += step;
    }
    marks
        .into_iter()
        .map(|mark| (mark, plain(mark, 0)))
        .collect()
}

/// A number with one digit and a power of ten, such as 10⁻⁶ or 2·10⁷.
fn power_of_ten(value: f64) -> String {
    const SUPERSCRIPTS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    let text = format!("{value:.0e}");
    let (digit, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let factor = match digit {
        "1" => "10".to_owned(),
        "-1" => "−10".to_owned(),
        digit => format!("{}·10", digit.replace('-', "−")),
    };
    let raised = exponent.chars().map(|c| match c.to_digit(10) {
        Some(digit) => SUPERSCRIPTS[digit as usize],
        None => '⁻',
    });
    factor.chars().chain(raised).collect()
}

/// A number as an axis names it: with thousands in groups, and a power of ten where it is very large
/// or small.
fn plain(value: f64, decimals: usize) -> String {
    if value != 0.0 && !(1e-4..1e7).contains(&value.abs()) {
        return power_of_ten(value);
    }
    let text = format!("{:.decimals$}", value.abs());
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut grouped = String::new();
    if value < 0.0 && text.chars().any(|c| c.is_ascii_digit() && c != '0') {
        grouped.push('−');
    }
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + rest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn names(extent: &Extent) -> Vec<&str> {
        extent.marks.iter().map(|(_, name)| name.as_str()).collect()
    }

    #[test]
    fn marks_are_round_numbers() {
        let linear = |low, high| Extent::linear(low, high, true);
        assert_eq!(
            names(&linear(0.0, 1.0)),
            ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]
        );
        assert_eq!(
            names(&linear(52.0, 241.0)),
            ["50", "100", "150", "200", "250"]
        );
        assert_eq!(
            names(&linear(-1.0, 1.0)),
            ["−1.0", "−0.5", "0.0", "0.5", "1.0"]
        );
        assert_eq!(
            names(&linear(0.0, 42_000.0)),
            ["0", "10,000", "20,000", "30,000", "40,000", "50,000"]
        );
        assert_eq!(
            names(&Extent::logarithmic(0.002, 0.9)),
            [
                "0.002", "0.005", "0.01", "0.02", "0.05", "0.1", "0.2", "0.5", "1"
            ]
        );
        assert_eq!(
            names(&Extent::logarithmic(1e-5, 2.0))[1..],
            ["0.0001", "0.001", "0.01", "0.1", "1"]
        );
        let whole = |low, high| {
            whole_marks(low, high)
                .into_iter()
                .map(|(m, _)| m)
                .collect::<Vec<_>>()
        };
        assert_eq!(whole(1.0, 8.0), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]);
        assert_eq!(
            whole(1.0, 40.0),
            [1.0, 5.0, 10.0, 15.0, 20.0, 25.0, 30.0, 35.0, 40.0]
        );
        assert_eq!(whole(1.0, 200.0), [1.0, 50.0, 100.0, 150.0, 200.0]);
        assert_eq!(whole(1.0, 1.0), [1.0]);
    }

    #[test]
    fn very_large_and_very_small_numbers_are_powers_of_ten() {
        for (value, name) in [
            (1e-6, "10⁻⁶"),
            (2e7, "2·10⁷"),
            (-1e-12, "−10⁻¹²"),
            (-5e30, "−5·10³⁰"),
        ] {
            assert_eq!(plain(value, 0), name);
        }
    }

    proptest! {
        #[test]
        fn every_axis_holds_its_values_and_has_marks(
            low in -1e9f64..1e9,
            span in prop_oneof![Just(0.0), 1e-9f64..1e9],
        ) {
            let high = low + span;
            let mut extents = vec![Extent::linear(low, high, true), Extent::linear(low, high, false)];
            if low > 1e-6 {
                extents.push(Extent::logarithmic(low, high));
            }
            for extent in extents {
                prop_assert!(extent.low <= low && high <= extent.high);
                prop_assert!(extent.low < extent.high, "{extent:?}");
                prop_assert!((1..=14).contains(&extent.marks.len()), "{extent:?}");
                prop_assert!(extent.marks.is_sorted_by(|a, b| a.0 < b.0), "{extent:?}");
                for value in [low, high] {
                    prop_assert!((-1e-9..=1.0 + 1e-9).contains(&extent.place(value)));
                }
            }
        }

        #[test]
        fn generations_have_few_marks(count in 1u32..100_000) {
            let marks = whole_marks(1.0, f64::from(count));
            prop_assert!((1..=11).contains(&marks.len()), "{marks:?}");
            prop_assert_eq!(marks[0].0, 1.0);
        }
    }
}
