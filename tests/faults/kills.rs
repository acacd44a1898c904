//! kill -9 in a loop, on one store and under load: at random instants, right after an ask entry, and in the middle of a commit. After each round the log
//! verifies, holds what any client was told, and names every source that was asked.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use sluis::client::{Client, Disclosed, Trouble};
use sluis::demo::organisations::Slug;
use sluis::entropy::{SystemEntropy, random};
use sluis::ledger::entry::EntryKind;
use sluis::ledger::proof::TlogProof;
use sluis::ledger::seal::Leaf;
use sluis::organisation::Oin;
use sluis::store::Store;

use crate::flow::kill::{answered, store, world};
use crate::support::child::ChildDemo;
use crate::support::{log, random_text};

const SOURCES: [Slug; 2] = [Slug::Police, Slug::Probation];

/// When the process is killed.
#[derive(Clone, Copy, Debug)]
enum Blow {
    /// So long after the first answer of the round.
    After(Duration),
    /// As soon as another process can read an ask entry that was not there before.
    AtAsk,
    /// As soon as the write-ahead log has grown: its frames are written, and not yet durable or acknowledged.
    InCommit,
}

/// What the clients were told, over all rounds.
#[derive(Default)]
struct Told {
    answers: Mutex<Vec<Disclosed>>,
    /// Refusals, which are acknowledged by their problem document.
    refused: AtomicUsize,
}

/// `SplitMix64`: the same instants from the same seed.
struct Random(u64);

impl Random {
    const fn below(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % below
    }
}

fn question(world: &sluis::demo::households::World, person: &str, categories: &[&str]) -> Vec<u8> {
    let (_, person) = world.person(person).expect("a person");
    let body = json!({
        "purpose": "safety-assessment",
        "subject": {"scheme": "bsn", "value": person.bsn.as_ref().expect("a citizen number").expose()},
        "categories": categories,
        "sources": SOURCES.map(|slug| slug.organisation().oin),
        "form": "exact",
        "actor": {"reference": "vt-4711", "role": "caseworker"},
        "necessity": "The safety of mother and children must be assessed.",
    });
    body.to_string().into_bytes()
}

/// Asks until the connection breaks.
async fn asks(client: Client, body: Vec<u8>, told: &Told) {
    loop {
        match client.disclose(&body, None).await {
            Ok(disclosed) => told.answers.lock().expect("no panic").push(disclosed),
            // That somebody asks too much is logged now and then, not each time.
            Err(Trouble::Problem(problem)) if problem.status == 429 => tokio::time::sleep(Duration::from_millis(20)).await,
            Err(Trouble::Problem(problem)) if problem.status < 500 => {
                told.refused.fetch_add(1, Ordering::SeqCst);
            }
            Err(trouble @ (Trouble::Problem(_) | Trouble::Receipt(_))) => panic!("{trouble}"),
            Err(_) => return,
        }
    }
}

/// Waits for the instant, on a thread of its own, and kills: also when it does not come, or the load would go on for ever.
fn strike(blow: Blow, child: u32, wal: &Path, told: &AtomicUsize, begun: usize) {
    let came = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| comes(blow, wal, told, begun)));
    let sent = Command::new("kill").args(["-KILL", &child.to_string()]).status();
    assert!(sent.expect("kill").success());
    came.unwrap_or_else(|panic| std::panic::resume_unwind(panic));
}

/// Returns at the instant; it looks without pause.
fn comes(blow: Blow, wal: &Path, told: &AtomicUsize, begun: usize) {
    let end = Instant::now() + Duration::from_secs(20);
    let until = |happened: &dyn Fn() -> bool| {
        while !happened() {
            assert!(Instant::now() < end, "{blow:?}: it does not come to that");
            std::thread::sleep(Duration::from_micros(50));
        }
    };
    until(&|| told.load(Ordering::SeqCst) > begun);
    match blow {
        Blow::After(time) => std::thread::sleep(time),
        Blow::InCommit => {
            let size = || std::fs::metadata(wal).map_or(0, |file| file.len());
            let before = size();
            until(&|| size() != before);
        }
        Blow::AtAsk => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            let file = wal.with_extension("sqlite");
            runtime.block_on(at_ask(&file, end));
        }
    }
}

/// Returns when an ask entry is there that was not.
async fn at_ask(file: &Path, end: Instant) {
    use sqlx::{ConnectOptions as _, Connection as _};
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(file).read_only(true);
    let mut reader = options.connect().await.expect("a reader");
    let newest = "SELECT coalesce(max(idx), -1) FROM entry WHERE kind = 'ask'";
    let before: i64 = sqlx::query_scalar(newest).fetch_one(&mut reader).await.expect("read");
    loop {
        let now: i64 = sqlx::query_scalar(newest).fetch_one(&mut reader).await.expect("read");
        if now != before {
            break;
        }
        assert!(Instant::now() < end, "nobody is asked");
    }
    reader.close().await.expect("closed");
}

/// `sluis log verify full`, beside every receipt that a client got.
fn verifies(child: &ChildDemo, receipts: &Path) {
    let store = child.layout().gateway().join("sluis.sqlite");
    let output = Command::new(env!("CARGO_BIN_EXE_sluis"))
        .args(["log", "verify", "full", "--store"])
        .arg(store)
        .arg("--kit")
        .arg(child.layout().kit_of(Slug::VeiligThuis))
        .arg("--seen")
        .arg(receipts)
        .output()
        .expect("the program");
    // 5: it holds, and has no witnesses.
    assert_eq!(output.status.code(), Some(5), "{}", String::from_utf8_lossy(&output.stderr));
}

