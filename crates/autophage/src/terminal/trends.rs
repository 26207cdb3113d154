//! The table of a run: a row for each number, from the first generation to the last.

use autophage_lab::{LabError, Run};
use autophage_report::{
    BITS_PER_BYTE, Contrast, Headline, HeadlineValue, headlines, real_headlines,
};

use super::number::{percent, significant};
use super::screen;
use super::sparkline::sparkline;
use super::table::Table;

/// Fewer characters than this show no course.
const SHORTEST: usize = 6;
/// More than this say no more, however wide the screen is.
const LONGEST: usize = 60;
/// Characters of a label on a narrow screen.
const SHORT_LABEL: usize = 12;

/// Prints for every number its value in the real text, in the first and the last generation, how it
/// changed, and its course. Columns that do not fit are left out, the least telling first.
pub(crate) fn print(run: &Run) -> Result<(), LabError> {
    let finished = run.finished()?;
    let generations = (1..=finished)
        .map(|n| Ok(headlines(&run.metrics(n)?)))
        .collect::<Result<Vec<_>, LabError>>()?;
    let real = run.baseline()?.as_ref().map(real_headlines);
    let rows = rows(&generations, &real.unwrap_or_default());
    if rows.is_empty() {
        return Ok(());
    }
    let columns = screen::columns_to_fill();
    let fitting = Detail::ALL.iter().find_map(|detail| {
        let table = table(&rows, finished, *detail, columns);
        (table.width() <= columns).then_some(table)
    });
    fitting
        .unwrap_or_else(|| table(&rows, finished, Detail::LEAST, columns))
        .print();
    Ok(())
}

/// One number of all generations.
#[derive(Debug)]
struct Row {
    headline: Headline,
    real: Option<f64>,
    first: Option<HeadlineValue>,
    last: Option<HeadlineValue>,
    course: Vec<Option<f64>>,
}

fn rows(generations: &[Vec<HeadlineValue>], real: &[HeadlineValue]) -> Vec<Row> {
    let mut known: Vec<Headline> = Vec::new();
    for value in generations.iter().flatten() {
        // The perplexity again, in other units.
        if value.headline.key != BITS_PER_BYTE && !known.contains(&value.headline) {
            known.push(value.headline.clone());
        }
    }
    known
        .into_iter()
        .map(|headline| {
            let of = |values: &[HeadlineValue]| {
                let mut values = values.iter();
                values.find(|value| value.headline == headline).cloned()
            };
            Row {
                real: of(real).map(|value| value.value),
                first: generations.first().and_then(|values| of(values)),
                last: generations.last().and_then(|values| of(values)),
                course: generations
                    .iter()
                    .map(|values| of(values).map(|value| value.value))
                    .collect(),
                headline,
            }
        })
        .collect()
}

/// How much of the table is shown.
#[derive(Clone, Copy, Debug)]
struct Detail {
    errors: bool,
    real: bool,
    change: bool,
    whole_labels: bool,
}

impl Detail {
    const MOST: Self = Self {
        errors: true,
        real: true,
        change: true,
        whole_labels: true,
    };
    const LEAST: Self = Self {
        errors: false,
        real: false,
        change: false,
        whole_labels: false,
    };
    /// From the most to the least.
    const ALL: [Self; 5] = [
        Self::MOST,
        Self {
            errors: false,
            ..Self::MOST
        },
        Self {
            real: false,
            errors: false,
            ..Self::MOST
        },
        Self {
            whole_labels: true,
            ..Self::LEAST
        },
        Self::LEAST,
    ];
}

fn table(rows: &[Row], finished: u32, detail: Detail, columns: usize) -> Table {
    let several = finished > 1;
    let (first, last) = ("gen. 1", format!("gen. {finished}"));
    let mut titles = vec!["<"];
    titles.extend(detail.real.then_some("real text"));
    titles.push(first);
    if several {
        titles.push(&last);
        titles.extend(detail.change.then_some("change"));
    }
    let mut cells: Vec<Vec<String>> = rows.iter().map(|row| row.cells(several, detail)).collect();
    let mut numbers = Table::new(&titles);
    cells.iter().for_each(|row| numbers.row(row.clone()));
    if !several {
        return numbers;
    }
    // What the numbers leave of the line is for the course.
    let room = columns.saturating_sub(numbers.width() + 2);
    let longest = (finished as usize).min(LONGEST);
    let width = room.clamp(SHORTEST.min(longest), longest);
    titles.push(if width < 13 {
        "<trend"
    } else {
        "<by generation"
    });
    let mut table = Table::new(&titles);
    for (row, cells) in rows.iter().zip(&mut cells) {
        cells.push(sparkline(&row.course, width));
        table.row(std::mem::take(cells));
    }
    table
}

impl Row {
    fn cells(&self, several: bool, detail: Detail) -> Vec<String> {
        let mut cells = vec![self.label(detail)];
        if detail.real {
            cells.push(
                self.real
                    .map_or_else(String::new, |value| self.number(value)),
            );
        }
        cells.push(self.value(self.first.as_ref(), detail));
        if several {
            cells.push(self.value(self.last.as_ref(), detail));
            if detail.change {
                cells.push(self.change());
            }
        }
        cells
    }

    fn label(&self, detail: Detail) -> String {
        let label = &self.headline.label;
        if detail.whole_labels || label.chars().count() <= SHORT_LABEL {
            return label.clone();
        }
        let begin: String = label.chars().take(SHORT_LABEL - 1).collect();
        format!("{}…", begin.trim_end())
    }

    fn number(&self, value: f64) -> String {
        if self.headline.percent {
            return percent(value);
        }
        let digits = match self.headline.contrast {
            Contrast::Ratio => 4,
            Contrast::Difference => 3,
        };
        significant(value, digits)
    }

    fn value(&self, value: Option<&HeadlineValue>, detail: Detail) -> String {
        let Some(value) = value else {
            return "-".to_owned();
        };
        let number = self.number(value.value);
        match value.standard_error {
            // The error of the logarithm, times the number.
            Some((error, _)) if detail.errors => {
                format!("{number} ±{}", significant(error * value.value, 2))
            }
            _ => number,
        }
    }

    /// The last value in units of the first.
    fn change(&self) -> String {
        match (&self.first, &self.last) {
            (Some(first), Some(last)) if first.value != 0.0 => {
                format!("×{}", significant(last.value / first.value, 3))
            }
            _ => "-".to_owned(),
        }
    }
}
