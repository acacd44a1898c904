//! The run: what is measured after what, within ten minutes.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sluis::app::gateway::Outside;

use crate::figures::{Figures, Store, micros, millis, percentile};
use crate::load::{Load, closed, open};
use crate::process::{Running, machine};
use crate::requester::Requester;
use crate::source::Asker;
use crate::world::{CATEGORIES, GIVEN, REQUESTER, World};
use crate::{
    Outcome, append, connector, databases, decisions, disk, million, progress, proxy, search, stages, ten_million, verify,
};

/// The parts of a run.
const PARTS: [&str; 11] =
    ["disk", "source", "load", "latency", "proxy", "stages", "append", "decisions", "verify", "million", "proof"];

/// The connections of the loads that count.
const CONNECTIONS: usize = 64;

/// The rate at which latency is measured.
const RATE: u32 = 300;

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

    fn has(&self, part: &str) -> bool {
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
    /// The PostgreSQL server, by the URL of a database in which others can be made.
    pub(crate) postgres: Option<String>,
    /// Whether large logs are made that are not there.
    pub(crate) make: bool,
    /// Which parts.
    pub(crate) wanted: Wanted,
}

/// Measures.
pub(crate) async fn measure(settings: &Settings) -> Outcome<Figures> {
    let mut run = Run { figures: Figures::default(), settings, outside: connector::outside() };
    let (cores, load, model) = machine();
    run.figures.condition("cores", cores);
    run.figures.condition("load average before", load);
    run.figures.condition("processor", model);
    run.figures.condition("request", format!("{REQUESTER:?} asks one source for {} categories, {GIVEN} given", CATEGORIES.len()));
    run.figures.condition(
        "durability",
        "each commit synced (SQLite WAL, synchronous=FULL; PostgreSQL fsync=on, no standby); answerAt off",
    );
    run.on(None).await?;
    if settings.wanted.has("decisions") {
        progress("deciding");
        decisions::sixty(&mut run.figures)?;
    }
    run.large().await?;
    if let Some(server) = &settings.postgres {
        run.figures.on(Store::Postgres);
        run.on(Some(server)).await?;
        run.figures.on(Store::Sqlite);
    }
    run.figures.condition("load average after", machine().1);
    Ok(run.figures)
}

struct Run<'a> {
    figures: Figures,
    settings: &'a Settings,
    outside: Outside,
}

