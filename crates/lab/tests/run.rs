//! Whole runs of a very small network: what they leave, and that stopping changes nothing.

mod common;

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use autophage_durable::Checksum;
use autophage_lab::{ComputeSection, Event, Experiment, Outcome, Run, Stage, load_model, run};
use autophage_measure::perplexity::HeldOutLosses;
use common::{Bench, assert_same_artefacts, never, once};

/// The artefacts of a run but for what it was asked to do.
fn without_experiment(bench: &Bench, name: &str) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = common::artefacts(&bench.path(name));
    files.remove(Path::new("experiment.toml"));
    files
}

#[test]
fn a_run_leaves_what_a_reader_needs() {
    let bench = Bench::new();
    let experiment = bench.experiment(&[]);
    let mut stages = Vec::new();
    let mut finished = Vec::new();
    let mut observer = |event: &Event<'_>| {
        match event {
            Event::StageStarted {
                stage, generation, ..
            } => stages.push((*generation, *stage)),
            Event::GenerationFinished { metrics, .. } => finished.push((*metrics).clone()),
            _ => {}
        }
        ControlFlow::Continue(())
    };
    let directory = bench.path("run");
    let (read, outcome) = Run::make(&experiment, &directory, &mut observer).unwrap();
    assert_eq!(outcome, Outcome::Complete);

    let mut expected = vec![(0, Stage::TOKENIZE)];
    for n in 1..=3 {
        expected.extend([(n, Stage::TRAIN), (n, Stage::GENERATE), (n, Stage::MEASURE)]);
    }
    assert_eq!(stages, expected);

    assert_eq!(*read.experiment(), experiment);
    assert_eq!(read.finished().unwrap(), 3);
    assert!(!read.is_in_progress());
    assert_eq!(read.status().unwrap().unwrap().stage, "measure");
    assert!(read.record().backend.starts_with("cpu, "));

    let baseline = read.baseline().unwrap().unwrap();
    let initial = read.initial_corpus().unwrap();
    assert_eq!(baseline.initial_tokens, initial.tokens());
    assert_eq!(
        baseline.initial_documents + baseline.validation_documents,
        80
    );
    assert_eq!(baseline.probes[0].truth.next.len(), 2);
    assert!(baseline.probes[0].truth.context_count > 0);
    assert!(baseline.unigram.bits_per_byte.is_some());

    let tokenizer = read.tokenizer().unwrap();
    for n in 1..=3 {
        let metrics = read.metrics(n).unwrap();
        assert_eq!(metrics, finished[n as usize - 1]);
        assert_eq!(metrics.generation, n);
        assert!(metrics.perplexity.perplexity.is_finite());
        assert!(metrics.perplexity.perplexity_standard_error.is_some());
        assert_eq!(metrics.training.epochs, 1);
        assert!(metrics.training.steps > 0);
        assert!(metrics.training.training_loss.is_some());
        assert_eq!(metrics.probes[0].probabilities.len(), 2);
        assert!(metrics.generated.tokens >= initial.tokens());
        assert!(metrics.generated.tokens < initial.tokens() + 25);

        let errors = read.errors(n).unwrap().unwrap();
        assert_eq!(errors.generation, n);
        assert_eq!(errors.summary(), metrics.errors);
        let tracked = read.tracked().unwrap();
        assert!(
            errors
                .contexts
                .iter()
                .map(|c| &c.context)
                .eq(tracked.contexts())
        );
        // The five most frequent contexts of each length and that of the probe, if it is none.
        assert!((15..=16).contains(&tracked.contexts().len()));
        assert_eq!(errors.events.len(), 2);
        for context in &errors.contexts {
            assert!(context.retention > 0.0 && context.retention <= 1.0);
            assert!(context.direct_retention >= context.retention * (1.0 - 1e-9));
        }
        let distributions = read.distributions(n).unwrap().unwrap();
        assert_eq!(distributions.contexts(), tracked.contexts());

        let held_out = read.held_out_losses(n).unwrap().unwrap();
        let bytes = metrics.perplexity.text_bytes;
        assert_eq!(held_out.losses.summary(bytes).unwrap(), metrics.perplexity);
        let documents = read.validation_corpus().unwrap();
        let losses = HeldOutLosses::new(&documents, held_out.losses.clone());
        assert_eq!(losses, held_out);

        let corpus = read.corpus(n).unwrap();
        assert_eq!(corpus.tokens(), metrics.generated.tokens);
        assert!(read.excerpt(n, 0).unwrap().is_some());
        assert!(read.excerpt(n, corpus.documents()).unwrap().is_none());
        let model = read.model(n).unwrap();
        assert_eq!(model.vocabulary(), tokenizer.vocabulary() as usize);
        let timing = read.timing(n).unwrap();
        let timed: Vec<&str> = timing.stages.iter().map(|(stage, _)| stage).collect();
        assert_eq!(timed, ["train", "generate", "measure"]);
        assert!(timing.stages.values().all(|stage| stage.seconds > 0.0));
        assert_eq!(
            timing.stages.get("generate").unwrap().tokens,
            metrics.generated.tokens
        );
        let pool = read.pool(n).unwrap();
        assert!(pool.selection().is_everything());
        assert_eq!(pool.selection().curator(), "everything");

        let directory = read.generation(n).unwrap();
        for file in [
            "config.json",
            "model.safetensors",
            "tokenizer.json",
            "tokenizer_config.json",
            "corpus.bin",
            "corpus.index",
            "training.jsonl",
            "trained.json",
            "selection.json",
            "provenance.json",
            "distributions.bin",
            "errors.json",
            "losses.bin",
            "metrics.json",
            "timing.json",
            "manifest.json",
        ] {
            assert!(directory.join(file).is_file(), "{file}");
        }
        let curve = fs::read_to_string(directory.join("training.jsonl")).unwrap();
        assert_eq!(curve.lines().count() as u64, metrics.training.steps + 1);
    }
    let lines = fs::read_to_string(directory.join("metrics.jsonl")).unwrap();
    assert_eq!(lines.lines().count(), 3);
    for (n, line) in (1..).zip(lines.lines()) {
        let metrics: autophage_lab::Metrics = serde_json::from_str(line).unwrap();
        assert_eq!(metrics, read.metrics(n).unwrap());
    }
    assert!(
        read.metrics(4)
            .unwrap_err()
            .to_string()
            .contains("3 are finished")
    );
    assert!(read.metrics(0).is_err());
}

