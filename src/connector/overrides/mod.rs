//! Overrides (doorbreking, `domain.md` §7): entered by one professional, approved by another, reported to the gateway.

mod check;
mod error;
mod record;
mod report;

pub use error::OverrideError;
pub use record::{OverrideRecord, OverrideState};

use super::Connector;
use super::ids::random_id;
use super::professionals::Signed;
use super::store::{NewOverride, OverrideRow};
use crate::consent::derogation::{REVIEW_WORKING_DAYS, one_suffices};
use crate::consent::professional::canonical_reference;
use crate::crypto::base64;
use crate::entropy::{Entropy, EntropyUnavailable};
use crate::source::overrides::{OverrideContent, revoke_statement};

/// An id for a new override: the professional signs it, so that nobody makes the same again in her name.
///
/// # Errors
/// [`EntropyUnavailable`].
pub fn new_override_id(entropy: &dyn Entropy) -> Result<String, EntropyUnavailable> {
    random_id(entropy)
}

impl Connector {
    /// Enters an override under an id of the caller's ([`new_override_id`]), signed over [`OverrideContent::create_statement`]. It waits for another professional, except under
    /// `acute-safety`. The same signed statement entered again gives the same override.
    ///
    /// # Errors
    /// [`OverrideError`] naming the field.
    pub async fn create_override(
        &self,
        id: &str,
        content: OverrideContent,
        signed: &Signed,
    ) -> Result<OverrideRow, OverrideError> {
        base64::decode_url_array::<16>(id).map_err(|_| OverrideError::Id)?;
        let now = self.outside.clock.now();
        self.check_content(&content, signed.signed_at.min(now), now)?;
        if canonical_reference(&content.colleague) == canonical_reference(&signed.professional) {
            return Err(OverrideError::OwnColleague);
        }
        let statement = content.create_statement(id, &signed.professional, signed.signed_at);
        let created = self.verify_step(signed, &statement).await?;
        let subject = self.known_subject(&content, now).await?;
        let alone = one_suffices(&content.purpose);
        let review_due = alone.then(|| created.signed_at.plus_working_days(REVIEW_WORKING_DAYS));
        let state = if alone { OverrideState::Active } else { OverrideState::Pending };
        let record = OverrideRecord { content, created, approved: None, review_due, revoked: None };
        let fingerprint = self.state.digest("override", &statement);
        let new = NewOverride { id, state, subject, fingerprint, entered_at: now, record: &record };
        if self.state.insert_override(new).await? { self.found(id).await } else { Err(OverrideError::Taken) }
    }

    /// Approves a pending override: another person, by reference, registration and key, signed over [`OverrideContent::approve_statement`].
    ///
    /// # Errors
    /// [`OverrideError`].
    pub async fn approve_override(&self, id: &str, signed: &Signed) -> Result<OverrideRow, OverrideError> {
        let row = self.found(id).await?;
        if row.state != OverrideState::Pending || row.record.content.expires_at <= self.outside.clock.now() {
            return Err(OverrideError::WrongState);
        }
        let statement = row.record.content.approve_statement(id, &signed.professional, signed.signed_at);
        let approved = self.verify_step(signed, &statement).await?;
        if approved.is_of_the_same(&row.record.created) {
            return Err(OverrideError::SamePerson);
        }
        let record = OverrideRecord { approved: Some(approved), ..row.record };
        self.moved(id, OverrideState::Pending, OverrideState::Active, &record).await
    }

    /// Ends an active override, or takes back a pending one; signed over [`revoke_statement`].
    ///
    /// # Errors
    /// [`OverrideError`].
    pub async fn revoke_override(&self, id: &str, signed: &Signed) -> Result<OverrideRow, OverrideError> {
        let row = self.found(id).await?;
        let next = match row.state {
            OverrideState::Pending => OverrideState::Withdrawn,
            OverrideState::Active => OverrideState::Revoked,
            OverrideState::Revoked | OverrideState::Withdrawn => return Err(OverrideError::WrongState),
        };
        let revoked = self.verify_step(signed, &revoke_statement(id, &signed.professional, signed.signed_at)).await?;
        let record = OverrideRecord { revoked: Some(revoked), ..row.record };
        self.moved(id, row.state, next, &record).await
    }

    /// All overrides, oldest first.
    ///
    /// # Errors
    /// [`OverrideError::State`].
    pub async fn overrides(&self) -> Result<Vec<OverrideRow>, OverrideError> {
        Ok(self.state.override_rows().await?)
    }

    async fn found(&self, id: &str) -> Result<OverrideRow, OverrideError> {
        self.state.override_row(id).await?.ok_or(OverrideError::NotFound)
    }

    async fn moved(
        &self,
        id: &str,
        from: OverrideState,
        to: OverrideState,
        record: &OverrideRecord,
    ) -> Result<OverrideRow, OverrideError> {
        let moved = self.state.move_override(id, from, to, record).await?;
        if moved { self.found(id).await } else { Err(OverrideError::WrongState) }
    }
}
