//! One file a command.

mod bench;
mod compare;
mod count;
mod errors;
mod export;
mod forecast;
mod generate;
mod perplexity;
mod presets;
mod probe;
mod report;
mod run;
mod sample;
mod selfcheck;
mod serve;
mod status;
mod theory;
mod tokenize;

use clap::Subcommand;

use crate::failure::Failure;

/// What can be asked for.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Run(run::Arguments),
    Report(report::Arguments),
    Status(status::Arguments),
    Serve(serve::Arguments),
    Compare(compare::Arguments),
    Export(export::Arguments),
    Sample(sample::Arguments),
    Probe(probe::Arguments),
    Count(count::Arguments),
    Errors(errors::Arguments),
    Forecast(forecast::Arguments),
    Perplexity(perplexity::Arguments),
    Generate(generate::Arguments),
    Tokenize(tokenize::Arguments),
    Theory(theory::Arguments),
    Selfcheck(selfcheck::Arguments),
    Presets(presets::Arguments),
    Bench(bench::Arguments),
}

impl Command {
    /// Does it.
    pub(crate) fn execute(self) -> Result<(), Failure> {
        match self {
            Self::Run(arguments) => run::execute(&arguments),
            Self::Report(arguments) => report::execute(&arguments),
            Self::Status(arguments) => status::execute(&arguments),
            Self::Serve(arguments) => serve::execute(&arguments),
            Self::Compare(arguments) => compare::execute(&arguments),
            Self::Export(arguments) => export::execute(&arguments),
            Self::Sample(arguments) => sample::execute(&arguments),
            Self::Probe(arguments) => probe::execute(&arguments),
            Self::Count(arguments) => count::execute(&arguments),
            Self::Errors(arguments) => errors::execute(&arguments),
            Self::Forecast(arguments) => forecast::execute(&arguments),
            Self::Perplexity(arguments) => perplexity::execute(&arguments),
            Self::Generate(arguments) => generate::execute(&arguments),
            Self::Tokenize(arguments) => tokenize::execute(&arguments),
            Self::Theory(arguments) => theory::execute(&arguments),
            Self::Selfcheck(arguments) => selfcheck::execute(&arguments),
            Self::Presets(arguments) => presets::execute(&arguments),
            Self::Bench(arguments) => bench::execute(&arguments),
        }
    }
}
