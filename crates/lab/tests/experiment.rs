//! The experiment file: defaults, overrides, presets, and one clear error for everything wrong.

use std::collections::BTreeSet;
use std::path::Path;

use autophage_corpus::TokenizerChoice;
use autophage_lab::{
    Accepts, ComputeSection, CorpusSettings, EpochCount, Experiment, ExperimentError,
    GenerationSection, Initialise, InterpolationKind, Key, MeasureSection, ModelSettings,
    NGramSettings, Preset, ProbeSettings, TrainingSection, TransformerKind, TransformerSettings,
};
use autophage_measure::probe::Conditioning;
use autophage_theory::Paradigm;
use proptest::prelude::*;

/// The smallest file that is right.
const SMALL: &str = "[corpus]\npath = \"stories.jsonl\"\n";

fn read(text: &str, overrides: &[&str]) -> Result<Experiment, ExperimentError> {
    let overrides: Vec<String> = overrides.iter().map(|&text| text.to_owned()).collect();
    Experiment::from_toml(text, Path::new("/folder/experiment.toml"), &overrides)
}

fn refusal(text: &str, overrides: &[&str]) -> String {
    read(text, overrides)
        .expect_err("must be refused")
        .to_string()
}

#[test]
fn the_resolved_copy_reads_as_the_same_experiment() {
    for overrides in [
        &[][..],
        &["training.epochs=early-stopping", "generation.top_k=40"],
        &["paradigm.kind=accumulate-subsample", "paradigm.rate=0.1"],
        &[
            "model.kind=gpt-neo",
            "model.pretrained=/models/neo",
            "model.initialise=previous",
        ],
        &["model.kind=llama", "model.key_value_heads=2"],
        &["model.kind=qwen3", "model.head_dimension=24"],
        &["model.kind=gpt-neox", "model.intermediate=100"],
        &["model.intermediate=100"],
        &["tokenizer.kind=bpe", "tokenizer.vocabulary=300"],
        &[
            "training.clip_norm=inf",
            "corpus.tokens=100",
            "compute.threads=2",
        ],
        &[
            "model.kind=ngram",
            "model.order=1",
            "model.interpolation=none",
        ],
        &["model.kind=ngram", "model.interpolation=jelinek-mercer"],
        &["measure.probe=[{context = \"a\\nb\", next = [\" c\"]}]"],
        &[
            "corpus.separator=blank-lines",
            "model.preset=tinystories-3m",
        ],
    ] {
        let experiment = read(SMALL, overrides).unwrap();
        let again = read(&experiment.to_toml(), &[]).unwrap();
        assert_eq!(experiment, again);
        assert_eq!(experiment.differences(&again), []);
    }
}

#[test]
fn every_preset_is_right_once_it_has_a_corpus() {
    for preset in Preset::ALL {
        let overrides = ["corpus.path=stories.jsonl".to_owned()];
        let experiment = Experiment::load(preset.name, &overrides).unwrap();
        assert_eq!(experiment.name, preset.name);
        let again = read(&experiment.to_toml(), &[]).unwrap();
        assert_eq!(experiment, again);
    }
}

#[test]
fn the_demo_is_what_the_documentation_says() {
    let demo = Experiment::load("demo", &[]).unwrap();
    assert_eq!(demo.corpus.path, "builtin:tinystories-sample");
    assert_eq!(demo.generations, 5);
    assert_eq!(demo.paradigm, Paradigm::Replace);
    assert_eq!(demo.tokenizer, TokenizerChoice::Bpe { vocabulary: 2048 });
    let expected = TransformerSettings {
        family: TransformerKind::GptNeo,
        initialise: Initialise::Scratch,
        hidden: 128,
        layers: 4,
        heads: 8,
        positions: 256,
        window: 256,
        ..TransformerSettings::default()
    };
    let expected = ModelSettings::from(expected);
    assert_eq!(demo.model, expected);
}

