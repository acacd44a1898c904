//! Invariant 3: facts are re-read in the transaction that records a delivery. A source holds its answer until the test has changed a fact; what was
//! decided before the change is then not given, be it the first delivery, a repeat or a pick-up.

use std::collections::BTreeMap;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use sluis::app::policies::put_in_force;
use sluis::client::{Disclosed, Trouble};
use sluis::connector::Connector;
use sluis::consent::ConsentState;
use sluis::demo::organisations::Slug;
use sluis::demo::running::Running;
use sluis::ledger::entry::EntryKind;
use sluis::organisation::{Oin, Status};
use sluis::secret::Personal;
use sluis::source::overrides::revoke_statement;
use sluis::store::CredentialChange;
use sluis::subject::SubjectId;

use crate::support::consents::withdraw;
use crate::support::fake_source::{Act, Call, FakeSource, files, item, new_key, published};
use crate::support::faulty_store::Node;
use crate::support::professionals::{make_override, release_all};
use crate::support::{Setup, TestGateway, random_text};

/// What rests on consent: the level of substance use of P29, from mental-health care.
fn consented(gateway: &TestGateway) -> Value {
    let mut body = gateway.question("P29");
    body["categories"] = json!(["substance-use"]);
    body["sources"] = json!([Slug::MentalHealth.organisation().oin]);
    body
}

fn care_item(category: &str, form: &str, data: Value) -> Value {
    let mut item = item(category, form, data);
    item["regime"] = json!("wgbo");
    item["facts"] = json!({"professional": "ggz-3", "meldcodeSteps": true, "secretAddress": false, "subjectAge": 36});
    item
}

fn oin(slug: Slug) -> Oin {
    slug.organisation().parsed_oin().expect("an OIN")
}

fn subject(running: &Running, id: &str) -> Personal<SubjectId> {
    let (_, person) = running.world.person(id).expect("a person");
    Personal::new(SubjectId::Bsn(person.bsn.clone().expect("a citizen number")))
}

/// Asks, and does `change` while the source holds its answer.
async fn ask_while(
    gateway: &TestGateway,
    source: &FakeSource,
    asker: Slug,
    body: &Value,
    change: impl Future<Output = ()>,
) -> Result<Disclosed, Trouble> {
    let before = source.calls().len();
    let meanwhile = async {
        source.asked(before + 1).await;
        change.await;
        source.lets_go();
    };
    let (answer, ()) = tokio::join!(gateway.ask(asker, body, None), meanwhile);
    answer
}

/// Broken on purpose to see it fail: `still_holds` true; then also without the consents, or without the organisations, in `facts_digest`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consent_withdrawn_under_way_gives_nothing() {
    let gateway = TestGateway::start().await;
    let care = FakeSource::instead_of(&gateway, Slug::MentalHealth).await;
    care.holds(|call| call.answer(&[care_item("substance-use", "reduced", json!({"level": "high"}))]));
    let body = consented(&gateway);

    // A change that does not concern this decision goes by unnoticed: the source is not asked twice.
    let (keyid, (_, jwk)) = new_key("bystander");
    let publish = CredentialChange::Signing { organisation: oin(Slug::Probation), key: published(&keyid, &jwk) };
    let unrelated = async { gateway.running().desk.change_credential(&oin(Slug::Probation), publish).await.expect("published") };
    let disclosed = ask_while(&gateway, &care, Slug::VeiligThuis, &body, unrelated).await.expect("an answer");
    assert_eq!((disclosed.items().count(), care.calls().len()), (1, 1));

    let asking = ask_while(&gateway, &care, Slug::VeiligThuis, &body, withdraw(gateway.running(), "P29"));
    let disclosed = Box::pin(asking).await;
    let disclosed = disclosed.expect("an answer as if there were nothing");
    assert_eq!(disclosed.items().count(), 0, "the data is not given");
    assert_eq!(care.calls().len(), 2, "and is not asked for again");
    assert_eq!(gateway.entries(EntryKind::Contribution, &care.oin).await, 1, "the source is not said to have given it");
    drop(care);
    gateway.stop().await;
}

