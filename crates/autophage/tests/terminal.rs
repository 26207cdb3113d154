//! What every command has in common: help, exit status, plain text in pipes, and readers that go
//! away.

mod common;

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;

use common::{Answer, Bench};

/// Every command with the arguments that its help must tell of.
const COMMANDS: [(&str, &[&str]); 18] = [
    (
        "run",
        &[
            "<PRESET|FILE>",
            "--out",
            "--set",
            "--isa",
            "--precision",
            "--tensorboard",
            "--json",
            "--dry-run",
        ],
    ),
    ("report", &["<RUN>", "--out", "--figures", "--title"]),
    ("serve", &["<PATH>", "--port", "--host"]),
    ("status", &["<RUN>", "--generations", "--ascii", "--json"]),
    (
        "compare",
        &["<RUN>", "--each", "--generation", "--csv", "--json"],
    ),
    ("export", &["<RUN>", "--tensorboard", "--csv", "--parquet"]),
    (
        "bench",
        &[
            "--models",
            "--threads",
            "--tasks",
            "--isa",
            "--precision",
            "--quick",
            "--estimate",
            "--set",
            "--json",
        ],
    ),
    ("sample", &["<RUN>", "--generation", "--count", "--json"]),
    (
        "probe",
        &["<RUN>", "<CONTEXT>", "--next", "--bare", "--json"],
    ),
    (
        "count",
        &["<CORPUS>", "<CONTEXT>", "--next", "--training", "--json"],
    ),
    ("errors", &["<RUN>", "--json"]),
    (
        "forecast",
        &[
            "<RUN>",
            "--from",
            "--until",
            "--fit",
            "--threshold",
            "--json",
        ],
    ),
    (
        "perplexity",
        &[
            "<MODEL>",
            "<CORPUS>",
            "--context",
            "--threads",
            "--isa",
            "--json",
        ],
    ),
    (
        "generate",
        &[
            "<MODEL>", "--prompt", "--count", "--seed", "--top-k", "--json",
        ],
    ),
    (
        "tokenize",
        &[
            "<CORPUS>",
            "--out",
            "--tokenizer",
            "--vocabulary",
            "--field",
        ],
    ),
    (
        "theory",
        &["--paradigm", "--rate", "--error", "--compare", "--csv"],
    ),
    ("selfcheck", &["--seed", "--json"]),
    ("presets", &["[NAME]"]),
];

#[test]
fn help_tells_of_every_command_and_argument() {
    let bench = Bench::new();
    let overview = bench.succeed(&["--help"]);
    for (command, arguments) in COMMANDS {
        assert!(overview.contains(command), "{overview}");
        let help = bench.succeed(&[command, "--help"]);
        assert!(help.contains("Usage: autophage"), "{help}");
        for argument in arguments {
            assert!(help.contains(argument), "{command} {argument}: {help}");
        }
        assert_eq!(bench.succeed(&["help", command]), help);
    }
}

#[test]
fn without_a_command_there_is_help() {
    let answer = Bench::new().call(&[]);
    assert_eq!(answer.status, Some(2));
    assert!(answer.err.contains("Usage: autophage"), "{}", answer.err);
}

#[test]
fn the_version() {
    let version = Bench::new().succeed(&["--version"]);
    assert_eq!(
        version,
        format!("autophage {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn unknown_options_and_commands_have_status_2() {
    let bench = Bench::new();
    bench.refuse(2, &["rum"], &["rum", "run"]);
    for (command, _) in COMMANDS {
        let answer = bench.call(&[command, "--bogus"]);
        assert_eq!(answer.status, Some(2), "{command}");
        assert_eq!(answer.out, "");
        assert!(answer.err.contains("--bogus"), "{}", answer.err);
    }
}

#[test]
fn no_escape_codes_in_a_pipe_or_with_no_color() {
    let bench = Bench::with_run();
    let calls: [&[&str]; 6] = [
        &["run", "ngram.toml", "--out", "run"],
        &["status", "run"],
        &["compare", "run", "run"],
        &["status", "nowhere"],
        &["--help"],
        &["theory", "--error", "0.1"],
    ];
    for arguments in calls {
        let in_a_pipe = Answer::of(bench.command(arguments).env("TERM", "xterm-256color"));
        let mut no_color = bench.command(arguments);
        let no_color = no_color.env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1");
        for answer in [in_a_pipe, Answer::of(no_color)] {
            assert!(!answer.out.contains('\x1b'), "{:?}", answer.out);
            assert!(!answer.err.contains('\x1b'), "{:?}", answer.err);
        }
    }
    let mut coloured = bench.command(&["status", "nowhere"]);
    let coloured = Answer::of(coloured.env("CLICOLOR_FORCE", "1"));
    assert!(coloured.err.contains('\x1b'), "{:?}", coloured.err);
}

/// `autophage theory … | head -1`: the rest does not fit into the pipe.
#[test]
fn a_reader_that_goes_away_ends_the_program_quietly() {
    let bench = Bench::new();
    for form in ["--csv", "--json"] {
        let mut child = bench
            .command(&["theory", "--error", "0.1", "--generations", "20000", form])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = String::new();
        let mut stdout = BufReader::with_capacity(64, child.stdout.take().unwrap());
        stdout.read_line(&mut first).unwrap();
        assert!(!first.is_empty());
        drop(stdout);
        let mut err = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut err)
            .unwrap();
        assert!(child.wait().unwrap().success());
        assert_eq!(err, "");
    }
}
