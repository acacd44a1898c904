//! `sluis log verify`

mod erasure;
mod receipt;
mod reconcile;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::json;

use crate::app::gateway::Outside;
use crate::cli::output::{DIVERGED, Failure, UNVERIFIED, UNWITNESSED};
use crate::cli::progress::Progress;
use crate::cli::{input, say};
use crate::client::{Against, AuditError, Kit, StorePlace, Verified, Witnessed, verify_indexes, verify_search};
use crate::ledger::note::VerifierKey;
use crate::ledger::quorum::Policy;
use crate::organisation::Oin;

const CODES: &str = "Exit codes: 0 it holds, and a quorum of witnesses cosigned; 5 it holds, and no quorum vouches that nobody was shown another log; 6 it does \
    not continue what was seen of it before; 3 something in it was changed, or is missing; 2 wrong usage.";

/// Why nobody vouches for what was found.
const UNASKED: &str = "no policy was given (--policy), so nobody outside vouches for the head";

const FULL: &str = "Rebuilds the tree from every stored entry, and holds sealed bodies, columns, tiles, head, cosigned heads and the receipts that the store keeps against it; of a SQLite \
    file its indexes and the search file beside it against their tables, too; of PostgreSQL it leaves the indexes to pg_amcheck. No key of the gateway is needed; a gateway may be running. Whether the sealed bodies still open, and which \
    holds stand, can be seen with the gateway's keys only: `log verify erasure`. Give the receipts and heads that you keep with --seen: without them, and without witnesses, a log that was \
    rewritten as a whole and signed again looks sound.";

/// Verify the log offline.
#[derive(Args)]
#[command(after_help = CODES)]
pub(super) struct Verify {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// One receipt: that it proves what it is about, and that the log at hand has what it proves.
    Receipt(receipt::Receipt),
    /// The whole log, from its store.
    Full(Full),
    /// That the log of a later head continues that of an earlier one.
    Consistency(Consistency),
    /// What the organisations hold against the entries of the log, per pair of them.
    Reconcile(reconcile::Reconcile),
    /// What was erased, with the gateway's keys: all that the log says, and nothing else.
    Erasure(erasure::Erasure),
}

#[derive(Args)]
#[command(after_help = format!("{FULL}\n\n{CODES}"))]
struct Full {
    #[command(flatten)]
    log: LogKey,
    /// The gateway's store: the SQLite file, or the URL of the PostgreSQL database (postgres://user@host:port/database; its password rather from ~/.pgpass).
    #[arg(long, value_name = "STORE")]
    store: StorePlace,
    /// A checkpoint or a receipt that was kept, of which the log must be a continuation. May be given more than once; of a folder, all receipts in it.
    #[arg(long, value_name = "FILE")]
    seen: Vec<PathBuf>,
    /// Print what was found as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct Consistency {
    #[command(flatten)]
    log: LogKey,
    /// The earlier head: a checkpoint, or a receipt.
    earlier: PathBuf,
    /// The later head.
    later: PathBuf,
    /// The gateway's store, from which the proof is made: the SQLite file, or the URL of the PostgreSQL database.
    #[arg(long, value_name = "STORE")]
    store: StorePlace,
    /// Print what was found as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
struct LogKey {
    /// Your organisation's folder in the integrator's kit: it holds the log's key.
    #[arg(long, value_name = "DIR", required_unless_present = "vkey")]
    kit: Option<PathBuf>,
    /// The log's verifier key (C2SP signed-note), instead of a kit.
    #[arg(long, value_name = "VKEY", conflicts_with = "kit")]
    vkey: Option<String>,
    /// Which witnesses make a quorum (C2SP tlog-policy); left out, what the kit says of them.
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
}

impl Verify {
    pub(super) async fn run(self, outside: &Outside) -> Result<(), Failure> {
        match self.what {
            What::Erasure(erasure) => erasure.verify(outside).await,
            What::Receipt(receipt) => receipt.verify().await,
            What::Reconcile(reconcile) => reconcile.run().await,
            What::Full(full) => full.verify().await,
            What::Consistency(consistency) => consistency.verify().await,
        }
    }
}

impl Full {
    async fn verify(&self) -> Result<(), Failure> {
        let mut against = self.log.against()?;
        for path in &self.seen {
            for file in receipts(path)? {
                against.add_seen(&file.display().to_string(), &input::text(&file)?)?;
            }
        }
        let mut progress = Progress::new("verifying");
        let outcome = against.verify(&self.store, |done, all| progress.at(done, all)).await;
        drop(progress);
        let outcome = match (outcome, &self.store) {
            (Ok(verified), StorePlace::File(file)) => {
                verify_indexes(file)?;
                let mut progress = Progress::new("comparing the search file");
                verify_search(file, |done, all| progress.at(done, all)).await.map(|()| verified)
            }
            (outcome, _) => outcome,
        };
        if self.json {
            let mut told = told(&outcome.as_ref());
            if let (Ok(_), Some(object)) = (&outcome, told.as_object_mut()) {
                object.insert("indexesVerified".to_owned(), matches!(self.store, StorePlace::File(_)).into());
            }
            say(&told.to_string());
        }
        let verified = outcome?;
        if !self.json {
            let Verified { size, receipts, erased, .. } = &verified;
            let erased = if *erased == 0 { String::new() } else { format!(" ({erased} erased)") };
            let seen = against.seen.len();
            say(&format!("verified: {size} entries{erased}, {receipts} receipts in the store, {seen} earlier heads continued"));
            if matches!(self.store, StorePlace::Database(_)) {
                say("not looked at: PostgreSQL's own indexes; pg_amcheck holds them against their tables");
            }
        }
        witnessed(&verified, against.policy.is_some(), self.json)
    }
}

impl Consistency {
    async fn verify(&self) -> Result<(), Failure> {
        let against = self.log.against()?;
        let read = |path: &Path| Ok::<_, Failure>((path.display().to_string(), input::text(path)?));
        let (earlier, later) = (read(&self.earlier)?, read(&self.later)?);
        let outcome = against.consistent(&self.store, (&earlier.0, &earlier.1), (&later.0, &later.1)).await;
        let outcome = outcome.map_err(Failure::from);
        if self.json {
            let (sizes, failure) = (outcome.as_ref().ok(), outcome.as_ref().err());
            let verdict = if failure.is_none() { "consistent" } else { verdict(failure) };
            let (old, new) = sizes.copied().unzip();
            say(&json!({"verdict": verdict, "earlier": old, "later": new, "reason": failure.map(ToString::to_string)})
                .to_string());
        }
        let (old, new) = outcome?;
        if !self.json {
            say(&format!("consistent: the log of {new} entries continues that of {old}"));
        }
        Ok(())
    }
}

impl LogKey {
    /// Whose kit it is.
    fn party(&self) -> Result<Option<Oin>, Failure> {
        let kit = self.kit.as_deref().map(Kit::open).transpose().map_err(Failure::usage)?;
        Ok(kit.map(|kit| kit.organisation.oin))
    }

