//! What a client did in one call, check by check: kept also when a check fails, so that `--explain` can show how far it came.

use super::{Step, Trouble};
use crate::crypto::message_signature::Bound;
use crate::http::client::{Answer, CallError, Prepared};

/// The signature base of a call and every check that was made, in order, up to and with the first that failed.
#[derive(Clone, Debug, Default)]
pub struct Trace {
    /// The text that was signed; none when the request could not be signed.
    pub signature_base: Option<String>,
    /// The checks.
    pub steps: Vec<Step>,
}

impl Trace {
    /// A call begins: what stood here of an earlier one goes.
    pub(super) fn begin(&mut self) {
        *self = Self::default();
    }

    pub(super) fn signed(&mut self, prepared: &Prepared, key: &str) {
        self.signature_base = Some(prepared.base().to_owned());
        self.steps.push(Step::passed("request signed", key));
    }

    /// The gateway answered, and its signature was verified.
    pub(super) fn answered(&mut self, answer: &Answer, gateway: &str) {
        self.steps.push(Step::passed(TLS, gateway));
        let bound = match answer.bound {
            Bound::ToRequest => "this very request",
            Bound::ToTarget => "the address of this request",
        };
        let bound = format!("status {}, signed by the gateway, bound to {bound}", answer.status);
        self.steps.push(Step::passed("response signature", bound));
    }

    /// There is no answer to rely on.
    pub(super) fn unanswered(&mut self, error: &CallError, gateway: &str) {
        let check = match error {
            CallError::Address(_) | CallError::Signing(_) => "request signed",
            CallError::Connection(_) | CallError::Ended(_) | CallError::Untrusted(_) | CallError::TimedOut(_) => TLS,
            CallError::Kept(_) | CallError::TooLarge(_) | CallError::Unsigned { .. } => {
                self.steps.push(Step::passed(TLS, gateway));
                "response signature"
            }
        };
        self.steps.push(Step::failed(check, error));
    }

    /// Whether the gateway took the request.
    pub(super) fn judged(&mut self, outcome: Result<(), &Trouble>) {
        self.steps.push(match outcome {
            Ok(()) => Step::passed("answer", "a disclosure"),
            Err(Trouble::Problem(problem)) => Step::failed("answer", format!("{} {}", problem.status, problem.kind)),
            Err(_) => Step::failed("answer", "not a disclosure"),
        });
    }
}

const TLS: &str = "TLS 1.3, both certificates";
