//! What the earlier deliveries of a disclosure are to its next one. When facts have changed, the answer is made anew; a summary cannot be, for
//! its professional has released it once. So its sealed delivery is kept with all that a judgement needs except the text, is judged again by the
//! new facts, and goes on only where they permit it as it was sealed.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::matter::Matter;
use super::minimise::MinimalItem;
use super::payloads::Reopened;
use super::plan::Plan;
use super::recheck::{may_give, shows_secret_address};
use super::refusal::{ProblemType, Refusal};
use super::{Gateway, Stopped, entries};
use crate::catalogue::{Category, Form, Secrecy};
use crate::crypto::{base64, digest};
use crate::ledger::entry::{EntryKind, Outcome, Reference};
use crate::ledger::seal::Leaf;
use crate::organisation::Oin;
use crate::source::SourceItem;
use crate::store::{Change, EntryRow, NameIndex, StoredDelivery, StoredDisclosure};

/// What is kept of a disclosure, as it was read.
#[derive(Clone, Debug)]
pub struct Earlier {
    /// The kept request as it was stored: another one there means that something came in between.
    version: Vec<u8>,
    /// The summaries among the deliveries.
    released: Vec<Released>,
    /// The deliveries.
    deliveries: Vec<StoredDelivery>,
    /// The names that the recipient must not have for them.
    apart: Vec<NameIndex>,
    /// The consents on which they rest; `None` where that is not known.
    relied: Option<BTreeSet<String>>,
}

/// One delivery of released summaries, without their text.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Released {
    /// SHA-256 of the sealed delivery, base64url.
    sealed: String,
    /// The key that it is sealed to.
    kid: String,
    /// The leaf of its entry, base64url.
    leaf: String,
    /// Who gave it.
    source: Oin,
    /// The key by which the source signed the release.
    keyid: String,
    items: Vec<Given>,
}

/// One summary, without its text.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Given {
    item: SourceItem,
    paths: Vec<String>,
    shows_secret_address: bool,
}

/// Who brought a release, and how it was sealed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Release<'a> {
    /// The source.
    pub(super) source: &'a Oin,
    /// The key by which it signed.
    pub(super) keyid: &'a str,
    /// The leaf of the delivery's entry.
    pub(super) leaf: &'a Leaf,
    /// The delivery.
    pub(super) jwe: &'a str,
    /// The key that it is sealed to.
    pub(super) kid: &'a str,
}

impl Released {
    /// A delivery of `items` that a source has released.
    pub(super) fn of(release: Release<'_>, plan: &Plan, items: &[MinimalItem]) -> Self {
        let without_text = |minimal: &MinimalItem| {
            let permitted = &minimal.permitted;
            let item = SourceItem { data: Value::Null, ..permitted.item.clone() };
            let paths = plan.purpose.transforms.paths(item.category, permitted.form).to_vec();
            Given { item, paths, shows_secret_address: permitted.shows_secret_address }
        };
        Self {
            sealed: sealed_digest(release.jwe),
            kid: release.kid.to_owned(),
            leaf: base64::encode_url(release.leaf.bytes()),
            source: release.source.clone(),
            keyid: release.keyid.to_owned(),
            items: items.iter().map(without_text).collect(),
        }
    }
}

impl Earlier {
    /// Of a disclosure as it was read, whose kept request tells of these releases.
    pub(super) fn of(stored: &StoredDisclosure, kept: &Reopened) -> Self {
        let (released, apart) = (kept.released.clone(), kept.apart.clone());
        let (version, deliveries) = (stored.row.request.clone(), stored.deliveries.clone());
        Self { version, released, deliveries, apart, relied: kept.relied.clone() }
    }

    /// The same, read again.
    ///
    /// # Errors
    /// [`Stopped`], when the disclosure is not kept any more.
    pub(super) async fn read(gateway: &Gateway, id: &str) -> Result<Self, Stopped> {
        let gone = || Refusal::new(ProblemType::NotFound, "no such disclosure, not yours, or no longer kept");
        let stored = gateway.store.disclosure(id, gateway.clock.now()).await?.ok_or_else(gone)?;
        let kept = gateway.payloads.open(&stored.row)?;
        Ok(Self::of(&stored, &kept))
    }

    /// Whether the answer itself, which no release is, is still there.
    pub(super) fn holds_answer(&self) -> bool {
        self.deliveries.iter().any(|delivery| self.released_as(delivery).is_none())
    }

