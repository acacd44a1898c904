//! The second verifier, `verify.py` and `c2sp.py`, which share no line with Sluis: what Sluis makes is sound to it, and of what was broken on purpose it names
//! the place. Run on demos in `cli::second_verifier`, on stores in `store::second_verifier`.

mod policies;

use std::process::Command;

/// A policy's quorum cosigned.
pub const WITNESSED: i32 = 0;
/// Used wrongly.
pub const USAGE: i32 = 2;
/// Something is broken.
pub const INVALID: i32 = 3;
/// Sound, but nobody or too few cosigned.
pub const UNWITNESSED: i32 = 5;
/// The log signed another history.
pub const DIVERGED: i32 = 6;

/// What it found.
#[derive(Debug)]
pub struct Verdict {
    code: i32,
    said: String,
}

/// Runs it.
pub fn verify(arguments: &[&str]) -> Verdict {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/verifier/verify.py");
    let output = Command::new("python3").arg(script).args(arguments).output().expect("python3");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    let (said, complained) = (text(output.stdout), text(output.stderr));
    assert!(!complained.contains("Traceback"), "{complained}");
    Verdict { code: output.status.code().expect("an exit code"), said: if said.is_empty() { complained } else { said } }
}

impl Verdict {
    /// What it said.
    pub fn said(&self) -> &str {
        &self.said
    }

    /// The exit code.
    pub const fn code(&self) -> i32 {
        self.code
    }

    /// That it ended with this code, in one line that begins so.
    pub fn expect(&self, code: i32, beginning: &str) -> Result<(), String> {
        let as_told = self.code == code && self.said.starts_with(beginning);
        let told = as_told && (code == USAGE || self.said.lines().count() == 1);
        told.then_some(()).ok_or_else(|| format!("instead of {code}, {beginning:?}: {self:?}"))
    }

    /// That there is nothing wrong, and nobody cosigned.
    #[track_caller]
    pub fn is_sound(&self) {
        self.expect(UNWITNESSED, "unwitnessed: ").expect("sound");
    }
}
