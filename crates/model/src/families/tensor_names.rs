//! How a family's files name and arrange the parameters: data that a family is described by.

/// The names of a family's tensors.
#[derive(Debug)]
pub(crate) struct TensorNames {
    /// All tensors but the head are inside this part of Transformers' class; files that were saved
    /// from the part alone leave it out.
    pub(crate) prefix: &'static str,
    /// Name of the list of blocks, inside the prefix.
    pub(crate) blocks: &'static str,
    /// The modules outside the blocks, and the head's not among them.
    pub(crate) outside: &'static [Module],
    /// The modules of a block.
    pub(crate) block: &'static [Module],
    /// Name of the head in files, without the prefix.
    pub(crate) head: &'static str,
    /// Name of the head among the parameters of Transformers' class.
    pub(crate) head_in_class: &'static str,
    /// How the names of stored tensors end that say nothing about the network: attention masks and
    /// frequencies that earlier versions stored.
    pub(crate) redundant: &'static [&'static str],
}

/// A module of Transformers' class: a weight, and a bias where the architecture has one.
#[derive(Debug)]
pub(crate) struct Module {
    /// Name in Transformers, without `.weight` or `.bias`.
    pub(crate) name: &'static str,
    /// The names of the parameters of ours that it holds, likewise.
    pub(crate) parameters: &'static [&'static str],
    /// How it holds them.
    pub(crate) layout: Layout,
}

/// How parameters lie in a stored tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// One after the other, (outputs, inputs).
    Plain,
    /// One after the other, (inputs, outputs).
    Transposed,
    /// For each head, the rows of that head of one after the other: (heads, parameters, channels).
    ByHead,
}

impl Module {
    /// A module that holds one parameter as it is.
    pub(crate) const fn plain(name: &'static str, parameter: &'static [&'static str; 1]) -> Self {
        Self {
            name,
            parameters: parameter,
            layout: Layout::Plain,
        }
    }

    /// A module that holds one or several maps (inputs, outputs): GPT-2's `Conv1D`.
    pub(crate) const fn transposed(
        name: &'static str,
        parameters: &'static [&'static str],
    ) -> Self {
        Self {
            name,
            parameters,
            layout: Layout::Transposed,
        }
    }

    /// A module that holds several parameters head by head.
    pub(crate) const fn by_head(name: &'static str, parameters: &'static [&'static str]) -> Self {
        Self {
            name,
            parameters,
            layout: Layout::ByHead,
        }
    }
}
