//! More than one writer on the store: two nodes at once, one that comes back with what it knew before, and a stranger who holds the lock.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use sluis::client::{Disclosed, Trouble};
use sluis::demo::organisations::Slug;
use sluis::ledger::entry::EntryKind;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _};

use crate::support::fake_source::FakeSource;
use crate::support::faulty_store::Node;
use crate::support::{TestGateway, log};

/// Two nodes in turns and at once: neither signs behind a head that is not the newest, and each one's receipts are in the one log.
///
/// Broken on purpose to see it fail: `TreeScribe::known` without the comparison with the head.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_fell_behind_signs_nothing_of_its_own() {
    let gateway = TestGateway::start().await;
    let node = Node::beside(&gateway).await;
    let body = gateway.question("P22").to_string().into_bytes();
    let (one, other) = (gateway.running().client(Slug::VeiligThuis).expect("a client"), node.client(&gateway, Slug::VeiligThuis));
    let mut answers: Vec<Disclosed> = Vec::new();
    // While one works, the other's idea of the tree grows stale, by one commit or by many.
    for times in [1, 3, 8] {
        for client in [&one, &other] {
            for _ in 0..times {
                answers.push(client.disclose(&body, None).await.expect("an answer"));
            }
        }
    }
    let both = (0..16).map(|number| if number % 2 == 0 { one.disclose(&body, None) } else { other.disclose(&body, None) });
    for answer in futures_util::future::join_all(both).await {
        answers.push(answer.expect("an answer"));
    }
    let store = &*gateway.running().gateway.store;
    log::holds_together(store, &gateway.running().info.log_vkey).await;
    let entries = log::stored(store).await;
    let mut indexes = std::collections::BTreeSet::new();
    for delivery in answers.iter().flat_map(|answer| &answer.deliveries) {
        assert!(indexes.insert(delivery.log_index), "no index twice");
        let entry = &entries[usize::try_from(delivery.log_index).expect("small")];
        assert_eq!(entry.row.clear.kind, EntryKind::Disclosure);
    }
    assert_eq!(indexes.len(), 40);
    node.stop().await;
    gateway.stop().await;
}

/// Somebody holds the database's lock: nothing passes, nobody is asked, and as soon as it is let go all goes on without a restart.
///
/// Broken on purpose to see it fail: `announce` going on after an append that failed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_store_is_locked_nothing_passes() {
    let gateway = TestGateway::start().await;
    let police = FakeSource::instead_of(&gateway, Slug::Police).await;
    let mut question = gateway.question("P22");
    question["sources"] = json!([police.oin]);
    gateway.ask(Slug::VeiligThuis, &question, None).await.expect("an answer");
    let called = police.calls().len();
    assert!(called > 0, "it is asked as long as nothing is locked");
    let options = SqliteConnectOptions::new().filename(gateway.gateway_folder().join("sluis.sqlite"));
    let mut stranger = options.connect().await.expect("a connection");
    let size = gateway.log_size().await;
    let lock = "BEGIN IMMEDIATE; UPDATE head SET revision = revision";
    sqlx::raw_sql(lock).execute(&mut stranger).await.expect("locked");
    let refused = AtomicUsize::new(0);
    let asks = (0..4).map(|_| async {
        match gateway.ask(Slug::VeiligThuis, &question, None).await {
            Err(Trouble::Problem(problem)) => {
                assert_eq!((problem.status, problem.suffix()), (503, "log-unavailable"), "{problem}");
                refused.fetch_add(1, Ordering::SeqCst);
            }
            other => panic!("{:?}", other.map(drop)),
        }
    });
    futures_util::future::join_all(asks).await;
    assert_eq!(refused.load(Ordering::SeqCst), 4);
    assert_eq!(gateway.log_size().await, size, "no entry");
    assert_eq!(police.calls().len(), called, "and nobody was asked");
    sqlx::raw_sql("ROLLBACK").execute(&mut stranger).await.expect("let go");
    stranger.close().await.expect("closed");
    let begun = Instant::now();
    while gateway.ask(Slug::VeiligThuis, &question, None).await.is_err() {
        assert!(begun.elapsed() < Duration::from_mins(1), "it does not go on");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    log::holds_together(&*gateway.running().gateway.store, &gateway.running().info.log_vkey).await;
    gateway.stop().await;
}