/// What the store has that any client was told, and an ask entry for every question that a source answered.
async fn nothing_is_lost(child: &ChildDemo, told: &Told) -> u64 {
    let store = store(child).await;
    log::holds_together(&store, &child.kit(Slug::VeiligThuis).gateway.log_vkey).await;
    let opened = log::opened(&store, &child.layout()).await;
    for disclosed in &*told.answers.lock().expect("no panic") {
        for delivery in &disclosed.deliveries {
            let entry = opened.get(usize::try_from(delivery.log_index).expect("an index")).expect("in the log");
            let leaf = TlogProof::parse(&delivery.receipt).expect("a receipt").extra.expect("a leaf");
            assert_eq!(entry.stored.row.leaf.bytes().as_slice(), &leaf[..Leaf::LENGTH], "the entry is the receipt's");
            assert_eq!(entry.kind(), EntryKind::Disclosure);
            assert_eq!(entry.body.disclosure.as_deref(), Some(disclosed.id.as_str()));
        }
    }
    let refusals = opened.iter().filter(|entry| entry.kind() == EntryKind::Refusal).count();
    assert!(refusals >= told.refused.load(Ordering::SeqCst), "a refusal that was told is not in the log");
    let mut asked: BTreeMap<&str, BTreeSet<&Oin>> = BTreeMap::new();
    for entry in opened.iter().filter(|entry| entry.kind() == EntryKind::Ask) {
        let of = asked.entry(entry.body.disclosure.as_deref().expect("about a disclosure")).or_default();
        of.extend(entry.body.asked.keys());
    }
    for slug in SOURCES {
        let oin = slug.organisation().parsed_oin().expect("an OIN");
        for decision in answered(child, slug).await {
            let logged = asked.get(decision.as_str()).is_some_and(|asked| asked.contains(&oin));
            assert!(logged, "{} was asked under {decision}, unlogged", slug.code());
        }
    }
    store.head().await.expect("the head").size
}

fn keep(receipts: &Path, told: &Told) {
    for disclosed in told.answers.lock().expect("no panic").iter() {
        for delivery in &disclosed.deliveries {
            let file = receipts.join(format!("{}.tlog-proof", delivery.log_index));
            std::fs::write(file, &delivery.receipt).expect("written");
        }
    }
}

/// Broken on purpose to see it fail: `announce` going on while its append is still under way; `record` answering before its commit, which has
/// no receipt then.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_again_and_again_it_loses_nothing_that_was_told() {
    // Other instants on every run; to draw the same ones again, put the printed number in the place of this.
    let seed = u64::from_be_bytes(random::<8>(&SystemEntropy::default()).expect("randomness"));
    println!("seed {seed}");
    let mut drawing = Random(seed);
    let mut child = ChildDemo::start(&["--without-answer-at", "--fresh-ports"]).await;
    let world = world(&child);
    let bodies: Vec<_> = ["P21", "P22", "P08", "P42"].map(|person| question(&world, person, &["identity", "measures"])).into();
    // What nobody may have for this purpose: refused before anybody is asked, and logged.
    let refused = question(&world, "P22", &["reporter"]);
    let receipts = child.demo().join("receipts-of-all-rounds");
    std::fs::create_dir(&receipts).expect("a folder");
    let (told, wal) = (Told::default(), child.layout().gateway().join("sluis.sqlite-wal"));
    let drawn = |drawing: &mut Random| Blow::After(Duration::from_micros(drawing.below(400_000)));
    let mut blows = vec![Blow::AtAsk, Blow::InCommit, Blow::AtAsk, Blow::InCommit];
    blows.extend((0..4).map(|_| drawn(&mut drawing)));
    let (mut size, begun) = (0, Instant::now());
    for (round, blow) in blows.into_iter().enumerate() {
        if round > 0 {
            child.start_again().await;
        }
        let (process, counter, ended) = (child.id(), AtomicUsize::new(0), AtomicBool::new(false));
        let clients: Vec<_> = (0..12).map(|_| child.client(Slug::VeiligThuis)).collect();
        let before = told.answers.lock().expect("no panic").len();
        let load = async {
            let workers = clients.into_iter().enumerate().map(|(number, client)| {
                let body = if number == 0 { refused.clone() } else { bodies[number % bodies.len()].clone() };
                asks(client, body, &told)
            });
            futures_util::future::join_all(workers).await;
            ended.store(true, Ordering::SeqCst);
        };
        let watch = async {
            while !ended.load(Ordering::SeqCst) {
                counter.store(told.answers.lock().expect("no panic").len(), Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        std::thread::scope(|scope| {
            scope.spawn(|| strike(blow, process, &wal, &counter, before));
            tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(async { tokio::join!(load, watch) }));
        });
        child.ended().await;
        keep(&receipts, &told);
        verifies(&child, &receipts);
        let now = nothing_is_lost(&child, &told).await;
        assert!(now > size, "the log grew");
        let told_now = told.answers.lock().expect("no panic").len();
        println!("round {round}, {blow:?}: {} answers, {} entries, {:?} passed", told_now - before, now, begun.elapsed());
        size = now;
    }
    child.start_again().await;
    let again = child.client(Slug::VeiligThuis).disclose(&bodies[1], Some(&random_text())).await.expect("it serves again");
    assert!(again.deliveries[0].log_index >= size && again.items().count() > 0);
    verifies(&child, &receipts);
    let answers = told.answers.lock().expect("no panic").len();
    assert!(answers > 20 && told.refused.load(Ordering::SeqCst) > 8, "under load: {answers} answers");
}
