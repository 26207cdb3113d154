//! All measures of diversity of one corpus.

use autophage_corpus::DocumentSet;
use autophage_random::Stream;
use serde::{Deserialize, Serialize};

use super::fingerprints::fingerprint;
use super::ngrams::NGramCounts;
use super::sample::Sample;
use super::{Composition, Fingerprints, Lengths};
use crate::MeasureError;
use crate::perplexity::token_counts;

/// Level of the zstd compression. Part of the definition of the compression ratio.
const ZSTD_LEVEL: i32 = 9;

/// How diversity is measured.
#[derive(Clone, Copy, Debug)]
pub struct DiversitySettings {
    /// Tokens of the sample. The same for all corpora that are compared.
    pub sample_tokens: u64,
    /// The random order of the documents: a stream of the purpose
    /// [`Measurement`](autophage_random::Purpose::Measurement).
    pub random: Stream,
}

/// The initial corpus, with which corpora are compared. Made once for a lineage.
#[derive(Clone, Debug)]
pub struct Reference {
    /// By token: whether it occurs.
    used: Vec<bool>,
    documents: Fingerprints,
}

impl Reference {
    /// Reads the initial corpus.
    pub fn new(initial: &DocumentSet) -> Self {
        Self {
            used: token_counts(initial)
                .iter()
                .map(|&count| count > 0)
                .collect(),
            documents: Fingerprints::new(initial),
        }
    }
}

/// Diversity of a corpus.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Diversity {
    /// What is measured on the whole corpus.
    pub corpus: CorpusDiversity,
    /// What is measured on a sample of fixed size.
    pub sample: SampleDiversity,
}

/// What is measured on a whole corpus.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CorpusDiversity {
    /// Number of documents.
    pub documents: u64,
    /// Number of stored tokens.
    pub tokens: u64,
    /// Token frequencies of the whole corpus: its number of types is what survival laws speak of.
    pub composition: Composition,
    /// Lengths of the documents.
    pub length: Lengths,
    /// Share of the documents that end with the end-of-text token, rather than cut off.
    pub ended_documents_share: f64,
    /// Share of the tokens that are end-of-text tokens: also where documents are of fixed length and
    /// end of text stands within them.
    pub end_of_text_tokens_share: f64,
    /// Share of the documents whose whole text is that of a document of the initial corpus.
    pub initial_copies_share: f64,
    /// Share of the documents whose whole text is that of a document that the model was trained on;
    /// `null` if no training documents were given.
    pub training_copies_share: Option<f64>,
}

/// What is measured on a sample of fixed size.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SampleDiversity {
    /// Tokens that the sample should have.
    pub requested_tokens: u64,
    /// Tokens that it has: fewer only if the corpus has no more. Such a sample must not be compared
    /// with larger ones.
    pub tokens: u64,
    /// Documents of the sample, the last of which may be cut.
    pub documents: u64,
    /// Token frequencies of the sample.
    pub composition: Composition,
    /// Different tokens / tokens: the type–token ratio.
    pub distinct_1: Option<f64>,
    /// Different bigrams / bigrams of the sample (Li et al., 2016). `null` where no document is long
    /// enough, as for the following.
    pub distinct_2: Option<f64>,
    /// Different trigrams / trigrams.
    pub distinct_3: Option<f64>,
    /// Different 4-grams / 4-grams.
    pub distinct_4: Option<f64>,
    /// rep-2 (Su et al., 2022): 100 (1 − different / all) bigrams, where "different" is counted within
    /// each document and then added up: how much the documents repeat *themselves*.
    pub repetition_2_percent: Option<f64>,
    /// rep-3, of trigrams.
    pub repetition_3_percent: Option<f64>,
    /// rep-4, of 4-grams.
    pub repetition_4_percent: Option<f64>,
    /// D = Π (1 − rep-n / 100) for n = 2, 3, 4.
    pub repetition_diversity: Option<f64>,
    /// Bytes of the sample's tokens / bytes of these after zstd (level 9): greater where text repeats.
    ///
    /// The tokens are compressed as they are stored, in 2 bytes each (4 above 65,536 types), one
    /// document after the other in random order, and not as text: tokens that decode to the same
    /// text stay different, and no tokenizer is needed. Comparable between corpora of one tokenizer.
    pub compression_ratio: f64,
    /// Share of the sample's whole documents whose text an earlier one already had.
    pub duplicate_documents_share: f64,
    /// The longest stretch of one and the same token.
    pub longest_run_tokens: u64,
}

