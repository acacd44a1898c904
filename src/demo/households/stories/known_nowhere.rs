//! Somebody of whom nobody has a file.

use super::super::Story;
use super::super::calendar::Calendar;
use super::super::family::Family;
use super::super::person::{Gender, Role};
use super::super::random::SplitMix64;
use super::{Plan, plan};

/// H10: lives alone; no organisation of the demo has a file.
pub fn tell(random: SplitMix64, calendar: Calendar) -> Plan {
    let mut f = Family::new(random, calendar, Some("Tilburg"));
    let single = f.person(Role::Single, Gender::Female, 31, "Ilse Catharina", "van 't|Hof");
    f.with(single, |person| {
        person.note("Known to no source: an answer about her must look like any other answer without items.");
    });
    plan(Story::KnownNowhere, f, "Somebody of whom no source has a file.")
}
