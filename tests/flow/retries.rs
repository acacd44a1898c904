//! What cannot be delivered is tried again ever later, kept, and told to the operator; what never can be is not tried again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use sluis::connector::Connector;
use sluis::connector::delivery::Delivery;
use sluis::connector::inbox::{InboxRow, release_statement};
use sluis::demo::organisations::Slug;
use sluis::organisation::{Oin, Status};

use crate::support::TestGateway;
use crate::support::fake_source::{Act, FakeSource, item};

/// Long enough for a dozen attempts at the outbox's shortest interval.
const WHILE: Duration = Duration::from_secs(4);

fn oin(slug: Slug) -> Oin {
    slug.organisation().parsed_oin().expect("an OIN")
}

/// Asks for a summary of the police and releases it.
async fn released(gateway: &TestGateway, before: impl AsyncFnOnce()) -> (Arc<Connector>, String) {
    let running = gateway.running();
    let police = Arc::clone(&running.connectors[&Slug::Police]);
    let mut body = gateway.question("P22");
    body["categories"] = json!(["incident-reports"]);
    let asked = gateway.ask(Slug::VeiligThuis, &body, None).await.expect("an answer");
    let rows = police.inbox().await.expect("the inbox");
    let row = rows.into_iter().find(|row| row.decision == asked.id).expect("an entry");
    assert_eq!(row.delivery, None, "nothing is released yet");
    before().await;
    let shown = police.show(&row.id).await.expect("shown").content.expect("its content");
    let data: Vec<_> = shown.parts.iter().map(|part| &part.data).collect();
    let hand = running.hand(Slug::Police, "pro-1").expect("a professional");
    let signed = hand.sign(|signed| release_statement(&row, &data, signed)).expect("signed");
    police.release(&row.id, &[], &signed).await.expect("released");
    (police, row.id)
}

async fn until(police: &Connector, id: &str, holds: impl Fn(&Delivery) -> bool) -> Delivery {
    let start = Instant::now();
    loop {
        let rows = police.inbox().await.expect("the inbox");
        let row = rows.into_iter().find(|row: &InboxRow| row.id == id).expect("the entry");
        let delivery = row.delivery.expect("it is released");
        if holds(&delivery) {
            assert_eq!(police.show(id).await.expect("shown").row.delivery.as_ref(), Some(&delivery), "`show` tells the same");
            return delivery;
        }
        assert!(start.elapsed() < Duration::from_secs(40), "{delivery}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Broken on purpose to see it fail: no pause, nothing given up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_gateway_refuses_for_good_is_sent_once() {
    let gateway = TestGateway::start().await;
    let desk = &gateway.running().desk;
    // The recipient is suspended between the question and the release.
    let suspend = async || desk.set_status(&oin(Slug::VeiligThuis), Status::Suspended).await.expect("suspended");
    let (police, id) = released(&gateway, suspend).await;
    let delivery = until(&police, &id, |delivery| matches!(delivery, Delivery::Refused { .. })).await;
    assert!(delivery.to_string().contains("403 not-permitted: the recipient takes no part"), "{delivery}");
    tokio::time::sleep(WHILE).await;
    assert_eq!(gateway.refusals(&oin(Slug::Police)).await, 1, "it is not sent again");
    gateway.stop().await;
}

/// Broken on purpose to see it fail: no pause; a suspended organisation given up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_pass_later_is_tried_ever_later() {
    let gateway = TestGateway::start().await;
    let desk = &gateway.running().desk;
    let suspend = async || desk.set_status(&oin(Slug::Police), Status::Suspended).await.expect("suspended");
    let (police, id) = released(&gateway, suspend).await;
    let delayed = until(&police, &id, |delivery| matches!(delivery, Delivery::Delayed { .. })).await;
    assert!(delayed.to_string().contains("organisation-suspended"), "{delayed}");
    tokio::time::sleep(WHILE).await;
    let tried = gateway.refusals(&oin(Slug::Police)).await;
    assert!((2..=6).contains(&tried), "{tried} attempts in {WHILE:?}");
    desk.set_status(&oin(Slug::Police), Status::Active).await.expect("readmitted");
    until(&police, &id, |delivery| matches!(delivery, Delivery::Delivered { .. })).await;
    gateway.stop().await;
}

/// Broken on purpose to see it fail: sources never paused; a source that refuses taken for one that took them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn receipts_that_a_source_does_not_take_are_kept_and_not_pressed_on_it() {
    let gateway = TestGateway::start().await;
    let police = FakeSource::instead_of(&gateway, Slug::Police).await;
    police.does(|call| Act::Answer(call.answer(&[item("identity", "exact", json!({"surname": "Bergsma"}))])));
    let hang_up: fn(&_) -> Act = |_| Act::HangUp;
    let refuse: fn(&_) -> Act = |call| Act::Raw(crate::support::fake_source::Call::response(call, 409, b"{}"));
    // Where nobody answers there are a few calls in all; where each is refused, one for each new receipt and a few beside.
    for (case, act, most) in [("it hangs up", hang_up, 5), ("it refuses each", refuse, 24)] {
        police.refuses_receipts(Some(act));
        let (offered, had) = (police.offered(), police.receipts().len());
        let start = Instant::now();
        for _ in 0..12 {
            gateway.ask(Slug::VeiligThuis, &gateway.question("P21"), None).await.expect("an answer");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        let offered = police.offered() - offered;
        let seconds = start.elapsed().as_secs();
        assert!(offered >= 1, "{case}");
        assert!(offered <= most, "{case}: offered {offered} times in {seconds} s");
        let waiting = gateway.running().gateway.store.contribution_receipts(100).await.expect("read").len();
        assert_eq!(waiting, 12, "{case}: all are kept");
        police.refuses_receipts(None);
        let taken = async {
            while police.receipts().len() < had + 12 {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(Duration::from_mins(1), taken).await.unwrap_or_else(|_| panic!("{case}: taken in the end"));
    }
    drop(police);
    gateway.stop().await;
}
