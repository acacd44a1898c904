//! Overviews, reports, exports and embargoes, as schemas: the bodies are read by hand.

use utoipa::ToSchema;

use super::bodies::Subject;
use super::log_search::LogFilter;
use crate::notice::OwnSignature;

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
    /// About whom, and of which days.
    filter: LogReportFilter,
}

/// About whom, and of which days: nothing else can be left out of a report.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
struct LogReportFilter {
    /// The person, by `bsn`, `v-number` or `local`.
    subject: Subject,
    /// The first day (of the Dutch calendar).
    #[schema(required = false, format = Date)]
    from: Option<String>,
    /// The last day (of the Dutch calendar): it belongs to the period.
    #[schema(required = false, format = Date)]
    until: Option<String>,
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
    /// Lift before its date.
    #[schema(required = false)]
    lift: Option<LogEmbargoLifting>,
}

/// Which embargo is lifted, and why.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
struct LogEmbargoLifting {
    /// Its id.
    embargo: String,
    /// On what ground. Name nobody.
    #[schema(min_length = 1, max_length = 2000)]
    ground: String,
}

/// What is to be held back: one of `subject`, `case` and `trace`.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
struct LogEmbargoPlacing {
    /// Everything about this person.
    #[schema(required = false)]
    subject: Option<Subject>,
    /// Everything in this case.
    #[schema(required = false)]
    case: Option<String>,
    /// Everything of this request.
    #[schema(required = false, pattern = "^[0-9a-f]{32}$")]
    trace: Option<String>,
    /// On what ground. Name nobody.
    #[schema(min_length = 1, max_length = 2000)]
    ground: String,
    /// From when on it is told again, a whole second.
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
