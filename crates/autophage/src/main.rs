//! The command line of autophage: arguments in, a call of the library crates, tables out.

#![forbid(unsafe_code)]

mod commands;
mod failure;
mod interruption;
mod options;
mod terminal;

use std::process::ExitCode;

use clap::Parser;

use commands::Command;

/// Train language models on their own output, generation after generation, and see what happens.
///
/// Begin with `autophage run demo`: a lineage of small models on real stories, each trained on its
/// predecessor's text, in a few minutes. Results go to standard output, progress to standard error.
#[derive(Debug, Parser)]
#[command(name = "autophage", version, arg_required_else_help = true, after_help = EXIT_STATUS)]
struct Arguments {
    #[command(subcommand)]
    command: Command,

    /// Use ASCII characters alone in tables, as where the locale is not UTF-8.
    #[arg(long, global = true)]
    ascii: bool,
}

const EXIT_STATUS: &str = "Exit status: 0 done; 1 the work failed or a check found a difference; \
2 the request or an experiment file is not valid; \
128 and more a signal ended it, whose number is what is above 128 (130 after Ctrl-C).";

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    terminal::screen::initialise(arguments.ascii);
    match arguments.command.execute() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            anstream::eprintln!("{ERROR}error:{ERROR:#} {failure}");
            ExitCode::from(failure.status())
        }
    }
}

const ERROR: anstyle::Style = anstyle::Style::new()
    .bold()
    .fg_color(Some(anstyle::Color::Ansi(anstyle::AnsiColor::Red)));
