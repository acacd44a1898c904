//! The way out when something that is recorded about a person cannot be read, and no backup brings it back: an operator declares it lost, and from
//! then on the strictest holds. Nothing rests on any consent or override about her until a source records one anew.

use std::collections::{BTreeMap, BTreeSet};

use super::once::Once;
use super::{ActionError, Desk};
use crate::clock::Timestamp;
use crate::consent::record::ConsentEvent;
use crate::consent::{ConsentRecord, ConsentState};
use crate::ledger::entry::{self, EntryKind, Reference};
use crate::store::lost::LostConsent;
use crate::store::{Change, StoreError};

/// What was declared lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeclaredLost {
    /// Consents that stand as invalidated now, of those that could not be read or were not ended.
    pub consents: usize,
    /// Overrides that are gone.
    pub overrides: usize,
    /// Organisations' notices that something which rested on them has ended.
    pub notices: usize,
}

impl Desk {
    /// Declares lost what is recorded about the person to whom a row belongs that an alarm named (`table`, `row`).
    ///
    /// # Errors
    /// [`ActionError::Invalid`] when there is no such row about a person; [`ActionError::State`] when all about her can be read; the store's.
    pub async fn declare_lost(&self, table: &str, row: &str) -> Result<DeclaredLost, ActionError> {
        let found = self.store.unreadable(table, row).await?.ok_or_else(|| {
            ActionError::Invalid(
                "no such row about a person\n  do: give table (consent, override_record, person_register) and row as the alarm has them"
                    .to_owned(),
            )
        })?;
        match self.store.person_facts(found.subject).await {
            Ok(_) => {
                return Err(ActionError::State("all that is recorded about this person can be read: nothing is lost".to_owned()));
            }
            Err(error @ StoreError::Corrupt { .. }) if !error.is_of("head") => {}
            Err(error) => return Err(error.into()),
        }
        let mut entries = vec![self.lost_entry(table, row, &found.consents)?];
        let (mut changes, mut records, mut ended) = (Vec::new(), Vec::new(), 0);
        let now = self.clock.now();
        for consent in found.consents {
            let (record, ends) = self.successor(consent, now);
            if ends {
                let (told, tasks) = self.told_of_the_end(&record, BTreeMap::new()).await?;
                entries.extend(told);
                changes.extend(tasks);
                ended += 1;
            }
            records.push(record);
        }
        let notices = changes.iter().filter(|change| matches!(change, Change::Task(_))).count();
        changes.push(Change::Lost(found.subject, records));
        self.commit_once(entries, changes, Once::default()).await?;
        Ok(DeclaredLost { consents: ended, overrides: found.overrides, notices })
    }

    /// What stands in a consent's place, and whether that ends it. What already says no goes on saying so.
    fn successor(&self, lost: LostConsent, now: Timestamp) -> (ConsentRecord, bool) {
        let version = lost.version.saturating_add(1);
        let reason = "something that is recorded about the person was lost: ask anew".to_owned();
        let event = ConsentEvent { at: now, recorded_at: now, reason: Some(reason) };
        let Some(record) = lost.record else {
            let recorder = lost.recorder.unwrap_or_else(|| self.oin.clone());
            return (ConsentRecord::lost(lost.id, version, recorder, event), true);
        };
        let stands = matches!(record.state, ConsentState::Refused | ConsentState::Withdrawn | ConsentState::Invalidated);
        let state = if stands { record.state } else { ConsentState::Invalidated };
        (ConsentRecord { version, ..record.next(state, event) }, !stands)
    }

    fn lost_entry(&self, table: &str, row: &str, consents: &[LostConsent]) -> Result<crate::store::EntryRow, ActionError> {
        let (clear, mut body) = self.operators_draft(EntryKind::ConsentEvent, &self.oin, "declared lost")?;
        let consent = |one: &LostConsent| Reference { object: "consent".to_owned(), id: format!("{}/{}", one.id, one.version) };
        body.references = consents.iter().map(consent).collect::<BTreeSet<_>>();
        body.change = Some(entry::Change {
            event: "declared-lost".to_owned(),
            before: BTreeMap::from([("unreadable".to_owned(), format!("{table} {row}"))]),
            ..entry::Change::default()
        });
        self.entry((clear, body))
    }
}
