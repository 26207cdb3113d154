//! A headless Chromium, spoken to in the Chrome DevTools Protocol.
//!
//! The messages are JSON objects with a zero byte after each, over a pair of pipes that the browser
//! finds at the file descriptors 3 and 4: no port, no web socket, and it ends with the test.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::tools;

/// How long an answer, or a condition on the page, may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// Names under which Chromium is installed.
const NAMES: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
];

/// A browser with one page.
pub(crate) struct Browser {
    child: Child,
    commands: ChildStdin,
    messages: Receiver<Value>,
    calls: u64,
    session: Option<String>,
    events: Vec<Value>,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Starts Chromium; `None`, with a message, where there is none and none is required (see
    /// `tests/tools.rs`).
    pub(crate) fn start() -> Option<Self> {
        let Some(name) = NAMES.into_iter().find(|name| is_there(name)) else {
            tools::missing("chromium", &format!("none of {NAMES:?} is installed"));
            return None;
        };
        let profile = tempfile::tempdir().unwrap();
        let mut child = Command::new("sh")
            .args([
                "-c",
                r#"exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null"#,
                name,
            ])
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--disable-quic",
                "--disable-dev-shm-usage",
                "--remote-debugging-pipe",
            ])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let commands = child.stdin.take().unwrap();
        let mut answers = BufReader::new(child.stdout.take().unwrap());
        let (sender, messages) = channel();
        // It ends with the browser.
        std::thread::spawn(move || {
            let mut message = Vec::new();
            while answers
                .read_until(0, &mut message)
                .is_ok_and(|read| read > 0)
            {
                let read = serde_json::from_slice(message.strip_suffix(b"\0").unwrap_or(&message));
                if read.is_ok_and(|value| sender.send(value).is_err()) {
                    return;
                }
                message.clear();
            }
        });
        let mut browser = Self {
            child,
            commands,
            messages,
            calls: 0,
            session: None,
            events: Vec::new(),
            _profile: profile,
        };
        let target = browser.call("Target.createTarget", json!({"url": "about:blank"}));
        let attach = json!({"targetId": target["targetId"], "flatten": true});
        let session = browser.call("Target.attachToTarget", attach);
        browser.session = session["sessionId"].as_str().map(str::to_owned);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        browser.size(1200, 900);
        Some(browser)
    }

    /// Calls a method of the protocol, which must succeed.
    #[track_caller]
    pub(crate) fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.calls += 1;
        let mut command = json!({"id": self.calls, "method": method, "params": parameters});
        if let Some(session) = &self.session {
            command["sessionId"] = json!(session);
        }
        let mut bytes = serde_json::to_vec(&command).unwrap();
        bytes.push(0);
        self.commands.write_all(&bytes).unwrap();
        loop {
            let message = self.messages.recv_timeout(PATIENCE);
            let mut message = message.unwrap_or_else(|error| panic!("{method}: {error}"));
            if message["id"] == self.calls {
                assert!(message["error"].is_null(), "{method}: {message}");
                return message["result"].take();
            }
            if message["id"].is_null() {
                self.events.push(message);
            }
        }
    }

    /// Goes to an address, waits until the page is loaded, and forgets what was before.
    pub(crate) fn open(&mut self, url: &str) {
        self.call("Page.navigate", json!({"url": "about:blank"}));
        self.events.clear();
        let answer = self.call("Page.navigate", json!({"url": url}));
        assert!(answer["errorText"].is_null(), "{url}: {answer}");
        self.wait(&format!(
            "document.readyState === 'complete' && location.href !== 'about:blank' /* {url} */"
        ));
    }

    /// The value of an expression in the page; promises are waited for.
    #[track_caller]
    pub(crate) fn value(&mut self, expression: &str) -> Value {
        let parameters = json!({
            "expression": expression, "returnByValue": true, "awaitPromise": true,
        });
        let mut answer = self.call("Runtime.evaluate", parameters);
        let failure = &answer["exceptionDetails"];
        assert!(failure.is_null(), "{expression}: {failure}");
        answer["result"]["value"].take()
    }

    /// Waits until an expression is true.
    #[track_caller]
    pub(crate) fn wait(&mut self, expression: &str) {
        let began = Instant::now();
        while self.value(expression) != true {
            assert!(began.elapsed() < PATIENCE, "never: {expression}");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Width and height of the window in CSS pixels.
    pub(crate) fn size(&mut self, width: u32, height: u32) {
        let metrics =
            json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        self.call("Emulation.setDeviceMetricsOverride", metrics);
    }

    /// What the reader prefers: "light" or "dark".
    pub(crate) fn scheme(&mut self, scheme: &str) {
        let features = json!([{"name": "prefers-color-scheme", "value": scheme}]);
        self.call("Emulation.setEmulatedMedia", json!({"features": features}));
    }

    /// The window as a PNG file in base64.
    pub(crate) fn screenshot(&mut self) -> String {
        let mut answer = self.call("Page.captureScreenshot", json!({"format": "png"}));
        match answer["data"].take() {
            Value::String(data) => data,
            other => panic!("no picture: {other}"),
        }
    }

    /// Moves the mouse to the middle of the first element that a selector finds, after scrolling it
    /// into view.
    #[track_caller]
    pub(crate) fn hover(&mut self, selector: &str) {
        let (x, y) = self.middle(selector);
        self.mouse("mouseMoved", x, y);
    }

    /// Clicks it.
    #[track_caller]
    pub(crate) fn click(&mut self, selector: &str) {
        let (x, y) = self.middle(selector);
        for kind in ["mouseMoved", "mousePressed", "mouseReleased"] {
            self.mouse(kind, x, y);
        }
    }

    /// Moves or presses the mouse at a point of the window.
    pub(crate) fn mouse(&mut self, kind: &str, x: f64, y: f64) {
        let button = if kind == "mouseMoved" { "none" } else { "left" };
        let event = json!({"type": kind, "x": x, "y": y, "button": button, "clickCount": 1});
        self.call("Input.dispatchMouseEvent", event);
    }

    /// Presses a key such as "ArrowRight", whose number is `code`, on what has the focus.
    pub(crate) fn key(&mut self, key: &str, code: u32) {
        for kind in ["rawKeyDown", "keyUp"] {
            let event =
                json!({"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": code});
            self.call("Input.dispatchKeyEvent", event);
        }
    }

    #[track_caller]
    fn middle(&mut self, selector: &str) -> (f64, f64) {
        let found = self.value(&format!(
            "(() => {{
                const element = document.querySelector({selector:?});
                if (!element) return null;
                element.scrollIntoView({{ block: 'center', behavior: 'instant' }});
                const box = element.getBoundingClientRect();
                return [box.x + box.width / 2, box.y + box.height / 2];
            }})()"
        ));
        match (found[0].as_f64(), found[1].as_f64()) {
            (Some(x), Some(y)) => (x, y),
            _ => panic!("nothing is {selector}"),
        }
    }

    /// Everything that the page complained of: exceptions, errors on the console, requests that
    /// failed or were blocked.
    pub(crate) fn complaints(&mut self) -> Vec<String> {
        self.value("0");
        let complaints = self.events.iter().filter(|event| {
            let parameters = &event["params"];
            match event["method"].as_str() {
                Some("Runtime.exceptionThrown") => true,
                Some("Runtime.consoleAPICalled") => ["error", "warning", "assert"]
                    .iter()
                    .any(|kind| parameters["type"] == *kind),
                Some("Log.entryAdded") => ["error", "warning"]
                    .iter()
                    .any(|kind| parameters["entry"]["level"] == *kind),
                Some("Network.loadingFailed") => parameters["canceled"] != true,
                _ => false,
            }
        });
        complaints
            .map(|event| event["params"].to_string())
            .collect()
    }

    /// The addresses of all requests since the page was opened, whether they were answered or not.
    pub(crate) fn requests(&mut self) -> Vec<String> {
        self.value("0");
        let requests = self.events.iter().filter_map(|event| {
            let sent = event["method"] == "Network.requestWillBeSent"
                || event["method"] == "Network.webSocketCreated";
            let url = event["params"]["request"]["url"].as_str();
            sent.then(|| {
                url.or(event["params"]["url"].as_str())
                    .unwrap_or("?")
                    .to_owned()
            })
        });
        requests.collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Asked first: so its many processes end with it, and leave its files alone.
        let _ = self
            .commands
            .write_all(b"{\"id\":0,\"method\":\"Browser.close\"}\0");
        let began = Instant::now();
        while self.child.try_wait().is_ok_and(|status| status.is_none()) {
            if began.elapsed() > Duration::from_secs(5) {
                let _ = self.child.kill();
                let _ = self.child.wait();
                return;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

fn is_there(name: &str) -> bool {
    let tried = Command::new("sh")
        .args(["-c", "command -v \"$0\"", name])
        .output();
    tried.is_ok_and(|output| output.status.success())
}
