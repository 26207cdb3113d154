//! Every figure of some runs.

mod collapse;
mod diversity;
mod histogram;
mod making;
mod quantity;
mod theorem;

use crate::{Axis, Figure, GenerationData, RunData, Scale};

/// Describes all figures of `runs`, in the order of the page. A figure for which no run has data is
/// left out.
pub fn figures(runs: &[RunData]) -> Vec<Figure> {
    let shown = Shown::new(runs);
    let mut figures = Vec::new();
    collapse::add(&shown, &mut figures);
    theorem::add(&shown, &mut figures);
    diversity::add(&shown, &mut figures);
    making::add(&shown, &mut figures);
    figures.retain(|figure: &Figure| figure.points().any(|point| point.is_finite()));
    figures
}

/// The runs of a report.
pub(crate) struct Shown<'a> {
    pub(crate) runs: &'a [RunData],
    /// A name for each, no two the same.
    pub(crate) names: Vec<String>,
}

impl<'a> Shown<'a> {
    pub(crate) fn new(runs: &'a [RunData]) -> Self {
        Self {
            runs,
            names: names(runs),
        }
    }

    /// Whether there is only one, which then needs not be named.
    pub(crate) fn single(&self) -> bool {
        self.runs.len() == 1
    }

    /// The runs with their numbers and names.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &RunData, &str)> {
        let names = self.names.iter().map(String::as_str);
        let runs = self.runs.iter().zip(names).enumerate();
        runs.map(|(index, (run, name))| (index, run, name))
    }

    /// Names of the stages that any of the runs has, in the order in which they were run.
    pub(crate) fn stages(&self) -> Vec<&'a str> {
        let mut stages: Vec<&str> = Vec::new();
        for run in self.runs {
            let mut place = 0;
            for stage in run.stages() {
                match stages.iter().position(|known| *known == stage) {
                    Some(known) => place = known + 1,
                    // After the one that it follows in its run.
                    None => {
                        stages.insert(place, stage);
                        place += 1;
                    }
                }
            }
        }
        stages
    }

    /// The end of a figure's name and what it is called among its alternatives, where each run has
    /// one of its own.
    fn of_run(&self, index: usize) -> (String, String) {
        match self.single() {
            true => Default::default(),
            false => (format!("-{}", index + 1), self.names[index].clone()),
        }
    }
}

/// A name for each run, no two the same: that of its directory, with its paradigm or its number where
/// that is not enough.
fn names(runs: &[RunData]) -> Vec<String> {
    let unique = |names: &[String]| {
        let mut sorted: Vec<&String> = names.iter().collect();
        sorted.sort_unstable();
        sorted.windows(2).all(|pair| pair[0] != pair[1])
    };
    let mut names: Vec<String> = runs.iter().map(|run| printable(run.name())).collect();
    if !unique(&names) {
        for (name, run) in names.iter_mut().zip(runs) {
            *name = format!("{name} ({})", run.experiment().paradigm);
        }
    }
    if !unique(&names) {
        for (index, name) in names.iter_mut().enumerate() {
            *name = format!("{} · {name}", index + 1);
        }
    }
    names
}

/// Text of a model or an experiment as a name: white space at its ends is dropped, and what has no
/// shape is shown by its code. A text of nothing else is in quotation marks.
pub(crate) fn printable(text: &str) -> String {
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return format!("{text:?}");
    }
    let mut result = String::new();
    for character in trimmed.chars() {
        if character.is_control() {
            result.extend(character.escape_default());
        } else {
            result.push(character);
        }
    }
    result
}

/// The axis of generations.
fn generation_axis() -> Axis {
    Axis {
        label: "generation".to_owned(),
        column: "generation".to_owned(),
        scale: Scale::Linear,
        whole: true,
        from: Some(1.0),
        to: None,
    }
}

/// A vertical axis that begins with the data.
fn axis(label: &str, column: &str) -> Axis {
    Axis {
        label: label.to_owned(),
        column: column.to_owned(),
        scale: Scale::Linear,
        whole: false,
        from: None,
        to: None,
    }
}

/// At most `most` of the generations, evenly spread, with the first and the last among them.
pub(crate) fn spread(generations: &[GenerationData], most: usize) -> Vec<&GenerationData> {
    let count = generations.len();
    if count <= most {
        return generations.iter().collect();
    }
    let last = most.max(2) - 1;
    let place = |i: usize| (i * (count - 1) + last / 2) / last;
    (0..=last).map(|i| &generations[place(i)]).collect()
}
