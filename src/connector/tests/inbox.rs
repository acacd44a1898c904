//! The release inbox.

use super::super::findings::FindingKind;
use super::super::inbox::{Edit, InboxError, InboxState, PendingRelease, apply_edits, refuse_statement, release_statement};
use super::super::professionals::StepError;
use super::*;

const FIELDS: &[&str] = &["month", "kind", "summary"];

async fn entered(fixture: &Fixture) -> String {
    assert!(fixture.items("incident-reports", "summary", FIELDS).await.is_empty(), "a summary never leaves by itself");
    fixture.connector.inbox().await.unwrap()[0].id.clone()
}

fn edit(part: usize, field: &str, text: &str) -> Edit {
    Edit { part, field: field.to_owned(), text: text.to_owned() }
}

/// Releases as `person` would: reads, edits, signs.
async fn release(fixture: &Fixture, person: &Person, id: &str, edits: &[Edit]) -> Result<(), InboxError> {
    let shown = fixture.connector.show(id).await.unwrap();
    let parts = shown.content.map(|content| apply_edits(content.parts, edits)).transpose()?.unwrap_or_default();
    let data: Vec<&Value> = parts.iter().map(|part| &part.data).collect();
    let signed = person.sign(fixture.now(), |signed| release_statement(&shown.row, &data, signed));
    fixture.connector.release(id, edits, &signed).await
}

async fn refuse(fixture: &Fixture, person: &Person, id: &str, reason: &str) -> Result<(), InboxError> {
    let row = fixture.connector.show(id).await.unwrap().row;
    let signed = person.sign(fixture.now(), |signed| refuse_statement(&row, reason, signed));
    fixture.connector.refuse(id, reason, &signed).await
}

#[tokio::test]
async fn a_summary_becomes_one_pending_entry() {
    let fixture = Fixture::new().await;
    let id = entered(&fixture).await;
    entered(&fixture).await;
    let rows = fixture.connector.inbox().await.unwrap();
    assert_eq!(rows.len(), 1, "the same decision and category is entered once");
    assert_eq!((rows[0].state, rows[0].category), (InboxState::Pending, Category::IncidentReports));
    assert_eq!((rows[0].purpose.as_str(), rows[0].recipient.as_str()), ("safety-assessment", "00000099000000003000"));
    assert_eq!(rows[0].release_until, Timestamp::parse("2026-11-23T12:00:00Z").unwrap());
    let content = fixture.connector.show(&id).await.unwrap().content.unwrap();
    assert_eq!((content.actor.as_str(), content.subject.value.as_str()), ("vt-4711", "999990019"));
    assert_eq!(content.parts.len(), 3);
    assert_eq!(
        content.parts[0].data["incidents"][1],
        json!({"month": "2026-05", "kind": "assault", "summary": "Sloeg A1; K1 zag het."})
    );
    assert!(fixture.connector.pending_releases().await.unwrap().is_empty());
}

#[tokio::test]
async fn nothing_to_summarise_enters_nothing() {
    let fixture = Fixture::new().await;
    fixture.source("DELETE FROM involved").await;
    fixture.items("incident-reports", "summary", FIELDS).await;
    assert!(fixture.connector.inbox().await.unwrap().is_empty());
}

#[tokio::test]
async fn a_release_goes_out_until_it_is_acknowledged() {
    let fixture = Fixture::new().await;
    let id = entered(&fixture).await;
    let edits = [edit(1, "/incidents/0/summary", "Uitgesproken bedreiging."), edit(2, "/incidents/0/summary", "")];
    release(&fixture, &fixture.chief, &id, &edits).await.unwrap();
    let pending = fixture.connector.pending_releases().await.unwrap();
    let [PendingRelease { entry, answer }] = pending.as_slice() else { panic!("one release") };
    assert_eq!((entry, answer.decision.as_str()), (&id, "01937c00-0000-7000-8000-000000000001"));
    assert_eq!(answer.subject.value, "999990019");
    assert_eq!(answer.items.len(), 3);
    assert!(answer.items.iter().all(|item| item.form == Form::Summary && item.facts.professional.as_deref() == Some("pol-1")));
    assert_eq!(answer.items[1].data["incidents"][0]["summary"], "Uitgesproken bedreiging.");
    assert!(answer.items[2].data["incidents"][0].get("summary").is_none());
    assert_eq!(answer.items[0].persons.len(), 2, "A1 and K1 stand in the text");
    let again = fixture.connector.pending_releases().await.unwrap();
    assert_eq!(again[0].answer.items[0].id, answer.items[0].id, "a retry sends the same items");
    // The receipt of the released items is accepted under the call that asked for them.
    let receipt = crate::source::ContributionReceipt {
        disclosure: answer.decision.clone(),
        items: answer.items.iter().map(|item| item.id.clone()).collect(),
        receipt: "proof".to_owned(),
    };
    let items: Vec<&SourceItem> = answer.items.iter().collect();
    let payload = crate::source::digest::items_digest(&items);
    fixture.connector.acknowledge_release(&id).await.unwrap();
    fixture.connector.acknowledge_release(&id).await.unwrap();
    assert!(fixture.connector.pending_releases().await.unwrap().is_empty());
    let verify = |statement: &super::super::receipts::ContributionStatement, _: &str| {
        if statement.payload == payload && statement.request == CALL {
            Ok(())
        } else {
            Err(super::super::receipts::Unproven::Untrue(String::new()))
        }
    };
    fixture.connector.accept_receipts(&[receipt], &verify).await.unwrap();
    let verdict = fixture.connector.state().verdict(&id).await.unwrap().unwrap();
    assert_eq!(verdict.step.professional, "pol-1");
    let left = "SELECT count(*) FROM inbox WHERE content IS NOT NULL OR items IS NOT NULL";
    assert_eq!(testing::number(&fixture.dir.path().join("state.db"), left).await, 0, "the text is wiped");
}

