//! `/v1/consents` and `/v1/consent-queries`: the register of a source's own consents.

use super::Api;
use super::once::{Start, refusal, start, unread};
use crate::actions::consents::{self, ConsentSummary, Recording};
use crate::actions::once::Once;
use crate::consent::ConsentState;
use crate::exchange::authenticate::Authenticated;
use crate::exchange::refusal::{ProblemType, Refusal};
use crate::http::reply::Reply;

/// The most consents of one answer.
const PAGE: u32 = 100;

/// Record a consent.
///
/// A source records that consent to give its data was requested, given or refused. It is in force from the answer on; where the law leaves the
/// source's professional to decide, it is held, and a task of hers is at `/notices`. Wildcards, more than one purpose,
/// what no policy would give on a consent, back-dating, a consent without an end and one that nobody with authority gave are refused. After a refusal or
/// withdrawal a new consent is given with `supersedes`; without, the answer names what speaks in its place (`overruledBy`).
#[utoipa::path(
    post,
    path = "/consents",
    operation_id = "recordConsent",
    tag = "Consents",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "16 to 64 of A-Za-z0-9._-; covered by the signature"),
    ),
    request_body(content = crate::api::openapi::ConsentBody, description = "Who agreed to what", content_type = "application/json"),
    responses(
        (status = 200, description = "The consent as recorded", body = crate::actions::consents::ConsentView),
        (status = 403, description = "not-permitted; organisation-suspended"),
        (status = 404, description = "not-found: none, or not yours"),
        (status = 409, description = "idempotency-conflict, state-conflict"),
        (status = 429, description = "rate-limited, quota-exceeded: more consents about one person than a source records"),
    )
)]
pub(super) async fn record(api: &Api, authenticated: &Authenticated) -> Result<Reply, Refusal> {
    let registry = api.gateway.registry.refresh().await?;
    let caller = authenticated.caller().renewed(&registry, api.gateway.clock.now())?;
    let recorder = caller.organisation();
    if recorder.connector.is_none() {
        return Err(Refusal::new(ProblemType::NotPermitted, "only a source records consents, and for its own data"));
    }
    let draft = consents::draft(&authenticated.request().body, &recorder.oin).map_err(unread)?;
    let known = registry.members().map(|member| (member.organisation.oin.clone(), member.organisation.kind)).collect();
    let bundle = api.gateway.policy.load_full();
    let id = api.gateway.new_id().map_err(|error| refusal(error.into()))?.to_string();
    let recording = Recording { recorder, known: &known, bundle: &bundle };
    match start(api, authenticated, &id).await? {
        Start::Now(once) => {
            let whose = (recorder.oin.clone(), api.desk.subject_index(&draft.subject));
            // Each one has all who ask about the person decide again: no source can keep her facts moving.
            api.gateway.registering_about.take(&whose, api.gateway.clock.now()).map_err(|wait| {
                Refusal::new(ProblemType::QuotaExceeded, "more consents about one person than a source records; try again later")
                    .retry_after(wait)
            })?;
            if let Err(error) = api.desk.accept_consent(&id, draft, recording, once).await {
                api.gateway.registering_about.give_back(&whose);
                return Err(refusal(error));
            }
            shown(api, authenticated, &id).await
        }
        Start::Done(id) => shown(api, authenticated, &id).await,
    }
}

async fn shown(api: &Api, authenticated: &Authenticated, id: &str) -> Result<Reply, Refusal> {
    let view = api.desk.consent(authenticated.caller().oin(), id).await.map_err(refusal)?;
    Ok(Reply::json(serde_json::to_vec(&view).unwrap_or_default()))
}

fn listed(consents: &[ConsentSummary], more: bool) -> Reply {
    let answer = serde_json::json!({ "consents": consents, "more": more });
    Reply::json(answer.to_string().into_bytes())
}

