//! The tiles of the matrix unit, and its instructions.

use std::arch::asm;
use std::cell::Cell;

#[cfg(test)]
use crate::cpu::bf16;

/// Rows of a tile, and words in a row.
pub(super) const SIDE: usize = 16;

/// Words of a tile.
pub(super) const WORDS: usize = SIDE * SIDE;

/// The operations of a matrix unit on its tiles, numbered 0 to 7.
pub(super) trait Tiles {
    /// Sets a tile to 0.
    fn zero<const TILE: usize>(&mut self);

    /// Reads a tile from rows `row` words apart.
    ///
    /// # Safety
    /// The rows must be readable.
    unsafe fn load<const TILE: usize>(&mut self, start: *const f32, row: usize);

    /// Writes a tile to rows `row` words apart.
    ///
    /// # Safety
    /// The rows must be writable.
    unsafe fn store<const TILE: usize>(&mut self, start: *mut f32, row: usize);

    /// Adds the product of two tiles of pairs to a tile of sums.
    fn add_product<const SUMS: usize, const LEFT: usize, const RIGHT: usize>(&mut self);
}

/// The matrix unit of the processor, configured on this thread.
pub(super) struct Unit(());

impl Unit {
    /// Configures the tiles of this thread, once: nothing else in this process uses them.
    ///
    /// # Safety
    /// AMX must be available.
    #[inline(always)]
    pub(super) unsafe fn configured() -> Self {
        thread_local! {
            static CONFIGURED: Cell<bool> = const { Cell::new(false) };
        }
        if !CONFIGURED.get() {
            // SAFETY: what the caller promises.
            unsafe { configure() };
            CONFIGURED.set(true);
        }
        Self(())
    }
}

/// All eight tiles have 16 rows of 64 bytes.
///
/// # Safety
/// AMX must be available.
#[cold]
unsafe fn configure() {
    #[repr(C, align(64))]
    struct Configuration {
        palette: u8,
        start_row: u8,
        reserved: [u8; 14],
        bytes_in_a_row: [u16; 16],
        rows: [u8; 16],
    }
    let mut configuration = Configuration {
        palette: 1,
        start_row: 0,
        reserved: [0; 14],
        bytes_in_a_row: [0; 16],
        rows: [0; 16],
    };
    configuration.bytes_in_a_row[..8].fill(4 * SIDE as u16);
    configuration.rows[..8].fill(SIDE as u8);
    // SAFETY: the instruction reads the 64 bytes of the configuration, which is valid for palette 1.
    unsafe {
        asm!(
            "ldtilecfg [{0}]",
            in(reg) &raw const configuration,
            options(nostack, preserves_flags, readonly),
        );
    }
}

/// One instruction for each of the eight tiles.
macro_rules! of_tile {
    ($tile:expr, $before:literal, $after:literal, $($operands:tt)*) => {
        match $tile {
            0 => asm!(concat!($before, "tmm0", $after), $($operands)*),
            1 => asm!(concat!($before, "tmm1", $after), $($operands)*),
            2 => asm!(concat!($before, "tmm2", $after), $($operands)*),
            3 => asm!(concat!($before, "tmm3", $after), $($operands)*),
            4 => asm!(concat!($before, "tmm4", $after), $($operands)*),
            5 => asm!(concat!($before, "tmm5", $after), $($operands)*),
            6 => asm!(concat!($before, "tmm6", $after), $($operands)*),
            7 => asm!(concat!($before, "tmm7", $after), $($operands)*),
            _ => unreachable!("there are eight tiles"),
        }
    };
}

// The compiler never uses the tiles itself, so that what is in them outlives each piece of assembly.
impl Tiles for Unit {
    #[inline(always)]
    fn zero<const TILE: usize>(&mut self) {
        // SAFETY: a value of this type exists only on a thread whose tiles are configured.
        unsafe {
            of_tile!(
                TILE,
                "tilezero ",
                "",
                options(nostack, preserves_flags, nomem)
            )
        }
    }

