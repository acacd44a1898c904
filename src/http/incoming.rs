//! From an HTTP request to a [`SignedRequest`]: the limits of `design.md` §4 *Transport*, before anything is believed.

use std::time::Duration;

use axum::body::Body;
use http::header::{self, HeaderName};
use http::{HeaderMap, Method, Request, Version};
use http_body_util::{BodyExt, Limited};

use crate::clock::Timestamp;
use crate::crypto::message_signature::{RequestSignature, SignatureError};
use crate::exchange::refusal::{ProblemType, Refusal};
use crate::exchange::signed::{Peer, SignedRequest};

/// The largest head, in bytes.
const HEAD: usize = 16 * 1024;
/// The most fields.
const FIELDS: usize = 64;
/// The largest body, in bytes.
pub const BODY: usize = 64 * 1024;

/// Fields that may stand at most once: their repetition makes a message mean two things. (Of `Content-Length` the parser refuses two different
/// values and merges equal ones before they come here; see [`crate::manual::threat_model`].)
const SINGLE: [HeaderName; 7] = [
    header::CONTENT_TYPE,
    header::CONTENT_LENGTH,
    header::HOST,
    HeaderName::from_static("content-digest"),
    HeaderName::from_static("signature-input"),
    HeaderName::from_static("signature"),
    HeaderName::from_static("idempotency-key"),
];

/// What goes wrong while reading a request.
#[derive(Debug)]
pub enum ReadError {
    /// A problem document can be sent.
    Refused(Refusal),
    /// The body did not come in time, or broke off: bare 408, connection closed.
    TimedOut,
}

impl From<Refusal> for ReadError {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// Where and when a request is read.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// The authorities that are ours, lower case.
    pub authorities: &'a [String],
    /// How long the body may take.
    pub body_time: Duration,
    /// When the head was read.
    pub arrived: Timestamp,
    /// The same on the monotonic clock.
    pub arrived_at: tokio::time::Instant,
}

/// Judges the head, then reads the body.
///
/// # Errors
/// [`ReadError`].
pub async fn read(
    request: Request<Body>,
    peer: Peer,
    signature: Result<RequestSignature, SignatureError>,
    reading: Reading<'_>,
) -> Result<SignedRequest, ReadError> {
    let (head, body) = request.into_parts();
    let refuse = |kind, detail: &str| Refusal::new(kind, detail);
    if head.version != Version::HTTP_11 {
        return Err(refuse(ProblemType::MalformedRequest, "HTTP/1.1 is needed").into());
    }
    judge_fields(&head.headers, head.uri.to_string().len())?;
    let path = head.uri.path();
    if path.contains('%') || !path.starts_with('/') || path.contains("//") {
        return Err(
            refuse(ProblemType::MalformedRequest, "the path must be plain: no percent-encoding, no empty segments").into()
        );
    }
    let authority = authority(&head.uri, &head.headers)?;
    if !reading.authorities.contains(&authority) {
        return Err(refuse(ProblemType::MisdirectedRequest, "this gateway does not answer for that authority").into());
    }
    judge_body_fields(&head.method, &head.headers)?;
    let body = match tokio::time::timeout(reading.body_time, Limited::new(body, BODY).collect()).await {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(error)) if error.is::<http_body_util::LengthLimitError>() => return Err(too_large().into()),
        Ok(Err(_)) | Err(_) => return Err(ReadError::TimedOut),
    };
    Ok(SignedRequest {
        method: head.method,
        authority,
        path: path.to_owned(),
        query: head.uri.query().map(str::to_owned),
        headers: head.headers,
        signature,
        body,
        peer,
        arrived: reading.arrived,
        // What must happen a fixed time later counts from here: a body that comes slowly takes nothing from the sources' time.
        arrived_at: tokio::time::Instant::now(),
    })
}

fn judge_fields(headers: &HeaderMap, target: usize) -> Result<(), Refusal> {
    let size: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    if headers.len() > FIELDS || size + target > HEAD {
        return Err(Refusal::new(ProblemType::HeadTooLarge, "a head is at most 16 KiB with at most 64 fields"));
    }
    if headers.contains_key(header::TRANSFER_ENCODING) {
        return Err(Refusal::new(ProblemType::MalformedRequest, "send Content-Length; Transfer-Encoding is not accepted"));
    }
    if let Some(name) = SINGLE.iter().find(|name| headers.get_all(*name).iter().nth(1).is_some()) {
        return Err(Refusal::new(ProblemType::MalformedRequest, format!("send {name} once")));
    }
    Ok(())
}

/// The authority of the target in absolute form, or else of `Host`; when both are there they must agree (RFC 9112 §3.2.2).
fn authority(target: &http::Uri, headers: &HeaderMap) -> Result<String, Refusal> {
    let malformed = || Refusal::new(ProblemType::MalformedRequest, "send one Host that names the authority");
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).map(str::to_ascii_lowercase);
    let in_target = target.authority().map(|authority| authority.as_str().to_ascii_lowercase());
    match (in_target, host) {
        (Some(target), Some(host)) if target != host => Err(malformed()),
        (_, Some(host)) if !host.is_empty() && !host.contains('@') => Ok(host),
        _ => Err(malformed()),
    }
}

fn judge_body_fields(method: &Method, headers: &HeaderMap) -> Result<(), Refusal> {
    let length = match headers.get(header::CONTENT_LENGTH) {
        None => 0,
        Some(value) => value.to_str().ok().and_then(|text| text.parse::<u64>().ok()).unwrap_or(u64::MAX),
    };
    if length > u64::try_from(BODY).unwrap_or(u64::MAX) {
        return Err(too_large());
    }
    // A method that nothing here takes is told so later, to those who signed it.
    let takes_body = *method == Method::POST || (length > 0 && [Method::PUT, Method::PATCH].contains(method));
    if !takes_body {
        let allowed = length == 0;
        return allowed.then_some(()).ok_or_else(|| Refusal::new(ProblemType::MalformedRequest, "this method takes no body"));
    }
    let encoded = |value: &http::HeaderValue| !value.as_bytes().eq_ignore_ascii_case(b"identity");
    if headers.get_all(header::CONTENT_ENCODING).iter().any(encoded) {
        return Err(Refusal::new(ProblemType::MediaType, "send the body as it is, without Content-Encoding"));
    }
    let media = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    match media {
        Some(media) if is_json(media) => Ok(()),
        _ => Err(Refusal::new(ProblemType::MediaType, "send Content-Type: application/json")),
    }
}

/// `application/json`, with `charset=utf-8` at most.
fn is_json(media: &str) -> bool {
    let media = media.to_ascii_lowercase();
    let (kind, parameter) = media.split_once(';').unwrap_or((&media, ""));
    kind.trim() == "application/json" && matches!(parameter.trim(), "" | "charset=utf-8" | "charset=\"utf-8\"")
}

fn too_large() -> Refusal {
    Refusal::new(ProblemType::BodyTooLarge, "a body is at most 64 KiB")
}
