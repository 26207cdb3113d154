//! A comparison as a table for other programs.

use std::fmt::Write;

use autophage_theory::Interval;

use super::{Comparison, Method};
use crate::csv::field;
use crate::headline::Contrast;

impl Comparison {
    /// The rows as CSV (RFC 4180, with a line feed after every row). Numbers have all their digits.
    pub fn csv(&self) -> String {
        let mut text = "generation,metric,case,runs,value,low,high,first,contrast,estimate,\
                        estimate_low,estimate_high,method\n"
            .to_owned();
        for row in &self.rows {
            let (low, high) = ends(row.interval);
            let _ = write!(
                text,
                "{},{},{},{},{},{low},{high},",
                row.generation,
                field(&row.metric),
                row.case,
                row.runs,
                row.value
            );
            match &row.against_first {
                Some(against) => {
                    let (low, high) = ends(against.interval);
                    let contrast = match against.contrast {
                        Contrast::Ratio => "ratio",
                        Contrast::Difference => "difference",
                    };
                    let method = match against.method {
                        Method::PairedDocuments { .. } => "paired-documents",
                        Method::IndependentDocuments => "independent-documents",
                        Method::Seeds => "seeds",
                        Method::None => "",
                    };
                    let _ = writeln!(
                        text,
                        "{},{contrast},{},{low},{high},{method}",
                        self.cases[0].label, against.estimate
                    );
                }
                None => text.push_str(",,,,,\n"),
            }
        }
        text
    }
}

fn ends(interval: Option<Interval>) -> (String, String) {
    interval.map_or_else(Default::default, |interval| {
        (interval.low.to_string(), interval.high.to_string())
    })
}
