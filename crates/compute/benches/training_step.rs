//! All operations of a training step of GPT-Neo, in their order: forward, backward, AdamW.

mod common;

use std::time::Duration;

use autophage_compute::operation::{
    Activate, ActivateBackward, Activation, AdamW, AdamWSettings, Add, Attention,
    AttentionBackward, AttentionShape, Clip, Embed, EmbedBackward, Fill, HeadLossesBackward,
    HeadShape, Linear, LinearBackwardInput, LinearBackwardWeight, LinearShape, Lookup,
    LookupGradient, Norm, NormKind, Normalize, NormalizeBackward, Rows, Sum, SumOfSquares,
};
use autophage_compute::{
    Backend, CpuBackend, Device, HostBuffer, HostIndices, HostMemory, HostTotals, Packed, Sequences,
};
use common::{MODELS, Model, WINDOW, normal, tokens, zeros};
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
            gradient: zeros(b, len),
            first_moment: zeros(b, len),
            second_moment: zeros(b, len),
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
    sequences: Packed<HostMemory>,
    tokens: HostIndices,
    targets: HostIndices,
    positions: HostIndices,
    embeddings: [Parameter; 2],
    layers: Vec<Layer>,
    final_norm: [Parameter; 2],
    activations: Vec<Activations>,
    x: HostBuffer,
    hidden: HostBuffer,
    statistics: HostBuffer,
    losses: HostBuffer,
    d_x: HostBuffer,
    d_wide: HostBuffer,
    d: [HostBuffer; 4],
    /// Squares of the gradients, and losses.
    totals: HostTotals,
    step: u64,
}

const NORM: Norm = Norm {
    kind: NormKind::Layer,
    epsilon: 1e-5,
};

/// Layers alternate global and local attention.
fn attention(model: Model, layer: usize) -> AttentionShape {
    model.attention((layer % 2 == 1).then_some(WINDOW))
}

fn normalize(
    b: &CpuBackend,
    shape: Rows,
    x: &HostBuffer,
    [weight, bias]: &[Parameter; 2],
    out: &mut HostBuffer,
    statistics: &mut HostBuffer,
) {
    b.normalize(Normalize {
        shape,
        norm: NORM,
        x,
        weight: &weight.value,
        bias: Some(&bias.value),
        out,
        statistics,
    });
}

fn normalize_backward(
    b: &CpuBackend,
    shape: Rows,
    [x, statistics, d_out]: [&HostBuffer; 3],
    [weight, bias]: &mut [Parameter; 2],
    d_x: &mut HostBuffer,
) {
    b.normalize_backward(NormalizeBackward {
        shape,
        norm: NORM,
        x,
        weight: &weight.value,
        statistics,
        d_out,
        d_x,
        d_weight: &mut weight.gradient,
        d_bias: Some(&mut bias.gradient),
    });
}

fn linear(
    b: &CpuBackend,
    shape: LinearShape,
    x: &HostBuffer,
    [weight, bias]: &[Parameter; 2],
    out: &mut HostBuffer,
) {
    b.linear(Linear {
        shape,
        x,
        weight: &weight.value,
        bias: Some(&bias.value),
        out,
    });
}

