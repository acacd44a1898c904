//! `POST /v1/offers`, `GET /v1/offers`, `POST /v1/offers/{id}/withdrawals`.

use serde::Serialize;

use super::Api;
use super::once::refusal;
use super::releases::unreadable;
use crate::actions::ActionError;
use crate::catalogue::{Category, Purpose};
use crate::exchange::authenticate::Authenticated;
use crate::exchange::refusal::{ProblemType, Refusal};
use crate::http::reply::Reply;
use crate::json::Fault;
use crate::organisation::Organisation;
use crate::policy::Bundle;
use crate::source::offers::OfferKind;
use crate::source::reading;
use crate::store::sequencer::AppendError;
use crate::store::{Conflict, OfferPage, OfferRow};

/// The most offers in one answer.
const PAGE: u32 = 200;

/// An offer that was made.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct OfferMade {
    /// Its id, by which its recipient collects it.
    offer: String,
    /// Until when it can be collected.
    #[schema(format = DateTime)]
    expires_at: String,
}

/// What waits for the calling organisation.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct OffersWaiting {
    /// Newest first, at most 200.
    offers: Vec<OfferWaiting>,
    /// Whether there are older ones: ask again with `after=` and the last id.
    more: bool,
}

/// What the calling organisation offered.
#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct OffersMade {
    /// Newest first, at most 200.
    offers: Vec<OfferOwn>,
    /// Whether there are older ones: ask again with `after=` and the last id.
    more: bool,
}

/// An offer as its source sees it, without a person.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct OfferOwn {
    /// Its id.
    offer: String,
    /// Who may collect, by OIN.
    recipient: String,
    /// For which purpose.
    purpose: String,
    /// What there is.
    kind: OfferKind,
    /// `waiting`, or `collected`: then it cannot be withdrawn any more.
    #[schema(pattern = "^(waiting|collected)$")]
    state: &'static str,
    /// Since when.
    #[schema(format = DateTime)]
    made_at: String,
    /// Until when it can be collected.
    #[schema(format = DateTime)]
    expires_at: String,
}

/// One offer, without a person.
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct OfferWaiting {
    /// Its id: `{"scheme": "offer", "value": …}` as the subject of a disclosure request collects it.
    offer: String,
    /// Who offers, by OIN.
    source: String,
    /// For which purpose.
    purpose: String,
    /// What there is.
    kind: OfferKind,
    /// Since when it waits.
    #[schema(format = DateTime)]
    made_at: String,
    /// Until when it can be collected.
    #[schema(format = DateTime)]
    expires_at: String,
}

/// Offer something for collection.
///
/// A source tells a recipient that there is something to collect for a purpose, without telling it about whom. The recipient collects it by an
/// ordinary disclosure request that names the offer, and may do so again until what it collected is no longer kept: an answer can be lost on its way.
/// The same offer again, while it waits, is the same offer. At most 100 wait for one recipient.
#[utoipa::path(
    post,
    path = "/offers",
    operation_id = "makeOffer",
    tag = "Offers",
    request_body(content = crate::source::offers::OfferMessage, description = "What is offered, to whom, for which purpose, about whom", content_type = "application/json"),
    responses(
        (status = 200, description = "It waits", body = OfferMade),
        (status = 403, description = "not-permitted: the recipient can never have anything of this source for this purpose; organisation-suspended"),
        (status = 409, description = "state-conflict"),
        (status = 429, description = "rate-limited, also when too many offers of this source wait"),
    )
)]
pub(super) async fn make(api: &Api, authenticated: &Authenticated) -> Result<Reply, Refusal> {
    let message = reading::offer(&authenticated.request().body).map_err(unreadable)?;
    let registry = api.gateway.registry.refresh().await?;
    let caller = authenticated.caller().renewed(&registry, api.gateway.clock.now())?;
    let source = caller.organisation();
    let not_permitted = |detail: &str| Refusal::new(ProblemType::NotPermitted, detail);
    if source.connector.is_none() {
        return Err(not_permitted("only a source makes an offer"));
    }
    if message.subject.scheme == "bsn" && !source.bsn_authority {
        return Err(not_permitted("the organisation has no authority to use the citizen number (BSN)"));
    }
    let bundle = api.gateway.policy.load_full();
    let purpose =
        bundle.purpose(&message.purpose).ok_or_else(|| not_permitted("no policy serves this purpose: check its code"))?;
    let recipient = registry.member(&message.recipient).filter(|member| member.is_active());
    let Some(recipient) = recipient else {
        let expected = "an organisation that takes part here".to_owned();
        return Err(Refusal::schema(vec![Fault { pointer: "/recipient".to_owned(), expected }]));
    };
    if !can_collect(&bundle, purpose, source, &recipient.organisation) {
        return Err(not_permitted("this recipient can never have anything of this organisation for this purpose"));
    }
    let id = api.gateway.new_id().map_err(|_| Refusal::new(ProblemType::StoreUnavailable, "try again"))?.to_string();
    let made = api.desk.make_offer(caller.oin(), id, &message, authenticated.nonce().clone()).await.map_err(refusal)?;
    json(&OfferMade { offer: made.id, expires_at: made.expires.to_string() })
}

