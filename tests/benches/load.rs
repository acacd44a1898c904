//! Two ways of asking: as fast as so many connections can (closed loop), and at a fixed rate whatever the answers do (open loop).

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tokio::sync::{Semaphore, mpsc};

use crate::Outcome;

/// What a load gave.
#[derive(Default)]
pub(crate) struct Load {
    /// How long each answer took, from the moment that it was to be asked for.
    pub(crate) times: Vec<Duration>,
    /// How long it lasted.
    pub(crate) lasted: Duration,
}

impl Load {
    /// How many were answered.
    pub(crate) fn answered(&self) -> Outcome<f64> {
        Ok(f64::from(u32::try_from(self.times.len())?))
    }
}

/// `connections` ask one after the other for `time`. `one` is given a number and tells when its answer was complete; a request that fails
/// ends the run.
pub(crate) async fn closed<F, Asked>(connections: usize, time: Duration, one: F) -> Outcome<Load>
where
    F: Fn(usize) -> Asked + Clone + Send + Sync + 'static,
    Asked: Future<Output = Outcome<Instant>> + Send,
{
    let next = Arc::new(AtomicUsize::new(0));
    let begun = Instant::now();
    let tasks = (0..connections).map(|_| {
        let (next, one) = (Arc::clone(&next), one.clone());
        tokio::spawn(async move {
            let mut times = Vec::new();
            while begun.elapsed() < time {
                let asked = Instant::now();
                times.push(one(next.fetch_add(1, Ordering::Relaxed)).await? - asked);
            }
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(times)
        })
    });
    let tasks: Vec<_> = tasks.collect();
    let mut load = Load::default();
    for task in tasks {
        load.times.extend(task.await??);
    }
    load.lasted = begun.elapsed();
    Ok(load)
}

/// How many requests of an open loop are on their way at most, each on a connection of its own: the rest wait, as those of a partner's pool would,
/// and their waiting counts.
const ON_THEIR_WAY: usize = 256;

/// `rate` requests per second for `time`, each due at its moment, also when earlier ones are not answered; an answer's time
/// counts from that moment. So a server that stalls is measured as its callers see it (no coordinated omission).
pub(crate) async fn open<F, Asked>(rate: u32, time: Duration, one: F) -> Outcome<Load>
where
    F: Fn(usize) -> Asked + Clone + Send + Sync + 'static,
    Asked: Future<Output = Outcome<Instant>> + Send,
{
    let (moments, mut due) = mpsc::unbounded_channel();
    let begun = Instant::now() + Duration::from_millis(50);
    // A thread keeps the time: the runtime's timers tick in milliseconds.
    let clock = std::thread::spawn(move || {
        for number in 0_u32.. {
            let after = Duration::from_secs(1) * number / rate;
            if after >= time {
                return;
            }
            let moment = begun + after;
            std::thread::sleep(moment.saturating_duration_since(Instant::now()));
            if moments.send((number, moment)).is_err() {
                return;
            }
        }
    });
    let (mut asked, places) = (Vec::new(), Arc::new(Semaphore::new(ON_THEIR_WAY)));
    while let Some((number, moment)) = due.recv().await {
        let (one, places) = (one.clone(), Arc::clone(&places));
        asked.push(tokio::spawn(async move {
            let _place = places.acquire_owned().await?;
            let answered = one(usize::try_from(number)?).await?;
            Ok::<_, Box<dyn std::error::Error + Send + Sync>>(answered.saturating_duration_since(moment))
        }));
    }
    let mut load = Load::default();
    for asked in asked {
        load.times.push(asked.await??);
    }
    load.lasted = begun.elapsed();
    clock.join().map_err(|_| "the clock stopped")?;
    Ok(load)
}
