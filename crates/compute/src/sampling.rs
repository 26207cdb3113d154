//! From logits to a token: temperature, top-k, top-p, and the inverse of the distribution function.

use std::cmp::Ordering;

use crate::operation::SamplingFilter;

/// The tokens that `filter` keeps, in index order, with their unnormalised probabilities, of which the
/// largest is 1. Empty when no logit is above −∞.
fn distribution(logits: &[f32], filter: SamplingFilter) -> Vec<(usize, f64)> {
    let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    if max == f32::NEG_INFINITY {
        return Vec::new();
    }
    // The maximum is subtracted before the division: a huge logit over a small temperature would
    // overflow.
    let weight =
        |logit: f32| ((f64::from(logit) - f64::from(max)) / f64::from(filter.temperature)).exp();
    let with_weight = |token: usize| (token, weight(logits[token]));
    let kept: Vec<(usize, f64)> = match filter.top_k {
        Some(top_k) if top_k < logits.len() => most_probable(logits, top_k.max(1))
            .map(with_weight)
            .collect(),
        _ => (0..logits.len()).map(with_weight).collect(),
    };
    match filter.top_p {
        Some(top_p) => nucleus(kept, f64::from(top_p)),
        None => kept,
    }
}

/// The `count` tokens with the largest logits, in index order.
fn most_probable(logits: &[f32], count: usize) -> impl Iterator<Item = usize> {
    let mut values = logits.to_vec();
    let (above, &mut last, _) = values.select_nth_unstable_by(count - 1, |a, b| b.total_cmp(a));
    // Of the tokens that tie for the last places, those with the lower indices.
    let mut ties = count - above.iter().filter(|v| v.total_cmp(&last).is_gt()).count();
    (0..logits.len()).filter(move |&token| match logits[token].total_cmp(&last) {
        Ordering::Greater => true,
        Ordering::Less => false,
        Ordering::Equal => {
            let kept = ties > 0;
            ties -= usize::from(kept);
            kept
        }
    })
}

/// The shortest prefix by falling probability whose share is at least `top_p`, in index order.
fn nucleus(mut tokens: Vec<(usize, f64)>, top_p: f64) -> Vec<(usize, f64)> {
    let total: f64 = tokens.iter().map(|&(_, weight)| weight).sum();
    tokens.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let mut share = 0.0;
    let enough = tokens.iter().position(|&(_, weight)| {
        share += weight;
        share >= top_p * total
    });
    if let Some(last) = enough {
        tokens.truncate(last + 1);
    }
    tokens.sort_unstable_by_key(|&(token, _)| token);
    tokens
}

/// The first index at which the running sum of `weights` exceeds `uniform` times their total.
///
/// Where rounding lets none exceed it, the last index of positive weight; 0 if there is none.
pub(crate) fn invert(weights: impl Iterator<Item = f64> + Clone, uniform: f64) -> usize {
    let total: f64 = weights.clone().sum();
    let bound = uniform * total;
    let mut sum = 0.0;
    let mut last_positive = 0;
    for (index, weight) in weights.enumerate() {
        sum += weight;
        if weight > 0.0 {
            if sum > bound {
                return index;
            }
            last_positive = index;
        }
    }
    last_positive
}

/// The token that `uniform` in [0, 1) draws from `logits` (V) under `filter`. The logits may be
/// log-probabilities; −∞ excludes a token.
pub fn draw(logits: &[f32], filter: SamplingFilter, uniform: f64) -> u32 {
    let tokens = distribution(logits, filter);
    let index = invert(tokens.iter().map(|&(_, weight)| weight), uniform);
    tokens.get(index).map_or(0, |&(token, _)| token as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BELOW_ONE: f64 = 1.0 - 1.0 / (1u64 << 53) as f64;

    fn filter(temperature: f32, top_k: Option<usize>, top_p: Option<f32>) -> SamplingFilter {
        SamplingFilter {
            temperature,
            top_k,
            top_p,
        }
    }

    fn kept_indices(logits: &[f32], filter: SamplingFilter) -> Vec<usize> {
        let tokens = distribution(logits, filter);
        tokens.iter().map(|&(token, _)| token).collect()
    }

    #[test]
    fn the_default_is_the_softmax() {
        let logits = [0.0f32, 2.0, -1.0];
        let tokens = distribution(&logits, SamplingFilter::default());
        let total: f64 = logits.iter().map(|&l| f64::from(l).exp()).sum();
        let sum: f64 = tokens.iter().map(|(_, weight)| weight).sum();
        for (logit, (_, weight)) in logits.iter().zip(tokens) {
            assert!((weight / sum - f64::from(*logit).exp() / total).abs() < 1e-15);
        }
    }

    #[test]
    fn top_k_keeps_the_lower_index_of_a_tie() {
        let logits = [1.0, 3.0, 2.0, 3.0, 2.0];
        assert_eq!(kept_indices(&logits, filter(1.0, Some(1), None)), [1]);
        assert_eq!(kept_indices(&logits, filter(1.0, Some(3), None)), [1, 2, 3]);
        assert_eq!(kept_indices(&logits, filter(1.0, Some(9), None)).len(), 5);
    }

    #[test]
    fn top_p_keeps_the_shortest_sufficient_prefix() {
        // Probabilities 0.5, 0.25, 0.125, 0.125 in a mixed order.
        let logits: Vec<f32> = [0.125f32, 0.5, 0.125, 0.25]
            .iter()
            .map(|p| p.ln())
            .collect();
        assert_eq!(kept_indices(&logits, filter(1.0, None, Some(0.4))), [1]);
        assert_eq!(kept_indices(&logits, filter(1.0, None, Some(0.6))), [1, 3]);
        assert_eq!(
            kept_indices(&logits, filter(1.0, None, Some(0.8))),
            [0, 1, 3]
        );
        assert_eq!(kept_indices(&logits, filter(1.0, None, Some(1.0))).len(), 4);
    }

    #[test]
    fn top_p_counts_what_top_k_kept() {
        let logits: Vec<f32> = [0.4f32, 0.3, 0.2, 0.1].iter().map(|p| p.ln()).collect();
        // Of the kept 0.4 + 0.3 the first is 57%: enough for 0.5, not enough for 0.6.
        assert_eq!(kept_indices(&logits, filter(1.0, Some(2), Some(0.5))), [0]);
        assert_eq!(
            kept_indices(&logits, filter(1.0, Some(2), Some(0.6))),
            [0, 1]
        );
    }

    #[test]
    fn the_extreme_uniforms_draw_the_first_and_the_last_possible_token() {
        let logits = [f32::NEG_INFINITY, 1.0, 0.0, 2.0, f32::NEG_INFINITY];
        assert_eq!(draw(&logits, SamplingFilter::default(), 0.0), 1);
        assert_eq!(draw(&logits, SamplingFilter::default(), BELOW_ONE), 3);
    }

    #[test]
    fn huge_logits_and_low_temperatures_do_not_overflow() {
        let logits = [-3e38, 3e38, 2e38];
        assert_eq!(draw(&logits, filter(1e-3, None, None), 0.0), 1);
        assert_eq!(draw(&logits, filter(1e-3, None, None), BELOW_ONE), 1);
    }

    #[test]
    fn a_row_without_any_possible_token_draws_the_first() {
        let logits = [f32::NEG_INFINITY; 3];
        assert_eq!(draw(&logits, filter(1.0, Some(2), Some(0.5)), 0.5), 0);
    }
}
