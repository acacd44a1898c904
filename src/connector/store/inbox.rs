//! The rows of the professional's inbox. Each change of state is one statement that says which state it starts from.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::state::{State, StateError, instant, parsed};
use super::writer::SealedEntry;
use crate::catalogue::Category;
use crate::clock::Timestamp;
use crate::connector::delivery::Delivery;
use crate::connector::inbox::{Content, InboxState, Verdict};
use crate::connector::receipts::ItemDigest;
use crate::connector::seal::Place;
use crate::source::RecordsAnswer;

/// A new inbox entry.
pub struct NewEntry {
    /// Random.
    pub id: String,
    /// The category to summarise.
    pub category: Category,
    /// Until when a release is still delivered.
    pub release_until: Timestamp,
    /// The draft; sealed.
    pub content: Content,
}

/// An entry, without what is sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InboxRow {
    /// Its id.
    pub id: String,
    /// The row of the access log of the call that asked for it.
    #[serde(skip)]
    pub answer: String,
    /// The gateway's decision.
    pub decision: String,
    /// The category.
    pub category: Category,
    /// The purpose.
    pub purpose: String,
    /// The recipient's OIN.
    pub recipient: String,
    /// Its state.
    pub state: InboxState,
    /// Since when it is here.
    pub entered_at: Timestamp,
    /// Until when a release is still delivered.
    pub release_until: Timestamp,
    /// How far it is on its way to the gateway, once it is released.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delivery: Option<Delivery>,
}

type StoredRow = (String, String, String, String, String, String, String, i64, i64, Option<i64>);

