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
use sluis::catalogue::{Category, Form, Ground};
use sluis::clock::{Clock, Timestamp};
use sluis::demo::organisations::Slug;
use sluis::entropy::SystemEntropy;
use sluis::organisation::Oin;

use crate::support::TestGateway;
use crate::support::consents::{given, post};
use crate::support::derogation::{self, Person};
use crate::support::fake_source::item;

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
async fn derogation(gateway: &TestGateway, source: Slug, category: Category) -> String {
    let mut content = derogation::content(gateway, "safety-assessment", &[Slug::VeiligThuis], category, Ground::Wmo526);
    content.subject.value = gateway.question("P29")["subject"]["value"].as_str().expect("a number").to_owned();
    let (one, two) = (Person::of(gateway, source, "pro-1"), Person::of(gateway, source, "pro-2"));
    let made = derogation::report(gateway, &content, &one, Some(&two));
    derogation::taken(gateway, source, &made).await.expect("taken");
    made.id
}
