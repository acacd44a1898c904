//! `/v1/log/erasures`: one entry is erased.

use super::{Act, officer};
use crate::api::Api;
use crate::api::once::refusal;
use crate::exchange::authenticate::Authenticated;
use crate::exchange::refusal::Refusal;
use crate::http::reply::Reply;
use crate::subject::Prose;

/// Erase an entry.
///
/// Of your organisation's side of the log, under the signature of your privacy officer (FG): what was sealed in it, and by which it was found, is
/// destroyed; a backup of the database that is put back does not bring it back. That it was erased, by whom and on what ground, is an entry; everything that was ever proved goes on
/// verifying. Entries of looks, judgements, overrides and keys are not erased one by one, and none under a legal hold.
#[utoipa::path(
    post,
    path = "/log/erasures",
    operation_id = "eraseLogEntry",
    tag = "Log",
    request_body(content = crate::api::openapi::LogErasureRequest, description = "Which entry, on what ground; signed by the officer", content_type = "application/json"),
    responses(
        (status = 200, description = "It is erased", body = crate::api::openapi::LogErased),
        (status = 403, description = "not-permitted; organisation-suspended"),
        (status = 404, description = "not-found: no such entry, or not yours"),
        (status = 409, description = "state-conflict: erased already, or under a legal hold"),
    )
)]
pub(super) async fn erase(api: &Api, authenticated: &Authenticated) -> Result<Reply, Refusal> {
    let asked = officer(api, authenticated, Act::Erasures, |request| {
        let entry = request.required_number::<u64>("entry", "the index of an entry");
        let ground = request.required("ground", "1 to 2000 characters, no citizen number").map(|Prose::<2000>(ground)| ground);
        Some((entry?, ground?))
    });
    let (officer, (entry, ground)) = asked.await?;
    let by = api.desk.erase_entry(&officer, entry, &ground).await.map_err(refusal)?;
    Ok(Reply::json(serde_json::json!({"erased": entry, "entry": by}).to_string().into_bytes()))
}