impl State {
    /// All entries, oldest first.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn inbox_rows(&self) -> Result<Vec<InboxRow>, StateError> {
        let query = "SELECT id, answer, decision, category, purpose, recipient, state, entered_at, release_until, delivered_at FROM inbox ORDER BY rowid";
        let rows: Vec<StoredRow> = sqlx::query_as(query).fetch_all(&self.pool).await?;
        rows.into_iter().map(inbox_row).collect()
    }

    /// One entry.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn inbox_row(&self, id: &str) -> Result<Option<InboxRow>, StateError> {
        let query = "SELECT id, answer, decision, category, purpose, recipient, state, entered_at, release_until, delivered_at FROM inbox WHERE id = ?1";
        let row: Option<StoredRow> = sqlx::query_as(query).bind(id).fetch_optional(&self.pool).await?;
        row.map(inbox_row).transpose()
    }

    /// The draft of an entry, while it is pending.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn inbox_content(&self, id: &str) -> Result<Option<Content>, StateError> {
        self.sealed_column("SELECT content FROM inbox WHERE id = ?1 AND content IS NOT NULL", "content", id).await
    }

    /// pending → released, with what goes to the gateway; `false` when it was not pending.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn release_entry(
        &self,
        id: &str,
        at: Timestamp,
        answer: &RecordsAnswer,
        digests: &[ItemDigest],
        verdict: &Verdict,
    ) -> Result<bool, StateError> {
        let statement = "UPDATE inbox SET state = 'released', decided_at = ?2, items = ?3, digests = ?4, verdict = ?5, content = NULL \
            WHERE id = ?1 AND state = 'pending' AND release_until > ?2";
        let update = sqlx::query(statement).bind(id).bind(at.millis()).bind(self.seal(place("items", id), answer)?);
        let update = update.bind(self.seal(place("digests", id), &digests)?).bind(self.seal(place("verdict", id), verdict)?);
        Ok(update.execute(&self.pool).await?.rows_affected() == 1)
    }

    /// pending → refused; `false` when it was not pending.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn refuse_entry(&self, id: &str, at: Timestamp, verdict: &Verdict) -> Result<bool, StateError> {
        let statement = "UPDATE inbox SET state = 'refused', decided_at = ?2, verdict = ?3, content = NULL \
            WHERE id = ?1 AND state = 'pending' AND release_until > ?2";
        let update = sqlx::query(statement).bind(id).bind(at.millis()).bind(self.seal(place("verdict", id), verdict)?);
        Ok(update.execute(&self.pool).await?.rows_affected() == 1)
    }

    /// pending → expired for all whose time has passed, and wipes released text that came too late to be delivered. Gives the number that
    /// expired.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn expire_entries(&self, now: Timestamp) -> Result<u64, StateError> {
        let expire =
            "UPDATE inbox SET state = 'expired', decided_at = ?1, content = NULL WHERE state = 'pending' AND release_until <= ?1";
        let expired = sqlx::query(expire).bind(now.millis()).execute(&self.pool).await?.rows_affected();
        let wipe = "UPDATE inbox SET items = NULL WHERE state = 'released' AND release_until <= ?1 AND items IS NOT NULL";
        sqlx::query(wipe).bind(now.millis()).execute(&self.pool).await?;
        Ok(expired)
    }

    /// The releases that the gateway has not acknowledged, oldest first: the entry's id and what goes out.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn undelivered(&self, now: Timestamp) -> Result<Vec<(String, RecordsAnswer)>, StateError> {
        let query = "SELECT id, items FROM inbox WHERE state = 'released' AND items IS NOT NULL AND release_until > ?1 ORDER BY decided_at, rowid";
        let rows: Vec<(String, Vec<u8>)> = sqlx::query_as(query).bind(now.millis()).fetch_all(&self.pool).await?;
        let opened = rows.into_iter().map(|(id, sealed)| {
            let answer = self.open_sealed(place("items", &id), &sealed)?;
            Ok((id, answer))
        });
        opened.collect()
    }

    /// Marks a release as delivered and wipes its text; `false` when there was none to deliver.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn mark_delivered(&self, id: &str, at: Timestamp) -> Result<bool, StateError> {
        let statement =
            "UPDATE inbox SET delivered_at = ?2, items = NULL WHERE id = ?1 AND state = 'released' AND delivered_at IS NULL";
        Ok(sqlx::query(statement).bind(id).bind(at.millis()).execute(&self.pool).await?.rows_affected() == 1)
    }

    /// The released items of one decision: the row of the access log whose call asked for them, and their digests.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn released_digests(&self, decision: &str) -> Result<Vec<Vec<ItemDigest>>, StateError> {
        let query = "SELECT id, digests FROM inbox WHERE decision = ?1 AND digests IS NOT NULL";
        let rows: Vec<(String, Vec<u8>)> = self.rows(query, decision, |row| Ok((row.get(0)?, row.get(1)?))).await?;
        rows.into_iter().map(|(id, sealed)| self.open_sealed(place("digests", &id), &sealed)).collect()
    }

    /// The signed step that released or refused an entry.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn verdict(&self, id: &str) -> Result<Option<Verdict>, StateError> {
        self.sealed_column("SELECT verdict FROM inbox WHERE id = ?1 AND verdict IS NOT NULL", "verdict", id).await
    }

    pub(super) fn sealed_entry(&self, entry: &NewEntry) -> Result<SealedEntry, StateError> {
        let content = self.seal(place("content", &entry.id), &entry.content)?;
        let (category, release_until) = (entry.category.code(), entry.release_until.millis());
        Ok(SealedEntry { id: entry.id.clone(), category, release_until, content })
    }

    async fn sealed_column<T: DeserializeOwned>(
        &self,
        query: &'static str,
        column: &'static str,
        id: &str,
    ) -> Result<Option<T>, StateError> {
        let sealed: Option<Vec<u8>> = sqlx::query_scalar(query).bind(id).fetch_optional(&self.pool).await?;
        sealed.map(|sealed| self.open_sealed(place(column, id), &sealed)).transpose()
    }
}

fn place<'a>(column: &'static str, id: &'a str) -> Place<'a> {
    Place { table: "inbox", column, row: id }
}

fn inbox_row(row: StoredRow) -> Result<InboxRow, StateError> {
    let (id, answer, decision, category, purpose, recipient, state, entered_at, release_until, delivered_at) = row;
    Ok(InboxRow {
        id,
        answer,
        decision,
        category: parsed(Category::from_code(&category).ok_or(()), "inbox", "category")?,
        purpose,
        recipient,
        state: parsed(InboxState::from_code(&state).ok_or(()), "inbox", "state")?,
        entered_at: instant(entered_at),
        release_until: instant(release_until),
        delivery: delivered_at.map(|at| Delivery::Delivered { at: instant(at) }),
    })
}
