//! Load for a long time at 70 % of what the gateway can do: does memory grow, do answers take longer, is every one right, does the log verify?

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use crate::figures::{micros, millis, percentile, shown};
use crate::load::{closed, open};
use crate::measured::asking;
use crate::plan::CONNECTIONS;
use crate::process::Running;
use crate::world::World;
use crate::{Outcome, connector, databases, disk, progress, say, verify};

/// How many households.
const HOUSEHOLDS: usize = 1200;

/// How long the capacity is measured.
const CAPACITY: Duration = Duration::from_secs(30);

/// The share of it that the load is, in per cent.
const SHARE: f64 = 0.7;

/// Memory and latency of the last fifth are held against those of the second: in the first, caches fill (SQLite's pages, nonces of the last minutes, plans).
/// Between the two lies most of the time: what is lost for good at every disclosure has added up by then.
const FIFTHS: usize = 5;

/// How much more memory is still flat: what an allocator keeps of a burst, beside a share of what was there.
const MEMORY: (f64, f64) = (1.15, 16.0);

/// How many times as long the slowest answers may take: shared machines are noisy, a queue that grows is not missed.
const LATENCY: f64 = 2.0;

/// How long the disk's floor is looked at in each interval.
const SYNCS: Duration = Duration::from_millis(500);

/// What an interval gave.
struct Interval {
    rate: f64,
    p50: f64,
    p99: f64,
    cpu: f64,
    resident: f64,
    sync: f64,
}

/// What failed, and why first.
#[derive(Default)]
struct Failures {
    count: AtomicUsize,
    first: Mutex<Option<String>>,
}

impl Failures {
    fn add(&self, error: &dyn std::fmt::Display) {
        self.count.fetch_add(1, Ordering::Relaxed);
        if let Ok(mut first) = self.first.lock() {
            first.get_or_insert_with(|| error.to_string());
        }
    }
}

/// Soaks a gateway with its data in SQLite, or on this PostgreSQL server.
pub(crate) async fn run(minutes: u32, server: Option<&str>) -> Outcome<()> {
    let database = match server {
        Some(server) => Some(databases::made(server, "soak").await?),
        None => None,
    };
    let world = World::make(None, HOUSEHOLDS, database.as_deref())?;
    let source = world.connector().await?;
    let (gateway, _) = world.gateway().await?;
    let one = asking(&world, &world.requests, &connector::outside())?;
    progress("the capacity, 64 connections");
    closed(CONNECTIONS, Duration::from_secs(3), one.clone()).await?;
    let load = closed(CONNECTIONS, CAPACITY, one.clone()).await?;
    let capacity = load.answered()? / load.lasted.as_secs_f64();
    let rate = whole(capacity * SHARE)?;
    say(&format!(
        "{minutes} minutes at {rate} per second, {:.0} % of {capacity:.0}, on {}",
        SHARE * 100.0,
        if server.is_some() { "PostgreSQL" } else { "SQLite" }
    ));
    let failures = Arc::new(Failures::default());
    let tolerant = {
        let failures = Arc::clone(&failures);
        move |number: usize| {
            let (asked, failures) = (one(number), Arc::clone(&failures));
            async move { Ok(asked.await.inspect_err(|error| failures.add(error)).unwrap_or_else(|_| Instant::now())) }
        }
    };
    let intervals = intervals(&world, &gateway, (minutes, rate), tolerant).await?;
    gateway.stop().await?;
    source.stop().await?;
    progress("verifying the log");
    let entries = verify::log(&world).await?.entries;
    let sound = verify::is_sound(&world)?;
    judge(&intervals, &failures, entries, sound)
}

/// The whole number below.
fn whole(number: f64) -> Outcome<u32> {
    Ok(format!("{:.0}", number.floor().max(1.0)).parse()?)
}

