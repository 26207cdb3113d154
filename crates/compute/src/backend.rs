//! The contract between a model and the device it runs on.

use crate::Device;
use crate::operation::{self, for_each_operation};

macro_rules! backend {
    ($($method:ident: $arguments:ident,)*) => {
        /// The operations of a transformer on a device. [`operation`] says what each computes.
        ///
        /// *Determinism.* The same operands give the same bits for any number of threads, and a row of a
        /// result does not depend on which other rows, or how many, are computed with it.
        ///
        /// # Panics
        /// An operation panics where [`Arguments::check`](operation::Arguments::check) does: operands
        /// that do not fit their shape are a defect of the caller.
        pub trait Backend: Device {
            $(
                #[doc = concat!("[`operation::", stringify!($arguments), "`].")]
                fn $method(&self, arguments: operation::$arguments<'_, Self::Memory>);
            )*
        }
    };
}

for_each_operation!(backend);
