//! The recursion of retention against its closed forms.

use autophage_theory::{
    Asymptotics, Paradigm, Rate, RetentionSteps, Share, accumulate_subsample_retention,
    replace_retention, retention,
};

use super::Check;
use crate::LabError;

/// Both sides are sums and products in double precision.
const TOLERANCE: f64 = 1e-10;
const GENERATIONS: u32 = 2_000;

pub(super) fn checks() -> Result<Vec<Check>, LabError> {
    // Errors of all sizes, without a pattern that a closed form could be tuned to.
    let errors: Vec<f64> = (1..=GENERATIONS)
        .map(|n| 0.02 * (f64::from(n) * 0.7).sin().powi(2))
        .collect();
    let mut checks = vec![against(
        Paradigm::Replace,
        "Π 1/(1 + b_k)",
        &errors,
        replace_retention(&errors).map_err(LabError::forecast)?,
    )?];
    for rate in [0.01, 1.0, 30.0] {
        let rate = Rate::new(rate).expect("a rate");
        checks.push(against(
            Paradigm::AccumulateSubsample { rate },
            "closed form of accumulate-subsample",
            &errors,
            accumulate_subsample_retention(rate, &errors).map_err(LabError::forecast)?,
        )?);
    }
    checks.push(limit()?);
    Ok(checks)
}

fn against(
    paradigm: Paradigm,
    law: &'static str,
    errors: &[f64],
    closed: Vec<f64>,
) -> Result<Check, LabError> {
    let stepwise = retention(paradigm, errors).map_err(LabError::forecast)?;
    let (measured, expected) = stepwise
        .into_iter()
        .zip(closed)
        .max_by(|a, b| (a.0 - a.1).abs().total_cmp(&(b.0 - b.1).abs()))
        .expect("there are generations");
    Ok(Check::with_error(
        format!("{paradigm}: retention of {GENERATIONS} generations, worst"),
        law,
        measured,
        expected,
        TOLERANCE,
    ))
}

/// With the same real documents each time retention stays at ρ/(b + ρ).
fn limit() -> Result<Check, LabError> {
    let (share, error) = (Share::new(0.2).expect("a share"), 0.05);
    let paradigm = Paradigm::FixedShare { share };
    let mut steps = RetentionSteps::new(paradigm);
    let measured = (0..GENERATIONS).fold(1.0, |_, _| steps.step(error));
    let expected = match paradigm.asymptotics(error).map_err(LabError::forecast)? {
        Asymptotics::Limit { retention } => retention,
        other => unreachable!("a fixed share has a limit, not {other:?}"),
    };
    let name = format!("{paradigm}: retention in the long run");
    Ok(Check::with_error(
        name,
        "ρ/(b + ρ)",
        measured,
        expected,
        TOLERANCE,
    ))
}
