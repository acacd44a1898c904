//! The log is witnessed: cosignatures are collected whatever some witnesses do, receipts are brought under cosigned heads, and without a quorum nothing
//! passes but an emergency.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sluis::app::policies::put_in_force;
use sluis::client::Trouble;
use sluis::clock::{Clock, SystemClock, Timestamp};
use sluis::demo::organisations::Slug;
use sluis::ledger::checkpoint::SignedCheckpoint;
use sluis::ledger::cosignature::Cosigner;
use sluis::ledger::entry::EntryKind;
use sluis::ledger::note::{KeyKind, NoteSigner, SigningKey};
use sluis::ledger::proof::TlogProof;
use sluis::ledger::quorum::Policy;
use sluis::ledger::tree::NodeHash;
use sluis::ledger::witness::AddCheckpoint;
use sluis::policy::Bundle;
use sluis::secret::Secret;
use sluis::store::cosigned::Cosigned;

use crate::support::consents::given;
use crate::support::false_witness::{FalseWitness, cosigner};
use crate::support::faulty_store::Node;
use crate::support::witness::call;
use crate::support::{Setup, TestGateway, random_text};

/// A policy file with the witnesses' addresses, in the gateway's folder.
fn policy(gateway: &TestGateway, witnesses: &[(&str, String)], quorum: &str) -> PathBuf {
    let lines: Vec<String> =
        witnesses.iter().map(|(name, url)| format!("witness {name} {} {url}\n", cosigner(name).verifier())).collect();
    let path = gateway.running().layout.gateway().join("test-witnesses.policy");
    std::fs::write(&path, lines.concat() + quorum).expect("written");
    path
}

fn at(witness: &FalseWitness) -> String {
    format!("http://{}", witness.address)
}

/// Cosigns whatever it is shown, as of now.
fn agreeable(request: &AddCheckpoint, cosigner: &Cosigner) -> (u16, Vec<u8>) {
    (200, format!("{}\n", cosigner.cosign(&request.checkpoint, SystemClock.now())).into_bytes())
}

/// A witness that does so.
async fn sound(name: &'static str) -> FalseWitness {
    FalseWitness::start(name, |request, cosigner| Some(agreeable(request, cosigner))).await
}

