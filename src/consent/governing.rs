//! The one consent that governs a disclosure: never a merge of several.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::{ConsentRecord, ConsentState};
use crate::catalogue::{Category, PurposeCode};
use crate::clock::Timestamp;
use crate::organisation::Oin;

/// The newest version of each record, by id.
type Newest<'r> = BTreeMap<&'r str, &'r ConsentRecord>;

/// The governing record among all of one subject for this source, recipient, purpose and category, or none.
///
/// Of each id only the newest version speaks. Records that are only requested, not yet in force or (given) past their term say
/// nothing. A consent whose recorder has recorded another in its place is over: it says nothing any more, about any combination,
/// whatever became of the other one, unless that is still only requested. A refusal or withdrawal stands before every consent,
/// however narrow that is, but one that was given after it and in answer to it (`supersedes`), as long as that is in force. Of the rest governs the most specific (fewest
/// purposes × recipients × sources × categories), then the most restrictive (refused, withdrawn or invalidated before expired
/// before given), then the newest.
pub fn governing<'r>(
    records: &'r [ConsentRecord],
    source: &Oin,
    recipient: &Oin,
    purpose: &PurposeCode,
    category: Category,
    now: Timestamp,
) -> Option<&'r ConsentRecord> {
    let newest = newest(records);
    let concerning = newest.values().copied().filter(|record| record.concerns(source, recipient, purpose, category));
    let speaking: Vec<&ConsentRecord> =
        concerning.filter(|record| speaks(record, now) && !is_replaced(record, &newest)).collect();
    let nos = || speaking.iter().copied().filter(|record| is_of_person(record.state));
    let stands = |record: &&ConsentRecord| record.state != ConsentState::Given || nos().all(|no| lifts(record, no, &newest));
    let standing: Vec<&ConsentRecord> = speaking.iter().copied().filter(stands).collect();
    let yes = || standing.iter().copied().filter(|record| record.state == ConsentState::Given);
    let lifted = |record: &ConsentRecord| {
        let replaced = yes().any(|given| followed(given, &newest).contains(record.id.as_str()));
        replaced || (is_of_person(record.state) && yes().next().is_some())
    };
    standing.iter().copied().filter(|record| !lifted(record)).min_by_key(|record| {
        (breadth(record), restriction(record.state), Reverse(record.event.recorded_at), Reverse(record.id.as_str()))
    })
}

/// The consents that were given and that `no`, which their recorder records now or has just recorded, ends wholly or in part: also those that have
/// expired meanwhile, for what was disclosed on them since.
pub fn ended_by<'r>(records: &'r [ConsentRecord], no: &ConsentRecord) -> Vec<&'r ConsentRecord> {
    let newest = newest(records);
    let was_given = |record: &&ConsentRecord| matches!(record.state, ConsentState::Given | ConsentState::Expired);
    let given = newest.values().copied().filter(was_given).filter(|record| record.id != no.id);
    let own = given.filter(|record| record.recorder == no.recorder && record.overlaps(no) && !is_replaced(record, &newest));
    own.filter(|record| is_of_person(no.state) && !lifts(record, no, &newest)).collect()
}

/// Whether a consent lifts a refusal or withdrawal: given after it, by someone who knew that she was answering a no anew (it takes the place of one, by
/// itself or by those whose place it took). What was agreed to before, or beside it, is ended by it.
fn lifts(record: &ConsentRecord, no: &ConsentRecord, newest: &Newest<'_>) -> bool {
    let is_later = (no.event.at, no.event.recorded_at) > (record.given_at(), record.event.recorded_at);
    let follows_a_no = || {
        let followed = followed(record, newest);
        followed.contains(no.id.as_str()) || followed.iter().filter_map(|id| newest.get(id)).any(|one| is_of_person(one.state))
    };
    !is_later && follows_a_no()
}

/// What the person herself said; what a professional found invalid is no word of hers, and ends itself alone.
const fn is_of_person(state: ConsentState) -> bool {
    matches!(state, ConsentState::Refused | ConsentState::Withdrawn)
}

/// Of the consents in force for data of this source the one that comes nearest to a disclosure for which none governs: to tell why
/// it does not cover that, never to give anything.
pub fn nearest<'r>(
    records: &'r [ConsentRecord],
    source: &Oin,
    recipients: &BTreeSet<Oin>,
    purpose: &PurposeCode,
    category: Category,
    now: Timestamp,
) -> Option<&'r ConsentRecord> {
    let newest = newest(records);
    let given = newest.values().copied().filter(|record| record.state == ConsentState::Given && record.sources.contains(source));
    let in_force = given.filter(|record| {
        let mut nos = newest.values().filter(|other| is_of_person(other.state) && other.overlaps(record));
        speaks(record, now) && !is_replaced(record, &newest) && nos.all(|no| lifts(record, no, &newest))
    });
    let named = |record: &ConsentRecord| recipients.intersection(&record.recipients).count();
    in_force.filter(|record| named(record) > 0).max_by_key(|record| {
        (record.categories.contains(&category), record.purposes.contains(purpose), named(record), record.event.recorded_at)
    })
}

