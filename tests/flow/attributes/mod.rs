//! Proofs hold for all facts that the policies can be given; here is shown that they are given true ones. For every attribute of
//! `policies/schema.cedarschema` two disclosures differ in nothing but the fact that it stands for, as it is stored or as the source
//! states it, and the decision differs.
//!
//! Each file has a table of attributes and the flips that its one test runs; [`every_attribute_is_flipped`] compares the tables with the
//! schema. Where code in front of the policies looks at a fact too, the policies are narrowed: see [`narrow`].

mod bench;
mod case;
mod consent;
mod disclosure;
mod facts;
mod narrow;
mod overrides;
mod parties;
mod schema;

use std::collections::BTreeSet;

/// What was tried of one attribute: the fact in each of its states, what must come of it and what came.
#[derive(Default)]
struct Tried(Vec<Try>);

struct Try {
    state: String,
    expected: &'static str,
    seen: String,
}

impl Tried {
    /// Notes what came of a disclosure with the fact in this state.
    fn see(&mut self, state: impl std::fmt::Display, expected: &'static str, seen: String) {
        self.0.push(Try { state: state.to_string(), expected, seen });
    }

    /// That all came as expected, and that the fact decided: not every state comes to the same.
    fn flips(self) -> Result<(), String> {
        let outcomes: BTreeSet<_> = self.0.iter().map(|one| one.expected).collect();
        if outcomes.len() < 2 {
            return Err("nothing is flipped".to_owned());
        }
        let wrong = self.0.iter().filter(|one| one.seen != one.expected);
        let wrong: Vec<_> = wrong.map(|one| format!("{}: {} instead of {}", one.state, one.seen, one.expected)).collect();
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("; ")) }
    }
}

/// Attributes with their flips, and the test that runs them all on one gateway: an attribute is in the table only with a flip that runs.
macro_rules! flips {
    ($(#[$doc:meta])* $test:ident on $bench:expr; $($attribute:literal => $flip:ident($($given:expr),*);)+) => {
        /// The attributes that are flipped here.
        pub(super) const FLIPPED: &[&str] = &[$($attribute),+];

        $(#[$doc])*
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn $test() {
            let bench = $bench.await;
            let mut cases = crate::support::cases::Cases::default();
            $(cases.check($attribute, Box::pin($flip(&bench $(, $given)*)).await.flips());)+
            bench.stop().await;
            cases.finish(FLIPPED.len());
        }
    };
}
use flips;

/// Broken on purpose to see it fail: a line less in a table; a line twice; an attribute more in the schema.
#[test]
fn every_attribute_is_flipped() {
    let tables = [parties::FLIPPED, disclosure::FLIPPED, consent::FLIPPED, overrides::FLIPPED, case::FLIPPED, facts::FLIPPED];
    let flipped: Vec<&str> = tables.concat();
    let distinct: BTreeSet<&str> = flipped.iter().copied().collect();
    assert_eq!(flipped.len(), distinct.len(), "an attribute stands in two lines");
    let schema = include_str!("../../../policies/schema.cedarschema");
    assert_eq!(schema::differences(schema, &distinct), (vec![], vec![]), "without a flip, and not in the schema");

    let more = schema.replace("severity: Bool,", "severity: Bool, shoeSize?: Long,");
    let lacking = (vec!["Facts.shoeSize".to_owned()], vec![]);
    assert_eq!(schema::differences(&more, &distinct), lacking);
    let less = schema.replace("entity Recipient = { oin: String, kind: OrgKind };", "entity Recipient = { oin: String };");
    assert_eq!(schema::differences(&less, &distinct), (vec![], vec!["Recipient.kind".to_owned()]));
}
