//! The child protection board's own system: inquiries into a child and what was found per living area.

use super::network::{linked, persons};
use super::shapes;
use super::table::{Table, row};
use super::view::{records, subjects};
use crate::demo::households::{Entry, World};
use crate::demo::organisations::Slug;

const PERSON: &str = "id, bsn, v_number, given_names, initials, particle, surname, search_names, birth_date, death_date, gender, \
    nationality_group, street, house_number, postcode, city, phone, email, secret_address, letter, investigator, opened_on";

pub(super) fn tables(world: &World) -> Vec<Table> {
    let [tie, shielding] = linked(world, Slug::ChildProtectionBoard, ["tie", "shielding"]);
    let mut inquiry = Table::new(
        "inquiry",
        "id, person_id, kind, opened_on, closed_on, body, court_order, outcome, recorded_on, nature, summary_draft",
    );
    let mut area =
        Table::new("finding_area", "id, person_id, area, level, situation, help, effect, recorded_on, nature, summary_draft");
    for (household, record) in records(world, Slug::ChildProtectionBoard) {
        for (person, _) in subjects(household, record) {
            let (table, content) = match &record.entry {
                Entry::ChildMeasure { .. } => (&mut inquiry, shapes::child_measure(record)),
                Entry::Area { .. } => (&mut area, shapes::area(record)),
                _ => continue,
            };
            let key = row![table.next_id(), person];
            table.push([key, content, shapes::ending(record)].concat());
        }
    }
    vec![persons(world, Slug::ChildProtectionBoard, "person", PERSON), tie, shielding, inquiry, area]
}
