//! Checkpoints: the signed head of the log (C2SP tlog-checkpoint).

use std::fmt;

use super::note::{InvalidNote, NotSigned, Note, NoteSignature, NoteSigner, VerifierKey};
use super::tree::{MAX_SIZE, NodeHash};

/// The head of a log: whose, how many entries, which root. Displayed as the text that is signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    origin: String,
    size: u64,
    root: NodeHash,
    /// Lines that other logs may add; ours never do.
    extensions: Vec<String>,
}

impl Checkpoint {
    /// The log's name.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// How many entries the log has.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The root hash of the tree of that size.
    pub const fn root(&self) -> NodeHash {
        self.root
    }

    /// Reads the text of a checkpoint note.
    ///
    /// # Errors
    /// [`CheckpointError::Malformed`] when it is not one.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let mut lines = text.strip_suffix('\n').ok_or(CheckpointError::Malformed)?.split('\n');
        let mut line = || lines.next().filter(|line| !line.is_empty()).ok_or(CheckpointError::Malformed);
        let origin = line()?.to_owned();
        let size = decimal(line()?).ok_or(CheckpointError::Malformed)?;
        let root = NodeHash::from_base64(line()?).ok_or(CheckpointError::Malformed)?;
        let extensions: Vec<String> = lines.map(str::to_owned).collect();
        if extensions.iter().any(String::is_empty) {
            return Err(CheckpointError::Malformed);
        }
        Ok(Self { origin, size, root, extensions })
    }
}

impl fmt::Display for Checkpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}\n{}\n{}", self.origin, self.size, self.root)?;
        self.extensions.iter().try_for_each(|line| writeln!(f, "{line}"))
    }
}

/// A checkpoint with its signatures; displayed as its note, byte for byte. **Not to be trusted before [`Self::verify`].**
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCheckpoint {
    checkpoint: Checkpoint,
    note: Note,
}

impl SignedCheckpoint {
    /// Signs the head of a log; its origin is the name of the key. The caller sees to it that the head is consistent with every head
    /// signed before.
    ///
    /// # Errors
    /// [`CheckpointError::Malformed`] when `size` is beyond [`MAX_SIZE`].
    pub fn sign(size: u64, root: NodeHash, signer: &NoteSigner) -> Result<Self, CheckpointError> {
        if size > MAX_SIZE {
            return Err(CheckpointError::Malformed);
        }
        let origin = signer.verifier().name().to_string();
        let checkpoint = Checkpoint { origin, size, root, extensions: Vec::new() };
        let note = Note::sign(&checkpoint.to_string(), signer)?;
        Ok(Self { checkpoint, note })
    }

    /// Reads a checkpoint note.
    ///
    /// # Errors
    /// [`CheckpointError`] when it is no note, or its text no checkpoint.
    pub fn parse(text: &str) -> Result<Self, CheckpointError> {
        let note = Note::parse(text)?;
        Ok(Self { checkpoint: Checkpoint::parse(note.text())?, note })
    }

    /// What it says, unverified.
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// The note around it.
    pub const fn note(&self) -> &Note {
        &self.note
    }

    /// Adds a witness's cosignature.
    ///
    /// # Errors
    /// [`CheckpointError::Note`] when the note is full.
    pub fn add(&mut self, cosignature: NoteSignature) -> Result<(), CheckpointError> {
        Ok(self.note.add(cosignature)?)
    }

    /// Drops every signature line that does not claim to be of one of `keys`.
    pub fn keep_signatures_of(&mut self, keys: &[&VerifierKey]) {
        self.note.keep_signatures_of(keys);
    }

    /// The checkpoint, if it is of the log with this key and the log signed it.
    ///
    /// # Errors
    /// [`CheckpointError::Origin`] or [`CheckpointError::NotSigned`].
    pub fn verify(&self, log: &VerifierKey) -> Result<&Checkpoint, CheckpointError> {
        if self.checkpoint.origin != log.name().as_str() {
            return Err(CheckpointError::Origin);
        }
        self.note.verify(log)?;
        Ok(&self.checkpoint)
    }
}

impl fmt::Display for SignedCheckpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.note, f)
    }
}

/// A decimal number up to [`MAX_SIZE`] as C2SP writes it: ASCII digits, no leading zeros.
pub(super) fn decimal(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let canonical = digits && (text == "0" || !text.starts_with('0'));
    canonical.then(|| text.parse().ok()).flatten().filter(|&number| number <= MAX_SIZE)
}

/// A checkpoint cannot be read or trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// No note.
    #[error(transparent)]
    Note(#[from] InvalidNote),
    /// A note, but its text is no checkpoint.
    #[error(
        "the text of a checkpoint is: the log's name, the size without leading zeros, the root hash in base64, each on its line"
    )]
    Malformed,
    /// Of another log.
    #[error("the checkpoint is of another log than the key that was given")]
    Origin,
    /// The log did not sign it.
    #[error("the checkpoint is not signed by the log: {0}")]
    NotSigned(#[from] NotSigned),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::note::{KeyKind, SigningKey};
    use crate::secret::Secret;

    const EXAMPLE: &str = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";

    fn signer(name: &str, seed: u8) -> NoteSigner {
        let key = SigningKey::from_seed(name.parse().expect("valid"), KeyKind::Note, &Secret::new([seed; 32]));
        NoteSigner::new(key.expect("valid")).expect("of this kind")
    }

    #[test]
    fn only_the_exact_form_is_read() {
        for (from, to) in [
            ("20852163", "020852163"),
            ("20852163", "+20852163"),
            ("20852163", "-1"),
            ("20852163", ""),
            ("20852163", "9223372036854775808"),
            ("q2I=", "q2J="),
            ("q2I=", "q2I"),
            ("q2I=", "q2I=\n"),
            ("example.com/behind-the-sofa", ""),
            ("2I=\n", "2I="),
        ] {
            assert_eq!(Checkpoint::parse(&EXAMPLE.replace(from, to)), Err(CheckpointError::Malformed), "{from} → {to}");
        }
    }

    #[test]
    fn the_example_and_extension_lines_are_read_and_written_back() {
        for text in [EXAMPLE.to_owned(), format!("{EXAMPLE}extension\n"), EXAMPLE.replace("20852163", "0")] {
            assert_eq!(Checkpoint::parse(&text).expect("valid").to_string(), text);
        }
        assert_eq!(Checkpoint::parse(EXAMPLE).expect("valid").size(), 20_852_163);
    }

    #[test]
    fn a_checkpoint_of_another_log_or_key_is_not_trusted() {
        let (log, root) = (signer("sluis.example/log", 1), NodeHash::new([3; 32]));
        let signed = SignedCheckpoint::sign(7, root, &log).expect("in range");
        let read = SignedCheckpoint::parse(&signed.to_string()).expect("valid");
        assert_eq!(read.verify(signer("other.example/log", 1).verifier()), Err(CheckpointError::Origin));
        let other = signer("sluis.example/log", 2);
        assert_eq!(read.verify(other.verifier()), Err(CheckpointError::NotSigned(NotSigned::Missing)));
        let altered = SignedCheckpoint::parse(&signed.to_string().replace("\n7\n", "\n8\n")).expect("valid");
        assert_eq!(altered.verify(log.verifier()), Err(CheckpointError::NotSigned(NotSigned::Forged)));
        let trusted = read.verify(log.verifier()).expect("genuine");
        assert_eq!((trusted.size(), trusted.root(), trusted.origin()), (7, root, "sluis.example/log"));
    }
}
