//! Nodes that are killed, restarted and updated, and a database that is, while organisations ask: what was acknowledged stays, what failed is asked again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use sluis::client::{Client, Disclosed};
use sluis::demo::organisations::Slug;
use sluis::ledger::proof::TlogProof;
use sluis::ledger::seal::Leaf;
use tokio::task::JoinHandle;

use super::region::{NODES, Region};
use crate::support::postgres::Server;
use crate::support::{LONG, log, random_text, until};

/// How long a request is tried again: longer than the waits of a test together.
const PATIENCE: Duration = Duration::from_mins(4);

/// Organisations that ask one request after the other through the balancer, each under a key of its own and as often as it takes.
pub struct Load {
    asked: JoinHandle<BTreeMap<String, Disclosed>>,
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
    retried: Arc<AtomicUsize>,
}

impl Load {
    /// Begins.
    pub fn on(region: &Region, askers: usize) -> Self {
        let body = Arc::new(region.gateway.question("P22").to_string().into_bytes());
        let (stop, answered, retried) =
            (Arc::<AtomicBool>::default(), Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let asking: Vec<_> = (0..askers)
            .map(|_| {
                let client = region.client(Slug::VeiligThuis);
                tokio::spawn(ask(client, Arc::clone(&body), [Arc::clone(&answered), Arc::clone(&retried)], Arc::clone(&stop)))
            })
            .collect();
        let asked = tokio::spawn(async move {
            let mut all = BTreeMap::new();
            for one in asking {
                all.extend(one.await.expect("every request is answered in the end"));
            }
            all
        });
        Self { asked, stop, answered, retried }
    }

    /// Waits until so many more are answered.
    pub async fn goes_on(&self, more: usize) {
        let from = self.answered.load(Ordering::SeqCst);
        until("answers", LONG, async || self.answered.load(Ordering::SeqCst) >= from + more).await;
    }

    /// Every answer by its key.
    pub async fn finish(self) -> BTreeMap<String, Disclosed> {
        self.stop.store(true, Ordering::SeqCst);
        let all = self.asked.await.expect("no panic");
        assert_eq!(all.len(), self.answered.load(Ordering::SeqCst), "every one answered");
        all
    }
}

async fn ask(
    client: Client,
    body: Arc<Vec<u8>>,
    [answered, retried]: [Arc<AtomicUsize>; 2],
    stop: Arc<AtomicBool>,
) -> BTreeMap<String, Disclosed> {
    let mut all = BTreeMap::new();
    while !stop.load(Ordering::SeqCst) {
        let (key, begun) = (random_text(), Instant::now());
        let first = loop {
            match client.disclose(&body, Some(&key)).await {
                Ok(disclosed) => break disclosed,
                Err(trouble) => {
                    assert!(begun.elapsed() < PATIENCE, "a retry under the same key does not repair it: {trouble}");
                    retried.fetch_add(1, Ordering::SeqCst);
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
            }
        };
        answered.fetch_add(1, Ordering::SeqCst);
        all.insert(key, first);
    }
    all
}

/// That everything acknowledged is in the log, once, as its receipt says, and that every node says so.
pub async fn is_kept(region: &Region, all: &BTreeMap<String, Disclosed>) {
    let store = region.gateway.running().gateway.store.clone();
    until("read", LONG, async || store.head().await.is_ok()).await;
    log::holds_together(&*store, &region.gateway.running().info.log_vkey).await;
    let (entries, mut indexes) = (log::stored(&*store).await, BTreeSet::new());
    for delivery in all.values().flat_map(|answer| &answer.deliveries) {
        let index = usize::try_from(delivery.log_index).expect("an index");
        let leaf = TlogProof::parse(&delivery.receipt).expect("a receipt").extra.expect("a leaf");
        let entry = entries.get(index).unwrap_or_else(|| panic!("entry {index} is lost"));
        assert_eq!(entry.row.leaf.bytes().as_slice(), &leaf[..Leaf::LENGTH], "entry {index} is another");
        assert!(indexes.insert(index), "entry {index} twice");
    }
    let body = region.gateway.question("P22").to_string().into_bytes();
    for (number, (key, answer)) in all.iter().enumerate().step_by(all.len().div_ceil(9).max(1)) {
        let again = region.client_of(number % NODES, Slug::VeiligThuis).disclose(&body, Some(key)).await.expect("again");
        assert_eq!(again.id, answer.id, "one key, one disclosure");
    }
}

/// Broken on purpose to see it fail: the answer sent before the commit has ended.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_is_killed_loses_nothing_that_was_acknowledged() {
    let mut region = Region::start().await;
    let load = Load::on(&region, 6);
    for number in 0..NODES {
        load.goes_on(10).await;
        region.nodes[number].crash().await;
    }
    load.goes_on(10).await;
    let all = load.finish().await;
    is_kept(&region, &all).await;
    region.stop().await;
}

/// Each node in its turn is told to end and started again, as at an update.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rolling_restart_fails_no_request_for_good() {
    let mut region = Region::start().await;
    let load = Load::on(&region, 6);
    for number in 0..NODES {
        load.goes_on(10).await;
        region.nodes[number].restart().await;
    }
    load.goes_on(10).await;
    let retried = load.retried.load(Ordering::SeqCst);
    let all = load.finish().await;
    is_kept(&region, &all).await;
    println!("{} requests, {retried} of them sent more than once", all.len());
    region.stop().await;
}

/// The database is killed in the middle and recovers: nothing is given meanwhile, `/readyz` says why, and the nodes go on by themselves.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_killed_comes_back_with_all_that_was_acknowledged() {
    let server = Server::start(&[]).await;
    let region = Region::with(&server).await;
    let load = Load::on(&region, 6);
    load.goes_on(20).await;
    server.kill().await;
    for node in &region.nodes {
        until("not ready", LONG, async || node.readiness().await.starts_with("503")).await;
    }
    // What was committed before the kill may still be on its way to who asked.
    tokio::time::sleep(Duration::from_secs(2)).await;
    let at_rest = load.answered.load(Ordering::SeqCst);
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(load.answered.load(Ordering::SeqCst), at_rest, "nothing is disclosed without a log");
    server.again().await;
    for node in &region.nodes {
        node.is_ready().await;
    }
    load.goes_on(20).await;
    let all = load.finish().await;
    is_kept(&region, &all).await;
    region.stop().await;
}