    #[inline(always)]
    unsafe fn load<const TILE: usize>(&mut self, start: *const f32, row: usize) {
        // SAFETY: as above, and the caller promises that the rows are readable.
        unsafe {
            of_tile!(TILE, "tileloadd ", ", [{0} + {1}*1]",
                in(reg) start, in(reg) 4 * row, options(nostack, preserves_flags, readonly))
        }
    }

    #[inline(always)]
    unsafe fn store<const TILE: usize>(&mut self, start: *mut f32, row: usize) {
        // SAFETY: as above, and the caller promises that the rows are writable.
        unsafe {
            of_tile!(TILE, "tilestored [{0} + {1}*1], ", "",
                in(reg) start, in(reg) 4 * row, options(nostack, preserves_flags))
        }
    }

    #[inline(always)]
    fn add_product<const SUMS: usize, const LEFT: usize, const RIGHT: usize>(&mut self) {
        const { assert!(SUMS < 4 && LEFT / 2 == 2 && RIGHT / 2 == 3) };
        macro_rules! product {
            ($sums:literal, $left:literal, $right:literal) => {
                // SAFETY: as above.
                unsafe {
                    asm!(
                        concat!("tdpbf16ps tmm", $sums, ", tmm", $left, ", tmm", $right),
                        options(nostack, preserves_flags, nomem)
                    )
                }
            };
        }
        match (SUMS, LEFT, RIGHT) {
            (0, 4, 6) => product!(0, 4, 6),
            (1, 4, 7) => product!(1, 4, 7),
            (2, 5, 6) => product!(2, 5, 6),
            (3, 5, 7) => product!(3, 5, 7),
            _ => unreachable!("row and column of the sums are those of the operands"),
        }
    }
}

/// A tile with the words of `size` rows and columns, and zeros beyond.
///
/// # Safety
/// Word (i, j) must be readable at `start + i · strides[0] + j · strides[1]`.
pub(super) unsafe fn copy(
    size: [usize; 2],
    start: *const f32,
    strides: [usize; 2],
) -> [f32; WORDS] {
    let mut copy = [0.0; WORDS];
    for (i, row) in copy.chunks_exact_mut(SIDE).take(size[0]).enumerate() {
        for (j, word) in row.iter_mut().take(size[1]).enumerate() {
            // SAFETY: what the caller promises.
            *word = unsafe { *start.add(i * strides[0] + j * strides[1]) };
        }
    }
    copy
}

/// The matrix unit as its manual describes it.
#[cfg(test)]
pub(super) struct InMemory([[f32; WORDS]; 8]);

#[cfg(test)]
impl InMemory {
    /// Tiles with nothing in them that a product may use.
    pub(super) fn new() -> Self {
        Self([[f32::NAN; WORDS]; 8])
    }
}

#[cfg(test)]
impl Tiles for InMemory {
    fn zero<const TILE: usize>(&mut self) {
        self.0[TILE] = [0.0; WORDS];
    }

    unsafe fn load<const TILE: usize>(&mut self, start: *const f32, row: usize) {
        // SAFETY: what the caller promises.
        self.0[TILE] = unsafe { copy([SIDE, SIDE], start, [row, 1]) };
    }

    unsafe fn store<const TILE: usize>(&mut self, start: *mut f32, row: usize) {
        for (i, words) in self.0[TILE].chunks_exact(SIDE).enumerate() {
            // SAFETY: what the caller promises.
            unsafe { start.add(i * row).copy_from(words.as_ptr(), SIDE) };
        }
    }

    fn add_product<const SUMS: usize, const LEFT: usize, const RIGHT: usize>(&mut self) {
        for i in 0..SIDE {
            for j in 0..SIDE {
                let [mut low, mut high] = [0.0f32; 2];
                for k in 0..SIDE {
                    let (a, b) = (self.0[LEFT][i * SIDE + k], self.0[RIGHT][k * SIDE + j]);
                    low = bf16::low(a).mul_add(bf16::low(b), low);
                    high = bf16::high(a).mul_add(bf16::high(b), high);
                }
                self.0[SUMS][i * SIDE + j] += low + high;
            }
        }
    }
}
