//! Every line of the log, whoever wrote it, says what the Logboek Dataverwerkingen asks of each: which processing activity, from when until when.

use std::collections::BTreeSet;

use serde_json::json;
use sluis::client::Trouble;
use sluis::clock::Clock;
use sluis::demo::organisations::Slug;
use sluis::ledger::entry::{Body, EntryKind, Operation};

use crate::support::{TestGateway, log};

/// That a line has both.
fn complete(body: &Body) -> Result<(), String> {
    let Operation { processing_activity, started_at, ended_at, .. } = &body.operation;
    let activity = processing_activity.as_deref().ok_or("no processing activity")?;
    let (scheme, named) = activity.split_once(":sluis:").ok_or_else(|| format!("{activity} is no name of ours"))?;
    let is_named = matches!(named.split_once(':'), Some(("purpose" | "activity", code)) if !code.is_empty());
    if scheme != "urn" || !is_named {
        return Err(format!("{activity} is no name of ours"));
    }
    match (&body.purpose, named) {
        (Some(purpose), named) if named != format!("purpose:{purpose}") => return Err(format!("{activity}, of {purpose}")),
        _ => {}
    }
    let ended = ended_at.ok_or("no end")?;
    if ended < *started_at { Err(format!("it began at {started_at} and ended at {ended}")) } else { Ok(()) }
}

/// Broken on purpose to see it fail: `Journal::write` without `complete`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_line_says_what_it_was_done_for_and_until_when() {
    let gateway = TestGateway::start().await;
    let question = gateway.question("P22");
    let answer = gateway.ask(Slug::VeiligThuis, &question, None).await.expect("an answer");
    let client = gateway.running().client(Slug::VeiligThuis).expect("a client");
    client.pick_up(&answer.id, question.to_string().as_bytes()).await.expect("picked up");
    let mut refused = question.clone();
    refused["categories"] = json!(["reporter"]);
    assert!(matches!(gateway.ask(Slug::VeiligThuis, &refused, None).await, Err(Trouble::Problem(_))));
    gateway.running().desk.overdue_notices(10).await.expect("looked at");
    let written = log::opened(&*gateway.running().gateway.store, &gateway.running().layout).await;
    let mut kinds = BTreeSet::new();
    for entry in &written {
        let said = complete(&entry.body);
        assert!(said.is_ok(), "entry {}, {}: {}", entry.stored.index, entry.kind(), said.unwrap_err());
        kinds.insert(entry.kind().code());
    }
    println!("{kinds:?}");
    for kind in
        ["ask", "disclosure", "contribution", "refusal", "redelivery", "consent-event", "policy-change", "log-view", "key-event"]
    {
        assert!(kinds.contains(kind), "no {kind}");
    }

    // Whoever writes an entry of any kind need not think of it.
    let desk = &gateway.running().desk;
    for kind in EntryKind::ALL {
        let row = log::row(desk, (&desk.oin, gateway.clock.now()), kind, |_| {}, |_| {});
        let said = complete(&desk.journal.open(&row).expect("opened"));
        assert!(said.is_ok(), "{kind}: {}", said.unwrap_err());
    }
    gateway.stop().await;
}