#[tokio::test]
async fn names_and_citizen_numbers_block_a_release() {
    let fixture = Fixture::new().await;
    let id = entered(&fixture).await;
    for (text, kind, from, until) in [
        ("Sloeg Fatima.", FindingKind::HouseholdName, 6, 12),
        ("zoes jas kapot", FindingKind::HouseholdName, 0, 4),
        ("Karim deed het", FindingKind::HouseholdName, 0, 5),
        ("zij is van 1 januari '92", FindingKind::BirthDate, 11, 24),
        ("hij is van 5-5-1990", FindingKind::BirthDate, 11, 19),
        ("ze zit in Middelburg op nr. 7", FindingKind::Contact, 10, 29),
        ("bel 0118 123 456", FindingKind::Contact, 5, 16),
        ("nu 4461AB", FindingKind::Contact, 3, 9),
        ("zie 9999 90 019", FindingKind::CitizenNumber, 4, 15),
    ] {
        let blocked = release(&fixture, &fixture.agent, &id, &[edit(1, "/incidents/0/summary", text)]).await.unwrap_err();
        let InboxError::Blocked(findings) = &blocked else { panic!("{text}: {blocked}") };
        let found = &findings[0];
        assert_eq!((found.part, found.field.as_str()), (1, "/incidents/0/summary"), "{text}");
        assert_eq!((found.kind, found.from, found.until), (kind, from, until), "{text}");
        let told = format!("{blocked} {blocked:?}");
        assert!(!told.contains("Fatima") && !told.contains("9999"), "{told}");
    }
    assert_eq!(fixture.connector.show(&id).await.unwrap().row.state, InboxState::Pending);
    release(&fixture, &fixture.agent, &id, &[]).await.unwrap();
}

#[tokio::test]
async fn names_in_the_draft_block_too() {
    let fixture = Fixture::new().await;
    fixture.source("UPDATE incident SET summary = 'F. El Amrani belde.' WHERE id = 1").await;
    let id = entered(&fixture).await;
    assert!(matches!(release(&fixture, &fixture.agent, &id, &[]).await, Err(InboxError::Blocked(_))));
    let edits = [edit(0, "/incidents/0/summary", "A1 belde.")];
    release(&fixture, &fixture.agent, &id, &edits).await.unwrap();
}

#[tokio::test]
async fn only_drafts_are_edited_and_something_must_be_written() {
    let fixture = Fixture::new().await;
    let id = entered(&fixture).await;
    for (part, field) in [
        (0, "/incidents/0/kind"),
        (0, "/incidents/9/summary"),
        (7, "/incidents/0/summary"),
        (0, "summary"),
        (0, "/incidents/summary"),
    ] {
        let refused = release(&fixture, &fixture.agent, &id, &[edit(part, field, "x")]).await;
        assert_eq!(refused, Err(InboxError::Edit(0)), "{part} {field}");
    }
    let field = "/incidents/0/summary".to_owned();
    let refused = release(&fixture, &fixture.agent, &id, &[edit(0, &field, &"é".repeat(2_001))]).await.unwrap_err();
    assert_eq!(refused, InboxError::TooLong { part: 0, field: field.clone(), has: 2_001 });
    let told = "the text at 0:/incidents/0/summary has 2001 characters and may have 2000: shorten it";
    assert_eq!(refused.to_string(), told, "it says where, how many and how many there may be");
    let refused = release(&fixture, &fixture.agent, &id, &[edit(0, &field, "a\u{7}b")]).await;
    assert_eq!(refused, Err(InboxError::Control { part: 0, field }));
    let none = [edit(0, "/incidents/0/summary", " "), edit(0, "/incidents/1/summary", ""), edit(2, "/incidents/0/summary", "")];
    assert_eq!(release(&fixture, &fixture.agent, &id, &none).await, Err(InboxError::NothingWritten));
}

