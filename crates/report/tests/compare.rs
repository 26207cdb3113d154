//! Comparisons of real runs against the same figures by another road.

mod common;

use std::path::{Path, PathBuf};

use autophage_lab::Run;
use autophage_report::{
    BITS_PER_BYTE, CompareOptions, Comparison, Contrast, Method, PERPLEXITY, compare,
};
use common::Bench;

fn compared(directories: &[PathBuf]) -> Comparison {
    compare(directories, CompareOptions::default()).unwrap()
}

/// −ln p̂ summed by document, straight from the model of a generation, with the number of tokens.
fn losses(directory: &Path, generation: u32) -> Vec<(f64, f64)> {
    let run = Run::open(directory).unwrap();
    let model = run.model(generation).unwrap();
    let documents = run.validation_corpus().unwrap();
    let context = run.experiment().measure.context as usize;
    (0..documents.len())
        .map(|i| {
            let sequence = documents.sequence(i);
            let losses = model.token_losses(&[sequence], context).unwrap().concat();
            let sum = losses.iter().map(|&loss| f64::from(loss)).sum();
            (sum, losses.len() as f64)
        })
        .collect()
}

/// The ratio of the perplexities in bootstrap samples of the documents.
fn bootstrap(ours: &[(f64, f64)], theirs: &[(f64, f64)], replicates: u64) -> Vec<f64> {
    let stream = autophage_random::Stream::new(7, autophage_random::Purpose::Bootstrap, 0);
    let mut ratios: Vec<f64> = (0..replicates)
        .map(|replicate| {
            let (mut difference, mut tokens) = (0.0, 0.0);
            for draw in 0..ours.len() as u64 {
                let i = stream.below(ours.len() as u64, replicate, draw) as usize;
                difference += ours[i].0 - theirs[i].0;
                tokens += ours[i].1;
            }
            (difference / tokens).exp()
        })
        .collect();
    ratios.sort_unstable_by(f64::total_cmp);
    ratios
}

#[test]
fn two_runs_are_paired_over_their_documents() {
    let bench = Bench::new();
    let replace = bench.run("replace", &[]);
    let accumulate = bench.run("accumulate", &["paradigm.kind=accumulate"]);
    let comparison = compared(&[replace.clone(), accumulate.clone()]);
    assert_eq!(comparison.generations, 4);
    assert_eq!(comparison.notes, Vec::<String>::new());
    assert_eq!(comparison.settings.len(), 1);
    assert_eq!(comparison.settings[0].key, "paradigm.kind");

    for generation in 1..=4 {
        let (ours, theirs) = (
            losses(&accumulate, generation),
            losses(&replace, generation),
        );
        let rows = comparison.rows_of(generation, PERPLEXITY);
        let perplexity = |losses: &[(f64, f64)]| {
            let tokens: f64 = losses.iter().map(|loss| loss.1).sum();
            (losses.iter().map(|loss| loss.0).sum::<f64>() / tokens).exp()
        };
        for (row, losses) in rows.iter().zip([&theirs, &ours]) {
            assert!((row.value / perplexity(losses) - 1.0).abs() < 1e-6);
            let interval = row.interval.unwrap();
            assert!(interval.low < row.value && row.value < interval.high);
        }
        assert!(rows[0].against_first.is_none());
        let against = rows[1].against_first.unwrap();
        assert_eq!(
            against.method,
            Method::PairedDocuments {
                documents: ours.len() as u64
            }
        );
        assert_eq!(against.contrast, Contrast::Ratio);
        let ratio = perplexity(&ours) / perplexity(&theirs);
        assert!((against.estimate / ratio - 1.0).abs() < 1e-6);

        // The bootstrap knows neither Student nor the delta method.
        let interval = against.interval.unwrap();
        let samples = bootstrap(&ours, &theirs, 4000);
        let (low, high) = (samples[100], samples[3899]);
        let half = 0.5 * (high - low);
        if generation == 1 {
            // The same model.
            assert!(half < 1e-9 && interval.high - interval.low < 1e-9);
            continue;
        }
        assert!(
            (interval.low - low).abs() < 0.2 * half,
            "{interval:?} {low}"
        );
        assert!(
            (interval.high - high).abs() < 0.2 * half,
            "{interval:?} {high}"
        );
        // Pairing is what makes it narrow.
        let unpaired = rows[1].interval.unwrap();
        assert!(half < 0.8 * 0.5 * (unpaired.high - unpaired.low) / rows[0].value);
    }
    // One run each: only estimates from documents have intervals.
    for row in &comparison.rows {
        let expected = [PERPLEXITY, "perplexity_under_first"].contains(&row.metric.as_str());
        assert_eq!(row.interval.is_some(), expected, "{}", row.metric);
    }
    for metric in [
        "retention",
        "direct_retention",
        "initial_vocabulary",
        "distinct_2",
        "probe \" there\" → \" was\"",
    ] {
        let rows = comparison.rows_of(4, metric);
        let against = rows[1].against_first.unwrap();
        assert_eq!(against.estimate, rows[1].value - rows[0].value);
        assert_eq!((against.interval, against.method), (None, Method::None));
    }
}

