//! `GET /v1/disclosures/{id}/explanation`: why, for the officers of a source.

use std::time::Duration;

use super::Api;
use super::once::refusal;
use crate::actions::explain::Looking;
use crate::exchange::authenticate::Authenticated;
use crate::exchange::client;
use crate::exchange::refusal::{ProblemType, Refusal};
use crate::http::reply::Reply;

/// Explain a disclosure to a source.
///
/// Why each of the source's own items was given, or not: the deciding policies with their law, or the conditions that were missing, in Dutch and
/// English. Only for a source that was asked: the recipient, and everybody else, is told the same as about a disclosure that does not exist. That
/// the source looked is an entry in the log.
#[utoipa::path(
    get,
    path = "/disclosures/{id}/explanation",
    operation_id = "explainDisclosure",
    tag = "Sources",
    params(
        ("id" = String, Path, description = "The id of the disclosure, as in the call to the source"),
    ),
    responses(
        (status = 200, description = "Why, item by item", body = crate::actions::explain::Explanation),
        (status = 404, description = "not-found: no such disclosure, or not one in which the caller was asked"),
    )
)]
pub(super) async fn explain(api: &Api, authenticated: &Authenticated, id: &str) -> Result<Reply, Refusal> {
    let looking =
        Looking { source: authenticated.caller().oin(), client: client(authenticated), nonce: authenticated.nonce().clone() };
    let explained = api.desk.explain_to_source(id, &api.gateway.policy.load_full(), looking).await.map_err(refusal)?;
    let none = || Refusal::new(ProblemType::NotFound, "no such disclosure, or not one in which you were asked");
    let text = serde_json::to_vec(&explained.ok_or_else(none)?).map_err(|_| unavailable())?;
    Ok(Reply::json(text))
}

fn unavailable() -> Refusal {
    Refusal::new(ProblemType::LogUnavailable, "nothing was told; try again").retry_after(Duration::from_secs(5))
}
