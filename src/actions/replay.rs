//! Past decisions made again by other policies: what would change, by numbers and ids, without persons.

use std::collections::{BTreeMap, BTreeSet};

use super::evidence::question;
use super::{ActionError, Desk};
use crate::catalogue::{Category, Form, PurposeCode};
use crate::clock::Timestamp;
use crate::ledger::entry::{Body, EntryKind, Look};
use crate::organisation::Oin;
use crate::policy::{Bundle, Question};

/// How many entries are read at a time.
const PAGE: u32 = 256;

/// A decision that the other policies make otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changed {
    /// The disclosure.
    pub disclosure: String,
    /// The entry.
    pub entry: u64,
    /// Whose data.
    pub source: Oin,
    /// For what.
    pub purpose: PurposeCode,
    /// Of which category.
    pub category: Category,
    /// The forms that were permitted.
    pub before: BTreeSet<Form>,
    /// The forms that would be.
    pub after: BTreeSet<Form>,
}

/// What came of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replayed {
    /// How many decisions were made again.
    pub decisions: u64,
    /// How many could not be, because their entry does not hold the facts (written by an earlier version).
    pub without_facts: u64,
    /// How many entries could not be opened (erased).
    pub unreadable: u64,
    /// Those that change.
    pub changed: Vec<Changed>,
}

impl Desk {
    /// Makes the decisions of `from` to `until` again by `candidate`. That the log was looked at is an entry.
    ///
    /// # Errors
    /// [`ActionError`]: the log cannot be read, or the look cannot be recorded. Then nothing is told.
    pub async fn replay(&self, candidate: &Bundle, from: Timestamp, until: Timestamp) -> Result<Replayed, ActionError> {
        let (mut replayed, mut opened, mut next) = (Replayed::default(), BTreeSet::new(), 0_u64);
        loop {
            let entries = self.store.entries(next, PAGE).await?;
            let Some(last) = entries.last() else { break };
            next = last.index.saturating_add(1);
            for entry in &entries {
                let clear = &entry.row.clear;
                let decides = matches!(clear.kind, EntryKind::Ask | EntryKind::Disclosure);
                if !decides || clear.time < from || clear.time >= until {
                    continue;
                }
                match self.journal.open(&entry.row) {
                    Ok(body) => {
                        opened.insert(entry.index);
                        again(candidate, entry.index, &body, &mut replayed);
                    }
                    Err(_) => replayed.unreadable = replayed.unreadable.saturating_add(1),
                }
            }
        }
        let (clear, mut body) = self.operators_draft(EntryKind::LogView, &self.oin, "policy-replay")?;
        // The range, not every index: thousands would be no entry.
        let terms = BTreeMap::from([
            ("from".to_owned(), from.to_string()),
            ("until".to_owned(), until.to_string()),
            ("candidate".to_owned(), candidate.hash().to_owned()),
        ]);
        let count = u64::try_from(opened.len()).unwrap_or(u64::MAX);
        body.look = Some(Look { view: "policy-replay".to_owned(), terms, opened: ends(&opened), count, format: None });
        self.commit(clear, body, vec![]).await?;
        Ok(replayed)
    }
}

fn ends(opened: &BTreeSet<u64>) -> BTreeSet<u64> {
    opened.first().into_iter().chain(opened.last()).copied().collect()
}

/// On a disclosure's entry only what was decided by the item's facts: the rest stands on the ask's.
fn again(candidate: &Bundle, entry: u64, body: &Body, replayed: &mut Replayed) {
    for item in &body.items {
        let Some((question, considered)) = question(body, item) else {
            replayed.without_facts =
                replayed.without_facts.saturating_add(u64::from(body.kind == EntryKind::Ask && item.considered.is_some()));
            continue;
        };
        if considered.stated != (body.kind == EntryKind::Disclosure) {
            continue;
        }
        replayed.decisions = replayed.decisions.saturating_add(1);
        let after = permitted(candidate, &question);
        if after != considered.permitted {
            replayed.changed.push(Changed {
                disclosure: body.disclosure.clone().unwrap_or_default(),
                entry,
                source: item.source.clone(),
                purpose: question.purpose.clone(),
                category: item.category,
                before: considered.permitted,
                after,
            });
        }
    }
}

/// The forms that are permitted, as the flow asks for them: before the source is asked also for the summary, after that only for what came.
fn permitted(bundle: &Bundle, question: &Question) -> BTreeSet<Form> {
    let finest = bundle.decide_fresh(question).form();
    let summary = if question.facts.is_none() { bundle.decide_summary(question).form() } else { None };
    finest.into_iter().chain(summary).collect()
}