/// Minutes; of a short run, tenths of it.
async fn intervals<F, Asked>(world: &World, gateway: &Running, (minutes, rate): (u32, u32), one: F) -> Outcome<Vec<Interval>>
where
    F: Fn(usize) -> Asked + Clone + Send + Sync + 'static,
    Asked: Future<Output = Outcome<Instant>> + Send,
{
    let whole = Duration::from_mins(u64::from(minutes.max(1)));
    let each = Duration::from_mins(1).min(whole / 10);
    say(&format!(
        "\n{:>10}{:>12}{:>10}{:>10}{:>12}{:>12}{:>16}",
        "seconds", "answered/s", "p50, ms", "p99, ms", "CPU, µs", "RSS, MiB", "fdatasync, ms"
    ));
    let (begun, mut intervals, asked) = (Instant::now(), Vec::new(), Arc::new(AtomicUsize::new(0)));
    while begun.elapsed() + each / 2 < whole {
        // Each interval goes on with other persons where the last one stopped.
        let (one, first) = (one.clone(), asked.load(Ordering::Relaxed));
        let before = gateway.processor()?;
        let memory = tokio::spawn(memory(gateway.id(), each));
        let folder = world.folder.clone();
        let sync = tokio::task::spawn_blocking(move || disk::syncs_for(&folder, 8192, SYNCS));
        let mut load = open(rate, each, move |number| one(first + number)).await?;
        asked.fetch_add(load.times.len(), Ordering::Relaxed);
        let used = gateway.processor()?.saturating_sub(before);
        let count = load.answered()?;
        let interval = Interval {
            rate: count / load.lasted.as_secs_f64(),
            p50: millis(percentile(&mut load.times, 50)),
            p99: millis(percentile(&mut load.times, 99)),
            cpu: micros(used.div_f64(count)),
            resident: memory.await??,
            sync: millis(sync.await??.median),
        };
        let Interval { rate, p50, p99, cpu, resident, sync } = &interval;
        let [rate, p50, p99, cpu, resident, sync] = [rate, p50, p99, cpu, resident, sync].map(|value| shown(*value));
        say(&format!("{:>10}{rate:>12}{p50:>10}{p99:>10}{cpu:>12}{resident:>12}{sync:>16}", begun.elapsed().as_secs()));
        intervals.push(interval);
    }
    Ok(intervals)
}

/// The median of a process's resident memory over a while, in MiB.
async fn memory(id: u32, time: Duration) -> Outcome<f64> {
    let (begun, mut all) = (Instant::now(), Vec::new());
    while begun.elapsed() < time {
        all.push(crate::process::resident_mib(id)?);
        tokio::time::sleep((time / 20).min(Duration::from_secs(1))).await;
    }
    Ok(middle(all))
}

fn middle(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all.get(all.len() / 2).copied().unwrap_or_default()
}

/// The median over one of the fifths.
fn of_fifth(intervals: &[Interval], fifth: usize, value: fn(&Interval) -> f64) -> f64 {
    let of = intervals.len() * fifth / FIFTHS..intervals.len() * (fifth + 1) / FIFTHS;
    middle(intervals.get(of).unwrap_or_default().iter().map(value).collect())
}

/// Says how it went; an error when it did not go well.
fn judge(intervals: &[Interval], failures: &Failures, entries: f64, sound: bool) -> Outcome<()> {
    let memory = [1, FIFTHS - 1].map(|fifth| of_fifth(intervals, fifth, |one| one.resident));
    let latency = [1, FIFTHS - 1].map(|fifth| of_fifth(intervals, fifth, |one| one.p99));
    let (count, first) = (failures.count.load(Ordering::Relaxed), failures.first.lock().ok().and_then(|first| first.clone()));
    let (share, more) = MEMORY;
    let judged = [
        ("memory", memory[1] <= memory[0] * share + more, format!("{:.1} → {:.1} MiB", memory[0], memory[1])),
        ("latency", latency[1] <= latency[0] * LATENCY, format!("p99 {:.1} → {:.1} ms", latency[0], latency[1])),
        ("requests", count == 0, format!("{count} failed{}", first.map(|first| format!(": {first}")).unwrap_or_default())),
        ("log", sound, format!("{entries} entries, `sluis log verify full`")),
    ];
    say("\nsecond fifth → last fifth");
    for (name, good, what) in &judged {
        say(&format!("{name:<12}{:<10}{what}", if *good { "good" } else { "NOT GOOD" }));
    }
    if judged.iter().all(|(_, good, _)| *good) { Ok(()) } else { Err("the soak found what is not good".into()) }
}
