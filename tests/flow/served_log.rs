//! What is served under `/log/`: a log that anyone can rebuild, and never bytes that are not of it.

use http::header::CACHE_CONTROL;
use sluis::demo::organisations::Slug;
use sluis::ledger::checkpoint::SignedCheckpoint;
use sluis::ledger::note::VerifierKey;
use sluis::ledger::tree::{NodeHash, RightEdge, Tile, TileId, Tiles, leaf_hash, root, unbundle};
use sluis::store::Append;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};

use crate::support::cases::Cases;
use crate::support::draft::Draft;
use crate::support::raw::{Response, is_problem};
use crate::support::{Persona, TestGateway, log};

/// Two full tiles and a partial one.
const SIZE: u64 = 600;

/// A gateway whose log has at least [`SIZE`] entries.
async fn with_a_log() -> (TestGateway, Persona) {
    let gateway = TestGateway::start().await;
    let asker = gateway.persona(Slug::Police);
    let running = &gateway.running().gateway;
    let known = log::stored(&*running.store).await;
    let missing = usize::try_from(SIZE - gateway.log_size().await).expect("small");
    let entries = known.iter().cycle().take(missing).map(|entry| entry.row.clone()).collect();
    running.sequencer.append(Append { entries, ..Append::default() }).await.expect("appended");
    (gateway, asker)
}

/// What is there, asked for without a signature.
async fn get(gateway: &TestGateway, asker: &Persona, path: &str) -> Response {
    let request = Draft::get(&format!("/log/{path}"), gateway.authority_name()).request;
    gateway.wire().send(&asker.tls, &request.bytes()).await.response().expect("a response")
}

