//! No room: while the write-ahead log is moved into the database, and nowhere at all while the gateway runs.

use std::process::Command;
use std::time::{Duration, Instant};

use sluis::client::{Disclosed, Trouble};
use sluis::demo::organisations::Slug;
use sluis::ledger::proof::TlogProof;
use sluis::ledger::seal::Leaf;

use crate::flow::kill::{question, store, world};
use crate::support::child::ChildDemo;
use crate::support::log;

/// The gateway's database file, in bytes.
fn database(child: &ChildDemo) -> u64 {
    std::fs::metadata(child.layout().gateway().join("sluis.sqlite")).expect("the database").len()
}

/// The largest file that the running process may write, in bytes: none at all is a store that can only be read.
fn limit(child: &ChildDemo, bytes: &str) {
    let set = Command::new("prlimit").arg(format!("--pid={}", child.id())).arg(format!("--fsize={bytes}:")).status();
    assert!(set.expect("prlimit").success());
}

/// A shell that ignores the signal that comes with such a limit: writing fails instead.
fn ignoring_the_signal(plain: &Command) -> Command {
    let mut wrapped = Command::new("sh");
    wrapped.args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\""]).arg(plain.get_program()).args(plain.get_args());
    wrapped
}

/// That each answer is in the log of a gateway that was killed.
async fn all_are_there(child: &ChildDemo, seen: &[Disclosed]) {
    let store = store(child).await;
    log::holds_together(&store, &child.kit(Slug::VeiligThuis).gateway.log_vkey).await;
    let entries = log::stored(&store).await;
    for delivery in seen.iter().flat_map(|disclosed| &disclosed.deliveries) {
        let entry = entries.get(usize::try_from(delivery.log_index).expect("an index")).expect("in the log");
        let leaf = TlogProof::parse(&delivery.receipt).expect("a receipt").extra.expect("a leaf");
        assert_eq!(entry.row.leaf.bytes().as_slice(), &leaf[..Leaf::LENGTH]);
    }
}

/// What is committed is in the write-ahead log; that it cannot be moved on is no reason to lose it, or to stop while there is room for more.
///
/// Broken on purpose to see it fail: `journal_mode = MEMORY`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_cannot_grow_loses_nothing_from_its_log() {
    let mut child = ChildDemo::start(&["--without-answer-at", "--fresh-ports"]).await;
    child.terminate();
    child.ended().await;
    let size = database(&child);
    child.start_again_under(ignoring_the_signal).await;
    let body = question(&world(&child), "P22");
    let client = child.client(Slug::VeiligThuis);
    limit(&child, &size.to_string());
    let (begun, mut seen) = (Instant::now(), Vec::new());
    // What the start wrote may already be too much for the database: there is still room in the write-ahead log.
    while seen.is_empty() || !child.errors().contains("the write-ahead log could not be moved into the database") {
        assert!(begun.elapsed() < Duration::from_mins(1), "the disk did not become full in a checkpoint: {}", child.errors());
        match client.disclose(&body, None).await {
            Ok(disclosed) => seen.push(disclosed),
            Err(Trouble::Problem(problem)) => assert_eq!(problem.status, 503, "{problem}"),
            Err(trouble) => panic!("{trouble}"),
        }
    }
    child.kill();
    child.ended().await;
    child.start_again().await;
    let (client, begun) = (child.client(Slug::VeiligThuis), Instant::now());
    seen.push(client.disclose(&body, None).await.expect("with room it goes on"));
    while database(&child) <= size {
        assert!(begun.elapsed() < Duration::from_mins(1), "nothing is moved into the database, though there is room");
        seen.push(client.disclose(&body, None).await.expect("with room it goes on"));
    }
    child.kill();
    child.ended().await;
    all_are_there(&child, &seen).await;
}

/// Nothing can be written any more, from one moment to the next: nothing passes. When it can be again, all goes on without a restart.
///
/// Broken on purpose to see it fail: a commit that failed answered like one that did not; `telemetry::start` without `log_internal_errors` (then the log's
/// own task ends with what it could not say).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_can_only_be_read_lets_nothing_pass_until_it_can_be_written() {
    let mut child = ChildDemo::start(&["--without-answer-at", "--fresh-ports"]).await;
    child.terminate();
    child.ended().await;
    child.start_again_under(ignoring_the_signal).await;
    let body = question(&world(&child), "P22");
    let client = child.client(Slug::VeiligThuis);
    let mut seen = Vec::new();
    for _ in 0..3 {
        seen.push(client.disclose(&body, None).await.expect("an answer"));
        limit(&child, "0");
        for _ in 0..3 {
            match client.disclose(&body, None).await {
                Err(Trouble::Problem(problem)) => {
                    assert_eq!((problem.status, problem.suffix()), (503, "log-unavailable"), "{problem}");
                }
                other => panic!("{:?}", other.map(drop)),
            }
        }
        limit(&child, "unlimited");
        let begun = Instant::now();
        loop {
            match client.disclose(&body, None).await {
                Ok(disclosed) => break seen.push(disclosed),
                Err(trouble) => assert!(begun.elapsed() < Duration::from_mins(1), "it does not go on: {trouble}"),
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    child.kill();
    child.ended().await;
    all_are_there(&child, &seen).await;
}
