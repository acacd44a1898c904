use std::future::Future;

use super::*;
use crate::support::draft::Draft;
use crate::support::random_text;

/// Asks, and does `change` while the source holds its answer.
async fn ask_while(
    gateway: &TestGateway,
    source: &FakeSource,
    body: &Value,
    change: impl Future<Output = ()>,
) -> Result<Disclosed, Trouble> {
    let before = source.calls().len();
    let meanwhile = async {
        source.asked(before + 1).await;
        change.await;
        source.lets_go();
    };
    let (answer, ()) = tokio::join!(gateway.ask(Slug::Police, body, None), meanwhile);
    answer
}

/// Invariant 3: closing a case, or leaving it, comes before a disclosure in it or after it. What concerns another case goes by unnoticed.
///
/// Broken on purpose to see it fail: the case out of `facts_digest`; out of `still_holds`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_happens_to_a_case_under_way_comes_before_or_after() {
    let gateway = TestGateway::start().await;
    let source = FakeSource::instead_of(&gateway, Slug::VeiligThuis).await;
    source.holds(|call| call.answer(&[identity()]));
    let attendees = [Slug::Police, Slug::Probation];
    let (case, other) = (open(&gateway, &attendees).await, open(&gateway, &attendees).await);
    let body = as_team(&gateway, &case, &["identity"]);
    let given = ask_while(&gateway, &source, &body, close(&gateway, &other)).await.expect("served");
    assert_eq!((given.items().count(), source.calls().len()), (1, 1), "another case is another case");

    let leaving = step(&gateway, &case, Step::Leave(oin(Slug::Police)));
    assert_eq!(problem(ask_while(&gateway, &source, &body, leaving).await), (404, "not-found".to_owned()));
    assert_eq!(source.calls().len(), 2, "and is not asked again");
    step(&gateway, &case, Step::Attend(oin(Slug::Police))).await;
    let closing = close(&gateway, &case);
    assert_eq!(problem(ask_while(&gateway, &source, &body, closing).await), (404, "not-found".to_owned()));
    assert_eq!(source.calls().len(), 3);

    // A change that the answer does not hang on is no reason to refuse: it is decided and asked anew.
    let case = open(&gateway, &attendees).await;
    let body = as_team(&gateway, &case, &["identity"]);
    let before = source.calls().len();
    let joins = async {
        step(&gateway, &case, Step::Attend(oin(Slug::Prosecution))).await;
        source.does(|call| Act::Answer(call.answer(&[identity()])));
    };
    let given = ask_while(&gateway, &source, &body, joins).await.expect("served");
    let calls = source.calls();
    assert_eq!((given.items().count(), calls.len()), (1, before + 2));
    assert_eq!(calls[before + 1].request().attendees.len(), 3, "the source decides anew, knowing who has joined");
    drop(source);
    gateway.stop().await;
}

/// What is kept for pick-up is destroyed by the first who comes for it after the case was closed or left, a repeat under an Idempotency-Key too.
///
/// Broken on purpose to see it fail: `case` out of what a disclosure is kept with.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_kept_goes_with_the_case() {
    let gateway = TestGateway::start().await;
    let _source = veilig_thuis(&gateway).await;
    let store = &gateway.running().gateway.store;
    let kept = async |id: &str| store.disclosure(id, gateway.clock.now()).await.expect("read").expect("kept").deliveries.len();
    let case = open(&gateway, &[Slug::Police]).await;
    let text = as_team(&gateway, &case, &["identity"]).to_string().into_bytes();
    let client = gateway.running().client(Slug::Police).expect("a client");
    let keys = [random_text(), random_text()];
    let first = client.disclose(&text, Some(&keys[0])).await.expect("served");
    let other = client.disclose(&text, Some(&keys[1])).await.expect("served");
    let again = client.pick_up(&first.id, &text).await.expect("picked up");
    assert_eq!(again.deliveries[0].receipt, first.deliveries[0].receipt);
    step(&gateway, &case, Step::Leave(oin(Slug::Police))).await;
    assert_eq!(problem(client.pick_up(&first.id, &text).await), (404, "not-found".to_owned()));
    assert_eq!((kept(&first.id).await, kept(&other.id).await), (0, 1), "what was come for is destroyed");
    step(&gateway, &case, Step::Attend(oin(Slug::Police))).await;
    let anew = client.pick_up(&first.id, &text).await.expect("made anew for who takes part again");
    assert_ne!(anew.deliveries[0].receipt, first.deliveries[0].receipt);
    close(&gateway, &case).await;
    assert_eq!(problem(client.pick_up(&first.id, &text).await), (404, "not-found".to_owned()));
    assert_eq!(problem(client.disclose(&text, Some(&keys[1])).await), (404, "not-found".to_owned()));
    assert_eq!((kept(&first.id).await, kept(&other.id).await), (0, 0));
    gateway.stop().await;
}

fn summary(gateway: &TestGateway, disclosure: &str) -> Vec<u8> {
    let mut item = item("safety-assessment", "summary", json!({"month": "2026-03", "summary": "It is not safe in this house."}));
    item["regime"] = json!("wmo");
    json!({"decision": disclosure, "subject": gateway.question("P22")["subject"], "items": [item]}).to_string().into_bytes()
}

/// A summary that waits for a professional is released to those who take part then, or to nobody.
///
/// Broken on purpose to see it fail: a release without the case.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_summary_is_released_to_who_takes_part_then() {
    let gateway = TestGateway::start().await;
    let source = veilig_thuis(&gateway).await;
    let professional = gateway.persona(Slug::VeiligThuis);
    let release = async |disclosure: &str| {
        let body = summary(&gateway, disclosure);
        let draft = Draft::post("/v1/releases", gateway.authority_name(), &body).by(&professional.key, &*gateway.clock);
        gateway.wire().exchange(&professional.tls, &draft.sign(&professional.key)).await.expect("an answer")
    };
    let case = open(&gateway, &[Slug::Police, Slug::Probation]).await;
    let text = as_team(&gateway, &case, &["identity", "safety-assessment"]).to_string().into_bytes();
    let client = gateway.running().client(Slug::Police).expect("a client");
    let [given, left, closed] = [
        client.disclose(&text, None).await.expect("served"),
        client.disclose(&text, None).await.expect("served"),
        client.disclose(&text, None).await.expect("served"),
    ];
    assert!(source.calls()[0].request().wanted.iter().any(|wanted| wanted.form.code() == "summary"), "a summary is asked for");
    assert_eq!(release(&given.id).await.status, 200);
    assert_eq!(client.pick_up(&given.id, &text).await.expect("picked up").deliveries.len(), 2, "it came");

    step(&gateway, &case, Step::Leave(oin(Slug::Police))).await;
    let refused = release(&left.id).await;
    assert_eq!((refused.status, &refused.json()["type"]), (403, &json!("urn:sluis:problem:not-permitted")));
    assert_eq!(problem(client.pick_up(&given.id, &text).await), (404, "not-found".to_owned()), "nor what was released before");
    step(&gateway, &case, Step::Attend(oin(Slug::Police))).await;
    assert_eq!(release(&left.id).await.status, 200, "who takes part again may have it");
    close(&gateway, &case).await;
    assert_eq!(release(&closed.id).await.status, 403);
    assert_eq!(problem(client.pick_up(&left.id, &text).await), (404, "not-found".to_owned()));
    drop(source);
    gateway.stop().await;
}
