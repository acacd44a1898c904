use super::*;
use crate::support::draft::Draft;
use crate::support::fake_source::{Act, FakeSource};

/// What can hold data of a temporary restraining order (huisverbod) and does not say whether it does is not given beyond what such data serves:
/// prose about incidents above all.
///
/// Broken on purpose to see it fail: the guard for `measures` alone, as it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn prose_that_may_be_about_a_restraining_order_does_not_reach_probation() {
    let gateway = TestGateway::start().await;
    let police = FakeSource::instead_of(&gateway, Slug::Police).await;
    police.does(|call| Act::Answer(call.answer(&[])));
    let professional = gateway.persona(Slug::Police);
    let body = question(&gateway, "probation", Slug::Police, "incident-reports");
    for (stated, status) in [(Some(true), 403), (None, 403), (Some(false), 200)] {
        let asked = gateway.ask(Slug::Probation, &body, None).await.expect("an answer");
        let told = json!({"incidents": [{"month": "2026-03", "kind": "threat", "violence": "none", "childrenPresent": false,
            "summary": "He was told to stay away from the house."}]});
        let mut item = item("incident-reports", "summary", told);
        if let Some(stated) = stated {
            item["facts"]["restrainingOrder"] = json!(stated);
        }
        let release = json!({"decision": asked.id, "subject": body["subject"], "items": [item]}).to_string().into_bytes();
        let draft = Draft::post("/v1/releases", gateway.authority_name(), &release).by(&professional.key, &*gateway.clock);
        let answer = gateway.wire().exchange(&professional.tls, &draft.sign(&professional.key)).await.expect("an answer");
        assert_eq!(answer.status, status, "{stated:?}: {}", answer.json());
    }
    drop(police);
    gateway.stop().await;
}
