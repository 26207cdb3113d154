//! `autophage serve`: what it answers, to whom, and that pages follow their runs.

mod common;

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};

use common::Bench;
use common::server::{Running, Served};
use serde_json::Value;

/// Number of finished generations that an event tells of.
fn finished(event: &Value) -> u32 {
    let status = event["status"].as_str().unwrap();
    let words: Vec<&str> = status.split(' ').collect();
    let of = words.iter().position(|word| *word == "of").unwrap();
    words[of - 1].parse().unwrap()
}

#[test]
fn a_page_follows_its_run() {
    let bench = Bench::with_run();
    let served = Served::start(&bench, "run", &[]);
    let mut events = served.events("/events");
    let first = events.next().unwrap();
    assert_eq!(first["status"], "finished: 3 of 3 generations");
    let before = served.get("/");
    assert_eq!(
        before.header("etag"),
        format!("\"{}\"", first["version"].as_str().unwrap())
    );

    let running = Running::start(&bench, "run");
    let new = events.find(|event| finished(event) > 3).unwrap();
    assert!(
        new["status"].as_str().unwrap().starts_with("in progress: "),
        "{new}"
    );
    assert_ne!(new["version"], first["version"]);
    let page = served.get("/");
    assert_eq!(page.status, 200);
    assert_ne!(page.header("etag"), before.header("etag"));
    assert_ne!(page.text(), before.text());
    // The data of the figure has the generations that were announced, as the run has them.
    let table = served.get("/figures/perplexity.csv");
    let metrics = fs::read_to_string(bench.path("run/metrics.jsonl")).unwrap();
    for (index, line) in metrics.lines().take(finished(&new) as usize).enumerate() {
        let metrics: Value = serde_json::from_str(line).unwrap();
        let row = format!(
            "model,{},{},",
            index + 1,
            metrics["perplexity"]["perplexity"]
        );
        assert!(
            table.text().contains(&row),
            "{row} is not in {}",
            table.text()
        );
    }

    drop(running);
    let last = events.find(|event| event["status"].as_str().unwrap().starts_with("stopped"));
    assert!(finished(&last.unwrap()) > 3);
}

#[test]
fn a_list_follows_its_folder() {
    let bench = Bench::new();
    fs::create_dir_all(bench.path("runs/sub")).unwrap();
    let served = Served::start(&bench, "runs", &[]);
    let mut events = served.events("/events");
    let first = events.next().unwrap();
    assert_eq!(first["status"], "0 runs, 0 in progress");
    assert!(served.get("/").text().contains("No runs here yet"));

    bench.succeed(&["run", "ngram.toml", "--out", "runs/sub/a run"]);
    let new = events.find(|event| event["status"] == "1 run, 0 in progress");
    assert_ne!(new.unwrap()["version"], first["version"]);
    let page = served.get("/");
    for word in [
        "/runs/sub/a%20run/",
        ">sub/a run<",
        "counts",
        "replace",
        "3 of 3",
        "finished",
    ] {
        assert!(
            page.text().contains(word),
            "{word} is not in {}",
            page.text()
        );
    }
    let metrics = bench.json(&["status", "runs/sub/a run", "--json"]);
    let perplexity = metrics["metrics"][2]["perplexity"]["perplexity"]
        .as_f64()
        .unwrap();
    assert!(
        page.text().contains(&format!(">{perplexity:.2}<")),
        "{}",
        page.text()
    );
    assert_eq!(served.get("/runs/sub/a%20run/").status, 200);
    assert_eq!(
        served.events("/runs/sub/a%20run/events").next().unwrap()["status"],
        "finished: 3 of 3 generations"
    );

    fs::remove_dir_all(bench.path("runs/sub/a run")).unwrap();
    assert!(events.any(|event| event["status"] == "0 runs, 0 in progress"));
    assert_eq!(served.get("/runs/sub/a%20run/").status, 404);

    // Another run in its place is not taken for it.
    let table = "/runs/sub/a%20run/figures/perplexity.csv";
    bench.succeed(&["run", "ngram.toml", "--out", "runs/sub/a run"]);
    let first = served.get(table).body;
    fs::remove_dir_all(bench.path("runs/sub/a run")).unwrap();
    bench.succeed(&[
        "run",
        "ngram.toml",
        "--out",
        "runs/sub/a run",
        "--set",
        "seed=2",
    ]);
    let second = served.get(table);
    assert_eq!(second.status, 200);
    assert_ne!(second.body, first);
    let metrics = bench.json(&["status", "runs/sub/a run", "--json"]);
    let perplexity = &metrics["metrics"][0]["perplexity"]["perplexity"];
    assert!(
        second.text().contains(&format!(",1,{perplexity},")),
        "{}",
        second.text()
    );
}