/// The figure of the metrics against a direct computation from the artefacts.
#[test]
fn generated_text_is_scored_under_the_first_model() {
    let bench = Bench::new();
    let experiment = bench.experiment(&["generation.tokens=8000"]);
    bench.run(&experiment, "run").unwrap();
    let run = Run::open(&bench.path("run")).unwrap();
    let first = run.model(1).unwrap();
    for n in 1..=3 {
        let corpus = run.corpus(n).unwrap();
        assert!(corpus.documents() > 256);
        let sequences: Vec<Vec<u32>> = (0..256)
            .map(|i| {
                let mut sequence = vec![corpus.end_of_text()];
                sequence.extend(corpus.document(i));
                sequence
            })
            .collect();
        let context = experiment.measure.context as usize;
        let losses = first.token_losses(&sequences, context).unwrap();
        let losses: Vec<f64> = losses.concat().into_iter().map(f64::from).collect();
        let perplexity = (losses.iter().sum::<f64>() / losses.len() as f64).exp();
        let scored = run.metrics(n).unwrap().perplexity_under_first.unwrap();
        assert_eq!(scored.perplexity.documents, 256);
        assert_eq!(scored.perplexity.tokens, losses.len() as u64);
        assert!((scored.perplexity.perplexity / perplexity - 1.0).abs() < 1e-6);
        assert_eq!(scored.histogram.documents.iter().sum::<u64>(), 256);
    }
}

