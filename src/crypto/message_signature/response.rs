//! Signatures on responses: over status, type and digest of the body, and over what was asked, so that no answer fits another question.

use std::ops::Deref;

use http::HeaderMap;

use super::component::Component;
use super::error::{InvalidSignature, MalformedSignature, SignatureError, SigningError};
use super::message::{Completed, Message, RequestParts, ResponseParts, SignatureReference, field};
use super::parse::ParsedSignature;
use super::request::CONTENT_DIGEST;
use super::signing::{Parameters, Profile, SignedHeaders, sign};
use crate::crypto::content_digest::{ContentDigest, content_digest, content_digest_of};
use crate::crypto::keys::{SigningKey, VerifyingKey};

/// What a response must cover, in this order; the last only where the request's signature was usable.
fn components(request_signature: Option<SignatureReference<'_>>) -> Vec<Component> {
    let mut components = vec![
        Component::plain("@status"),
        Component::plain("content-type"),
        Component::plain("content-digest"),
        Component::of_request("@method"),
        Component::of_request("@path"),
    ];
    components.extend(request_signature.map(|reference| Component::member_of_request("signature", reference.label)));
    components
}

/// The body of a response by its digest, and its type, which every response has, be the body empty.
#[derive(Clone, Debug)]
pub struct ResponseBody<'a> {
    content_type: &'a str,
    digest: String,
}

impl<'a> ResponseBody<'a> {
    /// These bytes, of this Content-Type.
    pub fn of(content_type: &'a str, bytes: &[u8]) -> Self {
        Self { content_type, digest: content_digest(bytes) }
    }

    /// Bytes that come later and have this SHA-256 digest.
    pub fn to_come(content_type: &'a str, sha256: &[u8; 32]) -> Self {
        Self { content_type, digest: content_digest_of(sha256) }
    }
}

/// Signs a response. Content-Digest is made here and returned with the signature; Content-Type must be sent as given.
///
/// # Errors
/// [`SigningError`].
pub fn sign_response(
    status: u16,
    body: &ResponseBody<'_>,
    request: &RequestParts<'_>,
    request_signature: Option<SignatureReference<'_>>,
    key: &SigningKey,
    created: i64,
    profile: Profile<'_>,
) -> Result<SignedHeaders, SigningError> {
    if created < 0 {
        return Err(SigningError::Times);
    }
    let headers = HeaderMap::new();
    let response = ResponseParts { status, headers: &headers, request: *request, request_signature };
    let added = [("content-type", body.content_type), ("content-digest", body.digest.as_str())];
    let message = Completed { message: &response, added: &added };
    let parameters = Parameters { created, request: None };
    let mut signed = sign(&components(request_signature), &parameters, &message, key, profile)?;
    signed.add(CONTENT_DIGEST.clone(), &body.digest)?;
    Ok(signed)
}

/// The signature of a response as received: read, not verified.
#[derive(Clone, Debug)]
pub struct ResponseSignature(ParsedSignature);

/// To what a verified response is bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// To the request's own signature: it answers this very request.
    ToRequest,
    /// To method and path only: the request was not signed, or the signer could not use its signature. A signed request can get only a
    /// problem (status 400 and above) of this kind.
    ToTarget,
}

impl ResponseSignature {
    /// Reads the fields Signature-Input and Signature. `label` is the only one allowed.
    ///
    /// # Errors
    /// [`SignatureError::Missing`] without either field; [`SignatureError::Malformed`] unless there is exactly that label and exactly the
    /// parameters `created`, `keyid`, `alg` and `tag`, each once and in its form.
    pub fn parse(headers: &HeaderMap, label: &str) -> Result<Self, SignatureError> {
        let (parsed, optional) = ParsedSignature::read(headers)?;
        if parsed.label != label {
            return Err(MalformedSignature::Labels.into());
        }
        if optional.expires.is_some() || optional.nonce.is_some() {
            return Err(MalformedSignature::ParameterUnknown.into());
        }
        Ok(Self(parsed))
    }

    /// Verifies the signature over the response, and the digest over its body.
    ///
    /// # Errors
    /// [`SignatureError::Coverage`] unless exactly the components of the profile are covered, in its order; [`SignatureError::Invalid`] for
    /// another key, `alg`, `tag` or body, or a bad signature.
    pub fn verify(
        &self,
        response: &ResponseParts<'_>,
        body: &[u8],
        key: &VerifyingKey,
        tag: &str,
    ) -> Result<Bound, SignatureError> {
        let (bound, digest) = self.verify_head(response, key, tag)?;
        if digest.matches(body) { Ok(bound) } else { Err(InvalidSignature::Digest.into()) }
    }

    /// Verifies the signature before the body is there; the body must have the digest that is given back.
    ///
    /// # Errors
    /// As [`Self::verify`], but for the body.
    pub fn verify_head(
        &self,
        response: &ResponseParts<'_>,
        key: &VerifyingKey,
        tag: &str,
    ) -> Result<(Bound, ContentDigest), SignatureError> {
        let bound = self.coverage(response)?;
        self.0.verify(response as &dyn Message, key, tag)?;
        let digest = field(response.headers, "content-digest").ok_or(InvalidSignature::DigestForm)?;
        Ok((bound, ContentDigest::parse(digest).map_err(|_| InvalidSignature::DigestForm)?))
    }

    fn coverage(&self, response: &ResponseParts<'_>) -> Result<Bound, SignatureError> {
        let covered = self.0.components.as_slice();
        if response.request_signature.is_some() && covered == components(response.request_signature) {
            return Ok(Bound::ToRequest);
        }
        let expected = components(None);
        if let Some(missing) = expected.iter().zip(EXPECTED_NAMES).find(|(component, _)| !covered.contains(component)) {
            return Err(SignatureError::Coverage(missing.1));
        }
        // To a signed request, what could answer another request of ours is no answer; but a problem may say that ours was not understood.
        let unbound_is_sound = response.request_signature.is_none() || response.status >= 400;
        if covered == expected && unbound_is_sound { Ok(Bound::ToTarget) } else { Err(SignatureError::Coverage("signature")) }
    }
}

const EXPECTED_NAMES: [&str; 5] = ["@status", "content-type", "content-digest", "\"@method\";req", "\"@path\";req"];

impl Deref for ResponseSignature {
    type Target = ParsedSignature;

    fn deref(&self) -> &ParsedSignature {
        &self.0
    }
}
