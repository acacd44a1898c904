//! Who did what, from where: the operation, the actor, the client. LDV is Logboek Dataverwerkingen.

use serde::{Deserialize, Serialize};

use super::trace::{SpanId, TraceId};
use crate::clock::Timestamp;
use crate::organisation::Oin;

/// The processing operation, as LDV logs it (`trace_id`, `span_id`, `status`, `name`, `start_time`, `end_time`, `dpl.core.*`).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Operation {
    /// The trace that joins all operations of one request.
    pub trace_id: TraceId,
    /// This operation.
    pub span_id: SpanId,
    /// The operation that it is part of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_span_id: Option<SpanId>,
    /// Its name (NEN 7513 `EventActionCode`).
    pub name: String,
    /// How it went (NEN 7513 `EventOutcomeIndicator`).
    pub status: Status,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended, if it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// The processing activity in the register of GDPR (AVG) art. 30, a URI (`dpl.core.processing_activity_id`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processing_activity: Option<String>,
    /// The operation at another party that this one belongs to (`dpl.core.foreign_operation`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foreign: Option<Foreign>,
}

/// LDV `status`. A refusal that was handled is `unset`, not `error`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Nothing special.
    #[default]
    Unset,
    /// Confirmed to have gone well.
    Ok,
    /// It failed.
    Error,
}

/// Another party's operation.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Foreign {
    /// The other party (`dpl.core.foreign_operation.processor`).
    pub processor: String,
    /// Its trace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<TraceId>,
    /// Its operation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span_id: Option<SpanId>,
}

/// Who acted, by a reference that only the actor's own organisation can resolve (NEN 7513 `users`; Police Directive art. 25).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Actor {
    /// The organisation's own reference of the person or system.
    pub reference: String,
    /// In which role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<String>,
    /// The responsible user on whose behalf it was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_behalf_of: Option<String>,
    /// The actor's organisation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub organisation: Option<Oin>,
    /// The team or case director that the actor acts as.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acting_as: Option<String>,
}

/// From where and how authenticated (NEN 7513: which client; log-in in two factors).
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
pub struct Client {
    /// How the caller proved who it is: `mtls-signature`, `password-totp`, `one-time-link`, …
    pub authentication: String,
    /// SHA-256 fingerprint of the client certificate, in hex.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub certificate: Option<String>,
    /// The registered key that signed the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
    /// The RFC 9421 algorithm of that key.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<String>,
    /// The RFC 9421 signature base. With the signature it proves later what the requester signed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature_base: Option<String>,
    /// The signature, base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}

super::silent_debug!(Operation, Foreign, Actor, Client);
