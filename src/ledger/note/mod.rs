//! Signed notes (C2SP signed-note): a text with signatures beneath it.

mod key;

#[cfg(test)]
mod tests;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

pub use key::{InvalidKey, KeyKind, KeyName, SigningKey, VerifierKey, fresh_seed};

/// The longest note that is read: room for a checkpoint with [`MAX_SIGNATURES`] post-quantum signatures.
pub const MAX_NOTE: usize = 512 * 1024;

/// The most signatures that a note may have.
pub const MAX_SIGNATURES: usize = 64;

/// A log's key for signing notes.
#[derive(Debug)]
pub struct NoteSigner(SigningKey);

impl NoteSigner {
    /// Takes a key of kind [`KeyKind::Note`].
    ///
    /// # Errors
    /// [`InvalidKey::WrongKind`] for any other.
    pub fn new(key: SigningKey) -> Result<Self, InvalidKey> {
        if key.verifier().kind() == KeyKind::Note { Ok(Self(key)) } else { Err(InvalidKey::WrongKind) }
    }

    /// The public side.
    pub const fn verifier(&self) -> &VerifierKey {
        self.0.verifier()
    }

    pub(super) fn sign(&self, text: &str) -> NoteSignature {
        NoteSignature::by(self.verifier(), self.0.sign_bytes(text.as_bytes()))
    }
}

/// One signature line: `— <key name> base64(key id ‖ signature)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteSignature {
    name: KeyName,
    id: [u8; 4],
    signature: Vec<u8>,
}

impl NoteSignature {
    /// A signature of this key.
    pub(super) fn by(key: &VerifierKey, signature: Vec<u8>) -> Self {
        Self { name: key.name().clone(), id: key.id(), signature }
    }

    /// Reads one signature line, without its newline.
    ///
    /// # Errors
    /// [`InvalidNote::Signature`] when it is not one.
    pub fn parse(line: &str) -> Result<Self, InvalidNote> {
        let (name, encoded) = line.strip_prefix("— ").and_then(|rest| rest.split_once(' ')).ok_or(InvalidNote::Signature)?;
        let bytes = STANDARD.decode(encoded).map_err(|_| InvalidNote::Signature)?;
        let (id, signature) = bytes.split_first_chunk().ok_or(InvalidNote::Signature)?;
        if signature.is_empty() {
            return Err(InvalidNote::Signature);
        }
        let name = name.parse().map_err(|_| InvalidNote::Signature)?;
        Ok(Self { name, id: *id, signature: signature.to_vec() })
    }

    /// The name that the line claims.
    pub const fn name(&self) -> &KeyName {
        &self.name
    }

    /// The bytes after the key id.
    pub fn bytes(&self) -> &[u8] {
        &self.signature
    }

    /// Whether the line claims to be of this key.
    pub fn claims(&self, key: &VerifierKey) -> bool {
        self.name == *key.name() && self.id == key.id()
    }
}

impl fmt::Display for NoteSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [self.id.as_slice(), &self.signature].concat();
        write!(f, "— {} {}", self.name, STANDARD.encode(bytes))
    }
}

/// A note as read: **its text is not to be trusted before [`Self::verify`]**. Displayed byte for byte as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<NoteSignature>,
}

impl Note {
    /// Signs a text, which ends in a newline.
    ///
    /// # Errors
    /// [`InvalidNote::Text`] when the text holds control characters or does not end in a newline.
    pub fn sign(text: &str, signer: &NoteSigner) -> Result<Self, InvalidNote> {
        check_text(text)?;
        Ok(Self { text: text.to_owned(), signatures: vec![signer.sign(text)] })
    }

    /// Reads a note.
    ///
    /// # Errors
    /// [`InvalidNote`]: what about its form is wrong.
    pub fn parse(note: &str) -> Result<Self, InvalidNote> {
        if note.len() > MAX_NOTE {
            return Err(InvalidNote::TooLong);
        }
        let (before, lines) = note.rsplit_once("\n\n").ok_or(InvalidNote::Signature)?;
        let text = format!("{before}\n");
        check_text(&text)?;
        let lines = lines.strip_suffix('\n').ok_or(InvalidNote::Signature)?;
        if lines.split('\n').count() > MAX_SIGNATURES {
            return Err(InvalidNote::TooLong);
        }
        let signatures = lines.split('\n').map(NoteSignature::parse).collect::<Result<_, _>>()?;
        Ok(Self { text, signatures })
    }

    /// The text, its last newline included.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The signatures, in order, checked or not.
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// Adds a signature line (a witness's) unless the same stands there.
    ///
    /// # Errors
    /// [`InvalidNote::TooLong`] when there are [`MAX_SIGNATURES`] already.
    pub fn add(&mut self, signature: NoteSignature) -> Result<(), InvalidNote> {
        if self.signatures.contains(&signature) {
            return Ok(());
        }
        if self.signatures.len() >= MAX_SIGNATURES {
            return Err(InvalidNote::TooLong);
        }
        self.signatures.push(signature);
        Ok(())
    }

    /// Drops every signature line that does not claim to be of one of `keys`.
    pub fn keep_signatures_of(&mut self, keys: &[&VerifierKey]) {
        self.signatures.retain(|signature| keys.iter().any(|key| signature.claims(key)));
    }

    /// Checks that this key signed the text; every line that claims to be of the key must verify.
    ///
    /// # Errors
    /// [`NotSigned`]: no line claims to be of the key, or one does not verify.
    pub fn verify(&self, key: &VerifierKey) -> Result<(), NotSigned> {
        let mut claimed = self.signatures.iter().filter(|signature| signature.claims(key)).peekable();
        if key.kind() != KeyKind::Note || claimed.peek().is_none() {
            return Err(NotSigned::Missing);
        }
        let genuine = claimed.all(|signature| key.verifies(self.text.as_bytes(), &signature.signature));
        if genuine { Ok(()) } else { Err(NotSigned::Forged) }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| writeln!(f, "{signature}"))
    }
}

fn check_text(text: &str) -> Result<(), InvalidNote> {
    let control = text.bytes().any(|byte| byte < 0x20 && byte != b'\n');
    if control || !text.ends_with('\n') { Err(InvalidNote::Text) } else { Ok(()) }
}

/// The text is no signed note.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidNote {
    /// Too many bytes or signatures.
    #[error("a note is at most {MAX_NOTE} bytes and has at most {MAX_SIGNATURES} signatures")]
    TooLong,
    /// The text is not allowed.
    #[error("the text of a note ends in a newline and has no other control characters")]
    Text,
    /// A signature line is malformed, or there is none.
    #[error("after its text a note has an empty line and then lines `— <key name> <base64>`, each ended by a newline")]
    Signature,
}

/// A note is not signed by the key that was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSigned {
    /// No signature of the key.
    #[error("no signature of this key")]
    Missing,
    /// A signature in the key's name that does not verify.
    #[error("a signature in this key's name does not verify")]
    Forged,
}
