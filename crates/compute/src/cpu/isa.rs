//! The instruction sets that kernels are compiled for, and the choice among them.

use std::fmt;
use std::str::FromStr;

#[cfg(target_arch = "x86_64")]
use super::amx;
#[cfg(target_arch = "x86_64")]
use super::simd::{AMX, Avx2, Avx512, BF16, PLAIN};
use super::simd::{Kernel, Portable, Simd};

/// The environment variable that forces an instruction set, by its name.
pub(super) const VARIABLE: &str = "AUTOPHAGE_ISA";

/// An instruction set that the CPU backend computes with.
///
/// Results differ between instruction sets in rounding, and in nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Isa {
    /// What every processor has.
    Portable,
    /// AVX2 and FMA.
    Avx2,
    /// AVX-512 F.
    Avx512,
    /// AVX-512 F, BW and BF16.
    Avx512Bf16,
    /// AMX-BF16 besides.
    Amx,
}

/// An instruction set that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IsaError {
    /// No instruction set has this name.
    #[error(
        "unknown instruction set `{0}`: choose `portable`, `avx2`, `avx512`, `avx512bf16` or `amx`"
    )]
    Unknown(String),
    /// This processor lacks it.
    #[error("this processor lacks the instruction set `{0}`; the best that it has is `{best}`", best = Isa::best())]
    Unavailable(Isa),
}

impl fmt::Display for Isa {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Portable => "portable",
            Self::Avx2 => "avx2",
            Self::Avx512 => "avx512",
            Self::Avx512Bf16 => "avx512bf16",
            Self::Amx => "amx",
        })
    }
}

impl FromStr for Isa {
    type Err = IsaError;

    fn from_str(name: &str) -> Result<Self, IsaError> {
        Self::ALL
            .into_iter()
            .find(|isa| isa.to_string() == name)
            .ok_or_else(|| IsaError::Unknown(name.to_owned()))
    }
}

impl Isa {
    /// All that there are, the best last.
    const ALL: [Self; 5] = [
        Self::Portable,
        Self::Avx2,
        Self::Avx512,
        Self::Avx512Bf16,
        Self::Amx,
    ];

    /// All instruction sets that this processor has, the best last.
    pub fn available() -> Vec<Self> {
        Self::ALL
            .into_iter()
            .filter(|isa| isa.is_available())
            .collect()
    }

    /// The best instruction set that this processor has.
    pub fn best() -> Self {
        Self::available().last().copied().unwrap_or(Self::Portable)
    }

    /// The instruction set that the environment variable `AUTOPHAGE_ISA` forces, else the best.
    ///
    /// # Errors
    /// The variable names an unknown instruction set or one that this processor lacks.
    pub fn from_environment() -> Result<Self, IsaError> {
        match std::env::var_os(VARIABLE) {
            None => Ok(Self::best()),
            Some(name) => name.to_string_lossy().parse::<Self>()?.checked(),
        }
    }

    /// Itself, if this processor has it.
    ///
    /// # Errors
    /// It has not.
    pub fn checked(self) -> Result<Self, IsaError> {
        if self.is_available() {
            Ok(self)
        } else {
            Err(IsaError::Unavailable(self))
        }
    }

    /// Whether this processor has it.
    pub fn is_available(self) -> bool {
        match self {
            Self::Portable => true,
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => is_x86_feature_detected!("avx512f"),
            #[cfg(target_arch = "x86_64")]
            Self::Avx512Bf16 => {
                Self::Avx512.is_available()
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512bf16")
            }
            #[cfg(target_arch = "x86_64")]
            Self::Amx => Self::Avx512Bf16.is_available() && amx::is_available(),
            #[cfg(not(target_arch = "x86_64"))]
            Self::Avx2 | Self::Avx512 | Self::Avx512Bf16 | Self::Amx => false,
        }
    }

    /// Whether it has instructions that multiply numbers in bf16.
    pub fn has_bf16(self) -> bool {
        self >= Self::Avx512Bf16
    }
}

/// An instruction set that this processor was found to have.
#[derive(Clone, Copy, Debug)]
pub(super) struct CheckedIsa(Isa);

impl CheckedIsa {
    /// # Errors
    /// This processor lacks it.
    pub(super) fn new(isa: Isa) -> Result<Self, IsaError> {
        isa.checked().map(Self)
    }

    /// Which it is.
    pub(super) fn isa(self) -> Isa {
        self.0
    }

    /// Numbers in a vector.
    pub(super) fn lanes(self) -> usize {
        struct Lanes;
        impl Kernel for Lanes {
            type Output = usize;

            #[inline(always)]
            fn run<S: Simd>(self, _: S) -> usize {
                S::LANES
            }
        }
        self.run(Lanes)
    }

    /// Runs `kernel` with this instruction set, or with the part of it that computes in f32.
    #[inline]
    pub(super) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self.0 {
            Isa::Portable => Portable.call(kernel),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `new` found AVX2 and FMA.
            Isa::Avx2 => unsafe { Avx2::new_unchecked() }.call(kernel),
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 | Isa::Avx512Bf16 | Isa::Amx => {
                // SAFETY: `new` found AVX-512 F.
                unsafe { Avx512::<PLAIN>::new_unchecked() }.call(kernel)
            }
            #[cfg(not(target_arch = "x86_64"))]
            _ => unreachable!("`new` refuses what is not available"),
        }
    }

    /// Runs a kernel that computes with pairs of bf16 numbers.
    #[inline]
    pub(super) fn run_pairs<K: Kernel>(self, kernel: K) -> K::Output {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `new` found AVX-512 F, BW and BF16.
            Isa::Avx512Bf16 => unsafe { Avx512::<BF16>::new_unchecked() }.call(kernel),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `new` found AMX-BF16 besides.
            Isa::Amx => unsafe { Avx512::<AMX>::new_unchecked() }.call(kernel),
            _ => self.run(kernel),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for isa in Isa::ALL {
            assert_eq!(isa.to_string().parse(), Ok(isa));
        }
        assert_eq!(
            "mmx".parse::<Isa>().unwrap_err().to_string(),
            "unknown instruction set `mmx`: choose `portable`, `avx2`, `avx512`, `avx512bf16` or `amx`"
        );
    }

    #[test]
    fn the_best_instruction_set_is_available() {
        assert!(Isa::available().contains(&Isa::Portable));
        assert!(Isa::best().is_available());
    }
}
