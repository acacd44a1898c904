//! Invariant 6 over the wire: pseudonyms do not join up, last, and die with their key.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sluis::client::Trouble;
use sluis::demo::organisations::Slug;
use sluis::entropy::SystemEntropy;
use sluis::keystore::KeyStore;
use sluis::keystore::file::{FileKeyStore, root_key};
use sluis::pseudonym::Domain;

use crate::support::TestGateway;

/// The pseudonym that `asker` gets for a person, and those of the household's members.
async fn names(gateway: &TestGateway, asker: Slug, body: &Value) -> (String, BTreeSet<String>) {
    let disclosed = gateway.ask(asker, body, None).await.expect("an answer");
    let payload = &disclosed.deliveries[0].payload;
    let members = disclosed.items().filter_map(|item| item["data"]["members"].as_array()).flatten();
    let members = members.filter_map(|member| member["pseudonym"].as_str().map(str::to_owned)).collect();
    (payload["subject"].as_str().expect("a pseudonym").to_owned(), members)
}

fn about(gateway: &TestGateway, person: &str, purpose: &str, categories: &Value, source: Slug) -> Value {
    let mut body = gateway.question(person);
    body["purpose"] = json!(purpose);
    body["categories"] = categories.clone();
    body["sources"] = json!([source.organisation().oin]);
    body
}

/// Broken on purpose to see it fail: the purpose, then the recipient, left out of `Domain::canonical`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_name_per_recipient_and_purpose_and_nowhere_else() {
    let mut gateway = TestGateway::start().await;
    let household = json!(["household"]);
    let questions = [
        (Slug::VeiligThuis, about(&gateway, "P21", "safety-assessment", &household, Slug::Police)),
        (Slug::VeiligThuis, about(&gateway, "P21", "acute-safety", &household, Slug::Police)),
        (Slug::Police, about(&gateway, "P21", "acute-safety", &household, Slug::MentalHealth)),
        (Slug::Probation, about(&gateway, "P21", "probation", &json!(["identity"]), Slug::Police)),
        (Slug::Prosecution, about(&gateway, "P21", "probation", &json!(["probation-status"]), Slug::Probation)),
    ];
    let mut first = Vec::new();
    for (asker, body) in &questions {
        first.push(names(&gateway, *asker, body).await);
    }
    let distinct: BTreeSet<_> = first.iter().map(|(subject, _)| subject).collect();
    assert_eq!(distinct.len(), questions.len(), "no two recipients or purposes see the same name");
    let (subject, members) = &first[0];
    assert!(members.len() >= 2 && !members.contains(subject), "each member has a name too");
    assert!(first[1..].iter().all(|(_, others)| others.is_disjoint(members)));

    // The same recipient and purpose see the same names: for every member as a subject, in another item, and after a restart.
    let (_, member) = gateway.running().world.person("P22").expect("of the same household");
    assert_eq!(member.household, "H05");
    let (other, _) =
        names(&gateway, Slug::VeiligThuis, &about(&gateway, "P22", "safety-assessment", &household, Slug::Police)).await;
    assert!(members.contains(&other), "as a member and as the subject she has one name");
    gateway.restart().await;
    for ((asker, body), before) in questions.iter().zip(&first) {
        assert_eq!(names(&gateway, *asker, body).await, *before, "the same after a restart");
    }
    gateway.stop().await;
}

/// A pseudonym is accepted only where it was issued: elsewhere it is answered like a person whom no source knows. When the domain's key is
/// destroyed nothing leads from the pseudonym to the person any more, and no new names are made up in its place.
///
/// Broken on purpose to see it fail: the comparison of scopes out of `Vault::person`; `destroy` doing nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_counts_where_it_was_issued_until_its_key_is_destroyed() {
    let mut gateway = TestGateway::start().await;
    let household = json!(["household"]);
    let asked = about(&gateway, "P21", "safety-assessment", &household, Slug::Police);
    let (pseudonym, members) = names(&gateway, Slug::VeiligThuis, &asked).await;
    let mut by_name = asked.clone();
    by_name["subject"] = json!({"scheme": "pseudonym", "value": pseudonym});
    let (same, same_members) = names(&gateway, Slug::VeiligThuis, &by_name).await;
    assert_eq!((same, same_members), (pseudonym.clone(), members), "the person is found by the name");

    let mut elsewhere = about(&gateway, "P21", "probation", &json!(["identity", "measures"]), Slug::Police);
    let known = gateway.ask(Slug::Probation, &elsewhere, None).await.expect("an answer");
    assert!(known.items().count() > 0);
    elsewhere["subject"] = json!({"scheme": "pseudonym", "value": pseudonym});
    let foreign = gateway.ask(Slug::Probation, &elsewhere, None).await.expect("an answer like any other");
    assert_eq!(foreign.items().count(), 0, "another recipient's name is nobody's");

    let layout = gateway.running().layout.clone();
    let recipient = Slug::VeiligThuis.organisation().parsed_oin().expect("an OIN");
    let domain = Domain::of_organisation(&recipient, None, "safety-assessment".parse().expect("a purpose"));
    let entropy = SystemEntropy::default();
    let root = root_key(&layout.gateway().join("root.key")).expect("readable").expect("the root key");
    let keys = FileKeyStore::create(&layout.gateway().join("keys"), root, std::sync::Arc::new(entropy)).expect("the key store");
    keys.existing_key(domain.scope().as_str()).expect("the domain's key is there");
    keys.destroy(domain.scope().as_str()).expect("destroyed");
    gateway.restart().await;
    for body in [&by_name, &asked] {
        match gateway.ask(Slug::VeiligThuis, body, None).await {
            Err(Trouble::Problem(problem)) => assert_eq!(problem.suffix(), "store-unavailable"),
            other => panic!("a name without its key: {other:?}"),
        }
    }
    let stored = gateway.running().gateway.store.identity(&pseudonym).await.expect("read").expect("the sealed row");
    assert!(keys.existing_key(&stored.scope).is_err(), "and nothing opens it");
    let other =
        gateway.ask(Slug::Probation, &about(&gateway, "P21", "probation", &json!(["identity"]), Slug::Police), None).await;
    assert!(other.expect("other domains live on").items().count() > 0);
    gateway.stop().await;
}
