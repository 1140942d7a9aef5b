//! The page of a report, looked at in a real browser: it shows everything, its filter works, it asks for nothing, complains of
//! nothing, and fits a telephone. Where no Chromium is installed the test says so and has nothing to look at.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which the lint's own exception does not cover")]

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use conformance::leak::LeakSearch;
use conformance::report::{self, Report};
use serde_json::{Value, json};
use tempfile::TempDir;

const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// A busy machine may take as long for one answer.
const PATIENCE: Duration = Duration::from_secs(90);

const PHONE: u32 = 360;
const DESK: u32 = 1280;

#[test]
fn the_page_works_in_a_browser_at_every_width() {
    let Some(mut browser) = Browser::start() else {
        println!("no Chromium is installed: nobody looked at the page");
        return;
    };
    let folder = TempDir::new().unwrap();
    report::write(&fixture(), folder.path(), &LeakSearch::default()).unwrap();
    let page = format!("file://{}", folder.path().join("index.html").display());

    for width in [DESK, PHONE] {
        browser.open(&page, width);

        let shown = "document.getElementById('shown').textContent";
        assert_eq!(browser.evaluate(shown), "4 of 4 requirements and 3 of 3 scenarios shown");
        let overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth";
        assert_eq!(browser.evaluate(overflow), 0, "at {width} pixels");

        browser.evaluate("document.querySelectorAll('details').forEach((details) => details.open = true)");
        assert_eq!(browser.evaluate(overflow), 0, "at {width} pixels with everything open");
        let narrow = "[...document.querySelectorAll('caption, h1, h2, article, li p, form.filter')].filter((e) => e.offsetWidth < innerWidth / 2).length";
        assert_eq!(browser.evaluate(narrow), 0, "at {width} pixels nothing is squeezed");
        browser.screenshot(&format!("page-{width}.png"));

        browser.type_into("text", "ack-22 PATHS");
        assert_eq!(browser.evaluate(shown), "0 of 4 requirements and 1 of 3 scenarios shown");
        browser.type_into("text", "");
        browser.type_into("outcome", "fail");
        assert_eq!(browser.evaluate(shown), "1 of 4 requirements and 1 of 3 scenarios shown");
        let visible = "[...document.querySelectorAll('article')].filter((a) => a.checkVisibility()).map((a) => a.id).join()";
        assert_eq!(browser.evaluate(visible), "s1");
        browser.evaluate("location.hash = '#s0'; new Promise((done) => setTimeout(done))");
        assert_eq!(browser.evaluate(visible), "s0,s1,s2", "a link to what is hidden shows it");

        let beside =
            "const [a, b] = document.querySelectorAll('#s0 .beside > div'); a.offsetTop === b.offsetTop";
        assert_eq!(
            browser.evaluate(&format!("(() => {{ {} }})()", beside.replace("a.off", "return a.off"))),
            width == DESK
        );
    }

    assert_eq!(browser.complaints(), Vec::<String>::new());
    assert_eq!(browser.requests(), [page.clone(), page], "the page asks for nothing but itself");
}

/// A report with an outcome of every kind, long words, and words that would be markup.
fn fixture() -> Report {
    let long = "a".repeat(300);
    let hostile = "<img src=https://example.com/x onerror=alert(1)>";
    let requirement = |id: &str, level: &str, outcome: &str, scenarios: &[&str]| {
        json!({
            "id": id, "statement": format!("{hostile} {id} {long}"), "source": "The page: Capabilities", "level": level,
            "outcome": outcome, "evidence": "model", "reason": long, "passed": 1, "judged": 2, "tookMs": 12, "scenarios": scenarios,
        })
    };
    let scenario = |name: &str, id: &str, outcome: &str| {
        json!({
            "id": format!("paths.feature/{name}"), "file": "paths.feature", "line": 12, "feature": "Paths", "name": format!("{name} {hostile}"),
            "requirements": [id], "outcome": outcome, "evidence": "model", "reason": long, "deviation": null, "tookMs": 1200,
            "steps": [
                { "text": "Given the secret \"db/password\"", "argument": "| name | value |\n| a | b |", "outcome": "pass", "atMs": 0, "tookMs": 4 },
                { "text": format!("Then the pod sees {long}"), "argument": null, "outcome": "fail", "atMs": 4, "tookMs": 9 },
            ],
            "calls": [{
                "step": 1, "product": "kms", "action": "GetSecretValue", "region": "cn-hangzhou", "parameters": { "SecretName": long },
                "caller": "acs:ram::1234567890123456:root", "status": 404, "code": "Forbidden.ResourceNotFound", "fault": hostile,
            }],
            "seen": { "exit": "exit status: 3", "output": hostile },
        })
    };
    let report = json!({
        "format": report::FORMAT,
        "suite": { "version": "0.1.0", "digest": format!("sha256:{}", "0".repeat(64)), "fakeVersion": "0.1.0" },
        "target": { "name": "provider", "version": "provider v1", "evidence": "model", "claims": ["EXT-06"] },
        "started": "2030-01-01T00:00:00Z", "tookMs": 61234, "level": "extended", "filters": ["--tags '@ACK-22'"], "verdict": "fail",
        "remarks": [hostile],
        "requirements": [
            requirement("ACK-01", "core", "pass", &["paths.feature/first"]),
            requirement("ACK-05", "core", "needs-cluster", &[]),
            requirement("DRV-05", "core", "fail", &["paths.feature/second"]),
            requirement("EXT-06", "extended", "unsupported", &["paths.feature/third"]),
        ],
        "scenarios": [scenario("first", "ACK-22", "pass"), scenario("second", "DRV-05", "fail"), scenario("third", "EXT-06", "unsupported")],
    });
    serde_json::from_value(report).unwrap()
}

