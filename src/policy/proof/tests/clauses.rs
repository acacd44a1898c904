//! What a permit may not lose: each clause that ties it to its ground is taken away from each permit in turn, and an invariant must refuse what is left.

use cedar_policy::{Effect, Policy, PolicySet};

use super::*;

const GROUND: &str = "never.without-consent-or-override";
const TEAM: &str = "never.attendee-not-covered";

/// What stands in a permit, what is put in its place, and the invariant that then fails.
const LOST: [(&str, &str, &str); 7] = [
    ("context.now < context.override.notAfter", "true", GROUND),
    ("context.now < context.consent.notAfter", "true", GROUND),
    ("context.consent.state == Sluis::ConsentState::\"given\"", "true", GROUND),
    ("context.facts.subjectAge <= context.consent.untilAge", "true", GROUND),
    ("context.override.fourEyes", "true", GROUND),
    (
        "context.override.recipients.containsAll(context.case.attendees)",
        "context.override.recipients.contains(principal.oin)",
        TEAM,
    ),
    (
        "context.consent.recipients.containsAll(context.case.attendees)",
        "context.consent.recipients.contains(principal.oin)",
        TEAM,
    ),
];

/// The permits with one clause less, each by itself: what the solver finds in one permit, it finds in a set that holds it.
fn weakened(bundle: &Bundle) -> Vec<(String, PolicySet, &'static str)> {
    let mut found = Vec::new();
    for policy in bundle.rules.all.policies().filter(|policy| policy.effect() == Effect::Permit) {
        let text = policy.to_cedar().expect("its text");
        for (clause, instead, invariant) in LOST {
            if text.contains(clause) {
                let changed = Policy::parse(Some(policy.id().clone()), text.replacen(clause, instead, 1)).expect("a policy");
                let what = format!("{} without `{clause}`", policy.id());
                found.push((what, PolicySet::from_policies([changed]).expect("a set"), invariant));
            }
        }
    }
    found
}

#[tokio::test]
async fn no_permit_can_lose_its_term_its_four_eyes_or_an_attendee() {
    let bundle = bundle(files());
    let weakened = weakened(&bundle);
    for (clause, ..) in LOST {
        assert!(weakened.iter().any(|(what, ..)| what.contains(clause)), "no permit has `{clause}`");
    }
    let invariants = bundle.invariants().expect("invariants");
    let mut held: BTreeSet<String> = weakened.iter().map(|(what, ..)| what.clone()).collect();
    for mut prover in Prover::per_form(bundle.engine.schema(), &solver()).expect("provers") {
        let mut regions = BTreeMap::new();
        for id in [GROUND, TEAM] {
            let region = invariants.iter().find(|one| one.id == id).expect("the invariant").region.clone();
            regions.insert(id, prover.compile(&PolicySet::from_policies([region]).expect("a set")).expect("compiled"));
        }
        for (what, permit, invariant) in &weakened {
            // One form is enough.
            if held.contains(what) {
                let permit = prover.compile(permit).expect("compiled");
                if !prover.compiler.check_disjoint_opt(&permit, &regions[invariant]).await.expect("an answer") {
                    held.remove(what);
                }
            }
        }
    }
    assert!(held.is_empty(), "nothing refuses: {held:#?}");
    assert!(weakened.len() > 100, "{}", weakened.len());
}
