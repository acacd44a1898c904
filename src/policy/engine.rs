//! Evaluates one question in one form. Any error denies.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use cedar_policy::{Authorizer, Decision as CedarDecision, Effect, PolicySet, Request, RestrictedExpression, Schema};

use super::question::{Facts, Party, Question};
use super::vocabulary::{Scene, Unfit, Vocabulary};
use crate::catalogue::{Category, Form};

/// Scenes kept: recipients × sources × categories; more are forgotten together.
const MOST_SCENES: usize = 8192;

/// What Cedar said about one form.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Evaluation {
    /// Permitted, and nothing went wrong.
    pub allowed: bool,
    /// The deciding permits, or the guards that forbid; in order.
    pub policies: Vec<String>,
    /// A policy could not be evaluated, or the facts did not fit.
    pub failed: bool,
}

/// The evaluator: the model's names, and the entities of those who met before.
pub struct Engine {
    authorizer: Authorizer,
    schema: Schema,
    vocabulary: Vocabulary,
    scenes: RwLock<HashMap<(Party, Party, Category), Arc<Scene>>>,
}

/// A question made ready: its entities, and its circumstances as expressions.
pub struct Prepared {
    scene: Arc<Scene>,
    circumstances: Vec<(String, RestrictedExpression)>,
}

impl Engine {
    pub fn new(schema: Schema) -> Result<Self, Unfit> {
        Ok(Self { authorizer: Authorizer::new(), schema, vocabulary: Vocabulary::new()?, scenes: RwLock::default() })
    }

    /// Makes a question ready, with `facts` in place of its own.
    pub fn prepare(&self, question: &Question, facts: &Facts) -> Result<Prepared, Unfit> {
        Ok(Prepared { scene: self.scene(question)?, circumstances: self.vocabulary.circumstances(question, facts)? })
    }

    /// Evaluates a form against a set of policies.
    pub fn evaluate(&self, prepared: &Prepared, form: Form, policies: &PolicySet) -> Evaluation {
        self.evaluate_claimed(prepared, form, form, policies, None)
    }

    /// Evaluates with a form claimed in the context that may differ from the form decided, and the request checked against a
    /// schema; for tests of the policies.
    pub fn evaluate_claimed(
        &self,
        prepared: &Prepared,
        form: Form,
        claimed: Form,
        policies: &PolicySet,
        schema: Option<&Schema>,
    ) -> Evaluation {
        let ask = || {
            let context = self.vocabulary.context(&prepared.circumstances, claimed)?;
            let scene = &prepared.scene;
            let action = self.vocabulary.action(form)?;
            let request = Request::new(scene.principal.clone(), action, scene.resource.clone(), context, schema);
            let response = self.authorizer.is_authorized(&request.map_err(Unfit::because)?, policies, &scene.entities);
            let failed = response.diagnostics().errors().next().is_some();
            let mut policies: Vec<String> = response.diagnostics().reason().map(ToString::to_string).collect();
            policies.sort_unstable();
            Ok::<_, Unfit>(Evaluation { allowed: response.decision() == CedarDecision::Allow && !failed, policies, failed })
        };
        ask().unwrap_or(Evaluation { failed: true, ..Evaluation::default() })
    }

    /// The schema of the model.
    pub fn schema(&self) -> &Schema {
        &self.schema
    }

    fn scene(&self, question: &Question) -> Result<Arc<Scene>, Unfit> {
        let key = (question.recipient.clone(), question.source.clone(), question.category);
        if let Some(scene) = self.scenes.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Ok(scene.clone());
        }
        let made = Arc::new(self.vocabulary.scene(&question.recipient, &question.source, question.category, &self.schema)?);
        let mut scenes = self.scenes.write().unwrap_or_else(PoisonError::into_inner);
        if scenes.len() >= MOST_SCENES {
            scenes.clear();
        }
        scenes.insert(key, made.clone());
        Ok(made)
    }
}

/// Whether a policy of this id in the set forbids.
pub fn forbids(policies: &PolicySet, id: &str) -> bool {
    policies.policy(&cedar_policy::PolicyId::new(id)).is_some_and(|policy| policy.effect() == Effect::Forbid)
}
