//! Probabilities of given texts: token losses, next-token distributions, logits.
//!
//! Everything is computed in passes of a bounded number of rows, over sequences of any lengths laid
//! end to end. How they are grouped does not show in the results.

use autophage_compute::{Backend, Sequences};

use super::activations::Activations;
use super::batch::{Batch, Context};
use super::network::Network;
use crate::ModelError;
use crate::request::check_tokens;

/// Rows of a pass, more only if a single sequence is longer.
const ROWS: usize = 4096;
/// Logits that are on the host at a time, more only if a single row is.
const LOGITS: usize = 1 << 22;

/// Checks contexts that a model is to be conditioned on.
///
/// # Errors
/// An empty one, one that is too long, or a token outside the vocabulary.
fn check_contexts<B: Backend>(
    network: Network<'_, B>,
    contexts: &[Vec<u32>],
) -> Result<(), ModelError> {
    for context in contexts {
        check_tokens(context, network.architecture.vocabulary)?;
        if context.is_empty() {
            return Err(ModelError::EmptyContext);
        }
        check_length(network, context.len())?;
    }
    Ok(())
}

fn check_length<B: Backend>(network: Network<'_, B>, length: usize) -> Result<(), ModelError> {
    let limit = network.architecture.positions;
    if length > limit {
        return Err(ModelError::ContextTooLong { length, limit });
    }
    Ok(())
}

/// Consecutive `pieces` grouped for one pass each: at most `rows` rows and `count` pieces, but at
/// least one piece.
fn group<T>(
    pieces: impl IntoIterator<Item = T>,
    length: impl Fn(&T) -> usize,
    rows: usize,
    count: usize,
) -> impl Iterator<Item = Vec<T>> {
    let mut pieces = pieces.into_iter().peekable();
    std::iter::from_fn(move || {
        let mut group = vec![pieces.next()?];
        let mut total = length(&group[0]);
        while group.len() < count
            && let Some(piece) = pieces.next_if(|piece| total + length(piece) <= rows)
        {
            total += length(&piece);
            group.push(piece);
        }
        Some(group)
    })
}

/// Rows that passes over sequences of these lengths need room for.
fn rows_needed(lengths: impl Iterator<Item = usize> + Clone) -> usize {
    let longest = lengths.clone().max().unwrap_or(0);
    lengths.sum::<usize>().min(ROWS).max(longest)
}

/// Runs sequences side by side through the blocks and says where each lies.
fn run<B: Backend>(
    network: Network<'_, B>,
    windows: &[&[u32]],
    activations: &mut Activations<B>,
) -> Result<Sequences, ModelError> {
    let batch = Batch::new(network.backend, network.architecture, windows)?;
    let context = Context::Sequences(&batch.sequences);
    network.blocks(&batch.tokens, context, activations);
    Ok(batch.sequences.sequences().clone())
}

/// As [`run`], and finishes the last row of each sequence.
pub(super) fn run_to_last_rows<B: Backend>(
    network: Network<'_, B>,
    windows: &[&[u32]],
    activations: &mut Activations<B>,
) -> Result<(), ModelError> {
    let sequences = run(network, windows, activations)?;
    let last: Vec<u32> = sequences
        .ranges()
        .map(|range| range.end as u32 - 1)
        .collect();
    Ok(network.finish_rows(&last, activations)?)
}

/// The losses of the finished rows against these targets, in nats.
fn losses<B: Backend>(
    network: Network<'_, B>,
    targets: &[u32],
    activations: &mut Activations<B>,
) -> Result<Vec<f32>, ModelError> {
    let rows = targets.len();
    let targets = network.backend.indices(targets)?;
    network.losses(rows, &targets, activations);
    let mut losses = vec![0.0; rows];
    network.backend.read(&activations.losses, 0, &mut losses);
    Ok(losses)
}

/// [`LanguageModel::next_token_log_probabilities`](crate::LanguageModel::next_token_log_probabilities).
pub(super) fn next_token_log_probabilities<B: Backend>(
    network: Network<'_, B>,
    contexts: &[Vec<u32>],
) -> Result<Vec<Vec<f32>>, ModelError> {
    check_contexts(network, contexts)?;
    let vocabulary = network.architecture.vocabulary;
    let mut activations = network.activations(rows_needed(contexts.iter().map(Vec::len)))?;
    let mut results = Vec::with_capacity(contexts.len());
    let most = (LOGITS / vocabulary).max(1);
    for group in group(contexts, |context| context.len(), ROWS, most) {
        let windows: Vec<&[u32]> = group.iter().map(|context| context.as_slice()).collect();
        run_to_last_rows(network, &windows, &mut activations)?;
        let logits = network.logits(windows.len(), &activations)?;
        results.extend(logits.chunks_exact(vocabulary).map(log_softmax));
    }
    Ok(results)
}

fn log_softmax(logits: &[f32]) -> Vec<f32> {
    let largest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let largest = f64::from(largest);
    let sum: f64 = logits.iter().map(|&x| (f64::from(x) - largest).exp()).sum();
    let log_sum = largest + sum.ln();
    logits
        .iter()
        .map(|&x| (f64::from(x) - log_sum) as f32)
        .collect()
}

