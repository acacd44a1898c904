//! PostgreSQL, for several nodes: READ COMMITTED, every write behind the lock of the head row, acknowledged when as many standbys as configured have it.

pub mod audit;
mod forget;
mod listen;
mod safe;
mod search;

use std::str::FromStr as _;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions as _, Connection as _};

pub use self::search::PostgresSearch;

use super::sql::connection::PATIENCE;
use super::sql::connection::postgres::{Link, Pool, pool};
use super::sql::migrations::Schema;
use super::sql::{Backend, Connection, LOCKED_HEAD, Row, SqlStore, migrations, not_migrated, query, unavailable};
use super::{Migration, StoreError};
use crate::keystore::Key;

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("src/store/postgres/migrations");

/// The store in a PostgreSQL database, which several gateways may share.
pub type PostgresStore = SqlStore<PostgresDatabase>;

/// The database.
pub struct PostgresDatabase {
    schema: Schema,
    /// Of the sequencer alone: a socket is polled by the runtime that opened it, and one that was opened elsewhere waits for that runtime's threads.
    log: Pool,
    writer: Pool,
    readers: Pool,
    /// For a connection beside the pools.
    options: PgConnectOptions,
    standbys: u32,
    changes: listen::Changes,
}

/// Where the database is, and how it must keep what is committed.
#[derive(Clone)]
pub struct Cluster {
    options: PgConnectOptions,
    standbys: u32,
}

/// Without user and password.
impl std::fmt::Display for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let database = self.options.get_database().unwrap_or_default();
        match self.options.get_socket() {
            Some(folder) => write!(f, "postgres:///{database}?host={}", folder.display()),
            None => write!(f, "postgres://{}:{}/{database}", self.options.get_host(), self.options.get_port()),
        }
    }
}

impl std::fmt::Debug for Cluster {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

/// Whether nobody may write now; whether this user may write to the tables, or make them where there are none.
const MAY_WRITE: &str = "SELECT pg_is_in_recovery() OR current_setting('default_transaction_read_only')::bool,
    CASE WHEN to_regclass('head') IS NULL THEN coalesce(has_schema_privilege(current_schema(), 'CREATE'), false)
    ELSE has_table_privilege(to_regclass('entry'), 'INSERT') AND has_table_privilege(to_regclass('head'), 'UPDATE') END";

/// Without these a power cut takes entries that were acknowledged, or tears pages; everything else looks the same.
const IS_DURABLE: &str = "SELECT current_setting('fsync')::bool AND current_setting('full_page_writes')::bool";

impl Cluster {
    /// The database at `url` (`postgres://user:password@host:port/database?sslmode=verify-full&sslrootcert=…`); so many standbys must have what was committed
    /// before anybody hears of it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] for what is no such URL; the text never repeats it, as there may be a password in it.
    pub fn at(url: &str, standbys: u32) -> Result<Self, StoreError> {
        let options = PgConnectOptions::from_str(url).map_err(|_| StoreError::Unavailable("not a PostgreSQL URL".to_owned()))?;
        Ok(Self { options: options.application_name("sluis").disable_statement_logging(), standbys })
    }

    /// What its schema lacks; of an empty database, everything. Nothing is written.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it cannot be reached.
    pub async fn migrations(&self) -> Result<Vec<Migration>, StoreError> {
        in_time(self.compared()).await
    }

    async fn compared(&self) -> Result<Vec<Migration>, StoreError> {
        let mut connection = self.reading().connect().await.map_err(unavailable)?;
        let there = sqlx::query_scalar("SELECT to_regclass('_sqlx_migrations') IS NOT NULL").fetch_one(&mut connection).await;
        let applied = if there.map_err(unavailable)? {
            sqlx::query_as(migrations::APPLIED).fetch_all(&mut connection).await.map_err(unavailable)?
        } else {
            Vec::new()
        };
        connection.close().await.map_err(unavailable)?;
        Ok(migrations::compared(&MIGRATIONS, &applied))
    }

    /// Whether a gateway has used it. One that was only migrated is new.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it cannot be reached, or a store was being copied to it.
    pub async fn is_used(&self) -> Result<bool, StoreError> {
        in_time(self.has_head()).await
    }

    /// That its user may write to it, or begin in it, and it takes writes.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] says why not.
    pub async fn may_write(&self) -> Result<(), StoreError> {
        in_time(self.asked_to_write()).await
    }

