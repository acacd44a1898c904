//! A client that sends any bytes over TLS and tells exactly what came back, and the rules that every answer of the gateway keeps.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use serde_json::Value;
use sluis::crypto::keys::VerifyingKey;
use sluis::crypto::message_signature::{Bound, RequestParts, RequestSignature, ResponseParts, ResponseSignature};
use sluis::demo::running::Running;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// How long an answer may take before it counts as silence.
const PATIENCE: Duration = Duration::from_secs(20);

/// A request as it goes over the wire.
#[derive(Clone, Debug)]
pub struct RawRequest {
    /// The method.
    pub method: String,
    /// The target, as it stands in the request line.
    pub target: String,
    /// `HTTP/1.1`.
    pub version: String,
    /// The fields, in order.
    pub fields: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl RawRequest {
    /// The first value of a field.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Replaces a field or adds it.
    pub fn set(&mut self, name: &str, value: &str) {
        match self.fields.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some((_, known)) => value.clone_into(known),
            None => self.add(name, value),
        }
    }

    /// Adds a field, also when there is one of that name.
    pub fn add(&mut self, name: &str, value: &str) {
        self.fields.push((name.to_owned(), value.to_owned()));
    }

    /// Removes a field.
    pub fn remove(&mut self, name: &str) {
        self.fields.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
    }

    /// The same, altered.
    pub fn with(&self, alter: impl FnOnce(&mut Self)) -> Self {
        let mut altered = self.clone();
        alter(&mut altered);
        altered
    }

    /// The head's bytes, the empty line included.
    pub fn head(&self) -> Vec<u8> {
        let mut head = format!("{} {} {}\r\n", self.method, self.target, self.version);
        for (name, value) in &self.fields {
            write!(head, "{name}: {value}\r\n").expect("text");
        }
        head.push_str("\r\n");
        head.into_bytes()
    }

    /// All its bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.head();
        bytes.extend_from_slice(&self.body);
        bytes
    }

    fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in &self.fields {
            let name = HeaderName::from_bytes(name.to_ascii_lowercase().as_bytes());
            if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
                headers.append(name, value);
            }
        }
        headers
    }
}

/// What came back.
#[derive(Debug)]
pub enum Received {
    /// An HTTP response.
    Response(Response),
    /// A fatal TLS alert.
    Alert(String),
    /// The connection was closed without a response.
    Closed,
    /// Nothing, for as long as one can wait.
    Silence,
}

/// An HTTP response as received.
#[derive(Clone, Debug)]
pub struct Response {
    /// The status.
    pub status: u16,
    /// The fields.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
}

impl Response {
    /// The body as JSON; null when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// A field as text; empty when it is absent.
    pub fn field(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The JSON Pointers of a problem's errors, in order.
    pub fn pointers(&self) -> Vec<String> {
        let errors = self.json()["errors"].as_array().cloned().unwrap_or_default();
        errors.iter().map(|error| error["pointer"].as_str().unwrap_or("?").to_owned()).collect()
    }
}

impl Received {
    /// The response.
    pub fn response(self) -> Result<Response, String> {
        match self {
            Self::Response(response) => Ok(response),
            other => Err(format!("no response but {other:?}")),
        }
    }

    /// The response, when it is a status and nothing else.
    pub fn bare(self, statuses: &[u16]) -> Result<Response, String> {
        let response = self.response()?;
        let bare = statuses.contains(&response.status) && response.body.is_empty() && !response.headers.contains_key("signature");
        if bare { Ok(response) } else { Err(format!("not a bare {statuses:?} but {response:?}")) }
    }
}

/// Where the gateway is, by which keys it signs, and what it must never say.
pub struct Wire {
    /// The API listener.
    pub address: SocketAddr,
    /// `localhost:port`.
    pub authority: String,
    keys: Vec<VerifyingKey>,
    never: Vec<String>,
}

impl Wire {
    pub(super) fn of(running: &Running) -> Self {
        let address = running.addresses.api;
        let persons = running.world.persons().flat_map(|(_, person)| {
            let names = [format!("{} {}", person.name.first(), person.name.surname), person.address.postcode.clone()];
            names.into_iter().chain(person.bsn.as_ref().map(|bsn| bsn.expose().to_owned()))
        });
        let registry = running.gateway.registry.current();
        let known = |id: &String| registry.key(id).is_some();
        let slugs = sluis::demo::organisations::organisations().map(|organisation| organisation.slug.code());
        let keys = slugs.flat_map(|slug| [format!("{slug}-sig-1"), format!("{slug}-connector-1")]).filter(known);
        let never = persons.chain(keys).collect();
        Self { address, authority: format!("localhost:{}", address.port()), keys: super::response_keys(running), never }
    }

