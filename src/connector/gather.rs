//! What one answer gives: per asked category and form the ceiling, the records, the form, the facts; nothing leaves from here.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::Connector;
use super::answer::AnswerError;
use super::ceiling::{Asked, Verdict};
use super::household::Household;
use super::ids::random_id;
use super::inbox::{Content, Part};
use super::outcome::{AskedOutcome, Outcome};
use super::record::{Record, empty_record, records};
use super::store::{NewEntry, OverrideRow, Reading};
use crate::catalogue::minimise::may_know_secret_address;
use crate::catalogue::{Category, Form, Secrecy};
use crate::source::{ItemFacts, Nature, RecordsRequest, SourceItem, Wanted};

/// The entry of a signal's transform that asks for `no` where there is no record (`design.md` §4); it is no field.
pub use crate::source::ASKS_NO;

/// What is gathered for one answer before it is logged.
#[derive(Default)]
pub(super) struct Gathered {
    pub(super) items: Vec<SourceItem>,
    pub(super) entries: Vec<NewEntry>,
    pub(super) outcomes: Vec<AskedOutcome>,
}

/// One answer in the making.
pub(super) struct Work<'a> {
    pub(super) request: &'a RecordsRequest,
    pub(super) household: &'a Household,
    pub(super) today: &'a str,
    /// The active overrides that the call rests on.
    pub(super) overrides: &'a [OverrideRow],
}

impl Connector {
    pub(super) fn gather(&self, work: &Work<'_>, reading: &mut Reading) -> Result<Gathered, AnswerError> {
        let mut gathered = Gathered::default();
        let mut read: BTreeMap<Category, Option<Vec<Record>>> = BTreeMap::new();
        for wanted in &work.request.wanted {
            let outcome = if let Some(refused) = self.refused(work.request, work.overrides, wanted) {
                refused
            } else {
                let records = match read.entry(wanted.category) {
                    Entry::Occupied(there) => there.into_mut(),
                    Entry::Vacant(place) => place.insert(self.records(wanted.category, work.household, reading)?),
                };
                let give = |records: &Vec<Record>| self.give(work, wanted, records, &mut gathered);
                records.as_ref().map_or(Ok(Outcome::Unreadable), give)?
            };
            if outcome == Outcome::Unreadable {
                tracing::warn!(
                    category = wanted.category.code(),
                    form = wanted.form.code(),
                    "a record does not fit the mapping or form"
                );
            }
            gathered.outcomes.push(AskedOutcome { category: wanted.category, form: wanted.form, outcome });
        }
        Ok(gathered)
    }

    /// What is answered about a person whom the source does not know: just what is answered about one of whom it has no record. Where a signal
    /// may say `no` it says so of both, with the same facts; where it may not, neither gives anything. So nobody learns from an answer
    /// whether the source knows the person (invariant 8); only the source's own access log tells the two apart.
    pub(super) fn gather_unknown(
        &self,
        request: &RecordsRequest,
        overrides: &[OverrideRow],
        today: &str,
    ) -> Result<Gathered, AnswerError> {
        let mut gathered = Gathered::default();
        for wanted in &request.wanted {
            let outcome = match self.refused(request, overrides, wanted) {
                None => {
                    if asks_no(wanted) {
                        self.give_no(wanted, today, &mut gathered)?;
                    }
                    Outcome::UnknownPerson
                }
                Some(refused) => refused,
            };
            gathered.outcomes.push(AskedOutcome { category: wanted.category, form: wanted.form, outcome });
        }
        Ok(gathered)
    }

    /// Why the source's own rules refuse it, if they do.
    fn refused(&self, request: &RecordsRequest, overrides: &[OverrideRow], wanted: &Wanted) -> Option<Outcome> {
        let RecordsRequest { purpose, recipient, recipient_kind, attendees, .. } = request;
        // This source may attend: it has the data already.
        let attendees = attendees.iter().filter(|attendee| **attendee != self.oin).cloned().collect();
        let asked = Asked { purpose, recipient, attendees: &attendees, kind: *recipient_kind };
        match self.ceiling.verdict(asked, wanted.category, wanted.form) {
            Verdict::Never => Some(Outcome::BeyondCeiling),
            Verdict::UnderOverride if !covered(overrides, wanted) => Some(Outcome::NoOverride),
            Verdict::UnderOverride | Verdict::Allowed => None,
        }
    }

    /// The exact records of a category; `None` when a row does not fit the mapping.
    fn records(
        &self,
        category: Category,
        household: &Household,
        reading: &mut Reading,
    ) -> Result<Option<Vec<Record>>, AnswerError> {
        let mut all = Vec::new();
        for query in self.mapping.queries(category) {
            let table = reading.rows(&query.query, &household.key)?;
            match records(query, &table) {
                Ok(records) => all.extend(records),
                Err(_) => return Ok(None),
            }
        }
        Ok(Some(all))
    }

    fn give(
        &self,
        work: &Work<'_>,
        wanted: &Wanted,
        records: &[Record],
        gathered: &mut Gathered,
    ) -> Result<Outcome, AnswerError> {
        let free: Vec<&Record> = records.iter().filter(|record| record.facts.withheld_by_source != Some(true)).collect();
        if !records.is_empty() && free.is_empty() {
            return Ok(Outcome::Withheld);
        }
        match (free.as_slice(), wanted.form) {
            ([], _) if asks_no(wanted) => self.give_no(wanted, work.today, gathered),
            ([], _) => Ok(Outcome::NoRecord),
            (records, Form::Summary) => self.enter(work, wanted, records, gathered),
            (records, _) => self.give_items(work, wanted, records, gathered),
        }
    }