    async fn asked_to_write(&self) -> Result<(), StoreError> {
        let mut connection = self.planned().connect().await.map_err(unavailable)?;
        let said = sqlx::query_as(MAY_WRITE).fetch_one(&mut connection).await;
        connection.close().await.map_err(unavailable)?;
        match said.map_err(unavailable)? {
            (true, _) => Err(StoreError::Unavailable(refusal("25006"))),
            (_, false) => Err(StoreError::Unavailable(refusal("42501"))),
            (false, true) => Ok(()),
        }
    }

    /// Whether what it acknowledges is on its disk: `fsync` and `full_page_writes` are on.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when it cannot be reached.
    pub async fn is_durable(&self) -> Result<bool, StoreError> {
        in_time(self.asked_whether_durable()).await
    }

    async fn asked_whether_durable(&self) -> Result<bool, StoreError> {
        let mut connection = self.reading().connect().await.map_err(unavailable)?;
        let said = sqlx::query_scalar(IS_DURABLE).fetch_one(&mut connection).await;
        connection.close().await.map_err(unavailable)?;
        said.map_err(unavailable)
    }

    async fn has_head(&self) -> Result<bool, StoreError> {
        let mut connection = self.reading().connect().await.map_err(unavailable)?;
        let there = sqlx::query_scalar("SELECT to_regclass('head') IS NOT NULL").fetch_one(&mut connection).await;
        if !there.map_err(unavailable)? {
            return Ok(false);
        }
        let known = "SELECT size > 0 OR revision > 0, EXISTS (SELECT 1 FROM entry) FROM head";
        let known = sqlx::query_as(known).fetch_one(&mut connection).await;
        connection.close().await.map_err(unavailable)?;
        match known.map_err(unavailable)? {
            (false, true) => Err(StoreError::Unavailable(
                "the copying of a store to it was interrupted\n  do: run `sluis store copy` again, which goes on where it stopped".to_owned(),
            )),
            (is_used, _) => Ok(is_used),
        }
    }

    /// For every connection. A statement is planned once and kept, often when its table was still empty: a walk over a whole table that was right then would
    /// stay. What is compiled for its cost saves nothing. Bytes that come as text are read in hex, whatever the role or database is set to.
    fn planned(&self) -> PgConnectOptions {
        let options =
            [("plan_cache_mode", "force_generic_plan"), ("enable_seqscan", "off"), ("jit", "off"), ("bytea_output", "hex")];
        self.options.clone().statement_cache_capacity(256).options(options)
    }

    /// For connections that write. The wait for standbys must not be cut short (a cancelled one reports success), and a node that is gone must not keep the
    /// head's lock.
    fn writing(&self) -> PgConnectOptions {
        self.planned().options([
            ("statement_timeout", "0"),
            ("lock_timeout", "8s"),
            ("idle_in_transaction_session_timeout", "8s"),
            ("synchronous_commit", "on"),
            ("tcp_keepalives_idle", "5"),
            ("tcp_keepalives_interval", "2"),
            ("tcp_keepalives_count", "3"),
        ])
    }

    /// For connections that only read.
    fn reading(&self) -> PgConnectOptions {
        self.planned().options([
            ("statement_timeout", "20s"),
            ("idle_in_transaction_session_timeout", "20s"),
            ("default_transaction_read_only", "on"),
        ])
    }
}

impl PostgresStore {
    /// Opens the database, migrating it as needed. From `register_key` come the keys that seal consents, overrides and cases at rest, and that vouch for
    /// the registry and the head.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database cannot be reached, or is of a newer schema.
    pub async fn open(cluster: &Cluster, register_key: Key) -> Result<Self, StoreError> {
        let mut first: PgConnection = in_time(async { cluster.writing().connect().await.map_err(unavailable) }).await?;
        MIGRATIONS.run(&mut first).await.map_err(not_migrated)?;
        first.close().await.map_err(unavailable)?;
        Self::over(cluster, &cluster.writing(), register_key).await
    }

    /// The store as it is, which must be of this version and whole, under the key that [`PostgresStore::open`] takes: for checking. Nothing can be written to it.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn look(cluster: &Cluster, register_key: Key) -> Result<Self, StoreError> {
        if !cluster.migrations().await?.iter().all(|one| one.is_applied && one.is_known) {
            return Err(StoreError::Unavailable(
                "its schema is not that of this version\n  do: run `sluis migrate --dry-run` to see what differs".to_owned(),
            ));
        }
        cluster.is_used().await?;
        Self::over(cluster, &cluster.reading(), register_key).await
    }

