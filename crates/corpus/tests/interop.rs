//! Files against the tools of others: Transformers, NumPy and PyArrow.

#[path = "../../../tests/tools.rs"]
mod tools;

use std::fs;
use std::path::Path;
use std::process::Command;

use autophage_corpus::{DocumentSource, SourceSettings, TokenStoreWriter, Tokenizer};
use serde_json::json;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop/corpus.py");

fn texts() -> Vec<String> {
    let source = DocumentSource::open(&SourceSettings::new("builtin:tinystories-sample")).unwrap();
    let stories = source.documents().take(100).map(|d| d.unwrap().text);
    let others = [
        "naïve  🙂\n",
        "a<b> \t  x\u{a0}y 12345 don't I'LL",
        "日本語 テスト",
        "The, word . ! n't 's",
    ];
    stories.chain(others.map(String::from)).collect()
}

#[test]
fn others_read_what_is_written_and_the_other_way_round() {
    let Some(python) = tools::python_with(&["numpy", "pyarrow", "transformers"]) else {
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name);
    let texts = texts();
    let trained = Tokenizer::train_bpe(&texts, 1000).unwrap();
    let mut expected = json!({ "texts": texts });
    for (name, tokenizer) in [("gpt2", Tokenizer::gpt2()), ("trained", trained.clone())] {
        fs::create_dir(path(name)).unwrap();
        tokenizer.save_pretrained(path(name)).unwrap();
        expected["tokens"][name] = json!(tokenizer.encode_batch(&texts).unwrap());
        expected["vocabulary"][name] = json!(tokenizer.vocabulary());
        expected["end_of_text"][name] = json!(tokenizer.end_of_text());
    }
    fs::write(path("expected.json"), expected.to_string()).unwrap();
    let mut writer = TokenStoreWriter::create(path("store.bin"), trained.vocabulary(), 0).unwrap();
    for text in &texts {
        writer
            .push(&[trained.encode(text).unwrap(), vec![0]].concat())
            .unwrap();
    }
    writer.finish().unwrap();

    let output = Command::new(&python)
        .arg(SCRIPT)
        .arg(directory.path())
        .output()
        .unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{message}");

    let mut files = 0;
    for entry in fs::read_dir(directory.path()).unwrap() {
        let file = entry.unwrap().path();
        if file
            .extension()
            .is_some_and(|extension| extension == "parquet")
        {
            assert_eq!(read(&file), texts, "{}", file.display());
            files += 1;
        }
    }
    assert_eq!(files, 7);
}

fn read(path: &Path) -> Vec<String> {
    let settings = SourceSettings::new(path.display().to_string());
    let source = DocumentSource::open(&settings).unwrap();
    source.documents().map(|d| d.unwrap().text).collect()
}
