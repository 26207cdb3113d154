//! What a person sees of one or several runs: figures, tables, and one self-contained page.
//!
//! [`RunData`] is all that is shown of a run directory. [`figures`] describes every figure of some
//! runs, and a [`Figure`] is drawn as SVG or PNG, or written as CSV. [`page`] puts everything into one
//! HTML file that needs no network. [`compare`] sets runs against each other, with the uncertainty of
//! every difference. Nothing here trains, samples or measures.

#![forbid(unsafe_code)]

mod compare;
mod csv;
mod error;
mod export;
mod figure;
mod figures;
mod headline;
pub mod number;
mod page;
mod run_data;
mod serve;
#[cfg(test)]
mod testing;
mod verdict;
mod write;

pub use compare::{
    Against, Case, CaseRun, CompareOptions, Comparison, ComparisonRow, Method, SettingDifference,
    compare,
};
pub use error::ReportError;
pub use export::{MetricRow, metric_rows, write_csv, write_parquet, write_tensorboard};
pub use figure::{Axis, Colour, Figure, Mark, Point, Reference, Scale, Section, Series};
pub use figures::figures;
pub use headline::{
    BITS_PER_BYTE, Contrast, Headline, HeadlineValue, PERPLEXITY, headlines, real_headlines,
};
pub use page::{PageOptions, page};
pub use run_data::{
    Conditional, ContinuationRow, ErrorData, GenerationData, InitialData, Outlook, ProbeContext,
    RunData, RunState, Sample,
};
pub use serve::{ServeError, Server};
pub use verdict::{Trend, Verdict};
pub use write::{RunPage, write_figures, write_page};
