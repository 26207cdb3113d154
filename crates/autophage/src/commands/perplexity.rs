//! `autophage perplexity`: any model on any corpus.

use std::path::Path;
use std::sync::Arc;

use autophage_corpus::{DocumentSet, TokenStore, Tokenizer, tokenize_whole};
use autophage_measure::perplexity::{PerplexitySettings, perplexity};

use crate::failure::Failure;
use crate::options::{CorpusOptions, ModelOptions};
use crate::terminal::number::{count, significant};
use crate::terminal::{say, write_json};

/// Perplexity of a model on a corpus, exactly: every token is conditioned on all tokens before it
/// in its document, or on exactly the last `--context` of them.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  autophage perplexity runs/demo@8 stories.jsonl
  autophage perplexity path/to/hugging-face-model tokens/validation.bin --context 256")]
pub(crate) struct Arguments {
    #[command(flatten)]
    model: ModelOptions,

    /// Text (a file, a directory, a glob) or a token store (.bin) of the model's own tokenizer.
    corpus: String,

    #[command(flatten)]
    corpus_options: CorpusOptions,

    /// The most tokens that a token is conditioned on; 512 or what the model can, if that is less.
    #[arg(long)]
    context: Option<usize>,

    /// Print JSON.
    #[arg(long)]
    json: bool,
}

pub(crate) fn execute(arguments: &Arguments) -> Result<(), Failure> {
    let (model, tokenizer) = arguments.model.open()?;
    let scratch = tempfile::tempdir()
        .map_err(|error| Failure::failed(format!("cannot make a temporary directory: {error}")))?;
    let (documents, text_bytes) = documents(arguments, &tokenizer, scratch.path())?;
    let mut settings = PerplexitySettings::default();
    settings.context = arguments.context.unwrap_or_else(|| {
        model
            .max_context()
            .map_or(settings.context, |most| most.min(settings.context))
    });
    let losses = perplexity(model.as_ref(), &documents, &settings, &mut |_| ())?;
    let result = losses.summary(text_bytes)?;
    if arguments.json {
        write_json(&result);
        return Ok(());
    }
    let error = result
        .perplexity_standard_error
        .map_or_else(String::new, |error| format!(" ± {}", significant(error, 2)));
    say!(
        "perplexity      {}{error}",
        significant(result.perplexity, 5)
    );
    say!(
        "loss            {:.4} nats a token",
        result.loss_nats_per_token
    );
    if let Some(bits) = result.bits_per_byte {
        say!("bits per byte   {bits:.4}");
    }
    say!(
        "measured on     {} tokens of {} documents, context {}",
        count(result.tokens),
        count(result.documents),
        settings.context
    );
    Ok(())
}

/// The corpus as tokens, and the bytes of its text where they are known.
fn documents(
    arguments: &Arguments,
    tokenizer: &Tokenizer,
    scratch: &Path,
) -> Result<(DocumentSet, Option<u64>), Failure> {
    if Path::new(&arguments.corpus)
        .extension()
        .is_some_and(|extension| extension == "bin")
    {
        let store = TokenStore::open(&arguments.corpus)?;
        if (store.vocabulary(), store.end_of_text())
            != (tokenizer.vocabulary(), tokenizer.end_of_text())
        {
            return Err(Failure::failed(format!(
                "{} was made with another tokenizer: it has {} tokens, end of text {}, and the \
                 model's has {}, end of text {}",
                arguments.corpus,
                store.vocabulary(),
                store.end_of_text(),
                tokenizer.vocabulary(),
                tokenizer.end_of_text()
            )));
        }
        return Ok((DocumentSet::whole(Arc::new(store)), None));
    }
    let source = arguments.corpus_options.open(&arguments.corpus)?;
    let (store, totals) =
        tokenize_whole(&source, tokenizer, scratch.join("tokens.bin"), &mut |_| ())?;
    Ok((DocumentSet::whole(Arc::new(store)), Some(totals.bytes)))
}
