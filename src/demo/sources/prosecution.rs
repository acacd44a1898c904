//! The public prosecution's own system: verdicts, cases and conditions of suspects, with the mandate under which they may be
//! given.

use super::network::{persons, relatives};
use super::shapes;
use super::table::{Table, row};
use super::view::{records, subjects};
use crate::demo::households::{Entry, World};
use crate::demo::organisations::Slug;

const SUSPECT: &str = "id, bsn, v_number, given_names, initials, particle, surname, search_names, birth_date, death_date, gender, \
    nationality_group, street, house_number, postcode, city, phone, email, secret_address, letter, prosecutor, opened_on";

pub(super) fn tables(world: &World) -> Vec<Table> {
    let [concerned, shielding] = relatives(world, Slug::Prosecution, ["person_concerned", "shielding"]);
    let mut verdict = Table::new(
        "verdict",
        "id, suspect_id, decided_on, article, offence, offence_class, sentence, status, mandate, recorded_on",
    );
    let mut case = Table::new(
        "case_file",
        "id, number, suspect_id, registered_on, offence, offence_class, stage, hearing, mandate, recorded_on, summary_draft",
    );
    let mut condition = Table::new(
        "imposed_condition",
        "id, suspect_id, kind, valid_from, valid_until, conditions, protects, authority, mandate, recorded_on",
    );
    for (household, record) in records(world, Slug::Prosecution) {
        for (suspect, _) in subjects(household, record) {
            let law = row![record.facts.mandate_id.as_ref(), record.recorded];
            match &record.entry {
                Entry::Conviction { .. } => {
                    verdict.push([row![verdict.next_id(), suspect], shapes::conviction(record), law].concat());
                }
                Entry::Pending { .. } => {
                    let id = case.next_id();
                    let key = row![id, format!("99/{:06}-{}", id, record.date.year() % 100), suspect];
                    case.push([key, shapes::pending(record), law, row![shapes::draft(record)]].concat());
                }
                Entry::Measure { .. } => {
                    condition.push([row![condition.next_id(), suspect], shapes::measure(household, record), law].concat());
                }
                _ => {}
            }
        }
    }
    vec![persons(world, Slug::Prosecution, "suspect", SUSPECT), concerned, shielding, verdict, case, condition]
}
