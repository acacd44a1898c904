//! SHA-256, HMAC-SHA256 keyed digests, HKDF-SHA256 derivation, comparison in constant time.

use std::hint::black_box;

use aws_lc_rs::{digest, hmac};

use crate::secret::Secret;

/// SHA-256 of the bytes.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    sized(digest::digest(&digest::SHA256, bytes).as_ref())
}

/// SHA-256 of the parts, one after the other without separators.
pub fn sha256_of(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    for part in parts {
        context.update(part);
    }
    sized(context.finish().as_ref())
}

/// SHA-512 of the bytes.
pub fn sha512(bytes: &[u8]) -> [u8; 64] {
    sized(digest::digest(&digest::SHA512, bytes).as_ref())
}

/// HMAC-SHA256 (RFC 2104) of the bytes under `key`.
pub fn hmac_sha256(key: &Secret<[u8; 32]>, bytes: &[u8]) -> [u8; 32] {
    sized(hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key.expose()), bytes).as_ref())
}

/// A key of its own for `label`, from `root`: HKDF-SHA256 (RFC 5869) without salt, `info` = the label, 32 bytes.
pub fn derive(root: &Secret<[u8; 32]>, label: &str) -> Secret<[u8; 32]> {
    let extracted = Secret::new(hmac_sha256(&Secret::new([0; 32]), root.expose()));
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, extracted.expose()));
    context.update(label.as_bytes());
    context.update(&[1]);
    Secret::new(sized(context.sign().as_ref()))
}

/// Whether two byte strings are equal, in time that depends on their lengths only.
pub fn equal(left: &[u8], right: &[u8]) -> bool {
    let difference = left.iter().zip(right).fold(0, |seen, (l, r)| black_box(seen | (l ^ r)));
    left.len() == right.len() && black_box(difference) == 0
}

/// Digests that nobody can guess or compare without the key, and that two labels never share.
#[derive(Clone)]
pub struct KeyedDigest(hmac::Key);

impl KeyedDigest {
    /// For one use, named by `label`, of the key `root`.
    pub fn new(root: &Secret<[u8; 32]>, label: &str) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, derive(root, label).expose()))
    }

    /// The digest of the bytes.
    pub fn of(&self, bytes: &[u8]) -> [u8; 32] {
        sized(hmac::sign(&self.0, bytes).as_ref())
    }

    /// The digest of a sequence of parts, each preceded by its length (8 bytes, big-endian), so that no other sequence has the same.
    pub fn of_parts(&self, parts: &[&[u8]]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.0);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        sized(context.sign().as_ref())
    }

    /// Whether `expected` is the digest of the bytes; in constant time.
    pub fn verifies(&self, bytes: &[u8], expected: &[u8; 32]) -> bool {
        equal(&self.of(bytes), expected)
    }
}

impl std::fmt::Debug for KeyedDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("KeyedDigest(…)")
    }
}

/// The output of a hash function whose length is known: `N` is always `bytes.len()`.
fn sized<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut array = [0; N];
    array.copy_from_slice(bytes);
    array
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(byte: u8) -> Secret<[u8; 32]> {
        Secret::new([byte; 32])
    }

    #[test]
    fn labels_and_keys_separate() {
        let one = KeyedDigest::new(&root(1), "nonce");
        assert_ne!(one.of(b"x"), KeyedDigest::new(&root(1), "body").of(b"x"));
        assert_ne!(one.of(b"x"), KeyedDigest::new(&root(2), "nonce").of(b"x"));
        assert_ne!(derive(&root(1), "a").expose(), derive(&root(1), "b").expose());
        assert!(one.verifies(b"x", &one.of(b"x")));
        assert!(!one.verifies(b"y", &one.of(b"x")));
        assert_eq!(format!("{one:?}"), "KeyedDigest(…)");
    }

    #[test]
    fn parts_do_not_run_together() {
        let keyed = KeyedDigest::new(&root(1), "l");
        assert_ne!(keyed.of_parts(&[b"ab", b"c"]), keyed.of_parts(&[b"a", b"bc"]));
        assert_ne!(keyed.of_parts(&[b"a"]), keyed.of_parts(&[b"a", b""]));
        assert_eq!(sha256_of(&[b"a", b"bc"]), sha256(b"abc"));
    }

    #[test]
    fn comparison_sees_every_byte_and_the_length() {
        assert!(equal(b"", b"") && equal(b"abc", b"abc"));
        for other in [&b"abd"[..], b"bbc", b"ab", b"abcd", b""] {
            assert!(!equal(b"abc", other));
        }
    }

    /// RFC 5869 as AWS-LC implements it.
    #[test]
    fn derives_as_hkdf_does() {
        struct Length;
        impl aws_lc_rs::hkdf::KeyType for Length {
            fn len(&self) -> usize {
                32
            }
        }
        let mut expected = [0; 32];
        let prk = aws_lc_rs::hkdf::Salt::new(aws_lc_rs::hkdf::HKDF_SHA256, &[]).extract(&[7; 32]);
        prk.expand(&[b"k_mac"], Length).unwrap().fill(&mut expected).unwrap();
        assert_eq!(derive(&root(7), "k_mac").expose(), &expected);
    }

    /// FIPS 180-2 appendix B.1.
    #[test]
    fn hashes_abc() {
        let hex: String = sha256(b"abc").iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"));
        assert_eq!(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert_eq!(sha512(b"abc")[..4], [0xdd, 0xaf, 0x35, 0xa1]);
    }
}
