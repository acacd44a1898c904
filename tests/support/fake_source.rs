//! A source whose connector is the test's: a TLS server with the organisation's certificate and signing key that answers as it is told,
//! truthfully or not.
//!
//! ```ignore
//! let police = FakeSource::instead_of(&gateway, Slug::Police).await;
//! police.does(|call| Act::Answer(call.answer(vec![item("identity", "exact", json!({"surname": "X"}))])));
//! ```

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use http::HeaderMap;
use http::header::{HeaderName, HeaderValue};
use serde_json::{Value, json};
use sluis::clock::{Clock, SystemClock};
use sluis::crypto::digest;
use sluis::crypto::keys::{Algorithm, SigningKey, generate_signing_key};
use sluis::crypto::message_signature::{Profile, RequestParts, RequestSignature, ResponseBody, sign_response};
use sluis::demo::organisations::Slug;
use sluis::http::tls::{self, Identity, Trust};
use sluis::organisation::Oin;
use sluis::organisation::keys::{PublishedKey, Validity};
use sluis::source::RecordsRequest;
use sluis::store::CredentialChange;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

use super::clock::MovedClock;
use super::{TestGateway, random_text};

/// What a fake source does with a call.
pub enum Act {
    /// Answers 200 with this JSON, signed.
    Answer(Value),
    /// Answers 200 with these bytes, signed.
    Bytes(Vec<u8>),
    /// Sends these bytes as they are and closes.
    Raw(Vec<u8>),
    /// Sends these bytes, and then this chunk for ever, until the other end has enough; an empty chunk stalls.
    Endless(Vec<u8>, Vec<u8>),
    /// Never answers.
    Silence,
    /// Closes the connection at once.
    HangUp,
    /// Answers after a while.
    Late(Duration, Box<Act>),
    /// Answers when the notification comes.
    When(Arc<Notify>, Box<Act>),
}

/// A call of the gateway.
#[derive(Clone)]
pub struct Call {
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The fields.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
    key: Arc<SigningKey>,
    clock: Arc<MovedClock>,
}

impl Call {
    /// The body of `POST /v1/records`.
    pub fn request(&self) -> RecordsRequest {
        serde_json::from_slice(&self.body).expect("the gateway's call")
    }

    /// An answer about the decision and the person of the call.
    pub fn answer(&self, items: &[Value]) -> Value {
        let request: Value = serde_json::from_slice(&self.body).expect("the gateway's call");
        json!({"decision": request["decision"], "subject": request["subject"], "items": items})
    }

    /// A whole response, signed by the source's own key.
    pub fn response(&self, status: u16, body: &[u8]) -> Vec<u8> {
        self.response_by(&self.key, status, body)
    }

    /// The same, signed by another key.
    pub fn response_by(&self, key: &SigningKey, status: u16, body: &[u8]) -> Vec<u8> {
        let fields = HeaderMap::new();
        let asked = RequestParts { method: &self.method, authority: "", path: &self.path, query: None, headers: &fields };
        let signature = RequestSignature::parse(&self.headers).expect("the gateway signs its calls");
        let content = ResponseBody::of("application/json", body);
        let profile = Profile { label: "sluis", tag: "sluis-v1-response" };
        let now = self.clock.now().seconds();
        let signed = sign_response(status, &content, &asked, Some(signature.reference()), key, now, profile).expect("signed");
        let mut headers = HeaderMap::new();
        signed.insert_into(&mut headers);
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        whole(status, &headers, body)
    }

    /// A whole response without a signature.
    pub fn unsigned(status: u16, body: &[u8]) -> Vec<u8> {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        whole(status, &headers, body)
    }
}

fn whole(status: u16, headers: &HeaderMap, body: &[u8]) -> Vec<u8> {
    let mut text = format!("HTTP/1.1 {status} Answer\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        text.extend([name.as_str(), ": ", value.to_str().expect("a visible field"), "\r\n"]);
    }
    text.push_str("\r\n");
    [text.as_bytes(), body].concat()
}

