//! A hash table from contexts to the numbers of their nodes.

use super::context::Context;

/// An open-addressing table that is at most half full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Index {
    slots: Vec<Slot>,
    /// 64 − log2 of the number of slots.
    shift: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Slot {
    context: Context,
    /// [`EMPTY`] if the slot is free.
    node: u32,
}

const EMPTY: u32 = u32::MAX;

impl Index {
    /// The table that finds `contexts[i]` to be node i. No context is there twice.
    pub(super) fn new(contexts: &[Context]) -> Self {
        let size = (2 * contexts.len()).next_power_of_two().max(2);
        let free = Slot {
            context: Context {
                shorter: 0,
                oldest: 0,
            },
            node: EMPTY,
        };
        let mut index = Self {
            slots: vec![free; size],
            shift: u64::BITS - size.trailing_zeros(),
        };
        for (node, &context) in (0..).zip(contexts) {
            let mut place = index.first_place(context);
            while index.slots[place].node != EMPTY {
                place = index.after(place);
            }
            index.slots[place] = Slot { context, node };
        }
        index
    }

    /// The node of a context.
    pub(super) fn find(&self, context: Context) -> Option<u32> {
        let mut place = self.first_place(context);
        loop {
            let slot = &self.slots[place];
            if slot.node == EMPTY {
                return None;
            }
            if slot.context == context {
                return Some(slot.node);
            }
            place = self.after(place);
        }
    }

    /// Fibonacci hashing: the top bits of a product with 2⁶⁴ divided by the golden ratio.
    fn first_place(&self, context: Context) -> usize {
        let key = u64::from(context.shorter) << 32 | u64::from(context.oldest);
        (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> self.shift) as usize
    }

    fn after(&self, place: usize) -> usize {
        (place + 1) & (self.slots.len() - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn finds_what_is_there_and_nothing_else(
            keys in prop::collection::btree_set((0u32..40, 0u32..40), 0..200),
        ) {
            let context = |(shorter, oldest): (u32, u32)| Context { shorter, oldest };
            let contexts: Vec<Context> = keys.iter().copied().map(context).collect();
            let index = Index::new(&contexts);
            for key in (0..40).flat_map(|shorter| (0..40).map(move |oldest| (shorter, oldest))) {
                let expected = contexts.binary_search(&context(key)).ok().map(|i| i as u32);
                prop_assert_eq!(index.find(context(key)), expected);
            }
        }
    }
}