/// What the catalogue allows is released, to the last character; a draft of the source's own that is longer must be shortened first, because
/// the gateway would drop it.
#[tokio::test]
async fn a_text_may_be_as_long_as_the_catalogue_says() {
    let fixture = Fixture::new().await;
    fixture.source(&format!("UPDATE incident SET summary = '{}' WHERE id = 1", "b".repeat(2_500))).await;
    let id = entered(&fixture).await;
    let refused = release(&fixture, &fixture.agent, &id, &[]).await;
    assert_eq!(refused, Err(InboxError::TooLong { part: 0, field: "/incidents/0/summary".to_owned(), has: 2_500 }));
    let longest = "é".repeat(crate::catalogue::shape::MAX_TEXT);
    release(&fixture, &fixture.agent, &id, &[edit(0, "/incidents/0/summary", &longest)]).await.unwrap();
    let released = fixture.connector.pending_releases().await.unwrap();
    let item = &released[0].answer.items[0];
    let schema = crate::catalogue::schema(item.category, item.form).expect("a schema");
    assert!(schema.to_string().contains("\"maxLength\":2000"), "the limit is the schema's: {schema}");
    assert_eq!(item.data["incidents"][0]["summary"], longest.as_str());
}

/// Each text may be as long as it is, but together they are more than the gateway takes: it would end the connection, and nobody would learn why.
#[tokio::test]
async fn a_release_is_no_larger_than_the_gateway_takes() {
    let fixture = Fixture::new().await;
    let text = "\u{1f50d}".repeat(crate::catalogue::shape::MAX_TEXT);
    for id in 11..=20 {
        let incident = format!("({id}, '2026-07-{id}', 'threat', NULL, '[]', 0, '8', 0, '2026-07-{id}', 'fact', '{text}')");
        fixture.source(&format!("INSERT INTO incident VALUES {incident}; INSERT INTO involved VALUES ({id}, 1)")).await;
    }
    let id = entered(&fixture).await;
    let refused = release(&fixture, &fixture.agent, &id, &[]).await.unwrap_err();
    let InboxError::TooLarge { has } = refused else { panic!("{refused}") };
    assert!(has > 80_000 && refused.to_string().contains(&format!("{has} bytes as it is sent and may be 61440")), "{refused}");
    let shown = fixture.connector.show(&id).await.unwrap();
    assert_eq!(shown.row.state, InboxState::Pending, "it can still be shortened");
    let mut edits = Vec::new();
    for (number, part) in shown.content.unwrap().parts.iter().enumerate() {
        for (place, incident) in part.data["incidents"].as_array().unwrap().iter().enumerate() {
            if incident["summary"] == text.as_str() && edits.len() < 3 {
                edits.push(edit(number, &format!("/incidents/{place}/summary"), ""));
            }
        }
    }
    release(&fixture, &fixture.agent, &id, &edits).await.unwrap();
    let sent = serde_json::to_vec(&fixture.connector.pending_releases().await.unwrap()[0].answer).unwrap().len();
    assert!(sent > 50_000 && sent <= super::super::inbox::MAX_RELEASE, "{sent}");
}

#[tokio::test]
async fn only_an_active_professional_with_a_fresh_signature_decides() {
    let fixture = Fixture::new().await;
    let id = entered(&fixture).await;
    let step = |error: StepError| Err(InboxError::Step(error));
    let stranger = Person::new("pol-99");
    assert_eq!(release(&fixture, &stranger, &id, &[]).await, step(StepError::UnknownProfessional));
    let impostor = Person::new("pol-17");
    assert_eq!(release(&fixture, &impostor, &id, &[]).await, step(StepError::Signature));
    fixture.connector.put_professional(&Professional { active: false, ..fixture.chief.row() }).await.unwrap();
    assert_eq!(release(&fixture, &fixture.chief, &id, &[]).await, step(StepError::UnknownProfessional));
    let shown = fixture.connector.show(&id).await.unwrap();
    let parts = shown.content.unwrap().parts;
    let data: Vec<&Value> = parts.iter().map(|part| &part.data).collect();
    let early = fixture.now().minus(Duration::from_mins(16));
    let old = fixture.agent.sign(early, |signed| release_statement(&shown.row, &data, signed));
    assert_eq!(fixture.connector.release(&id, &[], &old).await, step(StepError::NotFresh));
    let ahead =
        fixture.agent.sign(fixture.now().plus(Duration::from_mins(2)), |signed| release_statement(&shown.row, &data, signed));
    assert_eq!(fixture.connector.release(&id, &[], &ahead).await, step(StepError::NotFresh));
    // Signed for another text than the one that would go out.
    let other = fixture.agent.sign(fixture.now(), |signed| release_statement(&shown.row, &data, signed));
    let edits = [edit(0, "/incidents/0/summary", "Anders.")];
    assert_eq!(fixture.connector.release(&id, &edits, &other).await, step(StepError::Signature));
    // A refusal is no release.
    let refusal = fixture.agent.sign(fixture.now(), |signed| refuse_statement(&shown.row, "nee", signed));
    assert_eq!(fixture.connector.release(&id, &[], &refusal).await, step(StepError::Signature));
}

