//! The parameters of a decoder: their names, their shapes, and one value of some kind for each.

use crate::architecture::{Architecture, NormKind, PositionEncoding};

/// Makes a struct of one `T` for each parameter, and the three ways to go through its values, from
/// one list of its fields. Behind each field's type stands what it holds: a `value`, a `part`
/// (another such struct), `maybe` one of these, or a list of parts.
macro_rules! parameters {
    ($(#[$doc:meta])* $name:ident {
        $($(#[$field_doc:meta])* $field:ident: $type:ty = ($($kind:ident)+),)+
    }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub(crate) struct $name<T> {
            $($(#[$field_doc])* pub(crate) $field: $type,)+
        }

        impl<T> $name<T> {
            fn visit<'a>(&'a self, see: &mut dyn FnMut(&'a T)) {
                $(parameters!(@visit visit, (&self.$field), see, $($kind)+);)+
            }

            fn visit_mut<'a>(&'a mut self, see: &mut dyn FnMut(&'a mut T)) {
                $(parameters!(@visit visit_mut, (&mut self.$field), see, $($kind)+);)+
            }

            fn try_map_with<U, E>(
                &self,
                f: &mut dyn FnMut(&T) -> Result<U, E>,
            ) -> Result<$name<U>, E> {
                Ok($name {
                    $($field: parameters!(@map (&self.$field), f, $($kind)+),)+
                })
            }
        }
    };

    (@visit $visit:ident, ($field:expr), $see:ident, value) => { $see($field) };
    (@visit $visit:ident, ($field:expr), $see:ident, part) => { ($field).$visit($see) };
    (@visit $visit:ident, ($field:expr), $see:ident, maybe value) => {
        if let Some(value) = $field { $see(value) }
    };
    (@visit $visit:ident, ($field:expr), $see:ident, maybe part) => {
        if let Some(part) = $field { part.$visit($see) }
    };
    (@visit $visit:ident, ($field:expr), $see:ident, list) => {
        for part in $field { part.$visit($see) }
    };

    (@map ($field:expr), $f:ident, value) => { $f($field)? };
    (@map ($field:expr), $f:ident, part) => { ($field).try_map_with($f)? };
    (@map ($field:expr), $f:ident, maybe value) => { $field.as_ref().map(&mut *$f).transpose()? };
    (@map ($field:expr), $f:ident, maybe part) => {
        $field.as_ref().map(|part| part.try_map_with($f)).transpose()?
    };
    (@map ($field:expr), $f:ident, list) => {
        $field.iter().map(|part| part.try_map_with($f)).collect::<Result<_, E>>()?
    };
}

parameters! {
    /// One `T` for each parameter of a normalisation.
    NormParameters {
        weight: T = (value),
        bias: Option<T> = (maybe value),
    }
}

parameters! {
    /// One `T` for each parameter of a linear map.
    Projection {
        /// Shape (outputs, inputs).
        weight: T = (value),
        bias: Option<T> = (maybe value),
    }
}

parameters! {
    /// One `T` for each parameter of a block.
    Block {
        attention_norm: NormParameters<T> = (part),
        key: Projection<T> = (part),
        value: Projection<T> = (part),
        query: Projection<T> = (part),
        query_norm: Option<T> = (maybe value),
        key_norm: Option<T> = (maybe value),
        output: Projection<T> = (part),
        mlp_norm: NormParameters<T> = (part),
        gate: Option<Projection<T>> = (maybe part),
        up: Projection<T> = (part),
        down: Projection<T> = (part),
    }
}

parameters! {
    /// One `T` for each parameter of the network. Their order addresses the random numbers that a
    /// new network starts from: it must stay.
    Parameters {
        token_embedding: T = (value),
        position_embedding: Option<T> = (maybe value),
        blocks: Vec<Block<T>> = (list),
        final_norm: NormParameters<T> = (part),
        /// Absent if the head is the token embedding.
        head: Option<T> = (maybe value),
    }
}

impl<T> Parameters<T> {
    /// All values, in the order of the network.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        let mut values = Vec::new();
        self.visit(&mut |value| values.push(value));
        values.into_iter()
    }

    /// As [`iter`](Self::iter), to be changed.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        let mut values = Vec::new();
        self.visit_mut(&mut |value| values.push(value));
        values.into_iter()
    }

    /// Another value for each parameter, made from this one in the order of the network.
    pub(crate) fn map<U>(&self, mut f: impl FnMut(&T) -> U) -> Parameters<U> {
        let Ok(mapped) = self.try_map(|value| Ok::<U, std::convert::Infallible>(f(value)));
        mapped
    }

    /// As [`map`](Self::map), up to the first error.
    pub(crate) fn try_map<U, E>(
        &self,
        mut f: impl FnMut(&T) -> Result<U, E>,
    ) -> Result<Parameters<U>, E> {
        self.try_map_with(&mut f)
    }
}

/// Name, shape and kind of a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Description {
    /// Its name in this program, whatever the family: `blocks.3.key.weight`.
    pub(crate) name: String,
    /// Shape, outputs before inputs.
    pub(crate) shape: Vec<usize>,
    /// What it is.
    pub(crate) kind: ParameterKind,
}

/// What a parameter is: it decides where training starts from and whether the parameter decays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ParameterKind {
    /// A row for each token or position.
    Embedding,
    /// The weights of a linear map, (outputs, inputs).
    Matrix,
    /// The same of a map whose outputs are added to the residual stream.
    ResidualMatrix,
    /// The weights of a normalisation.
    NormWeight,
    /// The bias of a linear map or a normalisation.
    Bias,
}

