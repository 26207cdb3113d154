//! Runs an experiment from a program, with a model of one's own: whatever text it is trained on, it
//! writes the first document of it again and again.
//!
//! `cargo run --release --example own_model -p autophage-lab`

use std::error::Error;
use std::ops::ControlFlow;
use std::path::Path;

use autophage_lab::{Equipment, Event, Experiment, NGramSettings, Outcome, Run, run_with};
use autophage_model::{
    GeneratedDocument, GenerationRequest, LanguageModel, Learner, Limit, ModelError, Progress,
    Trained, Training, TrainingEvent, TrainingJob,
};

/// Knows one text by heart: each of its tokens is certain after the one before.
#[derive(Clone, Debug)]
struct Parrot {
    text: Vec<u32>,
    vocabulary: usize,
}

impl Parrot {
    /// Almost all probability for one token, a little for every other.
    fn certain(&self, token: u32) -> Vec<f32> {
        let little = 1e-6;
        let others = (self.vocabulary - 1) as f32 * little;
        let mut row = vec![little.ln(); self.vocabulary];
        row[token as usize] = (1.0 - others).ln();
        row
    }

    /// What it expects after a token: what follows the first place where its text has that.
    fn after(&self, token: u32) -> Vec<f32> {
        let place = self.text.iter().position(|&known| known == token);
        let next = place.map_or(0, |place| place + 1) % self.text.len();
        self.certain(self.text[next])
    }
}

impl LanguageModel for Parrot {
    fn vocabulary(&self) -> usize {
        self.vocabulary
    }

    fn max_context(&self) -> Option<usize> {
        None
    }

    fn next_token_log_probabilities(
        &self,
        contexts: &[Vec<u32>],
    ) -> Result<Vec<Vec<f32>>, ModelError> {
        let last = |context: &Vec<u32>| context.last().copied().ok_or(ModelError::EmptyContext);
        contexts
            .iter()
            .map(|context| Ok(self.after(last(context)?)))
            .collect()
    }

    fn token_losses(&self, sequences: &[Vec<u32>], _: usize) -> Result<Vec<Vec<f32>>, ModelError> {
        let losses = |sequence: &Vec<u32>| {
            let pairs = sequence.windows(2);
            pairs
                .map(|pair| -self.after(pair[0])[pair[1] as usize])
                .collect()
        };
        Ok(sequences.iter().map(losses).collect())
    }

    fn generate(
        &self,
        request: &GenerationRequest,
        sink: &mut dyn FnMut(u64, GeneratedDocument) -> ControlFlow<()>,
    ) -> Result<(), ModelError> {
        let wanted = match request.limit {
            Limit::Documents(documents) => documents,
            Limit::Tokens(tokens) => tokens.div_ceil(self.text.len() as u64),
            Limit::Unlimited => u64::MAX,
        };
        for number in 0..wanted {
            let tokens = self.text.clone();
            if sink(number, GeneratedDocument { tokens }).is_break() {
                break;
            }
        }
        Ok(())
    }

    fn save(&self, directory: &Path) -> Result<(), ModelError> {
        let path = directory.join("parrot.txt");
        let line = |token: &u32| format!("{token}\n");
        let text: String = self.text.iter().map(line).collect();
        let contents = format!("{}\n{text}", self.vocabulary);
        std::fs::write(&path, contents).map_err(|source| ModelError::File { path, source })
    }
}

/// Makes parrots.
#[derive(Debug)]
struct Aviary;

impl Learner for Aviary {
    fn start<'a>(&'a self, job: &TrainingJob<'a>) -> Result<Box<dyn Training + 'a>, ModelError> {
        let documents = job.training;
        if documents.is_empty() {
            return Err(ModelError::EmptyTrainingSet);
        }
        Ok(Box::new(Listening(Parrot {
            text: documents.document(0).iter().collect(),
            vocabulary: documents.vocabulary() as usize,
        })))
    }

    fn resume<'a>(
        &'a self,
        job: &TrainingJob<'a>,
        _: &Path,
    ) -> Result<Box<dyn Training + 'a>, ModelError> {
        self.start(job)
    }

    fn load(&self, directory: &Path) -> Result<Box<dyn LanguageModel>, ModelError> {
        let path = directory.join("parrot.txt");
        let text = std::fs::read_to_string(&path).map_err(|source| ModelError::File {
            path: path.clone(),
            source,
        })?;
        let numbers: Result<Vec<u32>, _> = text.lines().map(str::parse).collect();
        match numbers.as_deref() {
            Ok([vocabulary, text @ ..]) if !text.is_empty() => Ok(Box::new(Parrot {
                text: text.to_vec(),
                vocabulary: *vocabulary as usize,
            })),
            _ => Err(ModelError::Damaged {
                path,
                reason: "not a line for the vocabulary and one for each token".to_owned(),
            }),
        }
    }
}

/// The training of a parrot, which is over at once.
struct Listening(Parrot);

impl Training for Listening {
    fn advance(
        &mut self,
        _: &mut dyn FnMut(&TrainingEvent) -> ControlFlow<()>,
    ) -> Result<Progress, ModelError> {
        Ok(Progress::Finished)
    }

    fn save(&self, _: &Path) -> Result<(), ModelError> {
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Trained, ModelError> {
        Ok(Trained {
            epochs: 1,
            steps: 0,
            tokens: self.0.text.len() as u64,
            seconds: 0.0,
            model: Box::new(self.0),
        })
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    // What the experiment says of the model is not used; everything else is.
    let mut experiment = Experiment::of(NGramSettings::default());
    experiment.name = "parrots".to_owned();
    experiment.generations = 3;
    experiment.corpus.path = "builtin:tinystories-sample".to_owned();
    experiment.corpus.tokens = Some(20_000);
    let mut equipment = Equipment::default();
    equipment.learners = &|_, _| Ok((Box::new(Aviary), "parrots".to_owned()));

    let directory = std::env::temp_dir().join(format!("parrots-{}", std::process::id()));
    let outcome = run_with(&experiment, &directory, equipment, &mut |event: &Event<
        '_,
    >| {
        if let Event::GenerationFinished { metrics, .. } = event {
            let perplexity = metrics.perplexity.perplexity;
            println!(
                "generation {}: perplexity {perplexity:.0}",
                metrics.generation
            );
        }
        ControlFlow::Continue(())
    })?;
    assert_eq!(outcome, Outcome::Complete);
    println!(
        "it writes: {}",
        Run::open(&directory)?.excerpt(3, 0)?.unwrap_or_default()
    );
    std::fs::remove_dir_all(directory)?;
    Ok(())
}
