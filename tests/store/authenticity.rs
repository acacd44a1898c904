//! Who can write the database but holds no key: whatever is changed, taken away or put back is seen at the next reading, which fails and names
//! table and row. What is not concerned goes on, and nothing that is written afterwards covers it up.
//!
//! Broken on purpose to see it fail: without person, then without standing in what `Place::bound` gives; `vouched` always content; each column out of
//! the code of each kind of row and of the head; a person's list without its code; `vouched_for` without its comparison; `add_about` without its look at
//! what is there.

use sluis::case_room::{Case, CaseId, Step, Track};
use sluis::consent::{ConsentRecord, ConsentState};
use sluis::organisation::keys::{PublishedKey, Validity};
use sluis::organisation::{Kind, Status};
use sluis::store::facts::facts_digest;
use sluis::store::{Append, Change, Conflict, CredentialChange, Expected, PolicyVersion, Revision, StatusChange, SubjectIndex};
use sqlx::AssertSqlSafe;

use super::attack::{alarm, keep, put_back, same, write};
use super::fixture::{Fixture, NOW, On, oin, on_both, organisation};
use super::registers::{consent, overriding};
use crate::support::cases::Cases;

on_both!(
    what_is_recorded_about_a_person_is_not_changed_unseen,
    a_case_is_not_opened_again,
    the_registry_is_not_changed_unseen,
    the_head_is_not_changed_unseen
);

const VICTIM: SubjectIndex = SubjectIndex([1; 32]);
const OTHER: SubjectIndex = SubjectIndex([2; 32]);

fn policies(hash: &str) -> Change {
    Change::Policies(PolicyVersion { hash: hash.to_owned(), texts: b"texts".to_vec() })
}

fn given(id: &str) -> ConsentRecord {
    consent(id, 1)
}

/// An append that rests on what is recorded about a person, as it was read when nothing was wrong, and must look again.
async fn resting(fixture: &Fixture, subject: SubjectIndex) -> Append {
    let person = fixture.store.person_facts(subject).await.expect("facts");
    let expected = Expected {
        revision: Revision(person.revision.0 - 1),
        void_at: NOW.plus(std::time::Duration::from_mins(1)),
        subject: Some(subject),
        organisations: Vec::new(),
        recipients: std::collections::BTreeSet::new(),
        case: None,
        digest: facts_digest(std::iter::empty(), None, Some(&person), None),
    };
    Append { expected: Some(expected), ..fixture.append() }
}

/// The person's consent c1 was given and withdrawn, c2 refused anew after it was given, o1 is an override that was ended.
async fn with_persons(on: On) -> Fixture {
    let fixture = Fixture::on(on).await;
    let write = async |change| fixture.commit_one(Append { changes: vec![change], ..fixture.append() }).await.expect("recorded");
    write(Change::Consent(VICTIM, Box::new(given("c1")))).await;
    write(Change::Consent(VICTIM, Box::new(given("c2")))).await;
    write(Change::Override(VICTIM, 1, Box::new(overriding("o1", None)))).await;
    write(Change::Consent(OTHER, Box::new(given("c3")))).await;
    keep(&fixture, "early").await;
    write(Change::Consent(VICTIM, Box::new(consent("c1", 2)))).await;
    write(Change::Override(VICTIM, 2, Box::new(overriding("o1", Some(NOW))))).await;
    fixture
}

