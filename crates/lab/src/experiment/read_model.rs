//! From the keys of `[model]` to what is trained.

use autophage_model::GptNeoConfig;

use super::ExperimentError;
use super::read::LONGEST;
use super::section::{Interval, Section};
use super::settings::*;

/// Reads the section; `contexts` are the keys elsewhere that say how far the model must read.
pub(super) fn model(
    section: &Section<'_>,
    contexts: &[(&'static str, u32)],
) -> Result<ModelSettings, ExperimentError> {
    match section.word("kind", &["gpt-neo", "ngram"])? {
        Some("ngram") => ngram(section).map(ModelSettings::NGram),
        _ => gpt_neo(section, contexts).map(ModelSettings::GptNeo),
    }
}

/// Keys of the n-gram model beside `kind`.
const NGRAM: [&str; 4] = ["order", "interpolation", "weight", "full_support"];
/// Keys of the transformer beside `kind`.
const GPT_NEO: [&str; 8] = [
    "initialise",
    "pretrained",
    "preset",
    "hidden",
    "layers",
    "heads",
    "positions",
    "window",
];
/// Those of them that say its shape.
const SIZES: &[&str] = GPT_NEO.split_at(2).1;

fn with_kind(keys: &[&'static str]) -> Vec<&'static str> {
    [&["kind"], keys].concat()
}

fn ngram(section: &Section<'_>) -> Result<NGramSettings, ExperimentError> {
    section.allow(&with_kind(&NGRAM), &GPT_NEO)?;
    let interpolation =
        match section.word("interpolation", &["none", "witten-bell", "jelinek-mercer"])? {
            Some("none") => InterpolationKind::None,
            Some("jelinek-mercer") => InterpolationKind::JelinekMercer,
            _ => InterpolationKind::WittenBell,
        };
    let interpolated = interpolation != InterpolationKind::None;
    let full_support = section.boolean("full_support")?.unwrap_or(interpolated);
    if full_support && !interpolated {
        return Err(section.conflict(
            "full_support",
            true,
            "which needs an interpolation, but model.interpolation = \"none\"",
        ));
    }
    Ok(NGramSettings {
        order: section.integer("order", 1..=64)?.unwrap_or(3) as u32,
        interpolation,
        weight: section.number("weight", Interval::Open)?.unwrap_or(0.75),
        full_support,
    })
}

fn gpt_neo(
    section: &Section<'_>,
    contexts: &[(&'static str, u32)],
) -> Result<GptNeoSettings, ExperimentError> {
    section.allow(&with_kind(&GPT_NEO), &NGRAM)?;
    let pretrained = section.path("pretrained")?;
    let initialise = match section.word("initialise", &["scratch", "previous", "pretrained"])? {
        Some("scratch") => Initialise::Scratch,
        Some("previous") => Initialise::Previous,
        Some("pretrained") => Initialise::Pretrained,
        _ if pretrained.is_some() => Initialise::Pretrained,
        _ => Initialise::Scratch,
    };
    if let Some(pretrained) = pretrained {
        if initialise == Initialise::Scratch {
            return Err(section.conflict(
                "initialise",
                "\"scratch\"",
                "which leaves no use for model.pretrained: choose \"pretrained\" or \"previous\"",
            ));
        }
        if let Some(key) = SIZES.iter().find(|key| section.origin(key).is_some()) {
            return Err(section.conflict(
                key,
                "given",
                "but with model.pretrained the shape comes from that directory: leave it out",
            ));
        }
        return Ok(GptNeoSettings {
            initialise,
            architecture: Architecture::Pretrained {
                pretrained: pretrained.into(),
            },
        });
    }
    if initialise == Initialise::Pretrained {
        return Err(ExperimentError::Missing {
            key: section.name("pretrained"),
            purpose: "the Hugging Face directory that every generation starts from",
            example: "models/TinyStories-1M",
        });
    }
    let sizes = gpt_neo_sizes(section, contexts)?;
    Ok(GptNeoSettings {
        initialise,
        architecture: Architecture::Sizes(sizes),
    })
}

fn gpt_neo_sizes(
    section: &Section<'_>,
    contexts: &[(&'static str, u32)],
) -> Result<GptNeoSizes, ExperimentError> {
    let preset = section.word("preset", &GptNeoConfig::PRESETS)?;
    let longest = contexts.iter().map(|(_, tokens)| *tokens).max();
    let (usual, positions) = match preset.and_then(GptNeoConfig::preset) {
        Some(preset) => {
            let positions = preset.max_position_embeddings as u32;
            (preset, positions)
        }
        // The vocabulary is the tokenizer's; here it only fills the place.
        None => (GptNeoConfig::new(1, 128, 4, 8), longest.unwrap_or(1)),
    };
    let size = |key, bound, default: u32| -> Result<u32, ExperimentError> {
        Ok(section
            .integer(key, 1..=bound)?
            .map_or(default, |n| n as u32))
    };
    let sizes = GptNeoSizes {
        hidden: size("hidden", 1 << 16, usual.hidden_size as u32)?,
        layers: size("layers", 1024, usual.num_layers() as u32)?,
        heads: size("heads", 1 << 16, usual.num_heads as u32)?,
        positions: size("positions", LONGEST, positions)?,
        window: size("window", LONGEST, usual.window_size as u32)?,
    };
    if !sizes.hidden.is_multiple_of(sizes.heads) {
        let key = match section.origin("heads") {
            Some(_) if section.origin("hidden").is_none() => "heads",
            _ => "hidden",
        };
        let (value, conflict) = if key == "hidden" {
            (
                sizes.hidden,
                format!(
                    "which model.heads = {} does not divide: hidden must be a multiple of heads",
                    sizes.heads
                ),
            )
        } else {
            (
                sizes.heads,
                format!(
                    "which does not divide model.hidden = {}: hidden must be a multiple of heads",
                    sizes.hidden
                ),
            )
        };
        return Err(section.conflict(key, value, conflict));
    }
    for (key, tokens) in contexts {
        if *tokens > sizes.positions {
            return Err(section.conflict(
                "positions",
                sizes.positions,
                format!("less than {key} = {tokens}: the model cannot read that far"),
            ));
        }
    }
    Ok(sizes)
}