#[test]
fn the_papers_run_asks_for_its_corpus() {
    let error = Experiment::load("tinystories-33m", &[])
        .unwrap_err()
        .to_string();
    assert!(error.contains("corpus.path is not set"), "{error}");
    assert!(error.contains("--set corpus.path="), "{error}");
}

#[test]
fn a_preset_that_is_mistyped_is_suggested() {
    let error = Experiment::load("tinystories-1n", &[])
        .unwrap_err()
        .to_string();
    assert!(error.contains("did you mean `tinystories-1m`?"), "{error}");
    let error = Experiment::load("/nowhere/x.toml", &[])
        .unwrap_err()
        .to_string();
    assert!(error.contains("/nowhere/x.toml"), "{error}");
}

#[test]
fn unknown_keys_are_refused_with_the_nearest_one_and_the_line() {
    let error = refusal(
        "[corpus]\npath = \"x\"\n[training]\n\nlerning_rate = 1e-3\n",
        &[],
    );
    assert!(error.contains("experiment.toml, line 5"), "{error}");
    assert!(error.contains("training.lerning_rate"), "{error}");
    assert!(error.contains("did you mean `learning_rate`?"), "{error}");
    let error = refusal("generatons = 3\n[corpus]\npath = \"x\"\n", &[]);
    assert!(error.contains("line 1"), "{error}");
    assert!(error.contains("did you mean `generations`?"), "{error}");
    let error = refusal(SMALL, &["training.batchsize=3"]);
    assert!(error.contains("--set training.batchsize=3"), "{error}");
    assert!(error.contains("valid here: sequences_per_step"), "{error}");
    let error = refusal(&format!("{SMALL}[[measure.probe]]\ncontxt = \"a\"\n"), &[]);
    assert!(error.contains("line 4"), "{error}");
    assert!(error.contains("did you mean `context`?"), "{error}");
}

#[test]
fn wrong_values_are_refused_with_key_value_and_what_is_right() {
    for (override_, fragments) in [
        ("training.learning_rate=-1", &["-1", "a number above 0"][..]),
        ("training.learning_rate=nan", &["NaN", "a number above 0"]),
        (
            "training.learning_rate=fast",
            &["\"fast\"", "a number above 0"],
        ),
        ("training.context=0", &["is 0", "an integer from 1 to"]),
        ("training.context=1.5", &["1.5", "an integer"]),
        ("training.beta1=1", &["from 0 to below 1"]),
        ("training.epochs=0", &["an integer", "early-stopping"]),
        ("corpus.validation=1.2", &["above 0 and below 1"]),
        ("generation.temperature=0", &["a number above 0"]),
        ("generation.top_p=1.01", &["at most 1", "off"]),
        ("generation.form=documnts", &["did you mean `documents`?"]),
        ("paradigm.kind=replaced", &["did you mean `replace`?"]),
        ("seed=-1", &["-1", "an integer"]),
        (
            "seed=99999999999999999999999999999999999999999999",
            &["an integer"],
        ),
        ("tokenizer.kind=3", &["one of", "gpt2"]),
        ("training=3", &["a section"]),
        ("measure.probe=3", &["an array of tables"]),
        ("name=[1]", &["a string"]),
    ] {
        let error = refusal(SMALL, &[override_]);
        let key = override_.split('=').next().unwrap();
        for fragment in fragments.iter().chain([&key]) {
            assert!(error.contains(fragment), "{override_}: {error}");
        }
    }
}

