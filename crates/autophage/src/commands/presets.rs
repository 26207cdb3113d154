//! `autophage presets`: the experiments that come with the program.

use autophage_lab::Preset;

use crate::failure::Failure;
use crate::terminal::{say, table::Table};

/// List the experiments that come with the program, or print one as a file to start from.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: autophage presets demo > my.toml; autophage run my.toml")]
pub(crate) struct Arguments {
    /// Print this preset's file, with its comments.
    name: Option<String>,
}

pub(crate) fn execute(arguments: &Arguments) -> Result<(), Failure> {
    let Some(name) = &arguments.name else {
        let mut table = Table::new(&["<preset", "<what it is"]);
        for preset in Preset::ALL {
            table.row(vec![preset.name.to_owned(), preset.summary.to_owned()]);
        }
        table.print();
        return Ok(());
    };
    let preset = Preset::named(name).ok_or_else(|| {
        let names: Vec<&str> = Preset::ALL.iter().map(|preset| preset.name).collect();
        Failure::usage(format!(
            "there is no preset {name:?}; the presets are {}",
            names.join(", ")
        ))
    })?;
    say!("{}", preset.text.trim_end());
    Ok(())
}
