//! The memory of the host as a device has it.

/// The methods of [`Device`](crate::Device) that are the same for every backend in the memory of the
/// host; to be used inside an implementation of that trait.
macro_rules! host_memory {
    () => {
        type Memory = $crate::HostMemory;

        fn zeros(&self, len: usize) -> Result<$crate::HostBuffer, $crate::OutOfMemory> {
            $crate::HostBuffer::zeros(len)
        }

        fn write(&self, buffer: &mut $crate::HostBuffer, start: usize, values: &[f32]) {
            let range = $crate::check::range_of("write", buffer.len(), start, values.len());
            buffer[range].copy_from_slice(values);
        }

        fn read(&self, buffer: &$crate::HostBuffer, start: usize, values: &mut [f32]) {
            let range = $crate::check::range_of("read", buffer.len(), start, values.len());
            values.copy_from_slice(&buffer[range]);
        }

        fn indices(&self, values: &[u32]) -> Result<$crate::HostIndices, $crate::OutOfMemory> {
            $crate::HostIndices::new(values)
        }

        fn read_indices(&self, indices: &$crate::HostIndices, values: &mut [u32]) {
            let range = $crate::check::range_of("read_indices", indices.len(), 0, values.len());
            values.copy_from_slice(&indices[range]);
        }

        fn totals(&self, len: usize) -> Result<$crate::HostTotals, $crate::OutOfMemory> {
            $crate::HostTotals::new(len)
        }

        fn write_totals(&self, totals: &mut $crate::HostTotals, values: &[f64]) {
            let have = totals.get().len();
            assert_eq!(have, values.len(), "write_totals: {have} totals");
            totals.get_mut().copy_from_slice(values);
        }

        fn read_totals(&self, totals: &$crate::HostTotals) -> Vec<f64> {
            totals.get().to_vec()
        }
    };
}

pub(crate) use host_memory;
