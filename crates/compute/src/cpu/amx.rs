//! Products of pairs of bf16 numbers with the matrix unit AMX.
//!
//! The unit has eight tiles of up to 16 rows of 64 bytes. One instruction adds the product of a tile
//! of 16 × 32 numbers and a tile of 32 × 16 (as pairs, 16 × 16 words each) to a tile of 16 × 16 sums.
//! A block of the product is two by two tiles, which needs two loads for two products. The
//! instructions are written as assembly because their intrinsics are not stable. What is built on
//! them is written over [`Tiles`], so that it is tested on every machine with tiles in memory.

use std::arch::asm;
use std::arch::x86_64::{__cpuid, __cpuid_count, _xgetbv};
use std::cell::Cell;
use std::sync::OnceLock;

use super::format::Pairs;
use super::microkernel::{Left, Multiply, Panel, Product};
use super::simd::pairs;

/// Rows of a tile, and words in a row.
const SIDE: usize = 16;

/// Words of a tile.
const WORDS: usize = SIDE * SIDE;

/// Whether this processor has AMX-BF16, and the system lets this process use it.
pub(super) fn is_available() -> bool {
    static AVAILABLE: OnceLock<bool> = OnceLock::new();
    *AVAILABLE.get_or_init(|| {
        has_instructions()
            && system_saves_tiles()
            && is_permitted()
            && computes_rightly(|product| {
                // SAFETY: the processor has the instructions, the system lets this process use
                // them, and the operands are as large as the product says.
                unsafe { multiply(product) }
            })
    })
}

/// Multiplies small whole numbers, which bf16 holds exactly, in a product with edges: a unit that is
/// there but does not do what is expected of it, as in an emulator, is not used.
fn computes_rightly(multiply: impl Fn(&Multiply<Pairs>)) -> bool {
    const ROWS: usize = SIDE + 1;
    const DEPTH: usize = SIDE + 3;
    const COLUMNS: usize = 2 * SIDE;
    let number = |i: usize| ((i * 7) % 13) as f32 - 6.0;
    let words = |count: usize| -> Vec<f32> {
        let pair = |i| pairs::pair(number(2 * i), number(2 * i + 1));
        (0..count).map(pair).collect()
    };
    let (left, panel) = (words(ROWS * DEPTH), words(DEPTH * COLUMNS));
    let mut product = [0.0; ROWS * COLUMNS];
    multiply(&Multiply::new(
        [ROWS, DEPTH],
        Left {
            start: left.as_ptr(),
            row: DEPTH,
            step: 1,
        },
        Panel {
            start: panel.as_ptr(),
            row: COLUMNS,
        },
        Product {
            start: product.as_mut_ptr(),
            row: COLUMNS,
            columns: COLUMNS,
        },
        false,
    ));
    (0..ROWS * COLUMNS).all(|at| {
        let (i, j) = (at / COLUMNS, at % COLUMNS);
        let term = |k: usize| {
            let (a, b) = (left[i * DEPTH + k], panel[k * COLUMNS + j]);
            pairs::low(a) * pairs::low(b) + pairs::high(a) * pairs::high(b)
        };
        product[at] == (0..DEPTH).map(term).sum::<f32>()
    })
}

/// Leaf 7 of CPUID: AMX-BF16 is bit 22 of EDX, AMX-TILE bit 24.
fn has_instructions() -> bool {
    if __cpuid(0).eax < 7 {
        return false;
    }
    let features = __cpuid_count(7, 0).edx;
    features & (1 << 22) != 0 && features & (1 << 24) != 0
}

/// The state components 17 and 18 (configuration and data of the tiles) must be enabled in XCR0.
fn system_saves_tiles() -> bool {
    const OSXSAVE: u32 = 1 << 27;
    const TILES: u64 = 0b11 << 17;
    if __cpuid(1).ecx & OSXSAVE == 0 {
        return false;
    }
    #[target_feature(enable = "xsave")]
    fn enabled() -> u64 {
        // SAFETY: register 0 exists wherever XGETBV does.
        unsafe { _xgetbv(0) }
    }
    // SAFETY: the system has enabled XSAVE, and with it XGETBV.
    unsafe { enabled() & TILES == TILES }
}

