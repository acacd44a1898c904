//! The clock set back and forward, while the gateway runs and across its starts: the log goes on in its own order, no term ends early, what was destroyed
//! is never written to, and a time that cannot be is believed of no witness.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sluis::client::{Against, Trouble};
use sluis::clock::Clock;
use sluis::demo::organisations::Slug;
use sluis::entropy::SystemEntropy;
use sluis::keystore::KeyStore;
use sluis::keystore::file::{FileKeyStore, root_key};
use sluis::ledger::entry::EntryKind;
use sluis::store::journal::JournalError;

use crate::support::cases::Cases;
use crate::support::{TestGateway, log};

const DAY: i64 = 86_400;

/// The gateway's own key store, as another process has it.
fn keys(gateway: &TestGateway) -> FileKeyStore {
    let folder = gateway.gateway_folder();
    let root = root_key(&folder.join("root.key")).expect("readable").expect("the root key");
    FileKeyStore::find(&folder.join("keys"), root, Arc::new(SystemEntropy::default()))
}

fn suffix<T>(outcome: &Result<T, Trouble>) -> &str {
    match outcome {
        Err(Trouble::Problem(problem)) => problem.suffix(),
        Err(_) => "no problem",
        Ok(_) => "",
    }
}

/// An entry is taken at the end of the log, with the time that the clock says.
async fn takes_an_entry(gateway: &TestGateway) -> Result<(), String> {
    let size = gateway.log_size().await;
    let from = gateway.clock.now();
    gateway.running().desk.overdue_notices(10).await.map_err(|error| error.to_string())?;
    let entries = gateway.running().gateway.store.entries(size, 10).await.map_err(|error| error.to_string())?;
    let looked = entries.iter().find(|entry| entry.row.clear.kind == EntryKind::LogView);
    let looked = looked.ok_or("no entry of the look")?;
    let time = looked.row.clear.time;
    if time < from || time > gateway.clock.now() {
        return Err(format!("its entry is of {time}"));
    }
    Ok(())
}

/// Broken on purpose to see it fail: a head that takes no entry older than the last.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_the_clock_says_the_log_goes_on() {
    let mut gateway = TestGateway::start().await;
    let log_key = gateway.running().info.log_vkey.parse().expect("the log's key");
    let mut against = Against { log: log_key, policy: None, seen: Vec::new() };
    let question = gateway.question("P22");
    let first = gateway.ask(Slug::VeiligThuis, &question, None).await.expect("an answer");
    against.add_seen("the first receipt", &first.deliveries[0].receipt).expect("a receipt");
    let mut cases = Cases::default();
    for days in [-1, -31, -366, 1, 31, 366] {
        gateway.clock.advance(days * DAY);
        cases.check(format!("{days} days: an entry"), takes_an_entry(&gateway).await);
        // Keys and certificates are not valid yet, or no more: then it refuses. It never fails.
        let answer = gateway.ask(Slug::VeiligThuis, &question, None).await;
        let sound = match &answer {
            Ok(answer) => answer.items().count() > 0,
            Err(Trouble::Problem(problem)) => problem.status < 500,
            Err(_) => false,
        };
        cases.hold(format!("{days} days: an answer or a refusal, not {:?}", answer.map(drop)), sound);
        gateway.restart().await;
        cases.check(format!("{days} days: an entry after a restart"), takes_an_entry(&gateway).await);
        gateway.clock.advance(-days * DAY);
        cases.check(format!("{days} days: an entry when it is right again"), takes_an_entry(&gateway).await);
        // What is kept for a day was neither given out late nor destroyed.
        let picked_up = gateway.running().client(Slug::VeiligThuis).expect("a client");
        let picked_up = picked_up.pick_up(&first.id, question.to_string().as_bytes()).await;
        cases.hold(format!("{days} days: what was kept is still there: {:?}", suffix(&picked_up)), picked_up.is_ok());
    }
    gateway.still_serves().await;
    log::holds_together(&*gateway.running().gateway.store, &gateway.running().info.log_vkey).await;
    let verified = against.verify(&gateway.place(), |_, _| {}).await;
    cases.hold(format!("it verifies, and continues what was seen: {verified:?}"), verified.is_ok());
    gateway.stop().await;
    cases.finish(30);
}

