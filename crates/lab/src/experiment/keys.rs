//! The table of keys. `docs/experiment.md` is written from it; see [`reference`](super::reference).

use autophage_model::ModelConfig;
use autophage_theory::Paradigm;

use super::accepts::{Accepts, Interval, LARGEST, LONGEST, MANY};
use super::key::{Effect, Key, Measured, SectionText};

/// The values of `model.kind` that are transformers.
const TRANSFORMERS: &[&str] = &[
    "gpt-neo", "gpt2", "opt", "gpt-neox", "llama", "qwen2", "qwen3",
];
/// All values of `model.kind`.
const MODELS: &[&str] = &[
    "gpt-neo", "gpt2", "opt", "gpt-neox", "llama", "qwen2", "qwen3", "ngram",
];
const NGRAM: &[&str] = &["ngram"];

const MODEL_KIND: &str = "model.kind";
const TOKENIZER_KIND: &str = "tokenizer.kind";
const PARADIGM_KIND: &str = "paradigm.kind";
const CONTEXT: &str = "training.context";

/// What depends on which documents are held out, as text.
const HELD_OUT: &[Measured] = &[Measured::Perplexity, Measured::BitsPerByte];
/// What depends on what a token is.
const TOKENS: &[Measured] = &[
    Measured::Perplexity,
    Measured::GeneratedPerplexity,
    Measured::Corpus,
    Measured::Sample,
    Measured::Retention,
];

const fn integer(least: u64, most: u64) -> Accepts {
    Accepts::Integer {
        least,
        most,
        or: None,
    }
}

const fn integer_or(least: u64, most: u64, word: &'static str) -> Accepts {
    Accepts::Integer {
        least,
        most,
        or: Some(word),
    }
}

const fn number(within: Interval) -> Accepts {
    Accepts::Number { within, or: None }
}

/// A key of `[training]` that optimizer steps need, and counting does not.
const fn optimizer(path: &'static str, accepts: Accepts, meaning: &'static str) -> Key {
    Key::new(path, accepts, meaning).when(MODEL_KIND, TRANSFORMERS)
}

/// A key of `[model]` that says the shape of a transformer.
const fn size(path: &'static str, accepts: Accepts, meaning: &'static str) -> Key {
    Key::new(path, accepts, meaning)
        .when(MODEL_KIND, TRANSFORMERS)
        .shape()
}

/// A key of `[compute]`, which only transformers need.
const fn compute(path: &'static str, accepts: Accepts, meaning: &'static str) -> Key {
    Key::new(path, accepts, meaning).when(MODEL_KIND, TRANSFORMERS)
}

/// The sections, in the order in which a run comes to them.
pub(super) const SECTIONS: &[SectionText] = &[
    SectionText {
        name: "",
        title: "Top of the file",
        introduction: "These keys stand before the first section.",
    },
    SectionText {
        name: "corpus",
        title: "`[corpus]`: the real documents",
        introduction: "The documents are read once, at the start of a run. A part of them is held out: no \
            generation is ever trained on it. The others are the training documents, from which the initial \
            corpus is taken.",
    },
    SectionText {
        name: "tokenizer",
        title: "`[tokenizer]`: how text becomes tokens",
        introduction: "All generations of a run have the same tokenizer.",
    },
    SectionText {
        name: "model",
        title: "`[model]`: what is trained",
        introduction: "A transformer is given by its sizes, by a `preset`, or by a Hugging Face directory \
            (`pretrained`) that it starts from. An n-gram model counts; it needs no optimizer, so the keys of \
            `[training]` and `[compute]` that are marked as those of transformers are refused beside it.",
    },
    SectionText {
        name: "training",
        title: "`[training]`: how each generation is trained",
        introduction: "Transformers are trained with AdamW (Loshchilov and Hutter, 2019) on sequences that \
            each lie within one document.",
    },
    SectionText {
        name: "generation",
        title: "`[generation]`: what each generation writes",
        introduction: "When a model is trained it writes a corpus, for the next generation to be trained on. \
            Every document begins with the start of text and without a prompt.",
    },
    SectionText {
        name: "paradigm",
        title: "`[paradigm]`: what each generation is trained on",
        introduction: "Generation 1 is trained on the initial corpus of N tokens. The paradigm says what the \
            later ones are trained on: `replace` (only what the previous generation wrote), \
            `accumulate-subsample` (N tokens drawn from a corpus that grows by `rate`·N a generation), \
            `accumulate` (the initial corpus and everything that was written since), `replace-grown` (only \
            what the previous generation wrote, as much as `accumulate` would have), `fixed-share` (the same \
            real documents in every training set), `fresh-share` (new real documents in every training set). \
            [theory.md](theory.md) has the mathematics.",
    },
    SectionText {
        name: "measure",
        title: "`[measure]`: what is measured of each generation",
        introduction: "Measurements have no influence on what is trained or written.",
    },
    SectionText {
        name: "measure.probe",
        title: "`[[measure.probe]]`: probabilities to ask for",
        introduction: "Each `[[measure.probe]]` asks every model how probable some texts are after another \
            text. Both become tokens on their own, so spaces matter: `\" there\"`, not `\"there\"`.",
    },
    SectionText {
        name: "compute",
        title: "`[compute]`: what computes",
        introduction: "These keys do not describe the experiment but the machine. An n-gram model takes \
            none of them.",
    },
];