/// What is kept for pick-up is destroyed by the first pick-up after a change, and collected anew: now without the data.
///
/// Broken on purpose to see it fail: `again` without `expected`; `DestroyDeliveries` doing nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pick_up_and_a_repeat_after_a_withdrawal_give_nothing() {
    let gateway = TestGateway::start().await;
    let care = FakeSource::instead_of(&gateway, Slug::MentalHealth).await;
    care.does(|call| Act::Answer(call.answer(&[care_item("substance-use", "reduced", json!({"level": "high"}))])));
    let body = consented(&gateway);
    let text = body.to_string().into_bytes();
    let client = gateway.running().client(Slug::VeiligThuis).expect("a client");
    let keys = [random_text(), random_text()];
    let first = client.disclose(&text, Some(&keys[0])).await.expect("given");
    let other = client.disclose(&text, Some(&keys[1])).await.expect("given");
    let again = client.pick_up(&first.id, &text).await.expect("picked up");
    let repeated = client.disclose(&text, Some(&keys[0])).await.expect("repeated");
    for same in [&again, &repeated] {
        assert_eq!((&same.id, same.items().count()), (&first.id, 1));
        assert_eq!(same.deliveries[0].receipt, first.deliveries[0].receipt, "the same delivery");
    }
    assert_eq!((care.calls().len(), gateway.entries(EntryKind::Redelivery, &oin(Slug::VeiligThuis)).await), (2, 2));

    withdraw(gateway.running(), "P29").await;
    let again = client.pick_up(&first.id, &text).await.expect("made anew");
    let repeated = client.disclose(&text, Some(&keys[1])).await.expect("made anew");
    for (anew, before) in [(&again, &first), (&repeated, &other)] {
        assert_eq!((&anew.id, anew.deliveries.len(), anew.items().count()), (&before.id, 1, 0));
        assert_ne!(anew.deliveries[0].receipt, before.deliveries[0].receipt);
        let store = &gateway.running().gateway.store;
        let kept = store.disclosure(&anew.id, gateway.running().outside().clock.now()).await.expect("read").expect("kept");
        let receipts: Vec<_> = kept.deliveries.iter().map(|delivery| &delivery.receipt).collect();
        assert_eq!(receipts, [&anew.deliveries[0].receipt], "what was sealed before is destroyed");
    }
    assert_eq!(care.calls().len(), 2, "nobody is asked for what may not be given");
    let third = client.pick_up(&first.id, &text).await.expect("picked up");
    assert_eq!(third.deliveries[0].receipt, again.deliveries[0].receipt, "made anew once");
    drop(care);
    gateway.stop().await;
}

/// The policies are facts too: what other policies decided is made anew.
///
/// Broken on purpose to see it fail: without the comparison of bundles in `again`, as it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pick_up_under_other_policies_is_made_anew() {
    let gateway = TestGateway::start_with(Setup::with_policies_of_its_own()).await;
    let care = FakeSource::instead_of(&gateway, Slug::MentalHealth).await;
    care.does(|call| Act::Answer(call.answer(&[care_item("substance-use", "reduced", json!({"level": "high"}))])));
    let text = consented(&gateway).to_string().into_bytes();
    let client = gateway.running().client(Slug::VeiligThuis).expect("a client");
    let given = client.disclose(&text, None).await.expect("given");
    assert_eq!(given.items().count(), 1);
    let (running, other) = (gateway.running(), Arc::new(without_consented_substances()));
    put_in_force(&running.gateway, &running.desk, other).await.expect("in force");
    let again = client.pick_up(&given.id, &text).await.expect("made anew");
    assert_eq!((again.deliveries.len(), again.items().count()), (1, 0));
    let same = client.pick_up(&given.id, &text).await.expect("picked up");
    assert_eq!(same.deliveries[0].receipt, again.deliveries[0].receipt, "made anew once");
    drop(care);
    gateway.stop().await;
}

/// The policies of this repository with one condition more, which nothing fulfils.
fn without_consented_substances() -> sluis::policy::Bundle {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let read = |path: PathBuf| {
        let name = path.strip_prefix(&folder).expect("below it").to_str().expect("a name").to_owned();
        (name, std::fs::read_to_string(path).expect("a file of policies"))
    };
    let mut files: BTreeMap<String, String> = files(&folder).into_iter().map(read).collect();
    let rules = files.get_mut("rules/safety-assessment.cedar").expect("the rules");
    let marker = "@id(\"sa.ggz.substances-consent\")";
    let (before, after) = rules.split_once(marker).expect("the rule");
    let never =
        after.replacen("context.facts.meldcodeSteps }", "context.facts.meldcodeSteps && context.facts.withheldBySource }", 1);
    *rules = format!("{before}{marker}{never}");
    sluis::policy::Bundle::from_files(files).expect("a bundle")
}

