//! A torn, missing or altered tile at the right edge of the tree: nothing is signed behind it, a start says so, and a gateway that runs and knows its
//! edge writes it anew.

use std::path::Path;

use sluis::client::{Against, AuditError, Trouble};
use sluis::demo::organisations::Slug;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use sqlx::{AssertSqlSafe, Row};

use crate::support::TestGateway;
use crate::support::cases::Cases;
use crate::support::faulty_store::Node;

/// What happens to the newest tile of level 0, each with the case's name.
const DAMAGE: [(&str, &str); 5] = [
    ("torn in the middle of a hash", "UPDATE tile SET hashes = substr(hashes, 1, length(hashes) - 16)"),
    ("torn between hashes", "UPDATE tile SET hashes = substr(hashes, 1, length(hashes) - 32)"),
    ("empty", "UPDATE tile SET hashes = x''"),
    ("overwritten", "UPDATE tile SET hashes = zeroblob(length(hashes))"),
    ("missing", "DELETE FROM tile"),
];

async fn pool(file: &Path) -> SqlitePool {
    let options = SqliteConnectOptions::new().filename(file).pragma("ignore_check_constraints", "ON");
    SqlitePool::connect_with(options).await.expect("a connection")
}

/// Does the damage, and gives what undoes it.
async fn damage(file: &Path, statement: &str) -> Vec<(i64, i64, Vec<u8>)> {
    let pool = pool(file).await;
    let newest = "WHERE level = 0 AND idx = (SELECT max(idx) FROM tile WHERE level = 0)";
    let kept = sqlx::query("SELECT level, idx, hashes FROM tile").fetch_all(&pool).await.expect("tiles");
    let done = sqlx::raw_sql(AssertSqlSafe(format!("{statement} {newest}"))).execute(&pool).await.expect("done");
    assert_eq!(done.rows_affected(), 1);
    pool.close().await;
    kept.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect()
}

async fn mend(file: &Path, kept: &[(i64, i64, Vec<u8>)]) {
    let pool = pool(file).await;
    for (level, index, hashes) in kept {
        let query = sqlx::query("INSERT OR REPLACE INTO tile (level, idx, hashes) VALUES (?, ?, ?)");
        query.bind(level).bind(index).bind(hashes).execute(&pool).await.expect("mended");
    }
    pool.close().await;
}

fn forget(gateway: &TestGateway) {
    for file in std::fs::read_dir(gateway.gateway_folder().join("keys")).expect("keys").flatten() {
        if file.file_name().to_string_lossy().starts_with("log-head-") {
            std::fs::remove_file(file.path()).expect("removed");
        }
    }
}

/// Broken on purpose to see it fail: without the comparison of roots in `TreeScribe::sequence`; `mark::contradicted` that takes what cannot be proved
/// for sound.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_signed_behind_a_torn_tile() {
    let gateway = TestGateway::start().await;
    let file = gateway.gateway_folder().join("sluis.sqlite");
    let log = gateway.running().info.log_vkey.parse().expect("the log's key");
    let against = Against { log, policy: None, seen: Vec::new() };
    let mut cases = Cases::default();
    for (name, statement) in DAMAGE {
        gateway.still_serves().await;
        // The head is remembered about once a second.
        tokio::time::sleep(std::time::Duration::from_millis(2500)).await;
        let kept = damage(&file, statement).await;
        let said = against.verify(&file.as_path().into(), |_, _| {}).await;
        let named =
            said.as_ref().is_err_and(|error| matches!(error, AuditError::Broken(_)) && error.to_string().contains("tile/0/"));
        cases.hold(format!("{name}: verification names the tile, not {:?}", said.map(|_| ())), named);
        // Another node that would begin on it.
        let said = gateway.build().await.expect_err("it starts");
        cases.hold(
            format!("{name}: it does not start: {said}"),
            said.contains("the key store remembers") && said.contains("do: "),
        );
        cases.hold(format!("{name}: a check says so too"), gateway.check().await.is_err_and(|error| error == said));
        // Where nothing remembers a head, it starts, and takes no entry.
        forget(&gateway);
        let node = Node::beside(&gateway).await;
        let size = gateway.log_size().await;
        let body = gateway.question("P22").to_string().into_bytes();
        let refused = node.client(&gateway, Slug::VeiligThuis).disclose(&body, None).await;
        let unavailable = matches!(&refused, Err(Trouble::Problem(problem)) if problem.suffix() == "log-unavailable");
        cases.hold(format!("{name}: nothing passes, not {:?}", refused.map(drop)), unavailable);
        cases.hold(format!("{name}: nothing is signed"), gateway.log_size().await == size);
        mend(&file, &kept).await;
        let again = node.client(&gateway, Slug::VeiligThuis).disclose(&body, None).await;
        cases.hold(format!("{name}: mended, it goes on, not {:?}", again.as_ref().map(|_| ())), again.is_ok());
        cases.hold(format!("{name}: and verifies"), against.verify(&file.as_path().into(), |_, _| {}).await.is_ok());
        node.stop().await;
    }
    gateway.stop().await;
    cases.finish(35);
}

/// A gateway that runs knows its edge: it does not read the tile again, and the next commit puts it right.
///
/// Broken on purpose to see it fail: `TreeScribe::known` always `None` (then it stops, which is safe, but takes an operator to mend).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_gateway_writes_a_torn_tile_anew() {
    let gateway = TestGateway::start().await;
    gateway.still_serves().await;
    let file = gateway.gateway_folder().join("sluis.sqlite");
    let log = gateway.running().info.log_vkey.parse().expect("the log's key");
    let against = Against { log, policy: None, seen: Vec::new() };
    for (name, statement) in DAMAGE {
        damage(&file, statement).await;
        assert!(against.verify(&file.as_path().into(), |_, _| {}).await.is_err(), "{name}");
        gateway.still_serves().await;
        let whole = against.verify(&file.as_path().into(), |_, _| {}).await;
        assert!(whole.is_ok(), "{name}: {whole:?}");
    }
    gateway.stop().await;
}
