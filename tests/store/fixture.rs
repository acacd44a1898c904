//! A store in a database of its own, with what is needed to write to it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sluis::client::StorePlace;
use sluis::clock::Timestamp;
use sluis::entropy::{Entropy, SystemEntropy};
use sluis::keystore::KeyStore;
use sluis::keystore::file::FileKeyStore;
use sluis::ledger::entry::{Body, Clear, EntryKind, Erases, Erasure, Operation, Outcome, SpanId, Status, TraceId};
use sluis::ledger::note::{KeyKind, NoteSigner, SigningKey};
use sluis::ledger::token::SearchKey;
use sluis::organisation::{Kind, Oin, Organisation};
use sluis::secret::Secret;
use sluis::store::journal::Journal;
use sluis::store::postgres::{Cluster, PostgresStore};
use sluis::store::scribe::TreeScribe;
use sluis::store::search::Search;
use sluis::store::sqlite::SqliteStore;
use sluis::store::sqlite::search::SqliteSearch;
use sluis::store::{Append, Committed, Conflict, EntryRow, NonceClaim, Store, StoreError};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use sqlx::{AssertSqlSafe, Connection as _};

use crate::support::postgres::Database;
use crate::support::random_text;

/// The instant at which the tests take place.
pub const NOW: Timestamp = Timestamp::from_seconds(1_795_262_400);

/// Which database a test is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum On {
    /// A file.
    Sqlite,
    /// A database of its own on the server of the tests.
    Postgres,
}

/// Runs each of these tests, `async fn name(on: On)`, on both databases.
macro_rules! on_both {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                Box::pin(super::$name($crate::store::fixture::On::Sqlite)).await;
            })+
        }

        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                Box::pin(super::$name($crate::store::fixture::On::Postgres)).await;
            })+
        }
    };
}
pub(crate) use on_both;

/// A store with everything around it. Its folder, and its database, go with it.
pub struct Fixture {
    /// The store.
    pub store: Arc<dyn Store>,
    /// Numbers and signs.
    pub scribe: Arc<TreeScribe>,
    /// Writes and opens its entries.
    pub journal: Journal,
    folder: PathBuf,
    database: Option<Database>,
}

impl Fixture {
    /// An empty store in a file.
    pub async fn new() -> Self {
        Self::on(On::Sqlite).await
    }

