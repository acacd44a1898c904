//! One byte of the log changed in its file, in every column there is: `log verify full` finds it and says where, or the gateway does, or a reason stands
//! here why it does not matter. A column that a migration adds must be spoken for.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::json;
use sluis::app::erasures;
use sluis::app::gateway::Outside;
use sluis::client::{Against, AuditError};
use sluis::config::GatewayConfig;
use sluis::demo::organisations::Slug;
use sluis::ledger::quorum::Policy;
use sluis::secret::Secret;
use sluis::store::sqlite::SqliteStore;
use sluis::store::{Append, Store, StoreError};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use sqlx::{AssertSqlSafe, Row};

use crate::support::cases::Cases;
use crate::support::fake_source::{Act, FakeSource, item};
use crate::support::{Folder, TestGateway, log};

/// What notices a change in a column.
#[derive(Clone, Copy)]
enum Noticed {
    /// Verification fails, and names what was changed.
    Named(&'static str),
    /// The head's code, under the gateway's own key: nothing reads or continues it. Says nothing about an entry.
    ByItsCode,
    /// Verification has fewer witnesses than before, or names the head or the witness whose line was changed.
    Witnesses,
    /// Verification without keys has nothing to say; that of the erasures, which has the gateway's keys, names the entry.
    WithItsKeys,
    /// Nothing, for a reason.
    Nothing(&'static str),
}

const NOT_OF_THIS_LOG: Noticed = Noticed::Named(" does not belong to this log: ");

const COLUMNS: [(&str, &str, Noticed); 52] = [
    ("entry", "idx", Noticed::Named("entry ")),
    ("entry", "kind", Noticed::Named("was changed: a column")),
    ("entry", "time", Noticed::Named("was changed: a column")),
    ("entry", "party", Noticed::Named("was changed: a column")),
    ("entry", "source", Noticed::Named("was changed: a column")),
    ("entry", "recipient", Noticed::Named("was changed: a column")),
    ("entry", "purpose", Noticed::Named("was changed: a column")),
    ("entry", "categories", Noticed::Named("was changed: a column")),
    ("entry", "outcome", Noticed::Named("was changed: a column")),
    ("entry", "overridden", Noticed::Named("was changed: a column")),
    ("entry", "subject_token", Noticed::Named("was changed: a column")),
    ("entry", "actor_token", Noticed::Named("was changed: a column")),
    ("entry", "case_token", Noticed::Named("was changed: a column")),
    ("entry", "trace", Noticed::Named("was changed: a column")),
    ("entry", "leaf", Noticed::Named("was changed: ")),
    ("entry", "body", Noticed::Named("was changed: ")),
    ("entry", "wrapped_key", Noticed::WithItsKeys),
    ("entry", "key_class", Noticed::Named("was changed: a column")),
    ("entry", "tokens", Noticed::Named("was changed: a column")),
    ("entry", "token_salt", Noticed::Named("was changed: a column")),
    ("entry", "held_by", Noticed::WithItsKeys),
    ("entry", "erases", Noticed::Named("was changed: a column")),
    ("entry_asked", "idx", Noticed::Named("was changed: a column")),
    ("entry_asked", "source", Noticed::Named("was changed: a column")),
    ("tile", "level", Noticed::Named("tile/")),
    ("tile", "idx", Noticed::Named("tile/")),
    ("tile", "hashes", Noticed::Named("tile/")),
    ("head", "id", Noticed::Nothing("the file has one head; a gateway, which reads it by its id, does not start")),
    ("head", "size", Noticed::Named("another size or root")),
    ("head", "root", Noticed::Named("another size or root")),
    ("head", "checkpoint", Noticed::Named("the head of the log is not signed by it")),
    ("head", "revision", Noticed::ByItsCode),
    ("head", "registry", Noticed::ByItsCode),
    ("head", "policy", Noticed::ByItsCode),
    ("head", "consents", Noticed::ByItsCode),
    ("head", "reliances", Noticed::ByItsCode),
    ("head", "open_tasks", Noticed::ByItsCode),
    ("head", "holds", Noticed::ByItsCode),
    ("head", "embargoes", Noticed::ByItsCode),
    ("head", "code", Noticed::ByItsCode),
    ("cosigned", "size", Noticed::Witnesses),
    ("cosigned", "checkpoint", Noticed::Witnesses),
    ("cosigned", "at", Noticed::Nothing("only when it was kept, for sweeping; the times that count are the witnesses'")),
    (
        "delivery",
        "disclosure",
        Noticed::Nothing("what is found under another's id does not hold for the statement of who picks it up"),
    ),
    ("delivery", "seq", NOT_OF_THIS_LOG),
    ("delivery", "sealed", Noticed::Nothing("the entry commits to its digest: its recipient holds it against the receipt")),
    ("delivery", "receipt", NOT_OF_THIS_LOG),
    ("contribution_receipt", "seq", Noticed::Nothing("its turn in the queue")),
    ("contribution_receipt", "disclosure", Noticed::Nothing("its source holds it against what it released itself")),
    ("contribution_receipt", "source", Noticed::Nothing("another source has released nothing that it holds for")),
    ("contribution_receipt", "items", Noticed::Nothing("its source holds it against what it released itself")),
    ("contribution_receipt", "receipt", NOT_OF_THIS_LOG),
];

/// A value as it is stored.
enum Value {
    Nothing,
    Number(i64),
    Bytes(Vec<u8>, bool),
}

/// A copy of a log that a quorum cosigned, in a file.
struct Log {
    file: PathBuf,
    /// That of its gateway, with this file as its store.
    config: GatewayConfig,
    outside: Outside,
    registers: [u8; 32],
    sound: Vec<u8>,
    against: Against,
    /// By whom its head is cosigned.
    witnesses: Vec<String>,
    _folder: Folder,
}

impl Log {
    async fn of(gateway: &TestGateway) -> Self {
        let folder = Folder::new();
        let file = folder.path().join("copy.sqlite");
        let running = gateway.running();
        let policy = running.layout.kit().join("witnesses.policy");
        let policy = Policy::parse(&std::fs::read(policy).expect("readable")).expect("a policy");
        let log = running.info.log_vkey.parse().expect("the log's key");
        let against = Against { log, policy: Some(policy), seen: Vec::new() };
        let begun = Instant::now();
        let witnesses = loop {
            let _none_yet = std::fs::remove_file(&file);
            let original = gateway.gateway_folder().join("sluis.sqlite");
            let pool = pool(&original).await;
            let copy = format!("VACUUM INTO '{}'", file.display());
            sqlx::raw_sql(AssertSqlSafe(copy)).execute(&pool).await.expect("copied");
            pool.close().await;
            match against.verify(&file.as_path().into(), |_, _| {}).await.expect("sound").witnessed_by().map(<[String]>::to_vec) {
                Some(witnesses) if witnesses.len() == 5 => break witnesses,
                _ => assert!(begun.elapsed() < Duration::from_mins(1), "its witnesses do not cosign it"),
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        };
        let registers = registers(gateway);
        let mut config = GatewayConfig::load(&running.layout.configuration()).expect("a configuration");
        config.store.url = format!("sqlite:{}", file.display());
        let (sound, outside) = (std::fs::read(&file).expect("readable"), running.outside().clone());
        Self { sound, file, config, outside, registers, against, witnesses, _folder: folder }
    }

    /// What a verification says after the column of the row was given this value.
    async fn after(&self, at: (&str, &str), row: i64, value: Value) -> Result<Vec<String>, AuditError> {
        let pool = pool(&self.file).await;
        let (table, column) = at;
        let key = rowid(table);
        let update = format!("UPDATE {table} SET {column} = ? WHERE {key} = ?");
        let query = sqlx::query(AssertSqlSafe(update));
        let query = match value {
            Value::Nothing => panic!("nothing is put nowhere"),
            Value::Number(number) => query.bind(number),
            Value::Bytes(bytes, true) => query.bind(String::from_utf8(bytes).expect("still text")),
            Value::Bytes(bytes, false) => query.bind(bytes),
        };
        assert_eq!(query.bind(row).execute(&pool).await.expect("changed").rows_affected(), 1, "{table}.{column} of {row}");
        pool.close().await;
        let verified = self.against.verify(&self.file.as_path().into(), |_, _| {}).await;
        verified.map(|verified| verified.witnessed_by().map(<[String]>::to_vec).unwrap_or_default())
    }

    fn mend(&self) {
        std::fs::write(&self.file, &self.sound).expect("written");
    }

    /// What the verification of its erasures says, which opens every entry.
    async fn opened(&self) -> Result<(), String> {
        erasures::verify(&self.config, &self.outside, |_, _| {}).await.map(drop).map_err(|error| error.to_string())
    }

    /// Whether the gateway itself refuses the head.
    async fn is_refused(&self) -> bool {
        match SqliteStore::look(&self.file, Secret::new(self.registers)) {
            Ok(store) => matches!(store.head().await, Err(StoreError::Corrupt { table: "head", .. })),
            Err(_) => true,
        }
    }
}

/// What identifies a row; of a table without such a number, a number of its own.
fn rowid(table: &str) -> &'static str {
    if table == "entry_asked" { "idx * 100 + CAST(substr(source, -5, 2) AS INTEGER)" } else { "rowid" }
}

async fn pool(file: &Path) -> SqlitePool {
    let options = SqliteConnectOptions::new().filename(file).foreign_keys(false).pragma("ignore_check_constraints", "ON");
    SqlitePool::connect_with(options).await.expect("a connection")
}

fn registers(gateway: &TestGateway) -> [u8; 32] {
    use sluis::entropy::SystemEntropy;
    use sluis::keystore::KeyStore;
    use sluis::keystore::file::{FileKeyStore, root_key};
    let folder = gateway.gateway_folder();
    let root = root_key(&folder.join("root.key")).expect("readable").expect("the root key");
    let keys = FileKeyStore::find(&folder.join("keys"), root, std::sync::Arc::new(SystemEntropy::default()));
    *keys.existing_key("registers").expect("the registers' key").expose()
}

/// Rows of a table with what they have in a column: the first, the last, one of the middle, and one that has something there.
async fn rows(file: &Path, table: &str, column: &str) -> Vec<(i64, Value)> {
    let pool = pool(file).await;
    let query = format!(
        "SELECT {0}, typeof({column}), CASE typeof({column}) WHEN 'integer' THEN {column} END, CAST({column} AS BLOB)
         FROM {table} ORDER BY {0}",
        rowid(table)
    );
    let all = sqlx::query(AssertSqlSafe(query)).fetch_all(&pool).await.expect("rows");
    pool.close().await;
    assert!(!all.is_empty(), "{table} has no rows to change");
    let filled = all.iter().position(|row| row.get::<String, _>(1) != "null");
    let mut places = vec![0, all.len() / 2, all.len() - 1];
    places.extend(filled);
    if table == "cosigned" {
        // Heads that were cosigned before it do not vouch for the whole log.
        places = vec![all.len() - 1];
    }
    places.sort_unstable();
    places.dedup();
    places
        .into_iter()
        .map(|place| {
            let row = &all[place];
            let value = match row.get::<&str, _>(1) {
                "null" => Value::Nothing,
                "integer" => Value::Number(row.get(2)),
                kind => Value::Bytes(row.get(3), kind == "text"),
            };
            (row.get(0), value)
        })
        .collect()
}

/// Every value that differs from this one in one byte that is tried: of a head's checkpoint every byte, of others three.
fn flipped(value: &Value, table: &str, column: &str) -> Vec<(String, Value)> {
    match value {
        Value::Nothing => match column {
            "subject_token" | "actor_token" | "case_token" => vec![("filled".to_owned(), Value::Bytes(vec![7; 32], false))],
            _ => vec![("filled".to_owned(), Value::Bytes(b"00000099000000001000".to_vec(), true))],
        },
        // Far off where the next number is another row's.
        Value::Number(number) => {
            let bits = if matches!(column, "idx" | "level") { [1 << 20, 1 << 40] } else { [1, 1 << 8] };
            bits.map(|bit| (format!("bit {bit}"), Value::Number(number ^ bit))).into()
        }
        Value::Bytes(bytes, is_text) if bytes.is_empty() => vec![("filled".to_owned(), Value::Bytes(b"x".to_vec(), *is_text))],
        Value::Bytes(bytes, is_text) => {
            let last = bytes.len() - 1;
            let places: Vec<usize> =
                if (table, column) == ("head", "checkpoint") { (0..=last).collect() } else { vec![0, last / 2, last] };
            let flip = |place: usize| {
                let mut changed = bytes.clone();
                changed[place] ^= 1;
                String::from_utf8(changed.clone()).is_ok().then_some(())?;
                Some((format!("byte {place}"), Value::Bytes(changed, true)))
            };
            let blob = |place: usize| {
                let mut changed = bytes.clone();
                changed[place] ^= 1;
                (format!("byte {place}"), Value::Bytes(changed, false))
            };
            if *is_text { places.into_iter().filter_map(flip).collect() } else { places.into_iter().map(blob).collect() }
        }
    }
}

/// Every column of these tables stands in [`COLUMNS`].
async fn all_are_spoken_for(file: &Path) {
    let pool = pool(file).await;
    for table in ["entry", "entry_asked", "tile", "head", "cosigned", "delivery", "contribution_receipt"] {
        let query = sqlx::query_scalar::<_, String>("SELECT name FROM pragma_table_info(?)").bind(table);
        for column in query.fetch_all(&pool).await.expect("columns") {
            let known = COLUMNS.iter().any(|(of, name, _)| *of == table && *name == column);
            assert!(known, "{table}.{column}: what notices a change in it?");
        }
    }
    pool.close().await;
}

/// Broken on purpose to see it fail: without `compare` in `client::audit::read`; `SignedCheckpoint::verify` without its signature.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_byte_anywhere_is_noticed() {
    let mut gateway = TestGateway::start_witnessed().await;
    // A source that takes no receipts: they are kept.
    let police = FakeSource::instead_of(&gateway, Slug::Police).await;
    police.does(|call| Act::Answer(call.answer(&[item("identity", "exact", json!({"surname": "Bergsma"}))])));
    police.refuses_receipts(Some(|_| Act::HangUp));
    gateway.ask(Slug::VeiligThuis, &gateway.question("P22"), None).await.expect("an answer");
    // Two full tiles, a partial one, and one above them.
    let running = &gateway.running().gateway;
    let known = log::stored(&*running.store).await;
    let entries = known.iter().cycle().take(600 - known.len()).map(|entry| entry.row.clone()).collect();
    running.sequencer.append(Append { entries, ..Append::default() }).await.expect("appended");
    let log = Log::of(&gateway).await;
    gateway.halt().await;
    drop(police);
    all_are_spoken_for(&log.file).await;
    assert_eq!(log.opened().await, Ok(()));
    let mut cases = Cases::default();
    for (table, column, noticed) in COLUMNS {
        for (row, value) in rows(&log.file, table, column).await {
            for (how, changed) in flipped(&value, table, column) {
                let name = format!("{table}.{column}, row {row}, {how}");
                let said = log.after((table, column), row, changed).await;
                cases.check(name, judged(&log, noticed, said).await);
                log.mend();
            }
        }
    }
    cases.finish(430);
}

async fn judged(log: &Log, noticed: Noticed, said: Result<Vec<String>, AuditError>) -> Result<(), String> {
    let told = |said: &Result<Vec<String>, AuditError>| match said {
        Ok(witnesses) => format!("it holds, witnessed by {witnesses:?}"),
        Err(error) => error.to_string(),
    };
    match (noticed, &said) {
        (Noticed::Named(words), Err(error)) if error.to_string().contains(words) => Ok(()),
        (Noticed::ByItsCode, Ok(_)) if log.is_refused().await => Ok(()),
        (Noticed::WithItsKeys, Ok(witnesses)) if *witnesses == log.witnesses => match log.opened().await {
            Err(said) if said.starts_with("entry ") => Ok(()),
            opened => Err(format!("with the gateway's keys: {opened:?}")),
        },
        (Noticed::Witnesses, Ok(witnesses)) if witnesses.len() < log.witnesses.len() => Ok(()),
        (Noticed::Witnesses, Err(AuditError::Forged(_) | AuditError::Cosigned { .. })) => Ok(()),
        (Noticed::Nothing(_), Ok(witnesses)) if *witnesses == log.witnesses => Ok(()),
        (Noticed::Nothing(why), _) => Err(format!("{}, though {why}", told(&said))),
        _ => Err(told(&said)),
    }
}
