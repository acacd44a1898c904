use std::time::Duration;

use super::*;
use crate::support::consents::get;
use crate::support::fake_source::{Act, FakeSource};
use crate::support::professionals::release_all;

async fn notices(gateway: &TestGateway, slug: Slug, kind: &str) -> Vec<Value> {
    let (_, list) = get(gateway, &gateway.persona(slug), "/v1/notices").await;
    list["notices"].as_array().expect("a list").iter().filter(|task| task["kind"] == kind).cloned().collect()
}

/// What comes later is to be told too, though what came first was.
///
/// Broken on purpose to see it fail: `DO NOTHING` for a task that is there, as it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_later_delivery_is_to_be_told_too() {
    let gateway = TestGateway::start().await;
    let running = gateway.running();
    let mut body = gateway.question("P22");
    body["categories"] = json!(["identity", "incident-reports"]);
    let disclosed = gateway.ask(Slug::VeiligThuis, &body, None).await.expect("an answer");
    let open = notices(&gateway, Slug::VeiligThuis, "subject-notification").await;
    assert_eq!((open.len(), &open[0]["categories"]), (1, &json!(["identity"])));
    let target = format!("/v1/notices/{}/answers", open[0]["id"].as_str().expect("an id"));
    let told = json!({"answer": "done", "by": "vt-1"});
    assert_eq!(post(&gateway, &gateway.persona(Slug::VeiligThuis), &target, &told).await.0, 200);
    assert!(notices(&gateway, Slug::VeiligThuis, "subject-notification").await.is_empty());

    gateway.clock.advance(3600);
    let connector = &running.connectors[&Slug::Police];
    assert_eq!(release_all(running, Slug::Police, connector, &disclosed.id).await, 1);
    let taken = async {
        while !connector.pending_releases().await.expect("read").is_empty() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), taken).await.expect("the gateway takes it");
    let again = notices(&gateway, Slug::VeiligThuis, "subject-notification").await;
    assert_eq!((again.len(), &again[0]["about"]), (1, &json!(disclosed.id)), "{again:?}");
    assert_eq!((&again[0]["state"], &again[0]["categories"]), (&json!("due"), &json!(["identity", "incident-reports"])));
    let instant = |task: &Value| Timestamp::parse(task["due"].as_str().expect("an instant")).expect("an instant");
    assert!(instant(&again[0]) > instant(&open[0]), "the clock runs from what came last");
    gateway.stop().await;
}

/// A team receives as one: each attendee is to tell the subject, and hears of a withdrawal, not only the one that asked. What it must do and by when
/// is the same in the delivery and in its task.
///
/// Broken on purpose to see it fail: `duties` for the caller alone, and `notify_subject_by` by the purpose alone, as they were.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_attendee_is_told_and_is_to_tell() {
    use Slug::{MentalHealth, Probation, VeiligThuis, YouthProtection};
    let gateway = TestGateway::start().await;
    let source = FakeSource::instead_of(&gateway, MentalHealth).await;
    source.does(|call| Act::Answer(call.answer(&[of_care("care-involvement", "signal", json!({"any": "yes"}), 36)])));
    let attendees = [VeiligThuis, Probation];
    let consent = consent(&gateway, 36, &attendees, "team-discussion", "care-involvement").await;
    let case = open_case(&gateway, &attendees).await;
    let body = as_team(question(&gateway, "team-discussion", MentalHealth, "care-involvement"), &case);
    let asked_at = gateway.clock.now();
    let disclosed = gateway.ask(VeiligThuis, &body, None).await.expect("an answer");
    assert_eq!(disclosed.items().count(), 1);
    for (slug, days) in [(VeiligThuis, 28), (Probation, 30)] {
        let tasks = notices(&gateway, slug, "subject-notification").await;
        assert_eq!((tasks.len(), &tasks[0]["about"]), (1, &json!(disclosed.id)), "{slug:?}");
        let due = Timestamp::parse(tasks[0]["due"].as_str().expect("an instant")).expect("an instant");
        assert_eq!(due.since(asked_at).as_secs() / (24 * 3600), days, "{slug:?}");
        if slug == VeiligThuis {
            assert_eq!(disclosed.deliveries[0].payload["obligations"]["notifySubjectBy"], json!(due.date()));
        }
    }
    let target = format!("/v1/consents/{consent}/withdrawals");
    let withdrawal = json!({"at": gateway.clock.now().to_string(), "recordedBy": "pro-1"});
    assert_eq!(post(&gateway, &gateway.persona(MentalHealth), &target, &withdrawal).await.0, 200);
    for (slug, count) in [(VeiligThuis, 1), (Probation, 1), (YouthProtection, 0)] {
        let told = notices(&gateway, slug, "withdrawal-notice").await;
        assert_eq!(told.len(), count, "{slug:?}");
        assert!(told.iter().all(|one| one["disclosures"] == json!([disclosed.id])), "{told:?}");
    }
    drop(source);
    gateway.stop().await;
}
