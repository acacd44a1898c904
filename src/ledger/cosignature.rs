//! Witness cosignatures (C2SP tlog-cosignature, Ed25519, type `0x04`): a witness saw this head, and it grew out of all heads it saw before.

use super::checkpoint::SignedCheckpoint;
use super::note::{InvalidKey, KeyKind, NotSigned, NoteSignature, SigningKey, VerifierKey};
use crate::clock::Timestamp;

/// A witness's key for cosigning.
#[derive(Debug)]
pub struct Cosigner(SigningKey);

impl Cosigner {
    /// Takes a key of kind [`KeyKind::Cosignature`].
    ///
    /// # Errors
    /// [`InvalidKey::WrongKind`] for any other.
    pub fn new(key: SigningKey) -> Result<Self, InvalidKey> {
        if key.verifier().kind() == KeyKind::Cosignature { Ok(Self(key)) } else { Err(InvalidKey::WrongKind) }
    }

    /// The public side.
    pub const fn verifier(&self) -> &VerifierKey {
        self.0.verifier()
    }

    /// Cosigns a checkpoint. The caller has checked the log's signature and the consistency with the last head it cosigned, and has made
    /// this head durable as the last.
    pub fn cosign(&self, checkpoint: &SignedCheckpoint, now: Timestamp) -> NoteSignature {
        let seconds = u64::try_from(now.seconds()).unwrap_or(0);
        let signature = self.0.sign_bytes(&message(seconds, checkpoint.note().text()));
        NoteSignature::by(self.verifier(), [seconds.to_be_bytes().as_slice(), &signature].concat())
    }
}

/// When this witness cosigned the checkpoint: the latest time, if there are several lines of its key; every one must verify.
///
/// # Errors
/// [`NotSigned`]: no line claims to be of the key, or one does not verify.
pub fn verify(checkpoint: &SignedCheckpoint, witness: &VerifierKey) -> Result<Timestamp, NotSigned> {
    if witness.kind() != KeyKind::Cosignature {
        return Err(NotSigned::Missing);
    }
    let mut latest = None;
    for signature in checkpoint.note().signatures().iter().filter(|signature| signature.claims(witness)) {
        let time = verified_time(signature.bytes(), checkpoint.note().text(), witness).ok_or(NotSigned::Forged)?;
        latest = latest.max(Some(time));
    }
    latest.ok_or(NotSigned::Missing)
}

fn verified_time(bytes: &[u8], text: &str, witness: &VerifierKey) -> Option<Timestamp> {
    let (seconds, signature) = bytes.split_first_chunk::<8>()?;
    let seconds = u64::from_be_bytes(*seconds);
    let time = Timestamp::from_seconds(i64::try_from(seconds).ok()?);
    witness.verifies(&message(seconds, text), signature).then_some(time)
}

fn message(seconds: u64, text: &str) -> Vec<u8> {
    format!("cosignature/v1\ntime {seconds}\n{text}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::note::NoteSigner;
    use crate::ledger::tree::NodeHash;
    use crate::secret::Secret;

    fn key(name: &str, kind: KeyKind, seed: u8) -> SigningKey {
        SigningKey::from_seed(name.parse().expect("valid"), kind, &Secret::new([seed; 32])).expect("valid")
    }

    fn cosigned() -> (SignedCheckpoint, Cosigner) {
        let log = NoteSigner::new(key("sluis.example/log", KeyKind::Note, 1)).expect("of this kind");
        let witness = Cosigner::new(key("witness.example/w1", KeyKind::Cosignature, 2)).expect("of this kind");
        let mut checkpoint = SignedCheckpoint::sign(7, NodeHash::new([3; 32]), &log).expect("in range");
        checkpoint.add(witness.cosign(&checkpoint, Timestamp::from_seconds(1_679_315_147))).expect("room");
        (checkpoint, witness)
    }

    #[test]
    fn a_cosignature_is_of_one_key_over_one_head_at_one_time() {
        let (checkpoint, witness) = cosigned();
        let read = |text: &str| SignedCheckpoint::parse(text).expect("valid");
        let altered = read(&checkpoint.to_string().replace("\n7\n", "\n8\n"));
        assert_eq!(verify(&altered, witness.verifier()), Err(NotSigned::Forged));
        let other = key("witness.example/w1", KeyKind::Cosignature, 9);
        assert_eq!(verify(&checkpoint, other.verifier()), Err(NotSigned::Missing));
        let as_note = key("witness.example/w1", KeyKind::Note, 2);
        assert_eq!(verify(&checkpoint, as_note.verifier()), Err(NotSigned::Missing));
        assert_eq!(Cosigner::new(as_note).map(|_| ()), Err(InvalidKey::WrongKind));

        let signature = checkpoint.note().signatures().last().expect("cosigned");
        let mut later = signature.bytes().to_vec();
        later[7] += 1;
        let mut with_later = checkpoint.clone();
        with_later.add(NoteSignature::by(witness.verifier(), later)).expect("room");
        assert_eq!(verify(&with_later, witness.verifier()), Err(NotSigned::Forged));
        assert_eq!(verify(&read(&checkpoint.to_string()), witness.verifier()), Ok(Timestamp::from_seconds(1_679_315_147)));
    }

    #[test]
    fn the_signed_message_is_that_of_the_specification() {
        let text = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
        let expected = format!("cosignature/v1\ntime 1679315147\n{text}");
        assert_eq!(message(1_679_315_147, text), expected.as_bytes());
    }
}
