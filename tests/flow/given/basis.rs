use super::*;
use crate::support::fake_source::{Act, FakeSource};
use crate::support::log::{self, Opened};
use sluis::ledger::entry::{EntryKind, Item};

/// What one kind of entry about a disclosure says of its one item.
async fn entry(gateway: &TestGateway, disclosure: &str, kind: EntryKind) -> (Opened, Item) {
    let running = gateway.running();
    let log = log::opened(&*running.gateway.store, &running.layout).await;
    let mut found: Vec<Opened> =
        log.into_iter().filter(|entry| entry.kind() == kind && entry.body.disclosure.as_deref() == Some(disclosure)).collect();
    assert_eq!(found.len(), 1, "one entry");
    let entry = found.remove(0);
    let item = entry.body.items[0].clone();
    (entry, item)
}

/// That both entries name this consent and this override, and no other.
async fn rests_on(gateway: &TestGateway, disclosure: &str, consent: Option<&str>, derogation: Option<&str>) {
    for kind in [EntryKind::Disclosure, EntryKind::Contribution] {
        let (entry, item) = entry(gateway, disclosure, kind).await;
        assert!(item.given.is_some(), "{kind}: {item:?}");
        assert_eq!(item.consent.as_ref().map(|consent| consent.id.as_str()), consent, "{kind}");
        assert_eq!(item.overridden_by.as_deref(), derogation, "{kind}");
        assert_eq!(entry.stored.row.clear.overridden, derogation.is_some(), "{kind}");
        let named: Vec<_> = entry.body.overrides.iter().map(|one| one.id.as_str()).collect();
        assert_eq!(named, Vec::from_iter(derogation), "{kind}");
    }
}

/// The consent is one of a subject of 17, the item states an older one: it rests on the override. Then the log says so, and whoever withdraws that
/// consent is not told that something rested on it. In return, an item of the consent's age rests on the consent.
///
/// Broken on purpose to see it fail: `Cell { question, ..cell.clone() }` in `judge`, as it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_item_rests_on_is_what_the_log_says() {
    let gateway = TestGateway::start().await;
    let care = FakeSource::instead_of(&gateway, Slug::MentalHealth).await;
    let consent = consent(&gateway, 17, &[Slug::VeiligThuis], "safety-assessment", "care-involvement").await;
    let made = derogation(&gateway, Slug::MentalHealth, Category::CareInvolvement).await;
    let body = question(&gateway, "safety-assessment", Slug::MentalHealth, "care-involvement");
    let ask = async |age: u8| {
        care.does(move |call| Act::Answer(call.answer(&[of_care("care-involvement", "signal", json!({"any": "yes"}), age)])));
        let disclosed = gateway.ask(Slug::VeiligThuis, &body, None).await.expect("an answer");
        assert_eq!(disclosed.items().count(), 1, "{age}");
        disclosed.id
    };
    let grown = ask(18).await;
    rests_on(&gateway, &grown, None, Some(&made)).await;
    let young = ask(17).await;
    rests_on(&gateway, &young, Some(&consent), None).await;
    let relied = desk(&gateway).store.reliances(&consent).await.expect("read");
    assert_eq!(relied.iter().map(|one| one.disclosure.as_str()).collect::<Vec<_>>(), [young.as_str()]);
    drop(care);
    gateway.stop().await;
}

/// A case's stage is given by law, its summary by an override: the stage is not told as overridden.
///
/// Broken on purpose to see it fail: as above.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_given_by_law_beside_an_overridden_summary_is_given_by_law() {
    let gateway = TestGateway::start().await;
    let source = FakeSource::instead_of(&gateway, Slug::Prosecution).await;
    source.does(|call| {
        let mut stage =
            item("pending-prosecution", "reduced", json!({"cases": [{"offenceClass": "threat", "stage": "summoned"}]}));
        stage["regime"] = json!("wjsg");
        stage["facts"] = json!({"mandateId": "m-1", "secretAddress": false, "subjectAge": 36});
        Act::Answer(call.answer(&[stage]))
    });
    derogation(&gateway, Slug::Prosecution, Category::PendingProsecution).await;
    let body = question(&gateway, "safety-assessment", Slug::Prosecution, "pending-prosecution");
    let disclosed = gateway.ask(Slug::VeiligThuis, &body, None).await.expect("an answer");
    assert_eq!(disclosed.items().count(), 1);
    assert!(source.calls()[0].request().wanted.iter().any(|wanted| wanted.form == Form::Summary), "the summary is asked for");
    rests_on(&gateway, &disclosed.id, None, None).await;
    drop(source);
    gateway.stop().await;
}