/// The values of a parameter before training.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Initial {
    /// Normal with mean zero, and the standard deviation that the configuration says.
    Random,
    /// All zero.
    Zero,
    /// All one.
    One,
}

impl Description {
    fn new(name: String, shape: &[usize], kind: ParameterKind) -> Self {
        Self {
            name,
            shape: shape.to_vec(),
            kind,
        }
    }

    /// Number of elements.
    pub(crate) fn len(&self) -> usize {
        self.shape
            .iter()
            .fold(1, |product, &size| product.saturating_mul(size))
    }

    /// Whether it is a matrix: those are drawn at random at the start and decay, while biases and
    /// the weights of normalisations start at a constant and do not.
    pub(crate) fn is_matrix(&self) -> bool {
        self.initial() == Initial::Random
    }

    /// Where training starts from.
    pub(crate) fn initial(&self) -> Initial {
        match self.kind {
            ParameterKind::Embedding | ParameterKind::Matrix | ParameterKind::ResidualMatrix => {
                Initial::Random
            }
            ParameterKind::NormWeight => Initial::One,
            ParameterKind::Bias => Initial::Zero,
        }
    }
}

impl Parameters<Description> {
    /// Names, shapes and kinds of the parameters of a network.
    pub(crate) fn of(architecture: &Architecture) -> Self {
        Self::with_blocks(architecture, architecture.layers)
    }

    /// As [`of`](Self::of), with only the first blocks.
    pub(crate) fn with_blocks(architecture: &Architecture, blocks: usize) -> Self {
        let hidden = architecture.hidden;
        let embedding = |name: &str, rows: usize| {
            let name = format!("{name}.weight");
            Description::new(name, &[rows, hidden], ParameterKind::Embedding)
        };
        let learned = matches!(
            architecture.position_encoding,
            PositionEncoding::Learned { .. }
        );
        Self {
            token_embedding: embedding("token_embedding", architecture.vocabulary),
            position_embedding: learned
                .then(|| embedding("position_embedding", architecture.position_rows())),
            blocks: (0..blocks)
                .map(|layer| Block::of(architecture, layer))
                .collect(),
            final_norm: NormParameters::of(architecture, "final_norm"),
            head: (!architecture.tied).then(|| {
                let shape = [architecture.vocabulary, hidden];
                Description::new("head.weight".to_owned(), &shape, ParameterKind::Matrix)
            }),
        }
    }
}

impl Architecture {
    /// Number of parameters. A head that is the token embedding has none of its own.
    pub fn parameter_count(&self) -> usize {
        let elements = |descriptions: Parameters<Description>| {
            let lengths = descriptions.iter().map(Description::len);
            lengths.fold(0, usize::saturating_add)
        };
        let without = elements(Parameters::with_blocks(self, 0));
        let block = elements(Parameters::with_blocks(self, 1)) - without;
        without.saturating_add(self.layers.saturating_mul(block))
    }
}

