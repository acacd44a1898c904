use super::*;
use crate::support::consents::get;
use crate::support::fake_source::{Act, FakeSource};

/// A source that marks somebody as protected from another does not learn that a recipient acts for that other: what lies with the recipient is told
/// to it in one word, whatever it is.
///
/// Broken on purpose to see it fail: the officer's explanation for sources, as it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_source_does_not_learn_for_whom_a_recipient_acts() {
    let gateway = TestGateway::start().await;
    let police = FakeSource::instead_of(&gateway, Slug::Police).await;
    let about = |person: &str| {
        let mut body = gateway.question(person);
        (body["purpose"], body["categories"]) = (json!("probation"), json!(["identity"]));
        body
    };
    let (victim, other) = (about("P22"), about("P21"));
    let mut protected = item("identity", "exact", json!({"surname": "Bergsma"}));
    let from = json!([{"scheme": "bsn", "value": other["subject"]["value"]}]);
    protected["persons"] = json!([{"letter": "S", "ageBand": "35-44", "protectedFrom": from}]);
    let subject = victim["subject"].clone();
    police.does(move |call| {
        let asked: Value = serde_json::from_slice(&call.body).expect("a call");
        let is_victim = asked["subject"]["value"] == subject["value"];
        Act::Answer(call.answer(if is_victim { std::slice::from_ref(&protected) } else { &[] }))
    });
    gateway.ask(Slug::Probation, &other, None).await.expect("an answer");
    let withheld = gateway.ask(Slug::Probation, &victim, None).await.expect("an answer");
    assert_eq!(withheld.items().count(), 0, "probation acts for the other");
    let target = format!("/v1/disclosures/{}/explanation", withheld.id);
    let (status, explained) = get(&gateway, &gateway.persona(Slug::Police), &target).await;
    assert_eq!(status, 200, "{explained}");
    let text = explained.to_string();
    assert!(!text.contains("protect") && !text.contains("bescherm"), "{text}");
    let told = &explained["items"][0];
    assert_eq!(
        (&told["reason"], &told["decidedBy"], &told["missing"]),
        (&json!("unavailable"), &json!([]), &json!([])),
        "{text}"
    );
    drop(police);
    gateway.stop().await;
}
