//! `autophage selfcheck`: the loop against every exact law.

use autophage_lab::{Check, Z_LIMIT, selfcheck};

use crate::failure::Failure;
use crate::terminal::number::significant;
use crate::terminal::{say, table::Table, write_json};

/// Run the loop itself with a count model, whose laws are known exactly, under every paradigm, and
/// compare. Exit status 1 if anything is more than four standard errors off.
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Seed of the simulations: the same seed gives the same figures.
    #[arg(long, default_value_t = 0)]
    seed: u64,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn execute(arguments: &Arguments) -> Result<(), Failure> {
    let checks = selfcheck(arguments.seed)?;
    if arguments.json {
        write_json(&checks);
    } else {
        print(&checks);
    }
    let failed = checks.iter().filter(|check| !check.passes()).count();
    if failed == 0 {
        return Ok(());
    }
    Err(Failure::failed(format!(
        "{failed} of {} checks are more than {Z_LIMIT} standard errors off: the loop does not do \
         what it should",
        checks.len()
    )))
}

fn print(checks: &[Check]) {
    let mut table = Table::new(&["<check", "<law", "measured", "expected", "z"]);
    for check in checks {
        table.row(vec![
            check.name.clone(),
            check.law.to_owned(),
            significant(check.measured, 5),
            significant(check.expected, 5),
            format!("{:+.2}", check.z),
        ]);
    }
    table.print();
    say!("");
    let worst = checks.iter().map(|check| check.z.abs()).fold(0.0, f64::max);
    say!(
        "{} checks, largest |z| {worst:.2}, limit {Z_LIMIT}",
        checks.len()
    );
}
