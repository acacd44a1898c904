//! The release inbox: a summary leaves only after a professional of the source has written or confirmed and signed it.

mod content;
mod edits;

use serde_json::Value;

use super::Connector;
use super::delivery::Delivery;
use super::findings::{Finding, findings};
use super::household::{Contact, Household, InvalidSubject, parse_subject};
use super::ids::random_id;
use super::professionals::{Signed, StepError};
use super::receipts::ItemDigest;
pub use super::store::InboxRow;
use super::store::{SourceError, StateError};
use crate::catalogue::Form;
use crate::catalogue::shape::MAX_TEXT;
use crate::entropy::EntropyUnavailable;
use crate::http::incoming::BODY;
use crate::source::digest::canonical_json;
use crate::source::{RecordsAnswer, SourceItem, SubjectWire};

use self::content::content_digest;
pub use self::content::{Content, Edit, InboxState, Part, PendingRelease, Shown, Verdict, refuse_statement, release_statement};
pub use self::edits::apply_edits;

/// How long a reason may be, in characters.
const MAX_REASON: usize = 2_000;

/// How large a release may be as it is sent, in bytes: less than any body that the gateway takes, which ends the connection of a larger one.
pub const MAX_RELEASE: usize = BODY - 4 * 1024;

impl Connector {
    /// All entries, oldest first, without their drafts.
    ///
    /// # Errors
    /// [`InboxError::State`].
    pub async fn inbox(&self) -> Result<Vec<InboxRow>, InboxError> {
        self.expire().await?;
        let rows = self.state.inbox_rows().await?;
        Ok(rows.into_iter().map(|row| self.with_delivery(row)).collect())
    }

    /// One entry with its draft.
    ///
    /// # Errors
    /// [`InboxError::NotFound`].
    pub async fn show(&self, id: &str) -> Result<Shown, InboxError> {
        self.expire().await?;
        let row = self.state.inbox_row(id).await?.ok_or(InboxError::NotFound)?;
        Ok(Shown { content: self.state.inbox_content(id).await?, row: self.with_delivery(row) })
    }

    fn with_delivery(&self, row: InboxRow) -> InboxRow {
        if row.state != InboxState::Released || row.delivery.is_some() {
            return row;
        }
        let delivery = match self.deliveries.of(&row.id) {
            refused @ Delivery::Refused { .. } => refused,
            _ if row.release_until <= self.outside.clock.now() => Delivery::TooLate,
            waiting => waiting,
        };
        InboxRow { delivery: Some(delivery), ..row }
    }

    /// Releases an entry, with the professional's edits. The signature is over [`release_statement`] of the data *after* the edits
    /// ([`apply_edits`]).
    ///
    /// # Errors
    /// [`InboxError::Blocked`] when a text tells who the subject or a known person of the household is or where they live, or holds a citizen number, [`InboxError::TooLarge`] for what the
    /// gateway would not take in one body; others as they say.
    pub async fn release(&self, id: &str, edits: &[Edit], signed: &Signed) -> Result<(), InboxError> {
        let Shown { row, content } = self.show(id).await?;
        let content = content.filter(|_| row.state == InboxState::Pending).ok_or(InboxError::WrongState(row.state))?;
        let parts = apply_edits(content.parts, edits)?;
        let data: Vec<&Value> = parts.iter().map(|part| &part.data).collect();
        let step = self.verify_step(signed, &release_statement(&row, &data, signed)).await?;
        let (household, contacts) = self.household(&content.subject).await?;
        let found = findings(&data, &household.known(), &contacts);
        if !found.is_empty() {
            return Err(InboxError::Blocked(found));
        }
        let verdict = Verdict { content: Some(content_digest(&data)), reason: None, step };
        let items = self.release_items(&row, parts, &household, &content.subject, &signed.professional)?;
        let digests: Vec<ItemDigest> = items.iter().map(ItemDigest::of).collect();
        let answer = RecordsAnswer { decision: row.decision.clone(), subject: content.subject, items };
        let has = canonical_json(&answer).len();
        if has > MAX_RELEASE {
            return Err(InboxError::TooLarge { has });
        }
        let now = self.outside.clock.now();
        let released = self.state.release_entry(id, now, &answer, &digests, &verdict).await?;
        if released { Ok(()) } else { Err(self.lost(id).await) }
    }

    /// Refuses an entry, signed over [`refuse_statement`]. The recipient never learns of it.
    ///
    /// # Errors
    /// [`InboxError`].
    pub async fn refuse(&self, id: &str, reason: &str, signed: &Signed) -> Result<(), InboxError> {
        let row = self.show(id).await?.row;
        if row.state != InboxState::Pending {
            return Err(InboxError::WrongState(row.state));
        }
        if reason.trim().is_empty() || reason.chars().count() > MAX_REASON {
            return Err(InboxError::Reason);
        }
        let step = self.verify_step(signed, &refuse_statement(&row, reason, signed)).await?;
        let verdict = Verdict { content: None, reason: Some(reason.to_owned()), step };
        let refused = self.state.refuse_entry(id, self.outside.clock.now(), &verdict).await?;
        if refused { Ok(()) } else { Err(self.lost(id).await) }
    }

