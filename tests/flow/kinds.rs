//! Every kind of entry of `design.md` §7 is written by an act that a test goes through, and looks for it in the log.

use std::fs;
use std::path::Path;

use serde_json::json;
use sluis::demo::organisations::Slug;
use sluis::ledger::entry::EntryKind;

use crate::support::TestGateway;
use crate::support::officers::ask;

/// The file under `tests/` and the test in it that sees an entry of this kind; none of what no act writes yet.
const fn seen(kind: EntryKind) -> Option<(&'static str, &'static str)> {
    Some(match kind {
        EntryKind::Ask | EntryKind::Disclosure => ("faults/durable.rs", "no_byte_comes_before_its_entry"),
        EntryKind::Contribution | EntryKind::CaseChange | EntryKind::CaseView => {
            ("flow/cases/access.rs", "every_entry_about_a_case_is_found_by_it")
        }
        EntryKind::Refusal => ("flow/erasure.rs", "nobody_but_an_officer_holds_or_erases"),
        EntryKind::Redelivery | EntryKind::ReleaseDecision => {
            ("flow/released.rs", "a_released_summary_outlives_a_change_that_permits_it")
        }
        EntryKind::Undelivered => ("flow/log_first.rs", "without_an_entry_nobody_is_asked_and_nothing_leaves"),
        EntryKind::Offer => ("flow/offers.rs", "an_offer_is_collected_by_an_ordinary_request"),
        EntryKind::Override => ("flow/overrides/team.rs", "nobody_can_deny_an_override_later"),
        EntryKind::ConsentEvent => ("flow/consents.rs", "a_recorded_consent_is_in_force_and_its_recorders_own"),
        EntryKind::WithdrawalNotice => ("flow/notices.rs", "a_withdrawal_notice_is_answered_within_ten_working_days"),
        EntryKind::SubjectNotification => ("flow/notices.rs", "each_disclosure_is_to_be_told_to_its_subject"),
        // Re-identification comes with the expertise team (MDA++).
        EntryKind::ReidentificationRequest | EntryKind::ReidentificationApproval | EntryKind::ReidentificationResult => {
            return None;
        }
        EntryKind::LogView => {
            ("flow/log_search.rs", "an_officer_finds_and_opens_the_entries_of_her_organisation_and_each_look_is_one")
        }
        EntryKind::Export => ("flow/log_views.rs", "an_export_is_an_entry_and_holds_what_its_header_says"),
        EntryKind::ReviewVerdict => ("faults/witnesses.rs", "what_passed_behind_a_closed_lock_is_reviewed_by_each_side"),
        EntryKind::PolicyChange => ("flow/policies.rs", "policies_are_exchanged_without_a_dropped_request"),
        EntryKind::OrganisationChange | EntryKind::KeyEvent => ("cli/operators.rs", "the_log_names_who_acted"),
        EntryKind::Erasure => ("flow/erasure.rs", "an_officer_erases_an_entry_of_her_own_side_unless_it_is_held"),
        EntryKind::Session => ("web/signing_in.rs", "a_link_signs_in_once"),
        EntryKind::LegalHold | EntryKind::Embargo => ("flow/kinds.rs", "holds_and_embargoes_are_entries_of_their_party"),
    })
}

/// Broken on purpose to see it fail: a name that no test has; a kind that its test does not look for.
#[test]
fn each_kind_but_those_of_later_is_looked_for_after_an_act() {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests");
    let mut unwritten = Vec::new();
    for kind in EntryKind::ALL {
        let Some((file, name)) = seen(kind) else {
            unwritten.push(kind);
            continue;
        };
        let source = fs::read_to_string(tests.join(file)).expect("a file of tests");
        let (_, body) = source.split_once(&format!("fn {name}(")).unwrap_or_else(|| panic!("{file}: no test {name}, for {kind}"));
        let body = body.split_once("\n}\n").map_or(body, |(body, _)| body);
        assert!(body.contains(&format!("EntryKind::{kind:?}")), "{file}: {name} does not look for {kind}");
    }
    let later = [EntryKind::ReidentificationRequest, EntryKind::ReidentificationApproval, EntryKind::ReidentificationResult];
    assert_eq!(unwritten, later);
}

/// Broken on purpose to see it fail: `place_hold` and `embargoed` on the gateway's own side.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn holds_and_embargoes_are_entries_of_their_party() {
    let gateway = TestGateway::start().await;
    let (own, subject) = (gateway.persona(Slug::Police).oin, gateway.question("P22")["subject"].clone());
    let (status, hold) = ask(&gateway, Slug::Police, "holds", &json!({"subject": subject, "ground": "before the court"})).await;
    assert_eq!(status, 200, "{hold}");
    assert_eq!(gateway.entries(EntryKind::LegalHold, &own).await, 1, "placed");
    let lift = json!({"hold": hold["id"], "ground": "decided"});
    assert_eq!(ask(&gateway, Slug::Police, "lifts", &lift).await.0, 200);
    assert_eq!(gateway.entries(EntryKind::LegalHold, &own).await, 2, "lifted");

    let place = json!({"place": {"subject": subject, "ground": "investigation", "until": "2099-01-01T00:00:00Z"}});
    let (status, placed) = ask(&gateway, Slug::Police, "embargoes", &place).await;
    assert_eq!(status, 200, "{placed}");
    assert_eq!(gateway.entries(EntryKind::Embargo, &own).await, 1);
    let looks = gateway.entries(EntryKind::LogView, &own).await;
    assert_eq!(ask(&gateway, Slug::Police, "embargoes", &json!({})).await.0, 200);
    assert_eq!(gateway.entries(EntryKind::Embargo, &own).await, 1, "a look at them is none");
    assert_eq!(gateway.entries(EntryKind::LogView, &own).await, looks + 1, "but a look");
    gateway.stop().await;
}
