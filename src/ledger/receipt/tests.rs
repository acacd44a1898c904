use crate::ledger::entry::Beside;
use uuid::Uuid;

use super::*;
use crate::entropy::SystemEntropy;
use crate::ledger::cosignature::Cosigner;
use crate::ledger::note::{KeyKind, NoteSigner, SigningKey};
use crate::ledger::padding::PaddedBody;
use crate::ledger::proof::TlogProof;
use crate::ledger::seal::{SealedEntry, seal};
use crate::ledger::tree::{RightEdge, leaf_hash};
use crate::secret::Secret;

fn key(name: &str, kind: KeyKind, seed: u8) -> SigningKey {
    SigningKey::from_seed(name.parse().expect("valid"), kind, &Secret::new([seed; 32])).expect("valid")
}

fn log(name: &str, seed: u8) -> NoteSigner {
    NoteSigner::new(key(name, KeyKind::Note, seed)).expect("of this kind")
}

fn witness() -> Cosigner {
    Cosigner::new(key("witness.example", KeyKind::Cosignature, 9)).expect("of this kind")
}

fn statement(payload: &[u8]) -> Statement {
    Statement::about(Uuid::from_u128(7), "00000099000000001000".parse().expect("valid"), payload, b"the request")
}

struct Issued {
    text: String,
    other_leaf: SealedEntry,
    log: NoteSigner,
}

/// A receipt of entry 301 in a log of 303.
fn issued() -> Issued {
    let entropy = SystemEntropy::default();
    let body = PaddedBody::pad(b"body").expect("short");
    let seal = |payload: &[u8]| {
        seal(&body, Beside::before(&[0; 32]).expect("a digest"), Some(&statement(payload)), &entropy).expect("sealed")
    };
    let (entry, other_leaf) = (seal(b"the payload"), seal(b"another payload"));
    let mut edge = RightEdge::empty();
    edge.append(&(0..300_u32).map(|number| leaf_hash(&number.to_be_bytes())).collect::<Vec<_>>()).expect("room");
    let appended = edge.append(&[other_leaf.leaf.hash(), entry.leaf.hash(), leaf_hash(b"x")]).expect("room");
    let log = log("sluis.example/log", 1);
    let mut checkpoint = SignedCheckpoint::sign(appended.size(), appended.root(), &log).expect("in range");
    checkpoint.add(witness().cosign(&checkpoint, Timestamp::from_seconds(1_795_262_400))).expect("room");
    let text = receipt(&entry.leaf, &entry.party_key, 301, appended.inclusion(301).expect("new"), checkpoint);
    Issued { text, other_leaf, log }
}

fn outcome(issued: &Issued, text: &str) -> Result<VerifiedReceipt, ReceiptError> {
    verify(text, &statement(b"the payload"), Trust { log: issued.log.verifier(), policy: None })
}

#[test]
fn a_receipt_for_anything_else_is_refused() {
    let issued = issued();
    let trust = Trust { log: issued.log.verifier(), policy: None };
    let id = Uuid::from_u128(7);
    let (party, other): (crate::organisation::Oin, crate::organisation::Oin) =
        ("00000099000000001000".parse().expect("valid"), "00000099000000002000".parse().expect("valid"));
    for about in [
        Statement::about(id, party.clone(), b"another payload", b"the request"),
        Statement::about(id, party.clone(), b"the payload", b"another request"),
        Statement::about(id, other, b"the payload", b"the request"),
        Statement::about(Uuid::from_u128(8), party, b"the payload", b"the request"),
    ] {
        assert_eq!(verify(&issued.text, &about, trust), Err(ReceiptError::Statement));
    }
}

#[test]
fn each_altered_part_fails_its_own_check() {
    let issued = issued();
    let proof = TlogProof::parse(&issued.text).expect("valid");
    let altered = |alter: &dyn Fn(&mut TlogProof)| {
        let mut proof = proof.clone();
        alter(&mut proof);
        outcome(&issued, &proof.to_string()).expect_err("altered").check()
    };
    assert_eq!(outcome(&issued, "no receipt").expect_err("not one").check(), Check::Format);
    assert_eq!(altered(&|proof| proof.extra = None), Check::Leaf);
    assert_eq!(altered(&|proof| proof.extra.as_mut().expect("there").push(0)), Check::Leaf);
    assert_eq!(altered(&|proof| proof.extra.as_mut().expect("there")[0] = 2), Check::Leaf);
    assert_eq!(altered(&|proof| proof.extra.as_mut().expect("there")[128] ^= 1), Check::Statement);
    // The first two parts of the leaf are not in the statement: only its place in the tree gives the alteration away.
    assert_eq!(altered(&|proof| proof.extra.as_mut().expect("there")[1] ^= 1), Check::Inclusion);
    assert_eq!(altered(&|proof| proof.index = 300), Check::Inclusion);
    assert_eq!(altered(&|proof| proof.path.truncate(2)), Check::Inclusion);
    let foreign = log("other.example", 1);
    let resigned = |signer: &NoteSigner| {
        let head = proof.checkpoint.checkpoint();
        let signed = SignedCheckpoint::sign(head.size(), head.root(), signer).expect("in range");
        altered(&|proof| proof.checkpoint = signed.clone())
    };
    assert_eq!(resigned(&foreign), Check::Origin);
    assert_eq!(resigned(&log("sluis.example/log", 2)), Check::Signature);
    let text = issued.text.replace("\n303\n", "\n304\n");
    assert_eq!(outcome(&issued, &text).expect_err("altered").check(), Check::Signature);
    let leaf = &issued.other_leaf;
    let swapped = [leaf.leaf.bytes().as_slice(), leaf.party_key.expose()].concat();
    assert_eq!(altered(&|proof| proof.extra = Some(swapped.clone())), Check::Statement);
}

