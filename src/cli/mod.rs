//! The command line: one file per command. Prints; everything else is elsewhere.

mod case;
mod connector;
mod consent;
mod demo;
mod input;
mod keys;
mod log;
mod migrate;
mod notice;
mod offer;
mod open;
mod openapi;
mod operator;
mod organisation;
mod output;
mod own_key;
mod policy;
mod progress;
mod request;
mod schema;
mod serve;
mod sign;
mod store;
mod verify;
mod witness;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Parser, Subcommand};
use tokio_util::sync::CancellationToken;

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
    /// Run a log witness, or make its key.
    Witness(witness::Witness),
    /// Run everything on this machine, with synthetic households.
    Demo(demo::Demo),
    /// Who takes part: list, add, suspend, readmit.
    Organisation(organisation::Organisation),
    /// Certificates and keys of organisations: publish, revoke, list.
    Keys(keys::Keys),
    /// Check, test, prove, show, approve and explain the policies.
    Policy(policy::Policy),
    /// Cases of the expertise team: open, attend, direct, close.
    Case(case::Case),
    /// Ask a gateway for information about a person.
    Request(Box<request::Request>),
    /// What waits for collection: make, list, withdraw.
    Offer(offer::Offer),
    /// The consents of a source: record, show, list, withdraw.
    Consent(consent::Consent),
    /// What your organisation still has to do: notices, notifications, reviews.
    Notice(notice::Notice),
    /// The gateway's store: copy it to PostgreSQL.
    Store(store::Store),
    /// Bring the store to the schema of this version, or say what would be done.
    Migrate(migrate::Migrate),
    /// Sign a request for another client, such as curl: prints the header fields to add.
    Sign(sign::Sign),
    /// Open a sealed payload.
    Open(open::Open),
    /// The disclosure log: verify, search, export, report, embargo, hold and erase.
    Log(log::Log),
    /// Verify what was kept: receipts.
    Verify(verify::Verify),
    /// Print the JSON Schemas of what is given.
    Schema(schema::Schema),
    /// Print the OpenAPI document.
    Openapi,
}

/// How long a thread beside those of the requests is kept without work. What it allocated goes with it: longer, and looking up the hosts of many sources every
/// two seconds would keep as many.
const KEPT: Duration = Duration::from_secs(1);

/// Runs the command of this process.
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return unparsed(&error),
    };
    crate::telemetry::start();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().thread_keep_alive(KEPT).build() {
        Ok(runtime) => runtime,
        Err(error) => return complain(&format!("the program cannot start: {error}")),
    };
    let outside = Outside { clock: Arc::new(SystemClock), entropy: Arc::new(SystemEntropy::default()) };
    runtime.block_on(async {
        match arguments.command {
            Command::Serve(command) => command.run(outside).await,
            Command::Connector(command) => command.run(outside).await,
            Command::Witness(command) => command.run(outside).await,
            Command::Demo(command) => command.run(outside).await,
            Command::Organisation(command) => command.run(outside).await,
            Command::Keys(command) => command.run(outside).await,
            Command::Policy(command) => command.run(outside).await,
            Command::Case(command) => command.run(outside).await,
            Command::Request(command) => command.run(outside).await,
            Command::Offer(command) => command.run(outside).await,
            Command::Consent(command) => command.run(outside).await,
            Command::Notice(command) => command.run(outside).await,
            Command::Store(command) => command.run().await,
            Command::Migrate(command) => command.run().await,
            Command::Sign(command) => command.run(outside),
            Command::Open(command) => command.run(),
            Command::Log(command) => command.run(outside).await,
            Command::Verify(command) => command.run(),
            Command::Schema(command) => command.run(),
            Command::Openapi => openapi::run(),
        }
    })
}

/// Help, the version, or what is wrong with the arguments; these are never said again when they hold a citizen number.
fn unparsed(error: &clap::Error) -> ExitCode {
    if error.use_stderr() && crate::subject::holds_bsn(&error.to_string()) {
        return output::Failure::usage(request::BSN_SHOWN).tell();
    }
    drop(error.print());
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(output::USAGE))
}

/// Listens for SIGINT and SIGTERM from this call on, and resolves when one has come. Call it before anybody is told that the program is ready:
/// until then a signal ends the process at once, with what is in flight.
fn asked_to_stop() -> impl Future<Output = ()> + Send + 'static {
    use tokio::signal::unix::{SignalKind, signal};
    let signals = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    async move {
        let (Ok(mut interrupt), Ok(mut terminate)) = signals else { return };
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    }
}

/// Cancelled when the process is asked to stop; listens from this call on.
fn shutdown() -> CancellationToken {
    let (asked, shutdown) = (asked_to_stop(), CancellationToken::new());
    let stop = shutdown.clone();
    tokio::spawn(async move {
        asked.await;
        tracing::info!("stopping: what is in flight is finished");
        stop.cancel();
    });
    shutdown
}
