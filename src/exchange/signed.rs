//! A request as it came in, within the limits of the transport. Nothing in it is believed yet.

use bytes::Bytes;
use http::{HeaderMap, Method};

use crate::clock::Timestamp;
use crate::crypto::message_signature::{RequestParts, RequestSignature, SignatureError};
use crate::organisation::Oin;

/// The other end of the TLS connection, from its certificate alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// SHA-256 of the leaf's DER.
    pub fingerprint: [u8; 32],
    /// The OIN in `subject.serialNumber` (Digikoppeling: `PeerID`); a certificate without one names nobody.
    pub oin: Option<Oin>,
}

/// A request with its whole body, read within the limits.
#[derive(Clone, Debug)]
pub struct SignedRequest {
    /// The method.
    pub method: Method,
    /// The authority it was sent to, lower case.
    pub authority: String,
    /// The path, without percent-encoding.
    pub path: String,
    /// The query, without its question mark.
    pub query: Option<String>,
    /// The fields.
    pub headers: HeaderMap,
    /// The signature as read, or why it cannot be.
    pub signature: Result<RequestSignature, SignatureError>,
    /// The raw body.
    pub body: Bytes,
    /// Who sent it, as TLS knows.
    pub peer: Peer,
    /// When its head was read.
    pub arrived: Timestamp,
    /// The same on the monotonic clock, for what must happen a fixed time later.
    pub arrived_at: tokio::time::Instant,
}

impl SignedRequest {
    /// What a signature can cover.
    pub fn parts(&self) -> RequestParts<'_> {
        RequestParts {
            method: self.method.as_str(),
            authority: &self.authority,
            path: &self.path,
            query: self.query.as_deref(),
            headers: &self.headers,
        }
    }
}
