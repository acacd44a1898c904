//! A database that is gone, slow, read-only, full, of a newer schema, or does not let the nodes in: each says which, answers in time that nothing was given, and goes on by itself.

use std::time::{Duration, Instant};

use sluis::client::Trouble;
use sluis::demo::organisations::Slug;
use sluis::ledger::entry::EntryKind;

use super::region::{NODES, Region};
use crate::support::postgres::Server;
use crate::support::{LONG, log, until};

/// How long a refusal may take: a client waits 30 s.
const DEADLINE: Duration = Duration::from_secs(25);

/// What requests are told: where the store can be read still, that the log takes nothing.
fn problem_of(fault: &str) -> &'static str {
    match fault {
        "read-only" | "newer schema" | "full disk" => "log-unavailable",
        _ => "store-unavailable",
    }
}

/// That every node refuses in time, and says why at `/readyz`.
async fn refuses(region: &Region, fault: &str, why: &str) {
    let body = region.gateway.question("P22").to_string().into_bytes();
    let asks = (0..NODES).map(|node| {
        let (client, body) = (region.client_of(node, Slug::VeiligThuis), &body);
        async move {
            let begun = Instant::now();
            let answer = client.disclose(body, None).await;
            (answer, begun.elapsed())
        }
    });
    for (answer, took) in futures_util::future::join_all(asks).await {
        match answer {
            Err(Trouble::Problem(problem)) => {
                assert_eq!((problem.status, problem.suffix()), (503, problem_of(fault)), "{fault}: {problem}");
            }
            other => panic!("{fault}: {:?}", other.map(|disclosed| disclosed.id)),
        }
        assert!(took < DEADLINE, "{fault}: after {took:?}");
    }
    for (number, node) in region.nodes.iter().enumerate() {
        let client = region.client_of(number, Slug::VeiligThuis);
        let told = async || {
            if fault == "full disk" {
                // Asked again before each look: `/readyz` tells of the last batch only, and a smaller one may have fitted.
                assert!(client.disclose(&body, None).await.is_err(), "{fault}");
            }
            let readiness = node.readiness().await;
            readiness.starts_with("503") && readiness.contains(why)
        };
        until(&format!("{fault}: /readyz says {why}, and not {}", node.readiness().await), LONG, told).await;
    }
}

/// That every node answers again, without having been started again.
async fn heals(region: &Region, fault: &str) {
    let body = region.gateway.question("P22").to_string().into_bytes();
    for (number, node) in region.nodes.iter().enumerate() {
        let client = region.client_of(number, Slug::VeiligThuis);
        until(&format!("{fault}: answered again"), LONG, async || client.disclose(&body, None).await.is_ok()).await;
        until(&format!("{fault}: ready again"), LONG, async || node.readiness().await.starts_with("200")).await;
    }
}

/// Broken on purpose to see it fail: `takes_writes` always so (read-only is ready); a statement without its patience (slow).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_fails_is_told_of_and_healed_from() {
    let server = Server::start(&[]).await;
    server.run("CREATE ROLE gateway SUPERUSER LOGIN").await;
    let region = Region::on(server.url().replace("sluis@", "gateway@"), |_| {}).await;
    heals(&region, "at first").await;

    server.run("ALTER SYSTEM SET default_transaction_read_only = on").await;
    server.run("SELECT pg_reload_conf()").await;
    refuses(&region, "read-only", "it is read-only").await;
    server.run("ALTER SYSTEM RESET default_transaction_read_only").await;
    server.run("SELECT pg_reload_conf()").await;
    heals(&region, "read-only").await;

    server.run("ALTER ROLE gateway NOLOGIN").await;
    server.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'gateway'").await;
    refuses(&region, "locked out", "it does not know this user or password").await;
    server.run("ALTER ROLE gateway LOGIN").await;
    heals(&region, "locked out").await;

    server.freeze(true);
    refuses(&region, "slow", "in time").await;
    server.freeze(false);
    heals(&region, "slow").await;

    server.halt().await;
    refuses(&region, "gone", "connection refused").await;
    server.again().await;
    heals(&region, "gone").await;

    let store = region.gateway.running().gateway.store.clone();
    log::holds_together(&*store, &region.gateway.running().info.log_vkey).await;
    // What was committed though nobody was told is told of in the log.
    let entries = log::stored(&*store).await;
    let of = |kind: EntryKind| entries.iter().filter(|entry| entry.row.clear.kind == kind).count();
    assert!(of(EntryKind::Disclosure) >= 4 * NODES);
    region.stop().await;
}

/// Broken on purpose to see it fail: `refusal` without code 53100 or 28P01; `takes_writes` without a look at the schema.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_a_changed_password_and_a_newer_schema_are_told_of_and_healed_from() {
    let server = Server::start(&[]).await;
    server.run("CREATE ROLE gateway SUPERUSER LOGIN PASSWORD 'first'").await;
    server.asks_for_password("gateway").await;
    let region = Region::on(server.url().replace("sluis@", "gateway:first@"), |_| {}).await;
    heals(&region, "at first").await;

    server.run("ALTER ROLE gateway PASSWORD 'second'").await;
    server.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'gateway'").await;
    refuses(&region, "wrong password", "it does not know this user or password").await;
    server.run("ALTER ROLE gateway PASSWORD 'first'").await;
    heals(&region, "wrong password").await;

    server.run("INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) VALUES (9999, 'newer', true, '', 0)").await;
    for node in &region.nodes {
        until("newer schema: seen", LONG, async || node.readiness().await.contains("of a newer version")).await;
    }
    refuses(&region, "newer schema", "of a newer version").await;
    server.run("DELETE FROM _sqlx_migrations WHERE version = 9999").await;
    heals(&region, "newer schema").await;

    if may_mount() {
        let disk = server.small_disk("16m").await;
        server.run(&format!("CREATE TABLESPACE small LOCATION '{}'", disk.display())).await;
        server.run("ALTER TABLE entry SET TABLESPACE small").await;
        heals(&region, "small disk").await;
        let filled = disk.join("filled");
        std::io::copy(&mut std::io::repeat(0), &mut std::fs::File::create(&filled).expect("a file")).expect_err("it is full");
        let body = region.gateway.question("P22").to_string().into_bytes();
        let client = region.client_of(0, Slug::VeiligThuis);
        // What is left in the table's last pages is used up first.
        until("full disk: refused", LONG, async || client.disclose(&body, None).await.is_err()).await;
        refuses(&region, "full disk", "its disk is full").await;
        std::fs::remove_file(filled).expect("removed");
        heals(&region, "full disk").await;
    }

    let store = region.gateway.running().gateway.store.clone();
    log::holds_together(&*store, &region.gateway.running().info.log_vkey).await;
    region.stop().await;
}

/// Whether this machine lets tests mount a file system of their own; `tests/run` says so where it does not.
fn may_mount() -> bool {
    std::env::var_os("SLUIS_NO_MOUNTS").is_none()
}