    /// How many releases of this source are among the deliveries.
    pub(super) fn releases_of(&self, source: &Oin) -> usize {
        self.released.iter().filter(|released| released.source == *source).count()
    }

    /// The names that the recipient must not have where these deliveries are given.
    pub(super) fn apart(&self) -> &[NameIndex] {
        &self.apart
    }

    /// The consents on which these deliveries rest; `None` where that is not known.
    pub(super) const fn relied(&self) -> Option<&BTreeSet<String>> {
        self.relied.as_ref()
    }

    /// Destroys the answer, if nothing came in between; what was released awaits its judgement.
    pub(super) fn without_answer(&self, disclosure: &str) -> Vec<Change> {
        self.changes(disclosure, |delivery| self.released_as(delivery).is_some())
    }

    fn released_as(&self, delivery: &StoredDelivery) -> Option<&Released> {
        let digest = sealed_digest(&delivery.sealed);
        self.released.iter().find(|released| released.sealed == digest)
    }

    fn changes(&self, disclosure: &str, stays: impl Fn(&StoredDelivery) -> bool) -> Vec<Change> {
        let disclosure = disclosure.to_owned();
        let mut changes = vec![Change::Unchanged { disclosure: disclosure.clone(), version: self.version.clone() }];
        if !self.deliveries.iter().all(&stays) {
            let stay = self.deliveries.iter().filter(|delivery| stays(delivery)).map(|delivery| delivery.sealed.clone());
            changes.push(Change::DestroyDeliveries { disclosure, stay: stay.collect() });
        }
        changes
    }
}

/// The earlier releases judged by the facts of a plan.
#[derive(Debug, Default)]
pub(super) struct Judged {
    /// Those that are still given.
    pub(super) stay: Vec<Released>,
    /// The names that the recipient must not have for them.
    pub(super) apart: Vec<NameIndex>,
    /// On which consents and overrides they rest, with what of them.
    pub(super) relied: BTreeMap<String, BTreeSet<Category>>,
    /// Those that end.
    end: Vec<Released>,
}

impl Judged {
    /// The deliveries that are given again, oldest first.
    pub(super) fn deliveries(&self, matter: &Matter) -> Vec<StoredDelivery> {
        let Some(earlier) = &matter.earlier else { return Vec::new() };
        let stays = |delivery: &&StoredDelivery| self.stays(delivery);
        earlier.deliveries.iter().filter(stays).cloned().collect()
    }

    /// What is written about the earlier deliveries; the answer among them goes, unless it `keeps_answer`.
    pub(super) fn changes(&self, matter: &Matter, keeps_answer: bool) -> Vec<Change> {
        let Some(earlier) = &matter.earlier else { return Vec::new() };
        let answer = |delivery: &StoredDelivery| earlier.released_as(delivery).is_none();
        earlier.changes(&matter.id.to_string(), |delivery| self.stays(delivery) || (keeps_answer && answer(delivery)))
    }

    /// The entries about them: the releases that are given again with the answer to `picks_up`, and those that end before they were ever picked
    /// up, on the side of their source.
    pub(super) async fn entries(
        &self,
        gateway: &Gateway,
        matter: &Matter,
        plan: &Plan,
        picks_up: bool,
    ) -> Result<Vec<EntryRow>, Stopped> {
        let mut rows = Vec::new();
        if picks_up && !self.stay.is_empty() {
            rows.push(redelivery(gateway, matter, plan, &self.deliveries(matter))?);
        }
        if !self.end.is_empty() {
            let log = gateway.store.entries_of(matter.trace).await?;
            for released in &self.end {
                let mut since =
                    log.iter().skip_while(|entry| base64::encode_url(entry.row.leaf.bytes()) != released.leaf).skip(1);
                let contribution = since.next().map(|entry| entry.index);
                let picked_up = since.any(|entry| entry.row.clear.kind == EntryKind::Redelivery);
                if !picked_up {
                    rows.push(undelivered(gateway, matter, plan, (&released.source, contribution))?);
                }
            }
        }
        Ok(rows)
    }

    fn stays(&self, delivery: &StoredDelivery) -> bool {
        let digest = sealed_digest(&delivery.sealed);
        self.stay.iter().any(|released| released.sealed == digest)
    }
}

