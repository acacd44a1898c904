//! Other policies come in force.

use std::collections::{BTreeMap, BTreeSet};

use super::{ActionError, Desk};
use crate::ledger::entry::{self, EntryKind, Reference};
use crate::policy::Bundle;
use crate::store::Change;

impl Desk {
    /// Records that `bundle` is in force from this entry on, in the place of the one with the hash `before`.
    ///
    /// # Errors
    /// [`ActionError::Invalid`] when the registers would forget what its log rests on; [`ActionError`]; after an unknown outcome the store says which are in force.
    pub async fn policies_in_force(&self, bundle: &Bundle, before: Option<&str>) -> Result<(), ActionError> {
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
        self.commit(clear, &body, vec![Change::Policies(bundle.hash().to_owned())]).await?;
        self.journal.keep_by(terms);
        Ok(())
    }
}
