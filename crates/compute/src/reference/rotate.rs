//! Rotary position embedding.

use crate::HostMemory;
use crate::operation::{Rotate, Rotation};

pub(super) fn rotate(o: Rotate<'_, HostMemory>) {
    let Rotation {
        rows,
        heads,
        head_dimension,
        rotated,
    } = o.shape;
    let half = rotated / 2;
    for n in 0..rows {
        let table = &o.table[o.positions[n] as usize * rotated..][..rotated];
        for h in 0..heads {
            let head = &mut o.x[(n * heads + h) * head_dimension..][..head_dimension];
            for i in 0..half {
                let (a, b) = (f64::from(head[i]), f64::from(head[i + half]));
                let cos = f64::from(table[i]);
                let sin = f64::from(table[i + half]);
                let sin = if o.inverse { -sin } else { sin };
                head[i] = (a * cos - b * sin) as f32;
                head[i + half] = (b * cos + a * sin) as f32;
            }
        }
    }
}
