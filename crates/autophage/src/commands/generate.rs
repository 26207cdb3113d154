//! `autophage generate`: text from any model.

use std::ops::ControlFlow;

use autophage_model::{Form, GenerationRequest, Limit, Overflow, SamplingFilter};
use autophage_random::{Purpose, Stream};
use serde::Serialize;

use crate::failure::Failure;
use crate::options::ModelOptions;
use crate::terminal::say;

/// Sample documents from a model. The same seed gives the same text.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  autophage generate runs/demo@1 --count 3
  autophage generate runs/demo@8 --prompt 'Once upon a time' --temperature 0.8 --json")]
pub(crate) struct Arguments {
    #[command(flatten)]
    model: ModelOptions,

    /// Text that every document begins with.
    #[arg(long, default_value = "")]
    prompt: String,

    /// Number of documents.
    #[arg(long, default_value_t = 1)]
    count: u64,

    /// Most tokens of a document, prompt included.
    #[arg(long, default_value_t = 256)]
    max_tokens: usize,

    /// Logits are divided by this.
    #[arg(long, default_value_t = 1.0)]
    temperature: f32,

    /// Sample among this many most probable tokens only.
    #[arg(long)]
    top_k: Option<usize>,

    /// Sample among the most probable tokens with this share of the probability only.
    #[arg(long)]
    top_p: Option<f32>,

    /// Seed of the random numbers.
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// The most documents that are sampled side by side. Affects speed and memory, never the text.
    #[arg(long, default_value_t = 64)]
    batch: usize,

    /// Print a JSON object a line, with the field `text`: a corpus that autophage reads.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Line<'a> {
    text: &'a str,
    tokens: usize,
    ended: bool,
}

pub(crate) fn execute(arguments: &Arguments) -> Result<(), Failure> {
    let (model, tokenizer) = arguments.model.open()?;
    let end_of_text = tokenizer.end_of_text();
    let request = GenerationRequest {
        form: Form::Documents {
            max_tokens: arguments.max_tokens,
        },
        limit: Limit::Documents(arguments.count),
        filter: SamplingFilter {
            temperature: arguments.temperature,
            top_k: arguments.top_k,
            top_p: arguments.top_p,
        },
        context: model
            .max_context()
            .unwrap_or(usize::MAX)
            .min(arguments.max_tokens.max(1) + 1),
        overflow: Overflow::Slide,
        end_of_text,
        vocabulary: Some(tokenizer.vocabulary() as usize),
        prompt: tokenizer.encode(&arguments.prompt)?,
        random: Stream::new(arguments.seed, Purpose::Sampling, 0),
        batch: arguments.batch,
    };
    let mut failed = None;
    model.generate(&request, &mut |index, document| {
        let mut tokens = document.tokens;
        let ended = tokens.pop_if(|last| *last == end_of_text).is_some();
        match tokenizer.decode(&tokens) {
            Ok(text) => {
                print(
                    arguments,
                    index,
                    &Line {
                        text: &text,
                        tokens: tokens.len(),
                        ended,
                    },
                );
                ControlFlow::Continue(())
            }
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        }
    })?;
    failed.map_or(Ok(()), |error| Err(error.into()))
}

fn print(arguments: &Arguments, index: u64, line: &Line<'_>) {
    if arguments.json {
        say!(
            "{}",
            serde_json::to_string(line).expect("a line is serialisable")
        );
        return;
    }
    if arguments.count > 1 {
        say!("── document {index}");
    }
    say!("{}{}", line.text, if line.ended { "" } else { " …" });
}
