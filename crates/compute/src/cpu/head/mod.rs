//! The output layer: logits, and what is made of them without storing them.

mod first_pass;
mod gradients;
mod logits;
mod loss_operands;
mod losses;
mod operands;
mod partition;
mod sample;
mod second_pass;
mod tile;

pub(super) use gradients::losses_backward;
pub(super) use logits::logits;
pub(super) use losses::losses;
pub(super) use sample::sample;
