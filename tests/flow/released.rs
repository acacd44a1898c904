//! Summaries that a professional released: facts that change before they are picked up neither lose what they still permit, nor let go what they
//! forbid; and every release is proved to its source.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use sluis::client::{Client, Disclosed};
use sluis::connector::Connector;
use sluis::demo::organisations::Slug;
use sluis::demo::running::Running;
use sluis::ledger::entry::EntryKind;
use sluis::organisation::Oin;
use sluis::store::CredentialChange;

use crate::support::TestGateway;
use crate::support::consents::withdraw;
use crate::support::fake_source::{Act, FakeSource, new_key, published};
use crate::support::professionals::release_all;

fn oin(slug: Slug) -> Oin {
    slug.organisation().parsed_oin().expect("an OIN")
}

/// A question to the police whose answer is an identity at once and a summary on release.
fn about_incidents(gateway: &TestGateway) -> Value {
    let mut body = gateway.question("P22");
    body["categories"] = json!(["identity", "incident-reports"]);
    body
}

/// One more key of the police: a fact that concerns the decision and forbids nothing.
async fn one_more_key(running: &Running, name: &str) {
    let (keyid, (_, jwk)) = new_key(name);
    let publish = CredentialChange::Signing { organisation: oin(Slug::Police), key: published(&keyid, &jwk) };
    running.desk.change_credential(&oin(Slug::Police), publish).await.expect("published");
}

/// A professional of `slug` releases all that waits for the disclosure; returns when the gateway has taken it.
async fn release(running: &Running, slug: Slug, disclosure: &str) -> usize {
    let connector: &Arc<Connector> = &running.connectors[&slug];
    let released = release_all(running, slug, connector, disclosure).await;
    let taken = async {
        while !connector.pending_releases().await.expect("read").is_empty() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), taken).await.expect("the gateway takes it");
    released
}

fn client(gateway: &TestGateway) -> Client {
    gateway.running().client(Slug::VeiligThuis).expect("a client")
}

/// Which forms each delivery holds.
fn forms(disclosed: &Disclosed) -> Vec<BTreeSet<&str>> {
    let mut all = Vec::new();
    for delivery in &disclosed.deliveries {
        all.push(delivery.list("items").map(|item| item["form"].as_str().expect("a form")).collect());
    }
    all
}

fn summary_then_exact() -> Vec<BTreeSet<&'static str>> {
    vec![BTreeSet::from(["summary"]), BTreeSet::from(["exact"])]
}

fn receipts(disclosed: &Disclosed) -> Vec<String> {
    disclosed.deliveries.iter().map(|delivery| delivery.receipt.clone()).collect()
}

/// Broken on purpose to see it fail: `judge` keeping nothing, as if every delivery were destroyed (it was).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_released_summary_outlives_a_change_that_permits_it() {
    let gateway = TestGateway::start().await;
    let running = gateway.running();
    let text = about_incidents(&gateway).to_string().into_bytes();
    let client = client(&gateway);
    let first = client.disclose(&text, None).await.expect("an answer");
    assert_eq!(release(running, Slug::Police, &first.id).await, 1);
    assert_eq!(gateway.entries(EntryKind::ReleaseDecision, &oin(Slug::Police)).await, 1, "the decision is the source's");

    one_more_key(running, "another").await;
    let anew = client.pick_up(&first.id, &text).await.expect("made anew");
    assert_eq!(forms(&anew), summary_then_exact(), "the summary as it was, the answer anew");
    assert_ne!(anew.deliveries[1].receipt, first.deliveries[0].receipt);
    assert_eq!(gateway.entries(EntryKind::Redelivery, &oin(Slug::VeiligThuis)).await, 1, "the summary is given by an entry");
    let same = client.pick_up(&first.id, &text).await.expect("picked up");
    assert_eq!(receipts(&same), receipts(&anew), "made anew once");

    // Once more, after the deadline: nobody can release anything any more, and yet it is there.
    let now = running.outside().clock.now();
    let kept = running.gateway.store.disclosure(&first.id, now).await.expect("read").expect("kept");
    gateway.clock.advance(i64::try_from(kept.row.open_until.since(now).as_secs()).expect("some days") + 3600);
    one_more_key(running, "one-more").await;
    let late = client.pick_up(&first.id, &text).await.expect("made anew");
    assert_eq!((late.status.as_str(), forms(&late)), ("complete", summary_then_exact()));
    assert_eq!((&late.deliveries[0].receipt, &late.id), (&anew.deliveries[0].receipt, &first.id));
    gateway.stop().await;
}

