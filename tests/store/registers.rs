//! Consents and overrides by version; disclosures, their deliveries and receipts.

use std::time::Duration;

use sluis::catalogue::Ground;
use sluis::clock::Timestamp;
use sluis::consent::derogation::ConsentSought;
use sluis::consent::minors::{Grantor, GrantorRole};
use sluis::consent::record::{ConsentEvent, Evidence, EvidenceKind, Notice};
use sluis::consent::{ConsentRecord, ConsentState, Override, Professional};
use sluis::ledger::entry::Beside;
use sluis::ledger::seal::{PartyKey, seal};
use sluis::ledger::statement::Statement;
use sluis::store::{
    Append, Change, Conflict, ContributionRow, DeliveryRow, DisclosureRow, Expected, Receipting, Revision, SubjectIndex,
};

use super::fixture::{Fixture, NOW, On, nonce, oin, on_both};

on_both!(
    versions_of_a_consent_follow_each_other,
    disclosures_deliveries_and_receipts_come_and_go,
    a_disclosure_that_is_not_as_it_was_read_is_left_alone
);

const DAY: Duration = Duration::from_hours(24);

pub fn consent(id: &str, version: u32) -> ConsentRecord {
    ConsentRecord {
        id: id.to_owned(),
        version,
        subject: "P01".to_owned(),
        state: if version == 1 { ConsentState::Given } else { ConsentState::Withdrawn },
        sources: [oin(1)].into(),
        recipients: [oin(2)].into(),
        purposes: ["safety-assessment".parse().expect("a purpose")].into(),
        categories: [sluis::catalogue::Category::Diagnosis].into(),
        max_form: sluis::catalogue::Form::Summary,
        valid_from: NOW.minus(DAY),
        not_after: NOW.plus(DAY),
        notice: Notice { id: "n".to_owned(), version: "1".to_owned(), language: "nl".to_owned(), sha256: "00".repeat(32) },
        grantors: vec![Grantor {
            role: GrantorRole::Subject,
            authority_evidence: None,
            method: "in person".to_owned(),
            at: NOW,
            alleged_perpetrator: false,
        }],
        parents_with_custody: 1,
        capacity_assessed_by: None,
        subject_age: 36,
        asked_in_private: true,
        evidence: Evidence { kind: EvidenceKind::SignedForm, sha256: "00".repeat(32), holder: oin(1) },
        recorder: oin(1),
        recorded_by: "pro-1".to_owned(),
        hold: None,
        reviewed_by: None,
        event: ConsentEvent { at: NOW, recorded_at: NOW, reason: None },
        conditions: None,
        supersedes: None,
        signature: None,
    }
}

pub fn overriding(id: &str, ended_at: Option<Timestamp>) -> Override {
    let professional = |reference: &str| Professional { reference: reference.to_owned(), registration: None };
    Override {
        id: id.to_owned(),
        subject: "P01".to_owned(),
        source: oin(1),
        recipients: [oin(2)].into(),
        purpose: "safety-assessment".parse().expect("a purpose"),
        categories: [sluis::catalogue::Category::Diagnosis].into(),
        forms: [sluis::catalogue::Form::Summary].into(),
        ground: Ground::ConflictOfDuties,
        professional: professional("p-1"),
        approved_by: Some(professional("p-2")),
        harm: "serious harm".to_owned(),
        harm_to: "the children".to_owned(),
        consent_sought: ConsentSought::NotSought { reason: "danger".to_owned() },
        alternatives: "none left".to_owned(),
        necessity: "the least".to_owned(),
        consulted: "c-1".to_owned(),
        made_at: NOW,
        not_after: NOW.plus(DAY),
        ended_at,
    }
}

pub fn disclosure(id: &str) -> DisclosureRow {
    DisclosureRow {
        id: id.to_owned(),
        recipient: oin(2),
        created: NOW,
        open_until: NOW.plus(DAY),
        expires: NOW.plus(DAY * 2),
        expected: Expected {
            revision: Revision(3),
            void_at: NOW.plus(DAY),
            subject: Some(SubjectIndex([1; 32])),
            organisations: vec![oin(2), oin(1)],
            recipients: [oin(2), oin(3)].into(),
            case: None,
            digest: [5; 32],
        },
        bundle: "bundle-1".to_owned(),
        request: vec![1, 2, 3],
        payload_class: "payload-2026-11-23".to_owned(),
        idempotency_key: Some("a-key-of-sixteen".to_owned()),
    }
}