/// Judges what was released earlier by the facts of `plan`, as if it came now.
///
/// # Errors
/// [`Stopped`], when the vault cannot say whom the recipient acts for.
pub(super) async fn judge(gateway: &Gateway, matter: &Matter, plan: &Plan) -> Result<Judged, Stopped> {
    let mut judged = Judged::default();
    for released in matter.earlier.iter().flat_map(|earlier| &earlier.released) {
        let permitted =
            if keys_count(gateway, matter, released) { permitted(gateway, matter, plan, released).await? } else { None };
        match permitted {
            Some(Permitted { apart, relied }) => {
                judged.apart.extend(apart);
                for (consent, category) in relied {
                    judged.relied.entry(consent).or_default().insert(category);
                }
                judged.stay.push(released.clone());
            }
            None => judged.end.push(released.clone()),
        }
    }
    Ok(judged)
}

/// Neither the key that it is sealed to nor the one that its source signed with was withdrawn.
fn keys_count(gateway: &Gateway, matter: &Matter, released: &Released) -> bool {
    let registry = gateway.registry.current();
    let signed = registry.key(&released.keyid).is_some_and(|known| known.owner == released.source && !known.validity.revoked);
    signed && matter.caller.member().may_still_open(&released.kid)
}

/// A release that may be given again.
#[derive(Default)]
struct Permitted {
    /// The names that the recipient must not have for it.
    apart: Vec<NameIndex>,
    /// On which consents and overrides it rests, with what of it.
    relied: Vec<(String, Category)>,
}

/// Judges one release; `None` when it may not be given as it is.
async fn permitted(gateway: &Gateway, matter: &Matter, plan: &Plan, released: &Released) -> Result<Option<Permitted>, Stopped> {
    let mut permitted = Permitted::default();
    for given in &released.items {
        let Given { item, paths, shows_secret_address: shown } = given;
        let Some(verdict) = may_give(gateway, matter, plan, &released.source, item).await? else { return Ok(None) };
        // It is sealed: what the purpose keeps less of now, or whose address must be hidden now, cannot be cut any more.
        let kept = plan.purpose.transforms.paths(item.category, Form::Summary);
        let secrecy = |shows| Secrecy::of(item.facts.secret_address, shows);
        let same_secrecy = secrecy(*shown) == secrecy(shows_secret_address(matter, plan, &verdict.cell));
        if verdict.form != Form::Summary || !same_secrecy || !paths.iter().all(|path| kept.contains(path)) {
            return Ok(None);
        }
        permitted.apart.extend(verdict.apart);
        permitted.relied.extend(verdict.cell.relies_on().map(|ground| (ground, item.category)));
    }
    Ok(Some(permitted))
}

fn sealed_digest(jwe: &str) -> String {
    base64::encode_url(&digest::sha256(jwe.as_bytes()))
}

fn redelivery(gateway: &Gateway, matter: &Matter, plan: &Plan, stay: &[StoredDelivery]) -> Result<EntryRow, Stopped> {
    let mut body = entries::body(gateway, matter, plan, EntryKind::Redelivery)?;
    let of = Reference { object: "disclosure".to_owned(), id: matter.id.to_string() };
    body.references = entries::of_deliveries(stay).chain([of]).collect();
    let clear = entries::clear(gateway, matter, plan, EntryKind::Redelivery, Outcome::Given);
    Ok(gateway.journal.write(clear, body, None, plan.purpose.retention.log_years)?.row)
}

/// Tells the source's side of the log that what it released was never given: other facts forbade it before it was picked up.
fn undelivered(
    gateway: &Gateway,
    matter: &Matter,
    plan: &Plan,
    (source, contribution): (&Oin, Option<u64>),
) -> Result<EntryRow, Stopped> {
    let mut body = entries::body(gateway, matter, plan, EntryKind::Undelivered)?;
    body.party = source.clone();
    body.disclosing = Some(source.clone());
    // What else was asked, and on which overrides other sources' items would rest, is not this one's to know. What it released, its contribution says.
    body.overrides = Vec::new();
    let of = Reference { object: "disclosure".to_owned(), id: matter.id.to_string() };
    body.references = contribution.map(Reference::entry).into_iter().chain([of]).collect();
    let mut clear = entries::clear(gateway, matter, plan, EntryKind::Undelivered, Outcome::Failed);
    clear.categories = BTreeSet::new();
    clear.overridden = false;
    clear.party = source.clone();
    clear.source = Some(source.clone());
    clear.subject = Some(gateway.journal.subject_token(source, &plan.subject));
    clear.actor = Some(gateway.journal.actor_token(source, &matter.request.actor.reference));
    clear.case = matter.request.case.as_ref().map(|case| gateway.journal.case_token(source, case));
    Ok(gateway.journal.write(clear, body, None, plan.purpose.retention.log_years)?.row)
}
