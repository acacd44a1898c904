//! Problem documents (RFC 9457) of the local API: one match decides status and type. Never a value, never a person.

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::connector::findings::Finding;
use crate::connector::inbox::InboxError;
use crate::connector::overrides::OverrideError;
use crate::connector::professionals::StepError;

/// A problem document.
#[derive(Debug, Serialize)]
pub struct Problem {
    #[serde(rename = "type")]
    kind: String,
    title: &'static str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// Where a release is blocked: kind and range, never the text.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    findings: Vec<Finding>,
}

impl Problem {
    fn new(status: StatusCode, suffix: &str, title: &'static str) -> Self {
        let kind = format!("urn:sluis:problem:{suffix}");
        Self { kind, title, status: status.as_u16(), detail: None, findings: Vec::new() }
    }

    fn with(self, detail: String) -> Self {
        Self { detail: Some(detail), ..self }
    }

    /// No token, or not ours.
    pub fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "A bearer token of this connector is needed")
    }

    /// No such resource.
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "There is nothing here")
    }

    /// Another method is needed.
    pub fn method_not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Another method is needed here")
    }

    /// Not `application/json`.
    pub fn media_type() -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type", "The body must be application/json")
    }

    /// Longer than 64 KiB, or cut off.
    pub fn body() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "body-too-large", "The body is longer than 64 KiB or was cut off")
    }

    /// Not JSON.
    pub fn malformed() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed-request", "The body is not JSON")
    }

    /// JSON of another shape. Only the place is told: serde's own message may quote a value.
    pub fn schema(line: usize, column: usize) -> Self {
        let problem = Self::new(StatusCode::BAD_REQUEST, "schema-invalid", "The body is not of the expected shape");
        problem.with(format!("see line {line}, column {column}: an unknown, missing, double or ill-typed member"))
    }

    fn invalid() -> Self {
        Self::new(StatusCode::BAD_REQUEST, "schema-invalid", "The body is not of the expected shape")
    }

    fn conflict() -> Self {
        Self::new(StatusCode::CONFLICT, "state-conflict", "Not in this state")
    }

    fn not_permitted() -> Self {
        Self::new(StatusCode::FORBIDDEN, "not-permitted", "Not permitted")
    }

    fn store() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "store-unavailable", "The connector cannot do this now")
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response()
    }
}

impl From<InboxError> for Problem {
    fn from(error: InboxError) -> Self {
        let detail = error.to_string();
        match error {
            InboxError::NotFound => Self::not_found().with(detail),
            InboxError::WrongState(_) | InboxError::Changed => Self::conflict().with(detail),
            InboxError::Edit(_)
            | InboxError::NothingWritten
            | InboxError::Reason
            | InboxError::TooLong { .. }
            | InboxError::TooLarge { .. }
            | InboxError::Control { .. } => Self::invalid().with(detail),
            InboxError::Blocked(findings) => {
                let title = "The text names a person of the household or holds a citizen number";
                let problem = Self::new(StatusCode::UNPROCESSABLE_ENTITY, "release-blocked", title).with(detail);
                Self { findings, ..problem }
            }
            InboxError::Step(error) => error.into(),
            InboxError::Subject(_) | InboxError::Source(_) | InboxError::State(_) | InboxError::Entropy(_) => Self::store(),
        }
    }
}

impl From<OverrideError> for Problem {
    fn from(error: OverrideError) -> Self {
        let detail = error.to_string();
        match error {
            OverrideError::NotFound => Self::not_found(),
            OverrideError::WrongState | OverrideError::Taken => Self::conflict().with(detail),
            OverrideError::Field(_)
            | OverrideError::Id
            | OverrideError::Expiry
            | OverrideError::OwnColleague
            | OverrideError::Subject(_)
            | OverrideError::UnknownPerson => Self::invalid().with(detail),
            OverrideError::BeyondCeiling(_)
            | OverrideError::OtherForms { .. }
            | OverrideError::NeverLeaves(_)
            | OverrideError::SamePerson => Self::not_permitted().with(detail),
            OverrideError::Step(error) => error.into(),
            OverrideError::Source(_) | OverrideError::State(_) | OverrideError::Entropy(_) => Self::store(),
        }
    }
}

impl From<StepError> for Problem {
    fn from(error: StepError) -> Self {
        match error {
            StepError::State(_) => Self::store(),
            StepError::UnknownProfessional | StepError::NotFresh | StepError::Signature => {
                let title = "The step is not signed by an active professional";
                Self::new(StatusCode::FORBIDDEN, "signature-invalid", title).with(error.to_string())
            }
        }
    }
}