impl Run<'_> {
    /// All that is measured on each store: a SQLite file, or a database of this server.
    async fn on(&mut self, server: Option<&str>) -> Outcome<()> {
        let Settings { dir, households, wanted, .. } = self.settings;
        progress("making the synthetic world");
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
        if wanted.has("append") {
            progress("appending to the log, 64 writers");
            append::gain(&world.folder, server, &self.outside, &mut self.figures).await?;
        }
        if wanted.has("verify") {
            progress("verifying the log");
            verify::log(&world, &mut self.figures).await?;
        }
        Ok(())
    }

    /// The disk's floor; the median of one small sync.
    fn disk(&mut self, folder: &Path) -> Outcome<Duration> {
        progress("syncing the disk");
        let (small, large) = (disk::syncs(folder, 512)?, disk::syncs(folder, 8192)?);
        self.figures.beside("fdatasync of 512 B, per second", small.rate);
        self.figures.beside("fdatasync of 8 KiB, per second", large.rate);
        self.figures.beside("fdatasync of 8 KiB, p50, ms", millis(large.median));
        Ok(large.median)
    }

    /// Everything that needs the connector, or the gateway.
    async fn serving(&mut self, world: &Arc<World>, sync: Duration) -> Outcome<()> {
        let wanted = &self.settings.wanted;
        let source = world.connector().await?;
        let floor = if wanted.has("source") || wanted.has("latency") { Some(self.source(world).await?) } else { None };
        let mut payload = 8192;
        if wanted.has("load") || wanted.has("latency") {
            let (gateway, started) = world.gateway().await?;
            self.figures.condition("start on the fresh store", format!("{:.3} s", started.as_secs_f64()));
            payload = self.loads(world, gateway, &source, floor.map(|floor| floor + 2 * sync)).await?;
        }
        if let (true, Some(nginx)) = (wanted.has("proxy"), &self.settings.nginx) {
            progress("the nginx proxy");
            let floor = proxy::floor(nginx, world, payload, CONNECTIONS, self.time() / 2).await?;
            self.figures.beside("nginx mTLS proxy, CPU per request, µs", micros(floor.processor));
            self.figures.beside("nginx mTLS proxy, requests per second", floor.rate);
            if let Some(own) = self.figures.value("cpu_us_per_disclosure") {
                self.figures.set("cpu_ratio_to_nginx", own / micros(floor.processor));
            }
        }
        if wanted.has("stages") && !self.figures.is_on(Store::Postgres) {
            progress("each stage, in-process");
            stages::measure(world, &self.outside, &mut self.figures).await?;
        }
        source.stop().await
    }

    /// On the logs that are made once: their figures take the places of those on the small one.
    async fn large(&mut self) -> Outcome<()> {
        let Settings { wanted, make, .. } = self.settings;
        if wanted.has("million")
            && let Some(world) = million::world(*make, &self.outside).await?
        {
            progress("verifying a million entries");
            verify::log(&world, &mut self.figures).await?;
            verify::commands(&world, &mut self.figures).await?;
            progress("serving a million entries");
            let source = world.connector().await?;
            let (gateway, started) = world.gateway().await?;
            self.beside_of_small(&["start_s", "rss_mib"]);
            self.figures.set("start_s", started.as_secs_f64());
            self.figures.beside("a gateway on a million entries: resident memory after its start, MiB", gateway.resident_mib()?);
            let requester = Arc::new(Requester::new(&world.layout.kit_of(REQUESTER), &self.outside)?);
            let asked = Arc::clone(&world);
            let one = move |number: usize| {
                let (requester, world) = (Arc::clone(&requester), Arc::clone(&asked));
                async move { Ok(requester.ask(world.request(number)).await?.0) }
            };
            let load = closed(CONNECTIONS, self.time(), one).await?;
            self.figures
                .beside("a gateway on a million entries: disclosures per second", load.answered()? / load.lasted.as_secs_f64());
            self.figures.set("rss_mib", gateway.resident_mib()?);
            progress("searching a million entries");
            search::pages(&world, &self.outside, &mut self.figures).await?;
            self.figures.beside("a gateway on a million entries: resident memory after searches, MiB", gateway.resident_mib()?);
            gateway.stop().await?;
            source.stop().await?;
        }
        if wanted.has("proof") {
            progress("proving any of ten million entries");
            ten_million::proofs(*make, &self.outside, &mut self.figures).await?;
        }
        Ok(())
    }

    /// What the small log gave goes beside what the large one gives.
    fn beside_of_small(&mut self, keys: &[&str]) {
        for key in keys {
            if let Some(value) = self.figures.value(key) {
                self.figures.beside(format!("{key} on the small log"), value);
            }
        }
    }

    const fn time(&self) -> Duration {
        Duration::from_secs(self.settings.seconds)
    }

    /// What the source itself takes at the rate of the latency measurement.
    async fn source(&mut self, world: &Arc<World>) -> Outcome<Duration> {
        progress("the source alone");
        let asker = Arc::new(Asker::new(world, &self.outside)?);
        let one = {
            let (asker, world) = (asker, Arc::clone(world));
            move |number: usize| {
                let (asker, world) = (Arc::clone(&asker), Arc::clone(&world));
                async move { asker.ask(world.numbers.get(number % world.numbers.len()).ok_or("nobody")?).await }
            }
        };
        closed(16, Duration::from_secs(2), one.clone()).await?;
        let mut load = open(RATE, self.time(), one).await?;
        let floor = percentile(&mut load.times, 50);
        self.figures.beside("the source alone at 300/s, p50, ms", millis(floor));
        self.figures.beside("the source alone at 300/s, p99, ms", millis(percentile(&mut load.times, 99)));
        Ok(floor)
    }

    /// The gateway under load; the size of a response.
    async fn loads(&mut self, world: &Arc<World>, gateway: Running, source: &Running, floor: Option<Duration>) -> Outcome<usize> {
        let requester = Arc::new(Requester::new(&world.layout.kit_of(REQUESTER), &self.outside)?);
        let request = world.request(0);
        let held = requester.check(request, &requester.ask(request).await?.1)?;
        self.figures
            .condition("a response holds", format!("{} items, {} categories, {} bytes", held.items, held.categories, held.bytes));
        if held.categories != GIVEN {
            return Err(format!("{} categories came, {GIVEN} were expected", held.categories).into());
        }
        let one = {
            let world = Arc::clone(world);
            move |number: usize| {
                let (requester, world) = (Arc::clone(&requester), Arc::clone(&world));
                async move {
                    let (complete, answer) = requester.ask(world.request(number)).await?;
                    requester.check(world.request(number), &answer)?;
                    Ok(complete)
                }
            }
        };
        progress("warming up");
        closed(CONNECTIONS, Duration::from_secs(3), one.clone()).await?;
        if self.settings.wanted.has("load") {
            for connections in [16, CONNECTIONS] {
                progress(&format!("{connections} connections"));
                let before = (gateway.settled().await?, source.settled().await?);
                let load = closed(connections, self.time(), one.clone()).await?;
                let after = (gateway.settled().await?, source.settled().await?);
                self.closed_figures(connections, load, after.0.saturating_sub(before.0), after.1.saturating_sub(before.1))?;
            }
            self.figures.set("rss_mib", gateway.resident_mib()?);
        }
        if let (true, Some(floor)) = (self.settings.wanted.has("latency"), floor) {
            progress("300 per second");
            open(RATE, Duration::from_secs(2), one.clone()).await?;
            let before = gateway.settled().await?;
            let load = open(RATE, self.time() * 3 / 2, one).await?;
            let used = gateway.settled().await?.saturating_sub(before);
            self.open_figures(load, used, floor)?;
        }
        gateway.stop().await?;
        let (again, started) = world.gateway().await?;
        self.figures.set("start_s", started.as_secs_f64());
        again.stop().await?;
        Ok(held.bytes)
    }

    fn closed_figures(&mut self, connections: usize, mut load: Load, used: Duration, source: Duration) -> Outcome<()> {
        let count = load.answered()?;
        let (rate, each) = (count / load.lasted.as_secs_f64(), micros(used.div_f64(count)));
        self.figures.beside(format!("{connections} connections: disclosures per second"), rate);
        self.figures.beside(format!("{connections} connections: gateway CPU per disclosure, µs"), each);
        self.figures
            .beside(format!("{connections} connections: connector CPU per disclosure, µs"), micros(source.div_f64(count)));
        self.figures.beside(format!("{connections} connections: p50, ms"), millis(percentile(&mut load.times, 50)));
        self.figures.beside(format!("{connections} connections: p99, ms"), millis(percentile(&mut load.times, 99)));
        if connections == CONNECTIONS {
            self.figures.set("disclosures_per_s", rate);
            self.figures.set("cpu_us_per_disclosure", each);
        }
        Ok(())
    }

    fn open_figures(&mut self, mut load: Load, used: Duration, floor: Duration) -> Outcome<()> {
        let count = load.answered()?;
        let (middle, late) = (percentile(&mut load.times, 50), percentile(&mut load.times, 99));
        self.figures.beside("300/s: answered per second", count / load.lasted.as_secs_f64());
        self.figures.beside("300/s: p50, ms", millis(middle));
        self.figures.beside("300/s: p99, ms", millis(late));
        self.figures.beside("300/s: gateway CPU per disclosure, µs", micros(used.div_f64(count)));
        self.figures.set("added_p50_ms", millis(middle) - millis(floor));
        self.figures.set("added_p99_ms", millis(late) - millis(floor));
        Ok(())
    }
}
