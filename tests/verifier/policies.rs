//! Receipts, cosigned or not, under policies.

use std::path::PathBuf;

use sluis::clock::Timestamp;
use sluis::entropy::SystemEntropy;
use sluis::ledger::checkpoint::SignedCheckpoint;
use sluis::ledger::cosignature::Cosigner;
use sluis::ledger::entry::Beside;
use sluis::ledger::note::{KeyKind, NoteSigner, SigningKey};
use sluis::ledger::padding::PaddedBody;
use sluis::ledger::quorum::Policy;
use sluis::ledger::receipt::{Trust, receipt, verify as verify_here};
use sluis::ledger::seal::{SealedEntry, seal};
use sluis::ledger::statement::Statement;
use sluis::ledger::tree::{RightEdge, leaf_hash};
use sluis::secret::Secret;
use uuid::Uuid;

use super::{INVALID, UNWITNESSED, USAGE, Verdict, WITNESSED, verify};
use crate::support::cases::Cases;
use crate::support::random_text;

const AT: Timestamp = Timestamp::from_seconds(1_795_262_400);

/// A receipt that is still to be cosigned, and the files that the verifier reads.
struct World {
    folder: PathBuf,
    log: NoteSigner,
    statement: Statement,
    entry: SealedEntry,
    index: u64,
    edge: RightEdge,
}

impl Drop for World {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

fn key(name: &str, kind: KeyKind, seed: u8) -> SigningKey {
    SigningKey::from_seed(name.parse().expect("a name"), kind, &Secret::new([seed; 32])).expect("a key")
}

fn witness(number: u8) -> Cosigner {
    Cosigner::new(key(&format!("witness.example/w{number}"), KeyKind::Cosignature, number)).expect("of this kind")
}

impl World {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("sluis-verifier-{}", random_text()));
        std::fs::create_dir(&folder).expect("a temporary folder");
        let log = NoteSigner::new(key("sluis.example/test", KeyKind::Note, 100)).expect("of this kind");
        let party = "00000099000000001000".parse().expect("an OIN");
        let statement = Statement::about(Uuid::from_u128(7), party, b"sealed", b"request");
        let body = PaddedBody::pad(b"body").expect("short");
        let entry = seal(&body, Beside::of_columns(b"[]"), Some(&statement), &SystemEntropy::default()).expect("sealed");
        let mut edge = RightEdge::empty();
        let others: Vec<_> = (0..700_u32).map(|other| leaf_hash(&other.to_be_bytes())).collect();
        edge.append(&others).expect("room");
        std::fs::write(folder.join("statement"), statement.to_string()).expect("written");
        Self { folder, log, statement, entry, index: 700, edge }
    }

    /// The receipt, cosigned by these witnesses.
    fn receipt(&self, witnesses: &[u8]) -> String {
        let mut edge = self.edge.clone();
        let appended = edge.append(&[self.entry.leaf.hash()]).expect("room");
        let mut checkpoint = SignedCheckpoint::sign(701, appended.root(), &self.log).expect("in range");
        for number in witnesses {
            checkpoint.add(witness(*number).cosign(&checkpoint, AT)).expect("room");
        }
        let path = appended.inclusion(self.index).expect("new");
        receipt(&self.entry.leaf, &self.entry.party_key, self.index, path, checkpoint)
    }

    /// What the verifier says of a receipt under a policy.
    fn verdict(&self, receipt: &str, policy: &str) -> Verdict {
        let file = |name: &str, content: &[u8]| {
            let path = self.folder.join(format!("{name}-{}", random_text()));
            std::fs::write(&path, content).expect("written");
            path.display().to_string()
        };
        let statement = self.folder.join("statement").display().to_string();
        let (receipt, policy) = (file("receipt", receipt.as_bytes()), file("policy", policy.as_bytes()));
        let key = self.log.verifier().to_string();
        verify(&["receipt", &receipt, &statement, &key, "--policy", &policy])
    }

    /// What Sluis' own verifier says of it: whether the quorum cosigned.
    fn here(&self, receipt: &str, policy: &str) -> bool {
        let policy = Policy::parse(policy.as_bytes()).expect("a policy");
        let trust = Trust { log: self.log.verifier(), policy: Some(&policy) };
        verify_here(receipt, &self.statement, trust).is_ok()
    }

    fn policy(&self, rest: &str) -> String {
        let log = format!("# who is asked\nlog {} https://sluis.example/log\n\n", self.log.verifier());
        let witness = |number| format!("witness w{number}\t{} https://w{number}.example\n", witness(number).verifier());
        format!("{log}{}{rest}", (1..=5).map(witness).collect::<String>())
    }
}

