//! `sluis log verify`: whoever has the store at hand and no key finds what was changed in it.

use sluis::ledger::checkpoint::SignedCheckpoint;
use sluis::ledger::note::VerifierKey;
use sluis::ledger::proof::TlogProof;
use sluis::ledger::tree::{RightEdge, Tiles, inclusion, leaf_hash};
use sqlx::AssertSqlSafe;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};

use super::demo::{Demo, Folder, Output};
use crate::support::postgres::Database;

/// A copy of a demo's store, to be changed by hand.
pub(super) struct Copy {
    pub(super) folder: Folder,
    pub(super) kit: String,
    pub(super) receipts: String,
}

impl Copy {
    pub(super) fn of(demo: &Demo) -> Self {
        let folder = Folder::new();
        // The receipts first: others ask meanwhile, and the log that is copied must not be behind what they keep.
        let receipts = folder.path("receipts");
        std::fs::create_dir(&receipts).unwrap();
        // Nobody may have asked yet.
        for receipt in std::fs::read_dir(demo.path("kit/veilig-thuis/receipts")).into_iter().flatten() {
            let receipt = receipt.unwrap();
            std::fs::copy(receipt.path(), receipts.join(receipt.file_name())).unwrap();
        }
        let copy = Self { kit: demo.kit("veilig-thuis"), receipts: receipts.display().to_string(), folder };
        Self::execute(&demo.path("gateway/sluis.sqlite"), &format!("VACUUM INTO '{}'", copy.store()));
        copy
    }

    pub(super) fn store(&self) -> String {
        self.folder.path("copy.sqlite").display().to_string()
    }

    pub(super) fn execute(file: &str, statement: &str) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let options = SqliteConnectOptions::new().filename(file).foreign_keys(false).pragma("ignore_check_constraints", "ON");
            let pool = SqlitePool::connect_with(options).await.unwrap();
            sqlx::raw_sql(AssertSqlSafe(statement.to_owned())).execute(&pool).await.unwrap();
            pool.close().await;
        });
    }

    /// Verifies the copy after `statement`, and undoes that.
    fn after(&self, demo: &Demo, statement: &str) -> Output {
        let sound = std::fs::read(self.store()).unwrap();
        Self::execute(&self.store(), statement);
        let outcome = self.verify(demo, &[]);
        std::fs::write(self.store(), sound).unwrap();
        outcome
    }

    /// The one value that a query gives.
    pub(super) fn value<T>(&self, query: &str) -> T
    where
        T: sqlx::Type<sqlx::Sqlite> + for<'r> sqlx::Decode<'r, sqlx::Sqlite> + Send + Unpin,
    {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let pool = SqlitePool::connect_with(SqliteConnectOptions::new().filename(self.store())).await.unwrap();
            let value = sqlx::query_scalar::<_, T>(AssertSqlSafe(query.to_owned())).fetch_one(&pool).await.unwrap();
            pool.close().await;
            value
        })
    }

    fn verify(&self, demo: &Demo, more: &[&str]) -> Output {
        let store = self.store();
        demo.run(&[&["log", "verify", "full", "--store", &store, "--kit", &self.kit], more].concat())
    }
}

fn ask(demo: &Demo) {
    demo.ask(&["--person", "P22", "--category", "identity"]).done();
}

