//! Consents of the synthetic persons, as data: the demo turns them into consent events of the gateway.

use crate::catalogue::{Category, Form};
use crate::clock::Timestamp;
use crate::demo::organisations::Slug;

/// One consent: one source, named recipients, purposes and categories.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DemoConsent {
    /// The person whose data it is about, `P07`.
    pub person: String,
    /// Who gave it: the person itself, or the custodial parent of a child under twelve.
    pub giver: String,
    /// The organisation that may give.
    pub source: Slug,
    /// The organisations that may receive.
    pub recipients: Vec<Slug>,
    /// For which purposes, as codes.
    pub purposes: Vec<&'static str>,
    /// Which categories.
    pub categories: Vec<Category>,
    /// The finest form that may be given.
    pub max_form: Form,
    /// What became of it.
    pub state: DemoConsentState,
    /// From when it holds.
    pub valid_from: Timestamp,
    /// When it ends.
    pub not_after: Timestamp,
    /// Whether it was asked out of the partner's hearing (coercion check).
    pub asked_alone: bool,
}

/// The state of a consent on the day of the demo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DemoConsentState {
    /// Given and still valid.
    Given,
    /// Asked and refused.
    Refused,
    /// Given, later withdrawn.
    Withdrawn {
        /// When it was withdrawn.
        at: Timestamp,
    },
    /// Given, its time is over.
    Expired,
}

impl DemoConsentState {
    /// The code, as in the kit.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Given => "given",
            Self::Refused => "refused",
            Self::Withdrawn { .. } => "withdrawn",
            Self::Expired => "expired",
        }
    }
}
