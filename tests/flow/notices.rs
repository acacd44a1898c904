//! Tasks over the wire: each owner sees and answers its own, by the clock of the law.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use sluis::clock::Clock;
use sluis::demo::organisations::Slug;
use sluis::ledger::entry::EntryKind;
use sluis::notice::{AnswerCode, TaskKind};

use super::consents::{level, question};
use crate::support::TestGateway;
use crate::support::consents::{get, given, pointers, post};
use crate::support::derogation::{Person, verdict, verdict_at};
use crate::support::fake_source::{Act, FakeSource};
use crate::support::professionals::make_override;

async fn tasks(gateway: &TestGateway, slug: Slug) -> Vec<Value> {
    let (status, list) = get(gateway, &gateway.persona(slug), "/v1/notices").await;
    assert_eq!((status, &list["more"]), (200, &json!(false)));
    list["notices"].as_array().expect("a list").clone()
}

fn changed(body: &Value, name: &str, value: Value) -> Value {
    let mut body = body.clone();
    body[name] = value;
    body
}

async fn answer(gateway: &TestGateway, slug: Slug, task: &Value, body: &Value) -> (u16, Value) {
    let target = format!("/v1/notices/{}/answers", task["id"].as_str().expect("an id"));
    post(gateway, &gateway.persona(slug), &target, body).await
}

/// Broken on purpose to see it fail: `duties::of` giving nothing; also for deliveries without items.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_disclosure_is_to_be_told_to_its_subject() {
    let gateway = TestGateway::start().await;
    let asked_at = gateway.clock.now();
    let disclosed = gateway.ask(Slug::VeiligThuis, &gateway.question("P22"), None).await.expect("an answer");
    let mut nobody = gateway.question("P22");
    nobody["subject"]["value"] = json!("999990019");
    assert_eq!(gateway.ask(Slug::VeiligThuis, &nobody, None).await.expect("an answer").items().count(), 0);
    let open = tasks(&gateway, Slug::VeiligThuis).await;
    let [task] = open.as_slice() else { panic!("one for what was given, none for nothing: {open:?}") };
    assert_eq!((&task["kind"], &task["about"]), (&json!("subject-notification"), &json!(disclosed.id)));
    assert_eq!((&task["state"], &task["neverTold"]), (&json!("due"), &json!(["reporter"])));
    let due = sluis::clock::Timestamp::parse(task["due"].as_str().expect("an instant")).expect("an instant");
    assert_eq!(due.since(asked_at).as_secs() / (24 * 3600), 28, "four weeks for Veilig Thuis");

    let until = gateway.clock.now().plus(std::time::Duration::from_hours(24 * 40)).to_string();
    let put_off = json!({"answer": "deferred", "by": "vt-1", "reason": "safety", "until": until});
    let (status, deferred) = answer(&gateway, Slug::VeiligThuis, task, &put_off).await;
    assert_eq!((status, &deferred["state"], &deferred["due"]), (200, &json!("deferred"), &json!(until)), "{deferred}");
    let whose = json!({"answer": "done", "by": "pr-1"});
    assert_eq!(answer(&gateway, Slug::Probation, task, &whose).await.0, 404, "another's");
    gateway.clock.advance(41 * 24 * 3600);
    assert_eq!(tasks(&gateway, Slug::VeiligThuis).await[0]["overdue"], true, "to be judged again");
    let desk = &gateway.running().desk;
    let looks = gateway.entries(EntryKind::LogView, &desk.oin).await;
    assert_eq!(desk.overdue_notices(10).await.expect("read").len(), 1, "and the officers see it");
    assert_eq!(gateway.entries(EntryKind::LogView, &desk.oin).await, looks + 1, "which is logged");
    let (status, problem) = answer(&gateway, Slug::VeiligThuis, task, &json!({"answer": "waived", "by": "vt-1", "x": 1})).await;
    assert_eq!((status, pointers(&problem)), (400, vec!["/x".to_owned()]));
    let (_, problem) = answer(&gateway, Slug::VeiligThuis, task, &json!({"answer": "waived", "by": "vt-1"})).await;
    assert_eq!(pointers(&problem), ["/basis"]);
    assert_eq!(answer(&gateway, Slug::VeiligThuis, task, &json!({"answer": "sent", "by": "vt-1"})).await.0, 200);
    let (_, done) = answer(&gateway, Slug::VeiligThuis, task, &json!({"answer": "done", "by": "vt-1"})).await;
    assert_eq!((&done["state"], done["answers"].as_array().expect("answers").len()), (&json!("done"), 3));
    assert_eq!(answer(&gateway, Slug::VeiligThuis, task, &json!({"answer": "done", "by": "vt-1"})).await.0, 409);
    assert!(tasks(&gateway, Slug::VeiligThuis).await.is_empty());
    let party = gateway.persona(Slug::VeiligThuis).oin;
    assert_eq!(gateway.entries(EntryKind::SubjectNotification, &party).await, 3, "each answer is an entry");

    // Closed tasks go with their term; the log stays.
    let desk = &gateway.running().desk;
    gateway.clock.advance(6 * 366 * 24 * 3600);
    desk.keep_terms().await.expect("kept");
    assert!(desk.notice(&party, task["id"].as_str().expect("an id")).await.is_err());
    gateway.stop().await;
}

