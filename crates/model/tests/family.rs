//! Every family against figures of Hugging Face Transformers: logits, losses, gradients, a cached
//! greedy generation, and files that are written as they were read.
//!
//! Shapes and lengths come from the files, so that networks of other sizes can be tried: see
//! `support/fixtures.rs`.

#![allow(missing_docs)]

mod support;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use autophage_compute::{Backend, CpuBackend, ReferenceBackend};
use autophage_model::{
    Decoder, Form, GenerationRequest, LanguageModel, Limit, Overflow, SamplingFilter, Trainer,
    TrainingSequence, TrainingSettings,
};
use autophage_random::{Purpose, Stream};
use safetensors::{Dtype, SafeTensors};
use support::{distance, fixtures, relative_distance};

/// A tensor of a fixture: its shape and its values; integers become floats.
type Tensor = (Vec<usize>, Vec<f64>);

fn tensors(path: &Path) -> BTreeMap<String, Tensor> {
    let bytes = std::fs::read(path).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    file.iter()
        .map(|(name, tensor)| {
            let data = tensor.data();
            let values = match tensor.dtype() {
                Dtype::F32 => data
                    .chunks_exact(4)
                    .map(|b| f64::from(f32::from_le_bytes(b.try_into().unwrap())))
                    .collect(),
                Dtype::I64 => data
                    .chunks_exact(8)
                    .map(|b| i64::from_le_bytes(b.try_into().unwrap()) as f64)
                    .collect(),
                other => panic!("{name} is {other:?}"),
            };
            (name.to_owned(), (tensor.shape().to_vec(), values))
        })
        .collect()
}

fn tokens(values: &[f64]) -> Vec<u32> {
    values.iter().map(|&id| id as u32).collect()
}

/// A network that Transformers made, and what Transformers computes with it.
struct Fixture {
    directory: PathBuf,
    outputs: BTreeMap<String, Tensor>,
}

impl Fixture {
    fn new(directory: PathBuf) -> Self {
        let outputs = tensors(&directory.join("outputs.safetensors"));
        Self { directory, outputs }
    }

    fn model<B: Backend>(&self, backend: B) -> Decoder<B> {
        Decoder::load(Arc::new(backend), &self.directory).unwrap()
    }

    fn sequences(&self) -> Vec<Vec<u32>> {
        let (shape, ids) = &self.outputs["input_ids"];
        ids.chunks(shape[1]).map(tokens).collect()
    }

    fn logits_and_losses<B: Backend>(&self, backend: B) {
        let model = self.model(backend);
        let sequences = self.sequences();
        let logits = model.logits(&sequences).unwrap().concat();
        let worst = distance(&logits, &self.outputs["logits"].1);
        assert!(worst < 1e-4, "logits are off by {worst}");
        let context = sequences[0].len();
        let losses = model.token_losses(&sequences, context).unwrap().concat();
        let worst = distance(&losses, &self.outputs["nll"].1);
        assert!(worst < 5e-5, "losses are off by {worst}");
        let mean = losses.iter().copied().map(f64::from).sum::<f64>() / losses.len() as f64;
        let expected = self.outputs["loss"].1[0];
        assert!((mean - expected).abs() < 1e-5, "{mean} and {expected}");
    }

    fn gradients<B: Backend>(&self, backend: B, micro_batch_tokens: usize) {
        let expected = tensors(&self.directory.join("grads.safetensors"));
        let sequences = self.sequences();
        let settings = TrainingSettings {
            micro_batch_tokens,
            context: sequences[0].len(),
            ..TrainingSettings::default()
        };
        let sequences: Vec<_> = sequences.into_iter().map(TrainingSequence::new).collect();
        let mut trainer = Trainer::new(self.model(backend), settings).unwrap();
        // Gradients of an earlier call must not remain.
        for _ in 0..2 {
            let loss = trainer.accumulate_gradients(&sequences).unwrap();
            assert!((loss - self.outputs["loss"].1[0]).abs() < 1e-5);
        }
        let gradients = trainer.gradients();
        assert_eq!(gradients.len(), expected.len());
        for (name, shape, gradient) in gradients {
            let (expected_shape, expected) = &expected[&name];
            assert_eq!(shape, *expected_shape, "{name}");
            // A bias of the keys moves all scores of a query alike: where it is not rotated, its
            // gradient is 0 but for rounding.
            if expected.iter().all(|d| d.abs() < 1e-6) {
                let worst = gradient.iter().fold(0.0f32, |worst, d| worst.max(d.abs()));
                assert!(worst < 1e-6, "{name}: {worst} instead of 0");
            } else {
                let error = relative_distance(&gradient, expected);
                assert!(error < 1e-5, "{name}: {error}");
            }
        }
    }