impl Block<Description> {
    fn of(architecture: &Architecture, layer: usize) -> Self {
        let (attention, mlp) = (&architecture.attention, &architecture.mlp);
        let (hidden, inner) = (architecture.hidden, mlp.intermediate);
        let queries = attention.heads.saturating_mul(attention.head_dimension);
        let keys = attention
            .key_value_heads
            .saturating_mul(attention.head_dimension);
        let named = |part: &str| format!("blocks.{layer}.{part}");
        let norm = |part: &str| NormParameters::of(architecture, &named(part));
        let project = |part: &str, outputs: usize, inputs: usize, bias: bool| {
            Projection::of(&named(part), ParameterKind::Matrix, [outputs, inputs], bias)
        };
        let add = |part: &str, inputs: usize, bias: bool| {
            let kind = ParameterKind::ResidualMatrix;
            Projection::of(&named(part), kind, [hidden, inputs], bias)
        };
        let head_norm = |part: &str| {
            attention.query_key_norm.then(|| {
                let name = named(part) + ".weight";
                Description::new(name, &[attention.head_dimension], ParameterKind::NormWeight)
            })
        };
        Self {
            attention_norm: norm("attention_norm"),
            key: project("key", keys, hidden, attention.input_bias),
            value: project("value", keys, hidden, attention.input_bias),
            query: project("query", queries, hidden, attention.input_bias),
            query_norm: head_norm("query_norm"),
            key_norm: head_norm("key_norm"),
            output: add("output", queries, attention.output_bias),
            mlp_norm: norm("mlp_norm"),
            gate: mlp.gated.then(|| project("gate", inner, hidden, mlp.bias)),
            up: project("up", inner, hidden, mlp.bias),
            down: add("down", inner, mlp.bias),
        }
    }
}

impl NormParameters<Description> {
    fn of(architecture: &Architecture, name: &str) -> Self {
        let part = |part: &str, kind| {
            Description::new(format!("{name}.{part}"), &[architecture.hidden], kind)
        };
        Self {
            weight: part("weight", ParameterKind::NormWeight),
            bias: (architecture.norm.kind == NormKind::Layer)
                .then(|| part("bias", ParameterKind::Bias)),
        }
    }
}

impl Projection<Description> {
    fn of(name: &str, kind: ParameterKind, shape: [usize; 2], bias: bool) -> Self {
        let part = |part: &str, shape: &[usize], kind| {
            Description::new(format!("{name}.{part}"), shape, kind)
        };
        Self {
            weight: part("weight", &shape, kind),
            bias: bias.then(|| part("bias", &shape[..1], ParameterKind::Bias)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::families::{Family, Sizes};

    fn networks() -> Vec<Architecture> {
        let sizes = Sizes::new(5, 16, 3, 2, 7);
        let families = Family::all().iter();
        families
            .map(|family| family.architecture(&sizes).unwrap())
            .collect()
    }

    #[test]
    fn descriptions_hold_every_parameter_once() {
        for network in networks() {
            let descriptions = Parameters::of(&network);
            let count: usize = descriptions.iter().map(Description::len).sum();
            assert_eq!(count, network.parameter_count());
            let names: std::collections::BTreeSet<&str> =
                descriptions.iter().map(|it| it.name.as_str()).collect();
            assert_eq!(names.len(), descriptions.iter().count());
            for description in descriptions.iter() {
                assert_eq!(description.is_matrix(), description.shape.len() == 2);
            }
        }
    }

    #[test]
    fn all_ways_through_the_values_have_the_same_order() {
        for network in networks() {
            let descriptions = Parameters::of(&network);
            let mut copies = descriptions.map(Clone::clone);
            assert!(descriptions.iter().eq(copies.iter()));
            assert!(descriptions.iter().eq(copies.iter_mut().map(|it| &*it)));
            let mut seen = 0;
            let stopped = descriptions.try_map(|it| {
                seen += 1;
                if it.name == "blocks.1.key.weight" {
                    Err(seen)
                } else {
                    Ok(())
                }
            });
            let expected = descriptions
                .iter()
                .position(|it| it.name == "blocks.1.key.weight");
            assert_eq!(stopped.unwrap_err(), expected.unwrap() + 1);
        }
    }

    #[test]
    fn the_order_that_random_weights_are_drawn_in_stays() {
        let network = Family::named("gpt_neo").unwrap();
        let network = network.architecture(&Sizes::new(5, 4, 1, 1, 7)).unwrap();
        let descriptions = Parameters::of(&network);
        let names: Vec<&str> = descriptions.iter().map(|it| it.name.as_str()).collect();
        let expected = [
            "token_embedding.weight",
            "position_embedding.weight",
            "blocks.0.attention_norm.weight",
            "blocks.0.attention_norm.bias",
            "blocks.0.key.weight",
            "blocks.0.value.weight",
            "blocks.0.query.weight",
            "blocks.0.output.weight",
            "blocks.0.output.bias",
            "blocks.0.mlp_norm.weight",
            "blocks.0.mlp_norm.bias",
            "blocks.0.up.weight",
            "blocks.0.up.bias",
            "blocks.0.down.weight",
            "blocks.0.down.bias",
            "final_norm.weight",
            "final_norm.bias",
        ];
        assert_eq!(names, expected);
    }
}