/// Broken on purpose to see it fail: `withdrawal_due` in calendar days.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_withdrawal_notice_is_answered_within_ten_working_days() {
    let gateway = TestGateway::start().await;
    let care = gateway.persona(Slug::MentalHealth);
    let source = FakeSource::instead_of(&gateway, Slug::MentalHealth).await;
    source.does(|call| Act::Answer(call.answer(&[level(36)])));
    let (_, view) = post(&gateway, &care, "/v1/consents", &given(&gateway)).await;
    gateway.ask(Slug::VeiligThuis, &question(&gateway), None).await.expect("an answer");
    let now = gateway.clock.now();
    let target = format!("/v1/consents/{}/withdrawals", view["id"].as_str().expect("an id"));
    let withdrawal = json!({"at": now.to_string(), "recordedBy": "pro-1"});
    assert_eq!(post(&gateway, &care, &target, &withdrawal).await.0, 200);
    let open = tasks(&gateway, Slug::VeiligThuis).await;
    let notice = open.iter().find(|task| task["kind"] == "withdrawal-notice").expect("a notice");
    let due = sluis::clock::Timestamp::parse(notice["due"].as_str().expect("an instant")).expect("an instant");
    assert_eq!(due.date(), now.plus_working_days(10).date());
    gateway.clock.advance(i64::try_from(due.since(now).as_secs()).expect("some days") + 60);
    assert!(tasks(&gateway, Slug::VeiligThuis).await.iter().any(|task| task["id"] == notice["id"] && task["overdue"] == true));
    let (_, problem) = answer(&gateway, Slug::VeiligThuis, notice, &json!({"answer": "kept", "by": "vt-1"})).await;
    assert_eq!(pointers(&problem), ["/basis"]);
    let kept = json!({"answer": "kept", "by": "vt-1", "basis": "Wmo 5.3.4: the file must be kept"});
    assert_eq!(answer(&gateway, Slug::VeiligThuis, notice, &kept).await.1["state"], "kept");
    let party = gateway.persona(Slug::VeiligThuis).oin;
    assert_eq!(gateway.entries(EntryKind::WithdrawalNotice, &party).await, 2, "sent and answered");
    drop(source);
    gateway.stop().await;
}

