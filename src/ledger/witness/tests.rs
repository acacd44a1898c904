use super::*;
use crate::ledger::cosignature::Cosigner;
use crate::ledger::note::{KeyKind, NoteSigner, SigningKey};
use crate::ledger::tree::{RightEdge, Tiles, consistency, leaf_hash};
use crate::secret::Secret;

const ORIGIN: &str = "sluis.example/log";

fn key(name: &str, kind: KeyKind, seed: u8) -> SigningKey {
    SigningKey::from_seed(name.parse().expect("valid"), kind, &Secret::new([seed; 32])).expect("valid")
}

fn log(seed: u8) -> NoteSigner {
    NoteSigner::new(key(ORIGIN, KeyKind::Note, seed)).expect("of this kind")
}

/// A log of so many leaves: its tiles, and the root after each.
struct Grown {
    tiles: Tiles,
    roots: Vec<NodeHash>,
}

impl Grown {
    fn to(size: u64) -> Self {
        let (mut edge, mut tiles, mut roots) = (RightEdge::empty(), Tiles::default(), vec![empty_root()]);
        for leaf in 0..size {
            let appended = edge.append(&[leaf_hash(&leaf.to_be_bytes())]).expect("room");
            appended.tiles().iter().cloned().for_each(|tile| tiles.insert(tile));
            roots.push(appended.root());
        }
        Self { tiles, roots }
    }

    fn root(&self, size: u64) -> NodeHash {
        self.roots[usize::try_from(size).expect("small")]
    }

    fn request(&self, old: u64, new: u64) -> AddCheckpoint {
        let checkpoint = SignedCheckpoint::sign(new, self.root(new), &log(1)).expect("in range");
        AddCheckpoint { old, proof: consistency(old, new, &self.tiles).expect("in range"), checkpoint }
    }
}

fn judged(request: AddCheckpoint, latest: Option<(u64, NodeHash)>) -> Result<(), WitnessRefusal> {
    AddCheckpoint::parse(request.to_string().as_bytes())?.admit(&[log(1).verifier().clone()])?.follows(latest)
}

#[test]
fn every_growth_is_taken_and_nothing_else() {
    let grown = Grown::to(70);
    for old in 0..=70 {
        let latest = (old > 0).then(|| (old, grown.root(old)));
        for new in old..=70 {
            let request = grown.request(old, new);
            assert_eq!(judged(request.clone(), latest), Ok(()), "{old} → {new}");
            let mut longer = request.clone();
            longer.proof.push(grown.root(1));
            assert_eq!(judged(longer, latest), Err(WitnessRefusal::Inconsistent), "{old} → {new}, one hash more");
            if new > old && old > 0 {
                let forked = Some((old, grown.root(old - 1)));
                assert_eq!(judged(request.clone(), forked), Err(WitnessRefusal::Inconsistent), "{old} → {new}, a fork");
                let mut other = request.clone();
                other.checkpoint = SignedCheckpoint::sign(new, grown.root(old), &log(1)).expect("in range");
                assert_eq!(judged(other, latest), Err(WitnessRefusal::Inconsistent), "{old} → {new}, another root");
            }
            let ahead = Some((old + 1, grown.root(1)));
            assert_eq!(judged(request, ahead), Err(WitnessRefusal::Conflict(old + 1)));
        }
    }
}

#[test]
fn equal_sizes_need_equal_roots_and_the_empty_tree_has_one() {
    let grown = Grown::to(7);
    let other = Some((7, grown.root(6)));
    assert_eq!(judged(grown.request(7, 7), other), Err(WitnessRefusal::Inconsistent));
    let empty = |root| AddCheckpoint {
        old: 0,
        proof: Vec::new(),
        checkpoint: SignedCheckpoint::sign(0, root, &log(1)).expect("in range"),
    };
    assert_eq!(judged(empty(empty_root()), None), Ok(()));
    assert_eq!(judged(empty(grown.root(1)), None), Err(WitnessRefusal::Inconsistent));
}

#[test]
fn only_a_known_log_is_heard() {
    let grown = Grown::to(3);
    let request = grown.request(0, 3);
    let admit = |request: &AddCheckpoint, logs: &[&NoteSigner]| {
        let keys: Vec<_> = logs.iter().map(|log| log.verifier().clone()).collect();
        request.clone().admit(&keys).map(|admitted| admitted.checkpoint().note().signatures().len())
    };
    assert_eq!(admit(&request, &[]), Err(WitnessRefusal::UnknownLog));
    assert_eq!(admit(&request, &[&log(2)]), Err(WitnessRefusal::NotSigned));
    assert_eq!(admit(&request, &[&log(2), &log(1)]), Ok(1), "one of the keys of the origin signed it");
    let mut backwards = request.clone();
    backwards.old = 4;
    assert_eq!(admit(&backwards, &[&log(1)]), Err(WitnessRefusal::Backwards));
    let forged = request.to_string().replace("\n3\n", "\n4\n");
    let forged = AddCheckpoint::parse(forged.as_bytes()).expect("well-formed");
    assert_eq!(admit(&forged, &[&log(1)]), Err(WitnessRefusal::NotSigned));
    let mut decorated = request;
    let stranger = Cosigner::new(key("stranger.example", KeyKind::Cosignature, 9)).expect("of this kind");
    decorated.checkpoint.add(stranger.cosign(&decorated.checkpoint, Timestamp::from_seconds(1))).expect("room");
    assert_eq!(admit(&decorated, &[&log(1)]), Ok(1), "lines of unknown keys are not kept");
}

