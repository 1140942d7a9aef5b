//! How fast the fake is: starts the program with many secrets, sends distinct signed requests over keep-alive connections,
//! and prints what it measured. `cargo bench -p fake-alicloud --bench load -- --help` lists the settings.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, bail, ensure};
use clap::Parser;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};

const KEY: (&str, &str) = ("LTAI5tLoad", "secret-of-the-load-program");
const EMPTY_SHA256: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

/// Measure a fake in a process of its own.
#[derive(Parser)]
struct Settings {
    /// Secrets in the cloud
    #[arg(long, default_value_t = 1_000)]
    secrets: usize,

    /// Requests in all, each signed before the clock runs
    #[arg(long, default_value_t = 100_000)]
    requests: usize,

    /// Connections that send them, one request at a time each
    #[arg(long, default_value_t = 16)]
    connections: usize,

    /// What cargo says to every benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let settings = Settings::parse();
    ensure!(settings.secrets > 0 && settings.connections > 0 && settings.requests > 0, "nothing to measure");

    let folder = tempfile::tempdir()?;
    let seed = folder.path().join("seed.json");
    std::fs::write(&seed, seed_text(settings.secrets))?;
    let started = Instant::now();
    let fake = Fake::start(&seed)?;
    let mut first = Connection::open(&fake.address).await?;
    first.call(&request(&fake.address, 0, 0)).await?;
    let start = started.elapsed();
    let memory_at_start = fake.memory_kib()?;

    let requests = signed_requests(&fake.address, &settings);
    let busy_before = fake.processor_time()?;
    let started = Instant::now();
    let mut latencies = send(&fake.address, requests).await?;
    let elapsed = started.elapsed();
    let busy = fake.processor_time()?.saturating_sub(busy_before);
    latencies.sort_unstable();

    let percentile = |percent: usize| latencies[(latencies.len() - 1) * percent / 100];
    report("secrets", &settings.secrets.to_string());
    report("start to first answer", &format!("{:.1} ms", milliseconds(start)));
    report("memory after the start", &format!("{memory_at_start} KiB"));
    report("requests", &format!("{} over {} connections", latencies.len(), settings.connections));
    report("requests per second", &per_second(latencies.len(), elapsed).to_string());
    report("the fake's processor", &format!("{} µs per request", microseconds_each(busy, latencies.len())));
    report("latency p50", &format!("{:.2} ms", milliseconds(percentile(50))));
    report("latency p99", &format!("{:.2} ms", milliseconds(percentile(99))));
    report("memory after the load", &format!("{} KiB", fake.memory_kib()?));
    Ok(())
}

#[expect(clippy::print_stdout, reason = "this is what the program is for")]
fn report(what: &str, value: &str) {
    println!("{what:<24} {value}");
}

fn milliseconds(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e3
}

fn per_second(count: usize, elapsed: Duration) -> u128 {
    count as u128 * 1_000_000 / elapsed.as_micros().max(1)
}

fn microseconds_each(total: Duration, count: usize) -> u128 {
    total.as_micros() / (count as u128).max(1)
}

/// The program, ended when this is dropped.
struct Fake {
    process: Child,
    address: String,
}

impl Fake {
    fn start(seed: &std::path::Path) -> anyhow::Result<Self> {
        let mut process = Command::new(env!("CARGO_BIN_EXE_fake-alicloud"))
            .args(["serve", "--api", "127.0.0.1:0", "--control", "127.0.0.1:0", "--print-env", "--seed"])
            .arg(seed)
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start the fake")?;
        let lines = BufReader::new(process.stdout.take().context("no pipe")?).lines();
        let mut fake = Self { process, address: String::new() };
        for line in lines {
            if let Some(address) = line?.strip_prefix("export FAKE_ALICLOUD_API_URL=http://") {
                address.clone_into(&mut fake.address);
            }
        }
        ensure!(!fake.address.is_empty(), "the fake did not start");
        Ok(fake)
    }

    /// What the process holds in memory, as the system counts it.
    fn memory_kib(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).context("no VmRSS")?;
        line.trim().trim_end_matches(" kB").parse().context("VmRSS is no number")
    }

    /// How long the process has kept processors busy, which says more than the rate does on a machine with other work.
    fn processor_time(&self) -> anyhow::Result<Duration> {
        let status = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        // User and system time, in ticks of which Linux shows a hundred a second. The name before them may hold blanks.
        let (_, fields) = status.rsplit_once(')').context("no fields")?;
        let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<u64>);
        Ok(Duration::from_millis(ticks.sum::<Result<u64, _>>()? * 10))
    }
}

