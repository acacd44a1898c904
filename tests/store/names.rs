//! Names as the vault gives them: from memory what is in the store, whoever asks and in whatever order.

use std::sync::Arc;

use sluis::clock::SystemClock;
use sluis::entropy::SystemEntropy;
use sluis::exchange::vault::Vault;
use sluis::pseudonym::{Domain, Pseudonym};
use sluis::secret::Personal;
use sluis::store::Store;
use sluis::store::sequencer::Sequencer;
use sluis::subject::SubjectId;

use super::fixture::{Fixture, On, oin, on_both, scribe};

on_both!(a_name_from_memory_is_the_one_in_the_store);

fn vault(fixture: &Fixture, store: Arc<dyn Store>) -> Vault {
    let sequencer = Sequencer::start(Arc::clone(&store), Arc::new(scribe()), Arc::new(SystemClock));
    Vault::new(store, sequencer, fixture.keys(), Arc::new(SystemEntropy::default()))
}

fn person(number: &str) -> Personal<SubjectId> {
    Personal::new(SubjectId::VNumber(number.parse().expect("a number")))
}

/// Broken on purpose to see it fail: nothing put into memory; names put there in another order than they were asked for.
async fn a_name_from_memory_is_the_one_in_the_store(on: On) {
    let fixture = Fixture::on(on).await;
    let (one, other) = (vault(&fixture, Arc::clone(&fixture.store)), vault(&fixture, fixture.node().await));
    let domain = |purpose: &str| Domain::of_organisation(&oin(1), None, purpose.parse().expect("a purpose"));
    let names = async |vault: &Vault, purpose: &str, numbers: &[&str]| -> Vec<Pseudonym> {
        let persons: Vec<_> = numbers.iter().map(|number| person(number)).collect();
        vault.names(&domain(purpose), &persons).await.expect("names")
    };
    let first = names(&one, "safety-assessment", &["a-1", "b-2"]).await;
    assert_ne!(first[0], first[1]);
    let more = names(&one, "safety-assessment", &["b-2", "c-3", "a-1"]).await;
    assert_eq!((more[0], more[2]), (first[1], first[0]));
    assert!(!first.contains(&more[1]));
    assert_eq!(names(&one, "safety-assessment", &["a-1", "c-3", "b-2"]).await, [first[0], more[1], first[1]]);
    assert_eq!(names(&one, "safety-assessment", &["a-1", "a-1"]).await, [first[0], first[0]]);
    assert_eq!(names(&other, "safety-assessment", &["c-3", "b-2", "a-1"]).await, [more[1], first[1], first[0]]);
    let elsewhere = names(&one, "probation", &["a-1", "b-2"]).await;
    assert!(elsewhere.iter().all(|name| !first.contains(name)), "in another domain they are others");

    // The domains of a case have one scope.
    let purpose = || "safety-assessment".parse().expect("a purpose");
    let case = || "Z-1".to_owned();
    let domains = [
        Domain::of_organisation(&oin(1), Some(case()), purpose()),
        Domain::of_team(case(), purpose()),
        Domain::of_director(case(), purpose()),
    ];
    assert_eq!(domains[1].scope(), domains[2].scope());
    let mut drawn = Vec::new();
    for _ in 0..2 {
        for domain in &domains {
            drawn.extend(one.names(domain, &[person("a-1")]).await.expect("a name"));
        }
    }
    assert_eq!(drawn[..3], drawn[3..]);
    assert!(drawn[0] != drawn[1] && drawn[1] != drawn[2] && drawn[0] != drawn[2], "each domain has its own name");

    assert!(fixture.change("DELETE FROM pseudonym").await > 0);
    assert_eq!(names(&one, "safety-assessment", &["b-2", "a-1"]).await, [first[1], first[0]], "they are in memory");
}
