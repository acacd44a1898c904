//! Why a disclosure gave what it gave: for a source about its own items, and for the operator, who reads it as an officer or tells it to the data
//! subject. Never for the recipient, who must not learn what was withheld from what is not there. To look is an entry.

mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use super::evidence::question;
use super::{ActionError, Desk};
use crate::catalogue::{Category, Form, PurposeCode};
use crate::clock::Timestamp;
use crate::ledger::entry::{Body, Client, EntryKind, Look, TraceId};
use crate::organisation::Oin;
use crate::policy::{Audience, Bundle, Language};
use crate::store::NonceClaim;

/// Why the items of a disclosure were given, or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// The disclosure's id.
    pub disclosure: String,
    /// Who asked.
    #[schema(value_type = String)]
    pub recipient: Oin,
    /// What it is called, if it is registered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipient_name: Option<String>,
    /// For what.
    #[schema(value_type = String)]
    pub purpose: PurposeCode,
    /// What that is called.
    pub purpose_name: Texts,
    /// The hash of the policies that decided last.
    pub policies: String,
    /// Their version, if they have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Whether those are the policies in force.
    pub in_force: bool,
    /// Whether their texts are at hand, to tell why in their words.
    pub at_hand: bool,
    /// By source and category.
    pub items: Vec<ExplainedItem>,
}

/// Why one item was given, or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExplainedItem {
    /// When it was decided.
    #[schema(value_type = String, format = DateTime)]
    pub decided_at: Timestamp,
    /// Whose data.
    #[schema(value_type = String)]
    pub source: Oin,
    /// What it is called, if it is registered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_name: Option<String>,
    /// Of which category.
    pub category: Category,
    /// What that is called.
    pub category_name: Texts,
    /// The finest form that was asked for.
    pub asked: Form,
    /// The forms that the policies permitted.
    pub permitted: BTreeSet<Form>,
    /// The form that was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given: Option<Form>,
    /// The code of the reason why it was withheld; `unavailable` where the reader is not told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The reason in words.
    pub reason_text: Texts,
    /// The id of the consent that it was given on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent: Option<String>,
    /// The id of the override by which it was given.
    #[serde(rename = "override", skip_serializing_if = "Option::is_none")]
    pub derogation: Option<String>,
    /// The policies that decided.
    pub decided_by: Vec<Deciding>,
    /// The permits that were meant for such a request, with what is missing.
    pub missing: Vec<Missing>,
}

/// A policy that decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Deciding {
    /// Its id.
    pub id: String,
    /// Why it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<Texts>,
    /// The law that it rests on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legal: Option<String>,
}

/// A permit that was meant for such a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Missing {
    /// The permit.
    #[serde(flatten)]
    pub policy: Deciding,
    /// The form that it would have given.
    pub form: Form,
    /// The conditions that are not fulfilled.
    pub conditions: Vec<Texts>,
}

/// The same in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Texts {
    /// Dutch.
    pub nl: String,
    /// English.
    pub en: String,
}

impl Texts {
    fn each(text: impl Fn(Language) -> String) -> Self {
        Self { nl: text(Language::Nl), en: text(Language::En) }
    }

    /// In one language.
    pub fn of(&self, language: Language) -> &str {
        match language {
            Language::Nl => &self.nl,
            Language::En => &self.en,
        }
    }
}

/// The code that stands for a reason that its reader is not told.
const UNTOLD: &str = "unavailable";

/// A source that looks at its own items.
pub struct Looking<'a> {
    /// The source.
    pub source: &'a Oin,
    /// How it was authenticated.
    pub client: Client,
    /// The nonce of its request.
    pub nonce: NonceClaim,
}

