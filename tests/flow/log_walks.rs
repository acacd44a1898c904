//! What is stated over the log (overviews, reports, exports) goes by the log itself, is bound to the embargoes that were seen, and has bounds.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sluis::client::{Client, ExportCheck, Trouble, verify_search};
use sluis::demo::organisations::Slug;
use sluis::http::client::CallError;
use sluis::ledger::entry::EntryKind;
use sluis::store::search::{Filter, Order};
use sluis::store::sqlite::search::file_beside;
use sqlx::SqlitePool;

use crate::support::faulty_store::Node;
use crate::support::officers::{ask, officer, open, search, signed};
use crate::support::{TestGateway, log};

const OFFICERS: Slug = Slug::Police;
const OTHERS: Slug = Slug::VeiligThuis;

/// The body of what police's officer asks.
fn body(gateway: &TestGateway, action: &str, request: &Value) -> Vec<u8> {
    signed(gateway, &officer(gateway, OFFICERS), action, request).to_string().into_bytes()
}

async fn post(client: &Client, gateway: &TestGateway, action: &str, request: &Value) -> Result<Value, Trouble> {
    client.post(&format!("/v1/log/{action}"), &body(gateway, action, request), None).await
}

async fn download(client: &Client, gateway: &TestGateway, request: &Value) -> Result<String, Trouble> {
    let mut bytes = Vec::new();
    let keep = |piece: &[u8]| {
        bytes.extend_from_slice(piece);
        Ok(())
    };
    client.download("/v1/log/exports", &body(gateway, "exports", request), keep).await?;
    Ok(String::from_utf8(bytes).expect("UTF-8"))
}

/// What a query finds by the search file, nobody has to believe; what it leaves out is left out of a page of lines, and of nothing that is stated.
///
/// Broken on purpose to see it fail: `Walk` by `Desk::found`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_hidden_in_the_search_file_is_reported_and_exported_all_the_same() {
    let gateway = TestGateway::start().await;
    let question = gateway.question("P22");
    gateway.ask(Slug::VeiligThuis, &question, None).await.expect("an answer");
    let (about, store) = (json!({"subject": question["subject"]}), gateway.gateway_folder().join("sluis.sqlite"));
    let found = search(&gateway, OFFICERS, about.clone()).await;
    assert_eq!(found.len(), 1);
    let index = found[0]["index"].as_i64().expect("an index");
    verify_search(&store, |_, _| {}).await.expect("true until now");
    let pool = SqlitePool::connect(&format!("sqlite:{}", file_beside(&store).display())).await.expect("the file");
    for statement in ["DELETE FROM line WHERE idx = ?", "DELETE FROM other WHERE idx = ?"] {
        sqlx::query(statement).bind(index).execute(&pool).await.expect("deleted");
    }
    pool.close().await;

    assert_eq!(search(&gateway, OFFICERS, about.clone()).await, Vec::<Value>::new(), "a query misses it");
    let (_, report) = ask(&gateway, OFFICERS, "subject-reports", &json!({"filter": about})).await;
    assert_eq!(report["lines"].as_array().map(Vec::len), Some(1), "{report}");
    let (_, overview) = ask(&gateway, OFFICERS, "overviews", &json!({"view": "subject", "filter": about})).await;
    assert_eq!(overview["lines"][0]["action"], "contribution", "{overview}");
    let client = gateway.running().client(OFFICERS).expect("a client");
    let file = download(&client, &gateway, &json!({"format": "jsonl", "filter": about})).await.expect("a file");
    assert_eq!(file.lines().count(), 2, "{file}");
    let untrue = verify_search(&store, |_, _| {}).await.expect_err("untrue").to_string();
    assert!(untrue.contains(&format!("entry {index} of the log")) && untrue.contains("delete it"), "{untrue}");
    gateway.stop().await;
}

