//! What an officer asks for, in her words; and the same in the log's tokens.

use std::collections::BTreeMap;

use crate::actions::Desk;
use crate::catalogue::{Category, PurposeCode};
use crate::clock::Timestamp;
use crate::crypto::hex;
use crate::ledger::entry::{EntryKind, Outcome};
use crate::ledger::token::SearchToken;
use crate::organisation::Oin;
use crate::secret::Personal;
use crate::store::search::Filter;
use crate::subject::SubjectId;

/// Which entries of her organisation an officer looks for: those to which all of this applies.
#[derive(Default)]
pub struct Asked {
    /// About this person.
    pub subject: Option<Personal<SubjectId>>,
    /// Done by this person, by the organisation's own reference.
    pub actor: Option<String>,
    /// In this case.
    pub case: Option<String>,
    /// With this organisation on the other side.
    pub organisation: Option<Oin>,
    /// For this purpose.
    pub purpose: Option<PurposeCode>,
    /// Of this category.
    pub category: Option<Category>,
    /// Of this kind.
    pub kind: Option<EntryKind>,
    /// Not before this whole second.
    pub from: Option<Timestamp>,
    /// Before this whole second.
    pub until: Option<Timestamp>,
    /// That ended so.
    pub outcome: Option<Outcome>,
    /// Whether they rest on an override.
    pub overridden: Option<bool>,
}

impl Desk {
    /// What `party`'s officer asks for, as the log is searched: persons and cases by their tokens.
    pub fn filter(&self, party: &Oin, asked: &Asked) -> Filter {
        Filter {
            party: party.clone(),
            subject: asked.subject.as_ref().map(|subject| self.journal.subject_token(party, subject)),
            actor: asked.actor.as_ref().map(|actor| self.journal.actor_token(party, actor)),
            case: asked.case.as_ref().map(|case| self.journal.case_token(party, case)),
            organisation: asked.organisation.clone(),
            purpose: asked.purpose.clone(),
            category: asked.category,
            kind: asked.kind,
            from: asked.from,
            until: asked.until,
            outcome: asked.outcome,
            overridden: asked.overridden,
        }
    }
}

/// What was searched for, as the log of the log keeps it: persons and cases as tokens only.
pub fn terms(filter: &Filter) -> BTreeMap<String, String> {
    let token = |token: Option<SearchToken>| token.map(|token| hex::encode(token.bytes()));
    let Filter { party: _, subject, actor, case, organisation, purpose, category, kind, from, until, outcome, overridden } =
        filter;
    let terms = [
        ("subject", token(*subject)),
        ("actor", token(*actor)),
        ("case", token(*case)),
        ("organisation", organisation.as_ref().map(ToString::to_string)),
        ("purpose", purpose.as_ref().map(ToString::to_string)),
        ("category", category.as_ref().map(ToString::to_string)),
        ("kind", kind.as_ref().map(ToString::to_string)),
        ("from", from.as_ref().map(ToString::to_string)),
        ("until", until.as_ref().map(ToString::to_string)),
        ("outcome", outcome.as_ref().map(ToString::to_string)),
        ("overridden", overridden.map(|overridden| overridden.to_string())),
    ];
    terms.into_iter().filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}