/// Chromium, spoken to over its debugging pipe: its file descriptors 3 and 4, a zero byte after each message.
struct Browser {
    process: Child,
    input: ChildStdin,
    messages: Receiver<Value>,
    events: Vec<Value>,
    session: Option<String>,
    last_id: u64,
    _profile: TempDir,
}

impl Browser {
    fn start() -> Option<Self> {
        let binary = installed()?;
        let profile = TempDir::new().unwrap();
        // The shell gives the browser its pipe: this process may only set the first three descriptors.
        let mut process = Command::new("sh")
            .args(["-c", r#"exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null"#])
            .arg(binary)
            .args([
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--disable-dev-shm-usage",
                "--no-first-run",
            ])
            .args(["--disable-background-networking", "--remote-debugging-pipe"])
            .arg(format!("--user-data-dir={}", profile.path().display()))
            .arg("about:blank")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let input = process.stdin.take().unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let (sender, messages) = mpsc::channel();
        std::thread::spawn(move || {
            let mut message = Vec::new();
            while output.read_until(0, &mut message).is_ok_and(|length| length > 0) {
                message.pop();
                let _ = sender.send(serde_json::from_slice(&message).unwrap());
                message.clear();
            }
        });
        let (events, session) = (Vec::new(), None);
        let mut browser = Self { process, input, messages, events, session, last_id: 0, _profile: profile };
        let target = browser.call("Target.createTarget", json!({ "url": "about:blank" }));
        let target = json!({ "targetId": target["targetId"], "flatten": true });
        let session = browser.call("Target.attachToTarget", target)["sessionId"].as_str().unwrap().to_owned();
        browser.session = Some(session);
        for domain in ["Page", "Runtime", "Log", "Network"] {
            browser.call(&format!("{domain}.enable"), json!({}));
        }
        Some(browser)
    }

    #[expect(clippy::needless_pass_by_value, reason = "callers make the parameters on the spot")]
    fn call(&mut self, method: &str, parameters: Value) -> Value {
        self.last_id += 1;
        let id = self.last_id;
        let mut message = json!({ "id": id, "method": method, "params": parameters });
        if let Some(session) = &self.session {
            message["sessionId"] = session.as_str().into();
        }
        self.input.write_all(format!("{message}\0").as_bytes()).unwrap();
        let answer = self.until(|message| message["id"] == id);
        assert!(answer["error"].is_null(), "{method}: {answer}");
        answer["result"].clone()
    }

    fn until(&mut self, is_it: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = self.messages.recv_timeout(PATIENCE).expect("the browser answers");
            if is_it(&message) {
                return message;
            }
            self.events.push(message);
        }
    }

    fn open(&mut self, page: &str, width: u32) {
        let metrics =
            json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width == PHONE });
        self.call("Emulation.setDeviceMetricsOverride", metrics);
        self.call("Page.navigate", json!({ "url": page }));
        self.until(|message| message["method"] == "Page.loadEventFired");
    }

    fn evaluate(&mut self, expression: &str) -> Value {
        let parameters = json!({ "expression": expression, "returnByValue": true, "awaitPromise": true });
        let result = self.call("Runtime.evaluate", parameters);
        assert!(result["exceptionDetails"].is_null(), "{expression}: {result}");
        result["result"]["value"].clone()
    }

    /// What a visitor does to a field, as the page hears of it.
    fn type_into(&mut self, field: &str, text: &str) {
        let field = format!("document.querySelector('form.filter').elements[{}]", json!(field));
        self.evaluate(&format!(
            "{field}.value = {}; {field}.dispatchEvent(new Event('input', {{ bubbles: true }}))",
            json!(text)
        ));
    }

    /// Keeps a picture of the whole page, for people.
    fn screenshot(&mut self, name: &str) {
        let picture = self.call("Page.captureScreenshot", json!({ "captureBeyondViewport": true }));
        let bytes = STANDARD.decode(picture["data"].as_str().unwrap()).unwrap();
        fs::write(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name), bytes).unwrap();
    }

    fn complaints(&self) -> Vec<String> {
        const KINDS: [&str; 3] = ["Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded"];
        let events = self.events.iter();
        events
            .filter(|event| KINDS.iter().any(|kind| event["method"] == *kind))
            .map(Value::to_string)
            .collect()
    }

    fn requests(&self) -> Vec<String> {
        let events = self.events.iter().filter(|event| event["method"] == "Network.requestWillBeSent");
        let urls = events.filter_map(|event| event["params"]["request"]["url"].as_str());
        urls.filter(|url| !url.starts_with("data:")).map(str::to_owned).collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Its helpers end with it.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[expect(clippy::disallowed_methods, reason = "programs are found by PATH")]
fn installed() -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    let candidates = std::env::split_paths(&folders).flat_map(|folder| NAMES.map(|name| folder.join(name)));
    candidates.into_iter().find(|path| path.is_file())
}