fn newest(records: &[ConsentRecord]) -> Newest<'_> {
    let mut newest: Newest<'_> = BTreeMap::new();
    for record in records {
        let kept = newest.entry(&record.id).or_insert(record);
        if kept.version < record.version {
            *kept = record;
        }
    }
    newest
}

/// A refusal or withdrawal speaks as long as nothing takes its place; a consent only within its term.
fn speaks(record: &ConsentRecord, now: Timestamp) -> bool {
    match record.state {
        ConsentState::Requested => false,
        ConsentState::Refused | ConsentState::Withdrawn | ConsentState::Invalidated => true,
        ConsentState::Given | ConsentState::Expired => record.valid_from <= now && now < record.not_after,
    }
}

/// Whether this consent is over because its recorder has recorded another in its place. That a person has answered anew is not undone by the end
/// of that answer: she was told that it takes the place of this one.
fn is_replaced(record: &ConsentRecord, newest: &Newest<'_>) -> bool {
    let replaces = |other: &&ConsentRecord| {
        other.supersedes.as_deref() == Some(record.id.as_str())
            && other.recorder == record.recorder
            && other.state != ConsentState::Requested
    };
    !says_no(record.state) && newest.values().any(replaces)
}

/// The ids of the records that a consent follows: the one whose place it took, the one before that, and so on.
fn followed<'r>(record: &'r ConsentRecord, newest: &Newest<'r>) -> BTreeSet<&'r str> {
    let mut ids = BTreeSet::new();
    let mut at = Some(record).filter(|record| !says_no(record.state));
    while let Some(before) = at.and_then(|record| newest.get(record.supersedes.as_deref()?)) {
        if before.recorder != record.recorder || !ids.insert(before.id.as_str()) {
            break;
        }
        at = Some(before);
    }
    ids
}

const fn says_no(state: ConsentState) -> bool {
    matches!(state, ConsentState::Refused | ConsentState::Withdrawn | ConsentState::Invalidated)
}

fn breadth(record: &ConsentRecord) -> u64 {
    let sizes = [record.purposes.len(), record.recipients.len(), record.sources.len(), record.categories.len()];
    sizes.iter().fold(1, |product: u64, size| product.saturating_mul(u64::try_from(*size).unwrap_or(u64::MAX)))
}