/// Takes from generation `n` what the first version of the program did not record, and writes the
/// rest as that version did.
fn as_first_version(run: &Path, n: u32) {
    let directory = run.join(format!("generations/{n:03}"));
    let read = |name: &str| -> serde_json::Value {
        serde_json::from_slice(&fs::read(directory.join(name)).unwrap()).unwrap()
    };
    let mut manifest = read("manifest.json");
    let files = manifest["files"].as_object_mut().unwrap();
    for name in ["losses.bin", "selection.json", "trained.json"] {
        fs::remove_file(directory.join(name)).unwrap();
        files.remove(name).unwrap();
    }
    let mut metrics = read("metrics.json");
    let removed = metrics.as_object_mut().unwrap();
    removed.remove("perplexity_under_first").unwrap();
    let metrics = format!("{metrics}\n");
    fs::write(directory.join("metrics.json"), &metrics).unwrap();
    files["metrics.json"] = serde_json::json!({
        "bytes": metrics.len(),
        "xxh3": format!("{:016x}", Checksum::of(metrics.as_bytes())),
    });
    fs::write(directory.join("manifest.json"), format!("{manifest}\n")).unwrap();
    let mut timing = read("timing.json")["stages"].take();
    timing["generation"] = n.into();
    fs::write(directory.join("timing.json"), format!("{timing}\n")).unwrap();
}

#[test]
fn a_run_of_the_first_version_can_be_read_and_goes_on() {
    let bench = Bench::new();
    bench.run(&bench.experiment(&[]), "whole").unwrap();
    bench
        .run(&bench.experiment(&["generations=2"]), "old")
        .unwrap();
    for n in 1..=2 {
        as_first_version(&bench.path("old"), n);
    }
    let old = Run::open(&bench.path("old")).unwrap();
    assert!(old.held_out_losses(2).unwrap().is_none());
    assert!(old.metrics(2).unwrap().perplexity_under_first.is_none());
    assert!(old.pool(2).unwrap().selection().is_everything());
    let timing = old.timing(2).unwrap();
    let timed: Vec<&str> = timing.stages.iter().map(|(stage, _)| stage).collect();
    assert_eq!(timed, ["train", "generate", "measure"]);
    assert!(timing.seconds() > 0.0);

    bench.run(&bench.experiment(&[]), "old").unwrap();
    let whole = Run::open(&bench.path("whole")).unwrap();
    assert!(old.metrics(2).unwrap().perplexity_under_first.is_none());
    assert_eq!(old.metrics(3).unwrap(), whole.metrics(3).unwrap());
    assert_eq!(old.errors(3).unwrap(), whole.errors(3).unwrap());
    assert_eq!(
        old.held_out_losses(3).unwrap(),
        whole.held_out_losses(3).unwrap()
    );
}

#[test]
fn a_model_trains_on_what_the_one_before_wrote() {
    let bench = Bench::new();
    bench.run(&bench.experiment(&[]), "run").unwrap();
    let run = Run::open(&bench.path("run")).unwrap();
    for n in 2..=3 {
        let written = run.corpus(n - 1).unwrap();
        let trained = run.training_set(n).unwrap();
        assert_eq!(trained.tokens(), written.tokens());
        assert!((0..trained.len()).all(|i| trained.document(i) == written.document(i)));
        let provenance = run.provenance(n).unwrap();
        assert_eq!(provenance.sources.len(), 1);
        assert_eq!(provenance.sources[0].generation, n - 1);
        assert_eq!(provenance.sources[0].share, 1.0);
    }
}

