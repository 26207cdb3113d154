//! From the generations before to the next one.

use super::common::Common;
use super::draft::Draft;
use super::past::Past;
use super::steps::STEPS;
use crate::manifest::{read_json, write_json};
use crate::reporter::{Halt, Reporter};
use crate::{GenerationLayout, Metrics, Timing, remedy, scratch};

/// Makes generation `n` and adds it to the past.
pub(crate) fn make(
    common: &Common<'_>,
    n: u32,
    past: &mut Past,
    reporter: &mut Reporter<'_>,
) -> Result<(Metrics, Timing), Halt> {
    let finished = common.layout.generation(n);
    let unfinished = scratch::fresh(finished.directory())?;
    let files = GenerationLayout::new(&unfinished);
    let set = common.composer.compose(n, &past.pools)?;
    write_json(&files.provenance(), &set.provenance)?;
    let mut draft = Draft::new(n, &set, past, files.clone());
    let mut timing = Timing::new(n);
    for step in STEPS {
        if step.is_shown(common) {
            reporter.start(step.stage(), n, step.total(common, &draft)?);
            let tokens = step.work(common, &mut draft, reporter)?;
            *timing.stages.entry(step.stage()) = reporter.finish(tokens)?;
        } else {
            step.work(common, &mut draft, reporter)?;
        }
    }
    write_json(&files.timing(), &timing)?;
    scratch::commit(&unfinished, finished.directory())?;
    past.read(common.layout, n, common.curator)?;
    let metrics = read_json(&finished.metrics(), &remedy::generation(common.layout, n))?;
    Ok((metrics, timing))
}
