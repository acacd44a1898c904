//! Databases on the PostgreSQL server that `tests/benches/run` starts.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};

use crate::Outcome;

/// Makes a database anew; its URL.
pub(crate) async fn made(server: &str, name: &str) -> Outcome<String> {
    run(server, format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await?;
    run(server, format!("CREATE DATABASE {name}")).await?;
    Ok(named(server, name))
}

/// The database with this name, made where it is not there; its URL.
pub(crate) async fn found(server: &str, name: &str) -> Outcome<String> {
    // It is there, or it is made: if neither, who opens it says so.
    run(server, format!("CREATE DATABASE {name}")).await.ok();
    Ok(named(server, name))
}

/// Whether there is a database with this name.
pub(crate) async fn is_there(server: &str, name: &str) -> Outcome<bool> {
    let mut connection = PgConnection::connect(server).await?;
    let there = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)").bind(name);
    let there = there.fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok(there)
}

async fn run(server: &str, statement: String) -> Outcome<()> {
    let mut connection = PgConnection::connect(server).await?;
    sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut connection).await?;
    Ok(connection.close().await?)
}

/// The URL of a database of the server.
pub(crate) fn named(server: &str, name: &str) -> String {
    server.replacen("/postgres", &format!("/{name}"), 1)
}