/// The clock is back in a month whose entries were erased: their key is never made again, so nothing passes until the clock is right.
///
/// Broken on purpose to see it fail: `FileKeyStore` without its two looks at the marker (one of them suffices).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_written_to_a_class_that_was_destroyed() {
    let mut gateway = TestGateway::start().await;
    gateway.still_serves().await;
    let entries = log::stored(&*gateway.running().gateway.store).await;
    let classes: std::collections::BTreeSet<_> = entries.iter().map(|entry| entry.row.key_class.clone()).collect();
    gateway.halt().await;
    for class in &classes {
        keys(&gateway).destroy(class).expect("destroyed");
    }
    gateway.restart().await;
    let size = gateway.log_size().await;
    for _ in 0..3 {
        let refused = gateway.ask(Slug::VeiligThuis, &gateway.question("P22"), None).await;
        assert_eq!(suffix(&refused), "log-unavailable");
    }
    assert!(gateway.running().desk.overdue_notices(10).await.is_err(), "nor is anything looked at unlogged");
    assert_eq!(gateway.log_size().await, size);
    let journal = &gateway.running().gateway.journal;
    let gone = |opened| matches!(opened, Err(JournalError::Erased));
    assert!(entries.iter().all(|entry| gone(journal.open(&entry.row).map(drop))), "none of it can be read");

    gateway.clock.advance(31 * DAY);
    gateway.still_serves().await;
    let later = gateway.running().gateway.store.entries(size, 256).await.expect("entries");
    assert!(!later.is_empty() && later.iter().all(|entry| !classes.contains(&entry.row.key_class)), "under the new month's key");
    gateway.clock.advance(-31 * DAY);
    let refused = gateway.ask(Slug::VeiligThuis, &gateway.question("P22"), None).await;
    assert_eq!(suffix(&refused), "log-unavailable");
    log::holds_together(&*gateway.running().gateway.store, &gateway.running().info.log_vkey).await;
    gateway.stop().await;
}

/// The size of the newest head that a quorum cosigned.
async fn cosigned(gateway: &TestGateway) -> u64 {
    let newest = gateway.running().gateway.store.newest_cosigned().await.expect("readable");
    newest.map_or(0, |newest| newest.checkpoint().size())
}

async fn is_cosigned(gateway: &TestGateway) {
    let (size, begun) = (gateway.log_size().await, Instant::now());
    while cosigned(gateway).await < size {
        assert!(begun.elapsed() < Duration::from_mins(1), "no quorum cosigned {size} entries");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

fn failures(gateway: &TestGateway) -> u64 {
    let witnessing = gateway.running().gateway.witnessing.as_ref().expect("witnesses");
    witnessing.failures().map(|(_, count)| count).sum()
}

/// A witness's time never goes back, so with the clock set back its cosignatures are of tomorrow: they do not count, and an old quorum opens no lock.
///
/// Broken on purpose to see it fail: `Witnessing::resume` without its look at the time; `converse` without its own.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cosignatures_of_a_time_to_come_do_not_count() {
    let mut gateway = TestGateway::start_witnessed().await;
    gateway.still_serves().await;
    is_cosigned(&gateway).await;
    let (size, failed) = (cosigned(&gateway).await, failures(&gateway));
    gateway.clock.advance(-DAY / 2);
    gateway.still_serves().await;
    let begun = Instant::now();
    while failures(&gateway) < failed + 5 {
        assert!(begun.elapsed() < Duration::from_mins(1), "its witnesses are believed");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(cosigned(&gateway).await, size, "nothing more is cosigned");
    // Begun anew with the clock set back, it does not know when the last quorum was: closed until there is one.
    gateway.restart().await;
    let refused = gateway.ask(Slug::VeiligThuis, &gateway.question("P22"), None).await;
    assert_eq!(suffix(&refused), "log-unavailable");

    gateway.clock.advance(DAY / 2);
    let begun = Instant::now();
    while gateway.ask(Slug::VeiligThuis, &gateway.question("P22"), None).await.is_err() {
        assert!(begun.elapsed() < Duration::from_mins(2), "the lock stays closed");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    is_cosigned(&gateway).await;
    // Set forward, gateway and witnesses agree about the time, and go on.
    gateway.clock.advance(DAY / 2);
    gateway.still_serves().await;
    is_cosigned(&gateway).await;
    gateway.stop().await;
}
