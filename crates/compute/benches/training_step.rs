//! All operations of a training step of GPT-Neo, in their order: forward, backward, AdamW.

mod common;

use std::time::Duration;

use autophage_compute::{
    AdamW, Attention, Backend, CpuBackend, Head, HostBuffer, Linear, Rows, Sequences,
};
use common::{MODELS, Model, WINDOW, normal, tokens};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// A parameter with its gradient and moments.
struct Parameter {
    value: HostBuffer,
    gradient: HostBuffer,
    first_moment: HostBuffer,
    second_moment: HostBuffer,
}

impl Parameter {
    fn new(b: &CpuBackend, len: usize) -> Self {
        Self {
            value: normal(b, len, 0.02),
            gradient: b.zeros(len),
            first_moment: b.zeros(len),
            second_moment: b.zeros(len),
        }
    }
}

/// The parameters of a layer: a LayerNorm or linear layer is a weight and a bias.
struct Layer {
    norms: [[Parameter; 2]; 2],
    /// Queries, keys, values, output.
    projections: [[Parameter; 2]; 4],
    mlp: [[Parameter; 2]; 2],
}

/// The activations of a layer that its backward pass needs.
struct Activations {
    inputs: [HostBuffer; 2],
    normed: [HostBuffer; 2],
    statistics: [HostBuffer; 2],
    /// Queries, keys, values.
    projected: [HostBuffer; 3],
    attended: HostBuffer,
    log_sums: HostBuffer,
    up: HostBuffer,
    gelu: HostBuffer,
}

struct Step {
    b: CpuBackend,
    model: Model,
    sequences: Sequences,
    tokens: Vec<u32>,
    targets: Vec<u32>,
    positions: Vec<u32>,
    embeddings: [Parameter; 2],
    layers: Vec<Layer>,
    final_norm: [Parameter; 2],
    activations: Vec<Activations>,
    x: HostBuffer,
    hidden: HostBuffer,
    statistics: HostBuffer,
    losses: Vec<f32>,
    d_x: HostBuffer,
    d_wide: HostBuffer,
    d: [HostBuffer; 4],
    step: u64,
}

/// Layers alternate global and local attention.
fn attention(sequences: &Sequences, model: Model, layer: usize) -> Attention<'_> {
    Attention {
        sequences,
        heads: model.heads,
        channels: model.hidden,
        window: (layer % 2 == 1).then_some(WINDOW),
    }
}

impl Step {
    fn new(model: Model) -> Self {
        let b = CpuBackend::new(None);
        let (rows, hidden) = (model.rows(), model.hidden);
        let norm = || [0; 2].map(|_| Parameter::new(&b, hidden));
        let linear = |inputs: usize, outputs: usize| {
            [
                Parameter::new(&b, inputs * outputs),
                Parameter::new(&b, outputs),
            ]
        };
        let narrow = || b.zeros(rows * hidden);
        let sequences = Sequences::from_lengths(vec![model.context; model.sequences]);
        Self {
            model,
            tokens: tokens(rows, model.vocabulary),
            targets: tokens(rows + 1, model.vocabulary)[1..].to_vec(),
            positions: sequences.positions(),
            sequences,
            embeddings: [model.vocabulary, 2048].map(|n| Parameter::new(&b, n * hidden)),
            layers: (0..model.layers)
                .map(|_| Layer {
                    norms: [norm(), norm()],
                    projections: [0; 4].map(|_| linear(hidden, hidden)),
                    mlp: [linear(hidden, 4 * hidden), linear(4 * hidden, hidden)],
                })
                .collect(),
            final_norm: norm(),
            activations: (0..model.layers)
                .map(|_| Activations {
                    inputs: [narrow(), narrow()],
                    normed: [narrow(), narrow()],
                    statistics: [b.zeros(2 * rows), b.zeros(2 * rows)],
                    projected: [narrow(), narrow(), narrow()],
                    attended: narrow(),
                    log_sums: b.zeros(rows * model.heads),
                    up: b.zeros(4 * rows * hidden),
                    gelu: b.zeros(4 * rows * hidden),
                })
                .collect(),
            x: narrow(),
            hidden: narrow(),
            statistics: b.zeros(2 * rows),
            losses: vec![0.0; rows],
            d_x: narrow(),
            d_wide: b.zeros(4 * rows * hidden),
            d: [narrow(), narrow(), narrow(), narrow()],
            step: 0,
            b,
        }
    }

