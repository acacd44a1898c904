//! Why something is withheld, in words: the permits that were meant for such a request, with the conditions that it does not fulfil.
//!
//! Each condition is evaluated by itself: every `when` and `unless` clause, cut at its `&&`. A permit is listed only when whoever asks,
//! the purpose and the category are those it is written for.

mod clauses;
mod words;

#[cfg(test)]
mod tests;

use cedar_policy::{Policy, PolicySet};

use super::bundle::Bundle;
use super::question::{Facts, Question};
use super::reasons::{Audience, Language};
use super::vocabulary::Unfit;
use crate::catalogue::Form;
use clauses::{Condition, conditions};

/// A permit that was meant for such a request, and what it misses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missed {
    /// The permit's id.
    pub policy: String,
    /// The finest form that it would have given, of those in question.
    pub form: Form,
    /// The conditions that are not fulfilled, in words.
    pub missing: Vec<String>,
}

impl Bundle {
    /// What would have to be otherwise for the item to be given, as far as `audience` is told: the subject hears of consent alone, which is hers to give;
    /// overrides, decisions and cases are the work of others.
    ///
    /// # Errors
    /// Fails when the facts cannot be evaluated.
    pub fn missing_conditions(&self, question: &Question, language: Language, audience: Audience) -> Result<Vec<Missed>, Unfit> {
        let Some(slices) = self.rules.slices.get(question.purpose.as_str()) else { return Ok(Vec::new()) };
        let Some(policies) = slices.of(question.category) else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        for policy in policies.policies().filter(|policy| policy.effect() == cedar_policy::Effect::Permit) {
            let forms = super::decide::asked(question.finest).chain(Some(Form::Summary));
            let Some(form) = first_form(policy, forms) else { continue };
            let mut missing = Vec::new();
            let mut is_meant = true;
            for condition in conditions(policy) {
                if self.fulfilled(question, form, &condition)? {
                    continue;
                }
                is_meant &= condition.depends_on_person();
                missing.push(condition);
            }
            let all = missing.len();
            missing.retain(|condition| audience != Audience::Subject || words::is_of_consent_alone(condition));
            if is_meant && !missing.is_empty() {
                let mut told = words::told(self, &missing, question, form, language);
                told.extend((missing.len() < all).then(|| words::and_more(language)));
                found.push(Missed { policy: policy.id().to_string(), form, missing: told });
            }
        }
        found.sort_by(|one, other| one.policy.cmp(&other.policy));
        Ok(found)
    }

    fn fulfilled(&self, question: &Question, form: Form, condition: &Condition) -> Result<bool, Unfit> {
        let facts = question.facts.unwrap_or_else(|| Facts::fulfilling(super::WpgArticle::Everyday, question.consent.as_deref()));
        let prepared = self.engine.prepare(question, &facts)?;
        let mut alone = PolicySet::new();
        alone.add(condition.policy().map_err(Unfit::because)?).map_err(Unfit::because)?;
        Ok(self.engine.evaluate(&prepared, form, &alone).allowed)
    }
}

/// The first of `forms` that the policy's head is written for.
fn first_form(policy: &Policy, mut forms: impl Iterator<Item = Form>) -> Option<Form> {
    use cedar_policy::ActionConstraint;
    let written = match policy.action_constraint() {
        ActionConstraint::Any => return forms.next(),
        ActionConstraint::In(actions) => actions,
        ActionConstraint::Eq(action) => vec![action],
    };
    forms.find(|form| written.iter().any(|action| action.id().unescaped() == form.code()))
}
