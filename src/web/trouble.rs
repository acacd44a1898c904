//! The page that says what went wrong, for whom it is to mend, and how.

use askama::Template;
use axum::response::Response;
use http::StatusCode;

use super::Web;
use super::page::{Page, Visit, answer};
use crate::actions::ActionError;
use crate::store::StoreError;
use crate::store::sequencer::AppendError;

#[derive(Template)]
#[template(path = "trouble.html", config = "src/web/askama.toml")]
struct Trouble<'a> {
    page: Page<'a>,
    title: &'static str,
    what_to_do: &'static str,
    /// Where the pages are, for who came to another name.
    origin: Option<String>,
}

/// The page of a status that is no success.
pub(super) fn page(web: &Web, visit: &Visit, status: StatusCode) -> Response {
    let (title, what_to_do) = match status {
        StatusCode::MISDIRECTED_REQUEST => ("misdirected-title", "misdirected-do"),
        StatusCode::NOT_FOUND => ("not-found-title", "not-found-do"),
        StatusCode::FORBIDDEN => ("foreign-title", "foreign-do"),
        StatusCode::METHOD_NOT_ALLOWED => ("method-title", "method-do"),
        StatusCode::REQUEST_TIMEOUT => ("slow-title", "slow-do"),
        StatusCode::PAYLOAD_TOO_LARGE => ("large-title", "large-do"),
        StatusCode::SERVICE_UNAVAILABLE => ("unavailable-title", "unavailable-do"),
        status if status.is_client_error() => ("malformed-title", "malformed-do"),
        _ => ("broken-title", "broken-do"),
    };
    let misdirected = status == StatusCode::MISDIRECTED_REQUEST;
    let origin = web.origin.as_ref().filter(|_| misdirected).map(ToString::to_string);
    answer(status, &Trouble { page: Page::new(web, visit), title, what_to_do, origin })
}

/// The page of what could not be done now; only where it is sure that nothing was, it says so.
pub(super) fn failed(web: &Web, visit: &Visit, error: &ActionError) -> Response {
    let is_unknown = matches!(error, ActionError::Append(AppendError::Store(StoreError::UnknownOutcome(_))));
    page(web, visit, if is_unknown { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::SERVICE_UNAVAILABLE })
}
