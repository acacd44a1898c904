//! What the codes of the log are called on its pages: purposes, categories, forms and reasons by the policies in force, the rest by our own texts.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::actions::ActionError;
use crate::catalogue::{Category, Form, PurposeCode};
use crate::ledger::entry::{EntryKind, Outcome};
use crate::organisation::Oin;

use crate::policy::{Audience, Bundle, Language};
use crate::web::Web;

/// The words of one page.
pub(super) struct Words<'a> {
    web: &'a Web,
    pub(super) language: Language,
    /// None while no policies are in force: codes stand for words then.
    policies: Option<Arc<Bundle>>,
}

impl<'a> Words<'a> {
    /// Those of now.
    ///
    /// # Errors
    /// The store's.
    pub(super) async fn of(web: &'a Web, language: Language) -> Result<Self, ActionError> {
        Ok(Self { web, language, policies: web.desk.policies_of_now().await? })
    }

    /// One of our own texts.
    pub(super) fn text(&self, name: &str) -> String {
        self.web.texts.text(self.language, name, &[]).into_owned()
    }

    /// The name of an organisation that takes part, with its number; the number of one that does not (any more).
    pub(super) fn organisation(&self, oin: &Oin) -> String {
        let registry = self.web.gateway.registry.current();
        registry.member(oin).map_or_else(|| oin.to_string(), |member| member.organisation.name.clone())
    }

    pub(super) fn purpose(&self, purpose: &PurposeCode) -> String {
        let named = self.policies.as_ref().map(|policies| policies.purpose_name(purpose, self.language).to_owned());
        named.unwrap_or_else(|| purpose.to_string())
    }

    pub(super) fn category(&self, category: Category) -> String {
        let named = self.policies.as_ref().map(|policies| policies.category_name(category, self.language).to_owned());
        named.unwrap_or_else(|| category.code().to_owned())
    }

    pub(super) fn categories(&self, categories: &BTreeSet<Category>) -> String {
        categories.iter().map(|category| self.category(*category)).collect::<Vec<_>>().join(", ")
    }

    pub(super) fn form(&self, form: Form) -> String {
        let named = self.policies.as_ref().map(|policies| policies.form_name(form, self.language).to_owned());
        named.unwrap_or_else(|| form.code().to_owned())
    }

    /// Why something was withheld or coarsened, in the words for a source: its officer, too, learns nothing that lies with the recipient.
    pub(super) fn reason(&self, code: &str) -> String {
        let policies = self.policies.as_ref();
        let said = policies.and_then(|policies| policies.reason_text(code, self.language, Audience::Source).map(str::to_owned));
        said.unwrap_or_else(|| code.to_owned())
    }

    pub(super) fn legal_basis(&self, code: &str) -> String {
        let policies = self.policies.as_ref();
        let said = policies.and_then(|policies| policies.legal_basis_text(code, self.language).map(str::to_owned));
        said.unwrap_or_else(|| code.to_owned())
    }

    pub(super) fn kind(&self, kind: EntryKind) -> String {
        self.text(match kind {
            EntryKind::Ask => "kind-ask",
            EntryKind::Disclosure => "kind-disclosure",
            EntryKind::Contribution => "kind-contribution",
            EntryKind::Refusal => "kind-refusal",
            EntryKind::Redelivery => "kind-redelivery",
            EntryKind::Undelivered => "kind-undelivered",
            EntryKind::Offer => "kind-offer",
            EntryKind::ReleaseDecision => "kind-release-decision",
            EntryKind::Override => "kind-override",
            EntryKind::ConsentEvent => "kind-consent-event",
            EntryKind::WithdrawalNotice => "kind-withdrawal-notice",
            EntryKind::SubjectNotification => "kind-subject-notification",
            EntryKind::ReidentificationRequest => "kind-reidentification-request",
            EntryKind::ReidentificationApproval => "kind-reidentification-approval",
            EntryKind::ReidentificationResult => "kind-reidentification-result",
            EntryKind::CaseChange => "kind-case-change",
            EntryKind::CaseView => "kind-case-view",
            EntryKind::LogView => "kind-log-view",
            EntryKind::Export => "kind-export",
            EntryKind::ReviewVerdict => "kind-review-verdict",
            EntryKind::PolicyChange => "kind-policy-change",
            EntryKind::OrganisationChange => "kind-organisation-change",
            EntryKind::KeyEvent => "kind-key-event",
            EntryKind::Erasure => "kind-erasure",
            EntryKind::LegalHold => "kind-legal-hold",
            EntryKind::Embargo => "kind-embargo",
            EntryKind::Session => "kind-session",
        })
    }

    pub(super) fn outcome(&self, outcome: Outcome) -> String {
        self.text(match outcome {
            Outcome::Done => "outcome-done",
            Outcome::Pending => "outcome-pending",
            Outcome::Given => "outcome-given",
            Outcome::Nothing => "outcome-nothing",
            Outcome::Refused => "outcome-refused",
            Outcome::Approved => "outcome-approved",
            Outcome::Rejected => "outcome-rejected",
            Outcome::Failed => "outcome-failed",
        })
    }
}
