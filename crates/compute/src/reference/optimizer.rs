//! Sums, and the optimizer's step.

use crate::HostMemory;
use crate::operation::{AdamW, AdamWSettings, Clip, Sum, SumOfSquares};

pub(super) fn sum(o: Sum<'_, HostMemory>) {
    o.totals.get_mut()[o.index] += o.x[..o.len].iter().map(|&x| f64::from(x)).sum::<f64>();
}

pub(super) fn sum_of_squares(o: SumOfSquares<'_, HostMemory>) {
    o.totals.get_mut()[o.index] += o.x.iter().map(|&x| f64::from(x).powi(2)).sum::<f64>();
}

pub(super) fn adamw(o: AdamW<'_, HostMemory>) {
    let squares = o.clip.squares.get()[o.clip.index];
    let Some(factor) = Clip::<HostMemory>::factor(o.clip.norm, squares) else {
        return;
    };
    let AdamWSettings {
        learning_rate,
        beta1,
        beta2,
        epsilon,
        weight_decay,
        step,
    } = o.settings;
    let [rate, beta1, beta2, epsilon, decay] =
        [learning_rate, beta1, beta2, epsilon, weight_decay].map(f64::from);
    let correction1 = 1.0 - beta1.powf(step as f64);
    let correction2 = 1.0 - beta2.powf(step as f64);
    for i in 0..o.parameter.len() {
        let g = f64::from(o.gradient[i]) * f64::from(factor);
        let m = beta1 * f64::from(o.first_moment[i]) + (1.0 - beta1) * g;
        let v = beta2 * f64::from(o.second_moment[i]) + (1.0 - beta2) * g * g;
        let change = (m / correction1) / ((v / correction2).sqrt() + epsilon);
        let decayed = f64::from(o.parameter[i]) * (1.0 - rate * decay);
        o.parameter[i] = (decayed - rate * change) as f32;
        o.first_moment[i] = m as f32;
        o.second_moment[i] = v as f32;
    }
}
