//! A gateway whose quorum rests on one witness that is down, slow, lying or put back: the lock stays closed but for emergencies, goes on for its time when
//! there was a quorum before, and opens without a restart as soon as the witness is sound.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sluis::client::{Client, Trouble};
use sluis::clock::{Clock, SystemClock};
use sluis::demo::organisations::Slug;
use sluis::ledger::checkpoint::SignedCheckpoint;
use sluis::ledger::cosignature::Cosigner;
use sluis::ledger::witness::AddCheckpoint;
use sluis::store::cosigned::Cosigned;

use crate::support::TestGateway;
use crate::support::cases::Cases;
use crate::support::false_witness::{FalseWitness, cosigner};
use crate::support::faulty_store::Node;

const NAME: &str = "witness";

/// What the witness does while it is not sound.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// It fails whatever it is asked.
    Down,
    /// It takes longer than it is waited for.
    Slow,
    /// It cosigns another head than the one that it is shown.
    Lying,
    /// It says that it cosigned little so far, however often it is shown how the log goes on from there.
    PutBack,
}

fn answer(fault: Fault, request: &AddCheckpoint, cosigner: &Cosigner) -> Option<(u16, Vec<u8>)> {
    match fault {
        Fault::Down => Some((503, Vec::new())),
        Fault::Slow => None,
        Fault::Lying => {
            let other = request.checkpoint.to_string().replacen('\n', "\n1", 1);
            Some(cosigned(&SignedCheckpoint::parse(&other).expect("a checkpoint"), cosigner))
        }
        Fault::PutBack => Some((409, if request.old == 0 { b"1\n".to_vec() } else { b"0\n".to_vec() })),
    }
}

fn cosigned(checkpoint: &SignedCheckpoint, cosigner: &Cosigner) -> (u16, Vec<u8>) {
    (200, format!("{}\n", cosigner.cosign(checkpoint, SystemClock.now())).into_bytes())
}

/// The witness, and whether it is sound now.
struct Witness {
    server: FalseWitness,
    is_sound: Arc<AtomicBool>,
    cosigned: Arc<AtomicU64>,
}

impl Witness {
    async fn with(fault: Fault) -> Self {
        let (is_sound, size) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
        let (sound, known) = (Arc::clone(&is_sound), Arc::clone(&size));
        let server = FalseWitness::start(NAME, move |request, cosigner| {
            if !sound.load(Ordering::SeqCst) {
                return answer(fault, request, cosigner);
            }
            // As a witness does: only what follows from what it cosigned last.
            let last = known.load(Ordering::SeqCst);
            if request.old != last {
                return Some((409, format!("{last}\n").into_bytes()));
            }
            known.store(request.checkpoint.checkpoint().size(), Ordering::SeqCst);
            Some(cosigned(&request.checkpoint, cosigner))
        });
        Self { server: server.await, is_sound, cosigned: size }
    }

    fn is(&self, sound: bool) {
        self.is_sound.store(sound, Ordering::SeqCst);
    }
}

async fn node(gateway: &TestGateway, witness: &Witness) -> Node {
    let file = gateway.gateway_folder().join("one-witness.policy");
    let url = format!("http://{}", witness.server.address);
    let text = format!("witness {NAME} {} {url}\nquorum {NAME}\n", cosigner(NAME).verifier());
    std::fs::write(&file, text).expect("written");
    Node::with(gateway, |config| config.log.witnesses = Some(file)).await
}

async fn ask(client: &Client, body: &Value) -> String {
    match client.disclose(body.to_string().as_bytes(), None).await {
        Ok(_) => "answered".to_owned(),
        Err(Trouble::Problem(problem)) => problem.suffix().to_owned(),
        Err(trouble) => trouble.to_string(),
    }
}

