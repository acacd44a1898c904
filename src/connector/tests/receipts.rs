//! Receipts of contributions.

use super::super::receipts::{ContributionStatement, ReceiptError, Unproven};
use super::*;
use crate::source::ContributionReceipt;
use crate::source::digest::items_digest;

fn receipt(answer: &RecordsAnswer, items: &[usize]) -> ContributionReceipt {
    let items = items.iter().map(|at| answer.items[*at].id.clone()).collect();
    ContributionReceipt { disclosure: answer.decision.clone(), items, receipt: "c2sp.org/tlog-proof@v1".to_owned() }
}

#[tokio::test]
async fn the_statement_is_that_of_the_items_as_they_were_sent() {
    let fixture = Fixture::new().await;
    let answer = fixture.ask(&request(&[("incident-reports", "exact", &["date", "kind"]), ("measures", "exact", &[])])).await;
    // As the gateway sees them: through JSON.
    let received: RecordsAnswer = serde_json::from_slice(&serde_json::to_vec(&answer).unwrap()).unwrap();
    let expected = ContributionStatement {
        disclosure: answer.decision.clone(),
        party: "00000099000000002000".parse().unwrap(),
        payload: items_digest(&[&received.items[3], &received.items[0]]),
        request: CALL,
    };
    let verify = |statement: &ContributionStatement, text: &str| {
        assert_eq!(text, "c2sp.org/tlog-proof@v1");
        if *statement == expected { Ok(()) } else { Err(Unproven::Untrue("another statement".to_owned())) }
    };
    fixture.connector.accept_receipts(&[receipt(&answer, &[3, 0])], &verify).await.unwrap();
    fixture.connector.accept_receipts(&[receipt(&answer, &[3, 0])], &verify).await.unwrap();
    let kept = fixture.connector.state().receipts(&answer.decision).await.unwrap();
    assert_eq!(kept.len(), 1, "kept once");
    assert_eq!(kept[0].receipt, "c2sp.org/tlog-proof@v1");
    let other_order = fixture.connector.accept_receipts(&[receipt(&answer, &[0, 3])], &verify).await;
    assert_eq!(other_order, Err(ReceiptError::NotProven("another statement".to_owned())));
}

#[tokio::test]
async fn items_that_were_not_given_are_refused() {
    let fixture = Fixture::new().await;
    let answer = fixture.ask(&request(&[("measures", "exact", &[])])).await;
    let accept = async |receipt: &ContributionReceipt| {
        fixture.connector.accept_receipts(std::slice::from_ref(receipt), &|_, _| Ok(())).await
    };
    let mut unknown = receipt(&answer, &[0]);
    unknown.items.push("AAAAAAAAAAAAAAAAAAAAAA".to_owned());
    assert_eq!(accept(&unknown).await, Err(ReceiptError::UnknownItems));
    let mut elsewhere = receipt(&answer, &[0]);
    elsewhere.disclosure = "another".to_owned();
    assert_eq!(accept(&elsewhere).await, Err(ReceiptError::UnknownItems));
    assert_eq!(accept(&receipt(&answer, &[])).await, Err(ReceiptError::UnknownItems));
    // All or none: a good one beside a bad one is not kept.
    let both = [receipt(&answer, &[0]), unknown];
    assert_eq!(fixture.connector.accept_receipts(&both, &|_, _| Ok(())).await, Err(ReceiptError::UnknownItems));
    let no = || "no".to_owned();
    let not_proven = fixture.connector.accept_receipts(&[receipt(&answer, &[0])], &|_, _| Err(Unproven::Untrue(no()))).await;
    assert_eq!(not_proven, Err(ReceiptError::NotProven(no())));
    let early = fixture.connector.accept_receipts(&[receipt(&answer, &[0])], &|_, _| Err(Unproven::Unwitnessed(no()))).await;
    assert_eq!(early, Err(ReceiptError::Unwitnessed(no())));
    assert!(fixture.connector.state().receipts(&answer.decision).await.unwrap().is_empty());
}
