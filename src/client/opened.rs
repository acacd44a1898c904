//! One delivery opened and proved.

use serde::Serialize;
use serde_json::Value;
use uuid::Uuid;

use super::Trouble;
use crate::crypto::envelope::DecryptionKey;
use crate::ledger::note::VerifierKey;
use crate::ledger::receipt::{Trust, examine};
use crate::ledger::statement::Statement;
use crate::organisation::Oin;

/// One check, with what was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// Which check.
    pub check: String,
    /// What was found.
    pub detail: String,
    /// Whether it passed.
    pub passed: bool,
}

impl Step {
    /// A check that passed.
    pub fn passed(check: impl ToString, detail: impl ToString) -> Self {
        Self { check: check.to_string(), detail: detail.to_string(), passed: true }
    }

    /// A check that failed.
    pub fn failed(check: impl ToString, detail: impl ToString) -> Self {
        Self { check: check.to_string(), detail: detail.to_string(), passed: false }
    }
}

/// A delivery whose payload was opened and whose receipt was verified.
#[derive(Clone)]
pub struct OpenedDelivery {
    /// The payload (`design.md` §4).
    pub payload: Value,
    /// The receipt's text.
    pub receipt: String,
    /// The statement that the receipt is about (JCS).
    pub statement: String,
    /// The entry's index in the log.
    pub log_index: u64,
    /// The log's size at the receipt's checkpoint.
    pub log_size: u64,
}

impl OpenedDelivery {
    /// The members of a list of the payload.
    pub fn list(&self, name: &str) -> impl Iterator<Item = &Value> {
        self.payload.get(name).and_then(Value::as_array).into_iter().flatten()
    }
}

impl std::fmt::Debug for OpenedDelivery {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "OpenedDelivery(log index {})", self.log_index)
    }
}

/// Opens `sealed`, and verifies that `receipt` proves exactly this delivery about exactly this `request`.
///
/// # Errors
/// [`Trouble`] says which check failed.
#[expect(clippy::too_many_arguments, reason = "each is a different thing that the verifier holds itself")]
pub fn open_delivery(
    key: &DecryptionKey,
    log: &VerifierKey,
    party: &Oin,
    disclosure: &str,
    sealed: &str,
    receipt: String,
    request: &[u8],
    steps: &mut Vec<Step>,
) -> Result<OpenedDelivery, Trouble> {
    let id: Uuid = disclosure.parse().map_err(|_| Trouble::Answer("disclosure is no UUID".to_owned()))?;
    let payload = match open_payload(key, disclosure, sealed) {
        Ok((detail, payload)) => {
            steps.push(Step::passed("envelope", detail));
            payload
        }
        Err(reason) => {
            steps.push(Step::failed("envelope", &reason));
            return Err(Trouble::Envelope(reason));
        }
    };
    let statement = Statement::about(id, party.clone(), sealed.as_bytes(), request);
    let examined = examine(&receipt, &statement, Trust { log, policy: None });
    steps.extend(examined.checks.iter().map(|check| Step {
        check: format!("receipt: {}", check.check),
        detail: check.detail.clone(),
        passed: check.passed,
    }));
    let verified = examined.outcome.map_err(|error| Trouble::Receipt(error.to_string()))?;
    Ok(OpenedDelivery { payload, receipt, statement: statement.to_string(), log_index: verified.index, log_size: verified.size })
}

/// Opens an envelope that must belong to `disclosure`: what was found, and the payload.
fn open_payload(key: &DecryptionKey, disclosure: &str, sealed: &str) -> Result<(String, Value), String> {
    let opened = key.open(sealed).map_err(|error| error.to_string())?;
    if opened.header.disclosure.as_deref() != Some(disclosure) {
        return Err("its header names another disclosure".to_owned());
    }
    let content = opened.plaintext.expose();
    let payload = serde_json::from_slice(content).map_err(|_| "its content is not JSON".to_owned())?;
    Ok((format!("{} opened, {} bytes", opened.header.algorithm.name(), content.len()), payload))
}

/// The compact JWEs in a text: the text itself, or those of every delivery when it is the body of a gateway's answer.
pub fn sealed_messages(text: &str) -> Vec<String> {
    #[derive(serde::Deserialize)]
    struct Answer {
        deliveries: Vec<Delivery>,
    }
    #[derive(serde::Deserialize)]
    struct Delivery {
        sealed: String,
    }
    match serde_json::from_str::<Answer>(text) {
        Ok(answer) => answer.deliveries.into_iter().map(|delivery| delivery.sealed).collect(),
        Err(_) => vec![text.to_owned()],
    }
}
