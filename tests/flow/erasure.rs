//! Privacy officers hold and erase over the wire; the log's own terms end.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use sluis::app::erasures;
use sluis::client::Against;
use sluis::clock::{Clock, Timestamp};
use sluis::config::GatewayConfig;
use sluis::cosigners::{Answer, Cosigners, Unreached};
use sluis::demo::organisations::Slug;
use sluis::exchange::quorum::Witnessing;
use sluis::ledger::cosignature::Cosigner;
use sluis::ledger::entry::{Body, EntryKind, Erases, Erasure};
use sluis::ledger::note::{KeyKind, SigningKey};
use sluis::ledger::quorum::Policy;
use sluis::ledger::witness::AddCheckpoint;
use sluis::organisation::Oin;
use sluis::secret::Secret;
use sluis::store::journal::class_end;
use sluis::store::retention::settle;
use sluis::store::{Append, StoredEntry};

use crate::support::aged::{self, opens};
use crate::support::consents::{pointers, post};
use crate::support::officers::{ask, officer, signed};
use crate::support::witness::TestLog;
use crate::support::{Setup, TestGateway, log};

const CARE: Slug = Slug::MentalHealth;
const ASKER: Slug = Slug::VeiligThuis;

/// The newest entry of this kind on a party's side.
async fn newest(gateway: &TestGateway, kind: EntryKind, party: &Oin) -> StoredEntry {
    let entries = log::stored(&*gateway.running().gateway.store).await;
    entries.into_iter().rfind(|entry| entry.row.clear.kind == kind && entry.row.clear.party == *party).expect("an entry")
}

/// The newest entry on a source's side.
async fn contribution(gateway: &TestGateway) -> StoredEntry {
    let entries = log::stored(&*gateway.running().gateway.store).await;
    entries.into_iter().rfind(|entry| entry.row.clear.kind == EntryKind::Contribution).expect("an entry")
}

async fn verifies(gateway: &TestGateway) -> u64 {
    let against = Against { log: gateway.running().gateway.log.clone(), policy: None, seen: Vec::new() };
    against.verify(&gateway.place(), |_, _| {}).await.expect("sound").erased
}

/// Broken on purpose to see it fail: without the party; without `can_be_erased`; without the holds.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_officer_erases_an_entry_of_her_own_side_unless_it_is_held() {
    let gateway = TestGateway::start().await;
    gateway.ask(ASKER, &gateway.question("P22"), None).await.expect("an answer");
    let own = gateway.persona(ASKER).oin;
    let disclosure = newest(&gateway, EntryKind::Disclosure, &own).await;
    let request = |entry: u64| json!({"entry": entry, "ground": "recorded about the wrong person"});
    let erase = async |of, entry| ask(&gateway, of, "erasures", &request(entry)).await;

    assert_eq!(erase(CARE, disclosure.index).await.0, 404, "another party's");
    assert_eq!(erase(ASKER, 1_000_000).await.0, 404, "none");
    let complaint = json!({"disclosure": uuid(&disclosure), "ground": "a complaint (AVG 77)"});
    let (status, hold) = ask(&gateway, ASKER, "holds", &complaint).await;
    assert_eq!((status, &hold["covers"]), (200, &json!("disclosure")), "{hold}");
    let (status, problem) = erase(ASKER, disclosure.index).await;
    assert_eq!(status, 409, "{problem}");
    assert!(problem["detail"].as_str().expect("text").contains("legal hold"), "{problem}");
    let lift = json!({"hold": hold["id"], "ground": "the complaint was decided"});
    assert_eq!(ask(&gateway, CARE, "lifts", &lift).await.0, 404, "another's hold");
    assert_eq!(ask(&gateway, CARE, "standing-holds", &json!({})).await.1["holds"], json!([]));
    assert_eq!(ask(&gateway, ASKER, "standing-holds", &json!({})).await.1["holds"][0]["id"], hold["id"]);
    assert_eq!(ask(&gateway, ASKER, "lifts", &lift).await.0, 200);
    assert_eq!(ask(&gateway, ASKER, "lifts", &lift).await.0, 404, "lifted once");
    let look = newest(&gateway, EntryKind::LogView, &own).await;
    let (_, problem) = erase(ASKER, look.index).await;
    assert_eq!(pointers(&problem), ["/request/entry"], "looks stay: {problem}");

    let (status, erased) = erase(ASKER, disclosure.index).await;
    assert_eq!((status, &erased["erased"]), (200, &json!(disclosure.index)), "{erased}");
    assert!(!opens(&gateway, disclosure.index).await);
    let says = newest(&gateway, EntryKind::Erasure, &own).await;
    assert_eq!(erased["entry"], json!(says.index));
    let body = gateway.running().desk.journal.open(&says.row).expect("open");
    assert_eq!(body.signed.first().map(|signed| signed.step.as_str()), Some("log-erasures"));
    assert_eq!(erase(ASKER, disclosure.index).await.0, 409, "erased already");
    assert!(opens(&gateway, contribution(&gateway).await.index).await, "the source's own stays");
    assert_eq!(verifies(&gateway).await, 1);
    gateway.stop().await;
}

