//! Every reason a request stops. One table gives status, suffix and title of each, so that they cannot drift apart.

use std::time::Duration;

use crate::json::Fault;
use crate::store::sequencer::AppendError;
use crate::store::{Conflict, StoreError};

/// What can be wrong with a request, as `urn:sluis:problem:<suffix>` (`design.md` §4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProblemType {
    /// Not a request this server can read.
    MalformedRequest,
    /// `Content-Digest` cannot be read.
    MalformedDigest,
    /// The body is JSON, but not what is expected.
    SchemaInvalid,
    /// No signature.
    SignatureMissing,
    /// The signature's fields cannot be read, hold several labels, or lack a parameter.
    SignatureMalformed,
    /// The signature does not verify, its key is unknown or not the caller's, or the body has another digest.
    SignatureInvalid,
    /// The signature does not cover what it must.
    SignatureCoverage,
    /// A rule on time is broken.
    SignatureExpired,
    /// The nonce was used before.
    NonceReplayed,
    /// This recipient may never have this, for this purpose.
    NotPermitted,
    /// The organisation is suspended.
    OrganisationSuspended,
    /// There is nothing here for the caller.
    NotFound,
    /// Another method is needed.
    MethodNotAllowed,
    /// The Idempotency-Key came with another body before.
    IdempotencyConflict,
    /// Something is under way, or is not in the state for this.
    StateConflict,
    /// The body is too large.
    BodyTooLarge,
    /// Not `application/json`.
    MediaType,
    /// For another authority than this gateway's.
    MisdirectedRequest,
    /// The head is too large, or has too many fields.
    HeadTooLarge,
    /// Too many requests.
    RateLimited,
    /// More of something than one organisation may have.
    QuotaExceeded,
    /// The log cannot take an entry: nothing passes.
    LogUnavailable,
    /// The store cannot be read.
    StoreUnavailable,
    /// Every named source is in poor health.
    SourcesUnavailable,
}

impl ProblemType {
    /// Every type, in the order of the contract.
    pub const ALL: [Self; 24] = [
        Self::MalformedRequest,
        Self::MalformedDigest,
        Self::SchemaInvalid,
        Self::SignatureMissing,
        Self::SignatureMalformed,
        Self::SignatureInvalid,
        Self::SignatureCoverage,
        Self::SignatureExpired,
        Self::NonceReplayed,
        Self::NotPermitted,
        Self::OrganisationSuspended,
        Self::NotFound,
        Self::MethodNotAllowed,
        Self::IdempotencyConflict,
        Self::StateConflict,
        Self::BodyTooLarge,
        Self::MediaType,
        Self::MisdirectedRequest,
        Self::HeadTooLarge,
        Self::RateLimited,
        Self::QuotaExceeded,
        Self::LogUnavailable,
        Self::StoreUnavailable,
        Self::SourcesUnavailable,
    ];

