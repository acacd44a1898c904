//! What the source's own access log says about each answer.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::receipts::ItemDigest;
use crate::catalogue::{Category, Form};
use crate::organisation::Oin;

/// What came of one asked category and form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Items were given.
    Given,
    /// A draft waits in the inbox.
    Entered,
    /// The source's ceiling does not list it.
    BeyondCeiling,
    /// The ceiling lists it under an override only, and none covers it.
    NoOverride,
    /// An override that the call names is not in force for this person, recipient and purpose: nothing was given at all.
    OverrideNotInForce,
    /// The source does not know the person: nothing was given but `no`, where a signal may say it.
    UnknownPerson,
    /// Nothing there.
    NoRecord,
    /// A professional of the source holds all of it back.
    Withheld,
    /// A record does not fit the mapping or the form.
    Unreadable,
}

/// The outcome of one asked category and form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AskedOutcome {
    /// The category.
    pub category: Category,
    /// The form.
    pub form: Form,
    /// What came of it.
    pub outcome: Outcome,
}

/// The sealed part of a row of the access log.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessBody {
    /// The recipient's reference of the person who asked.
    pub actor: String,
    /// The attendees of the expertise team that it was for, if it was for one.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub attendees: BTreeSet<Oin>,
    /// Why, in that person's words.
    pub necessity: String,
    /// The legal bases that the gateway stated.
    pub legal_basis: Vec<String>,
    /// The overrides that the call rested on.
    pub overrides: Vec<String>,
    /// SHA-256 of the body of the gateway's call, base64url: what a receipt's `request` must be.
    pub call: String,
    /// What was given and refused.
    pub outcomes: Vec<AskedOutcome>,
    /// What was given, by id and digest.
    pub items: Vec<ItemDigest>,
}
