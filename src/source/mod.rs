//! Data holders: what the gateway asks of a source and what a source answers. The port is [`port::Sources`]; no retries, no filtering here.

pub mod digest;
pub mod http;
pub mod offers;
pub mod overrides;
pub mod port;
pub mod reading;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::catalogue::{Category, Form, PurposeCode};
use crate::clock::Timestamp;
use crate::organisation::Oin;
use crate::policy::{Facts, WpgArticle};
use crate::subject::SubjectId;

/// The RFC 9421 `tag` of everything between the gateway and a source (`design.md` §4).
pub const SOURCE_TAG: &str = "sluis-v1-source";

/// Stands among the paths of a signal's transform when the source may answer `no`: where the matrix has A for the cell, so that absence rests on
/// neither consent nor override (`design.md` §4). It then says `no` of everybody of whom it has no record, known to it or not: otherwise `no`
/// would tell that it knows the person.
pub const ASKS_NO: &str = "no";

/// The body of `POST /v1/records`: the gateway asks a source for authorised categories about one person.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RecordsRequest {
    /// The disclosure's id (`UUIDv7`): the decision under which the gateway asks.
    pub decision: String,
    /// The purpose of the request.
    pub purpose: PurposeCode,
    /// The codes of the legal bases of the purpose.
    pub legal_basis: Vec<String>,
    /// The organisation that will receive.
    pub recipient: Oin,
    /// The kind of that organisation, as the registry has it.
    /// When the organisation acts for a case's expertise team or as its director, `expertise-team` or `case-director`.
    pub recipient_kind: crate::organisation::Kind,
    /// For an expertise team its attendees (deelnemers), the one that asks among them: they receive together. Empty otherwise.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub attendees: BTreeSet<Oin>,
    /// The recipient's own reference of the person who asks; opaque to all others.
    pub actor: String,
    /// Why this is needed, in the requester's words.
    pub necessity: String,
    /// About whom.
    pub subject: SubjectWire,
    /// What is asked, one entry per category and form; a `summary` is a task for the source's professional.
    pub wanted: Vec<Wanted>,
    /// The override on which the request rests, by the id that this source gave it, if any.
    pub overrides: Vec<String>,
    /// When the gateway stops waiting for records.
    pub deadline: Timestamp,
    /// Until when a released summary is still delivered.
    pub release_until: Timestamp,
}

/// An identifier on the wire to a source. Lives only as long as the call; no `Debug` of the value.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Identifier)]
#[serde(deny_unknown_fields)]
pub struct SubjectWire {
    /// `bsn`, `v-number` or `local`.
    pub scheme: String,
    /// The number.
    pub value: String,
}

impl SubjectWire {
    /// An identifier as a source is asked by it. A local number goes to its own source only, so that need not be said.
    pub fn of(identifier: &SubjectId) -> Self {
        let (scheme, value) = match identifier {
            SubjectId::Bsn(bsn) => ("bsn", bsn.expose()),
            SubjectId::VNumber(number) => ("v-number", number.expose()),
            SubjectId::Local { value, .. } => ("local", value.expose()),
        };
        Self { scheme: scheme.to_owned(), value: value.to_owned() }
    }

    /// The identifier that `source` means; `None` when it is none.
    pub fn parse(&self, source: &Oin) -> Option<SubjectId> {
        match self.scheme.as_str() {
            "bsn" => self.value.parse().ok().map(SubjectId::Bsn),
            "v-number" => self.value.parse().ok().map(SubjectId::VNumber),
            "local" => self.value.parse().ok().map(|value| SubjectId::Local { source: source.clone(), value }),
            _ => None,
        }
    }
}

impl std::fmt::Debug for SubjectWire {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SubjectWire({}:…)", self.scheme)
    }
}

impl Drop for SubjectWire {
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.value);
    }
}

/// One category in one form, with the transform of the purpose file: the paths to keep.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// The category.
    pub category: Category,
    /// The form.
    pub form: Form,
    /// The fields to keep, as in the purpose file.
    pub transform: Vec<String>,
}

/// A source's answer to `POST /v1/records`. Unknown members are dropped by the gateway, not trusted. No `Debug`: it tells of a person.
#[derive(Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Release)]
pub struct RecordsAnswer {
    /// The decision that was asked under.
    pub decision: String,
    /// The subject as asked: the gateway drops an answer about another person.
    pub subject: SubjectWire,
    /// The items, each homogeneous in its facts.
    pub items: Vec<SourceItem>,
}

/// One item of a source: data of one category in one form, with the facts that the legal conditions need. Its `Debug` says only category and form.
#[derive(Clone, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SourceItem {
    /// 128 random bits, base64url: makes the item's digest unguessable; not passed on.
    pub id: String,
    /// The category.
    pub category: Category,
    /// The form that `data` is in.
    pub form: Form,
    /// The legal regime of the record: `wpg`, `wjsg`, `wgbo`, `wvggz`, `wmo`, `jeugdwet`, `wth`, `avg`.
    pub regime: String,
    /// The day of the record as `YYYY-MM-DD`, cut by the gateway to the form's precision.
    #[schema(format = Date)]
    pub recorded_at: String,
    /// Fact or hypothesis.
    pub nature: Nature,
    /// Facts for the legal conditions, stated by the source.
    #[serde(default)]
    pub facts: ItemFacts,
    /// Persons other than the subject that the data names by their letter.
    #[serde(default)]
    pub persons: Vec<OtherPerson>,
    /// The fields of `domain.md` §4 for this category and form.
    #[schema(value_type = Object)]
    pub data: Value,
}