    /// An empty store.
    pub async fn on(on: On) -> Self {
        let folder = std::env::temp_dir().join(format!("sluis-store-{}", random_text()));
        std::fs::create_dir(&folder).expect("a temporary folder");
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy::default());
        let journal = Journal::new(keys(&folder), entropy, SearchKey::new(Secret::new([4; 32])));
        let database = match on {
            On::Sqlite => None,
            On::Postgres => Some(Database::new().await),
        };
        let store = node(&folder, database.as_ref()).await.expect("a store");
        Self { store, scribe: Arc::new(scribe()), journal, folder, database }
    }

    /// The database, of a store in PostgreSQL.
    pub fn database(&self) -> &Database {
        self.database.as_ref().expect("a store in PostgreSQL")
    }

    /// Its key store.
    pub fn keys(&self) -> Arc<dyn KeyStore> {
        keys(&self.folder)
    }

    /// Another connection to the same database, as another node has one.
    pub async fn node(&self) -> Arc<dyn Store> {
        self.again().await.expect("the same database")
    }

    /// The same database opened once more.
    pub async fn again(&self) -> Result<Arc<dyn Store>, StoreError> {
        node(&self.folder, self.database.as_ref()).await
    }

    /// Search in it.
    pub async fn search(&self) -> Box<dyn Search> {
        match &self.database {
            None => Box::new(SqliteSearch::beside(&self.file())),
            Some(database) => Box::new(on_postgres(database).await.expect("the same database").search()),
        }
    }

    /// The file, of a store in SQLite.
    pub fn file(&self) -> PathBuf {
        assert!(self.database.is_none(), "a store in PostgreSQL has no file");
        file(&self.folder)
    }

    /// A raw connection to the file, for what no store does.
    pub async fn raw(&self) -> SqlitePool {
        raw(&self.file()).await
    }

    /// Runs statements past every store and every constraint, as somebody does who has the database; how many rows were changed. They are written in SQLite's words,
    /// of which PostgreSQL is taught a few.
    pub async fn change(&self, statements: &str) -> u64 {
        match &self.database {
            None => change_file(&self.file(), statements).await,
            Some(database) => change_database(database, statements).await,
        }
    }

    /// Where it is, for who verifies it.
    pub fn place(&self) -> StorePlace {
        self.database.as_ref().map_or_else(|| StorePlace::File(self.file()), |database| StorePlace::Database(database.url()))
    }

    /// A copy of it as it is now, to be changed by hand.
    pub async fn copy(&self) -> Copied {
        if let Some(database) = &self.database {
            return Copied::Database(database.copy().await);
        }
        let (copy, raw) = (self.folder.join(format!("{}.sqlite", random_text())), self.raw().await);
        sqlx::query("VACUUM INTO ?").bind(copy.display().to_string()).execute(&raw).await.expect("a copy");
        raw.close().await;
        Copied::File(copy)
    }

    /// The bytes in the first column of the first row.
    pub async fn bytes(&self, query: &'static str) -> Vec<u8> {
        match &self.database {
            None => sqlx::query_scalar(query).fetch_one(&self.raw().await).await.expect("a row"),
            Some(database) => sqlx::query_scalar(query).fetch_one(&mut database.connect().await).await.expect("a row"),
        }
    }

    /// The text there.
    pub async fn text(&self, query: &'static str) -> String {
        match &self.database {
            None => sqlx::query_scalar(query).fetch_one(&self.raw().await).await.expect("a row"),
            Some(database) => sqlx::query_scalar(query).fetch_one(&mut database.connect().await).await.expect("a row"),
        }
    }

    /// An entry of `party`.
    pub fn entry(&self, party: &Oin) -> EntryRow {
        let (clear, mut body) = self.draft(EntryKind::Ask, party);
        body.asked = [oin(7), oin(8)].map(|source| (source, std::collections::BTreeMap::new())).into();
        self.journal.write(clear, body, None, 5).expect("an entry").row
    }

    /// An entry of `party` that does not fit into one page of the database.
    pub fn large_entry(&self, party: &Oin) -> EntryRow {
        let (clear, mut body) = self.draft(EntryKind::Ask, party);
        body.operation.name = "n".repeat(6_000);
        self.journal.write(clear, body, None, 5).expect("an entry").row
    }

    /// The entry that says that this was erased.
    pub fn erasure(&self, erases: Erases) -> EntryRow {
        let (clear, mut body) = self.draft(EntryKind::Erasure, &oin(1));
        body.erasure = Some(Erasure { rule: "a test".to_owned(), erases: Some(erases), count: 1 });
        self.journal.write(clear, body, None, 9).expect("an entry").row
    }

    /// Columns and body of an entry of `party`.
    fn draft(&self, kind: EntryKind, party: &Oin) -> (Clear, Body) {
        let entropy = SystemEntropy::default();
        let trace = TraceId::fresh(&entropy).expect("randomness");
        let operation = Operation {
            trace_id: trace,
            span_id: SpanId::fresh(&entropy).expect("randomness"),
            parent_span_id: None,
            name: "test".to_owned(),
            status: Status::Unset,
            started_at: NOW,
            ended_at: None,
            processing_activity: None,
            foreign: None,
        };
        let clear = Clear {
            kind,
            time: NOW,
            party: party.clone(),
            source: None,
            recipient: Some(party.clone()),
            purpose: Some("safety-assessment".parse().expect("a purpose")),
            categories: BTreeSet::from([sluis::catalogue::Category::Identity, sluis::catalogue::Category::Measures]),
            outcome: Outcome::Pending,
            overridden: false,
            subject: Some(self.journal.case_token(party, "about somebody")),
            actor: Some(self.journal.actor_token(party, "vt-1")),
            case: None,
            trace,
        };
        (clear, Body::new(kind, NOW, party.clone(), operation))
    }

    /// An append of one entry.
    pub fn append(&self) -> Append {
        Append { entries: vec![self.entry(&oin(1))], ..Append::default() }
    }

    /// Commits a batch on the fixture's own node.
    pub async fn commit(&self, batch: &[Append]) -> Result<Vec<Result<Committed, Conflict>>, StoreError> {
        self.store.commit(batch, &*self.scribe, NOW).await
    }

    /// Commits one append.
    pub async fn commit_one(&self, append: Append) -> Result<Committed, Conflict> {
        self.commit(&[append]).await.expect("a commit").remove(0)
    }

    /// How many rows a table has.
    pub async fn rows(&self, table: &'static str) -> i64 {
        let query = AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
        let Some(database) = &self.database else {
            let raw = self.raw().await;
            let count = sqlx::query_scalar(query).fetch_one(&raw).await.expect("a count");
            raw.close().await;
            return count;
        };
        let mut raw = database.connect().await;
        sqlx::query_scalar(query).fetch_one(&mut raw).await.expect("a count")
    }

    /// That leaves, head, checkpoint and tiles say the same.
    pub async fn holds_together(&self) {
        crate::support::log::holds_together(&*self.store, &self.scribe.verifier().to_string()).await;
    }
}

/// A copy of a store: of a file in the fixture's folder, of a database one that goes with this value.
pub enum Copied {
    File(PathBuf),
    Database(Database),
}

