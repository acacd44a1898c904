//! `POST /v1/overrides`: a source reports an override (doorbreking) of its professionals, or its end.

use super::Api;
use super::once::refusal;
use super::releases::unreadable;
use crate::actions::overrides::Reporting;
use crate::exchange::authenticate::Authenticated;
use crate::exchange::client;
use crate::exchange::refusal::{ProblemType, Refusal};
use crate::http::reply::Reply;
use crate::source::reading;

/// Report an override, or its end.
///
/// A source reports an override (doorbreking) of its professionals, each of whom signed it with her own key. It names each organisation that may
/// receive, for an expertise team every attendee. Which ground holds depends on the purpose and on the kinds of source and recipients; the refusal
/// of another one says which. Reported again with `revoked`, it is ended before its expiry.
#[utoipa::path(
    post,
    path = "/overrides",
    operation_id = "reportOverride",
    tag = "Sources",
    request_body(content = crate::source::overrides::OverrideMessage, description = "What the override opens, for whom, why, and who signed it", content_type = "application/json"),
    responses(
        (status = 200, description = "Taken; the same again is taken again without effect", body = super::openapi::Accepted),
        (status = 403, description = "not-permitted: not a source, or no policy serves the purpose; organisation-suspended"),
        (status = 409, description = "state-conflict"),
        (status = 429, description = "rate-limited, quota-exceeded: more overrides than a source makes"),
    )
)]
pub(super) async fn take(api: &Api, authenticated: &Authenticated) -> Result<Reply, Refusal> {
    let message = reading::override_message(&authenticated.request().body).map_err(unreadable)?;
    let registry = api.gateway.registry.refresh().await?;
    let caller = authenticated.caller().renewed(&registry, api.gateway.clock.now())?;
    if caller.organisation().connector.is_none() {
        return Err(Refusal::new(ProblemType::NotPermitted, "only a source makes an override"));
    }
    let bundle = api.gateway.policy.load_full();
    let Some(purpose) = bundle.purpose(&message.content.purpose) else {
        return Err(Refusal::new(ProblemType::NotPermitted, "no policy serves this purpose: check its code"));
    };
    // Each one is read again by all who ask about the person: no source can keep their facts moving.
    api.gateway.registering.take(caller.oin(), api.gateway.clock.now()).map_err(|wait| {
        Refusal::new(ProblemType::QuotaExceeded, "more overrides than a source makes; try again later").retry_after(wait)
    })?;
    let known = registry.members().map(|member| (member.organisation.oin.clone(), member.organisation.kind)).collect();
    let (source, nonce) = (caller.organisation(), authenticated.nonce().clone());
    let reporting = Reporting { source, known: &known, purpose, bundle: &bundle, client: client(authenticated), nonce };
    api.desk.accept_override(&message, reporting).await.map_err(refusal)?;
    Ok(Reply::json(br#"{"status":"accepted"}"#.to_vec()))
}
