//! The one outbound client: mTLS, kept-alive connections, each request signed, each answer verified.

mod download;

pub use self::download::Downloaded;

use std::io::ErrorKind;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::response::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use rustls::ClientConfig;
use tokio::time::Instant;

use crate::clock::Clock;
use crate::crypto::base64;
use crate::crypto::content_digest::ContentDigest;
use crate::crypto::keys::{SigningKey, VerifyingKey};
use crate::crypto::message_signature::{
    Bound, InvalidSignature, Profile, RequestParts, ResponseParts, ResponseSignature, SignatureError, SignatureTimes,
    SignedHeaders, freshness_of_creation, sign_request,
};
use crate::entropy::{self, Entropy};

/// How long a signature made here is valid, in seconds.
const LIFETIME: i64 = 60;

/// The label of the answers that this program verifies.
const ANSWER_LABEL: &str = "sluis";

/// The tag of answers.
const ANSWER_TAG: &str = "sluis-v1-response";

/// Signs calls; sends nothing.
pub struct Signer {
    key: SigningKey,
    tag: &'static str,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
}

/// A client with one TLS identity and one signing key.
pub struct SigningClient {
    http: ArcSwap<Connections>,
    signer: Signer,
}

/// Connections under one TLS configuration.
struct Connections {
    /// Kept alive for the next call.
    kept: Pool,
    /// Made for one call each.
    own: Pool,
}

type Pool = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// A signed request, ready to be sent.
#[derive(Debug)]
pub struct Prepared {
    request: Request<Full<Bytes>>,
    signed: SignedHeaders,
    most: usize,
    time: Duration,
}

impl Prepared {
    /// The signature base.
    pub fn base(&self) -> &str {
        self.signed.base()
    }

    /// Every field of the head, in order.
    pub fn headers(&self) -> &HeaderMap {
        self.request.headers()
    }
}

/// One call.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    /// The method.
    pub method: &'a Method,
    /// `https://authority`.
    pub base: &'a str,
    /// Path, and query if any.
    pub target: &'a str,
    /// The JSON body of a POST.
    pub body: Option<&'a [u8]>,
    /// An Idempotency-Key.
    pub idempotency_key: Option<&'a str>,
    /// The largest answer to read, in bytes.
    pub most: usize,
    /// How long the whole call may take.
    pub time: Duration,
}

/// An answer whose signature was verified, with what was signed for it.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The fields.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
    /// Whether it is bound to our request's signature or only to its target.
    pub bound: Bound,
    /// What we signed.
    pub signed: SignedHeaders,
}

/// Why there is no answer to rely on. Never holds data of a person.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// The address is not usable.
    #[error("address {0}: not https://host:port")]
    Address(String),
    /// The request could not be signed.
    #[error("the request could not be signed: {0}")]
    Signing(String),
    /// No connection, TLS refused, or it broke off.
    #[error("no answer from {0}")]
    Connection(String),
    /// The connection stood, and ended before the first byte of an answer: as it does when the other end gives up one that was kept alive in the very
    /// moment in which it is used again. Whether the request was read cannot be known (RFC 9112 §9.3.1, §9.5).
    #[error("no answer from {0}")]
    Ended(String),
    /// Somebody answers there who does not show a certificate that we trust.
    #[error("the certificate at this address is not trusted: {0}")]
    Untrusted(String),
    /// Not in time.
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
    /// What came could not be kept.
    #[error("what came could not be written: {0}")]
    Kept(String),
    /// More than was asked to be read.
    #[error("the answer is larger than {0} bytes")]
    TooLarge(usize),
    /// Status without a signature: nothing in it can be relied upon.
    #[error("status {status}, not signed: {reason}")]
    Unsigned {
        /// The status.
        status: u16,
        /// What is missing or wrong.
        reason: String,
    },
}

impl SigningClient {
    /// A client that shows the identity of `tls` and signs with `key` under `tag`.
    pub fn new(tls: ClientConfig, key: SigningKey, tag: &'static str, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self { http: ArcSwap::from_pointee(connections(tls)), signer: Signer::new(key, tag, clock, entropy) }
    }

    /// Exchanges the TLS configuration: every further call makes its connection under `tls`; calls in flight are finished, and kept-alive
    /// connections are given up, so that a new revocation list holds for those at the other end too.
    pub fn replace(&self, tls: ClientConfig) {
        self.http.store(Arc::new(connections(tls)));
    }

