//! Probation's own system: supervision, measures, assessments and living areas of clients, each with the outcome of the Wjsg 51c
//! test.

use super::network::{persons, relatives};
use super::shapes;
use super::table::{Table, row};
use super::view::{json, records, subjects};
use crate::demo::households::{Entry, World};
use crate::demo::organisations::Slug;

const CLIENT: &str = "id, bsn, v_number, given_names, initials, particle, surname, search_names, birth_date, death_date, gender, \
    nationality_group, street, house_number, postcode, city, phone, email, secret_address, letter, supervisor, opened_on";

pub(super) fn tables(world: &World) -> Vec<Table> {
    let [network, shielding] = relatives(world, Slug::Probation, ["network_member", "shielding"]);
    let mut supervision = Table::new(
        "supervision",
        "id, client_id, kind, starts_on, ends_on, conditions, compliance, officer, passed_51c, recorded_on",
    );
    let mut imposed = Table::new(
        "imposed_measure",
        "id, client_id, kind, valid_from, valid_until, conditions, protects, authority, passed_51c, recorded_on",
    );
    let mut assessment = Table::new(
        "assessment",
        "id, client_id, assessed_on, instrument, scores, level, text, passed_51c, recorded_on, nature, summary_draft",
    );
    let mut area = Table::new(
        "life_area",
        "id, client_id, area, level, situation, help, effect, passed_51c, recorded_on, nature, summary_draft",
    );
    for (household, record) in records(world, Slug::Probation) {
        for (client, _) in subjects(household, record) {
            let passed = row![record.facts.test51c];
            let dated = [passed.clone(), row![record.recorded]].concat();
            let ending = [passed, shapes::ending(record)].concat();
            match &record.entry {
                Entry::Supervision { kind, until, conditions, compliance, officer } => {
                    let what =
                        row![supervision.next_id(), client, *kind, record.date, *until, json(conditions), *compliance, *officer];
                    supervision.push([what, dated].concat());
                }
                Entry::Measure { .. } => {
                    imposed.push([row![imposed.next_id(), client], shapes::measure(household, record), dated].concat());
                }
                Entry::Risk { .. } => {
                    assessment.push([row![assessment.next_id(), client], shapes::risk(record), ending].concat());
                }
                Entry::Area { .. } => area.push([row![area.next_id(), client], shapes::area(record), ending].concat()),
                _ => {}
            }
        }
    }
    vec![persons(world, Slug::Probation, "client", CLIENT), network, shielding, supervision, imposed, assessment, area]
}