/// An override that one person made alone is reviewed by another, within two working days; it is never a state of a consent.
///
/// Broken on purpose to see it fail: without `override_review` in `keep_override`; without `holds`, without the age, without `signed`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lone_override_is_reviewed() {
    let gateway = TestGateway::start().await;
    let running = gateway.running();
    let connector = Arc::clone(&running.connectors[&Slug::MentalHealth]);
    let id = make_override(running, &connector).await;
    let review = async {
        loop {
            if let [task] = tasks(&gateway, Slug::MentalHealth).await.as_slice() {
                return task.clone();
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    let task = tokio::time::timeout(std::time::Duration::from_secs(20), review).await.expect("a task");
    assert_eq!((&task["kind"], &task["about"]), (&json!("override-review"), &json!(id)));
    let created = sluis::clock::Timestamp::parse(task["createdAt"].as_str().expect("an instant")).expect("an instant");
    // Counted from when it was made, a little before the gateway heard of it.
    let due = sluis::clock::Timestamp::parse(task["due"].as_str().expect("an instant")).expect("an instant");
    assert!(due <= created.plus_working_days(2) && due > created.plus_working_days(1), "{due}");
    let officer = Person::of(&gateway, Slug::MentalHealth, "fg-1");
    let signed = |code, by: &Person| verdict(&gateway, task["id"].as_str().expect("an id"), &id, code, by);
    let given = signed(AnswerCode::Partly, &officer);
    for nobody in ["de portier", "pro-1", "pro-2", "FG-1", "fg-1 "] {
        let named = changed(&given, "by", json!(nobody));
        let (_, problem) = answer(&gateway, Slug::MentalHealth, &task, &named).await;
        assert_eq!(pointers(&problem), ["/by"], "{nobody} is no privacy officer");
    }
    let elsewhere = Person::of(&gateway, Slug::Probation, "fg-1");
    let old = json!({"signedAt": gateway.clock.now().minus(Duration::from_mins(16)), "signature": given["signed"]["signature"]});
    let coming = json!({"signedAt": gateway.clock.now().plus(Duration::from_mins(2)), "signature": given["signed"]["signature"]});
    for (name, body, place) in [
        ("the organisation's key alone", changed(&given, "signed", Value::Null), "/signed"),
        ("another's officer", signed(AnswerCode::Partly, &elsewhere), "/signed/signature"),
        ("another verdict", changed(&given, "answer", json!("justified")), "/signed/signature"),
        ("another basis", changed(&given, "basis", json!("all was needed")), "/signed/signature"),
        (
            "another override",
            verdict(&gateway, task["id"].as_str().expect("an id"), "other", AnswerCode::Partly, &officer),
            "/signed/signature",
        ),
        ("another task", verdict(&gateway, "other", &id, AnswerCode::Partly, &officer), "/signed/signature"),
        (
            "another gateway's",
            verdict_at(
                elsewhere.organisation(),
                TaskKind::OverrideReview,
                (task["id"].as_str().expect("an id"), &id),
                AnswerCode::Partly,
                (&officer, gateway.clock.now()),
            ),
            "/signed/signature",
        ),
        ("from a drawer", changed(&given, "signed", old), "/signed/signedAt"),
        ("ahead of the clock", changed(&given, "signed", coming), "/signed/signedAt"),
    ] {
        let (status, problem) = answer(&gateway, Slug::MentalHealth, &task, &body).await;
        assert_eq!((status, pointers(&problem)), (400, vec![place.to_owned()]), "{name}");
    }
    assert_eq!(answer(&gateway, Slug::MentalHealth, &task, &given).await.1["state"], "partly");
    let care = gateway.persona(Slug::MentalHealth).oin;
    assert_eq!(gateway.entries(EntryKind::ReviewVerdict, &care).await, 1);
    let (_, list) = get(&gateway, &gateway.persona(Slug::MentalHealth), "/v1/consents").await;
    let consents = list["consents"].as_array().expect("a list");
    assert!(!consents.is_empty() && consents.iter().all(|consent| consent["id"] != json!(id)));
    gateway.stop().await;
}
