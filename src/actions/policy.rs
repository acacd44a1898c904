//! Other policies come in force.

use std::collections::{BTreeMap, BTreeSet};

use super::{ActionError, Desk};
use crate::clock::Timestamp;
use crate::ledger::entry::{self, EntryKind, Reference};
use crate::policy::Bundle;
use crate::store::facts::facts_digest;
use crate::store::journal::DEFAULT_YEARS;
use crate::store::{Append, Change, Expected, PolicyVersion, Revision};

impl Desk {
    /// Records that `bundle` is in force from this entry on, in the place of the one with the hash `before`, which
    /// was read at `revision`.
    ///
    /// # Errors
    /// [`ActionError::Invalid`] when the registers would forget what its log rests on; [`ActionError`]: another has come in force since; after an
    /// unknown outcome the store says which are in force.
    pub async fn policies_in_force(&self, bundle: &Bundle, before: Option<&str>, revision: Revision) -> Result<(), ActionError> {
        let terms = self.terms.outlive(bundle)?;
        let (clear, mut body) = self.draft(EntryKind::PolicyChange, &self.oin, "policies-in-force")?;
        let state = |hash: &str| BTreeMap::from([("bundle".to_owned(), hash.to_owned())]);
        let mut after = state(bundle.hash());
        after.extend(bundle.version().map(|version| ("version".to_owned(), version.to_owned())));
        body.references = BTreeSet::from([Reference { object: "policy".to_owned(), id: bundle.hash().to_owned() }]);
        body.change = Some(entry::Change {
            event: "in-force".to_owned(),
            before: before.map(state).unwrap_or_default(),
            after,
            approved_by: bundle.approved_by().iter().cloned().collect(),
            ..entry::Change::default()
        });
        let entry = self.journal.write(clear, body, None, DEFAULT_YEARS)?.row;
        let expected = Expected {
            revision,
            void_at: Timestamp::from_millis(i64::MAX),
            subject: None,
            case: None,
            organisations: Vec::new(),
            recipients: BTreeSet::new(),
            digest: facts_digest(std::iter::empty(), before, None, None),
        };
        let changes = vec![Change::Policies(PolicyVersion { hash: bundle.hash().to_owned(), texts: bundle.archive() })];
        self.sequencer.append(Append { entries: vec![entry], changes, expected: Some(expected), ..Append::default() }).await?;
        self.journal.keep_by(terms);
        Ok(())
    }
}