fn party_key() -> PartyKey {
    let statement = Statement::about(uuid::Uuid::nil(), oin(2), b"payload", b"request");
    let body = sluis::ledger::padding::PaddedBody::pad(b"body").expect("a body");
    seal(&body, Beside::before(&[0; 32]).expect("a digest"), Some(&statement), &sluis::entropy::SystemEntropy::default())
        .expect("sealed")
        .party_key
}

/// Versions follow each other; the newest counts; nothing is ever changed.
///
/// Broken on purpose to see it fail: the condition out of `Register::add`.
async fn versions_of_a_consent_follow_each_other(on: On) {
    let fixture = Fixture::on(on).await;
    let subject = SubjectIndex([1; 32]);
    let write = async |version| {
        let changes = vec![Change::Consent(subject, Box::new(consent("c1", version)))];
        fixture.commit_one(Append { changes, ..fixture.append() }).await.map(drop)
    };
    assert_eq!(write(2).await, Err(Conflict::StateChanged), "there is no first");
    assert_eq!(write(1).await, Ok(()));
    assert_eq!(write(1).await, Err(Conflict::StateChanged), "there is one");
    let before = fixture.store.person_facts(subject).await.expect("facts");
    assert_eq!(write(2).await, Ok(()));
    assert_eq!(write(2).await, Err(Conflict::StateChanged), "somebody was faster");
    assert_eq!(write(4).await, Err(Conflict::StateChanged), "one is missing");
    let after = fixture.store.person_facts(subject).await.expect("facts");
    assert_eq!(before.consents, [consent("c1", 1)]);
    assert_eq!(after.consents, [consent("c1", 2)], "the newest counts");
    assert!(after.revision > before.revision, "facts have moved");
    assert_eq!(fixture.rows("consent").await, 2, "and the first is kept");
    assert!(
        fixture.store.person_facts(SubjectIndex([2; 32])).await.expect("facts").consents.is_empty(),
        "another person's are not theirs"
    );
}

/// Broken on purpose to see it fail: `ReceiptsAccepted` removing all receipts of a source, as it did.
async fn disclosures_deliveries_and_receipts_come_and_go(on: On) {
    let fixture = Fixture::on(on).await;
    let receipting = || Receipting { entry: 0, party_key: party_key() };
    let delivery = |sealed: &str| {
        Change::Delivery(DeliveryRow { disclosure: "d1".to_owned(), sealed: sealed.to_owned(), receipt: receipting() })
    };
    let contribution = |item: &str| {
        let items = vec![item.to_owned(), "second".to_owned()];
        Change::ContributionReceipt(ContributionRow { disclosure: "d1".to_owned(), source: oin(1), items, receipt: receipting() })
    };
    let stored = async || fixture.store.disclosure("d1", NOW).await.expect("read").expect("kept");
    let write = async |changes| fixture.commit_one(Append { changes, ..fixture.append() }).await.expect("committed");

    write(vec![Change::Disclosure(Box::new(disclosure("d1"))), delivery("one"), contribution("first")]).await;
    write(vec![Change::Disclosure(Box::new(disclosure("d1"))), delivery("two"), contribution("later")]).await;
    assert_eq!(stored().await.row, disclosure("d1"));
    let sealed: Vec<_> = stored().await.deliveries.into_iter().map(|delivery| delivery.sealed).collect();
    assert_eq!(sealed, ["one", "two"], "oldest first");
    let receipts: std::collections::BTreeSet<_> =
        stored().await.deliveries.into_iter().map(|delivery| delivery.receipt).collect();
    assert_eq!(receipts.len(), 2, "each about its own entry");

    let waiting = fixture.store.contribution_receipts(10).await.expect("read");
    assert_eq!(waiting.iter().map(|waiting| waiting.items[0].as_str()).collect::<Vec<_>>(), ["first", "later"]);
    assert_eq!(fixture.store.contribution_receipts(1).await.expect("read").len(), 1);
    let accepted = |place: usize| vec![Change::ReceiptsAccepted(vec![waiting[place].number])];
    fixture.commit_one(Append { changes: accepted(0), ..Append::default() }).await.expect("accepted");
    let left = fixture.store.contribution_receipts(10).await.expect("read");
    assert_eq!(left, waiting[1..], "the other still waits");
    fixture.commit_one(Append { changes: accepted(1), ..Append::default() }).await.expect("accepted");
    assert!(fixture.store.contribution_receipts(10).await.expect("read").is_empty());

    write(vec![Change::DestroyDeliveries { disclosure: "d1".to_owned(), stay: Vec::new() }]).await;
    assert!(stored().await.deliveries.is_empty());
    let mut changed = disclosure("d1");
    changed.expected.digest = [6; 32];
    changed.bundle = "bundle-2".to_owned();
    write(vec![Change::Disclosure(Box::new(changed.clone())), delivery("three")]).await;
    assert_eq!((stored().await.row, stored().await.deliveries.len()), (changed, 1), "made anew on other facts");

    let at = async |instant| fixture.store.disclosure("d1", instant).await.expect("read").is_some();
    let ends = NOW.plus(DAY * 2);
    assert!(at(ends.minus(Duration::from_millis(1))).await && !at(ends).await, "not picked up past its term");
    fixture.store.sweep(ends).await.expect("swept");
    assert_eq!((fixture.rows("disclosure").await, fixture.rows("delivery").await), (0, 0), "and gone");
    assert!(fixture.rows("entry").await > 0, "the log never");
    fixture.holds_together().await;
}

