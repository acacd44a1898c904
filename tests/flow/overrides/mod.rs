//! Overrides (doorbreking) over the wire: whom they reach, on which ground, and who stands for them.

mod forged;
mod grounds;
mod hands;
mod reviewed;
mod team;

use sluis::catalogue::{Category, Ground};
use sluis::demo::organisations::Slug;

use crate::support::TestGateway;
use crate::support::derogation::Person;

/// The two professionals of a source who are enrolled at the gateway.
fn two(gateway: &TestGateway, source: Slug) -> (Person, Person) {
    (Person::of(gateway, source, "pro-1"), Person::of(gateway, source, "pro-2"))
}
