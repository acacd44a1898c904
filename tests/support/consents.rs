//! Consents as a source brings them in tests.

use serde_json::{Value, json};
use sluis::actions::Desk;
use sluis::actions::consents::Ending;
use sluis::actions::once::Once;
use sluis::clock::Clock;
use sluis::consent::{ConsentRecord, ConsentState};
use sluis::demo::organisations::Slug;
use sluis::demo::running::Running;
use sluis::ledger::entry::{Clear, EntryKind, Outcome};
use sluis::organisation::Oin;
use sluis::secret::Personal;
use sluis::store::{Append, Change};
use sluis::subject::SubjectId;

use super::{Persona, TestGateway, log, random_text};

const DAY: std::time::Duration = std::time::Duration::from_hours(24);

/// What mental-health care brings when P29 (36 years old) agrees that Veilig Thuis gets the level of her substance use: valid, to alter at will.
pub fn given(gateway: &TestGateway) -> Value {
    let now = gateway.clock.now();
    let (_, person) = gateway.running().world.person("P29").expect("a person");
    let care = Slug::MentalHealth.organisation().oin;
    json!({
        "event": "given",
        "subject": {"scheme": "bsn", "value": person.bsn.as_ref().expect("a citizen number").expose()},
        "subjectAge": 36,
        "sources": [care],
        "recipients": [Slug::VeiligThuis.organisation().oin],
        "purposes": ["safety-assessment"],
        "categories": ["substance-use"],
        "maxForm": "reduced",
        "at": now.to_string(),
        "notAfter": now.plus(DAY * 90).to_string(),
        "notice": {"id": "toestemming", "version": "2", "language": "nl", "sha256": "ab".repeat(32)},
        "grantors": [{"role": "self", "method": "in person", "at": now.to_string()}],
        "askedInPrivate": true,
        "evidence": {"kind": "signed_form", "sha256": "cd".repeat(32), "holder": care},
        "recordedBy": "pro-1",
    })
}

/// Withdraws the consent that is in force about a person of the demo, as mental-health care does.
pub async fn withdraw(running: &Running, person: &str) {
    let (_, person) = running.world.person(person).expect("a person");
    let subject = Personal::new(SubjectId::Bsn(person.bsn.clone().expect("a citizen number")));
    let desk = &running.desk;
    let facts = desk.store.person_facts(desk.subject_index(&subject)).await.expect("facts");
    let given = facts.consents.iter().find(|consent| consent.state == ConsentState::Given).expect("a consent in force");
    let ending = Ending { at: desk.clock.now(), recorded_by: "pro-1".to_owned(), reason: Some("withdrawn".to_owned()) };
    let done = desk.end_consent(&given.recorder, &given.id, ConsentState::Withdrawn, ending, Once::default()).await;
    done.expect("withdrawn");
}

/// Puts a record into the register as it stands, which no source can do: to see what would become of one that is not as it must be.
pub async fn keep(desk: &Desk, recorder: &Oin, subject: &Personal<SubjectId>, mut record: ConsentRecord) {
    (record.version, record.recorder) = (1, recorder.clone());
    let done = |clear: &mut Clear| clear.outcome = Outcome::Done;
    let entry = log::row(desk, (recorder, desk.clock.now()), EntryKind::ConsentEvent, done, |_| {});
    let changes = vec![Change::Consent(desk.subject_index(subject), Box::new(record))];
    desk.sequencer.append(Append { entries: vec![entry], changes, ..Append::default() }).await.expect("recorded");
}

/// A signed `POST` that is answered: its status and its JSON.
pub async fn post(gateway: &TestGateway, persona: &Persona, target: &str, body: &Value) -> (u16, Value) {
    post_once(gateway, persona, target, body, &random_text()).await
}

/// The same under an Idempotency-Key.
pub async fn post_once(gateway: &TestGateway, persona: &Persona, target: &str, body: &Value, key: &str) -> (u16, Value) {
    let mut draft = gateway.draft(persona, body.to_string().as_bytes()).field("idempotency-key", key);
    target.clone_into(&mut draft.request.target);
    exchange(gateway, persona, &draft.sign(&persona.key)).await
}

/// A signed `GET`.
pub async fn get(gateway: &TestGateway, persona: &Persona, target: &str) -> (u16, Value) {
    exchange(gateway, persona, &gateway.draft_get(persona, target).sign(&persona.key)).await
}

async fn exchange(gateway: &TestGateway, persona: &Persona, request: &super::raw::RawRequest) -> (u16, Value) {
    let response = gateway.wire().exchange(&persona.tls, request).await.expect("a signed response");
    (response.status, response.json())
}

/// Where the faults of a problem are.
pub fn pointers(problem: &Value) -> Vec<String> {
    let faults = problem["errors"].as_array().map(Vec::as_slice).unwrap_or_default();
    let pointer = |fault: &Value| fault["pointer"].as_str().expect("a pointer").trim_start_matches('#').to_owned();
    faults.iter().map(pointer).collect()
}
