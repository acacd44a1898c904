//! Standard output and error: the only place that writes to them. And what each exit code means.

use std::io::Write;
use std::process::ExitCode;

use crate::client::{Step, Trace, Trouble};
use crate::http::client::CallError;

/// Refused: by the gateway, by a connector, or by a rule.
pub const REFUSED: u8 = 1;
/// The command cannot be carried out as it was given: arguments, files, keys.
pub const USAGE: u8 = 2;
/// A signature, an envelope or a receipt did not verify.
pub const UNVERIFIED: u8 = 3;
/// Nobody answered.
pub const UNREACHED: u8 = 4;

/// A log holds, but no quorum of witnesses vouches for its head.
pub const UNWITNESSED: u8 = 5;
/// A log does not continue what was seen of it before.
pub const DIVERGED: u8 = 6;

/// What was begun is not finished: nothing is wrong with it yet.
pub const UNFINISHED: u8 = 7;

/// For `--help`.
pub const EXIT_CODES: &str = "Exit codes: 0 done; 1 refused; 2 wrong usage; 3 a verification failed; 4 no connection.";

/// Writes a line to standard output. A reader that went away is no error of ours.
pub fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    drop(writeln!(out, "{text}").and_then(|()| out.flush()));
}

/// Writes a line to standard error.
pub fn remark(text: &str) {
    drop(writeln!(std::io::stderr().lock(), "{text}"));
}

/// Writes a line to standard error, and gives the exit code of failure.
pub fn complain(text: &str) -> ExitCode {
    Failure::new(REFUSED, text).tell()
}

/// Why a command failed, with its exit code.
#[derive(Debug)]
pub struct Failure {
    code: u8,
    text: String,
}

impl Failure {
    /// With an exit code and the reason.
    pub fn new(code: u8, reason: impl ToString) -> Self {
        Self { code, text: reason.to_string() }
    }

    /// The command was not given as it should.
    pub fn usage(reason: impl ToString) -> Self {
        Self::new(USAGE, reason)
    }

    /// It was understood, and refused.
    pub fn refused(reason: impl ToString) -> Self {
        Self::new(REFUSED, reason)
    }

    /// The same, after what was done before it failed.
    #[must_use]
    pub fn after(self, done: &str) -> Self {
        Self { text: format!("{done}\n  {}", self.text), ..self }
    }

    /// The exit code.
    pub const fn code(&self) -> u8 {
        self.code
    }

    /// Writes the reason to standard error.
    pub fn tell(self) -> ExitCode {
        remark(&format!("sluis: {}", self.text));
        ExitCode::from(self.code)
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

impl From<Trouble> for Failure {
    fn from(trouble: Trouble) -> Self {
        let code = match &trouble {
            Trouble::Problem(_) => REFUSED,
            Trouble::Call { error: CallError::Address(_) | CallError::Signing(_) } => USAGE,
            Trouble::Call { error: CallError::Connection(_) | CallError::Ended(_) | CallError::TimedOut(_) } => UNREACHED,
            Trouble::Call { .. } | Trouble::Answer(_) | Trouble::Envelope(_) | Trouble::Receipt(_) => UNVERIFIED,
        };
        Self::new(code, trouble)
    }
}

/// What a command gives: an exit code by its outcome.
pub fn finish(outcome: Result<(), Failure>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.tell(),
    }
}

/// The signature base and the checks of a call, for `--explain`.
pub fn explanation(trace: &Trace) -> String {
    let base = trace.signature_base.as_deref().unwrap_or("(nothing was signed)");
    let base = base.replace('\n', "\n  ");
    format!("signature base\n  {base}\nchecks{}", checks(&trace.steps))
}

/// One line for each check.
pub fn checks(steps: &[Step]) -> String {
    let line = |step: &Step| {
        let verdict = if step.passed { "ok    " } else { "FAILED" };
        format!("\n  {verdict}  {}: {}", step.check, step.detail)
    };
    steps.iter().map(line).collect::<Vec<_>>().concat()
}
