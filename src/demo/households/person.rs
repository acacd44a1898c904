//! A synthetic person: who it is, where it lives, which organisations know it. None exists; all names and numbers are invented.

use std::collections::BTreeSet;

use time::Date;

use crate::demo::organisations::Slug;
use crate::subject::Bsn;

/// Female or male, as the source systems of the demo register it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gender {
    /// `female`.
    Female,
    /// `male`.
    Male,
}

impl Gender {
    /// The code in the records.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Female => "female",
            Self::Male => "male",
        }
    }
}

/// The place of a person in the household.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// A parent (ouder) of a child of the household.
    Parent,
    /// The partner of a parent (stiefouder).
    StepParent,
    /// A partner in a household without children.
    Partner,
    /// A parent who no longer lives there.
    ExPartner,
    /// A minor.
    Child,
    /// A child of age.
    AdultChild,
    /// A grandparent (grootouder).
    Grandparent,
    /// Lives alone.
    Single,
}

impl Role {
    /// The code in the kit and in the records.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Parent => "parent",
            Self::StepParent => "step-parent",
            Self::Partner => "partner",
            Self::ExPartner => "ex-partner",
            Self::Child => "child",
            Self::AdultChild => "adult-child",
            Self::Grandparent => "grandparent",
            Self::Single => "single",
        }
    }
}

/// Name of a person.
#[derive(Clone, PartialEq, Eq)]
pub struct Name {
    /// Given names (voornamen), separated by spaces.
    pub given: String,
    /// The name by which family calls the person, if another.
    pub nickname: Option<String>,
    /// Particle (tussenvoegsel), if any.
    pub particle: Option<String>,
    /// Surname without particle.
    pub surname: String,
}

impl Name {
    /// Initials with dots, such as `H.J.`.
    pub fn initials(&self) -> String {
        self.given.split_whitespace().filter_map(|name| name.chars().next()).flat_map(|initial| [initial, '.']).collect()
    }

    /// The first given name.
    pub fn first(&self) -> &str {
        self.given.split_whitespace().next().unwrap_or(&self.given)
    }

    /// All names by which a text may call the person: given names, surname, nickname.
    pub fn search_names(&self) -> Vec<String> {
        let given = self.given.split_whitespace().map(str::to_owned);
        given.chain([self.surname.clone()]).chain(self.nickname.clone()).collect()
    }
}

/// Where a person lives and how to reach it.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Address {
    /// Street.
    pub street: String,
    /// House number with its suffix.
    pub house_number: String,
    /// Postcode, `1234 AB`.
    pub postcode: String,
    /// Town.
    pub city: String,
    /// Telephone number.
    pub phone: String,
}

/// One synthetic person.
#[derive(Clone, PartialEq, Eq)]
pub struct Person {
    /// `P01`, `P02`, … in the order of the world.
    pub id: String,
    /// The same as a number, from 1.
    pub number: usize,
    /// `H01` …
    pub household: String,
    /// `A1` … for adults, `K1` … for children (kinderen), within the household.
    pub letter: String,
    /// Place in the household.
    pub role: Role,
    /// Name.
    pub name: Name,
    /// Birth date.
    pub birth: Date,
    /// Gender.
    pub gender: Gender,
    /// `dutch`, `eu` or `non-eu`.
    pub nationality_group: &'static str,
    /// Citizen number of the test range; a newborn may have none yet.
    pub bsn: Option<Bsn>,
    /// Vreemdelingennummer, for a few.
    pub v_number: Option<String>,
    /// Address.
    pub address: Address,
    /// Whether the address is secret (geheim adres).
    pub secret_address: bool,
    /// From whom in the household this person is protected, by index in the household.
    pub protected_from: Vec<usize>,
    /// The organisations that have a file on this person.
    pub known: BTreeSet<Slug>,
    /// What is worth knowing about this person, in plain words.
    pub note: Option<String>,
}

impl Person {
    /// The number under which an organisation's own administration has this person, such as `VT-100117`.
    pub fn local_number(&self, slug: Slug) -> String {
        let (prefix, base, step) = match slug {
            Slug::Police => ("PL", 1_100_000, 13),
            Slug::VeiligThuis => ("VT", 400_000, 7),
            Slug::Prosecution => ("OM", 7_100_000, 11),
            Slug::Probation => ("RW", 55_000, 17),
            Slug::MentalHealth => ("DB", 820_000, 19),
            Slug::YouthProtection => ("JD", 31_000, 23),
            Slug::CaseManagement => ("CW", 1_000, 3),
            Slug::Municipality => ("GW", 66_000, 29),
            Slug::ChildProtectionBoard => ("RK", 90_000, 31),
        };
        format!("{prefix}-{}", base + self.number * step)
    }

    /// E-mail address at a domain reserved for examples (RFC 2606).
    pub fn email(&self) -> String {
        let first: String = self.name.first().chars().filter(char::is_ascii_alphabetic).collect();
        format!("{}.{}@example.org", first.to_lowercase(), self.number)
    }

    /// The scheme and value under which an organisation knows this person best: its BSN, or the organisation's own number.
    pub fn identifier(&self, slug: Slug) -> (&'static str, String) {
        match &self.bsn {
            Some(bsn) => ("bsn", bsn.expose().to_owned()),
            None => ("local", self.local_number(slug)),
        }
    }

    /// Whether this person is a child (K) in its household.
    pub const fn is_child(&self) -> bool {
        matches!(self.role, Role::Child)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_give_initials_and_search_names() {
        let name = Name {
            given: "Hendrika Johanna".into(),
            nickname: Some("Riek".into()),
            particle: Some("van der".into()),
            surname: "Zee".into(),
        };
        assert_eq!(name.initials(), "H.J.");
        assert_eq!(name.first(), "Hendrika");
        assert_eq!(name.search_names(), ["Hendrika", "Johanna", "Zee", "Riek"]);
    }
}