    async fn over(cluster: &Cluster, options: &PgConnectOptions, register_key: Key) -> Result<Self, StoreError> {
        let (log, writer) = (pool(1, options.clone())?, pool(2, options.clone())?);
        let readers = pool(8, cluster.reading())?;
        // Reached now: of a server that is not there the operator hears at the start.
        drop(Link::of(&readers).await?);
        let changes = listen::Changes::start(cluster.reading());
        let Cluster { options, standbys } = cluster.clone();
        Ok(Self::new(
            PostgresDatabase { schema: Schema::of(&MIGRATIONS), log, writer, readers, options, standbys, changes },
            &register_key,
        ))
    }
}

/// What a server says that is there. One that takes connections and is silent is told of as that.
async fn in_time<T>(asking: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
    tokio::time::timeout(PATIENCE, asking).await.unwrap_or_else(|_| {
        Err(StoreError::Unavailable(format!(
            "the server was silent for {PATIENCE:?}\n  do: see whether it is overloaded or starting, and whether anything on the way drops connections"
        )))
    })
}

/// What PostgreSQL refused, by its SQLSTATE (PostgreSQL documentation, appendix A), and what to do.
pub(super) fn refusal(code: &str) -> String {
    let told = match code {
        "28P01" | "28000" => "it does not know this user or password\n  do: correct [store] url or the password file",
        "3D000" => "there is no such database\n  do: create it, or correct [store] url",
        "42501" => "this user may not\n  do: a gateway's user owns the tables; for who only verifies, GRANT SELECT on them",
        "55000" => {
            "it is a standby, or the database takes no connections\n  do: point [store] url to the primary; ALTER DATABASE … ALLOW_CONNECTIONS true"
        }
        "23505" => "another program wrote the same rows\n  do: try again; of `sluis store copy` one may run at a time",
        "25006" => "it is read-only, as a standby is\n  do: point [store] url to the primary",
        "53100" => "its disk is full\n  do: make room",
        "53200" => "it is out of memory",
        "53300" => "it has too many connections\n  do: raise max_connections, or run fewer nodes",
        "55P03" => "another writer kept the log locked",
        "57014" => "it took too long",
        "57P01" | "57P02" | "57P03" => "it is starting or stopping",
        "25P03" => "it ended a transaction that stood still",
        _ => return format!("PostgreSQL refused (code {code})"),
    };
    format!("PostgreSQL refused (code {code}): {told}")
}

impl PostgresStore {
    /// Search in the same database.
    pub fn search(&self) -> PostgresSearch {
        PostgresSearch { readers: self.backend().readers.clone() }
    }
}

impl PostgresDatabase {
    /// The head row first, before anything else: so there is one order, and no deadlock.
    async fn locked_on(&self, pool: &Pool) -> Result<(Connection, Option<Row>), StoreError> {
        self.schema.is_known()?;
        let (link, rows) = Link::within(pool, LOCKED_HEAD).await?;
        Ok((Connection::Postgres(link), rows.into_iter().next()))
    }
}

impl Backend for PostgresDatabase {
    fn schema(&self) -> &Schema {
        &self.schema
    }

    async fn reader(&self) -> Result<Connection, StoreError> {
        Link::of(&self.readers).await.map(Connection::Postgres)
    }

    async fn snapshot(&self) -> Result<Connection, StoreError> {
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        Link::within(&self.readers, begin).await.map(|(link, _)| Connection::Postgres(link))
    }

    async fn log_writer(&self) -> Result<(Connection, Option<Row>), StoreError> {
        self.locked_on(&self.log).await
    }

    async fn writer(&self) -> Result<Connection, StoreError> {
        self.locked_on(&self.writer).await.map(|(connection, _)| connection)
    }

    fn has_standbys(&self) -> bool {
        self.standbys > 0
    }

    async fn wait_until_safe(&self, connection: &mut Connection) -> Result<(), StoreError> {
        if self.has_standbys() { safe::wait(connection, self.standbys).await } else { Ok(()) }
    }

    async fn tell_others(&self, writing: &mut Connection) -> Result<(), StoreError> {
        query(listen::TELL).execute(writing).await.map(drop)
    }

    async fn moved(&self) {
        self.changes.heard().await;
    }

    async fn clean(&self) -> Result<bool, StoreError> {
        forget::clean(&self.options).await
    }
}