#[test]
fn stopping_anywhere_and_going_on_changes_no_artefact() {
    let bench = Bench::new();
    let experiment = bench.experiment(&["training.epochs=early-stopping"]);
    bench.run(&experiment, "whole").unwrap();

    let mut stops = Vec::new();
    let mut calls = 0;
    // Each call gets a few events further than the one before it, whatever they are.
    loop {
        let mut seen = 0;
        let limit = 3 + 11 * calls;
        let mut observer = once(|event| {
            seen += 1;
            if seen == limit {
                stops.push(format!("{event:?}"));
            }
            seen >= limit
        });
        calls += 1;
        let outcome = run(&experiment, &bench.path("stopped"), &mut observer).unwrap();
        if outcome == Outcome::Complete {
            break;
        }
        assert!(calls < 60, "no end after {calls} calls");
    }
    assert!(calls > 3, "stopped at {stops:?}");
    assert_same_artefacts(&bench.path("whole"), &bench.path("stopped"));
}

#[test]
fn a_killed_process_leaves_nothing_that_hinders_the_next() {
    let bench = Bench::new();
    let experiment = bench.experiment(&[]);
    bench.run(&experiment, "whole").unwrap();
    let mut observer = once(
        |event| matches!(event, Event::GenerationFinished { metrics, .. } if metrics.generation == 2),
    );
    let outcome = run(&experiment, &bench.path("killed"), &mut observer).unwrap();
    assert_eq!(outcome, Outcome::Stopped { finished: 2 });
    // What a killed process can leave: half of a generation, of a file, no list of metrics yet.
    let generations = bench.path("killed/generations");
    fs::create_dir(generations.join(".003.partial")).unwrap();
    fs::write(generations.join(".003.partial/model.safetensors"), b"half").unwrap();
    fs::write(bench.path("killed/.metrics.jsonl.partial"), b"ha").unwrap();
    fs::remove_file(bench.path("killed/metrics.jsonl")).unwrap();
    bench.run(&experiment, "killed").unwrap();
    assert_same_artefacts(&bench.path("whole"), &bench.path("killed"));
}

#[test]
fn more_generations_of_a_run_are_those_of_a_longer_one() {
    let bench = Bench::new();
    bench.run(&bench.experiment(&[]), "long").unwrap();
    bench
        .run(&bench.experiment(&["generations=1"]), "grown")
        .unwrap();
    bench.run(&bench.experiment(&[]), "grown").unwrap();
    assert_same_artefacts(&bench.path("long"), &bench.path("grown"));
    let error = bench
        .run(&bench.experiment(&["generations=1"]), "grown")
        .unwrap_err();
    assert!(error.to_string().contains("has 3 finished"), "{error}");
}

#[test]
fn the_batch_of_the_sampler_changes_no_artefact() {
    let bench = Bench::new();
    bench
        .run(&bench.experiment(&["generation.batch=1"]), "one")
        .unwrap();
    bench
        .run(&bench.experiment(&["generation.batch=7"]), "seven")
        .unwrap();
    assert!(without_experiment(&bench, "one") == without_experiment(&bench, "seven"));
}

#[test]
fn the_number_of_threads_changes_no_artefact() {
    let bench = Bench::new();
    for threads in ["1", "2", "5"] {
        let experiment = bench.experiment(&[&format!("compute.threads={threads}")]);
        bench.run(&experiment, threads).unwrap();
    }
    let files = |name| without_experiment(&bench, name);
    assert!(files("1") == files("2"));
    assert!(files("1") == files("5"));
}

#[test]
fn both_backends_and_every_instruction_set_tell_the_same_story() {
    let bench = Bench::new();
    let perplexity = |overrides: &[&str], name: &str| {
        let experiment = bench.experiment(&[&["generations=1"], overrides].concat());
        bench.run(&experiment, name).unwrap();
        Run::open(&bench.path(name))
            .unwrap()
            .metrics(1)
            .unwrap()
            .perplexity
            .perplexity
    };
    let reference = perplexity(&["compute.backend=reference"], "reference");
    let portable = perplexity(&["compute.isa=portable"], "portable");
    let best = perplexity(&[], "best");
    assert!(
        (portable / reference - 1.0).abs() < 1e-3,
        "{portable} {reference}"
    );
    assert!((best / reference - 1.0).abs() < 1e-3, "{best} {reference}");
}

