//! Overrides (doorbreking) over the wire: whom they reach, on which ground, and who stands for them.

mod grounds;
mod hands;
mod team;

use sluis::catalogue::{Category, Ground};
use sluis::demo::organisations::Slug;

use crate::support::TestGateway;
use crate::support::derogation::Person;

/// Two professionals of one source.
fn two() -> (Person, Person) {
    (Person::new("rec-1", "SKJ 190123456"), Person::new("rec-2", "SKJ 190123457"))
}
