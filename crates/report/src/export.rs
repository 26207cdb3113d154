//! The measurements of runs for other programs: tidy tables, and TensorBoard's event files.

mod event;
mod parquet;
mod record;
mod table;
mod tensorboard;

pub use table::{MetricRow, metric_rows, write_csv};

pub use self::parquet::write_parquet;
pub use tensorboard::write_tensorboard;