#[test]
fn another_seed_is_another_run() {
    let bench = Bench::new();
    let one = ["generations=1", "seed=1"];
    let two = ["generations=1", "seed=2"];
    bench.run(&bench.experiment(&one), "one").unwrap();
    bench.run(&bench.experiment(&two), "two").unwrap();
    let weights = |name: &str| fs::read(bench.path(name).join("generations/001/model.safetensors"));
    assert_ne!(weights("one").unwrap(), weights("two").unwrap());
}

/// The validation losses after each epoch of generation `n`, where they were asked for.
fn validation_losses(run: &Path, n: u32) -> Vec<Option<f64>> {
    let curve = fs::read_to_string(run.join(format!("generations/{n:03}/training.jsonl"))).unwrap();
    let points = curve
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    points
        .filter(|point: &serde_json::Value| point["event"] == "epoch")
        .map(|point| point["validation_loss"].as_f64())
        .collect()
}

#[test]
fn early_stopping_decides_once() {
    let bench = Bench::new();
    let (most, patience) = (40, 2);
    let overrides = [
        "training.epochs=early-stopping",
        &format!("training.max_epochs={most}"),
        &format!("training.patience={patience}"),
        "training.learning_rate=0.1",
    ];
    let directory = bench.path("run");
    bench.run(&bench.experiment(&overrides), "run").unwrap();
    let run = Run::open(&directory).unwrap();

    // The first generation ends when the loss has not fallen for as many epochs as it has patience.
    let losses = validation_losses(&directory, 1);
    assert!(losses.len() < most, "it never stopped early: {losses:?}");
    let losses: Vec<f64> = losses.into_iter().map(Option::unwrap).collect();
    let lowest = losses.iter().copied().fold(f64::INFINITY, f64::min);
    let best = losses.iter().position(|&loss| loss == lowest).unwrap() + 1;
    assert_eq!(losses.len(), best + patience, "{losses:?}");
    assert_eq!(run.metrics(1).unwrap().training.epochs, best as u32);

    // The others train as long.
    for n in 2..=3 {
        assert_eq!(run.metrics(n).unwrap().training.epochs, best as u32);
        assert_eq!(validation_losses(&directory, n).len(), best);
    }
}

/// Zero among numbers of 32 bits: a training ends with the weights that it began with.
const NO_CHANGE: &str = "training.learning_rate=1e-50";

#[test]
fn a_lineage_can_go_on_from_the_weights_before_it() {
    let bench = Bench::new();
    let weights = |name: &str, n: u32| {
        let file = format!("generations/{n:03}/model.safetensors");
        fs::read(bench.path(name).join(file)).unwrap()
    };
    let scratch = ["generations=2", NO_CHANGE];
    bench.run(&bench.experiment(&scratch), "scratch").unwrap();
    assert_ne!(weights("scratch", 1), weights("scratch", 2));
    let previous = [&scratch[..], &["model.initialise=previous"]].concat();
    bench.run(&bench.experiment(&previous), "previous").unwrap();
    assert_eq!(weights("previous", 1), weights("scratch", 1));
    assert_eq!(weights("previous", 2), weights("previous", 1));
}

#[test]
fn a_lineage_can_begin_with_weights_from_elsewhere() {
    let bench = Bench::new();
    let trained = bench.experiment(&["generations=1"]);
    bench.run(&trained, "trained").unwrap();
    let text = format!(
        "generations = 1
         [corpus]
         path = {:?}
         [tokenizer]
         kind = \"file\"
         path = {:?}
         [model]
         pretrained = {:?}
         [training]
         context = 16
         sequences_per_step = 8
         [generation]
         max_tokens = 16
         ",
        bench.path("stories.jsonl"),
        bench.path("trained/tokenizer/tokenizer.json"),
        bench.path("trained/generations/001"),
    );
    let weights =
        |name: &str| fs::read(bench.path(name).join("generations/001/model.safetensors")).unwrap();
    for (name, overrides) in [("kept", vec![NO_CHANGE.to_owned()]), ("changed", vec![])] {
        let experiment = Experiment::from_toml(&text, &bench.path("x.toml"), &overrides).unwrap();
        run(&experiment, &bench.path(name), &mut never()).unwrap();
    }
    assert_eq!(weights("kept"), weights("trained"));
    assert_ne!(weights("changed"), weights("trained"));
}

