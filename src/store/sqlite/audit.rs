//! The log in a file for who verifies it: read only, without any key, and as it is stored, not as it should be.

mod exchanged;
mod kept;

use std::collections::BTreeSet;
use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteRow};
use sqlx::{ConnectOptions as _, Row, SqliteConnection};

pub use exchanged::ExchangeLine;
pub use kept::{Keeping, KeptReceipt};

use super::unavailable;
use crate::crypto::hex;
use crate::ledger::audit::{Erasable, StoredHead, StoredLine};
use crate::ledger::entry::{Beside, Erases, TokenSalt, TokensDigest};
use crate::ledger::token::SearchToken;
use crate::store::{StoreError, StoredEntry};

/// A log in a file, as of the moment at which it was opened: what is appended meanwhile is not seen.
pub struct LogFile {
    connection: SqliteConnection,
}

impl LogFile {
    /// Opens the log in the file at `path`, which must be there; a gateway may be writing to it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn open(path: &Path) -> Result<Self, StoreError> {
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        let options = SqliteConnectOptions::new().filename(path).read_only(true).immutable(!Path::new(&log).exists());
        let mut connection = options.row_buffer_size(1024).disable_statement_logging().connect().await.map_err(unavailable)?;
        sqlx::query("BEGIN").execute(&mut connection).await.map_err(unavailable)?;
        Ok(Self { connection })
    }

    /// The head as it is stored: size, root and the signed checkpoint, which is empty for an empty log.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn head(&mut self) -> Result<StoredHead, StoreError> {
        let row =
            sqlx::query("SELECT size, root, checkpoint FROM head").fetch_one(&mut self.connection).await.map_err(unavailable)?;
        Ok(StoredHead {
            size: row.try_get(0).map_err(|_| corrupt("head", "size", "1"))?,
            root: row.try_get(1).map_err(|_| corrupt("head", "root", "1"))?,
            checkpoint: row.try_get(2).map_err(|_| corrupt("head", "checkpoint", "1"))?,
        })
    }

    /// The kept checkpoint of this size with its witnesses' lines, if there is one; nothing in it is verified. A store from before witnesses has none.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn cosigned(&mut self, size: u64) -> Result<Option<String>, StoreError> {
        let there = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'cosigned'");
        if there.fetch_one(&mut self.connection).await.map_err(unavailable)? == 0 {
            return Ok(None);
        }
        let query = sqlx::query_scalar("SELECT checkpoint FROM cosigned WHERE size = ?").bind(super::integer(size));
        query.fetch_optional(&mut self.connection).await.map_err(unavailable)
    }

    /// What the entries say was erased of the log. Nothing of it is verified: that their columns are what their leaves say shows when all are read.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn erasures(&mut self) -> Result<BTreeSet<Erases>, StoreError> {
        let query = sqlx::query_scalar::<_, String>("SELECT erases FROM entry WHERE erases IS NOT NULL");
        let texts = query.fetch_all(&mut self.connection).await.map_err(unavailable)?;
        // What is no erasure erases nothing.
        Ok(texts.iter().filter_map(|text| text.parse().ok()).collect())
    }

    /// At most `limit` entries from index `from` on, whole.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn entries(&mut self, from: u64, limit: u32) -> Result<Vec<StoredEntry>, StoreError> {
        super::log::entries(&mut self.connection, from, limit).await
    }

    /// The entries that erase something of the log.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn erasing(&mut self) -> Result<Vec<StoredEntry>, StoreError> {
        super::log::erasures(&mut self.connection).await
    }

    /// At most `limit` entries from index `first` on.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn lines(&mut self, first: i64, limit: u32) -> Result<Lines, StoreError> {
        // The columns as canonical JSON, made where they are, around the digest of the tokens: see `Beside::of_columns`.
        let query = sqlx::query(
            "SELECT idx, leaf, body,
                    json_array(kind, time, party, source, recipient, purpose, categories, outcome, overridden),
                    json_array(trace, key_class,
                               coalesce((SELECT group_concat(source, ' ') FROM entry_asked WHERE entry_asked.idx = entry.idx), ''), erases),
                    tokens, token_salt, subject_token, actor_token, case_token, wrapped_key IS NULL,
                    CASE WHEN token_salt IS NULL THEN key_class END, held_by
             FROM entry WHERE idx >= ? ORDER BY idx LIMIT ?",
        );
        Ok(Lines(query.bind(first).bind(limit).fetch_all(&mut self.connection).await.map_err(unavailable)?))
    }

    /// The stored leaf at this index, whatever stands there.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn leaf(&mut self, index: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let query = sqlx::query_scalar("SELECT leaf FROM entry WHERE idx = ?").bind(super::integer(index));
        query.fetch_optional(&mut self.connection).await.map_err(unavailable)
    }

    /// The stored tile at this place.
    ///
    /// # Errors
    /// [`StoreError`].
    pub async fn tile(&mut self, level: u8, index: u64) -> Result<Option<Vec<u8>>, StoreError> {
        super::log::tile(&mut self.connection, level, index).await
    }
}

