//! Receipts that were kept, verified again: from the message and the request themselves, or from the kept statement.

use super::{Kit, KitError};
use crate::crypto::envelope;
use crate::ledger::note::VerifierKey;
use crate::ledger::receipt::{Examination, Trust, examine};
use crate::ledger::statement::Statement;
use crate::organisation::Oin;

/// What a receipt is held against.
pub enum Kept<'a> {
    /// What was received and what was asked, byte for byte.
    Messages {
        /// The compact JWE.
        sealed: &'a str,
        /// The body of the request.
        request: &'a [u8],
    },
    /// The statement that was kept with the receipt: shows that such an entry is in the log, not that it is about the data in hand.
    Statement(&'a str),
}

impl Kept<'_> {
    /// What the receipt of `party` must be about; without a party it is about whomever the kept statement names.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub fn statement(&self, party: Option<&Oin>) -> Result<Statement, VerifyError> {
        let statement = match self {
            Kept::Messages { sealed, request } => {
                let header = envelope::unverified_header(sealed).map_err(|error| VerifyError::Sealed(error.to_string()))?;
                let disclosure = header.disclosure.and_then(|id| id.parse().ok());
                let disclosure = disclosure.ok_or_else(|| VerifyError::Sealed("it names no disclosure".to_owned()))?;
                Statement::about(disclosure, party.ok_or(VerifyError::NoParty)?.clone(), sealed.as_bytes(), request)
            }
            Kept::Statement(text) => text.trim_end().parse().map_err(|_| VerifyError::Statement)?,
        };
        match party {
            Some(party) if statement.party() != party => Err(VerifyError::OtherParty(statement.party().to_string())),
            _ => Ok(statement),
        }
    }
}

impl Kit {
    /// Verifies that `receipt` proves `statement`, with the log's key of the kit; if `witnessed`, also that a quorum of witnesses by the kit's policy
    /// cosigned the head under it.
    ///
    /// # Errors
    /// [`VerifyError`], when there is nothing to hold the receipt against; what a receipt fails stands in the result.
    pub fn examine_receipt(&self, receipt: &str, statement: &Statement, witnessed: bool) -> Result<Examination, VerifyError> {
        let policy = if witnessed { Some(self.policy()?.ok_or(VerifyError::NoPolicy)?) } else { None };
        let log: VerifierKey = self.gateway.log_vkey.parse().map_err(KitError::new)?;
        Ok(examine(receipt, statement, Trust { log: &log, policy: policy.as_ref() }))
    }
}

/// There is nothing to hold a receipt against.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// Not a message of ours.
    #[error(
        "the sealed message cannot be read: {0}\n  expected: the compact JWE as it was received\n  do: give the text of `sealed`, without quotes"
    )]
    Sealed(String),
    /// Not a statement.
    #[error(
        "the statement cannot be read\n  expected: the canonical JSON that was kept with the receipt\n  do: give the file ending in .statement.json as it was written"
    )]
    Statement,
    /// Of another organisation.
    #[error("the statement is of organisation {0}, not of this kit's\n  do: give the kit of that organisation")]
    OtherParty(String),
    /// Nobody knows whose receipt it should be.
    #[error(
        "give --party or --kit: whose receipt it is\n  expected: with --sealed and --request also --kit, or the party's OIN as --party"
    )]
    NoParty,
    /// No witnesses are known.
    #[error(
        "the kit names no witnesses\n  expected: witnesses.policy (C2SP tlog-policy) beside gateway.json\n  do: ask the gateway's operator for it, or leave --witnessed out"
    )]
    NoPolicy,
    /// The kit has no usable log key.
    #[error(transparent)]
    Kit(#[from] KitError),
}
