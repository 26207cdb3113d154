//! The parameters of the network: their names, their shapes, and one value of some kind for each.

use super::GptNeoConfig;

/// Name and shape of a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Description {
    /// Name in Hugging Face's files.
    pub(crate) name: String,
    /// Shape, outputs before inputs.
    pub(crate) shape: Vec<usize>,
}

impl Description {
    fn new(name: impl Into<String>, shape: &[usize]) -> Self {
        Self {
            name: name.into(),
            shape: shape.to_vec(),
        }
    }

    /// Number of elements.
    pub(crate) fn len(&self) -> usize {
        self.shape.iter().product()
    }

    /// Whether it is a matrix: those are drawn at random at the start and decay, while biases and
    /// the parameters of layer normalisation start at a constant and do not.
    pub(crate) fn is_matrix(&self) -> bool {
        self.shape.len() == 2
    }
}

/// One `T` for each parameter of a block.
#[derive(Clone, Debug)]
pub(crate) struct Block<T> {
    pub(crate) attention_norm_weight: T,
    pub(crate) attention_norm_bias: T,
    pub(crate) key_weight: T,
    pub(crate) value_weight: T,
    pub(crate) query_weight: T,
    pub(crate) output_weight: T,
    pub(crate) output_bias: T,
    pub(crate) mlp_norm_weight: T,
    pub(crate) mlp_norm_bias: T,
    pub(crate) mlp_in_weight: T,
    pub(crate) mlp_in_bias: T,
    pub(crate) mlp_out_weight: T,
    pub(crate) mlp_out_bias: T,
}

impl<T> Block<T> {
    fn values(&self) -> [&T; 13] {
        [
            &self.attention_norm_weight,
            &self.attention_norm_bias,
            &self.key_weight,
            &self.value_weight,
            &self.query_weight,
            &self.output_weight,
            &self.output_bias,
            &self.mlp_norm_weight,
            &self.mlp_norm_bias,
            &self.mlp_in_weight,
            &self.mlp_in_bias,
            &self.mlp_out_weight,
            &self.mlp_out_bias,
        ]
    }

    fn values_mut(&mut self) -> [&mut T; 13] {
        [
            &mut self.attention_norm_weight,
            &mut self.attention_norm_bias,
            &mut self.key_weight,
            &mut self.value_weight,
            &mut self.query_weight,
            &mut self.output_weight,
            &mut self.output_bias,
            &mut self.mlp_norm_weight,
            &mut self.mlp_norm_bias,
            &mut self.mlp_in_weight,
            &mut self.mlp_in_bias,
            &mut self.mlp_out_weight,
            &mut self.mlp_out_bias,
        ]
    }

    fn try_map<U, E>(&self, f: &mut impl FnMut(&T) -> Result<U, E>) -> Result<Block<U>, E> {
        Ok(Block {
            attention_norm_weight: f(&self.attention_norm_weight)?,
            attention_norm_bias: f(&self.attention_norm_bias)?,
            key_weight: f(&self.key_weight)?,
            value_weight: f(&self.value_weight)?,
            query_weight: f(&self.query_weight)?,
            output_weight: f(&self.output_weight)?,
            output_bias: f(&self.output_bias)?,
            mlp_norm_weight: f(&self.mlp_norm_weight)?,
            mlp_norm_bias: f(&self.mlp_norm_bias)?,
            mlp_in_weight: f(&self.mlp_in_weight)?,
            mlp_in_bias: f(&self.mlp_in_bias)?,
            mlp_out_weight: f(&self.mlp_out_weight)?,
            mlp_out_bias: f(&self.mlp_out_bias)?,
        })
    }
}

/// One `T` for each parameter of the network. The head has none of its own: it is the token
/// embedding.
#[derive(Clone, Debug)]
pub(crate) struct Parameters<T> {
    pub(crate) token_embedding: T,
    pub(crate) position_embedding: T,
    pub(crate) blocks: Vec<Block<T>>,
    pub(crate) final_norm_weight: T,
    pub(crate) final_norm_bias: T,
}