impl std::fmt::Debug for SourceItem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SourceItem({} {}, …)", self.category, self.form)
    }
}

impl std::fmt::Debug for RecordsAnswer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RecordsAnswer({}, {} items)", self.decision, self.items.len())
    }
}

/// Whether a statement is a fact or a hypothesis: the criminal side wants facts, care works with hypotheses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Nature {
    /// Established.
    Fact,
    /// A professional's supposition.
    Hypothesis,
}

/// What the legal conditions of the matrix ask of an item; an absent fact denies. In the order of the names on the wire, which
/// [`digest::item_digest`] relies on.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct ItemFacts {
    /// A court order (ondertoezichtstelling).
    pub court_order_id: Option<String>,
    /// Under which Wpg article that decision was made: `19` or `20`; without it the decision fulfils no condition.
    pub decision_article: Option<String>,
    /// The Wpg art. 19/20 decision.
    pub decision_id: Option<String>,
    /// The mandate of the College van procureurs-generaal (Wjsg 39f).
    pub mandate_id: Option<String>,
    /// The steps of the meldcode are done.
    pub meldcode_steps: Option<bool>,
    /// The reference of the named professional who answers for the disclosure.
    pub professional: Option<String>,
    /// The item holds data of a temporary restraining order (huisverbod, Wth).
    pub restraining_order: Option<bool>,
    /// The subject, or a person in the item, has a secret address.
    pub secret_address: Option<bool>,
    /// The severity of the harm, or the interest that asks for it, is recorded (Wmo 4.1.1(2)(e)).
    pub severity: Option<bool>,
    /// The subject's age in whole years on the day of the answer.
    pub subject_age: Option<u8>,
    /// The Wjsg 51c test was made and passed.
    pub test51c: Option<bool>,
    /// The subject is under a temporary restraining order (huisverbod): the one whom it removes from the house.
    pub under_restraining_order: Option<bool>,
    /// Why a named professional holds this item back, if so.
    pub withheld_by_source: Option<bool>,
    /// Under which Wpg article the police hold it: `8`, `9`, `10`, `12`, `13`, or `14` (removed).
    pub wpg_article: Option<String>,
}

impl ItemFacts {
    /// What the policies are given of these facts: of a reference only that it is there, an empty one counting as absent.
    /// `protected_from_recipient`: a person in the item is protected from someone for whom the recipient acts.
    pub fn for_policy(&self, protected_from_recipient: bool) -> Facts {
        let stated = |reference: &Option<String>| reference.as_deref().is_some_and(|text| !text.trim().is_empty());
        let decided =
            |article| stated(&self.decision_id) && self.decision_article.as_deref().is_some_and(|of| of.trim() == article);
        Facts {
            wpg_article: self.wpg_article.as_deref().map(WpgArticle::from_text),
            wpg19_decision: decided("19"),
            wpg20_decision: decided("20"),
            mandate: stated(&self.mandate_id),
            court_order: stated(&self.court_order_id),
            professional: stated(&self.professional),
            meldcode_steps: self.meldcode_steps == Some(true),
            test51c: self.test51c == Some(true),
            severity: self.severity == Some(true),
            under_restraining_order: self.under_restraining_order == Some(true),
            restraining_order: self.restraining_order,
            secret_address: self.secret_address,
            subject_age: self.subject_age,
            withheld_by_source: self.withheld_by_source == Some(true),
            protected_from_recipient,
        }
    }
}

/// A person other than the subject, named in an item by a letter such as `A1` (adult) or `K1` (child). In the order of the names on the wire,
/// which [`digest::item_digest`] relies on.
#[derive(Clone, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OtherPerson {
    /// The age band, `0-3` … `95-104`.
    pub age_band: String,
    /// The identifier, if the source has one: replaced by a pseudonym in the gateway, never passed on.
    pub identifier: Option<SubjectWire>,
    /// The letter as used in `data`.
    pub letter: String,
    /// The identifiers of persons from whom this person is protected (`beschermd tegen`), each by every number that the source has.
    #[serde(default)]
    pub protected_from: Vec<SubjectWire>,
}

/// The body of the gateway's `POST /v1/receipts` to a source: proofs that what it gave is in the log. The source keeps all of them or none.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContributionReceipts {
    /// One or more, about any disclosures.
    pub receipts: Vec<ContributionReceipt>,
}

/// Proof that what a source gave to one delivery is in the log.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContributionReceipt {
    /// The disclosure's id.
    pub disclosure: String,
    /// The ids of the items that were delivered, in order.
    pub items: Vec<String>,
    /// The C2SP tlog-proof text whose statement's payload is the digest of those items.
    pub receipt: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_that_is_not_stated_fulfils_nothing() {
        assert_eq!(ItemFacts::default().for_policy(false), Facts::default());
        let blank = ItemFacts { mandate_id: Some(" ".into()), meldcode_steps: Some(false), ..ItemFacts::default() };
        assert_eq!(blank.for_policy(false), Facts::default());
        let stated: ItemFacts = serde_json::from_str(r#"{"wpgArticle":"8","mandateId":"m-1","subjectAge":9}"#).expect("facts");
        let facts = stated.for_policy(true);
        assert_eq!((facts.wpg_article, facts.subject_age), (Some(WpgArticle::Everyday), Some(9)));
        assert!(facts.mandate && facts.protected_from_recipient && !facts.wpg19_decision && !facts.wpg20_decision);
    }
}