    /// Signs and sends, then verifies the answer with the key that `keys` knows under its key id.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn call<'k>(
        &self,
        call: Call<'_>,
        keys: impl Fn(&str) -> Option<&'k VerifyingKey> + Send,
    ) -> Result<Answer, CallError> {
        self.send(self.signer.prepare(&call)?, keys).await
    }

    /// Like [`Self::call`], for what may come twice (RFC 9110 §9.2.2). The other end may give up a connection that it kept alive in the very moment in
    /// which it is used again; then the call is made once more, signed anew and on a connection of its own, within the time that is left.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn call_idempotent<'k>(
        &self,
        call: Call<'_>,
        keys: impl Fn(&str) -> Option<&'k VerifyingKey> + Send + Sync,
    ) -> Result<Answer, CallError> {
        let until = Instant::now() + call.time;
        match self.call(call, &keys).await {
            Err(CallError::Ended(_)) => {
                let again = Call { time: until.saturating_duration_since(Instant::now()), ..call };
                let answered = self.send_on(|connections| &connections.own, self.signer.prepare(&again)?, keys).await;
                // Told as the time that there was for both.
                answered.map_err(|error| if let CallError::TimedOut(_) = error { CallError::TimedOut(call.time) } else { error })
            }
            answered => answered,
        }
    }

    /// What signs its calls.
    pub const fn signer(&self) -> &Signer {
        &self.signer
    }

    /// Sends what was signed, then verifies the answer with the key that `keys` knows under its key id.
    ///
    /// # Errors
    /// [`CallError`].
    pub async fn send<'k>(
        &self,
        prepared: Prepared,
        keys: impl Fn(&str) -> Option<&'k VerifyingKey> + Send,
    ) -> Result<Answer, CallError> {
        self.send_on(|connections| &connections.kept, prepared, keys).await
    }

    async fn send_on<'k>(
        &self,
        pool: fn(&Connections) -> &Pool,
        prepared: Prepared,
        keys: impl Fn(&str) -> Option<&'k VerifyingKey> + Send,
    ) -> Result<Answer, CallError> {
        let Prepared { request, signed, most, time } = prepared;
        let parts = (request.method().as_str().to_owned(), request.uri().path().to_owned());
        let whom = request.uri().authority().map(ToString::to_string).unwrap_or_default();
        let exchange = async {
            let connections = self.http.load_full();
            let response = pool(&connections).request(request).await.map_err(|error| unconnected(&whom, &error))?;
            let (head, body) = response.into_parts();
            match Limited::new(body, most).collect().await {
                Ok(body) => Ok((head, body.to_bytes())),
                Err(error) if error.is::<http_body_util::LengthLimitError>() => Err(CallError::TooLarge(most)),
                Err(error) => Err(CallError::Connection(format!("{whom}: {error}"))),
            }
        };
        let (head, body) = tokio::time::timeout(time, exchange).await.map_err(|_| CallError::TimedOut(time))??;
        let status = head.status.as_u16();
        let (bound, digest) = self.verified(&head, &parts, &signed, keys)?;
        if !digest.matches(&body) {
            return Err(CallError::Unsigned { status, reason: SignatureError::from(InvalidSignature::Digest).to_string() });
        }
        Ok(Answer { status, headers: head.headers, body, bound, signed })
    }

    /// To what the head of an answer is bound, and the digest that its body must have.
    fn verified<'k>(
        &self,
        head: &Parts,
        (method, path): &(String, String),
        signed: &SignedHeaders,
        keys: impl Fn(&str) -> Option<&'k VerifyingKey> + Send,
    ) -> Result<(Bound, ContentDigest), CallError> {
        let status = head.status.as_u16();
        let unsigned = |reason: String| CallError::Unsigned { status, reason };
        let signature = ResponseSignature::parse(&head.headers, ANSWER_LABEL).map_err(|error| unsigned(error.to_string()))?;
        let key = keys(signature.key_id().as_str()).ok_or_else(|| unsigned("its key is not known".to_owned()))?;
        let fields = HeaderMap::new();
        let asked = RequestParts { method, authority: "", path, query: None, headers: &fields };
        let response =
            ResponseParts { status, headers: &head.headers, request: asked, request_signature: Some(signed.reference()) };
        let verified = signature.verify_head(&response, key, ANSWER_TAG).map_err(|error| unsigned(error.to_string()))?;
        freshness_of_creation(signature.created(), self.signer.clock.now()).map_err(|error| unsigned(error.to_string()))?;
        Ok(verified)
    }
}

