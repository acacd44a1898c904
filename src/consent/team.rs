//! What governs for several recipients at once: a team receives as one, so it must hold for each of its attendees.

use std::collections::BTreeSet;

use super::{ConsentRecord, ConsentState, governing};
use crate::catalogue::{Category, PurposeCode};
use crate::clock::Timestamp;
use crate::organisation::Oin;

/// The one record that governs for every one of `recipients` but the source itself, which has the data already. One that says no to a
/// single one of them says no to all; where different records say yes to different ones, or one has none, nothing governs: never a merge.
pub fn governing_all<'r>(
    records: &'r [ConsentRecord],
    source: &Oin,
    recipients: &BTreeSet<Oin>,
    purpose: &PurposeCode,
    category: Category,
    now: Timestamp,
) -> Option<&'r ConsentRecord> {
    let others = recipients.iter().filter(|recipient| *recipient != source);
    let each: Vec<_> = others.map(|recipient| governing(records, source, recipient, purpose, category, now)).collect();
    if let Some(no) = each.iter().flatten().find(|record| record.state != ConsentState::Given) {
        return Some(no);
    }
    let first = each.first().copied().flatten()?;
    each.iter().all(|one| one.is_some_and(|one| one.id == first.id)).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::super::governing::tests::record;
    use super::*;

    fn recipient(number: u8) -> Oin {
        format!("0000009900000000{number}000").parse().expect("an OIN")
    }

    fn record_for(id: &str, state: ConsentState, recipients: &[&Oin]) -> ConsentRecord {
        let recipients = recipients.iter().map(|oin| (*oin).clone()).collect();
        ConsentRecord { recipients, ..record(id, state, &[Category::Diagnosis], 1) }
    }

    /// Broken on purpose to see it fail: the record of the first recipient.
    #[test]
    fn a_team_may_have_what_each_of_its_attendees_may() {
        use ConsentState::{Given, Refused, Withdrawn};
        let (one, two) = (recipient(1), recipient(2));
        let governs = |records: &[ConsentRecord], recipients: &[&Oin]| {
            let recipients = recipients.iter().map(|oin| (*oin).clone()).collect();
            let (source, purpose) =
                (records[0].sources.first().expect("a source"), records[0].purposes.first().expect("a purpose"));
            let found = governing_all(records, source, &recipients, purpose, Category::Diagnosis, Timestamp::from_seconds(10));
            found.map(|record| record.id.clone())
        };
        let both = record_for("both", Given, &[&one, &two]);
        assert_eq!(governs(std::slice::from_ref(&both), &[&one, &two]).as_deref(), Some("both"));
        assert_eq!(governs(std::slice::from_ref(&both), &[]), None, "a team of nobody has nothing");
        let source = both.sources.first().expect("a source");
        assert_eq!(governs(std::slice::from_ref(&both), &[&one, source, &two]).as_deref(), Some("both"), "the source attends");
        assert_eq!(governs(std::slice::from_ref(&both), &[source]), None);
        let only = record_for("only", Given, &[&one]);
        assert_eq!(governs(std::slice::from_ref(&only), &[&one, &two]), None, "nothing covers the other");
        assert_eq!(governs(&[only.clone(), record_for("other", Given, &[&two])], &[&one, &two]), None, "never a merge");
        assert_eq!(governs(&[both.clone(), only], &[&one, &two]), None, "the narrower one governs for one of them");
        for no in [Refused, Withdrawn] {
            assert_eq!(governs(&[both.clone(), record_for("no", no, &[&two])], &[&one, &two]).as_deref(), Some("no"));
            assert_eq!(governs(&[both.clone(), record_for("no", no, &[&two])], &[&one]).as_deref(), Some("both"));
        }
    }
}
