//! Finding entries of the log by what stands beside their sealed bodies: the port. What finds is derived from the log, kept apart from it, and can be
//! thrown away and built again at any time.

use std::collections::BTreeSet;

use async_trait::async_trait;

use super::StoreError;
use crate::catalogue::{Category, PurposeCode};
use crate::clock::Timestamp;
use crate::ledger::entry::{Clear, EntryKind, Outcome};
use crate::ledger::token::SearchToken;
use crate::organisation::Oin;

/// The most lines of one page that is shown.
pub const MOST: u32 = 200;

/// Which entries: those of one party to which all of these apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// Whose side of the log: never another's.
    pub party: Oin,
    /// About this person, by the party's token.
    pub subject: Option<SearchToken>,
    /// Done by this person, by the party's token.
    pub actor: Option<SearchToken>,
    /// In this case, by the party's token.
    pub case: Option<SearchToken>,
    /// With this organisation on the other side, as source or as recipient.
    pub organisation: Option<Oin>,
    /// For this purpose.
    pub purpose: Option<PurposeCode>,
    /// Of this category, among others.
    pub category: Option<Category>,
    /// Of this kind.
    pub kind: Option<EntryKind>,
    /// Not before this instant, a whole second.
    pub from: Option<Timestamp>,
    /// Before this instant, a whole second.
    pub until: Option<Timestamp>,
    /// That ended so.
    pub outcome: Option<Outcome>,
    /// Whether they rest on an override.
    pub overridden: Option<bool>,
}

impl Filter {
    /// All entries of a party.
    pub const fn of(party: Oin) -> Self {
        Self {
            party,
            subject: None,
            actor: None,
            case: None,
            organisation: None,
            purpose: None,
            category: None,
            kind: None,
            from: None,
            until: None,
            outcome: None,
            overridden: None,
        }
    }

    /// Whether it takes an entry in, by its columns as [`told`] shows them.
    pub fn takes(&self, told: &Clear) -> bool {
        fn is<T: PartialEq>(wanted: Option<&T>, found: Option<&T>) -> bool {
            wanted.is_none_or(|wanted| found == Some(wanted))
        }
        let others = others(told);
        told.party == self.party
            && is(self.subject.as_ref(), told.subject.as_ref())
            && is(self.actor.as_ref(), told.actor.as_ref())
            && is(self.case.as_ref(), told.case.as_ref())
            && self.organisation.as_ref().is_none_or(|organisation| others.contains(organisation))
            && is(self.purpose.as_ref(), told.purpose.as_ref())
            && self.category.is_none_or(|category| told.categories.contains(&category))
            && is(self.kind.as_ref(), Some(&told.kind))
            && self.from.is_none_or(|from| from <= told.time)
            && self.until.is_none_or(|until| told.time < until)
            && is(self.outcome.as_ref(), Some(&told.outcome))
            && is(self.overridden.as_ref(), Some(&told.overridden))
    }
}

/// The organisations on the other side of an entry.
pub fn others(told: &Clear) -> BTreeSet<Oin> {
    told.source.iter().chain(&told.recipient).filter(|other| **other != told.party).cloned().collect()
}

/// What an entry's columns tell its own party. A recipient must not learn from its own side of the log what its answer did not tell: whom the gateway asked,
/// and whether an override was there, depend on the person, and so does how long that took (invariant 8): no time is finer than the seconds that witnesses
/// publish.
#[must_use]
pub fn told(clear: &Clear) -> Clear {
    let mut told = Clear { time: seconds(clear.time), ..clear.clone() };
    if is_of_recipient(clear) {
        told.overridden = false;
        if clear.kind == EntryKind::Ask {
            told.source = None;
        }
    }
    told
}

/// The whole second of an instant.
#[must_use]
pub const fn seconds(time: Timestamp) -> Timestamp {
    Timestamp::from_millis(time.millis() - time.millis() % 1000)
}

/// The kinds in which a decision on a person can show on its recipient's side.
pub const OF_RECIPIENT: [EntryKind; 4] = [EntryKind::Ask, EntryKind::Disclosure, EntryKind::Redelivery, EntryKind::Undelivered];

/// Whether an entry is the recipient's side of a decision on a person: in doubt it is.
pub fn is_of_recipient(clear: &Clear) -> bool {
    let party = Some(&clear.party);
    OF_RECIPIENT.contains(&clear.kind) && (clear.source.as_ref() != party || clear.recipient.as_ref() == party)
}

/// Which lines come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The newest; of one instant the highest index.
    NewestFirst,
    /// The oldest; of one instant the lowest index.
    OldestFirst,
}

/// The place of a line among all of one order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// When it was written.
    pub time: Timestamp,
    /// Its index in the log.
    pub index: u64,
}

/// Which part of what a filter finds. Growth of the log does not move it: what was appended since `as_of` is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// The size of the log at the first page: only entries below it.
    pub as_of: u64,
    /// Behind this line, in the order; none for the first page.
    pub after: Option<Place>,
    /// Which come first.
    pub order: Order,
    /// At most so many.
    pub limit: u32,
}

/// Finds entries. It is behind the log by at most what was committed since it was last asked, and takes that in before it answers: new entries, and that
/// entries were erased, which it then finds by neither subject nor actor nor case.
#[async_trait]
pub trait Search: Send + Sync {
    /// Takes in what was committed to the log since, and gives the size that it has then; a long way is gone in steps, of which this is one.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn catch_up(&self) -> Result<u64, StoreError>;

    /// The places of the entries that `filter` takes in: those of `page`, in its order.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] also while it is still being built.
    async fn find(&self, filter: &Filter, page: Page) -> Result<Vec<Place>, StoreError>;

    /// Throws everything away; the next call begins to build it again. For who finds in the log that it told something untrue.
    ///
    /// # Errors
    /// [`StoreError`].
    async fn discard(&self) -> Result<(), StoreError>;

    /// Lets go of what it holds open, also of the store.
    async fn close(&self);
}
