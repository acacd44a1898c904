use std::time::Duration;

use serde_json::json;
use sluis::clock::Clock;
use sluis::ledger::entry::EntryKind;
use sluis::notice::{AnswerCode, TaskKind, TaskState};
use sluis::source::overrides::{OverrideContent, OverrideMessage};

use super::forged::{identity, probation};
use super::*;
use crate::support::caller;
use crate::support::consents::{pointers, post};
use crate::support::derogation::{content, refused, report, taken, verdict};
use crate::support::draft::Draft;

fn acute(gateway: &TestGateway) -> OverrideContent {
    content(gateway, "acute-safety", &[Slug::Police], Category::Identity, Ground::Emergency)
}

/// Broken on purpose to see it fail: without `unjustified` in `answer_notice`; with it in a commit of its own, of which the first fails.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_not_justified_ends_with_the_verdict() {
    let gateway = TestGateway::start().await;
    let source = probation(&gateway).await;
    let (one, _) = two(&gateway, Slug::Probation);
    let made = report(&gateway, &acute(&gateway), &one, None);
    taken(&gateway, Slug::Probation, &made).await.expect("taken");
    assert_eq!(identity(&gateway, "exact").await, 1, "in force until it is judged");
    let persona = gateway.persona(Slug::Probation);
    let tasks = gateway.running().desk.notices(&persona.oin, 10).await.expect("read");
    let task = tasks.into_iter().find(|task| task.about.as_deref() == Some(made.id.as_str())).expect("a review");
    assert_eq!(task.disclosures.as_ref().map(std::collections::BTreeSet::len), Some(1), "she sees what was given on it");
    let before = gateway.entries(EntryKind::Override, &persona.oin).await;
    let officer = Person::of(&gateway, Slug::Probation, "fg-1");
    let verdict = verdict(&gateway, &task.id, &made.id, AnswerCode::Unjustified, &officer);
    let (status, _) = post(&gateway, &persona, &format!("/v1/notices/{}/answers", task.id), &verdict).await;
    assert_eq!(status, 200);
    assert_eq!(identity(&gateway, "exact").await, 0, "over with the verdict");
    assert_eq!(gateway.entries(EntryKind::Override, &persona.oin).await, before + 1, "its end is an entry");
    let judged = gateway.running().desk.notice(&persona.oin, &task.id).await.expect("read");
    assert_eq!(judged.state, TaskState::Unjustified);
    let open = gateway.running().desk.notices(&persona.oin, 10).await.expect("read");
    let breach = open.into_iter().find(|task| task.kind == TaskKind::BreachProcedure).expect("the breach procedure");
    assert_eq!(breach.about.as_deref(), Some(made.id.as_str()));
    assert_eq!(breach.disclosures, task.disclosures, "and so does who handles the breach");
    assert_eq!(breach.due.since(breach.created_at), Duration::from_hours(72), "AVG 33(1)");
    let target = format!("/v1/notices/{}/answers", breach.id);
    let (_, bare) = post(&gateway, &persona, &target, &json!({"answer": "reported", "by": "fg-1"})).await;
    assert_eq!(pointers(&bare), ["/basis"]);
    let reported = json!({"answer": "reported", "by": "fg-1", "basis": "reported to the supervisor on the same day"});
    assert_eq!(post(&gateway, &persona, &target, &reported).await.1["state"], "reported");
    // The same report again does not bring it back.
    taken(&gateway, Slug::Probation, &made).await.expect("without effect");
    assert_eq!(identity(&gateway, "exact").await, 0);
    drop(source);
    gateway.stop().await;
}

/// Broken on purpose to see it fail: the review counted from `made_at`; without `OwnColleague`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_review_is_counted_from_the_act_and_nobody_consults_herself() {
    let gateway = TestGateway::start().await;
    let (one, _) = two(&gateway, Slug::Probation);
    let content = acute(&gateway);
    let herself = OverrideContent { colleague: "PRO-1 ".to_owned(), ..content.clone() };
    let herself = json!(report(&gateway, &herself, &one, None));
    refused(&gateway, Slug::Probation, &herself, &["/content/colleague"]).await.expect("refused");
    let signed_at = gateway.clock.now().minus(Duration::from_hours(5 * 24));
    let mut late = report(&gateway, &content, &one, None);
    late.created = one.signs(signed_at, |who, at| content.create_statement(&late.id, who, at));
    refused(&gateway, Slug::Probation, &json!(late), &["/reviewDue"]).await.expect("counted from the report");
    late.review_due = Some(signed_at.plus_working_days(2));
    taken(&gateway, Slug::Probation, &late).await.expect("taken");
    let overdue = gateway.running().desk.overdue_notices(10).await.expect("read");
    assert!(overdue.iter().any(|task| task.about.as_deref() == Some(late.id.as_str())), "five days ago");
    gateway.stop().await;
}

/// Broken on purpose to see it fail: `changes_nothing` for every conflict, and for every known id.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_id_that_is_anothers_is_a_conflict() {
    let gateway = TestGateway::start().await;
    let (one, _) = two(&gateway, Slug::Probation);
    let made = report(&gateway, &acute(&gateway), &one, None);
    taken(&gateway, Slug::Probation, &made).await.expect("taken");
    taken(&gateway, Slug::Probation, &made).await.expect("the same");
    let of = |content: &OverrideContent, by: &Person| OverrideMessage {
        created: by.signs(gateway.clock.now(), |who, at| content.create_statement(&made.id, who, at)),
        content: content.clone(),
        ..made.clone()
    };
    let other = OverrideContent { harm: "Something else.".to_owned(), ..made.content.clone() };
    let mut stranger = made.content.clone();
    stranger.subject = serde_json::from_value(gateway.question("P22")["subject"].clone()).expect("a person");
    let police = OverrideContent { recipients: vec![gateway.persona(Slug::VeiligThuis).oin], ..made.content.clone() };
    let (officer, _) = two(&gateway, Slug::Police);
    for (name, source, message) in [
        ("other content", Slug::Probation, of(&other, &one)),
        ("another person", Slug::Probation, of(&stranger, &one)),
        ("another source", Slug::Police, of(&police, &officer)),
    ] {
        let persona = gateway.persona(source);
        let body = json!(message).to_string();
        let request = Draft::post("/v1/overrides", gateway.authority_name(), body.as_bytes()).by(&persona.key, &*gateway.clock);
        let told = gateway.refused(&persona, &request.sign(&persona.key), caller(409, "state-conflict")).await;
        assert!(told.is_ok(), "{name}: {:?}", told.err());
    }
    gateway.stop().await;
}
