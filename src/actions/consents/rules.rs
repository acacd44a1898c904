//! What must hold of a consent when it is recorded. Every fault is found, each with its place and what is expected there.

use std::collections::BTreeSet;

use super::draft::{Draft, Opening};
use super::{AHEAD, Recording, scope};
use crate::catalogue::PurposeCode;
use crate::clock::Timestamp;
use crate::consent::authority::{Authority, Giving, Hold, Regime, Standing};
use crate::consent::minors::{Grantor, GrantorRole};
use crate::json::Fault;

/// Judges a draft at `now`; what it is held for, if it is.
///
/// # Errors
/// Every fault.
pub(super) fn check(
    draft: &Draft,
    recording: &Recording<'_>,
    authority: &Authority,
    now: Timestamp,
) -> Result<Option<Hold>, Vec<Fault>> {
    let mut faults = Vec::new();
    organisations(draft, recording, &mut faults);
    scope::check(draft, recording, &mut faults);
    subject(draft, recording, &mut faults);
    term(draft, authority, now, &mut faults);
    let hold = grantors(draft, recording, authority, now, &mut faults);
    if faults.is_empty() { Ok(hold) } else { Err(faults) }
}

pub(super) fn fault(pointer: String, expected: &str) -> Fault {
    Fault { pointer, expected: expected.to_owned() }
}

/// What is recorded under one number is not found by another: so a source uses the citizen number, by which others ask, wherever it may.
fn subject(draft: &Draft, recording: &Recording<'_>, faults: &mut Vec<Fault>) {
    let scheme = || "/subject/scheme".to_owned();
    match (draft.subject.is_bsn(), recording.recorder.bsn_authority) {
        (true, false) => faults.push(fault(scheme(), "v-number or local: you have no authority to use the citizen number")),
        (true, true) if draft.without_bsn => {
            faults.push(fault("/withoutBsn".to_owned(), "false or absent of a person who is named by citizen number"));
        }
        (false, true) if !draft.without_bsn => faults.push(fault(
            scheme(),
            "bsn, by which others ask: a consent under another number would not be found; of a person without one, state withoutBsn: true",
        )),
        _ => {}
    }
}

fn organisations(draft: &Draft, recording: &Recording<'_>, faults: &mut Vec<Fault>) {
    for (place, source) in draft.sources.iter().enumerate() {
        let pointer = format!("/sources/{place}");
        if !recording.known.contains_key(source) {
            faults.push(fault(pointer, "an organisation that takes part here"));
        } else if *source != recording.recorder.oin {
            faults.push(fault(pointer, "your own OIN: a source records consents for its own data only"));
        }
    }
    for (place, recipient) in draft.recipients.iter().enumerate() {
        let pointer = format!("/recipients/{place}");
        if !recording.known.contains_key(recipient) {
            faults.push(fault(pointer, "an organisation that takes part here"));
        } else if *recipient == recording.recorder.oin {
            faults.push(fault(pointer, "another organisation than the source"));
        }
    }
    if !recording.known.contains_key(&draft.evidence.holder) {
        faults.push(fault(
            "/evidence/holder".to_owned(),
            "the OIN of an organisation that takes part here: who keeps it, as a rule you",
        ));
    }
}

fn term(draft: &Draft, authority: &Authority, now: Timestamp, faults: &mut Vec<Fault>) {
    let latest = now.plus(AHEAD);
    if draft.at > latest {
        faults.push(fault("/at".to_owned(), "an instant that has passed"));
    }
    if draft.valid_from.is_some_and(|from| from < now.minus(AHEAD)) {
        faults.push(fault("/validFrom".to_owned(), "not before it is recorded: a consent is not back-dated"));
    }
    let begins = draft.valid_from.unwrap_or(now);
    if draft.not_after <= begins {
        faults.push(fault("/notAfter".to_owned(), "an instant after it begins"));
    }
    let given = draft.given_at();
    // A no is taken however late: it only takes away.
    if draft.opening != Opening::Refused && given < now.minus(authority.recorded_within) {
        let pointer = if draft.at == given { "/at".to_owned() } else { "/grantors".to_owned() };
        let days = authority.recorded_within.as_secs() / (24 * 3600);
        faults.push(fault(
            pointer,
            &format!("at most {days} days before it is recorded: a consent is not back-dated, have it given anew"),
        ));
    }
    if draft.not_after > given.plus(authority.longest) {
        let days = authority.longest.as_secs() / (24 * 3600);
        faults.push(fault("/notAfter".to_owned(), &format!("at most {days} days after it was given")));
    }
}

fn grantors(
    draft: &Draft,
    recording: &Recording<'_>,
    authority: &Authority,
    now: Timestamp,
    faults: &mut Vec<Fault>,
) -> Option<Hold> {
    for (place, grantor) in draft.grantors.iter().enumerate() {
        if grantor.role != GrantorRole::Subject && grantor.authority_evidence.is_none() {
            faults.push(fault(
                format!("/grantors/{place}/authorityEvidence"),
                "required of a representative: what shows the authority",
            ));
        }
        if is_again(draft, place) {
            faults.push(fault(
                format!("/grantors/{place}/authorityEvidence"),
                "evidence of this person's own authority: what shows that of another one is the same person twice",
            ));
        }
        if grantor.at > now.plus(AHEAD) {
            faults.push(fault(format!("/grantors/{place}/at"), "an instant that has passed"));
        }
    }
    match draft.opening {
        Opening::Refused => None,
        Opening::Requested if draft.grantors.is_empty() => None,
        Opening::Requested => {
            faults.push(fault("/grantors".to_owned(), "none as long as it is only requested"));
            None
        }
        Opening::Given => given(draft, recording, authority, faults),
    }
}

/// Whether one who gave it stands before this one already: the subject, or whoever the same evidence names.
fn is_again(draft: &Draft, place: usize) -> bool {
    let plain = |evidence: &str| evidence.to_lowercase().split_whitespace().collect::<String>();
    let is = |earlier: &Grantor, one: &Grantor| match (&earlier.authority_evidence, &one.authority_evidence) {
        _ if one.role == GrantorRole::Subject => earlier.role == GrantorRole::Subject,
        (Some(earlier), Some(one)) => plain(earlier) == plain(one),
        _ => false,
    };
    let Some((one, before)) = draft.grantors.get(..=place).and_then(<[Grantor]>::split_last) else { return false };
    before.iter().any(|earlier| is(earlier, one))
}

/// The strictest of what holds for each purpose.
fn given(draft: &Draft, recording: &Recording<'_>, authority: &Authority, faults: &mut Vec<Fault>) -> Option<Hold> {
    let giving = Giving {
        grantors: &draft.grantors,
        parents_with_custody: draft.parents_with_custody,
        incapable: draft.capacity_assessed_by.is_some(),
        subject_age: draft.subject_age,
        reviewed: false,
    };
    let mut hold = (!draft.asked_in_private).then_some(Hold::NotInPrivate);
    let purposes: BTreeSet<&PurposeCode> = draft.purposes.iter().collect();
    for purpose in purposes {
        match authority.judge(Regime::of_kind(recording.recorder.kind, purpose), giving) {
            Standing::Accepted => {}
            Standing::Held(reason) => hold = hold.or(Some(reason)),
            Standing::Lacking => {
                let expected = "everyone who must agree for a subject of this age under the source's regime: under 12 all parents with custody or \
                     the guardian, from 12 to 15 the minor, with the parents where the table asks for them, from 16 on the subject, or of one \
                     judged incapable the parents (minors) or a representative (adults)";
                faults.push(fault("/grantors".to_owned(), expected));
                return None;
            }
        }
    }
    hold
}
