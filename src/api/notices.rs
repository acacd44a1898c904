//! `/v1/notices`: what an organisation still has to do, and its answers.

use serde::de::DeserializeOwned;
use serde::de::value::StrDeserializer;

use super::Api;
use super::once::{Start, refusal, start};
use crate::consent::professional::{REFERENCE, Reference};
use crate::exchange::authenticate::Authenticated;
use crate::exchange::refusal::{ProblemType, Refusal};
use crate::http::reply::Reply;
use crate::json::{self, Faults, Object};
use crate::notice::{Answer, OwnSignature};
use crate::subject::Prose;

/// The most tasks of one answer.
const MOST: u32 = 200;

/// List what you have to do.
///
/// Your open tasks, the most urgent first, at most 200: notices of a withdrawal, notifications of subjects, reviews. Those past their term are
/// marked `overdue`.
#[utoipa::path(
    get,
    path = "/notices",
    operation_id = "listNotices",
    tag = "Notices",
    responses(
        (status = 200, description = "Your open tasks", body = crate::api::openapi::Notices),
        (status = 403, description = "not-permitted; organisation-suspended"),
        (status = 404, description = "not-found: none, or not yours"),
        (status = 409, description = "state-conflict"),
    )
)]
pub(super) async fn list(api: &Api, authenticated: &Authenticated) -> Result<Reply, Refusal> {
    let mut open = api.desk.notices(authenticated.caller().oin(), MOST + 1).await.map_err(refusal)?;
    let most = usize::try_from(MOST).unwrap_or(usize::MAX);
    let more = open.len() > most;
    open.truncate(most);
    Ok(Reply::json(serde_json::json!({ "notices": open, "more": more }).to_string().into_bytes()))
}

/// Read a task.
///
/// Also one that is closed, with the answers that were given.
#[utoipa::path(
    get,
    path = "/notices/{id}",
    operation_id = "retrieveNotice",
    tag = "Notices",
    params(
        ("id" = String, Path, description = "The task's id (UUIDv7)"),
    ),
    responses(
        (status = 200, description = "The task", body = crate::actions::notices::NoticeView),
        (status = 403, description = "not-permitted; organisation-suspended"),
        (status = 404, description = "not-found: none, or not yours"),
        (status = 409, description = "state-conflict"),
    )
)]
pub(super) async fn one(api: &Api, authenticated: &Authenticated, id: &str) -> Result<Reply, Refusal> {
    let view = api.desk.notice(authenticated.caller().oin(), id).await.map_err(refusal)?;
    Ok(Reply::json(serde_json::to_vec(&view).unwrap_or_default()))
}

/// Answer a task.
///
/// A withdrawal notice: `deleted`, or `kept` with the basis. A notification: `sent`, `done`, `waived` with the basis, or `deferred` with the reason and
/// the day on which that is judged again. A review of an override: `justified`, `partly` or `unjustified`, signed by the privacy officer (FG) with her
/// own enrolled key. A breach: `reported` or `not-reported`, each with the basis. A held consent: `accepted` or `declined`.
#[utoipa::path(
    post,
    path = "/notices/{id}/answers",
    operation_id = "answerNotice",
    tag = "Notices",
    params(
        ("id" = String, Path, description = "The task's id (UUIDv7)"),
        ("Idempotency-Key" = Option<String>, Header, description = "16 to 64 of A-Za-z0-9._-; covered by the signature"),
    ),
    request_body(content = crate::api::openapi::NoticeAnswer, description = "The answer", content_type = "application/json"),
    responses(
        (status = 200, description = "The task as it stands now", body = crate::actions::notices::NoticeView),
        (status = 403, description = "not-permitted; organisation-suspended"),
        (status = 404, description = "not-found: none, or not yours"),
        (status = 409, description = "idempotency-conflict, state-conflict"),
    )
)]
pub(super) async fn answer(api: &Api, authenticated: &Authenticated, id: &str) -> Result<Reply, Refusal> {
    let answer = read(&authenticated.request().body)?;
    if let Start::Now(once) = start(api, authenticated, id).await? {
        api.desk.answer_notice(authenticated.caller().oin(), id, answer, once).await.map_err(refusal)?;
    }
    one(api, authenticated, id).await
}

fn read(body: &[u8]) -> Result<Answer, Refusal> {
    let faults = Faults::default();
    let value = json::parse(body, &faults).map_err(|_| Refusal::new(ProblemType::MalformedRequest, "the body is not JSON"))?;
    match Object::root(value, &faults).and_then(members) {
        Some(answer) if faults.is_empty() => Ok(answer),
        _ => Err(Refusal::schema(faults.into_vec())),
    }
}

fn members(mut body: Object<'_>) -> Option<Answer> {
    let code = body.required("answer", "an answer that the task takes").map(|Coded(code)| code);
    let by = body.required("by", REFERENCE).map(|Reference(by)| by);
    let basis = body.optional("basis", "1 to 2000 characters, no citizen number").map(|Prose::<2000>(basis)| basis);
    let reason = body.optional("reason", "safety, investigation or others-rights").map(|Coded(reason)| reason);
    let until = body.optional("until", "an instant, RFC 3339").map(|Coded(until)| until);
    let signed = body.object("signed").and_then(signature);
    body.finish();
    Some(Answer { code: code?, by: by?, basis, reason, until, signed })
}

pub(super) fn signature(mut body: Object<'_>) -> Option<OwnSignature> {
    let signed_at = body.required("signedAt", "an instant, RFC 3339").map(|Coded(at)| at);
    let signature = body.required("signature", "an Ed25519 signature, base64url without padding");
    body.finish();
    Some(OwnSignature { signed_at: signed_at?, signature: signature? })
}

/// What is written as one word of its own.
struct Coded<T>(T);

impl<T: DeserializeOwned> std::str::FromStr for Coded<T> {
    type Err = serde::de::value::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        T::deserialize(StrDeserializer::new(text)).map(Self)
    }
}