impl Signer {
    /// Signs with `key` under `tag`.
    pub fn new(key: SigningKey, tag: &'static str, clock: Arc<dyn Clock>, entropy: Arc<dyn Entropy>) -> Self {
        Self { key, tag, clock, entropy }
    }

    /// The key.
    pub const fn key(&self) -> &SigningKey {
        &self.key
    }

    /// Makes and signs the request of a call.
    ///
    /// # Errors
    /// [`CallError::Address`], [`CallError::Signing`].
    pub fn prepare(&self, call: &Call<'_>) -> Result<Prepared, CallError> {
        let address = || CallError::Address(call.base.to_owned());
        let uri: Uri = format!("{}{}", call.base, call.target).parse().map_err(|_| address())?;
        let authority = uri.authority().ok_or_else(address)?.as_str().to_ascii_lowercase();
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_str(&authority).map_err(|_| address())?);
        if call.body.is_some() {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        if let Some(key) = call.idempotency_key {
            let key =
                HeaderValue::from_str(key).map_err(|_| CallError::Signing("the Idempotency-Key is no field value".to_owned()))?;
            headers.insert("idempotency-key", key);
        }
        let signing = |error: &dyn std::fmt::Display| CallError::Signing(error.to_string());
        let nonce = entropy::random::<24>(&*self.entropy).map_err(|error| signing(&error))?;
        let nonce = base64::encode_url(&nonce).parse().map_err(|error| signing(&error))?;
        let created = self.clock.now().seconds();
        let times = SignatureTimes { created, expires: created + LIFETIME };
        let parts = RequestParts {
            method: call.method.as_str(),
            authority: &authority,
            path: uri.path(),
            query: uri.query(),
            headers: &headers,
        };
        let profile = Profile { label: ANSWER_LABEL, tag: self.tag };
        let signed = sign_request(&parts, call.body, &self.key, times, &nonce, profile).map_err(|error| signing(&error))?;
        signed.insert_into(&mut headers);
        let mut request = Request::new(Full::new(call.body.map(Bytes::copy_from_slice).unwrap_or_default()));
        *request.method_mut() = call.method.clone();
        *request.uri_mut() = uri;
        *request.headers_mut() = headers;
        Ok(Prepared { request, signed, most: call.most, time: call.time })
    }
}

fn connections(mut tls: ClientConfig) -> Connections {
    let mut tcp = HttpConnector::new();
    tcp.set_nodelay(true);
    tcp.enforce_http(false);
    tcp.set_connect_timeout(Some(Duration::from_secs(5)));
    // ALPN is set by the connector; ours is http/1.1 already, and it insists on setting it itself.
    tls.alpn_protocols.clear();
    let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_only().enable_http1().wrap_connector(tcp);
    let mut pool = Client::builder(TokioExecutor::new());
    pool.pool_timer(TokioTimer::new()).pool_idle_timeout(Duration::from_secs(8));
    Connections { kept: pool.build(connector.clone()), own: pool.pool_max_idle_per_host(0).build(connector) }
}

fn unconnected(whom: &str, error: &(dyn std::error::Error + 'static)) -> CallError {
    let mut next = Some(error);
    while let Some(cause) = next {
        if let Some(rustls::Error::InvalidCertificate(reason)) = cause.downcast_ref() {
            return CallError::Untrusted(reason.to_string());
        }
        // An I/O error's source is that of the error inside it, not that error.
        let inside = cause.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        next = inside.map_or_else(|| cause.source(), |inside| Some(inside));
    }
    let whom_and_why = format!("{whom}: {}", causes(error));
    if ended(error) { CallError::Ended(whom_and_why) } else { CallError::Connection(whom_and_why) }
}

/// Whether a connection that stood was closed by the other end before an answer.
fn ended(error: &(dyn std::error::Error + 'static)) -> bool {
    let closed = [ErrorKind::ConnectionReset, ErrorKind::ConnectionAborted, ErrorKind::BrokenPipe, ErrorKind::UnexpectedEof];
    let is_closed = |io: &std::io::Error| closed.contains(&io.kind());
    let hyper = error.source().and_then(|cause| cause.downcast_ref::<hyper::Error>());
    hyper.is_some_and(|error| {
        let io = std::error::Error::source(error).and_then(|cause| cause.downcast_ref());
        error.is_incomplete_message() || io.is_some_and(is_closed)
    })
}

/// An error with its causes: hyper's own text hides the TLS alert that tells what is wrong.
fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}
