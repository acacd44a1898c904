//! `POST /v1/disclosures`, `GET /v1/disclosures/{id}`.

use super::Api;
use crate::exchange::authenticate::Authenticated;
use crate::exchange::redeliver;
use crate::exchange::refusal::{ProblemType, Refusal};
use crate::exchange::request;
use crate::http::reply::Reply;

/// Ask for information about a person.
///
/// The answer holds what policy, consent and override give this recipient for this purpose, sealed to its registered key, with a receipt
/// from the disclosure log. What depends on the person is never told by status, shape or time.
#[utoipa::path(
    post,
    path = "/disclosures",
    operation_id = "createDisclosure",
    tag = "Disclosures",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "16 to 64 of A-Za-z0-9._-; covered by the signature"),
    ),
    request_body(content = super::openapi::DisclosureBody, description = "What is asked, about whom, for which purpose", content_type = "application/json"),
    responses(
        (status = 200, description = "Given, in so far as it may be", body = crate::exchange::deliver::Delivered),
        (status = 403, description = "not-permitted, organisation-suspended"),
        (status = 404, description = "not-found: no open case of this id in which the organisation takes part"),
        (status = 409, description = "idempotency-conflict, state-conflict"),
        (status = 503, description = "log-unavailable, store-unavailable, sources-unavailable"),
    )
)]
pub(super) async fn create(api: &Api, authenticated: &Authenticated) -> Result<Reply, Refusal> {
    let key = idempotency_key(authenticated)?;
    let request = request::parse(&authenticated.request().body)?;
    let delivered = redeliver::disclose_once(&api.gateway, authenticated, request, key).await?;
    Ok(Reply::json(delivered.json()))
}

/// Pick up a disclosure.
///
/// Every delivery so far, oldest first. Each pick-up is a delivery of its own: if a fact has changed, it is made anew or not at all.
#[utoipa::path(
    get,
    path = "/disclosures/{id}",
    operation_id = "retrieveDisclosure",
    tag = "Disclosures",
    params(
        ("id" = String, Path, description = "The disclosure's id (UUIDv7)"),
    ),
    responses(
        (status = 200, description = "The disclosure as it stands", body = crate::exchange::deliver::Delivered),
        (status = 409, description = "state-conflict"),
        (status = 404, description = "not-found: none, not yours, or no longer kept"),
    )
)]
pub(super) async fn pick_up(api: &Api, authenticated: &Authenticated, id: &str) -> Result<Reply, Refusal> {
    let delivered = redeliver::pick_up(&api.gateway, authenticated, id).await?;
    Ok(Reply::json(delivered.json()))
}

/// `Idempotency-Key`: 16 to 64 of `A-Za-z0-9._-`, bare or as a structured-field string.
pub(super) fn idempotency_key(authenticated: &Authenticated) -> Result<Option<String>, Refusal> {
    let Some(value) = authenticated.request().headers.get("idempotency-key") else { return Ok(None) };
    let text = value.to_str().unwrap_or_default().trim_matches([' ', '\t']);
    let bare = text.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or(text);
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    if (16..=64).contains(&bare.len()) && bare.bytes().all(allowed) {
        return Ok(Some(bare.to_owned()));
    }
    Err(Refusal::new(ProblemType::MalformedRequest, "Idempotency-Key: 16 to 64 of A-Za-z0-9._-, bare or quoted"))
}
