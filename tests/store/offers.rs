//! Offers as they are kept: one of a kind, so many and no more, sealed, and gone when their time is over.

use std::time::Duration;

use sluis::source::SubjectWire;
use sluis::source::offers::OfferKind;
use sluis::store::{Append, Change, Conflict, OfferPage, OfferRow, StoreError, SubjectIndex};

use super::attack::{alarm, write};
use super::fixture::{Fixture, NOW, On, oin, on_both};
use crate::support::cases::Cases;

on_both!(
    offers_wait_in_bounded_number_until_their_end,
    whom_an_offer_is_about_is_sealed_in_its_place,
    an_offer_is_not_turned_to_another
);

fn offer(number: u16) -> OfferRow {
    let mut subject = [0; 32];
    subject[..2].copy_from_slice(&number.to_be_bytes());
    OfferRow {
        id: format!("offer-{number}"),
        source: oin(1),
        recipient: oin(if number < 100 { 2 } else { 10 + u8::try_from(number / 100).expect("few") }),
        purpose: "safety-assessment".parse().expect("a purpose"),
        kind: OfferKind::Threat,
        subject: SubjectIndex(subject),
        reference: SubjectWire { scheme: "bsn".to_owned(), value: "999990019".to_owned() },
        made: NOW,
        expires: NOW.plus(Duration::from_hours(1)),
        collected: false,
    }
}

fn adds(fixture: &Fixture, offers: impl Iterator<Item = OfferRow>) -> Vec<Append> {
    offers.map(|offer| Append { changes: vec![Change::Offer(Box::new(offer))], ..fixture.append() }).collect()
}

/// Broken on purpose to see it fail: the count left out; collected ones counted; `ends` not extended.
async fn offers_wait_in_bounded_number_until_their_end(on: On) {
    let fixture = Fixture::on(on).await;
    for hundreds in 0..10 {
        let added = fixture.commit(&adds(&fixture, (hundreds * 100..hundreds * 100 + 100).map(offer))).await.expect("a commit");
        assert!(added.iter().all(Result::is_ok));
    }
    let add =
        async |offer: OfferRow| fixture.commit(&adds(&fixture, [offer].into_iter())).await.expect("a commit").remove(0).err();
    assert_eq!(add(offer(1000)).await, Some(Conflict::TooMany));
    let of_another = |number| OfferRow { recipient: oin(2), source: oin(3), ..offer(number) };
    fixture.commit(&adds(&fixture, (2000..2100).map(of_another))).await.expect("a commit");
    assert_eq!(add(of_another(2100)).await, Some(Conflict::TooMany), "no source fills another's list");
    assert_eq!(add(OfferRow { recipient: oin(4), ..of_another(2100) }).await, None);
    assert_eq!(add(OfferRow { id: "another".to_owned(), ..offer(7) }).await, Some(Conflict::StateChanged), "it waits already");
    assert_eq!(add(OfferRow { source: oin(3), ..offer(1000) }).await, None, "another source is not held up");
    let change = async |change| fixture.commit_one(Append { changes: vec![change], ..fixture.append() }).await.err();
    let until = NOW.plus(Duration::from_hours(5));
    assert_eq!(change(Change::OfferCollected { offer: "offer-7".to_owned(), until }).await, None);
    assert_eq!(
        change(Change::OfferWithdrawn("offer-7".to_owned())).await,
        Some(Conflict::StateChanged),
        "collected is collected"
    );
    assert_eq!(change(Change::OfferWithdrawn("offer-8".to_owned())).await, None);
    let gone = Change::OfferCollected { offer: "offer-8".to_owned(), until };
    assert_eq!(change(gone).await, Some(Conflict::FactsChanged), "withdrawn is withdrawn");
    assert_eq!(add(OfferRow { id: "another".to_owned(), ..offer(7) }).await, None, "what was collected does not wait");

    let at = |hours| NOW.plus(Duration::from_hours(hours));
    let found = async |id: &str, hours| fixture.store.offer(id, at(hours)).await.expect("read");
    assert!(found("offer-9", 0).await.is_some_and(|found| found == offer(9)));
    assert!(found("offer-9", 2).await.is_none() && found("offer-7", 2).await.is_some_and(|found| found.collected));
    let page = |after, limit| OfferPage { after, limit };
    assert!(fixture.store.offers_waiting(&oin(2), at(2), page("", 10)).await.expect("read").is_empty());
    let first = fixture.store.offers_waiting(&oin(2), NOW, page("", 10)).await.expect("read");
    assert!(first.len() == 10 && first.windows(2).all(|pair| pair[0].id > pair[1].id), "the newest first");
    let second = fixture.store.offers_waiting(&oin(2), NOW, page(&first[9].id, 10)).await.expect("read");
    assert!(second.len() == 10 && second[0].id < first[9].id);
    assert!(fixture.store.offers_made(&oin(1), NOW, page("", 2000)).await.expect("read").iter().any(|made| made.collected));
    assert!(fixture.store.offers_made(&oin(2), NOW, page("", 10)).await.expect("read").is_empty(), "it made none");
    fixture.store.sweep(at(2)).await.expect("swept");
    assert_eq!(fixture.rows("offer").await, 1, "only what was collected is still needed");
    fixture.holds_together().await;
}

