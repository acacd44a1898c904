//! `sluis log erase`

use clap::Args;
use serde_json::json;

use super::officer::Officer;
use crate::app::gateway::Outside;
use crate::cli::output::{EXIT_CODES, Failure};
use crate::cli::say;

const ABOUT: &str = "The key to what was sealed in the entry, and by which it was found, is taken from the database and overwritten; a backup that is put back does not bring it back. \
    Whoever holds the gateway's keys and a backup from before can open it from that until the month's key goes. The entry's place, time, \
    kind, organisations, purpose and categories stay, and so does every proof. Who erased it and why is an entry of its own. Whole months go by themselves \
    when their term has passed.";

/// Erase one entry of your organisation's side of the log.
#[derive(Args)]
#[command(after_help = format!("{ABOUT}\n\n{EXIT_CODES}"))]
pub(super) struct Erase {
    #[command(flatten)]
    officer: Officer,
    /// The entry, by its index.
    entry: u64,
    /// On what ground. Name nobody.
    #[arg(long, value_name = "TEXT")]
    ground: String,
    /// Print the gateway's answer as JSON.
    #[arg(long)]
    json: bool,
}

impl Erase {
    pub(super) async fn run(self, outside: Outside) -> Result<(), Failure> {
        let request = json!({"entry": self.entry, "ground": self.ground});
        let erased = &self.officer.ask(outside, "erasures", &request).await?;
        if self.json {
            say(&erased.to_string());
        } else {
            say(&format!("entry {} is erased; entry {} says so", erased["erased"], erased["entry"]));
        }
        Ok(())
    }
}
