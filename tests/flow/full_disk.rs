//! The disk is full: the log takes no entries, so nothing passes; what was answered before is there, and with room everything goes on.

use std::sync::Mutex;

use serde_json::{Value, json};
use sluis::client::{Disclosed, Trouble};
use sluis::demo::households::World;
use sluis::demo::organisations::Slug;
use sluis::ledger::proof::TlogProof;
use sluis::ledger::seal::Leaf;

use super::kill::store;
use crate::support::child::ChildDemo;
use crate::support::fake_source::files;
use crate::support::log;

/// The largest file of the demo, in kilobytes.
fn largest(child: &ChildDemo) -> u64 {
    let sizes = files(&child.demo()).into_iter().map(|path| std::fs::metadata(path).expect("a file").len());
    sizes.max().expect("files").div_ceil(1024)
}

/// Broken on purpose to see it fail: a failed append answered like a committed one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_stops_everything_and_loses_nothing() {
    let mut child = ChildDemo::start(&["--without-answer-at"]).await;
    child.terminate();
    child.ended().await;
    // No file of this process may become larger than the largest is now, and a little more.
    child.start_again_limited(largest(&child) + 300).await;
    let made: Value = serde_json::from_slice(&std::fs::read(child.demo().join("demo.json")).expect("demo.json")).expect("JSON");
    let world = World::generate(1, 10, serde_json::from_value(made["now"].clone()).expect("an instant")).expect("the world");
    let bsn = world.person("P22").expect("a person").1.bsn.clone().expect("a citizen number");
    let body = json!({
        "purpose": "safety-assessment", "subject": {"scheme": "bsn", "value": bsn.expose()},
        "categories": ["identity", "household"], "sources": [Slug::Police.organisation().oin], "form": "exact",
        "actor": {"reference": "vt-4711", "role": "caseworker"}, "necessity": "x".repeat(2000),
    });
    let body = body.to_string().into_bytes();
    let seen: Mutex<Vec<Disclosed>> = Mutex::default();
    let worker = async || {
        let client = child.client(Slug::VeiligThuis);
        let mut refused = 0;
        for _ in 0..600 {
            match client.disclose(&body, None).await {
                Ok(disclosed) => seen.lock().expect("no panic").push(disclosed),
                Err(Trouble::Problem(problem)) => {
                    assert_eq!(problem.status, 503, "{problem}");
                    assert!(["log-unavailable", "store-unavailable"].contains(&problem.suffix()), "{problem}");
                    refused += 1;
                }
                Err(trouble) => panic!("{trouble}"),
            }
            if refused >= 5 {
                return true;
            }
        }
        false
    };
    let full = futures_util::future::join_all((0..6).map(|_| worker())).await;
    assert!(full.into_iter().all(|full| full), "the disk became full");
    child.kill();
    child.ended().await;
    let seen = seen.into_inner().expect("no panic");
    assert!(!seen.is_empty(), "there was room for some");

    child.start_again().await;
    let disclosed = child.client(Slug::VeiligThuis).disclose(&body, None).await.expect("with room it goes on");
    assert!(disclosed.items().count() > 0);
    child.kill();
    child.ended().await;
    let store = store(&child).await;
    log::holds_together(&store, &child.kit(Slug::VeiligThuis).gateway.log_vkey).await;
    let entries = log::stored(&store).await;
    for delivery in seen.iter().flat_map(|disclosed| &disclosed.deliveries) {
        let entry = entries.get(usize::try_from(delivery.log_index).expect("an index")).expect("in the log");
        let leaf = TlogProof::parse(&delivery.receipt).expect("a receipt").extra.expect("a leaf");
        assert_eq!(entry.row.leaf.bytes().as_slice(), &leaf[..Leaf::LENGTH]);
    }
}
