//! Clouds in trouble: small listeners that stand in the cloud's place and misbehave in one way each.
//!
//! They misbehave before any API could be recognised, on the level of connections and bytes. Trouble that a cloud plans (throttling,
//! expired sessions) belongs to the fake.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::target::free_port_at;

/// How a cloud misbehaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Nobody listens.
    Unreachable,
    /// Takes the request and never answers.
    Silent,
    /// Takes the request and resets the connection.
    Reset,
    /// Answers with a proxy's error page.
    HtmlPage,
    /// Answers "200 OK" with a login page.
    HtmlLogin,
    /// Answers with JSON that ends in the middle.
    TruncatedJson,
    /// Announces more bytes than it sends.
    CutOff,
    /// Answers with JSON of the right form and without a value.
    NoValue,
    /// Answers with a parameter of OOS and without its value.
    Withheld,
    /// Answers with JSON of another form.
    OtherJson,
    /// Answers with something that is not HTTP.
    NoHttp,
}

/// A listener in the cloud's place. Dropped, it is gone.
#[derive(Debug)]
pub struct Trouble {
    address: SocketAddr,
    task: Option<JoinHandle<()>>,
    gate: Option<Gate>,
}

/// Holds requests back until it is opened.
#[derive(Debug)]
struct Gate {
    waiting: watch::Receiver<usize>,
    open: watch::Sender<bool>,
}

impl Trouble {
    /// Starts a cloud that misbehaves, at an address where the provider reaches this machine.
    pub async fn start(kind: Kind, host: IpAddr) -> io::Result<Self> {
        if kind == Kind::Unreachable {
            let address = SocketAddr::new(host, free_port_at(host));
            return Ok(Self { address, task: None, gate: None });
        }
        let listener = TcpListener::bind((host, 0)).await?;
        let address = listener.local_addr()?;
        let task = serve(listener, move |stream| misbehave(kind, stream));
        Ok(Self { address, task: Some(task), gate: None })
    }

    /// Starts a gate before the cloud at `upstream`: requests arrive at it, and pass when it is opened.
    pub async fn gate(upstream: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind((upstream.ip(), 0)).await?;
        let address = listener.local_addr()?;
        let (arrive, waiting) = watch::channel(0);
        let (open, opened) = watch::channel(false);
        let arrive = Arc::new(arrive);
        let task =
            serve(listener, move |stream| hold_back(stream, upstream, Arc::clone(&arrive), opened.clone()));
        Ok(Self { address, task: Some(task), gate: Some(Gate { waiting, open }) })
    }

    /// The URL for a provider's endpoint flags.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Host and port.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// How many requests have arrived at the gate.
    pub fn waiting(&self) -> usize {
        self.gate.as_ref().map_or(0, |gate| *gate.waiting.borrow())
    }

    /// Lets all requests pass from now on.
    pub fn open(&self) {
        if let Some(gate) = &self.gate {
            gate.open.send_replace(true);
        }
    }
}

impl Drop for Trouble {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

/// Accepts until the task is aborted; connections end with it.
fn serve<F>(listener: TcpListener, handle: impl Fn(TcpStream) -> F + Send + 'static) -> JoinHandle<()>
where
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    tokio::spawn(async move {
        let mut connections = tokio::task::JoinSet::new();
        while let Ok((stream, _)) = listener.accept().await {
            connections.spawn(handle(stream));
        }
    })
}

async fn misbehave(kind: Kind, mut stream: TcpStream) -> io::Result<()> {
    let mut request = vec![0; 64 * 1024];
    loop {
        if stream.read(&mut request).await? == 0 {
            return Ok(());
        }
        let answer = match kind {
            Kind::Unreachable | Kind::Silent => std::future::pending().await,
            Kind::Reset => {
                // A linger time of zero makes the kernel send a reset instead of an orderly end.
                stream.set_zero_linger()?;
                return Ok(());
            }
            Kind::HtmlPage => {
                whole("502 Bad Gateway", "text/html", "<html><body><h1>502 Bad Gateway</h1></body></html>")
            }
            Kind::HtmlLogin => {
                whole("200 OK", "text/html", "<!DOCTYPE html><html><title>Please log in</title></html>")
            }
            Kind::TruncatedJson => whole("200 OK", JSON, r#"{"SecretName":"db/password","SecretData":"#),
            Kind::CutOff => {
                stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 4096\r\n\r\n{\"SecretName\":").await?;
                return stream.shutdown().await;
            }
            Kind::NoValue => whole("200 OK", JSON, r#"{"RequestId":"0A1B2C3D-0000-0000-0000-000000000000"}"#),
            Kind::Withheld => whole(
                "200 OK",
                JSON,
                r#"{"Parameter":{"Name":"db/password","ParameterVersion":1,"Value":null}}"#,
            ),
            Kind::OtherJson => whole("200 OK", JSON, "[1, 2, 3]"),
            Kind::NoHttp => "220 mail.example.com ESMTP ready\r\n".into(),
        };
        stream.write_all(answer.as_bytes()).await?;
    }
}

const JSON: &str = "application/json;charset=utf-8";

fn whole(status: &str, content_type: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

async fn hold_back(
    mut stream: TcpStream,
    upstream: SocketAddr,
    arrive: Arc<watch::Sender<usize>>,
    mut opened: watch::Receiver<bool>,
) -> io::Result<()> {
    let mut request = vec![0; 64 * 1024];
    let length = stream.read(&mut request).await?;
    if length == 0 {
        return Ok(());
    }
    arrive.send_modify(|waiting| *waiting += 1);
    if opened.wait_for(|open| *open).await.is_err() {
        return Ok(());
    }
    let mut cloud = TcpStream::connect(upstream).await?;
    cloud.write_all(&request[..length]).await?;
    tokio::io::copy_bidirectional(&mut stream, &mut cloud).await?;
    Ok(())
}
