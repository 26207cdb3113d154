//! The families of decoders, one description a file; a new one is a file and a line in
//! [`registry`].

mod family;
mod fields;
mod gpt2;
mod gpt_neo;
mod gpt_neox;
mod llama;
mod opt;
mod qwen2;
mod qwen3;
mod registry;
mod rotary;
mod sizes;
mod stored;
mod tensor_names;
#[cfg(test)]
mod tests;

pub use family::Family;
pub use sizes::Sizes;

pub(crate) use fields::Fields;
pub(crate) use stored::StoredTensor;