const fn restriction(state: ConsentState) -> u8 {
    match state {
        ConsentState::Refused | ConsentState::Withdrawn | ConsentState::Invalidated => 0,
        ConsentState::Expired | ConsentState::Requested => 1,
        ConsentState::Given => 2,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::super::minors::{Grantor, GrantorRole};
    use super::super::record::{ConsentEvent, Evidence, EvidenceKind, Notice};
    use super::*;
    use crate::catalogue::Form;

    const SOURCE: &str = "00000099000000005000";
    const RECIPIENT: &str = "00000099000000001000";

    fn oin(text: &str) -> Oin {
        text.parse().expect("an OIN")
    }

    fn purpose() -> PurposeCode {
        PurposeCode::try_from("safety-assessment".to_owned()).expect("a code")
    }

    pub(crate) fn record(id: &str, state: ConsentState, categories: &[Category], recorded: i64) -> ConsentRecord {
        let at = Timestamp::from_seconds(recorded);
        let grantor = Grantor {
            role: GrantorRole::Subject,
            authority_evidence: None,
            method: "in person".into(),
            at,
            alleged_perpetrator: false,
        };
        ConsentRecord {
            id: id.into(),
            version: 1,
            subject: "token".into(),
            state,
            sources: [oin(SOURCE)].into(),
            recipients: [oin(RECIPIENT)].into(),
            purposes: [purpose()].into(),
            categories: categories.iter().copied().collect(),
            max_form: Form::Exact,
            valid_from: Timestamp::from_seconds(0),
            not_after: Timestamp::from_seconds(1000),
            notice: Notice { id: "n".into(), version: "1".into(), language: "nl".into(), sha256: "00".into() },
            grantors: vec![grantor],
            parents_with_custody: 1,
            capacity_assessed_by: None,
            subject_age: 36,
            asked_in_private: true,
            evidence: Evidence { kind: EvidenceKind::SignedForm, sha256: "00".into(), holder: oin(SOURCE) },
            recorder: oin(SOURCE),
            recorded_by: "p-1".into(),
            hold: None,
            reviewed_by: None,
            event: ConsentEvent { at, recorded_at: at, reason: None },
            conditions: None,
            supersedes: None,
            signature: None,
        }
    }

    fn governs(records: &[ConsentRecord], now: i64) -> Option<&str> {
        let found =
            governing(records, &oin(SOURCE), &oin(RECIPIENT), &purpose(), Category::Diagnosis, Timestamp::from_seconds(now));
        found.map(|record| record.id.as_str())
    }

    const NARROW: &[Category] = &[Category::Diagnosis];
    const BROAD: &[Category] = &[Category::Diagnosis, Category::CareInvolvement];

    #[test]
    fn nothing_governs_what_no_record_concerns() {
        let mut other = record("a", ConsentState::Given, NARROW, 1);
        other.recipients = [oin("00000099000000009000")].into();
        assert_eq!(governs(&[other], 10), None);
        assert_eq!(governs(&[record("a", ConsentState::Given, &[Category::Address], 1)], 10), None);
        assert_eq!(governs(&[record("a", ConsentState::Requested, NARROW, 1)], 10), None);
        assert_eq!(governs(&[record("a", ConsentState::Given, NARROW, 1)], 1000), None, "past its term");
    }

    /// Broken on purpose to see it fail: a consent against a later no by its narrowness, as it was.
    #[test]
    fn specific_then_restrictive_then_new() {
        use ConsentState::{Given, Refused, Withdrawn};
        let narrow_given = record("narrow", Given, NARROW, 1);
        let broad_refused = record("broad", Refused, BROAD, 2);
        assert_eq!(governs(&[broad_refused.clone(), narrow_given.clone()], 10), Some("broad"), "a later no, however wide");
        let beside = record("narrow", Given, NARROW, 3);
        assert_eq!(governs(&[broad_refused.clone(), beside.clone()], 10), Some("broad"), "a yes beside it");
        let answering = ConsentRecord { supersedes: Some("broad".into()), ..beside };
        assert_eq!(governs(&[broad_refused.clone(), answering.clone()], 10), Some("narrow"));
        let second = record("second", Refused, BROAD, 1);
        assert_eq!(governs(&[second, broad_refused.clone(), answering], 10), Some("narrow"), "it answers every no before it");
        let narrow_withdrawn = record("gone", Withdrawn, NARROW, 0);
        assert_eq!(governs(&[narrow_given.clone(), narrow_withdrawn.clone(), broad_refused], 2000), Some("gone"));
        assert_eq!(governs(&[narrow_given.clone(), record("newer", Given, NARROW, 5)], 10), Some("newer"));
        assert_eq!(governs(&[record("newer", Given, NARROW, 5), narrow_given, narrow_withdrawn], 10), Some("gone"));
    }

    /// Broken on purpose to see it fail: only the no's that are not lifted; the instant of the review; an invalidation taken for a no.
    #[test]
    fn what_was_agreed_to_before_a_no_never_speaks_again() {
        use ConsentState::{Given, Invalidated, Refused};
        let narrow = record("narrow", Given, NARROW, 1);
        let refused = record("refused", Refused, BROAD, 2);
        let mut anew = record("anew", Given, BROAD, 3);
        anew.supersedes = Some("refused".into());
        assert_eq!(governs(&[narrow.clone(), refused.clone(), anew], 10), Some("anew"), "it lifts the no for itself alone");
        let mut reviewed = record("reviewed", Given, NARROW, 5);
        reviewed.grantors[0].at = Timestamp::from_seconds(1);
        assert_eq!(governs(&[reviewed, refused], 10), Some("refused"), "given before the no, accepted after it");
        let invalid = record("invalid", Invalidated, BROAD, 5);
        assert_eq!(governs(&[narrow, invalid], 10), Some("narrow"));
    }

    /// Broken on purpose to see it fail: only those that stand as given, as it was.
    #[test]
    fn a_late_no_ends_also_what_expired_meanwhile() {
        use ConsentState::{Expired, Given, Invalidated, Refused, Requested};
        let refused = record("refused", Refused, BROAD, 5);
        let ended = |state| {
            let records = [record("earlier", state, NARROW, 1), refused.clone()];
            ended_by(&records, &refused).len()
        };
        assert_eq!([Given, Expired, Invalidated, Requested, Refused].map(ended), [1, 1, 0, 0, 0]);
    }

    /// Broken on purpose to see it fail: without `lifts`; without `named`.
    #[test]
    fn nearest_is_a_consent_in_force_for_this_recipient() {
        use ConsentState::{Given, Refused};
        let elsewhere = record("elsewhere", Given, &[Category::Address], 1);
        let near = |records: &[ConsentRecord]| {
            let recipients = [oin(RECIPIENT)].into();
            let found = nearest(records, &oin(SOURCE), &recipients, &purpose(), Category::Diagnosis, Timestamp::from_seconds(10));
            found.map(|record| record.id.clone())
        };
        assert_eq!(near(std::slice::from_ref(&elsewhere)).as_deref(), Some("elsewhere"));
        assert_eq!(near(&[elsewhere.clone(), record("no", Refused, &[Category::Address], 2)]), None, "she has said no to that");
        assert_eq!(near(&[ConsentRecord { recipients: [oin("00000099000000009000")].into(), ..elsewhere }]), None);
    }

    #[test]
    fn a_record_in_force_takes_the_place_of_the_one_it_supersedes() {
        let refused = record("old", ConsentState::Refused, NARROW, 1);
        let mut given = record("new", ConsentState::Given, NARROW, 2);
        given.supersedes = Some("old".into());
        assert_eq!(governs(&[refused.clone(), given.clone()], 10), Some("new"));
        assert_eq!(governs(&[refused.clone(), given.clone()], 1000), Some("old"), "once lapsed it supersedes nothing");
        given.categories = [Category::Address].into();
        assert_eq!(governs(&[refused, given], 10), Some("old"), "it supersedes only what it concerns");
    }

    /// Broken on purpose to see it fail: superseded only while the newer one speaks, and only for what it names, as it was.
    #[test]
    fn a_consent_that_was_replaced_never_speaks_again() {
        use ConsentState::{Expired, Given, Invalidated, Refused, Requested, Withdrawn};
        let wide = record("wide", Given, BROAD, 1);
        let mut newer = record("newer", Given, NARROW, 2);
        newer.supersedes = Some("wide".into());
        newer.not_after = Timestamp::from_seconds(20);
        let both = |newer: &ConsentRecord| [wide.clone(), newer.clone()];
        assert_eq!(governs(&both(&newer), 10), Some("newer"));
        assert_eq!(governs(&both(&newer), 30), None, "once the newer one is over");
        newer.categories = [Category::Address].into();
        assert_eq!(governs(&both(&newer), 10), None, "for what the newer one does not name");
        for state in [Refused, Withdrawn, Expired, Invalidated] {
            newer.state = state;
            assert_eq!(governs(&both(&newer), 10), None, "{state:?}");
        }
        newer.state = Requested;
        assert_eq!(governs(&both(&newer), 10), Some("wide"), "as long as nobody has answered");
        newer.state = Given;
        newer.recorder = oin("00000099000000009000");
        assert_eq!(governs(&both(&newer), 10), Some("wide"), "another's record replaces nothing");
    }

    /// Broken on purpose to see it fail: only the record that names it looked at.
    #[test]
    fn a_refusal_is_lifted_as_long_as_one_that_follows_it_is_in_force() {
        use ConsentState::{Given, Refused};
        let refused = record("refused", Refused, NARROW, 1);
        let follows = |id: &str, before: &str, until: i64| {
            let mut given = record(id, Given, NARROW, 2);
            given.supersedes = Some(before.into());
            given.not_after = Timestamp::from_seconds(until);
            given
        };
        let chain = [refused, follows("first", "refused", 20), follows("second", "first", 40)];
        assert_eq!(governs(&chain[..2], 30), Some("refused"));
        assert_eq!(governs(&chain, 10), Some("second"));
        assert_eq!(governs(&chain, 30), Some("second"), "the renewal lifts it too");
        assert_eq!(governs(&chain, 50), Some("refused"));
        let circle = [follows("a", "b", 20), follows("b", "a", 20)];
        assert_eq!(governs(&circle, 10), None, "each was replaced");
    }

    #[test]
    fn only_the_newest_version_of_a_record_speaks() {
        let given = record("a", ConsentState::Given, NARROW, 1);
        let mut narrowed = record("a", ConsentState::Given, &[Category::Address], 2);
        narrowed.version = 2;
        assert_eq!(governs(&[narrowed.clone(), given.clone()], 10), None);
        assert_eq!(governs(&[given, narrowed], 10), None);
    }

    /// Broken on purpose to see it fail: the whole range of ages.
    #[test]
    fn a_consent_counts_for_the_ages_between_which_nobodys_authority_changes() {
        use super::super::authority::{Authority, Regime};
        let authority = Authority::default();
        let ages = |record: &ConsentRecord| record.fact(&authority, Regime::Wgbo).ages.map(|ages| (ages.from, ages.until));
        let mut given = record("a", ConsentState::Given, NARROW, 1);
        assert_eq!(ages(&given), Some((18, u8::MAX)));
        given.subject_age = 17;
        assert_eq!(ages(&given), Some((16, 17)), "turning 18 re-opens it");
        given.subject_age = 11;
        assert_eq!(ages(&given), None, "a child gives nothing alone");
        given.grantors[0].role = GrantorRole::Parent;
        assert_eq!(ages(&given), Some((0, 11)), "turning 12 re-opens it");
        given.asked_in_private = false;
        assert_eq!(ages(&given), None, "asked within hearing it counts for no age");
    }
}