/// Of two deliveries made from one reading of a disclosure the second does not overwrite the first, be they in one batch.
///
/// Broken on purpose to see it fail: `Unchanged` always true; then without `redone`.
async fn a_disclosure_that_is_not_as_it_was_read_is_left_alone(on: On) {
    let fixture = Fixture::on(on).await;
    let row = |version: u8| {
        let mut row = disclosure("d1");
        row.request = vec![version];
        Change::Disclosure(Box::new(row))
    };
    let delivery = |sealed: &str| {
        let receipt = Receipting { entry: 0, party_key: party_key() };
        Change::Delivery(DeliveryRow { disclosure: "d1".to_owned(), sealed: sealed.to_owned(), receipt })
    };
    let unchanged = |version: u8| Change::Unchanged { disclosure: "d1".to_owned(), version: vec![version] };
    let stays = |sealed: &str| Change::DestroyDeliveries { disclosure: "d1".to_owned(), stay: vec![sealed.to_owned()] };
    let sealed = async || {
        let stored = fixture.store.disclosure("d1", NOW).await.expect("read").expect("kept");
        stored.deliveries.into_iter().map(|delivery| delivery.sealed).collect::<Vec<_>>()
    };
    let append = |changes| Append { nonce: Some(nonce(2, "once")), changes, ..fixture.append() };

    assert_eq!(fixture.commit_one(append(vec![unchanged(1)])).await.err(), Some(Conflict::StateChanged), "there is none");
    for changes in [vec![row(1), delivery("one")], vec![delivery("two")]] {
        fixture.commit_one(Append { changes, ..fixture.append() }).await.expect("committed");
    }
    let second = append(vec![unchanged(1), stays("two"), row(2), delivery("three")]);
    let third = Append { changes: vec![unchanged(1), stays("one"), row(3), delivery("four")], ..fixture.append() };
    let outcomes = fixture.commit(&[second, third.clone()]).await.expect("a commit");
    assert_eq!(
        outcomes.iter().map(|outcome| outcome.as_ref().err().copied()).collect::<Vec<_>>(),
        [None, Some(Conflict::StateChanged)]
    );
    assert_eq!(sealed().await, ["two", "three"]);
    assert_eq!(fixture.commit_one(third).await.err(), Some(Conflict::StateChanged), "nor in a later batch");
    assert_eq!(sealed().await, ["two", "three"]);
    fixture.holds_together().await;
}
