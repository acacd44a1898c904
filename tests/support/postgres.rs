//! Databases of their own on the throw-away PostgreSQL server that `tests/run` starts.

use std::process::{Command, Stdio};

use sluis::crypto::hex;
use sluis::entropy::{SystemEntropy, random};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use super::Folder;

/// The URL of the server's first database.
///
/// # Panics
/// Says what to do when there is none.
#[expect(clippy::disallowed_methods, reason = "a test is told by its environment where the server is")]
pub fn server() -> String {
    std::env::var("SLUIS_TEST_POSTGRES").unwrap_or_else(|_| {
        panic!("SLUIS_TEST_POSTGRES is not set: run the tests by tests/run, or start a server with tests/support/postgres start DIR and set it to the URL")
    })
}

/// A database, empty at first. It goes away with this value.
#[derive(Debug)]
pub struct Database {
    name: String,
}

impl Database {
    /// Makes it.
    pub async fn new() -> Self {
        let new = Self::named();
        let mut server = PgConnection::connect(&server()).await.expect("the server");
        sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {}", new.name))).execute(&mut server).await.expect("a database");
        server.close().await.expect("closed");
        new
    }

    /// A name for one.
    fn named() -> Self {
        let random: [u8; 8] = random(&SystemEntropy::default()).expect("randomness");
        Self { name: format!("t_{}", hex::encode(&random)) }
    }

    /// A copy of it as it is now. Who is connected to it is cut off.
    pub async fn copy(&self) -> Self {
        let (copy, from) = (Self::named(), &self.name);
        let mut server = PgConnection::connect(&server()).await.expect("the server");
        run(&mut server, format!("ALTER DATABASE {from} ALLOW_CONNECTIONS false")).await.expect("closed to others");
        let mut tries = 0;
        loop {
            let others = format!("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{from}'");
            run(&mut server, others).await.expect("others are cut off");
            match run(&mut server, format!("CREATE DATABASE {} TEMPLATE {from}", copy.name)).await {
                Ok(()) => break,
                // One that was let in just before the database was closed to others, and was not seen among them yet.
                Err(error) if tries < 10 && is_in_use(&error) => tries += 1,
                Err(error) => panic!("no copy: {error}"),
            }
        }
        run(&mut server, format!("ALTER DATABASE {from} ALLOW_CONNECTIONS true")).await.expect("open to others");
        server.close().await.expect("closed");
        copy
    }

    /// A raw connection to it.
    pub async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.url()).await.expect("a connection")
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Where it is.
    pub fn url(&self) -> String {
        server().replacen("/postgres?", &format!("/{}?", self.name), 1)
    }
}

/// Runs a statement.
async fn run(server: &mut PgConnection, statement: String) -> sqlx::Result<()> {
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(server).await.map(drop)
}

/// Whether this is `object_in_use` (PostgreSQL documentation, appendix A).
fn is_in_use(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(sqlx::error::DatabaseError::code).is_some_and(|code| code == "55006")
}

impl Drop for Database {
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        let _ = Command::new("psql").args([&server(), "-qc", &drop]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

/// A server of its own, for what is done to servers. It goes away with this value.
#[derive(Debug)]
pub struct Server {
    folder: Folder,
    port: u16,
}

impl Server {
    /// Starts one with these settings, each `name=value`. What it acknowledged is synced.
    pub async fn start(settings: &[&str]) -> Self {
        let server = Self { folder: Folder::new(), port: free_port() };
        let mut arguments = vec!["start".to_owned(), server.folder()];
        arguments.extend(["fsync=on", "listen_addresses=127.0.0.1"].map(str::to_owned));
        arguments.push(format!("port={}", server.port));
        arguments.extend(settings.iter().map(|setting| (*setting).to_owned()));
        script(arguments).await;
        server
    }

    /// A copy of it that follows it under this name.
    pub async fn standby(&self, name: &str) -> Self {
        let standby = Self { folder: Folder::new(), port: free_port() };
        let ports = [self.port, standby.port].map(|port| port.to_string());
        script([vec!["standby".to_owned(), standby.folder()], ports.to_vec(), vec![name.to_owned()]].concat()).await;
        standby
    }

    fn folder(&self) -> String {
        self.folder.path().display().to_string()
    }

    /// Where it listens.
    pub fn address(&self) -> std::net::SocketAddr {
        ([127, 0, 0, 1], self.port).into()
    }

    /// The URL of its database.
    pub fn url(&self) -> String {
        url_at(self.address())
    }

    /// Runs a statement.
    pub async fn run(&self, statement: &str) {
        let mut connection = PgConnection::connect(&self.url()).await.expect("a connection");
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await.expect(statement);
        connection.close().await.expect("closed");
    }

    /// Asks this user for a password from now on.
    pub async fn asks_for_password(&self, user: &str) {
        script(vec!["passwords".to_owned(), self.folder(), user.to_owned()]).await;
    }

    /// A file system of so many bytes, for a tablespace.
    pub async fn small_disk(&self, size: &str) -> std::path::PathBuf {
        script(vec!["disk".to_owned(), self.folder(), size.to_owned()]).await;
        self.folder.path().join("disk")
    }

    /// Stops every process of it where it stands, or lets them go on: a database that does not answer, and does not say so.
    pub fn freeze(&self, is_frozen: bool) {
        let id = self.id();
        let children = Command::new("pgrep").args(["-P", &id]).output().expect("pgrep");
        let all = String::from_utf8(children.stdout).expect("ids");
        let signal = if is_frozen { "-STOP" } else { "-CONT" };
        // The first process first: it makes no more of them.
        let sent = Command::new("kill").arg(signal).arg(&id).args(all.split_whitespace()).status();
        assert!(sent.expect("kill").success() || !is_frozen);
    }

    fn id(&self) -> String {
        let file = std::fs::read_to_string(self.folder.path().join("data/postmaster.pid")).expect("it runs");
        file.lines().next().expect("an id").to_owned()
    }

    /// SIGKILL to its first process, and waits for the others, which end when they notice.
    pub async fn kill(&self) {
        script(vec!["kill".to_owned(), self.folder()]).await;
    }

    /// Stops it at once, without a word to anybody.
    pub async fn halt(&self) {
        script(vec!["halt".to_owned(), self.folder()]).await;
    }

    /// Starts it again: it recovers by its own log.
    pub async fn again(&self) {
        script(vec!["again".to_owned(), self.folder()]).await;
    }

    /// Makes a standby take writes.
    pub async fn promote(&self) {
        script(vec!["promote".to_owned(), self.folder()]).await;
    }
}

/// The URL of the database at an address of the loopback.
pub fn url_at(address: std::net::SocketAddr) -> String {
    format!("postgres://sluis@{address}/postgres")
}

/// Below those that a system gives to whoever asks for any (32768 and up on Linux): while the server is down, nobody is given its port.
fn free_port() -> u16 {
    let is_free = |port: &u16| std::net::TcpListener::bind(("127.0.0.1", *port)).is_ok();
    let tries = std::iter::repeat_with(|| {
        let random: [u8; 2] = random(&SystemEntropy::default()).expect("randomness");
        20_000 + u16::from_be_bytes(random) % 12_000
    });
    tries.take(100).find(is_free).expect("a port")
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = Command::new(SCRIPT).args(["stop", &self.folder()]).status();
    }
}

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/postgres");

async fn script(arguments: Vec<String>) {
    let output = tokio::process::Command::new(SCRIPT).args(&arguments).output().await.expect("the script");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}
