//! One witness asked to cosign one head.

use crate::clock::Timestamp;
use crate::cosigners::Unreached;
use crate::exchange::Gateway;
use crate::exchange::quorum::{SKEW, Witnessing};
use crate::ledger::checkpoint::{Checkpoint, SignedCheckpoint};
use crate::ledger::cosignature;
use crate::ledger::note::{NotSigned, NoteSignature, VerifierKey};
use crate::ledger::quorum::Witness;
use crate::ledger::witness::{AddCheckpoint, read_cosignature, read_size};
use crate::store::proofs::{self, ProofError};
use crate::store::{Store, StoreError};

/// What became of a call.
pub(super) struct Asked {
    /// The witness's place in the policy.
    pub(super) place: usize,
    /// The size of the head that it was shown.
    pub(super) size: u64,
    /// The size that it cosigned last, as far as is known now.
    pub(super) known: u64,
    /// Its line, verified, or why there is none.
    pub(super) outcome: Result<NoteSignature, Trouble>,
}

/// Why a witness gave no cosignature that counts.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error(transparent)]
    Unreached(#[from] Unreached),
    #[error("its cosignature does not count: {0}")]
    Cosignature(#[from] NotSigned),
    #[error("the time in its cosignature, {0}, is not of now")]
    Time(Timestamp),
    #[error("it refused with status {0}")]
    Refused(u16),
    /// It cosigned what this head does not follow from, as it says.
    #[error("it says that it cosigned a head that this one does not follow from, and cannot show it")]
    Disputed,
    /// It has cosigned a later head of this log, which another node showed it: nothing is wrong.
    #[error("another node showed it a later head")]
    Overtaken,
    /// It showed a head that the log signed and that this one does not follow from.
    #[error("{0}")]
    Contradicted(String),
    #[error("the proof cannot be made: {0}")]
    Proof(#[from] ProofError),
    #[error("the policy names no address for it")]
    Address,
}

/// Shows `target` to the witness at `place`, first as if it had cosigned `known` last, then as it says itself.
pub(super) async fn ask(
    gateway: &Gateway,
    witnessing: &Witnessing,
    place: usize,
    mut known: u64,
    target: SignedCheckpoint,
) -> Asked {
    let size = target.checkpoint().size();
    let outcome = converse(gateway, witnessing, place, &mut known, &target).await;
    Asked { place, size, known, outcome }
}

async fn converse(
    gateway: &Gateway,
    witnessing: &Witnessing,
    place: usize,
    known: &mut u64,
    target: &SignedCheckpoint,
) -> Result<NoteSignature, Trouble> {
    let witness = witnessing.policy.witnesses().get(place).ok_or(Trouble::Address)?;
    let prefix = witness.url.as_deref().ok_or(Trouble::Address)?;
    let size = target.checkpoint().size();
    let mut grew = false;
    for _ in 0..2 {
        let old = (*known).min(size);
        let proof = proofs::consistency(&*gateway.store, old, size).await?;
        let request = AddCheckpoint { old, proof, checkpoint: target.clone() };
        let answer = witnessing.cosigners.add_checkpoint(prefix, &request).await?;
        match (answer.status, read_size(&answer.body)) {
            (200, _) => {
                let (line, time) = read_cosignature(&answer.body, target, &witness.key)?;
                let now = gateway.clock.now();
                if time > now.plus(SKEW) || time < now.minus(SKEW) {
                    return Err(Trouble::Time(time));
                }
                *known = size;
                return Ok(line);
            }
            (409, Some(says)) if says <= size => {
                if says < *known {
                    tracing::error!(
                        witness = witness.name,
                        cosigned = *known,
                        says,
                        "ALARM: a witness has forgotten what it cosigned"
                    );
                }
                grew = says > *known;
                *known = says;
            }
            (409 | 422, _) => return Err(dispute(gateway, witnessing, (witness, prefix), size).await),
            (status, _) => return Err(Trouble::Refused(status)),
        }
    }
    // Asked anew with the size that it said itself, it had cosigned yet another: other nodes ask it too.
    Err(if grew { Trouble::Overtaken } else { Trouble::Refused(409) })
}

/// A witness says that it cosigned what a head of `size` does not follow from: only a head that the log itself signed shows what.
async fn dispute(gateway: &Gateway, witnessing: &Witnessing, (witness, prefix): (&Witness, &str), size: u64) -> Trouble {
    let Ok(answer) = witnessing.cosigners.latest(prefix, witnessing.log.name().as_str()).await else { return Trouble::Disputed };
    let shown = (answer.status == 200).then(|| evidence(&answer.body, &witnessing.log, &witness.key)).flatten();
    let Some(shown) = shown else { return Trouble::Disputed };
    match contradicts(&*gateway.store, &shown).await {
        Ok(Some(how)) => Trouble::Contradicted(format!("witness {} shows {how}", witness.name)),
        Ok(None) if shown.size() > size => Trouble::Overtaken,
        Ok(None) | Err(_) => Trouble::Disputed,
    }
}

/// The head in a witness's answer, when log and witness signed it.
pub fn evidence(body: &[u8], log: &VerifierKey, witness: &VerifierKey) -> Option<Checkpoint> {
    let shown = SignedCheckpoint::parse(std::str::from_utf8(body).ok()?).ok()?;
    cosignature::verify(&shown, witness).ok()?;
    shown.verify(log).ok().cloned()
}

/// How a head that the log signed contradicts the store; `None` when the store's log grew out of it.
///
/// # Errors
/// [`StoreError`], when the store cannot tell.
pub async fn contradicts(store: &dyn Store, signed: &Checkpoint) -> Result<Option<String>, StoreError> {
    let head = store.head().await?;
    if signed.size() > head.size {
        return Ok(Some(format!("a head of {} entries that this log signed; the store has {}", signed.size(), head.size)));
    }
    match proofs::root(store, signed.size()).await {
        Ok(root) if root == signed.root() => Ok(None),
        Ok(_) => {
            Ok(Some(format!("a head of {} entries that this log signed; in the store they have another root", signed.size())))
        }
        Err(ProofError::Store(error)) => Err(error),
        Err(error) => Ok(Some(format!("a head of {} entries that this log signed; of the store: {error}", signed.size()))),
    }
}
