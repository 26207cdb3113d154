//! Progress of a run on standard error: a bar a stage on a terminal, else a plain line a stage.

use std::io::{IsTerminal, stderr};
use std::ops::ControlFlow;

use autophage_lab::{Event, Observer, Stage};
use indicatif::{ProgressBar, ProgressStyle};

use super::number::{count, seconds, significant};

/// Shows the events of a run.
#[derive(Debug)]
pub(crate) struct Progress {
    generations: u32,
    /// The bar of the stage at hand, on a terminal.
    bar: Option<ProgressBar>,
    terminal: bool,
}

impl Progress {
    /// For a run of so many generations.
    pub(crate) fn new(generations: u32) -> Self {
        Self {
            generations,
            bar: None,
            terminal: stderr().is_terminal(),
        }
    }

    fn label(&self, stage: Stage, generation: u32) -> String {
        match generation {
            0 => format!("{:<18}", stage.name()),
            n => format!("{:<8} {n:>4}/{:<4}", stage.name(), self.generations),
        }
    }

    fn line(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.println(text),
            None => anstream::eprintln!("{text}"),
        }
    }

    fn start(&mut self, stage: Stage, generation: u32, total: Option<u64>) {
        if !self.terminal {
            return;
        }
        let bar = total.map_or_else(ProgressBar::no_length, ProgressBar::new);
        bar.set_style(style(stage, total));
        bar.set_prefix(self.label(stage, generation));
        bar.enable_steady_tick(std::time::Duration::from_millis(250));
        self.bar = Some(bar);
    }

    fn advance(&self, done: u64, total: Option<u64>, speed: f64, loss: Option<f64>, stage: Stage) {
        let Some(bar) = &self.bar else { return };
        if let Some(total) = total
            && bar.length() != Some(total)
        {
            bar.set_length(total);
            bar.set_style(style(stage, Some(total)));
        }
        bar.set_position(done);
        // Before tokens are known there is no speed.
        let speed = (speed > 0.0).then(|| format!("{} tokens/s", count(speed.round() as u64)));
        let loss = loss.map(|loss| format!("loss {loss:.3}"));
        let known: Vec<String> = loss.into_iter().chain(speed).collect();
        bar.set_message(known.join(", "));
    }

    fn finish(&mut self, stage: Stage, generation: u32, time: f64, tokens: u64) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
        let speed = count((tokens as f64 / time.max(1e-9)).round() as u64);
        anstream::eprintln!(
            "{} {:>12} tokens in {:>9} ({speed} tokens/s)",
            self.label(stage, generation),
            count(tokens),
            seconds(time),
        );
    }
}

fn style(stage: Stage, total: Option<u64>) -> ProgressStyle {
    let template = match total {
        Some(_) => "{prefix} {bar:24} {percent:>3}% {msg}, {eta} left".to_owned(),
        None => format!(
            "{{prefix}} {{spinner}} {{human_pos}} {} {{msg}}",
            stage.unit()
        ),
    };
    ProgressStyle::with_template(&template)
        .expect("the template is valid")
        .progress_chars("=> ")
}

impl Observer for Progress {
    fn observe(&mut self, event: &Event<'_>) -> ControlFlow<()> {
        match *event {
            Event::Resumed { finished } => {
                self.line(&format!(
                    "going on after generation {finished}, which is on disk"
                ));
            }
            Event::StageStarted {
                stage,
                generation,
                total,
            } => {
                self.start(stage, generation, total);
            }
            Event::Progress {
                stage,
                done,
                total,
                tokens_per_second,
                loss,
                ..
            } => {
                self.advance(done, total, tokens_per_second, loss, stage);
            }
            Event::StageFinished {
                stage,
                generation,
                seconds,
                tokens,
            } => {
                self.finish(stage, generation, seconds, tokens);
            }
            Event::GenerationFinished { metrics, .. } => {
                let perplexity = metrics.perplexity.perplexity;
                self.line(&format!(
                    "generation {} of {}: perplexity on real text {}",
                    metrics.generation,
                    self.generations,
                    significant(perplexity, 4)
                ));
            }
            Event::Warning { message } => self.line(&format!("warning: {message}")),
        }
        ControlFlow::Continue(())
    }
}
