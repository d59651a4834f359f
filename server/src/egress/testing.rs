//! A small HTTP/1.1 server on this machine for tests: what it answers is told by a function of the request.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// What was asked.
#[derive(Debug, Clone)]
pub struct Request {
    /// Path with query.
    pub path: String,
    /// The `If-None-Match` header, empty when absent.
    pub if_none_match: String,
}

/// What is answered.
#[derive(Debug, Clone)]
pub struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
    sent: usize,
}

impl Answer {
    /// A body with status 200.
    pub fn ok(body: Vec<u8>) -> Self {
        Self { status: 200, headers: Vec::new(), sent: body.len(), body }
    }

    /// A status without a body.
    pub fn status(status: u16) -> Self {
        Self { status, ..Self::ok(Vec::new()) }
    }

    /// A redirect.
    pub fn redirect(location: &str) -> Self {
        Self { headers: vec![("location", location.to_owned())], ..Self::status(302) }
    }

    /// With an entity tag.
    #[must_use]
    pub fn etag(mut self, etag: &str) -> Self {
        self.headers.push(("etag", etag.to_owned()));
        self
    }

    /// Ends the connection after that many bytes of the announced body.
    #[must_use]
    pub fn cut_at(mut self, bytes: usize) -> Self {
        self.sent = bytes;
        self
    }
}

/// A running server; it ends with the test's runtime.
pub struct Server {
    url: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Server {
    /// Starts a server on a free port of 127.0.0.1.
    pub async fn start(answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let requests = Arc::new(Mutex::new(Vec::new()));
        let (seen, answer) = (Arc::clone(&requests), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (seen, answer) = (Arc::clone(&seen), Arc::clone(&answer));
                tokio::spawn(async move {
                    // A client that goes away early is its own test's matter.
                    let _ = serve(stream, &seen, &*answer).await;
                });
            }
        });
        Self { url, requests }
    }

    /// The server's address without a trailing slash.
    pub fn url(&self) -> String {
        self.url.clone()
    }

    /// What was asked so far.
    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().expect("no test panicked with the lock").clone()
    }
}

async fn serve(
    mut stream: TcpStream,
    seen: &Mutex<Vec<Request>>,
    answer: &(impl Fn(&Request) -> Answer + Sync),
) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let header = |name: &str| {
        let mut lines = head.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(key, _)| key.eq_ignore_ascii_case(name)).map_or("", |(_, value)| value.trim()).to_owned()
    };
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let request = Request { path, if_none_match: header("if-none-match") };
    let answer = answer(&request);
    seen.lock().expect("no test panicked with the lock").push(request);
    let mut text = format!("HTTP/1.1 {} X\r\nconnection: close\r\n", answer.status);
    if answer.status != 304 {
        text.extend(["content-length: ", &answer.body.len().to_string(), "\r\n"]);
    }
    for (name, value) in &answer.headers {
        text.extend([name, ": ", value, "\r\n"]);
    }
    stream.write_all(format!("{text}\r\n").as_bytes()).await?;
    stream.write_all(&answer.body[..answer.sent]).await?;
    stream.shutdown().await
}