#[test]
fn witnesses_are_asked_for_by_the_policy() {
    let issued = issued();
    let check = |file: String| {
        let policy = Policy::parse(file.as_bytes()).expect("valid");
        verify(&issued.text, &statement(b"the payload"), Trust { log: issued.log.verifier(), policy: Some(&policy) })
    };
    let absent = key("absent.example", KeyKind::Cosignature, 8);
    let few = check(format!("witness W {}\nquorum W\n", absent.verifier())).expect_err("absent");
    assert_eq!(few, ReceiptError::Witnesses(QuorumNotMet::TooFew { cosigned: 0 }));
    let witness = witness().verifier().to_string();
    let elsewhere = check(format!("log {}\nwitness W {witness}\nquorum W\n", log("other.example", 3).verifier()));
    assert_eq!(elsewhere, Err(ReceiptError::UnknownLog));
    let verified = check(format!("log {}\nwitness W {witness}\nquorum W\n", issued.log.verifier())).expect("witnessed");
    assert_eq!(verified.witnesses, [("W".to_owned(), Timestamp::from_seconds(1_795_262_400))]);
}

#[test]
fn a_genuine_receipt_passes_and_explains_itself() {
    let issued = issued();
    let verified = outcome(&issued, &issued.text).expect("genuine");
    assert_eq!((verified.index, verified.size), (301, 303));
    let trust = Trust { log: issued.log.verifier(), policy: None };
    let explained = examine(&issued.text, &statement(b"the payload"), trust).checks;
    let checks: Vec<String> = explained.iter().map(|result| format!("{} {}", result.check, result.passed)).collect();
    let expected = ["format", "leaf", "statement", "origin", "signature", "inclusion", "witnesses"];
    assert_eq!(checks, expected.map(|check| format!("{check} true")));
    let failed = examine(&issued.text, &statement(b"?"), trust).checks;
    assert_eq!(failed.last().map(|result| (result.check, result.passed)), Some((Check::Statement, false)));
    assert_eq!(failed.len(), 3);
}

#[test]
fn malformed_proofs_are_refused_and_good_ones_come_back_byte_for_byte() {
    let text = issued().text;
    assert_eq!(TlogProof::parse(&text).expect("valid").to_string(), text);
    let extra = text.lines().nth(1).expect("there").to_owned();
    let refused = |from: &str, to: &str| TlogProof::parse(&text.replacen(from, to, 1)).expect_err("malformed");
    assert_eq!(refused("@v1", "@v2"), InvalidProof::Header);
    assert_eq!(refused("c2sp", "\nc2sp"), InvalidProof::Header);
    assert_eq!(refused(&extra, "extra ?"), InvalidProof::Extra);
    assert_eq!(refused(&extra, &format!("{extra}\n{extra}")), InvalidProof::Index);
    assert_eq!(refused("index 301", "index 0301"), InvalidProof::Index);
    assert_eq!(refused("index 301", "index -1"), InvalidProof::Index);
    assert_eq!(refused("index 301\n", ""), InvalidProof::Index);
    assert_eq!(refused("index 301\n", "index 301\nAAAA\n"), InvalidProof::Path);
    assert_eq!(refused("\n\n", "\n"), InvalidProof::Path);
    assert_eq!(refused("\n\n", "\n\n\n"), InvalidProof::Checkpoint(Some(CheckpointError::Malformed)));
    let hash = NodeHash::new([1; 32]);
    assert_eq!(refused("index 301\n", &format!("index 301\n{}", format!("{hash}\n").repeat(64))), InvalidProof::TooLong);
    assert_eq!(TlogProof::parse(&"x".repeat(1 << 20)), Err(InvalidProof::TooLong));
    assert_eq!(TlogProof::parse("c2sp.org/tlog-proof@v1\nindex 0\n"), Err(InvalidProof::Checkpoint(None)));
    let without = text.replacen(&format!("{extra}\n"), "", 1);
    assert_eq!(TlogProof::parse(&without).expect("valid").to_string(), without);
}