/// Three of five with one from outside: all sets of witnesses, to both verifiers.
#[test]
fn both_verifiers_judge_every_set_of_witnesses_alike() {
    let world = World::new();
    let policy = world.policy("group justice 2 w1 w2 w3\ngroup outside any w4 w5\ngroup both all justice outside\nquorum both\n");
    let mut cases = Cases::default();
    let mut met = 0;
    for set in 0_u8..32 {
        let by: Vec<u8> = (1..=5).filter(|number| set >> (number - 1) & 1 == 1).collect();
        let expected = set.count_ones() >= 3 && (set & 7).count_ones() >= 2 && set >> 3 != 0;
        let receipt = world.receipt(&by);
        let verdict = world.verdict(&receipt, &policy);
        let (code, verdict_is) = if expected { (WITNESSED, "witnessed") } else { (UNWITNESSED, "unwitnessed") };
        cases.check(format!("{by:?}"), verdict.expect(code, &format!("{verdict_is}: entry 700 of 701")));
        cases.hold(format!("{by:?} here"), world.here(&receipt, &policy) == expected);
        met += u32::from(expected);
    }
    assert_eq!(met, 12);
    cases.finish(64);
}

#[test]
fn what_is_forged_or_of_others_does_not_count() {
    let world = World::new();
    let mut cases = Cases::default();
    let any = world.policy("group g any w1 w2 w3 w4 w5\nquorum g\n");
    let none = world.policy("quorum none\n");
    let cosigned = world.receipt(&[1]);
    cases.check("one of any", world.verdict(&cosigned, &any).expect(WITNESSED, "witnessed: "));
    cases.check("none asked for", world.verdict(&world.receipt(&[]), &none).expect(WITNESSED, "witnessed: "));
    cases.check("a stranger", world.verdict(&world.receipt(&[9]), &any).expect(UNWITNESSED, "unwitnessed: "));

    // The last base64 digit before the padding: of the signature's last byte.
    let forged = cosigned.trim_end().to_owned();
    let at = forged.len() - 6;
    let other = if forged.as_bytes()[at] == b'A' { "B" } else { "A" };
    let forged = format!("{}{other}{}\n", &forged[..at], &forged[at + 1..]);
    assert!(!world.here(&forged, &any));
    let refused = world.verdict(&forged, &any);
    cases.check("a forged line", refused.expect(INVALID, "invalid: checkpoint: a signature of witness.example/w1 "));

    let other = NoteSigner::new(key("sluis.example/test", KeyKind::Note, 101)).expect("of this kind");
    let of_another = any.replace(&world.log.verifier().to_string(), &other.verifier().to_string());
    assert!(!world.here(&cosigned, &of_another));
    cases.check("a policy for another log", world.verdict(&cosigned, &of_another).expect(INVALID, "invalid: policy: "));
    cases.finish(5);
}

/// What Sluis refuses as a policy, the second verifier refuses too.
#[test]
fn what_is_no_policy_is_refused() {
    let world = World::new();
    let mut cases = Cases::default();
    let receipt = world.receipt(&[1]);
    for rest in [
        "",
        "quorum g\n",
        "quorum w1",
        "quorum w1\nquorum w1\n",
        "group g 2 w1\nquorum g\n",
        "group g 0 w1\nquorum g\n",
        "group g all\nquorum g\n",
        "group g any w1 w1\nquorum g\n",
        "group g any w1\ngroup h any w1\nquorum h\n",
        "group g any h\ngroup h any w1\nquorum g\n",
        "group none any w1\nquorum none\n",
        "group w1 any w2\nquorum w1\n",
        "group g any none\nquorum g\n",
        "quorum w1 w2\n",
        "quorums w1\n",
        "quorum w1\r\n",
    ] {
        let policy = world.policy(rest);
        cases.hold(format!("{rest:?} here"), Policy::parse(policy.as_bytes()).is_err());
        cases.check(format!("{rest:?}"), world.verdict(&receipt, &policy).expect(USAGE, "usage: "));
    }
    let twice = format!("witness again {}\nquorum again\n", witness(1).verifier());
    cases.check("one key under two names", world.verdict(&receipt, &world.policy(&twice)).expect(USAGE, "usage: "));
    let key = key("w.example", KeyKind::Note, 7);
    let of_a_log = format!("witness w {}\nquorum w\n", key.verifier());
    cases.check("a log's key as a witness", world.verdict(&receipt, &world.policy(&of_a_log)).expect(USAGE, "usage: "));
    cases.finish(34);
}
