//! What cannot be delivered is tried again ever later, kept, and told to the operator; what never can be is not tried again.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::json;
use sluis::connector::Connector;
use sluis::connector::delivery::Delivery;
use sluis::connector::inbox::{InboxRow, release_statement};
use sluis::demo::organisations::Slug;
use sluis::organisation::{Oin, Status};

use crate::support::TestGateway;
use crate::support::fake_source::{Act, Call, FakeSource, item};

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

/// A source gives up a connection that it kept, in the moment in which the gateway uses it again: what it has is not lost, and it is asked once more, not
/// for ever, each time with a signature of its own.
///
/// Broken on purpose to see it fail: no second call; a second call after any failure; ever more calls.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_on_a_connection_that_ends_is_made_once_more() {
    let gateway = TestGateway::start().await;
    let police = FakeSource::instead_of(&gateway, Slug::Police).await;
    let answer = |call: &Call| Act::Answer(call.answer(&[item("identity", "exact", json!({"surname": "Bergsma"}))]));
    let asked = AtomicUsize::new(0);
    police.does(move |call| match asked.fetch_add(1, Ordering::SeqCst) {
        1 => Act::HangUp,
        _ => answer(call),
    });
    for calls in [1, 3] {
        let disclosed = gateway.ask(Slug::VeiligThuis, &gateway.question("P21"), None).await.expect("an answer");
        assert_eq!((disclosed.items().count(), police.calls().len()), (1, calls));
    }
    let signatures: BTreeSet<Vec<u8>> = police.calls().iter().map(|call| call.headers["signature"].as_bytes().to_vec()).collect();
    assert_eq!(signatures.len(), 3, "each is signed anew");

    let begun: fn(&Call) -> Act = |_| Act::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{".to_vec());
    let refuse: fn(&Call) -> Act = |call| Act::Raw(call.response(503, b"{}"));
    let hang_up: fn(&Call) -> Act = |_| Act::HangUp;
    for (case, act, calls) in
        [("it hangs up each time", hang_up, 2), ("its answer breaks off", begun, 1), ("it refuses", refuse, 1)]
    {
        police.does(act);
        let before = police.calls().len();
        let disclosed = gateway.ask(Slug::VeiligThuis, &gateway.question("P21"), None).await.expect("an answer without it");
        assert_eq!((disclosed.items().count(), police.calls().len() - before), (0, calls), "{case}");
    }
    drop(police);
    gateway.stop().await;
}

/// How often the gateway may have tried in this time: its pauses are at least 1, 2, 4, ... seconds.
fn attempts(within: Duration) -> u32 {
    1 + (within.as_secs() + 1).ilog2()
}

/// Broken on purpose to see it fail: sources never paused; receipts never paused; a source that refuses taken for one that took them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn receipts_that_a_source_does_not_take_are_kept_and_not_pressed_on_it() {
    let gateway = TestGateway::start().await;
    let police = FakeSource::instead_of(&gateway, Slug::Police).await;
    police.does(|call| Act::Answer(call.answer(&[item("identity", "exact", json!({"surname": "Bergsma"}))])));
    let hang_up: fn(&Call) -> Act = |_| Act::HangUp;
    let refuse: fn(&Call) -> Act = |call| Act::Raw(call.response(409, b"{}"));
    // Where nobody answers there are a few calls in all, however many receipts wait. Where each is refused, its pauses allow so many attempts, and
    // one that comes with others costs a call for itself and one for the half that it stands in. (Offered with each new one, they cost half as many again.)
    // Each call on a connection that ends is made once more.
    let one_pace: fn(&[Duration]) -> u32 = |ages| 2 * (attempts(ages[0]) + 2);
    let each_its_own: fn(&[Duration]) -> u32 = |ages| ages.iter().map(|age| 2 * attempts(*age)).sum();
    for (case, act, most) in [("it hangs up", hang_up, one_pace), ("it refuses each", refuse, each_its_own)] {
        police.refuses_receipts(Some(act));
        let (offered, had) = (police.offered(), police.receipts().len());
        let mut starts = Vec::new();
        for _ in 0..12 {
            starts.push(Instant::now());
            gateway.ask(Slug::VeiligThuis, &gateway.question("P21"), None).await.expect("an answer");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        let offered = u32::try_from(police.offered() - offered).expect("a few");
        let ages: Vec<_> = starts.iter().map(Instant::elapsed).collect();
        let most = most(&ages);
        assert!(offered >= 1, "{case}");
        assert!(offered <= most, "{case}: offered {offered} times, at most {most} in {:?}", ages[0]);
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