/// The bytes of something that is there.
async fn bytes(gateway: &TestGateway, asker: &Persona, path: &str, kind: &str, cached: &str) -> Vec<u8> {
    let response = get(gateway, asker, path).await;
    assert_eq!((response.status, response.field("content-type")), (200, kind), "{path}");
    assert_eq!(response.headers[CACHE_CONTROL], cached, "{path}");
    response.body
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_is_rebuilt_from_what_is_served() {
    let (gateway, asker) = with_a_log().await;
    let checkpoint = bytes(&gateway, &asker, "checkpoint", "text/plain; charset=utf-8", "no-store").await;
    let checkpoint = SignedCheckpoint::parse(std::str::from_utf8(&checkpoint).expect("text")).expect("a checkpoint");
    let vkey: VerifierKey = gateway.running().info.log_vkey.parse().expect("the log's key");
    let head = checkpoint.verify(&vkey).expect("signed by the log").clone();
    assert!((SIZE..700).contains(&head.size()));
    let stored = log::stored(&*gateway.running().gateway.store).await;

    let (mut edge, mut tiles) = (RightEdge::empty(), Tiles::default());
    for index in 0..3 {
        let width = u16::try_from((head.size() - 256 * index).min(256)).expect("small");
        let id = TileId::new(0, index, width).expect("a tile");
        let cached = if id.is_full() { "public, max-age=31536000, immutable" } else { "no-store" };
        let tile = bytes(&gateway, &asker, &id.path(), "application/octet-stream", cached).await;
        assert_eq!(tile.len(), 32 * usize::from(width));
        let entries = bytes(&gateway, &asker, &id.entries_path(), "application/octet-stream", cached).await;
        let leaves: Vec<NodeHash> = unbundle(&entries).expect("a bundle").into_iter().map(leaf_hash).collect();
        assert_eq!(leaves.iter().flat_map(NodeHash::bytes).copied().collect::<Vec<u8>>(), tile, "{id}");
        // Length and leaf of each entry, and not one byte more: nothing of the sealed bodies.
        let place = usize::try_from(256 * index).expect("small");
        let of_these = &stored[place..place + usize::from(width)];
        let expected: Vec<u8> =
            of_these.iter().flat_map(|entry| [&[0, 97], entry.row.leaf.bytes().as_slice()].concat()).collect();
        assert_eq!(entries, expected, "{id}");
        assert!(of_these.iter().all(|entry| !entry.row.body.is_empty()));
        edge.append(&leaves).expect("room");
        tiles.insert(Tile { id, bytes: tile });
    }
    let above = TileId::new(1, 0, 2).expect("a tile");
    let tile = bytes(&gateway, &asker, &above.path(), "application/octet-stream", "no-store").await;
    tiles.insert(Tile { id: above, bytes: tile });
    assert_eq!(edge.root(), head.root(), "from the leaves");
    assert_eq!(root(head.size(), &tiles).expect("complete"), head.root(), "from the tiles");

    // What a log of any earlier size had.
    let last = bytes(&gateway, &asker, "tile/0/002.p/40", "application/octet-stream", "no-store").await;
    assert_eq!(last.len(), 32 * 40);
    assert_eq!(bytes(&gateway, &asker, "tile/entries/000.p/1", "application/octet-stream", "no-store").await.len(), 99);
    for beyond in [
        "tile/0/002",
        "tile/0/003.p/1",
        "tile/1/000",
        "tile/1/000.p/3",
        "tile/2/000.p/1",
        "tile/entries/002",
        "tile/entries/003.p/1",
        "tile/x/000",
    ] {
        is_problem(&get(&gateway, &asker, beyond).await, 404, "not-found").expect(beyond);
    }
    gateway.stop().await;
}

/// Damage in the store, what can no longer be shown, and what still can.
const DAMAGE: [(&str, &[&str], &[&str]); 11] = [
    (
        "UPDATE tile SET hashes = substr(hashes, 1, 4096) WHERE level = 0 AND idx = 0",
        &["tile/0/000", "tile/0/000.p/200", "tile/entries/000"],
        &["tile/0/001", "checkpoint"],
    ),
    (
        "UPDATE tile SET hashes = substr(hashes, 1, 8191) WHERE level = 0 AND idx = 0",
        &["tile/0/000", "tile/0/000.p/1"],
        &["tile/0/001"],
    ),
    (
        "UPDATE tile SET hashes = zeroblob(8192) WHERE level = 0 AND idx = 1",
        &["tile/0/001", "tile/0/001.p/7", "tile/entries/001"],
        &["tile/0/000", "tile/entries/000", "tile/1/000.p/2"],
    ),
    (
        "UPDATE tile SET hashes = CAST(substr(hashes, 1, 32) || zeroblob(32) || substr(hashes, 65) AS BLOB) WHERE level = 0 AND idx = 1",
        &["tile/0/001", "tile/0/001.p/1"],
        &["tile/0/000"],
    ),
    (
        "UPDATE tile SET hashes = (SELECT hashes FROM tile WHERE level = 0 AND idx = 1) WHERE level = 0 AND idx = 0",
        &["tile/0/000"],
        &["tile/0/001"],
    ),
    ("UPDATE tile SET hashes = x'' WHERE level = 0 AND idx = 2", &["tile/0/002.p/1", "tile/0/000"], &["checkpoint"]),
    ("DELETE FROM tile WHERE level = 1", &["tile/1/000.p/1", "tile/0/000", "tile/entries/000"], &["checkpoint"]),
    ("UPDATE tile SET hashes = CAST(hashes || x'00' AS BLOB) WHERE level = 0 AND idx = 0", &["tile/0/000"], &["tile/0/001"]),
    (
        "UPDATE entry SET leaf = CAST(substr(leaf, 1, 50) || x'00' || substr(leaf, 52) AS BLOB) WHERE idx = 300",
        &["tile/entries/001", "tile/entries/001.p/45"],
        &["tile/0/001", "tile/entries/001.p/44", "tile/entries/000"],
    ),
    ("DELETE FROM entry WHERE idx = 599", &["tile/entries/002.p/88"], &["tile/entries/002.p/87", "tile/0/002.p/88"]),
    ("UPDATE head SET checkpoint = substr(checkpoint, 1, 60)", &["checkpoint"], &["tile/0/000"]),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn torn_or_altered_bytes_are_not_served() {
    let (gateway, asker) = with_a_log().await;
    let file = gateway.running().layout.gateway().join("sluis.sqlite");
    let options = SqliteConnectOptions::new().filename(file).foreign_keys(false).pragma("ignore_check_constraints", "ON");
    let mut raw = SqliteConnection::connect_with(&options).await.expect("a connection");
    let execute = async |raw: &mut SqliteConnection, statement: String| {
        let done = sqlx::raw_sql(AssertSqlSafe(statement)).execute(raw).await.expect("done");
        assert!(done.rows_affected() > 0);
    };
    let mut cases = Cases::default();
    for (damage, broken, sound) in DAMAGE {
        let table = damage.split_whitespace().find(|word| ["tile", "entry", "head"].contains(word)).expect("a table");
        execute(&mut raw, format!("CREATE TABLE kept AS SELECT * FROM {table}; {damage}")).await;
        for path in broken {
            let problem = is_problem(&get(&gateway, &asker, path).await, 503, "store-unavailable");
            cases.check(format!("{damage}: {path}"), problem);
        }
        for path in sound {
            cases.hold(format!("{damage}: {path} is served"), get(&gateway, &asker, path).await.status == 200);
        }
        let restore = format!("DELETE FROM {table} WHERE true; INSERT INTO {table} SELECT * FROM kept; DROP TABLE kept");
        execute(&mut raw, restore).await;
        for path in broken {
            cases.hold(format!("{path} again"), get(&gateway, &asker, path).await.status == 200);
        }
    }
    raw.close().await.expect("closed");
    gateway.still_serves().await;
    gateway.stop().await;
    cases.finish(50);
}
