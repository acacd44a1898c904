//! [`Recorded`] → the same, when its purpose does not wait for witnesses, or a quorum of them has cosigned a log that holds it. What does not come to
//! that in time is logged as undelivered; it can be picked up once it is witnessed.

use std::time::Duration;

use super::record::Recorded;
use super::refusal::{ProblemType, Refusal};
use super::{Gateway, Stopped, undelivered};
use crate::catalogue::{Purpose, PurposeCode};
use crate::ledger::proof::TlogProof;
use crate::store::StoredDelivery;

/// How long a quorum is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// When to try again.
const LATER: Duration = Duration::from_secs(10);

/// Waits for the quorum, if the purpose does.
///
/// # Errors
/// `log-unavailable`, when there is none in time.
pub(super) async fn witnessed(gateway: &Gateway, recorded: Recorded) -> Result<Recorded, Stopped> {
    let Err(refusal) = wait(gateway, &recorded.plan.purpose, &recorded.receipt).await else { return Ok(recorded) };
    let Recorded { matter, entry, .. } = recorded;
    undelivered::withheld(gateway, entry, &matter.id.to_string()).await?;
    Err(refusal.into())
}

/// The same for deliveries that are given again.
pub(super) async fn all(gateway: &Gateway, purpose: &PurposeCode, deliveries: &[StoredDelivery]) -> Result<(), Refusal> {
    let bundle = gateway.policy.load_full();
    let Some(purpose) = bundle.purpose(purpose) else { return Ok(()) };
    for delivery in deliveries {
        wait(gateway, purpose, &delivery.receipt).await?;
    }
    Ok(())
}

async fn wait(gateway: &Gateway, purpose: &Purpose, receipt: &str) -> Result<(), Refusal> {
    if !purpose.cosigned_before_release {
        return Ok(());
    }
    let unwitnessed = || {
        let detail =
            "this purpose waits for a quorum of witnesses, and none has cosigned the log in time: pick the disclosure up later";
        Refusal::new(ProblemType::LogUnavailable, detail).retry_after(LATER)
    };
    let index = TlogProof::parse(receipt).map_err(|_| unwitnessed())?.index;
    let witnessing = gateway.witnessing.as_ref().ok_or_else(unwitnessed)?;
    tokio::time::timeout(PATIENCE, witnessing.holds(index)).await.map_err(|_| unwitnessed())
}
