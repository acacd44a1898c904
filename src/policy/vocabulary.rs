//! Domain values as Cedar sees them. No judgement and no lookups: a set stays a set, and the policies decide.

use std::collections::{BTreeMap, BTreeSet};

use cedar_policy::{Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, RestrictedExpression, Schema};

use super::question::{Facts, Party, Question, WpgArticle};
use crate::case_room::CaseFact;
use crate::catalogue::{Category, Form, PurposeCode};
use crate::clock::Timestamp;
use crate::consent::{ConsentFact, ConsentState, OverrideFact, within_ceiling};
use crate::organisation::{Kind, Oin};

/// Something that Cedar does not accept: a fault of ours, answered by a denial and an alarm.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the facts do not fit the policies: {0}")]
pub struct Unfit(String);

impl Unfit {
    pub fn because(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

/// The names of the model, parsed once.
pub struct Vocabulary {
    recipient: EntityTypeName,
    slice: EntityTypeName,
    purpose: EntityTypeName,
    actions: BTreeMap<Form, EntityUid>,
    forms: BTreeMap<Form, RestrictedExpression>,
    categories: BTreeMap<Category, RestrictedExpression>,
    kinds: BTreeMap<&'static str, RestrictedExpression>,
    states: BTreeMap<ConsentState, RestrictedExpression>,
    articles: BTreeMap<WpgArticle, RestrictedExpression>,
}

/// Who and what a question is about, as entities.
pub struct Scene {
    pub principal: EntityUid,
    pub resource: EntityUid,
    pub entities: Entities,
}

impl Vocabulary {
    pub fn new() -> Result<Self, Unfit> {
        let name = |text: &str| format!("Sluis::{text}").parse::<EntityTypeName>().map_err(Unfit::because);
        let uid = |of: &EntityTypeName, id: &str| EntityUid::from_type_name_and_id(of.clone(), EntityId::new(id));
        let value = |of: &EntityTypeName, id: &str| RestrictedExpression::new_entity_uid(uid(of, id));
        let (action, form, category) = (name("Action")?, name("Form")?, name("Category")?);
        let (kind, state, article) = (name("OrgKind")?, name("ConsentState")?, name("WpgArticle")?);
        let states = [
            ConsentState::Requested,
            ConsentState::Given,
            ConsentState::Refused,
            ConsentState::Withdrawn,
            ConsentState::Expired,
            ConsentState::Invalidated,
        ];
        Ok(Self {
            recipient: name("Recipient")?,
            slice: name("Slice")?,
            purpose: name("Purpose")?,
            actions: Form::ALL.into_iter().map(|of| (of, uid(&action, of.code()))).collect(),
            forms: Form::ALL.into_iter().map(|of| (of, value(&form, of.code()))).collect(),
            categories: Category::ALL.into_iter().map(|of| (of, value(&category, of.code()))).collect(),
            kinds: Kind::ALL.into_iter().map(|of| (of.code(), value(&kind, of.code()))).collect(),
            states: states.into_iter().map(|of| (of, value(&state, of.code()))).collect(),
            articles: WpgArticle::ALL.into_iter().map(|of| (of, value(&article, of.code()))).collect(),
        })
    }

    /// The action that stands for a form.
    pub fn action(&self, form: Form) -> Result<EntityUid, Unfit> {
        known(&self.actions, &form)
    }

    /// The recipient and the slice as entities, checked against the schema.
    pub fn scene(&self, recipient: &Party, source: &Party, category: Category, schema: &Schema) -> Result<Scene, Unfit> {
        let principal = EntityUid::from_type_name_and_id(self.recipient.clone(), EntityId::new(recipient.oin.as_str()));
        let resource_id = format!("{}/{}", source.oin, category.code());
        let resource = EntityUid::from_type_name_and_id(self.slice.clone(), EntityId::new(resource_id));
        let who = [("oin", text(recipient.oin.as_str())), ("kind", known(&self.kinds, &recipient.kind.code())?)];
        let what = [
            ("category", known(&self.categories, &category)?),
            ("source", text(source.oin.as_str())),
            ("sourceKind", known(&self.kinds, &source.kind.code())?),
        ];
        let entity = |uid: &EntityUid, attributes: Vec<(&str, RestrictedExpression)>| {
            let attributes = attributes.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            Entity::new(uid.clone(), attributes, std::collections::HashSet::new()).map_err(Unfit::because)
        };
        let all = [entity(&principal, who.into())?, entity(&resource, what.into())?];
        let entities = Entities::from_entities(all, Some(schema)).map_err(Unfit::because)?;
        Ok(Scene { principal, resource, entities })
    }

    /// Everything of the context but the form, as expressions, with `facts` in place of the question's own.
    pub fn circumstances(&self, question: &Question, facts: &Facts) -> Result<Vec<(String, RestrictedExpression)>, Unfit> {
        let mut pairs = vec![
            ("purpose".to_owned(), self.purpose(&question.purpose)),
            ("now".to_owned(), moment(question.now)),
            ("asker".to_owned(), known(&self.kinds, &question.asker.code())?),
            ("facts".to_owned(), self.facts(facts)?),
        ];
        if let Some(consent) = &question.consent {
            pairs.push(("consent".to_owned(), self.consent(consent)?));
        }
        if let Some(derogation) = &question.derogation {
            pairs.push(("override".to_owned(), self.derogation(derogation)?));
        }
        if let Some(case) = &question.case {
            pairs.push(("case".to_owned(), self.case(case)?));
        }
        Ok(pairs)
    }

    /// The context of one form. `claimed` is the form that consent and override are held against: always the form that is
    /// decided.
    pub fn context(&self, circumstances: &[(String, RestrictedExpression)], claimed: Form) -> Result<Context, Unfit> {
        let form = [("form".to_owned(), known(&self.forms, &claimed)?)];
        Context::from_pairs(circumstances.iter().cloned().chain(form)).map_err(Unfit::because)
    }

    fn purpose(&self, purpose: &PurposeCode) -> RestrictedExpression {
        let uid = EntityUid::from_type_name_and_id(self.purpose.clone(), EntityId::new(purpose.as_str()));
        RestrictedExpression::new_entity_uid(uid)
    }

    fn consent(&self, consent: &ConsentFact) -> Result<RestrictedExpression, Unfit> {
        // Nobody's age lies from 1 to 0: a consent that counts for no age covers nothing.
        let ages = consent.ages.map_or((1, 0), |ages| (i64::from(ages.from), i64::from(ages.until)));
        record([
            ("state", known(&self.states, &consent.state)?),
            ("sources", oins(&consent.sources)),
            ("recipients", oins(&consent.recipients)),
            ("purposes", RestrictedExpression::new_set(consent.purposes.iter().map(|purpose| self.purpose(purpose)))),
            ("categories", self.category_set(consent.categories.iter())?),
            ("forms", self.ceiling(consent.max_form)),
            ("validFrom", moment(consent.valid_from)),
            ("notAfter", moment(consent.not_after)),
            ("fromAge", RestrictedExpression::new_long(ages.0)),
            ("untilAge", RestrictedExpression::new_long(ages.1)),
        ])
    }

    fn derogation(&self, derogation: &OverrideFact) -> Result<RestrictedExpression, Unfit> {
        record([
            ("source", text(derogation.source.as_str())),
            ("recipients", oins(&derogation.recipients)),
            ("purpose", self.purpose(&derogation.purpose)),
            ("categories", self.category_set(derogation.categories.iter())?),
            ("forms", self.form_set(&derogation.forms)?),
            ("validFrom", moment(derogation.valid_from)),
            ("notAfter", moment(derogation.not_after)),
            ("fourEyes", RestrictedExpression::new_bool(derogation.four_eyes)),
        ])
    }

    fn facts(&self, facts: &Facts) -> Result<RestrictedExpression, Unfit> {
        let flag = RestrictedExpression::new_bool;
        let mut pairs = vec![
            ("wpg19Decision", flag(facts.wpg19_decision)),
            ("wpg20Decision", flag(facts.wpg20_decision)),
            ("mandate", flag(facts.mandate)),
            ("courtOrder", flag(facts.court_order)),
            ("professional", flag(facts.professional)),
            ("meldcodeSteps", flag(facts.meldcode_steps)),
            ("test51c", flag(facts.test51c)),
            ("severity", flag(facts.severity)),
            ("underRestrainingOrder", flag(facts.under_restraining_order)),
            ("withheldBySource", flag(facts.withheld_by_source)),
            ("protectedFromRecipient", flag(facts.protected_from_recipient)),
        ];
        if let Some(article) = facts.wpg_article {
            pairs.push(("wpgArticle", known(&self.articles, &article)?));
        }
        if let Some(order) = facts.restraining_order {
            pairs.push(("restrainingOrder", flag(order)));
        }
        if let Some(secret) = facts.secret_address {
            pairs.push(("secretAddress", flag(secret)));
        }
        if let Some(age) = facts.subject_age {
            pairs.push(("subjectAge", RestrictedExpression::new_long(age.into())));
        }
        record(pairs)
    }

    fn case(&self, case: &CaseFact) -> Result<RestrictedExpression, Unfit> {
        let flag = RestrictedExpression::new_bool;
        let kinds = case.attendee_kinds.iter().map(|kind| known(&self.kinds, &kind.code()));
        let mut pairs = vec![
            ("open", flag(case.open)),
            ("named", flag(case.named)),
            ("attendees", oins(&case.attendees)),
            ("attendeeKinds", RestrictedExpression::new_set(kinds.collect::<Result<Vec<_>, _>>()?)),
            ("familyInformed", flag(case.family_informed)),
            ("planMade", flag(case.plan_made)),
        ];
        if let Some(director) = &case.director {
            pairs.push(("director", text(director.as_str())));
        }
        record(pairs)
    }

    fn category_set<'c>(&self, categories: impl Iterator<Item = &'c Category>) -> Result<RestrictedExpression, Unfit> {
        let values = categories.map(|category| known(&self.categories, category)).collect::<Result<Vec<_>, _>>()?;
        Ok(RestrictedExpression::new_set(values))
    }

    fn form_set(&self, forms: &BTreeSet<Form>) -> Result<RestrictedExpression, Unfit> {
        let forms = forms.iter().map(|form| known(&self.forms, form));
        Ok(RestrictedExpression::new_set(forms.collect::<Result<Vec<_>, _>>()?))
    }

    fn ceiling(&self, widest: Form) -> RestrictedExpression {
        let within = self.forms.iter().filter(|(form, _)| within_ceiling(**form, widest));
        RestrictedExpression::new_set(within.map(|(_, value)| value.clone()))
    }
}

fn known<K: Ord, V: Clone>(values: &BTreeMap<K, V>, key: &K) -> Result<V, Unfit> {
    values.get(key).cloned().ok_or_else(|| Unfit("a value that the model does not know".to_owned()))
}

fn text(text: &str) -> RestrictedExpression {
    RestrictedExpression::new_string(text.to_owned())
}

fn oins(set: &BTreeSet<Oin>) -> RestrictedExpression {
    RestrictedExpression::new_set(set.iter().map(|oin| text(oin.as_str())))
}

fn record<'n>(pairs: impl IntoIterator<Item = (&'n str, RestrictedExpression)>) -> Result<RestrictedExpression, Unfit> {
    RestrictedExpression::new_record(pairs.into_iter().map(|(name, value)| (name.to_owned(), value))).map_err(Unfit::because)
}

/// Moments are milliseconds since 1970, as in [`Timestamp`]: Cedar's own datetime is parsed from text by every evaluation, which
/// cost more than all else together.
fn moment(at: Timestamp) -> RestrictedExpression {
    RestrictedExpression::new_long(at.millis())
}
