//! Offers: made and withdrawn by their source, each with an entry on its side and on the recipient's. The recipient's tells of no person.

use std::collections::BTreeSet;

use super::{ActionError, Desk};
use crate::clock::Timestamp;
use crate::ledger::entry::{self, EntryKind, Reference};
use crate::organisation::Oin;
use crate::secret::Personal;
use crate::source::offers::OfferMessage;
use crate::store::journal::DEFAULT_YEARS;
use crate::store::sequencer::AppendError;
use crate::store::{Append, Change, Conflict, EntryRow, NonceClaim, OfferRow};
use crate::subject::SubjectId;

/// How long an offer may wait.
const LONGEST: std::time::Duration = std::time::Duration::from_hours(30 * 24);

/// An offer that waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offered {
    /// Its id.
    pub id: String,
    /// Until when it can be collected.
    pub expires: Timestamp,
}

impl Desk {
    /// Makes an offer under `id`. The same offer while it waits is one: it keeps its id and its term.
    ///
    /// # Errors
    /// [`ActionError::Member`] says what is not acceptable, and where.
    pub async fn make_offer(
        &self,
        source: &Oin,
        id: String,
        message: &OfferMessage,
        nonce: NonceClaim,
    ) -> Result<Offered, ActionError> {
        let now = self.clock.now();
        let member = |pointer, expected: &str| ActionError::Member { pointer, expected: expected.to_owned() };
        if message.expires_at <= now || message.expires_at > now.plus(LONGEST) {
            return Err(member("/expiresAt", "an instant after now, at most 30 days from now"));
        }
        let subject = message.subject.parse(source).map(Personal::new).ok_or_else(|| member("/subject", "an identifier"))?;
        let offer = OfferRow {
            id,
            source: source.clone(),
            recipient: message.recipient.clone(),
            purpose: message.purpose.clone(),
            kind: message.kind,
            subject: self.subject_index(&subject),
            reference: message.subject.clone(),
            made: now,
            expires: message.expires_at,
            collected: false,
        };
        let made = Offered { id: offer.id.clone(), expires: offer.expires };
        let entries = self.offer_entries(&offer, Some(&subject), "made")?;
        let append = Append {
            nonce: Some(nonce.clone()),
            entries,
            changes: vec![Change::Offer(Box::new(offer.clone()))],
            ..Append::default()
        };
        match self.sequencer.append(append).await {
            Ok(_) => Ok(made),
            Err(AppendError::Conflict(Conflict::StateChanged)) => {
                // One like it waits: that is no new entry, but the nonce is used up all the same.
                self.sequencer.append(Append { nonce: Some(nonce), ..Append::default() }).await?;
                let (id, expires) =
                    self.store.offer_like(&offer, now).await?.ok_or(Conflict::StateChanged).map_err(AppendError::Conflict)?;
                Ok(Offered { id, expires })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Withdraws an offer of `source` that nobody has collected yet.
    ///
    /// # Errors
    /// [`Conflict::StateChanged`] when it is not there, not of this source, or collected.
    pub async fn withdraw_offer(&self, source: &Oin, id: &str, nonce: NonceClaim) -> Result<(), ActionError> {
        let gone = || ActionError::Append(AppendError::Conflict(Conflict::StateChanged));
        let offer = self.store.offer(id, self.clock.now()).await?.filter(|offer| offer.source == *source).ok_or_else(gone)?;
        let subject = offer.reference.parse(source).map(Personal::new);
        let entries = self.offer_entries(&offer, subject.as_ref(), "withdrawn")?;
        let changes = vec![Change::OfferWithdrawn(offer.id)];
        self.sequencer.append(Append { nonce: Some(nonce), entries, changes, ..Append::default() }).await?;
        Ok(())
    }

    fn offer_entries(
        &self,
        offer: &OfferRow,
        subject: Option<&Personal<SubjectId>>,
        event: &str,
    ) -> Result<Vec<EntryRow>, ActionError> {
        let mut rows = Vec::new();
        for party in [&offer.source, &offer.recipient] {
            let (mut clear, mut body) = self.draft(EntryKind::Offer, party, &format!("offer {event}"))?;
            clear.source = Some(offer.source.clone());
            clear.recipient = Some(offer.recipient.clone());
            clear.purpose = Some(offer.purpose.clone());
            // The recipient's officer must not find by the offer about whom it is: only by what was collected.
            clear.subject = subject.filter(|_| *party == offer.source).map(|subject| self.journal.subject_token(party, subject));
            body.disclosing = Some(offer.source.clone());
            body.receiving = Some(offer.recipient.clone());
            body.purpose = Some(offer.purpose.clone());
            body.references = BTreeSet::from([Reference { object: "offer".to_owned(), id: offer.id.clone() }]);
            let after = [("kind", offer.kind.code().to_owned()), ("expiresAt", offer.expires.to_string())];
            let after = after.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            body.change = Some(entry::Change { event: event.to_owned(), after, ..entry::Change::default() });
            rows.push(self.journal.write(clear, body, None, DEFAULT_YEARS)?.row);
        }
        Ok(rows)
    }
}
