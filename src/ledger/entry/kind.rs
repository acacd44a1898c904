//! The kinds of entries.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What happened, by a code that never changes its meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum EntryKind {
    /// Sources are about to be asked about a person.
    Ask,
    /// A delivery to a recipient.
    Disclosure,
    /// What one source gave to a delivery.
    Contribution,
    /// An authenticated request was refused.
    Refusal,
    /// An earlier delivery was given again.
    Redelivery,
    /// A recorded delivery that never left.
    Undelivered,
    /// A source told a recipient that there is something to collect.
    Offer,
    /// A professional released, changed or held back a summary.
    ReleaseDecision,
    /// An override of consent was asked for, decided or ended.
    Override,
    /// Consent given, refused, withdrawn, expired or invalidated.
    ConsentEvent,
    /// A recipient was told of a withdrawal, or answered.
    WithdrawalNotice,
    /// A recipient told a subject, put that off, or said why not.
    SubjectNotification,
    /// A re-identification was asked for. Like the two that follow it, of the expertise team (MDA++): nothing writes one yet.
    ReidentificationRequest,
    /// A re-identification was approved or rejected.
    ReidentificationApproval,
    /// A re-identification was carried out, or failed.
    ReidentificationResult,
    /// A case was opened, changed or closed.
    CaseChange,
    /// Someone looked at a case.
    CaseView,
    /// Someone looked at the log.
    LogView,
    /// Something was exported or printed.
    Export,
    /// A privacy officer judged an entry.
    ReviewVerdict,
    /// Another policy bundle came into force.
    PolicyChange,
    /// An organisation was admitted, changed, suspended or removed.
    OrganisationChange,
    /// A key was made, published, rotated, revoked or destroyed.
    KeyEvent,
    /// Entries or records became unreadable at the end of their term or on request.
    Erasure,
    /// A legal hold was placed or lifted: what it covers is not erased while it stands.
    LegalHold,
    /// Entries were held back from a subject's report, or are told again.
    Embargo,
    /// Somebody signed in to the pages, signed out, or was signed out.
    Session,
}

impl EntryKind {
    /// All kinds.
    pub const ALL: [Self; 27] = [
        Self::Ask,
        Self::Disclosure,
        Self::Contribution,
        Self::Refusal,
        Self::Redelivery,
        Self::Undelivered,
        Self::Offer,
        Self::ReleaseDecision,
        Self::Override,
        Self::ConsentEvent,
        Self::WithdrawalNotice,
        Self::SubjectNotification,
        Self::ReidentificationRequest,
        Self::ReidentificationApproval,
        Self::ReidentificationResult,
        Self::CaseChange,
        Self::CaseView,
        Self::LogView,
        Self::Export,
        Self::ReviewVerdict,
        Self::PolicyChange,
        Self::OrganisationChange,
        Self::KeyEvent,
        Self::Erasure,
        Self::LegalHold,
        Self::Embargo,
        Self::Session,
    ];

    /// The code, as stored and as in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Disclosure => "disclosure",
            Self::Contribution => "contribution",
            Self::Refusal => "refusal",
            Self::Redelivery => "redelivery",
            Self::Undelivered => "undelivered",
            Self::Offer => "offer",
            Self::ReleaseDecision => "release-decision",
            Self::Override => "override",
            Self::ConsentEvent => "consent-event",
            Self::WithdrawalNotice => "withdrawal-notice",
            Self::SubjectNotification => "subject-notification",
            Self::ReidentificationRequest => "reidentification-request",
            Self::ReidentificationApproval => "reidentification-approval",
            Self::ReidentificationResult => "reidentification-result",
            Self::CaseChange => "case-change",
            Self::CaseView => "case-view",
            Self::LogView => "log-view",
            Self::Export => "export",
            Self::ReviewVerdict => "review-verdict",
            Self::PolicyChange => "policy-change",
            Self::OrganisationChange => "organisation-change",
            Self::KeyEvent => "key-event",
            Self::Erasure => "erasure",
            Self::LegalHold => "legal-hold",
            Self::Embargo => "embargo",
            Self::Session => "session",
        }
    }

    /// The kind with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

impl fmt::Display for EntryKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