    fn give_items(
        &self,
        work: &Work<'_>,
        wanted: &Wanted,
        records: &[&Record],
        gathered: &mut Gathered,
    ) -> Result<Outcome, AnswerError> {
        let mut items: Vec<SourceItem> = Vec::new();
        for record in records {
            let Some(part) = self.part(work, wanted, record, &record.data) else { return Ok(Outcome::Unreadable) };
            // Equal signals are one: their number would say how many records there are.
            let same = |item: &&mut SourceItem| {
                wanted.form == Form::Signal
                    && item.facts == part.facts
                    && item.nature == part.nature
                    && item.data == part.data
                    && item.regime == part.regime
            };
            match items.iter_mut().find(same) {
                Some(item) if part.recorded_at > item.recorded_at => item.recorded_at = part.recorded_at,
                Some(_) => {}
                None => items.push(part.into_item(random_id(&*self.outside.entropy)?, wanted.category, wanted.form)),
            }
        }
        gathered.items.append(&mut items);
        Ok(Outcome::Given)
    }

    /// `no`, where the purpose asks for it and there is no record. It states nothing about the person, neither age nor professional nor whom she
    /// is protected from: a source states the same of somebody whom it does not know.
    fn give_no(&self, wanted: &Wanted, today: &str, gathered: &mut Gathered) -> Result<Outcome, AnswerError> {
        let Some(query) = self.mapping.queries(wanted.category).next() else { return Ok(Outcome::NoRecord) };
        let (exact, fields) = (empty_record(query), fields(wanted));
        let minimiser = &self.outside.minimiser;
        let data = minimiser.minimise_at_source(wanted.category, wanted.form, &exact, &fields, Secrecy::Open, today);
        let Ok(data) = data else { return Ok(Outcome::Unreadable) };
        let part = Part {
            regime: query.regime.code().to_owned(),
            recorded_at: today.to_owned(),
            nature: Nature::Fact,
            facts: ItemFacts::default(),
            persons: Vec::new(),
            drafts: Vec::new(),
            data,
        };
        gathered.items.push(part.into_item(random_id(&*self.outside.entropy)?, wanted.category, wanted.form));
        Ok(Outcome::Given)
    }

    /// A summary never leaves by itself: a draft goes to the inbox.
    fn enter(
        &self,
        work: &Work<'_>,
        wanted: &Wanted,
        records: &[&Record],
        gathered: &mut Gathered,
    ) -> Result<Outcome, AnswerError> {
        let mut parts = Vec::new();
        for record in records {
            let Some(part) = self.part(work, wanted, record, &record.with_drafts) else { return Ok(Outcome::Unreadable) };
            parts.push(part);
        }
        let request = work.request;
        let content = Content {
            subject: request.subject.clone(),
            actor: request.actor.clone(),
            attendees: request.attendees.clone(),
            necessity: request.necessity.clone(),
            legal_basis: request.legal_basis.clone(),
            parts,
        };
        let id = random_id(&*self.outside.entropy)?;
        gathered.entries.push(NewEntry { id, category: wanted.category, release_until: request.release_until, content });
        Ok(Outcome::Entered)
    }

    /// A record in the wanted form with its facts; `None` when it does not fit the form.
    fn part(&self, work: &Work<'_>, wanted: &Wanted, record: &Record, exact: &serde_json::Value) -> Option<Part> {
        let secret = work.household.secret_address(exact);
        let RecordsRequest { purpose, recipient_kind, .. } = work.request;
        let secrecy =
            Secrecy::of(Some(secret), may_know_secret_address(purpose, *recipient_kind, covered(work.overrides, wanted)));
        let exact = work.household.with_age_bands(exact);
        let minimiser = &self.outside.minimiser;
        let fields = fields(wanted);
        let data = minimiser.minimise_at_source(wanted.category, wanted.form, &exact, &fields, secrecy, work.today).ok()?;
        let subject = &work.household.subject;
        let facts = ItemFacts {
            professional: record.facts.professional.clone().or_else(|| subject.professional.clone()),
            secret_address: Some(secret),
            subject_age: subject.age,
            ..record.facts.clone()
        };
        Some(Part {
            regime: record.regime.code().to_owned(),
            recorded_at: record.recorded_at.clone(),
            nature: record.nature,
            facts,
            persons: work.household.persons_in(&data, &work.request.subject),
            drafts: record.drafts.clone(),
            data,
        })
    }
}

/// Whether a signal may say `no`.
fn asks_no(wanted: &Wanted) -> bool {
    wanted.form == Form::Signal && wanted.transform.iter().any(|entry| entry == ASKS_NO)
}

/// The fields to keep.
fn fields(wanted: &Wanted) -> Vec<String> {
    wanted.transform.iter().filter(|entry| *entry != ASKS_NO).cloned().collect()
}

fn covered(overrides: &[OverrideRow], wanted: &Wanted) -> bool {
    overrides.iter().any(|row| row.covers(wanted.category, wanted.form))
}

impl Gathered {
    /// An answer in which everything has the same outcome.
    pub(super) fn nothing(request: &RecordsRequest, outcome: Outcome) -> Self {
        let outcomes = request.wanted.iter().map(|wanted| AskedOutcome { category: wanted.category, form: wanted.form, outcome });
        Self { outcomes: outcomes.collect(), ..Self::default() }
    }
}
