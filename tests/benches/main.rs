//! Measures what `design.md` §10 promises and prints the table. Run by `tests/benches/run`; `README.md` beside it says how to read it.
//!
//! This process is the load generator. Gateway and connector are processes of their own, and so are the two nginx that serve as a floor.

mod append;
mod cache;
mod chart;
mod connector;
mod crypto;
mod databases;
mod decisions;
mod disk;
mod figures;
mod grown;
mod growth;
mod instructions;
mod large;
mod load;
mod measured;
mod overload;
mod plan;
mod process;
mod proxy;
mod requester;
mod search;
mod serving;
mod soak;
mod source;
mod sources;
mod stages;
mod ten_million;
mod verify;
mod world;

use std::error::Error;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The same as the program's: stages are measured in this process.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What a measurement gives, or why there is none.
pub(crate) type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// Measure the way of a disclosure, and its floors.
#[derive(Parser)]
struct Arguments {
    #[command(subcommand)]
    role: Option<Role>,
    /// Write the figures as JSON, to this file or to standard output.
    #[arg(long, num_args = 0..=1, default_missing_value = "-")]
    json: Option<String>,
    /// Draw the figures as SVG, in this file.
    #[arg(long)]
    svg: Option<PathBuf>,
    /// Keep the synthetic world in this folder, and use it again if it is there; otherwise a temporary one that is removed.
    #[arg(long)]
    dir: Option<PathBuf>,
    /// How many households: one person of each is asked about.
    #[arg(long, default_value_t = 1200)]
    households: usize,
    /// How long each load lasts, in seconds.
    #[arg(long, default_value_t = 6)]
    seconds: u64,
    /// The nginx that is the floor; without it that figure is left out.
    #[arg(long)]
    nginx: Option<PathBuf>,
    /// The PostgreSQL server that the other half is measured on, by the URL of a database in which others can be made; without it that half is left out.
    #[arg(long)]
    postgres: Option<String>,
    /// That server is kept between runs: large logs can be made in it.
    #[arg(long)]
    kept: bool,
    /// Only these parts, separated by commas: source, load, latency, overload, proxy, crypto, stages, append, decisions, verify, sources, logs, proof.
    #[arg(long, value_delimiter = ',')]
    only: Vec<String>,
    /// Make the logs of a million entries and of ten million leaves, if they are not there: some minutes and 8 GB, once, in `$SLUIS_CACHE` or the user's
    /// cache folder. Without it the figures on them are left out where they are not.
    #[arg(long)]
    make: bool,
    /// What `cargo bench` adds.
    #[arg(long, hide = true, global = true)]
    bench: bool,
}

/// What the process is when it is not the load generator.
#[derive(Subcommand)]
enum Role {
    /// Run connectors of sources.
    #[command(hide = true)]
    Connector {
        /// Their configurations.
        #[arg(long, required = true)]
        config: Vec<PathBuf>,
    },
    /// Count the gateway's instructions of a disclosure, and fail when they have grown.
    #[command(hide = true)]
    Instructions {
        /// The valgrind that counts.
        #[arg(long)]
        valgrind: PathBuf,
        /// The file with the number that they are held against.
        #[arg(long)]
        expected: PathBuf,
    },
    /// Put load on a gateway for a long time, and see whether anything grows.
    Soak {
        /// How many minutes.
        #[arg(long)]
        minutes: u32,
        /// The PostgreSQL server that the gateway keeps its data on, by the URL of a database in which others can be made; otherwise in SQLite.
        #[arg(long)]
        postgres: Option<String>,
    },
    /// Take requests through the exchange in this process: what is counted.
    #[command(hide = true)]
    Disclose {
        /// The synthetic world.
        #[arg(long)]
        dir: PathBuf,
        /// How many.
        #[arg(long)]
        disclosures: usize,
    },
}

fn main() -> ExitCode {
    match run(Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            writeln!(std::io::stderr(), "tests/benches/run: {error}").ok();
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: Arguments) -> Outcome<()> {
    match &arguments.role {
        Some(Role::Connector { config }) => return runtime()?.block_on(connector::run(config)),
        Some(Role::Instructions { valgrind, expected }) => {
            return runtime()?.block_on(instructions::check(valgrind, expected));
        }
        Some(Role::Disclose { dir, disclosures }) => {
            let one_thread = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            return one_thread.block_on(instructions::disclose(dir, *disclosures));
        }
        Some(Role::Soak { minutes, postgres }) => return runtime()?.block_on(soak::run(*minutes, postgres.as_deref())),
        None => {}
    }
    let wanted = plan::Wanted::new(&arguments.only)?;
    let settings = plan::Settings {
        dir: arguments.dir,
        households: arguments.households,
        seconds: arguments.seconds.clamp(2, 30),
        nginx: arguments.nginx,
        kept: arguments.kept,
        postgres: arguments.postgres,
        make: arguments.make,
        wanted,
    };
    let figures = runtime()?.block_on(plan::measure(&settings))?;
    if let Some(file) = arguments.svg {
        std::fs::write(file, chart::svg(&figures)?)?;
    }
    match arguments.json.as_deref() {
        Some("-") => say(&figures.json()),
        Some(file) => {
            std::fs::write(file, figures.json())?;
            say(&figures.table());
        }
        None => say(&figures.table()),
    }
    Ok(())
}

fn runtime() -> Outcome<tokio::runtime::Runtime> {
    Ok(tokio::runtime::Builder::new_multi_thread().enable_all().build()?)
}

/// Says on standard output what was found.
pub(crate) fn say(text: &str) {
    writeln!(std::io::stdout(), "{text}").ok();
}

/// Says on standard error what is being done: a run takes minutes.
pub(crate) fn progress(text: &str) {
    writeln!(std::io::stderr(), "… {text}").ok();
}
