//! Every operation as a function from a seed and a shape to all its results, so that backends can be
//! compared without each test knowing each operation.

use autophage_compute::{
    AdamW, Attention, Backend, CacheEntry, Cached, Head, Linear, Rows, SamplingFilter, Sequences,
};

use super::{Random, buffer, numbers};

/// Results by name.
pub(crate) type Results = Vec<(&'static str, Vec<f32>)>;

pub(crate) fn embed<B: Backend>(b: &B, rows: usize, channels: usize) -> Results {
    const VOCABULARY: usize = 11;
    const POSITIONS: usize = 5;
    let random = Random::new(1);
    let shape = Rows { rows, channels };
    let tokens = random.indices(rows, VOCABULARY);
    let positions = random.indices(rows, POSITIONS);
    let token_weight = buffer(b, &random.normal(VOCABULARY * channels, 1.0));
    let position_weight = buffer(b, &random.normal(POSITIONS * channels, 1.0));
    let mut out = b.zeros(rows * channels);
    b.embed(
        shape,
        &tokens,
        &positions,
        &token_weight,
        &position_weight,
        &mut out,
    );
    let d_out = buffer(b, &random.normal(rows * channels, 1.0));
    let mut d_token_weight = buffer(b, &random.normal(VOCABULARY * channels, 1.0));
    let mut d_position_weight = buffer(b, &random.normal(POSITIONS * channels, 1.0));
    b.embed_backward(
        shape,
        &tokens,
        &positions,
        &d_out,
        &mut d_token_weight,
        &mut d_position_weight,
    );
    let mut gathered = b.zeros(tokens.len() * channels);
    b.gather(channels, &tokens, &token_weight, &mut gathered);
    vec![
        ("embed", numbers(b, &out)),
        ("d_token_weight", numbers(b, &d_token_weight)),
        ("d_position_weight", numbers(b, &d_position_weight)),
        ("gather", numbers(b, &gathered)),
    ]
}

pub(crate) fn layer_norm<B: Backend>(b: &B, rows: usize, channels: usize) -> Results {
    let random = Random::new(2);
    let shape = Rows { rows, channels };
    // Away from 0, so that the mean matters.
    let x: Vec<f32> = random
        .normal(rows * channels, 2.0)
        .iter()
        .map(|x| x + 3.0)
        .collect();
    let x = buffer(b, &x);
    let weight = buffer(b, &random.normal(channels, 1.0));
    let bias = buffer(b, &random.normal(channels, 1.0));
    let mut out = b.zeros(rows * channels);
    let mut statistics = b.zeros(2 * rows);
    b.layer_norm(shape, &x, &weight, &bias, &mut out, &mut statistics);
    let d_out = buffer(b, &random.normal(rows * channels, 1.0));
    let mut d_x = buffer(b, &random.normal(rows * channels, 1.0));
    let mut d_weight = buffer(b, &random.normal(channels, 1.0));
    let mut d_bias = buffer(b, &random.normal(channels, 1.0));
    b.layer_norm_backward(
        shape,
        &x,
        &weight,
        &statistics,
        &d_out,
        &mut d_x,
        &mut d_weight,
        &mut d_bias,
    );
    vec![
        ("layer_norm", numbers(b, &out)),
        ("statistics", numbers(b, &statistics)),
        ("d_x", numbers(b, &d_x)),
        ("d_weight", numbers(b, &d_weight)),
        ("d_bias", numbers(b, &d_bias)),
    ]
}

pub(crate) fn linear<B: Backend>(b: &B, shape: Linear, with_bias: bool) -> Results {
    let random = Random::new(3);
    let Linear {
        rows,
        inputs,
        outputs,
        ..
    } = shape;
    let x = buffer(b, &random.normal(rows * inputs, 1.0));
    let weight = buffer(b, &random.normal(outputs * inputs, 1.0));
    let bias = buffer(b, &random.normal(outputs, 1.0));
    let mut out = b.zeros(rows * outputs);
    b.linear(shape, &x, &weight, with_bias.then_some(&bias), &mut out);
    let d_out = buffer(b, &random.normal(rows * outputs, 1.0));
    let mut d_x = buffer(b, &random.normal(rows * inputs, 1.0));
    b.linear_backward_input(shape, &weight, &d_out, with_bias, &mut d_x);
    let mut d_weight = buffer(b, &random.normal(outputs * inputs, 1.0));
    let mut d_bias = buffer(b, &random.normal(outputs, 1.0));
    let d_bias_used = with_bias.then_some(&mut d_bias);
    b.linear_backward_weight(shape, &x, &d_out, &mut d_weight, d_bias_used);
    vec![
        ("linear", numbers(b, &out)),
        ("d_x", numbers(b, &d_x)),
        ("d_weight", numbers(b, &d_weight)),
        ("d_bias", numbers(b, &d_bias)),
    ]
}

pub(crate) fn elementwise<B: Backend>(b: &B, rows: usize, channels: usize) -> Results {
    let random = Random::new(4);
    let shape = Rows { rows, channels };
    let len = rows * channels;
    let x = buffer(b, &random.normal(len, 3.0));
    let mut gelu = b.zeros(len);
    b.gelu(shape, &x, &mut gelu);
    let mut d = buffer(b, &random.normal(len, 1.0));
    b.gelu_backward(shape, &x, &mut d);
    let mut sum = buffer(b, &random.normal(len, 1.0));
    b.add(shape, &x, &mut sum);
    let mut filled = b.zeros(len);
    b.fill(&mut filled, 1.5);
    let squares = b.sum_of_squares(&x);
    vec![
        ("gelu", numbers(b, &gelu)),
        ("gelu_backward", numbers(b, &d)),
        ("add", numbers(b, &sum)),
        ("fill", numbers(b, &filled)),
        ("sum_of_squares", vec![squares as f32]),
    ]
}

pub(crate) fn adamw<B: Backend>(b: &B, len: usize) -> Results {
    let random = Random::new(5);
    let mut parameter = buffer(b, &random.normal(len, 1.0));
    let mut first = b.zeros(len);
    let mut second = b.zeros(len);
    for step in 1..=3 {
        let settings = AdamW {
            learning_rate: 5e-4,
            beta1: 0.9,
            beta2: 0.95,
            epsilon: 1e-8,
            weight_decay: 0.1,
            gradient_scale: 0.5,
            step,
        };
        let gradient = buffer(b, &random.normal(len, 1.0));
        b.adamw(settings, &mut parameter, &gradient, &mut first, &mut second);
    }
    vec![
        ("parameter", numbers(b, &parameter)),
        ("first moment", numbers(b, &first)),
        ("second moment", numbers(b, &second)),
    ]
}

pub(crate) fn attention<B: Backend>(
    b: &B,
    lengths: &[usize],
    heads: usize,
    dimension: usize,
    window: Option<usize>,
) -> Results {
    let random = Random::new(6);
    let sequences = Sequences::from_lengths(lengths.iter().copied());
    let shape = Attention {
        sequences: &sequences,
        heads,
        channels: heads * dimension,
        window,
    };
    let rows = sequences.rows();
    let len = rows * heads * dimension;
    // Scores with a standard deviation of 2, whatever the dimension.
    let deviation = (2.0 / (dimension as f32).sqrt()).sqrt();
    let queries = buffer(b, &random.normal(len, deviation));
    let keys = buffer(b, &random.normal(len, deviation));
    let values = buffer(b, &random.normal(len, 1.0));
    let mut out = b.zeros(len);
    let mut log_sums = b.zeros(rows * heads);
    b.attention(shape, &queries, &keys, &values, &mut out, &mut log_sums);
    let d_out = buffer(b, &random.normal(len, 1.0));
    let [mut d_queries, mut d_keys, mut d_values] = [7.0f32; 3].map(|x| buffer(b, &vec![x; len]));
    b.attention_backward(
        shape,
        &queries,
        &keys,
        &values,
        &out,
        &log_sums,
        &d_out,
        &mut d_queries,
        &mut d_keys,
        &mut d_values,
    );
    vec![
        ("attention", numbers(b, &out)),
        ("log_sums", numbers(b, &log_sums)),
        ("d_queries", numbers(b, &d_queries)),
        ("d_keys", numbers(b, &d_keys)),
        ("d_values", numbers(b, &d_values)),
    ]
}

/// `rows` sequences, each with `past` cached positions at most, in slots in random order.
pub(crate) fn attention_cached<B: Backend>(
    b: &B,
    rows: usize,
    past: usize,
    heads: usize,
    dimension: usize,
    window: Option<usize>,
) -> Results {
    let random = Random::new(7);
    let channels = heads * dimension;
    let capacity = past + 1;
    let slots = rows + 2;
    let positions = random.indices(rows, capacity);
    let entries: Vec<CacheEntry> = random
        .permutation(slots)
        .into_iter()
        .zip(positions)
        .map(|(slot, position)| CacheEntry {
            slot,
            position: position as usize,
        })
        .collect();
    let shape = Cached {
        entries: &entries,
        capacity,
        heads,
        channels,
        window,
    };
    let deviation = (2.0 / (dimension as f32).sqrt()).sqrt();
    let cache = b.cache_len(slots, capacity, heads, channels);
    // What other sequences have left there has no influence.
    let [mut cached_keys, mut cached_values] = [0; 2].map(|_| buffer(b, &vec![f32::NAN; cache]));
    let mut results = Vec::new();
    for position in 0..capacity {
        let entries: Vec<CacheEntry> = entries
            .iter()
            .filter(|entry| entry.position >= position)
            .map(|entry| CacheEntry { position, ..*entry })
            .collect();
        let shape = Cached {
            entries: &entries,
            ..shape
        };
        let len = entries.len() * channels;
        let queries = buffer(b, &random.normal(len, deviation));
        let keys = buffer(b, &random.normal(len, deviation));
        let values = buffer(b, &random.normal(len, 1.0));
        let mut out = b.zeros(len);
        b.attention_cached(
            shape,
            &queries,
            &keys,
            &values,
            &mut cached_keys,
            &mut cached_values,
            &mut out,
        );
        results.push(("attention_cached", numbers(b, &out)));
    }
    results
}

pub(crate) fn head<B: Backend>(b: &B, shape: Head) -> Results {
    let random = Random::new(8);
    let Head {
        rows,
        channels,
        vocabulary,
    } = shape;
    // Logits with a standard deviation of 2, whatever the number of channels.
    let hidden = buffer(b, &random.normal(rows * channels, 1.0));
    let weight = random.normal(vocabulary * channels, 2.0 / (channels as f32).sqrt());
    let weight = buffer(b, &weight);
    let targets = random.indices(rows, vocabulary);
    let mut scored = vec![0.0; rows];
    b.head_losses(shape, &hidden, &weight, &targets, &mut scored);
    let mut losses = vec![0.0; rows];
    let mut d_hidden = buffer(b, &vec![7.0; rows * channels]);
    let mut d_weight = buffer(b, &random.normal(vocabulary * channels, 0.1));
    b.head_losses_backward(
        shape,
        &hidden,
        &weight,
        &targets,
        0.25,
        &mut losses,
        &mut d_hidden,
        &mut d_weight,
    );
    let mut logits = vec![0.0; rows * vocabulary];
    b.head_logits(shape, &hidden, &weight, &mut logits);
    vec![
        ("head_losses", scored),
        ("head_losses_backward", losses),
        ("d_hidden", numbers(b, &d_hidden)),
        ("d_weight", numbers(b, &d_weight)),
        ("head_logits", logits),
    ]
}

pub(crate) fn head_sample<B: Backend>(b: &B, shape: Head, filter: SamplingFilter) -> Vec<u32> {
    let random = Random::new(9);
    let hidden = buffer(b, &random.normal(shape.rows * shape.channels, 1.0));
    let deviation = 2.0 / (shape.channels as f32).sqrt();
    let weight = random.normal(shape.vocabulary * shape.channels, deviation);
    let weight = buffer(b, &weight);
    let uniforms = random.uniforms(shape.rows);
    let mut tokens = vec![u32::MAX; shape.rows];
    b.head_sample(shape, &hidden, &weight, filter, &uniforms, &mut tokens);
    tokens
}