impl Desk {
    /// Explains a disclosure to the operator, with every source's items, in the words for `audience`.
    ///
    /// # Errors
    /// [`ActionError`]; `Ok(None)` when there is no such disclosure in the log.
    pub async fn explain(
        &self,
        disclosure: &str,
        bundle: &Bundle,
        audience: Audience,
    ) -> Result<Option<Explanation>, ActionError> {
        let found = self.decisions(disclosure).await?;
        let telling = Telling { policies: self.policies_of(&found, bundle).await?, audience };
        let Some(mut explanation) = explanation(disclosure, &found, &telling, None) else { return Ok(None) };
        self.name_organisations(&mut explanation).await?;
        let (clear, mut body) = self.operators_draft(EntryKind::LogView, &self.oin, "explanation")?;
        body.disclosure = Some(disclosure.to_owned());
        body.look = Some(look(&found, &explanation));
        self.commit(clear, &body, vec![]).await?;
        Ok(Some(explanation))
    }

    /// Explains to a source what became of its own items. Only one that was asked may know that anything was: the others, and the recipient,
    /// are told the same as about a disclosure that does not exist.
    ///
    /// # Errors
    /// [`ActionError`]; `Ok(None)` when there is no such disclosure for this source.
    pub async fn explain_to_source(
        &self,
        disclosure: &str,
        bundle: &Bundle,
        looking: Looking<'_>,
    ) -> Result<Option<Explanation>, ActionError> {
        let found = self.decisions(disclosure).await?;
        if !found.iter().any(|(_, body)| body.asked.contains_key(looking.source)) {
            return Ok(None);
        }
        let telling = Telling { policies: self.policies_of(&found, bundle).await?, audience: Audience::Source };
        let Some(mut explanation) = explanation(disclosure, &found, &telling, Some(looking.source)) else { return Ok(None) };
        self.name_organisations(&mut explanation).await?;
        let (mut clear, mut body) = self.draft(EntryKind::LogView, looking.source, "explanation")?;
        clear.source = Some(looking.source.clone());
        body.disclosure = Some(disclosure.to_owned());
        body.client = Some(looking.client);
        body.look = Some(look(&found, &explanation));
        self.commit_asked(clear, &body, vec![], Some(looking.nonce)).await?;
        Ok(Some(explanation))
    }

    /// The policies that decided, beside those in force.
    async fn policies_of<'a>(&self, found: &[(u64, Body)], in_force: &'a Bundle) -> Result<Policies<'a>, ActionError> {
        let decided = found.iter().filter_map(|(_, body)| body.decision.as_ref());
        let hashes: BTreeSet<&str> = decided.map(|one| one.bundle.as_str()).filter(|hash| *hash != in_force.hash()).collect();
        let mut earlier = BTreeMap::new();
        for hash in hashes {
            if let Some(bundle) = self.earlier_policies.of(&*self.store, hash).await? {
                earlier.insert(hash.to_owned(), bundle);
            }
        }
        Ok(Policies { in_force, earlier })
    }

    async fn name_organisations(&self, explanation: &mut Explanation) -> Result<(), ActionError> {
        let registered = self.store.registered().await?.organisations;
        let name = |oin: &Oin| registered.get(oin).map(|registration| registration.organisation.name.clone());
        explanation.recipient_name = name(&explanation.recipient);
        for item in &mut explanation.items {
            item.source_name = name(&item.source);
        }
        Ok(())
    }

    /// The entries that decided on a disclosure, oldest first, with their indexes. Its id joins them.
    async fn decisions(&self, disclosure: &str) -> Result<Vec<(u64, Body)>, ActionError> {
        let trace: Option<TraceId> = uuid::Uuid::parse_str(disclosure).ok().and_then(|id| TraceId::from_bytes(id.into_bytes()));
        let Some(trace) = trace else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        for entry in self.store.entries_of(trace).await? {
            if !matches!(entry.row.clear.kind, EntryKind::Ask | EntryKind::Disclosure) {
                continue;
            }
            let body = self.journal.open(&entry.row)?;
            if body.disclosure.as_deref() == Some(disclosure) {
                found.push((entry.index, body));
            }
        }
        Ok(found)
    }
}

