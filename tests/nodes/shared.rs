//! What one node knows, all know: nonces, keys under which something was asked, consents, suspensions, revoked keys, the log.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sluis::client::Trouble;
use sluis::demo::organisations::Slug;
use sluis::ledger::entry::EntryKind;

use super::disruption::{Load, is_kept};
use super::region::{NODES, Region};
use crate::support::{LONG, consents, log, random_text, until};

/// A signed request is taken once, whichever node it meets, one after the other or all at once.
///
/// Broken on purpose to see it fail: `claim` without `ON CONFLICT … RETURNING` (every nonce won).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_is_replayed_on_no_other_node() {
    let region = Region::start().await;
    let asker = region.gateway.persona(Slug::VeiligThuis);
    let body = region.gateway.question("P22").to_string();
    let signed = || region.draft(&asker, "/v1/disclosures", body.as_bytes()).sign(&asker.key).bytes();
    let first = signed();
    assert_eq!(region.send_to(0, &asker, &first).await, (200, String::new()));
    for node in 0..NODES {
        assert_eq!(region.send_to(node, &asker, &first).await, (401, "nonce-replayed".to_owned()), "node {node}");
    }
    for _ in 0..5 {
        let bytes = signed();
        let all = futures_util::future::join_all((0..NODES).map(|node| region.send_to(node, &asker, &bytes))).await;
        let taken = all.iter().filter(|(status, _)| *status == 200).count();
        let refused = all.iter().filter(|(status, kind)| (*status, kind.as_str()) == (401, "nonce-replayed")).count();
        assert_eq!((taken, refused), (1, NODES - 1), "{all:?}");
    }
    region.stop().await;
}

/// The answer to an Idempotency-Key is the same at every node; asked at all of them at once, one works.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_stands_for_one_disclosure_on_every_node() {
    let region = Region::start().await;
    let body = region.gateway.question("P22").to_string().into_bytes();
    let clients: Vec<_> = (0..NODES).map(|node| region.client_of(node, Slug::VeiligThuis)).collect();
    for _ in 0..5 {
        let key = random_text();
        let all = futures_util::future::join_all(clients.iter().map(|client| client.disclose(&body, Some(&key)))).await;
        let mut ids = BTreeSet::new();
        for answer in all {
            match answer {
                Ok(disclosed) => drop(ids.insert(disclosed.id)),
                Err(Trouble::Problem(problem)) => assert_eq!(problem.suffix(), "state-conflict"),
                Err(other) => panic!("{other}"),
            }
        }
        for client in &clients {
            ids.insert(client.disclose(&body, Some(&key)).await.expect("answered").id);
        }
        assert_eq!(ids.len(), 1, "one disclosure");
    }
    region.stop().await;
}

/// A withdrawal at one node holds at the others with the answer to it: nobody waits for a message between nodes.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_withdrawal_holds_at_once_on_every_node() {
    let region = Region::start().await;
    let given = consents::given(&region.gateway);
    let question = json!({
        "purpose": "safety-assessment", "subject": given["subject"], "categories": ["substance-use"],
        "sources": [Slug::MentalHealth.organisation().oin], "form": "reduced",
        "actor": {"reference": "vt-4711", "role": "caseworker"}, "necessity": "The safety of the children must be assessed.",
    })
    .to_string()
    .into_bytes();
    let items = async |node: usize| -> usize {
        let disclosed = region.client_of(node, Slug::VeiligThuis).disclose(&question, None).await.expect("an answer");
        disclosed.items().count()
    };
    let mut earlier = Value::Null;
    for node in 0..NODES {
        let care = region.client_of(node, Slug::MentalHealth);
        let post = async |target: &str, body: &Value| care.post(target, body.to_string().as_bytes(), None).await.expect("taken");
        let mut given = given.clone();
        if earlier.is_string() {
            given["supersedes"] = earlier.take();
        }
        earlier = post("/v1/consents", &given).await["id"].take();
        let id = earlier.as_str().expect("an id").to_owned();
        let others = [(node + 1) % NODES, (node + 2) % NODES];
        for other in others {
            assert!(items(other).await > 0, "given at {node}, asked at {other}");
        }
        let ending = json!({"at": given["at"], "recordedBy": "pro-1", "reason": "changed her mind"});
        post(&format!("/v1/consents/{id}/withdrawals"), &ending).await;
        let asked = tokio::join!(items(others[0]), items(others[1]), items(node));
        assert_eq!(asked, (0, 0, 0), "withdrawn at {node}");
    }
    region.stop().await;
}

