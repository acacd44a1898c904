use super::*;
use crate::entropy::{EntropyUnavailable, SystemEntropy};
use crate::ledger::entry::Beside;
use crate::ledger::padding::PaddedBody;
use crate::ledger::seal::seal;

struct Dry;

impl Entropy for Dry {
    fn fill(&self, _: &mut [u8]) -> Result<(), EntropyUnavailable> {
        Err(EntropyUnavailable)
    }
}

#[test]
fn without_randomness_nothing_is_wrapped() {
    let wrapped = wrap(&EntryKey::new(Secret::new([3; 32])), &Secret::new([1; 32]), b"", &Dry);
    assert_eq!(wrapped, Err(SealError::Entropy(EntropyUnavailable)));
}

#[test]
fn wrapped_keys_open_only_in_their_place() {
    let entropy = SystemEntropy::default();
    let entry = seal(&PaddedBody::pad(b"body").expect("short"), Beside::before(&[0; 32]).expect("a digest"), None, &entropy)
        .expect("sealed");
    let (key, other) = (Secret::new([1; 32]), Secret::new([2; 32]));
    let wrapped = wrap(&entry.entry_key, &key, entry.leaf.bytes(), &entropy).expect("wrapped");
    assert_eq!(unwrap(&wrapped, &other, entry.leaf.bytes()).map(|_| ()), Err(OpenError::Key));
    assert_eq!(unwrap(&wrapped, &key, b"elsewhere").map(|_| ()), Err(OpenError::Key));
    let mut altered = *wrapped.bytes();
    altered[59] ^= 1;
    assert_eq!(unwrap(&WrappedKey::from_bytes(altered), &key, entry.leaf.bytes()).map(|_| ()), Err(OpenError::Key));
    let unwrapped = unwrap(&WrappedKey::from_bytes(*wrapped.bytes()), &key, entry.leaf.bytes()).expect("right key");
    assert_eq!(unwrapped.expose(), entry.entry_key.expose());
    assert_ne!(wrap(&entry.entry_key, &key, entry.leaf.bytes(), &entropy).expect("wrapped"), wrapped);
    assert_eq!(format!("{:?}{:?}", entry.entry_key, wrapped), "EntryKey(Secret(…))WrappedKey(…)");
}
