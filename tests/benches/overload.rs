//! More than the gateway can do: how soon those are answered that it takes, and those that it turns away.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use http::header::RETRY_AFTER;

use crate::figures::{millis, percentile};
use crate::load::closed;
use crate::plan::Run;
use crate::requester::Requester;
use crate::world::{REQUESTER, World};
use crate::{Outcome, progress};

/// How many connections ask at the same time: fewer than one organisation may have (512), more than are worked on for one at a time (384).
const ASKING: usize = 450;

/// How long each kind of answer took, from the moment at which it was asked for.
#[derive(Default)]
struct Answers {
    taken: Mutex<Vec<Duration>>,
    turned_away: Mutex<Vec<Duration>>,
}

impl Answers {
    fn add(to: &Mutex<Vec<Duration>>, time: Duration) {
        if let Ok(mut times) = to.lock() {
            times.push(time);
        }
    }

    fn of(times: &Mutex<Vec<Duration>>) -> Outcome<Vec<Duration>> {
        Ok(times.lock().map_err(|_| "somebody who asked panicked")?.clone())
    }
}

impl Run<'_> {
    /// As many as ask at once; who is turned away asks again when `Retry-After` says so.
    pub(crate) async fn overload(&mut self, world: &Arc<World>) -> Outcome<()> {
        progress(&format!("{ASKING} connections, of which some are turned away"));
        // A pool of connections would open more than ask while handshakes take their time.
        let idle = (0..ASKING).map(|_| Requester::new(&world.layout.kit_of(REQUESTER), &self.outside));
        let idle = Arc::new(Mutex::new(idle.collect::<Outcome<Vec<_>>>()?));
        let answers = Arc::new(Answers::default());
        let one = {
            let (world, answers) = (Arc::clone(world), Arc::clone(&answers));
            move |number: usize| {
                let (idle, world, answers) = (Arc::clone(&idle), Arc::clone(&world), Arc::clone(&answers));
                async move {
                    let requester =
                        idle.lock().map_err(|_| "somebody who asked panicked")?.pop().ok_or("more ask than were to")?;
                    let asked = ask(&requester, world.request(number), &answers).await;
                    idle.lock().map_err(|_| "somebody who asked panicked")?.push(requester);
                    asked
                }
            }
        };
        // Connections are made first: their handshakes are no part of it.
        closed(ASKING, Duration::from_secs(2), one.clone()).await?;
        for times in [&answers.taken, &answers.turned_away] {
            times.lock().map_err(|_| "somebody who asked panicked")?.clear();
        }
        let load = closed(ASKING, self.time(), one).await?;
        let (mut taken, mut away) = (Answers::of(&answers.taken)?, Answers::of(&answers.turned_away)?);
        let lasted = load.lasted.as_secs_f64();
        self.figures.beside("450 connections: answered per second", count(&taken)? / lasted);
        self.figures.beside("450 connections: answered, p50, ms", millis(percentile(&mut taken, 50)));
        self.figures.beside("450 connections: answered, p99, ms", millis(percentile(&mut taken, 99)));
        self.figures.beside("450 connections: turned away per second", count(&away)? / lasted);
        if !away.is_empty() {
            self.figures.beside("450 connections: turned away, p99, ms", millis(percentile(&mut away, 99)));
        }
        Ok(())
    }
}

/// Asks once. That it is turned away, and until when, is an answer too; anything else ends the run.
async fn ask(requester: &Requester, request: &[u8], answers: &Answers) -> Outcome<Instant> {
    let asked = Instant::now();
    let (complete, answer) = requester.ask(request).await?;
    let time = complete - asked;
    if !matches!(answer.status, 429 | 503) {
        requester.check(request, &answer)?;
        Answers::add(&answers.taken, time);
        return Ok(complete);
    }
    let seconds = answer.headers.get(RETRY_AFTER).ok_or("turned away, and not told until when")?.to_str()?.parse()?;
    Answers::add(&answers.turned_away, time);
    tokio::time::sleep(Duration::from_secs(seconds)).await;
    Ok(complete)
}

fn count(times: &[Duration]) -> Outcome<f64> {
    Ok(f64::from(u32::try_from(times.len())?))
}
