//! `POST /v1/log/queries` and `POST /v1/log/openings`.

use std::collections::BTreeSet;

use super::filter::{filter, may_name};
use super::{Act, answered, officer};
use crate::actions::log::{MOST_OPENED, Query};
use crate::api::Api;
use crate::api::once::refusal;
use crate::exchange::authenticate::Authenticated;
use crate::exchange::refusal::Refusal;
use crate::http::reply::Reply;
use crate::json::Object;
use crate::store::search::MOST;

/// How many lines a page has unless more or fewer are asked for.
const USUAL: u32 = 50;

/// Search your organisation's side of the log.
///
/// For a privacy officer (FG) whom the gateway's operator enrolled, under her own signature over the query. The newest entries first; what is appended
/// meanwhile moves no page. Each page is an entry of the log before it leaves. The person stands in the body, never in an address.
#[utoipa::path(
    post,
    path = "/log/queries",
    operation_id = "queryLog",
    tag = "Log",
    request_body(content = crate::api::openapi::LogQuery, description = "Which entries, and who asks", content_type = "application/json"),
    responses(
        (status = 200, description = "A page of your organisation's entries", body = crate::actions::log::Page),
        (status = 403, description = "not-permitted; organisation-suspended"),
    )
)]
pub(in crate::api) async fn query(api: &Api, authenticated: &Authenticated) -> Result<Reply, Refusal> {
    let (officer, query) = officer(api, authenticated, Act::Queries, |request| Some(asked(request))).await?;
    may_name(authenticated, query.filter.subject.as_ref())?;
    let page = api.desk.query_log(&officer, &query).await.map_err(refusal)?;
    answered(&page)
}

fn asked(request: &mut Object<'_>) -> Query {
    let filter = filter(request);
    let limit = request.number("limit", &format!("1 to {MOST}"));
    if limit.is_some_and(|limit| limit == 0 || limit > MOST) {
        request.fault("limit", format!("1 to {MOST}"));
    }
    let cursor = request.optional("cursor", "the cursor of the page before");
    Query { filter, limit: limit.unwrap_or(USUAL), cursor }
}

/// Open entries of your organisation's side of the log.
///
/// For a privacy officer (FG), under her own signature. Each with all that was recorded: who, on which basis, what was decided and given. Another
/// organisation's entries are answered like those that do not exist. Each opening is an entry of the log before it leaves.
#[utoipa::path(
    post,
    path = "/log/openings",
    operation_id = "openLogEntries",
    tag = "Log",
    request_body(content = crate::api::openapi::LogOpening, description = "Which entries, and who asks", content_type = "application/json"),
    responses(
        (status = 200, description = "The entries, opened", body = crate::actions::log::Opened),
        (status = 403, description = "not-permitted; organisation-suspended"),
    )
)]
pub(in crate::api) async fn open(api: &Api, authenticated: &Authenticated) -> Result<Reply, Refusal> {
    let (officer, indexes) = officer(api, authenticated, Act::Openings, indexes).await?;
    let opened = api.desk.open_log(&officer, &indexes).await.map_err(refusal)?;
    answered(&opened)
}

fn indexes(request: &mut Object<'_>) -> Option<BTreeSet<u64>> {
    let array = request.required_array("indexes", &format!("1 to {MOST_OPENED} indexes of entries"))?;
    Some(array.numbers(MOST_OPENED, "the index of an entry").into_iter().collect())
}