/// Entries as they were read; their bytes are copied no more.
pub struct Lines(Vec<SqliteRow>);

impl Lines {
    /// The entries, for verifying.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], when a column holds what no column of its kind does.
    pub fn get(&self) -> Result<Vec<StoredLine<&[u8]>>, StoreError> {
        self.0.iter().map(line).collect()
    }
}

fn line(row: &SqliteRow) -> Result<StoredLine<&[u8]>, StoreError> {
    let index: i64 = row.try_get(0).map_err(|_| corrupt("entry", "idx", "?"))?;
    let named = |column: &'static str| corrupt("entry", column, &index.to_string());
    let body: Option<&[u8]> = row.try_get(2).map_err(|_| named("body"))?;
    let body = body.map(|body| Ok((beside(row).map_err(|_| named("columns"))?, body))).transpose()?;
    let erasable = erasable(row).map_err(|_| named("tokens"))?;
    Ok(StoredLine { index, leaf: row.try_get(1).map_err(|_| named("leaf"))?, body, erasable })
}

/// The digest of the columns: the two arrays become one, with the tokens' digest between them. (To write that in hexadecimal is a quarter of the work when
/// SQLite does it.)
fn beside(row: &SqliteRow) -> Result<Beside, sqlx::Error> {
    let (before, behind): (&str, &str) = (row.try_get(3)?, row.try_get(4)?);
    let tokens = hex::encode(row.try_get::<Option<&[u8]>, _>(5)?.unwrap_or_default());
    let array =
        [before.strip_suffix(']').unwrap_or_default(), ",\"", &tokens, "\",", behind.strip_prefix('[').unwrap_or_default()];
    Ok(Beside::of_columns(&array.concat()))
}

/// What has become of tokens and key: columns 5 to 12.
fn erasable(row: &SqliteRow) -> Result<Erasable, sqlx::Error> {
    let blob = |column: usize| row.try_get::<Option<&[u8]>, _>(column);
    let (digest, salt) = (blob(5)?, blob(6)?);
    let (tokens, is_keyless) = ([blob(7)?, blob(8)?, blob(9)?], row.try_get::<bool, _>(10)?);
    let Some(salt) = salt else {
        let gone = is_keyless && tokens.iter().all(Option::is_none);
        return Ok(if gone { Erasable::Gone { class: row.try_get(11)?, held_by: row.try_get(12)? } } else { Erasable::Changed });
    };
    // A token of another length is none.
    let token = |token: Option<&[u8]>| token.map(|bytes| bytes.try_into().map(SearchToken::from_bytes)).transpose();
    let [subject, actor, case] = tokens.map(token);
    Ok(match (salt.try_into(), subject, actor, case) {
        (Ok(salt), Ok(subject), Ok(actor), Ok(case)) if !is_keyless => {
            let own = TokensDigest::of_tokens(&TokenSalt::from_bytes(salt), [subject, actor, case]);
            if digest == Some(own.bytes()) { Erasable::There } else { Erasable::Changed }
        }
        _ => Erasable::Changed,
    })
}

fn corrupt(table: &'static str, column: &'static str, row: &str) -> StoreError {
    StoreError::Corrupt { table, column, row: row.to_owned() }
}
