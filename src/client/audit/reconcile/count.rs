//! Counting entries against what is held.

use std::collections::{BTreeMap, BTreeSet};

use super::{AuditError, Side, Sides, Surplus};
use crate::ledger::entry::{EntryKind, Outcome, TraceId};
use crate::organisation::Oin;
use crate::store::audit::{ExchangeLine, StoredLog as _};

/// Entries read at once.
const PAGE: u32 = 1024;

/// Who has what, as far as the organisations handed it over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reconciliation {
    /// What went from which source to which recipient.
    pub pairs: BTreeMap<(Oin, Oin), Pair>,
    /// What each recipient was given.
    pub recipients: BTreeMap<Oin, Recipient>,
    /// What organisations hold, and the log has not.
    pub surplus: Vec<Surplus>,
    /// What the log has, and those who should hold it do not.
    pub absent: Vec<Absent>,
}

/// What one source gave to one recipient.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pair {
    /// Contributions in the log.
    pub contributions: u64,
    /// Those of which the source holds the receipt; none when it handed over nothing.
    pub with_source: Option<u64>,
    /// Those of whose disclosure the recipient holds the receipt; none when it handed over nothing.
    pub with_recipient: Option<u64>,
    /// Those that neither knows, where both handed over what they hold.
    pub with_neither: u64,
}

/// What one recipient was given.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recipient {
    /// Disclosures to it in the log.
    pub disclosures: u64,
    /// Those of which it holds the receipt; none when it handed over nothing.
    pub held: Option<u64>,
    /// Entries that say that one was not delivered.
    pub undelivered: u64,
    /// Times that one was given again.
    pub redelivered: u64,
}

/// An entry of which somebody who handed over what it holds has no receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Absent {
    /// Its index.
    pub index: u64,
    /// What it is.
    pub kind: EntryKind,
    /// The source, of a contribution.
    pub source: Option<Oin>,
    /// The recipient.
    pub recipient: Option<Oin>,
    /// What may explain it.
    pub awaited: Awaited,
    trace: TraceId,
}

/// What may explain that a receipt is not held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Awaited {
    /// The recipient has not picked it up yet, or does not keep its receipts.
    PickUp,
    /// Its receipt has not been sent to the source yet.
    Receipt,
    /// Neither side knows it, or nobody gave anything to it.
    Nobody,
}

/// A disclosure with the contributions that were committed with it: they follow it in the log.
struct Group {
    disclosure: ExchangeLine,
    contributions: Vec<ExchangeLine>,
}

/// What a contribution is of.
#[derive(Clone, Copy)]
enum Of {
    /// A disclosure, of which the recipient holds the receipt or not; nobody knows where it handed over nothing.
    Disclosure(Option<bool>),
    /// No disclosure stands before it, and there is always one.
    Nothing,
}

#[derive(Default)]
struct Counting {
    group: Option<Group>,
    undelivered: BTreeSet<TraceId>,
    counted: Reconciliation,
}

impl Sides {
    /// Counts every entry that tells of something given; `progress` hears how far of how many entries it is.
    ///
    /// # Errors
    /// [`AuditError`], when the log cannot be read.
    pub async fn count(mut self, mut progress: impl FnMut(u64, u64)) -> Result<Reconciliation, AuditError> {
        let mut counting = Counting::default();
        let mut after = None;
        loop {
            let page = self.log.exchanges(after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.index);
            progress(last.index.saturating_add(1), self.roots.size());
            for line in page {
                self.line(&mut counting, line);
            }
        }
        progress(self.roots.size(), self.roots.size());
        self.settle(&mut counting);
        let Counting { undelivered, mut counted, .. } = counting;
        // Whoever was given nothing holds nothing, and its source may still get the receipt of what it gave.
        counted.absent.retain_mut(|absent| {
            let undelivered = undelivered.contains(&absent.trace);
            if undelivered && absent.kind == EntryKind::Contribution {
                absent.awaited = Awaited::Receipt;
            }
            !undelivered || absent.kind == EntryKind::Contribution
        });
        counted.surplus = self.surplus;
        Ok(counted)
    }