/// Read a consent.
///
/// A consent that you recorded, with its events and, after a withdrawal that was recorded late, every disclosure in between. Looking is logged.
#[utoipa::path(
    get,
    path = "/consents/{id}",
    operation_id = "retrieveConsent",
    tag = "Consents",
    params(
        ("id" = String, Path, description = "The consent's id (UUIDv7)"),
    ),
    responses(
        (status = 200, description = "The consent", body = crate::actions::consents::ConsentView),
        (status = 403, description = "not-permitted; organisation-suspended"),
        (status = 404, description = "not-found: none, or not yours"),
        (status = 409, description = "state-conflict"),
    )
)]
pub(super) async fn one(api: &Api, authenticated: &Authenticated, id: &str) -> Result<Reply, Refusal> {
    let view = api.desk.view_consent(authenticated.caller().oin(), id, look(authenticated)).await.map_err(refusal)?;
    Ok(Reply::json(serde_json::to_vec(&view).unwrap_or_default()))
}

/// A look is an entry, with which the nonce of the request is durable.
fn look(authenticated: &Authenticated) -> Once {
    Once { nonce: Some(authenticated.nonce().clone()), claim: None }
}

/// List the consents that you recorded.
///
/// Looking is logged. By id, which is by age; `after` is the last id of the page before.
#[utoipa::path(
    get,
    path = "/consents",
    operation_id = "listConsents",
    tag = "Consents",
    params(
        ("after" = Option<String>, Query, description = "The last id of the page before"),
    ),
    responses(
        (status = 200, description = "A page of consents", body = crate::api::openapi::Consents),
        (status = 403, description = "not-permitted; organisation-suspended"),
        (status = 404, description = "not-found: none, or not yours"),
        (status = 409, description = "state-conflict"),
    )
)]
pub(super) async fn list(api: &Api, authenticated: &Authenticated) -> Result<Reply, Refusal> {
    let query = authenticated.request().query.as_deref().filter(|query| !query.is_empty());
    let after = match query.map(|query| query.strip_prefix("after=").filter(|id| id.parse::<uuid::Uuid>().is_ok())) {
        None => "",
        Some(Some(id)) => id,
        Some(None) => return Err(Refusal::new(ProblemType::MalformedRequest, "the query: nothing, or after=<id>")),
    };
    let mut page =
        api.desk.consents(authenticated.caller().oin(), after, PAGE + 1, look(authenticated)).await.map_err(refusal)?;
    let most = usize::try_from(PAGE).unwrap_or(usize::MAX);
    let more = page.len() > most;
    page.truncate(most);
    Ok(listed(&page, more))
}

/// Find the consents about a person that you recorded.
///
/// The person stands in the body, never in an address. Looking is an entry in the log.
#[utoipa::path(
    post,
    path = "/consent-queries",
    operation_id = "queryConsents",
    tag = "Consents",
    params(
        ("Idempotency-Key" = Option<String>, Header, description = "16 to 64 of A-Za-z0-9._-; covered by the signature"),
    ),
    request_body(content = crate::api::openapi::ConsentQuery, description = "About whom, and who asks", content_type = "application/json"),
    responses(
        (status = 200, description = "The consents about this person that you recorded", body = crate::api::openapi::Consents),
        (status = 403, description = "not-permitted; organisation-suspended"),
        (status = 404, description = "not-found: none, or not yours"),
        (status = 409, description = "idempotency-conflict, state-conflict"),
    )
)]
pub(super) async fn query(api: &Api, authenticated: &Authenticated) -> Result<Reply, Refusal> {
    let recorder = authenticated.caller().oin();
    let (subject, by) = consents::query(&authenticated.request().body, recorder).map_err(unread)?;
    if subject.is_bsn() && !authenticated.caller().organisation().bsn_authority {
        return Err(Refusal::new(ProblemType::NotPermitted, "the organisation has no authority to use the citizen number (BSN)"));
    }
    // Asked again it looks again: what is found may have changed.
    let once = crate::actions::once::Once { nonce: Some(authenticated.nonce().clone()), claim: None };
    let found = api.desk.consents_about(recorder, &subject, &by, once).await.map_err(refusal)?;
    Ok(listed(&found, false))
}

