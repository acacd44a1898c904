use super::*;

/// What is asked within a case counts as acting for someone everywhere: for the organisation itself, and for every team that it is in.
///
/// Broken on purpose to see it fail: without the mark outside the case; only the one that asks looked at, not its team.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whom_an_attendee_acts_for_in_a_case_counts_everywhere() {
    let gateway = TestGateway::start().await;
    let source = veilig_thuis(&gateway).await;
    let police = FakeSource::instead_of(&gateway, Slug::Police).await;
    let opponent = gateway.question("P21")["subject"]["value"].clone();
    let protected = move |mut item: Value| {
        item["persons"] = json!([{"letter": "S", "ageBand": "35-44", "protectedFrom": [{"scheme": "bsn", "value": opponent}]}]);
        item
    };
    let (of_team, of_police) = (protected(identity()), protected(item("identity", "exact", json!({"surname": "Bergsma"}))));
    source.does(move |call| Act::Answer(call.answer(std::slice::from_ref(&of_team))));
    police.does(move |call| Act::Answer(call.answer(std::slice::from_ref(&of_police))));

    // Prosecution and probation are a team; probation also has a case of its own.
    let team = open(&gateway, &[Slug::Prosecution, Slug::Probation]).await;
    let apart = open(&gateway, &[Slug::Probation]).await;
    let as_team = as_team(&gateway, &team, &["identity"]);
    let probation = |person: &str, case: Value| {
        let mut body = gateway.question(person);
        (body["purpose"], body["categories"], body["case"]) = (json!("probation"), json!(["identity"]), case);
        body
    };
    let count = async |asker, body: &Value| gateway.ask(asker, body, None).await.expect("an answer").items().count();
    assert_eq!(count(Slug::Prosecution, &as_team).await, 1, "nobody in the team acts for him yet");
    assert_eq!(count(Slug::Probation, &probation("P22", Value::Null)).await, 1);

    // She supervises him, in a case.
    gateway.ask(Slug::Probation, &probation("P21", json!(apart.as_str())), None).await.expect("an answer");
    assert_eq!(count(Slug::Probation, &probation("P22", Value::Null)).await, 0, "outside any case");
    assert_eq!(count(Slug::Probation, &probation("P22", json!(team.as_str()))).await, 0, "in another case");
    assert_eq!(count(Slug::Prosecution, &as_team).await, 0, "whoever of her team asks: she would see it too");
    step(&gateway, &team, Step::Leave(oin(Slug::Probation))).await;
    assert_eq!(count(Slug::Prosecution, &as_team).await, 1, "when she has left, the others may");
    drop((source, police));
    gateway.stop().await;
}
