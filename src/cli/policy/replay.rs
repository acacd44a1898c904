//! `sluis policy replay`

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::Args;

use crate::actions::replay::Replayed;
use crate::app::gateway::Outside;
use crate::catalogue::Form;
use crate::cli::operator::{By, instant};
use crate::cli::output::{Failure, say};
use crate::clock::Timestamp;
use crate::policy::Bundle;

/// Make past decisions again by other policies, and say which would change. To look is an entry in the log.
#[derive(Args)]
pub(in crate::cli) struct Replay {
    /// The folder of the candidate.
    #[arg(long, value_name = "FOLDER")]
    candidate: PathBuf,
    /// From this day or instant on [default: the beginning].
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    from: Option<Timestamp>,
    /// Until before this day or instant [default: now].
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    to: Option<Timestamp>,
    #[command(flatten)]
    by: By,
}

impl Replay {
    pub(super) async fn run(self, outside: Outside) -> Result<(), Failure> {
        let failed = |error| Failure::usage(format!("{}: {error}", self.candidate.display()));
        let candidate = Bundle::load(&self.candidate).map_err(failed)?;
        let desk = self.by.desk(outside).await?;
        let from = self.from.unwrap_or(Timestamp::from_millis(i64::MIN));
        let to = self.to.unwrap_or(Timestamp::from_millis(i64::MAX));
        report(&desk.replay(&candidate, from, to).await?);
        Ok(())
    }
}

fn report(replayed: &Replayed) {
    let mut counts: BTreeMap<String, u64> = BTreeMap::new();
    for changed in &replayed.changed {
        let change = format!("{} {}: {} -> {}", changed.purpose, changed.category, forms(&changed.before), forms(&changed.after));
        say(&format!("{}  entry {}  source {}  {change}", changed.disclosure, changed.entry, changed.source));
        let count = counts.entry(change).or_default();
        *count = count.saturating_add(1);
    }
    for (change, count) in counts {
        say(&format!("{count:>8}  {change}"));
    }
    say(&format!("{} decisions made again, {} change", replayed.decisions, replayed.changed.len()));
    if replayed.without_facts + replayed.unreadable > 0 {
        say(&format!("{} without facts in the log, {} entries unreadable", replayed.without_facts, replayed.unreadable));
    }
}

fn forms<'f>(forms: impl IntoIterator<Item = &'f Form>) -> String {
    let codes: Vec<_> = forms.into_iter().map(|form| form.code()).collect();
    if codes.is_empty() { "withheld".to_owned() } else { codes.join("+") }
}
