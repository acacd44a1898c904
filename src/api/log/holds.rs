//! `/v1/log/holds`, `/v1/log/lifts`, `/v1/log/standing-holds`: what is not erased while a matter is pending.

use std::collections::BTreeSet;

use super::filter::{CASE, Case, may_name, subject};
use super::{Act, answered, officer};
use crate::actions::retention::Placing;
use crate::api::Api;
use crate::api::once::refusal;
use crate::exchange::authenticate::Authenticated;
use crate::exchange::refusal::Refusal;
use crate::http::reply::Reply;
use crate::json::{Object, Text};
use crate::ledger::entry::TraceId;
use crate::subject::Prose;

const GROUND: &str = "1 to 2000 characters, no citizen number";
const ONE_OF: &str = "one of subject, case, disclosure and entries";

/// Place a legal hold.
///
/// What it covers of your organisation's side of the log is not erased while it stands, neither at the end of its term nor one by one. What is about a person, or
/// belongs to a case, takes along whatever else the same disclosures left there. Look at `entries` in the answer: a hold on nothing is placed all the same,
/// for what is still to come. Signed by your privacy officer (FG).
#[utoipa::path(
    post,
    path = "/log/holds",
    operation_id = "placeLegalHold",
    tag = "Log",
    request_body(content = crate::api::openapi::LegalHoldRequest, description = "What is held, on what ground; signed by the officer", content_type = "application/json"),
    responses(
        (status = 200, description = "The hold", body = crate::actions::retention::HoldView),
        (status = 403, description = "not-permitted; organisation-suspended"),
        (status = 404, description = "not-found: one of the entries is not yours"),
        (status = 409, description = "state-conflict: as many holds stand as may, 1000"),
    )
)]
pub(super) async fn place(api: &Api, authenticated: &Authenticated) -> Result<Reply, Refusal> {
    let asked = officer(api, authenticated, Act::Holds, |request| {
        let ground = request.required("ground", GROUND).map(|Prose::<2000>(ground)| ground);
        Some((placing(request)?, ground?))
    });
    let (officer, (placing, ground)) = asked.await?;
    if let Placing::Subject(subject) = &placing {
        may_name(authenticated, Some(subject))?;
    }
    answered(&api.desk.place_hold(&officer, placing, &ground).await.map_err(refusal)?)
}

fn placing(request: &mut Object<'_>) -> Option<Placing> {
    let subject = subject(request);
    let case = request.optional("case", CASE).map(|Case(case)| case);
    let disclosure = request.optional("disclosure", "a disclosure's id").map(|Disclosure(trace)| trace);
    let entries = request.array("entries").map(|entries| entries.numbers(200, "the index of an entry"));
    match (subject, case, disclosure, entries) {
        (Some(subject), None, None, None) => Some(Placing::Subject(subject)),
        (None, Some(case), None, None) => Some(Placing::Case(case)),
        (None, None, Some(trace), None) => Some(Placing::Disclosure(trace)),
        (None, None, None, Some(entries)) => Some(Placing::Entries(entries.into_iter().collect::<BTreeSet<_>>())),
        _ => {
            request.fault("subject", ONE_OF);
            None
        }
    }
}

/// The id of a disclosure: the trace that joins its entries.
struct Disclosure(TraceId);

impl std::str::FromStr for Disclosure {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let id = uuid::Uuid::parse_str(text).map_err(|_| ())?;
        TraceId::from_bytes(id.into_bytes()).map(Self).ok_or(())
    }
}

/// Lift a legal hold.
///
/// What it kept beyond its term is erased with it, unless another hold covers it.
#[utoipa::path(
    post,
    path = "/log/lifts",
    operation_id = "liftLegalHold",
    tag = "Log",
    request_body(content = crate::api::openapi::LegalHoldLift, description = "Which hold, on what ground; signed by the officer", content_type = "application/json"),
    responses(
        (status = 200, description = "It is lifted", body = crate::api::openapi::LegalHoldLifted),
        (status = 403, description = "not-permitted; organisation-suspended"),
        (status = 404, description = "not-found: no such hold, or not yours"),
        (status = 409, description = "state-conflict: another hold was placed or lifted at the same moment"),
    )
)]
pub(super) async fn lift(api: &Api, authenticated: &Authenticated) -> Result<Reply, Refusal> {
    let asked = officer(api, authenticated, Act::Lifts, |request| {
        let hold = request.required("hold", "a hold's id").map(|Text::<64>(id)| id);
        let ground = request.required("ground", GROUND).map(|Prose::<2000>(ground)| ground);
        Some((hold?, ground?))
    });
    let (officer, (hold, ground)) = asked.await?;
    let erased = api.desk.lift_hold(&officer, &hold, &ground).await.map_err(refusal)?;
    answered(&serde_json::json!({"lifted": hold, "erased": erased}))
}

/// List the legal holds that stand.
///
/// Those of your organisation, oldest first. Whom they are about is not told. Looking is an entry.
#[utoipa::path(
    post,
    path = "/log/standing-holds",
    operation_id = "listLegalHolds",
    tag = "Log",
    request_body(content = crate::api::openapi::OfficersLook, description = "Signed by the officer; the request is empty", content_type = "application/json"),
    responses(
        (status = 200, description = "The holds", body = crate::api::openapi::LegalHolds),
        (status = 403, description = "not-permitted; organisation-suspended"),
        (status = 404, description = "not-found"),
        (status = 409, description = "state-conflict"),
    )
)]
pub(super) async fn list(api: &Api, authenticated: &Authenticated) -> Result<Reply, Refusal> {
    let (officer, ()) = officer(api, authenticated, Act::StandingHolds, |_| Some(())).await?;
    let holds = api.desk.holds(&officer).await.map_err(refusal)?;
    answered(&serde_json::json!({"holds": holds}))
}
