//! kill -9 in the middle of a burst: what a client has seen is in the log, and so is whom a source was asked about. SIGTERM: what is in flight is
//! finished.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use sluis::app::connector;
use sluis::app::gateway::Outside;
use sluis::client::Disclosed;
use sluis::clock::SystemClock;
use sluis::connector::answer::AccessBody;
use sluis::connector::config::Config;
use sluis::crypto::keys::SigningKey;
use sluis::demo::households::World;
use sluis::demo::organisations::Slug;
use sluis::entropy::SystemEntropy;
use sluis::keystore::KeyStore;
use sluis::keystore::file::{FileKeyStore, root_key};
use sluis::ledger::proof::TlogProof;
use sluis::ledger::seal::Leaf;
use sluis::store::Store;
use sluis::store::sqlite::SqliteStore;

use crate::support::child::ChildDemo;
use crate::support::draft::Draft;
use crate::support::{log, raw};

const SOURCES: [Slug; 2] = [Slug::Police, Slug::Probation];

/// A question of Veilig Thuis about a person, that is answered.
pub fn question(world: &World, person: &str) -> Vec<u8> {
    let (_, person) = world.person(person).expect("a person");
    let body = json!({
        "purpose": "safety-assessment",
        "subject": {"scheme": "bsn", "value": person.bsn.as_ref().expect("a citizen number").expose()},
        "categories": ["identity", "measures"],
        "sources": SOURCES.map(|slug| slug.organisation().oin),
        "form": "exact",
        "actor": {"reference": "vt-4711", "role": "caseworker"},
        "necessity": "The safety of mother and children must be assessed.",
    });
    body.to_string().into_bytes()
}

/// The world of a demo, from what the demo wrote down about it.
pub fn world(child: &ChildDemo) -> World {
    let made = std::fs::read(child.demo().join("demo.json")).expect("demo.json");
    let made: Value = serde_json::from_slice(&made).expect("JSON");
    let now = serde_json::from_value(made["now"].clone()).expect("an instant");
    World::generate(1, 10, now).expect("the world")
}

/// The gateway's store, while the gateway does not run.
pub async fn store(child: &ChildDemo) -> SqliteStore {
    let folder = child.layout().gateway();
    let entropy = SystemEntropy::default();
    let root = root_key(&folder.join("root.key")).expect("readable").expect("the root key");
    let keys = FileKeyStore::create(&folder.join("keys"), root, Arc::new(entropy)).expect("the key store");
    let registers = keys.existing_key("registers").expect("the registers' key");
    SqliteStore::open(&folder.join("sluis.sqlite"), registers).await.expect("the store")
}

/// The decisions under which a source has answered, by its own access log.
pub async fn answered(child: &ChildDemo, slug: Slug) -> BTreeSet<String> {
    let config = Config::load(&child.layout().source(slug).join("connector.toml")).expect("a configuration");
    let outside = Outside { clock: Arc::new(SystemClock), entropy: Arc::new(SystemEntropy::default()) };
    let connector = connector::open(&config, &outside).await.expect("the connector's databases");
    let log = connector.state().access_log::<AccessBody>(100_000).await.expect("its access log");
    log.into_iter().map(|entry| entry.decision).collect()
}

/// Asks until cut off, and counts what is answered.
async fn burst(child: &ChildDemo, bodies: &[Vec<u8>], answered: &AtomicUsize) -> Vec<Disclosed> {
    let worker = async |number: usize| {
        let client = child.client(Slug::VeiligThuis);
        let mut seen = Vec::new();
        while let Ok(disclosed) = client.disclose(&bodies[number % bodies.len()], None).await {
            seen.push(disclosed);
            answered.fetch_add(1, Ordering::SeqCst);
        }
        seen
    };
    futures_util::future::join_all((0..24).map(worker)).await.into_iter().flatten().collect()
}

