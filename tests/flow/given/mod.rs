//! What is given, on what it rests, and who is told of it: by the item's own decision, not by what was expected of it.

mod absence;
mod attendees;
mod basis;
mod explained;
mod restraining;
mod telling;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sluis::actions::Desk;
use sluis::case_room::{CaseId, Step, Track};
use sluis::catalogue::{Category, Form};
use sluis::clock::{Clock, Timestamp};
use sluis::crypto::base64;
use sluis::demo::organisations::Slug;
use sluis::entropy::SystemEntropy;
use sluis::organisation::Oin;
use sluis::source::SubjectWire;
use sluis::source::overrides::{ConsentSought, OverrideContent, OverrideGround, OverrideMessage, OverrideStanding, SignedStep};

use crate::support::consents::{given, post};
use crate::support::fake_source::{item, new_key};
use crate::support::{TestGateway, random_text};

fn oin(slug: Slug) -> Oin {
    slug.organisation().parsed_oin().expect("an OIN")
}

fn desk(gateway: &TestGateway) -> &Desk {
    &gateway.running().desk
}

/// A case by name with these attendees, of whose family it is recorded that it knows.
async fn open_case(gateway: &TestGateway, attendees: &[Slug]) -> CaseId {
    let id = CaseId::draw(gateway.clock.now(), &SystemEntropy::default()).expect("an id");
    let attendees: BTreeSet<Oin> = attendees.iter().copied().map(oin).collect();
    desk(gateway).open_case(id.clone(), Track::Named, attendees).await.expect("opened");
    assert!(desk(gateway).change_case(&id, &Step::Inform).await.expect("informed"));
    id
}

/// A question about P29 to one source.
fn question(gateway: &TestGateway, purpose: &str, source: Slug, category: &str) -> Value {
    let mut body = gateway.question("P29");
    let members = json!({"purpose": purpose, "sources": [oin(source)], "categories": [category]});
    body.as_object_mut().expect("an object").extend(members.as_object().expect("an object").clone());
    body
}

/// The same as the team of a case.
fn as_team(mut body: Value, case: &CaseId) -> Value {
    (body["case"], body["actingAs"]) = (json!(case.as_str()), json!("expertise-team"));
    body
}

/// An item of care.
fn of_care(category: &str, form: &str, data: Value, age: u8) -> Value {
    let mut item = item(category, form, data);
    item["regime"] = json!("wgbo");
    item["facts"] = json!({"professional": "ggz-3", "meldcodeSteps": true, "secretAddress": false, "subjectAge": age});
    item
}

/// Care records that P29, of this age, consents: to these recipients, for this purpose, up to the signal. The consent's id.
async fn consent(gateway: &TestGateway, age: u8, recipients: &[Slug], purpose: &str, category: &str) -> String {
    let mut body = given(gateway);
    let recipients: Vec<_> = recipients.iter().copied().map(oin).collect();
    let members = json!({"subjectAge": age, "recipients": recipients, "purposes": [purpose], "categories": [category]});
    body.as_object_mut().expect("an object").extend(members.as_object().expect("an object").clone());
    let (status, view) = post(gateway, &gateway.persona(Slug::MentalHealth), "/v1/consents", &body).await;
    assert_eq!((status, &view["state"]), (200, &json!("given")), "{view}");
    view["id"].as_str().expect("an id").to_owned()
}

/// Two professionals of `source` break its secrecy about P29 towards Veilig Thuis, for its investigation. The override's id.
async fn derogation(gateway: &TestGateway, source: Slug, category: Category, ground: OverrideGround) -> String {
    let (now, id) = (gateway.clock.now(), random_text());
    let question = gateway.question("P29");
    let content = OverrideContent {
        subject: SubjectWire {
            scheme: "bsn".to_owned(),
            value: question["subject"]["value"].as_str().expect("a number").to_owned(),
        },
        recipient: oin(Slug::VeiligThuis),
        purpose: "safety-assessment".parse().expect("a purpose"),
        categories: vec![category],
        forms: Form::ALL.to_vec(),
        ground,
        harm: "He has said that he will attack her tonight.".to_owned(),
        harm_to: "his former partner".to_owned(),
        consent: ConsentSought::No { why: "asking would raise the danger".to_owned() },
        alternatives: "calling him; he does not answer".to_owned(),
        why_least: "less would not avert it".to_owned(),
        colleague: "col-1".to_owned(),
        expires_at: now.plus(std::time::Duration::from_hours(24)),
    };
    let created = step("pro-1", now, |who, at| content.create_statement(who, at));
    let approved = Some(step("pro-2", now, |who, at| content.approve_statement(&id, who, at)));
    let standing = OverrideStanding::Active;
    let message = OverrideMessage { id: id.clone(), standing, content, created, approved, review_due: None, revoked: None };
    let (status, problem) = post(gateway, &gateway.persona(source), "/v1/overrides", &json!(message)).await;
    assert_eq!(status, 200, "{problem}");
    id
}

/// A professional signs, with a key that nobody else has.
fn step(who: &str, at: Timestamp, statement: impl Fn(&str, Timestamp) -> Vec<u8>) -> SignedStep {
    let (_, (key, public)) = new_key(who);
    let public: Value = serde_json::from_str(&public).expect("a JWK");
    SignedStep {
        professional: who.to_owned(),
        public_key: public["x"].as_str().expect("a public key").to_owned(),
        signed_at: at,
        signature: base64::encode_url(&key.sign(&statement(who, at)).expect("signed")),
    }
}
