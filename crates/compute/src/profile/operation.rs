//! The operations by name.

use std::fmt;

use crate::HostMemory;
use crate::operation::{self, Arguments, for_each_operation};

macro_rules! operations {
    ($($method:ident: $arguments:ident,)*) => {
        /// What a backend does, as a profile lists it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Operation {
            /// Numbers and indices to the device.
            Write,
            /// Numbers, indices and totals from the device.
            Read,
            $(
                #[doc = concat!("[`operation::", stringify!($arguments), "`].")]
                $arguments,
            )*
        }

        impl Operation {
            /// All of them, in order.
            pub const ALL: &[Self] = &[Self::Write, Self::Read, $(Self::$arguments,)*];

            /// The name of the method.
            pub fn name(self) -> &'static str {
                match self {
                    Self::Write => "write",
                    Self::Read => "read",
                    $(Self::$arguments => stringify!($method),)*
                }
            }

            /// See [`Arguments::MATRIX_SHARE`].
            pub fn matrix_share(self) -> f64 {
                match self {
                    Self::Write | Self::Read => 0.0,
                    $(Self::$arguments => operation::$arguments::<HostMemory>::MATRIX_SHARE,)*
                }
            }
        }

        #[cfg(test)]
        mod tests {
            use super::*;

            #[test]
            fn arguments_name_their_method() {
                $(
                    assert_eq!(operation::$arguments::<HostMemory>::NAME, stringify!($method));
                )*
            }

            #[test]
            fn operations_stand_at_their_place() {
                for (index, &operation) in Operation::ALL.iter().enumerate() {
                    assert_eq!(operation as usize, index, "{operation}");
                }
            }
        }
    };
}

for_each_operation!(operations);

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
