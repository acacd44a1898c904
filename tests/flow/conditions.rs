//! Facts that a source states flip the decision on its item; purposes that are not asked for here are refused.

use serde_json::{Value, json};
use sluis::demo::organisations::Slug;

use crate::support::TestGateway;
use crate::support::fake_source::{Act, FakeSource, item};

/// Broken on purpose to see it fail: `restraining_order: Some(false)` in `ItemFacts::for_policy`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_measure_that_may_be_a_restraining_order_does_not_reach_probation() {
    let gateway = TestGateway::start().await;
    let police = FakeSource::instead_of(&gateway, Slug::Police).await;
    for (stated, given) in [(Some(true), 0), (None, 0), (Some(false), 1)] {
        let mut measure = item("measures", "exact", json!({"measures": [{"kind": "contact-ban", "until": "2027-01-01"}]}));
        if let Some(stated) = stated {
            measure["facts"]["restrainingOrder"] = json!(stated);
        }
        police.does(move |call| Act::Answer(call.answer(std::slice::from_ref(&measure))));
        let mut body: Value = gateway.question("P22");
        body["purpose"] = json!("probation");
        body["categories"] = json!(["measures"]);
        let answer = gateway.ask(Slug::Probation, &body, None).await.expect("an answer");
        assert_eq!(answer.items().count(), given, "{stated:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn purposes_that_no_source_is_asked_for_are_refused() {
    let gateway = TestGateway::start().await;
    for purpose in ["anonymous-consultation", "accountability", "subject-rights"] {
        let mut body: Value = gateway.question("P22");
        body["purpose"] = json!(purpose);
        let refused = gateway.ask(Slug::VeiligThuis, &body, None).await.expect_err(purpose);
        let text = format!("{refused:?}");
        assert!(text.contains("not-permitted") && text.contains("not asked for here"), "{purpose}: {text}");
    }
}
