//! Standard output and error: the only place that writes to them.

use std::io::Write;
use std::process::ExitCode;

/// Writes a line to standard output. A reader that went away is no error of ours.
pub fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    drop(writeln!(out, "{text}").and_then(|()| out.flush()));
}

/// Writes a line to standard error, and gives the exit code of failure.
pub fn complain(text: &str) -> ExitCode {
    drop(writeln!(std::io::stderr().lock(), "sluis: {text}"));
    ExitCode::FAILURE
}
