//! `autophage serve` as a process, and a client that sends exactly what it is told.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStderr, ChildStdout, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::Bench;

/// How long a client waits for the next byte: longer than a busy machine needs, and not for ever.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server that ends with the test.
pub(crate) struct Served {
    child: Child,
    err: ChildStderr,
    /// As it was printed.
    pub(crate) url: String,
    /// Where it listens.
    pub(crate) address: SocketAddr,
    _out: BufReader<ChildStdout>,
}

impl Served {
    /// Serves `path` on a free port, and waits until it says where.
    pub(crate) fn start(bench: &Bench, path: &str, options: &[&str]) -> Self {
        let arguments = [&["serve", path, "--port", "0"], options].concat();
        let mut child = bench
            .command(&arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let err = child.stderr.take().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut url = String::new();
        out.read_line(&mut url).unwrap();
        let url = url.trim_end().to_owned();
        let address = url
            .strip_prefix("http://")
            .and_then(|rest| rest.strip_suffix('/'))
            .unwrap_or_else(|| panic!("not a URL: {url:?}"))
            .parse()
            .unwrap();
        Self {
            child,
            err,
            url,
            address,
            _out: out,
        }
    }

    /// Sends `request` as it is, on a connection of its own.
    pub(crate) fn send(&self, request: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        stream
    }

    /// The answer to `request`, which asks for the connection to be closed after it.
    pub(crate) fn ask(&self, request: &str) -> Reply {
        let mut bytes = Vec::new();
        self.send(request).read_to_end(&mut bytes).unwrap();
        Reply::read(&bytes)
    }

    /// The answer to a plain request for `path`, which is sent as it is.
    pub(crate) fn get(&self, path: &str) -> Reply {
        self.get_with(path, "")
    }

    /// The same with more headers, a line each.
    pub(crate) fn get_with(&self, path: &str, headers: &str) -> Reply {
        let host = self.address;
        self.ask(&format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{headers}\r\n"
        ))
    }

    /// Listens to the events at `path`.
    pub(crate) fn events(&self, path: &str) -> Events {
        let host = self.address;
        let stream = self.send(&format!(
            "GET {path} HTTP/1.1\r\nHost: {host}\r\nAccept: text/event-stream\r\n\r\n"
        ));
        let mut lines = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(lines.read_line(&mut head).unwrap() > 0, "{head}");
        }
        assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
        assert!(head.contains("text/event-stream"), "{head}");
        Events { lines }
    }

    /// Ends it with a signal, "INT" as Ctrl-C does, and returns its exit status and all it said of
    /// itself.
    pub(crate) fn end(mut self, signal: &str) -> (Option<i32>, String) {
        let killed = std::process::Command::new("kill")
            .args(["-s", signal, &self.child.id().to_string()])
            .status();
        assert!(killed.unwrap().success());
        let status = self.child.wait().unwrap().code();
        let mut said = String::new();
        self.err.read_to_string(&mut said).unwrap();
        (status, said)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An answer.
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// Names in lower case, a line each.
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    fn read(bytes: &[u8]) -> Self {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n");
        let end = end.unwrap_or_else(|| panic!("{:?}", String::from_utf8_lossy(bytes)));
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Self {
            status,
            head,
            body: bytes[end + 4..].to_vec(),
        }
    }

    /// The value of a header; "" if it is not there.
    pub(crate) fn header(&self, name: &str) -> &str {
        let mut lines = self
            .head
            .lines()
            .skip(1)
            .filter_map(|line| line.split_once(": "));
        lines
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map_or("", |(_, value)| value)
    }

    /// The body as text.
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }
}

/// Server-sent events.
pub(crate) struct Events {
    lines: BufReader<TcpStream>,
}

impl Iterator for Events {
    type Item = Value;

    /// The data of the next event; `None` when the stream has ended.
    fn next(&mut self) -> Option<Value> {
        loop {
            let mut line = String::new();
            if self.lines.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            // Between events stand lengths of chunks, names and heartbeats.
            if let Some(data) = line.strip_prefix("data: ") {
                return Some(serde_json::from_str(data).unwrap());
            }
        }
    }
}

/// A run with so many generations that it is on while a test lasts; killed at its end.
pub(crate) struct Running(Child);

impl Running {
    /// Goes on with, or begins, the run of `ngram.toml` in `directory`.
    pub(crate) fn start(bench: &Bench, directory: &str) -> Self {
        let arguments = [
            "run",
            "ngram.toml",
            "--out",
            directory,
            "--set",
            "generations=5000",
        ];
        let mut command = bench.command(&arguments);
        Self(
            command
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap(),
        )
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
