//! What can go wrong for a client, in words for the person who must mend it.

use serde::Deserialize;

use crate::http::client::CallError;

/// Why there is no disclosure in hand.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// The call itself.
    #[error("{error}\n  expected: {}\n  do: {}", expected(.error), advice(.error))]
    Call {
        /// What went wrong.
        #[from]
        error: CallError,
    },
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

const fn expected(error: &CallError) -> &'static str {
    match error {
        CallError::Address(_) => "the gateway's address, https://host:port, in gateway.json",
        CallError::Signing(_) => "a request that can be signed with signing.jwk",
        CallError::Connection(_) | CallError::Ended(_) => {
            "a TLS 1.3 connection on which both sides show a certificate of a root in ca.pem"
        }
        CallError::Untrusted(_) => "a gateway whose certificate is for this address, valid now, and of a root in ca.pem",
        CallError::TimedOut(_) => "an answer in time",
        CallError::Kept(_) => "a file that takes what comes",
        CallError::TooLarge(_) => "an answer of a size that a gateway sends",
        CallError::Unsigned { .. } => "a response signed by a key of the gateway in gateway.json, of this moment",
    }
}

const fn advice(error: &CallError) -> &'static str {
    match error {
        CallError::Address(_) => "correct `api` in gateway.json",
        CallError::Signing(_) => "check the key and the Idempotency-Key (16 to 64 of A-Za-z0-9._-)",
        CallError::Ended(_) => {
            "try again with the same --idempotency-key, so that it is one disclosure; then check that tls.pem has not expired or been revoked"
        }
        CallError::Connection(_) => {
            "check that the gateway runs at this address, and that tls.pem has not expired or been revoked"
        }
        CallError::Untrusted(_) => "send nothing there; check address and ca.pem: who answers may not be the gateway",
        CallError::TimedOut(_) => "try again with the same --idempotency-key, so that it is one disclosure",
        CallError::Kept(_) => "make room, or name another file",
        CallError::TooLarge(_) => "ask for fewer categories or sources at once",
        CallError::Unsigned { .. } => {
            "trust nothing in it; check the clock of this machine and the keys in gateway.json; who answers may not be the gateway"
        }
    }
}

/// A problem document (RFC 9457) as received.
#[derive(Debug, Deserialize, thiserror::Error)]
#[error("refused with {status}: {title} ({kind})\n  {detail}{}\n  do: {}\n  problem id: {instance}", self.places(), self.advice())]
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

    /// What to do about it.
    fn advice(&self) -> &'static str {
        match self.suffix() {
            "malformed-request" | "schema-invalid" => "correct the body as listed above; `GET /v1/openapi.json` has its schema",
            "malformed-digest" | "signature-missing" | "signature-malformed" | "signature-coverage" => {
                "compare the signature fields with those of `sluis sign --explain`"
            }
            "signature-invalid" => {
                "check that signing.jwk is the key that the gateway has under this keyid for the organisation of tls.pem, that it was not revoked, and that nothing changes the request on its way"
            }
            "signature-expired" => "set the clock of this machine, and send at once what was signed",
            "nonce-replayed" => "sign anew for each request",
            "not-permitted" if self.detail.contains("(BSN)") => {
                "ask by a source's own number (--local OIN:NUMBER) or by the pseudonym that you were given (--pseudonym)"
            }
            "not-permitted" if self.detail.contains("only a source") => {
                "leave it to the organisation whose data it is: it has a source at this gateway"
            }
            "not-permitted" => {
                "choose other categories, another purpose, other sources or another recipient: it does not depend on the person"
            }
            "organisation-suspended" => "ask the gateway's operator why the organisation is suspended",
            "not-found" => {
                "check the address and the id: what is another organisation's, or is no longer kept, is not found either"
            }
            "idempotency-conflict" => "draw a new key for a new body",
            "state-conflict" if !self.detail.contains("try again") => "look at how it stands now: sent again it is refused again",
            "quota-exceeded" => "wait as long as the answer says (Retry-After); sent sooner it is refused again",
            "state-conflict" | "rate-limited" => "wait a moment and send it again, signed anew",
            "misdirected-request" => "call the gateway by a name in its own configuration",
            "body-too-large" | "head-too-large" | "media-type" | "method-not-allowed" => {
                "send what the OpenAPI document describes"
            }
            "log-unavailable" | "store-unavailable" | "sources-unavailable" => "nothing was given; try again later",
            _ => "ask the gateway's operator, with the id of this problem",
        }
    }

    fn places(&self) -> String {
        let lines: Vec<_> = self.errors.iter().map(|place| format!("\n  at {}: {}", place.pointer, place.detail)).collect();
        lines.concat()
    }
}
