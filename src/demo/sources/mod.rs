//! The demo's stand-in for each source's own system: a SQLite database with a schema of its own, filled with what that
//! organisation has written down about the synthetic households, and the two files its connector needs: `mapping.toml` and
//! `ceiling.toml`. Production connectors read a real system through views of the same kind; nothing outside the demo depends on
//! these schemas.

mod child_protection_board;
mod mental_health;
mod municipality;
mod network;
mod police;
mod probation;
mod prosecution;
mod shapes;
mod table;
mod veilig_thuis;
mod view;
mod youth_protection;

use std::path::{Path, PathBuf};

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection};

use self::table::Table;
use super::households::World;
use super::organisations::Slug;

/// Name of a source's database in its folder.
pub const DATABASE: &str = "source.sqlite";
/// Name of a source's mapping in its folder.
pub const MAPPING: &str = "mapping.toml";
/// Name of a source's ceiling in its folder.
pub const CEILING: &str = "ceiling.toml";

/// What the demo ships for one source.
#[derive(Clone, Copy)]
pub struct SourceFiles {
    /// How its database is made.
    pub schema: &'static str,
    /// How its records become our categories.
    pub mapping: &'static str,
    /// What it is ready to give.
    pub ceiling: &'static str,
    tables: fn(&World) -> Vec<Table>,
}

macro_rules! source_files {
    ($folder:literal, $tables:path) => {
        SourceFiles {
            schema: include_str!(concat!($folder, "/schema.sql")),
            mapping: include_str!(concat!($folder, "/mapping.toml")),
            ceiling: include_str!(concat!($folder, "/ceiling.toml")),
            tables: $tables,
        }
    };
}

/// The files of a source; `None` for an organisation that is none.
pub const fn source_files(slug: Slug) -> Option<SourceFiles> {
    Some(match slug {
        Slug::Police => source_files!("police", police::tables),
        Slug::VeiligThuis => source_files!("veilig-thuis", veilig_thuis::tables),
        Slug::Prosecution => source_files!("prosecution", prosecution::tables),
        Slug::Probation => source_files!("probation", probation::tables),
        Slug::MentalHealth => source_files!("mental-health", mental_health::tables),
        Slug::YouthProtection => source_files!("youth-protection", youth_protection::tables),
        Slug::Municipality => source_files!("municipality", municipality::tables),
        Slug::ChildProtectionBoard => source_files!("child-protection-board", child_protection_board::tables),
        Slug::CaseManagement => return None,
    })
}

/// A source's folder could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The organisation holds no records.
    #[error("{0} is not a source: it has no database to write")]
    NotASource(&'static str),
    /// The folder already has a database: the demo resumes with it instead of writing it anew.
    #[error("{0} exists already: remove it to make the household records again")]
    Exists(PathBuf),
    /// A file could not be written.
    #[error("cannot write {path}: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The database refused; it holds synthetic records only.
    #[error("cannot fill {path}: {source}")]
    Database {
        /// Which database.
        path: PathBuf,
        /// Why.
        source: sqlx::Error,
    },
}

/// Writes one source's folder: `source.sqlite` with its records, `mapping.toml`, `ceiling.toml`.
///
/// # Errors
/// [`WriteError`]; a half-filled database never stands under its final name.
pub async fn write(world: &World, slug: Slug, folder: &Path) -> Result<(), WriteError> {
    let files = source_files(slug).ok_or(WriteError::NotASource(slug.code()))?;
    let file_error = |path: &Path| {
        let path = path.to_path_buf();
        move |source| WriteError::File { path, source }
    };
    tokio::fs::create_dir_all(folder).await.map_err(file_error(folder))?;
    for (name, text) in [(MAPPING, files.mapping), (CEILING, files.ceiling)] {
        let path = folder.join(name);
        tokio::fs::write(&path, text).await.map_err(file_error(&path))?;
    }
    let path = folder.join(DATABASE);
    if tokio::fs::try_exists(&path).await.map_err(file_error(&path))? {
        return Err(WriteError::Exists(path));
    }
    // Filled under another name first: after a crash there is a whole database or none.
    let part = folder.join(format!("{DATABASE}.part"));
    if tokio::fs::try_exists(&part).await.map_err(file_error(&part))? {
        tokio::fs::remove_file(&part).await.map_err(file_error(&part))?;
    }
    let filled = write_database(&part, files.schema, (files.tables)(world)).await;
    filled.map_err(|source| WriteError::Database { path: part.clone(), source })?;
    tokio::fs::rename(&part, &path).await.map_err(file_error(&path))
}

async fn write_database(path: &Path, schema: &'static str, tables: Vec<Table>) -> Result<(), sqlx::Error> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .foreign_keys(true)
        .journal_mode(SqliteJournalMode::Delete)
        .synchronous(SqliteSynchronous::Normal);
    let mut connection = options.connect().await?;
    let filled = table::fill(&mut connection, schema, tables).await;
    connection.close().await?;
    filled
}

/// Writes every source's folder under `folder`, each by its slug.
///
/// # Errors
/// [`WriteError`] of the first source that fails.
pub async fn write_all(world: &World, folder: &Path) -> Result<(), WriteError> {
    for slug in Slug::ALL.into_iter().filter(|slug| slug.organisation().is_source) {
        write(world, slug, &folder.join(slug.code())).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