impl Copied {
    /// Where it is.
    pub fn place(&self) -> StorePlace {
        match self {
            Self::File(file) => StorePlace::File(file.clone()),
            Self::Database(database) => StorePlace::Database(database.url()),
        }
    }

    /// Runs statements past every store and every constraint, as [`Fixture::change`] does.
    pub async fn change(&self, statements: &str) -> u64 {
        match self {
            Self::File(file) => change_file(file, statements).await,
            Self::Database(database) => change_database(database, statements).await,
        }
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// No constraint holds, and some of SQLite's functions are there.
const FREE_HAND: &str = "SET session_replication_role = replica;
    DO $$ DECLARE one record; BEGIN
      FOR one IN SELECT conrelid::regclass AS place, conname FROM pg_constraint WHERE contype = 'c' AND conrelid <> 0 LOOP
        EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', one.place, one.conname);
      END LOOP;
    END $$;
    CREATE OR REPLACE FUNCTION zeroblob(length integer) RETURNS bytea LANGUAGE sql AS $$ SELECT decode(repeat('00', length), 'hex') $$;
    CREATE OR REPLACE FUNCTION hex(bytes bytea) RETURNS text LANGUAGE sql AS $$ SELECT upper(encode(bytes, 'hex')) $$";

async fn raw(file: &Path) -> SqlitePool {
    let options = SqliteConnectOptions::new().filename(file).foreign_keys(false);
    SqlitePool::connect_with(options.pragma("ignore_check_constraints", "ON")).await.expect("a connection")
}

async fn change_file(file: &Path, statements: &str) -> u64 {
    let raw = raw(file).await;
    let done = sqlx::raw_sql(AssertSqlSafe(statements.to_owned())).execute(&raw).await;
    raw.close().await;
    done.unwrap_or_else(|error| panic!("{statements}: {error}")).rows_affected()
}

async fn change_database(database: &Database, statements: &str) -> u64 {
    let mut raw = database.connect().await;
    sqlx::raw_sql(FREE_HAND).execute(&mut raw).await.expect("a free hand");
    let done = sqlx::raw_sql(AssertSqlSafe(in_postgres(statements))).execute(&mut raw).await;
    let changed = done.unwrap_or_else(|error| panic!("{statements}: {error}")).rows_affected();
    raw.close().await.expect("closed");
    changed
}

/// Bytes are written otherwise.
fn in_postgres(statements: &str) -> String {
    let statements = statements.replace(" AS BLOB)", " AS BYTEA)");
    let mut parts = statements.split("x'");
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (bytes, rest) = part.split_once('\'').expect("an end of the bytes");
        write!(text, "decode('{bytes}', 'hex'){rest}").expect("written");
    }
    text
}

fn keys(folder: &Path) -> Arc<dyn KeyStore> {
    let entropy = Arc::new(SystemEntropy::default());
    Arc::new(FileKeyStore::create(&folder.join("keys"), Secret::new([3; 32]), entropy).expect("a key store"))
}

fn file(folder: &Path) -> PathBuf {
    folder.join("log.sqlite")
}

/// The store in the database, or else in the folder.
async fn node(folder: &Path, database: Option<&Database>) -> Result<Arc<dyn Store>, StoreError> {
    Ok(match database {
        None => Arc::new(open(&file(folder)).await?),
        Some(database) => Arc::new(on_postgres(database).await?),
    })
}

async fn on_postgres(database: &Database) -> Result<PostgresStore, StoreError> {
    PostgresStore::open(&Cluster::at(&database.url(), 0)?, Secret::new([7; 32])).await
}

/// Opens a file as a store.
pub async fn open(file: &Path) -> Result<SqliteStore, StoreError> {
    SqliteStore::open(file, Secret::new([7; 32])).await
}

/// A scribe with the log's key; every node has its own.
pub fn scribe() -> TreeScribe {
    let name = "sluis.example/test".parse().expect("a name");
    let key = SigningKey::from_seed(name, KeyKind::Note, &Secret::new([5; 32])).expect("a key");
    TreeScribe::new(NoteSigner::new(key).expect("a signer"))
}

/// The organisation with this number.
pub fn oin(number: u8) -> Oin {
    format!("000000990000000{number:02}000").parse().expect("an OIN")
}

/// The same as registered.
pub fn organisation(number: u8) -> Organisation {
    Organisation {
        oin: oin(number),
        kind: Kind::Police,
        name: format!("Organisation {number}"),
        status: sluis::organisation::Status::Active,
        bsn_authority: true,
        connector: Some("https://localhost:1".to_owned()),
    }
}

/// A claim on a nonce.
pub fn nonce(number: u8, nonce: &str) -> NonceClaim {
    NonceClaim { organisation: oin(number), nonce: nonce.to_owned(), expires: NOW.plus(std::time::Duration::from_secs(130)) }
}
