//! Tables of aligned columns, without rules: they read well in a terminal, a log and a mail.

use anstyle::Style;
use comfy_table::{CellAlignment, ContentArrangement, Table as Layout, presets};
use unicode_width::UnicodeWidthStr;

use super::{say, screen};

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
                .map(|title| screen::shown(title.strip_prefix('<').unwrap_or(title)))
                .collect(),
            left: titles.iter().map(|title| title.starts_with('<')).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row with one cell for each column.
    pub(crate) fn row(&mut self, cells: Vec<String>) {
        debug_assert_eq!(cells.len(), self.header.len());
        self.rows
            .push(cells.iter().map(|cell| screen::shown(cell)).collect());
    }

    /// Prints the table to standard output; colour only where that is a terminal that wants it. A
    /// table that is wider than the screen goes on below, its first column repeated.
    pub(crate) fn print(&self) {
        let bold = Style::new().bold();
        for (block, columns) in self.blocks(screen::columns()).iter().enumerate() {
            if block > 0 {
                say!("");
            }
            for (index, line) in self.lines(columns).iter().enumerate() {
                if index == 0 {
                    say!("{bold}{line}{bold:#}");
                } else {
                    say!("{line}");
                }
            }
        }
    }

    /// The number of columns of the screen that the table takes.
    pub(crate) fn width(&self) -> usize {
        let all: Vec<usize> = (0..self.header.len()).collect();
        self.lines(&all)
            .iter()
            .map(|line| line.width())
            .max()
            .unwrap_or(0)
    }

    /// Which columns stand side by side.
    fn blocks(&self, screen: Option<usize>) -> Vec<Vec<usize>> {
        let widths: Vec<usize> = (0..self.header.len())
            .map(|column| {
                let cells = self.rows.iter().map(|row| &row[column]);
                let widths = cells.chain([&self.header[column]]).map(|cell| cell.width());
                widths.max().unwrap_or(0)
            })
            .collect();
        let Some(screen) = screen.filter(|_| !widths.is_empty()) else {
            return vec![(0..widths.len()).collect()];
        };
        let mut blocks = vec![vec![0]];
        let mut taken = widths[0];
        for (column, width) in widths.iter().enumerate().skip(1) {
            let block = blocks.last_mut().expect("there is always a block");
            if taken + GAP + width <= screen || block.len() == 1 {
                taken += GAP + width;
                block.push(column);
            } else {
                taken = widths[0] + GAP + width;
                blocks.push(vec![0, column]);
            }
        }
        blocks
    }

    /// The lines of these columns, the header first.
    fn lines(&self, columns: &[usize]) -> Vec<String> {
        let pick = |row: &[String]| -> Vec<String> {
            columns.iter().map(|&column| row[column].clone()).collect()
        };
        let mut layout = Layout::new();
        layout
            .load_style(presets::NOTHING)
            .set_content_arrangement(ContentArrangement::Disabled);
        layout.set_header(pick(&self.header));
        layout.add_rows(self.rows.iter().map(|row| pick(row)));
        for (place, &index) in columns.iter().enumerate() {
            let column = layout.column_mut(place).expect("a column for every title");
            column.set_padding((if place == 0 { 0 } else { 1 }, 1));
            column.set_cell_alignment(if self.left[index] {
                CellAlignment::Left
            } else {
                CellAlignment::Right
            });
        }
        let lines = layout.lines();
        lines.map(|line| line.trim_end().to_owned()).collect()
    }
}

/// Columns between two columns of a table.
const GAP: usize = 2;

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
    use super::*;

    #[test]
    fn a_wide_table_goes_on_below() {
        let mut table = Table::new(&["<key", "one", "two", "three"]);
        table.row(["k", "1", "22222", "3"].map(str::to_owned).to_vec());
        assert_eq!(table.width(), 3 + 2 + 3 + 2 + 5 + 2 + 5);
        assert_eq!(table.blocks(None), [[0, 1, 2, 3]]);
        assert_eq!(table.blocks(Some(22)), [[0, 1, 2, 3]]);
        assert_eq!(table.blocks(Some(21)), [vec![0, 1, 2], vec![0, 3]]);
        // Nothing fits, and nothing is lost.
        assert_eq!(table.blocks(Some(1)), [[0, 1], [0, 2], [0, 3]]);
        assert_eq!(table.lines(&[0, 3]), ["key  three", "k        3"]);
    }

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