/// Broken on purpose to see it fail: `signed_by_officer` without its look at the signature, at its age, at the reference; its statement without the request.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_but_an_officer_holds_or_erases() {
    let gateway = TestGateway::start().await;
    let (asker, from) = (gateway.persona(ASKER), gateway.log_size().await);
    let request = json!({"entry": 1, "ground": "none"});
    let good = signed(&gateway, &officer(&gateway, ASKER), "erasures", &request);
    let changed = |pointer: &str, value: Value| {
        let mut body = good.clone();
        *body.pointer_mut(pointer).expect("there") = value;
        body
    };
    for (name, body, place) in [
        ("unsigned", changed("/signed", Value::Null), "/signed"),
        ("another's officer", signed(&gateway, &officer(&gateway, CARE), "erasures", &request), "/signed/signature"),
        ("another entry", changed("/request/entry", json!(2)), "/signed/signature"),
        ("another ground", changed("/request/ground", json!("some")), "/signed/signature"),
        ("signed for another act", signed(&gateway, &officer(&gateway, ASKER), "holds", &request), "/signed/signature"),
        ("nobody", changed("/by", json!("fg-9")), "/by"),
        ("old", changed("/signed/signedAt", json!(gateway.clock.now().minus(Duration::from_mins(16)))), "/signed/signedAt"),
    ] {
        let (status, problem) = post(&gateway, &asker, "/v1/log/erasures", &body).await;
        assert_eq!((status, pointers(&problem)), (400, vec![place.to_owned()]), "{name}: {problem}");
    }
    let refusals = gateway.entries_since(from).await.into_iter().filter(|(kind, _)| *kind == EntryKind::Refusal).count();
    assert_eq!(refusals, 7, "each is an entry");
    assert_eq!(verifies(&gateway).await, 0);
    gateway.stop().await;
}