async fn end(api: &Api, authenticated: &Authenticated, id: &str, to: ConsentState) -> Result<Reply, Refusal> {
    let ending = consents::ending(&authenticated.request().body).map_err(unread)?;
    let recorder = authenticated.caller().oin();
    if let Start::Now(once) = start(api, authenticated, id).await? {
        api.desk.end_consent(recorder, id, to, ending, once).await.map_err(refusal)?;
    }
    shown(api, authenticated, id).await
}

/// Withdraw a consent.
///
/// From the answer on nothing rests on it. Whoever received something on it gets a notice at `/notices` with the same commit. Recorded later than it
/// happened (`at`), it is taken all the same, and every disclosure in between is listed as an incident.
#[utoipa::path(
    post,
    path = "/consents/{id}/withdrawals",
    operation_id = "withdrawConsent",
    tag = "Consents",
    params(
        ("id" = String, Path, description = "The consent's id (UUIDv7)"),
        ("Idempotency-Key" = Option<String>, Header, description = "16 to 64 of A-Za-z0-9._-; covered by the signature"),
    ),
    request_body(content = crate::api::openapi::ConsentEnding, description = "When it happened, who records it, why", content_type = "application/json"),
    responses(
        (status = 200, description = "The consent as it stands now", body = crate::actions::consents::ConsentView),
        (status = 403, description = "not-permitted; organisation-suspended"),
        (status = 404, description = "not-found: none, or not yours"),
        (status = 409, description = "idempotency-conflict, state-conflict"),
    )
)]
pub(super) async fn withdraw(api: &Api, authenticated: &Authenticated, id: &str) -> Result<Reply, Refusal> {
    end(api, authenticated, id, ConsentState::Withdrawn).await
}

/// Record that a requested consent was refused.
#[utoipa::path(
    post,
    path = "/consents/{id}/refusals",
    operation_id = "refuseConsent",
    tag = "Consents",
    params(
        ("id" = String, Path, description = "The consent's id (UUIDv7)"),
        ("Idempotency-Key" = Option<String>, Header, description = "16 to 64 of A-Za-z0-9._-; covered by the signature"),
    ),
    request_body(content = crate::api::openapi::ConsentEnding, description = "When it happened, who records it, why", content_type = "application/json"),
    responses(
        (status = 200, description = "The consent as it stands now", body = crate::actions::consents::ConsentView),
        (status = 403, description = "not-permitted; organisation-suspended"),
        (status = 404, description = "not-found: none, or not yours"),
        (status = 409, description = "idempotency-conflict, state-conflict"),
    )
)]
pub(super) async fn refuse(api: &Api, authenticated: &Authenticated, id: &str) -> Result<Reply, Refusal> {
    end(api, authenticated, id, ConsentState::Refused).await
}

/// Record that a consent was never valid, such as one given under coercion.
///
/// It works as a withdrawal does.
#[utoipa::path(
    post,
    path = "/consents/{id}/invalidations",
    operation_id = "invalidateConsent",
    tag = "Consents",
    params(
        ("id" = String, Path, description = "The consent's id (UUIDv7)"),
        ("Idempotency-Key" = Option<String>, Header, description = "16 to 64 of A-Za-z0-9._-; covered by the signature"),
    ),
    request_body(content = crate::api::openapi::ConsentEnding, description = "When it happened, who records it, why", content_type = "application/json"),
    responses(
        (status = 200, description = "The consent as it stands now", body = crate::actions::consents::ConsentView),
        (status = 403, description = "not-permitted; organisation-suspended"),
        (status = 404, description = "not-found: none, or not yours"),
        (status = 409, description = "idempotency-conflict, state-conflict"),
    )
)]
pub(super) async fn invalidate(api: &Api, authenticated: &Authenticated, id: &str) -> Result<Reply, Refusal> {
    end(api, authenticated, id, ConsentState::Invalidated).await
}
