//! Public keys that look valid and protect nothing.

/// Refuses points of small order on edwards25519: under such a key one signature fits (almost) any message. AWS-LC verifies without looking.
/// The y-coordinates below, with either sign bit, are all encodings of the eight such points (canonical or not).
pub(super) fn is_small_order(encoded: &[u8; 32]) -> bool {
    let mut y = *encoded;
    let [.., last] = &mut y;
    *last &= 0x7f;
    let near_prime = |lowest: u8| {
        let mut value = [0xff; 32];
        let [first, .., last] = &mut value;
        (*first, *last) = (lowest, 0x7f);
        value
    };
    let small = |lowest: u8| {
        let mut value = [0; 32];
        let [first, ..] = &mut value;
        *first = lowest;
        value
    };
    [small(0), small(1), ORDER_EIGHT, ORDER_EIGHT_NEGATED, near_prime(0xec), near_prime(0xed), near_prime(0xee)].contains(&y)
}

const ORDER_EIGHT: [u8; 32] = [
    0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3,
    0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05,
];

const ORDER_EIGHT_NEGATED: [u8; 32] = [
    0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c,
    0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a,
];

/// Primes in which the powers of 65537 are only part of the residues.
const FINGERPRINT: [u32; 17] = [11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157];

/// Whether a modulus has the form of the ROCA keys (CVE-2017-15361, chips of smart cards): a power of 65537 modulo every small prime.
/// A sound key looks like that once in 2²⁷.
pub(super) fn is_roca(modulus: &[u8]) -> bool {
    FINGERPRINT.iter().all(|&prime| {
        let residue = modulus.iter().fold(0, |rest, &byte| ((rest << 8) | u32::from(byte)) % prime);
        let mut power = 1;
        (0..prime).any(|_| {
            power = power * 65537 % prime;
            power == residue
        })
    })
}

/// Whether a modulus has at least 2048 bits, is odd, and its exponent is odd and at least 65537: what RSA needs and AWS-LC's signer takes.
pub(super) fn is_weak_rsa(n: &[u8], e: &[u8]) -> bool {
    let bits = n.first().map_or(0, |first| n.len() * 8 - first.leading_zeros() as usize);
    let odd = |number: &[u8]| number.last().is_some_and(|last| last & 1 == 1);
    let exponent = e.iter().fold(0_u64, |value, &byte| value.saturating_mul(256).saturating_add(u64::from(byte)));
    bits < 2048 || !odd(n) || !odd(e) || exponent < 65537 || is_roca(n)
}