    fn against(&self) -> Result<Against, Failure> {
        let (key, of_kit, place) = match (&self.kit, &self.vkey) {
            (Some(folder), _) => {
                let kit = Kit::open(folder).map_err(Failure::usage)?;
                let policy = kit.policy().map_err(Failure::usage)?;
                (kit.gateway.log_vkey, policy, format!("{}: logVkey", folder.join("../gateway.json").display()))
            }
            (None, Some(key)) => (key.clone(), None, "--vkey".to_owned()),
            (None, None) => return Err(Failure::usage("give --kit or --vkey: whose log it is")),
        };
        let log: VerifierKey = key.parse().map_err(|error| Failure::usage(format!("{place}: {error}")))?;
        let policy = self.policy.as_deref().map(|path| {
            let wrong = |error: &dyn std::fmt::Display| Failure::usage(format!("{}: {error}", path.display()));
            Policy::parse(&input::bytes(path)?).map_err(|error| wrong(&error))
        });
        Ok(Against { log, policy: policy.transpose()?.or(of_kit), seen: Vec::new() })
    }
}

/// The file itself, or every receipt in a folder.
fn receipts(path: &Path) -> Result<Vec<PathBuf>, Failure> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let wrong = |error: std::io::Error| Failure::usage(format!("{}: {error}", path.display()));
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(wrong)? {
        let file = entry.map_err(wrong)?.path();
        if file.extension().is_some_and(|extension| extension == "tlog-proof") {
            files.push(file);
        }
    }
    if files.is_empty() {
        return Err(Failure::usage(format!("{}: no receipts (*.tlog-proof) in this folder", path.display())));
    }
    files.sort();
    Ok(files)
}

/// What came of it, in the word for its exit code.
fn verdict(failure: Option<&Failure>) -> &'static str {
    match failure.map(Failure::code) {
        None => "witnessed",
        Some(UNWITNESSED) => "unwitnessed",
        Some(DIVERGED) => "diverged",
        Some(_) => "invalid",
    }
}

fn told(outcome: &Result<&Verified, &AuditError>) -> serde_json::Value {
    match outcome {
        Ok(verified) => {
            let verdict = if verified.witnessed_by().is_some() { "witnessed" } else { "unwitnessed" };
            let Verified { size, erased, receipts, witnessed } = verified;
            let (up_to, by) = witnessed.as_ref().map(|witnessed| (witnessed.size, &witnessed.by)).unzip();
            json!({
                "verdict": verdict, "size": size, "erased": erased, "receipts": receipts, "witnesses": by, "witnessedSize": up_to,
            })
        }
        Err(error) => {
            let verdict =
                if matches!(error, AuditError::Diverged { .. } | AuditError::NotThere(_)) { "diverged" } else { "invalid" };
            json!({"verdict": verdict, "reason": error.to_string()})
        }
    }
}

fn witnessed(verified: &Verified, asked: bool, is_json: bool) -> Result<(), Failure> {
    let unwitnessed = |text: &str| Err(Failure::new(UNWITNESSED, format!("unwitnessed: {text}")));
    match &verified.witnessed {
        Some(witnessed) if witnessed.size == verified.size => {
            if !is_json {
                say(&format!("witnessed by {}", witnessed.by.join(", ")));
            }
            Ok(())
        }
        Some(Witnessed { size, by }) => unwitnessed(&format!(
            "the first {size} of {} entries are vouched for by {}; those behind them are not, or not yet\n  do: verify again in a moment; when \
             that number stands still while the log grows, the witnesses are not reached",
            verified.size,
            by.join(", "),
        )),
        None if asked => unwitnessed("no head of the log has the cosignatures that the policy asks for"),
        None => unwitnessed(UNASKED),
    }
}

impl From<AuditError> for Failure {
    fn from(error: AuditError) -> Self {
        match error {
            AuditError::Diverged { .. } | AuditError::NotThere(_) => Self::new(DIVERGED, error),
            AuditError::Seen(..) | AuditError::NoFile(_) | AuditError::NoDatabase(..) => Self::usage(error),
            _ => Self::new(UNVERIFIED, error),
        }
    }
}