#[test]
fn seeds_are_one_case_and_cases_are_compared_by_their_means() {
    let bench = Bench::new();
    let seeds = ["seed=1", "seed=2", "seed=3"];
    let mut runs = Vec::new();
    for seed in seeds {
        runs.push(bench.run(&format!("replace-{seed}"), &[seed]));
    }
    for seed in &seeds[..2] {
        let name = format!("accumulate-{seed}");
        runs.push(bench.run(&name, &[seed, "paradigm.kind=accumulate"]));
    }
    let comparison = compared(&runs);
    assert_eq!(comparison.cases.len(), 2);
    assert_eq!(comparison.cases[0].runs.len(), 3);
    assert_eq!(comparison.settings.len(), 1);

    let loss = |run: usize, generation: u32| {
        let run = Run::open(&runs[run]).unwrap();
        run.metrics(generation)
            .unwrap()
            .perplexity
            .loss_nats_per_token
    };
    for generation in 1..=4 {
        // By hand; t of two and of one degrees of freedom at 95 %.
        let first = [0, 1, 2].map(|run| loss(run, generation));
        let second = [3, 4].map(|run| loss(run, generation));
        let mean = first.iter().sum::<f64>() / 3.0;
        let square = first.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 2.0 / 3.0;
        let other = 0.5 * (second[0] + second[1]);
        let rows = comparison.rows_of(generation, PERPLEXITY);
        assert_eq!((rows[0].runs, rows[1].runs), (3, 2));
        assert!((rows[0].value / mean.exp() - 1.0).abs() < 1e-12);
        let half = 4.302_652_729_749 * square.sqrt();
        assert!((rows[0].interval.unwrap().high / (mean + half).exp() - 1.0).abs() < 1e-9);
        let half = 12.706_204_736_175 * 0.5 * (second[0] - second[1]).abs();
        assert!((rows[1].interval.unwrap().low / (other - half).exp() - 1.0).abs() < 1e-9);

        let against = rows[1].against_first.unwrap();
        assert_eq!(against.method, Method::Seeds);
        assert!((against.estimate / (other - mean).exp() - 1.0).abs() < 1e-12);
        let interval = against.interval.unwrap();
        assert!(interval.low < against.estimate && against.estimate < interval.high);
    }
    // Every number of several seeds has an interval.
    assert!(comparison.rows.iter().all(|row| row.interval.is_some()));
    let differences = comparison.rows.iter().filter(|row| row.case == "B");
    assert!(differences.clone().count() > 0);
    for row in differences {
        assert_eq!(
            row.against_first.unwrap().method,
            Method::Seeds,
            "{}",
            row.metric
        );
    }

    // One seed against three has no interval, and that is said.
    let uneven = compared(&runs[..4]);
    let row = uneven.rows_of(4, PERPLEXITY)[1];
    assert_eq!(row.against_first.unwrap().method, Method::None);
    assert_eq!(row.against_first.unwrap().interval, None);
    assert!(uneven.notes[0].contains("one seed"), "{:?}", uneven.notes);

    // The seeds alone, and each of them for itself.
    let seeds = compared(&runs[..3]);
    assert_eq!(seeds.cases.len(), 1);
    assert!(seeds.notes[0].contains("--each"), "{:?}", seeds.notes);
    let each = compare(&runs[..3], CompareOptions { each: true }).unwrap();
    assert_eq!(each.cases.len(), 3);
    assert_eq!(each.settings[0].key, "seed");
    let against = each.rows_of(4, PERPLEXITY)[1].against_first.unwrap();
    assert_eq!(against.method, Method::IndependentDocuments);
    assert!(against.interval.is_some());
    assert!(each.notes[0].contains("not paired"), "{:?}", each.notes);
}

