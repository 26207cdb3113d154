//! `autophage forecast`: a run's future from its first generations.

use std::path::PathBuf;

use autophage_lab::{ForecastSettings, Run, RunForecast, Scored};
use autophage_theory::{Bootstrap, Fit};

use crate::failure::Failure;
use crate::terminal::number::{percent, significant};
use crate::terminal::{say, table::Table, write_json};

/// Forecast retention, probes and perplexity from a run's first generations, with intervals; where
/// the run already went further, score the forecast.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example: autophage forecast runs/demo --from 3")]
pub(crate) struct Arguments {
    /// Directory of the run.
    #[arg(value_name = "RUN")]
    directory: PathBuf,

    /// Fit on the generations up to this one; half of those that are finished if not given.
    #[arg(long)]
    from: Option<u32>,

    /// Forecast up to this generation; the experiment's last, or ten more, if not given.
    #[arg(long)]
    until: Option<u32>,

    /// How error terms go on: constant, reciprocal (a/k + c), or last-mean:3.
    #[arg(long, default_value_t = Fit::Constant)]
    fit: Fit,

    /// Say when retention falls under this.
    #[arg(long, default_value_t = 0.5)]
    threshold: f64,

    /// Share of the cases that an interval should hold.
    #[arg(long, default_value_t = 0.9)]
    level: f64,

    /// Bootstrap replicates behind an interval.
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(10..=1_000_000))]
    replicates: u32,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn execute(arguments: &Arguments) -> Result<(), Failure> {
    let run = Run::open(&arguments.directory)?;
    let finished = run.finished()?;
    let from = arguments.from.unwrap_or((finished / 2).max(2));
    let planned = run.experiment().generations;
    let until = arguments
        .until
        .unwrap_or(if planned > from { planned } else { from + 10 });
    let forecast = run.forecast(&ForecastSettings {
        from,
        until,
        fit: arguments.fit,
        threshold: arguments.threshold,
        bootstrap: Bootstrap {
            replicates: arguments.replicates,
            level: arguments.level,
            seed: run.experiment().seed,
        },
    })?;
    if arguments.json {
        write_json(&forecast);
        return Ok(());
    }
    print(&run, arguments, &forecast)
}

fn print(run: &Run, arguments: &Arguments, forecast: &RunForecast) -> Result<(), Failure> {
    say!(
        "fitted on generations 1 to {} ({}), intervals of {}",
        forecast.from,
        arguments.fit,
        percent(forecast.level)
    );
    print_quantity("retention of the initial corpus", &forecast.retention);
    let generation = |generation: Option<u32>| {
        generation.map_or_else(|| "never".to_owned(), |generation| generation.to_string())
    };
    say!(
        "below {}: generation {} [{}, {}]",
        arguments.threshold,
        generation(forecast.threshold.generation),
        generation(forecast.threshold.low),
        generation(forecast.threshold.high)
    );
    print_quantity("perplexity on real text", &forecast.perplexity);
    let tokenizer = run.tokenizer()?;
    for event in &forecast.events {
        let title = format!(
            "probability of {:?} after {:?}",
            tokenizer.decode(&[event.token])?,
            tokenizer.decode(&event.context)?
        );
        print_quantity(&title, &event.probability);
    }
    if let Some(contexts) = forecast.contexts {
        say!("");
        say!(
            "retention of every tracked context by itself: {} of {} measurements in their interval, \
             mean error {}",
            percent(contexts.coverage),
            contexts.measurements,
            significant(contexts.mean_error, 2)
        );
    }
    Ok(())
}

fn print_quantity(title: &str, scored: &Scored) {
    say!("");
    say!("{title}");
    say!("");
    let mut table = Table::new(&["generation", "forecast", "interval", "measured", "<in it"]);
    for (index, value) in scored.forecast.values.iter().enumerate() {
        let measured = scored.measured.get(index);
        table.row(vec![
            (scored.forecast.first_generation as usize + index).to_string(),
            significant(value.value, 4),
            format!(
                "[{}, {}]",
                significant(value.low, 4),
                significant(value.high, 4)
            ),
            measured.map_or_else(String::new, |measured| significant(*measured, 4)),
            measured
                .map_or("", |m| {
                    if (value.low..=value.high).contains(m) {
                        "yes"
                    } else {
                        "no"
                    }
                })
                .to_owned(),
        ]);
    }
    table.print();
    if let Some(score) = &scored.score {
        say!(
            "mean absolute error {}, coverage {}",
            significant(score.mean_absolute_error, 3),
            percent(score.coverage)
        );
    }
}
