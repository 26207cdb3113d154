//! What a backend computed from a buffer of weights and keeps until the weights change.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use super::Aligned;

/// Rearranged copies of a buffer. They depend on nothing but its numbers and their [`Layout`].
#[derive(Debug, Default)]
pub(crate) struct Derived {
    copies: [OnceLock<Copy>; 2],
    /// Memory of copies that are no longer valid.
    spare: Mutex<Vec<Aligned>>,
}

/// How a copy is arranged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Layout {
    /// Which copy it is.
    pub(crate) order: Order,
    /// Rows and columns of the matrix.
    pub(crate) sizes: [usize; 2],
    /// Numbers in a word.
    pub(crate) numbers: usize,
    /// Words in a row of a panel.
    pub(crate) width: usize,
}

/// What follows each other in a copy of a matrix of weights (outputs, inputs).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Rows as they are.
    Rows,
    /// Panels of outputs, with words along the inputs.
    AlongInputs,
    /// Panels of inputs, with words along the outputs.
    AlongOutputs,
}

#[derive(Debug)]
struct Copy {
    layout: Layout,
    words: Aligned,
}

impl Derived {
    /// The copy of this layout, which `make` writes if it is not there; `None` where a copy of
    /// another layout is in its place.
    pub(crate) fn get(
        &self,
        layout: Layout,
        len: usize,
        make: impl FnOnce(&mut [f32]),
    ) -> Option<&[f32]> {
        let place = match layout.order {
            Order::Rows | Order::AlongInputs => 0,
            Order::AlongOutputs => 1,
        };
        let place = &self.copies[place];
        if place.get().is_none() {
            // Not inside the cell, whose lock must not be held while other threads help to write.
            let mut words = self.take_spare(len);
            make(&mut words);
            if let Err(late) = place.set(Copy { layout, words }) {
                self.spare().push(late.words);
            }
        }
        let copy = place.get()?;
        (copy.layout == layout).then_some(&copy.words[..])
    }

    /// Forgets all copies: the numbers change.
    pub(super) fn clear(&mut self) {
        let copies = self.copies.iter_mut().filter_map(OnceLock::take);
        let spare = self.spare.get_mut();
        let spare = spare.unwrap_or_else(PoisonError::into_inner);
        spare.extend(copies.map(|copy| copy.words));
    }

    fn spare(&self) -> MutexGuard<'_, Vec<Aligned>> {
        // A list of memory is valid whatever a thread that held it was doing.
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_spare(&self, len: usize) -> Aligned {
        let mut spare = self.spare();
        match spare.iter().position(|words| words.len() == len) {
            Some(index) => spare.swap_remove(index),
            None => Aligned::working(len),
        }
    }
}