/// An embargo that is committed before the look of a report, an overview or an export holds in it: the log itself would tell of a breach.
///
/// Broken on purpose to see it fail: `HeldBack::unchanged` out of the append of the report, of the overview, of the export.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_embargo_placed_while_something_is_made_holds_in_it() {
    let gateway = TestGateway::start().await;
    let node = Node::beside(&gateway).await;
    let client = node.client(&gateway, OFFICERS);
    let mut cases = Vec::new();
    for (person, kind) in [("P22", EntryKind::LogView), ("P21", EntryKind::LogView), ("P25", EntryKind::Export)] {
        let question = gateway.question(person);
        gateway.ask(Slug::VeiligThuis, &question, None).await.expect("an answer");
        let about = json!({"subject": question["subject"]});
        let place =
            json!({"place": {"subject": question["subject"], "ground": "investigation", "until": "2099-01-01T00:00:00Z"}});
        let halt = node.store.halts(kind);
        let placed = halt.meanwhile(ask(&gateway, OFFICERS, "embargoes", &place));
        let told = match person {
            "P22" => {
                let request = json!({"filter": about});
                let (told, placed) = tokio::join!(post(&client, &gateway, "subject-reports", &request), placed);
                assert_eq!(placed.0, 200, "{}", placed.1);
                let told = told.expect("a report");
                told["lines"] == json!([])
            }
            "P21" => {
                let request = json!({"view": "subject", "filter": about});
                let (told, placed) = tokio::join!(post(&client, &gateway, "overviews", &request), placed);
                assert_eq!(placed.0, 200, "{}", placed.1);
                let told = told.expect("an overview");
                told["lines"].as_array().is_some_and(|lines| lines.iter().all(|line| line["heldBack"] == true))
            }
            _ => {
                let request = json!({"format": "ldv", "filter": about});
                let (told, placed) = tokio::join!(download(&client, &gateway, &request), placed);
                assert_eq!(placed.0, 200, "{}", placed.1);
                told.expect("a file").contains(":confidential")
            }
        };
        cases.push(told);
    }
    assert_eq!(cases, [true; 3]);
    // One look each is in the log, behind the embargo, and says how much was told: the embargo's own entry is about the person too.
    let entries = log::opened(&*gateway.running().gateway.store, &gateway.running().layout).await;
    let looks = entries.iter().filter_map(|entry| entry.body.look.as_ref().map(|look| (look.view.as_str(), look.count)));
    let looks: BTreeSet<_> = looks.filter(|(view, _)| *view != "embargoes").collect();
    assert_eq!(looks, BTreeSet::from([("export", 2), ("overview-subject", 2), ("subject-report", 0)]));
    node.stop().await;
    gateway.stop().await;
}

fn is_busy(answer: &Result<Value, Trouble>, detail: &str) -> bool {
    matches!(answer, Err(Trouble::Problem(problem)) if problem.status == 429 && problem.to_string().contains(detail))
}

/// Broken on purpose to see it fail: `while_waited_for` not asked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_organisation_has_two_walks_under_way_and_none_for_nobody() {
    let gateway = TestGateway::start().await;
    gateway.ask(Slug::VeiligThuis, &gateway.question("P22"), None).await.expect("an answer");
    let node = Node::beside(&gateway).await;
    let (client, other) = (node.client(&gateway, OFFICERS), node.client(&gateway, Slug::VeiligThuis));
    let request = json!({"filter": {"subject": gateway.question("P22")["subject"]}});
    let report = || post(&client, &gateway, "subject-reports", &request);
    let overview = json!({"view": "subject", "filter": request["filter"]});
    let permits = node.store.walks_wait();

    // Two wait; there is no third, of whatever it would be, and another organisation has its own.
    let third = async {
        node.store.until_walking(2).await;
        let third = post(&client, &gateway, "overviews", &overview).await;
        let file = download(&client, &gateway, &json!({"format": "csv"})).await.map(Value::from);
        let body = signed(&gateway, &officer(&gateway, Slug::VeiligThuis), "subject-reports", &request).to_string();
        let others = other.post("/v1/log/subject-reports", body.as_bytes(), None);
        let goes_on = async {
            node.store.until_walking(3).await;
            permits.add_permits(1000);
        };
        let (others, ()) = tokio::join!(others, goes_on);
        (third, file, others)
    };
    let (first, second, (third, file, others)) = tokio::join!(report(), report(), third);
    assert!(first.is_ok() && second.is_ok() && others.is_ok(), "{first:?} {second:?} {others:?}");
    assert!(is_busy(&third, "your organisation") && is_busy(&file, "your organisation"), "{third:?} {file:?}");

    // Whoever goes away before the look was logged gets no second walk beside the first: the first ends.
    let permits = node.store.walks_wait();
    let looks = gateway.entries(EntryKind::LogView, &gateway.persona(OFFICERS).oin).await;
    for _ in 0..3 {
        let gone = tokio::time::timeout(std::time::Duration::from_mins(1), async {
            tokio::select! {
                answer = report() => panic!("answered: {answer:?}"),
                () = node.store.until_walking(1) => {}
            }
        });
        gone.await.expect("a place was free");
        // Its connection is closed: the walk ends with it.
        tokio::time::timeout(std::time::Duration::from_mins(1), node.store.until_walking(0)).await.expect("nobody walks");
    }
    permits.add_permits(1000);
    report().await.expect("and then it is answered");
    assert_eq!(
        gateway.entries(EntryKind::LogView, &gateway.persona(OFFICERS).oin).await,
        looks + 1,
        "what nobody saw is no look"
    );
    node.stop().await;
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_of_which_something_is_erased_while_it_leaves_is_broken_off() {
    let gateway = TestGateway::start().await;
    let question = gateway.question("P22");
    gateway.ask(Slug::VeiligThuis, &question, None).await.expect("an answer");
    let entry = search(&gateway, OFFICERS, json!({"subject": question["subject"]})).await[0]["index"].clone();
    let node = Node::beside(&gateway).await;
    let client = node.client(&gateway, OFFICERS);
    let halt = node.store.halts(EntryKind::Export);
    let request = json!({"format": "jsonl", "filter": {"kind": "contribution"}});
    let erasure = json!({"entry": entry, "ground": "recorded about the wrong person"});
    let erased = halt.meanwhile(ask(&gateway, OFFICERS, "erasures", &erasure));
    let (file, erased) = tokio::join!(download(&client, &gateway, &request), erased);
    assert_eq!(erased.0, 200, "{}", erased.1);
    // By the gateway: a whole file with another digest would be `Unsigned`.
    let broken_off = matches!(file, Err(Trouble::Call { error: CallError::Connection(_) | CallError::Ended(_) }));
    assert!(broken_off, "not broken off: {file:?}");
    let file = download(&client, &gateway, &request).await.expect("asked again");
    assert!(file.contains("\"erased\":1"), "{file}");
    node.stop().await;
    gateway.stop().await;
}

