//! `POST /v1/releases`: a source brings a summary that its professional released.

use super::Api;
use crate::exchange::authenticate::Authenticated;
use crate::exchange::refusal::{ProblemType, Refusal};
use crate::exchange::release;
use crate::http::reply::Reply;
use crate::source::reading::{self, Unreadable};

/// Bring a released summary.
///
/// A source brings what its professional released: it becomes one more delivery of the disclosure that asked for it, if it still may be given.
#[utoipa::path(
    post,
    path = "/releases",
    operation_id = "bringRelease",
    tag = "Sources",
    request_body(content = crate::source::RecordsAnswer, description = "The released summaries, with the decision and the person that they were asked for", content_type = "application/json"),
    responses(
        (status = 200, description = "Taken; the same again is taken again without effect", body = super::openapi::Accepted),
        (status = 403, description = "not-permitted: it may not be given (any more); organisation-suspended"),
        (status = 404, description = "not-found: no such decision, or its deadline has passed"),
        (status = 409, description = "state-conflict"),
        (status = 429, description = "rate-limited, quota-exceeded: more releases than one disclosure takes of a source"),
    )
)]
pub(super) async fn take(api: &Api, authenticated: &Authenticated) -> Result<Reply, Refusal> {
    let answer = reading::release(&authenticated.request().body).map_err(unreadable)?;
    release::release(&api.gateway, authenticated, answer).await?;
    Ok(Reply::json(br#"{"status":"accepted"}"#.to_vec()))
}

/// A body that cannot be read, with every fault.
pub(super) fn unreadable(unreadable: Unreadable) -> Refusal {
    match unreadable {
        Unreadable::NotJson => Refusal::new(ProblemType::MalformedRequest, "the body is not JSON"),
        Unreadable::Faults(faults) => Refusal::schema(faults),
    }
}
