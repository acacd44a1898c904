use std::collections::BTreeSet;

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use serde_json::{Value, json};
use sluis::case_room::{CaseId, Track};
use sluis::clock::Clock;
use sluis::consent::Override;
use sluis::crypto::{base64, digest};
use sluis::entropy::SystemEntropy;
use sluis::ledger::entry::EntryKind;
use sluis::organisation::Oin;
use sluis::secret::Personal;
use sluis::store::{Append, Change};
use sluis::subject::SubjectId;

use super::*;
use crate::support::cases::Cases;
use crate::support::derogation::{content, ended, refused, report, taken};
use crate::support::fake_source::{Act, FakeSource, item};
use crate::support::log;

fn oin(slug: Slug) -> Oin {
    slug.organisation().parsed_oin().expect("an OIN")
}

/// A named case that these attend.
async fn case(gateway: &TestGateway, attendees: &[Slug]) -> CaseId {
    let id = CaseId::draw(gateway.clock.now(), &SystemEntropy::default()).expect("an id");
    let attendees: BTreeSet<Oin> = attendees.iter().map(|slug| oin(*slug)).collect();
    gateway.running().desk.open_case(id.clone(), Track::Named, attendees).await.expect("opened");
    id
}

/// What a member of the case's team asks of probation about P21.
fn as_team(gateway: &TestGateway, case: &CaseId) -> Value {
    let mut body = gateway.question("P21");
    let members = json!({
        "purpose": "team-discussion", "case": case.as_str(), "actingAs": "expertise-team", "categories": ["probation-status"],
        "sources": [Slug::Probation.organisation().oin], "form": "reduced",
    });
    body.as_object_mut().expect("an object").extend(members.as_object().expect("an object").clone());
    body
}

/// Probation as a source that tells how supervision runs, after the test of Wjsg 51c.
async fn probation(gateway: &TestGateway) -> FakeSource {
    let source = FakeSource::instead_of(gateway, Slug::Probation).await;
    source.does(|call| {
        let mut status = item("probation-status", "reduced", json!({"kind": "supervision", "compliance": "poor"}));
        status["regime"] = json!("wjsg");
        status["facts"]["test51c"] = json!(true);
        Act::Answer(call.answer(&[status]))
    });
    source
}

async fn given(gateway: &TestGateway, asker: Slug, case: &CaseId) -> usize {
    gateway.ask(asker, &as_team(gateway, case), None).await.expect("an answer").items().count()
}

/// Row 13 of the matrix by override: to a team of several, of which the source is one.
///
/// Broken on purpose to see it fail: the source not among the recipients of the fact; `any` for `all` in `valid_for`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_team_hears_when_every_attendee_is_named_and_not_otherwise() {
    use Slug::{Police, Probation, Prosecution, VeiligThuis};
    let gateway = TestGateway::start().await;
    let source = probation(&gateway).await;
    let mut cases = Cases::default();
    let (one, two) = two(&gateway, Slug::Probation);
    let team = case(&gateway, &[VeiligThuis, Police, Probation]).await;
    let larger = case(&gateway, &[VeiligThuis, Police, Prosecution]).await;
    cases.hold("nothing without an override", given(&gateway, VeiligThuis, &team).await == 0);
    let of = |recipients: &[Slug]| {
        content(&gateway, "team-discussion", recipients, Category::ProbationStatus, Ground::ConflictOfDuties)
    };
    let only = report(&gateway, &of(&[VeiligThuis]), &one, Some(&two));
    cases.check("for one of them", taken(&gateway, Probation, &only).await);
    cases.hold("one of them is not the team", given(&gateway, VeiligThuis, &team).await == 0);
    let both = report(&gateway, &of(&[VeiligThuis, Police]), &one, Some(&two));
    cases.check("for both", taken(&gateway, Probation, &both).await);
    for asker in [VeiligThuis, Police] {
        cases.hold(format!("{asker:?} asks for the team"), given(&gateway, asker, &team).await == 1);
        let calls = source.calls();
        let overrides = &calls.last().expect("asked").request().overrides;
        cases.hold("on the override that names both", *overrides == [both.id.clone()]);
    }
    let asked = source.calls().len();
    for asker in [VeiligThuis, Police, Prosecution] {
        cases.hold(format!("{asker:?}: the prosecution is not named"), given(&gateway, asker, &larger).await == 0);
    }
    // What the law gives anyway, that there is supervision, is asked for; on the override nothing is.
    let without = source.calls().split_off(asked).iter().all(|call| call.request().overrides.is_empty());
    cases.hold("and nobody was asked on it", without);
    let mut itself = as_team(&gateway, &team);
    itself["actingAs"] = Value::Null;
    cases.hold("not for oneself", gateway.ask(VeiligThuis, &itself, None).await.is_err());
    cases.check("ended by the other", taken(&gateway, Probation, &ended(&gateway, &both, &two)).await);
    cases.hold("nothing after its end", given(&gateway, Police, &team).await == 0);
    drop(source);
    gateway.stop().await;
    cases.finish(15);
}

