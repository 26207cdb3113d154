//! A row of numbers as a row of bars.

use super::screen;

/// Bars from the least to the greatest number.
const BARS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// The same where only ASCII can be shown: characters whose ink rises.
const ASCII_BARS: [char; 8] = ['_', '.', '-', '~', '=', '+', '*', '#'];

/// `numbers` as bars of at most `width` characters, scaled from their least to their greatest; what is
/// missing is a gap. Longer rows are drawn from the means of equal stretches.
pub(crate) fn sparkline(numbers: &[Option<f64>], width: usize) -> String {
    let bars = if screen::is_unicode() {
        &BARS
    } else {
        &ASCII_BARS
    };
    draw(&resampled(numbers, width), bars)
}

/// The means of `width` stretches of equal length, or the numbers themselves if they are no more.
fn resampled(numbers: &[Option<f64>], width: usize) -> Vec<Option<f64>> {
    if numbers.len() <= width {
        return numbers.to_vec();
    }
    (0..width)
        .map(|stretch| {
            let begin = stretch * numbers.len() / width;
            let end = (stretch + 1) * numbers.len() / width;
            let known: Vec<f64> = numbers[begin..end].iter().flatten().copied().collect();
            (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
        })
        .collect()
}

fn draw(numbers: &[Option<f64>], bars: &[char; 8]) -> String {
    let finite = || numbers.iter().flatten().filter(|number| number.is_finite());
    let least = finite().copied().fold(f64::INFINITY, f64::min);
    let greatest = finite().copied().fold(f64::NEG_INFINITY, f64::max);
    let last = bars.len() - 1;
    let bar = |number: f64| {
        // Differences of rounding are none: a row of equal numbers is level.
        let range = greatest - least;
        if range <= 1e-12 * greatest.abs() {
            bars[last / 2]
        } else {
            bars[((number - least) / range * last as f64).round() as usize]
        }
    };
    numbers
        .iter()
        .map(|number| match number {
            Some(number) if number.is_finite() => bar(*number),
            _ => ' ',
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bars(numbers: &[f64]) -> String {
        let numbers: Vec<Option<f64>> = numbers.iter().copied().map(Some).collect();
        draw(&numbers, &BARS)
    }

    #[test]
    fn bars_rise_with_their_numbers() {
        assert_eq!(bars(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0]), "▁▂▃▄▅▆▇█");
        assert_eq!(bars(&[2.0, -2.0, 0.0]), "█▁▅");
        assert_eq!(bars(&[3.0]), "▄");
        assert_eq!(bars(&[0.1 + 0.2, 0.3]), "▄▄");
        assert_eq!(bars(&[0.0, 0.0]), "▄▄");
        assert_eq!(bars(&[]), "");
    }

    #[test]
    fn what_is_missing_is_a_gap() {
        let numbers = [Some(0.0), None, Some(f64::INFINITY), Some(1.0)];
        assert_eq!(draw(&numbers, &ASCII_BARS), "_  #");
        assert_eq!(draw(&[None, None], &BARS), "  ");
    }

    #[test]
    fn long_rows_are_means_of_stretches() {
        let numbers: Vec<Option<f64>> = (0..200).map(|i| Some(f64::from(i))).collect();
        let few = resampled(&numbers, 8);
        assert_eq!(few.len(), 8);
        assert_eq!((few[0], few[7]), (Some(12.0), Some(187.0)));
        assert_eq!(draw(&few, &BARS), "▁▂▃▄▅▆▇█");
        assert_eq!(resampled(&numbers, 200), numbers);
        // 3 numbers in 2 stretches: none is lost.
        let odd = [Some(1.0), None, None];
        assert_eq!(resampled(&odd, 2), [Some(1.0), None]);
    }
}