impl<T> Parameters<T> {
    /// All values, in the order of the network.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &T> {
        [&self.token_embedding, &self.position_embedding]
            .into_iter()
            .chain(self.blocks.iter().flat_map(Block::values))
            .chain([&self.final_norm_weight, &self.final_norm_bias])
    }

    /// As [`iter`](Self::iter), to be changed.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        [&mut self.token_embedding, &mut self.position_embedding]
            .into_iter()
            .chain(self.blocks.iter_mut().flat_map(Block::values_mut))
            .chain([&mut self.final_norm_weight, &mut self.final_norm_bias])
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
        Ok(Parameters {
            token_embedding: f(&self.token_embedding)?,
            position_embedding: f(&self.position_embedding)?,
            blocks: self
                .blocks
                .iter()
                .map(|block| block.try_map(&mut f))
                .collect::<Result<_, E>>()?,
            final_norm_weight: f(&self.final_norm_weight)?,
            final_norm_bias: f(&self.final_norm_bias)?,
        })
    }
}

impl Parameters<Description> {
    /// Names and shapes of the parameters of a network of these sizes.
    pub(crate) fn of(config: &GptNeoConfig) -> Self {
        let (hidden, inner) = (config.hidden_size, config.intermediate_size);
        let block = |layer: usize| {
            let part = |name: &str, shape: &[usize]| {
                Description::new(format!("transformer.h.{layer}.{name}"), shape)
            };
            Block {
                attention_norm_weight: part("ln_1.weight", &[hidden]),
                attention_norm_bias: part("ln_1.bias", &[hidden]),
                key_weight: part("attn.attention.k_proj.weight", &[hidden, hidden]),
                value_weight: part("attn.attention.v_proj.weight", &[hidden, hidden]),
                query_weight: part("attn.attention.q_proj.weight", &[hidden, hidden]),
                output_weight: part("attn.attention.out_proj.weight", &[hidden, hidden]),
                output_bias: part("attn.attention.out_proj.bias", &[hidden]),
                mlp_norm_weight: part("ln_2.weight", &[hidden]),
                mlp_norm_bias: part("ln_2.bias", &[hidden]),
                mlp_in_weight: part("mlp.c_fc.weight", &[inner, hidden]),
                mlp_in_bias: part("mlp.c_fc.bias", &[inner]),
                mlp_out_weight: part("mlp.c_proj.weight", &[hidden, inner]),
                mlp_out_bias: part("mlp.c_proj.bias", &[hidden]),
            }
        };
        Self {
            token_embedding: Description::new(
                "transformer.wte.weight",
                &[config.vocab_size, hidden],
            ),
            position_embedding: Description::new(
                "transformer.wpe.weight",
                &[config.max_position_embeddings, hidden],
            ),
            blocks: (0..config.num_layers()).map(block).collect(),
            final_norm_weight: Description::new("transformer.ln_f.weight", &[hidden]),
            final_norm_bias: Description::new("transformer.ln_f.bias", &[hidden]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_descriptions_hold_every_parameter_once() {
        let config = GptNeoConfig::preset("tinystories-3m").unwrap();
        let descriptions = Parameters::of(&config);
        let count: usize = descriptions.iter().map(Description::len).sum();
        assert_eq!(count, config.parameter_count());
        let names: std::collections::BTreeSet<&str> =
            descriptions.iter().map(|d| d.name.as_str()).collect();
        assert_eq!(names.len(), 4 + 13 * 8);
    }

    #[test]
    fn values_stay_in_order() {
        let descriptions = Parameters::of(&GptNeoConfig::new(5, 4, 2, 1));
        let mut copies = descriptions.map(Clone::clone);
        assert!(descriptions.iter().eq(copies.iter()));
        assert!(descriptions.iter().eq(copies.iter_mut().map(|d| &*d)));
    }
}