    /// A TLS connection.
    pub async fn connect(&self, tls: &Arc<ClientConfig>) -> Result<TlsStream<TcpStream>, Received> {
        let tcp = TcpStream::connect(self.address).await.map_err(|_| Received::Closed)?;
        tcp.set_nodelay(true).expect("a socket option");
        let name = ServerName::try_from("localhost").expect("a name");
        TlsConnector::from(Arc::clone(tls)).connect(name, tcp).await.map_err(|error| ended(&error))
    }

    /// Sends bytes on a new connection and reads one response.
    pub async fn send(&self, tls: &Arc<ClientConfig>, bytes: &[u8]) -> Received {
        match self.connect(tls).await {
            Ok(mut stream) => send_on(&mut stream, bytes).await,
            Err(received) => received,
        }
    }

    /// Sends a request on a new connection and judges the response by the rules that hold for all.
    pub async fn exchange(&self, tls: &Arc<ClientConfig>, request: &RawRequest) -> Result<Response, String> {
        let response = self.send(tls, &request.bytes()).await.response()?;
        self.judge(request, &response)?;
        Ok(response)
    }

    /// The same, and it is a 200.
    pub async fn success(&self, tls: &Arc<ClientConfig>, request: &RawRequest) -> Result<Response, String> {
        let response = self.exchange(tls, request).await?;
        expect_status(&response, 200)?;
        Ok(response)
    }

    /// The same, and it is this problem.
    pub async fn problem(
        &self,
        tls: &Arc<ClientConfig>,
        request: &RawRequest,
        status: u16,
        suffix: &str,
    ) -> Result<Response, String> {
        let response = self.exchange(tls, request).await?;
        is_problem(&response, status, suffix)?;
        Ok(response)
    }

    /// What every response with a body keeps: signed over this very request, all fields of `design.md` §4, problems of RFC 9457 without
    /// anything personal.
    pub fn judge(&self, request: &RawRequest, response: &Response) -> Result<(), String> {
        self.verify(request, response)?;
        security_fields(response)?;
        if response.status >= 400 {
            self.judge_problem(response)?;
        }
        Ok(())
    }

    fn verify(&self, request: &RawRequest, response: &Response) -> Result<(), String> {
        let headers = request.headers();
        let asked = RequestSignature::parse(&headers).ok();
        let signature = ResponseSignature::parse(&response.headers, "sluis")
            .map_err(|error| format!("status {}: the response's signature: {error}: {response:?}", response.status))?;
        let key = self.keys.iter().find(|key| key.id() == signature.key_id()).ok_or("signed with an unknown key")?;
        let fields = HeaderMap::new();
        // The path as it stands in the target, without scheme and authority.
        let target = request
            .target
            .split_once("://")
            .map_or(request.target.as_str(), |(_, rest)| rest.find('/').map_or("/", |start| &rest[start..]));
        let path = target.split('?').next().unwrap_or_default();
        let parts = RequestParts { method: &request.method, authority: "", path, query: None, headers: &fields };
        let reference = asked.as_ref().map(|asked| asked.reference());
        let parts =
            ResponseParts { status: response.status, headers: &response.headers, request: parts, request_signature: reference };
        let bound = signature
            .verify(&parts, &response.body, key, "sluis-v1-response")
            .map_err(|error| format!("status {}: the response's signature: {error}", response.status))?;
        let expected = if asked.is_some() { Bound::ToRequest } else { Bound::ToTarget };
        if bound == expected { Ok(()) } else { Err(format!("bound {bound:?} instead of {expected:?}")) }
    }