    fn line(&self, counting: &mut Counting, line: ExchangeLine) {
        if line.kind == EntryKind::Contribution {
            match &mut counting.group {
                Some(group) if group.disclosure.trace == line.trace => group.contributions.push(line),
                _ => self.contribution(counting, &line, Of::Nothing),
            }
            return;
        }
        self.settle(counting);
        let Some(recipient) = line.recipient.clone() else { return };
        let count = counting.counted.recipients.entry(recipient).or_default();
        match line.kind {
            EntryKind::Disclosure => {
                count.disclosures = count.disclosures.saturating_add(1);
                counting.group = Some(Group { disclosure: line, contributions: Vec::new() });
            }
            EntryKind::Undelivered => {
                // Each side has an entry of it.
                let is_new = counting.undelivered.insert(line.trace);
                count.undelivered = count.undelivered.saturating_add(u64::from(is_new));
            }
            _ => count.redelivered = count.redelivered.saturating_add(1),
        }
    }

    /// Closes the group under way.
    fn settle(&self, counting: &mut Counting) {
        let Some(Group { disclosure, contributions }) = counting.group.take() else { return };
        let held = self.holds(Side::Recipient, disclosure.recipient.as_ref(), disclosure.index);
        for contribution in &contributions {
            self.contribution(counting, contribution, Of::Disclosure(held));
        }
        if let (Some(held), Some(recipient)) = (held, &disclosure.recipient) {
            let count = counting.counted.recipients.entry(recipient.clone()).or_default();
            count.held = Some(count.held.unwrap_or_default().saturating_add(u64::from(held)));
        }
        let from_nobody = disclosure.outcome == Outcome::Given && contributions.is_empty();
        if from_nobody {
            counting.absent(&disclosure, Awaited::Nobody);
        } else if held == Some(false) {
            counting.absent(&disclosure, Awaited::PickUp);
        }
    }

    /// Counts a contribution.
    fn contribution(&self, counting: &mut Counting, line: &ExchangeLine, of: Of) {
        let (Some(source), Some(recipient)) = (&line.source, &line.recipient) else {
            return counting.absent(line, Awaited::Nobody);
        };
        let with_source = self.holds(Side::Source, Some(source), line.index);
        let with_recipient = match of {
            Of::Disclosure(held) => held,
            Of::Nothing => Some(false),
        };
        let pair = counting.counted.pairs.entry((source.clone(), recipient.clone())).or_default();
        let add = |count: &mut Option<u64>, held: Option<bool>| {
            if let Some(held) = held {
                *count = Some(count.unwrap_or_default().saturating_add(u64::from(held)));
            }
        };
        pair.contributions = pair.contributions.saturating_add(1);
        add(&mut pair.with_source, with_source);
        add(&mut pair.with_recipient, with_recipient);
        let known_to_nobody = with_source == Some(false) && with_recipient == Some(false);
        if known_to_nobody || matches!(of, Of::Nothing) {
            pair.with_neither = pair.with_neither.saturating_add(1);
            counting.absent(line, Awaited::Nobody);
        } else if with_source == Some(false) {
            counting.absent(line, Awaited::Receipt);
        }
    }

    /// Whether the organisation holds the receipt of this entry; `None` when it handed over nothing.
    fn holds(&self, side: Side, holder: Option<&Oin>, index: u64) -> Option<bool> {
        Some(self.held.get(&(side, holder?.clone()))?.contains(&index))
    }
}

impl Counting {
    fn absent(&mut self, line: &ExchangeLine, awaited: Awaited) {
        let ExchangeLine { index, kind, source, recipient, trace, .. } = line.clone();
        let source = source.filter(|_| kind == EntryKind::Contribution);
        self.counted.absent.push(Absent { index, kind, source, recipient, awaited, trace });
    }
}
