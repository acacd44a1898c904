//! What privacy officers ask of the log, as schemas: the bodies are read by hand.

use utoipa::ToSchema;

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
    /// `{"action":"log-queries","professional":…,"request":…,"signedAt":…}`, at most 15 minutes old.
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
struct LogFilter {
    /// About this person.
    #[schema(required = false)]
    subject: Option<LogSubject>,
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

/// The person that entries are about.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
struct LogSubject {
    /// `bsn`, `v-number` or `local`.
    #[schema(example = "bsn", pattern = "^(bsn|v-number|local)$")]
    scheme: String,
    /// The number.
    value: String,
    /// For `local`: the OIN of the source whose number it is.
    #[schema(required = false)]
    source: Option<String>,
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
    /// `{"action":"log-openings","professional":…,"request":…,"signedAt":…}`, at most 15 minutes old.
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

/// An overview of the log.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
pub(in crate::api) struct LogOverview {
    /// The privacy officer, by the reference with which the gateway's operator enrolled her.
    #[schema(min_length = 1, max_length = 64)]
    by: String,
    /// What she asks.
    request: LogOverviewRequest,
    /// Her signature as for a search, with the action `log-overviews`.
    signed: OwnSignature,
}

/// Of whom or what.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
struct LogOverviewRequest {
    /// By what.
    view: crate::actions::log::overview::View,
    /// Which entries: with `subject`, `from` and `until`, `actor` or `case`, as the view needs it.
    filter: LogFilter,
}

/// A report to a data subject.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
pub(in crate::api) struct LogReport {
    /// The privacy officer, by the reference with which the gateway's operator enrolled her.
    #[schema(min_length = 1, max_length = 64)]
    by: String,
    /// What she asks.
    request: LogReportRequest,
    /// Her signature as for a search, with the action `log-subject-reports`.
    signed: OwnSignature,
}

/// About whom, in which words.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
struct LogReportRequest {
    /// `nl` or `en`.
    #[schema(required = false, default = "nl", pattern = "^(nl|en)$")]
    language: Option<String>,
    /// The `subject`, and `from` and `until` if there is a period; nothing else.
    filter: LogFilter,
}

/// A file of the log.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
pub(in crate::api) struct LogExport {
    /// The privacy officer, by the reference with which the gateway's operator enrolled her.
    #[schema(min_length = 1, max_length = 64)]
    by: String,
    /// What she asks.
    request: LogExportRequest,
    /// Her signature as for a search, with the action `log-exports`.
    signed: OwnSignature,
}

/// What, as what.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
struct LogExportRequest {
    /// What the file is made as.
    format: crate::actions::log::export::Format,
    /// Left out: all entries of your organisation.
    #[schema(required = false)]
    filter: Option<LogFilter>,
}

/// What is to be held back from reports, or told again.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
pub(in crate::api) struct LogEmbargo {
    /// The privacy officer, by the reference with which the gateway's operator enrolled her.
    #[schema(min_length = 1, max_length = 64)]
    by: String,
    /// What she asks.
    request: LogEmbargoRequest,
    /// Her signature as for a search, with the action `log-embargoes`.
    signed: OwnSignature,
}

/// `place`, `lift`, or neither for the list.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
struct LogEmbargoRequest {
    /// Hold back.
    #[schema(required = false)]
    place: Option<LogEmbargoPlacing>,
    /// The id of the embargo to lift before its time.
    #[schema(required = false)]
    lift: Option<String>,
}

/// What is to be held back: one of `subject`, `case` and `trace`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
struct LogEmbargoPlacing {
    /// Everything about this person.
    #[schema(required = false)]
    subject: Option<LogSubject>,
    /// Everything in this case.
    #[schema(required = false)]
    case: Option<String>,
    /// Everything of this request.
    #[schema(required = false, pattern = "^[0-9a-f]{32}$")]
    trace: Option<String>,
    /// On what ground.
    #[schema(min_length = 1, max_length = 500)]
    ground: String,
    /// From when on it is told all the same, a whole second.
    #[schema(format = DateTime)]
    until: String,
}

/// An organisation's embargoes.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
pub(in crate::api) struct Embargoes {
    /// Oldest first.
    embargoes: Vec<crate::actions::log::EmbargoView>,
}