    fn judge_problem(&self, response: &Response) -> Result<(), String> {
        let text = String::from_utf8_lossy(&response.body).into_owned();
        if response.field("content-type") != "application/problem+json" {
            return Err(format!("status {} as {}", response.status, response.field("content-type")));
        }
        let problem = response.json();
        let suffix = problem["type"].as_str().and_then(|kind| kind.strip_prefix("urn:sluis:problem:"));
        if suffix.is_none_or(str::is_empty) || problem["status"] != response.status || !problem["title"].is_string() {
            return Err(format!("no problem document: {text}"));
        }
        let instance = problem["instance"].as_str().unwrap_or_default();
        if instance != format!("urn:uuid:{}", response.field("x-request-id")) {
            return Err(format!("instance {instance} is not the request's id"));
        }
        let fields = response.headers.values().filter_map(|value| value.to_str().ok()).filter(|value| !value.contains("keyid="));
        let said = std::iter::once(text.as_str()).chain(fields);
        let told = said.flat_map(|said| self.never.iter().filter(move |never| said.contains(never.as_str()))).next();
        told.map_or(Ok(()), |told| Err(format!("the problem tells {told}: {text}")))
    }
}

/// Sends bytes and reads one response.
pub async fn send_on(stream: &mut TlsStream<TcpStream>, bytes: &[u8]) -> Received {
    // The other end may answer and close before it has read everything: what it said is read all the same.
    if stream.write_all(bytes).await.is_ok() {
        let _ = stream.flush().await;
    }
    receive(stream).await
}

/// Reads one response; interim ones are passed over.
pub async fn receive(stream: &mut TlsStream<TcpStream>) -> Received {
    let mut read = Vec::new();
    match tokio::time::timeout(PATIENCE, read_response(stream, &mut read)).await {
        Ok(received) => received,
        Err(_) => Received::Silence,
    }
}

async fn read_response(stream: &mut TlsStream<TcpStream>, read: &mut Vec<u8>) -> Received {
    loop {
        while let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") {
            let Some(mut response) = parse_head(&read[..end]) else { return Received::Closed };
            if response.status == 100 {
                read.drain(..end + 4);
                continue;
            }
            let length: usize = response.field("content-length").parse().unwrap_or_default();
            if read.len() < end + 4 + length {
                break;
            }
            response.body = read[end + 4..end + 4 + length].to_vec();
            return Received::Response(response);
        }
        let mut buffer = vec![0; 16 * 1024];
        match stream.read(&mut buffer).await {
            Ok(0) => return Received::Closed,
            Ok(count) => read.extend_from_slice(&buffer[..count]),
            Err(error) => return ended(&error),
        }
    }
}

fn parse_head(head: &[u8]) -> Option<Response> {
    let text = std::str::from_utf8(head).ok()?;
    let mut lines = text.split("\r\n");
    let status = lines.next()?.strip_prefix("HTTP/1.")?.split(' ').nth(1)?.parse().ok()?;
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(':')?;
        headers.append(HeaderName::from_bytes(name.as_bytes()).ok()?, HeaderValue::from_str(value.trim()).ok()?);
    }
    Some(Response { status, headers, body: Vec::new() })
}

/// A broken connection: with a TLS alert, or without.
pub fn ended(error: &std::io::Error) -> Received {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        Some(rustls::Error::AlertReceived(alert)) => Received::Alert(format!("{alert:?}")),
        _ => Received::Closed,
    }
}

/// That a response is this problem.
pub fn is_problem(response: &Response, status: u16, suffix: &str) -> Result<(), String> {
    let told = response.json()["type"].as_str().unwrap_or_default().to_owned();
    if response.status == status && told == format!("urn:sluis:problem:{suffix}") {
        return Ok(());
    }
    let body = String::from_utf8_lossy(&response.body);
    Err(format!("{status} {suffix} expected, {} {} came", response.status, body.chars().take(400).collect::<String>()))
}

fn expect_status(response: &Response, status: u16) -> Result<(), String> {
    let body = String::from_utf8_lossy(&response.body);
    let told = || format!("{status} expected, {} {} came", response.status, body.chars().take(400).collect::<String>());
    if response.status == status { Ok(()) } else { Err(told()) }
}

/// The fields of every response (`design.md` §4).
fn security_fields(response: &Response) -> Result<(), String> {
    let exact = [("cache-control", "no-store"), ("x-content-type-options", "nosniff")];
    if let Some((name, _)) = exact.iter().find(|(name, value)| response.field(name) != *value) {
        return Err(format!("{name} is {:?}", response.field(name)));
    }
    let begins = [
        ("api-version", "1."),
        ("content-security-policy", "default-src 'none'"),
        ("strict-transport-security", "max-age="),
        ("x-request-id", "0"),
    ];
    match begins.iter().find(|(name, value)| !response.field(name).starts_with(value)) {
        Some((name, _)) => Err(format!("{name} is {:?}", response.field(name))),
        None => Ok(()),
    }
}
