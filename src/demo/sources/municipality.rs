//! The municipality's own system: the mayor's temporary restraining orders (huisverboden) and the support of the local team.

use super::network::{linked, persons};
use super::shapes;
use super::table::{Table, row};
use super::view::{records, subjects};
use crate::demo::households::{Entry, World};
use crate::demo::organisations::Slug;

const RESIDENT: &str = "id, bsn, v_number, given_names, initials, particle, surname, search_names, birth_date, death_date, gender, \
    nationality_group, street, house_number, postcode, city, phone, email, secret_address, letter, case_manager, opened_on";

pub(super) fn tables(world: &World) -> Vec<Table> {
    let [tie, shielding] = linked(world, Slug::Municipality, ["resident_tie", "shielding"]);
    let mut order = Table::new(
        "restraining_order",
        "id, resident_id, kind, imposed_on, ends_on, conditions, left_behind, authority, recorded_on",
    );
    let mut area =
        Table::new("support_area", "id, resident_id, area, level, situation, help, effect, recorded_on, nature, summary_draft");
    for (household, record) in records(world, Slug::Municipality) {
        for (resident, _) in subjects(household, record) {
            match &record.entry {
                Entry::Measure { .. } => {
                    let key = row![order.next_id(), resident];
                    order.push([key, shapes::measure(household, record), row![record.recorded]].concat());
                }
                Entry::Area { .. } => {
                    area.push([row![area.next_id(), resident], shapes::area(record), shapes::ending(record)].concat());
                }
                _ => {}
            }
        }
    }
    vec![persons(world, Slug::Municipality, "resident", RESIDENT), tie, shielding, order, area]
}
