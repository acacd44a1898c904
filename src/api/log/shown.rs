//! `POST /v1/log/overviews` and `POST /v1/log/subject-reports`.

use super::filter::{Coded, filter, may_name, subject};
use super::{Act, answered, officer};
use crate::actions::log::Reporting;
use crate::actions::log::overview::View;
use crate::api::Api;
use crate::api::once::refusal;
use crate::clock::Day;
use crate::exchange::authenticate::Authenticated;
use crate::exchange::refusal::Refusal;
use crate::http::reply::Reply;
use crate::json::Object;
use crate::policy::Language;

const FIRST: &str = "the first day (of the Dutch calendar), YYYY-MM-DD";
const LAST: &str = "the last day (of the Dutch calendar), YYYY-MM-DD";

/// An overview of your organisation's side of the log (NEN 7513).
///
/// For a privacy officer (FG), under her own signature: by `subject`, `day` (`from` and `until`), `employee` (`actor`) or `dossier` (`case`). Lines of the
/// same day, organisation, actor, purpose and action are one line with a count; at most 1000 lines. It is an entry of the log before it leaves.
#[utoipa::path(
    post,
    path = "/log/overviews",
    operation_id = "overviewLog",
    tag = "Log",
    request_body(content = crate::api::openapi::LogOverview, description = "Of whom or what, and who asks", content_type = "application/json"),
    responses(
        (status = 200, description = "The overview", body = crate::actions::log::OverviewAnswer),
        (status = 403, description = "not-permitted; organisation-suspended"),
        (status = 429, description = "rate-limited: your organisation, or this node, makes as many as it may"),
    )
)]
pub(in crate::api) async fn overview(api: &Api, authenticated: &Authenticated) -> Result<Reply, Refusal> {
    let (officer, (view, asked)) = officer(api, authenticated, Act::Overviews, |request| {
        let view = request.required("view", "subject, day, employee or dossier").map(|Coded(view): Coded<View>| view);
        let asked = filter(request);
        Some((view?, asked))
    })
    .await?;
    may_name(authenticated, asked.subject.as_ref())?;
    let _place = api.walks.take(authenticated.caller().oin())?;
    answered(&api.desk.overview(&officer, view, &asked).await.map_err(refusal)?)
}

/// Tell a data subject what the log holds about it.
///
/// For a privacy officer (FG), under her own signature: who received which data, from whom, when, for what and on what basis, in words; no employees, no
/// indexes, no totals. What never left is not told; what is under an embargo is left out until it is lifted. It is an entry of the log before it leaves.
#[utoipa::path(
    post,
    path = "/log/subject-reports",
    operation_id = "reportToSubject",
    tag = "Log",
    request_body(content = crate::api::openapi::LogReport, description = "About whom, in which language, and who asks", content_type = "application/json"),
    responses(
        (status = 200, description = "The report", body = crate::actions::log::report::Report),
        (status = 403, description = "not-permitted; organisation-suspended"),
        (status = 429, description = "rate-limited: your organisation, or this node, makes as many as it may"),
    )
)]
pub(in crate::api) async fn report(api: &Api, authenticated: &Authenticated) -> Result<Reply, Refusal> {
    let (officer, reporting) = officer(api, authenticated, Act::SubjectReports, reporting).await?;
    may_name(authenticated, Some(&reporting.subject))?;
    let _place = api.walks.take(authenticated.caller().oin())?;
    let words = api.gateway.policy.load_full();
    answered(&api.desk.subject_report(&officer, reporting, words).await.map_err(refusal)?)
}

/// Only the person and a period of whole days: by whatever else there was, what is left out could be seen.
fn reporting(request: &mut Object<'_>) -> Option<Reporting> {
    let language = request.optional("language", "nl or en").map_or(Language::Nl, |Tongue(language)| language);
    let mut filter = request.required_object("filter")?;
    let subject = subject(&mut filter);
    let from = filter.optional("from", FIRST);
    let until = filter.optional("until", LAST);
    if subject.is_none() {
        filter.fault("subject", "required: the person to whom is told");
    }
    if from.zip(until).is_some_and(|(from, until): (Day, Day)| until < from) {
        filter.fault("until", "not before from");
    }
    filter.finish();
    Some(Reporting { subject: subject?, from, until, language })
}

struct Tongue(Language);

impl std::str::FromStr for Tongue {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "nl" => Ok(Self(Language::Nl)),
            "en" => Ok(Self(Language::En)),
            _ => Err(()),
        }
    }
}
