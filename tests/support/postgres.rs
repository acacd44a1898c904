//! Databases of their own on the throw-away PostgreSQL server that `tests/run` starts.

use std::process::{Command, Stdio};

use sluis::crypto::hex;
use sluis::entropy::{SystemEntropy, random};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

/// The URL of the server's first database.
///
/// # Panics
/// Says what to do when there is none.
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
        let random: [u8; 8] = random(&SystemEntropy::default()).expect("randomness");
        let name = format!("t_{}", hex::encode(&random));
        let mut server = PgConnection::connect(&server()).await.expect("the server");
        sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut server).await.expect("a database");
        server.close().await.expect("closed");
        Self { name }
    }

    /// A raw connection to it.
    pub async fn connect(&self) -> PgConnection {
        PgConnection::connect(&self.url()).await.expect("a connection")
    }

    /// Where it is.
    pub fn url(&self) -> String {
        server().replacen("/postgres?", &format!("/{}?", self.name), 1)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        let _ = Command::new("psql").args([&server(), "-qc", &drop]).stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}