fn linear_backward(
    b: &CpuBackend,
    shape: LinearShape,
    x: &HostBuffer,
    d_out: &HostBuffer,
    [weight, bias]: &mut [Parameter; 2],
    d_x: &mut HostBuffer,
) {
    b.linear_backward_input(LinearBackwardInput {
        shape,
        weight: &weight.value,
        d_out,
        accumulate: false,
        d_x,
    });
    b.linear_backward_weight(LinearBackwardWeight {
        shape,
        x,
        d_out,
        d_weight: &mut weight.gradient,
        d_bias: Some(&mut bias.gradient),
    });
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
        let narrow = || zeros(&b, rows * hidden);
        let statistics = || zeros(&b, 2 * rows);
        let sequences = Sequences::from_lengths(vec![model.context; model.sequences]);
        Self {
            model,
            tokens: tokens(rows, model.vocabulary),
            targets: HostIndices::new(&tokens(rows + 1, model.vocabulary)[1..]).unwrap(),
            positions: HostIndices::new(&sequences.positions()).unwrap(),
            sequences: Packed::new(&b, sequences).unwrap(),
            embeddings: [model.vocabulary, 2048].map(|n| Parameter::new(&b, n * hidden)),
            layers: (0..model.layers)
                .map(|_| Layer {
                    norms: [norm(), norm()],
                    projections: [(); 4].map(|()| linear(hidden, hidden)),
                    mlp: [linear(hidden, 4 * hidden), linear(4 * hidden, hidden)],
                })
                .collect(),
            final_norm: norm(),
            activations: (0..model.layers)
                .map(|_| Activations {
                    inputs: [narrow(), narrow()],
                    normed: [narrow(), narrow()],
                    statistics: [statistics(), statistics()],
                    projected: [narrow(), narrow(), narrow()],
                    attended: narrow(),
                    log_sums: zeros(&b, rows * model.heads),
                    up: zeros(&b, 4 * rows * hidden),
                    gelu: zeros(&b, 4 * rows * hidden),
                })
                .collect(),
            x: narrow(),
            hidden: narrow(),
            statistics: statistics(),
            losses: zeros(&b, rows),
            d_x: narrow(),
            d_wide: zeros(&b, 4 * rows * hidden),
            d: [narrow(), narrow(), narrow(), narrow()],
            totals: b.totals(2).unwrap(),
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

    fn wide(&self) -> Rows {
        Rows {
            rows: self.model.rows(),
            channels: 4 * self.model.hidden,
        }
    }

    fn linear(&self, inputs: usize, outputs: usize) -> LinearShape {
        LinearShape {
            rows: self.model.rows(),
            inputs: inputs * self.model.hidden,
            outputs: outputs * self.model.hidden,
            exact: false,
        }
    }

    fn forward(&mut self) {
        let (rows, wide) = (self.rows(), self.wide());
        let [square, up, down] = [self.linear(1, 1), self.linear(1, 4), self.linear(4, 1)];
        let b = &self.b;
        let [token, position] = &self.embeddings;
        b.embed(Embed {
            shape: rows,
            tokens: Lookup {
                rows: &self.tokens,
                weight: &token.value,
            },
            positions: Some(Lookup {
                rows: &self.positions,
                weight: &position.value,
            }),
            out: &mut self.x,
        });
        let keep = |x: &HostBuffer, kept: &mut HostBuffer| {
            b.fill(Fill {
                buffer: kept,
                value: 0.0,
            });
            b.add(Add {
                shape: rows,
                x,
                out: kept,
            });
        };
        let projected = &mut self.d[0];
        let x = &mut self.x;
        for (i, (layer, at)) in self.layers.iter().zip(&mut self.activations).enumerate() {
            keep(x, &mut at.inputs[0]);
            let [first, second] = &mut at.normed;
            let [first_statistics, second_statistics] = &mut at.statistics;
            normalize(b, rows, x, &layer.norms[0], first, first_statistics);
            for (projection, out) in layer.projections.iter().zip(&mut at.projected) {
                b.linear(Linear {
                    shape: square,
                    x: first,
                    weight: &projection[0].value,
                    bias: None,
                    out,
                });
            }
            let [queries, keys, values] = &at.projected;
            b.attention(Attention {
                shape: attention(self.model, i),
                sequences: &self.sequences,
                queries,
                keys,
                values,
                out: &mut at.attended,
                log_sums: &mut at.log_sums,
            });
            linear(b, square, &at.attended, &layer.projections[3], projected);
            b.add(Add {
                shape: rows,
                x: projected,
                out: x,
            });
            keep(x, &mut at.inputs[1]);
            normalize(b, rows, x, &layer.norms[1], second, second_statistics);
            linear(b, up, second, &layer.mlp[0], &mut at.up);
            b.activate(Activate {
                shape: wide,
                activation: Activation::GeluTanh,
                x: &at.up,
                out: &mut at.gelu,
            });
            linear(b, down, &at.gelu, &layer.mlp[1], projected);
            b.add(Add {
                shape: rows,
                x: projected,
                out: x,
            });
        }
        let (hidden, statistics) = (&mut self.hidden, &mut self.statistics);
        normalize(b, rows, x, &self.final_norm, hidden, statistics);
    }

    fn backward(&mut self) {
        let (rows, wide) = (self.rows(), self.wide());
        let [square, up, down] = [self.linear(1, 1), self.linear(1, 4), self.linear(4, 1)];
        let b = &self.b;
        let [token, position] = &mut self.embeddings;
        let [d_out, d_queries, d_keys, d_values] = &mut self.d;
        let (d_x, d_wide) = (&mut self.d_x, &mut self.d_wide);
        b.head_losses_backward(HeadLossesBackward {
            shape: HeadShape {
                rows: rows.rows,
                channels: rows.channels,
                vocabulary: self.model.vocabulary,
            },
            hidden: &self.hidden,
            weight: &token.value,
            targets: &self.targets,
            scale: 1.0 / rows.rows as f32,
            losses: &mut self.losses,
            d_hidden: d_out,
            d_weight: &mut token.gradient,
        });
        b.fill(Fill {
            buffer: d_x,
            value: 0.0,
        });
        let operands = [&self.x, &self.statistics, &*d_out];
        normalize_backward(b, rows, operands, &mut self.final_norm, d_x);
        let layers = self.layers.iter_mut().zip(&self.activations);
        for (i, (layer, at)) in layers.enumerate().rev() {
            linear_backward(b, down, &at.gelu, d_x, &mut layer.mlp[1], d_wide);
            b.activate_backward(ActivateBackward {
                shape: wide,
                activation: Activation::GeluTanh,
                x: &at.up,
                d: d_wide,
            });
            linear_backward(b, up, &at.normed[1], d_wide, &mut layer.mlp[0], d_out);
            let operands = [&at.inputs[1], &at.statistics[1], &*d_out];
            normalize_backward(b, rows, operands, &mut layer.norms[1], d_x);
            let output = &mut layer.projections[3];
            linear_backward(b, square, &at.attended, d_x, output, d_out);
            let [queries, keys, values] = &at.projected;
            b.attention_backward(AttentionBackward {
                shape: attention(self.model, i),
                sequences: &self.sequences,
                queries,
                keys,
                values,
                out: &at.attended,
                log_sums: &at.log_sums,
                d_out,
                d_queries,
                d_keys,
                d_values,
            });
            let gradients = [&*d_queries, &*d_keys, &*d_values];
            for (j, d_projected) in gradients.into_iter().enumerate() {
                let weight = &mut layer.projections[j][0];
                b.linear_backward_input(LinearBackwardInput {
                    shape: square,
                    weight: &weight.value,
                    d_out: d_projected,
                    accumulate: j > 0,
                    d_x: d_out,
                });
                b.linear_backward_weight(LinearBackwardWeight {
                    shape: square,
                    x: &at.normed[0],
                    d_out: d_projected,
                    d_weight: &mut weight.gradient,
                    d_bias: None,
                });
            }
            let operands = [&at.inputs[0], &at.statistics[0], &*d_out];
            normalize_backward(b, rows, operands, &mut layer.norms[0], d_x);
        }
        b.embed_backward(EmbedBackward {
            shape: rows,
            d_out: d_x,
            tokens: LookupGradient {
                rows: &self.tokens,
                d_weight: &mut token.gradient,
            },
            positions: Some(LookupGradient {
                rows: &self.positions,
                d_weight: &mut position.gradient,
            }),
        });
    }

    fn update(&mut self) {
        self.step += 1;
        let b = &self.b;
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
        let mut parameters: Vec<&mut Parameter> = parameters.collect();
        b.write_totals(&mut self.totals, &[0.0; 2]);
        for parameter in &parameters {
            b.sum_of_squares(SumOfSquares {
                x: &parameter.gradient,
                totals: &mut self.totals,
                index: 0,
            });
        }
        b.sum(Sum {
            x: &self.losses,
            len: self.model.rows(),
            totals: &mut self.totals,
            index: 1,
        });
        for parameter in &mut parameters {
            b.adamw(AdamW {
                settings: AdamWSettings {
                    learning_rate: 5e-4,
                    beta1: 0.9,
                    beta2: 0.95,
                    epsilon: 1e-8,
                    weight_decay: 0.1,
                    step: self.step,
                },
                clip: Clip {
                    squares: &self.totals,
                    index: 0,
                    norm: 1.0,
                },
                parameter: &mut parameter.value,
                gradient: &parameter.gradient,
                first_moment: &mut parameter.first_moment,
                second_moment: &mut parameter.second_moment,
            });
            b.fill(Fill {
                buffer: &mut parameter.gradient,
                value: 0.0,
            });
        }
        assert!(b.read_totals(&self.totals).iter().all(|x| x.is_finite()));
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
