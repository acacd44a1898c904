//! The JSON API. No business rules: read, authenticate, hand on, answer signed.

mod consents;
mod disclosures;
mod explanations;
mod log;
mod notices;
mod offers;
mod once;
pub mod openapi;
mod overrides;
mod releases;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use http::{HeaderValue, Method, StatusCode, header};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub use self::log::Places;

use crate::actions::Desk;
use crate::consent::ConsentState;
use crate::crypto::message_signature::RequestSignature;
use crate::exchange::Gateway;
use crate::exchange::authenticate::{Authenticated, REQUEST_TAG, Rejected, authenticate};
use crate::exchange::load::{Urgency, Work};
use crate::exchange::refusal::{ProblemType, Refusal};
use crate::exchange::refuse::{log_refusal, standing};
use crate::exchange::signed::{Peer, SignedRequest};
use crate::http::incoming::{self, ReadError, Reading};
use crate::http::public::Public;
use crate::http::reply::{Asked, Reply, Responder, bare, method_not_allowed};

/// What the API works with.
pub struct Api {
    /// The exchange.
    pub gateway: Arc<Gateway>,
    /// Actions on the registers.
    pub desk: Arc<Desk>,
    /// Signs responses.
    pub responder: Responder,
    /// The authorities that are ours, lower case.
    pub authorities: Vec<String>,
    /// What anyone may read.
    pub public: Arc<Public>,
    /// How long a body may take.
    pub body_time: Duration,
    /// Places for requests in flight.
    pub places: Arc<Semaphore>,
    /// Places for what walks over the log.
    pub walks: Places,
}

/// The API listener's router: one way in for every request.
pub fn router(api: Arc<Api>) -> Router {
    Router::new().fallback(answer).with_state(api)
}

/// Reads, answers, signs.
async fn answer(State(api): State<Arc<Api>>, request: Request) -> Response {
    let (arrived, arrived_at) = (api.gateway.clock.now(), Instant::now());
    let Ok(id) = api.gateway.new_id() else { return bare(StatusCode::INTERNAL_SERVER_ERROR) };
    let Some(peer) = request.extensions().get::<Peer>().cloned() else { return bare(StatusCode::BAD_REQUEST) };
    // The parser lets octets beyond ASCII pass; no signature base can hold them, so that no answer to this could be signed.
    if !request.uri().path().bytes().all(|byte| byte.is_ascii_graphic()) {
        return bare(StatusCode::BAD_REQUEST);
    }
    let signature = RequestSignature::parse(request.headers());
    let asked = Asked {
        method: request.method().as_str().to_owned(),
        path: request.uri().path().to_owned(),
        signature: signature.as_ref().ok().cloned(),
        id: id.to_string(),
    };
    let send = |reply| api.responder.send(reply, &asked, &*api.gateway.clock);
    let Ok(place) = Arc::clone(&api.places).try_acquire_owned() else {
        return send(Reply::problem(&busy(), &asked.id));
    };
    let reading = Reading { authorities: &api.authorities, body_time: api.body_time, arrived, arrived_at };
    let whose = peer.oin.clone();
    match incoming::read(request, peer, signature, reading).await {
        Ok(request) => match api.gateway.load.begin(whose.as_ref(), Resource::of(&request.path).urgency()) {
            Some(work) => send(route(&api, request, &asked.id, (place, work)).await),
            None => send(Reply::problem(&busy(), &asked.id)),
        },
        Err(ReadError::Refused(refusal)) => send(ending(Reply::problem(&refusal, &asked.id), refusal.kind)),
        Err(ReadError::TimedOut) => bare(StatusCode::REQUEST_TIMEOUT),
    }
}

/// Beyond what this node can do.
fn busy() -> Refusal {
    Refusal::new(ProblemType::RateLimited, "this node is at its limit; try again").retry_after(Duration::from_secs(1))
}

/// After a message that others may have read otherwise the connection ends: where the next one begins is not certain.
fn ending(reply: Reply, kind: ProblemType) -> Reply {
    match kind {
        ProblemType::MalformedRequest | ProblemType::HeadTooLarge => {
            reply.with(header::CONNECTION, HeaderValue::from_static("close"))
        }
        _ => reply,
    }
}

