//! The mathematics of model collapse: paradigms as mixtures, error terms, retention, forecasts, and
//! the exact laws of pure resampling. Numbers in, numbers out: no files, no models, no tokens.
//!
//! The derivations are in `docs/theory.md`. "The paper" is Wang et al., *Theoretical Proof that
//! Auto-regressive Language Models Collapse when Real-world Data is a Finite Set*
//! (arXiv 2412.14872).

#![forbid(unsafe_code)]

mod asymptotics;
mod bootstrap;
mod error;
mod error_term;
mod fit;
mod forecast;
mod interval;
mod mixture;
mod paradigm;
mod retention;
mod sampling_laws;
mod special_functions;
mod student;

pub use asymptotics::{
    Asymptotics, accumulate_subsample_divergence, exponent, half_life, replace_divergence,
};
pub use bootstrap::{Bootstrap, Estimate};
pub use error::TheoryError;
pub use error_term::{
    ErrorSplit, ErrorTerm, decompose, decompose_event, decompose_ln, direct_retention,
    event_error_interval, split, total_error_bound,
};
pub use fit::{ErrorModel, Fit};
pub use forecast::{
    Forecast, ForecastScore, ThresholdForecast, forecast_event, forecast_perplexity,
    forecast_retention, forecast_threshold,
};
pub use interval::{Interval, clopper_pearson, wilson};
pub use mixture::{Composition, Mixture, Shares};
pub use paradigm::{Paradigm, ParadigmError, Rate, Share};
pub use retention::{
    RetentionSteps, UnnormalisedSeries, accumulate_subsample_retention, generation_below,
    perplexity_bound, replace_retention, residuals, retention, retention_of_mixtures,
    unnormalised_series,
};
pub use sampling_laws::{
    accumulate_heterozygosity, accumulate_heterozygosity_limit,
    accumulate_subsample_heterozygosity, expected_distinct_types, heterozygosity,
    mean_time_to_total_collapse, replace_heterozygosity, survival,
};
pub use student::{MeanDifference, SampleMean, student_t};