    /// The releases that the gateway has not acknowledged; the same items with the same ids until it does or their time has passed.
    ///
    /// # Errors
    /// [`InboxError::State`].
    pub async fn pending_releases(&self) -> Result<Vec<PendingRelease>, InboxError> {
        self.expire().await?;
        let undelivered = self.state.undelivered(self.outside.clock.now()).await?;
        Ok(undelivered.into_iter().map(|(entry, answer)| PendingRelease { entry, answer }).collect())
    }

    /// The gateway has taken a release; its text is wiped here. Idempotent.
    ///
    /// # Errors
    /// [`InboxError::NotFound`], [`InboxError::WrongState`] for an entry that was never released.
    pub async fn acknowledge_release(&self, entry: &str) -> Result<(), InboxError> {
        let row = self.state.inbox_row(entry).await?.ok_or(InboxError::NotFound)?;
        if row.state != InboxState::Released {
            return Err(InboxError::WrongState(row.state));
        }
        self.state.mark_delivered(entry, self.outside.clock.now()).await?;
        Ok(())
    }

    async fn expire(&self) -> Result<(), InboxError> {
        self.state.expire_entries(self.outside.clock.now()).await?;
        Ok(())
    }

    async fn lost(&self, id: &str) -> InboxError {
        match self.show(id).await {
            Ok(shown) => InboxError::WrongState(shown.row.state),
            Err(error) => error,
        }
    }

    async fn household(&self, subject: &SubjectWire) -> Result<(Household, Vec<Contact>), InboxError> {
        let subject = parse_subject(subject, &self.oin)?;
        let mut reading = self.source.read().await?;
        let today = self.outside.clock.now().date();
        let person = &self.mapping.person;
        let household = Household::find(person, &mut reading, &subject, &today)?.ok_or(InboxError::Changed)?;
        let contacts = household.contacts(person, &mut reading)?;
        Ok((household, contacts))
    }

    fn release_items(
        &self,
        row: &InboxRow,
        parts: Vec<Part>,
        household: &Household,
        subject: &SubjectWire,
        professional: &str,
    ) -> Result<Vec<SourceItem>, InboxError> {
        let item = |mut part: Part| {
            // The draft was cut as the address stood then; one that became secret since may still be told in it.
            if household.secret_address(&part.data) && part.facts.secret_address != Some(true) {
                return Err(InboxError::Changed);
            }
            part.facts.professional = Some(professional.to_owned());
            part.facts.subject_age = household.subject.age;
            part.persons = household.persons_in(&part.data, subject);
            Ok(part.into_item(random_id(&*self.outside.entropy)?, row.category, Form::Summary))
        };
        parts.into_iter().map(item).collect()
    }
}

/// A step in the inbox is not done. Says where, never what a text holds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InboxError {
    /// No entry with this id.
    #[error("there is no inbox entry with this id: `sluis connector inbox list` shows them")]
    NotFound,
    /// The entry is in another state.
    #[error("the entry is {}", .0.code())]
    WrongState(InboxState),
    /// An edit does not fit.
    #[error("edit {0} (from 0) does not point to a draft text: the places are those that `sluis connector inbox show` prints")]
    Edit(usize),
    /// A text is longer than the catalogue allows.
    #[error("the text at {part}:{field} has {has} characters and may have {MAX_TEXT}: shorten it")]
    TooLong {
        /// Which part, from 0.
        part: usize,
        /// Where in its data.
        field: String,
        /// How many characters it has.
        has: usize,
    },
    /// The whole release is larger than the gateway takes.
    #[error(
        "the release is {has} bytes as it is sent and may be {MAX_RELEASE}: shorten its texts or take some out, or refuse the entry"
    )]
    TooLarge {
        /// How many bytes it is.
        has: usize,
    },
    /// A text holds a character that the catalogue does not allow.
    #[error("the text at {part}:{field} holds a control character: only line ends and tabs may stand in it")]
    Control {
        /// Which part, from 0.
        part: usize,
        /// Where in its data.
        field: String,
    },
    /// No text is left to release.
    #[error("there is no summary text to release: write one, or refuse the entry")]
    NothingWritten,
    /// A refusal needs a reason.
    #[error("a refusal needs a reason of at most 2,000 characters")]
    Reason,
    /// Names or numbers stand in the texts.
    #[error("{} place(s) hold a name, date of birth, address, telephone number or e-mail address of the subject or the household, or a citizen number: rewrite them", .0.len())]
    Blocked(Vec<Finding>),
    /// The source no longer knows the person, or an address became secret.
    #[error("what the source knows of this person has changed since the draft was made: refuse this entry")]
    Changed,
    /// The sealed subject is malformed.
    #[error(transparent)]
    Subject(#[from] InvalidSubject),
    /// The signature or the professional is not accepted.
    #[error(transparent)]
    Step(#[from] StepError),
    /// The source's database cannot be read.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The state cannot be read or written.
    #[error(transparent)]
    State(#[from] StateError),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyUnavailable),
}
