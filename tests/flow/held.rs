//! Legal holds: what they cover, and that neither a lift nor an erasure at the same moment loses what is held, or keeps what is not.

use std::sync::Arc;

use serde_json::{Value, json};
use sluis::actions::Desk;
use sluis::app::erasures;
use sluis::clock::Clock;
use sluis::config::GatewayConfig;
use sluis::demo::organisations::Slug;
use sluis::ledger::entry::EntryKind;
use sluis::organisation::Oin;
use sluis::organisation::people::Role;
use sluis::secret::Personal;
use sluis::store::{Append, Change};
use sluis::subject::SubjectId;

use crate::support::aged::{self, opens};
use crate::support::consents::{pointers, post};
use crate::support::derogation::Person;
use crate::support::faulty_store::{At, Fault, FaultyStore, Node};
use crate::support::officers::{ask, officer, signed};
use crate::support::{TestGateway, log};

const ASKER: Slug = Slug::VeiligThuis;

async fn hold(gateway: &TestGateway, what: Value) -> Value {
    let mut request = what;
    request["ground"] = json!("before the court");
    let (status, hold) = ask(gateway, ASKER, "holds", &request).await;
    assert_eq!(status, 200, "{hold}");
    hold
}

async fn lift(gateway: &TestGateway, hold: &Value) -> Value {
    let (status, lifted) = ask(gateway, ASKER, "lifts", &json!({"hold": hold["id"], "ground": "decided"})).await;
    assert_eq!(status, 200, "{lifted}");
    lifted
}

/// The gateway's desk on a store that can be made to wait.
fn slow(gateway: &TestGateway) -> (Arc<FaultyStore>, Desk) {
    let desk = &gateway.running().desk;
    let store = FaultyStore::around(Arc::clone(&desk.store));
    (Arc::clone(&store), Desk { store, ..(**desk).clone() })
}

/// That the log, the rows and the key store say the same, and that no key of a hold is left that does not stand.
async fn is_settled(gateway: &TestGateway, standing: usize) {
    let running = gateway.running();
    let config = GatewayConfig::load(&running.layout.configuration()).expect("a configuration");
    erasures::verify(&config, running.outside(), |_, _| {}).await.expect("as the log says");
    assert_eq!(running.desk.journal.names("hold-").expect("listed").there.len(), standing);
}

/// Broken on purpose to see it fail: `move_entries` without its looks at the holds and at what is said to be erased, both.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_held_no_more_is_erased_whenever_the_lift_comes() {
    for at in [At::BeforeMoving, At::AfterMoving] {
        let gateway = TestGateway::start().await;
        let held = aged::entry(&gateway, &gateway.persona(ASKER).oin).await;
        let placed = hold(&gateway, json!({"entries": [held]})).await;
        let (store, desk) = slow(&gateway);
        let pause = store.pauses(at);
        let erased = async { desk.erase_past_term(gateway.clock.now(), None).await.expect("erased") };
        let lifted = async {
            pause.reached().await;
            assert_eq!(lift(&gateway, &placed).await["erased"], 0, "its class was not erased yet");
            pause.over();
        };
        tokio::join!(erased, lifted);
        assert!(!opens(&gateway, held).await, "{at:?}: kept for ever");
        is_settled(&gateway, 0).await;
        gateway.stop().await;
    }
}

/// A lift that nobody could finish, and a new hold while another finishes it.
///
/// Broken on purpose to see it fail: `move_entries` without its three looks, at the holds, at what keeps the entry and at what is said to be erased: any one of
/// them is enough here.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_under_a_hold_that_is_placed_while_another_is_released() {
    let gateway = TestGateway::start().await;
    let own = gateway.persona(ASKER).oin;
    let held = aged::entry(&gateway, &own).await;
    let first = hold(&gateway, json!({"entries": [held]})).await;
    let now = gateway.clock.now();
    let (store, desk) = slow(&gateway);

    // The rows are with the first hold, and the class is there; the first hold is lifted by a gateway that dies after it.
    let pause = store.pauses(At::AfterMoving);
    let dies = desk.clone();
    let begun = tokio::spawn(async move { dies.erase_past_term(now, None).await });
    pause.reached().await;
    begun.abort();
    let id = first["id"].as_str().expect("an id").to_owned();
    let told = log::row(&desk, (&own, now), EntryKind::LegalHold, |_| {}, |_| {});
    let append = Append { entries: vec![told], changes: vec![Change::HoldLifted(id)], ..Append::default() };
    desk.sequencer.append(append).await.expect("lifted");

    // Another finishes the lift, and is slower than a new hold and an erasure of the class.
    let pause = store.pauses(At::BeforeMoving);
    let released = async { desk.erase_past_term(now, None).await.expect("released") };
    let placed = async {
        pause.reached().await;
        let second = hold(&gateway, json!({"entries": [held]})).await;
        gateway.running().desk.erase_past_term(now, None).await.expect("erased");
        pause.over();
        second
    };
    let ((), second) = tokio::join!(released, placed);
    assert!(opens(&gateway, held).await, "lost under a standing hold");
    is_settled(&gateway, 1).await;
    assert_eq!(lift(&gateway, &second).await["erased"], 1);
    assert!(!opens(&gateway, held).await);
    is_settled(&gateway, 0).await;
    gateway.stop().await;
}