#[test]
fn a_request_reads_back_as_it_was_written() {
    let grown = Grown::to(300);
    for (old, new) in [(0, 0), (0, 1), (1, 1), (5, 300), (256, 257), (299, 300)] {
        let text = grown.request(old, new).to_string();
        assert_eq!(AddCheckpoint::parse(text.as_bytes()).expect("valid").to_string(), text);
    }
}

/// Whatever is not exactly of the form is refused, and whatever is read is written back byte for byte.
#[test]
fn mutations_never_read_as_something_else() {
    let text = Grown::to(20).request(5, 20).to_string();
    for (from, to) in
        [("old 5", "old 05"), ("old 5", "old +5"), ("old 5", "old  5"), ("old 5", "new 5"), ("old 5\n", "old 5\r\n")]
    {
        assert!(AddCheckpoint::parse(text.replace(from, to).as_bytes()).is_err(), "{from} → {to}");
    }
    for place in 0..text.len() {
        for change in [0x01_u8, 0x20, 0x80] {
            let mut bytes = text.clone().into_bytes();
            bytes[place] ^= change;
            if let Ok(read) = AddCheckpoint::parse(&bytes) {
                assert_eq!(read.to_string().into_bytes(), bytes, "at {place}");
            }
        }
        assert!(AddCheckpoint::parse(&text.as_bytes()[..place]).is_err(), "cut at {place}");
    }
    let many = "old 5\n".to_owned()
        + &"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n".repeat(64)
        + &text[text.find("\n\n").expect("there") + 1..];
    assert!(matches!(AddCheckpoint::parse(many.as_bytes()), Err(WitnessRefusal::Malformed(_))));
}

#[test]
fn the_example_of_the_specification_is_read() {
    let example = "old 20852014\n\
        PlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n\
        jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n\
        5+pKlUdi2LeF/BcMHBn+Ku6yhPGNCswZZD1X/6QgPd8=\n\
        /6WVhPs2CwSsb5rYBH5cjHV/wSmA79abXAwhXw3Kj/0=\n\
        \n\
        example.com/behind-the-sofa\n\
        20852163\n\
        CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\
        \n\
        — example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n\
        — example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=\n";
    let request = AddCheckpoint::parse(example.as_bytes()).expect("valid");
    assert_eq!((request.old, request.proof.len(), request.checkpoint.checkpoint().size()), (20_852_014, 4, 20_852_163));
    assert_eq!(request.to_string(), example);
}

#[test]
fn only_the_witnesses_own_verified_line_is_taken() {
    let checkpoint = Grown::to(3).request(0, 3).checkpoint;
    let witness = |seed| Cosigner::new(key("witness.example", KeyKind::Cosignature, seed)).expect("of this kind");
    let (ours, other) = (witness(1), witness(2));
    let line = |cosigner: &Cosigner, seconds| format!("{}\n", cosigner.cosign(&checkpoint, Timestamp::from_seconds(seconds)));
    let read = |body: &str| read_cosignature(body.as_bytes(), &checkpoint, ours.verifier()).map(|(_, time)| time.seconds());
    assert_eq!(read(&line(&ours, 7)), Ok(7));
    assert_eq!(read(&(line(&other, 5) + &line(&ours, 7))), Ok(7), "lines of unknown keys are ignored");
    assert_eq!(read(&line(&other, 7)), Err(NotSigned::Missing));
    assert_eq!(read(&line(&ours, 0)), Err(NotSigned::Forged), "a cosignature without time says nothing of the largest head");
    assert_eq!(read(line(&ours, 7).trim_end()), Err(NotSigned::Missing), "cut off");
    assert_eq!(read(""), Err(NotSigned::Missing));
    let elsewhere = Grown::to(4).request(0, 4).checkpoint;
    let of_another = format!("{}\n", ours.cosign(&elsewhere, Timestamp::from_seconds(7)));
    assert_eq!(read(&of_another), Err(NotSigned::Forged));
}

#[test]
fn sizes_and_paths_are_as_specified() {
    assert_eq!(read_size(b"20852014\n"), Some(20_852_014));
    for wrong in ["20852014", "020\n", "\n", "-1\n", "1\n\n", "1 \n"] {
        assert_eq!(read_size(wrong.as_bytes()), None, "{wrong:?}");
    }
    assert_eq!(
        monitoring_path("abc"),
        "/ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad/checkpoint",
        "SHA-256 of FIPS 180-4's first example"
    );
}