/// Broken on purpose to see it fail: without `recipients` in `faults`; without `Itself`; `distinct` without its comparison.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn recipients_are_known_organisations_by_name_each_once() {
    let gateway = TestGateway::start().await;
    let mut cases = Cases::default();
    let (one, two) = two(&gateway, Slug::Probation);
    let honest = content(&gateway, "team-discussion", &[Slug::VeiligThuis], Category::ProbationStatus, Ground::ConflictOfDuties);
    let (vt, own) = (oin(Slug::VeiligThuis), oin(Slug::Probation));
    let unknown: Oin = "00000099000000099000".parse().expect("an OIN");
    // Signed as they stand.
    for (name, recipients, place) in [
        ("an unknown one", vec![vt.clone(), unknown], "/content/recipients/1"),
        ("the source itself", vec![own.clone()], "/content/recipients"),
        ("the source among others", vec![vt.clone(), own], "/content/recipients"),
        ("twice the same", vec![vt.clone(), vt.clone()], "/content/recipients/1"),
        ("nobody", Vec::new(), "/content/recipients"),
        ("too many", vec![vt.clone(); 17], "/content/recipients"),
    ] {
        let mut content = honest.clone();
        content.recipients = recipients;
        let message = json!(report(&gateway, &content, &one, Some(&two)));
        let told = match name {
            "too many" => refused_at(&gateway, &message, place).await,
            _ => refused(&gateway, Slug::Probation, &message, &[place]).await.map(|_| ()),
        };
        cases.check(name, told);
    }
    let message = json!(report(&gateway, &honest, &one, Some(&two)));
    for (name, recipients, place) in [
        ("a wildcard", json!(["*"]), "/content/recipients/0"),
        ("a wildcard among others", json!([vt, "0000009900000000*000"]), "/content/recipients/1"),
        ("a kind", json!(["expertise-team"]), "/content/recipients/0"),
        ("one text", json!(vt), "/content/recipients"),
        ("a number", json!([20]), "/content/recipients/0"),
    ] {
        let mut message = message.clone();
        message["content"]["recipients"] = recipients;
        cases.check(name, refused(&gateway, Slug::Probation, &message, &[place]).await);
    }
    let mut by_name = message.clone();
    by_name["content"]["recipient"] = json!(vt);
    cases.check("one beside them", refused(&gateway, Slug::Probation, &by_name, &["/content/recipient"]).await);
    gateway.stop().await;
    cases.finish(12);
}

async fn refused_at(gateway: &TestGateway, message: &Value, place: &str) -> Result<(), String> {
    match refused(gateway, Slug::Probation, message, &[]).await {
        Err(told) if told.contains(&format!("\"{place}\"")) => Ok(()),
        other => Err(format!("{other:?}")),
    }
}

/// Broken on purpose to see it fail: without the filter by ground in `question`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_override_whose_ground_carries_no_more_counts_no_more() {
    use Slug::{Police, VeiligThuis};
    let gateway = TestGateway::start().await;
    let _source = probation(&gateway).await;
    let (one, two) = two(&gateway, Slug::Probation);
    let team = case(&gateway, &[VeiligThuis, Police]).await;
    let content =
        content(&gateway, "team-discussion", &[VeiligThuis, Police], Category::ProbationStatus, Ground::ConflictOfDuties);
    let made = report(&gateway, &content, &one, Some(&two));
    taken(&gateway, Slug::Probation, &made).await.expect("taken");
    assert_eq!(given(&gateway, VeiligThuis, &team).await, 1);
    // As if the policies had let another ground carry it when it was made.
    let desk = &gateway.running().desk;
    let subject = Personal::new(SubjectId::Bsn(content.subject.value.parse().expect("a citizen number")));
    let index = desk.subject_index(&subject);
    let facts = desk.store.person_facts(index).await.expect("facts");
    let (version, record) = facts.overrides.into_iter().find(|(_, one)| one.id == made.id).expect("kept");
    let change = Change::Override(index, version + 1, Box::new(Override { ground: Ground::Wpg19, ..record }));
    let log = log::opened(&*desk.store, &gateway.running().layout).await;
    let entry = log.iter().rfind(|entry| entry.kind() == EntryKind::Override).expect("its entry");
    let entry = desk.journal.write(entry.stored.row.clear.clone(), entry.body.clone(), None, 5).expect("an entry").row;
    desk.sequencer.append(Append { entries: vec![entry], changes: vec![change], ..Append::default() }).await.expect("kept");
    assert_eq!(given(&gateway, VeiligThuis, &team).await, 0);
    gateway.stop().await;
}