#[test]
fn values_that_do_not_go_together_are_refused() {
    for (overrides, fragments) in [
        (
            &["model.hidden=100"][..],
            &["model.hidden is 100", "model.heads = 8 does not divide"][..],
        ),
        (
            &["model.heads=7"],
            &["model.heads is 7", "model.hidden = 128"],
        ),
        (
            &["model.positions=100"],
            &["model.positions is 100", "training.context = 256"],
        ),
        (
            &["paradigm.kind=fixed-share"],
            &["paradigm.share is not set"],
        ),
        (
            &["paradigm.kind=fixed-share", "paradigm.share=1.5"],
            &["paradigm.share is 1.5", "below 1"],
        ),
        (
            &["paradigm.kind=accumulate-subsample", "paradigm.rate=0"],
            &["paradigm.rate is 0", "above 0"],
        ),
        (&["paradigm.share=0.5"], &["no key `paradigm.share`"]),
        (
            &["paradigm.kind=fresh-share", "paradigm.share=0.5"],
            &["corpus.tokens"],
        ),
        (
            &["model.initialise=pretrained"],
            &["model.pretrained is not set"],
        ),
        (
            &[
                "model.kind=ngram",
                "model.interpolation=none",
                "model.full_support=true",
            ],
            &["model.full_support is true", "needs an interpolation"],
        ),
        (
            &["model.kind=ngram", "model.order=0"],
            &["model.order is 0", "from 1"],
        ),
        (
            &["model.kind=ngram", "model.hidden=8"],
            &["no key `model.hidden`"],
        ),
        (
            &["model.kind=opt", "model.pretrained=/m", "model.hidden=64"],
            &["model.hidden", "64", "leave it out"],
        ),
        (
            &[
                "model.kind=opt",
                "model.pretrained=/m",
                "model.initialise=scratch",
            ],
            &["model.initialise is \"scratch\"", "model.pretrained"],
        ),
        (
            &["model.kind=llama", "model.key_value_heads=3"],
            &["model.key_value_heads is 3", "model.heads = 8"],
        ),
        (
            &["model.kind=llama", "model.hidden=24", "model.heads=8"],
            &[
                "model.kind is \"llama\"",
                "cannot have these sizes",
                "an even number",
            ],
        ),
        (
            &["model.kind=llama", "model.window=8"],
            &[
                "no key `model.window`",
                "valid here: kind",
                "key_value_heads",
            ],
        ),
        (
            &["model.kind=qwen2", "model.head_dimension=16"],
            &["no key `model.head_dimension`"],
        ),
        (
            &["model.kind=opt", "model.preset=tinystories-1m"],
            &["no key `model.preset`"],
        ),
        (
            &["model.kind=lama"],
            &["model.kind is \"lama\"", "did you mean `llama`?"],
        ),
    ] {
        let error = refusal(SMALL, overrides);
        for fragment in fragments {
            assert!(error.contains(fragment), "{overrides:?}: {error}");
        }
    }
}

#[test]
fn what_is_no_toml_is_refused_with_its_line() {
    let error = refusal("[corpus]\npath = = 3\n", &[]);
    assert!(error.contains("experiment.toml, line 2"), "{error}");
    for text in ["training.epochs", "=3", "a..b=3", "name=[1", "a b=2"] {
        let error = refusal(SMALL, &[text]);
        assert!(error.contains(&format!("--set {text}")), "{error}");
    }
}

#[test]
fn overrides_need_no_quotes_and_go_before_the_file() {
    let experiment = read(
        &format!("name = \"file\"\n{SMALL}"),
        &[
            "name=7",
            "training.epochs=9",
            "training.epochs=early-stopping",
        ],
    )
    .unwrap();
    assert_eq!(experiment.name, "7");
    assert_eq!(experiment.training.epochs, EpochCount::EarlyStopping);
}

#[test]
fn another_kind_passes_over_what_the_file_says_for_the_first() {
    let text = format!("{SMALL}[paradigm]\nkind = \"fixed-share\"\nshare = 0.1\n");
    let experiment = read(&text, &["paradigm.kind=accumulate"]).unwrap();
    assert_eq!(experiment.paradigm, Paradigm::Accumulate);
    let error = refusal(&text, &["paradigm.kind=accumulate", "paradigm.share=0.2"]);
    assert!(error.contains("no key `paradigm.share`"), "{error}");
}

