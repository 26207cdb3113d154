//! The experiment file: defaults, overrides, presets, and one clear error for everything wrong.

use std::path::Path;

use autophage_corpus::TokenizerChoice;
use autophage_lab::{
    Architecture, EpochCount, Experiment, ExperimentError, GptNeoSettings, GptNeoSizes, Initialise,
    ModelSettings, Preset,
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
        &["model.pretrained=/models/neo", "model.initialise=previous"],
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
    let expected = GptNeoSizes {
        hidden: 128,
        layers: 4,
        heads: 8,
        positions: 256,
        window: 256,
    };
    let expected = ModelSettings::GptNeo(GptNeoSettings {
        initialise: Initialise::Scratch,
        architecture: Architecture::Sizes(expected),
    });
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
            &["model.pretrained=/m", "model.hidden=64"],
            &["model.hidden", "leave it out"],
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

proptest! {
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
