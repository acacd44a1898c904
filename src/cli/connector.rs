//! `sluis connector`
use crate::app::gateway::Outside;
use clap::Args;
use std::process::ExitCode;
/// Run a source's connector.
#[derive(Args)]
pub(super) struct Connector {}
impl Connector {
    pub(super) async fn run(self, _outside: Outside) -> ExitCode {
        ExitCode::SUCCESS
    }
}