/// Each attack on what is recorded about a person, and where it is found.
const ON_PERSONS: [(&str, &str, &str); 14] = [
    ("the withdrawal away", "DELETE FROM consent WHERE id = 'c1' AND version = 2", "consent version c1/1"),
    ("the end of the override away", "DELETE FROM override_record WHERE version = 2", "override_record version o1/1"),
    ("a record away with all its versions", "DELETE FROM consent WHERE id = 'c1'", "person_register code 1"),
    (
        "all records away",
        "DELETE FROM consent WHERE subject = x'0101010101010101010101010101010101010101010101010101010101010101'; DELETE FROM override_record",
        "person_register code 1",
    ),
    ("the list away", "DELETE FROM person_register WHERE number = 1", "person_register code missing"),
    (
        "the list away, and the withdrawal",
        "DELETE FROM person_register WHERE number = 1; DELETE FROM consent WHERE id = 'c1' AND version = 2",
        "consent version c1/1",
    ),
    (
        "the withdrawal moved to another",
        "UPDATE consent SET subject = (SELECT subject FROM consent WHERE id = 'c3') WHERE id = 'c1' AND version = 2",
        "consent version c1/1",
    ),
    (
        "another's consent moved here",
        "UPDATE consent SET subject = (SELECT subject FROM consent WHERE id = 'c1' AND version = 1) WHERE id = 'c3'",
        "consent record c3/1",
    ),
    (
        "another's consent moved here, with the list",
        "UPDATE consent SET subject = (SELECT subject FROM consent WHERE id = 'c1' AND version = 1) WHERE id = 'c3';
         UPDATE person_register SET code = (SELECT code FROM person_register WHERE number > 1) WHERE number = 1",
        "consent record c3/1",
    ),
    ("the versions exchanged", "UPDATE consent SET version = 9 WHERE id = 'c1' AND version = 1", "consent record c1/9"),
    (
        "the older record in the newer row",
        "UPDATE consent SET record = (SELECT record FROM consent WHERE id = 'c1' AND version = 1) WHERE id = 'c1' AND version = 2",
        "consent record c1/2",
    ),
    (
        "the withdrawal away, and the first as it was when it was the newest",
        "DELETE FROM consent WHERE id = 'c1' AND version = 2;
         UPDATE consent SET record = (SELECT record FROM early_consent WHERE id = 'c1') WHERE id = 'c1'",
        "person_register code 1",
    ),
    (
        "the early list",
        "UPDATE person_register SET code = (SELECT code FROM early_person_register WHERE number = 1) WHERE number = 1",
        "person_register code 1",
    ),
    (
        "the other's list",
        "UPDATE person_register SET code = (SELECT code FROM person_register WHERE number > 1) WHERE number = 1",
        "person_register code 1",
    ),
];

async fn what_is_recorded_about_a_person_is_not_changed_unseen(on: On) {
    let fixture = with_persons(on).await;
    let (victim, other) = (resting(&fixture, VICTIM).await, resting(&fixture, OTHER).await);
    let size = async || fixture.store.head().await.expect("the head").size;
    keep(&fixture, "now").await;
    let mut cases = Cases::default();
    for (name, attack, place) in ON_PERSONS {
        write(&fixture, attack).await;
        let found = alarm(fixture.store.person_facts(VICTIM).await).and_then(|found| same(found, place));
        cases.check(name, found);
        let before = size().await;
        // What rests on it is not recorded; nor is it made good by whatever is written next.
        let later = Change::Consent(VICTIM, Box::new(given("c9")));
        let batch = [victim.clone(), Append { changes: vec![later], ..fixture.append() }, fixture.append()];
        let outcomes = fixture.commit(&batch).await.expect("the batch goes on without them");
        let conflicts: Vec<_> = outcomes.iter().map(|outcome| outcome.as_ref().err().copied()).collect();
        let refused = [Some(Conflict::FactsUnreadable), Some(Conflict::FactsUnreadable), None];
        cases.hold(format!("{name}: what rests on it is refused, not {conflicts:?}"), conflicts == refused);
        cases.hold(format!("{name}: only the sound entry is there"), size().await == before + 1);
        if !attack.contains("'c3'") {
            cases.hold(format!("{name}: others go on"), fixture.commit_one(other.clone()).await.is_ok());
        }
        put_back(&fixture, "now", &["consent", "override_record", "person_register"]).await;
    }
    let facts = fixture.store.person_facts(VICTIM).await.expect("as it was");
    assert_eq!(
        facts.consents.iter().map(|consent| consent.state).collect::<Vec<_>>(),
        [ConsentState::Withdrawn, ConsentState::Given]
    );
    let again = Change::Consent(VICTIM, Box::new(consent("c2", 2)));
    fixture.commit_one(Append { changes: vec![again], ..fixture.append() }).await.expect("and life goes on");
    cases.finish(14 * 3);
    fixture.holds_together().await;
}