/// [`Decoder::logits`](super::Decoder::logits).
pub(super) fn logits<B: Backend>(
    network: Network<'_, B>,
    sequences: &[Vec<u32>],
) -> Result<Vec<Vec<f32>>, ModelError> {
    check_contexts(network, sequences)?;
    let mut activations = network.activations(rows_needed(sequences.iter().map(Vec::len)))?;
    let mut results = Vec::with_capacity(sequences.len());
    let vocabulary = network.architecture.vocabulary;
    for group in group(sequences, |sequence| sequence.len(), ROWS, usize::MAX) {
        let windows: Vec<&[u32]> = group.iter().map(|sequence| sequence.as_slice()).collect();
        let rows = run(network, &windows, &mut activations)?;
        network.finish(rows.rows(), &mut activations);
        let logits = network.logits(rows.rows(), &activations)?;
        results.extend(
            rows.ranges()
                .map(|range| logits[range.start * vocabulary..range.end * vocabulary].to_vec()),
        );
    }
    Ok(results)
}

/// [`LanguageModel::token_losses`](crate::LanguageModel::token_losses).
pub(super) fn token_losses<B: Backend>(
    network: Network<'_, B>,
    sequences: &[Vec<u32>],
    context: usize,
) -> Result<Vec<Vec<f32>>, ModelError> {
    check_length(network, context)?;
    for sequence in sequences {
        check_tokens(sequence, network.architecture.vocabulary)?;
        if sequence.is_empty() || context == 0 {
            return Err(ModelError::EmptyContext);
        }
    }
    let inputs = sequences
        .iter()
        .map(|sequence| (sequence.len() - 1).min(context));
    let prefix_rows = rows_needed(inputs.clone());
    let windows = windows_beyond(sequences, context);
    let window_rows = rows_needed(windows.clone().map(|_| context));
    let mut activations = network.activations(prefix_rows.max(window_rows))?;
    let mut results: Vec<Vec<f32>> = sequences
        .iter()
        .map(|sequence| vec![0.0; sequence.len() - 1])
        .collect();

    // The first `context` targets of a sequence see everything before them: one pass gives all.
    let prefixes = inputs.enumerate().filter(|&(_, length)| length > 0);
    for group in group(prefixes, |&(_, length)| length, ROWS, usize::MAX) {
        let pieces: Vec<&[u32]> = group
            .iter()
            .map(|&(sequence, length)| &sequences[sequence][..length])
            .collect();
        let rows = run(network, &pieces, &mut activations)?;
        network.finish(rows.rows(), &mut activations);
        let targets: Vec<u32> = group
            .iter()
            .flat_map(|&(sequence, length)| &sequences[sequence][1..=length])
            .copied()
            .collect();
        let losses = losses(network, &targets, &mut activations)?;
        for (&(sequence, length), range) in group.iter().zip(rows.ranges()) {
            results[sequence][..length].copy_from_slice(&losses[range]);
        }
    }

    // Every later target has a window of its own, of which only the last row matters.
    for group in group(windows, |_| context, ROWS, usize::MAX) {
        let pieces: Vec<&[u32]> = group
            .iter()
            .map(|&(sequence, target)| &sequences[sequence][target - context..target])
            .collect();
        run_to_last_rows(network, &pieces, &mut activations)?;
        let targets: Vec<u32> = group
            .iter()
            .map(|&(sequence, target)| sequences[sequence][target])
            .collect();
        let losses = losses(network, &targets, &mut activations)?;
        for (&(sequence, target), loss) in group.iter().zip(losses) {
            results[sequence][target - 1] = loss;
        }
    }
    Ok(results)
}

/// Sequence and index of every token that has more than `context` tokens before it.
fn windows_beyond(
    sequences: &[Vec<u32>],
    context: usize,
) -> impl Iterator<Item = (usize, usize)> + Clone {
    sequences
        .iter()
        .enumerate()
        .flat_map(move |(index, sequence)| {
            (context + 1..sequence.len()).map(move |target| (index, target))
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_keep_order_and_bounds() {
        let lengths = [5, 1, 4, 9, 20, 3, 3, 3, 1];
        let groups: Vec<Vec<usize>> = group(lengths, |&length| length, 10, 3).collect();
        assert_eq!(
            groups,
            [vec![5, 1, 4], vec![9], vec![20], vec![3, 3, 3], vec![1]]
        );
        assert_eq!(group([0; 0], |&l: &usize| l, 10, 3).count(), 0);
    }

    #[test]
    fn log_softmax_is_stable_and_normalised() {
        let values = log_softmax(&[1000.0, 1001.0, -1000.0]);
        let total: f64 = values.iter().map(|&v| f64::from(v).exp()).sum();
        assert!((total - 1.0).abs() < 1e-6, "{total}");
        assert!((values[1] - values[0] - 1.0).abs() < 1e-6);
    }
}
