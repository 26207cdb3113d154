//! One run of an operation: its operands, made in the order in which they are asked for, and its results.

use super::random::Random;
use crate::{Array, Backend, Buffer, IndexArray, Indices, Totals};

/// What lies behind the numbers that an operand needs.
const POISON: f32 = f32::NAN;
/// How much of it: more than a vector of any processor, and no multiple of one.
const BEYOND: usize = 67;
/// What stands in a result before it is computed.
const BEFORE: f32 = 7.0;

/// The flaw of an operation that writes more than its result.
const TOUCHED: &str = "what lies beyond the result was changed";

/// The kinds of operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Indices that the operation looks up.
    Indices,
    /// Numbers, and places for results.
    Numbers,
}

/// What is wrong with one of the operands, counted from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// It lacks its last element.
    Short(usize),
    /// One of its indices is the first that is not allowed.
    OutOfRange(usize),
}

/// A result by name.
#[derive(Clone, Debug)]
pub(super) struct Outcome {
    pub(super) name: &'static str,
    pub(super) values: Vec<f64>,
    /// What is wrong beside the values.
    pub(super) flaw: Option<&'static str>,
}

/// Operands and results of one run of one operation.
///
/// Two trials draw the same operands in the same order, whatever their backends. Every operand is longer
/// than the operation needs and poisoned behind that, unless the trial is of a fault: then one operand is
/// wrong, and the others fit exactly.
pub(super) struct Trial<'a, B: Backend> {
    pub(super) backend: &'a B,
    pub(super) random: Random,
    fault: Option<Fault>,
    operands: Vec<Kind>,
    outcomes: Vec<Outcome>,
}

impl<'a, B: Backend> Trial<'a, B> {
    pub(super) fn new(backend: &'a B, fault: Option<Fault>) -> Self {
        Self {
            backend,
            random: Random::new(1),
            fault,
            operands: Vec::new(),
            outcomes: Vec::new(),
        }
    }

    /// The operands that were made.
    pub(super) fn operands(&self) -> &[Kind] {
        &self.operands
    }

    /// The results that were kept.
    pub(super) fn into_outcomes(self) -> Vec<Outcome> {
        self.outcomes
    }

    /// Counts an operand; says how many of the elements that it needs it gets, and how many more.
    fn next(&mut self, kind: Kind, need: usize) -> (usize, usize) {
        let fault = Fault::Short(self.operands.len());
        self.operands.push(kind);
        match self.fault {
            None => (need, BEYOND),
            Some(chosen) if chosen == fault => (need - 1, 0),
            Some(_) => (need, 0),
        }
    }

    /// An operand with these numbers.
    pub(super) fn buffer(&mut self, values: &[f32]) -> Buffer<B> {
        let (len, beyond) = self.next(Kind::Numbers, values.len());
        let padded = [&values[..len], &vec![POISON; beyond]].concat();
        self.whole(&padded)
    }

    /// A buffer with these numbers and no more: for operations on all elements of a buffer, and for
    /// what has to be computed before the operation that is tried.
    pub(super) fn whole(&self, values: &[f32]) -> Buffer<B> {
        let mut buffer = room(self.backend.zeros(values.len()));
        self.backend.write(&mut buffer, 0, values);
        buffer
    }

    /// An operand of normal numbers with this standard deviation.
    pub(super) fn normal(&mut self, len: usize, deviation: f32) -> Buffer<B> {
        let values = self.random.normal(len, deviation);
        self.buffer(&values)
    }

    /// An operand that is to be overwritten.
    pub(super) fn result(&mut self, len: usize) -> Buffer<B> {
        self.buffer(&vec![BEFORE; len])
    }

    /// An operand with these indices, all of which must be below `bound`.
    pub(super) fn indices(&mut self, values: &[u32], bound: usize) -> IndexArray<B> {
        let out_of_range = Some(Fault::OutOfRange(self.operands.len())) == self.fault;
        let (len, beyond) = self.next(Kind::Indices, values.len());
        let mut padded = [&values[..len], &vec![0; beyond]].concat();
        if out_of_range {
            padded[0] = bound as u32;
        }
        room(self.backend.indices(&padded))
    }

    /// Indices that are to be overwritten. Those of a sampler need not be below anything.
    pub(super) fn index_result(&mut self, len: usize) -> IndexArray<B> {
        let (len, beyond) = self.next(Kind::Numbers, len);
        room(self.backend.indices(&vec![BEFORE as u32; len + beyond]))
    }

    /// Uniform numbers in [0, 1), on the host.
    pub(super) fn uniforms(&mut self, len: usize) -> Vec<f64> {
        let mut uniforms = self.random.uniforms(len);
        let (len, beyond) = self.next(Kind::Numbers, len);
        uniforms.truncate(len);
        uniforms.extend(vec![f64::NAN; beyond]);
        uniforms
    }

    /// Totals of 0 that reach up to this index, and beyond.
    pub(super) fn totals(&mut self, index: usize) -> Totals<B> {
        let (len, beyond) = self.next(Kind::Numbers, index + 1);
        room(self.backend.totals(len + beyond))
    }

    /// Keeps the first `len` numbers of a buffer as a result.
    pub(super) fn keep(&mut self, name: &'static str, buffer: &Buffer<B>, len: usize) {
        let mut values = vec![0.0; buffer.len()];
        self.backend.read(buffer, 0, &mut values);
        let poisoned = |x: &f32| x.to_bits() == POISON.to_bits();
        self.outcomes.push(Outcome {
            name,
            flaw: (!values[len..].iter().all(poisoned)).then_some(TOUCHED),
            values: values[..len].iter().map(|&x| f64::from(x)).collect(),
        });
    }

    /// Keeps the first `len` of some indices as a result, and a number that they are below.
    pub(super) fn keep_indices(&mut self, name: &'static str, indices: &IndexArray<B>, len: usize) {
        let mut values = vec![0; indices.len()];
        self.backend.read_indices(indices, &mut values);
        let flaw = if values[len..].iter().any(|&x| x != BEFORE as u32) {
            Some(TOUCHED)
        } else if values.iter().any(|&x| x as usize >= indices.bound()) {
            Some("the indices are not below their bound")
        } else {
            None
        };
        self.outcomes.push(Outcome {
            name,
            flaw,
            values: values[..len].iter().map(|&x| f64::from(x)).collect(),
        });
    }

    /// Keeps all totals as a result.
    pub(super) fn keep_totals(&mut self, name: &'static str, totals: &Totals<B>) {
        self.outcomes.push(Outcome {
            name,
            flaw: None,
            values: self.backend.read_totals(totals),
        });
    }
}

/// What the device has room for.
///
/// # Panics
/// It has none, though the operands of the suite are small.
pub(super) fn room<T>(allocated: Result<T, crate::OutOfMemory>) -> T {
    allocated
        .unwrap_or_else(|error| panic!("the operands of the suite need little memory: {error}"))
}
