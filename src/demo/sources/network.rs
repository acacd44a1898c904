//! Two ways in which sources keep a family: registers link the files of its members, care and justice note the relatives of one
//! client.

use super::table::{Cell, Table, row};
use super::view::{File, files, json, tie_cells};
use crate::demo::households::World;
use crate::demo::organisations::Slug;

/// Links between the files of a register, and the protections of its persons.
pub(super) fn linked(world: &World, source: Slug, names: [&'static str; 2]) -> [Table; 2] {
    let [links, protections] = names;
    let mut links = Table::new(links, "person_id, other_id, relation, role, custody, since, until");
    let mut protections = Table::new(protections, "person_id, scheme, value");
    for file in files(world, source) {
        for (other, tie) in file.others() {
            links.push([row![file.id(), other.local_number(source)], tie_cells(other, &tie)].concat());
        }
        for (scheme, value) in file.protected_from(file.person) {
            protections.push(row![file.id(), scheme, value]);
        }
    }
    [links, protections]
}

/// Relatives noted with a client, and the protections of both.
pub(super) fn relatives(world: &World, source: Slug, names: [&'static str; 2]) -> [Table; 2] {
    let [relatives, protections] = names;
    let columns = "id, client_id, bsn, letter, birth_date, search_names, secret_address, relation, role, custody, since, until";
    let mut relatives = Table::new(relatives, columns);
    let mut protections = Table::new(protections, "subject_id, scheme, value");
    for file in files(world, source) {
        for (scheme, value) in file.protected_from(file.person) {
            protections.push(row![file.id(), scheme, value]);
        }
        for (other, tie) in file.others() {
            let id = format!("{}-{}", file.id(), other.letter);
            for (scheme, value) in file.protected_from(other) {
                protections.push(row![&id, scheme, value]);
            }
            let bsn = other.bsn.as_ref().map(|bsn| bsn.expose().to_owned());
            let names = json(&other.name.search_names());
            let who = row![id, file.id(), bsn, &other.letter, other.birth, names, other.secret_address];
            relatives.push([who, tie_cells(other, &tie)].concat());
        }
    }
    [relatives, protections]
}

/// A person table: numbers, names, address, then letter, professional and the day the file was opened.
pub(super) fn persons(world: &World, source: Slug, name: &'static str, columns: &'static str) -> Table {
    let mut table = Table::new(name, columns);
    for file in files(world, source) {
        table.push(person(&file));
    }
    table
}

fn person(file: &File<'_>) -> Vec<Cell> {
    let last = row![&file.person.letter, file.professional(), file.opened()];
    [file.number_cells(), file.name_cells(), file.address_cells(), last].concat()
}