/// Broken on purpose to see it fail: without `keep_for`; a class ended a day early, or late.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_class_goes_on_the_day_its_term_has_passed_but_for_what_is_held() {
    let gateway = TestGateway::start_with(Setup::default()).await;
    gateway.ask(ASKER, &gateway.question("P22"), None).await.expect("an answer");
    let own = gateway.persona(ASKER).oin;
    let given = newest(&gateway, EntryKind::Disclosure, &own).await;
    let other = contribution(&gateway).await;
    let body = json!({"subject": gateway.question("P22")["subject"], "ground": "before the court"});
    let (status, hold) = ask(&gateway, ASKER, "holds", &body).await;
    assert_eq!(status, 200, "{hold}");
    let desk = &gateway.running().desk;
    let end = class_end(&other.row.key_class).expect("a class of entries");
    for before in [Duration::from_hours(24), Duration::from_millis(1)] {
        desk.erase_past_term(end.minus(before), None).await.expect("not this class");
        assert!(opens(&gateway, other.index).await && opens(&gateway, given.index).await, "{before:?} before its end");
    }

    desk.erase_past_term(end, None).await.expect("erased");
    assert!(!opens(&gateway, other.index).await, "past its term");
    assert!(opens(&gateway, given.index).await, "held");
    let kept = gateway.running().gateway.store.entries(given.index, 1).await.expect("read").remove(0).row;
    assert!(kept.clear.subject.is_some() && kept.held_by.is_some());
    let erased = verifies(&gateway).await;
    assert!(erased > 2, "{erased}");
    let problem = gateway.ask(ASKER, &gateway.question("P22"), None).await.expect_err("this month's key is destroyed");
    assert!(problem.to_string().contains("log-unavailable"), "{problem}");
    gateway.stop().await;
}

/// Whoever has the gateway's clock destroys nothing with it while witnesses, who have clocks of their own, say otherwise, or nothing.
///
/// Broken on purpose to see it fail: `erase_past_term` without the witnesses; `Witnessing::time` of a closed lock; the latest of their times instead of the
/// earliest.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_class_waits_for_a_quorum_of_witnesses_to_say_the_time() {
    let gateway = TestGateway::start().await;
    let old = aged::entry(&gateway, &gateway.persona(ASKER).oin).await;
    let desk = &gateway.running().desk;
    let end = class_end(&desk.store.entries(old, 1).await.expect("read")[0].row.key_class).expect("a class of entries");
    let (now, log) = (gateway.clock.now(), TestLog::of(3, 0));
    let keys = [("w1", 8), ("w2", 9)].map(|(name, seed)| {
        let key =
            SigningKey::from_seed(name.parse().expect("a name"), KeyKind::Cosignature, &Secret::new([seed; 32])).expect("a key");
        Cosigner::new(key).expect("a witness's")
    });
    let [one, two] = &keys;
    let policy = format!("witness w1 {}\nwitness w2 {}\ngroup both all w1 w2\nquorum both\n", one.verifier(), two.verifier());
    let witnessed = |times: Option<[Timestamp; 2]>, seen: Timestamp| {
        let policy = Policy::parse(policy.as_bytes()).expect("a policy");
        let minutes = Duration::from_mins(15);
        let witnesses = Witnessing::new(policy, log.signer.verifier().clone(), Arc::new(Nobody), minutes);
        if let Some(times) = times {
            let mut head = log.checkpoint(3);
            for (witness, time) in keys.iter().zip(times) {
                head.add(witness.cosign(&head, time)).expect("room");
            }
            witnesses.resume(&head, seen);
        }
        witnesses
    };
    let (early, hour) = (end.minus(Duration::from_secs(1)), Duration::from_hours(1));
    for (name, witnesses) in [
        ("no quorum ever", witnessed(None, now)),
        ("none of late: the lock is closed", witnessed(Some([now; 2]), now.plus(hour))),
        ("they say that it is earlier", witnessed(Some([early; 2]), early)),
        ("one of them says so", witnessed(Some([early, end]), end)),
    ] {
        desk.erase_past_term(now, Some(&witnesses)).await.expect("looked");
        assert!(opens(&gateway, old).await, "{name}");
    }
    desk.erase_past_term(now, Some(&witnessed(Some([end; 2]), end))).await.expect("erased");
    assert!(!opens(&gateway, old).await);
    gateway.stop().await;
}

struct Nobody;

#[async_trait]
impl Cosigners for Nobody {
    async fn add_checkpoint(&self, _: &str, _: &AddCheckpoint) -> Result<Answer, Unreached> {
        Err(Unreached("nobody".to_owned()))
    }

