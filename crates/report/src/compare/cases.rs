//! Which runs belong together, and how the others differ.

use std::path::PathBuf;

use autophage_lab::{Experiment, Key, Run};
use serde::Serialize;

use super::Notes;
use crate::ReportError;

/// Runs that differ in nothing but their seed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Case {
    /// A letter: A, B, C …
    pub label: String,
    /// The paradigm, with its parameter.
    pub paradigm: String,
    /// The runs, of which none has the seed of another.
    pub runs: Vec<CaseRun>,
}

/// A run of a case.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CaseRun {
    /// Where it is.
    pub directory: PathBuf,
    /// Name of its experiment.
    pub name: String,
    /// Its seed.
    pub seed: u64,
    /// Number of its finished generations.
    pub finished: u32,
}

/// A setting in which cases differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct SettingDifference {
    /// The key of the experiment, with its sections.
    pub key: String,
    /// Its value in every case, as TOML; `null` where a case has no such key.
    pub values: Vec<Option<String>>,
}

impl SettingDifference {
    /// Whether these two cases differ in it.
    pub(super) fn between(&self, first: usize, second: usize) -> bool {
        self.values[first] != self.values[second]
    }
}

/// The keys that make a difference, with both values: not names, how far a run goes, how fast, and how
/// it rounds.
fn differences(first: &Experiment, second: &Experiment) -> Vec<autophage_lab::Difference> {
    let mut differences = first.differences(second);
    differences.retain(|difference| {
        Key::named(&difference.key).is_none_or(|key| key.effect.distinguishes())
    });
    differences
}

/// The cases, and of each the places of its runs.
pub(super) fn cases(
    runs: &[Run],
    each: bool,
    notes: &mut Notes,
) -> Result<(Vec<Case>, Vec<Vec<usize>>), ReportError> {
    let mut members: Vec<Vec<usize>> = Vec::new();
    for (place, run) in runs.iter().enumerate() {
        let experiment = run.experiment();
        let same_but_for_seed = |members: &&mut Vec<usize>| {
            let first = runs[members[0]].experiment();
            let differences = differences(first, experiment);
            !each
                && differences
                    .iter()
                    .all(|difference| difference.key == "seed")
        };
        let Some(case) = members.iter_mut().find(same_but_for_seed) else {
            members.push(vec![place]);
            continue;
        };
        let seed = |place: usize| runs[place].experiment().seed;
        match case.iter().find(|&&known| seed(known) == seed(place)) {
            Some(&known) => notes.add(format!(
                "{} is left out: it is the experiment of {} with the same seed, so it can tell \
                 nothing more",
                run.directory().display(),
                runs[known].directory().display()
            )),
            None => case.push(place),
        }
    }
    let cases = members
        .iter()
        .enumerate()
        .map(|(index, members)| case(index, members, runs))
        .collect::<Result<Vec<_>, ReportError>>()?;
    if cases.len() == 1 {
        notes.add(
            "the runs differ in nothing but their seed: they are one case, with nothing to compare \
             it with (--each compares them with each other)"
                .to_owned(),
        );
    }
    Ok((cases, members))
}

fn case(index: usize, members: &[usize], runs: &[Run]) -> Result<Case, ReportError> {
    let run = |&place: &usize| -> Result<CaseRun, ReportError> {
        let run = &runs[place];
        Ok(CaseRun {
            directory: run.directory().to_owned(),
            name: run.experiment().name.clone(),
            seed: run.experiment().seed,
            finished: run.finished()?,
        })
    };
    Ok(Case {
        label: letters(index),
        paradigm: runs[members[0]].experiment().paradigm.to_string(),
        runs: members.iter().map(run).collect::<Result<_, _>>()?,
    })
}

/// A … Z, AA, AB …
fn letters(index: usize) -> String {
    let last = char::from(b'A' + (index % 26) as u8);
    match index / 26 {
        0 => last.to_string(),
        more => format!("{}{last}", letters(more - 1)),
    }
}

/// The settings in which cases differ. Seeds are among them where every case is a single run.
pub(super) fn settings(runs: &[Run], members: &[Vec<usize>]) -> Vec<SettingDifference> {
    let first = runs[members[0][0]].experiment();
    let mut found: Vec<SettingDifference> = Vec::new();
    for (case, of_case) in members.iter().enumerate() {
        for difference in differences(first, runs[of_case[0]].experiment()) {
            if difference.key == "seed" && members.iter().any(|members| members.len() > 1) {
                continue;
            }
            let place = found.iter().position(|known| known.key == difference.key);
            let place = place.unwrap_or_else(|| {
                // Until another value is found, every case has that of the first.
                found.push(SettingDifference {
                    key: difference.key.clone(),
                    values: vec![difference.left.clone(); members.len()],
                });
                found.len() - 1
            });
            found[place].values[case] = difference.right;
        }
    }
    found.sort_by(|a, b| a.key.cmp(&b.key));
    found
}

/// The number of generations that all runs have.
pub(super) fn generations(cases: &[Case], notes: &mut Notes) -> Result<u32, ReportError> {
    let runs = || cases.iter().flat_map(|case| &case.runs);
    let common = runs().map(|run| run.finished).min().unwrap_or(0);
    if let Some(run) = runs().find(|run| run.finished == 0) {
        return Err(ReportError::NoGenerations {
            path: run.directory.clone(),
        });
    }
    for run in runs().filter(|run| run.finished > common) {
        notes.add(format!(
            "{} has {} generations; only the {common} that all runs have are compared",
            run.directory.display(),
            run.finished
        ));
    }
    Ok(common)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_go_on_after_z() {
        let labels: Vec<String> = [0, 1, 25, 26, 27, 51, 52, 701, 702]
            .into_iter()
            .map(letters)
            .collect();
        assert_eq!(labels, ["A", "B", "Z", "AA", "AB", "AZ", "BA", "ZZ", "AAA"]);
    }
}