/// A closing that is taken away does not open the case again.
async fn a_case_is_not_opened_again(on: On) {
    let fixture = Fixture::on(on).await;
    let id = |last: char| -> CaseId { format!("019a9b00-0000-7000-8000-00000000000{last}").parse().expect("an id") };
    for id in [id('1'), id('2')] {
        let open = Case::open(id, Track::Named, [oin(1), oin(2)].into()).expect("a case");
        let closed = open.after(&Step::Close(NOW)).expect("closes").expect("was open");
        for case in [open, closed] {
            let changes = vec![Change::Case(Box::new(case))];
            fixture.commit_one(Append { changes, ..fixture.append() }).await.expect("recorded");
        }
    }
    write(&fixture, &format!("DELETE FROM case_record WHERE id = '{}' AND version = 2", id('1').as_str())).await;
    let place = format!("case_record version {}/1", id('1').as_str());
    assert_eq!(alarm(fixture.store.case(&id('1')).await), Ok(place.clone()));
    assert_eq!(alarm(fixture.store.cases().await), Ok(place));
    let (_, other) = fixture.store.case(&id('2')).await.expect("read").expect("there");
    assert_eq!(other.version, 2, "the other is as it was");
    write(&fixture, &format!("UPDATE case_record SET id = '{}' WHERE version = 2", id('1').as_str())).await;
    assert_eq!(alarm(fixture.store.case(&id('1')).await), Ok(format!("case_record record {}/2", id('1').as_str())));
}

fn key(keyid: &str) -> PublishedKey {
    let validity = Validity { from: NOW, until: NOW.plus(std::time::Duration::from_hours(24)), revoked: false };
    PublishedKey { keyid: keyid.to_owned(), alg: "ECDH-ES".to_owned(), jwk: format!("{{\"kid\":\"{keyid}\"}}"), validity }
}

/// Organisations 1 and 2 with a certificate and two keys each; later the second was suspended and each one's first credentials revoked.
async fn with_registry(on: On) -> Fixture {
    let fixture = Fixture::on(on).await;
    let mut changes = Vec::new();
    let mut revoked = vec![Change::Status(StatusChange { organisation: oin(2), status: Status::Suspended })];
    for number in [1, 2] {
        let organisation = organisation(number);
        let owner = organisation.oin.clone();
        changes.push(Change::Organisation(Box::new(organisation)));
        let validity = key("any").validity;
        for fingerprint in [[number; 32], [number + 10; 32]] {
            let certificate = CredentialChange::Certificate { organisation: owner.clone(), fingerprint, validity };
            changes.push(Change::Credential(certificate));
        }
        for name in ["old", "new"] {
            let key = key(&format!("{name}-{number}"));
            changes.push(Change::Credential(CredentialChange::Encryption { organisation: owner.clone(), key }));
        }
        revoked.push(Change::Credential(CredentialChange::RevokeKey { keyid: format!("old-{number}") }));
        revoked.push(Change::Credential(CredentialChange::RevokeCertificate { fingerprint: [number; 32] }));
    }
    changes.push(Change::Organisation(Box::new(sluis::organisation::Organisation { connector: None, ..organisation(3) })));
    changes.push(policies("an older bundle"));
    fixture.commit_one(Append { changes, ..fixture.append() }).await.expect("joined");
    revoked.push(policies("the newer bundle"));
    keep(&fixture, "early").await;
    fixture.commit_one(Append { changes: revoked, ..fixture.append() }).await.expect("revoked");
    fixture
}

