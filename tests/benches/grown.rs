//! The same load on logs of other sizes, and to more sources.

use std::sync::Arc;
use std::time::Duration;

use crate::figures::Store;
use crate::growth::{Along, Point};
use crate::large::{self, HUNDRED_THOUSAND, Large, MILLION};
use crate::load::closed;
use crate::measured::{asking, measured};
use crate::plan::{CONNECTIONS, Run};
use crate::process::Running;
use crate::sources::Sources;
use crate::world::World;
use crate::{Outcome, progress, search, verify};

/// How many sources are asked in one disclosure, one number after the other.
const SOURCES: [usize; 3] = [1, 5, 12];

/// Connections that ask them.
const ASKING: usize = 16;

/// Disclosures in a new log before it is measured, each of three entries: a thousand entries.
const FIRST: usize = 330;

/// How often each filter is searched by where all sizes are compared, and where the figure itself comes from.
const SEARCHES: u32 = 10;
const SEARCHES_OF_MILLION: u32 = 25;

impl Run<'_> {
    /// Disclosures that ask one source, or more.
    pub(crate) async fn sources(&mut self, world: &World) -> Outcome<()> {
        let sources = Sources::register(world, SOURCES.into_iter().max().unwrap_or(1))?;
        let connectors = sources.connectors().await?;
        let (gateway, _) = world.gateway().await?;
        for count in SOURCES {
            progress(&format!("{count} sources"));
            let one = asking(world, &sources.requests(world, count)?, &self.outside)?;
            closed(ASKING, Duration::from_secs(1), one.clone()).await?;
            let load = measured((&gateway, &connectors), ASKING, self.time() / 2, one).await?;
            self.figures.point(Point::of(self.figures.store(), Along::Sources, count, &load));
        }
        gateway.stop().await?;
        connectors.stop().await
    }

    /// Logs of each size: the smallest is new, the others are made once.
    pub(crate) async fn logs(&mut self, server: Option<&str>) -> Outcome<()> {
        let url = match server {
            Some(server) => Some(crate::databases::made(server, "bench_small").await?),
            None => None,
        };
        let small = World::make(None, self.settings.households, url.as_deref())?;
        self.log(&small, None).await?;
        for large in [HUNDRED_THOUSAND, MILLION] {
            match self.large(large, server).await? {
                Some(world) => self.log(&world, Some(large)).await?,
                None if large == MILLION => {
                    self.figures.later("search_p95_ms", "no log of a million entries: run once with --make");
                }
                None => {}
            }
        }
        Ok(())
    }

    async fn large(&self, large: Large, server: Option<&str>) -> Outcome<Option<Arc<World>>> {
        match server {
            None => large::world(large, self.settings.make, &self.outside).await,
            Some(server) if self.settings.kept => large::moved(large, server, self.settings.make, &self.outside).await,
            Some(_) => Ok(None),
        }
    }

    /// A gateway on one log. What the log of a million gives takes the place of what a small one gave.
    async fn log(&mut self, world: &World, large: Option<Large>) -> Outcome<()> {
        let full = large == Some(MILLION);
        let source = world.connector().await?;
        let (gateway, started) = world.gateway().await?;
        let before = gateway.resident_mib()?;
        if large.is_none() {
            let one = asking(world, &world.requests, &self.outside)?;
            for number in 0..FIRST {
                one(number).await?;
            }
        }
        search::built(world, &self.outside).await?;
        progress("verifying the log");
        let verified = verify::log(world).await?;
        progress(&format!("serving {} entries", verified.entries));
        let one = asking(world, &world.requests, &self.outside)?;
        let load = measured((&gateway, &source), CONNECTIONS, self.time() / 2, one).await?;
        let loaded = gateway.resident_mib()?;
        progress("searching");
        let rounds = if full { SEARCHES_OF_MILLION } else { SEARCHES };
        let pages = search::pages(world, &self.outside, rounds, full).await?;
        let point = Point::of(self.figures.store(), Along::Entries, verified.entries, &load)
            .with("verify_entries_per_s", Some(verified.rate))
            .with("search_p95_ms", Some(pages.p95));
        self.figures.point(point);
        if full {
            self.beside_of_small(&["start_s", "rss_mib", "verify_entries_per_s"]);
            self.figures.set("start_s", started.as_secs_f64());
            self.figures.set("log_entries", verified.entries);
            self.figures.set("verify_entries_per_s", verified.rate);
            self.figures.set("rss_mib", loaded);
            self.figures.set("search_p95_ms", pages.p95);
            self.figures.beside("a million entries: resident memory after the start, MiB", before);
            self.beside_of_searches(&pages, &gateway)?;
        }
        gateway.stop().await?;
        source.stop().await?;
        if full && self.figures.store() == Store::Sqlite {
            verify::commands(world, &mut self.figures).await?;
        }
        Ok(())
    }

    fn beside_of_searches(&mut self, pages: &search::Pages, gateway: &Running) -> Outcome<()> {
        for (name, p95) in &pages.filters {
            self.figures.beside(format!("search by {name}, p95, ms"), *p95);
        }
        self.figures.beside("search, all filters, p50, ms", pages.p50);
        self.figures.condition("slowest filter of a search", pages.slowest());
        self.figures.beside("a million entries: resident memory after searches, MiB", gateway.resident_mib()?);
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
}
