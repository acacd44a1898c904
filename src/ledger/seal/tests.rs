use uuid::Uuid;

use super::*;
use crate::entropy::SystemEntropy;

/// Counts up, so that a test knows the key; real keys come from [`SystemEntropy`].
struct Counting;

impl Entropy for Counting {
    fn fill(&self, buffer: &mut [u8]) -> Result<(), EntropyUnavailable> {
        buffer.iter_mut().zip(0..).for_each(|(byte, number)| *byte = number);
        Ok(())
    }
}

struct Dry;

impl Entropy for Dry {
    fn fill(&self, _: &mut [u8]) -> Result<(), EntropyUnavailable> {
        Err(EntropyUnavailable)
    }
}

fn statement(payload: &[u8]) -> Statement {
    Statement::about(Uuid::from_u128(7), "00000099000000001000".parse().expect("valid"), payload, b"request")
}

fn beside() -> Beside {
    Beside::before(&[7; Beside::LENGTH]).expect("a digest")
}

fn body() -> PaddedBody {
    PaddedBody::pad(b"the body of an entry").expect("short")
}

fn sealed() -> SealedEntry {
    seal(&body(), beside(), Some(&statement(b"payload")), &SystemEntropy::default()).expect("sealed")
}

#[test]
fn without_randomness_nothing_is_sealed() {
    assert_eq!(seal(&body(), beside(), None, &Dry).map(|_| ()), Err(SealError::Entropy(EntropyUnavailable)));
}

#[test]
fn an_entry_opens_only_with_its_own_key_leaf_and_ciphertext() {
    let (one, two) = (sealed(), sealed());
    assert_eq!(open(&one.entry_key, &one.leaf, beside(), &one.ciphertext), Ok(body()));
    assert_eq!(open(&two.entry_key, &one.leaf, beside(), &one.ciphertext), Err(OpenError::Key));
    assert_eq!(open(&one.entry_key, &two.leaf, beside(), &one.ciphertext), Err(OpenError::Ciphertext));
    let mut altered = one.ciphertext.clone();
    altered[0] ^= 1;
    assert_eq!(open(&one.entry_key, &one.leaf, beside(), &altered), Err(OpenError::Ciphertext));
    assert_eq!(open(&one.entry_key, &one.leaf, beside(), b""), Err(OpenError::Ciphertext));
    let others = Beside::before(&[8; Beside::LENGTH]).expect("a digest");
    assert_eq!(open(&one.entry_key, &one.leaf, others, &one.ciphertext), Err(OpenError::Beside));

    // A leaf that commits to the ciphertext but to another body.
    let mut forged = *one.leaf.bytes();
    forged[1] ^= 1;
    let forged = Leaf::from_bytes(&forged).expect("of this version");
    assert!(forged.holds(&one.ciphertext));
    assert_eq!(open(&one.entry_key, &forged, beside(), &one.ciphertext), Err(OpenError::Body));
}

#[test]
fn the_leaf_commits_to_one_statement_under_one_key() {
    let (one, two) = (sealed(), sealed());
    assert!(one.leaf.commits_to(&statement(b"payload"), &one.party_key));
    assert!(one.leaf.commits_to(&statement(b"payload"), &one.entry_key.party_key().expect("a key")));
    assert!(!one.leaf.commits_to(&statement(b"payloads"), &one.party_key));
    assert!(!one.leaf.commits_to(&statement(b"payload"), &two.party_key));
    let without = seal(&body(), beside(), None, &SystemEntropy::default()).expect("sealed");
    assert!(!without.leaf.commits_to(&statement(b"payload"), &without.party_key));
}

#[test]
fn equal_bodies_and_statements_leave_no_trace_of_being_equal() {
    let (one, two) = (sealed(), sealed());
    assert_ne!(one.ciphertext, two.ciphertext);
    for part in 0..3 {
        assert_ne!(one.leaf.part(part), two.leaf.part(part));
    }
    assert_eq!(one.ciphertext.len(), 32 + 512 + 16);
}

#[test]
fn the_leaf_is_what_the_design_says_and_stays_so() {
    // Computed by an independent program (Python's hmac, hashlib and cryptography) from the same key, body and empty statement.
    let entry = seal(&body(), beside(), None, &Counting).expect("sealed");
    assert_ne!(entry.entry_key.expose(), entry.party_key.expose());
    assert_eq!(entry.leaf.hash().to_string(), "+Ci6U+AF2LxXJthSvFYzhAJovCaCr3n+gM2a75bBEr4=");
}

#[test]
fn leaves_of_another_length_or_version_are_refused() {
    let leaf = sealed().leaf;
    let mut other = *leaf.bytes();
    other[0] = 2;
    assert_eq!(Leaf::from_bytes(&other), Err(InvalidLeaf));
    assert_eq!(Leaf::from_bytes(&leaf.bytes()[..96]), Err(InvalidLeaf));
    assert_eq!(Leaf::from_bytes(leaf.bytes()), Ok(leaf));
}