/// Whether the policies could ever give the recipient anything of the source for the purpose.
fn can_collect(bundle: &Bundle, purpose: &Purpose, source: &Organisation, recipient: &Organisation) -> bool {
    let ever = |category| !bundle.ever_permitted(recipient.kind, &purpose.id, source.kind, category).is_empty();
    source.oin != recipient.oin && Category::ALL.into_iter().any(ever)
}

/// See what waits for collection.
///
/// The offers made to the calling organisation that it has not collected, the newest first. None of them tells about whom it is.
#[utoipa::path(
    get,
    path = "/offers",
    operation_id = "listOffers",
    tag = "Offers",
    params(
        ("after" = Option<String>, Query, description = "The last id of the page before"),
    ),
    responses(
        (status = 200, description = "What waits", body = OffersWaiting),
        (status = 503, description = "store-unavailable"),
    )
)]
pub(super) async fn list(api: &Api, authenticated: &Authenticated) -> Result<Reply, Refusal> {
    let gateway = &api.gateway;
    let page = OfferPage { after: after(authenticated)?, limit: PAGE + 1 };
    let waiting = gateway.store.offers_waiting(authenticated.caller().oin(), gateway.clock.now(), page).await?;
    let (waiting, more) = cut(waiting);
    json(&OffersWaiting { offers: waiting.into_iter().map(waits).collect(), more })
}

/// See what you offered.
///
/// The offers of the calling organisation, the newest first, as long as they name a person: those that wait, and those that were collected.
#[utoipa::path(
    get,
    path = "/offers/made",
    operation_id = "listOwnOffers",
    tag = "Offers",
    params(
        ("after" = Option<String>, Query, description = "The last id of the page before"),
    ),
    responses(
        (status = 200, description = "The offers", body = OffersMade),
        (status = 503, description = "store-unavailable"),
    )
)]
pub(super) async fn made(api: &Api, authenticated: &Authenticated) -> Result<Reply, Refusal> {
    let gateway = &api.gateway;
    let page = OfferPage { after: after(authenticated)?, limit: PAGE + 1 };
    let made = gateway.store.offers_made(authenticated.caller().oin(), gateway.clock.now(), page).await?;
    let (made, more) = cut(made);
    json(&OffersMade { offers: made.into_iter().map(own).collect(), more })
}

/// The id behind which a page begins; none for the first.
fn after(authenticated: &Authenticated) -> Result<&str, Refusal> {
    let query = authenticated.request().query.as_deref().filter(|query| !query.is_empty());
    let id = |query: &'_ str| query.strip_prefix("after=").is_some_and(|id| id.parse::<uuid::Uuid>().is_ok());
    match query {
        None => Ok(""),
        Some(query) if id(query) => Ok(query.strip_prefix("after=").unwrap_or_default()),
        Some(_) => Err(Refusal::new(ProblemType::MalformedRequest, "the query: nothing, or after=<id>")),
    }
}

/// A page, and whether there are more.
fn cut(mut offers: Vec<OfferRow>) -> (Vec<OfferRow>, bool) {
    let most = usize::try_from(PAGE).unwrap_or(usize::MAX);
    let more = offers.len() > most;
    offers.truncate(most);
    (offers, more)
}

fn own(offer: OfferRow) -> OfferOwn {
    OfferOwn {
        recipient: offer.recipient.to_string(),
        purpose: offer.purpose.to_string(),
        kind: offer.kind,
        state: if offer.collected { "collected" } else { "waiting" },
        made_at: offer.made.to_string(),
        expires_at: offer.expires.to_string(),
        offer: offer.id,
    }
}

fn waits(offer: OfferRow) -> OfferWaiting {
    OfferWaiting {
        source: offer.source.to_string(),
        purpose: offer.purpose.to_string(),
        kind: offer.kind,
        made_at: offer.made.to_string(),
        expires_at: offer.expires.to_string(),
        offer: offer.id,
    }
}

/// Withdraw an offer.
///
/// Its source takes it back, as long as nobody has collected it. The body is an empty object.
#[utoipa::path(
    post,
    path = "/offers/{id}/withdrawals",
    operation_id = "withdrawOffer",
    tag = "Offers",
    params(
        ("id" = String, Path, description = "The offer's id (UUIDv7)"),
    ),
    request_body(content = super::openapi::Nothing, description = "An empty object", content_type = "application/json"),
    responses(
        (status = 200, description = "It is gone", body = super::openapi::Accepted),
        (status = 404, description = "not-found: none, not yours, collected or past its term"),
    )
)]
pub(super) async fn withdraw(api: &Api, authenticated: &Authenticated, id: &str) -> Result<Reply, Refusal> {
    reading::nothing(&authenticated.request().body).map_err(unreadable)?;
    let done = api.desk.withdraw_offer(authenticated.caller().oin(), id, authenticated.nonce().clone()).await;
    match done {
        Err(ActionError::Append(AppendError::Conflict(Conflict::StateChanged))) => {
            Err(Refusal::new(ProblemType::NotFound, "no such offer, not yours, collected already, or past its term"))
        }
        done => done.map_err(refusal).map(|()| Reply::json(br#"{"status":"accepted"}"#.to_vec())),
    }
}

fn json(answer: &impl Serialize) -> Result<Reply, Refusal> {
    let unwritten = |_| Refusal::new(ProblemType::StoreUnavailable, "try again");
    serde_json::to_vec(answer).map(Reply::json).map_err(unwritten)
}
