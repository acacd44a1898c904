//! `/v1/log/erasures`: one entry is erased.

use super::{Act, answered, officer};
use crate::api::Api;
use crate::api::once::refusal;
use crate::exchange::authenticate::Authenticated;
use crate::exchange::refusal::Refusal;
use crate::http::reply::Reply;
use crate::subject::Prose;

/// Erase an entry.
///
/// Of your organisation's side of the log, under the signature of your privacy officer (FG): the key to what was sealed in it, and by which it was found, is
/// taken from the database and overwritten, and a tombstone outside it keeps a backup that is put back from bringing it back. (Whoever holds the gateway's keys and a
/// backup from before can still open it from that, until the whole month's key is destroyed.) That it was erased, by whom and on what ground, is an entry; everything that was ever proved goes on
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
    answered(&serde_json::json!({"erased": entry, "entry": by}))
}
