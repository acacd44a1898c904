use super::*;
use crate::flow::consents::level;
use crate::support::consents::{given, post};

/// What mental-health care brings about `person`: `event` of consent that these get the level of her substance use for the team's discussion.
async fn record(gateway: &TestGateway, person: &str, event: &str, recipients: &[Slug]) -> String {
    let mut body = given(gateway);
    body["event"] = json!(event);
    body["subject"] = gateway.question(person)["subject"].clone();
    body["recipients"] = json!(oins(recipients));
    body["purposes"] = json!(["team-discussion"]);
    if event == "requested" {
        body["grantors"] = json!([]);
    }
    let (status, view) = post(gateway, &gateway.persona(Slug::MentalHealth), "/v1/consents", &body).await;
    assert_eq!(status, 200, "{view}");
    view["id"].as_str().expect("an id").to_owned()
}

async fn withdraw(gateway: &TestGateway, id: &str) {
    let ending = json!({"at": gateway.clock.now().to_string(), "recordedBy": "pro-1"});
    let care = gateway.persona(Slug::MentalHealth);
    assert_eq!(post(gateway, &care, &format!("/v1/consents/{id}/withdrawals"), &ending).await.0, 200);
}

fn discussion(gateway: &TestGateway, case: &CaseId, person: &str) -> Value {
    let mut body = as_team(gateway, case, &["substance-use"]);
    body["subject"] = gateway.question(person)["subject"].clone();
    body["sources"] = json!([Slug::MentalHealth.organisation().oin]);
    body
}

/// A team receives as one: who says no to one of its attendees says no to all, whichever of them asks. What is said about others is nothing to them.
///
/// Broken on purpose to see it fail: `bearing_on` with the records that name the caller only, as it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_no_to_one_attendee_holds_whoever_asks() {
    let gateway = TestGateway::start().await;
    let source = FakeSource::instead_of(&gateway, Slug::MentalHealth).await;
    let attendees = [Slug::VeiligThuis, Slug::Municipality];
    let case = open(&gateway, &attendees).await;
    let client = gateway.running().client(Slug::VeiligThuis).expect("a client");
    let ask = async |body: &Value| gateway.ask(Slug::VeiligThuis, body, None).await.expect("an answer");

    // A refusal.
    source.does(|call| Act::Answer(call.answer(&[level(36)])));
    record(&gateway, "P22", "given", &attendees).await;
    let body = discussion(&gateway, &case, "P22");
    let first = ask(&body).await;
    assert_eq!(first.items().count(), 1, "both may have it");
    record(&gateway, "P22", "refused", &[Slug::Municipality]).await;
    assert_eq!(ask(&body).await.items().count(), 0, "one of them may not");
    let again = client.pick_up(&first.id, body.to_string().as_bytes()).await.expect("made anew");
    assert_eq!((again.deliveries.len(), again.items().count()), (1, 0), "nor what was kept for the team");

    // A withdrawal under way; before it, somebody else's: nothing to the team.
    record(&gateway, "P29", "given", &attendees).await;
    let requested = record(&gateway, "P29", "requested", &[Slug::Municipality]).await;
    let body = discussion(&gateway, &case, "P29");
    source.holds(|call| call.answer(&[level(36)]));
    for (withdrawn, items, calls) in [(false, 1, 1), (true, 0, 1)] {
        let before = source.calls().len();
        let meanwhile = async {
            source.asked(before + 1).await;
            if withdrawn {
                withdraw(&gateway, &requested).await;
            } else {
                record(&gateway, "P29", "refused", &[Slug::Probation]).await;
            }
            source.lets_go();
        };
        let (answer, ()) = tokio::join!(ask(&body), meanwhile);
        let seen = (answer.items().count(), source.calls().len() - before);
        assert_eq!(seen, (items, calls), "withdrawn: {withdrawn}");
    }
    drop(source);
    gateway.stop().await;
}
