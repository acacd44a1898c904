//! `sluis openapi`

use std::process::ExitCode;

use super::say;
use crate::api::openapi;

/// Prints the document.
pub(super) fn run() -> ExitCode {
    say(&openapi::json());
    ExitCode::SUCCESS
}
