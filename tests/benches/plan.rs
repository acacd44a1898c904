//! The run: what is measured after what, within ten minutes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sluis::app::gateway::Outside;

use crate::figures::{Figures, Store, millis};
use crate::process::machine;
use crate::world::{CATEGORIES, GIVEN, REQUESTER, World};
use crate::{Outcome, append, connector, crypto, databases, decisions, disk, progress, stages, ten_million, verify};

/// The parts of a run.
const PARTS: [&str; 13] = [
    "source",
    "load",
    "latency",
    "overload",
    "proxy",
    "crypto",
    "stages",
    "append",
    "decisions",
    "verify",
    "sources",
    "logs",
    "proof",
];

/// The connections of the loads that count.
pub(crate) const CONNECTIONS: usize = 64;

/// Which parts are wanted.
pub(crate) struct Wanted(Vec<String>);

impl Wanted {
    /// All parts when none is named.
    pub(crate) fn new(only: &[String]) -> Outcome<Self> {
        match only.iter().find(|part| !PARTS.contains(&part.as_str())) {
            Some(unknown) => Err(format!("no part {unknown}; there are {}", PARTS.join(", ")).into()),
            None => Ok(Self(only.to_vec())),
        }
    }

    /// Whether this part is wanted.
    pub(crate) fn has(&self, part: &str) -> bool {
        self.0.is_empty() || self.0.iter().any(|one| one == part)
    }
}

/// What the caller chose.
pub(crate) struct Settings {
    /// Where the world is kept.
    pub(crate) dir: Option<PathBuf>,
    /// How many households.
    pub(crate) households: usize,
    /// How long each load lasts.
    pub(crate) seconds: u64,
    /// The nginx.
    pub(crate) nginx: Option<PathBuf>,
    /// Whether that server is kept, so that large logs can be.
    pub(crate) kept: bool,
    /// The PostgreSQL server, by the URL of a database in which others can be made.
    pub(crate) postgres: Option<String>,
    /// Whether large logs are made that are not there.
    pub(crate) make: bool,
    /// Which parts.
    pub(crate) wanted: Wanted,
}

/// Measures.
pub(crate) async fn measure(settings: &Settings) -> Outcome<Figures> {
    let mut run =
        Run { figures: Figures::default(), settings, outside: connector::outside(), sync: None, crypto: None, nginx: None };
    let (cores, load, model) = machine();
    run.figures.condition("cores", cores);
    run.figures.condition("load average before", load);
    run.figures.condition("processor", model);
    run.figures.condition("request", format!("{REQUESTER:?} asks one source for {} categories, {GIVEN} given", CATEGORIES.len()));
    run.figures.condition(
        "durability",
        "each commit synced (SQLite WAL, synchronous=FULL; PostgreSQL fsync=on, no standby); answerAt off",
    );
    if settings.wanted.has("crypto") {
        progress("bare cryptography");
        let each = crypto::floor()?;
        run.figures.beside("bare cryptography of one disclosure, CPU, µs", each);
        run.crypto = Some(each);
    }
    run.on(None).await?;
    if settings.wanted.has("decisions") {
        progress("deciding");
        decisions::sixty(&mut run.figures)?;
    }
    if settings.wanted.has("proof") {
        progress("proving any of ten million entries");
        ten_million::proofs(settings.make, &run.outside, &mut run.figures).await?;
    }
    run.figures.on(Store::Postgres);
    if let Some(server) = &settings.postgres {
        run.on(Some(server)).await?;
    }
    run.figures.on(Store::Sqlite);
    reasons(&mut run.figures, settings);
    run.figures.condition("load average after", machine().1);
    Ok(run.figures)
}

/// Why figures are not there that no part has said it of.
fn reasons(figures: &mut Figures, settings: &Settings) {
    for store in [Store::Sqlite, Store::Postgres] {
        figures.on(store);
        figures.later("deid_chars_per_s", "de-identification is not there yet");
        if store == Store::Postgres {
            figures.later("proof_10m_ms", "a log of ten million leaves is made in SQLite alone");
            if settings.postgres.is_none() {
                figures.later_all("no PostgreSQL server (POSTGRES=no)");
            }
        } else {
            figures.later("proof_10m_ms", "no log of ten million leaves: run once with --make");
        }
        if settings.nginx.is_none() {
            figures.later("cpu_ratio_to_nginx", "no nginx");
        }
    }
    figures.on(Store::Sqlite);
}

/// What is measured, and what has been so far.
pub(crate) struct Run<'a> {
    /// The table.
    pub(crate) figures: Figures,
    /// What the caller chose.
    pub(crate) settings: &'a Settings,
    /// Time and randomness.
    pub(crate) outside: Outside,
    /// The floors, each measured once: one small sync, one disclosure's cryptography in µs, a request through the proxy.
    sync: Option<Duration>,
    crypto: Option<f64>,
    pub(crate) nginx: Option<Duration>,
}

impl Run<'_> {
    /// All that is measured on each store: a SQLite file, or a database of this server.
    async fn on(&mut self, server: Option<&str>) -> Outcome<()> {
        let Settings { dir, households, wanted, .. } = self.settings;
        progress(&format!("making the synthetic world, {}", self.figures.store().name()));
        let (dir, database) = match (dir, server) {
            (dir, None) => (dir.clone(), None),
            (Some(dir), Some(server)) => {
                (Some(dir.with_extension("postgres")), Some(databases::found(server, "bench_kept").await?))
            }
            (None, Some(server)) => (None, Some(databases::made(server, "bench_world").await?)),
        };
        let world = Arc::new(World::make(dir.as_deref(), *households, database.as_deref())?);
        self.figures.condition("persons asked about", world.requests.len());
        let sync = self.disk(&world.folder)?;
        self.serving(&world, sync).await?;
        if let (Some(crypto), Some(own)) = (self.crypto, self.figures.value("cpu_us_per_disclosure")) {
            self.figures.beside("the gateway's CPU per disclosure ÷ its bare cryptography", own / crypto);
        }
        if wanted.has("stages") && server.is_none() {
            progress("each stage, in-process");
            let source = world.connector().await?;
            stages::measure(&world, &self.outside, &mut self.figures).await?;
            source.stop().await?;
        }
        if wanted.has("append") {
            progress("appending to the log, 64 writers");
            append::gain(&world.folder, server, &self.outside, &mut self.figures).await?;
        }
        if wanted.has("verify") {
            progress("verifying the log");
            let verified = verify::log(&world).await?;
            self.figures.set("log_entries", verified.entries);
            self.figures.set("verify_entries_per_s", verified.rate);
        }
        if wanted.has("sources") {
            self.sources(&world).await?;
        }
        if wanted.has("logs") {
            self.logs(server).await?;
        }
        Ok(())
    }

    /// The disk's floor; the median of one small sync. Both stores are on the same disk.
    fn disk(&mut self, folder: &Path) -> Outcome<Duration> {
        if let Some(sync) = self.sync {
            return Ok(sync);
        }
        progress("syncing the disk");
        let (small, large) = (disk::syncs(folder, 512)?, disk::syncs(folder, 8192)?);
        self.figures.beside("fdatasync of 512 B, per second", small.rate);
        self.figures.beside("fdatasync of 8 KiB, per second", large.rate);
        self.figures.beside("fdatasync of 8 KiB, p50, ms", millis(large.median));
        self.sync = Some(large.median);
        Ok(large.median)
    }

    /// How long a load lasts.
    pub(crate) const fn time(&self) -> Duration {
        Duration::from_secs(self.settings.seconds)
    }
}
