//! `POST /v1/log/overviews` and `POST /v1/log/subject-reports`.

use super::filter::{Coded, filter, may_name};
use super::{Act, answered, officer};
use crate::actions::log::overview::View;
use crate::api::Api;
use crate::api::once::refusal;
use crate::exchange::authenticate::Authenticated;
use crate::exchange::refusal::Refusal;
use crate::http::reply::Reply;
use crate::policy::Language;

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
    answered(&api.desk.overview(&officer, view, &asked).await.map_err(refusal)?)
}

/// Tell a data subject what the log holds about it.
///
/// For a privacy officer (FG), under her own signature: who received which data, when, for what and on what basis, in words; no employees, no indexes, no
/// totals. What is under an embargo is left out until it is lifted. It is an entry of the log before it leaves.
#[utoipa::path(
    post,
    path = "/log/subject-reports",
    operation_id = "reportToSubject",
    tag = "Log",
    request_body(content = crate::api::openapi::LogReport, description = "About whom, in which language, and who asks", content_type = "application/json"),
    responses(
        (status = 200, description = "The report", body = crate::actions::log::report::Report),
        (status = 403, description = "not-permitted; organisation-suspended"),
    )
)]
pub(in crate::api) async fn report(api: &Api, authenticated: &Authenticated) -> Result<Reply, Refusal> {
    let (officer, (language, asked)) = officer(api, authenticated, Act::SubjectReports, |request| {
        let language = request.optional("language", "nl or en").map(|Tongue(language)| language);
        Some((language.unwrap_or(Language::Nl), filter(request)))
    })
    .await?;
    may_name(authenticated, asked.subject.as_ref())?;
    let words = api.gateway.policy.load_full();
    answered(&api.desk.subject_report(&officer, &asked, (&words, language)).await.map_err(refusal)?)
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
