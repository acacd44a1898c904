//! `POST /v1/log/embargoes`.

use super::filter::{CASE, Case, SECOND, Second, may_name, subject};
use super::{Act, answered, officer};
use crate::actions::log::{Embargoing, Placing};
use crate::api::Api;
use crate::api::once::refusal;
use crate::exchange::authenticate::Authenticated;
use crate::exchange::refusal::Refusal;
use crate::http::reply::Reply;
use crate::json::{Object, Text};
use crate::subject::Prose;

const GROUND: &str = "1 to 2000 characters, no citizen number";

/// Hold entries back from subjects' reports.
///
/// For a privacy officer (FG), under her own signature: `place` holds back everything of your organisation about a person, in a case or of one request until
/// an instant; `lift` ends an embargo before its date, on a ground of its own; neither lists. The answer is the list. Each is an entry of the log. At most 1000
/// stand at a time; those that ended are listed for the term of closed tasks.
#[utoipa::path(
    post,
    path = "/log/embargoes",
    operation_id = "embargoLog",
    tag = "Log",
    request_body(content = crate::api::openapi::LogEmbargo, description = "What is to be held back, and who asks", content_type = "application/json"),
    responses(
        (status = 200, description = "Your organisation's embargoes", body = crate::api::openapi::Embargoes),
        (status = 403, description = "not-permitted; organisation-suspended"),
        (status = 404, description = "not-found: none, or not yours"),
        (status = 409, description = "state-conflict: it stands no more; or 1000 stand"),
    )
)]
pub(in crate::api) async fn embargo(api: &Api, authenticated: &Authenticated) -> Result<Reply, Refusal> {
    let (officer, act) = officer(api, authenticated, Act::Embargoes, act).await?;
    if let Embargoing::Place(placing) = &act {
        may_name(authenticated, placing.subject.as_ref())?;
    }
    let embargoes = api.desk.embargo(&officer, act).await.map_err(refusal)?;
    answered(&serde_json::json!({ "embargoes": embargoes }))
}

fn act(request: &mut Object<'_>) -> Option<Embargoing> {
    let place = request.object("place").map(placing);
    let lift = request.object("lift").map(lifting);
    match (place, lift) {
        (None, None) => Some(Embargoing::List),
        (Some(placing), None) => placing.map(Embargoing::Place),
        (None, Some(lifting)) => lifting,
        (Some(_), Some(_)) => {
            request.fault("lift", "place or lift, not both");
            None
        }
    }
}

fn lifting(mut lift: Object<'_>) -> Option<Embargoing> {
    let id = lift.required("embargo", "the id of an embargo").map(|Text::<64>(id)| id);
    let ground = lift.required("ground", GROUND).map(|Prose::<2000>(ground)| ground);
    lift.finish();
    Some(Embargoing::Lift { id: id?, ground: ground? })
}

fn placing(mut place: Object<'_>) -> Option<Placing> {
    let subject = subject(&mut place);
    let case = place.optional("case", CASE).map(|Case(case)| case);
    let trace = place.optional("trace", "the trace of a request, 32 hexadecimal digits");
    let ground = place.required("ground", GROUND).map(|Prose::<2000>(ground)| ground);
    let until = place.required("until", SECOND).map(|Second(until)| until);
    place.finish();
    Some(Placing { subject, case, trace, ground: ground?, until: until? })
}
