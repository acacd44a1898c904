//! Overrides.

use super::super::answer::{AccessBody, Outcome};
use super::super::overrides::{OverrideError, OverrideState};
use super::super::professionals::StepError;
use super::super::store::OverrideRow;
use super::*;
use crate::catalogue::Ground;
use crate::crypto::digest;
use crate::organisation::{Kind, Oin};
use crate::source::overrides::{ConsentSought, OverrideContent, OverrideMessage, OverrideStanding, revoke_statement};

fn content(purpose: &str, form: &str) -> OverrideContent {
    serde_json::from_value(json!({
        "subject": {"scheme": "bsn", "value": "999990019"}, "recipients": ["00000099000000003000"], "purpose": purpose,
        "categories": ["incident-reports"], "forms": [form], "ground": "wmo_5_2_6", "harm": "Ernstig letsel.", "harmTo": "A1 en K1",
        "consent": {"sought": "no", "why": "Gevaar voor A1."}, "alternatives": "Gesprek, geen gehoor.", "whyLeast": "Alleen meldingen.",
        "colleague": "pol-3", "expiresAt": "2026-11-25T12:00:00Z",
    }))
    .unwrap()
}

async fn create(fixture: &Fixture, person: &Person, content: &OverrideContent) -> Result<OverrideRow, OverrideError> {
    // The same of one content, as one professional hands it in twice.
    let id = base64::encode_url(
        &digest::sha256(format!("{} {} {}", person.reference, fixture.now(), json!(content)).as_bytes())[..16],
    );
    let signed = person.sign(fixture.now(), |signed| content.create_statement(&id, &signed.professional, signed.signed_at));
    fixture.connector.create_override(&id, content.clone(), &signed).await
}

async fn approve(fixture: &Fixture, person: &Person, row: &OverrideRow) -> Result<OverrideRow, OverrideError> {
    let content = &row.record.content;
    let signed = person.sign(fixture.now(), |signed| content.approve_statement(&row.id, &signed.professional, signed.signed_at));
    fixture.connector.approve_override(&row.id, &signed).await
}

async fn revoke(fixture: &Fixture, person: &Person, id: &str) -> Result<OverrideRow, OverrideError> {
    let signed = person.sign(fixture.now(), |signed| revoke_statement(id, &signed.professional, signed.signed_at));
    fixture.connector.revoke_override(id, &signed).await
}

#[test]
fn grounds_are_spelled_as_in_the_domain() {
    let grounds = [
        (Ground::ConflictOfDuties, "conflict_van_plichten"),
        (Ground::Wmo526, "wmo_5_2_6"),
        (Ground::Wmo411, "wmo_4_1_1"),
        (Ground::Wpg19, "wpg_19"),
        (Ground::Emergency, "noodsituatie"),
    ];
    for (ground, code) in grounds {
        assert_eq!(ground.code(), code);
        assert_eq!(serde_json::to_value(ground).unwrap(), json!(code));
    }
}

#[tokio::test]
async fn another_person_with_another_key_makes_it_active() {
    let fixture = Fixture::new().await;
    let row = create(&fixture, &fixture.agent, &content("treatment", "summary")).await.unwrap();
    assert_eq!((row.state, row.record.review_due), (OverrideState::Pending, None));
    assert!(fixture.connector.pending_overrides().await.unwrap().is_empty(), "one person is not enough");
    assert_eq!(approve(&fixture, &fixture.agent, &row).await.err(), Some(OverrideError::SamePerson));
    let stranger = approve(&fixture, &Person::new("pol-99"), &row).await.err();
    assert_eq!(stranger, Some(OverrideError::Step(StepError::UnknownProfessional)));
    let active = approve(&fixture, &fixture.chief, &row).await.unwrap();
    assert_eq!(active.state, OverrideState::Active);
    let again = approve(&fixture, &fixture.chief, &row).await.err();
    assert_eq!(again, Some(OverrideError::WrongState));
    let messages = fixture.connector.pending_overrides().await.unwrap();
    let [OverrideMessage { id, standing, content, created, approved, review_due, revoked }] = messages.as_slice() else {
        panic!("one")
    };
    assert_eq!((id, *standing, content.subject.value.as_str()), (&row.id, OverrideStanding::Active, "999990019"));
    assert_eq!((created.professional.as_str(), approved.as_ref().unwrap().professional.as_str()), ("pol-17", "pol-1"));
    assert_eq!((review_due, revoked), (&None, &None));
}

