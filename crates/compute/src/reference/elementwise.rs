//! Filling and adding.

use crate::HostMemory;
use crate::operation::{Add, Fill};

pub(super) fn fill(o: Fill<'_, HostMemory>) {
    for x in o.buffer.iter_mut() {
        *x = o.value;
    }
}

pub(super) fn add(o: Add<'_, HostMemory>) {
    for i in 0..o.shape.elements() {
        o.out[i] += o.x[i];
    }
}
