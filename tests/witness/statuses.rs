//! Every row of the table of answers in C2SP tlog-witness, byte for byte.

use sluis::ledger::checkpoint::SignedCheckpoint;
use sluis::ledger::cosignature;
use sluis::ledger::note::NoteSigner;
use sluis::ledger::tree::{NodeHash, leaf_hash};
use sluis::ledger::witness::{AddCheckpoint, MAX_REQUEST, monitoring_path, read_cosignature};

use super::Serving;
use crate::support::witness::{Answer, ORIGIN, TestLog, add, call, signer, witness_key};

const TEXT: &str = "text/plain; charset=utf-8";

async fn answer(witness: &Serving, request: &AddCheckpoint) -> Answer {
    add(witness.address, request.to_string().as_bytes()).await.expect("an answer")
}

async fn status(witness: &Serving, request: &AddCheckpoint) -> u16 {
    answer(witness, request).await.status
}

#[tokio::test]
async fn a_head_that_follows_is_cosigned_and_shown_to_monitors() {
    let log = TestLog::of(300, 0);
    let witness = Serving::knowing(&[log.signer.verifier()]).await;
    let shown = async || call(witness.address, "GET", &monitoring_path(ORIGIN), b"").await.expect("an answer");
    assert_eq!(shown().await.status, 404, "before the first cosignature");
    for (old, new) in [(0, 1), (1, 1), (1, 7), (7, 256), (256, 300), (300, 300)] {
        let request = log.request(old, new);
        let Answer { status, kind, body } = answer(&witness, &request).await;
        assert_eq!((status, kind.as_str()), (200, TEXT), "{old} → {new}: {body}");
        let (line, _) = read_cosignature(body.as_bytes(), &request.checkpoint, &witness_key()).expect("a cosignature");
        assert_eq!(body, format!("{line}\n"), "one line and nothing else");
        let shown = shown().await;
        assert_eq!((shown.status, shown.kind.as_str()), (200, TEXT));
        let shown = SignedCheckpoint::parse(&shown.body).expect("a checkpoint");
        assert_eq!(shown.verify(log.signer.verifier()).expect("signed by the log").size(), new);
        cosignature::verify(&shown, &witness_key()).expect("signed by the witness");
        assert!(shown.note().signatures().contains(&line), "the line that was given");
    }
}

#[tokio::test]
async fn what_is_no_request_is_400() {
    let log = TestLog::of(9, 0);
    let witness = Serving::knowing(&[log.signer.verifier()]).await;
    let text = log.request(0, 9).to_string();
    let bad = [String::new(), text.replace("old 0", "old 00"), text.replace("old 0\n", ""), text.trim_end().to_owned()];
    for body in bad {
        let answer = add(witness.address, body.as_bytes()).await.expect("an answer");
        assert_eq!(answer.status, 400, "{body:?}");
    }
    let mut backwards = log.request(0, 9);
    backwards.old = 10;
    assert_eq!(
        status(&witness, &backwards).await,
        400,
        "the old size beyond the checkpoint, before it is compared with what is known"
    );
    let large = vec![b'a'; MAX_REQUEST + 1];
    // The rest of what is too large may not be read: then the answer can be lost with the connection.
    let answer = add(witness.address, &large).await;
    assert!(answer.as_ref().map_or(true, |answer| answer.status == 413), "{answer:?}");
    assert_eq!(call(witness.address, "GET", "/add-checkpoint", b"").await.expect("an answer").status, 405);
    assert_eq!(call(witness.address, "GET", "/", b"").await.expect("an answer").status, 404);
    assert_eq!(status(&witness, &log.request(0, 9)).await, 200, "it still cosigns");
}

