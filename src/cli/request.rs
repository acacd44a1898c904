//! `sluis request`
use std::process::ExitCode;
use clap::Args;
use crate::app::gateway::Outside;
/// Ask a gateway for information about a person.
#[derive(Args)]
pub(super) struct Request {}
impl Request { pub(super) async fn run(self, _outside: Outside) -> ExitCode { ExitCode::SUCCESS } }