#[test]
fn a_run_that_cannot_be_read_is_listed_with_the_reason() {
    let bench = Bench::with_run();
    fs::create_dir(bench.path("runs")).unwrap();
    fs::rename(bench.path("run"), bench.path("runs/<b>")).unwrap();
    bench.write("runs/<b>/run.json", "{}");
    let served = Served::start(&bench, "runs", &[]);
    let list = served.get("/");
    assert_eq!(list.status, 200);
    assert!(
        list.text().contains("&lt;b&gt;") && !list.text().contains("<b>"),
        "{}",
        list.text()
    );
    assert!(list.text().contains("cannot be read"), "{}", list.text());
    let page = served.get("/runs/%3Cb%3E/");
    assert_eq!(page.status, 500);
    assert!(page.text().contains("is damaged"), "{}", page.text());
}

#[test]
fn nothing_outside_the_folder_is_served() {
    let bench = Bench::with_run();
    fs::create_dir_all(bench.path("runs")).unwrap();
    bench.succeed(&["run", "ngram.toml", "--out", "runs/inside"]);
    let served = Served::start(&bench, "runs", &[]);
    assert_eq!(served.get("/runs/inside/").status, 200);
    for path in [
        "/../run/",
        "/runs/../../run/",
        "/runs/inside/../../../run/",
        "/runs/%2e%2e/run/",
        "/runs/%2e%2e%2frun/",
        "/runs/..%2frun/",
        "/runs/..%5crun/",
        "/runs/%252e%252e/run/",
        "/runs//run/",
        "/runs/inside/../inside/",
        "/runs/inside%00/",
        "/runs/%ff/",
        "/runs/./inside/",
        "/runs/missing/",
        "/runs/missing/events",
        "/runs/inside/metrics.jsonl",
        "/runs/inside/generations/001/",
        "/runs/inside/figures/../../../../run/metrics.jsonl",
        "/runs/inside/figures/..%2f..%2fexperiment.svg",
        "/runs/inside/figures/no-such-figure.svg",
        "/etc/passwd",
        "//etc/passwd",
        "/runs",
        "/*",
    ] {
        let reply = served.get(path);
        assert_eq!(reply.status, 404, "{path}");
        assert!(reply.text().contains("Not found"), "{path}");
    }
    let absolute = bench.path("run").canonicalize().unwrap();
    let absolute = absolute.to_str().unwrap().replace('/', "%2f");
    assert_eq!(served.get(&format!("/runs/{absolute}/")).status, 404);
}

#[cfg(unix)]
#[test]
fn links_out_of_the_folder_are_not_followed() {
    let bench = Bench::with_run();
    fs::create_dir(bench.path("runs")).unwrap();
    std::os::unix::fs::symlink(bench.path("run"), bench.path("runs/link")).unwrap();
    let served = Served::start(&bench, "runs", &[]);
    assert_eq!(served.get("/runs/link/").status, 404);
    assert_eq!(served.get("/runs/link/events").status, 404);
    assert!(!served.get("/").text().contains("/runs/link"));
}

#[test]
fn only_requests_to_this_machine_are_answered() {
    let bench = Bench::with_run();
    let served = Served::start(&bench, "run", &[]);
    let ask = |head: &str| served.ask(&format!("{head}\r\nConnection: close\r\n\r\n"));
    for host in ["localhost", "127.0.0.1:1", "[::1]"] {
        assert_eq!(
            ask(&format!("GET / HTTP/1.1\r\nHost: {host}")).status,
            200,
            "{host}"
        );
    }
    for head in [
        "GET / HTTP/1.1\r\nHost: evil.example",
        "GET / HTTP/1.1\r\nHost: 127.0.0.1.evil.example",
        "GET / HTTP/1.1\r\nHost:",
        "GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example",
        "GET http://evil.example/ HTTP/1.1\r\nHost: localhost",
        "GET /events HTTP/1.1\r\nHost: evil.example",
        "GET / HTTP/1.0\r\nAccept: */*",
    ] {
        let reply = ask(head);
        assert!(
            [400, 421].contains(&reply.status),
            "{head}: {}",
            reply.status
        );
        assert!(!reply.text().contains("generation"), "{head}");
    }
}

