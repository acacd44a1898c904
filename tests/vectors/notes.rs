//! Notes and keys against `signed_note`, an independent implementation, and the examples in the texts of C2SP.

use signed_note::{Note as TheirNote, StandardSigner, StandardVerifier, Verifier, VerifierList, key_id};
use sluis::crypto::base64;
use sluis::entropy::{SystemEntropy, random};
use sluis::ledger::checkpoint::SignedCheckpoint;
use sluis::ledger::cosignature::Cosigner;
use sluis::ledger::note::{KeyKind, KeyName, Note, NoteSigner, SigningKey, VerifierKey};
use sluis::ledger::proof::TlogProof;
use sluis::ledger::quorum::Policy;
use sluis::ledger::tree::NodeHash;
use sluis::secret::Secret;

/// The checkpoint in tlog-cosignature.md and tlog-checkpoint.md; the second signature is a witness's.
const CHECKPOINT: &str = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n\
    — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n\
    — witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n";

/// The proof in tlog-proof.md up to its checkpoint, whose signatures are left out there.
const PROOF: &str = "c2sp.org/tlog-proof@v1\nextra YWdlLXYxLjIuMS1kYXJ3aW4tYXJtNjQudGFyLmd6kYXJ3aW4tYXJ\nindex 73894\n\
    gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=\nB95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=\n\
    EKNzoDWG8LGC0Yp9o+sv3qllpMP9uHQ9B20KNL+Q1zs=\nRoopEkOdqkYqMB4MJXrbt/hMjOxsVn0IrWjpz1ZMMes=\n\
    AHCioX9nLjsrse6YhjRRmk1WUEirVOLLRoOQ6vfO5vk=\n\nexample.com/fancylog\n109482\nsFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=\n\n";

/// The policy in tlog-policy.md.
const POLICY: &str = "log <log>\n\nwitness X1 <1>\nwitness X2 <2>\nwitness X3 <3>\ngroup X-witnesses 2 X1 X2 X3\n\nwitness Y1 <4>\nwitness Y2 <5>\n\
    witness Y3 <6>\ngroup Y-witnesses any Y1 Y2 Y3\n\ngroup X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n";

const NAMES: [&str; 7] = ["sluis.example/log", "a", "oid/1.3.6.1", "zorg.example/é—ü", "log:8443/?q#f", "名前", "[::1]/-_~"];
const TEXTS: [&str; 6] = [
    "text\n",
    "\n",
    "a\n\nb\n",
    "Ognuno sta solo\n\ned è subito sera.\n",
    "— a AAAAAAA=\n",
    "sluis.example/log\n7\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
];

fn seed() -> Secret<[u8; 32]> {
    Secret::new(random(&SystemEntropy::default()).expect("randomness"))
}

fn key(name: &str, kind: KeyKind, seed: &Secret<[u8; 32]>) -> SigningKey {
    SigningKey::from_seed(name.parse().expect("a name"), kind, seed).expect("a key")
}

/// The same key as theirs.
fn their_signer(key: &VerifierKey, seed: &Secret<[u8; 32]>) -> StandardSigner {
    let private = base64::encode(&[&[1], seed.expose().as_slice()].concat());
    let id = u32::from_be_bytes(key.id());
    StandardSigner::new(&format!("PRIVATE+KEY+{}+{id:08x}+{private}", key.name())).expect("a signer")
}

fn known(key: &VerifierKey) -> VerifierList {
    VerifierList::new(vec![Box::new(StandardVerifier::new(&key.to_string()).expect("a vkey to them too"))])
}

