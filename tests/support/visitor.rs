//! A browser without its screen: sends what one sends, keeps cookies, reads what comes back.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// One person at the web listener. A clone is another machine with the same cookies.
#[derive(Clone)]
pub struct Visitor {
    address: SocketAddr,
    host: String,
    cookies: BTreeMap<String, String>,
}

/// What came back.
#[derive(Debug)]
pub struct Seen {
    /// The status.
    pub status: u16,
    /// The fields, names in lower case.
    pub fields: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Seen {
    /// A field that must stand there once.
    pub fn field(&self, name: &str) -> &str {
        let values: Vec<_> = self.fields.iter().filter(|(key, _)| key == name).map(|(_, value)| value.as_str()).collect();
        assert_eq!(values.len(), 1, "{name}: {values:?}");
        values[0]
    }

    /// Whether a field is there.
    pub fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(key, _)| key == name)
    }
}

impl Visitor {
    /// Somebody who opens `http://localhost:PORT`.
    pub fn new(address: SocketAddr) -> Self {
        Self { address, host: format!("localhost:{}", address.port()), cookies: BTreeMap::new() }
    }

    /// The origin that the visitor's browser shows.
    pub fn origin(&self) -> String {
        format!("http://{}", self.host)
    }

    /// Opens a page.
    pub async fn get(&mut self, path: &str) -> Seen {
        let host = self.host.clone();
        self.send(
            "GET",
            path,
            &[("host", &host), ("sec-fetch-site", "none"), ("sec-fetch-mode", "navigate"), ("sec-fetch-dest", "document")],
            "",
        )
        .await
    }

    /// Sends a form of a page that is open.
    pub async fn post(&mut self, path: &str, form: &str) -> Seen {
        let (host, origin) = (self.host.clone(), self.origin());
        let fields = [
            ("host", host.as_str()),
            ("origin", &origin),
            ("sec-fetch-site", "same-origin"),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        self.send("POST", path, &fields, form).await
    }

    /// Sends exactly these fields, and the cookies.
    pub async fn send(&mut self, method: &str, path: &str, fields: &[(&str, &str)], body: &str) -> Seen {
        let pairs: Vec<_> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookies = (!pairs.is_empty()).then(|| format!("cookie: {}", pairs.join("; ")));
        let length = (method == "POST").then(|| format!("content-length: {}", body.len()));
        let fields = fields.iter().map(|(name, value)| format!("{name}: {value}")).chain(cookies).chain(length);
        let start = [format!("{method} {path} HTTP/1.1"), "connection: close".to_owned()];
        let head = start.into_iter().chain(fields).collect::<Vec<_>>().join("\r\n");
        let mut stream = TcpStream::connect(self.address).await.expect("the web listener");
        stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).await.expect("sent");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.expect("an answer");
        let seen = parse(&answer);
        for (_, cookie) in seen.fields.iter().filter(|(name, _)| name == "set-cookie") {
            let (name, value) = cookie.split(';').next().and_then(|pair| pair.split_once('=')).expect("a cookie");
            self.cookies.insert(name.to_owned(), value.to_owned());
        }
        seen
    }
}

fn parse(answer: &[u8]) -> Seen {
    let text = String::from_utf8(answer.to_vec()).expect("UTF-8");
    let (head, body) = text.split_once("\r\n\r\n").expect("a head");
    let mut lines = head.lines();
    let status = lines.next().and_then(|line| line.get(9..12)).and_then(|digits| digits.parse().ok()).expect("a status");
    let fields =
        lines.filter_map(|line| line.split_once(": ")).map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
    Seen { status, fields: fields.collect(), body: body.to_owned() }
}