/// Broken on purpose to see it fail: `announce` going on while its append is still under way.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_seen_or_asked_is_in_the_log_after_kill_9() {
    let mut child = ChildDemo::start(&["--without-answer-at"]).await;
    let world = world(&child);
    let bodies: Vec<_> = ["P21", "P22", "P08", "P42"].map(|person| question(&world, person)).into();
    // One raw request whose bytes are sent again after the restart.
    let kit = child.kit(Slug::VeiligThuis);
    let key = SigningKey::from_jwk(&kit.signing_key().expect("a key")).expect("a signing key");
    let draft = Draft::post("/v1/disclosures", &child.authority(Slug::VeiligThuis), &bodies[0]).by(&key, &SystemClock);
    let request = draft.sign(&key);
    let first = child.send(Slug::VeiligThuis, &request.bytes()).await.response().expect("a response");
    assert_eq!(first.status, 200);

    let answers = AtomicUsize::new(0);
    let (seen, ()) = {
        let asking = burst(&child, &bodies, &answers);
        let killing = async {
            for _ in 0..12_000 {
                if answers.load(Ordering::SeqCst) >= 60 {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            child.kill();
        };
        tokio::join!(asking, killing)
    };
    child.ended().await;
    assert!(seen.len() > 20, "a burst, not {} answers", seen.len());

    let vkey = kit.gateway.log_vkey.clone();
    let (size, root) = {
        let store = store(&child).await;
        log::holds_together(&store, &vkey).await;
        let entries = log::stored(&store).await;
        for delivery in seen.iter().flat_map(|disclosed| &disclosed.deliveries) {
            let entry = entries.get(usize::try_from(delivery.log_index).expect("an index")).expect("in the log");
            let leaf = TlogProof::parse(&delivery.receipt).expect("a receipt").extra.expect("a leaf");
            assert_eq!(entry.row.leaf.bytes().as_slice(), &leaf[..Leaf::LENGTH], "the entry is the receipt's");
        }
        let opened = log::opened(&store, &child.layout()).await;
        let known: HashSet<_> = seen.iter().map(|disclosed| disclosed.id.clone()).collect();
        let mut unseen = 0;
        for slug in SOURCES {
            let oin = slug.organisation().parsed_oin().expect("an OIN");
            let decisions = answered(&child, slug).await;
            assert!(decisions.len() > 20, "{} was asked", slug.code());
            for decision in &decisions {
                assert!(log::asked(&opened, decision).contains(&oin), "{} was asked under {decision}, unlogged", slug.code());
            }
            unseen += decisions.difference(&known.iter().cloned().collect()).count();
        }
        println!("{} answers seen, {unseen} asked for and never seen, {} entries", seen.len(), entries.len());
        let head = store.head().await.expect("the head");
        (head.size, head.root)
    };

    child.start_again().await;
    let again = child.send(Slug::VeiligThuis, &request.bytes()).await.response().expect("a response");
    raw::is_problem(&again, 401, "nonce-replayed").expect("its nonce is remembered");
    let disclosed = child.client(Slug::VeiligThuis).disclose(&bodies[0], None).await.expect("it serves again");
    assert!(disclosed.deliveries[0].log_index >= size && disclosed.items().count() > 0);
    child.kill();
    child.ended().await;
    let store = store(&child).await;
    log::holds_together(&store, &vkey).await;
    let entries = log::stored(&store).await;
    assert_eq!(log::root(&entries[..usize::try_from(size).expect("a size")]), root, "what was there before is still there");
}

/// Broken on purpose to see it fail: `run` returning without waiting for its connections.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_in_flight_at_sigterm_is_finished() {
    let mut child = ChildDemo::start(&[]).await;
    let body = question(&world(&child), "P21");
    let client = child.client(Slug::VeiligThuis);
    // A connection that is kept open and idle does not hold up the end.
    client.disclose(&body, None).await.expect("an answer");
    let other = child.client(Slug::VeiligThuis);
    let in_flight = futures_util::future::join_all((0..4).map(|_| other.disclose(&body, None)));
    let terminating = async {
        // The answers leave after a second: these are under way.
        tokio::time::sleep(Duration::from_millis(250)).await;
        child.terminate();
    };
    let (answers, ()) = tokio::join!(in_flight, terminating);
    for answer in answers {
        let answer = answer.expect("its 200");
        let sources: BTreeSet<_> = answer.items().filter_map(|item| item["source"].as_str()).collect();
        assert_eq!(sources.len(), 2, "with what both sources gave");
    }
    assert!(child.ended().await.success(), "and it ends well");
    let refused = client.disclose(&body, None).await;
    assert!(refused.is_err(), "nobody is listening any more");
}
