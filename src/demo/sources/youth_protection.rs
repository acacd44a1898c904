//! Youth protection's own system: measures for children with their court orders, rules of contact for parents, living areas,
//! findings.

use super::network::{linked, persons};
use super::shapes;
use super::table::{Table, row};
use super::view::{records, subjects};
use crate::demo::households::{Entry, World};
use crate::demo::organisations::Slug;

const PERSON: &str = "id, bsn, v_number, given_names, initials, particle, surname, search_names, birth_date, death_date, gender, \
    nationality_group, street, house_number, postcode, city, phone, email, secret_address, letter, guardian, opened_on";

pub(super) fn tables(world: &World) -> Vec<Table> {
    let [tie, shielding] = linked(world, Slug::YouthProtection, ["family_tie", "shielding"]);
    let mut measure = Table::new(
        "youth_measure",
        "id, person_id, kind, starts_on, ends_on, body, court_order, plan, recorded_on, nature, summary_draft",
    );
    let mut rule = Table::new(
        "contact_rule",
        "id, person_id, kind, valid_from, valid_until, conditions, protects, authority, court_order, recorded_on",
    );
    let mut area =
        Table::new("life_area", "id, person_id, area, level, situation, help, effect, recorded_on, nature, summary_draft");
    let mut finding =
        Table::new("finding", "id, person_id, code, system, found_on, injury, treatment, recorded_on, nature, summary_draft");
    for (household, record) in records(world, Slug::YouthProtection) {
        for (person, _) in subjects(household, record) {
            let (table, content) = match &record.entry {
                Entry::ChildMeasure { .. } => (&mut measure, shapes::child_measure(record)),
                Entry::Area { .. } => (&mut area, shapes::area(record)),
                Entry::Diagnosis { .. } => (&mut finding, shapes::diagnosis(record)),
                Entry::Measure { .. } => {
                    let order = row![record.facts.court_order_id.as_ref(), record.recorded];
                    rule.push([row![rule.next_id(), person], shapes::measure(household, record), order].concat());
                    continue;
                }
                _ => continue,
            };
            let key = row![table.next_id(), person];
            table.push([key, content, shapes::ending(record)].concat());
        }
    }
    vec![persons(world, Slug::YouthProtection, "person", PERSON), tie, shielding, measure, rule, area, finding]
}
