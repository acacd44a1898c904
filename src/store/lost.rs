//! What is recorded about a person of whom not everything can be read.

use crate::consent::ConsentRecord;
use crate::organisation::Oin;

use super::SubjectIndex;

/// All that is recorded about a person, whether it can be read or not.
#[derive(Clone, Debug)]
pub struct Unreadable {
    /// Under which index.
    pub subject: SubjectIndex,
    /// Her consents, by id.
    pub consents: Vec<LostConsent>,
    /// How many overrides there are.
    pub overrides: usize,
}

/// One consent about her.
#[derive(Clone, Debug)]
pub struct LostConsent {
    /// Its id.
    pub id: String,
    /// The highest version that is there; nobody vouches for it.
    pub version: u32,
    /// Who recorded it, as the list says; nobody vouches for it.
    pub recorder: Option<Oin>,
    /// That version, when it can be read. A newer one may be missing.
    pub record: Option<ConsentRecord>,
}
