//! Sampling documents from an n-gram model, many side by side.

use std::ops::ControlFlow;

use rayon::prelude::*;

use super::NGram;
use crate::{
    Form, GeneratedDocument, GenerationRequest, LanguageModel, Limit, ModelError, Overflow,
    SamplingFilter,
};

/// [`LanguageModel::generate`](crate::LanguageModel::generate).
pub(super) fn generate(
    model: &NGram,
    request: &GenerationRequest,
    sink: &mut dyn FnMut(u64, GeneratedDocument) -> ControlFlow<()>,
) -> Result<(), ModelError> {
    request.check(model.vocabulary())?;
    let (mut documents, mut tokens) = (0, 0);
    loop {
        let together = together(request, documents, tokens);
        if together == 0 {
            return Ok(());
        }
        let sampled: Vec<Vec<u32>> = (documents..documents + together)
            .into_par_iter()
            .map(|number| document(model, request, number))
            .collect();
        for document in sampled {
            if matches!(request.limit, Limit::Tokens(limit) if tokens >= limit) {
                return Ok(());
            }
            tokens += document.len() as u64;
            let number = documents;
            documents += 1;
            if sink(number, GeneratedDocument { tokens: document }).is_break() {
                return Ok(());
            }
        }
    }
}

/// How many documents to sample next, after `documents` with `tokens` altogether: as many as will
/// probably be wanted, and no more than `request.batch`.
fn together(request: &GenerationRequest, documents: u64, tokens: u64) -> u64 {
    let wanted = match request.limit {
        Limit::Unlimited => u64::MAX,
        Limit::Documents(limit) => limit - documents,
        Limit::Tokens(limit) if tokens >= limit => 0,
        Limit::Tokens(limit) => {
            let longest = match request.form {
                Form::Documents { max_tokens } => max_tokens as u64 + 1,
                Form::Stream { tokens } => tokens as u64,
            };
            let length = match documents {
                0 => longest,
                _ => tokens.div_ceil(documents),
            };
            (limit - tokens).div_ceil(length)
        }
    };
    wanted.min(request.batch as u64)
}

/// The tokens of document `number`.
fn document(model: &NGram, request: &GenerationRequest, number: u64) -> Vec<u32> {
    let (length, stops) = match request.form {
        Form::Documents { max_tokens } => (max_tokens, true),
        Form::Stream { tokens } => (tokens, false),
    };
    // The start of text stands in front as long as the document grows.
    let mut tokens = Vec::with_capacity(1 + length.min(1024));
    tokens.push(request.end_of_text);
    tokens.extend_from_slice(&request.prompt);
    let unfiltered = request.filter == SamplingFilter::default();
    let mut path = Vec::new();
    let mut window = 0;
    while tokens.len() <= length {
        if tokens.len() - window > request.context {
            window = tokens.len()
                - match request.overflow {
                    Overflow::Slide => request.context,
                    Overflow::Hop => (request.context / 2).max(1),
                };
        }
        model.path(&tokens[window..], &mut path);
        let uniform = request.random.uniform(number, tokens.len() as u64 - 1);
        let token = if unfiltered {
            model.draw(&path, uniform)
        } else {
            autophage_compute::draw(&model.log_probabilities(&path), request.filter, uniform)
        };
        tokens.push(token);
        if stops && token == request.end_of_text {
            break;
        }
    }
    tokens.remove(0);
    tokens
}