#[test]
fn models_are_asked_as_their_kind_is_trained() {
    let conditioning = |overrides: &[&str]| read(SMALL, overrides).unwrap().measure.conditioning;
    assert_eq!(conditioning(&[]), Conditioning::StartOfText);
    assert_eq!(conditioning(&["model.kind=ngram"]), Conditioning::Bare);
    assert_eq!(
        conditioning(&["measure.conditioning=bare"]),
        Conditioning::Bare
    );
}

#[test]
fn paths_start_from_the_folder_of_the_file_or_from_the_working_directory() {
    assert_eq!(
        read(SMALL, &[]).unwrap().corpus.path,
        "/folder/stories.jsonl"
    );
    let here = std::path::absolute("x.txt").unwrap();
    let experiment = read(SMALL, &["corpus.path=x.txt"]).unwrap();
    assert_eq!(Path::new(&experiment.corpus.path), here);
    let experiment = read(SMALL, &["corpus.path=builtin:tinystories-sample"]).unwrap();
    assert_eq!(experiment.corpus.path, "builtin:tinystories-sample");
}

#[test]
fn differences_name_the_keys() {
    let one = read(SMALL, &[]).unwrap();
    let other = read(SMALL, &["seed=5", "compute.threads=1", "generations=20"]).unwrap();
    let keys = |differences: Vec<autophage_lab::Difference>| -> Vec<String> {
        differences.into_iter().map(|d| d.key).collect()
    };
    assert_eq!(
        keys(one.differences(&other)),
        ["compute.threads", "generations", "seed"]
    );
    assert_eq!(keys(one.incompatibilities(&other)), ["seed"]);
}

/// The parts of experiments that have keys of their own.
fn kinds() -> Vec<Vec<String>> {
    let mut kinds: Vec<Vec<String>> = TransformerKind::ALL
        .iter()
        .map(|kind| vec![format!("model.kind={kind}")])
        .collect();
    for overrides in [
        &["model.kind=ngram"][..],
        &["model.kind=gpt-neo", "model.intermediate=512"],
        &["model.kind=opt", "model.pretrained=/models/opt"],
        &[
            "tokenizer.kind=file",
            "tokenizer.path=/models/tokenizer.json",
        ],
        &["tokenizer.kind=bpe"],
        &["paradigm.kind=accumulate-subsample", "paradigm.rate=0.1"],
        &["paradigm.kind=fixed-share", "paradigm.share=0.1"],
        &["measure.probe=[{context = \"a\", next = [\" b\"]}]"],
    ] {
        kinds.push(overrides.iter().map(|&text| text.to_owned()).collect());
    }
    kinds
}

/// The names of all keys of a table, those of arrays of tables too.
fn names(prefix: &str, value: &toml::Value, found: &mut BTreeSet<String>) {
    match value {
        toml::Value::Table(table) => {
            for (name, value) in table {
                match prefix {
                    "" => names(name, value, found),
                    prefix => names(&format!("{prefix}.{name}"), value, found),
                }
            }
        }
        value => {
            found.insert(prefix.to_owned());
            for item in value.as_array().into_iter().flatten() {
                if item.is_table() {
                    names(prefix, item, found);
                }
            }
        }
    }
}

#[test]
fn the_table_has_the_keys_that_experiments_have() {
    let mut found = BTreeSet::new();
    for overrides in kinds() {
        let text = Experiment::from_toml(SMALL, Path::new("/folder/x.toml"), &overrides)
            .unwrap()
            .to_toml();
        names("", &toml::from_str(&text).unwrap(), &mut found);
    }
    let kept: BTreeSet<String> = Key::ALL
        .iter()
        .filter(|key| !key.is_shorthand)
        .map(|key| key.path.to_owned())
        .collect();
    assert_eq!(found, kept);
    let shorthands = Key::ALL.iter().filter(|key| key.is_shorthand);
    assert_eq!(
        shorthands.map(|key| key.path).collect::<Vec<_>>(),
        ["model.preset"]
    );
    let all: BTreeSet<&str> = Key::ALL.iter().map(|key| key.path).collect();
    assert_eq!(all.len(), Key::ALL.len(), "a key is twice in the table");
}