#[test]
fn each_verifies_what_the_other_signs() {
    for name in NAMES {
        for text in TEXTS {
            let seed = seed();
            let signer = NoteSigner::new(key(name, KeyKind::Note, &seed)).expect("of this kind");
            let here = Note::sign(text, &signer).expect("allowed").to_string();
            let mut there = TheirNote::new(text.as_bytes(), &[]).expect("allowed");
            there.add_sigs(&[&their_signer(signer.verifier(), &seed)]).expect("signed");
            assert_eq!(here.as_bytes(), there.to_bytes(), "Ed25519 signs alike");
            let read = TheirNote::from_bytes(here.as_bytes()).expect("a note");
            assert_eq!(read.text(), text.as_bytes());
            assert_eq!(read.verify(&known(signer.verifier())).expect("verified by them").0.len(), 1);
            assert_eq!(Note::parse(&here).expect("a note").verify(signer.verifier()), Ok(()));
        }
    }
}

/// Up to the 64 signatures that ours takes.
#[test]
fn a_note_with_many_signatures_is_read_by_both() {
    let seeds: Vec<_> = (0..64).map(|_| seed()).collect();
    let signers: Vec<_> =
        seeds.iter().enumerate().map(|(at, seed)| key(&format!("w{at}.example"), KeyKind::Note, seed)).collect();
    let mut note = TheirNote::new(b"text\n", &[]).expect("allowed");
    for (signer, seed) in signers.iter().zip(&seeds) {
        note.add_sigs(&[&their_signer(signer.verifier(), seed)]).expect("signed");
    }
    let read = Note::parse(std::str::from_utf8(&note.to_bytes()).expect("text")).expect("a note");
    assert!(signers.iter().all(|signer| read.verify(signer.verifier()).is_ok()));
    assert_eq!(read.to_string().as_bytes(), note.to_bytes());
}

/// Notes in which one bit is another, and such of which a piece is gone or there twice: what one takes for a note, and for signed, so does the other.
/// (But for U+007F in a name, which is a control character to us and not to the specification.)
#[test]
fn altered_notes_are_refused_by_both() {
    let seed = seed();
    let signer = NoteSigner::new(key("sluis.example/log", KeyKind::Note, &seed)).expect("of this kind");
    let sound = Note::sign("one\n\ntwo\n", &signer).expect("allowed").to_string();
    let same = |text: &str| {
        let here = Note::parse(text);
        let there = TheirNote::from_bytes(text.as_bytes());
        assert_eq!(here.is_ok(), there.is_ok(), "{text:?}");
        let verified = here.is_ok_and(|note| note.verify(signer.verifier()).is_ok());
        assert_eq!(verified, there.is_ok_and(|note| note.verify(&known(signer.verifier())).is_ok()), "{text:?}");
        verified
    };
    assert!(same(&sound));
    for at in 0..sound.len() {
        for bit in 0..7 {
            let mut bytes = sound.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            if let Some(text) = String::from_utf8(bytes).ok().filter(|text| !text.contains('\u{7f}')) {
                assert!(!same(&text), "{text:?}");
            }
        }
        let (Some(before), Some(behind)) = (sound.get(..at), sound.get(at..)) else { continue };
        assert!(!same(before));
        let _either = same(behind);
        let _either = same(&format!("{before}\n{behind}"));
        let _either = same(&format!("{before}{behind}{behind}"));
    }
}

/// Names, and the ids of both kinds of key.
#[test]
fn keys_have_the_same_names_and_ids() {
    for name in NAMES {
        for (kind, byte) in [(KeyKind::Note, 1), (KeyKind::Cosignature, 4)] {
            let key = key(name, kind, &seed());
            let key = key.verifier();
            let material = [&[byte], key.public().as_slice()].concat();
            assert_eq!(u32::from_be_bytes(key.id()), key_id(name, &material));
            assert_eq!(key.to_string(), format!("{name}+{:08x}+{}", key_id(name, &material), base64::encode(&material)));
        }
        let key = key(name, KeyKind::Note, &seed());
        let there = StandardVerifier::new(&key.verifier().to_string()).expect("a vkey to them too");
        assert_eq!((there.name(), there.key_id()), (name, u32::from_be_bytes(key.verifier().id())));
    }
    for name in ["", "a b", "a+b", "a\u{2003}b", "a\tb", "a\nb", "\u{85}", "a\u{a0}"] {
        assert!(name.parse::<KeyName>().is_err() && !signed_note::is_key_name_valid(name), "{name:?}");
    }
}

