//! Products of matrices.

mod left;
mod microkernel;
mod operand;
mod pack;
mod product;
mod right;

pub(super) use left::{LeftLayout, PackLeft};
pub(super) use microkernel::{MAX_PANEL, add_products, multiply_ahead, multiply_words};
pub(super) use operand::Operand;
pub(super) use pack::{pack_rows, pack_scaled_rows, pack_transposed};
pub(super) use product::{Start, matmul};
pub(super) use right::{Right, pack_right, packed_len};
