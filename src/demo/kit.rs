//! The integrator's kit (`design.md` §9): what `persons.json` says about the synthetic persons.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::households::{DemoConsent, Household, Person, World};
use super::organisations::{DemoOrganisation, organisations};
use crate::catalogue::Category;
use crate::client::ListedOrganisation;

/// Every organisation of the demo for `organisations.json`, those without a folder in the kit included.
pub fn organisations_listed() -> Vec<ListedOrganisation> {
    let listed = |organisation: DemoOrganisation| {
        let DemoOrganisation { slug, oin, kind, name, bsn_authority, is_source, .. } = organisation;
        ListedOrganisation {
            slug: slug.code().to_owned(),
            oin: oin.to_owned(),
            name: name.to_owned(),
            kind,
            bsn_authority,
            source: is_source,
        }
    };
    organisations().map(listed).collect()
}

/// One entry of `persons.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KitPerson {
    /// `P07`.
    pub id: String,
    /// The citizen number of the test range; null for a newborn without one.
    pub bsn: Option<String>,
    /// `H02`.
    pub household: String,
    /// Place in the household, such as `child`.
    pub role: String,
    /// `YYYY-MM-DD`.
    pub birth_date: String,
    /// Source by folder name → categories that its own database has about this person; empty for the person known nowhere.
    pub holds: BTreeMap<String, Vec<Category>>,
    /// Consents about this person's data.
    pub consents: Vec<KitConsent>,
    /// What is worth knowing, in plain words.
    pub note: String,
}

/// A consent in `persons.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KitConsent {
    /// OIN of the organisation that may give.
    pub source: String,
    /// OINs of those that may receive.
    pub recipients: Vec<String>,
    /// Purpose codes.
    pub purposes: Vec<String>,
    /// Categories.
    pub categories: Vec<Category>,
    /// `given`, `refused`, `withdrawn` or `expired`.
    pub state: String,
}

/// The content of `persons.json`: every person of the world, in order of the ids.
pub fn persons(world: &World) -> Vec<KitPerson> {
    world.persons().map(|(household, person)| kit_person(world, household, person)).collect()
}

fn kit_person(world: &World, household: &Household, person: &Person) -> KitPerson {
    let holds = world.holds(household, person).into_iter().map(|(slug, held)| (slug.code().to_owned(), held)).collect();
    let consents = household.consents.iter().filter(|consent| consent.person == person.id).map(kit_consent).collect();
    let note = match &person.note {
        Some(own) => format!("{} {own}", household.note),
        None => household.note.clone(),
    };
    KitPerson {
        id: person.id.clone(),
        bsn: person.bsn.as_ref().map(|bsn| bsn.expose().to_owned()),
        household: person.household.clone(),
        role: person.role.code().to_owned(),
        birth_date: person.birth.to_string(),
        holds,
        consents,
        note,
    }
}

fn kit_consent(consent: &DemoConsent) -> KitConsent {
    KitConsent {
        source: consent.source.organisation().oin.to_owned(),
        recipients: consent.recipients.iter().map(|recipient| recipient.organisation().oin.to_owned()).collect(),
        purposes: consent.purposes.iter().map(|&purpose| purpose.to_owned()).collect(),
        categories: consent.categories.clone(),
        state: consent.state.code().to_owned(),
    }
}
