//! `SignedRequest` → [`Authenticated`]: certificate, signature and registry say who calls (invariant 4). Decides no rights.

use std::sync::Arc;
use std::time::Duration;

use super::Gateway;
use super::refusal::{ProblemType, Refusal};
use super::registry::{Member, Registry};
use super::signed::SignedRequest;
use crate::clock::Timestamp;
use crate::crypto::content_digest::ContentDigest;
use crate::crypto::message_signature::{MAX_AGE, MAX_LEAD, SignatureError, freshness};
use crate::organisation::{Oin, Organisation};
use crate::store::NonceClaim;

/// The tag of requests by organisations.
pub const REQUEST_TAG: &str = "sluis-v1";

/// Beyond age and lead: what clocks of two nodes may differ, so that no node forgets a nonce that another still takes.
const NONCE_MARGIN: Duration = Duration::from_mins(1);

/// A request of a known organisation: certificate and signature both verified, fresh, its body intact, its nonce new on this node.
#[derive(Debug)]
pub struct Authenticated {
    request: SignedRequest,
    caller: Caller,
    nonce: NonceClaim,
}

/// Who calls, and with which credentials.
#[derive(Clone, Debug)]
pub struct Caller {
    member: Arc<Member>,
    credentials: Credentials,
}

/// With which credentials an organisation called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credentials {
    /// The id of the signing key.
    pub keyid: String,
    /// SHA-256 of the certificate's DER.
    pub fingerprint: [u8; 32],
}

impl Authenticated {
    /// The request.
    pub const fn request(&self) -> &SignedRequest {
        &self.request
    }

    /// Who calls.
    pub const fn caller(&self) -> &Caller {
        &self.caller
    }

    /// The nonce, to be made durable with the first entry.
    pub const fn nonce(&self) -> &NonceClaim {
        &self.nonce
    }
}

impl Caller {
    /// The organisation.
    pub fn organisation(&self) -> &Organisation {
        &self.member.organisation
    }

    /// Its OIN.
    pub fn oin(&self) -> &Oin {
        &self.member.organisation.oin
    }

    /// The organisation with its credentials.
    pub const fn member(&self) -> &Arc<Member> {
        &self.member
    }

    /// The credentials that were used.
    pub const fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// The same caller by a newer registry, where its credentials do not matter any more.
    ///
    /// # Errors
    /// When the organisation takes no part, or is suspended.
    pub(super) fn still_takes_part(&self, registry: &Registry, _now: Timestamp) -> Result<Self, Refusal> {
        let member = registry.member(self.oin()).filter(|member| member.is_active()).cloned().ok_or_else(suspended)?;
        Ok(Self { member, ..self.clone() })
    }

    /// Who asked earlier, as kept with the request: for what is delivered later, it is the organisation that must still be active.
    pub(super) const fn of_kept(member: Arc<Member>, credentials: Credentials) -> Self {
        Self { member, credentials }
    }

    /// The same caller by a newer registry.
    ///
    /// # Errors
    /// When organisation, certificate or key do not count any more.
    pub fn renewed(&self, registry: &Registry, now: Timestamp) -> Result<Self, Refusal> {
        let Credentials { keyid, fingerprint } = &self.credentials;
        let member = active_member(registry, self.oin(), fingerprint, now)?;
        let known = registry.key(keyid).filter(|known| known.owner == *self.oin() && known.validity.holds(now));
        known.ok_or_else(unknown_key)?;
        Ok(Self { member, ..self.clone() })
    }
}

/// Who a refusal is to: a stranger is only counted, an authenticated caller's refusal is logged.
#[derive(Debug)]
pub enum Rejected {
    /// Certificate or signature were not verified. The organisation is what the certificate says, if it says one that is known.
    Stranger(Option<Oin>, Refusal),
    /// Certificate and signature were verified; boxed with what is known of the caller.
    Caller(Box<Authenticated>, Refusal),
}

/// Verifies, in the order of `design.md` §4: key, time, signature, digest over the raw bytes, nonce.
///
/// # Errors
/// [`Rejected`].
pub fn authenticate(gateway: &Gateway, request: SignedRequest, tag: &str) -> Result<Authenticated, Rejected> {
    let now = gateway.clock.now();
    let registry = gateway.registry.current();
    let claimed = request.peer.oin.clone().filter(|oin| registry.member(oin).is_some());
    let (caller, nonce) = match verified_caller(&registry, &request, tag, now) {
        Ok(verified) => verified,
        Err(refusal) => return Err(Rejected::Stranger(claimed, refusal)),
    };
    let authenticated = Authenticated { request, caller, nonce };
    match judge(gateway, &authenticated, now) {
        Ok(()) => Ok(authenticated),
        Err(refusal) => Err(Rejected::Caller(Box::new(authenticated), refusal)),
    }
}