    async fn latest(&self, _: &str, _: &str) -> Result<Answer, Unreached> {
        Err(Unreached("nobody".to_owned()))
    }
}

/// Broken on purpose to see it fail: what is not finished told as what was tampered with; `nothing_kept` without its look.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_erasure_that_is_not_finished_is_told_as_that() {
    let gateway = TestGateway::start().await;
    let own = gateway.persona(ASKER).oin;
    let old = aged::entry(&gateway, &own).await;
    let running = gateway.running();
    let config = GatewayConfig::load(&running.layout.configuration()).expect("a configuration");
    let verify = async || erasures::verify(&config, running.outside(), |_, _| {}).await;
    let desk = &running.desk;
    let class = desk.store.entries(old, 1).await.expect("read")[0].row.key_class.clone();
    assert_eq!(verify().await.expect("sound").erased, 0);

    let say = async |what: Erases| {
        let tell = |body: &mut Body| body.erasure = Some(Erasure { rule: "a test".to_owned(), erases: Some(what), count: 1 });
        let row = log::row(desk, (&own, gateway.clock.now()), EntryKind::Erasure, |_| {}, tell);
        desk.sequencer.append(Append { entries: vec![row], ..Append::default() }).await.expect("committed");
    };
    say(Erases::Entry(old)).await;
    let told = verify().await.expect_err("said, and not done").to_string();
    assert!(told.contains("not finished: 1 entries") && told.contains("start the gateway"), "{told}");
    settle(&*desk.store, &desk.journal).await.expect("settled");
    assert_eq!(verify().await.expect("sound").erased, 1);

    let empty = format!("{}1", class.trim_end_matches(char::is_numeric));
    desk.journal.wrap_anew(&desk.store.entries(0, 1).await.expect("read")[0].row, &empty).expect("its key is made");
    say(Erases::Class(empty.clone())).await;
    let told = verify().await.expect_err("said, and not done").to_string();
    assert!(told.contains(&format!("not finished: the log says that {empty} was erased")), "{told}");
    settle(&*desk.store, &desk.journal).await.expect("settled");
    assert_eq!(verify().await.expect("sound").erased, 1);
    gateway.stop().await;
}

/// Broken on purpose to see it fail: what a lifted hold kept not erased; `keep_for` not called for the others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_hold_kept_beyond_its_term_goes_when_it_is_lifted() {
    let gateway = TestGateway::start_with(Setup::default()).await;
    let own = gateway.persona(ASKER).oin;
    let (held, other) = (aged::entry(&gateway, &own).await, aged::entry(&gateway, &own).await);
    let body = |ground: &str| json!({"entries": [held], "ground": ground});
    let (_, first) = ask(&gateway, ASKER, "holds", &body("before the court")).await;
    let (_, second) = ask(&gateway, ASKER, "holds", &body("before the supervisor")).await;
    let desk = &gateway.running().desk;
    desk.erase_past_term(gateway.clock.now(), None).await.expect("erased");
    assert!(opens(&gateway, held).await && !opens(&gateway, other).await);
    assert_eq!(verifies(&gateway).await, 1);
    let lift = |hold: &Value| json!({"hold": hold["id"], "ground": "decided"});
    let lifted = ask(&gateway, ASKER, "lifts", &lift(&first)).await;
    assert_eq!((lifted.0, &lifted.1["erased"]), (200, &json!(0)), "the other one covers it");
    assert!(opens(&gateway, held).await);
    let lifted = ask(&gateway, ASKER, "lifts", &lift(&second)).await;
    assert_eq!((lifted.0, &lifted.1["erased"]), (200, &json!(1)), "{}", lifted.1);
    assert!(!opens(&gateway, held).await);
    assert_eq!(verifies(&gateway).await, 2);
    gateway.stop().await;
}

/// The disclosure's id: the trace of its entries.
fn uuid(entry: &StoredEntry) -> String {
    let hex = entry.row.clear.trace.to_string();
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
