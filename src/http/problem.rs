//! Problem documents (RFC 9457). One table gives status, type and title of each, so that they cannot drift apart.

use std::time::Duration;

use http::StatusCode;
use serde::Serialize;

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
    /// The log cannot take an entry: nothing passes.
    LogUnavailable,
    /// The store cannot be read.
    StoreUnavailable,
    /// Every named source is in poor health.
    SourcesUnavailable,
}

impl ProblemType {
    /// Every type, in the order of the contract.
    pub const ALL: [Self; 23] = [
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
        Self::LogUnavailable,
        Self::StoreUnavailable,
        Self::SourcesUnavailable,
    ];

    /// Status, suffix and title.
    pub const fn describe(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::MalformedRequest => (StatusCode::BAD_REQUEST, "malformed-request", "The request cannot be read"),
            Self::MalformedDigest => (StatusCode::BAD_REQUEST, "malformed-digest", "Content-Digest cannot be read"),
            Self::SchemaInvalid => (StatusCode::BAD_REQUEST, "schema-invalid", "The body is not what this resource takes"),
            Self::SignatureMissing => (StatusCode::UNAUTHORIZED, "signature-missing", "The request is not signed"),
            Self::SignatureMalformed => (StatusCode::UNAUTHORIZED, "signature-malformed", "The signature fields cannot be read"),
            Self::SignatureInvalid => (StatusCode::UNAUTHORIZED, "signature-invalid", "The signature does not verify"),
            Self::SignatureCoverage => (StatusCode::UNAUTHORIZED, "signature-coverage", "The signature does not cover what it must"),
            Self::SignatureExpired => (StatusCode::UNAUTHORIZED, "signature-expired", "The signature is not of this moment"),
            Self::NonceReplayed => (StatusCode::UNAUTHORIZED, "nonce-replayed", "The nonce was used before"),
            Self::NotPermitted => (StatusCode::FORBIDDEN, "not-permitted", "Not permitted for this recipient and purpose"),
            Self::OrganisationSuspended => (StatusCode::FORBIDDEN, "organisation-suspended", "The organisation is suspended"),
            Self::NotFound => (StatusCode::NOT_FOUND, "not-found", "Not found"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Method not allowed"),
            Self::IdempotencyConflict => (StatusCode::CONFLICT, "idempotency-conflict", "The idempotency key came with another body"),
            Self::StateConflict => (StatusCode::CONFLICT, "state-conflict", "Not in the state for this"),
            Self::BodyTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", "The body is too large"),
            Self::MediaType => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type", "The body must be application/json"),
            Self::MisdirectedRequest => (StatusCode::MISDIRECTED_REQUEST, "misdirected-request", "Not an authority of this gateway"),
            Self::HeadTooLarge => (StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE, "head-too-large", "The head is too large"),
            Self::RateLimited => (StatusCode::TOO_MANY_REQUESTS, "rate-limited", "Too many requests"),
            Self::LogUnavailable => (StatusCode::SERVICE_UNAVAILABLE, "log-unavailable", "The disclosure log takes no entries"),
            Self::StoreUnavailable => (StatusCode::SERVICE_UNAVAILABLE, "store-unavailable", "The store is unavailable"),
            Self::SourcesUnavailable => (StatusCode::SERVICE_UNAVAILABLE, "sources-unavailable", "All named sources are in poor health"),
        }
    }

    /// The HTTP status.
    pub const fn status(self) -> StatusCode {
        self.describe().0
    }

    /// The last part of the type's URN.
    pub const fn suffix(self) -> &'static str {
        self.describe().1
    }
}

/// One problem, as it goes to the caller: never a value of the request, never a key, never a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Its type.
    pub kind: ProblemType,
    /// What exactly, and what to do.
    pub detail: String,
    /// Where in the body, by JSON Pointer (RFC 6901), each with what is expected there.
    pub errors: Vec<FieldError>,
    /// When to try again.
    pub retry_after: Option<Duration>,
}

/// One fault in a body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FieldError {
    /// Where, as a JSON Pointer (RFC 6901); the empty text is the whole body.
    pub pointer: String,
    /// What is expected there.
    pub detail: String,
}

impl Problem {
    /// A problem with what exactly is wrong.
    pub fn new(kind: ProblemType, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into(), errors: Vec::new(), retry_after: None }
    }

    /// The problem document; `instance` is an opaque id under which the operator finds it.
    pub fn document(&self, instance: &str) -> Vec<u8> {
        #[derive(Serialize)]
        struct Document<'a> {
            r#type: String,
            title: &'a str,
            status: u16,
            detail: &'a str,
            instance: String,
            #[serde(skip_serializing_if = "<[_]>::is_empty")]
            errors: &'a [FieldError],
        }
        let (status, suffix, title) = self.kind.describe();
        let document = Document {
            r#type: format!("urn:sluis:problem:{suffix}"),
            title,
            status: status.as_u16(),
            detail: &self.detail,
            instance: format!("urn:uuid:{instance}"),
            errors: &self.errors,
        };
        serde_json::to_vec(&document).unwrap_or_default()
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

    #[test]
    fn a_document_has_the_members_of_rfc_9457() {
        let mut problem = Problem::new(ProblemType::SchemaInvalid, "1 fault");
        problem.errors.push(FieldError { pointer: "/purpose".to_owned(), detail: "a text".to_owned() });
        let document: serde_json::Value = serde_json::from_slice(&problem.document("x")).expect("JSON");
        assert_eq!(document["type"], "urn:sluis:problem:schema-invalid");
        assert_eq!(document["status"], 400);
        assert_eq!(document["errors"][0]["pointer"], "/purpose");
    }
}
