//! Cases over the wire: who takes part in one is served in it while it is open; its team and its director are recipients of their own.

mod access;
mod attendees;
mod director;
mod names;
mod protection;
mod re_read;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sluis::actions::Desk;
use sluis::case_room::{CaseId, Step, Track};
use sluis::client::{Disclosed, Trouble};
use sluis::clock::Clock;
use sluis::demo::organisations::Slug;
use sluis::entropy::SystemEntropy;
use sluis::organisation::Oin;

use crate::support::TestGateway;
use crate::support::fake_source::{Act, FakeSource, item};

fn oin(slug: Slug) -> Oin {
    slug.organisation().parsed_oin().expect("an OIN")
}

fn oins(slugs: &[Slug]) -> BTreeSet<Oin> {
    slugs.iter().map(|slug| oin(*slug)).collect()
}

fn desk(gateway: &TestGateway) -> &Desk {
    &gateway.running().desk
}

/// A case with these attendees, of whose family it is recorded that it knows.
async fn open(gateway: &TestGateway, attendees: &[Slug]) -> CaseId {
    let id = CaseId::draw(gateway.clock.now(), &SystemEntropy::default()).expect("an id");
    desk(gateway).open_case(id.clone(), Track::Named, oins(attendees)).await.expect("opened");
    step(gateway, &id, Step::Inform).await;
    id
}

async fn step(gateway: &TestGateway, case: &CaseId, step: Step) {
    assert!(desk(gateway).change_case(case, &step).await.expect("in the state for it"), "{step:?} changes something");
}

async fn close(gateway: &TestGateway, case: &CaseId) {
    step(gateway, case, Step::Close(gateway.clock.now())).await;
}

/// What a member of the case's team asks of Veilig Thuis.
fn as_team(gateway: &TestGateway, case: &CaseId, categories: &[&str]) -> Value {
    let mut body = gateway.question("P22");
    let members = json!({
        "purpose": "team-discussion", "case": case.as_str(), "actingAs": "expertise-team", "categories": categories,
        "sources": [Slug::VeiligThuis.organisation().oin], "form": "reduced",
    });
    body.as_object_mut().expect("an object").extend(members.as_object().expect("an object").clone());
    body
}

fn identity() -> Value {
    let mut item = item("identity", "reduced", json!({"ageBand": "35-44", "gender": "female"}));
    item["regime"] = json!("wmo");
    item
}

/// Veilig Thuis as a source that gives the identity of whomever it is asked about.
async fn veilig_thuis(gateway: &TestGateway) -> FakeSource {
    let source = FakeSource::instead_of(gateway, Slug::VeiligThuis).await;
    source.does(|call| Act::Answer(call.answer(&[identity()])));
    source
}

/// Status and suffix of the problem that it is refused with.
fn problem(outcome: Result<Disclosed, Trouble>) -> (u16, String) {
    match outcome {
        Err(Trouble::Problem(problem)) => (problem.status, problem.suffix().to_owned()),
        other => panic!("not refused: {other:?}"),
    }
}