#[tokio::test]
async fn a_stranger_is_403_or_404() {
    let log = TestLog::of(9, 0);
    let witness = Serving::knowing(&[log.signer.verifier()]).await;
    let signed_by = |signer: NoteSigner| SignedCheckpoint::sign(9, log.root(9), &signer).expect("in range");
    let mut request = log.request(0, 9);
    request.checkpoint = signed_by(signer("other.example", 1));
    assert_eq!(status(&witness, &request).await, 404, "an unknown origin");
    request.checkpoint = signed_by(signer(ORIGIN, 2));
    assert_eq!(status(&witness, &request).await, 403, "no signature of a known key");
    request.old = 10;
    assert_eq!(status(&witness, &request).await, 403, "the signature comes before the sizes");
    let forged = log.request(0, 9).to_string().replace(&log.root(9).to_string(), &log.root(8).to_string());
    let forged = add(witness.address, forged.as_bytes()).await.expect("an answer");
    assert_eq!(forged.status, 403, "a signature in the known key's name that does not verify");
}

#[tokio::test]
async fn another_old_size_is_409_with_the_size_that_is_known() {
    let log = TestLog::of(20, 0);
    let witness = Serving::knowing(&[log.signer.verifier()]).await;
    let conflict = |size: u64| Answer { status: 409, kind: "text/x.tlog.size".to_owned(), body: format!("{size}\n") };
    assert_eq!(answer(&witness, &log.request(5, 9)).await, conflict(0));
    assert_eq!(status(&witness, &log.request(0, 9)).await, 200);
    assert_eq!(answer(&witness, &log.request(0, 20)).await, conflict(9));
    assert_eq!(answer(&witness, &log.request(4, 7)).await, conflict(9), "a smaller head");
    let mut wrong = log.request(4, 20);
    wrong.proof.clear();
    assert_eq!(answer(&witness, &wrong).await, conflict(9), "the size comes before the proof");
}

#[tokio::test]
async fn what_does_not_follow_is_422_and_changes_nothing() {
    let (log, fork) = (TestLog::of(20, 0), TestLog::of(20, 1));
    let witness = Serving::knowing(&[log.signer.verifier()]).await;
    let signed = |size, root| SignedCheckpoint::sign(size, root, &log.signer).expect("in range");
    let full_empty = AddCheckpoint { old: 0, proof: Vec::new(), checkpoint: signed(0, log.root(1)) };
    assert_eq!(status(&witness, &full_empty).await, 422, "an empty tree with another root");
    let mut proved = log.request(0, 9);
    proved.proof.push(NodeHash::new([1; 32]));
    assert_eq!(status(&witness, &proved).await, 422, "a proof from nothing");
    assert_eq!(status(&witness, &log.request(0, 9)).await, 200);
    assert_eq!(status(&witness, &fork.request(9, 9)).await, 422, "equal size, other root");
    assert_eq!(status(&witness, &fork.request(9, 20)).await, 422, "a fork with its own proof");
    let mut altered = log.request(9, 20);
    altered.proof[0] = leaf_hash(b"another");
    assert_eq!(status(&witness, &altered).await, 422, "a proof that does not verify");
    altered.proof.clear();
    assert_eq!(status(&witness, &altered).await, 422, "no proof");
    assert_eq!(status(&witness, &log.request(9, 20)).await, 200, "nothing of this was remembered");
}

#[tokio::test]
async fn the_time_in_a_cosignature_never_goes_back() {
    let log = TestLog::of(3, 0);
    let witness = Serving::knowing(&[log.signer.verifier()]).await;
    let cosigned = async |request: AddCheckpoint| {
        let body = answer(&witness, &request).await.body;
        read_cosignature(body.as_bytes(), &request.checkpoint, &witness_key()).expect("a cosignature").1
    };
    let first = cosigned(log.request(0, 1)).await;
    witness.clock.advance(-86_400);
    assert_eq!(cosigned(log.request(1, 2)).await, first, "the clock was set back");
    witness.clock.advance(2 * 86_400);
    assert!(cosigned(log.request(2, 3)).await > first);
}
