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
    params(
        ("Signature-Input" = String, Header, description = "RFC 9421, one label, tag sluis-v1"),
        ("Signature" = String, Header, description = "RFC 9421"),
        ("Content-Digest" = String, Header, description = "RFC 9530: sha-256 or sha-512"),
    ),
    request_body(content = crate::source::RecordsAnswer, description = "The released summaries, with the decision and the person that they were asked for", content_type = "application/json"),
    responses(
        (status = 200, description = "Taken; the same again is taken again without effect", body = super::openapi::Accepted, headers(("API-Version" = String, description = "The full version of the API"))),
        (status = 400, description = "malformed-request, malformed-digest, schema-invalid", body = crate::http::problem::Problem, content_type = "application/problem+json"),
        (status = 401, description = "signature-missing, -malformed, -invalid, -coverage, -expired, nonce-replayed", body = crate::http::problem::Problem, content_type = "application/problem+json"),
        (status = 403, description = "not-permitted: it may not be given (any more); organisation-suspended", body = crate::http::problem::Problem, content_type = "application/problem+json"),
        (status = 404, description = "not-found: no such decision, or its deadline has passed", body = crate::http::problem::Problem, content_type = "application/problem+json"),
        (status = 405, description = "method-not-allowed", body = crate::http::problem::Problem, content_type = "application/problem+json"),
        (status = 409, description = "state-conflict", body = crate::http::problem::Problem, content_type = "application/problem+json"),
        (status = 413, description = "body-too-large", body = crate::http::problem::Problem, content_type = "application/problem+json"),
        (status = 415, description = "media-type", body = crate::http::problem::Problem, content_type = "application/problem+json"),
        (status = 421, description = "misdirected-request", body = crate::http::problem::Problem, content_type = "application/problem+json"),
        (status = 429, description = "rate-limited, quota-exceeded: more releases than one disclosure takes of a source", body = crate::http::problem::Problem, content_type = "application/problem+json"),
        (status = 431, description = "head-too-large", body = crate::http::problem::Problem, content_type = "application/problem+json"),
        (status = 503, description = "log-unavailable, store-unavailable", body = crate::http::problem::Problem, content_type = "application/problem+json"),
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