    /// Status, suffix and title.
    pub const fn describe(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::MalformedRequest => (400, "malformed-request", "The request cannot be read"),
            Self::MalformedDigest => (400, "malformed-digest", "Content-Digest cannot be read"),
            Self::SchemaInvalid => (400, "schema-invalid", "The body is not what this resource takes"),
            Self::SignatureMissing => (401, "signature-missing", "The request is not signed"),
            Self::SignatureMalformed => (401, "signature-malformed", "The signature fields cannot be read"),
            Self::SignatureInvalid => (401, "signature-invalid", "The signature does not verify"),
            Self::SignatureCoverage => (401, "signature-coverage", "The signature does not cover what it must"),
            Self::SignatureExpired => (401, "signature-expired", "The signature is not of this moment"),
            Self::NonceReplayed => (401, "nonce-replayed", "The nonce was used before"),
            Self::NotPermitted => (403, "not-permitted", "Not permitted for this recipient and purpose"),
            Self::OrganisationSuspended => (403, "organisation-suspended", "The organisation is suspended"),
            Self::NotFound => (404, "not-found", "Not found"),
            Self::MethodNotAllowed => (405, "method-not-allowed", "Method not allowed"),
            Self::IdempotencyConflict => (409, "idempotency-conflict", "The idempotency key came with another body"),
            Self::StateConflict => (409, "state-conflict", "Not in the state for this"),
            Self::BodyTooLarge => (413, "body-too-large", "The body is too large"),
            Self::MediaType => (415, "media-type", "The body must be application/json"),
            Self::MisdirectedRequest => (421, "misdirected-request", "Not an authority of this gateway"),
            Self::HeadTooLarge => (431, "head-too-large", "The head is too large"),
            Self::RateLimited => (429, "rate-limited", "Too many requests"),
            Self::QuotaExceeded => (429, "quota-exceeded", "More than one organisation may have"),
            Self::LogUnavailable => (503, "log-unavailable", "The disclosure log takes no entries"),
            Self::StoreUnavailable => (503, "store-unavailable", "The store is unavailable"),
            Self::SourcesUnavailable => (503, "sources-unavailable", "All named sources are in poor health"),
        }
    }

    /// The HTTP status.
    pub const fn status(self) -> u16 {
        self.describe().0
    }

    /// Whether it depends only on who asks for what, and how: it may leave at once.
    pub const fn is_static(self) -> bool {
        !matches!(self, Self::StateConflict | Self::LogUnavailable | Self::StoreUnavailable)
    }

    /// The last part of the type's URN.
    pub const fn suffix(self) -> &'static str {
        self.describe().1
    }
}

/// Why a request stopped, in words for its sender: never a value of the request, never a key, never a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The type of problem.
    pub kind: ProblemType,
    /// What exactly, and what to do.
    pub detail: String,
    /// Where in the body, each with what is expected there.
    pub faults: Vec<Fault>,
    /// When to try again.
    pub retry_after: Option<Duration>,
}

impl Refusal {
    /// A refusal with what exactly is wrong.
    pub fn new(kind: ProblemType, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), faults: Vec::new(), retry_after: None }
    }

    /// The same, with when to try again.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// The body is JSON, but not what is expected.
    pub fn schema(faults: Vec<Fault>) -> Self {
        let detail = format!("{} fault(s); see errors", faults.len());
        Self { kind: ProblemType::SchemaInvalid, detail, faults, retry_after: None }
    }
}

impl From<AppendError> for Refusal {
    /// Nothing of the store's own words goes out.
    fn from(error: AppendError) -> Self {
        let wait = Duration::from_secs(1);
        match error {
            AppendError::Conflict(Conflict::NonceReplayed) => {
                Self::new(ProblemType::NonceReplayed, "draw a new nonce for each request")
            }
            AppendError::Conflict(Conflict::SignatureUsed) => {
                Self::new(ProblemType::StateConflict, "the personal signature was used before; sign anew")
            }
            AppendError::Conflict(Conflict::IdempotencyTaken) => {
                Self::new(ProblemType::StateConflict, "a request with this Idempotency-Key is being worked on; try again")
                    .retry_after(wait)
            }
            AppendError::Conflict(Conflict::FactsChanged | Conflict::StateChanged) => {
                Self::new(ProblemType::StateConflict, "what this request is about has changed meanwhile; try again")
                    .retry_after(wait)
            }
            AppendError::Conflict(Conflict::TooMany) => {
                Self::new(ProblemType::RateLimited, "too many of the organisation's wait already")
                    .retry_after(Duration::from_hours(1))
            }
            AppendError::Conflict(Conflict::FactsUnreadable) => {
                Self::new(ProblemType::StoreUnavailable, "nothing was disclosed; try again").retry_after(Duration::from_secs(5))
            }
            AppendError::Store(_) => {
                Self::new(ProblemType::LogUnavailable, "nothing was disclosed; try again").retry_after(Duration::from_secs(5))
            }
        }
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "the store failed");
        Self::new(ProblemType::StoreUnavailable, "nothing was disclosed; try again").retry_after(Duration::from_secs(5))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_are_unique() {
        let suffixes: std::collections::BTreeSet<_> = ProblemType::ALL.iter().map(|kind| kind.suffix()).collect();
        assert_eq!(suffixes.len(), ProblemType::ALL.len());
    }
}
