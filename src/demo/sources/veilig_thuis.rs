//! Veilig Thuis's own system: reports (meldingen) with those concerned, assessments of whole households, measures and living
//! areas noted. Who made a report stands in a table that no view of the connector reads.

use super::network::{linked, persons};
use super::shapes;
use super::table::{Table, row};
use super::view::{records, subjects};
use crate::demo::households::{Entry, Household, Record, SafetyAssessment, World};
use crate::demo::organisations::Slug;

const PARTY: &str = "id, bsn, v_number, given_names, initials, particle, surname, search_names, birth_date, death_date, gender, \
    nationality_group, street, house_number, postcode, city, phone, email, secret_address, letter, case_worker, opened_on";

pub(super) fn tables(world: &World) -> Vec<Table> {
    let [links, shielding] = linked(world, Slug::VeiligThuis, ["family_link", "shielding"]);
    let mut entries = Entries::new();
    for (household, record) in records(world, Slug::VeiligThuis) {
        entries.add(household, record);
    }
    let Entries { report, report_party, reporter, safety, safety_party, risk, measure, area } = entries;
    let party = persons(world, Slug::VeiligThuis, "party", PARTY);
    vec![party, links, shielding, report, report_party, reporter, safety, safety_party, risk, measure, area]
}

struct Entries {
    report: Table,
    report_party: Table,
    reporter: Table,
    safety: Table,
    safety_party: Table,
    risk: Table,
    measure: Table,
    area: Table,
}

impl Entries {
    const fn new() -> Self {
        Self {
            report: Table::new(
                "report",
                "id, number, reported_on, kind, place, violence, injury, children_present, narrative, recorded_on, nature, summary_draft",
            ),
            report_party: Table::new("report_party", "report_id, person_id, part"),
            reporter: Table::new("reporter", "report_id, statement"),
            safety: Table::new(
                "safety_assessment",
                "id, assessed_on, instrument, scale, structural, acute, threats, top3, agreements, text, recorded_on, nature, \
                 summary_draft",
            ),
            safety_party: Table::new("assessment_party", "assessment_id, person_id"),
            risk: Table::new(
                "risk_assessment",
                "id, person_id, assessed_on, instrument, scores, level, text, recorded_on, nature, summary_draft",
            ),
            measure: Table::new(
                "youth_measure",
                "id, person_id, kind, starts_on, ends_on, body, court_order, plan, recorded_on, nature, summary_draft",
            ),
            area: Table::new(
                "life_area",
                "id, person_id, area, level, situation, help, effect, recorded_on, nature, summary_draft",
            ),
        }
    }

    fn add(&mut self, household: &Household, record: &Record) {
        match &record.entry {
            Entry::Incident { .. } => self.add_report(household, record),
            Entry::Safety(assessment) => self.add_safety(household, record, assessment),
            _ => {
                for (person, _) in subjects(household, record) {
                    self.add_about(record, person);
                }
            }
        }
    }

    fn add_report(&mut self, household: &Household, record: &Record) {
        let Entry::Incident { kind, place, violence, injury, children_present, text } = &record.entry else { return };
        let id = self.report.next_id();
        let number = format!("M{}-{id:05}", record.date.year());
        let narrative = format!("Geweld: {violence}. Letsel: {injury}.");
        let what = row![id, number, record.date, *kind, place, violence, injury, *children_present, narrative];
        self.report.push([what, shapes::ending(record)].concat());
        self.reporter.push(row![id, text]);
        for (person, part) in subjects(household, record) {
            self.report_party.push(row![id, person, part.code()]);
        }
    }

    fn add_safety(&mut self, household: &Household, record: &Record, assessment: &SafetyAssessment) {
        let id = self.safety.next_id();
        self.safety.push([row![id], shapes::safety(record, assessment), shapes::ending(record)].concat());
        for (person, _) in subjects(household, record) {
            self.safety_party.push(row![id, person]);
        }
    }

    fn add_about(&mut self, record: &Record, person: String) {
        let (table, content) = match &record.entry {
            Entry::Risk { .. } => (&mut self.risk, shapes::risk(record)),
            Entry::ChildMeasure { .. } => (&mut self.measure, shapes::child_measure(record)),
            Entry::Area { .. } => (&mut self.area, shapes::area(record)),
            _ => return,
        };
        let key = row![table.next_id(), person];
        table.push([key, content, shapes::ending(record)].concat());
    }
}
