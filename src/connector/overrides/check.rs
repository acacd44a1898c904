//! What must hold of an override before a professional may enter it.

use std::collections::BTreeSet;

use super::OverrideError;
use crate::catalogue::{Category, Form};
use crate::clock::Timestamp;
use crate::connector::Connector;
use crate::connector::ceiling::never_leaves;
use crate::connector::household::{Household, parse_subject};
use crate::consent::derogation::{LONGEST, LONGEST_TEXT, MOST_RECIPIENTS};
use crate::json::is_text;
use crate::organisation::Oin;
use crate::source::overrides::{ConsentSought, OverrideContent};

impl Connector {
    /// The keyed digest of the subject, who must be known here.
    pub(super) async fn known_subject(&self, content: &OverrideContent, now: Timestamp) -> Result<[u8; 32], OverrideError> {
        let subject = parse_subject(&content.subject, &self.oin)?;
        let mut reading = self.source.read().await?;
        let found = Household::find(&self.mapping.person, &mut reading, &subject, &now.date())?;
        found.map(|_| self.state.digest("subject", &subject.canonical())).ok_or(OverrideError::UnknownPerson)
    }

    /// `signed_at`: when it was signed, from which on it lasts at most seven days.
    pub(super) fn check_content(
        &self,
        content: &OverrideContent,
        signed_at: Timestamp,
        now: Timestamp,
    ) -> Result<(), OverrideError> {
        let texts = [
            ("harm", &content.harm),
            ("harmTo", &content.harm_to),
            ("alternatives", &content.alternatives),
            ("whyLeast", &content.why_least),
            ("colleague", &content.colleague),
        ];
        for (field, text) in texts {
            filled(field, text)?;
        }
        match &content.consent {
            ConsentSought::Yes { on, result } => {
                filled("consent.result", result)?;
                let day = Timestamp::parse(&format!("{on}T00:00:00Z")).ok();
                day.filter(|day| *day <= now).ok_or(OverrideError::Field("consent.on"))?;
            }
            ConsentSought::No { why } => filled("consent.why", why)?,
        }
        if content.expires_at <= now || content.expires_at > signed_at.plus(LONGEST) {
            return Err(OverrideError::Expiry);
        }
        self.check_scope(content)
    }

    fn check_scope(&self, content: &OverrideContent) -> Result<(), OverrideError> {
        let categories: BTreeSet<Category> = content.categories.iter().copied().collect();
        let forms: BTreeSet<Form> = content.forms.iter().copied().collect();
        if categories.is_empty() || categories.len() != content.categories.len() {
            return Err(OverrideError::Field("categories"));
        }
        if let Some(category) = categories.iter().copied().find(|category| never_leaves(*category)) {
            return Err(OverrideError::NeverLeaves(category));
        }
        if forms.is_empty() || forms.len() != content.forms.len() {
            return Err(OverrideError::Field("forms"));
        }
        let recipients: BTreeSet<&Oin> = content.recipients.iter().collect();
        let distinct = recipients.len() == content.recipients.len();
        if recipients.is_empty() || !distinct || recipients.len() > MOST_RECIPIENTS || recipients.contains(&self.oin) {
            return Err(OverrideError::Field("recipients"));
        }
        for category in categories {
            let lists = |form: &Form| {
                recipients.iter().all(|recipient| self.ceiling.can_be_opened(&content.purpose, recipient, category, *form))
            };
            let listed: Vec<&str> = Form::ALL.iter().filter(|form| lists(form)).map(|form| form.code()).collect();
            if listed.is_empty() {
                return Err(OverrideError::BeyondCeiling(category));
            }
            if !forms.iter().any(lists) {
                return Err(OverrideError::OtherForms { category, listed: listed.join(", ") });
            }
        }
        Ok(())
    }
}

fn filled(field: &'static str, text: &str) -> Result<(), OverrideError> {
    if is_text(text, LONGEST_TEXT) { Ok(()) } else { Err(OverrideError::Field(field)) }
}
