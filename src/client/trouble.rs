//! What can go wrong for a client, in words for the person who must mend it.

use serde::Deserialize;

use crate::http::client::CallError;

/// Why there is no disclosure in hand.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// The call itself.
    #[error(
        "{0}\n  expected: a response signed by the gateway\n  do: check the address, the certificates and the clock of this machine"
    )]
    Call(#[from] CallError),
    /// The gateway refused.
    #[error(transparent)]
    Problem(Box<Problem>),
    /// The answer is not as the contract says.
    #[error("the answer is not as expected: {0}\n  expected: a disclosure with deliveries\n  do: tell the gateway's operator")]
    Answer(String),
    /// The envelope does not open.
    #[error(
        "the sealed payload does not open: {0}\n  expected: a compact JWE to your registered encryption key\n  do: check that encryption.jwk is the key that is registered"
    )]
    Envelope(String),
    /// The receipt proves nothing.
    #[error(
        "the receipt does not prove this disclosure: {0}\n  expected: a tlog-proof of the log in gateway.json\n  do: do not use the data; tell your privacy officer and the gateway's operator"
    )]
    Receipt(String),
}

/// A problem document (RFC 9457) as received.
#[derive(Debug, Deserialize, thiserror::Error)]
#[error("refused with {status}: {title} ({kind})\n  {detail}{}", self.places())]
pub struct Problem {
    /// The type's URN.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its title.
    #[serde(default)]
    pub title: String,
    /// The status.
    #[serde(default)]
    pub status: u16,
    /// What exactly.
    #[serde(default)]
    pub detail: String,
    /// The id to ask the operator about.
    #[serde(default)]
    pub instance: String,
    #[serde(default)]
    errors: Vec<Place>,
}

#[derive(Debug, Deserialize)]
struct Place {
    pointer: String,
    detail: String,
}

impl Problem {
    /// Reads the document; a body that is none keeps its status.
    pub fn read(status: u16, body: &[u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_else(|_| Self {
            kind: "about:blank".to_owned(),
            title: "no problem document".to_owned(),
            status,
            detail: String::new(),
            instance: String::new(),
            errors: Vec::new(),
        })
    }

    /// The last part of the type.
    pub fn suffix(&self) -> &str {
        self.kind.rsplit(':').next().unwrap_or_default()
    }

    fn places(&self) -> String {
        let lines: Vec<_> = self.errors.iter().map(|place| format!("\n  at {}: {}", place.pointer, place.detail)).collect();
        lines.concat()
    }
}
