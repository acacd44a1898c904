//! Connections to PostgreSQL that end without those who hold them, or may not write.

use std::sync::Arc;
use std::time::Duration;

use sluis::secret::Secret;
use sluis::store::StoreError;
use sluis::store::postgres::{Cluster, PostgresStore};
use sqlx::{AssertSqlSafe, Connection as _};
use tokio::net::TcpListener;

use super::fixture::{Fixture, On};
use crate::support::postgres::Server;
use crate::support::{LONG, until};

const CUT_OFF: &str = "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()";

/// One connection that was cut off fails once at most, where nobody has looked whether it is there, and gives its place to a new one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_was_cut_off_fails_once_at_most() {
    let fixture = Fixture::on(On::Postgres).await;
    for _ in 0..3 {
        // Used just now: it is not asked whether it is there.
        fixture.store.head().await.expect("the head");
        let mut raw = fixture.database().connect().await;
        let cut: i64 = sqlx::query_scalar(CUT_OFF).fetch_one(&mut raw).await.expect("cut off");
        raw.close().await.expect("closed");
        assert!(cut > 0);
        let first = fixture.store.head().await;
        assert_eq!(fixture.store.head().await.map(|head| head.size), Ok(0), "after {first:?}");
    }
}

/// Who goes away in the middle of a question leaves nothing behind for the next one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_was_given_up_answers_nobody_else() {
    let fixture = Fixture::on(On::Postgres).await;
    fixture.commit_one(fixture.append()).await.expect("committed");
    let store = Arc::clone(&fixture.store);
    for micros in (0..2000).step_by(20) {
        let impatient = tokio::time::timeout(Duration::from_micros(micros), store.entries(0, 10));
        drop(impatient.await);
        assert_eq!(store.head().await.map(|head| head.size), Ok(1), "{micros}");
    }
    fixture.commit_one(fixture.append()).await.expect("committed");
    fixture.holds_together().await;
}

/// A server that takes connections and says nothing is told of, as one that is not there.
///
/// Broken on purpose to see it fail: the first connection waited for without end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silent_server_is_told_of() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("postgres://sluis@{}/sluis?sslmode=disable", listener.local_addr().expect("an address"));
    let silent = tokio::spawn(async move {
        let mut kept = Vec::new();
        while let Ok(connection) = listener.accept().await {
            kept.push(connection);
        }
    });
    let cluster = Cluster::at(&url, 0).expect("a URL");
    let opened = async { PostgresStore::open(&cluster, Secret::new([7; 32])).await.map(drop) };
    let looked = async { cluster.migrations().await.map(drop) };
    let asked = async { cluster.is_used().await.map(drop) };
    let written = async { cluster.may_write().await };
    let all = tokio::time::timeout(Duration::from_secs(30), async { tokio::join!(opened, looked, asked, written) });
    let (opened, looked, asked, written) = Box::pin(all).await.expect("not for ever");
    for told in [opened, looked, asked, written] {
        assert!(matches!(&told, Err(StoreError::Unavailable(why)) if why.contains("silent")), "{told:?}");
    }
    silent.abort();
}

/// A user who may only read, and a database that takes no writes, are told of before anything is begun there.
///
/// Broken on purpose to see it fail: one of the two not asked for.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_may_not_write_is_told_so() {
    let fixture = Fixture::on(On::Postgres).await;
    let (database, role) = (fixture.database(), format!("reader_of_{}", fixture.database().name()));
    let told = async |url: &str| {
        let asked = Cluster::at(url, 0).expect("a URL").may_write().await;
        asked.map_err(|error| error.to_string()).err().unwrap_or_default()
    };
    assert_eq!(told(&database.url()).await, "");

    let mut raw = database.connect().await;
    let role_is_made = format!("CREATE ROLE {role} LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}");
    sqlx::raw_sql(AssertSqlSafe(role_is_made)).execute(&mut raw).await.expect("a role");
    let says = told(&database.url().replacen("sluis@", &format!("{role}@"), 1)).await;
    sqlx::raw_sql(AssertSqlSafe(format!("DROP OWNED BY {role}; DROP ROLE {role}"))).execute(&mut raw).await.expect("gone");
    assert!(says.contains("this user may not"), "{says}");

    let read_only = format!("ALTER DATABASE {} SET default_transaction_read_only = on", database.name());
    sqlx::raw_sql(AssertSqlSafe(read_only)).execute(&mut raw).await.expect("read-only");
    raw.close().await.expect("closed");
    let says = told(&database.url()).await;
    assert!(says.contains("read-only"), "{says}");
}

/// Broken on purpose to see it fail: `IS_DURABLE` without either of its settings.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_does_not_sync_is_told_of() {
    let server = Server::start(&[]).await;
    let cluster = Cluster::at(&server.url(), 0).expect("a URL");
    assert_eq!(cluster.is_durable().await, Ok(true));
    for setting in ["fsync", "full_page_writes"] {
        server.run(&format!("ALTER SYSTEM SET {setting} = off")).await;
        server.run("SELECT pg_reload_conf()").await;
        until(setting, LONG, async || cluster.is_durable().await == Ok(false)).await;
        server.run(&format!("ALTER SYSTEM SET {setting} = on")).await;
        server.run("SELECT pg_reload_conf()").await;
        until("both are on", LONG, async || cluster.is_durable().await == Ok(true)).await;
    }
}