#[test]
fn a_count_model_runs_through_the_same_loop() {
    let bench = Bench::new();
    let experiment = Experiment::from_toml(
        "generations = 20
         [corpus]
         path = \"stories.jsonl\"
         [tokenizer]
         kind = \"bpe\"
         vocabulary = 300
         [model]
         kind = \"ngram\"
         order = 2
         [generation]
         max_tokens = 100
         [paradigm]
         kind = \"accumulate\"
         [measure]
         contexts = 4
         [[measure.probe]]
         context = \" there\"
         next = [\" was\"]
         ",
        &bench.path("counts.toml"),
        &[],
    )
    .unwrap();
    bench.run(&experiment, "counts").unwrap();
    let run = Run::open(&bench.path("counts")).unwrap();
    let mut observer = once(
        |event| matches!(event, Event::GenerationFinished { metrics, .. } if metrics.generation % 3 == 0),
    );
    while autophage_lab::run(&experiment, &bench.path("stopped"), &mut observer).unwrap()
        != Outcome::Complete
    {}
    assert_same_artefacts(&bench.path("counts"), &bench.path("stopped"));

    // A model of pairs that is asked after " there" answers with what its training set has there,
    // but for the mass that interpolation moves.
    let truth = run.baseline().unwrap().unwrap().probes[0].truth.next[0].probability;
    let first = run.metrics(1).unwrap();
    assert!((first.probes[0].probabilities[0] - truth.unwrap()).abs() < 0.15);
    assert_eq!(run.model(20).unwrap().vocabulary(), 300);
    load_model(&run.generation(20).unwrap(), &ComputeSection::default()).unwrap();
    let last = run.errors(20).unwrap().unwrap().summary().unwrap();
    let first = first.errors.unwrap();
    assert!(last.retention.median < first.retention.median);
}

#[test]
fn perplexity_can_be_taken_over_the_first_documents_alone() {
    let bench = Bench::new();
    let baseline = |overrides: &[&str], name: &str| {
        let overrides = [&["generations=1"], overrides].concat();
        bench.run(&bench.experiment(&overrides), name).unwrap();
        Run::open(&bench.path(name))
            .unwrap()
            .baseline()
            .unwrap()
            .unwrap()
    };
    let all = baseline(&[], "all");
    let few = baseline(&["measure.documents=2"], "few");
    assert!(all.validation_documents > 2);
    assert_eq!(few.validation_documents, 2);
    assert_eq!(few.unigram.documents, 2);
    // The stories are alike, so the bytes of two are their share of those of all.
    let share = few.unigram.text_bytes.unwrap() as f64 / all.unigram.text_bytes.unwrap() as f64;
    assert!((share * all.validation_documents as f64 / 2.0 - 1.0).abs() < 0.2);
    let as_many = format!("measure.documents={}", all.validation_documents);
    assert_eq!(baseline(&[&as_many], "as-many").unigram, all.unigram);
}

#[test]
fn nothing_is_tracked_where_nothing_is_asked_for() {
    let bench = Bench::new();
    let overrides = ["measure.contexts=0", "measure.probe=[]", "generations=2"];
    bench.run(&bench.experiment(&overrides), "run").unwrap();
    let run = Run::open(&bench.path("run")).unwrap();
    assert!(run.errors(2).unwrap().is_none());
    assert!(run.distributions(2).unwrap().is_none());
    assert!(run.metrics(2).unwrap().errors.is_none());
}
