//! Whether the head under a receipt is witnessed, by the policy in the kit.

use super::opened::Step;
use crate::ledger::proof::TlogProof;
use crate::ledger::quorum::{Policy, QuorumNotMet};

/// The check of a receipt that was verified otherwise: the quorum's witnesses; or that there is none yet, which is no fault: cosignatures come a moment
/// after the entry, and a later pick-up brings a receipt with them.
///
/// # Errors
/// A step that failed: a line in a witness's name that does not verify, or a receipt that cannot be read.
pub(super) fn witnessed(receipt: &str, policy: &Policy) -> Result<Step, Step> {
    let check = "receipt: quorum";
    let failed = |reason: String| Step::failed(check, reason);
    let proof = TlogProof::parse(receipt).map_err(|error| failed(error.to_string()))?;
    match policy.witnessed(&proof.checkpoint) {
        Ok(witnessed) => {
            let names: Vec<_> = witnessed.by.iter().map(|(witness, time)| format!("{} ({time})", witness.name)).collect();
            Ok(Step::passed(check, format!("cosigned by {}", names.join(", "))))
        }
        Err(QuorumNotMet::TooFew { cosigned }) => {
            Ok(Step::passed(check, format!("not yet: cosigned by {cosigned}; pick the disclosure up again for one that is")))
        }
        Err(error @ QuorumNotMet::Forged(_)) => Err(failed(error.to_string())),
    }
}
