//! A gateway under a closed load: how many disclosures, how long each took, and what they cost.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sluis::app::gateway::Outside;

use crate::Outcome;
use crate::figures::{micros, millis, percentile};
use crate::load::closed;
use crate::process::Running;
use crate::requester::Requester;
use crate::world::{REQUESTER, World};

/// What a load gave.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Measured {
    /// Disclosures per second.
    pub(crate) rate: f64,
    /// The gateway's processor time of one, in µs.
    pub(crate) cpu: f64,
    /// The connectors', in µs.
    pub(crate) source_cpu: f64,
    /// The median time of an answer, in ms.
    pub(crate) p50: f64,
    /// The time that one in a hundred exceeds, in ms.
    pub(crate) p99: f64,
}

/// Puts a load on a gateway; all processor time until both processes rest belongs to it.
pub(crate) async fn measured<F, Asked>(
    (gateway, source): (&Running, &Running),
    connections: usize,
    time: Duration,
    one: F,
) -> Outcome<Measured>
where
    F: Fn(usize) -> Asked + Clone + Send + Sync + 'static,
    Asked: Future<Output = Outcome<Instant>> + Send,
{
    let before = (gateway.settled().await?, source.settled().await?);
    let mut load = closed(connections, time, one).await?;
    let after = (gateway.settled().await?, source.settled().await?);
    let count = load.answered()?;
    Ok(Measured {
        rate: count / load.lasted.as_secs_f64(),
        cpu: micros(after.0.saturating_sub(before.0).div_f64(count)),
        source_cpu: micros(after.1.saturating_sub(before.1).div_f64(count)),
        p50: millis(percentile(&mut load.times, 50)),
        p99: millis(percentile(&mut load.times, 99)),
    })
}

/// One request on its way, until its answer was complete.
type Asked = Pin<Box<dyn Future<Output = Outcome<Instant>> + Send>>;

/// Requests of Veilig Thuis, one body after the other, each answer verified and opened.
pub(crate) fn asking(
    world: &World,
    bodies: &Arc<Vec<Vec<u8>>>,
    outside: &Outside,
) -> Outcome<impl Fn(usize) -> Asked + Clone + Send + Sync + 'static> {
    let requester = Arc::new(Requester::new(&world.layout.kit_of(REQUESTER), outside)?);
    let bodies = Arc::clone(bodies);
    Ok(move |number: usize| {
        let (requester, bodies) = (Arc::clone(&requester), Arc::clone(&bodies));
        let asked: Asked = Box::pin(async move {
            let body = bodies.get(number % bodies.len()).ok_or("nobody to ask about")?;
            let (complete, answer) = requester.ask(body).await?;
            requester.check(body, &answer)?;
            Ok(complete)
        });
        asked
    })
}