#[tokio::test]
async fn the_same_person_under_a_new_reference_is_refused_by_the_key() {
    let fixture = Fixture::new().await;
    let row = create(&fixture, &fixture.agent, &content("treatment", "summary")).await.unwrap();
    // pol-17 gets a new key, and the old key is entered under another reference.
    let old_key = fixture.agent.row().public_key;
    fixture.connector.put_professional(&Person::new("pol-17").row()).await.unwrap();
    let alias = Professional { reference: "pol-4".to_owned(), public_key: old_key, ..fixture.agent.row() };
    fixture.connector.put_professional(&alias).await.unwrap();
    let alias = Person { reference: "pol-4", key: fixture.agent.key };
    let content = &row.record.content;
    let signed = alias.sign(fixture.clock.now(), |signed| content.approve_statement(&row.id, "pol-4", signed.signed_at));
    let refused = fixture.connector.approve_override(&row.id, &signed).await.err();
    assert_eq!(refused, Some(OverrideError::SamePerson));
}

/// Broken on purpose to see it fail: `is_of_the_same` without the registration; without lower case.
#[tokio::test]
async fn the_same_person_with_a_second_key_is_refused_by_the_registration() {
    let fixture = Fixture::new().await;
    let row = create(&fixture, &fixture.agent, &content("treatment", "summary")).await.unwrap();
    for (reference, registration) in [("pol-170", "p NUMMER-pol 17"), ("POL-17", "another")] {
        let again = Person::new(reference);
        let entered = Professional { registration: registration.to_owned(), ..again.row() };
        fixture.connector.put_professional(&entered).await.unwrap();
        assert_eq!(approve(&fixture, &again, &row).await.err(), Some(OverrideError::SamePerson), "{reference} {registration}");
    }
    let gone = Professional { active: false, ..fixture.chief.row() };
    fixture.connector.put_professional(&gone).await.unwrap();
    let refused = approve(&fixture, &fixture.chief, &row).await.err();
    assert_eq!(refused, Some(OverrideError::Step(StepError::UnknownProfessional)), "one whose standing was ended");
    fixture.connector.put_professional(&fixture.chief.row()).await.unwrap();
    assert_eq!(approve(&fixture, &fixture.chief, &row).await.unwrap().state, OverrideState::Active);
    let [message] = fixture.connector.pending_overrides().await.unwrap().try_into().unwrap();
    let registrations = [&message.created, message.approved.as_ref().unwrap()].map(|step| step.registration.clone());
    assert_eq!(registrations, ["P-nummer pol-17", "P-nummer pol-1"], "the gateway hears who they are");
}

#[tokio::test]
async fn acute_safety_needs_one_person_and_a_review() {
    let fixture = Fixture::new().await;
    let row = create(&fixture, &fixture.agent, &content("acute-safety", "exact")).await.unwrap();
    assert_eq!(row.state, OverrideState::Active);
    // 20 November 2026 is a Friday.
    assert_eq!(row.record.review_due, Some(Timestamp::parse("2026-11-24T12:00:00Z").unwrap()));
    assert_eq!(fixture.connector.pending_overrides().await.unwrap().len(), 1);
}

