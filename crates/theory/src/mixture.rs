//! What a training set is made of.

/// The sources of one generation's training set and their weights, which sum to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Mixture {
    /// Weight of the initial corpus: `m_{n,0}`.
    pub real: f64,
    /// Weight of the text of generation k at index k − 1: `m_{n,k}` for k = 1 … n − 1.
    pub generations: Vec<f64>,
}

/// A [`Mixture`] in which all generations before the latest weigh the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shares {
    /// Weight of the initial corpus.
    pub real: f64,
    /// Weight of the generation just before.
    pub latest: f64,
    /// Weight of *each* generation before that.
    pub earlier: f64,
}