/// Broken on purpose to see it fail: what is held given back before the lift is committed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lift_that_is_not_committed_moves_nothing() {
    let gateway = TestGateway::start().await;
    let held = aged::entry(&gateway, &gateway.persona(ASKER).oin).await;
    let placed = hold(&gateway, json!({"entries": [held]})).await;
    let (store, desk) = slow(&gateway);
    let pause = store.pauses(At::AfterMoving);
    let node = Node::beside(&gateway).await;
    node.store.fails(EntryKind::LegalHold, Fault::Refused);
    let request = json!({"hold": placed["id"], "ground": "decided"});
    let body = signed(&gateway, &officer(&gateway, ASKER), "lifts", &request).to_string();
    let erased = async { desk.erase_past_term(gateway.clock.now(), None).await.expect("erased") };
    let refused = async {
        pause.reached().await;
        node.client(&gateway, ASKER).post("/v1/log/lifts", body.as_bytes(), None).await.expect_err("the store refuses");
        pause.over();
    };
    tokio::join!(erased, refused);
    assert!(opens(&gateway, held).await, "lost under a standing hold");
    node.stop().await;
    is_settled(&gateway, 1).await;
    gateway.stop().await;
}

/// Broken on purpose to see it fail: `COVERED` or `Hold::covers` by the row's own token; the count of what the search finds alone.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hold_on_a_person_takes_along_what_tells_of_the_same_disclosure() {
    let gateway = TestGateway::start().await;
    let own = gateway.persona(ASKER).oin;
    let source = gateway.persona(Slug::MentalHealth).oin;
    let subject = json!({"scheme": "local", "source": source, "value": "client-77"});
    let value = "client-77".parse().expect("a number");
    let token = gateway.running().desk.journal.subject_token(&own, &Personal::new(SubjectId::Local { source, value }));
    let about = aged::entry_with(&gateway, &own, |clear| clear.subject = Some(token)).await;
    let trace = gateway.running().desk.store.entries(about, 1).await.expect("read")[0].row.clear.trace;
    let mate = aged::entry_with(&gateway, &own, |clear| clear.trace = trace).await;
    let anothers = aged::entry_with(&gateway, &gateway.persona(Slug::Police).oin, |clear| clear.trace = trace).await;
    let other = aged::entry(&gateway, &own).await;

    let placed = hold(&gateway, json!({"subject": subject})).await;
    assert_eq!((&placed["covers"], &placed["entries"]), (&json!("subject"), &json!(2)), "{placed}");
    let listed = ask(&gateway, ASKER, "standing-holds", &json!({})).await.1;
    assert_eq!(listed["holds"][0]["entries"], 2, "{listed}");
    let (status, problem) = ask(&gateway, ASKER, "erasures", &json!({"entry": mate, "ground": "none"})).await;
    assert_eq!(status, 409, "{problem}");
    gateway.running().desk.erase_past_term(gateway.clock.now(), None).await.expect("erased");
    assert!(opens(&gateway, about).await && opens(&gateway, mate).await, "held, and what belongs to it");
    assert!(!opens(&gateway, other).await && !opens(&gateway, anothers).await, "neither about the person nor hers");
    assert_eq!(lift(&gateway, &placed).await["erased"], 2);
    is_settled(&gateway, 0).await;
    gateway.stop().await;
}

/// Broken on purpose to see it fail: the organisation's own numbers only; `may_name` not asked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_is_held_by_whatever_number_requests_name_her() {
    let gateway = TestGateway::start().await;
    let source: Oin = gateway.persona(Slug::MentalHealth).oin;
    let of_a_source = json!({"scheme": "local", "source": source, "value": "client-77"});
    let placed = hold(&gateway, json!({"subject": of_a_source})).await;
    assert_eq!(placed["entries"], 0, "nothing is about her yet, and the answer says so: {placed}");
    let pseudonym = json!({"scheme": "pseudonym", "value": "p1_00000000000000000000000000*"});
    for (name, request, place) in [
        ("a pseudonym", json!({"subject": pseudonym, "ground": "x"}), "/request/subject"),
        ("two things", json!({"case": "c-1", "entries": [1], "ground": "x"}), "/request/subject"),
        ("nothing", json!({"ground": "x"}), "/request/subject"),
    ] {
        let (status, problem) = ask(&gateway, ASKER, "holds", &request).await;
        assert_eq!(status, 400, "{name}: {problem}");
        assert!(pointers(&problem).iter().any(|pointer| pointer.starts_with(place)), "{name}: {problem}");
    }
    let without = Slug::CaseManagement;
    let fg = Person::new("fg-7", "FG 7").enrolled(&gateway, without, Role::PrivacyOfficer).await;
    let bsn = json!({"subject": gateway.question("P22")["subject"], "ground": "x"});
    let body = signed(&gateway, &fg, "holds", &bsn);
    let (status, problem) = post(&gateway, &gateway.persona(without), "/v1/log/holds", &body).await;
    assert_eq!(status, 403, "no authority to use the citizen number: {problem}");
    gateway.stop().await;
}
