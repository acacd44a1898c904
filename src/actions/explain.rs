//! Why a disclosure gave what it gave: for a source about its own items, and for the operator, who reads it as an officer or tells it to the data
//! subject. Never for the recipient, who must not learn what was withheld from what is not there. To look is an entry.

mod telling;
mod text;
mod view;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

pub use self::view::{Deciding, ExplainedItem, Explanation, Missing, Texts};

use self::telling::{Policies, Telling, explanation};
use super::{ActionError, Desk};
use crate::ledger::entry::{Body, Client, EntryKind, Look, TraceId};
use crate::organisation::Oin;
use crate::policy::{Audience, Bundle};
use crate::store::NonceClaim;

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
        let telling = self.telling(&found, bundle, audience).await?;
        let Some(mut explanation) = explanation(disclosure, &found, &telling, None) else { return Ok(None) };
        self.name_organisations(&mut explanation).await?;
        let (clear, mut body) = self.operators_draft(EntryKind::LogView, &self.oin, "explanation")?;
        body.disclosure = Some(disclosure.to_owned());
        body.look = Some(look(&found, &explanation));
        self.commit(clear, body, vec![]).await?;
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
        let telling = self.telling(&found, bundle, Audience::Source).await?;
        let Some(mut explanation) = explanation(disclosure, &found, &telling, Some(looking.source)) else { return Ok(None) };
        self.name_organisations(&mut explanation).await?;
        let (mut clear, mut body) = self.draft(EntryKind::LogView, looking.source, "explanation")?;
        clear.source = Some(looking.source.clone());
        body.disclosure = Some(disclosure.to_owned());
        body.client = Some(looking.client);
        body.look = Some(look(&found, &explanation));
        self.commit_asked(clear, body, vec![], Some(looking.nonce)).await?;
        Ok(Some(explanation))
    }

    /// The policies in force, as the log has them, whatever stands in a folder now; `None` where their texts are not kept.
    ///
    /// # Errors
    /// [`ActionError`].
    pub async fn policies_of_now(&self) -> Result<Option<Arc<Bundle>>, ActionError> {
        let Some(hash) = self.store.registered().await?.policy else { return Ok(None) };
        Ok(self.earlier_policies.of(&*self.store, &hash).await?)
    }

    /// What it takes to tell: the policies that decided beside those in force, and the consents to something else.
    async fn telling<'a>(
        &'a self,
        found: &[(u64, Body)],
        in_force: &'a Bundle,
        audience: Audience,
    ) -> Result<Telling<'a>, ActionError> {
        let decided = found.iter().filter_map(|(_, body)| body.decision.as_ref());
        let hashes: BTreeSet<&str> = decided.map(|one| one.bundle.as_str()).filter(|hash| *hash != in_force.hash()).collect();
        let (mut earlier, mut nearby) = (BTreeMap::new(), BTreeMap::new());
        for hash in hashes {
            if let Some(bundle) = self.earlier_policies.of(&*self.store, hash).await? {
                earlier.insert(hash.to_owned(), bundle);
            }
        }
        for reference in found.iter().flat_map(|(_, body)| &body.items).filter_map(|item| item.nearby.as_ref()) {
            let kept = self.store.consent(&reference.id).await?;
            let mut versions = kept.into_iter().flat_map(|kept| kept.versions);
            if let Some(record) = versions.find(|record| u64::from(record.version) == reference.version) {
                nearby.insert(record.id.clone(), record);
            }
        }
        Ok(Telling { policies: Policies { in_force, earlier }, audience, nearby, authority: &self.authority })
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
