//! What goes back: signed by the gateway (`design.md` §4), with the headers that every response carries.

use std::fmt;
use std::pin::Pin;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures_util::Stream;
use http::header::{self, HeaderName, HeaderValue};
use http::{HeaderMap, StatusCode};

use super::problem;
use crate::clock::Clock;
use crate::crypto::keys::SigningKey;
use crate::crypto::message_signature::{Profile, RequestParts, RequestSignature, ResponseBody, sign_response};
use crate::exchange::refusal::{ProblemType, Refusal};

/// The version of the API, in `API-Version` (API Design Rules).
pub const API_VERSION: &str = "1.0.0";

/// The profile of a response's signature.
const PROFILE: Profile<'static> = Profile { label: "sluis", tag: "sluis-v1-response" };

/// A response before it is signed.
#[derive(Debug)]
pub struct Reply {
    status: u16,
    content_type: &'static str,
    body: Content,
    fields: Vec<(HeaderName, HeaderValue)>,
}

#[derive(Debug)]
enum Content {
    Whole(Vec<u8>),
    Streamed(Streamed),
}

/// A body that is made while it is sent, and whose digest is known before its first byte: so it is signed as every other.
pub struct Streamed {
    /// The SHA-256 digest of all of it.
    pub sha256: [u8; 32],
    /// How many bytes it has. One that breaks off is shorter than it says, and cannot be taken for whole.
    pub length: u64,
    /// The bytes.
    pub bytes: Pin<Box<dyn Stream<Item = Result<Bytes, BrokenOff>> + Send>>,
}

impl fmt::Debug for Streamed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Streamed({} bytes)", self.length)
    }
}

/// A body is not sent to its end: the connection is closed before that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("broken off")]
pub struct BrokenOff;

impl Reply {
    /// 200 with JSON.
    pub fn json(body: Vec<u8>) -> Self {
        Self::of(200, "application/json", body)
    }

    /// Any status and type.
    pub const fn of(status: u16, content_type: &'static str, body: Vec<u8>) -> Self {
        Self { status, content_type, body: Content::Whole(body), fields: Vec::new() }
    }

    /// 200 with a body that is made while it is sent.
    pub const fn streamed(content_type: &'static str, body: Streamed) -> Self {
        Self { status: 200, content_type, body: Content::Streamed(body), fields: Vec::new() }
    }

    /// A problem document.
    pub fn problem(refusal: &Refusal, instance: &str) -> Self {
        let mut reply = Self::of(refusal.kind.status(), "application/problem+json", problem::document(refusal, instance));
        if let Some(wait) = refusal.retry_after {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            reply.fields.push((header::RETRY_AFTER, HeaderValue::from(seconds.max(1))));
        }
        reply
    }

    /// The same with one more field; one that is set by default is replaced.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.fields.push((name, value));
        self
    }
}

/// What is remembered of a request to bind its response to it.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// Its signature, when it can be read.
    pub signature: Option<RequestSignature>,
    /// The id in `X-Request-Id` and in a problem's `instance`.
    pub id: String,
}

/// Signs responses.
pub struct Responder {
    key: SigningKey,
}

impl Responder {
    /// With the gateway's signing key.
    pub const fn new(key: SigningKey) -> Self {
        Self { key }
    }

    /// Completes and signs a response. One that cannot be signed is not sent: a bare 500 is.
    pub fn send(&self, reply: Reply, asked: &Asked, clock: &dyn Clock) -> Response {
        let fields = HeaderMap::new();
        let request = RequestParts { method: &asked.method, authority: "", path: &asked.path, query: None, headers: &fields };
        let body = match &reply.body {
            Content::Whole(bytes) => ResponseBody::of(reply.content_type, bytes),
            Content::Streamed(streamed) => ResponseBody::to_come(reply.content_type, &streamed.sha256),
        };
        let reference = asked.signature.as_ref().map(|signature| signature.reference());
        let signed = sign_response(reply.status, &body, &request, reference, &self.key, clock.now().seconds(), PROFILE);
        let Ok(signed) = signed else {
            tracing::error!("a response could not be signed");
            return bare(StatusCode::INTERNAL_SERVER_ERROR);
        };
        let mut response = unsigned(reply, asked);
        signed.insert_into(response.headers_mut());
        response
    }
}

/// A complete response without signature, for listeners that do not sign.
pub fn unsigned(reply: Reply, asked: &Asked) -> Response {
    let (body, length) = match reply.body {
        Content::Whole(bytes) => (Body::from(bytes), None),
        Content::Streamed(Streamed { length, bytes, .. }) => (Body::from_stream(bytes), Some(length)),
    };
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(reply.content_type));
    headers.extend(length.map(|length| (header::CONTENT_LENGTH, HeaderValue::from(length))));
    standard_fields(headers);
    if let Ok(id) = HeaderValue::from_str(&asked.id) {
        headers.insert("x-request-id", id);
    }
    for (name, value) in reply.fields {
        headers.insert(name, value);
    }
    response
}

/// The fields of every response (`design.md` §4, API Design Rules).
pub fn standard_fields(headers: &mut HeaderMap) {
    for (name, value) in [
        ("api-version", API_VERSION),
        ("cache-control", "no-store"),
        ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("strict-transport-security", "max-age=31536000; includeSubDomains"),
        ("referrer-policy", "no-referrer"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}

/// A status and nothing else, for what cannot be answered properly; the connection is closed.
pub fn bare(status: StatusCode) -> Response {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

/// 405 with the methods that are allowed (RFC 9110 §15.5.6).
pub fn method_not_allowed(allowed: &'static str, instance: &str) -> Reply {
    let refusal = Refusal::new(ProblemType::MethodNotAllowed, format!("use {allowed}"));
    Reply::problem(&refusal, instance).with(header::ALLOW, HeaderValue::from_static(allowed))
}
