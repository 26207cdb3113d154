//! The data of a figure as a table.

use std::fmt::Write;

use super::Figure;
use crate::csv::field;

impl Figure {
    /// The data as CSV (RFC 4180, with a line feed after every row): a row a point, and a row without
    /// an x for every reference value. Numbers have all their digits.
    pub fn csv(&self) -> String {
        let mut text = format!(
            "series,{},{},low,high\n",
            field(&self.x.column),
            field(&self.y.column)
        );
        for series in &self.series {
            for point in &series.points {
                let (low, high) = match point.interval {
                    Some((low, high)) => (low.to_string(), high.to_string()),
                    None => Default::default(),
                };
                let _ = writeln!(
                    text,
                    "{},{},{},{low},{high}",
                    field(&series.label),
                    point.x,
                    point.y
                );
            }
        }
        for reference in &self.references {
            let _ = writeln!(text, "{},,{},,", field(&reference.label), reference.y);
        }
        text
    }
}
