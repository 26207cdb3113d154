//! Values that follow from other keys, where a file does not give them; and paths made absolute.

use std::path::{Path, PathBuf};

use super::accepts::Accepts;
use super::pretrained::family;
use super::selection::Selection;
use super::tree::{Node, Origin, Value};
use super::values::Values;
use super::{
    CorpusSettings, Experiment, ExperimentError, Initialise, InterpolationKind, Key, ModelSettings,
    NGramSettings, TransformerSettings,
};

/// Adds to what a file gives what follows from it. Everything else has the default of its section.
pub(super) fn fill(root: &mut Node, selection: &Selection) -> Result<(), ExperimentError> {
    for key in Key::ALL.iter().filter(|key| selection.uses(key)) {
        if let Some(followed) = key.follows.and_then(|path| root.at(path))
            && root.at(key.path).is_none()
        {
            let value = followed.value.clone();
            root.insert(key.path, value);
        }
        if let (Accepts::Path, Some(node)) = (key.accepts, root.at(key.path))
            && let Value::String(text) = &node.value
        {
            let path = absolute(text, node.origin.as_ref());
            root.replace(key.path, Value::String(path));
        }
    }
    match selection.value("model.kind") {
        Some("ngram") => ngram(root),
        _ => transformer(root)?,
    }
    Ok(())
}

fn ngram(root: &mut Node) {
    let none = Values::of("", &InterpolationKind::None);
    if root.text("model.interpolation") == none.text("") {
        root.insert("model.full_support", Value::Boolean(false));
    }
    let conditioning = ModelSettings::from(NGramSettings::default()).conditioning();
    Values::of("measure.conditioning", &conditioning).insert_into(root);
}

fn transformer(root: &mut Node) -> Result<(), ExperimentError> {
    if let Some(directory) = root.text("model.pretrained") {
        let directory = PathBuf::from(directory);
        if root.at("model.kind").is_none() {
            let family = family(&directory).map_err(|problem| ExperimentError::Pretrained {
                origin: root.origin_of("model.pretrained").map(Box::new),
                path: directory,
                problem: format!("{problem}, or say the family in model.kind"),
            })?;
            Values::of("model.kind", &family).insert_into(root);
        }
        Values::of("model.initialise", &Initialise::Pretrained).insert_into(root);
        return Ok(());
    }
    if let Some(preset) = root
        .text("model.preset")
        .and_then(TransformerSettings::preset)
    {
        Values::of("model", &preset).insert_into(root);
    }
    root.remove("model.preset");
    // As far as anything reads.
    let usual = Experiment::default();
    let longest = usual.contexts().into_iter().map(|(path, usual)| {
        match root.at(path).map(|node| &node.value) {
            Some(Value::Integer(tokens)) => *tokens,
            _ => i128::from(usual),
        }
    });
    if let Some(longest) = longest.max() {
        root.insert("model.positions", Value::Integer(longest));
    }
    Ok(())
}

/// Relative paths in a file start from the folder of the file, those of overrides and presets from
/// the working directory.
fn absolute(text: &str, origin: Option<&Origin>) -> String {
    if text.starts_with(CorpusSettings::BUILTIN) {
        return text.to_owned();
    }
    let path = match origin {
        Some(Origin::File { path, .. }) => path.parent().unwrap_or(Path::new("")).join(text),
        _ => PathBuf::from(text),
    };
    // Where the working directory is unknown or not Unicode the path stays as it was written.
    let absolute = std::path::absolute(&path).ok();
    absolute
        .and_then(|path| path.to_str().map(str::to_owned))
        .unwrap_or_else(|| text.to_owned())
}
