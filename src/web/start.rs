//! The first page: what this is, and what anyone may read.

use askama::Template;
use axum::response::Response;
use http::StatusCode;

use super::Web;
use super::page::{Page, Visit, answer};

#[derive(Template)]
#[template(path = "start.html", config = "src/web/askama.toml")]
struct Start<'a> {
    page: Page<'a>,
    /// Whether the log's checkpoint is shown here.
    log: bool,
}

pub(super) fn page(web: &Web, visit: &Visit) -> Response {
    answer(StatusCode::OK, &Start { page: Page::new(web, visit), log: web.public.log })
}
