//! A receipt as it can be given now: when a quorum of witnesses has cosigned a head behind its entry, it leads to that head. Made when it is asked
//! for; what is stored stays as it was.

use super::Gateway;
use crate::ledger::proof::TlogProof;
use crate::ledger::receipt::Proven;
use crate::store::proofs;

/// The same receipt under the first kept head that a quorum cosigned behind its entry; unchanged while there is none.
pub(super) async fn upgraded(gateway: &Gateway, receipt: String) -> String {
    match cosigned(gateway, &receipt).await {
        Ok(Some(better)) => better,
        Ok(None) => receipt,
        Err(reason) => {
            tracing::error!(reason, "a receipt could not be brought under a cosigned head; it is given as it was made");
            receipt
        }
    }
}

async fn cosigned(gateway: &Gateway, receipt: &str) -> Result<Option<String>, String> {
    let Some(witnessing) = &gateway.witnessing else { return Ok(None) };
    let proof = TlogProof::parse(receipt).map_err(|error| error.to_string())?;
    let kept = gateway.store.cosigned_behind(proof.index).await.map_err(|error| error.to_string())?;
    let Some(checkpoint) = kept else { return Ok(None) };
    // What the store gives back is believed by its signatures alone.
    let head = checkpoint.verify(&witnessing.log).map_err(|error| error.to_string())?.clone();
    if witnessing.policy.witnessed(&checkpoint).is_err() {
        // The policy asks for more than it did when this was kept.
        return Ok(None);
    }
    let path = proofs::inclusion(&*gateway.store, proof.index, head.size()).await.map_err(|error| error.to_string())?;
    let better = TlogProof { path, checkpoint, ..proof }.to_string();
    // A tile may have been torn: what does not hold is never given.
    Proven::of_receipt(&better, &witnessing.log).map_err(|error| error.to_string())?;
    Ok(Some(better))
}
