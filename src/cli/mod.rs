//! The command line: one file per command. Prints; everything else is elsewhere.

mod connector;
mod demo;
mod openapi;
mod output;
mod request;
mod serve;

use std::process::ExitCode;
use std::sync::Arc;

use clap::{Parser, Subcommand};

pub use output::{complain, say};

use crate::app::gateway::Outside;
use crate::clock::SystemClock;
use crate::entropy::SystemEntropy;

/// A privacy-preserving data-exchange gateway: policy and consent decide, records are pseudonymised, every disclosure is logged.
#[derive(Parser)]
#[command(name = "sluis", version, propagate_version = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the gateway.
    Serve(serve::Serve),
    /// Run a source's connector, or decide on its inbox and overrides.
    Connector(connector::Connector),
    /// Run everything on this machine, with synthetic households.
    Demo(demo::Demo),
    /// Ask a gateway for information about a person.
    Request(request::Request),
    /// Print the OpenAPI document.
    Openapi,
}

/// Runs the command of this process.
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    crate::telemetry::start();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return complain(&format!("the program cannot start: {error}")),
    };
    let outside = Outside { clock: Arc::new(SystemClock), entropy: Arc::new(SystemEntropy::default()) };
    runtime.block_on(async {
        match arguments.command {
            Command::Serve(command) => command.run(outside).await,
            Command::Connector(command) => command.run(outside).await,
            Command::Demo(command) => command.run(outside).await,
            Command::Request(command) => command.run(outside).await,
            Command::Openapi => openapi::run(),
        }
    })
}

/// Resolves when the process is asked to stop (SIGINT or SIGTERM).
async fn asked_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else { return };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
