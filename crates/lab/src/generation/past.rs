//! What later generations need of the earlier ones.

use crate::curation::{Curator, Pool};
use crate::lineage::GenerationErrors;
use crate::manifest::read_json;
use crate::{LabError, Layout, Metrics, remedy};

/// What later generations need of the earlier ones, as their directories have it.
#[derive(Default)]
pub(crate) struct Past {
    /// What they wrote, as far as it goes on.
    pub(crate) pools: Vec<Pool>,
    /// Their error terms; none where no context is tracked.
    pub(crate) errors: Vec<GenerationErrors>,
    /// Epochs that generation 1 was trained.
    pub(crate) epochs: Option<u32>,
}

impl Past {
    /// Reads generation `n`, the next one, from its directory.
    ///
    /// # Errors
    /// Files that are damaged, or the work of another curator than `curator`.
    pub(crate) fn read(
        &mut self,
        layout: &Layout,
        n: u32,
        curator: &dyn Curator,
    ) -> Result<(), LabError> {
        let generation = layout.generation(n);
        let remedy = remedy::generation(layout, n);
        let metrics: Metrics = read_json(&generation.metrics(), &remedy)?;
        let pool = Pool::of_generation(&generation, &remedy)?;
        let (recorded, wanted) = (pool.selection().curator(), curator.name());
        if recorded != wanted {
            return Err(LabError::OtherCurator {
                path: generation.selection(),
                recorded: recorded.to_owned(),
                wanted,
            });
        }
        if generation.errors().exists() {
            self.errors.push(read_json(&generation.errors(), &remedy)?);
        }
        self.epochs.get_or_insert(metrics.training.epochs);
        self.pools.push(pool);
        Ok(())
    }
}
