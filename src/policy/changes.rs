//! What stands otherwise in another version: files and policies by name, without judging what it means.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::bundle::Bundle;

/// How something differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Difference {
    /// Only in the new version.
    Added,
    /// Only in the old version.
    Removed,
    /// In both, and not the same.
    Changed,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
        })
    }
}

/// What differs between two versions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Files by path.
    pub files: BTreeMap<String, Difference>,
    /// Policies by id.
    pub policies: BTreeMap<Arc<str>, Difference>,
}

impl Bundle {
    /// What differs in `new`.
    pub fn changes_to(&self, new: &Self) -> Changes {
        Changes { files: differences(&self.files, &new.files), policies: differences(&self.texts(), &new.texts()) }
    }

    /// The policies as Cedar writes them, by id: where one stands and how it is laid out makes no difference.
    fn texts(&self) -> BTreeMap<Arc<str>, String> {
        let policies = self.rules.all.policies();
        policies.map(|policy| (policy.id().to_string().into(), policy.to_cedar().unwrap_or_default())).collect()
    }
}

fn differences<K: Ord + Clone, V: PartialEq>(old: &BTreeMap<K, V>, new: &BTreeMap<K, V>) -> BTreeMap<K, Difference> {
    let gone = old.keys().filter(|key| !new.contains_key(key)).map(|key| (key.clone(), Difference::Removed));
    let here = new.iter().filter_map(|(key, value)| match old.get(key) {
        None => Some((key.clone(), Difference::Added)),
        Some(before) if before != value => Some((key.clone(), Difference::Changed)),
        Some(_) => None,
    });
    gone.chain(here).collect()
}