type Handler = Arc<dyn Fn(&Call) -> Act + Send + Sync>;

struct Shared {
    key: Arc<SigningKey>,
    clock: Arc<MovedClock>,
    records: Mutex<Handler>,
    well: Mutex<bool>,
    calls: Mutex<Vec<Call>>,
    receipts: Mutex<Vec<Value>>,
    refuses: Mutex<Option<Handler>>,
    offered: AtomicUsize,
    asked: Notify,
    gate: Arc<Notify>,
    flooded: AtomicUsize,
}

/// The source.
pub struct FakeSource {
    /// Its OIN.
    pub oin: Oin,
    /// The id of the key it signs with.
    pub keyid: String,
    shared: Arc<Shared>,
    task: JoinHandle<()>,
    folder: PathBuf,
}

impl FakeSource {
    /// Registers itself as the connector of `slug`: with a certificate by the demo's authority, a new signing key and its own address.
    /// Answers truthfully with nothing until told otherwise.
    pub async fn instead_of(gateway: &TestGateway, slug: Slug) -> Self {
        let running = gateway.running();
        let store = &running.gateway.store;
        let oin = slug.organisation().parsed_oin().expect("an OIN");
        let registered = store.registered().await.expect("the registry");
        let mut organisation = registered.organisations.get(&oin).expect("registered").organisation.clone();
        let (keyid, key) = new_key(slug.code());
        let (listener, acceptor, folder, address) = listen(gateway, &oin).await;
        organisation.connector = Some(format!("https://localhost:{}", address.port()));
        let publish = CredentialChange::Signing { organisation: oin.clone(), key: published(&keyid, &key.1) };
        running.desk.join(organisation, vec![publish]).await.expect("registered");
        running.gateway.registry.refresh().await.expect("the registry");
        let nothing: Handler = Arc::new(|call| Act::Answer(call.answer(&[])));
        let shared = Arc::new(Shared {
            key: Arc::new(key.0),
            clock: Arc::clone(&gateway.clock),
            records: Mutex::new(nothing),
            well: Mutex::new(true),
            calls: Mutex::default(),
            receipts: Mutex::default(),
            refuses: Mutex::default(),
            offered: AtomicUsize::new(0),
            asked: Notify::new(),
            gate: Arc::default(),
            flooded: AtomicUsize::new(0),
        });
        let task = tokio::spawn(serve(listener, acceptor, Arc::clone(&shared)));
        Self { oin, keyid, shared, task, folder }
    }

    /// From now on it does this with `POST /v1/records`.
    pub fn does(&self, act: impl Fn(&Call) -> Act + Send + Sync + 'static) {
        *self.shared.records.lock().expect("no panic") = Arc::new(act);
    }

    /// From now on it makes this answer and holds it until [`Self::lets_go`].
    pub fn holds(&self, answer: impl Fn(&Call) -> Value + Send + Sync + 'static) {
        let gate = Arc::clone(&self.shared.gate);
        self.does(move |call| Act::When(Arc::clone(&gate), Box::new(Act::Answer(answer(call)))));
    }

    /// Lets one answer go that is held.
    pub fn lets_go(&self) {
        self.shared.gate.notify_one();
    }

    /// From now on it holds nothing, and answers nothing.
    pub fn lets_everything_go(&self) {
        self.does(|call| Act::Answer(call.answer(&[])));
    }

    /// Whether it answers probes.
    pub fn is_well(&self, well: bool) {
        *self.shared.well.lock().expect("no panic") = well;
    }

    /// The calls for records so far.
    pub fn calls(&self) -> Vec<Call> {
        self.shared.calls.lock().expect("no panic").clone()
    }

    /// The most bytes that one endless answer got rid of.
    pub fn flooded(&self) -> usize {
        self.shared.flooded.load(Ordering::SeqCst)
    }

    /// The receipts that it was sent.
    pub fn receipts(&self) -> Vec<Value> {
        self.shared.receipts.lock().expect("no panic").clone()
    }

