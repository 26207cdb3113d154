//! The family of a model in a Hugging Face directory.

use std::path::Path;

use super::TransformerKind;

/// The family of the model in `directory`, by the `model_type` of its `config.json`.
///
/// # Errors
/// What is wrong with the directory and what would be right, to follow on its name and a comma.
pub(crate) fn family(directory: &Path) -> Result<TransformerKind, String> {
    let path = directory.join("config.json");
    let text = std::fs::read_to_string(&path).map_err(|error| {
        format!(
            "and {} cannot be read ({error}): correct the path",
            path.display()
        )
    })?;
    let config: serde_json::Value = serde_json::from_str(&text)
        .map_err(|error| format!("and its config.json is not JSON ({error}): download it again"))?;
    let Some(model_type) = config["model_type"].as_str() else {
        return Err("and its config.json has no model_type: download it again".to_owned());
    };
    TransformerKind::ALL
        .into_iter()
        .find(|kind| kind.model_type() == model_type)
        .ok_or_else(|| {
            let known = TransformerKind::ALL.map(TransformerKind::model_type);
            format!(
                "whose model_type is {model_type:?}: choose a model of one of the families that are \
                 known, {}",
                known.join(", ")
            )
        })
}