/// What an operator does by a command is known to each node before the command has ended.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_suspension_and_a_revoked_key_hold_at_once_on_every_node() {
    let region = Region::start().await;
    let body = region.gateway.question("P22").to_string().into_bytes();
    let refusal = async |node: usize, slug: Slug| -> String {
        match region.client_of(node, slug).disclose(&body, None).await {
            Ok(disclosed) => format!("{} items", disclosed.items().count()),
            Err(Trouble::Problem(problem)) => problem.suffix().to_owned(),
            Err(other) => other.to_string(),
        }
    };
    let oin = Slug::VeiligThuis.organisation().oin.to_string();
    let all = async || tokio::join!(refusal(0, Slug::VeiligThuis), refusal(1, Slug::VeiligThuis), refusal(2, Slug::VeiligThuis));
    let on_all = |expected: &str| (expected.to_owned(), expected.to_owned(), expected.to_owned());
    region.operator(&["organisation", "suspend", &oin]).await;
    assert_eq!(all().await, on_all("organisation-suspended"));
    region.operator(&["organisation", "readmit", &oin]).await;
    // It is the refusal that must not wait: who may again is told so within a second.
    until("readmitted", LONG, async || !format!("{:?}", all().await).contains("suspended")).await;
    region.operator(&["keys", "revoke", "--keyid", "veilig-thuis-sig-1"]).await;
    assert_eq!(all().await, on_all("signature-invalid"));
    region.stop().await;
}

/// Nodes that append at once make one log: no gap, no fork, every receipt of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_nodes_write_one_log() {
    let region = Region::start().await;
    let store = region.gateway.running().gateway.store.clone();
    let before = store.head().await.expect("the head").size;
    let body = region.gateway.question("P22").to_string().into_bytes();
    let clients: Vec<_> = (0..NODES).map(|node| region.client_of(node, Slug::VeiligThuis)).collect();
    let asked = (0..60).map(|number| clients[number % NODES].disclose(&body, None));
    let mut indexes = BTreeSet::new();
    for answer in futures_util::future::join_all(asked).await {
        // The client has verified the receipt against the log's key.
        for delivery in answer.expect("an answer").deliveries {
            assert!(indexes.insert(delivery.log_index), "{} twice", delivery.log_index);
        }
    }
    assert_eq!(indexes.len(), 60);
    let entries = log::stored(&*store).await;
    let since = || entries.iter().filter(|entry| entry.index >= before);
    let of = |kind: EntryKind| since().filter(|entry| entry.row.clear.kind == kind).count();
    assert_eq!((of(EntryKind::Ask), of(EntryKind::Disclosure), of(EntryKind::Contribution)), (60, 60, 60));
    assert!(entries.iter().enumerate().all(|(place, entry)| u64::try_from(place) == Ok(entry.index)), "no gap");
    log::holds_together(&*store, &region.gateway.running().info.log_vkey).await;
    region.stop().await;
}

/// Three nodes have the heads of one log cosigned. A witness that has seen a later head by another node is no cause for alarm.
///
/// Broken on purpose to see it fail: `Overtaken` told as `Disputed`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_nodes_share_their_witnesses() {
    let region = Region::witnessed().await;
    let load = Load::on(&region, 3);
    let begun = std::time::Instant::now();
    while begun.elapsed() < std::time::Duration::from_secs(15) {
        load.goes_on(5).await;
    }
    let all = load.finish().await;
    for node in &region.nodes {
        until("witnessed", LONG, async || node.readiness().await.contains("witnessed")).await;
        let said = node.said();
        assert!(!said.contains("cannot show it") && !said.contains("refused with status 409"), "{said}");
    }
    is_kept(&region, &all).await;
    region.stop().await;
}
