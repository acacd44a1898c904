//! What is told of a decision, to whom, and in whose words.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::view::{Deciding, ExplainedItem, Explanation, Missing, Texts};
use crate::actions::evidence::question;
use crate::consent::authority::Regime;
use crate::consent::{Authority, ConsentRecord};
use crate::ledger::entry::{Body, Considered, EntryKind, Item};
use crate::organisation::Oin;
use crate::policy::{Audience, Bundle, Language, Question};

/// The code that stands for a reason that its reader is not told.
const UNTOLD: &str = "unavailable";

/// The policies by hash: those in force, and those that decided and are kept.
pub(super) struct Policies<'a> {
    pub(super) in_force: &'a Bundle,
    pub(super) earlier: BTreeMap<String, Arc<Bundle>>,
}

impl Policies<'_> {
    fn of(&self, hash: &str) -> Option<&Bundle> {
        if self.in_force.hash() == hash { Some(self.in_force) } else { self.earlier.get(hash).map(Arc::as_ref) }
    }
}

/// By which policies, and to whom.
pub(super) struct Telling<'a> {
    pub(super) policies: Policies<'a>,
    pub(super) audience: Audience,
    /// The consents to something else, as they were, by id.
    pub(super) nearby: BTreeMap<String, ConsentRecord>,
    /// Whose consent counts.
    pub(super) authority: &'a Authority,
}

impl Telling<'_> {
    /// Whether the reader is told why: officers always, the others what the policies that decided say they are, unless those in force have closed it.
    fn tells(&self, reason: Option<&str>, bundle: Option<&Bundle>) -> bool {
        let says = |bundle: &Bundle, code| bundle.tells_reason(code, self.audience);
        let both = |code| bundle.is_some_and(|bundle| says(bundle, code)) && says(self.policies.in_force, code);
        self.audience == Audience::Officer || reason.is_none_or(both)
    }

    /// What would have to be otherwise for an item to be given.
    fn missing(&self, bundle: &Bundle, asked: &(Question, Considered), item: &Item) -> Vec<Missing> {
        let (question, considered) = asked;
        let regime = Regime::of_kind(considered.source_kind, &question.purpose);
        let nearby = item.nearby.as_ref().and_then(|one| self.nearby.get(&one.id));
        let consent = nearby.map(|record| record.fact(self.authority, regime)).or_else(|| question.consent.clone());
        let question = Question { consent, ..question.clone() };
        let missed = |language| bundle.missing_conditions(&question, language, self.audience).unwrap_or_default();
        let both = missed(Language::Nl).into_iter().zip(missed(Language::En));
        let told = both.map(|(dutch, english)| Missing {
            policy: deciding(Some(bundle), &dutch.policy),
            form: dutch.form,
            conditions: dutch.missing.into_iter().zip(english.missing).map(|(nl, en)| Texts { nl, en }).collect(),
        });
        told.collect()
    }
}

fn deciding(bundle: Option<&Bundle>, id: &str) -> Deciding {
    let note = bundle.and_then(|bundle| bundle.note(id));
    Deciding {
        id: id.to_owned(),
        why: note.map(|note| Texts { nl: note.why_nl.clone(), en: note.why.clone() }),
        legal: note.and_then(|note| note.legal.clone()),
    }
}

/// What the deliveries say, or, when there was none, the last asking.
pub(super) fn explanation(
    disclosure: &str,
    found: &[(u64, Body)],
    telling: &Telling<'_>,
    source: Option<&Oin>,
) -> Option<Explanation> {
    let (_, last) = found.last()?;
    let decision = last.decision.as_ref()?;
    let purpose = last.purpose.clone()?;
    let decided_by = telling.policies.of(&decision.bundle);
    let naming = decided_by.unwrap_or(telling.policies.in_force);
    let delivered: Vec<&Body> = found.iter().map(|(_, body)| body).filter(|body| body.kind == EntryKind::Disclosure).collect();
    let told = if delivered.is_empty() { vec![last] } else { delivered };
    let mut items: Vec<ExplainedItem> = Vec::new();
    for body in told {
        let bundle = body.decision.as_ref().and_then(|decision| telling.policies.of(&decision.bundle));
        let of_source = body.items.iter().filter(|item| source.is_none_or(|source| item.source == *source));
        items.extend(of_source.map(|item| explained(body, item, telling, bundle)));
    }
    Some(Explanation {
        disclosure: disclosure.to_owned(),
        recipient: last.receiving.clone()?,
        recipient_name: None,
        purpose_name: Texts::each(|language| naming.purpose_name(&purpose, language).to_owned()),
        purpose,
        policies: decision.bundle.clone(),
        version: decision.version.clone(),
        in_force: decision.bundle == telling.policies.in_force.hash(),
        at_hand: decided_by.is_some(),
        items,
    })
}

/// `bundle`: the one that decided, if it is at hand. What others would say is no explanation.
fn explained(body: &Body, item: &Item, telling: &Telling<'_>, bundle: Option<&Bundle>) -> ExplainedItem {
    let naming = bundle.unwrap_or(telling.policies.in_force);
    let tells = telling.tells(item.reason.as_deref(), bundle);
    let reader = if tells { telling.audience } else { Audience::Recipient };
    let asked = question(body, item);
    let permitted = asked.as_ref().map(|(_, considered)| considered.permitted.clone()).unwrap_or_default();
    let reason = |language| {
        let text = bundle.zip(item.reason.as_deref());
        text.and_then(|(bundle, code)| bundle.reason_text(code, language, reader)).unwrap_or_default().to_owned()
    };
    let missing = match (bundle, &asked) {
        (Some(bundle), Some(asked)) if permitted.is_empty() && tells => telling.missing(bundle, asked, item),
        _ => Vec::new(),
    };
    ExplainedItem {
        decided_at: asked.as_ref().map_or(body.occurred_at, |(question, _)| question.now),
        source: item.source.clone(),
        source_name: None,
        category: item.category,
        category_name: Texts::each(|language| naming.category_name(item.category, language).to_owned()),
        asked: item.asked,
        permitted,
        given: item.given,
        given_name: item.given.map(|form| Texts::each(|language| naming.form_name(form, language).to_owned())),
        reason: if tells { item.reason.clone() } else { Some(UNTOLD.to_owned()) },
        reason_text: Texts::each(reason),
        consent: item.given.and(item.consent.as_ref()).map(|consent| consent.id.clone()),
        derogation: item.given.and(item.overridden_by.clone()).filter(|_| telling.audience != Audience::Subject),
        decided_by: item.policies.iter().filter(|_| tells).map(|id| deciding(bundle, id)).collect(),
        missing,
    }
}