/// Broken on purpose to see it fail: without `compare`; without `is_head`; columns not read.
#[test]
fn what_was_changed_by_hand_is_found_and_named() {
    let demo = Demo::shared();
    ask(&demo);
    let copy = Copy::of(&demo);
    copy.verify(&demo, &["--seen", &copy.receipts]).failed(5, &["unwitnessed: no policy was given"]);
    let json = copy.verify(&demo, &["--json"]);
    assert!(json.stdout.contains("\"verdict\":\"unwitnessed\""), "{}", json.stdout);
    for (statement, named) in [
        ("UPDATE entry SET body = zeroblob(length(body)) WHERE idx = 3", "entry 3 was changed: its sealed body"),
        ("UPDATE entry SET leaf = zeroblob(97) WHERE idx = 3", "entry 3 was changed: its leaf"),
        (
            "UPDATE entry SET leaf = other.leaf, body = other.body FROM (SELECT * FROM entry WHERE idx = 2) AS other WHERE entry.idx = 3",
            "entry 3 was changed: a column",
        ),
        ("UPDATE entry SET time = time + 1 WHERE idx = 3", "entry 3 was changed: a column"),
        ("UPDATE entry SET outcome = 'refused', purpose = 'treatment' WHERE idx = 3", "entry 3 was changed: a column"),
        ("UPDATE entry SET actor_token = NULL WHERE actor_token IS NOT NULL", "was changed: a column"),
        ("UPDATE entry SET party = source WHERE source IS NOT NULL AND party <> source", "was changed: a column"),
        ("DELETE FROM entry_asked", "was changed: a column"),
        ("UPDATE entry SET key_class = 'entries-99y-2026-11' WHERE idx = 3", "entry 3 was changed: a column"),
        ("UPDATE entry SET body = NULL, purpose = 'treatment' WHERE idx = 3", "entry 3 has no sealed body"),
        ("DELETE FROM entry WHERE idx = 3", "entry 3 is missing"),
        ("DELETE FROM entry WHERE idx = (SELECT max(idx) FROM entry)", "is missing"),
        ("UPDATE entry SET idx = -5 WHERE idx = 3", "entry -5 was never in the log"),
        ("UPDATE entry SET idx = 100000 WHERE idx = (SELECT max(idx) FROM entry)", "is missing"),
        ("UPDATE tile SET hashes = zeroblob(length(hashes)) WHERE level = 0 AND idx = 0", "tile/0/000"),
        ("DELETE FROM tile", "tile/0/000"),
        ("UPDATE head SET size = size + 1", "another size or root"),
        ("UPDATE head SET root = zeroblob(32)", "another size or root"),
        ("UPDATE head SET checkpoint = replace(checkpoint, '— ', '— x')", "is not signed by it"),
        ("UPDATE head SET checkpoint = ''", "is not signed by it"),
        ("UPDATE delivery SET receipt = replace(receipt, 'index ', 'index 1')", "does not belong to this log: "),
        ("UPDATE delivery SET receipt = replace(receipt, '— ', '— x')", "does not belong to this log: "),
        ("UPDATE delivery SET receipt = ''", "does not belong to this log: the receipt is no tlog-proof"),
        ("UPDATE delivery SET seq = seq + 1", "does not belong to this log: it is not of the entry at its place"),
        (
            "INSERT INTO contribution_receipt SELECT 99, disclosure, 's', '', replace(receipt, 'extra A', 'extra B') FROM delivery LIMIT 1",
            " for s does not belong to this log: ",
        ),
    ] {
        copy.after(&demo, statement).failed(3, &[named]);
    }
}

/// A log that was cut back to an earlier day, as a whole and with its signed head, is sound by itself, and not beside what was kept of it.
///
/// Broken on purpose to see it fail: without `diverged`.
#[test]
fn a_log_put_back_to_an_earlier_day_does_not_continue_what_was_seen() {
    let demo = Demo::shared();
    ask(&demo);
    let (old, kept) = (Copy::of(&demo), Folder::new());
    let receipts = kept.path("receipts").display().to_string();
    demo.ask(&["--person", "P22", "--category", "identity", "--receipts", &receipts]).done();
    let new = Copy::of(&demo);
    new.verify(&demo, &["--seen", &receipts]).failed(5, &["unwitnessed"]);
    old.verify(&demo, &[]).failed(5, &["unwitnessed"]);
    old.verify(&demo, &["--seen", &receipts]).failed(6, &["does not continue", "put back to an earlier day", &receipts]);
    let head = |copy: &Copy, name: &str| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let text: String = runtime.block_on(async {
            let pool = SqlitePool::connect_with(SqliteConnectOptions::new().filename(copy.store())).await.unwrap();
            sqlx::query_scalar("SELECT checkpoint FROM head").fetch_one(&pool).await.unwrap()
        });
        kept.file(name, text)
    };
    let (earlier, later) = (head(&old, "earlier"), head(&new, "later"));
    let consistency = |earlier: &str, later: &str| {
        demo.run(&["log", "verify", "consistency", earlier, later, "--store", &new.store(), "--kit", &new.kit])
    };
    assert!(consistency(&earlier, &later).done().contains("continues that of"));
    consistency(&later, &earlier).failed(6, &["does not continue"]);
    let json = |earlier: &str, later: &str| {
        let told =
            demo.run(&["log", "verify", "consistency", earlier, later, "--store", &new.store(), "--kit", &new.kit, "--json"]);
        serde_json::from_str::<serde_json::Value>(&told.stdout).unwrap()
    };
    let told = json(&earlier, &later);
    assert!(told["verdict"] == "consistent" && told["earlier"].as_u64() < told["later"].as_u64(), "{told}");
    let told = json(&later, &earlier);
    assert!(told["verdict"] == "diverged" && told["reason"].as_str().unwrap().contains("does not continue"), "{told}");
    let foreign = std::fs::read_to_string(&earlier).unwrap().replace("— ", "— x");
    consistency(&kept.file("foreign", foreign), &later).failed(2, &["no checkpoint and no receipt that this log signed"]);
}