/// Certificate and signature.
fn verified_caller(
    registry: &Registry,
    request: &SignedRequest,
    tag: &str,
    now: Timestamp,
) -> Result<(Caller, NonceClaim), Refusal> {
    let signature = request.signature.clone().map_err(|error| refused(&error))?;
    let signature = signature.covering(!request.body.is_empty() || request.method == http::Method::POST, &request.headers);
    let signature = signature.map_err(|error| refused(&error))?;
    let oin = request.peer.oin.as_ref().ok_or_else(|| invalid("the certificate names no OIN in subject.serialNumber"))?;
    let known = registry.key(signature.key_id().as_str()).filter(|known| known.owner == *oin && known.validity.holds(now));
    let known = known.ok_or_else(unknown_key)?;
    if signature.algorithm() != known.algorithm.name() {
        return Err(invalid("alg is not the algorithm that the registry has for this key"));
    }
    let times = signature.times();
    freshness(times, now).map_err(|stale| refused(&stale.into()))?;
    signature.verify(&request.parts(), &known.key, tag).map_err(|error| refused(&error.into()))?;
    let member = shown_member(registry, oin, &request.peer.fingerprint, now)?;
    let credentials = Credentials { keyid: signature.key_id().as_str().to_owned(), fingerprint: request.peer.fingerprint };
    let caller = Caller { member, credentials };
    let expires = Timestamp::from_seconds(times.expires).plus(MAX_AGE).plus(MAX_LEAD).plus(NONCE_MARGIN);
    let nonce = NonceClaim { organisation: oin.clone(), nonce: signature.nonce().as_str().to_owned(), expires };
    Ok((caller, nonce))
}

/// What can still be wrong with a verified caller's request.
fn judge(gateway: &Gateway, authenticated: &Authenticated, now: Timestamp) -> Result<(), Refusal> {
    let Authenticated { request, caller, nonce } = authenticated;
    // First, so that no kind of refusal can be had, and logged, without bound.
    let beyond = |wait| Refusal::new(ProblemType::RateLimited, "more requests than this organisation may send").retry_after(wait);
    gateway.rates.take(caller.oin(), now).map_err(beyond)?;
    if !request.body.is_empty() || request.method == http::Method::POST {
        let digest = request.headers.get("content-digest").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let digest = ContentDigest::parse(digest)
            .map_err(|_| Refusal::new(ProblemType::MalformedDigest, "send Content-Digest with sha-256 or sha-512 (RFC 9530)"))?;
        if !digest.matches(&request.body) {
            return Err(invalid("the body has another digest than Content-Digest says"));
        }
    }
    if !gateway.nonces.insert(caller.oin(), &nonce.nonce, nonce.expires, now) {
        return Err(Refusal::new(ProblemType::NonceReplayed, "draw a new nonce for each request"));
    }
    if !caller.member.is_active() {
        return Err(suspended());
    }
    Ok(())
}

fn shown_member(registry: &Registry, oin: &Oin, fingerprint: &[u8; 32], now: Timestamp) -> Result<Arc<Member>, Refusal> {
    let member = registry.member(oin).filter(|member| member.shows(fingerprint, now));
    member.cloned().ok_or_else(|| invalid("the certificate is not registered, or was withdrawn"))
}

fn active_member(registry: &Registry, oin: &Oin, fingerprint: &[u8; 32], now: Timestamp) -> Result<Arc<Member>, Refusal> {
    let member = shown_member(registry, oin, fingerprint, now)?;
    if member.is_active() { Ok(member) } else { Err(suspended()) }
}

fn suspended() -> Refusal {
    Refusal::new(ProblemType::OrganisationSuspended, "the organisation is suspended; ask the gateway's operator")
}

fn unknown_key() -> Refusal {
    invalid("keyid names no key that the registry has for the organisation of the certificate")
}

fn invalid(detail: &str) -> Refusal {
    Refusal::new(ProblemType::SignatureInvalid, detail)
}

fn refused(error: &SignatureError) -> Refusal {
    let kind = match error {
        SignatureError::Missing => ProblemType::SignatureMissing,
        SignatureError::Malformed(_) => ProblemType::SignatureMalformed,
        SignatureError::Coverage(_) => ProblemType::SignatureCoverage,
        SignatureError::Stale(_) => ProblemType::SignatureExpired,
        SignatureError::Invalid(_) => ProblemType::SignatureInvalid,
    };
    Refusal::new(kind, error.to_string())
}