/// What is public is answered; everything else needs a signature. The place is kept until the work is done, whether its client waits for that or not.
async fn route(api: &Arc<Api>, request: SignedRequest, id: &str, (place, work): (OwnedSemaphorePermit, Work)) -> Reply {
    let path = request.path.clone();
    if request.method == Method::GET
        && let Some(reply) = api.public.reply(&api.gateway, &path, id).await
    {
        return if has_query(&request) { Reply::problem(&no_query(), id) } else { reply };
    }
    // What a client has begun to ask is finished when it goes away: its entries tell the truth either way.
    let (api, id) = (Arc::clone(api), id.to_owned());
    let gone = CancellationToken::new();
    let _waits = gone.clone().drop_guard();
    let work = tokio::spawn(async move {
        let reply = work.during(Box::pin(signed(&api, request, &id, &gone))).await;
        drop(place);
        reply
    });
    work.await.unwrap_or_else(|_| Reply::of(500, "application/problem+json", b"{}".to_vec()))
}

/// Only a list that comes in pages takes a query, and reads it itself: one that is ignored would let its sender believe that it had been understood.
fn has_query(request: &SignedRequest) -> bool {
    request.query.as_ref().is_some_and(|query| !query.is_empty())
}

fn no_query() -> Refusal {
    Refusal::new(ProblemType::MalformedRequest, "this resource takes no query")
}