impl Drop for Fake {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn seed_text(secrets: usize) -> String {
    let secret = |number| serde_json::json!({ "name": name(number), "versions": [{ "id": "v1", "data": "x".repeat(64) }] });
    let secrets: Vec<_> = (0..secrets).map(secret).collect();
    let keys = serde_json::json!([{ "id": KEY.0, "secret": KEY.1 }]);
    let account = serde_json::json!({ "id": "1234567890123456", "accessKeys": keys, "secrets": secrets });
    serde_json::json!({ "accounts": [account] }).to_string()
}

fn name(secret: usize) -> String {
    format!("load-secret-{secret}")
}

/// The requests of each connection, none like another.
fn signed_requests(address: &str, settings: &Settings) -> Vec<Vec<Vec<u8>>> {
    let mut requests = vec![Vec::new(); settings.connections];
    for number in 1..=settings.requests {
        let request = request(address, number % settings.secrets, number);
        requests[number % settings.connections].push(request);
    }
    requests
}

/// One `GetSecretValue` as it goes over the wire, signed with ACS3-HMAC-SHA256.
#[expect(clippy::disallowed_methods, reason = "the client has a clock of its own, as clients do")]
fn request(address: &str, secret: usize, nonce: usize) -> Vec<u8> {
    let date = Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let nonce = format!("{nonce:032x}");
    let query = format!("SecretName={}", name(secret));
    let headers = [
        ("host", address),
        ("x-acs-action", "GetSecretValue"),
        ("x-acs-content-sha256", EMPTY_SHA256),
        ("x-acs-date", &date),
        ("x-acs-signature-nonce", &nonce),
        ("x-acs-version", "2016-01-20"),
    ];
    let lines: String = headers.iter().flat_map(|(name, value)| [name, ":", value, "\n"]).collect();
    let names = headers.map(|(name, _)| name).join(";");
    let canonical = format!("POST\n/\n{query}\n{lines}\n{names}\n{EMPTY_SHA256}");
    let to_sign = format!("ACS3-HMAC-SHA256\n{}", hex(&Sha256::digest(canonical)));
    let mut mac = Hmac::<Sha256>::new_from_slice(KEY.1.as_bytes()).expect("any length");
    mac.update(to_sign.as_bytes());
    let signature = hex(&mac.finalize().into_bytes());
    let authorization =
        format!("ACS3-HMAC-SHA256 Credential={},SignedHeaders={names},Signature={signature}", KEY.0);
    let lines: String = headers.iter().flat_map(|(name, value)| [name, ": ", value, "\r\n"]).collect();
    format!(
        "POST /?{query} HTTP/1.1\r\n{lines}accept: application/json\r\nauthorization: {authorization}\r\n\
         content-length: 0\r\n\r\n"
    )
    .into_bytes()
}

fn hex(bytes: &[u8]) -> String {
    base16ct::lower::encode_string(bytes)
}

/// Sends all, each connection its own, and returns how long each took.
async fn send(address: &str, requests: Vec<Vec<Vec<u8>>>) -> anyhow::Result<Vec<Duration>> {
    let mut connections = JoinSet::new();
    for requests in requests {
        let mut connection = Connection::open(address).await?;
        connections.spawn(async move {
            let mut latencies = Vec::with_capacity(requests.len());
            for request in requests {
                let sent = Instant::now();
                connection.call(&request).await?;
                latencies.push(sent.elapsed());
            }
            anyhow::Ok(latencies)
        });
    }
    let mut latencies = Vec::new();
    while let Some(ended) = connections.join_next().await {
        latencies.extend(ended??);
    }
    Ok(latencies)
}

/// A connection, and as much of an HTTP client as it takes.
struct Connection {
    stream: TcpStream,
    answer: Vec<u8>,
}

impl Connection {
    async fn open(address: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await.context("cannot connect")?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, answer: Vec::with_capacity(4096) })
    }

    /// Sends a request and reads the answer, which must be a success.
    async fn call(&mut self, request: &[u8]) -> anyhow::Result<()> {
        self.stream.write_all(request).await?;
        self.answer.clear();
        while !self.is_complete() {
            ensure!(self.stream.read_buf(&mut self.answer).await? > 0, "the fake hung up");
        }
        if !self.answer.starts_with(b"HTTP/1.1 200") {
            bail!("refused: {}", String::from_utf8_lossy(&self.answer));
        }
        Ok(())
    }

    fn is_complete(&self) -> bool {
        let head = self.answer.windows(4).position(|bytes| bytes == b"\r\n\r\n");
        let Some(end) = head.map(|position| position + 4) else { return false };
        let text = String::from_utf8_lossy(&self.answer[..end]);
        let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
        length
            .and_then(|length| length.parse().ok())
            .is_some_and(|length: usize| self.answer.len() >= end + length)
    }
}
