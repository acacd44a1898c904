//! What a request signature must cover. The signer chooses what it signs, so the verifier has to insist.

use std::ops::Deref;

use http::HeaderMap;

use super::component::Component;
use super::error::{InvalidSignature, SignatureError};
use super::message::RequestParts;
use super::request::RequestSignature;
use crate::crypto::keys::VerifyingKey;

pub(super) const ALWAYS: [&str; 4] = ["@method", "@authority", "@path", "@query"];
pub(super) const WITH_BODY: [&str; 3] = ["content-type", "content-length", "content-digest"];
pub(super) const WHEN_PRESENT: [&str; 2] = ["idempotency-key", "traceparent"];

/// What must be covered in a request with these fields.
pub(super) fn required(has_body: bool, headers: &HeaderMap) -> impl Iterator<Item = &'static str> {
    let with_body = WITH_BODY.into_iter().filter(move |_| has_body);
    ALWAYS.into_iter().chain(with_body).chain(WHEN_PRESENT.into_iter().filter(|name| headers.contains_key(*name)))
}

/// A request signature that covers all it must. Only such a one can be verified.
#[derive(Clone, Debug)]
pub struct CoveredRequest(RequestSignature);

impl CoveredRequest {
    pub(super) fn check(signature: RequestSignature, has_body: bool, headers: &HeaderMap) -> Result<Self, SignatureError> {
        let covered = |name: &str| signature.components().iter().any(|component: &Component| component.is_plain(name));
        match required(has_body, headers).find(|name| !covered(name)) {
            Some(missing) => Err(SignatureError::Coverage(missing)),
            None => Ok(Self(signature)),
        }
    }

    /// Verifies the signature over the request. That `content-digest` is the digest of the body is checked apart
    /// ([`crate::crypto::content_digest::ContentDigest`]); so are times and nonce.
    ///
    /// # Errors
    /// [`InvalidSignature`]: another key, `alg` or `tag`; a covered component that the request does not have; a bad signature.
    pub fn verify(&self, request: &RequestParts<'_>, key: &VerifyingKey, tag: &str) -> Result<(), InvalidSignature> {
        self.0.verify(request, key, tag)
    }
}

impl Deref for CoveredRequest {
    type Target = RequestSignature;

    fn deref(&self) -> &RequestSignature {
        &self.0
    }
}
