//! Products of pairs of bf16 numbers with the matrix unit AMX.
//!
//! The unit has eight tiles of up to 16 rows of 64 bytes. One instruction adds the product of a tile
//! of 16 × 32 numbers and a tile of 32 × 16 (as pairs, 16 × 16 words each) to a tile of 16 × 16 sums.
//! A block of the product is two by two tiles, which needs two loads for two products. The
//! instructions are written as assembly because their intrinsics are not stable. What is built on
//! them is written over [`Tiles`](tiles::Tiles), so that it is tested on every machine with tiles in
//! memory.

mod availability;
mod multiply;
mod tiles;

pub(super) use availability::is_available;
pub(super) use multiply::multiply;
