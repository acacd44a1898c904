//! `sluis connector`
use std::process::ExitCode;
use clap::Args;
use crate::app::gateway::Outside;
/// Run a source's connector.
#[derive(Args)]
pub(super) struct Connector {}
impl Connector { pub(super) async fn run(self, _outside: Outside) -> ExitCode { ExitCode::SUCCESS } }