/// Each attack on the registry, and where it is found.
const ON_REGISTRY: [(&str, &str, &str); 30] = [
    (
        "a key of the attacker's",
        "INSERT INTO published_key SELECT 'operator-1', organisation, use, alg, jwk, valid_from + 1, valid_until, FALSE, NULL FROM published_key WHERE keyid = 'new-1'",
        "published_key code operator-1",
    ),
    (
        "the same with the code of another",
        "INSERT INTO published_key SELECT 'operator-1', organisation, use, alg, jwk, valid_from + 1, valid_until, FALSE, code FROM published_key WHERE keyid = 'new-1'",
        "published_key code operator-1",
    ),
    ("a key id that nobody could publish", "UPDATE published_key SET keyid = 'no key\n' WHERE keyid = 'new-1'", "published_key code ?"),
    ("another key under the same id", "UPDATE published_key SET jwk = '{}' WHERE keyid = 'new-1'", "published_key code new-1"),
    ("a later term", "UPDATE published_key SET valid_until = valid_until + 1 WHERE keyid = 'new-1'", "published_key code new-1"),
    ("a signing key of an encryption key", "UPDATE published_key SET use = 'sig' WHERE keyid = 'new-1'", "published_key code new-1"),
    ("a key unrevoked", "UPDATE published_key SET revoked = FALSE WHERE keyid = 'old-1'", "published_key code old-1"),
    (
        "a key unrevoked by its old row",
        "DELETE FROM published_key WHERE keyid = 'old-1';
         INSERT INTO published_key SELECT keyid, organisation, use, alg, jwk, valid_from, valid_until, revoked, code
         FROM early_published_key WHERE keyid = 'old-1'",
        "head registry 1",
    ),
    (
        "two keys exchanged",
        "UPDATE published_key SET jwk = CASE keyid WHEN 'new-1' THEN '{\"kid\":\"new-2\"}' ELSE '{\"kid\":\"new-1\"}' END WHERE keyid IN ('new-1', 'new-2')",
        "published_key code new-1",
    ),
    ("a key of another", "UPDATE published_key SET organisation = (SELECT max(oin) FROM organisation) WHERE keyid = 'new-1'", "published_key code new-1"),
    ("a key away", "DELETE FROM published_key WHERE keyid = 'new-1'", "head registry 1"),
    ("another algorithm", "UPDATE published_key SET alg = 'RSA-OAEP-256' WHERE keyid = 'new-1'", "published_key code new-1"),
    ("an earlier term", "UPDATE published_key SET valid_from = 0 WHERE keyid = 'new-1'", "published_key code new-1"),
    (
        "an earlier term of a certificate",
        "UPDATE certificate SET valid_from = 0 WHERE hex(fingerprint) LIKE '0B%'",
        "certificate code 0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
    ),
    (
        "a later term of a certificate",
        "UPDATE certificate SET valid_until = valid_until + 1 WHERE hex(fingerprint) LIKE '0B%'",
        "certificate code 0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
    ),
    (
        "another certificate",
        "UPDATE certificate SET fingerprint = zeroblob(32) WHERE hex(fingerprint) LIKE '0B%'",
        "certificate code 0000000000000000000000000000000000000000000000000000000000000000",
    ),
    (
        "another connector",
        "UPDATE organisation SET connector = 'https://localhost:2' WHERE oin LIKE '%01000'",
        "organisation code 00000099000000001000",
    ),
    (
        "an organisation of the attacker's",
        "INSERT INTO organisation SELECT '00000099000000099000', kind, name, status, bsn_authority, connector, code FROM organisation WHERE oin LIKE '%01000'",
        "organisation code 00000099000000099000",
    ),
    ("another OIN", "UPDATE organisation SET oin = '00000099000000098000' WHERE oin LIKE '%03000'", "organisation code 00000099000000098000"),
    (
        "two exchange their OINs",
        "UPDATE organisation SET oin = '00000099000000098000' WHERE oin LIKE '%01000'; UPDATE organisation SET oin = '00000099000000001000' WHERE oin LIKE '%03000'",
        "organisation code 00000099000000001000",
    ),
    ("a connector for one without", "UPDATE organisation SET connector = 'https://localhost:2' WHERE oin LIKE '%03000'", "organisation code 00000099000000003000"),
    ("an empty connector", "UPDATE organisation SET connector = '' WHERE oin LIKE '%03000'", "organisation code 00000099000000003000"),
    ("another name", "UPDATE organisation SET name = 'Police' WHERE oin LIKE '%01000'", "organisation code 00000099000000001000"),
    (
        "a certificate unrevoked",
        "UPDATE certificate SET revoked = FALSE WHERE fingerprint = x'0101010101010101010101010101010101010101010101010101010101010101'",
        "certificate code 0101010101010101010101010101010101010101010101010101010101010101",
    ),
    (
        "a certificate of another",
        "UPDATE certificate SET organisation = (SELECT max(oin) FROM organisation) WHERE fingerprint = x'0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b'",
        "certificate code 0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
    ),
    ("another kind", "UPDATE organisation SET kind = 'mental-health' WHERE oin LIKE '%01000'", "organisation code 00000099000000001000"),
    ("readmitted", "UPDATE organisation SET status = 'active' WHERE oin LIKE '%02000'", "organisation code 00000099000000002000"),
    ("authority for the citizen number", "UPDATE organisation SET bsn_authority = NOT bsn_authority WHERE oin LIKE '%01000'", "organisation code 00000099000000001000"),
    ("no connector", "UPDATE organisation SET connector = NULL WHERE oin LIKE '%01000'", "organisation code 00000099000000001000"),
    (
        "the whole registry of an earlier day",
        "DELETE FROM organisation; INSERT INTO organisation SELECT oin, kind, name, status, bsn_authority, connector, code FROM early_organisation;
         DELETE FROM certificate; INSERT INTO certificate SELECT fingerprint, organisation, valid_from, valid_until, revoked, code FROM early_certificate;
         DELETE FROM published_key; INSERT INTO published_key SELECT keyid, organisation, use, alg, jwk, valid_from, valid_until, revoked, code FROM early_published_key",
        "head registry 1",
    ),
];

