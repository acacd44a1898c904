//! Whether what is in the log as given has left the gateway: what the entries of one request tell of it, on whichever side they stand. A delivery can be taken
//! back before it leaves (*undelivered*), be picked up later after all (*redelivery*), and what a professional releases is given by picking it up only.

use std::collections::BTreeSet;

use crate::ledger::entry::{Body, EntryKind, Reference};
use crate::organisation::Oin;

/// One entry of a request.
#[derive(Clone, Debug)]
pub(super) struct Step {
    /// Its index in the log.
    pub(super) index: u64,
    /// What happened.
    pub(super) kind: EntryKind,
    /// On whose side.
    pub(super) party: Oin,
    /// Which entries it is about; `None` where it does not say so, or was erased.
    pub(super) about: Option<BTreeSet<u64>>,
}

/// The entries that a body is about, by their index.
pub(super) fn about(body: &Body) -> Option<BTreeSet<u64>> {
    let indexes: BTreeSet<u64> = body.references.iter().filter_map(Reference::index).collect();
    (!indexes.is_empty()).then_some(indexes)
}

/// The entries of one request, the lowest index first.
#[derive(Clone, Debug, Default)]
pub(super) struct Steps(pub(super) Vec<Step>);

impl Steps {
    /// Whether what this *disclosure* or *contribution* tells of has reached the recipient.
    pub(super) fn left(&self, index: u64) -> bool {
        let Some(delivery) = self.delivery(index) else { return false };
        let was_kept = self.is_void(index) || self.is_void(delivery) || self.is_release(delivery);
        !was_kept || self.was_given_again(delivery)
    }

    /// The *disclosure* to which a contribution belongs: they are appended together, it first.
    fn delivery(&self, index: u64) -> Option<u64> {
        self.0.iter().rfind(|step| step.index <= index && step.kind == EntryKind::Disclosure).map(|step| step.index)
    }

    /// Whether something says of an entry that what it tells of did not leave.
    fn is_void(&self, index: u64) -> bool {
        self.0.iter().any(|step| step.kind == EntryKind::Undelivered && step.index > index && self.concerns(step, index))
    }

    fn concerns(&self, undelivered: &Step, index: u64) -> bool {
        if let Some(entries) = &undelivered.about {
            return entries.contains(&index);
        }
        // Without that it is about what was to be given last on its side.
        let given = |step: &&Step| {
            let is_given = [EntryKind::Disclosure, EntryKind::Redelivery, EntryKind::Contribution].contains(&step.kind);
            is_given && step.party == undelivered.party && step.index < undelivered.index
        };
        self.0.iter().rfind(given).is_some_and(|step| step.index == index)
    }

    /// A release is a delivery too, to be picked up: its entry, the source's, and the professional's decision are appended together.
    fn is_release(&self, delivery: u64) -> bool {
        let mut next = delivery;
        for step in self.0.iter().skip_while(|step| step.index <= delivery) {
            next = next.saturating_add(1);
            match step.kind {
                EntryKind::Contribution if step.index == next => {}
                kind => return kind == EntryKind::ReleaseDecision && step.index == next,
            }
        }
        false
    }

    fn was_given_again(&self, delivery: u64) -> bool {
        let gives = |step: &&Step| {
            let about = step.about.as_ref();
            step.kind == EntryKind::Redelivery && step.index > delivery && about.is_none_or(|entries| entries.contains(&delivery))
        };
        self.0.iter().filter(gives).any(|step| !self.is_void(step.index))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use EntryKind::{Ask, Contribution, Disclosure, Redelivery, ReleaseDecision, Undelivered};

    /// Steps of a recipient (1) and a source (2), by index, each with what it is about.
    fn steps(all: &[(u64, EntryKind, u8, &[u64])]) -> Steps {
        let step = |(index, kind, party, about): &(u64, EntryKind, u8, &[u64])| Step {
            index: *index,
            kind: *kind,
            party: format!("0000009900000000{party}000").parse().expect("an OIN"),
            about: (!about.is_empty()).then(|| about.iter().copied().collect()),
        };
        Steps(all.iter().map(step).collect())
    }

    /// What of an answer (entries 3 and 4) left, by the disclosure and by the contribution.
    fn of_answer(more: &[(u64, EntryKind, u8, &[u64])]) -> (bool, bool) {
        let answer: [(u64, EntryKind, u8, &[u64]); 3] = [(1, Ask, 1, &[]), (3, Disclosure, 1, &[]), (4, Contribution, 2, &[])];
        let steps = steps(&[answer.as_slice(), more].concat());
        (steps.left(3), steps.left(4))
    }

    /// Broken on purpose to see it fail: an entry taken for its own delivery; `is_void` of the entry, or of its delivery, left out; `was_given_again` not
    /// asked; every redelivery counts, or one that did not leave either.
    #[test]
    fn both_sides_are_told_what_reached_the_recipient_and_nothing_else() {
        assert_eq!(of_answer(&[]), (true, true));
        assert_eq!(of_answer(&[(5, Undelivered, 1, &[3])]), (false, false), "kept back");
        assert_eq!(of_answer(&[(5, Undelivered, 1, &[])]), (false, false), "and without saying which");
        assert_eq!(of_answer(&[(5, Undelivered, 2, &[4])]), (true, false), "what one source gave");
        assert_eq!(of_answer(&[(5, Undelivered, 1, &[3]), (9, Redelivery, 1, &[3])]), (true, true), "picked up later");
        assert_eq!(of_answer(&[(5, Undelivered, 1, &[3]), (9, Redelivery, 1, &[])]), (true, true));
        let later = [(5, Undelivered, 1, &[3_u64][..]), (9, Redelivery, 1, &[3]), (12, Undelivered, 1, &[9])];
        assert_eq!(of_answer(&later), (false, false), "neither did the second");
        assert_eq!(of_answer(&[(9, Redelivery, 1, &[3]), (12, Undelivered, 1, &[9])]), (true, true), "the first had left");
        let anew = [(5, Undelivered, 1, &[3_u64][..]), (7, Disclosure, 1, &[]), (9, Redelivery, 1, &[7])];
        assert_eq!(of_answer(&anew), (false, false), "another answer was picked up");
    }

    #[test]
    fn a_release_is_given_when_it_is_picked_up() {
        let release = |more: &[(u64, EntryKind, u8, &[u64])]| {
            let all: [(u64, EntryKind, u8, &[u64]); 5] = [
                (3, Disclosure, 1, &[]),
                (4, Contribution, 2, &[]),
                (10, Disclosure, 1, &[]),
                (11, Contribution, 2, &[]),
                (12, ReleaseDecision, 2, &[]),
            ];
            let steps = steps(&[all.as_slice(), more].concat());
            [3, 4, 10, 11].map(|index| steps.left(index))
        };
        assert_eq!(release(&[]), [true, true, false, false]);
        assert_eq!(release(&[(20, Redelivery, 1, &[3, 10])]), [true; 4]);
        assert_eq!(release(&[(20, Undelivered, 2, &[11]), (22, Redelivery, 1, &[3])]), [true, true, false, false], "it ended");
    }
}