/// Every key.
pub(super) const KEYS: &[Key] = &[
    Key::new(
        "name",
        Accepts::Text,
        "What people call the experiment, in tables and figures.",
    )
    .effect(Effect::Label),
    Key::new(
        "seed",
        integer(0, LARGEST),
        "All random numbers follow from it: which documents are held out, initial weights, the order of \
         training, sampling. Repeat an experiment with other seeds to see how much is chance.",
    ),
    Key::new(
        "generations",
        integer(1, 1_000_000),
        "How many models are trained, each on what the paradigm makes of the text of those before it. A \
         finished run goes on when it is asked for more.",
    )
    .unit("generations")
    .effect(Effect::Extent),
    Key::new(
        "corpus.path",
        Accepts::Path,
        "The documents: a file, a directory, a glob such as `stories/*.parquet`, or \
         `builtin:tinystories-sample`, which the program brings along.",
    )
    .required(
        "the documents of the initial corpus, a file, a directory or a glob",
        "stories.jsonl",
    )
    .basis_of(&[
        Measured::Perplexity,
        Measured::BitsPerByte,
        Measured::Retention,
    ]),
    Key::new(
        "corpus.format",
        Accepts::Words(&["auto", "text", "jsonl", "parquet"]),
        "What the files are. `auto` goes by the name of each; compressed files (`.gz`, `.zst`) by the name \
         before that ending.",
    )
    .basis_of(HELD_OUT),
    Key::new(
        "corpus.field",
        Accepts::Text,
        "The field of a JSON line or the column of a Parquet file that holds the text. Text files have none.",
    )
    .basis_of(HELD_OUT),
    Key::new(
        "corpus.separator",
        Accepts::TextSuch {
            which: "a text such as \"<|endoftext|>\", or \"blank-lines\", or \"none\" for one document a file",
        },
        "What separates the documents of a text file: a literal text, `blank-lines`, or `none` where each \
         file is one document.",
    )
    .basis_of(HELD_OUT),
    Key::new(
        "corpus.validation",
        number(Interval::Open),
        "The share of the documents that is held out, chosen at random.",
    )
    .basis_of(HELD_OUT),
    Key::new(
        "corpus.tokens",
        integer_or(1, LARGEST, "all"),
        "The size N of the initial corpus: training documents are drawn at random until they have so many \
         tokens. `all` takes every training document. The paradigm `fresh-share` needs documents beyond the \
         initial corpus, and so a number here.",
    )
    .unit("tokens"),
    Key::new(
        TOKENIZER_KIND,
        Accepts::Words(&["gpt2", "file", "bpe"]),
        "`gpt2` is the tokenizer of GPT-2 with its 50,257 tokens, which the program brings along; `file` is \
         any Hugging Face tokenizer; `bpe` is a byte-level BPE trained on the training documents of this \
         corpus.",
    )
    .basis_of(TOKENS),
    Key::new(
        "tokenizer.path",
        Accepts::Path,
        "A `tokenizer.json`, or a directory with one.",
    )
    .when(TOKENIZER_KIND, &["file"])
    .required("the tokenizer of kind \"file\"", "tokenizer.json")
    .basis_of(TOKENS),
    // 256 bytes and the end of text are always there.
    Key::new(
        "tokenizer.vocabulary",
        integer(257, 1_000_000),
        "The number of tokens of the trained tokenizer, 256 bytes and the end of text among them.",
    )
    .unit("tokens")
    .when(TOKENIZER_KIND, &["bpe"])
    .basis_of(TOKENS),
    Key::new(
        MODEL_KIND,
        Accepts::Words(MODELS),
        "The family of the transformer, or `ngram` for a model that counts n-grams.",
    )
    .default_rule("with `model.pretrained`: the family of that directory"),
    Key::new(
        "model.initialise",
        Accepts::Words(&["scratch", "previous", "pretrained"]),
        "The weights that the training of a generation starts from: random ones (`scratch`), those of the \
         previous generation (`previous`; generation 1 then starts from `model.pretrained` where that is \
         given, or else from random weights), or those of `model.pretrained` for every generation \
         (`pretrained`).",
    )
    .when(MODEL_KIND, TRANSFORMERS)
    .default_rule("with `model.pretrained`: \"pretrained\""),
    Key::new(
        "model.pretrained",
        Accepts::Path,
        "A Hugging Face directory with `config.json` and the weights. Family and sizes are those of the \
         directory; the tokenizer must be the one that belongs to it.",
    )
    .when(MODEL_KIND, TRANSFORMERS),
    Key::new(
        "model.preset",
        Accepts::Words(&ModelConfig::PRESETS),
        "The sizes of a TinyStories model (Eldan and Li, 2023), positions included. Sizes that are given \
         beside it go before its own.",
    )
    .when(MODEL_KIND, &["gpt-neo"])
    .shape()
    .shorthand(),
    size(
        "model.hidden",
        integer(1, 1 << 16),
        "The width of the network: numbers in the residual stream of a token. A multiple of `model.heads`, \
         unless `model.head_dimension` is given.",
    ),
    size("model.layers", integer(1, 1024), "The number of blocks."),
    size(
        "model.heads",
        integer(1, 1 << 16),
        "The number of attention heads of a block.",
    ),
    size(
        "model.positions",
        integer(1, LONGEST),
        "The longest sequence that the model can read. None of the three contexts may be longer.",
    )
    .unit("tokens")
    .default_rule(
        "the longest of `training.context`, `generation.context` and `measure.context`, or that of \
         `model.preset`",
    ),
    size(
        "model.window",
        integer(1, LONGEST),
        "How far the local attention of every second block sees, the token itself included.",
    )
    .unit("tokens")
    .when(MODEL_KIND, &["gpt-neo"]),
    size(
        "model.intermediate",
        integer_or(1, 1 << 20, "auto"),
        "Numbers in the hidden layer of a block's feed-forward part. `auto` is four times `model.hidden`, \
         and in the families with a gated feed-forward part (llama, qwen2, qwen3) eight thirds of it, \
         rounded up to a multiple of 8.",
    ),
    size(
        "model.key_value_heads",
        integer_or(1, 1 << 16, "auto"),
        "The number of heads that keys and values have, each shared by as many heads of the queries; it \
         divides `model.heads`. `auto` is as many as `model.heads`.",
    )
    .when(MODEL_KIND, &["llama", "qwen2", "qwen3"]),
    size(
        "model.head_dimension",
        integer_or(1, 1 << 16, "auto"),
        "Numbers in a head's queries, keys and values. `auto` is `model.hidden` divided by `model.heads`.",
    )
    .when(MODEL_KIND, &["llama", "qwen3"]),
    Key::new(
        "model.order",
        integer(1, 64),
        "The tokens that a count spans, the next one included: a model of order 3 sees two tokens of \
         context.",
    )
    .unit("tokens")
    .when(MODEL_KIND, NGRAM),
    Key::new(
        "model.interpolation",
        Accepts::Words(&["none", "witten-bell", "jelinek-mercer"]),
        "How the counts of contexts of different lengths go together: `none` takes the longest context \
         that was ever continued; `witten-bell` trusts a context less the more different tokens followed \
         it; `jelinek-mercer` has one weight for every context.",
    )
    .when(MODEL_KIND, NGRAM),
    Key::new(
        "model.weight",
        number(Interval::Open),
        "The weight λ that `jelinek-mercer` gives the longer context. The other interpolations do not \
         look at it.",
    )
    .when(MODEL_KIND, NGRAM),
    Key::new(
        "model.full_support",
        Accepts::Boolean,
        "Whether tokens that the training set lacks have a probability. If not, what is lost once is lost \
         for ever. Needs an interpolation.",
    )
    .when(MODEL_KIND, NGRAM)
    .default_rule("with `model.interpolation = \"none\"`: false"),
    optimizer(
        "training.sequences_per_step",
        integer(1, 1 << 20),
        "The batch: sequences whose mean gradient makes one step of the optimizer.",
    )
    .unit("sequences"),
    optimizer(
        "training.micro_batch_tokens",
        integer(1, 1 << 30),
        "Tokens that are computed at a time; the gradients of a batch are summed over such parts. More need \
         more memory.",
    )
    .unit("tokens")
    .effect(Effect::Rounding),
    optimizer(
        CONTEXT,
        integer(1, LONGEST),
        "The most tokens of a training sequence. Longer documents are cut into several.",
    )
    .unit("tokens"),
    optimizer(
        "training.learning_rate",
        number(Interval::Positive),
        "The learning rate of AdamW, after the warm-up.",
    ),
    optimizer(
        "training.schedule",
        Accepts::Words(&["constant", "cosine"]),
        "How the learning rate goes on after the warm-up: it stays, or falls to zero along half a cosine \
         wave.",
    ),
    optimizer(
        "training.warmup_steps",
        integer(0, LARGEST),
        "Steps over which the learning rate rises in equal parts from zero.",
    )
    .unit("steps"),
    optimizer(
        "training.beta1",
        number(Interval::BelowOne),
        "β₁: how slowly the mean of the gradients forgets.",
    ),
    optimizer(
        "training.beta2",
        number(Interval::BelowOne),
        "β₂: how slowly the mean of their squares forgets.",
    ),
    optimizer(
        "training.epsilon",
        number(Interval::Positive),
        "ε: what is added to the root of the second moment.",
    ),
    optimizer(
        "training.weight_decay",
        number(Interval::NonNegative),
        "Decoupled weight decay of matrices. Biases and normalisations do not decay.",
    ),
    optimizer(
        "training.clip_norm",
        number(Interval::PositiveOrInfinite),
        "Gradients of a greater Euclidean norm are scaled down to this one.",
    ),
    optimizer(
        "training.epochs",
        integer_or(1, MANY, "early-stopping"),
        "How often the training set is passed through. `early-stopping` finds the number in generation 1, \
         by the loss of the held-out documents, and uses it again in every later generation.",
    )
    .unit("epochs"),
    optimizer(
        "training.max_epochs",
        integer(1, MANY),
        "With early stopping: the most epochs.",
    )
    .unit("epochs"),
    optimizer(
        "training.patience",
        integer(1, MANY),
        "With early stopping: how many epochs in a row may bring no improvement. The weights of the best \
         epoch are kept.",
    )
    .unit("epochs"),
    Key::new(
        "training.tokens",
        integer_or(1, LARGEST, "paradigm"),
        "The size of every training set, as far as its sources reach. `paradigm` is what the paradigm says.",
    )
    .unit("tokens"),
    Key::new(
        "generation.form",
        Accepts::Words(&["documents", "stream"]),
        "`documents` end with an end of text or at `generation.max_tokens`. A `stream` is a sequence of \
         exactly `generation.max_tokens`, in which the end of text is a token like any other (Algorithm 1 \
         of the paper).",
    ),
    Key::new(
        "generation.max_tokens",
        integer(1, LONGEST),
        "Tokens of a document: the most of one that can end, or exactly those of a stream.",
    )
    .unit("tokens")
    .follows(CONTEXT),
    Key::new(
        "generation.context",
        integer(1, LONGEST),
        "The most tokens that a sampled token is conditioned on. An n-gram model sees this changed only \
         where it is less than the context that it counts.",
    )
    .unit("tokens")
    .follows(CONTEXT),
    Key::new(
        "generation.overflow",
        Accepts::Words(&["slide", "hop"]),
        "What happens when a document outgrows the context. `slide` conditions on exactly the last tokens, \
         which a transformer must compute anew for every token; `hop` goes on from the last half of the \
         context whenever it is full, which is far cheaper.",
    ),
    Key::new(
        "generation.temperature",
        number(Interval::Positive),
        "Logits are divided by it. 1 samples from the model's own distribution.",
    ),
    Key::new(
        "generation.top_k",
        integer_or(1, MANY, "off"),
        "Sample among so many of the most probable tokens only.",
    )
    .unit("tokens"),
    Key::new(
        "generation.top_p",
        Accepts::Number {
            within: Interval::Share,
            or: Some("off"),
        },
        "Sample among the fewest most probable tokens that together have this probability.",
    ),
    Key::new(
        "generation.batch",
        integer(1, 1 << 20),
        "The most documents that are sampled side by side. Every document has random numbers of its own, \
         so the text does not depend on it.",
    )
    .unit("documents")
    .effect(Effect::Cost),
    Key::new(
        "generation.tokens",
        integer_or(1, LARGEST, "paradigm"),
        "The size of the corpus that a generation writes. `paradigm` is as many tokens as the next training \
         sets need, at least those of the initial corpus.",
    )
    .unit("tokens"),
    Key::new(
        PARADIGM_KIND,
        Accepts::Words(&Paradigm::NAMES),
        "How the training sets of later generations are put together.",
    ),
    Key::new(
        "paradigm.rate",
        number(Interval::Positive),
        "The text that each generation adds to the corpus, in multiples of the initial one.",
    )
    .when(PARADIGM_KIND, &["accumulate-subsample"])
    .required(
        "the text that each generation adds to the corpus, in multiples of the initial one",
        "0.5",
    ),
    Key::new(
        "paradigm.share",
        number(Interval::Open),
        "The part of each training set that is real, in tokens.",
    )
    .when(PARADIGM_KIND, &["fixed-share", "fresh-share"])
    .required("the part of each training set that is real", "0.1"),
    Key::new(
        "measure.context",
        integer(1, LONGEST),
        "The most tokens that a token is conditioned on in the perplexity. Every token has its full context, \
         so those beyond it cost a pass of their own.",
    )
    .unit("tokens")
    .follows(CONTEXT)
    .basis_of(&[Measured::Perplexity, Measured::GeneratedPerplexity]),
    Key::new(
        "measure.documents",
        integer_or(1, LARGEST, "all"),
        "The most held-out documents that the perplexity is taken over.",
    )
    .unit("documents")
    .basis_of(&[Measured::Perplexity]),
    Key::new(
        "measure.sample_tokens",
        integer(1, LARGEST),
        "The size of the random sample on which diversity is measured. Most measures of diversity depend on \
         how much text they are taken from, so it is the same for every generation.",
    )
    .unit("tokens")
    .basis_of(&[Measured::Sample]),
    Key::new(
        "measure.contexts",
        integer(0, 1_000_000),
        "How many contexts of each length are tracked for the theorem's error terms and retention: the most \
         frequent ones of the initial corpus. 0 measures neither.",
    )
    .unit("contexts")
    .basis_of(&[Measured::Retention]),
    Key::new(
        "measure.context_length",
        integer(1, 4),
        "The greatest length of a tracked context; those of length 1 to this are tracked.",
    )
    .unit("tokens")
    .basis_of(&[Measured::Retention]),
    Key::new(
        "measure.conditioning",
        Accepts::Words(&["start-of-text", "bare"]),
        "What a model is given before a probe or a tracked context. `start-of-text` reads the context as the \
         beginning of a document, which is what transformers know; `bare` gives the context alone, whose \
         counts are over all places of the corpus, as an n-gram model's are.",
    )
    .basis_of(&[Measured::Retention, Measured::Probes]),
    Key::new(
        "measure.probe",
        Accepts::Tables,
        "The probes, as an array of tables; see below.",
    ),
    Key::new(
        "measure.probe.context",
        Accepts::Text,
        "The text before.",
    )
    .required(
        "every probe has a context and a list of next texts",
        "\"there\"",
    ),
    Key::new(
        "measure.probe.next",
        Accepts::Texts,
        "The texts after it whose probabilities are asked for.",
    )
    .required(
        "every probe has a context and a list of next texts",
        "[\" was\"]",
    ),
    compute(
        "compute.backend",
        Accepts::Words(&["cpu", "reference"]),
        "`cpu` is the fast implementation. `reference` is plain loops: slow, and the definition of what is \
         right.",
    )
    .effect(Effect::Rounding),
    compute(
        "compute.threads",
        integer_or(1, 4096, "all"),
        "How many threads compute; `all` is one for each processor.",
    )
    .unit("threads")
    .effect(Effect::Cost),
    compute(
        "compute.isa",
        Accepts::Words(&["auto", "portable", "avx2", "avx512", "avx512bf16", "amx"]),
        "The instruction set. `auto` is the one that the environment variable `AUTOPHAGE_ISA` names, or else \
         the best of the processor.",
    )
    .effect(Effect::Rounding),
    compute(
        "compute.precision",
        Accepts::Words(&["auto", "f32", "bf16"]),
        "The precision of the operands of matrix products; sums and weights have 32 bits always. `auto` is \
         bf16 where the instruction set multiplies such numbers.",
    ),
];

impl Key {
    /// Every key, in the order of the reference.
    pub const ALL: &'static [Self] = KEYS;

    /// The key of that name.
    pub fn named(path: &str) -> Option<&'static Self> {
        KEYS.iter().find(|key| key.path == path)
    }

    /// The keys of a section.
    pub(super) fn of_section(section: &str) -> impl Iterator<Item = &'static Self> {
        KEYS.iter().filter(move |key| key.section() == section)
    }

    /// The keys that choose which others are used.
    pub(super) fn selectors() -> impl Iterator<Item = &'static Self> {
        KEYS.iter().filter(|key| {
            KEYS.iter()
                .filter_map(|other| other.condition)
                .any(|condition| condition.key == key.path)
        })
    }

    /// Whether there is a section of that name.
    pub(super) fn is_section(name: &str) -> bool {
        SECTIONS.iter().any(|section| section.name == name)
    }
}