#[tokio::test]
async fn every_field_is_required() {
    let fixture = Fixture::new().await;
    let whole = content("acute-safety", "exact");
    let refuse = async |change: &dyn Fn(&mut OverrideContent)| {
        let mut content = whole.clone();
        change(&mut content);
        create(&fixture, &fixture.agent, &content).await.map(|row| row.state).unwrap_err()
    };
    let empty = || " ".to_owned();
    let own = fixture.connector.oin.clone();
    for (field, change) in [
        ("harm", (&|content: &mut OverrideContent| content.harm = empty()) as &dyn Fn(&mut OverrideContent)),
        ("harmTo", &|content| content.harm_to = empty()),
        ("alternatives", &|content| content.alternatives = empty()),
        ("whyLeast", &|content| content.why_least = empty()),
        ("colleague", &|content| content.colleague = "x".repeat(2_001)),
        ("consent.why", &|content| content.consent = ConsentSought::No { why: empty() }),
        ("consent.result", &|content| content.consent = ConsentSought::Yes { on: "2026-11-01".to_owned(), result: empty() }),
        ("consent.on", &|content| content.consent = ConsentSought::Yes { on: "2026-13-01".to_owned(), result: "nee".to_owned() }),
        ("consent.on", &|content| content.consent = ConsentSought::Yes { on: "2026-11-21".to_owned(), result: "nee".to_owned() }),
        ("categories", &|content| content.categories.clear()),
        ("categories", &|content| content.categories = vec![Category::IncidentReports; 2]),
        ("forms", &|content| content.forms.clear()),
        ("recipients", &|content| content.recipients.clear()),
        ("recipients", &|content| content.recipients = vec![content.recipients[0].clone(); 2]),
        ("recipients", &|content| content.recipients = (10..27).map(oin).collect()),
        ("recipients", &|content| content.recipients.push(own.clone())),
    ] {
        assert_eq!(refuse(change).await, OverrideError::Field(field));
    }
    let late = |text: &str| Timestamp::parse(text).unwrap();
    assert_eq!(refuse(&|content| content.expires_at = late("2026-11-27T12:00:01Z")).await, OverrideError::Expiry);
    assert_eq!(refuse(&|content| content.expires_at = late(NOW)).await, OverrideError::Expiry);
    assert_eq!(refuse(&|content| content.subject.value = "999990044".to_owned()).await, OverrideError::UnknownPerson);
    assert!(matches!(refuse(&|content| content.subject.value = "1".to_owned()).await, OverrideError::Subject(_)));
    let secret = refuse(&|content| content.categories = vec![Category::CitizenNumber]).await;
    assert_eq!(secret.to_string(), "citizen-number never leaves a source: no override opens it");
    let form = refuse(&|content| content.forms = vec![Form::Signal]).await.to_string();
    assert!(form.ends_with("in other forms: exact"), "{form}");
    assert_eq!(refuse(&|content| content.colleague = " POL-17".to_owned()).await, OverrideError::OwnColleague);
    let beyond = refuse(&|content| content.categories = vec![Category::LivingAreas]).await;
    assert_eq!(beyond, OverrideError::BeyondCeiling(Category::LivingAreas));
    assert!(fixture.connector.overrides().await.unwrap().is_empty());
    for field in ["recipients", "harm", "consent", "expiresAt", "ground", "subject"] {
        let mut value = serde_json::to_value(&whole).unwrap();
        value.as_object_mut().unwrap().remove(field);
        assert!(serde_json::from_value::<OverrideContent>(value).is_err(), "{field}");
    }
}

#[tokio::test]
async fn the_signature_covers_every_field() {
    let fixture = Fixture::new().await;
    let mut content = content("acute-safety", "exact");
    let id = base64::encode_url(&[7; 16]);
    let signed =
        fixture.agent.sign(fixture.now(), |signed| content.create_statement(&id, &signed.professional, signed.signed_at));
    content.harm = "Iets anders.".to_owned();
    let refused = fixture.connector.create_override(&id, content, &signed).await.err();
    assert_eq!(refused, Some(OverrideError::Step(StepError::Signature)));
}

