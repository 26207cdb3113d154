//! Reads what a run measured: `cargo run --release --example read_a_run -p autophage-lab -- runs/demo`.

use std::error::Error;
use std::path::Path;

use autophage_lab::Run;

fn main() -> Result<(), Box<dyn Error>> {
    let Some(directory) = std::env::args_os().nth(1) else {
        println!("usage: read_a_run DIRECTORY (of a run, such as runs/demo)");
        return Ok(());
    };
    let run = Run::open(Path::new(&directory))?;
    println!("{}: {} generations", run.experiment().name, run.finished()?);
    for n in 1..=run.finished()? {
        let metrics = run.metrics(n)?;
        let text = run.excerpt(n, 0)?.unwrap_or_default();
        println!(
            "{n}: perplexity {:.1}, distinct-2 {:.3}: {}",
            metrics.perplexity.perplexity,
            metrics.diversity.sample.distinct_2.unwrap_or(f64::NAN),
            text.lines().next().unwrap_or_default()
        );
    }
    Ok(())
}