/// A release under changed facts does not push aside what the recipient has not picked up yet.
///
/// Broken on purpose to see it fail: `judge` keeping nothing; `holds_answer` true, so that the release alone was picked up, as it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_release_under_changed_facts_loses_nothing() {
    let gateway = TestGateway::start().await;
    let running = gateway.running();
    let text = about_incidents(&gateway).to_string().into_bytes();
    let client = client(&gateway);
    let first = client.disclose(&text, None).await.expect("an answer");
    one_more_key(running, "another").await;
    assert_eq!(release(running, Slug::Police, &first.id).await, 1);
    let all = client.pick_up(&first.id, &text).await.expect("picked up");
    assert_eq!(forms(&all), summary_then_exact());
    gateway.stop().await;
}

/// Broken on purpose to see it fail: `judge` keeping everything.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_released_summary_that_is_forbidden_now_is_not_given() {
    let gateway = TestGateway::start().await;
    let running = gateway.running();
    let mut body = gateway.question("P29");
    body["categories"] = json!(["diagnosis", "substance-use"]);
    body["sources"] = json!([Slug::MentalHealth.organisation().oin]);
    let text = body.to_string().into_bytes();
    let client = client(&gateway);
    let first = client.disclose(&text, None).await.expect("an answer");
    let other = client.disclose(&text, None).await.expect("an answer");
    for disclosed in [&first, &other] {
        assert_eq!(release(running, Slug::MentalHealth, &disclosed.id).await, 1, "the summary rests on the consent");
    }
    let picked_up = client.pick_up(&other.id, &text).await.expect("picked up");
    assert_eq!(picked_up.deliveries.len(), 2);

    withdraw(running, "P29").await;
    for disclosed in [&first, &other] {
        let anew = client.pick_up(&disclosed.id, &text).await.expect("made anew");
        assert_eq!((anew.deliveries.len(), anew.items().count()), (1, 0), "nothing is given any more");
        let kept = running.gateway.store.disclosure(&disclosed.id, running.outside().clock.now()).await.expect("read");
        assert_eq!(kept.expect("kept").deliveries.len(), 1, "the summary is destroyed");
    }
    // The log tells the source which of its summaries was never given.
    assert_eq!(gateway.entries(EntryKind::Undelivered, &oin(Slug::MentalHealth)).await, 1, "the one that nobody had picked up");
    gateway.stop().await;
}

/// A call that never reached the source, made when the answer was made anew, is none under which it has given anything: what it releases is
/// proved to it under the call that it knows.
///
/// Broken on purpose to see it fail: `note_call` noting every call, as it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_release_after_a_call_that_never_came_is_proved_to_its_source() {
    let gateway = TestGateway::start().await;
    let running = gateway.running();
    let text = about_incidents(&gateway).to_string().into_bytes();
    let client = client(&gateway);
    let first = client.disclose(&text, None).await.expect("an answer");
    let receipts = async || running.connectors[&Slug::Police].state().receipts(&first.id).await.expect("read").len();
    let answered = async {
        while receipts().await < 1 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), answered).await.expect("the source has the receipt of its answer");
    let police = oin(Slug::Police);
    let registered = running.gateway.store.registered().await.expect("the registry");
    let organisation = registered.organisations.get(&police).expect("registered").organisation.clone();

    let lost = FakeSource::instead_of(&gateway, Slug::Police).await;
    lost.does(|_| Act::HangUp);
    let anew = client.pick_up(&first.id, &text).await.expect("made anew");
    assert_eq!((lost.calls().len(), anew.items().count()), (2, 0), "asked again, in vain, and once more");
    drop(lost);

    running.desk.join(organisation, Vec::new()).await.expect("where it was");
    running.gateway.registry.refresh().await.expect("the registry");
    assert_eq!(release(running, Slug::Police, &first.id).await, 1);
    let taken = async {
        while receipts().await < 2 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), taken).await.expect("the source takes the receipt of its release");
    gateway.stop().await;
}