/// Where a signed request goes.
#[derive(Clone, Copy)]
enum Resource<'a> {
    Disclosures,
    Disclosure(&'a str),
    Explanation(&'a str),
    Releases,
    Overrides,
    Offers,
    OffersMade,
    OfferWithdrawals(&'a str),
    Consents,
    Consent(&'a str),
    ConsentEvent(&'a str, ConsentState),
    ConsentQueries,
    Notices,
    Notice(&'a str),
    Answers(&'a str),
    Log(log::Act),
    Nothing,
}

impl<'a> Resource<'a> {
    fn of(path: &'a str) -> Self {
        match path.split('/').skip(1).collect::<Vec<_>>().as_slice() {
            ["v1", "disclosures"] => Self::Disclosures,
            ["v1", "disclosures", id] if id.bytes().any(|byte| byte.is_ascii_alphanumeric()) => Self::Disclosure(id),
            ["v1", "disclosures", id, "explanation"] if id.bytes().any(|byte| byte.is_ascii_alphanumeric()) => {
                Self::Explanation(id)
            }
            ["v1", "releases"] => Self::Releases,
            ["v1", "overrides"] => Self::Overrides,
            ["v1", "offers"] => Self::Offers,
            ["v1", "offers", "made"] => Self::OffersMade,
            ["v1", "offers", id, "withdrawals"] => Self::OfferWithdrawals(id),
            ["v1", "consents"] => Self::Consents,
            ["v1", "consents", id] => Self::Consent(id),
            ["v1", "consents", id, "withdrawals"] => Self::ConsentEvent(id, ConsentState::Withdrawn),
            ["v1", "consents", id, "refusals"] => Self::ConsentEvent(id, ConsentState::Refused),
            ["v1", "consents", id, "invalidations"] => Self::ConsentEvent(id, ConsentState::Invalidated),
            ["v1", "consent-queries"] => Self::ConsentQueries,
            ["v1", "notices"] => Self::Notices,
            ["v1", "notices", id] => Self::Notice(id),
            ["v1", "notices", id, "answers"] => Self::Answers(id),
            ["v1", "log", act] => log::Act::of(act).map_or(Self::Nothing, Self::Log),
            _ => Self::Nothing,
        }
    }

    /// Whether it comes in pages, of which a query names the first line.
    fn is_paged(self, method: &Method) -> bool {
        matches!(self, Self::Consents | Self::Offers | Self::OffersMade) && method == Method::GET
    }

    /// Whether it is still taken when others are not.
    const fn urgency(self) -> Urgency {
        match self {
            Self::ConsentEvent(..) | Self::OfferWithdrawals(_) => Urgency::Protective,
            _ => Urgency::Usual,
        }
    }

    /// The methods that it takes, as `Allow` lists them.
    const fn methods(self) -> &'static str {
        match self {
            Self::Disclosure(_)
            | Self::Explanation(_)
            | Self::OffersMade
            | Self::Consent(_)
            | Self::Notices
            | Self::Notice(_) => "GET",
            Self::Consents | Self::Offers => "GET, POST",
            Self::Disclosures
            | Self::Releases
            | Self::Overrides
            | Self::OfferWithdrawals(_)
            | Self::ConsentEvent(..)
            | Self::ConsentQueries
            | Self::Answers(_)
            | Self::Log(_) => "POST",
            Self::Nothing => "",
        }
    }

    fn takes(self, method: &Method) -> bool {
        self.methods().split(", ").any(|taken| taken == method.as_str())
    }
}

/// `gone` ends when nobody waits for the reply any more.
async fn signed(api: &Api, request: SignedRequest, id: &str, gone: &CancellationToken) -> Reply {
    let path = request.path.clone();
    let resource = Resource::of(&path);
    let method = request.method.clone();
    let authenticated = match authenticate(&api.gateway, request, REQUEST_TAG) {
        Ok(authenticated) => authenticated,
        Err(rejected) => return reject(api, rejected, id).await,
    };
    // A disclosure is judged by the facts of its moment anyway; whatever else is asked must not outlive its caller's standing either.
    if !matches!(resource, Resource::Disclosures)
        && let Err(refusal) = standing(&api.gateway, &authenticated).await
    {
        return refused(api, &authenticated, refusal, resource, id).await;
    }
    let outcome = match (resource, resource.takes(&method)) {
        (Resource::Nothing, _) => Err(Refusal::new(ProblemType::NotFound, "no such resource")),
        _ if has_query(authenticated.request()) && !resource.is_paged(&method) => Err(no_query()),
        (_, false) => Err(Refusal::new(ProblemType::MethodNotAllowed, format!("use {}", resource.methods()))),
        (Resource::Disclosures, true) => disclosures::create(api, &authenticated).await,
        (Resource::Disclosure(disclosure), true) => disclosures::pick_up(api, &authenticated, disclosure).await,
        (Resource::Explanation(disclosure), true) => explanations::explain(api, &authenticated, disclosure).await,
        (Resource::Releases, true) => releases::take(api, &authenticated).await,
        (Resource::Overrides, true) => overrides::take(api, &authenticated).await,
        (Resource::Offers, true) if method == Method::GET => offers::list(api, &authenticated).await,
        (Resource::Offers, true) => offers::make(api, &authenticated).await,
        (Resource::OffersMade, true) => offers::made(api, &authenticated).await,
        (Resource::OfferWithdrawals(offer), true) => offers::withdraw(api, &authenticated, offer).await,
        (Resource::Consents, true) if method == Method::GET => consents::list(api, &authenticated).await,
        (Resource::Consents, true) => consents::record(api, &authenticated).await,
        (Resource::Consent(consent), true) => consents::one(api, &authenticated, consent).await,
        (Resource::ConsentEvent(consent, ConsentState::Withdrawn), true) => {
            consents::withdraw(api, &authenticated, consent).await
        }
        (Resource::ConsentEvent(consent, ConsentState::Refused), true) => consents::refuse(api, &authenticated, consent).await,
        (Resource::ConsentEvent(consent, _), true) => consents::invalidate(api, &authenticated, consent).await,
        (Resource::ConsentQueries, true) => consents::query(api, &authenticated).await,
        (Resource::Notices, true) => notices::list(api, &authenticated).await,
        (Resource::Notice(notice), true) => notices::one(api, &authenticated, notice).await,
        (Resource::Answers(notice), true) => notices::answer(api, &authenticated, notice).await,
        (Resource::Log(act), true) => log::answer(api, &authenticated, act, gone).await,
    };
    match outcome {
        Ok(reply) => reply,
        Err(refusal) => refused(api, &authenticated, refusal, resource, id).await,
    }
}

async fn refused(api: &Api, authenticated: &Authenticated, refusal: Refusal, resource: Resource<'_>, id: &str) -> Reply {
    let refusal = log_refusal(&api.gateway, authenticated, refusal, id).await;
    match refusal.kind {
        ProblemType::MethodNotAllowed => method_not_allowed(resource.methods(), id),
        _ => Reply::problem(&refusal, id),
    }
}

/// Strangers are counted, and beyond a rate not listened to; callers' refusals are entries.
async fn reject(api: &Api, rejected: Rejected, id: &str) -> Reply {
    match rejected {
        Rejected::Caller(authenticated, refusal) => {
            let refusal = log_refusal(&api.gateway, &authenticated, refusal, id).await;
            Reply::problem(&refusal, id)
        }
        Rejected::Stranger(claimed, refusal) => {
            // Certificates that name nobody we know share one measure: our own number, which nobody else shows.
            let whose = claimed.as_ref().unwrap_or(&api.gateway.oin);
            let waited = api.gateway.strangers.take(whose, api.gateway.clock.now());
            match waited {
                Ok(()) => Reply::problem(&refusal, id),
                Err(wait) => {
                    let refusal = Refusal::new(ProblemType::RateLimited, "too many requests that could not be authenticated");
                    Reply::problem(&refusal.retry_after(wait), id)
                }
            }
        }
    }
}
