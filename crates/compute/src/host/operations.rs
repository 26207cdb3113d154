//! From the operations of a [`Backend`](crate::Backend) to the functions that compute them.

/// Implements [`Backend`](crate::Backend) for a backend in the memory of the host: every method checks
/// its arguments and hands them to a function, after a reference to the field that is named, if one is.
macro_rules! host_operations {
    ($backend:ident $context:tt: $($method:ident: $arguments:ident => $function:path,)*) => {
        impl $crate::Backend for $backend {
            $(
                fn $method(
                    &self,
                    arguments: $crate::operation::$arguments<'_, $crate::HostMemory>,
                ) {
                    $crate::operation::Arguments::check(&arguments);
                    $crate::host::host_operations!(@call $function, self, $context, arguments);
                }
            )*
        }
    };
    (@call $function:path, $this:ident, (), $arguments:ident) => {
        $function($arguments)
    };
    (@call $function:path, $this:ident, ($field:ident), $arguments:ident) => {
        $function(&$this.$field, $arguments)
    };
}

pub(crate) use host_operations;
