//! A database with a standby: what was acknowledged is on both, or it was not acknowledged.

use std::sync::Arc;
use std::time::Duration;

use sluis::client::{Disclosed, Trouble};
use sluis::demo::organisations::Slug;
use sluis::secret::Secret;
use sluis::store::Store as _;
use sluis::store::postgres::{Cluster, PostgresStore};
use sqlx::{Connection as _, PgConnection};

use super::balancer::Balancer;
use super::disruption::{Load, is_kept};
use super::region::{NODES, Region};
use crate::support::postgres::{Server, url_at};
use crate::support::{LONG, log, until};

/// The server waits for one standby by itself, and the nodes look whether it did.
const SYNCHRONOUS: &str = "synchronous_standby_names=*";

/// Nodes that tell nobody of anything before one standby has it.
async fn with_standby(url: String) -> Region {
    Region::on(url, |settings| drop(settings["store"].as_table_mut().expect("a table").insert("standbys".to_owned(), 1.into())))
        .await
}

async fn ask(region: &Region, node: usize) -> Result<Disclosed, Trouble> {
    let body = region.gateway.question("P22").to_string().into_bytes();
    region.client_of(node, Slug::VeiligThuis).disclose(&body, None).await
}

/// Cancels every wait for a standby, as an impatient administrator does.
async fn cancel_waits(address: std::net::SocketAddr) {
    let mut connection = PgConnection::connect(&url_at(address)).await.expect("a connection");
    let cancel = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'";
    sqlx::raw_sql(cancel).execute(&mut connection).await.expect("cancelled");
    connection.close().await.expect("closed");
}

/// The standby vanishes. PostgreSQL waits, and somebody cancels its wait, upon which it reports success: nothing is given all the same, and all heals when the
/// standby comes back.
///
/// Broken on purpose to see it fail: `wait_until_safe` that waits for nobody; `takes_writes` asked behind `safe_head` only.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_standby_nothing_is_acknowledged_even_when_the_wait_is_cancelled() {
    let server = Server::start(&[SYNCHRONOUS, "synchronous_commit=local"]).await;
    let standby = server.standby("standby").await;
    let region = with_standby(server.url()).await;
    ask(&region, 0).await.expect("both have it");
    standby.halt().await;
    let address = server.address();
    let cancelling = tokio::spawn(async move {
        loop {
            cancel_waits(address).await;
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    });
    let all = futures_util::future::join_all((0..NODES).map(|node| ask(&region, node))).await;
    for answer in all {
        match answer {
            Err(Trouble::Problem(problem)) => {
                assert_eq!(problem.status, 503, "{problem}");
                assert!(["log-unavailable", "store-unavailable"].contains(&problem.suffix()), "{problem}");
            }
            other => panic!("{:?}", other.map(|disclosed| disclosed.id)),
        }
    }
    cancelling.abort();
    // A schema that is not theirs is seen meanwhile too: what they wrote under it would be there, though nobody heard of it.
    server.run("INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'newer', true, '', 0)").await;
    until("the newer schema", LONG, async || region.nodes[0].readiness().await.contains("of a newer version")).await;
    server.run("DELETE FROM _sqlx_migrations WHERE version = 9999").await;
    standby.again().await;
    for node in 0..NODES {
        until("acknowledged again", LONG, async || ask(&region, node).await.is_ok()).await;
    }
    log::holds_together(&*region.gateway.running().gateway.store, &region.gateway.running().info.log_vkey).await;
    region.stop().await;
}

/// Names are told when the standby has them. While it is behind, those who wait for it leave connections to the others, and none waits for ever.
///
/// Broken on purpose to see it fail: names told at once; a place for everybody.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_waits_for_a_standby_leaves_connections_to_others() {
    let server = Server::start(&[SYNCHRONOUS]).await;
    let standby = server.standby("standby").await;
    let store = PostgresStore::open(&Cluster::at(&server.url(), 1).expect("a URL"), Secret::new([7; 32])).await.expect("a store");
    let (store, nobody) = (Arc::new(store), vec![None]);
    assert_eq!(store.pseudonyms("a scope", &[[1; 32]]).await, Ok(nobody.clone()));
    assert_eq!(store.scope_key("a scope").await, Ok(None));
    standby.halt().await;
    let waiting: Vec<_> = (0..12_u8)
        .map(|number| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                match number % 2 {
                    0 => store.pseudonyms("a scope", &[[number; 32]]).await.map(drop),
                    _ => store.scope_key("a scope").await.map(drop),
                }
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(500)).await;
    for _ in 0..20 {
        let reading = tokio::time::timeout(Duration::from_secs(2), store.identity("a name"));
        assert!(matches!(reading.await, Ok(Ok(None))), "others go on");
    }
    let all = tokio::time::timeout(Duration::from_mins(1), futures_util::future::join_all(waiting)).await.expect("not for ever");
    for outcome in all {
        assert!(outcome.expect("no panic").is_err(), "nothing was told");
    }
    standby.again().await;
    let told = async || store.pseudonyms("a scope", &[[1; 32]]).await == Ok(nobody.clone());
    until("told again", LONG, told).await;
}