/// Asks until it is answered so.
async fn until(client: &Client, body: &Value, expected: &str) -> Result<(), String> {
    let begun = Instant::now();
    loop {
        let found = ask(client, body).await;
        if found == expected {
            return Ok(());
        }
        if begun.elapsed() > Duration::from_mins(1) {
            return Err(format!("{found} instead of {expected}"));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Broken on purpose to see it fail: `lock_is_open` always `Ok`; `read_cosignature` that does not verify; a resumed quorum that does not count.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_witness_that_fails_closes_the_lock_and_opens_it_when_it_is_sound() {
    let gateway = TestGateway::start().await;
    let question = gateway.question("P22");
    let mut emergency = question.clone();
    (emergency["purpose"], emergency["categories"]) = (json!("acute-safety"), json!(["identity"]));
    let mut cases = Cases::default();
    for fault in [Fault::Down, Fault::Slow, Fault::Lying, Fault::PutBack] {
        // Nothing is known of a quorum of earlier runs.
        let kept = gateway.gateway_folder().join("sluis.sqlite");
        forget(&kept).await;
        let witness = Witness::with(fault).await;
        let first = node(&gateway, &witness).await;
        let client = first.client(&gateway, Slug::VeiligThuis);
        let before = gateway.log_size().await;
        cases.hold(format!("{fault:?}: the lock is closed"), ask(&client, &question).await == "log-unavailable");
        tokio::time::sleep(Duration::from_millis(2500)).await;
        cases.hold(format!("{fault:?}: the lock stays closed"), ask(&client, &question).await == "log-unavailable");
        cases.hold(format!("{fault:?}: an emergency passes"), ask(&client, &emergency).await == "answered");
        let newest = first.store.newest_cosigned().await.expect("readable").map(|newest| newest.checkpoint().size());
        cases.hold(format!("{fault:?}: nothing counts as cosigned, not {newest:?}"), newest.is_none());
        cases.hold(format!("{fault:?}: the log goes on"), gateway.log_size().await > before);

        witness.is(true);
        cases.check(format!("{fault:?}: it opens without a restart"), until(&client, &question, "answered").await);
        let newest = first.store.newest_cosigned().await.expect("readable").map(|newest| newest.checkpoint().size());
        let shown = witness.cosigned.load(Ordering::SeqCst);
        cases.hold(
            format!("{fault:?}: by what the witness cosigned, {newest:?} of {shown}"),
            newest.is_some_and(|size| size <= shown),
        );

        // It fails again: for its time the lock stays open, also of a gateway that begins anew.
        witness.is(false);
        cases.hold(format!("{fault:?}: one failure closes nothing"), ask(&client, &question).await == "answered");
        first.stop().await;
        let second = node(&gateway, &witness).await;
        let client = second.client(&gateway, Slug::VeiligThuis);
        cases.hold(format!("{fault:?}: nor does a restart"), ask(&client, &question).await == "answered");
        second.stop().await;
    }
    gateway.stop().await;
    cases.finish(32);
}

async fn forget(store: &std::path::Path) {
    use sqlx::{ConnectOptions as _, Connection as _};
    let mut raw = sqlx::sqlite::SqliteConnectOptions::new().filename(store).connect().await.expect("a connection");
    sqlx::query("DELETE FROM cosigned").execute(&mut raw).await.expect("forgotten");
    raw.close().await.expect("closed");
}

/// A witness that was put back, and knows it: it goes on from where it is, and cosigns the log that it has forgotten.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_witness_that_was_put_back_catches_up() {
    let gateway = TestGateway::start().await;
    let witness = Witness::with(Fault::PutBack).await;
    witness.is(true);
    let node = node(&gateway, &witness).await;
    let client = node.client(&gateway, Slug::VeiligThuis);
    until(&client, &gateway.question("P22"), "answered").await.expect("it opens");
    witness.cosigned.store(1, Ordering::SeqCst);
    let size = gateway.log_size().await + 1;
    until(&client, &gateway.question("P22"), "answered").await.expect("it stays open");
    let begun = Instant::now();
    while witness.cosigned.load(Ordering::SeqCst) < size {
        assert!(begun.elapsed() < Duration::from_mins(1), "it does not catch up");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    node.stop().await;
    gateway.stop().await;
}