/// Every key that the table speaks of is one of the table, and each value that it lists is read.
#[test]
fn the_table_is_right_about_its_values() {
    for key in Key::ALL {
        let others = key.condition.map(|condition| condition.key);
        for path in others.into_iter().chain(key.follows) {
            assert!(Key::named(path).is_some(), "{}: {path}", key.path);
        }
        let Accepts::Words(words) = key.accepts else {
            continue;
        };
        for word in words {
            let mut overrides = match key.condition {
                Some(condition) => vec![format!("{}={}", condition.key, condition.values[0])],
                None => Vec::new(),
            };
            overrides.push(format!("{}={word}", key.path));
            overrides.extend(
                match *word {
                    "file" => &["tokenizer.path=/t.json"][..],
                    "accumulate-subsample" => &["paradigm.rate=1"],
                    "fixed-share" => &["paradigm.share=0.1"],
                    "fresh-share" => &["paradigm.share=0.1", "corpus.tokens=5"],
                    "pretrained" => &["model.pretrained=/m"],
                    _ => &[],
                }
                .iter()
                .map(|&text| text.to_owned()),
            );
            let read = Experiment::from_toml(SMALL, Path::new("x.toml"), &overrides);
            let experiment = read.unwrap_or_else(|error| panic!("{overrides:?}: {error}"));
            if !key.is_shorthand {
                let written = experiment.to_toml();
                assert!(written.contains(&format!("= \"{word}\"\n")), "{written}");
            }
        }
    }
}

/// `AUTOPHAGE_WRITE_DOCS=1 cargo test -p autophage-lab --test experiment` writes the reference.
#[test]
fn the_reference_is_that_of_the_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/experiment.md");
    let reference = Key::reference();
    if std::env::var_os("AUTOPHAGE_WRITE_DOCS").is_some() {
        std::fs::write(&path, &reference).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == reference,
        "docs/experiment.md is not that of the table of keys: run \
         AUTOPHAGE_WRITE_DOCS=1 cargo test -p autophage-lab --test experiment"
    );
}

#[test]
fn keys_that_a_kind_does_not_use_are_refused() {
    let counts = format!("{SMALL}[model]\nkind = \"ngram\"\n");
    for (section, line, fragments) in [
        (
            "training",
            "learning_rate = 1e-3",
            &[
                "training.learning_rate",
                "of [training] that kind uses tokens",
            ][..],
        ),
        ("training", "context = 64", &["training.context"]),
        ("training", "epochs = 5", &["training.epochs"]),
        (
            "compute",
            "precision = \"f32\"",
            &["compute.precision", "no key of [compute]"],
        ),
        ("compute", "threads = 2", &["compute.threads"]),
    ] {
        let error = refusal(&format!("{counts}[{section}]\n{line}\n"), &[]);
        let common = [
            "experiment.toml, line 6",
            "model.kind = \"ngram\"",
            "leave it out",
        ];
        for fragment in fragments.iter().chain(&common) {
            assert!(error.contains(fragment), "{error}");
        }
    }
    let error = refusal(&counts, &["compute.threads=2"]);
    assert!(error.starts_with("--set compute.threads=2: compute.threads has no use"));
    // What it does use is read.
    let text = format!("{counts}[training]\ntokens = 7\n[generation]\ncontext = 1\n");
    let experiment = read(&text, &[]).unwrap();
    assert_eq!(experiment.training.tokens, Some(7));
    assert_eq!(experiment.generation.context, 1);
    let written = experiment.to_toml();
    assert!(
        !written.contains("learning_rate") && !written.contains("[compute]"),
        "{written}"
    );
}

