//! [`Recorded`] → the same, when its purpose does not wait for witnesses, or a quorum of them has cosigned a log that holds it. What does not come to
//! that in time is logged as undelivered; it can be picked up once it is witnessed.

use std::time::Duration;

use super::record::Recorded;
use super::refusal::{ProblemType, Refusal};
use super::undelivered::Told;
use super::upgrade::upgraded;
use super::{Gateway, Stopped, undelivered};
use crate::catalogue::{Purpose, PurposeCode};
use crate::ledger::proof::TlogProof;
use crate::store::StoredDelivery;

/// How long a quorum is waited for.
const PATIENCE: Duration = Duration::from_secs(10);

/// When to try again.
const LATER: Duration = Duration::from_secs(10);

/// Waits for the quorum, if the purpose does; what is given then has a receipt under the head that it cosigned.
///
/// # Errors
/// `log-unavailable`, when there is none in time.
pub(super) async fn witnessed(gateway: &Gateway, recorded: Recorded) -> Result<Recorded, Stopped> {
    match wait(gateway, &recorded.plan.purpose, &recorded.receipt).await {
        Ok(()) if recorded.plan.purpose.cosigned_before_release => {
            let receipt = upgraded(gateway, recorded.receipt).await;
            Ok(Recorded { receipt, ..recorded })
        }
        Ok(()) => Ok(recorded),
        Err(mut refusal) => {
            if let Some(told) = &recorded.told {
                undelivered::withdraw(gateway, told).await?;
            }
            refusal.detail = format!("{}: it is {}", refusal.detail, recorded.matter.id);
            Err(refusal.into())
        }
    }
}

/// The same for deliveries that are given again, and of which that was told.
pub(super) async fn all(
    gateway: &Gateway,
    purpose: &PurposeCode,
    (deliveries, told): (&[StoredDelivery], Option<&Told>),
) -> Result<(), Stopped> {
    let bundle = gateway.policy.load_full();
    let Some(purpose) = bundle.purpose(purpose) else { return Ok(()) };
    for delivery in deliveries {
        let Err(refusal) = wait(gateway, purpose, &delivery.receipt).await else { continue };
        if let Some(told) = told {
            undelivered::withdraw(gateway, told).await?;
        }
        return Err(refusal.into());
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
    let _aside = super::load::aside();
    tokio::time::timeout(PATIENCE, witnessing.holds(index)).await.map_err(|_| unwitnessed())
}