    fn greedy_generation<B: Backend>(&self, backend: B) {
        let generated = tokens(&self.outputs["generated"].1);
        let (shape, logits) = &self.outputs["generated_logits"];
        // Transformers was not to end the text: where the end was the most probable token, it took
        // another. We go on from there.
        let rows = logits
            .chunks(shape[1])
            .zip(&generated[generated.len() - shape[0]..]);
        let most_probable = rows.map(|(row, &token)| row.iter().all(|&x| x <= row[token as usize]));
        let drawn = most_probable.rev().take_while(|&is| is).count();
        assert!(2 * drawn > shape[0], "{drawn}");
        let request = GenerationRequest {
            form: Form::Stream {
                tokens: generated.len() - 1,
            },
            filter: SamplingFilter {
                top_k: Some(1),
                ..SamplingFilter::default()
            },
            context: generated.len(),
            overflow: Overflow::Slide,
            end_of_text: generated[0],
            vocabulary: None,
            prompt: generated[1..generated.len() - drawn].to_vec(),
            random: Stream::new(1, Purpose::Sampling, 1),
            limit: Limit::Documents(3),
            batch: 2,
        };
        let mut texts = 0;
        self.model(backend)
            .generate(&request, &mut |_, document| {
                assert_eq!(document.tokens, generated[1..]);
                texts += 1;
                ControlFlow::Continue(())
            })
            .unwrap();
        assert_eq!(texts, 3);
    }

    fn files(&self) {
        let model = self.model(ReferenceBackend);
        let directory = tempfile::tempdir().unwrap();
        model.save(directory.path()).unwrap();
        let again = Decoder::load(Arc::new(ReferenceBackend), directory.path()).unwrap();
        assert_eq!(again.config(), model.config());
        let stored = |directory: &Path| tensors(&directory.join("model.safetensors"));
        assert!(stored(directory.path()) == stored(&self.directory));
        let sequences = self.sequences();
        assert_eq!(
            model.logits(&sequences).unwrap(),
            again.logits(&sequences).unwrap()
        );
    }
}

fn cpu() -> CpuBackend {
    CpuBackend::new(Some(2))
}

macro_rules! families {
    ($($name:ident: $directory:expr,)*) => {
        $(
            mod $name {
                use super::*;

                fn fixture() -> Fixture {
                    Fixture::new($directory)
                }

                #[test]
                fn family_logits_and_losses() {
                    fixture().logits_and_losses(ReferenceBackend);
                    fixture().logits_and_losses(cpu());
                }

                #[test]
                fn family_gradients() {
                    fixture().gradients(ReferenceBackend, 4096);
                    fixture().gradients(cpu(), 4096);
                }

                #[test]
                fn family_gradients_over_micro_batches() {
                    fixture().gradients(cpu(), 1);
                }

                #[test]
                fn family_files() {
                    fixture().files();
                }
            }
        )*
    };
}

families! {
    gpt_neo: fixtures::gpt_neo(),
    gpt2: fixtures::family("gpt2"),
    opt: fixtures::family("opt"),
    gpt_neox: fixtures::family("gpt_neox"),
    llama: fixtures::family("llama"),
    qwen2: fixtures::family("qwen2"),
    qwen3: fixtures::family("qwen3"),
}

/// The fixture of GPT-Neo has no greedy generation; its cached passes are tested beside the cache.
#[test]
fn family_greedy_generation() {
    for name in fixtures::FAMILIES {
        println!("{name}");
        let fixture = Fixture::new(fixtures::family(name));
        fixture.greedy_generation(ReferenceBackend);
        fixture.greedy_generation(cpu());
    }
}