/// Who may not take part any more gets the refusal, not the data; a source that may not is not heard.
///
/// Broken on purpose to see it fail: `still_holds` true.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn suspension_and_revocation_under_way_hold() {
    let gateway = TestGateway::start().await;
    let police = FakeSource::instead_of(&gateway, Slug::Police).await;
    police.holds(|call| call.answer(&[item("identity", "exact", json!({"surname": "Bergsma"}))]));
    let body = gateway.question("P22");
    let desk = &gateway.running().desk;
    let (asker, giver) = (oin(Slug::VeiligThuis), police.oin.clone());
    let suspend = async |oin: &Oin, status| {
        desk.set_status(oin, status).await.expect("a status");
        // A readmission may take a moment to be known; a suspension may not.
        if status == Status::Active {
            gateway.running().gateway.registry.refresh().await.expect("the registry");
        }
    };
    let suffix = |outcome: Result<Disclosed, Trouble>| match outcome {
        Err(Trouble::Problem(problem)) => problem.suffix().to_owned(),
        other => panic!("not refused: {other:?}"),
    };

    let refusals = gateway.refusals(&asker).await;
    let outcome = ask_while(&gateway, &police, Slug::VeiligThuis, &body, suspend(&asker, Status::Suspended)).await;
    assert_eq!(suffix(outcome), "organisation-suspended");
    assert_eq!(gateway.refusals(&asker).await, refusals + 1, "and that is in the log");
    suspend(&asker, Status::Active).await;

    let outcome = ask_while(&gateway, &police, Slug::VeiligThuis, &body, suspend(&giver, Status::Suspended)).await;
    assert_eq!(outcome.expect("an answer").items().count(), 0, "a suspended source gives nothing");
    suspend(&giver, Status::Active).await;
    let calls = police.calls().len();
    let outcome = ask_while(&gateway, &police, Slug::VeiligThuis, &body, async {}).await;
    assert_eq!((outcome.expect("an answer").items().count(), police.calls().len()), (1, calls + 1));

    // The source's key: what it signed before the revocation does not count after it.
    let revoke = |keyid: &str| CredentialChange::RevokeKey { keyid: keyid.to_owned() };
    let change = async {
        desk.change_credential(&giver, revoke(&police.keyid)).await.expect("revoked");
        police.lets_everything_go();
    };
    let outcome = ask_while(&gateway, &police, Slug::VeiligThuis, &body, change).await;
    assert_eq!(outcome.expect("an answer").items().count(), 0, "signed by a revoked key");

    // The asker's key.
    let keyid = gateway.persona(Slug::VeiligThuis).key.id().as_str().to_owned();
    gateway.running().gateway.health.answered(&giver);
    police.holds(|call| call.answer(&[]));
    let change = async { desk.change_credential(&asker, revoke(&keyid)).await.expect("revoked") };
    let outcome = ask_while(&gateway, &police, Slug::VeiligThuis, &body, change).await;
    assert_eq!(suffix(outcome), "signature-invalid");
    drop(police);
    gateway.stop().await;
}

/// Waits until the gateway has heard of every override and its end.
async fn reported(connector: &Connector) {
    let done = async {
        while !connector.pending_overrides().await.expect("read").is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), done).await.expect("the gateway takes it");
}

/// Broken on purpose to see it fail: without the overrides in `facts_digest`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_override_ended_under_way_gives_nothing() {
    let gateway = TestGateway::start().await;
    let running = gateway.running();
    let connector = Arc::clone(&running.connectors[&Slug::MentalHealth]);
    let id = make_override(running, &connector).await;
    reported(&connector).await;
    let care = FakeSource::instead_of(&gateway, Slug::MentalHealth).await;
    care.holds(|call| call.answer(&[care_item("identity", "exact", json!({"surname": "Bergsma"}))]));
    let mut body = gateway.question("P21");
    body["purpose"] = json!("acute-safety");
    body["categories"] = json!(["identity"]);
    body["sources"] = json!([care.oin]);
    let disclosed = ask_while(&gateway, &care, Slug::Police, &body, async {}).await.expect("an answer");
    assert_eq!(disclosed.items().count(), 1, "by override");
    let end = async {
        let hand = running.hand(Slug::MentalHealth, "pro-1").expect("a professional");
        let sign = hand.sign(|signed| revoke_statement(&id, &signed.professional, signed.signed_at)).expect("signed");
        connector.revoke_override(&id, &sign).await.expect("ended");
        reported(&connector).await;
    };
    let ended = ask_while(&gateway, &care, Slug::Police, &body, end).await.expect("an answer");
    assert_eq!((ended.items().count(), care.calls().len()), (0, 2));
    let picked_up = running.client(Slug::Police).expect("a client").pick_up(&disclosed.id, body.to_string().as_bytes()).await;
    assert_eq!(picked_up.expect("made anew").items().count(), 0, "what was given before is not picked up any more");
    drop(care);
    gateway.stop().await;
}