/// Memory does not grow with the log: a walk goes in steps of a bounded size, and a large file is made and sent by three walks. And a walk does not end at
/// entries that are not asked for.
///
/// Broken on purpose to see it fail: `STEP` without bound; a walk that ends at a step, or a part, without lines.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn twenty_thousand_entries_are_walked_over_and_leave_in_small_steps() {
    const ENTRIES: usize = 20_000;
    let gateway = TestGateway::start().await;
    let (desk, party) = (&gateway.running().desk, gateway.persona(OFFICERS).oin);
    let others = gateway.persona(OTHERS).oin;
    let behind = gateway.persona(Slug::Probation).oin;
    log::fill(desk, &others, EntryKind::OrganisationChange, 3).await;
    log::fill(desk, &party, EntryKind::Refusal, 3).await;
    log::fill(desk, &party, EntryKind::OrganisationChange, ENTRIES).await;
    log::fill(desk, &behind, EntryKind::OrganisationChange, 3).await;
    for order in [Order::NewestFirst, Order::OldestFirst] {
        let filter = Filter { kind: Some(EntryKind::OrganisationChange), ..Filter::of(party.clone()) };
        let (mut walk, mut indexes) = (desk.walk(filter, gateway.log_size().await, order), Vec::new());
        loop {
            let lines = walk.next().await.expect("lines");
            assert!(lines.len() <= 100);
            if lines.is_empty() {
                break;
            }
            indexes.extend(lines.iter().map(|line| line.index));
        }
        assert!(indexes.len() >= ENTRIES && indexes.is_sorted_by(|a, b| if order == Order::OldestFirst { a < b } else { a > b }));
    }
    let client = gateway.running().client(OFFICERS).expect("a client");
    let (mut check, mut largest) = (ExportCheck::default(), 0);
    let keep = |piece: &[u8]| {
        largest = largest.max(piece.len());
        check.take(piece);
        Ok(())
    };
    let request =
        body(&gateway, "exports", &json!({"format": "jsonl", "filter": {"actor": "a-1", "kind": "organisation-change"}}));
    client.download("/v1/log/exports", &request, keep).await.expect("a file");
    assert_eq!(check.finish().expect("whole").count, ENTRIES as u64);
    assert!(largest < 1 << 20, "{largest} bytes at once");
    // Behind twenty thousand, from either end: of the other kind, and of the other side.
    let refusals = json!({"view": "employee", "filter": {"actor": "a-1", "kind": "refusal"}});
    let (status, refusals) = ask(&gateway, OFFICERS, "overviews", &refusals).await;
    assert_eq!((status, &refusals["lines"][0]["count"]), (200, &json!(3)), "{refusals}");
    for (whose, kind, order) in [
        (&party, EntryKind::Refusal, Order::NewestFirst),
        (&others, EntryKind::OrganisationChange, Order::NewestFirst),
        (&behind, EntryKind::OrganisationChange, Order::OldestFirst),
    ] {
        let actor = Some(desk.journal.actor_token(whose, "a-1"));
        let filter = Filter { actor, kind: Some(kind), ..Filter::of(whose.clone()) };
        let lines = desk.walk(filter, gateway.log_size().await, order).next().await.expect("lines");
        assert_eq!(lines.len(), 3, "{kind} of {whose}, {order:?}");
    }
    gateway.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_look_at_lines_tells_which_are_held_back() {
    let gateway = TestGateway::start().await;
    let question = gateway.question("P22");
    gateway.ask(Slug::VeiligThuis, &question, None).await.expect("an answer");
    let about = json!({"subject": question["subject"], "kind": "contribution"});
    let before = search(&gateway, OFFICERS, about.clone()).await;
    assert_eq!(before[0]["embargoed"], false);
    let place = json!({"place": {"trace": before[0]["trace"], "ground": "investigation", "until": "2099-01-01T00:00:00Z"}});
    assert_eq!(ask(&gateway, OFFICERS, "embargoes", &place).await.0, 200);
    let after = search(&gateway, OFFICERS, about).await;
    assert_eq!(after[0]["embargoed"], true);
    let index = after[0]["index"].as_u64().expect("an index");
    assert_eq!(open(&gateway, OFFICERS, &[index]).await[0]["embargoed"], true);
    gateway.stop().await;
}
