//! The expertise team's cases, as far as a decision looks at them. No source data is copied in.

mod case;
mod id;

use std::collections::BTreeSet;

pub use case::{Case, InvalidStep, State, Step, Track};
pub use id::{CaseId, InvalidCaseId};
use serde::{Deserialize, Serialize};

use crate::organisation::{Kind, Oin};

/// What the policies are given of a case: registered facts, never what a caller claims.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, registered or not")]
pub struct CaseFact {
    /// The case's id.
    pub id: String,
    /// Which version of its registration: grows with every change.
    pub version: u32,
    /// It runs: nothing goes out for a closed case.
    pub open: bool,
    /// It is about persons by name; otherwise it is an anonymous consultation (consultatief), which never becomes a named case.
    pub named: bool,
    /// The organisations that attend (deelnemers): together they are the team that receives.
    pub attendees: BTreeSet<Oin>,
    /// The kinds that those who attend are registered as, whoever of them asks.
    pub attendee_kinds: BTreeSet<Kind>,
    /// The organisation of the case director (MDA-regisseur), once there is one.
    pub director: Option<Oin>,
    /// The family was told before the discussion by name.
    pub family_informed: bool,
    /// A safety plan was made with the family.
    pub plan_made: bool,
}