#[test]
fn a_cosigned_checkpoint_is_a_note_to_them() {
    let log = NoteSigner::new(key("sluis.example/log", KeyKind::Note, &seed())).expect("of this kind");
    let witness = Cosigner::new(key("witness.example/w1", KeyKind::Cosignature, &seed())).expect("of this kind");
    let mut checkpoint = SignedCheckpoint::sign(7, NodeHash::new([3; 32]), &log).expect("in range");
    checkpoint.add(witness.cosign(&checkpoint, sluis::clock::Timestamp::from_seconds(1_679_315_147))).expect("room");
    let note = TheirNote::from_bytes(checkpoint.to_string().as_bytes()).expect("a note");
    let (verified, others) = note.verify(&known(log.verifier())).expect("signed by the log");
    assert_eq!((verified.len(), others.len()), (1, 1));
    assert_eq!((others[0].name(), others[0].id()), ("witness.example/w1", u32::from_be_bytes(witness.verifier().id())));
    assert_eq!(others[0].signature().len(), 8 + 64);
    assert_eq!(others[0].signature()[..8], 1_679_315_147_u64.to_be_bytes());
}

/// Read, meant and written back as they stand in the texts (C2SP at 5ba5ee8); the keys to them are not published.
#[test]
fn the_examples_of_the_specifications_are_read_and_written_back() {
    let poem = "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n\n\
        — quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n";
    let note = Note::parse(poem).expect("a note");
    assert!(note.text().ends_with(":\n\ned è subito sera.\n"));
    assert_eq!(note.to_string(), poem);

    let cosigned = SignedCheckpoint::parse(CHECKPOINT).expect("a checkpoint");
    assert_eq!((cosigned.checkpoint().origin(), cosigned.checkpoint().size()), ("example.com/behind-the-sofa", 20_852_163));
    assert_eq!(cosigned.to_string(), CHECKPOINT);
    let [of_the_log, of_the_witness] = cosigned.note().signatures() else { panic!("two signatures") };
    assert_eq!((of_the_log.bytes().len(), of_the_witness.bytes().len()), (64, 72));
    assert_eq!(of_the_witness.bytes()[..8], 1_679_315_147_u64.to_be_bytes(), "the time that the text names");

    let signature = CHECKPOINT.split_once("\n\n").expect("a note").1;
    let text = format!("{PROOF}{signature}");
    let proof = TlogProof::parse(&text).expect("a proof");
    assert_eq!((proof.index, proof.path.len(), proof.checkpoint.checkpoint().size()), (73_894, 5, 109_482));
    assert_eq!(proof.to_string(), text);
}

#[test]
fn the_example_policy_means_what_the_specification_says() {
    let log = NoteSigner::new(key("sluis.example/log", KeyKind::Note, &seed())).expect("of this kind");
    let witnesses: Vec<_> = (1..=6)
        .map(|at| Cosigner::new(key(&format!("w{at}.example"), KeyKind::Cosignature, &seed())).expect("of this kind"))
        .collect();
    let mut file = POLICY.replace("<log>", &log.verifier().to_string());
    for (at, witness) in witnesses.iter().enumerate() {
        file = file.replace(&format!("<{}>", at + 1), &witness.verifier().to_string());
    }
    let policy = Policy::parse(file.as_bytes()).expect("a policy");
    for set in 0_u8..64 {
        let mut checkpoint = SignedCheckpoint::sign(7, NodeHash::new([3; 32]), &log).expect("in range");
        for witness in witnesses.iter().enumerate().filter(|(at, _)| set >> at & 1 == 1).map(|(_, witness)| witness) {
            checkpoint.add(witness.cosign(&checkpoint, sluis::clock::Timestamp::from_seconds(1))).expect("room");
        }
        let two_and_one = (set & 7).count_ones() >= 2 && set >> 3 != 0;
        assert_eq!(policy.witnessed(&checkpoint).is_ok(), two_and_one, "{set:06b}");
    }
}