/// What version 0.1.0 printed and kept of an experiment with n-grams.
const EARLIER: &str = include_str!("written/counts.toml");

#[test]
fn experiments_of_earlier_versions_read_as_what_they_were() {
    let now = read(SMALL, &["model.kind=ngram"]).unwrap();
    assert_eq!(read(EARLIER, &[]).unwrap(), now);
    assert_eq!(Experiment::from_kept(EARLIER, Path::new("x")).unwrap(), now);
    // A run may have had values that it made no use of. As a request they would be refused.
    let chosen = EARLIER
        .replace("learning_rate = 0.0005", "learning_rate = 0.1")
        .replace("threads = \"all\"", "threads = 2");
    assert_eq!(Experiment::from_kept(&chosen, Path::new("x")).unwrap(), now);
    assert!(refusal(&chosen, &[]).contains("compute.threads has no use"));
    // What is kept is otherwise read as strictly as a request.
    let unknown = EARLIER.replace("order = 3", "ordr = 3");
    let error = Experiment::from_kept(&unknown, Path::new("x")).unwrap_err();
    assert!(error.to_string().contains("did you mean `order`?"));
}

/// Run directories are compared byte for byte.
#[test]
fn experiments_are_written_as_by_earlier_versions() {
    let demo = Experiment::load("demo", &[]).unwrap();
    assert_eq!(demo.to_toml(), include_str!("written/demo.toml"));
    let corpus = "corpus.path=/folder/stories.jsonl".to_owned();
    let paper = Experiment::load("tinystories-33m", &[corpus]).unwrap();
    assert_eq!(paper.to_toml(), include_str!("written/paper.toml"));
}

#[test]
fn the_family_is_that_of_the_pretrained_directory() {
    let folder = tempfile::tempdir().unwrap();
    let pretrained = format!("model.pretrained={}", folder.path().display());
    let error = refusal(SMALL, &[&pretrained]);
    assert!(error.contains("config.json cannot be read"), "{error}");
    assert!(error.contains("say the family in model.kind"), "{error}");
    for kind in TransformerKind::ALL {
        let config = format!("{{\"model_type\": {:?}}}", kind.model_type());
        std::fs::write(folder.path().join("config.json"), config).unwrap();
        let experiment = read(SMALL, &[&pretrained]).unwrap();
        let expected = TransformerSettings::pretrained(kind, folder.path());
        assert_eq!(experiment.model, ModelSettings::from(expected));
        // The resolved copy does not need the directory.
        let written = experiment.to_toml();
        assert!(
            written.contains(&format!("kind = {:?}", kind.name())),
            "{written}"
        );
    }
    std::fs::write(
        folder.path().join("config.json"),
        "{\"model_type\": \"bert\"}",
    )
    .unwrap();
    let error = refusal(SMALL, &[&pretrained]);
    assert!(
        error.contains("\"bert\"") && error.contains("gpt_neox"),
        "{error}"
    );
}

/// Programs make experiments from the same defaults, and are told the same.
#[test]
fn an_experiment_can_be_made_without_a_file() {
    let corpus = || CorpusSettings::new("/folder/stories.jsonl");
    let made = Experiment {
        corpus: corpus(),
        ..Experiment::default()
    };
    assert_eq!(made.validate().map_err(|error| error.to_string()), Ok(()));
    assert_eq!(read(SMALL, &[]).unwrap(), made);
    for (file, settings) in [
        (
            "model.kind=ngram",
            ModelSettings::from(NGramSettings::default()),
        ),
        (
            "model.kind=llama",
            TransformerSettings::of(TransformerKind::Llama).into(),
        ),
        (
            "model.preset=tinystories-3m",
            TransformerSettings::preset("tinystories-3m")
                .unwrap()
                .into(),
        ),
    ] {
        let made = Experiment {
            corpus: corpus(),
            ..Experiment::of(settings)
        };
        assert_eq!(made.validate().map_err(|error| error.to_string()), Ok(()));
        assert_eq!(read(SMALL, &[file]).unwrap(), made);
    }
}