    /// From now on it does this with `POST /v1/receipts`; with `None` it takes them.
    pub fn refuses_receipts(&self, act: Option<fn(&Call) -> Act>) {
        *self.shared.refuses.lock().expect("no panic") = act.map(|act| Arc::new(act) as Handler);
    }

    /// How often it was offered receipts.
    pub fn offered(&self) -> usize {
        self.shared.offered.load(Ordering::SeqCst)
    }

    /// Waits until it has been asked for records `count` times in all.
    pub async fn asked(&self, count: usize) {
        let enough = async {
            while self.calls().len() < count {
                let next = self.shared.asked.notified();
                if self.calls().len() >= count {
                    break;
                }
                next.await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), enough).await.expect("the source is asked");
    }
}

impl Drop for FakeSource {
    fn drop(&mut self) {
        self.task.abort();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// A signing key with its public JWK.
pub fn new_key(name: &str) -> (String, (SigningKey, String)) {
    let keyid = format!("fake-{name}-{}", &random_text()[..8]);
    let jwk = generate_signing_key(Algorithm::Ed25519, keyid.parse().expect("a key id")).expect("a key");
    let public = serde_json::to_string(jwk.public()).expect("a public key");
    (keyid, (SigningKey::from_jwk(&jwk).expect("a signing key"), public))
}

/// A key as it is registered, valid now.
pub fn published(keyid: &str, jwk: &str) -> PublishedKey {
    let (now, day) = (SystemClock.now(), Duration::from_hours(24));
    let validity = Validity { from: now.minus(day), until: now.plus(day * 360), revoked: false };
    PublishedKey { keyid: keyid.to_owned(), alg: "ed25519".to_owned(), jwk: jwk.to_owned(), validity }
}

async fn listen(gateway: &TestGateway, oin: &Oin) -> (TcpListener, TlsAcceptor, PathBuf, SocketAddr) {
    let folder = std::env::temp_dir().join(format!("sluis-fake-{}", random_text()));
    std::fs::create_dir(&folder).expect("a temporary folder");
    let issued = gateway.authority.issue("a fake connector", Some(oin)).expect("a certificate");
    let write = |name: &str, content: &[u8]| -> PathBuf {
        let path = folder.join(name);
        std::fs::write(&path, content).expect("written");
        path
    };
    let identity =
        Identity { certificate: write("tls.pem", issued.certificate.as_bytes()), key: write("tls.key", issued.key.as_bytes()) };
    let roots = Trust { roots: write("ca.pem", gateway.authority.certificate().as_bytes()), crls: Vec::new() };
    let config = tls::server(&identity, Some(&roots)).expect("a TLS server");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    (listener, TlsAcceptor::from(Arc::new(config)), folder, address)
}

async fn serve(listener: TcpListener, acceptor: TlsAcceptor, shared: Arc<Shared>) {
    let mut connections = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let (acceptor, shared) = (acceptor.clone(), Arc::clone(&shared));
        connections.spawn(async move {
            let _ = connection(stream, acceptor, shared).await;
        });
    }
}

async fn connection(stream: TcpStream, acceptor: TlsAcceptor, shared: Arc<Shared>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = acceptor.accept(stream).await?;
    let mut buffer = Vec::new();
    while let Some(call) = read(&mut stream, &mut buffer, &shared).await? {
        let act = match call.path.as_str() {
            "/v1/records" => {
                let handler = Arc::clone(&shared.records.lock().expect("no panic"));
                shared.calls.lock().expect("no panic").push(call.clone());
                shared.asked.notify_waiters();
                handler(&call)
            }
            "/v1/receipts" => {
                shared.offered.fetch_add(1, Ordering::SeqCst);
                let refuses = shared.refuses.lock().expect("no panic").clone();
                refuses.map_or_else(|| take_receipts(&shared, &call), |refuses| refuses(&call))
            }
            _ if *shared.well.lock().expect("no panic") => Act::Answer(json!({"status": "ready"})),
            _ => Act::HangUp,
        };
        if !perform(&mut stream, &call, act, &shared.flooded).await? {
            break;
        }
    }
    stream.shutdown().await
}

fn take_receipts(shared: &Shared, call: &Call) -> Act {
    let mut sent: Value = serde_json::from_slice(&call.body).expect("the gateway's call");
    let sent = sent["receipts"].as_array_mut().map(std::mem::take).unwrap_or_default();
    shared.receipts.lock().expect("no panic").extend(sent);
    Act::Answer(json!({"status": "kept"}))
}

/// Does it; whether the connection goes on.
async fn perform<S: AsyncWriteExt + Unpin>(
    stream: &mut S,
    call: &Call,
    act: Act,
    flooded: &AtomicUsize,
) -> std::io::Result<bool> {
    let mut act = act;
    loop {
        match act {
            Act::Answer(value) => {
                stream.write_all(&call.response(200, value.to_string().as_bytes())).await?;
                return Ok(true);
            }
            Act::Bytes(body) => {
                stream.write_all(&call.response(200, &body)).await?;
                return Ok(true);
            }
            Act::Raw(bytes) => {
                stream.write_all(&bytes).await?;
                return Ok(false);
            }
            Act::Endless(first, chunk) => {
                stream.write_all(&first).await?;
                let mut sent = 0;
                while !chunk.is_empty() {
                    stream.write_all(&chunk).await?;
                    sent += chunk.len();
                    flooded.fetch_max(sent, Ordering::SeqCst);
                }
                act = Act::Silence;
            }
            Act::Silence => std::future::pending().await,
            Act::HangUp => return Ok(false),
            Act::Late(wait, then) => {
                tokio::time::sleep(wait).await;
                act = *then;
            }
            Act::When(notify, then) => {
                notify.notified().await;
                act = *then;
            }
        }
    }
}

/// Reads one request; `None` at the end of the connection.
async fn read<S: AsyncReadExt + Unpin>(stream: &mut S, buffer: &mut Vec<u8>, shared: &Shared) -> std::io::Result<Option<Call>> {
    let end = loop {
        if let Some(end) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    };
    let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
    let mut lines = head.split("\r\n");
    let mut first = lines.next().unwrap_or_default().split(' ');
    let (method, path) = (first.next().unwrap_or_default().to_owned(), first.next().unwrap_or_default().to_owned());
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(':').expect("a field");
        let name: HeaderName = name.parse().expect("a field name");
        headers.append(name, HeaderValue::from_str(value.trim()).expect("a field value"));
    }
    let length = headers.get("content-length").map_or(0, |value| value.to_str().expect("text").parse().expect("a length"));
    let whole = end + 4 + length;
    while buffer.len() < whole {
        if stream.read_buf(buffer).await? == 0 {
            return Ok(None);
        }
    }
    let body = buffer[end + 4..whole].to_vec();
    buffer.drain(..whole);
    Ok(Some(Call { method, path, headers, body, key: Arc::clone(&shared.key), clock: Arc::clone(&shared.clock) }))
}

/// An item of police data as an honest connector gives it, to be altered at will.
pub fn item(category: &str, form: &str, data: Value) -> Value {
    let id = sluis::crypto::base64::encode_url(&digest::sha256(random_text().as_bytes())[..16]);
    json!({
        "id": id, "category": category, "form": form, "regime": "wpg", "recordedAt": "2026-03-14", "nature": "fact",
        "facts": {"wpgArticle": "8", "professional": "pol-17", "secretAddress": false, "subjectAge": 42},
        "persons": [], "data": data,
    })
}

/// Every string anywhere in a JSON value, names of members included.
pub fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(elements) => elements.iter().flat_map(texts).collect(),
        Value::Object(members) => members.iter().flat_map(|(name, value)| [vec![name.clone()], texts(value)].concat()).collect(),
        other => vec![other.to_string()],
    }
}

/// The files of a folder, with those below it.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}
