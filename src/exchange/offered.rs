//! A request that names an offer: about the person whom its source has in mind, whom only the gateway can tell.
//!
//! An offer opens nothing: what may be given is decided as for any other request. It only says who is meant, to the recipient that it was made
//! to, for the purpose that it was made for, asking the source that made it.

use uuid::Uuid;

use super::Gateway;
use super::matter::Matter;
use super::refusal::{ProblemType, Refusal};
use crate::organisation::Oin;
use crate::secret::Personal;
use crate::store::{OfferRow, StoreError};
use crate::subject::SubjectId;

/// What an offer says to its recipient's request.
#[derive(Debug)]
pub(super) struct Offered {
    /// Who is meant.
    pub(super) subject: Personal<SubjectId>,
    /// Whom to ask.
    pub(super) source: Oin,
}

/// The offer that the request names.
///
/// # Errors
/// `not-found` for one that is not there, past its term, withdrawn, another's, or for another purpose: the same for all; `not-permitted` for what
/// an offer cannot serve.
pub(super) async fn of(gateway: &Gateway, matter: &Matter, id: Uuid) -> Result<Offered, Refusal> {
    let request = &matter.request;
    let offer = gateway.store.offer(&id.to_string(), gateway.clock.now()).await?;
    let own = |offer: &OfferRow| offer.recipient == *matter.caller.oin() && offer.purpose == request.purpose;
    let Some(offer) = offer.filter(own) else {
        return Err(Refusal::new(ProblemType::NotFound, "there is no offer of this id for the organisation and this purpose"));
    };
    let only_its_source = request.sources.as_deref().is_none_or(|sources| matches!(sources, [only] if *only == offer.source));
    if !only_its_source || request.acting_as.is_some() {
        let detail = "an offer is collected by the organisation itself, of the source that made it: leave out actingAs, and name that source or none";
        return Err(Refusal::new(ProblemType::NotPermitted, detail));
    }
    let corrupt = || StoreError::Corrupt { table: "offer", column: "reference", row: offer.id.clone() };
    let subject = offer.reference.parse(&offer.source).map(Personal::new).ok_or_else(corrupt)?;
    Ok(Offered { subject, source: offer.source })
}
