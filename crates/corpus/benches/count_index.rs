//! How fast a count index is built and asked.
//!
//! Two corpora of a fixed number of tokens (10 million, or `AUTOPHAGE_BENCH_TOKENS`): text drawn from
//! the word pairs of the story sample, and the first story of the sample repeated. Peak memory is
//! printed after each build.

use std::collections::BTreeMap;
use std::fs;
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use autophage_corpus::{
    CountIndex, DocumentSet, DocumentSource, SourceSettings, TokenStoreWriter, Tokenizer,
    count_contexts,
};
use autophage_random::{Purpose, Stream};
use criterion::{Criterion, criterion_group, criterion_main};

fn tokens() -> u64 {
    let tokens = std::env::var("AUTOPHAGE_BENCH_TOKENS");
    tokens.map_or(10_000_000, |tokens| tokens.parse().expect("a number"))
}

/// The stories of the sample as they are read, in GPT-2's tokens.
fn stories() -> Vec<Vec<u32>> {
    let source = DocumentSource::open(&SourceSettings::new("builtin:tinystories-sample")).unwrap();
    let texts: Vec<String> = source.documents().map(|d| d.unwrap().text).collect();
    let tokenizer = Tokenizer::gpt2();
    let end = tokenizer.end_of_text();
    let stories = tokenizer.encode_batch(&texts).unwrap().into_iter();
    stories
        .map(|tokens| [&[end], &tokens[..], &[end]].concat())
        .collect()
}

fn documents(write: impl Fn(&mut TokenStoreWriter)) -> DocumentSet {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tokens.bin");
    let mut writer = TokenStoreWriter::create(path, 50_257, 50_256).unwrap();
    while writer.tokens() < tokens() {
        write(&mut writer);
    }
    DocumentSet::whole(Arc::new(writer.finish().unwrap()))
}

/// New stories: after every two tokens one that followed them in the sample.
fn drawn() -> DocumentSet {
    let stories = stories();
    let mut next: BTreeMap<[u32; 2], Vec<u32>> = BTreeMap::new();
    for story in &stories {
        for three in story.windows(3) {
            next.entry([three[0], three[1]]).or_default().push(three[2]);
        }
    }
    let random = Stream::new(0, Purpose::Sampling, 1);
    documents(|writer| {
        let i = writer.documents() as u64;
        let mut story = stories[i as usize % stories.len()][..2].to_vec();
        for position in 0.. {
            let [.., first, last] = story[..] else {
                unreachable!("begins with two")
            };
            match next.get(&[first, last]) {
                Some(next) if story.len() < 2000 => {
                    story.push(next[random.below(next.len() as u64, i, position) as usize]);
                }
                _ => break,
            }
        }
        writer.push(&story[1..]).unwrap();
    })
}

fn repeated() -> DocumentSet {
    let story = stories().swap_remove(0);
    documents(|writer| writer.push(&story[1..]).unwrap())
}

fn peak_megabytes() -> String {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.unwrap_or("unknown").trim().to_owned()
}

fn build(name: &str, documents: &DocumentSet, directory: &std::path::Path) -> CountIndex {
    let before = peak_megabytes();
    let start = Instant::now();
    let index = CountIndex::build(documents, directory.join(name)).unwrap();
    let seconds = start.elapsed().as_secs_f64();
    let tokens = documents.tokens();
    println!(
        "{name}: {tokens} tokens in {} documents, built in {seconds:.2} s ({:.2} million tokens/s), \
         {:.2} bytes a token on disk, peak memory {before} before and {} after",
        documents.len(),
        tokens as f64 / seconds / 1e6,
        fs::metadata(index.path()).unwrap().len() as f64 / tokens as f64,
        peak_megabytes(),
    );
    index
}

fn count_index(criterion: &mut Criterion) {
    let directory = tempfile::tempdir().unwrap();
    let repeated = repeated();
    let drawn = drawn();
    build("repeated", &repeated, directory.path());
    let index = build("drawn", &drawn, directory.path());

    let start = Instant::now();
    let mut contexts = Vec::new();
    for length in 1..=3 {
        contexts.extend(index.most_frequent(length, 200).into_iter().map(|(x, _)| x));
    }
    println!("600 most frequent contexts found in {:?}", start.elapsed());
    let mut times: Vec<Duration> = contexts
        .iter()
        .map(|context| {
            let start = Instant::now();
            black_box(index.next_tokens(context));
            start.elapsed()
        })
        .collect();
    times.sort();
    println!(
        "next-token distribution of these: median {:?}, slowest {:?}",
        times[times.len() / 2],
        times[times.len() - 1]
    );

    let mut group = criterion.benchmark_group("count index");
    group.sample_size(10);
    let most = &contexts[0];
    group.bench_function("next tokens of the most frequent context", |bencher| {
        bencher.iter(|| index.next_tokens(black_box(most)));
    });
    group.bench_function("next tokens of 600 frequent contexts", |bencher| {
        bencher.iter(|| {
            contexts
                .iter()
                .map(|context| index.next_tokens(black_box(context)).total)
                .sum::<u64>()
        });
    });
    group.bench_function("count of 600 frequent contexts", |bencher| {
        bencher.iter(|| {
            let counts = contexts
                .iter()
                .map(|context| index.count(black_box(context)));
            counts.sum::<u64>()
        });
    });
    group.bench_function("600 contexts in one pass without an index", |bencher| {
        bencher.iter(|| count_contexts(&drawn, black_box(&contexts)));
    });
    group.finish();
}

criterion_group!(benches, count_index);
criterion_main!(benches);