    fn rows(&self) -> Rows {
        Rows {
            rows: self.model.rows(),
            channels: self.model.hidden,
        }
    }

    fn linear(&self, inputs: usize, outputs: usize) -> Linear {
        Linear {
            rows: self.model.rows(),
            inputs: inputs * self.model.hidden,
            outputs: outputs * self.model.hidden,
            exact: false,
        }
    }

    fn forward(&mut self) {
        let (rows, square, up, down) = (
            self.rows(),
            self.linear(1, 1),
            self.linear(1, 4),
            self.linear(4, 1),
        );
        let [token, position] = &self.embeddings;
        self.b.embed(
            rows,
            &self.tokens,
            &self.positions,
            &token.value,
            &position.value,
            &mut self.x,
        );
        for i in 0..self.layers.len() {
            let mut a = std::mem::take(&mut self.activations);
            let (b, layer) = (&self.b, &self.layers[i]);
            let shape = attention(&self.sequences, self.model, i);
            let at = &mut a[i];
            let mut projected = b.zeros(0);
            std::mem::swap(&mut projected, &mut self.d[0]);
            let mut x = std::mem::take(&mut self.x);
            b.fill(&mut at.inputs[0], 0.0);
            b.add(rows, &x, &mut at.inputs[0]);
            let [weight, bias] = &layer.norms[0];
            b.layer_norm(
                rows,
                &x,
                &weight.value,
                &bias.value,
                &mut at.normed[0],
                &mut at.statistics[0],
            );
            for (projection, out) in layer.projections.iter().zip(&mut at.projected) {
                b.linear(square, &at.normed[0], &projection[0].value, None, out);
            }
            let [queries, keys, values] = &at.projected;
            b.attention(
                shape,
                queries,
                keys,
                values,
                &mut at.attended,
                &mut at.log_sums,
            );
            let [weight, bias] = &layer.projections[3];
            b.linear(
                square,
                &at.attended,
                &weight.value,
                Some(&bias.value),
                &mut projected,
            );
            b.add(rows, &projected, &mut x);
            b.fill(&mut at.inputs[1], 0.0);
            b.add(rows, &x, &mut at.inputs[1]);
            let [weight, bias] = &layer.norms[1];
            b.layer_norm(
                rows,
                &x,
                &weight.value,
                &bias.value,
                &mut at.normed[1],
                &mut at.statistics[1],
            );
            let [weight, bias] = &layer.mlp[0];
            b.linear(
                up,
                &at.normed[1],
                &weight.value,
                Some(&bias.value),
                &mut at.up,
            );
            let wide = Rows {
                channels: 4 * rows.channels,
                ..rows
            };
            b.gelu(wide, &at.up, &mut at.gelu);
            let [weight, bias] = &layer.mlp[1];
            b.linear(
                down,
                &at.gelu,
                &weight.value,
                Some(&bias.value),
                &mut projected,
            );
            b.add(rows, &projected, &mut x);
            self.x = x;
            self.d[0] = projected;
            self.activations = a;
        }
        let [weight, bias] = &self.final_norm;
        self.b.layer_norm(
            rows,
            &self.x,
            &weight.value,
            &bias.value,
            &mut self.hidden,
            &mut self.statistics,
        );
    }

