//! Documents, tokenizers and the token store.
