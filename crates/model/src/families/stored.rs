//! Tensors as a family's files hold them, and how they are made of parameters.

use std::collections::HashMap;

use super::tensor_names::{Layout, Module, TensorNames};
use crate::architecture::Architecture;
use crate::parameters::{Description, Parameters};

/// A tensor of a weight file. Parameters, gradients and whatever else there is for each parameter
/// pass through [`merge`](Self::merge) on their way out and [`split`](Self::split) on their way in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StoredTensor {
    /// Its name in the files.
    pub(crate) name: String,
    /// Its name among the parameters of Transformers' class.
    pub(crate) name_in_class: String,
    /// Its shape.
    pub(crate) shape: Vec<usize>,
    /// The parameters that it holds.
    parts: Vec<Part>,
    /// Elements of a row of each part.
    inputs: usize,
    /// The parts are cut into this many groups of rows, and a group of each part follows one of the
    /// part before.
    groups: usize,
    /// Whether it is stored with the rows as columns.
    transposed: bool,
}

/// A parameter inside a stored tensor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Part {
    /// Number of the parameter, in the order of the network.
    parameter: usize,
    rows: usize,
}

impl StoredTensor {
    /// Numbers of the parameters that it holds, in the order of the network.
    pub(crate) fn parameters(&self) -> impl Iterator<Item = usize> {
        self.parts.iter().map(|part| part.parameter)
    }

    /// The stored tensor, from one slice of values for each of its parameters.
    pub(crate) fn merge(&self, parts: &[&[f32]]) -> Vec<f32> {
        if let [only] = parts
            && !self.transposed
        {
            return only.to_vec();
        }
        let mut merged = vec![0.0; self.shape.iter().product()];
        self.each_row(|row, part, part_row| {
            let values = &parts[part][part_row * self.inputs..][..self.inputs];
            for (column, &value) in values.iter().enumerate() {
                merged[self.place(row, column)] = value;
            }
        });
        merged
    }

    /// The values of each of its parameters, from the stored tensor.
    pub(crate) fn split(&self, merged: Vec<f32>) -> Vec<Vec<f32>> {
        if self.parts.len() == 1 && !self.transposed {
            return vec![merged];
        }
        let sizes = self.parts.iter().map(|part| part.rows * self.inputs);
        let mut parts: Vec<Vec<f32>> = sizes.map(|size| vec![0.0; size]).collect();
        self.each_row(|row, part, part_row| {
            let values = &mut parts[part][part_row * self.inputs..][..self.inputs];
            for (column, value) in values.iter_mut().enumerate() {
                *value = merged[self.place(row, column)];
            }
        });
        parts
    }

    /// Rows of all parts together.
    fn rows(&self) -> usize {
        self.parts.iter().map(|part| part.rows).sum()
    }

    /// Where an element lies in the stored tensor.
    fn place(&self, row: usize, column: usize) -> usize {
        if self.transposed {
            column * self.rows() + row
        } else {
            row * self.inputs + column
        }
    }

    /// Calls `visit` with each row of the stored tensor, the part that it comes from, and the row of
    /// that part.
    fn each_row(&self, mut visit: impl FnMut(usize, usize, usize)) {
        let mut row = 0;
        for group in 0..self.groups {
            for (index, part) in self.parts.iter().enumerate() {
                let rows = part.rows / self.groups;
                for part_row in group * rows..(group + 1) * rows {
                    visit(row, index, part_row);
                    row += 1;
                }
            }
        }
    }
}

impl TensorNames {
    /// The tensors that the files of a network hold.
    pub(crate) fn tensors(&self, architecture: &Architecture) -> Vec<StoredTensor> {
        let descriptions = Parameters::of(architecture);
        let numbered: HashMap<&str, (usize, &Description)> = descriptions
            .iter()
            .enumerate()
            .map(|(number, description)| (description.name.as_str(), (number, description)))
            .collect();
        let collect = |theirs: &str, ours: &str, module: &Module| {
            let tensors = ["weight", "bias"].map(|leaf| {
                let parts: Option<Vec<(usize, &Description)>> = module
                    .parameters
                    .iter()
                    .map(|parameter| numbered.get(&*format!("{ours}{parameter}.{leaf}")).copied())
                    .collect();
                let name = format!("{theirs}{}.{leaf}", module.name);
                Some(stored(
                    (name.clone(), name),
                    &parts?,
                    module.layout,
                    architecture.attention.heads,
                ))
            });
            tensors.into_iter().flatten()
        };
        let mut tensors = Vec::new();
        for module in self.outside {
            tensors.extend(collect(self.prefix, "", module));
        }
        for layer in 0..architecture.layers {
            let theirs = format!("{}{}.{layer}.", self.prefix, self.blocks);
            let ours = format!("blocks.{layer}.");
            for module in self.block {
                tensors.extend(collect(&theirs, &ours, module));
            }
        }
        if let Some(&head) = numbered.get("head.weight") {
            let names = (self.head.to_owned(), self.head_in_class.to_owned());
            tensors.push(stored(names, &[head], Layout::Plain, 1));
        }
        tensors
    }

    /// Whether a stored tensor says nothing about the network.
    pub(crate) fn is_redundant(&self, name: &str) -> bool {
        self.redundant.iter().any(|ending| name.ends_with(ending))
    }

    /// The name of a stored tensor as it is with the prefix, and with the files' name of the head.
    pub(crate) fn canonical(&self, name: &str) -> String {
        if name == self.head || name == self.head_in_class {
            self.head.to_owned()
        } else if name.starts_with(self.prefix) {
            name.to_owned()
        } else {
            format!("{}{name}", self.prefix)
        }
    }
}

fn stored(
    (name, name_in_class): (String, String),
    parts: &[(usize, &Description)],
    layout: Layout,
    heads: usize,
) -> StoredTensor {
    let shape = &parts[0].1.shape;
    let columns = shape.get(1).copied();
    let parts: Vec<Part> = parts
        .iter()
        .map(|&(parameter, description)| Part {
            parameter,
            rows: description.shape[0],
        })
        .collect();
    let rows = parts.iter().map(|part| part.rows).sum();
    let transposed = layout == Layout::Transposed && columns.is_some();
    StoredTensor {
        name,
        name_in_class,
        shape: match columns {
            None => vec![rows],
            Some(columns) if transposed => vec![columns, rows],
            Some(columns) => vec![rows, columns],
        },
        parts,
        inputs: columns.unwrap_or(1),
        groups: if layout == Layout::ByHead { heads } else { 1 },
        transposed,
    }
}
