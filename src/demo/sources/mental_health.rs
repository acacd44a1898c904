//! Mental-health care's own system: clients and relatives, episodes of care and what was found and done in them.

use super::network::{persons, relatives};
use super::shapes;
use super::table::{Cell, Table, row};
use super::view::{records, subjects};
use crate::demo::households::{Entry, Record, World};
use crate::demo::organisations::Slug;

const CLIENT: &str = "id, bsn, v_number, given_names, initials, particle, surname, search_names, birth_date, death_date, gender, \
    nationality_group, street, house_number, postcode, city, phone, email, secret_address, letter, practitioner, opened_on";

pub(super) fn tables(world: &World) -> Vec<Table> {
    let [relative, shielding] = relatives(world, Slug::MentalHealth, ["relative", "shielding"]);
    let mut entries = Entries::new();
    for (household, record) in records(world, Slug::MentalHealth) {
        for (client, _) in subjects(household, record) {
            entries.add(record, client);
        }
    }
    let Entries { episode, diagnosis, substance, compulsory, risk, plan } = entries;
    let client = persons(world, Slug::MentalHealth, "client", CLIENT);
    vec![client, relative, shielding, episode, diagnosis, substance, compulsory, risk, plan]
}

/// Every entry ends with who answers for a disclosure, the meldcode, whether it is held back, and the day, nature and draft.
macro_rules! columns {
    ($own:literal) => {
        concat!("id, client_id, ", $own, ", named_professional, meldcode_done, withheld, recorded_on, nature, summary_draft")
    };
}

struct Entries {
    episode: Table,
    diagnosis: Table,
    substance: Table,
    compulsory: Table,
    risk: Table,
    plan: Table,
}

impl Entries {
    const fn new() -> Self {
        Self {
            episode: Table::new("episode", columns!("unit, practitioner, role, starts_on, ends_on")),
            diagnosis: Table::new("diagnosis", columns!("code, system, established_on, injury, treatment")),
            substance: Table::new("substance_use", columns!("kind, severity, treatment, since")),
            compulsory: Table::new("compulsory_care", columns!("kind, starts_on, ends_on")),
            risk: Table::new("risk_assessment", columns!("assessed_on, instrument, scores, level, text")),
            plan: Table::new(
                "safety_plan",
                columns!("made_on, instrument, scale, structural, acute, threats, top3, agreements, text"),
            ),
        }
    }

    fn add(&mut self, record: &Record, client: String) {
        let date = record.date;
        let (table, content) = match &record.entry {
            Entry::Care { unit, professional, role, until } => {
                (&mut self.episode, row![*unit, *professional, *role, date, *until])
            }
            Entry::Diagnosis { .. } => (&mut self.diagnosis, shapes::diagnosis(record)),
            Entry::Substance { kind, severity, treatment } => (&mut self.substance, row![*kind, *severity, treatment, date]),
            Entry::Compulsory { kind, until } => (&mut self.compulsory, row![*kind, date, *until]),
            Entry::Risk { .. } => (&mut self.risk, shapes::risk(record)),
            Entry::Safety(assessment) => (&mut self.plan, shapes::safety(record, assessment)),
            _ => return,
        };
        let key = row![table.next_id(), client];
        table.push([key, content, responsibility(record), shapes::ending(record)].concat());
    }
}

fn responsibility(record: &Record) -> Vec<Cell> {
    let facts = &record.facts;
    row![facts.professional.as_ref(), facts.meldcode_steps, facts.withheld_by_source]
}
