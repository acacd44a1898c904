//! The floor under a disclosure's processor time: the cryptography that it cannot do without, straight on the libraries, in this process.
//!
//! What a batch shares is left out: signatures of log heads, and the calls that bring receipts to sources. So are TLS handshakes, for connections are kept.

use std::hint::black_box;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::agreement::{EphemeralPrivateKey, UnparsedPublicKey, X25519, agree_ephemeral};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hmac::{self, HMAC_SHA256};
use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use aws_lc_rs::signature::{
    self, ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, ED25519, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _,
    ParsedPublicKey,
};
use josekit::jwe::{A256KW, JweEncrypter as _, JweHeader};

use crate::Outcome;
use crate::figures::micros;
use crate::process::own_processor;

/// How often.
const ROUNDS: u32 = 2000;

/// Bytes of a request, and of the gateway's call to a source.
const REQUEST: usize = 1024;

/// Bytes of a source's answer, and of the payload that is sealed.
const ANSWER: usize = 4096;

/// Bytes of a response: the sealed payload in base64, and its receipt.
const RESPONSE: usize = 8192;

/// Bytes of an entry's padded body.
const BODY: usize = 2048;

/// Bytes that a signature is about.
const BASE: usize = 512;

/// Entries of a disclosure: that the source is asked, what it gives, what the recipient gets.
const ENTRIES: usize = 3;

/// Keyed digests of a disclosure beside those of its entries: of the person, employee and case for each party's columns, and pseudonyms.
const KEYED: usize = 10;

/// Bytes of TLS records that are sealed or opened: request, call, answer, response.
const RECORDS: [usize; 4] = [2 * REQUEST, 2 * REQUEST, ANSWER + REQUEST, RESPONSE + REQUEST];

/// The processor time of one disclosure's cryptography, in µs.
pub(crate) fn floor() -> Outcome<f64> {
    let bench = Bench::new().map_err(failed)?;
    for _ in 0..ROUNDS / 10 {
        bench.disclosure()?;
    }
    let before = own_processor()?;
    for _ in 0..ROUNDS {
        bench.disclosure()?;
    }
    Ok(micros(own_processor()?.saturating_sub(before)) / f64::from(ROUNDS))
}

fn failed(_: Unspecified) -> &'static str {
    "the cryptography failed"
}

/// The keys and texts.
struct Bench {
    random: SystemRandom,
    gateway: EcdsaKeyPair,
    requester: (ParsedPublicKey, signature::Signature),
    source: (ParsedPublicKey, signature::Signature),
    recipient: Vec<u8>,
    mac: hmac::Key,
    text: Vec<u8>,
}

impl Bench {
    fn new() -> Result<Self, Unspecified> {
        let random = SystemRandom::new();
        let ecdsa = || -> Result<_, Unspecified> {
            let document = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random)?;
            Ok(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, document.as_ref())?)
        };
        let text = vec![0x5a; RESPONSE + REQUEST];
        let base = text.get(..BASE).unwrap_or_default();
        let requester = Ed25519KeyPair::from_pkcs8(Ed25519KeyPair::generate_pkcs8(&random)?.as_ref())?;
        let requester = (ParsedPublicKey::new(&ED25519, requester.public_key())?, requester.sign(base));
        let source = ecdsa()?;
        let source = (ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, source.public_key())?, source.sign(&random, base)?);
        let recipient = EphemeralPrivateKey::generate(&X25519, &random)?.compute_public_key()?.as_ref().to_vec();
        let mac = hmac::Key::generate(HMAC_SHA256, &random)?;
        let gateway = ecdsa()?;
        Ok(Self { random, gateway, requester, source, recipient, mac, text })
    }

    fn disclosure(&self) -> Outcome<()> {
        self.signatures().map_err(failed)?;
        self.jwe()?;
        self.entries().map_err(failed)?;
        for length in RECORDS {
            self.sealed(length).map_err(failed)?;
        }
        for _ in 0..KEYED {
            self.keyed(BASE);
        }
        Ok(())
    }

    fn of(&self, length: usize) -> &[u8] {
        self.text.get(..length).unwrap_or_default()
    }

    /// The request's and the answer's are verified, the call's and the response's are made; each covers the digest of a body.
    fn signatures(&self) -> Result<(), Unspecified> {
        for body in [REQUEST, REQUEST, ANSWER, RESPONSE] {
            black_box(digest(&SHA256, self.of(body)));
        }
        let (key, signature) = &self.requester;
        key.verify_sig(self.of(BASE), signature.as_ref())?;
        black_box(self.gateway.sign(&self.random, self.of(BASE))?);
        let (key, signature) = &self.source;
        key.verify_sig(self.of(BASE), signature.as_ref())?;
        black_box(self.gateway.sign(&self.random, self.of(BASE))?);
        Ok(())
    }

    /// The payload, for an X25519 key: a key agreed, under it a content key wrapped, under that the payload.
    fn jwe(&self) -> Outcome<()> {
        let own = EphemeralPrivateKey::generate(&X25519, &self.random).map_err(failed)?;
        black_box(own.compute_public_key().map_err(failed)?);
        let recipient = UnparsedPublicKey::new(&X25519, &self.recipient);
        let agreed = agree_ephemeral(own, recipient, Unspecified, |shared| Ok(digest(&SHA256, shared)));
        let agreed = agreed.map_err(failed)?;
        let mut key = [0; 32];
        self.random.fill(&mut key).map_err(failed)?;
        let wrapping = A256KW.encrypter_from_bytes(agreed.as_ref())?;
        black_box(wrapping.encrypt(&key, &JweHeader::new(), &mut JweHeader::new())?);
        Ok(self.sealed(ANSWER).map_err(failed)?)
    }

    /// Each under a key of its own: derived, the body and the statement authenticated, the body sealed, the ciphertext and the leaf hashed.
    fn entries(&self) -> Result<(), Unspecified> {
        for _ in 0..ENTRIES {
            for length in [32, 32, 32, BODY, BASE] {
                self.keyed(length);
            }
            self.sealed(BODY)?;
            black_box(digest(&SHA256, self.of(BODY)));
            black_box(digest(&SHA256, self.of(98)));
        }
        Ok(())
    }

    fn keyed(&self, length: usize) {
        black_box(hmac::sign(&self.mac, self.of(length)));
    }

    fn sealed(&self, length: usize) -> Result<(), Unspecified> {
        let mut nonce = [0; NONCE_LEN];
        self.random.fill(&mut nonce)?;
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, self.of(32))?);
        let mut text = self.of(length).to_vec();
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut text)?;
        black_box(text);
        Ok(())
    }
}