fn look(found: &[(u64, Body)], explanation: &Explanation) -> Look {
    Look {
        view: "explanation".to_owned(),
        terms: BTreeMap::from([("disclosure".to_owned(), explanation.disclosure.clone())]),
        opened: found.iter().map(|(index, _)| *index).collect(),
        count: u64::try_from(explanation.items.len()).unwrap_or(u64::MAX),
        format: None,
    }
}

/// The policies by hash: those in force, and those that decided and are kept.
struct Policies<'a> {
    in_force: &'a Bundle,
    earlier: BTreeMap<String, Arc<Bundle>>,
}

impl Policies<'_> {
    fn of(&self, hash: &str) -> Option<&Bundle> {
        if self.in_force.hash() == hash { Some(self.in_force) } else { self.earlier.get(hash).map(Arc::as_ref) }
    }
}

/// By which policies, and to whom.
struct Telling<'a> {
    policies: Policies<'a>,
    audience: Audience,
}

impl Telling<'_> {
    /// Whether the reader is told why: officers always, the others what the policies that decided say they are.
    fn tells(&self, reason: Option<&str>, bundle: Option<&Bundle>) -> bool {
        let says = |code| bundle.is_some_and(|bundle| bundle.tells_reason(code, self.audience));
        self.audience == Audience::Officer || reason.is_none_or(says)
    }
}

/// What the deliveries say, or, when there was none, the last asking.
fn explanation(disclosure: &str, found: &[(u64, Body)], telling: &Telling<'_>, source: Option<&Oin>) -> Option<Explanation> {
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
fn explained(body: &Body, item: &crate::ledger::entry::Item, telling: &Telling<'_>, bundle: Option<&Bundle>) -> ExplainedItem {
    let audience = telling.audience;
    let naming = bundle.unwrap_or(telling.policies.in_force);
    let category_name = Texts::each(|language| naming.category_name(item.category, language).to_owned());
    let tells = telling.tells(item.reason.as_deref(), bundle);
    let asked = question(body, item);
    let permitted = asked.as_ref().map(|(_, considered)| considered.permitted.clone()).unwrap_or_default();
    let deciding = |id: &str| {
        let note = bundle.and_then(|bundle| bundle.note(id));
        Deciding {
            id: id.to_owned(),
            why: note.map(|note| Texts { nl: note.why_nl.clone(), en: note.why.clone() }),
            legal: note.and_then(|note| note.legal.clone()),
        }
    };
    let reason = |language| {
        let text = bundle.zip(item.reason.as_deref());
        text.and_then(|(bundle, code)| bundle.reason_text(code, language, audience)).unwrap_or_default().to_owned()
    };
    let missing = match (bundle, &asked) {
        (Some(bundle), Some((question, _))) if permitted.is_empty() && tells => {
            let missed = |language| bundle.missing_conditions(question, language, audience).unwrap_or_default();
            let both = missed(Language::Nl).into_iter().zip(missed(Language::En));
            let told = both.map(|(dutch, english)| Missing {
                policy: deciding(&dutch.policy),
                form: dutch.form,
                conditions: dutch.missing.into_iter().zip(english.missing).map(|(nl, en)| Texts { nl, en }).collect(),
            });
            told.collect()
        }
        _ => Vec::new(),
    };
    ExplainedItem {
        decided_at: asked.as_ref().map_or(body.occurred_at, |(question, _)| question.now),
        source: item.source.clone(),
        source_name: None,
        category: item.category,
        category_name,
        asked: item.asked,
        permitted,
        given: item.given,
        reason: if tells { item.reason.clone() } else { Some(UNTOLD.to_owned()) },
        reason_text: Texts { nl: reason(Language::Nl), en: reason(Language::En) },
        consent: item.given.and(item.consent.as_ref()).map(|consent| consent.id.clone()),
        derogation: item.given.and(item.overridden_by.clone()),
        decided_by: item.policies.iter().filter(|_| tells).map(|id| deciding(id)).collect(),
        missing,
    }
}