#[tokio::test]
async fn what_is_decided_stays_decided() {
    let fixture = Fixture::new().await;
    let id = entered(&fixture).await;
    assert_eq!(refuse(&fixture, &fixture.agent, &id, "  ").await, Err(InboxError::Reason));
    refuse(&fixture, &fixture.agent, &id, "Schaadt het onderzoek.").await.unwrap();
    let refused = || Err(InboxError::WrongState(InboxState::Refused));
    assert_eq!(release(&fixture, &fixture.agent, &id, &[]).await, refused());
    assert_eq!(refuse(&fixture, &fixture.chief, &id, "nogmaals").await, refused());
    assert_eq!(fixture.connector.acknowledge_release(&id).await, refused());
    assert_eq!(fixture.connector.acknowledge_release("x").await, Err(InboxError::NotFound));
    let shown = fixture.connector.show(&id).await.unwrap();
    assert!(shown.content.is_none(), "the draft is wiped");
    let verdict = fixture.connector.state().verdict(&id).await.unwrap().unwrap();
    assert_eq!(verdict.reason.as_deref(), Some("Schaadt het onderzoek."));
    assert!(fixture.connector.pending_releases().await.unwrap().is_empty());
    entered(&fixture).await;
    assert_eq!(fixture.connector.inbox().await.unwrap().len(), 1, "asking again does not reopen it");
}

#[tokio::test]
async fn time_ends_an_entry() {
    let fixture = Fixture::new().await;
    let id = entered(&fixture).await;
    fixture.forward(Duration::from_hours(72));
    let shown = fixture.connector.show(&id).await.unwrap();
    assert_eq!((shown.row.state, shown.content.is_none()), (InboxState::Expired, true));
    assert_eq!(refuse(&fixture, &fixture.agent, &id, "te laat").await, Err(InboxError::WrongState(InboxState::Expired)));
}

#[tokio::test]
async fn a_release_that_comes_too_late_is_not_sent() {
    let fixture = Fixture::new().await;
    let id = entered(&fixture).await;
    release(&fixture, &fixture.agent, &id, &[]).await.unwrap();
    fixture.forward(Duration::from_hours(72));
    assert!(fixture.connector.pending_releases().await.unwrap().is_empty());
    let left = "SELECT count(*) FROM inbox WHERE items IS NOT NULL";
    assert_eq!(testing::number(&fixture.dir.path().join("state.db"), left).await, 0);
}

#[tokio::test]
async fn an_address_that_became_secret_stops_the_draft() {
    let fixture = Fixture::new().await;
    let id = entered(&fixture).await;
    fixture.source("UPDATE person SET secret_address = 1 WHERE id = 2").await;
    assert_eq!(release(&fixture, &fixture.agent, &id, &[]).await, Err(InboxError::Changed));
}

#[tokio::test]
async fn two_professionals_never_share_a_key() {
    let fixture = Fixture::new().await;
    let shared = Professional { reference: "pol-2".to_owned(), ..fixture.agent.row() };
    let refused = fixture.connector.put_professional(&shared).await;
    assert_eq!(refused, Err(super::super::professionals::ProfessionalError::KeyTaken));
}

#[tokio::test]
async fn a_summary_of_a_whole_list_joins_the_drafts_of_its_rows() {
    let mapping = r#"
[[category]]
category = "diagnosis"
list = "diagnoses"
query = """SELECT kind AS "code", recorded_at AS "meta:recordedAt", summary AS "draft:summary" FROM incident
    WHERE wpg_article = '8' AND ?1 = 1 ORDER BY id"""
"#;
    let fixture = Fixture::with(&format!("{}{mapping}", include_str!("mapping.toml")), "").await;
    fixture.source("UPDATE incident SET summary = NULL WHERE id = 1").await;
    fixture.items("diagnosis", "summary", &["summary"]).await;
    let id = fixture.connector.inbox().await.unwrap()[0].id.clone();
    let content = fixture.connector.show(&id).await.unwrap().content.unwrap();
    assert_eq!(content.parts[0].data, json!({"summary": "Sloeg A1; K1 zag het.\nMogelijk."}));
    release(&fixture, &fixture.agent, &id, &[edit(0, "/summary", "Letsel bij A1.")]).await.unwrap();
    assert_eq!(fixture.connector.pending_releases().await.unwrap()[0].answer.items[0].data, json!({"summary": "Letsel bij A1."}));
}
