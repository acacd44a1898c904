//! What the policies answer, with what decided.

use std::sync::Arc;

use crate::catalogue::Form;

/// Codes of the reasons that the engine itself gives; the others come from the guards' `@withheld`.
pub mod reason {
    /// No rule for this recipient, purpose, source and category: static.
    pub const NOT_PERMITTED: &str = "not-permitted";
    /// The purpose has no files: static.
    pub const UNKNOWN_PURPOSE: &str = "unknown-purpose";
    /// Only a summary can be given: static.
    pub const SUMMARY_ONLY: &str = "summary-only";
    /// Only a finer form than asked can be given: static.
    pub const FORM_NOT_ASKED: &str = "form-not-asked";
    /// Consent is needed and none governs.
    pub const CONSENT_MISSING: &str = "consent-missing";
    /// Consent is given, but does not cover this.
    pub const CONSENT_NOT_COVERING: &str = "consent-not-covering";
    /// The person refused.
    pub const CONSENT_REFUSED: &str = "consent-refused";
    /// The person withdrew what was given.
    pub const CONSENT_WITHDRAWN: &str = "consent-withdrawn";
    /// An override is needed and there is none.
    pub const OVERRIDE_MISSING: &str = "override-missing";
    /// There is an override, but it does not cover this.
    pub const OVERRIDE_NOT_COVERING: &str = "override-not-covering";
    /// A fact of the item is not stated or does not hold.
    pub const CONDITION_NOT_MET: &str = "condition-not-met";
    /// The case that the purpose needs is missing, or does not fulfil what the rule asks of it.
    pub const CASE_NOT_MET: &str = "case-not-met";
    /// The policies could not be evaluated: an alarm.
    pub const EVALUATION_ERROR: &str = "evaluation-error";

    /// Every code that the reasons files must explain beside those of the guards.
    pub const BUILT_IN: [&str; 15] = [
        NOT_PERMITTED,
        UNKNOWN_PURPOSE,
        SUMMARY_ONLY,
        FORM_NOT_ASKED,
        CONSENT_MISSING,
        CONSENT_NOT_COVERING,
        CONSENT_REFUSED,
        CONSENT_WITHDRAWN,
        "consent-expired",
        "consent-invalidated",
        OVERRIDE_MISSING,
        OVERRIDE_NOT_COVERING,
        CONDITION_NOT_MET,
        CASE_NOT_MET,
        EVALUATION_ERROR,
    ];
}

/// Ids of the policies that decided, in order.
pub type PolicyIds = Arc<[Arc<str>]>;

/// Why a finer form than the permitted one was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The finest form that a guard refused.
    pub form: Form,
    /// The reason's code.
    pub reason: Arc<str>,
    /// The guards.
    pub policies: PolicyIds,
}

/// The answer to one question. Anything that is not a permit withholds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// The category may be given.
    Permit {
        /// In this form: the finest that was asked for and is allowed.
        form: Form,
        /// The permits that decided.
        policies: PolicyIds,
        /// What kept a finer form back, when a guard did.
        limited: Option<Arc<Limit>>,
    },
    /// Nothing is given.
    Withheld {
        /// The reason's code, for the log and the officers: the recipient's text comes from the reasons files.
        reason: Arc<str>,
        /// The guards that decided; empty when no rule permits.
        policies: PolicyIds,
        /// The evaluation failed: someone must look.
        alarm: bool,
    },
}

impl Decision {
    /// The permitted form.
    pub const fn form(&self) -> Option<Form> {
        match self {
            Self::Permit { form, .. } => Some(*form),
            Self::Withheld { .. } => None,
        }
    }

    /// The reason's code, when withheld.
    pub fn reason(&self) -> Option<&str> {
        match self {
            Self::Permit { .. } => None,
            Self::Withheld { reason, .. } => Some(reason),
        }
    }

    /// The policies that decided.
    pub fn policies(&self) -> &[Arc<str>] {
        match self {
            Self::Permit { policies, .. } | Self::Withheld { policies, .. } => policies,
        }
    }

    /// Whether the evaluation failed.
    pub const fn alarm(&self) -> bool {
        matches!(self, Self::Withheld { alarm: true, .. })
    }

    pub(super) fn withheld(reason: &str, policies: PolicyIds) -> Self {
        Self::Withheld { reason: reason.into(), policies, alarm: reason == reason::EVALUATION_ERROR }
    }

    pub(super) fn no_policies() -> PolicyIds {
        Arc::from([])
    }
}
