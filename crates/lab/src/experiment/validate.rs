//! Whether an experiment is right, whoever made it.

use autophage_model::ModelError;
use autophage_theory::Paradigm;

use super::values::Values;
use super::{
    ComputeSection, CorpusSettings, Experiment, ExperimentError, GenerationSection, Initialise,
    InterpolationKind, MeasureSection, ModelSettings, NGramSettings, TrainingSection,
    TransformerSettings, check,
};

macro_rules! validated {
    ($($section:ty = $name:literal),*) => {$(
        impl $section {
            /// Checks every value of the section.
            ///
            /// # Errors
            /// The first that is out of range, with what would be right.
            pub fn validate(&self) -> Result<(), ExperimentError> {
                check::section($name, self)
            }
        }
    )*};
}

validated!(
    CorpusSettings = "corpus",
    TrainingSection = "training",
    GenerationSection = "generation",
    MeasureSection = "measure",
    ComputeSection = "compute"
);

impl ModelSettings {
    /// Checks every value of the section, and that they go together.
    ///
    /// # Errors
    /// The first that is out of range, not used by this kind of model, or does not go with another.
    pub fn validate(&self) -> Result<(), ExperimentError> {
        check::section("model", self)?;
        self.goes_together(&given_in(&Values::of("model", self)))
    }

    fn goes_together(&self, given: &dyn Fn(&str) -> bool) -> Result<(), ExperimentError> {
        match self {
            Self::Transformer(settings) => settings.goes_together(given),
            Self::NGram(settings) => settings.goes_together(),
        }
    }
}

impl Experiment {
    /// Checks every value, and that they go together: all that can be checked without reading the
    /// corpus or a starting model. Reading a file does the same.
    ///
    /// # Errors
    /// The first value that is out of range, missing, not used by the kind of model, or does not go
    /// with another. The message is that of the file's reader, without a place.
    pub fn validate(&self) -> Result<(), ExperimentError> {
        self.check(&given_in(&Values::of("", self)))
    }

    /// As [`validate`](Self::validate). `given` says whether somebody chose the value of a key,
    /// which decides which of two values that do not go together is blamed.
    pub(super) fn check(&self, given: &dyn Fn(&str) -> bool) -> Result<(), ExperimentError> {
        check::section("", self)?;
        self.model.goes_together(given)?;
        if let ModelSettings::Transformer(settings) = &self.model
            && settings.pretrained.is_none()
        {
            for (key, tokens) in self.contexts() {
                if tokens > settings.positions {
                    return Err(conflict(
                        "model.positions",
                        settings.positions,
                        format!("less than {key} = {tokens}: the model cannot read that far"),
                    ));
                }
            }
        }
        if matches!(self.paradigm, Paradigm::FreshShare { .. }) && self.corpus.tokens.is_none() {
            return Err(conflict(
                "paradigm.kind",
                "fresh-share",
                "which needs real documents beyond the initial corpus: set corpus.tokens, the size of \
                 the initial corpus in tokens, so that some are left",
            ));
        }
        Ok(())
    }

    /// The keys that say how far a model must read, with their values in tokens.
    pub(crate) fn contexts(&self) -> [(&'static str, u32); 3] {
        let training = u32::try_from(self.training.settings.context).unwrap_or(u32::MAX);
        [
            ("training.context", training),
            ("generation.context", self.generation.context),
            ("measure.context", self.measure.context),
        ]
    }
}

impl TransformerSettings {
    fn goes_together(&self, given: &dyn Fn(&str) -> bool) -> Result<(), ExperimentError> {
        match (&self.pretrained, self.initialise) {
            (Some(_), Initialise::Scratch) => {
                return Err(conflict(
                    "model.initialise",
                    "\"scratch\"",
                    "which leaves no use for model.pretrained: choose \"pretrained\" or \"previous\"",
                ));
            }
            (Some(_), _) => return Ok(()),
            (None, Initialise::Pretrained) => {
                return Err(ExperimentError::Missing {
                    key: "model.pretrained".to_owned(),
                    purpose: "the Hugging Face directory that every generation starts from",
                    example: "models/TinyStories-1M",
                });
            }
            (None, _) => {}
        }
        let (hidden, heads) = (self.hidden, self.heads);
        if self.head_dimension.is_none() && !hidden.is_multiple_of(heads) {
            let rule = "hidden must be a multiple of heads";
            return Err(if given("model.heads") && !given("model.hidden") {
                conflict(
                    "model.heads",
                    heads,
                    format!("which does not divide model.hidden = {hidden}: {rule}"),
                )
            } else {
                conflict(
                    "model.hidden",
                    hidden,
                    format!("which model.heads = {heads} does not divide: {rule}"),
                )
            });
        }
        if !heads.is_multiple_of(self.key_value_head_count()) {
            return Err(conflict(
                "model.key_value_heads",
                self.key_value_head_count(),
                format!(
                    "which does not divide model.heads = {heads}: every head of keys and values serves \
                     as many heads of queries"
                ),
            ));
        }
        self.has_a_network()
    }

    /// Checks what else the family asks of its sizes. The vocabulary is not known yet, so that of
    /// the check is as small as can be.
    fn has_a_network(&self) -> Result<(), ExperimentError> {
        let Err(error) = self.network(2, 1) else {
            return Ok(());
        };
        let problem = match error {
            ModelError::Architecture { field, problem } => format!("{field}: {problem}"),
            other => other.to_string(),
        };
        Err(conflict(
            "model.kind",
            format!("{:?}", self.family.name()),
            format!("which cannot have these sizes: {problem}"),
        ))
    }
}

impl NGramSettings {
    fn goes_together(&self) -> Result<(), ExperimentError> {
        if self.full_support && self.interpolation == InterpolationKind::None {
            return Err(conflict(
                "model.full_support",
                true,
                "which needs an interpolation, but model.interpolation = \"none\"",
            ));
        }
        Ok(())
    }
}

/// For a program, a value that is not the default was chosen.
fn given_in(values: &Values) -> impl Fn(&str) -> bool {
    let usual = Values::of("", &Experiment::default());
    move |path| values.get(path) != usual.get(path)
}

fn conflict(
    key: &str,
    value: impl std::fmt::Display,
    conflict: impl Into<String>,
) -> ExperimentError {
    ExperimentError::Conflict {
        key: key.to_owned(),
        origin: None,
        value: value.to_string(),
        conflict: conflict.into(),
    }
}
