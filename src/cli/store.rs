//! `sluis store copy`

use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::output::{Failure, REFUSED, finish};
use super::progress::Progress;
use super::say;
use crate::app::moving::copy_up;
use crate::config::StoreUrl;

/// The store of a gateway.
#[derive(Args)]
pub(super) struct Store {
    #[command(subcommand)]
    step: Step,
}

#[derive(Subcommand)]
enum Step {
    /// Move up from one machine to a cluster: copy everything in a SQLite store to an empty PostgreSQL database, and find the log's root again on both sides.
    Copy(Copy),
}

#[derive(Args)]
#[command(
    after_help = "Stop the gateway first. Every node needs its keys ([keys], [log] key): nothing in the store can be read without them. The key folder itself is shared by all nodes, on a \
    file system with hard links: in a copy of it, keys that were destroyed would live on. Copying that was interrupted \
    goes on where it stopped when it is started again.\n\nExit codes: 0 copied, 1 not copied, 2 used wrongly"
)]
struct Copy {
    /// The SQLite store, `sqlite:PATH`.
    #[arg(long, value_name = "URL")]
    from: String,
    /// The PostgreSQL database, empty or with what an earlier copying left: `postgres://user@host:port/database`.
    #[arg(long, value_name = "URL")]
    to: String,
}

impl Store {
    pub(super) async fn run(self) -> ExitCode {
        let Step::Copy(copy) = self.step;
        finish(copy.run().await)
    }
}

impl Copy {
    async fn run(self) -> Result<(), Failure> {
        // A URL may hold a password: what is wrong with it is said without it.
        let url = |name: &str, text: &str| text.parse::<StoreUrl>().map_err(|error| Failure::usage(format!("--{name}: {error}")));
        let (from, to) = (url("from", &self.from)?, url("to", &self.to)?);
        let mut progress = Progress::new("copied");
        let copied =
            copy_up(&from, &to, |done, all| progress.at(done, all)).await.map_err(|error| Failure::new(REFUSED, error))?;
        say(&format!(
            "copied: {} entries, and all else; the root is the same on both sides: {}\n  do: set [store] url to the database in the configuration of each node, then keep the file as a backup",
            copied.entries, copied.root
        ));
        Ok(())
    }
}
