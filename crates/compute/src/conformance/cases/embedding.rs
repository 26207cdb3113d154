//! Embeddings, and the gathering of rows.

use super::elementwise;
use crate::Backend;
use crate::conformance::comparison::Case;
use crate::conformance::trial::Trial;
use crate::operation::{Embed, EmbedBackward, Gather, Lookup, LookupGradient, Rows};

/// Few rows of tables, so that some occur often.
const VOCABULARY: usize = 11;
const POSITIONS: usize = 5;

/// A shape, and whether positions are learned.
#[derive(Debug)]
pub(in crate::conformance) struct EmbeddingCase {
    shape: Rows,
    positions: bool,
}

impl Case for EmbeddingCase {}

pub(in crate::conformance) fn cases() -> Vec<EmbeddingCase> {
    [true, false]
        .into_iter()
        .flat_map(|positions| {
            elementwise::shapes()
                .into_iter()
                .map(move |shape| EmbeddingCase { shape, positions })
        })
        .collect()
}

pub(in crate::conformance) fn embed<B: Backend>(t: &mut Trial<'_, B>, case: &EmbeddingCase) {
    let Rows { rows, channels } = case.shape;
    let table = |t: &mut Trial<'_, B>, height: usize| {
        let indices = t.random.indices(rows, height);
        (
            t.indices(&indices, height),
            t.normal(height * channels, 1.0),
        )
    };
    let (tokens, token_weight) = table(t, VOCABULARY);
    let positions = case.positions.then(|| table(t, POSITIONS));
    let mut out = t.result(case.shape.elements());
    t.backend.embed(Embed {
        shape: case.shape,
        tokens: Lookup {
            rows: &tokens,
            weight: &token_weight,
        },
        positions: positions
            .as_ref()
            .map(|(rows, weight)| Lookup { rows, weight }),
        out: &mut out,
    });
    t.keep("out", &out, case.shape.elements());
}

pub(in crate::conformance) fn embed_backward<B: Backend>(
    t: &mut Trial<'_, B>,
    case: &EmbeddingCase,
) {
    let Rows { rows, channels } = case.shape;
    let table = |t: &mut Trial<'_, B>, height: usize| {
        let indices = t.random.indices(rows, height);
        (
            t.indices(&indices, height),
            t.normal(height * channels, 1.0),
        )
    };
    let d_out = t.normal(case.shape.elements(), 1.0);
    let (tokens, mut d_tokens) = table(t, VOCABULARY);
    let mut positions = case.positions.then(|| table(t, POSITIONS));
    t.backend.embed_backward(EmbedBackward {
        shape: case.shape,
        d_out: &d_out,
        tokens: LookupGradient {
            rows: &tokens,
            d_weight: &mut d_tokens,
        },
        positions: positions
            .as_mut()
            .map(|(rows, d_weight)| LookupGradient { rows, d_weight }),
    });
    t.keep("d_weight of tokens", &d_tokens, VOCABULARY * channels);
    if let Some((_, d_positions)) = &positions {
        t.keep("d_weight of positions", d_positions, POSITIONS * channels);
    }
}

pub(in crate::conformance) fn gather<B: Backend>(t: &mut Trial<'_, B>, case: &EmbeddingCase) {
    let Rows { rows, channels } = case.shape;
    let indices = t.random.indices(rows, VOCABULARY);
    let indices = t.indices(&indices, VOCABULARY);
    let x = t.normal(VOCABULARY * channels, 1.0);
    let mut out = t.result(case.shape.elements());
    t.backend.gather(Gather {
        shape: case.shape,
        rows: &indices,
        x: &x,
        out: &mut out,
    });
    t.keep("out", &out, case.shape.elements());
}
