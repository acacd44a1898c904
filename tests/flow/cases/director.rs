use super::*;
use crate::support::consents::{given, post};

/// Somebody whom Veilig Thuis knows by a number of its own, for the director has no authority to use the citizen number; and the consent on which
/// the level of risk may go to the director.
async fn consenting(gateway: &TestGateway) -> Value {
    let (source, number) = (oin(Slug::VeiligThuis), "vt-77");
    let mut body = given(gateway);
    let members = json!({
        "subject": {"scheme": "local", "value": number}, "withoutBsn": true, "sources": [source], "recipients": oins(&[Slug::CaseManagement]),
        "purposes": ["case-direction"], "categories": ["risk-assessment"],
    });
    body.as_object_mut().expect("an object").extend(members.as_object().expect("an object").clone());
    let (status, view) = post(gateway, &gateway.persona(Slug::VeiligThuis), "/v1/consents", &body).await;
    assert_eq!(status, 200, "{view}");
    json!({"scheme": "local", "source": source, "value": number})
}

/// The director is a recipient of its own: only who directs is served as such, and only as long.
///
/// Broken on purpose to see it fail: without the comparison with the case's director.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_the_director_is_served_as_the_director() {
    let gateway = TestGateway::start().await;
    let source = FakeSource::instead_of(&gateway, Slug::VeiligThuis).await;
    source.does(|call| {
        let mut risk = item("risk-assessment", "reduced", json!({"month": "2026-03", "instrument": "dash", "level": "high"}));
        risk["regime"] = json!("wmo");
        Act::Answer(call.answer(&[risk]))
    });
    let case = open(&gateway, &[Slug::Police]).await;
    let mut body = as_team(&gateway, &case, &["risk-assessment"]);
    body["subject"] = consenting(&gateway).await;
    (body["purpose"], body["actingAs"]) = (json!("case-direction"), json!("case-director"));
    let ask = async |asker, body: &Value| gateway.ask(asker, body, None).await;
    assert_eq!(problem(ask(Slug::CaseManagement, &body).await), (404, "not-found".to_owned()), "nobody directs yet");
    step(&gateway, &case, Step::Direct(oin(Slug::CaseManagement))).await;
    let given = ask(Slug::CaseManagement, &body).await.expect("served");
    assert_eq!(given.items().count(), 1);
    let call = source.calls().last().expect("asked").request();
    assert_eq!((call.recipient_kind.code(), call.attendees.len()), ("case-director", 0));
    assert_eq!(problem(ask(Slug::Police, &body).await), (403, "not-permitted".to_owned()), "an attendee is not the director");

    // The director's names are its own, in this case only.
    let name = given.deliveries[0].payload["subject"].clone();
    let mut by_name = body.clone();
    by_name["subject"] = json!({"scheme": "pseudonym", "value": name});
    assert_eq!(ask(Slug::CaseManagement, &by_name).await.expect("served").deliveries[0].payload["subject"], name);
    step(&gateway, &case, Step::Leave(oin(Slug::CaseManagement))).await;
    assert_eq!(problem(ask(Slug::CaseManagement, &by_name).await), (404, "not-found".to_owned()));
    let text = body.to_string().into_bytes();
    let client = gateway.running().client(Slug::CaseManagement).expect("a client");
    assert_eq!(problem(client.pick_up(&given.id, &text).await), (404, "not-found".to_owned()));

    // Who is of another kind cannot be named.
    let named = desk(&gateway).change_case(&case, &Step::Direct(oin(Slug::Police))).await;
    assert!(named.expect_err("refused").to_string().contains("directed by one of kind case-director"));
    drop(source);
    gateway.stop().await;
}
