//! `/v1/log/…`: what privacy officers (FG) ask of the disclosure log. Each act is a POST, because what is asked can tell of a person; each is signed by
//! the officer's own key beside the organisation's, and each look is an entry before its answer leaves.

pub(super) mod embargoes;
pub mod erasures;
pub(super) mod exports;
mod filter;
pub mod holds;
mod places;
pub(super) mod queries;
pub(super) mod shown;

use tokio_util::sync::CancellationToken;

pub use self::places::Places;

use super::Api;
use super::once::refusal;
use crate::actions::officer::{Officer, OfficersRequest};
use crate::consent::professional::{REFERENCE, Reference};
use crate::exchange::authenticate::Authenticated;
use crate::exchange::client;
use crate::exchange::refusal::{ProblemType, Refusal};
use crate::http::reply::Reply;
use crate::json::{self, Faults, Object};
use crate::notice::OwnSignature;

/// What can be asked, by the last part of the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Act {
    /// Search.
    Queries,
    /// Open entries.
    Openings,
    /// An overview.
    Overviews,
    /// A subject's report.
    SubjectReports,
    /// A file.
    Exports,
    /// Hold back from reports.
    Embargoes,
    /// One entry is erased.
    Erasures,
    /// A legal hold is placed.
    Holds,
    /// One is lifted.
    Lifts,
    /// Those that stand.
    StandingHolds,
}

impl Act {
    const ALL: [Self; 10] = [
        Self::Queries,
        Self::Openings,
        Self::Overviews,
        Self::SubjectReports,
        Self::Exports,
        Self::Embargoes,
        Self::Erasures,
        Self::Holds,
        Self::Lifts,
        Self::StandingHolds,
    ];

    pub(super) fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|act| act.name() == name)
    }

    /// The last part of the path: it is part of what the officer signs.
    const fn name(self) -> &'static str {
        match self {
            Self::Queries => "queries",
            Self::Openings => "openings",
            Self::Overviews => "overviews",
            Self::SubjectReports => "subject-reports",
            Self::Exports => "exports",
            Self::Embargoes => "embargoes",
            Self::Erasures => "erasures",
            Self::Holds => "holds",
            Self::Lifts => "lifts",
            Self::StandingHolds => "standing-holds",
        }
    }
}

pub(super) async fn answer(
    api: &Api,
    authenticated: &Authenticated,
    act: Act,
    gone: &CancellationToken,
) -> Result<Reply, Refusal> {
    match act {
        Act::Queries => queries::query(api, authenticated).await,
        Act::Openings => queries::open(api, authenticated).await,
        Act::Overviews => while_waited_for(gone, shown::overview(api, authenticated)).await,
        Act::SubjectReports => while_waited_for(gone, shown::report(api, authenticated)).await,
        Act::Exports => while_waited_for(gone, exports::export(api, authenticated)).await,
        Act::Embargoes => embargoes::embargo(api, authenticated).await,
        Act::Erasures => erasures::erase(api, authenticated).await,
        Act::Holds => holds::place(api, authenticated).await,
        Act::Lifts => holds::lift(api, authenticated).await,
        Act::StandingHolds => holds::list(api, authenticated).await,
    }
}

/// What walks over the log is not done to its end for nobody.
async fn while_waited_for(
    gone: &CancellationToken,
    work: impl Future<Output = Result<Reply, Refusal>>,
) -> Result<Reply, Refusal> {
    tokio::select! {
        biased;
        reply = work => reply,
        () = gone.cancelled() => Err(Refusal::new(ProblemType::StateConflict, "whoever asked did not wait for the answer")),
    }
}

/// Reads `{"by":…,"request":{…},"signed":{"signedAt":…,"signature":…}}`, `request` with `members`, and makes sure that it is the officer who asks.
async fn officer<T>(
    api: &Api,
    authenticated: &Authenticated,
    act: Act,
    members: impl FnOnce(&mut Object<'_>) -> Option<T>,
) -> Result<(Officer, T), Refusal> {
    let (by, signed, asked) = read(&authenticated.request().body, members)?;
    let not_json = |_| Refusal::new(ProblemType::MalformedRequest, "the body is not JSON");
    let mut body: serde_json::Value = serde_json::from_slice(&authenticated.request().body).map_err(not_json)?;
    let request = OfficersRequest {
        organisation: authenticated.caller().oin().clone(),
        by,
        action: act.name(),
        request: body.get_mut("request").map(serde_json::Value::take).unwrap_or_default(),
        signed,
        client: client(authenticated),
        nonce: authenticated.nonce().clone(),
    };
    Ok((api.desk.officer(request).await.map_err(refusal)?, asked))
}

type Read<T> = (String, OwnSignature, T);

fn read<T>(body: &[u8], members: impl FnOnce(&mut Object<'_>) -> Option<T>) -> Result<Read<T>, Refusal> {
    let faults = Faults::default();
    let value = json::parse(body, &faults).map_err(|_| Refusal::new(ProblemType::MalformedRequest, "the body is not JSON"))?;
    let parts = Object::root(value, &faults).and_then(|mut body| {
        let by = body.required("by", REFERENCE).map(|Reference(by)| by);
        let signed = body.required_object("signed").and_then(super::notices::signature);
        let request = body.required_object("request").and_then(|mut request| {
            let asked = members(&mut request);
            request.finish();
            asked
        });
        body.finish();
        Some((by?, signed?, request?))
    });
    match parts {
        Some(parts) if faults.is_empty() => Ok(parts),
        _ => Err(Refusal::schema(faults.into_vec())),
    }
}

/// What was looked at, once the look is in the log.
fn answered(what: &impl serde::Serialize) -> Result<Reply, Refusal> {
    let unavailable = |_| Refusal::new(ProblemType::LogUnavailable, "nothing was told; try again");
    serde_json::to_vec(what).map(Reply::json).map_err(unavailable)
}
