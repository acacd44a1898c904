//! Receipts that the store keeps and gives out later: no byte of one is changed unnoticed, and none is made from a tile that is not what was signed.

use std::path::Path;
use std::time::{Duration, Instant};

use sluis::client::{Against, AuditError};
use sluis::demo::organisations::Slug;
use sluis::ledger::note::VerifierKey;
use sluis::ledger::proof::TlogProof;
use sluis::ledger::receipt::{Proven, Trust, verify};
use sluis::ledger::seal::Leaf;
use sluis::ledger::statement::Statement;
use sluis::store::Append;
use sqlx::AssertSqlSafe;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};

use crate::support::cases::Cases;
use crate::support::{Folder, TestGateway, log};

async fn pool(file: &Path) -> SqlitePool {
    let options = SqliteConnectOptions::new().filename(file).foreign_keys(false).pragma("ignore_check_constraints", "ON");
    SqlitePool::connect_with(options).await.expect("a connection")
}

/// Where the party's key stands in a receipt's text, from its first character to its last: `extra` is the leaf and that key, in base64. The character
/// before has bits of both.
fn of_party_key(receipt: &str) -> std::ops::Range<usize> {
    let extra = receipt.find("\nextra ").expect("extra data") + "\nextra ".len();
    let end = extra + receipt[extra..].find('\n').expect("its end");
    extra + Leaf::LENGTH * 4 / 3..end
}

/// Every byte of a receipt, as the store has it: verification of the whole log names it, but for the party's key, which the log knows nothing of; who
/// has the statement finds that too.
///
/// Broken on purpose to see it fail: `Proven::of` without the log's signature; a leaf that is not held against the statement.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_byte_of_a_kept_receipt_counts() {
    let gateway = TestGateway::start().await;
    let body = gateway.question("P22").to_string().into_bytes();
    let client = gateway.running().client(Slug::VeiligThuis).expect("a client");
    let disclosed = client.disclose(&body, None).await.expect("an answer");
    let folder = Folder::new();
    let file = folder.path().join("copy.sqlite");
    let original = pool(&gateway.gateway_folder().join("sluis.sqlite")).await;
    let copy = format!("VACUUM INTO '{}'", file.display());
    sqlx::raw_sql(AssertSqlSafe(copy)).execute(&original).await.expect("copied");
    original.close().await;
    let log: VerifierKey = gateway.running().info.log_vkey.parse().expect("the log's key");
    let party = gateway.persona(Slug::VeiligThuis).oin;
    gateway.stop().await;

    let pool = pool(&file).await;
    let (sealed, receipt): (String, String) =
        sqlx::query_as("SELECT sealed, receipt FROM delivery").fetch_one(&pool).await.expect("one delivery");
    let statement = Statement::about(disclosed.id.parse().expect("an id"), party, sealed.as_bytes(), &body);
    let against = Against { log: log.clone(), policy: None, seen: Vec::new() };
    let by_statement = |receipt: &str| verify(receipt, &statement, Trust { log: &log, policy: None }).is_ok();
    assert!(by_statement(&receipt) && against.verify(&file.as_path().into(), |_, _| {}).await.expect("sound").receipts > 0);
    let key = of_party_key(&receipt);
    let mut cases = Cases::default();
    for place in 0..receipt.len() {
        let mut changed = receipt.clone().into_bytes();
        changed[place] ^= 1;
        // What is no text any more cannot stand in the column.
        let Ok(changed) = String::from_utf8(changed) else { continue };
        let update = sqlx::query("UPDATE delivery SET receipt = ?").bind(&changed);
        update.execute(&pool).await.expect("changed");
        let said = against.verify(&file.as_path().into(), |_, _| {}).await;
        let named = matches!(said, Err(AuditError::Kept { .. }));
        cases.hold(format!("byte {place}: the log is said to hold"), named || key.contains(&place));
        cases.hold(format!("byte {place}: it is a receipt of what was given"), !by_statement(&changed));
    }
    pool.close().await;
    cases.finish(2 * (receipt.len() - 16));
}

/// A gateway that was given enough entries for a tile that no commit writes again, all of them cosigned.
async fn cosigned(gateway: &TestGateway) {
    let running = &gateway.running().gateway;
    let known = log::stored(&*running.store).await;
    let entries = known.iter().cycle().take(300).map(|entry| entry.row.clone()).collect();
    running.sequencer.append(Append { entries, ..Append::default() }).await.expect("appended");
    let (size, begun) = (gateway.log_size().await, Instant::now());
    let newest = async || running.store.newest_cosigned().await.expect("readable").map_or(0, |newest| newest.checkpoint().size());
    while newest().await < size {
        assert!(begun.elapsed() < Duration::from_mins(1), "no quorum cosigned {size} entries");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// What is picked up later comes with a receipt under a cosigned head, made from the tiles. From one that was damaged none is made: the receipt is given as
/// it was, and holds.
///
/// Broken on purpose to see it fail: `upgrade::cosigned` without its look at what it made.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_receipt_is_made_from_a_torn_tile() {
    let gateway = TestGateway::start_witnessed().await;
    let body = gateway.question("P22").to_string().into_bytes();
    let client = gateway.running().client(Slug::VeiligThuis).expect("a client");
    // The witnesses have cosigned nothing behind the first one yet: there is a later head to bring it under.
    let disclosed = client.disclose(&body, None).await.expect("an answer");
    cosigned(&gateway).await;
    let (file, key) = (gateway.gateway_folder().join("sluis.sqlite"), gateway.running().gateway.log.clone());
    let pool = pool(&file).await;
    let sound: Vec<u8> =
        sqlx::query_scalar("SELECT hashes FROM tile WHERE level = 0 AND idx = 0").fetch_one(&pool).await.expect("the first tile");
    assert_eq!(sound.len(), 256 * 32, "no commit writes it again");
    let policy = &gateway.running().gateway.witnessing.as_ref().expect("witnesses").policy;
    let mut cases = Cases::default();
    for (name, hashes) in [
        ("sound", sound.clone()),
        ("overwritten", vec![0; sound.len()]),
        ("torn between hashes", sound[..sound.len() - 32].to_vec()),
        ("torn in the middle of a hash", sound[..sound.len() - 16].to_vec()),
        ("empty", Vec::new()),
        ("mended", sound.clone()),
    ] {
        let update = sqlx::query("UPDATE tile SET hashes = ? WHERE level = 0 AND idx = 0").bind(&hashes);
        update.execute(&pool).await.expect("changed");
        // The client verifies what it is given; and here once more.
        match client.pick_up(&disclosed.id, &body).await {
            Ok(picked_up) => {
                let receipt = &picked_up.deliveries[0].receipt;
                let proof = TlogProof::parse(receipt).expect("a receipt");
                cases.hold(format!("{name}: it is of the log"), Proven::of_receipt(receipt, &key).is_ok());
                let is_cosigned = policy.witnessed(&proof.checkpoint).is_ok();
                cases.hold(format!("{name}: cosigned, {is_cosigned}"), is_cosigned == (hashes == sound));
            }
            Err(trouble) => cases.hold(format!("{name}: {trouble}"), false),
        }
    }
    pool.close().await;
    gateway.stop().await;
    cases.finish(12);
}
