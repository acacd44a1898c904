//! A store in a temporary file, with what is needed to write to it.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use sluis::clock::Timestamp;
use sluis::entropy::{Entropy, SystemEntropy};
use sluis::keystore::file::FileKeyStore;
use sluis::ledger::entry::{Body, Clear, EntryKind, Erases, Erasure, Operation, Outcome, SpanId, Status, TraceId};
use sluis::ledger::note::{KeyKind, NoteSigner, SigningKey};
use sluis::ledger::token::SearchKey;
use sluis::organisation::{Kind, Oin, Organisation};
use sluis::secret::Secret;
use sluis::store::journal::Journal;
use sluis::store::scribe::TreeScribe;
use sluis::store::sqlite::SqliteStore;
use sluis::store::{Append, Committed, Conflict, EntryRow, NonceClaim, Store, StoreError};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};

use crate::support::random_text;

/// The instant at which the tests take place.
pub const NOW: Timestamp = Timestamp::from_seconds(1_795_262_400);

/// A store with everything around it. Its folder goes with it.
pub struct Fixture {
    /// The store.
    pub store: Arc<SqliteStore>,
    /// Numbers and signs.
    pub scribe: Arc<TreeScribe>,
    /// Writes and opens its entries.
    pub journal: Journal,
    folder: PathBuf,
}

impl Fixture {
    /// An empty store.
    pub async fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("sluis-store-{}", random_text()));
        std::fs::create_dir(&folder).expect("a temporary folder");
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy::default());
        let keys = FileKeyStore::create(&folder.join("keys"), Secret::new([3; 32]), Arc::clone(&entropy)).expect("a key store");
        let journal = Journal::new(Arc::new(keys), entropy, SearchKey::new(Secret::new([4; 32])));
        let store = open(&folder.join("log.sqlite")).await.expect("a store");
        Self { store: Arc::new(store), scribe: Arc::new(scribe()), journal, folder }
    }

    /// Another connection to the same file, as another node has one.
    pub async fn node(&self) -> Arc<SqliteStore> {
        Arc::new(open(&self.file()).await.expect("the same file"))
    }

    /// The file.
    pub fn file(&self) -> PathBuf {
        self.folder.join("log.sqlite")
    }

    /// A raw connection to the file, for what no store does.
    pub async fn raw(&self) -> SqlitePool {
        let options = SqliteConnectOptions::new().filename(self.file()).foreign_keys(false);
        SqlitePool::connect_with(options.pragma("ignore_check_constraints", "ON")).await.expect("a connection")
    }

    /// An entry of `party`.
    pub fn entry(&self, party: &Oin) -> EntryRow {
        let (clear, mut body) = self.draft(EntryKind::Ask, party);
        body.asked = [oin(7), oin(8)].map(|source| (source, std::collections::BTreeMap::new())).into();
        self.journal.write(clear, &body, None, 5).expect("an entry").row
    }

    /// An entry of `party` that does not fit into one page of the database.
    pub fn large_entry(&self, party: &Oin) -> EntryRow {
        let (clear, mut body) = self.draft(EntryKind::Ask, party);
        body.operation.name = "n".repeat(6_000);
        self.journal.write(clear, &body, None, 5).expect("an entry").row
    }

    /// The entry that says that this was erased.
    pub fn erasure(&self, erases: Erases) -> EntryRow {
        let (clear, mut body) = self.draft(EntryKind::Erasure, &oin(1));
        body.erasure = Some(Erasure { rule: "a test".to_owned(), erases: Some(erases), count: 1 });
        self.journal.write(clear, &body, None, 9).expect("an entry").row
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
        let raw = self.raw().await;
        let query = match table {
            "nonce" => "SELECT count(*) FROM nonce",
            "organisation" => "SELECT count(*) FROM organisation",
            "published_key" => "SELECT count(*) FROM published_key",
            "certificate" => "SELECT count(*) FROM certificate",
            "case_record" => "SELECT count(*) FROM case_record",
            "consent" => "SELECT count(*) FROM consent",
            "offer" => "SELECT count(*) FROM offer",
            "entry" => "SELECT count(*) FROM entry",
            "idempotency" => "SELECT count(*) FROM idempotency",
            "disclosure" => "SELECT count(*) FROM disclosure",
            "delivery" => "SELECT count(*) FROM delivery",
            "pseudonym" => "SELECT count(*) FROM pseudonym",
            "contribution_receipt" => "SELECT count(*) FROM contribution_receipt",
            other => panic!("no table {other}"),
        };
        let count = sqlx::query_scalar(query).fetch_one(&raw).await.expect("a count");
        raw.close().await;
        count
    }

    /// That leaves, head, checkpoint and tiles say the same.
    pub async fn holds_together(&self) {
        crate::support::log::holds_together(&*self.store, &self.scribe.verifier().to_string()).await;
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Opens a file as a store.
pub async fn open(file: &std::path::Path) -> Result<SqliteStore, StoreError> {
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