async fn the_registry_is_not_changed_unseen(on: On) {
    let fixture = with_registry(on).await;
    let sound = fixture.store.registered().await.expect("sound");
    let rests = |revision| Expected {
        revision,
        void_at: NOW.plus(std::time::Duration::from_mins(1)),
        subject: None,
        organisations: vec![oin(1)],
        recipients: std::collections::BTreeSet::new(),
        case: None,
        digest: [0; 32],
    };
    keep(&fixture, "now").await;
    let mut cases = Cases::default();
    for (name, attack, place) in ON_REGISTRY {
        write(&fixture, attack).await;
        cases.check(name, alarm(fixture.store.registered().await).and_then(|found| same(found, place)));
        let readmits = Change::Status(StatusChange { organisation: oin(2), status: Status::Active });
        let changes = Append { changes: vec![readmits], ..fixture.append() };
        let rests = Append { expected: Some(rests(Revision(0))), ..fixture.append() };
        let outcomes = fixture.commit(&[changes, rests, fixture.append()]).await.expect("the batch goes on without them");
        let conflicts: Vec<_> = outcomes.iter().map(|outcome| outcome.as_ref().err().copied()).collect();
        let refused = [Some(Conflict::FactsUnreadable), Some(Conflict::FactsUnreadable), None];
        cases.hold(format!("{name}: refused, not {conflicts:?}"), conflicts == refused);
        put_back(&fixture, "now", &["organisation", "certificate", "published_key"]).await;
    }
    assert_eq!(fixture.store.registered().await.expect("sound again").organisations, sound.organisations);
    let other = sluis::organisation::Organisation { kind: Kind::MentalHealth, connector: None, ..organisation(2) };
    let changes = vec![Change::Organisation(Box::new(other))];
    fixture.commit_one(Append { changes, ..fixture.append() }).await.expect("and life goes on");
    assert_eq!(fixture.store.registered().await.expect("sound").organisations[&oin(2)].organisation.kind, Kind::MentalHealth);
    cases.finish(30 * 2);
    fixture.holds_together().await;
}

