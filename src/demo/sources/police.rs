//! The police's own system: incidents (mutaties) with everybody involved, and what follows from them for one person.

use super::network::{linked, persons};
use super::shapes;
use super::table::{Cell, Table, row};
use super::view::{records, subjects};
use crate::demo::households::{Entry, Household, Record, World};
use crate::demo::organisations::Slug;

const PERSON: &str = "id, bsn, v_number, given_names, initials, particle, surname, search_names, birth_date, death_date, sex, \
    nationality_group, street, house_number, postcode, city, phone, email, address_shielded, letter, officer, registered_on";

pub(super) fn tables(world: &World) -> Vec<Table> {
    let [kin, shielding] = linked(world, Slug::Police, ["kin", "shielding"]);
    let mut entries = Entries::new();
    for (household, record) in records(world, Slug::Police) {
        entries.add(household, record);
    }
    let Entries { incident, involved, measure, risk, antecedent, case } = entries;
    vec![persons(world, Slug::Police, "person", PERSON), kin, shielding, incident, involved, measure, risk, antecedent, case]
}

struct Entries {
    incident: Table,
    involved: Table,
    measure: Table,
    risk: Table,
    antecedent: Table,
    case: Table,
}

impl Entries {
    const fn new() -> Self {
        Self {
            incident: Table::new(
                "incident",
                "id, mutation_number, occurred_on, kind, place, violence, injury, children_present, report, wpg_article, decision_id, decision_article, \
                 recorded_on, nature, summary_draft",
            ),
            involved: Table::new("involved", "incident_id, person_id, part"),
            measure: Table::new(
                "measure",
                "id, person_id, kind, valid_from, valid_until, conditions, protects, authority, wpg_article, recorded_on",
            ),
            risk: Table::new(
                "risk_screening",
                "id, person_id, screened_on, instrument, scores, level, remarks, wpg_article, recorded_on, nature, summary_draft",
            ),
            antecedent: Table::new(
                "antecedent",
                "id, person_id, decided_on, article, offence, offence_class, sentence, status, wpg_article, recorded_on",
            ),
            case: Table::new(
                "criminal_case",
                "id, number, person_id, opened_on, offence, offence_class, stage, hearing, wpg_article, recorded_on, summary_draft",
            ),
        }
    }

    fn add(&mut self, household: &Household, record: &Record) {
        if let Entry::Incident { .. } = record.entry {
            self.add_incident(household, record);
            return;
        }
        for (person, _) in subjects(household, record) {
            self.add_about(household, record, person);
        }
    }

    fn add_incident(&mut self, household: &Household, record: &Record) {
        let Entry::Incident { kind, place, violence, injury, children_present, text } = &record.entry else { return };
        let id = self.incident.next_id();
        let number = format!("PL1100-{}{id:06}", record.date.year());
        let what = row![id, number, record.date, *kind, place, violence, injury, *children_present, text];
        let law = row![article(record), record.facts.decision_id.as_ref(), record.facts.decision_article.as_ref()];
        self.incident.push([what, law, shapes::ending(record)].concat());
        for (person, part) in subjects(household, record) {
            self.involved.push(row![id, person, part.code()]);
        }
    }

    fn add_about(&mut self, household: &Household, record: &Record, person: String) {
        let law = row![article(record), record.recorded];
        match &record.entry {
            Entry::Measure { .. } => {
                let key = row![self.measure.next_id(), person];
                self.measure.push([key, shapes::measure(household, record), law].concat());
            }
            Entry::Risk { .. } => {
                let key = row![self.risk.next_id(), person];
                let ending = [row![article(record)], shapes::ending(record)].concat();
                self.risk.push([key, shapes::risk(record), ending].concat());
            }
            Entry::Conviction { .. } => {
                let key = row![self.antecedent.next_id(), person];
                self.antecedent.push([key, shapes::conviction(record), law].concat());
            }
            Entry::Pending { .. } => {
                let id = self.case.next_id();
                let key = row![id, format!("PV-{}-{id:05}", record.date.year()), person];
                self.case.push([key, shapes::pending(record), law, row![shapes::draft(record)]].concat());
            }
            _ => {}
        }
    }
}

fn article(record: &Record) -> Cell {
    record.facts.wpg_article.as_ref().into()
}