#[test]
fn answers_say_what_browsers_may_do() {
    let bench = Bench::with_run();
    let served = Served::start(&bench, "run", &[]);
    for (path, status) in [
        ("/", 200),
        ("/figures/perplexity.csv", 200),
        ("/missing", 404),
    ] {
        let reply = served.get(path);
        assert_eq!(reply.status, status, "{path}");
        assert_eq!(reply.header("X-Content-Type-Options"), "nosniff");
        assert_eq!(reply.header("X-Frame-Options"), "DENY");
        assert_eq!(reply.header("Access-Control-Allow-Origin"), "");
        let policy = reply.header("Content-Security-Policy");
        assert!(
            policy.starts_with("default-src 'none'; script-src 'sha256-"),
            "{policy}"
        );
        assert!(policy.contains("frame-ancestors 'none'"), "{policy}");
    }
    let page = served.get("/");
    assert_eq!(page.header("Content-Type"), "text/html; charset=utf-8");
    let tag = page.header("ETag");
    let known = served.get_with("/", &format!("If-None-Match: {tag}\r\n"));
    assert_eq!((known.status, known.body.len()), (304, 0));
    let other = served.get_with("/", "If-None-Match: \"other\"\r\n");
    assert_eq!(other.body, page.body);
    for (method, status) in [("HEAD", 200), ("POST", 405), ("PUT", 405), ("DELETE", 405)] {
        let reply = served.ask(&format!(
            "{method} / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        ));
        assert_eq!((reply.status, reply.body.len()), (status, 0), "{method}");
    }
    let table = served.get("/figures/perplexity.csv");
    assert_eq!(table.header("Content-Type"), "text/csv; charset=utf-8");
    assert!(
        table.text().starts_with("series,generation,"),
        "{}",
        table.text()
    );
}

#[test]
fn a_folder_leads_to_its_runs_without_the_slash() {
    let bench = Bench::with_run();
    let served = Served::start(&bench, ".", &[]);
    let reply = served.get("/runs/run");
    assert_eq!(
        (reply.status, reply.header("Location")),
        (308, "/runs/run/")
    );
}

#[test]
fn clients_that_go_away_disturb_nobody() {
    let bench = Bench::with_run();
    let served = Served::start(&bench, "run", &[]);
    let mut faithful = served.events("/events");
    faithful.next().unwrap();
    for round in 0..30 {
        match round % 3 {
            // In the middle of a stream of events, having read or not.
            0 => drop(served.events("/events")),
            1 => drop(served.send("GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")),
            // In the middle of a page, or of the request itself.
            _ => {
                let mut stream = served.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
                stream.read_exact(&mut [0; 20]).unwrap();
                drop(stream);
                drop(served.send("GET / HT"));
            }
        }
    }
    let mut nonsense = served.send("\0\u{1}nonsense\r\n\r\n");
    let _ = nonsense.read_to_end(&mut Vec::new());
    assert_eq!(served.get("/").status, 200);
    let _running = Running::start(&bench, "run");
    assert!(faithful.any(|event| finished(&event) > 3));
}

#[test]
fn it_listens_to_this_machine_alone_unless_told_otherwise() {
    let bench = Bench::with_run();
    let local = Served::start(&bench, "run", &[]);
    assert!(local.url.starts_with("http://127.0.0.1:"), "{}", local.url);
    let everywhere = Served::start(&bench, "run", &["--host", "0.0.0.0"]);
    // The address that this machine would send from; nothing is sent.
    let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
    match socket
        .connect("192.0.2.1:9")
        .and_then(|()| socket.local_addr())
    {
        Ok(address) if !address.ip().is_loopback() => {
            let reach = |served: &Served| {
                TcpStream::connect(SocketAddr::new(address.ip(), served.address.port()))
            };
            assert!(reach(&local).is_err());
            let mut stream = reach(&everywhere).unwrap();
            let request = format!("GET / HTTP/1.0\r\nHost: {}\r\n\r\n", address.ip());
            stream.write_all(request.as_bytes()).unwrap();
            let mut reply = String::new();
            stream.read_to_string(&mut reply).unwrap();
            assert!(reply.contains(" 200 OK"), "{reply}");
        }
        _ => eprintln!("this machine has no address but its own: not tried from outside"),
    }
    assert_eq!(everywhere.get("/").status, 200);
    let (_, said) = everywhere.end("INT");
    assert!(
        said.contains("warning: everyone who can reach 0.0.0.0"),
        "{said}"
    );
    let (_, said) = local.end("INT");
    assert!(!said.contains("warning"), "{said}");
}

#[test]
fn ctrl_c_and_sigterm_end_it_and_its_streams() {
    let bench = Bench::with_run();
    for signal in ["INT", "TERM"] {
        let served = Served::start(&bench, "run", &[]);
        let mut events = served.events("/events");
        events.next().unwrap();
        let idle = TcpStream::connect(served.address).unwrap();
        let (status, said) = served.end(signal);
        assert_eq!(status, Some(0), "{signal}: {said}");
        assert!(
            !said.contains("error") && !said.contains("panicked"),
            "{signal}: {said}"
        );
        assert_eq!(events.next(), None);
        drop(idle);
    }
}

#[test]
fn what_cannot_be_served_is_one_error() {
    let bench = Bench::with_run();
    let served = Served::start(&bench, "run", &[]);
    let port = served.address.port().to_string();
    bench.refuse(
        1,
        &["serve", "run", "--port", &port],
        &["is taken", &port, "--port 0"],
    );
    bench.refuse(1, &["serve", "missing"], &["missing", "a run or a folder"]);
    bench.refuse(
        1,
        &["serve", "ngram.toml"],
        &["ngram.toml", "a run or a folder"],
    );
    bench.refuse(
        2,
        &["serve", "run", "--host", "192.0.2.1"],
        &["192.0.2.1", "this machine"],
    );
    bench.refuse(2, &["serve", "run", "--port", "70000"], &["70000"]);
}

#[test]
fn runs_of_a_folder_are_compared() {
    let bench = Bench::new();
    bench.succeed(&["run", "ngram.toml", "--out", "runs/one"]);
    bench.succeed(&[
        "run",
        "ngram.toml",
        "--out",
        "runs/sub/two",
        "--set",
        "seed=2",
    ]);
    let served = Served::start(&bench, "runs", &[]);
    let list = served.get("/");
    for value in ["one", "sub/two"] {
        assert!(
            list.text()
                .contains(&format!("name=\"run\" value=\"{value}\"")),
            "{}",
            list.text()
        );
    }
    let query = "?run=one&run=sub%2Ftwo";
    let page = served.get(&format!("/compare/{query}"));
    assert_eq!(page.status, 200);
    let table = served.get(&format!("/compare/figures/perplexity.csv{query}"));
    assert_eq!(
        table
            .text()
            .lines()
            .filter(|row| row.starts_with("one,"))
            .count(),
        3
    );
    assert_eq!(
        table
            .text()
            .lines()
            .filter(|row| row.starts_with("two,"))
            .count(),
        3
    );
    let mut events = served.events(&format!("/compare/events{query}"));
    let first = events.next().unwrap();
    let both = "one: finished: 3 of 3 generations · two: finished: 3 of 3 generations";
    assert_eq!(first["status"], both);
    bench.succeed(&[
        "run",
        "ngram.toml",
        "--out",
        "runs/one",
        "--set",
        "generations=4",
    ]);
    assert!(events.any(|event| {
        let status = event["status"].as_str().unwrap();
        status.contains("one: finished: 4 of 4") && event["version"] != first["version"]
    }));
    for query in ["", "?run=", "?run=one&run=three", "?run=..%2Frun"] {
        assert_eq!(
            served.get(&format!("/compare/{query}")).status,
            404,
            "{query}"
        );
    }
}
