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
    let found = governing(records, &oin(SOURCE), &oin(RECIPIENT), &purpose(), Category::Diagnosis, Timestamp::from_seconds(now));
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
    let first = record("first", Refused, BROAD, 0);
    let mut reviewed = record("reviewed", Given, NARROW, 5);
    reviewed.supersedes = Some("first".into());
    reviewed.grantors[0].at = Timestamp::from_seconds(1);
    assert_eq!(governs(&[first.clone(), reviewed.clone()], 10), Some("reviewed"), "it answers the no before it");
    assert_eq!(governs(&[first, reviewed, refused], 10), Some("refused"), "given before the no, accepted after it");
    let invalid = record("invalid", Invalidated, BROAD, 5);
    assert_eq!(governs(&[narrow, invalid], 10), Some("narrow"));
}

/// Broken on purpose to see it fail: any no in the chain, as it was; without `covers`; without the instant of the no that was answered.
#[test]
fn a_consent_lifts_the_no_that_it_answers_and_no_other() {
    use ConsentState::{Given, Refused, Withdrawn};
    let old = record("old", Withdrawn, NARROW, 1);
    let mut answering = record("answering", Given, NARROW, 5);
    answering.supersedes = Some("old".into());
    assert_eq!(governs(&[old.clone(), answering.clone()], 10), Some("answering"));
    // Said before the consent and recorded after it: whoever gave that answered the old one.
    let mut late = record("late", Refused, NARROW, 9);
    late.event.at = Timestamp::from_seconds(4);
    assert_eq!(governs(&[old.clone(), answering.clone(), late.clone()], 10), Some("late"));
    // Said since, and not named: the consent takes the place of another consent.
    let between = record("between", Refused, NARROW, 6);
    let mut renewed = record("renewed", Given, NARROW, 7);
    renewed.supersedes = Some("answering".into());
    assert_eq!(governs(&[old.clone(), answering, between.clone(), renewed.clone()], 10), Some("between"));
    renewed.supersedes = Some("between".into());
    assert_eq!(governs(&[old.clone(), between, renewed.clone()], 10), Some("renewed"), "a later no takes in the earlier one");
    let aside = record("aside", Refused, &[Category::Address], 6);
    renewed.supersedes = Some("aside".into());
    assert_eq!(governs(&[old, aside, renewed], 10), Some("old"), "a no to something else");
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
    let covering = record("covering", Given, NARROW, 3);
    assert_eq!(near(&[elsewhere.clone(), covering]).as_deref(), Some("elsewhere"), "what covers all of it is not what lacks");
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
