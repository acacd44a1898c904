//! Whether a call comes from the gateway.

use std::time::Duration;

use super::Service;
use crate::clock::Timestamp;
use crate::crypto::content_digest::ContentDigest;
use crate::crypto::message_signature::freshness;
use crate::exchange::refusal::{ProblemType, Refusal};
use crate::exchange::signed::SignedRequest;
use crate::source::SOURCE_TAG;

/// How long a nonce is remembered past its signature's end.
const MARGIN: Duration = Duration::from_secs(130);

impl Service {
    /// Certificate, signature, time, digest, nonce: in the order of `design.md` §4.
    pub(super) fn verify(&self, request: &SignedRequest) -> Result<(), Refusal> {
        let invalid = |detail: &str| Refusal::new(ProblemType::SignatureInvalid, detail);
        if request.peer.oin.as_ref() != Some(&self.gateway) {
            return Err(invalid("the certificate is not the gateway's"));
        }
        let signature =
            request.signature.clone().map_err(|error| Refusal::new(ProblemType::SignatureMalformed, error.to_string()))?;
        let has_body = request.method == http::Method::POST;
        let covered = signature.covering(has_body, &request.headers);
        let covered = covered.map_err(|error| Refusal::new(ProblemType::SignatureCoverage, error.to_string()))?;
        let key = self
            .gateway_keys
            .iter()
            .find(|key| key.id() == covered.key_id())
            .ok_or_else(|| invalid("keyid is not the gateway's"))?;
        let times = covered.times();
        let now = self.clock.now();
        freshness(times, now).map_err(|stale| Refusal::new(ProblemType::SignatureExpired, stale.to_string()))?;
        covered.verify(&request.parts(), key, SOURCE_TAG).map_err(|error| invalid(&error.to_string()))?;
        if has_body {
            let digest = request.headers.get("content-digest").and_then(|value| value.to_str().ok()).unwrap_or_default();
            let digest =
                ContentDigest::parse(digest).map_err(|_| Refusal::new(ProblemType::MalformedDigest, "send Content-Digest"))?;
            if !digest.matches(&request.body) {
                return Err(invalid("the body has another digest"));
            }
        }
        let expires = Timestamp::from_seconds(times.expires).plus(MARGIN);
        if self.nonces.insert(&self.gateway, covered.nonce().as_str(), expires, now) {
            return Ok(());
        }
        Err(Refusal::new(ProblemType::NonceReplayed, "draw a new nonce for each request"))
    }
}
