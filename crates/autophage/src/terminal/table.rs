//! Tables of aligned columns, without rules: they read well in a terminal, a log and a mail.

use anstyle::Style;
use comfy_table::{CellAlignment, ContentArrangement, Table as Layout, presets};

use super::say;

/// A table with a bold header; the first column is text, the others are aligned as asked.
#[derive(Debug)]
pub(crate) struct Table {
    header: Vec<String>,
    left: Vec<bool>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table whose columns hold numbers (right-aligned), except those whose title begins with
    /// `<`, which hold text.
    pub(crate) fn new(titles: &[&str]) -> Self {
        Self {
            header: titles
                .iter()
                .map(|title| title.trim_start_matches('<').to_owned())
                .collect(),
            left: titles.iter().map(|title| title.starts_with('<')).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row with one cell for each column.
    pub(crate) fn row(&mut self, cells: Vec<String>) {
        debug_assert_eq!(cells.len(), self.header.len());
        self.rows.push(cells);
    }

    /// Prints the table to standard output; colour only where that is a terminal that wants it.
    pub(crate) fn print(&self) {
        let mut layout = Layout::new();
        layout
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Disabled);
        layout.set_header(&self.header);
        layout.add_rows(&self.rows);
        for (index, left) in self.left.iter().enumerate() {
            let column = layout.column_mut(index).expect("a column for every title");
            column.set_padding((if index == 0 { 0 } else { 1 }, 1));
            column.set_cell_alignment(if *left {
                CellAlignment::Left
            } else {
                CellAlignment::Right
            });
        }
        let bold = Style::new().bold();
        for (index, line) in layout.lines().enumerate() {
            let line = line.trim_end();
            if index == 0 {
                say!("{bold}{line}{bold:#}");
            } else {
                say!("{line}");
            }
        }
    }
}

/// Which of the rows 1 to `last` a table of at most `most` rows shows: all if they are few, else ever
/// sparser ones, with the first and the last among them.
pub(crate) fn spread(last: usize, most: usize) -> Vec<usize> {
    if last <= most {
        return (1..=last).collect();
    }
    let ratio = (last as f64).powf(1.0 / (most - 1) as f64);
    let mut shown: Vec<usize> = (0..most)
        .map(|i| (ratio.powi(i as i32).round() as usize).clamp(1, last))
        .collect();
    shown.dedup();
    shown
}

#[cfg(test)]
mod tests {
    use super::spread;

    #[test]
    fn the_rows_shown_begin_with_1_and_end_with_the_last() {
        for last in [1, 7, 20, 21, 40, 1000, 1_000_000] {
            let rows = spread(last, 20);
            assert_eq!((rows[0], *rows.last().unwrap()), (1, last));
            assert!(rows.is_sorted_by(|a, b| a < b), "{rows:?}");
            assert!(rows.len() <= 20);
        }
    }
}