/// Linux reserves room for the tiles of a process only when it asks.
#[cfg(target_os = "linux")]
fn is_permitted() -> bool {
    const ARCH_PRCTL: u64 = 158;
    const ARCH_REQ_XCOMP_PERM: u64 = 0x1023;
    const TILE_DATA: u64 = 18;
    let result: i64;
    // SAFETY: a system call that reads no memory of this process; the instruction overwrites RCX
    // and R11.
    unsafe {
        asm!(
            "syscall",
            inlateout("rax") ARCH_PRCTL => result,
            in("rdi") ARCH_REQ_XCOMP_PERM,
            in("rsi") TILE_DATA,
            out("rcx") _,
            out("r11") _,
            options(nostack),
        );
    }
    result == 0
}

/// On other systems nobody has tried.
#[cfg(not(target_os = "linux"))]
fn is_permitted() -> bool {
    false
}

/// The operations of a matrix unit on its tiles, numbered 0 to 7.
trait Tiles {
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
struct Unit(());

impl Unit {
    /// Configures the tiles of this thread, once: nothing else in this process uses them.
    ///
    /// # Safety
    /// AMX must be available.
    #[inline(always)]
    unsafe fn configured() -> Self {
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

/// Computes a product whose columns are one or two tiles wide.
///
/// # Safety
/// AMX must be available; the operands must be as the callers of
/// [`multiply_words`](super::microkernel::multiply_words) promise.
#[inline(always)]
pub(super) unsafe fn multiply(product: &Multiply<Pairs>) {
    // SAFETY: what the caller promises.
    unsafe { multiply_on(&mut Unit::configured(), product) };
}

/// [`multiply`] on any tiles. Sums are tiles 0 to 3, by rows; the left operand is in 4 and 5, the
/// right one in 6 and 7.
///
/// # Safety
/// As for [`multiply`], but for AMX.
#[inline(always)]
unsafe fn multiply_on<T: Tiles>(tiles: &mut T, product: &Multiply<Pairs>) {
    let wide = product.product.columns > SIDE;
    for i in (0..product.rows).step_by(2 * SIDE) {
        // SAFETY: the rows are in the product.
        unsafe {
            match (product.rows - i > SIDE, wide) {
                (true, true) => block::<T, 2, 2>(tiles, product, i),
                (true, false) => block::<T, 2, 1>(tiles, product, i),
                (false, true) => block::<T, 1, 2>(tiles, product, i),
                (false, false) => block::<T, 1, 1>(tiles, product, i),
            }
        }
    }
}

/// Up to `ROWS` by `COLUMNS` tiles of the product, from row `first` on.
///
/// # Safety
/// As for [`multiply_on`], with row `first`.
#[inline(always)]
unsafe fn block<T: Tiles, const ROWS: usize, const COLUMNS: usize>(
    tiles: &mut T,
    whole: &Multiply<Pairs>,
    first: usize,
) {
    let Multiply { left, panel, .. } = *whole;
    let rows = [0, 1].map(|i| (whole.rows - first).saturating_sub(i * SIDE).min(SIDE));
    // SAFETY: all addresses are inside the operands: a tile that would go beyond is read from, or
    // written to, a copy that is filled up with zeros.
    unsafe {
        let target = |i: usize, j: usize| {
            let product = whole.product;
            let row = (first + i * SIDE) * product.row;
            product.start.add(row + j * SIDE)
        };
        macro_rules! sums {
            ($what:ident) => {
                $what(tiles, whole, target(0, 0), rows[0], Number::<0>);
                if COLUMNS > 1 {
                    $what(tiles, whole, target(0, 1), rows[0], Number::<1>);
                }
                if ROWS > 1 {
                    $what(tiles, whole, target(1, 0), rows[1], Number::<2>);
                }
                if ROWS > 1 && COLUMNS > 1 {
                    $what(tiles, whole, target(1, 1), rows[1], Number::<3>);
                }
            };
        }
        sums!(begin);
        for k in (0..whole.depth).step_by(SIDE) {
            let depth = SIDE.min(whole.depth - k);
            let from = |i: usize| {
                left.start
                    .add((first + i * SIDE) * left.row + k * left.step)
            };
            load_left::<T, 4>(tiles, left, from(0), [rows[0], depth]);
            if ROWS > 1 {
                load_left::<T, 5>(tiles, left, from(1), [rows[1], depth]);
            }
            let row = panel.start.add(k * panel.row);
            load_right::<T, 6>(tiles, panel, row, depth);
            tiles.add_product::<0, 4, 6>();
            if ROWS > 1 {
                tiles.add_product::<2, 5, 6>();
            }
            if COLUMNS > 1 {
                load_right::<T, 7>(tiles, panel, row.add(SIDE), depth);
                tiles.add_product::<1, 4, 7>();
                if ROWS > 1 {
                    tiles.add_product::<3, 5, 7>();
                }
            }
        }
        sums!(finish);
    }
}

/// The number of a tile as a value.
struct Number<const TILE: usize>;

/// Reads a tile of sums, or sets it to 0.
///
/// # Safety
/// `rows` rows of the product must be readable from `start` on.
#[inline(always)]
unsafe fn begin<T: Tiles, const TILE: usize>(
    tiles: &mut T,
    whole: &Multiply<Pairs>,
    start: *mut f32,
    rows: usize,
    _: Number<TILE>,
) {
    let Product { row, .. } = whole.product;
    // SAFETY: what the caller promises.
    unsafe {
        if !whole.accumulate {
            tiles.zero::<TILE>();
        } else if rows == SIDE {
            tiles.load::<TILE>(start, row);
        } else {
            let copy = copy([rows, SIDE], start, [row, 1]);
            tiles.load::<TILE>(copy.as_ptr(), SIDE);
        }
    }
}

/// Writes a tile of sums.
///
/// # Safety
/// `rows` rows of the product must be writable from `start` on.
#[inline(always)]
unsafe fn finish<T: Tiles, const TILE: usize>(
    tiles: &mut T,
    whole: &Multiply<Pairs>,
    start: *mut f32,
    rows: usize,
    _: Number<TILE>,
) {
    let Product { row, .. } = whole.product;
    // SAFETY: what the caller promises.
    unsafe {
        if rows == SIDE {
            return tiles.store::<TILE>(start, row);
        }
        let mut copy = [0.0; WORDS];
        tiles.store::<TILE>(copy.as_mut_ptr(), SIDE);
        for (i, copy) in copy.chunks_exact(SIDE).take(rows).enumerate() {
            let target = start.add(i * row);
            target.copy_from_nonoverlapping(copy.as_ptr(), SIDE);
        }
    }
}

/// Reads a tile of the left operand.
///
/// # Safety
/// `size` rows and words of the operand must be readable from `start` on.
#[inline(always)]
unsafe fn load_left<T: Tiles, const TILE: usize>(
    tiles: &mut T,
    left: Left,
    start: *const f32,
    size: [usize; 2],
) {
    // SAFETY: what the caller promises.
    unsafe {
        if left.step == 1 && size == [SIDE, SIDE] {
            tiles.load::<TILE>(start, left.row);
        } else {
            let copy = copy(size, start, [left.row, left.step]);
            tiles.load::<TILE>(copy.as_ptr(), SIDE);
        }
    }
}

/// Reads a tile of the right operand.
///
/// # Safety
/// `depth` rows of the panel must be readable from `start` on.
#[inline(always)]
unsafe fn load_right<T: Tiles, const TILE: usize>(
    tiles: &mut T,
    panel: Panel,
    start: *const f32,
    depth: usize,
) {
    // SAFETY: what the caller promises.
    unsafe {
        if depth == SIDE {
            tiles.load::<TILE>(start, panel.row);
        } else {
            let copy = copy([depth, SIDE], start, [panel.row, 1]);
            tiles.load::<TILE>(copy.as_ptr(), SIDE);
        }
    }
}

/// A tile with the words of `size` rows and columns, and zeros beyond.
///
/// # Safety
/// Word (i, j) must be readable at `start + i · strides[0] + j · strides[1]`.
unsafe fn copy(size: [usize; 2], start: *const f32, strides: [usize; 2]) -> [f32; WORDS] {
    let mut copy = [0.0; WORDS];
    for (i, row) in copy.chunks_exact_mut(SIDE).take(size[0]).enumerate() {
        for (j, word) in row.iter_mut().take(size[1]).enumerate() {
            // SAFETY: what the caller promises.
            *word = unsafe { *start.add(i * strides[0] + j * strides[1]) };
        }
    }
    copy
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The matrix unit as its manual describes it.
    struct InMemory([[f32; WORDS]; 8]);

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
                        low = pairs::low(a).mul_add(pairs::low(b), low);
                        high = pairs::high(a).mul_add(pairs::high(b), high);
                    }
                    self.0[SUMS][i * SIDE + j] += low + high;
                }
            }
        }
    }

    fn numbers(len: usize, seed: u64) -> Vec<f32> {
        let stream = autophage_random::Stream::new(seed, autophage_random::Purpose::Simulation, 0);
        let number = |i| stream.normal(0, i) as f32;
        (0..len as u64)
            .map(|i| pairs::pair(number(2 * i), number(2 * i + 1)))
            .collect()
    }

    fn check(multiply: impl Fn(&Multiply<Pairs>)) {
        let sizes = [1, 5, 15, 16, 17, 31, 32, 33, 48, 70];
        for (case, rows) in sizes.into_iter().cycle().take(60).enumerate() {
            let depth = sizes[(case * 7 + 3) % sizes.len()];
            let columns = [SIDE, 2 * SIDE][case / 2 % 2];
            let by_rows = case % 3 > 0;
            let (words, panel) = (numbers(rows * depth, 1), numbers(depth * 40, 2));
            let (row, step) = if by_rows { (depth, 1) } else { (1, rows) };
            for accumulate in [false, true] {
                let before: Vec<f32> = (0..rows * 50).map(|i| i as f32 * 1e-2).collect();
                let mut product = before.clone();
                multiply(&Multiply::new(
                    [rows, depth],
                    Left {
                        start: words.as_ptr(),
                        row,
                        step,
                    },
                    Panel {
                        start: panel.as_ptr(),
                        row: 40,
                    },
                    Product {
                        start: product.as_mut_ptr(),
                        row: 50,
                        columns,
                    },
                    accumulate,
                ));
                for (at, (&actual, &before)) in product.iter().zip(&before).enumerate() {
                    let (i, j) = (at / 50, at % 50);
                    if j >= columns {
                        assert_eq!(actual, before, "beyond the product");
                        continue;
                    }
                    let mut exact = if accumulate { f64::from(before) } else { 0.0 };
                    for k in 0..depth {
                        let (a, b) = (words[i * row + k * step], panel[k * 40 + j]);
                        for part in [pairs::low, pairs::high] {
                            exact += f64::from(part(a)) * f64::from(part(b));
                        }
                    }
                    let error = (f64::from(actual) - exact).abs();
                    assert!(
                        error < 2e-5 * (depth as f64).sqrt().max(1.0),
                        "{rows}×{depth}×{columns} at ({i}, {j}): {error}"
                    );
                }
            }
        }
    }

    #[test]
    fn products_on_tiles_in_memory_agree_with_their_definition() {
        check(|product| {
            let mut tiles = InMemory([[f32::NAN; WORDS]; 8]);
            // SAFETY: the operands are as large as the product says.
            unsafe { multiply_on(&mut tiles, product) };
        });
    }

    #[test]
    fn a_unit_that_computes_wrongly_is_found_out() {
        assert!(computes_rightly(|product| {
            let mut tiles = InMemory([[f32::NAN; WORDS]; 8]);
            // SAFETY: the operands are as large as the product says.
            unsafe { multiply_on(&mut tiles, product) };
        }));
        assert!(!computes_rightly(|_| ()));
    }

    #[test]
    fn products_on_the_matrix_unit_agree_with_their_definition() {
        if !is_available() {
            eprintln!("skipped: this machine has no AMX");
            return;
        }
        check(|product| {
            // SAFETY: AMX is available, and the operands are as large as the product says.
            unsafe { multiply(product) };
        });
    }
}