/// Measures the diversity of `corpus`.
///
/// `training` are the documents that the model which wrote `corpus` was trained on, if it is a
/// model's and copies of them are of interest.
///
/// # Errors
/// A corpus without a token, a sample of no tokens, or a vocabulary other than that of the
/// reference.
pub fn diversity(
    corpus: &DocumentSet,
    reference: &Reference,
    training: Option<&Fingerprints>,
    settings: &DiversitySettings,
) -> Result<Diversity, MeasureError> {
    if corpus.vocabulary() as usize != reference.used.len() {
        return Err(MeasureError::DifferentVocabularies {
            first: reference.used.len(),
            second: corpus.vocabulary() as usize,
        });
    }
    if settings.sample_tokens == 0 {
        return Err(MeasureError::Setting {
            key: "sample_tokens",
            value: "0".to_owned(),
            expected: "diversity needs a sample of at least one token",
        });
    }
    if corpus.tokens() == 0 {
        return Err(MeasureError::NothingToMeasure { what: "diversity" });
    }
    Ok(Diversity {
        corpus: whole(corpus, reference, training)?,
        sample: sampled(corpus, reference, settings)?,
    })
}

fn whole(
    corpus: &DocumentSet,
    reference: &Reference,
    training: Option<&Fingerprints>,
) -> Result<CorpusDiversity, MeasureError> {
    let end_of_text = corpus.end_of_text();
    let counts = token_counts(corpus);
    let mut ended = 0u64;
    let lengths: Vec<u64> = corpus
        .iter()
        .map(|document| {
            let ends = document.iter().next_back() == Some(end_of_text);
            ended += u64::from(ends);
            document.len() as u64 - u64::from(ends)
        })
        .collect();
    Ok(CorpusDiversity {
        documents: corpus.len() as u64,
        tokens: corpus.tokens(),
        composition: Composition::new(&counts, &reference.used),
        length: Lengths::new(&lengths)
            .ok_or(MeasureError::NothingToMeasure { what: "diversity" })?,
        ended_documents_share: ended as f64 / corpus.len() as f64,
        end_of_text_tokens_share: counts[end_of_text as usize] as f64 / corpus.tokens() as f64,
        initial_copies_share: reference.documents.share_of(corpus),
        training_copies_share: training.map(|training| training.share_of(corpus)),
    })
}

fn sampled(
    corpus: &DocumentSet,
    reference: &Reference,
    settings: &DiversitySettings,
) -> Result<SampleDiversity, MeasureError> {
    let sample = Sample::new(corpus, settings.sample_tokens, &settings.random);
    let mut counts = vec![0; reference.used.len()];
    for &token in sample.documents.iter().flatten() {
        counts[token as usize] += 1;
    }
    let grams = [1, 2, 3, 4].map(|n| NGramCounts::new(&sample.documents, n));
    let distinct = grams.map(|counts| counts.distinct_share());
    let repetition = grams.map(|counts| counts.repetition_percent());
    Ok(SampleDiversity {
        requested_tokens: settings.sample_tokens,
        tokens: sample.tokens,
        documents: sample.documents.len() as u64,
        composition: Composition::new(&counts, &reference.used),
        distinct_1: distinct[0],
        distinct_2: distinct[1],
        distinct_3: distinct[2],
        distinct_4: distinct[3],
        repetition_2_percent: repetition[1],
        repetition_3_percent: repetition[2],
        repetition_4_percent: repetition[3],
        repetition_diversity: repetition[1..]
            .iter()
            .map(|percent| percent.map(|percent| 1.0 - percent / 100.0))
            .product(),
        compression_ratio: compression_ratio(&sample.documents, corpus.vocabulary())?,
        duplicate_documents_share: duplicates(
            &sample.documents[..sample.whole],
            corpus.end_of_text(),
        ),
        longest_run_tokens: longest_run(&sample.documents),
    })
}

