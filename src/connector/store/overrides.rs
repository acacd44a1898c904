//! The rows of overrides. Each change of state is one statement that says which state it starts from.

use super::state::{State, StateError, instant, parsed};
use crate::clock::Timestamp;
use crate::connector::overrides::{OverrideRecord, OverrideState};
use crate::connector::seal::Place;
use crate::organisation::Oin;
use crate::source::overrides::OverrideStanding;

/// A new override.
pub struct NewOverride<'a> {
    /// Random.
    pub id: &'a str,
    /// `pending`, or `active` where one person suffices.
    pub state: OverrideState,
    /// The keyed digest of the subject.
    pub subject: [u8; 32],
    /// The keyed digest of the signed statement.
    pub fingerprint: [u8; 32],
    /// When it was entered.
    pub entered_at: Timestamp,
    /// What it opens and why; sealed.
    pub record: &'a OverrideRecord,
}

/// An override as it stands.
#[derive(Clone)]
pub struct OverrideRow {
    /// Its id.
    pub id: String,
    /// Its state.
    pub state: OverrideState,
    /// The last standing that the gateway acknowledged.
    pub reported: Option<OverrideStanding>,
    /// The keyed digest of the subject.
    pub subject: [u8; 32],
    /// When it was entered.
    pub entered_at: Timestamp,
    /// What it opens and why.
    pub record: OverrideRecord,
}

type StoredOverride = (String, String, Option<String>, Vec<u8>, i64, Vec<u8>);

impl State {
    /// Enters the override; `true` also when the same signed statement, of which the id is a part, was entered before, `false` when another has the id.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn insert_override(&self, new: NewOverride<'_>) -> Result<bool, StateError> {
        let content = &new.record.content;
        let recipients: Vec<&str> = content.recipients.iter().map(Oin::as_str).collect();
        let statement = "INSERT INTO override (id, state, purpose, recipient, subject, fingerprint, entered_at, expires_at, sealed) \
            VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO NOTHING";
        let insert = sqlx::query(statement).bind(new.id).bind(new.state.code()).bind(content.purpose.as_str());
        let insert = insert.bind(recipients.join(" ")).bind(new.subject.as_slice()).bind(new.fingerprint.as_slice());
        let insert = insert.bind(new.entered_at.millis()).bind(content.expires_at.millis());
        insert.bind(self.seal(place(new.id), new.record)?).execute(&self.pool).await?;
        let query = "SELECT count(*) FROM override WHERE id = ?1 AND fingerprint = ?2";
        let found: i64 = sqlx::query_scalar(query).bind(new.id).bind(new.fingerprint.as_slice()).fetch_one(&self.pool).await?;
        Ok(found == 1)
    }

    /// One override.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn override_row(&self, id: &str) -> Result<Option<OverrideRow>, StateError> {
        let query = "SELECT id, state, reported, subject, entered_at, sealed FROM override WHERE id = ?1";
        let row: Option<StoredOverride> = sqlx::query_as(query).bind(id).fetch_optional(&self.pool).await?;
        row.map(|row| self.stored_override(row)).transpose()
    }

    /// All overrides, oldest first.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn override_rows(&self) -> Result<Vec<OverrideRow>, StateError> {
        let query = "SELECT id, state, reported, subject, entered_at, sealed FROM override ORDER BY rowid";
        let rows: Vec<StoredOverride> = sqlx::query_as(query).fetch_all(&self.pool).await?;
        rows.into_iter().map(|row| self.stored_override(row)).collect()
    }

    /// The overrides whose standing the gateway has not acknowledged, as long as they would run: active ones, and revoked ones even where
    /// no acknowledgement of the active one came back, because the gateway may have it all the same.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn unreported_overrides(&self, now: Timestamp) -> Result<Vec<OverrideRow>, StateError> {
        let query = "SELECT id, state, reported, subject, entered_at, sealed FROM override WHERE expires_at > ?1 \
            AND ((state = 'active' AND reported IS NULL) OR (state = 'revoked' AND reported IS NOT 'revoked')) ORDER BY rowid";
        let rows: Vec<StoredOverride> = sqlx::query_as(query).bind(now.millis()).fetch_all(&self.pool).await?;
        rows.into_iter().map(|row| self.stored_override(row)).collect()
    }

    /// Moves an override from one state to the next with its signed step; `false` when it was not in `from`.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn move_override(
        &self,
        id: &str,
        from: OverrideState,
        to: OverrideState,
        record: &OverrideRecord,
    ) -> Result<bool, StateError> {
        let statement = "UPDATE override SET state = ?3, sealed = ?4 WHERE id = ?1 AND state = ?2";
        let update = sqlx::query(statement).bind(id).bind(from.code()).bind(to.code()).bind(self.seal(place(id), record)?);
        Ok(update.execute(&self.pool).await?.rows_affected() == 1)
    }

    /// Notes which standing the gateway acknowledged; `false` when there is no such override.
    ///
    /// # Errors
    /// [`StateError`].
    pub async fn mark_reported(&self, id: &str, standing: OverrideStanding) -> Result<bool, StateError> {
        let update = sqlx::query("UPDATE override SET reported = ?2 WHERE id = ?1 AND (reported IS NULL OR reported = 'active')");
        Ok(update.bind(id).bind(standing_code(standing)).execute(&self.pool).await?.rows_affected() == 1)
    }

    fn stored_override(&self, row: StoredOverride) -> Result<OverrideRow, StateError> {
        let (id, state, reported, subject, entered_at, sealed) = row;
        let record = self.open_sealed(place(&id), &sealed)?;
        let reported = match reported.as_deref() {
            None => None,
            Some("active") => Some(OverrideStanding::Active),
            Some("revoked") => Some(OverrideStanding::Revoked),
            Some(_) => return Err(StateError::Corrupt { table: "override", column: "reported" }),
        };
        Ok(OverrideRow {
            state: parsed(OverrideState::from_code(&state).ok_or(()), "override", "state")?,
            subject: parsed(<[u8; 32]>::try_from(subject.as_slice()), "override", "subject")?,
            entered_at: instant(entered_at),
            id,
            reported,
            record,
        })
    }
}

fn standing_code(standing: OverrideStanding) -> &'static str {
    match standing {
        OverrideStanding::Active => "active",
        OverrideStanding::Revoked => "revoked",
    }
}

fn place(id: &str) -> Place<'_> {
    Place { table: "override", column: "sealed", row: id }
}