/// The file's message is the program's with a place in front.
#[test]
fn programs_are_told_what_files_are_told() {
    type Change = fn(&mut Experiment);
    let changes: [(&str, Change); 14] = [
        ("seed=9223372036854775808", |e| e.seed = 1 << 63),
        ("generations=0", |e| e.generations = 0),
        ("corpus.validation=1.5", |e| e.corpus.validation = 1.5),
        ("training.context=0", |e| e.training.settings.context = 0),
        ("training.beta1=1.0", |e| e.training.settings.beta1 = 1.0),
        ("training.clip_norm=nan", |e| {
            e.training.settings.clip_norm = f64::NAN;
        }),
        ("training.epochs=0", |e| {
            e.training.epochs = EpochCount::Fixed(0)
        }),
        ("generation.top_p=1.5", |e| e.generation.top_p = Some(1.5)),
        ("measure.context_length=5", |e| e.measure.context_length = 5),
        ("compute.isa=avx9", |e| e.compute.isa = "avx9".to_owned()),
        ("model.hidden=100", |e| {
            e.model = TransformerSettings {
                hidden: 100,
                ..Default::default()
            }
            .into();
        }),
        ("model.heads=7", |e| {
            e.model = TransformerSettings {
                heads: 7,
                ..Default::default()
            }
            .into();
        }),
        ("model.positions=100", |e| {
            e.model = TransformerSettings {
                positions: 100,
                ..Default::default()
            }
            .into();
        }),
        ("corpus.path=", |e| e.corpus.path = String::new()),
    ];
    for (override_, change) in changes {
        let mut experiment = read(SMALL, &[]).unwrap();
        change(&mut experiment);
        let told = experiment.validate().unwrap_err().to_string();
        let file = refusal(SMALL, &[override_]);
        let place = format!("--set {override_}: ");
        assert_eq!(file.strip_prefix(&place).unwrap_or(&file), told);
        assert_eq!(file.contains(&place), override_ != "corpus.path=");
    }
}

#[test]
fn programs_are_refused_what_a_kind_does_not_use() {
    let base = || Experiment {
        corpus: CorpusSettings::new("x"),
        ..Experiment::of(NGramSettings::default())
    };
    let refused = |experiment: &Experiment, words: &[&str]| {
        let error = experiment.validate().unwrap_err().to_string();
        for word in words {
            assert!(error.contains(word), "{error}");
        }
    };
    let mut experiment = base();
    experiment.training.settings.learning_rate = 1.0;
    refused(&experiment, &["training.learning_rate", "ngram"]);
    experiment = base();
    experiment.model = TransformerSettings {
        window: 8,
        ..TransformerSettings::of(TransformerKind::Opt)
    }
    .into();
    refused(&experiment, &["model.window", "opt", "heads"]);
    experiment.model = TransformerSettings {
        layers: 9,
        ..TransformerSettings::pretrained(TransformerKind::Opt, "/m")
    }
    .into();
    refused(&experiment, &["model.layers is 9", "leave it out"]);
}

#[test]
fn sections_can_be_checked_by_themselves() {
    let mut training = TrainingSection::default();
    assert!(training.validate().is_ok());
    training.settings.epsilon = 0.0;
    let error = training.validate().unwrap_err().to_string();
    assert_eq!(
        error,
        "training.epsilon is 0.0, but must be a number above 0"
    );
    let generation = GenerationSection {
        batch: 0,
        ..GenerationSection::default()
    };
    assert!(generation.validate().is_err());
    let measure = MeasureSection {
        probe: vec![ProbeSettings {
            context: "a".into(),
            next: vec![],
        }],
        ..MeasureSection::default()
    };
    let error = measure.validate().unwrap_err().to_string();
    assert!(error.contains("measure.probe.next is not set"), "{error}");
    let compute = ComputeSection {
        threads: Some(0),
        ..ComputeSection::default()
    };
    assert!(compute.validate().is_err());
    let model = ModelSettings::from(NGramSettings {
        interpolation: InterpolationKind::None,
        ..NGramSettings::default()
    });
    let error = model.validate().unwrap_err().to_string();
    assert!(error.contains("model.full_support is true"), "{error}");
}

