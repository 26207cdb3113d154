//! Attention: of whole sequences, its gradient, and one step of it with a cache.
//!
//! There are two sets of kernels for whole sequences, for heads of few channels and for all others.

mod backward;
mod backward_narrow;
mod backward_tiled;
mod cache;
mod cached;
mod forward;
mod forward_narrow;
mod forward_tiled;
mod head;
mod mask;
mod narrow;
mod tile;

pub(super) use backward::attention_backward;
pub(super) use cache::cache_len;
pub(super) use cached::attention_cached;
pub(super) use forward::attention;
