//! The source's own access log with the inbox entries of each answer, written in one transaction before the answer leaves.

use super::inbox::NewEntry;
use super::state::{State, StateError, instant};
use super::writer::{SealedAnswer, Work};
use crate::clock::Timestamp;
use crate::connector::seal::Place;
use rusqlite::Row;
use serde::{Deserialize, Serialize};

/// One answer, as it goes into the access log. `body` is sealed.
pub struct AnswerRow<'a, B> {
    /// Random.
    pub id: &'a str,
    /// When.
    pub at: Timestamp,
    /// The gateway's decision.
    pub decision: &'a str,
    /// The purpose.
    pub purpose: &'a str,
    /// The recipient's OIN.
    pub recipient: &'a str,
    /// The keyed digest of the subject.
    pub subject: [u8; 32],
    /// What was given and refused, to whom.
    pub body: &'a B,
    /// The entries for the professional's inbox; one whose decision and category are there already is left out.
    pub inbox: &'a [NewEntry],
}

/// A row of the access log.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct AccessEntry<B> {
    /// Its id.
    pub id: String,
    /// When.
    pub at: Timestamp,
    /// The gateway's decision.
    pub decision: String,
    /// The purpose.
    pub purpose: String,
    /// The recipient's OIN.
    pub recipient: String,
    /// What was given and refused, to whom.
    pub body: B,
}

type StoredAnswer = (String, i64, String, String, String, Vec<u8>);

impl State {
    /// Makes the answer and its inbox entries durable, together with whatever else waits.
    ///
    /// # Errors
    /// [`StateError`]: then nothing may be given. The commit's outcome may be unknown; the log then says more than was given, never less.
    pub async fn record_answer<B: Serialize>(&self, row: AnswerRow<'_, B>) -> Result<(), StateError> {
        let sealed = self.seal(answer_place(row.id), row.body)?;
        let inbox = row.inbox.iter().map(|entry| self.sealed_entry(entry)).collect::<Result<_, _>>()?;
        let job = SealedAnswer {
            id: row.id.to_owned(),
            at: row.at.millis(),
            decision: row.decision.to_owned(),
            purpose: row.purpose.to_owned(),
            recipient: row.recipient.to_owned(),
            subject: row.subject,
            sealed,
            inbox,
        };
        self.writer.write(Work::Answer(job)).await
    }

    /// The newest rows of the access log, newest first.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn access_log<B: serde::de::DeserializeOwned>(&self, limit: u32) -> Result<Vec<AccessEntry<B>>, StateError> {
        let query = "SELECT id, at, decision, purpose, recipient, sealed FROM answer ORDER BY at DESC, rowid DESC LIMIT ?1";
        let rows: Vec<StoredAnswer> = sqlx::query_as(query).bind(limit).fetch_all(&self.pool).await?;
        rows.into_iter().map(|row| self.access_entry(row)).collect()
    }

    /// The answers under one decision, oldest first.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn answers<B: serde::de::DeserializeOwned>(&self, decision: &str) -> Result<Vec<AccessEntry<B>>, StateError> {
        let query = "SELECT id, at, decision, purpose, recipient, sealed FROM answer WHERE decision = ?1 ORDER BY rowid";
        let read = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?));
        let rows: Vec<StoredAnswer> = self.rows(query, decision, read).await?;
        rows.into_iter().map(|row| self.access_entry(row)).collect()
    }

    fn access_entry<B: serde::de::DeserializeOwned>(&self, row: StoredAnswer) -> Result<AccessEntry<B>, StateError> {
        let (id, at, decision, purpose, recipient, sealed) = row;
        let body = self.open_sealed(answer_place(&id), &sealed)?;
        Ok(AccessEntry { at: instant(at), body, id, decision, purpose, recipient })
    }
}

fn answer_place(id: &str) -> Place<'_> {
    Place { table: "answer", column: "sealed", row: id }
}
