use super::*;
use crate::support::fake_source::{Act, FakeSource};

/// An item of the prosecution.
fn of_prosecution(category: &str, form: &str, data: Value) -> Value {
    let mut item = item(category, form, data);
    item["regime"] = json!("wjsg");
    item["facts"] = json!({"mandateId": "m-1", "restrainingOrder": false, "secretAddress": false, "subjectAge": 36});
    item
}

/// Where an override decides, "nothing there" tells that there is one, in whatever form it is said; where the law gives the cell, it is an answer.
///
/// Broken on purpose to see it fail: `says_no` for signals alone, as it was; for the whole category, without the form.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_list_is_no_answer_where_an_override_decides() {
    let gateway = TestGateway::start().await;
    let source = FakeSource::instead_of(&gateway, Slug::Prosecution).await;
    derogation(&gateway, Slug::Prosecution, Category::CriminalRecord).await;
    let conviction = json!({"year": 2024, "offenceClass": "threat"});
    for (category, form, data, given) in [
        ("criminal-record", "reduced", json!({"convictions": [conviction], "count": 1}), 1),
        ("criminal-record", "reduced", json!({"convictions": [], "count": 0}), 0),
        ("criminal-record", "reduced", json!({"convictions": []}), 0),
        ("criminal-record", "reduced", json!({"count": 0}), 0),
    ] {
        let item = of_prosecution(category, form, data.clone());
        source.does(move |call| Act::Answer(call.answer(std::slice::from_ref(&item))));
        let body = question(&gateway, "safety-assessment", Slug::Prosecution, category);
        let disclosed = gateway.ask(Slug::VeiligThuis, &body, None).await.expect("an answer");
        assert_eq!(disclosed.items().count(), given, "{category} {data}");
    }
    // To probation the law gives it without any condition: that there is nothing is the answer.
    source.does(|call| Act::Answer(call.answer(&[of_prosecution("criminal-record", "exact", json!({"convictions": []}))])));
    let body = question(&gateway, "probation", Slug::Prosecution, "criminal-record");
    assert_eq!(gateway.ask(Slug::Probation, &body, None).await.expect("an answer").items().count(), 1);
    drop(source);
    gateway.stop().await;
}
