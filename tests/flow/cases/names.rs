use super::*;

async fn name(gateway: &TestGateway, asker: Slug, body: &Value) -> (String, usize) {
    let disclosed = gateway.ask(asker, body, None).await.expect("served");
    let subject = disclosed.deliveries[0].payload["subject"].as_str().expect("a pseudonym").to_owned();
    (subject, disclosed.items().count())
}

/// Invariant 6 within cases: one name for the whole team, and another one everywhere else.
///
/// Broken on purpose to see it fail: the domain of the one that asks; the case left out of it; `Vault::person` without the comparison of domains
/// (a case's names are all under one key).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_team_shares_its_names_with_nobody_else() {
    let gateway = TestGateway::start().await;
    let source = veilig_thuis(&gateway).await;
    let attendees = [Slug::Police, Slug::Probation];
    let (case, other) = (open(&gateway, &attendees).await, open(&gateway, &attendees).await);
    let asked = as_team(&gateway, &case, &["identity"]);
    let (team, _) = name(&gateway, Slug::Police, &asked).await;
    assert_eq!(name(&gateway, Slug::Probation, &asked).await, (team.clone(), 1), "both attendees see one name");
    let (elsewhere, _) = name(&gateway, Slug::Police, &as_team(&gateway, &other, &["identity"])).await;
    assert_ne!(elsewhere, team, "in another case it is another");

    let by = |body: &Value, pseudonym: &str| {
        let mut body = body.clone();
        body["subject"] = json!({"scheme": "pseudonym", "value": pseudonym});
        body
    };
    // A source that tells whom it is asked about from nobody.
    let bsn = asked["subject"]["value"].as_str().expect("a number").to_owned();
    source.does(move |call| {
        let request: Value = serde_json::from_slice(&call.body).expect("a call");
        Act::Answer(call.answer(if request["subject"]["value"] == bsn.as_str() { vec![identity()] } else { vec![] }.as_slice()))
    });
    assert_eq!(name(&gateway, Slug::Probation, &by(&asked, &team)).await, (team.clone(), 1), "one's name serves the other");
    let in_other = as_team(&gateway, &other, &["identity"]);
    assert_eq!(name(&gateway, Slug::Police, &by(&in_other, &team)).await.1, 0, "not in another case");

    // Outside the team: the same organisation, the same case, its own purpose, then no case at all.
    let mut own = asked.clone();
    own.as_object_mut().expect("an object").remove("actingAs");
    own["purpose"] = json!("probation");
    own["categories"] = json!(["identity"]);
    own["sources"] = json!([Slug::Police.organisation().oin]);
    let police = FakeSource::instead_of(&gateway, Slug::Police).await;
    let bsn = asked["subject"]["value"].as_str().expect("a number").to_owned();
    police.does(move |call| {
        let request: Value = serde_json::from_slice(&call.body).expect("a call");
        let known = item("identity", "reduced", json!({"ageBand": "35-44", "gender": "female"}));
        Act::Answer(call.answer(if request["subject"]["value"] == bsn.as_str() { vec![known] } else { vec![] }.as_slice()))
    });
    let (in_case, items) = name(&gateway, Slug::Probation, &own).await;
    assert_eq!(items, 1, "another purpose may stand in the case too");
    let mut outside = own.clone();
    outside["case"] = Value::Null;
    let (without, _) = name(&gateway, Slug::Probation, &outside).await;
    let distinct: BTreeSet<_> = [&team, &elsewhere, &in_case, &without].into_iter().collect();
    assert_eq!(distinct.len(), 4);
    for body in [&own, &outside] {
        assert_eq!(name(&gateway, Slug::Probation, &by(body, &team)).await.1, 0, "the team's name is nobody's here");
    }
    drop((source, police));
    gateway.stop().await;
}