    fn backward(&mut self) {
        let (rows, square, up, down) = (
            self.rows(),
            self.linear(1, 1),
            self.linear(1, 4),
            self.linear(4, 1),
        );
        let shape = Head {
            rows: rows.rows,
            channels: rows.channels,
            vocabulary: self.model.vocabulary,
        };
        let token = &mut self.embeddings[0];
        self.b.head_losses_backward(
            shape,
            &self.hidden,
            &token.value,
            &self.targets,
            1.0 / rows.rows as f32,
            &mut self.losses,
            &mut self.d[0],
            &mut token.gradient,
        );
        self.b.fill(&mut self.d_x, 0.0);
        let [weight, bias] = &mut self.final_norm;
        self.b.layer_norm_backward(
            rows,
            &self.x,
            &weight.value,
            &self.statistics,
            &self.d[0],
            &mut self.d_x,
            &mut weight.gradient,
            &mut bias.gradient,
        );
        for i in (0..self.layers.len()).rev() {
            let mut layers = std::mem::take(&mut self.layers);
            let mut d = std::mem::replace(&mut self.d, [0; 4].map(|_| HostBuffer::default()));
            let (b, layer, at, d_x) =
                (&self.b, &mut layers[i], &self.activations[i], &mut self.d_x);
            let shape = attention(&self.sequences, self.model, i);
            let [weight, bias] = &mut layer.mlp[1];
            b.linear_backward_input(down, &weight.value, d_x, false, &mut self.d_wide);
            b.linear_backward_weight(
                down,
                &at.gelu,
                d_x,
                &mut weight.gradient,
                Some(&mut bias.gradient),
            );
            let wide = Rows {
                channels: 4 * rows.channels,
                ..rows
            };
            b.gelu_backward(wide, &at.up, &mut self.d_wide);
            let [weight, bias] = &mut layer.mlp[0];
            b.linear_backward_input(up, &weight.value, &self.d_wide, false, &mut d[0]);
            b.linear_backward_weight(
                up,
                &at.normed[1],
                &self.d_wide,
                &mut weight.gradient,
                Some(&mut bias.gradient),
            );
            let [weight, bias] = &mut layer.norms[1];
            b.layer_norm_backward(
                rows,
                &at.inputs[1],
                &weight.value,
                &at.statistics[1],
                &d[0],
                d_x,
                &mut weight.gradient,
                &mut bias.gradient,
            );
            let [weight, bias] = &mut layer.projections[3];
            b.linear_backward_input(square, &weight.value, d_x, false, &mut d[0]);
            b.linear_backward_weight(
                square,
                &at.attended,
                d_x,
                &mut weight.gradient,
                Some(&mut bias.gradient),
            );
            let [queries, keys, values] = &at.projected;
            let [d_out, d_queries, d_keys, d_values] = &mut d;
            b.attention_backward(
                shape,
                queries,
                keys,
                values,
                &at.attended,
                &at.log_sums,
                d_out,
                d_queries,
                d_keys,
                d_values,
            );
            for (j, d_projected) in [d_queries, d_keys, d_values].into_iter().enumerate() {
                let weight = &mut layer.projections[j][0];
                b.linear_backward_input(square, &weight.value, d_projected, j > 0, d_out);
                b.linear_backward_weight(
                    square,
                    &at.normed[0],
                    d_projected,
                    &mut weight.gradient,
                    None,
                );
            }
            let [weight, bias] = &mut layer.norms[0];
            b.layer_norm_backward(
                rows,
                &at.inputs[0],
                &weight.value,
                &at.statistics[0],
                d_out,
                d_x,
                &mut weight.gradient,
                &mut bias.gradient,
            );
            self.layers = layers;
            self.d = d;
        }
        let [token, position] = &mut self.embeddings;
        self.b.embed_backward(
            rows,
            &self.tokens,
            &self.positions,
            &self.d_x,
            &mut token.gradient,
            &mut position.gradient,
        );
    }

    fn update(&mut self) {
        self.step += 1;
        let b = &self.b;
        let settings = AdamW {
            learning_rate: 5e-4,
            beta1: 0.9,
            beta2: 0.95,
            epsilon: 1e-8,
            weight_decay: 0.1,
            gradient_scale: 1.0,
            step: self.step,
        };
        let layers = self.layers.iter_mut().flat_map(|layer| {
            let norms = layer.norms.iter_mut().flatten();
            norms
                .chain(layer.projections.iter_mut().flatten())
                .chain(layer.mlp.iter_mut().flatten())
        });
        let parameters = self
            .embeddings
            .iter_mut()
            .chain(&mut self.final_norm)
            .chain(layers);
        let mut norm = 0.0;
        for parameter in parameters {
            norm += b.sum_of_squares(&parameter.gradient);
            b.adamw(
                settings,
                &mut parameter.value,
                &parameter.gradient,
                &mut parameter.first_moment,
                &mut parameter.second_moment,
            );
            b.fill(&mut parameter.gradient, 0.0);
        }
        assert!(norm.is_finite());
    }
}

fn training_step(c: &mut Criterion) {
    let mut group = c.benchmark_group("training step");
    for model in MODELS {
        group.throughput(Throughput::Elements(model.rows() as u64));
        group.bench_function(model.name, |bencher| {
            let mut step = Step::new(model);
            bencher.iter(|| {
                step.forward();
                step.backward();
                step.update();
            });
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(5));
    targets = training_step
}
criterion_main!(benches);