async fn whom_an_offer_is_about_is_sealed_in_its_place(on: On) {
    let fixture = Fixture::on(on).await;
    fixture.commit(&adds(&fixture, (1..3).map(offer))).await.expect("a commit");
    let stored = fixture.bytes("SELECT reference FROM offer WHERE id = 'offer-1'").await;
    assert!(!stored.windows(9).any(|window| window == b"999990019"));
    fixture.change("UPDATE offer SET reference = (SELECT reference FROM offer WHERE id = 'offer-1') WHERE id = 'offer-2'").await;
    let read = fixture.store.offer("offer-2", NOW).await;
    assert!(matches!(read, Err(StoreError::Corrupt { table: "offer", .. })), "{read:?}");
}

/// An offer tells its recipient a person: whoever can write the file does not turn it to another, nor make it last longer, nor wait again.
///
/// Broken on purpose to see it fail: `opened` without its comparison of terms; each part out of `terms`.
async fn an_offer_is_not_turned_to_another(on: On) {
    let mut cases = Cases::default();
    for attack in [
        "recipient = '00000099000000007000'",
        "source = '00000099000000007000'",
        "purpose = 'treatment'",
        "kind = 'police-report'",
        "made = made - 1",
        "expires = expires + 1",
        "ends = ends + 1",
        "collected = 1",
        "subject = zeroblob(32)",
        "id = 'offer-9'",
        "reference = (SELECT reference FROM offer WHERE id = 'offer-2')",
        // Of one that was collected.
        "ends = ends + 1 WHERE id = 'offer-3'",
        "collected = NULL WHERE id = 'offer-3'",
        "collected = collected - 1 WHERE id = 'offer-3'",
        "(ends, collected, reference) = (SELECT ends + 9, collected, reference FROM offer WHERE id = 'offer-2') WHERE id = 'offer-3'",
    ] {
        let fixture = Fixture::on(on).await;
        fixture.commit(&adds(&fixture, (1..4).map(offer))).await.expect("a commit");
        let until = NOW.plus(Duration::from_hours(5));
        let collect =
            |offer: &str| Append { changes: vec![Change::OfferCollected { offer: offer.to_owned(), until }], ..fixture.append() };
        fixture.commit_one(collect("offer-3")).await.expect("collected");
        let which = if attack.contains("offer-3") { "offer-3" } else { "offer-1" };
        let sound = fixture.store.offer(which, NOW).await.expect("read").is_some();
        cases.hold(format!("sound before {attack}"), sound);
        let condition = if attack.contains("WHERE id = 'offer-3'") { "" } else { " WHERE id = 'offer-1'" };
        write(&fixture, &format!("UPDATE offer SET {attack}{condition}")).await;
        let which = if attack.starts_with("id") { "offer-9" } else { which };
        let found = alarm(fixture.store.offer(which, NOW).await);
        cases.hold(
            format!("{attack}: {found:?}"),
            found.is_ok_and(|found| found.starts_with("offer ") && found.contains("offer-")),
        );
        let outcome = fixture.commit_one(collect(which)).await.err();
        cases.hold(format!("{attack}: it is collected no more: {outcome:?}"), outcome == Some(Conflict::FactsUnreadable));
        cases.hold("another is as it was", fixture.store.offer("offer-2", NOW).await.is_ok_and(|found| found == Some(offer(2))));
    }
    cases.finish(15 * 4);
}
