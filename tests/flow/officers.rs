//! Whose enrolment has ended, or has not begun, is no privacy officer for any act.

use std::time::Duration;

use serde_json::{Value, json};
use sluis::clock::{Clock, Timestamp};
use sluis::demo::organisations::Slug;
use sluis::ledger::entry::EntryKind;
use sluis::organisation::keys::Validity;
use sluis::organisation::people::Role;

use crate::support::TestGateway;
use crate::support::cases::Cases;
use crate::support::consents::{pointers, post};
use crate::support::derogation::Person;
use crate::support::officers::signed;

const PARTY: Slug = Slug::Police;

/// Enrols her for this time.
async fn enrolled(gateway: &TestGateway, who: &Person, registration: &str, from: Timestamp, until: Timestamp) {
    let desk = gateway.running().desk.operated_by("test".parse().expect("an operator"));
    let oin = gateway.persona(PARTY).oin;
    let key = desk.personal_key(&oin, who.jwk().as_bytes(), registration, Validity { from, until, revoked: false });
    desk.enrol(&oin, Role::PrivacyOfficer, key.expect("a key")).await.expect("enrolled");
}

/// Each act, with a request that an officer could sign.
fn acts(subject: &Value) -> Vec<(&'static str, Value)> {
    let about = json!({"subject": subject});
    vec![
        ("queries", json!({"filter": about})),
        ("openings", json!({"indexes": [1]})),
        ("overviews", json!({"view": "subject", "filter": about})),
        ("subject-reports", json!({"filter": about})),
        ("exports", json!({"format": "csv", "filter": about})),
        ("embargoes", json!({"place": {"subject": subject, "ground": "investigation", "until": "2099-01-01T00:00:00Z"}})),
        ("holds", json!({"subject": subject, "ground": "before the court"})),
        ("lifts", json!({"hold": "01900000-0000-7000-8000-000000000000", "ground": "decided"})),
        ("standing-holds", json!({})),
        ("erasures", json!({"entry": 1, "ground": "recorded about the wrong person"})),
    ]
}

/// Broken on purpose to see it fail: `Desk::enrolled` without its look at the validity.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_enrolment_that_ended_or_has_not_begun_permits_no_act() {
    let gateway = TestGateway::start().await;
    let (police, now) = (gateway.persona(PARTY), gateway.clock.now());
    let [former, coming] = [("fg-7", "r-7"), ("fg-8", "r-8")]
        .map(|(reference, registration)| Person::new(reference, registration).one_of(&gateway, PARTY));
    let (soon, later) = (now.plus(Duration::from_mins(1)), now.plus(Duration::from_hours(24)));
    enrolled(&gateway, &former, "r-7", now, soon).await;
    enrolled(&gateway, &coming, "r-8", later, later.plus(Duration::from_hours(24))).await;
    let subject = gateway.question("P22")["subject"].clone();
    let body = signed(&gateway, &former, "queries", &json!({"filter": {"subject": subject}}));
    let (status, answer) = post(&gateway, &police, "/v1/log/queries", &body).await;
    assert_eq!(status, 200, "while it lasts: {answer}");

    gateway.clock.advance(60);
    let from = gateway.log_size().await;
    let mut cases = Cases::default();
    for (action, request) in acts(&subject) {
        for who in [&former, &coming] {
            let body = signed(&gateway, who, action, &request);
            let (status, problem) = post(&gateway, &police, &format!("/v1/log/{action}"), &body).await;
            let refused = status == 400 && pointers(&problem) == ["/by"];
            cases.hold(format!("{action} by {}: {status} {problem}", who.reference), refused);
        }
    }
    let written = gateway.entries_since(from).await;
    let refusals = written.iter().filter(|(kind, _)| *kind == EntryKind::Refusal).count();
    cases.hold(format!("each refusal is an entry, and nothing else is: {written:?}"), refusals == 20 && written.len() == 20);
    gateway.stop().await;
    cases.finish(21);
}
