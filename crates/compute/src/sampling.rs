//! From logits to a token: temperature, top-k, top-p, and the inverse of the distribution function.

use std::cmp::Ordering;

use crate::SamplingFilter;

/// The unnormalised probabilities that `filter` leaves of `logits`, in index order; the largest is 1
/// and a token that is filtered out has 0. All zeros when no logit is above −∞.
pub(crate) fn filtered_weights(logits: &[f32], filter: SamplingFilter) -> Vec<f64> {
    let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    if max == f32::NEG_INFINITY {
        return vec![0.0; logits.len()];
    }
    // The maximum is subtracted before the division: a huge logit over a small temperature would
    // overflow.
    let weight =
        |logit: f32| ((f64::from(logit) - f64::from(max)) / f64::from(filter.temperature)).exp();
    if filter.top_k.is_none() && filter.top_p.is_none() {
        return logits.iter().map(|&logit| weight(logit)).collect();
    }
    let mut weights = vec![0.0; logits.len()];
    for index in kept(logits, filter, weight) {
        weights[index] = weight(logits[index]);
    }
    weights
}

/// The indices that top-k and then top-p keep.
fn kept(logits: &[f32], filter: SamplingFilter, weight: impl Fn(f32) -> f64) -> Vec<usize> {
    let by_falling_probability =
        |&a: &usize, &b: &usize| -> Ordering { logits[b].total_cmp(&logits[a]).then(a.cmp(&b)) };
    let mut order: Vec<usize> = (0..logits.len()).collect();
    if let Some(top_k) = filter.top_k {
        let top_k = top_k.max(1);
        if top_k < order.len() {
            order.select_nth_unstable_by(top_k - 1, by_falling_probability);
            order.truncate(top_k);
        }
    }
    if let Some(top_p) = filter.top_p {
        order.sort_unstable_by(by_falling_probability);
        let total: f64 = order.iter().map(|&index| weight(logits[index])).sum();
        let mut share = 0.0;
        let mut len = 0;
        for &index in &order {
            share += weight(logits[index]);
            len += 1;
            if share >= f64::from(top_p) * total {
                break;
            }
        }
        order.truncate(len);
    }
    order
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
    invert(filtered_weights(logits, filter).into_iter(), uniform) as u32
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
        let weights = filtered_weights(logits, filter);
        (0..logits.len()).filter(|&i| weights[i] > 0.0).collect()
    }

    #[test]
    fn the_default_is_the_softmax() {
        let logits = [0.0f32, 2.0, -1.0];
        let weights = filtered_weights(&logits, SamplingFilter::default());
        let total: f64 = logits.iter().map(|&l| f64::from(l).exp()).sum();
        let sum: f64 = weights.iter().sum();
        for (logit, weight) in logits.iter().zip(weights) {
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
