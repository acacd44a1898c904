//! Bodies of `/v1/log/queries` and `/v1/log/openings`, for the document: they are read by hand.

use utoipa::ToSchema;

use super::bodies::Subject;
use crate::catalogue::Category;
use crate::ledger::entry::{EntryKind, Outcome};
use crate::notice::OwnSignature;

/// A search of the log.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
pub(in crate::api) struct LogQuery {
    /// The privacy officer, by the reference with which the gateway's operator enrolled her.
    #[schema(min_length = 1, max_length = 64)]
    by: String,
    /// What she asks.
    request: LogQueryRequest,
    /// Her signature with her own enrolled Ed25519 key over the canonical JSON (RFC 8785) of
    /// `{"action":"log-queries","gateway":…,"organisation":…,"professional":…,"request":…,"signedAt":…}` (both OINs), at most 15 minutes old, for one request.
    signed: OwnSignature,
}

/// Which entries, and which page of them.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
struct LogQueryRequest {
    /// Left out: all entries of your organisation.
    #[schema(required = false)]
    filter: Option<LogFilter>,
    /// How many lines.
    #[schema(required = false, minimum = 1, maximum = 200, default = 50)]
    limit: Option<u32>,
    /// The `cursor` of the page before, with the same filter.
    #[schema(required = false)]
    cursor: Option<String>,
}

/// Which entries of your organisation: those to which all of this applies.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
pub(super) struct LogFilter {
    /// About this person, by `bsn`, `v-number` or `local`.
    #[schema(required = false)]
    subject: Option<Subject>,
    /// Done by this person, by your own reference.
    #[schema(required = false, min_length = 1, max_length = 64)]
    actor: Option<String>,
    /// In this case.
    #[schema(required = false)]
    case: Option<String>,
    /// With this organisation as source or recipient on the other side, by OIN, as far as you were told.
    #[schema(required = false, pattern = "^[0-9]{20}$")]
    organisation: Option<String>,
    /// For this purpose.
    #[schema(required = false, pattern = "^[a-z0-9-]{1,40}$")]
    purpose: Option<String>,
    /// Of this category, among others.
    #[schema(required = false)]
    category: Option<Category>,
    /// Of this kind.
    #[schema(required = false)]
    kind: Option<EntryKind>,
    /// Not before this whole second.
    #[schema(required = false, format = DateTime)]
    from: Option<String>,
    /// Before this whole second.
    #[schema(required = false, format = DateTime)]
    until: Option<String>,
    /// That ended so.
    #[schema(required = false)]
    outcome: Option<Outcome>,
    /// Whether they rest on an override, as far as you were told.
    #[schema(required = false)]
    overridden: Option<bool>,
}

/// Entries to be opened.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
pub(in crate::api) struct LogOpening {
    /// The privacy officer, by the reference with which the gateway's operator enrolled her.
    #[schema(min_length = 1, max_length = 64)]
    by: String,
    /// What she asks.
    request: LogOpeningRequest,
    /// Her signature with her own enrolled Ed25519 key over the canonical JSON (RFC 8785) of
    /// `{"action":"log-openings","gateway":…,"organisation":…,"professional":…,"request":…,"signedAt":…}` (both OINs), at most 15 minutes old, for one request.
    signed: OwnSignature,
}

/// Which entries.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
struct LogOpeningRequest {
    /// Their indexes.
    #[schema(min_items = 1, max_items = 50)]
    indexes: Vec<u64>,
}
