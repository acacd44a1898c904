//! `sluis request`
use crate::app::gateway::Outside;
use clap::Args;
use std::process::ExitCode;
/// Ask a gateway for information about a person.
#[derive(Args)]
pub(super) struct Request {}
impl Request {
    pub(super) async fn run(self, _outside: Outside) -> ExitCode {
        ExitCode::SUCCESS
    }
}
