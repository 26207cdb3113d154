//! Perplexity of text that a model wrote, under another model.

use std::sync::Arc;

use autophage_corpus::{DocumentSet, TokenStore};
use autophage_model::LanguageModel;
use serde::{Deserialize, Serialize};

use super::{LossHistogram, Perplexity, PerplexitySettings, Progress, perplexity};
use crate::MeasureError;

/// Documents of a generated corpus that are scored: enough for the shape of a histogram, and few
/// beside those that a model is trained on.
pub const SCORED_DOCUMENTS: usize = 256;

/// How a model finds text that was generated.
///
/// As the lineage goes on, more and more of its text is of the kind that the first model finds
/// likely, and a tail grows of text that it would never have written (Shumailov et al., *AI models
/// collapse when trained on recursively generated data*, Nature 631, 2024, figure 1).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct GeneratedPerplexity {
    /// Perplexity of the scored documents, with quantiles over documents.
    pub perplexity: Perplexity,
    /// How the documents are spread over mean losses.
    pub histogram: LossHistogram,
}

/// Scores the first [`SCORED_DOCUMENTS`] documents of a generated corpus, or all if it has fewer.
/// Documents are generated independently of each other, so the first ones are a fair sample.
pub fn scored_documents(corpus: &Arc<TokenStore>) -> DocumentSet {
    let count = corpus.documents().min(SCORED_DOCUMENTS) as u32;
    DocumentSet::select(corpus.clone(), (0..count).collect())
}

/// The perplexity of `documents`, see [`scored_documents`], under `model`; `None` if they have no
/// token.
///
/// # Errors
/// As for [`perplexity`].
pub fn generated_perplexity(
    model: &dyn LanguageModel,
    documents: &DocumentSet,
    settings: &PerplexitySettings,
    progress: &mut dyn FnMut(Progress),
) -> Result<Option<GeneratedPerplexity>, MeasureError> {
    if documents.tokens() == 0 {
        return Ok(None);
    }
    let losses = perplexity(model, documents, settings, progress)?;
    Ok(Some(GeneratedPerplexity {
        perplexity: losses.summary(None)?,
        histogram: losses.histogram(),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{constant, random_documents};

    fn score(documents: &[Vec<u32>]) -> Option<GeneratedPerplexity> {
        let store = Arc::new(TokenStore::in_memory(documents, 9, 0).unwrap());
        generated_perplexity(
            &constant(vec![1.0 / 9.0; 9]),
            &scored_documents(&store),
            &PerplexitySettings::default(),
            &mut |_| (),
        )
        .unwrap()
    }

    #[test]
    fn the_first_documents_are_scored() {
        let documents = random_documents(300, 5, 9, 1);
        let scored = score(&documents).unwrap();
        assert_eq!(scored.perplexity.documents, 256);
        let tokens: usize = documents[..256].iter().map(Vec::len).sum();
        assert_eq!(scored.perplexity.tokens, tokens as u64);
        assert!((scored.perplexity.perplexity - 9.0).abs() < 1e-5);
        assert!((scored.perplexity.document_perplexity.median - 9.0).abs() < 1e-5);
        assert_eq!(scored.histogram.documents.iter().sum::<u64>(), 256);
        // ln 9 = 2.197…
        assert_eq!(scored.histogram.documents[21], 256);
    }

    #[test]
    fn few_documents_are_all_scored_and_none_have_no_perplexity() {
        let few = random_documents(3, 5, 9, 1);
        assert_eq!(score(&few).unwrap().perplexity.documents, 3);
        assert_eq!(score(&[]), None);
        assert_eq!(score(&[vec![]]), None);
    }
}
