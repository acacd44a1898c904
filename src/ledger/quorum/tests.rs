use super::*;
use crate::ledger::cosignature::Cosigner;
use crate::ledger::note::{NoteSigner, SigningKey};
use crate::ledger::tree::NodeHash;
use crate::secret::Secret;

fn key(name: &str, kind: KeyKind, seed: u8) -> SigningKey {
    SigningKey::from_seed(name.parse().expect("valid"), kind, &Secret::new([seed; 32])).expect("valid")
}

fn witness(seed: u8) -> Cosigner {
    Cosigner::new(key(&format!("w{seed}.example"), KeyKind::Cosignature, seed)).expect("of this kind")
}

/// The example of the specification, with real keys: two of X1–X3, and one of Y1–Y3.
fn example() -> String {
    let mut file =
        format!("# who is trusted\n\n log\t{}  https://log.example/ \n", key("log.example", KeyKind::Note, 100).verifier());
    for (group, seeds) in [("X", 1..=3), ("Y", 4..=6)] {
        for (number, seed) in (1..).zip(seeds) {
            let line = format!("witness {group}{number} {}\n", witness(seed).verifier());
            file.push_str(&line);
        }
    }
    file + "group X-witnesses 2 X1 X2 X3\ngroup Y-witnesses any Y1 Y2 Y3\ngroup X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n"
}

fn cosigned(witnesses: &[u8]) -> SignedCheckpoint {
    let log = NoteSigner::new(key("log.example", KeyKind::Note, 100)).expect("of this kind");
    let mut checkpoint = SignedCheckpoint::sign(9, NodeHash::new([1; 32]), &log).expect("in range");
    for seed in witnesses {
        checkpoint.add(witness(*seed).cosign(&checkpoint, Timestamp::from_seconds(i64::from(*seed)))).expect("room");
    }
    checkpoint
}

#[test]
fn faulty_files_are_refused_with_the_line() {
    let problem = |file: &str| Policy::parse(file.as_bytes()).expect_err("faulty");
    let (w1, w2) = (witness(1).verifier().to_string(), witness(2).verifier().to_string());
    let renamed = key("other.example", KeyKind::Cosignature, 1).verifier().to_string();
    for (file, line, expected) in [
        ("quorum none".to_owned(), 0, PolicyProblem::Unfinished),
        (String::new(), 0, PolicyProblem::Unfinished),
        ("# nothing\n".to_owned(), 0, PolicyProblem::Quorum),
        ("quorum none\nquorum none\n".to_owned(), 2, PolicyProblem::Quorum),
        ("quorum none\r\n".to_owned(), 1, PolicyProblem::Characters),
        ("quorum\n".to_owned(), 1, PolicyProblem::Syntax),
        ("quorum none none\n".to_owned(), 1, PolicyProblem::Syntax),
        ("Quorum none\n".to_owned(), 1, PolicyProblem::Syntax),
        ("quorum W1\n".to_owned(), 1, PolicyProblem::Unknown),
        (format!("quorum W1\nwitness W1 {w1}\n"), 1, PolicyProblem::Unknown),
        (format!("witness none {w1}\n"), 1, PolicyProblem::Name),
        (format!("witness W {w1}\nwitness W {w2}\n"), 2, PolicyProblem::Name),
        (format!("witness W1 {w1}\nwitness W2 {renamed}\n"), 2, PolicyProblem::Duplicate),
        (format!("log {w1}\n"), 1, PolicyProblem::Key),
        (format!("witness W1 {}\n", key("l", KeyKind::Note, 1).verifier()), 1, PolicyProblem::Key),
        (format!("witness W1 {w1}x\n"), 1, PolicyProblem::Key),
        (format!("witness W1 {w1}\ngroup G 0 W1\n"), 2, PolicyProblem::Threshold),
        (format!("witness W1 {w1}\ngroup G 2 W1\n"), 2, PolicyProblem::Threshold),
        (format!("witness W1 {w1}\ngroup G +1 W1\n"), 2, PolicyProblem::Threshold),
        (format!("witness W1 {w1}\ngroup G all\n"), 2, PolicyProblem::Threshold),
        (format!("witness W1 {w1}\ngroup G any W1 W1\n"), 2, PolicyProblem::Twice),
        (format!("witness W1 {w1}\ngroup G any W1\ngroup H any W1\n"), 3, PolicyProblem::Twice),
        (format!("witness W1 {w1}\ngroup W1 any W1\n"), 2, PolicyProblem::Name),
        (format!("witness W1 {w1}\ngroup G any none\n"), 2, PolicyProblem::Unknown),
        ("group G any G\n".to_owned(), 1, PolicyProblem::Unknown),
    ] {
        assert_eq!(problem(&file), InvalidPolicy { line, problem: expected }, "{file}");
    }
}

#[test]
fn too_many_definitions_are_refused() {
    let lines: Vec<String> = (0..=64).map(|seed| format!("witness W{seed} {}\n", witness(seed).verifier())).collect();
    assert_eq!(Policy::parse(lines.concat().as_bytes()), Err(InvalidPolicy { line: 65, problem: PolicyProblem::TooMany }));
}

#[test]
fn the_quorum_of_the_example_is_two_of_one_group_and_one_of_the_other() {
    let policy = Policy::parse(example().as_bytes()).expect("valid");
    assert_eq!((policy.logs().len(), policy.witnesses().len()), (1, 6));
    for (witnesses, met) in [
        (&[][..], false),
        (&[1, 2], false),
        (&[4, 5, 6], false),
        (&[1, 4], false),
        (&[1, 7, 4], false),
        (&[1, 3, 6], true),
        (&[1, 2, 3, 4, 5, 6], true),
    ] {
        assert_eq!(policy.witnessed(&cosigned(witnesses)).is_ok(), met, "{witnesses:?}");
    }
    let checkpoint = cosigned(&[6, 3, 1]);
    let by = policy.witnessed(&checkpoint).expect("met").by;
    let by: Vec<(&str, i64)> = by.iter().map(|(witness, time)| (witness.name.as_str(), time.seconds())).collect();
    assert_eq!(by, [("X1", 1), ("X3", 3), ("Y3", 6)]);
}

#[test]
fn a_forged_cosignature_spoils_the_checkpoint() {
    let policy = Policy::parse(example().as_bytes()).expect("valid");
    let mut checkpoint = cosigned(&[1, 2, 4]);
    let log = NoteSigner::new(key("log.example", KeyKind::Note, 100)).expect("of this kind");
    let other = SignedCheckpoint::sign(10, NodeHash::new([1; 32]), &log).expect("in range");
    checkpoint.add(witness(5).cosign(&other, Timestamp::from_seconds(5))).expect("room");
    assert_eq!(policy.witnessed(&checkpoint), Err(QuorumNotMet::Forged("Y2".to_owned())));
}

#[test]
fn one_witness_or_none_can_be_the_quorum() {
    let single = format!("witness \u{212a} {}\nwitness K {}\nquorum K\n", witness(1).verifier(), witness(2).verifier());
    let single = Policy::parse(single.as_bytes()).expect("a Kelvin sign is no K");
    assert_eq!(single.witnessed(&cosigned(&[1])), Err(QuorumNotMet::TooFew { cosigned: 1 }));
    assert!(single.witnessed(&cosigned(&[2])).is_ok());
    let none = Policy::parse(b"quorum none\n").expect("valid");
    assert_eq!(none.witnessed(&cosigned(&[])), Ok(Witnessed { by: Vec::new() }));
}