/// The head vouches for the registry and for its own revision. An old one put back does not take entries any more.
async fn the_head_is_not_changed_unseen(on: On) {
    let fixture = with_registry(on).await;
    fixture
        .commit_one(Append { changes: vec![Change::Consent(VICTIM, Box::new(given("c1")))], ..fixture.append() })
        .await
        .expect("given");
    keep(&fixture, "now").await;
    let mut cases = Cases::default();
    for (name, attack) in [
        ("the revision", "UPDATE head SET revision = revision + 1"),
        ("the code away", "UPDATE head SET code = NULL"),
        ("both codes away", "UPDATE head SET code = NULL, registry = NULL"),
        ("the early registry", "UPDATE head SET registry = (SELECT registry FROM early_head)"),
        ("the early registry and code", "UPDATE head SET (registry, code) = (SELECT registry, code FROM early_head)"),
        ("the size", "UPDATE head SET size = size - 1"),
        ("the root", "UPDATE head SET root = zeroblob(32)"),
        ("the older policies", "UPDATE head SET policy = (SELECT policy FROM early_head)"),
        ("the older policies and code", "UPDATE head SET (policy, code) = (SELECT policy, code FROM early_head)"),
        ("no policies", "UPDATE head SET policy = NULL"),
        ("empty policies", "UPDATE head SET policy = ''"),
        ("fewer consents", "UPDATE head SET consents = 0"),
        ("more reliances", "UPDATE head SET reliances = reliances + 1"),
        ("more open tasks", "UPDATE head SET open_tasks = open_tasks + 1"),
    ] {
        write(&fixture, attack).await;
        for found in [
            alarm(fixture.store.head().await),
            alarm(fixture.store.registered().await),
            alarm(fixture.store.person_facts(VICTIM).await),
            alarm(fixture.commit(&[fixture.append()]).await),
        ] {
            cases.check(name, found.and_then(|found| same(found, "head code 1")));
        }
        put_back(&fixture, "now", &["head"]).await;
    }
    // The registry of an earlier day with its head: the log is ahead of it, and nothing can be put behind it.
    put_back(&fixture, "early", &["head", "organisation", "certificate", "published_key"]).await;
    let another_node = super::fixture::scribe();
    let outcome = fixture.store.commit(&[fixture.append()], &another_node, NOW).await;
    cases.hold(format!("an old head takes no entry: {outcome:?}"), outcome.is_err());
    // Nor behind one that says that nothing was ever written.
    write(
        &fixture,
        "UPDATE head SET size = 0, revision = 0, code = NULL, registry = NULL, policy = NULL, consents = 0, checkpoint = ''",
    )
    .await;
    cases.check("a new head: registry", alarm(fixture.store.registered().await).and_then(|found| same(found, "head registry 1")));
    let outcome = fixture.store.commit(&[fixture.append()], &another_node, NOW).await;
    cases.hold(format!("a new head takes no entry: {outcome:?}"), outcome.is_err());
    cases.finish(14 * 4 + 3);
}

/// A store of a version before is left as it is, and it is said what to do.
#[tokio::test]
async fn a_store_without_codes_is_refused() {
    let fixture = Fixture::new().await;
    let file = fixture.file().with_file_name("earlier.sqlite");
    let make = async |size: i64| {
        let _ = std::fs::remove_file(&file);
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(&file).create_if_missing(true);
        let raw = sqlx::sqlite::SqlitePool::connect_with(options).await.expect("a file");
        let first = include_str!("../../src/store/sqlite/migrations/0001_create_log.sql");
        let statements = format!("{first}; UPDATE head SET size = {size}");
        sqlx::raw_sql(AssertSqlSafe(statements)).execute(&raw).await.expect("made");
        raw.close().await;
    };
    make(3).await;
    let refused = super::fixture::open(&file).await.err().expect("refused").to_string();
    assert!(refused.contains("earlier version") && refused.contains("do: ") && refused.contains("--dir"), "{refused}");
    let raw =
        sqlx::sqlite::SqlitePool::connect_with(sqlx::sqlite::SqliteConnectOptions::new().filename(&file)).await.expect("there");
    let tables: i64 = sqlx::query_scalar("SELECT count(*) FROM sqlite_master WHERE name = '_sqlx_migrations'")
        .fetch_one(&raw)
        .await
        .expect("a count");
    raw.close().await;
    assert_eq!(tables, 0, "it was left as it is");
    // The contents decide, not the name: a file to which nothing was written is nobody's.
    make(0).await;
    let again = super::fixture::open(&file).await.err().map(|error| error.to_string());
    assert!(again.is_none_or(|error| !error.contains("earlier version")));
}