/// Moves the clock to ten seconds before the consent about P29 ends; credentials are valid for longer.
async fn shortly_before_its_end(gateway: &TestGateway) {
    let running = gateway.running();
    let desk = &running.desk;
    let facts = desk.store.person_facts(desk.subject_index(&subject(running, "P29"))).await.expect("facts");
    let ends = facts.consents.iter().find(|consent| consent.state == ConsentState::Given).expect("in force").not_after;
    let left = ends.since(running.outside().clock.now()).as_secs();
    gateway.clock.advance(i64::try_from(left).expect("some days") - 10);
}

/// A consent that runs out is as good as withdrawn, be it while the source answers or between the judgement of the answer and its recording.
///
/// Broken on purpose to see it fail: `void_at` at the end of time.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consent_that_runs_out_under_way_gives_nothing() {
    let gateway = TestGateway::start().await;
    let care = FakeSource::instead_of(&gateway, Slug::MentalHealth).await;
    let answer = |call: &Call| call.answer(&[care_item("substance-use", "reduced", json!({"level": "high"}))]);
    shortly_before_its_end(&gateway).await;
    let body = consented(&gateway);

    let node = Node::beside(&gateway).await;
    care.does(move |call| Act::Answer(answer(call)));
    let clock = Arc::clone(&gateway.clock);
    node.store.after_naming(move || clock.advance(11));
    let disclosed = node.client(&gateway, Slug::VeiligThuis).disclose(body.to_string().as_bytes(), None).await;
    assert_eq!((disclosed.expect("an answer").items().count(), care.calls().len()), (0, 1), "asked, judged, and then too late");
    node.stop().await;

    gateway.clock.advance(-11);
    care.holds(answer);
    let in_time = ask_while(&gateway, &care, Slug::VeiligThuis, &body, async {}).await;
    assert_eq!((in_time.expect("an answer").items().count(), care.calls().len()), (1, 2), "before its end it is given");
    let over = async { gateway.clock.advance(11) };
    let disclosed = ask_while(&gateway, &care, Slug::VeiligThuis, &body, over).await;
    assert_eq!((disclosed.expect("an answer").items().count(), care.calls().len()), (0, 3));
    drop(care);
    gateway.stop().await;
}

/// A summary that is released after its disclosure was made anew is given once more under other facts, and its source gets a receipt that holds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_release_after_an_answer_made_anew_is_proved_to_its_source() {
    let gateway = TestGateway::start().await;
    let running = gateway.running();
    let police = Arc::clone(&running.connectors[&Slug::Police]);
    let mut body = gateway.question("P22");
    body["categories"] = json!(["identity", "incident-reports"]);
    let text = body.to_string().into_bytes();
    let client = running.client(Slug::VeiligThuis).expect("a client");
    let first = client.disclose(&text, None).await.expect("an answer");
    assert_eq!((first.status.as_str(), first.items().count()), ("open", 1));

    let (keyid, (_, jwk)) = new_key("one-more");
    let publish = CredentialChange::Signing { organisation: oin(Slug::Police), key: published(&keyid, &jwk) };
    running.desk.change_credential(&oin(Slug::Police), publish).await.expect("published");
    let anew = client.pick_up(&first.id, &text).await.expect("made anew");
    assert_ne!(anew.deliveries[0].receipt, first.deliveries[0].receipt);

    release_all(running, Slug::Police, &police, &first.id).await;
    let released = client.wait_for_more(anew, &text, Duration::from_secs(20)).await.expect("picked up");
    assert!(released.deliveries.len() == 2 && released.items().any(|item| item["form"] == "summary"));
    let all_taken = async {
        while !running.gateway.store.contribution_receipts(10).await.expect("read").is_empty() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(30), all_taken).await.expect("the source takes every receipt");
    assert_eq!(police.state().receipts(&first.id).await.expect("read").len(), 3, "two answers and a release");
    gateway.stop().await;
}