/// The server is lost under load, and one of its standbys takes its place while another lags: every entry that was acknowledged is there as its receipt says,
/// and the nodes go on by themselves.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_promoted_standby_has_every_entry_that_was_acknowledged() {
    // Only the one that will be promoted counts: the other is called so, and lags.
    let server = Server::start(&["synchronous_standby_names=heir"]).await;
    let (standby, lagging) = (server.standby("heir").await, server.standby("lagging").await);
    lagging.run("SELECT pg_wal_replay_pause()").await;
    let door = Balancer::failover(vec![server.address(), standby.address()]).await;
    let region = with_standby(url_at(door.address())).await;
    let load = Load::on(&region, 4);
    load.goes_on(20).await;
    server.kill().await;
    standby.promote().await;
    let second = standby.standby("heir").await;
    standby.run("ALTER SYSTEM SET synchronous_standby_names = 'heir'").await;
    standby.run("SELECT pg_reload_conf()").await;
    load.goes_on(20).await;
    let all = load.finish().await;
    is_kept(&region, &all).await;
    region.stop().await;
    drop((second, lagging));
}

/// A standby that was behind is promoted, and the log lacks what was acknowledged: no node signs anything behind it, and each says so.
///
/// Broken on purpose to see it fail: without `went_back`, and `remember` that passes over a smaller head.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_node_signs_behind_a_standby_that_lost_entries() {
    let server = Server::start(&[]).await;
    let standby = server.standby("standby").await;
    let door = Balancer::failover(vec![server.address(), standby.address()]).await;
    let region = Region::on(url_at(door.address()), |_| {}).await;
    ask(&region, 0).await.expect("an answer");
    tokio::time::sleep(Duration::from_secs(1)).await;
    standby.halt().await;
    for node in 0..NODES {
        ask(&region, node).await.expect("an answer that the standby never heard of");
    }
    // The nodes look at the head every second.
    tokio::time::sleep(Duration::from_millis(1_500)).await;
    server.kill().await;
    standby.again().await;
    standby.promote().await;
    for (number, node) in region.nodes.iter().enumerate() {
        until("refuses to sign", LONG, async || node.readiness().await.contains("nothing more is signed")).await;
        assert!(ask(&region, number).await.is_err(), "node {number} signs nothing");
    }
    region.stop().await;
}

/// The same, where what the gateway remembers itself is gone too: its witnesses know what they cosigned, and no node begins behind that.
///
/// Broken on purpose to see it fail: `compare` not called in `build_with`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_node_starts_behind_its_witnesses() {
    let server = Server::start(&[]).await;
    let standby = server.standby("standby").await;
    let door = Balancer::failover(vec![server.address(), standby.address()]).await;
    let mut region = Region::witnessed_on(url_at(door.address())).await;
    ask(&region, 0).await.expect("an answer");
    tokio::time::sleep(Duration::from_secs(1)).await;
    standby.halt().await;
    let lost = ask(&region, 0).await.expect("an answer that the standby never heard of");
    let newest = lost.deliveries.iter().map(|delivery| delivery.log_index).max().expect("a delivery");
    until("it is cosigned", LONG, async || cosigned(&region.nodes[0].readiness().await) > newest).await;
    server.kill().await;
    standby.again().await;
    standby.promote().await;
    let mut node = region.nodes.remove(0);
    region.nodes.clear();
    let keys = std::fs::read_dir(region.gateway.gateway_folder().join("keys")).expect("keys");
    let mut remembered = keys.flatten().filter(|file| file.file_name().to_string_lossy().starts_with("log-head-"));
    std::fs::remove_file(remembered.next().expect("what is remembered of the head").path()).expect("removed");
    let said = node.does_not_start().await;
    assert!(said.contains("witness ") && said.contains("shows a head of"), "{said}");
    region.stop().await;
}

/// How many entries a quorum has cosigned, as `/readyz` says.
fn cosigned(readiness: &str) -> u64 {
    let said = readiness.lines().find_map(|line| line.strip_prefix("witnessed "));
    said.and_then(|said| said.split(' ').next()?.parse().ok()).unwrap_or(0)
}