/// The first cosigned head of at least this size.
async fn cosigned(store: &dyn Cosigned, size: u64) -> SignedCheckpoint {
    let begun = Instant::now();
    loop {
        let newest = store.newest_cosigned().await.expect("readable");
        match newest.filter(|newest| newest.checkpoint().size() >= size) {
            Some(newest) => return newest,
            None => assert!(begun.elapsed() < Duration::from_mins(1), "no quorum cosigned {size} entries"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn suffix<T>(outcome: &Result<T, Trouble>) -> &str {
    match outcome {
        Err(Trouble::Problem(problem)) => problem.suffix(),
        _ => "",
    }
}

fn sizes(answer: &sluis::client::Disclosed) -> Vec<u64> {
    answer.deliveries.iter().map(|delivery| delivery.log_size).collect()
}

/// Broken on purpose to see it fail: lines taken unverified (a whole checkpoint is refused for one that is forged).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lying_slow_and_silent_witnesses_hold_up_nobody() {
    let gateway = TestGateway::start().await;
    let good = [sound("good").await, sound("sound").await];
    let bad = [
        ("stranger", FalseWitness::start("stranger", |request, _| Some(agreeable(request, &cosigner("somebody")))).await),
        (
            "forger",
            FalseWitness::start("forger", |request, cosigner| {
                let other = request.checkpoint.to_string().replacen('\n', "\n1", 1);
                let other = SignedCheckpoint::parse(&other).expect("a checkpoint");
                Some((200, format!("{}\n", cosigner.cosign(&other, SystemClock.now())).into_bytes()))
            })
            .await,
        ),
        (
            "stale",
            FalseWitness::start("stale", |request, cosigner| {
                let long_ago = Timestamp::from_seconds(SystemClock.now().seconds() - 3600);
                Some((200, format!("{}\n", cosigner.cosign(&request.checkpoint, long_ago)).into_bytes()))
            })
            .await,
        ),
        ("windy", FalseWitness::start("windy", |_, _| Some((200, vec![b'a'; 1 << 20]))).await),
        ("silent", FalseWitness::start("silent", |_, _| None).await),
        ("ahead", FalseWitness::start("ahead", |_, _| Some((409, b"4611686018427387904\n".to_vec()))).await),
        ("contrary", FalseWitness::start("contrary", |_, _| Some((422, Vec::new()))).await),
        ("forgetful", FalseWitness::start("forgetful", |_, _| Some((409, b"0\n".to_vec()))).await),
    ];
    // Put back to what it cosigned long ago, again and again: it is shown that all follows from that.
    let relapsed = FalseWitness::start("relapsed", |request, cosigner| {
        Some(if request.old == 1 { agreeable(request, cosigner) } else { (409, b"1\n".to_vec()) })
    });
    let relapsed = relapsed.await;
    let mut witnesses = vec![
        ("good", at(&good[0])),
        ("sound", at(&good[1])),
        ("relapsed", at(&relapsed)),
        ("down", "http://127.0.0.1:9".to_owned()),
    ];
    witnesses.extend(bad.iter().map(|(name, witness)| (*name, at(witness))));
    let file = policy(&gateway, &witnesses, "group three all good sound relapsed\nquorum three\n");
    let node = Node::with(&gateway, |config| config.log.witnesses = Some(file.clone())).await;
    let size = gateway.log_size().await;
    let head = cosigned(&*node.store, size).await;
    let policy = Policy::parse(&std::fs::read(&file).expect("readable")).expect("a policy");
    let by: Vec<_> =
        policy.witnessed(&head).expect("a quorum, and no forged line").by.into_iter().map(|(one, _)| one.name.clone()).collect();
    assert_eq!(by, ["good", "sound", "relapsed"]);
    assert_eq!(head.note().signatures().len(), 4, "the log's line and three more");

    let body = gateway.question("P22").to_string().into_bytes();
    let client = node.client(&gateway, Slug::VeiligThuis);
    let disclosed =
        client.disclose(&body, None).await.expect("nobody holds it up: no witness can stop the log by its word alone");
    cosigned(&*node.store, disclosed.deliveries[0].log_index + 1).await;
    node.stop().await;
    gateway.stop().await;
}

/// Broken on purpose to see it fail: the kept receipt in the place of the upgraded one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pick_up_brings_a_cosigned_receipt_and_a_repeat_the_same_as_before() {
    let gateway = TestGateway::start_witnessed().await;
    let (client, body) = (gateway.running().client(Slug::VeiligThuis).expect("a client"), gateway.question("P22"));
    let (body, key) = (body.to_string().into_bytes(), Some("vt-4711.witnessed-1"));
    let first = client.disclose(&body, key).await.expect("an answer");
    let delivery = &first.deliveries[0];
    let store = &gateway.running().gateway.store;
    let head = cosigned(&**store, delivery.log_index + 1).await;

    let policy = gateway.running().gateway.witnessing.as_ref().map(|witnessing| &witnessing.policy).expect("witnesses");
    let picked_up = client.pick_up(&first.id, &body).await.expect("an answer");
    let proof = TlogProof::parse(&picked_up.deliveries[0].receipt).expect("a receipt");
    assert!(policy.witnessed(&proof.checkpoint).expect("a quorum").by.len() >= 3);
    assert_eq!(sizes(&picked_up), [head.checkpoint().size()], "under the first head that was cosigned behind it");
    assert_eq!(proof.index, delivery.log_index);
    assert_eq!(picked_up.deliveries[0].payload, delivery.payload);

    let repeated = client.disclose(&body, key).await.expect("an answer");
    assert_eq!(repeated.deliveries[0].receipt, delivery.receipt, "a repeat gives the same receipt as before");

    // The source, which knows the witnesses, took a receipt that they cosigned.
    let source = &gateway.running().connectors[&Slug::Police];
    let begun = Instant::now();
    let receipts = loop {
        let receipts = source.state().receipts(&first.id).await.expect("its receipts");
        if !receipts.is_empty() {
            break receipts;
        }
        assert!(begun.elapsed() < Duration::from_mins(1), "the source has no receipt");
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    for receipt in receipts {
        let proof = TlogProof::parse(&receipt.receipt).expect("a receipt");
        assert!(policy.witnessed(&proof.checkpoint).is_ok(), "a source keeps what a quorum cosigned");
    }

    // On a log that stands still, anyone sees the head with its witnesses' lines, and the operator that they are there.
    let begun = Instant::now();
    loop {
        let shown = call(gateway.running().addresses.web, "GET", "/log/checkpoint", b"").await.expect("an answer").body;
        let shown = SignedCheckpoint::parse(&shown).expect("a checkpoint");
        if shown.checkpoint().size() == gateway.log_size().await && policy.witnessed(&shown).is_ok() {
            break;
        }
        assert!(begun.elapsed() < Duration::from_mins(1), "the head is shown without its witnesses");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let (status, ready) = gateway.operations("/readyz").await;
    assert!(status == 200 && ready.contains("\nwitnessed ") && !ready.contains("CLOSED"), "{ready}");
    let (_, metrics) = gateway.operations("/metrics").await;
    for line in ["\nsluis_log_cosigned_size ", "\nsluis_lock_closed 0\n", "\nsluis_witness_failures{witness=\"police\"} "] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
    gateway.stop().await;
}

/// Broken on purpose to see it fail: a scribe that does not look at the gate.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_witness_that_shows_a_later_head_of_this_log_stops_it() {
    let gateway = TestGateway::start().await;
    let witness = FalseWitness::start("witness", |_, _| Some((409, b"1000000\n".to_vec()))).await;
    let sound = sound("sound").await;
    let file = policy(&gateway, &[("witness", at(&witness)), ("sound", at(&sound))], "quorum sound\n");
    let node = Node::with(&gateway, |config| config.log.witnesses = Some(file)).await;
    cosigned(&*node.store, gateway.log_size().await).await;
    let (client, body) = (node.client(&gateway, Slug::VeiligThuis), gateway.question("P22").to_string().into_bytes());
    assert!(client.disclose(&body, None).await.is_ok(), "its word alone stops nothing");

    let seed: [u8; 32] =
        std::fs::read(gateway.gateway_folder().join("log.seed")).expect("readable").try_into().expect("32 bytes");
    let origin = gateway.running().gateway.log.name().clone();
    let key = SigningKey::from_seed(origin, KeyKind::Note, &Secret::new(seed)).expect("a key");
    let mut later =
        SignedCheckpoint::sign(1_000_000, NodeHash::new([1; 32]), &NoteSigner::new(key).expect("a log's")).expect("in range");
    later.add(cosigner("witness").cosign(&later, SystemClock.now())).expect("room");
    witness.shows(later.to_string());
    let begun = Instant::now();
    while suffix(&client.disclose(&body, None).await) != "log-unavailable" {
        assert!(begun.elapsed() < Duration::from_mins(1), "the log goes on");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let size = gateway.log_size().await;
    assert_eq!(suffix(&client.disclose(&body, None).await), "log-unavailable");
    assert_eq!(gateway.log_size().await, size, "nothing more is signed");
    node.stop().await;
    gateway.stop().await;
}

/// Broken on purpose to see it fail: `lock_is_open` always `Ok`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_quorum_only_an_emergency_passes_and_what_ends_consent_is_recorded() {
    let gateway = TestGateway::start().await;
    let file = policy(&gateway, &[("down", "http://127.0.0.1:9".to_owned())], "quorum down\n");
    let node = Node::with(&gateway, |config| config.log.witnesses = Some(file)).await;
    let client = node.client(&gateway, Slug::VeiligThuis);
    let ask = async |body: &Value| client.disclose(body.to_string().as_bytes(), None).await;
    let before = gateway.log_size().await;
    let refused = ask(&gateway.question("P22")).await;
    assert_eq!(suffix(&refused), "log-unavailable", "{refused:?}");
    let asked = gateway.entries_since(before).await.iter().any(|(kind, _)| *kind == EntryKind::Ask);
    assert!(!asked, "no source was asked");

    let mut emergency = gateway.question("P22");
    (emergency["purpose"], emergency["categories"]) = (json!("acute-safety"), json!(["identity"]));
    let passed = node.client(&gateway, Slug::VeiligThuis).disclose(emergency.to_string().as_bytes(), None).await;
    assert_ne!(suffix(&passed), "log-unavailable", "{passed:?}");
    assert!(passed.is_ok(), "{passed:?}");

    // What is agreed to, and what ends that, is recorded all the same.
    let care = node.client(&gateway, Slug::MentalHealth);
    let send = async |target: &str, body: Value| care.post(target, body.to_string().as_bytes(), Some(&random_text())).await;
    let view = send("/v1/consents", given(&gateway)).await.expect("recorded");
    let id = view["id"].as_str().expect("an id");
    let ending = json!({"at": gateway.clock.now().to_string(), "recordedBy": "pro-1", "reason": "changed her mind"});
    let ended = send(&format!("/v1/consents/{id}/withdrawals"), ending).await.expect("recorded");
    assert_eq!(ended["state"], "withdrawn");
    node.stop().await;
    gateway.stop().await;
}

/// The built-in policies, but that safety assessments wait for witnesses.
fn demanding() -> Bundle {
    let folder = std::env::temp_dir().join(format!("sluis-demanding-{}", random_text()));
    let copied = std::process::Command::new("cp")
        .arg("-r")
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/policies"))
        .arg(&folder)
        .status()
        .expect("cp");
    assert!(copied.success());
    let file = folder.join("purposes/safety-assessment.toml");
    let text = std::fs::read_to_string(&file).expect("readable");
    let changed = text.replacen("emergency = false\n", "emergency = false\ncosigned_before_release = true\n", 1);
    assert_ne!(text, changed);
    std::fs::write(&file, changed).expect("written");
    let bundle = Bundle::load(&folder).expect("policies");
    std::fs::remove_dir_all(&folder).expect("removed");
    bundle
}

/// Broken on purpose to see it fail: `witnessed` without its wait.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_purpose_that_demands_it_waits_for_the_quorum() {
    let mut gateway =
        TestGateway::start_with(Setup { options: TestGateway::witnessed(), ..Setup::with_policies_of_its_own() }).await;
    let running = gateway.running();
    put_in_force(&running.gateway, &running.desk, demanding().into()).await.expect("in force");
    let body = gateway.question("P22").to_string().into_bytes();
    let client = gateway.running().client(Slug::VeiligThuis).expect("a client");
    let disclosed = client.disclose(&body, None).await.expect("an answer");
    let newest = gateway.running().gateway.store.newest_cosigned().await.expect("readable").expect("a quorum");
    assert!(newest.checkpoint().size() > disclosed.deliveries[0].log_index, "it was cosigned when it left");

    for slug in [Slug::MentalHealth, Slug::VeiligThuis] {
        gateway.running_mut().stop_witness(slug);
    }
    let before = gateway.log_size().await;
    let refused = client.disclose(&body, None).await;
    assert_eq!(suffix(&refused), "log-unavailable", "three of the justice chain are no quorum: {refused:?}");
    let kinds: Vec<_> = gateway.entries_since(before).await.into_iter().map(|(kind, _)| kind).collect();
    assert!(kinds.contains(&EntryKind::Disclosure) && kinds.contains(&EntryKind::Undelivered), "{kinds:?}");
    assert_eq!(suffix(&client.pick_up(&disclosed.id, &body).await), "", "what was witnessed is given again");

    gateway.running_mut().start_witness(Slug::MentalHealth).await.expect("started");
    let disclosed = client.disclose(&body, None).await;
    assert_eq!(suffix(&disclosed), "", "with one of the two it is a quorum again: {disclosed:?}");
    gateway.stop().await;
}