/// Neither who made it nor the source can deny it: the log has the signatures of both, and who the professionals are, sealed.
///
/// Broken on purpose to see it fail: without `signed`; without `client`; the maker of it as the actor of its end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_can_deny_an_override_later() {
    let gateway = TestGateway::start().await;
    let (one, two) = two(&gateway, Slug::Probation);
    let recipients = [Slug::VeiligThuis, Slug::Police];
    let content = content(&gateway, "team-discussion", &recipients, Category::ProbationStatus, Ground::ConflictOfDuties);
    let made = report(&gateway, &content, &one, Some(&two));
    taken(&gateway, Slug::Probation, &made).await.expect("taken");
    taken(&gateway, Slug::Probation, &made).await.expect("the same again is taken again");
    taken(&gateway, Slug::Probation, &ended(&gateway, &made, &two)).await.expect("ended");
    let running = gateway.running();
    let log = log::opened(&*running.gateway.store, &running.layout).await;
    let about = |entry: &&log::Opened| entry.body.references.iter().any(|reference| reference.id == made.id);
    let entries: Vec<_> = log.iter().filter(|entry| entry.kind() == EntryKind::Override).filter(about).collect();
    let [made_entry, ended_entry] = entries.as_slice() else { panic!("{} entries", entries.len()) };
    let statements = [
        content.create_statement(&made.id, one.reference, made.created.signed_at),
        content.approve_statement(&made.id, two.reference, made.created.signed_at),
    ];
    assert_eq!(made_entry.body.signed.len(), 2);
    for ((signed, statement), person) in made_entry.body.signed.iter().zip(&statements).zip([&one, &two]) {
        assert_eq!((signed.professional.as_str(), signed.registration.as_deref()), (person.reference, Some(person.registration)));
        assert_eq!(signed.statement, base64::encode_url(&digest::sha256(statement)));
        let key = base64::decode_url(&signed.public_key).expect("a key");
        let signature = base64::decode_url(&signed.signature).expect("a signature");
        UnparsedPublicKey::new(&ED25519, key).verify(statement, &signature).expect("hers");
    }
    let [ending] = ended_entry.body.signed.as_slice() else { panic!("one step") };
    assert_eq!((ending.step.as_str(), ending.registration.as_deref()), ("override-revoke", Some(two.registration)));
    assert_eq!(ended_entry.body.actor.as_ref().map(|actor| actor.reference.as_str()), Some(two.reference));
    for entry in &entries {
        let client = entry.body.client.as_ref().expect("how the source proved who it is");
        assert!(client.signature.is_some() && client.signature_base.as_deref().expect("a base").contains("content-digest"));
    }
    let change = made_entry.body.change.as_ref().expect("what it opens");
    let named: Vec<String> = recipients.iter().map(|slug| oin(*slug).to_string()).collect();
    let after: BTreeSet<&str> = change.after["recipients"].split(' ').collect();
    assert_eq!(after, named.iter().map(String::as_str).collect());
    assert_eq!(
        (change.after["ground"].as_str(), change.after["forms"].split(' ').count()),
        ("conflict_van_plichten", content.forms.len())
    );
    assert_eq!(change.approved_by, [two.reference.to_owned()].into());
    // Sealed, all of it: nowhere in the gateway's folder does it stand in the clear.
    let mut read = 0;
    for file in files(&running.layout.gateway()) {
        let bytes = std::fs::read(&file).unwrap_or_default();
        read += bytes.len();
        for secret in ["190123456", "He keeps to none", &content.subject.value] {
            let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{} in {}", secret, file.display());
        }
    }
    assert!(read > 100_000, "the store was read");
    gateway.stop().await;
}

fn files(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
