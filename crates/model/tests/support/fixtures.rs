//! Where the fixtures are: in the project, or in the directory that `AUTOPHAGE_FIXTURES` names,
//! which may hold networks of other sizes.

#![allow(dead_code, unreachable_pub, missing_docs)]

use std::path::{Path, PathBuf};

/// The families that there is a fixture of, in `families/`.
pub const FAMILIES: [&str; 6] = ["gpt2", "opt", "gpt_neox", "llama", "qwen2", "qwen3"];

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn chosen() -> PathBuf {
    std::env::var_os("AUTOPHAGE_FIXTURES").map_or_else(project, PathBuf::from)
}

/// The GPT-Neo, under either of its names; the project's own if the chosen directory has none.
pub fn gpt_neo() -> PathBuf {
    let directories = [
        chosen().join("gpt-neo-fixture"),
        chosen().join("gpt-neo"),
        project().join("gpt-neo"),
    ];
    let found = directories.into_iter().find(|directory| directory.is_dir());
    found.expect("the project has a GPT-Neo")
}

/// The network of a family, in `families/` of the chosen directory or in that itself.
pub fn family(model_type: &str) -> PathBuf {
    let directories = [chosen().join("families"), chosen()].map(|parent| parent.join(model_type));
    let found = directories.iter().find(|directory| directory.is_dir());
    let missing = || panic!("{} is missing", directories[0].display());
    found.unwrap_or_else(missing).clone()
}
