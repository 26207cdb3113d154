//! The instruction sets that kernels are compiled for, and the choice among them.

use std::fmt;
use std::str::FromStr;

#[cfg(target_arch = "x86_64")]
use super::simd::{Avx2, Avx512};
use super::simd::{Kernel, Portable, Simd};

/// The environment variable that forces an instruction set: `portable`, `avx2` or `avx512`.
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
}

/// An instruction set that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IsaError {
    /// No instruction set has this name.
    #[error("unknown instruction set `{0}`: choose `portable`, `avx2` or `avx512`")]
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
        })
    }
}

impl FromStr for Isa {
    type Err = IsaError;

    fn from_str(name: &str) -> Result<Self, IsaError> {
        match name {
            "portable" => Ok(Self::Portable),
            "avx2" => Ok(Self::Avx2),
            "avx512" => Ok(Self::Avx512),
            _ => Err(IsaError::Unknown(name.to_owned())),
        }
    }
}

impl Isa {
    /// All instruction sets that this processor has, the best last.
    pub fn available() -> Vec<Self> {
        [Self::Portable, Self::Avx2, Self::Avx512]
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
            #[cfg(not(target_arch = "x86_64"))]
            Self::Avx2 | Self::Avx512 => false,
        }
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

    /// Runs `kernel` with this instruction set.
    #[inline]
    pub(super) fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self.0 {
            Isa::Portable => Portable.call(kernel),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `new` found AVX2 and FMA.
            Isa::Avx2 => unsafe { Avx2::new_unchecked() }.call(kernel),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `new` found AVX-512 F.
            Isa::Avx512 => unsafe { Avx512::new_unchecked() }.call(kernel),
            #[cfg(not(target_arch = "x86_64"))]
            Isa::Avx2 | Isa::Avx512 => unreachable!("`new` refuses what is not available"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for isa in [Isa::Portable, Isa::Avx2, Isa::Avx512] {
            assert_eq!(isa.to_string().parse(), Ok(isa));
        }
        assert_eq!(
            "mmx".parse::<Isa>().unwrap_err().to_string(),
            "unknown instruction set `mmx`: choose `portable`, `avx2` or `avx512`"
        );
    }

    #[test]
    fn the_best_instruction_set_is_available() {
        assert!(Isa::available().contains(&Isa::Portable));
        assert!(Isa::best().is_available());
    }
}
