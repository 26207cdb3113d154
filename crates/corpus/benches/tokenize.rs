//! How fast text becomes tokens, on the story sample.

use autophage_corpus::{DocumentSource, SourceSettings, Tokenizer, tokenize_whole};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

fn tokenize(criterion: &mut Criterion) {
    let source = DocumentSource::open(&SourceSettings::new("builtin:tinystories-sample")).unwrap();
    let texts: Vec<String> = source.documents().map(|d| d.unwrap().text).collect();
    let one_text = texts.join("\n\n");
    let gpt2 = Tokenizer::gpt2();
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tokens.bin");

    let mut group = criterion.benchmark_group("tokenize");
    group.throughput(Throughput::Bytes(
        texts.iter().map(|t| t.len() as u64).sum(),
    ));
    group.sample_size(10);
    group.bench_function("read the documents", |bencher| {
        bencher.iter(|| source.documents().count());
    });
    group.bench_function("encode the documents", |bencher| {
        bencher.iter(|| gpt2.encode_batch(&texts).unwrap());
    });
    group.bench_function("encode one long text", |bencher| {
        bencher.iter(|| gpt2.encode(&one_text).unwrap());
    });
    group.bench_function("train 2048 tokens", |bencher| {
        bencher.iter(|| Tokenizer::train_bpe(&texts, 2048).unwrap());
    });
    group.bench_function("from documents to a token store", |bencher| {
        bencher.iter(|| tokenize_whole(&source, &gpt2, &path, &mut |_| {}).unwrap());
    });
    group.finish();
}

criterion_group!(benches, tokenize);
criterion_main!(benches);