#[tokio::test]
async fn the_same_signed_step_is_entered_once() {
    let fixture = Fixture::new().await;
    let content = content("acute-safety", "exact");
    let first = create(&fixture, &fixture.agent, &content).await.unwrap();
    let second = create(&fixture, &fixture.agent, &content).await.unwrap();
    assert_eq!(first.id, second.id);
    assert_eq!(fixture.connector.overrides().await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_gateway_hears_of_it_until_it_acknowledges() {
    let fixture = Fixture::new().await;
    let row = create(&fixture, &fixture.agent, &content("acute-safety", "exact")).await.unwrap();
    let standings = async || {
        let messages = fixture.connector.pending_overrides().await.unwrap();
        messages.iter().map(|message| message.standing).collect::<Vec<_>>()
    };
    assert_eq!(standings().await, [OverrideStanding::Active]);
    assert_eq!(standings().await, [OverrideStanding::Active]);
    fixture.connector.acknowledge_override(&row.id, OverrideStanding::Active).await.unwrap();
    assert!(standings().await.is_empty());
    revoke(&fixture, &fixture.chief, &row.id).await.unwrap();
    assert_eq!(standings().await, [OverrideStanding::Revoked]);
    fixture.connector.acknowledge_override(&row.id, OverrideStanding::Revoked).await.unwrap();
    fixture.connector.acknowledge_override(&row.id, OverrideStanding::Active).await.unwrap();
    assert!(standings().await.is_empty(), "a late acknowledgement changes nothing");
    let unknown = fixture.connector.acknowledge_override("x", OverrideStanding::Active).await;
    assert_eq!(unknown, Err(OverrideError::NotFound));
}

#[tokio::test]
async fn a_revocation_is_told_even_if_the_first_message_may_have_been_lost() {
    let fixture = Fixture::new().await;
    let row = create(&fixture, &fixture.agent, &content("acute-safety", "exact")).await.unwrap();
    revoke(&fixture, &fixture.agent, &row.id).await.unwrap();
    let messages = fixture.connector.pending_overrides().await.unwrap();
    assert_eq!(messages[0].standing, OverrideStanding::Revoked);
    assert_eq!(revoke(&fixture, &fixture.agent, &row.id).await.err(), Some(OverrideError::WrongState));
}

#[tokio::test]
async fn one_that_was_never_in_force_is_withdrawn_in_silence() {
    let fixture = Fixture::new().await;
    let row = create(&fixture, &fixture.agent, &content("treatment", "summary")).await.unwrap();
    assert_eq!(revoke(&fixture, &fixture.agent, &row.id).await.unwrap().state, OverrideState::Withdrawn);
    assert!(fixture.connector.pending_overrides().await.unwrap().is_empty());
    assert_eq!(approve(&fixture, &fixture.chief, &row).await.err(), Some(OverrideError::WrongState));
}

#[tokio::test]
async fn an_expired_override_cannot_be_approved_or_sent() {
    let fixture = Fixture::new().await;
    let waiting = create(&fixture, &fixture.agent, &content("treatment", "summary")).await.unwrap();
    create(&fixture, &fixture.agent, &content("acute-safety", "exact")).await.unwrap();
    fixture.forward(Duration::from_hours(5 * 24));
    assert_eq!(approve(&fixture, &fixture.chief, &waiting).await.err(), Some(OverrideError::WrongState));
    assert!(fixture.connector.pending_overrides().await.unwrap().is_empty());
}

#[tokio::test]
async fn what_the_ceiling_keeps_for_overrides_is_given_only_under_one() {
    let fixture = Fixture::new().await;
    let row = create(&fixture, &fixture.agent, &content("acute-safety", "exact")).await.unwrap();
    let ask = async |change: &dyn Fn(&mut RecordsRequest)| {
        let mut request = request(&[("incident-reports", "exact", &["kind"])]);
        request.purpose = "acute-safety".to_owned().try_into().unwrap();
        request.deadline = fixture.now();
        request.overrides = vec![row.id.clone()];
        change(&mut request);
        let items = fixture.ask(&request).await.items.len();
        let log = fixture.connector.state().access_log::<AccessBody>(1).await.unwrap();
        (items, log[0].body.outcomes[0].outcome)
    };
    assert_eq!(ask(&|_| {}).await, (3, Outcome::Given));
    assert_eq!(ask(&|request| request.overrides.clear()).await, (0, Outcome::NoOverride));
    let not_in_force = (0, Outcome::OverrideNotInForce);
    assert_eq!(ask(&|request| request.overrides.push("unknown".to_owned())).await, not_in_force);
    assert_eq!(ask(&|request| request.subject.value = "999990020".to_owned()).await, not_in_force);
    assert_eq!(ask(&|request| request.recipient = "00000099000000004000".parse().unwrap()).await, not_in_force);
    assert_eq!(ask(&|request| request.purpose = "safety-assessment".to_owned().try_into().unwrap()).await, not_in_force);
    assert_eq!(ask(&|request| request.wanted[0].form = Form::Reduced).await, (0, Outcome::BeyondCeiling));
    revoke(&fixture, &fixture.agent, &row.id).await.unwrap();
    assert_eq!(ask(&|_| {}).await, not_in_force);
}

/// Broken on purpose to see it fail: `names_all` that asks for the one who asks alone.
#[tokio::test]
async fn for_a_team_every_attendee_but_this_source_is_named() {
    let fixture = Fixture::new().await;
    let (one, two, own) = (oin(3), oin(4), fixture.connector.oin.clone());
    let mut content = content("team-discussion", "reduced");
    content.recipients = vec![one.clone(), two.clone()];
    let row = create(&fixture, &fixture.agent, &content).await.unwrap();
    let row = approve(&fixture, &fixture.chief, &row).await.unwrap();
    let ask = async |recipient: &Oin, attendees: &[&Oin]| {
        let mut request = request(&[("incident-reports", "reduced", &["kind"])]);
        request.purpose = "team-discussion".to_owned().try_into().unwrap();
        request.recipient = recipient.clone();
        request.recipient_kind = if attendees.is_empty() { Kind::Probation } else { Kind::ExpertiseTeam };
        request.attendees = attendees.iter().map(|oin| (*oin).clone()).collect();
        request.overrides = vec![row.id.clone()];
        fixture.ask(&request).await;
        let log = fixture.connector.state().access_log::<AccessBody>(1).await.unwrap();
        log[0].body.outcomes[0].outcome
    };
    assert_eq!(ask(&one, &[&one, &two]).await, Outcome::Given);
    assert_eq!(ask(&two, &[&one, &two, &own]).await, Outcome::Given, "this source attends");
    assert_eq!(ask(&one, &[&one, &two, &oin(9)]).await, Outcome::OverrideNotInForce, "one of them is not named");
    assert_eq!(ask(&oin(9), &[&oin(9)]).await, Outcome::OverrideNotInForce);
    assert_eq!(ask(&own, &[&own]).await, Outcome::OverrideNotInForce, "nobody but this source");
    assert_eq!(ask(&one, &[]).await, Outcome::BeyondCeiling, "to one for itself the ceiling gives nothing for this purpose");
}

fn oin(number: u8) -> Oin {
    format!("000000990000000{number:02}000").parse().unwrap()
}

#[tokio::test]
async fn a_secret_address_is_shown_under_an_acute_override_only() {
    let fixture = Fixture::new().await;
    fixture.source("UPDATE person SET secret_address = 1 WHERE id = 1").await;
    let items = fixture.items("incident-reports", "exact", &["kind", "place"]).await;
    assert!(items[0].data["incidents"][0].get("place").is_none());
    let row = create(&fixture, &fixture.agent, &content("acute-safety", "exact")).await.unwrap();
    let mut request = request(&[("incident-reports", "exact", &["kind", "place"])]);
    request.purpose = "acute-safety".to_owned().try_into().unwrap();
    request.overrides = vec![row.id];
    let items = fixture.ask(&request).await.items;
    assert_eq!(items[0].data["incidents"][0]["place"], "Middelburg");
    assert_eq!(items[0].facts.secret_address, Some(true), "the gateway is told, and decides again");
}
