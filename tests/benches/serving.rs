//! The gateway of a small log under load: connections, latency, and the floors beside them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::figures::{micros, millis, percentile};
use crate::growth::{Along, Point};
use crate::load::{Load, closed, open};
use crate::measured::{asking, measured};
use crate::plan::{CONNECTIONS, Run};
use crate::process::Running;
use crate::requester::Requester;
use crate::source::Asker;
use crate::world::{GIVEN, REQUESTER, World};
use crate::{Outcome, progress, proxy};

/// How many connections ask at the same time, one number after the other.
const GROWING: [usize; 4] = [1, 16, CONNECTIONS, 256];

/// The rate at which latency is measured.
const RATE: u32 = 300;

impl Run<'_> {
    /// Everything that needs the connector, or the gateway.
    pub(crate) async fn serving(&mut self, world: &Arc<World>, sync: Duration) -> Outcome<()> {
        let wanted = &self.settings.wanted;
        let source = world.connector().await?;
        let floor = if wanted.has("source") || wanted.has("latency") { Some(self.source(world).await?) } else { None };
        let mut payload = 8192;
        if ["load", "latency", "overload"].iter().any(|part| wanted.has(part)) {
            let (gateway, started) = world.gateway().await?;
            self.figures.beside("start on the fresh store, s", started.as_secs_f64());
            payload = self.loads(world, gateway, &source, floor.map(|floor| floor + 2 * sync)).await?;
        }
        source.stop().await?;
        self.proxy(world, payload).await
    }

    /// The floor of a proxy, measured once.
    async fn proxy(&mut self, world: &World, payload: usize) -> Outcome<()> {
        if let (true, Some(nginx), None) = (self.settings.wanted.has("proxy"), &self.settings.nginx, self.nginx) {
            progress("the nginx proxy");
            let floor = proxy::floor(nginx, world, payload, CONNECTIONS, self.time() / 2).await?;
            self.figures.beside("nginx mTLS proxy, CPU per request, µs", micros(floor.processor));
            self.figures.beside("nginx mTLS proxy, requests per second", floor.rate);
            self.nginx = Some(floor.processor);
        }
        if let (Some(floor), Some(own)) = (self.nginx, self.figures.value("cpu_us_per_disclosure")) {
            self.figures.set("cpu_ratio_to_nginx", own / micros(floor));
        }
        Ok(())
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
        closed(16, Duration::from_secs(1), one.clone()).await?;
        let mut load = open(RATE, self.time(), one).await?;
        let floor = percentile(&mut load.times, 50);
        self.figures.beside("the source alone at 300/s, p50, ms", millis(floor));
        self.figures.beside("the source alone at 300/s, p99, ms", millis(percentile(&mut load.times, 99)));
        Ok(floor)
    }

    /// The gateway under load; the size of a response.
    async fn loads(&mut self, world: &Arc<World>, gateway: Running, source: &Running, floor: Option<Duration>) -> Outcome<usize> {
        let bytes = self.looked_at(world).await?;
        let one = asking(world, &world.requests, &self.outside)?;
        progress("warming up");
        closed(CONNECTIONS, Duration::from_secs(2), one.clone()).await?;
        if let (true, Some(floor)) = (self.settings.wanted.has("latency"), floor) {
            self.latency(&gateway, floor, one.clone()).await?;
        }
        if self.settings.wanted.has("load") {
            for connections in GROWING {
                progress(&format!("{connections} connections"));
                let load = measured((&gateway, source), connections, self.time(), one.clone()).await?;
                self.figures.point(Point::of(self.figures.store(), Along::Connections, connections, &load));
                if connections == CONNECTIONS {
                    self.figures.set("disclosures_per_s", load.rate);
                    self.figures.set("cpu_us_per_disclosure", load.cpu);
                    self.figures.beside("64 connections: connector CPU per disclosure, µs", load.source_cpu);
                    self.figures.set("rss_mib", gateway.resident_mib()?);
                }
            }
        }
        if self.settings.wanted.has("overload") {
            // Its connections count among those that one organisation may have.
            drop(one);
            gateway.settled().await?;
            self.overload(world).await?;
        }
        gateway.stop().await?;
        let (again, started) = world.gateway().await?;
        self.figures.set("start_s", started.as_secs_f64());
        again.stop().await?;
        Ok(bytes)
    }

    /// What one answer holds; its size.
    async fn looked_at(&mut self, world: &World) -> Outcome<usize> {
        let requester = Requester::new(&world.layout.kit_of(REQUESTER), &self.outside)?;
        let request = world.request(0);
        let held = requester.check(request, &requester.ask(request).await?.1)?;
        self.figures
            .condition("a response holds", format!("{} items, {} categories, {} bytes", held.items, held.categories, held.bytes));
        if held.categories != GIVEN {
            return Err(format!("{} categories came, {GIVEN} were expected", held.categories).into());
        }
        Ok(held.bytes)
    }

    /// At a rate that leaves room.
    async fn latency<F, Asked>(&mut self, gateway: &Running, floor: Duration, one: F) -> Outcome<()>
    where
        F: Fn(usize) -> Asked + Clone + Send + Sync + 'static,
        Asked: Future<Output = Outcome<Instant>> + Send,
    {
        progress("300 per second");
        open(RATE, Duration::from_secs(2), one.clone()).await?;
        let before = gateway.settled().await?;
        let mut load = open(RATE, self.time() * 3 / 2, one).await?;
        let used = gateway.settled().await?.saturating_sub(before);
        self.open_figures(&mut load, used, floor)
    }

    fn open_figures(&mut self, load: &mut Load, used: Duration, floor: Duration) -> Outcome<()> {
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