#[test]
fn what_cannot_be_compared_is_not() {
    let bench = Bench::new();
    let first = bench.run("first", &[]);
    let short = bench.run("short", &["generations=2", "model.order=3"]);
    let tokens = bench.run("tokens", &["tokenizer.vocabulary=320"]);
    let sample = bench.run("sample", &["measure.sample_tokens=500"]);
    let again = bench.run("again", &["name=again", "generation.batch=1"]);
    let comparison = compared(&[first.clone(), short, tokens, sample, again]);
    assert_eq!(comparison.generations, 2);
    assert_eq!(comparison.cases.len(), 4);
    let against = |case: usize, metric: &str| {
        let rows = comparison.rows_of(2, metric);
        rows[case].against_first.map(|against| against.method)
    };
    let paired = |case| {
        matches!(
            against(case, PERPLEXITY),
            Some(Method::PairedDocuments { .. })
        )
    };
    assert!(paired(1) && paired(3));
    assert_eq!(against(2, PERPLEXITY), None);
    assert_eq!(against(2, "distinct_2"), None);
    assert_eq!(against(3, "distinct_2"), None);
    assert_eq!(against(3, "initial_vocabulary"), Some(Method::None));
    // What remains between tokenizers.
    assert_eq!(against(2, BITS_PER_BYTE), Some(Method::None));
    let said = |words: &[&str]| {
        let said = |note: &String| words.iter().all(|word| note.contains(word));
        assert!(
            comparison.notes.iter().any(said),
            "{words:?}: {:?}",
            comparison.notes
        );
    };
    said(&["perplexity", "A and C", "tokenizer.vocabulary"]);
    said(&["distinct-2", "A and D", "measure.sample_tokens"]);
    said(&["first", "has 4 generations", "2 that all runs have"]);
    said(&["again", "left out", "same seed"]);
    let few = compare(&[first], CompareOptions::default()).unwrap_err();
    assert!(few.to_string().contains("at least two"));
}

#[test]
fn runs_without_losses_are_compared_without_pairing() {
    let bench = Bench::new();
    let first = bench.run("first", &[]);
    let second = bench.run("second", &["paradigm.kind=accumulate"]);
    let paired = compared(&[first.clone(), second.clone()]);
    for generation in 1..=4 {
        let losses = first.join(format!("generations/{generation:03}/losses.bin"));
        std::fs::remove_file(losses).unwrap();
    }
    let unpaired = compared(&[first, second]);
    let width = |comparison: &Comparison| {
        let against = comparison.rows_of(4, PERPLEXITY)[1].against_first.unwrap();
        let interval = against.interval.unwrap();
        interval.high - interval.low
    };
    assert!(width(&paired) < width(&unpaired));
    assert_eq!(unpaired.notes.len(), 1);
    assert!(unpaired.notes[0].contains("before losses were kept"));
}

#[test]
fn csv_and_json_have_every_row() {
    let bench = Bench::new();
    let first = bench.run("first", &["generations=2"]);
    let second = bench.run("second", &["generations=2", "model.order=3"]);
    let comparison = compared(&[first, second]);
    let csv = comparison.csv();
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines.len(), 1 + comparison.rows.len());
    // Probes have quotation marks in their names, and no other field has a comma.
    let plain = lines.iter().filter(|line| !line.contains('"'));
    assert!(plain.clone().count() > 10);
    for line in plain {
        assert_eq!(line.split(',').count(), 13, "{line}");
    }
    let json = serde_json::to_value(&comparison).unwrap();
    assert_eq!(
        json["rows"].as_array().unwrap().len(),
        comparison.rows.len()
    );
    let row = &json["rows"][1];
    let found: Vec<&str> = lines[2].split(',').collect();
    assert_eq!(found[2], row["case"]);
    assert_eq!(
        found[4].parse::<f64>().unwrap(),
        row["value"].as_f64().unwrap()
    );
    let ratio = &row["against_first"];
    assert_eq!(ratio["contrast"], "ratio");
    assert_eq!(
        found[9].parse::<f64>().unwrap(),
        ratio["estimate"].as_f64().unwrap()
    );
    assert!(
        ratio["method"]["paired-documents"]["documents"]
            .as_u64()
            .unwrap()
            > 10
    );
}