/// The same of a store in PostgreSQL, by its URL, of which no password is ever told.
///
/// Broken on purpose to see it fail: the URL itself as the place in `StorePlace::open`.
#[test]
fn a_store_in_postgresql_is_verified_by_its_url() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let database = runtime.block_on(Database::new());
    let demo = Demo::on(&database);
    let kept = Folder::new();
    let (receipt, statement) = demo.kept(&kept);
    let (kit, store) = (demo.kit("veilig-thuis"), database.url().replace("sluis@", "sluis:geheim-pw@"));
    let verify = |mode: &[&str], store: &str| {
        let told = demo.run(&[&["log", "verify"], mode, &["--store", store, "--kit", &kit]].concat());
        assert!(![&told.stdout, &told.stderr].into_iter().any(|text| text.contains("geheim-pw")), "{told:?}");
        told
    };
    let full = verify(&["full", "--seen", &receipt], &store);
    full.failed(5, &["unwitnessed: no policy was given"]);
    for said in ["verified: ", " receipts in the store, 1 earlier heads continued", "not looked at: PostgreSQL's own indexes"] {
        assert!(full.stdout.contains(said), "{said}: {}", full.stdout);
    }
    let json = |mode: &[&str]| serde_json::from_str::<serde_json::Value>(&verify(mode, &store).stdout).unwrap();
    let told = json(&["full", "--json"]);
    assert!(told["verdict"] == "unwitnessed" && told["indexesVerified"] == false, "{told}");
    let told = json(&["receipt", &receipt, "--statement", &statement, "--json"]);
    assert!(told["verdict"] == "unwitnessed" && told["logSize"].as_u64() >= told["size"].as_u64(), "{told}");
    let told = json(&["consistency", &receipt, &receipt, "--json"]);
    assert!(told["verdict"] == "consistent", "{told}");
    let receipts = kept.path("receipts").display().to_string();
    let told = json(&["reconcile", "--receipts", &receipts, "--json"]);
    assert!(told["verdict"] == "unwitnessed" && told["recipients"][0]["receipts"] == 1, "{told}");

    runtime.block_on(async {
        let mut raw = database.connect().await;
        sqlx::raw_sql("UPDATE entry SET time = time + 1 WHERE idx = 3").execute(&mut raw).await.unwrap();
    });
    verify(&["full"], &store).failed(3, &["entry 3 was changed: a column"]);
    verify(&["reconcile"], &store).failed(3, &["entry 3 was changed: a column"]);
    let nowhere = store.replacen(database.name(), "nowhere", 1);
    verify(&["full"], &nowhere).failed(2, &["postgres:///nowhere?host=/", "there is no such database"]);
    verify(&["full"], &store.replacen(database.name(), "postgres", 1)).failed(2, &["no gateway has a store in this database"]);
    verify(&["full"], "postgres://sluis:geheim-pw@:x:y/").failed(2, &["not a PostgreSQL URL"]);
}

/// The log signed another history once, and its own store still keeps a receipt of that.
#[test]
fn a_kept_receipt_under_a_head_that_the_log_never_had_is_found() {
    let demo = Demo::shared();
    ask(&demo);
    let copy = Copy::of(&demo);
    let key: VerifierKey = demo.log_key().verifier().clone();
    let size: i64 = copy.value("SELECT size FROM head");
    let (leaf, extra): (Vec<u8>, [u8; 32]) = (copy.value("SELECT leaf FROM entry WHERE idx = 0"), [7; 32]);
    // The tree of these entries and one more, which the store never had.
    let (mut edge, mut tiles) = (RightEdge::empty(), Tiles::default());
    let mut append =
        |leaf: &[u8]| edge.append(&[leaf_hash(leaf)]).unwrap().tiles().iter().for_each(|tile| tiles.insert(tile.clone()));
    for index in 0..size {
        append(&copy.value::<Vec<u8>>(&format!("SELECT leaf FROM entry WHERE idx = {index}")));
    }
    append(b"more");
    let checkpoint = SignedCheckpoint::sign(edge.size(), edge.root(), &demo.log_key()).unwrap();
    let path = inclusion(0, edge.size(), &tiles).unwrap();
    let proof = TlogProof { extra: Some([leaf.as_slice(), &extra].concat()), index: 0, path, checkpoint };
    proof.verify(&leaf_hash(&leaf), &key).unwrap();
    let statement = format!("UPDATE delivery SET seq = 0, receipt = '{proof}' WHERE rowid = (SELECT min(rowid) FROM delivery)");
    copy.after(&demo, &statement).failed(6, &["does not continue", "stands in the receipt of "]);
    let vkey = key.to_string();
    Copy::execute(&copy.store(), &statement);
    crate::verifier::verify(&["full", &copy.store(), &vkey]).expect(crate::verifier::DIVERGED, "diverged: receipt of ").unwrap();
}