/// The sections are read by serde alone as well, from any format, with the same defaults.
#[test]
fn sections_have_the_same_defaults_everywhere() {
    fn from_nothing<T: serde::de::DeserializeOwned + Default + PartialEq + std::fmt::Debug>() {
        assert_eq!(toml::from_str::<T>("").unwrap(), T::default());
        assert_eq!(serde_json::from_str::<T>("{}").unwrap(), T::default());
        assert!(toml::from_str::<T>("nothing = 1").is_err());
    }
    from_nothing::<Experiment>();
    from_nothing::<CorpusSettings>();
    from_nothing::<TransformerSettings>();
    from_nothing::<NGramSettings>();
    from_nothing::<TrainingSection>();
    from_nothing::<GenerationSection>();
    from_nothing::<MeasureSection>();
    from_nothing::<ComputeSection>();
    for overrides in kinds() {
        let experiment =
            Experiment::from_toml(SMALL, Path::new("/folder/x.toml"), &overrides).unwrap();
        let json = serde_json::to_string(&experiment).unwrap();
        assert_eq!(
            serde_json::from_str::<Experiment>(&json).unwrap(),
            experiment
        );
    }
}

#[test]
fn another_kind_of_model_leaves_the_training_of_the_first_behind() {
    let experiment = Experiment::load("demo", &["model.kind=ngram".to_owned()]).unwrap();
    assert_eq!(experiment.training, TrainingSection::default());
    assert_eq!(experiment.generation.max_tokens, 256);
}

#[test]
fn contexts_follow_that_of_the_training() {
    let experiment = read(SMALL, &["training.context=64", "measure.context=100"]).unwrap();
    let ModelSettings::Transformer(model) = &experiment.model else {
        panic!("{:?}", experiment.model);
    };
    assert_eq!(experiment.generation.context, 64);
    assert_eq!(experiment.generation.max_tokens, 64);
    assert_eq!(experiment.measure.context, 100);
    assert_eq!(model.positions, 100);
}

proptest! {
    #[test]
    fn numbers_keep_all_their_digits(rate in 1e-9f64..1.0, single in 1e-9f32..1.0) {
        for rate in [rate, f64::from(single)] {
            let mut experiment = read(SMALL, &[]).unwrap();
            experiment.training.settings.learning_rate = rate;
            prop_assert_eq!(&read(&experiment.to_toml(), &[]).unwrap(), &experiment);
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,200}", value in "\\PC{0,60}") {
        let _ = read(&text, &[&value]);
        let _ = read(SMALL, &[&value]);
    }

    #[test]
    fn nothing_like_a_file_makes_it_panic(
        section in "(corpus|model|training|measure|paradigm|generation|tokenizer|compute|x)",
        key in "(kind|path|probe|tokens|context|share|rate|epochs|batch|top_p|isa|preset|a\\.b)",
        value in "(-?[0-9]{1,45}|[0-9.e-]{1,9}|\"[a-z]{0,9}\"|true|\\[.{0,9}\\]|\\{.{0,9}\\}|inf|0x[0-9a-f]{1,9}|1979-05-27)",
    ) {
        let _ = read(&format!("[{section}]\n{key} = {value}\n"), &[]);
        let _ = read(SMALL, &[&format!("{section}.{key}={value}")]);
        let _ = read(SMALL, &[&format!("{section}={value}")]);
    }
}
