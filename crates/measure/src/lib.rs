//! Perplexity, probes and diversity of one model or corpus.
