//! Signatures on requests.

use std::ops::Deref;

use http::HeaderMap;
use http::header::{CONTENT_LENGTH, HeaderName};

use super::component::Component;
use super::coverage::{CoveredRequest, required};
use super::error::{InvalidSignature, MalformedSignature, SignatureError, SigningError};
use super::freshness::{MAX_LIFETIME, SignatureTimes};
use super::message::{Completed, RequestParts};
use super::nonce::Nonce;
use super::parse::ParsedSignature;
use super::signing::{Parameters, Profile, SignedHeaders, sign};
use crate::crypto::content_digest::content_digest;
use crate::crypto::keys::{SigningKey, VerifyingKey};

pub(super) static CONTENT_DIGEST: HeaderName = HeaderName::from_static("content-digest");

/// The signature of a request as received: read, not verified.
#[derive(Clone, Debug)]
pub struct RequestSignature {
    parsed: ParsedSignature,
    times: SignatureTimes,
    nonce: Nonce,
}

impl RequestSignature {
    /// Reads the fields Signature-Input and Signature.
    ///
    /// # Errors
    /// [`SignatureError::Missing`] without either field; [`SignatureError::Malformed`] unless there is exactly one label, its components
    /// are strings without parameters, each once, and exactly the parameters `created`, `expires`, `nonce`, `keyid`, `alg` and `tag` are
    /// stated, each once and in its form.
    pub fn parse(headers: &HeaderMap) -> Result<Self, SignatureError> {
        let (parsed, optional) = ParsedSignature::read(headers)?;
        if parsed.components.iter().any(|component| !component.parameters().is_empty()) {
            return Err(MalformedSignature::Component.into());
        }
        let expires = optional.expires.ok_or(MalformedSignature::ParameterMissing("expires"))?;
        let nonce = optional.nonce.ok_or(MalformedSignature::ParameterMissing("nonce"))?;
        let nonce = nonce.parse().map_err(|_| MalformedSignature::ParameterForm("nonce"))?;
        let times = SignatureTimes { created: parsed.created, expires };
        Ok(Self { parsed, times, nonce })
    }

    /// Checks that everything is covered that must be: method, authority, path and query; with a body its type, length and digest;
    /// `idempotency-key` and `traceparent` where present.
    ///
    /// # Errors
    /// [`SignatureError::Coverage`] with the first component missing.
    pub fn covering(self, has_body: bool, headers: &HeaderMap) -> Result<CoveredRequest, SignatureError> {
        CoveredRequest::check(self, has_body, headers)
    }

    /// `created` and `expires`, for [`super::freshness()`].
    pub const fn times(&self) -> SignatureTimes {
        self.times
    }

    /// `nonce`.
    pub const fn nonce(&self) -> &Nonce {
        &self.nonce
    }

    pub(super) fn verify(&self, request: &RequestParts<'_>, key: &VerifyingKey, tag: &str) -> Result<(), InvalidSignature> {
        self.parsed.verify(request, key, tag)
    }
}

impl Deref for RequestSignature {
    type Target = ParsedSignature;

    fn deref(&self) -> &ParsedSignature {
        &self.parsed
    }
}

/// Signs a request, covering all that [`RequestSignature::covering`] asks for. With a body, `request.headers` must have Content-Type;
/// Content-Length and Content-Digest are made here and returned with the signature.
///
/// # Errors
/// [`SigningError`].
pub fn sign_request(
    request: &RequestParts<'_>,
    body: Option<&[u8]>,
    key: &SigningKey,
    times: SignatureTimes,
    nonce: &Nonce,
    profile: Profile<'_>,
) -> Result<SignedHeaders, SigningError> {
    let lifetime = times.expires.saturating_sub(times.created);
    if times.created < 0 || lifetime <= 0 || lifetime > MAX_LIFETIME.as_secs().cast_signed() {
        return Err(SigningError::Times);
    }
    let components: Vec<_> = required(body.is_some(), request.headers).map(Component::plain).collect();
    let made = body.map(|body| (body.len().to_string(), content_digest(body)));
    let added = made.as_ref().map(|(length, digest)| [("content-length", length.as_str()), ("content-digest", digest.as_str())]);
    let message = Completed { message: request, added: added.as_ref().map_or(&[], |added| added) };
    let parameters = Parameters { created: times.created, request: Some((times.expires, nonce)) };
    let mut signed = sign(&components, &parameters, &message, key, profile)?;
    if let Some((length, digest)) = &made {
        signed.add(CONTENT_LENGTH, length)?;
        signed.add(CONTENT_DIGEST.clone(), digest)?;
    }
    Ok(signed)
}
