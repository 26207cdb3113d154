//! Whether there is a matrix unit that this process may use.

use std::arch::asm;
use std::arch::x86_64::{__cpuid, __cpuid_count, _xgetbv};
use std::sync::OnceLock;

use super::multiply::multiply;
use super::tiles::SIDE;
use crate::cpu::bf16;
use crate::cpu::product::{Left, Panel, Product, SmallProduct};

/// Whether this processor has AMX-BF16, and the system lets this process use it.
pub(in crate::cpu) fn is_available() -> bool {
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
fn computes_rightly(multiply: impl Fn(&SmallProduct)) -> bool {
    const ROWS: usize = SIDE + 1;
    const DEPTH: usize = SIDE + 3;
    const COLUMNS: usize = 2 * SIDE;
    let number = |i: usize| ((i * 7) % 13) as f32 - 6.0;
    let words = |count: usize| -> Vec<f32> {
        let pair = |i| bf16::pair(number(2 * i), number(2 * i + 1));
        (0..count).map(pair).collect()
    };
    let (left, panel) = (words(ROWS * DEPTH), words(DEPTH * COLUMNS));
    let mut product = [0.0; ROWS * COLUMNS];
    multiply(&SmallProduct {
        rows: ROWS,
        depth: DEPTH,
        left: Left {
            start: left.as_ptr(),
            row: DEPTH,
            step: 1,
        },
        panel: Panel {
            start: panel.as_ptr(),
            row: COLUMNS,
        },
        product: Product {
            start: product.as_mut_ptr(),
            row: COLUMNS,
            columns: COLUMNS,
        },
        accumulate: false,
    });
    (0..ROWS * COLUMNS).all(|at| {
        let (i, j) = (at / COLUMNS, at % COLUMNS);
        let term = |k: usize| {
            let (a, b) = (left[i * DEPTH + k], panel[k * COLUMNS + j]);
            bf16::low(a) * bf16::low(b) + bf16::high(a) * bf16::high(b)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::amx::multiply::multiply_on;
    use crate::cpu::amx::tiles::InMemory;

    #[test]
    fn a_unit_that_computes_wrongly_is_found_out() {
        assert!(computes_rightly(|product| {
            // SAFETY: the operands are as large as the product says.
            unsafe { multiply_on(&mut InMemory::new(), product) };
        }));
        assert!(!computes_rightly(|_| ()));
    }
}