fn compression_ratio(documents: &[Vec<u32>], vocabulary: u32) -> Result<f64, MeasureError> {
    let width = if vocabulary <= 1 << 16 { 2 } else { 4 };
    let bytes: Vec<u8> = documents
        .iter()
        .flatten()
        .flat_map(|token| token.to_le_bytes().into_iter().take(width))
        .collect();
    let compressed = zstd::bulk::compress(&bytes, ZSTD_LEVEL).map_err(MeasureError::Compression)?;
    Ok(bytes.len() as f64 / compressed.len() as f64)
}

fn duplicates(documents: &[Vec<u32>], end_of_text: u32) -> f64 {
    let mut hashes: Vec<u64> = documents
        .iter()
        .map(|document| fingerprint(document.iter().copied(), end_of_text))
        .collect();
    hashes.sort_unstable();
    hashes.dedup();
    (documents.len() - hashes.len()) as f64 / documents.len().max(1) as f64
}

fn longest_run(documents: &[Vec<u32>]) -> u64 {
    documents
        .iter()
        .flat_map(|document| document.chunk_by(PartialEq::eq))
        .map(<[u32]>::len)
        .max()
        .unwrap_or(0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{corpus, random_documents};
    use autophage_random::Purpose;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn settings(sample_tokens: u64) -> DiversitySettings {
        DiversitySettings {
            sample_tokens,
            random: Stream::new(3, Purpose::Measurement, 1),
        }
    }

    #[test]
    fn a_small_corpus_by_hand() {
        let initial = corpus(8, &[vec![1, 2, 3, 0], vec![1, 4, 0], vec![5, 0]]);
        let training = Fingerprints::new(&corpus(8, &[vec![6, 6, 6, 6, 0]]));
        let generated = corpus(
            8,
            &[
                vec![1, 2, 3, 0],
                vec![6, 6, 6, 6],
                vec![1, 4, 0],
                vec![6, 6, 6, 6, 0],
                vec![7],
            ],
        );
        let reference = Reference::new(&initial);
        let result = diversity(&generated, &reference, Some(&training), &settings(100)).unwrap();
        let whole = &result.corpus;
        assert_eq!((whole.documents, whole.tokens), (5, 17));
        assert_eq!(whole.composition.types, 7);
        assert_eq!(whole.composition.initial_vocabulary_share, 5.0 / 6.0);
        assert_eq!(whole.ended_documents_share, 0.6);
        assert_eq!(whole.end_of_text_tokens_share, 3.0 / 17.0);
        assert_eq!(whole.initial_copies_share, 0.4);
        // Cut off or not, a copied text is a copy.
        assert_eq!(whole.training_copies_share, Some(0.4));
        assert_eq!(whole.length.mean_tokens, (3 + 4 + 2 + 4 + 1) as f64 / 5.0);

        let sample = &result.sample;
        assert_eq!(
            (sample.requested_tokens, sample.tokens, sample.documents),
            (100, 17, 5)
        );
        assert_eq!(sample.composition, whole.composition);
        assert_eq!(sample.distinct_1, Some(7.0 / 17.0));
        // 12, 23, 30 | 66 66 66 | 14 40 | 66 66 66 60: 12 bigrams, 7 different, 3 + 1 + 2 + 2 within.
        assert_eq!(sample.distinct_2, Some(7.0 / 12.0));
        assert!((sample.repetition_2_percent.unwrap() - 100.0 * 4.0 / 12.0).abs() < 1e-12);
        // 123, 230 | 666 666 | 140 | 666 666 660: 8 trigrams, 5 different, 2 + 1 + 1 + 2 within.
        assert_eq!(sample.distinct_3, Some(5.0 / 8.0));
        assert!((sample.repetition_3_percent.unwrap() - 25.0).abs() < 1e-12);
        // 1230 | 6666 | | 6666 6660.
        assert_eq!(sample.distinct_4, Some(0.75));
        assert_eq!(sample.repetition_4_percent, Some(0.0));
        let d = (1.0 - 4.0 / 12.0) * 0.75;
        assert!((sample.repetition_diversity.unwrap() - d).abs() < 1e-12);
        assert_eq!(sample.duplicate_documents_share, 0.2);
        assert_eq!(sample.longest_run_tokens, 4);
    }

    #[test]
    fn short_documents_have_no_long_ngrams() {
        let documents = corpus(4, &[vec![1, 0], vec![2, 0]]);
        let reference = Reference::new(&documents);
        let result = diversity(&documents, &reference, None, &settings(4)).unwrap();
        assert_eq!(result.sample.distinct_3, None);
        assert_eq!(result.sample.repetition_diversity, None);
        assert_eq!(result.corpus.training_copies_share, None);
        let json = serde_json::to_string(&result).unwrap();
        assert_eq!(serde_json::from_str::<Diversity>(&json).unwrap(), result);
    }

    #[test]
    fn repetition_compresses() {
        let varied = corpus(60_000, &random_documents(200, 60, 60_000, 1));
        let story = random_documents(1, 60, 60_000, 2).remove(0);
        let repeated = corpus(60_000, &vec![story; 200]);
        let reference = Reference::new(&varied);
        let ratio = |documents| {
            let result = diversity(documents, &reference, None, &settings(2000)).unwrap();
            (
                result.sample.compression_ratio,
                result.sample.duplicate_documents_share,
            )
        };
        let (varied, no_duplicates) = ratio(&varied);
        let (repeated, duplicates) = ratio(&repeated);
        assert!(varied < 1.1 && repeated > 10.0, "{varied} {repeated}");
        assert!(no_duplicates < 0.1 && duplicates > 0.9);
    }

    #[test]
    fn nonsense_is_refused() {
        let documents = corpus(4, &[vec![1, 0]]);
        let reference = Reference::new(&documents);
        let error = |corpus: &DocumentSet, size| {
            diversity(corpus, &reference, None, &settings(size)).unwrap_err()
        };
        assert!(matches!(error(&documents, 0), MeasureError::Setting { .. }));
        let empty = corpus(4, &[]);
        assert!(matches!(
            error(&empty, 9),
            MeasureError::NothingToMeasure { .. }
        ));
        let other = corpus(5, &[vec![1, 0]]);
        assert!(matches!(
            error(&other, 9),
            MeasureError::DifferentVocabularies { .. }
        ));
    }

    proptest! {
        // Every case syncs a token store to disk.
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn equal_to_brute_force(
            documents in vec(vec(0u32..5, 1..12), 1..20),
            initial in vec(vec(0u32..5, 0..12), 1..20),
        ) {
            let result = diversity(
                &corpus(5, &documents),
                &Reference::new(&corpus(5, &initial)),
                None,
                &settings(1 << 40),
            ).unwrap();
            let text = |document: &[u32]| document.strip_suffix(&[0]).unwrap_or(document).to_vec();
            let copies = documents
                .iter()
                .filter(|d| initial.iter().any(|i| text(i) == text(d)))
                .count();
            prop_assert_eq!(
                result.corpus.initial_copies_share,
                copies as f64 / documents.len() as f64
            );
            // Pairs of places with the same token: a quadratic road to heterozygosity.
            let tokens = documents.concat();
            let same: usize = tokens
                .iter()
                .map(|a| tokens.iter().filter(|b| a == *b).count())
                .sum();
            let heterozygosity = 1.0 - same as f64 / (tokens.len() as f64).powi(2);
            prop_assert!((result.corpus.composition.heterozygosity - heterozygosity).abs() < 1e-12);
            // −ln of its own frequency, averaged over places.
            let frequency = |v: &u32| {
                tokens.iter().filter(|t| *t == v).count() as f64 / tokens.len() as f64
            };
            let entropy = tokens.iter().map(|v| -frequency(v).ln()).sum::<f64>() / tokens.len() as f64;
            prop_assert!((result.sample.composition.entropy_nats - entropy).abs() < 1e-12);
            let mut texts: Vec<Vec<u32>> = documents.iter().map(|d| text(d)).collect();
            texts.sort();
            texts.dedup();
            prop_assert_eq!(
                result.sample.duplicate_documents_share,
                (documents.len() - texts.len()) as f64 / documents.len() as f64
            );
            let run = |document: &Vec<u32>| {
                (0..document.len())
                    .map(|i| document[i..].iter().take_while(|&&t| t == document[i]).count())
                    .max()
                    .unwrap_or(0)
            };
            let longest = documents.iter().map(run).max().unwrap_or(0) as u64;
            prop_assert_eq!(result.sample.longest_run_tokens, longest);
        }
    }
}
