//! Whom the gateway asks, by what, and what the log says of it.

use std::collections::BTreeSet;

use serde_json::json;
use sluis::demo::organisations::Slug;
use sluis::ledger::entry::EntryKind;

use crate::support::TestGateway;
use crate::support::fake_source::{Act, FakeSource};

/// A pseudonym stands for one identifier, and is looked up only where that identifier means this person: a source's own number nowhere else.
///
/// Broken on purpose to see it fail: `may_look_up` true for pseudonyms (it was, once).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pseudonym_of_a_sources_own_number_goes_to_no_other_source() {
    let gateway = TestGateway::start().await;
    let youth = Slug::YouthProtection.organisation().oin;
    let number = gateway.running().world.person("P28").expect("the newborn").1.local_number(Slug::YouthProtection);
    let mut question = gateway.question("P22");
    question["subject"] = json!({"scheme": "local", "value": number, "source": youth});
    question["sources"] = json!([youth]);
    question["categories"] = json!(["household"]);
    let first = gateway.ask(Slug::VeiligThuis, &question, None).await.expect("an answer");
    let pseudonym = first.deliveries[0].payload["subject"].clone();

    let police = FakeSource::instead_of(&gateway, Slug::Police).await;
    police.does(|call| Act::Answer(call.answer(&[])));
    question["subject"] = json!({"scheme": "pseudonym", "value": pseudonym});
    question["sources"] = json!([youth, police.oin]);
    let again = gateway.ask(Slug::VeiligThuis, &question, None).await.expect("an answer");
    assert!(police.calls().is_empty(), "the police do not know this number, or know somebody else by it");
    assert!(again.items().all(|item| item["source"] == youth));
    drop(police);
    gateway.stop().await;
}

/// A source that is asked for a summary only is asked all the same: its being asked is a disclosure, and stands in the ask entry.
///
/// Broken on purpose to see it fail: announce counting only forms that come at once (it did, once).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn asking_for_a_summary_is_in_the_ask_entry() {
    let gateway = TestGateway::start().await;
    let mut question = gateway.question("P22");
    question["categories"] = json!(["incident-reports"]);
    let before = gateway.log_size().await;
    gateway.ask(Slug::VeiligThuis, &question, None).await.expect("an answer");
    let entries = gateway.running().gateway.store.entries(before, 16).await.expect("entries");
    let ask = entries.iter().find(|entry| entry.row.clear.kind == EntryKind::Ask).expect("an ask entry");
    let asked: BTreeSet<_> = ask.row.asked.iter().map(|source| source.as_str().to_owned()).collect();
    assert_eq!(asked, BTreeSet::from([Slug::Police.organisation().oin.to_owned()]));
    gateway.stop().await;
}
