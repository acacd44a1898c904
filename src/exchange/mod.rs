//! The flow of a disclosure, one step per file: `SignedRequest` → `Authenticated` → `Authorised` → `Announced` → `Collected` → `Rechecked` →
//! `Minimised` → `Pseudonymised` → `Sealed` → `Recorded` → `Delivered`, or a refusal from any step. A stage can be made only by the step
//! before it.

pub mod announce;
mod asking;
pub mod authenticate;
pub mod authorise;
mod case;
pub mod collect;
mod contribution;
pub mod cosigning;
pub mod deliver;
mod duties;
pub mod earlier;
mod entries;
mod gateway;
pub mod health;
pub mod jobs;
pub mod load;
pub mod mark;
pub mod matter;
pub mod minimise;
pub mod nonces;
mod offered;
pub mod pace;
pub mod payloads;
pub mod plan;
pub mod policies;
mod protected;
pub mod pseudonymise;
pub mod quorum;
pub mod rates;
pub mod readiness;
mod receipts;
pub mod recheck;
pub mod record;
pub mod redeliver;
pub mod refusal;
pub mod refuse;
pub mod registry;
pub mod release;
pub mod request;
pub mod seal;
pub mod signed;
mod sound;
mod stopped;
pub mod undelivered;
mod unwitnessed;
mod upgrade;
pub mod vault;
mod witnessed;

pub use gateway::{Gateway, Settings, client};
pub use stopped::Stopped;

use std::time::Duration;

use deliver::Delivered;
use matter::Matter;
use refusal::{ProblemType, Refusal};
use tokio::time::Instant;

/// When to try again what may work in a moment.
const SOON: Duration = Duration::from_secs(1);

/// How often a request starts over because facts changed under it, before it is told to come back.
const ATTEMPTS: usize = 5;

/// The steps in order. Facts that changed on the way send the request back to authorise.
///
/// # Errors
/// What the caller may know; see [`refusal`].
pub async fn disclose(gateway: &Gateway, mut matter: Matter) -> Result<Delivered, Refusal> {
    let (purpose, asked_at) = (matter.request.purpose.clone(), matter.asked_at);
    if let Some(purpose) = gateway.policy.load_full().purpose(&purpose) {
        gateway.lock_is_open(purpose)?;
    }
    let mut again = false;
    let mut outcome = Err(Refusal::new(ProblemType::StateConflict, "the facts keep changing; try again").retry_after(SOON));
    for _ in 0..ATTEMPTS {
        match attempt(gateway, matter).await {
            Ok(delivered) => return Ok(delivered),
            Err(Stopped::FactsChanged(changed)) => {
                matter = *changed;
                again = true;
                // The sources get their time anew.
                matter.asked_at = Instant::now();
            }
            Err(Stopped::Refused(refusal)) => {
                outcome = Err(refusal);
                break;
            }
        }
    }
    if let (Err(refusal), Some(purpose)) = (&outcome, gateway.policy.load_full().purpose(&purpose))
        && (again || !refusal.kind.is_static())
    {
        // How far the request came can depend on the person: when it stopped is not told by the time.
        gateway.wait_for_answer(purpose, asked_at).await;
    }
    outcome
}

async fn attempt(gateway: &Gateway, matter: Matter) -> Result<Delivered, Stopped> {
    let authorised = authorise::authorise(gateway, matter).await?;
    authorised.plan().some_source_is_well()?;
    let announced = announce::announce(gateway, authorised).await?;
    let collected = collect::collect(gateway, announced).await?;
    let rechecked = recheck::recheck(gateway, collected).await?;
    let minimised = minimise::minimise(gateway, rechecked);
    let pseudonymised = pseudonymise::pseudonymise(gateway, minimised).await?;
    let sealed = seal::seal(gateway, pseudonymised)?;
    let recorded = record::record(gateway, sealed).await?;
    let recorded = witnessed::witnessed(gateway, recorded).await?;
    Ok(deliver::deliver(gateway, recorded).await)
}
