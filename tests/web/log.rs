//! The log on its officer's pages.

use std::collections::BTreeSet;

use serde_json::json;
use sluis::actions::ActionError;
use sluis::actions::log::{Asked, Query};
use sluis::actions::officer::Officer;
use sluis::actions::retention::Placing;
use sluis::actions::sessions::Visiting;
use sluis::demo::organisations::Slug;
use sluis::ledger::entry::EntryKind;

use super::signing_in::{link, signed_in, visitor};
use crate::support::{TestGateway, log};

/// What the links of a page lead to, of those below `/log/entries/`.
fn entries(page: &str) -> Vec<u64> {
    let found = page.split("href=\"/log/entries/").skip(1).filter_map(|rest| rest.split('"').next());
    found.map(|index| index.parse().expect("an index")).collect()
}

/// The newest index of a kind on one side.
async fn newest(gateway: &TestGateway, kind: EntryKind, slug: Slug) -> u64 {
    let (oin, all) = (gateway.persona(slug).oin, gateway.entries_since(0).await);
    let index = all.iter().rposition(|entry| *entry == (kind, oin.clone())).expect("an entry of this kind");
    u64::try_from(index).expect("an index")
}

async fn visiting(gateway: &TestGateway, slug: Slug) -> Visiting {
    let desk = &gateway.running().desk;
    let secret = desk.sign_in_by_link(&link(gateway, slug).await).await.expect("signed in");
    desk.visiting(&secret).await.expect("she visits")
}

fn everything() -> Query {
    Query { filter: Asked::default(), limit: 50, cursor: None }
}

/// Broken on purpose to see it fail: entries opened whose side they are not on; what is not found not recorded; the session left out of the entry.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_officer_sees_her_side_and_every_look_is_an_entry() {
    let gateway = TestGateway::start().await;
    let mut question = gateway.question("P22");
    question["necessity"] = json!("<script>alert(1)</script> & a report came in");
    gateway.ask(Slug::VeiligThuis, &question, None).await.expect("an answer");
    let (hers, theirs) = (
        newest(&gateway, EntryKind::Disclosure, Slug::VeiligThuis).await,
        newest(&gateway, EntryKind::Contribution, Slug::Police).await,
    );
    let oin = gateway.persona(Slug::VeiligThuis).oin;
    let mut officer = signed_in(&gateway, Slug::VeiligThuis).await;
    let page = officer.get("/log").await;
    assert_eq!(page.status, 200, "{}", page.body);
    let listed = entries(&page.body);
    assert!(listed.contains(&hers) && !listed.contains(&theirs), "{listed:?}");
    assert!(page.body.contains("Verstrekking") && page.body.contains("Politie"), "{}", page.body);
    assert_eq!(gateway.entries(EntryKind::LogView, &oin).await, 1);

    let opened = officer.get(&format!("/log/entries/{hers}")).await;
    assert_eq!(opened.status, 200, "{}", opened.body);
    assert!(opened.body.contains("&#60;script&#62;alert(1)") && !opened.body.contains("<script>alert"), "{}", opened.body);
    let number = question["subject"]["value"].as_str().expect("a number");
    assert!(!opened.body.contains(number) && !page.body.contains(number), "who it is about stands on no page");
    let of_another = officer.get(&format!("/log/entries/{theirs}")).await;
    let of_nobody = officer.get("/log/entries/99999999").await;
    assert_eq!((of_another.status, of_nobody.status), (404, 404));
    assert_eq!(gateway.entries(EntryKind::LogView, &oin).await, 4, "also what was looked for and not hers");

    let log = log::opened(&*gateway.running().gateway.store, &gateway.running().layout).await;
    for look in log.iter().filter(|entry| entry.kind() == EntryKind::LogView) {
        assert_eq!(look.party(), &oin);
        assert_eq!(look.body.client.as_ref().expect("how she is known").authentication, "session");
        assert!(look.body.references.iter().any(|one| one.object == "session"), "by which session");
        assert!(look.body.signed.is_empty());
    }
    gateway.stop().await;
}

/// Broken on purpose to see it fail: an index taken however it is written.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_else_sees_the_log() {
    let gateway = TestGateway::start().await;
    let before = gateway.log_size().await;
    for path in ["/log", "/log/entries/0"] {
        assert_eq!(visitor(&gateway).get(path).await.status, 403, "{path}");
    }
    assert_eq!(gateway.log_size().await, before);
    let mut officer = signed_in(&gateway, Slug::Police).await;
    let hers = newest(&gateway, EntryKind::Session, Slug::Police).await;
    assert_eq!(officer.get(&format!("/log/entries/{hers}")).await.status, 200);
    let other_ways = [format!("/log/entries/0{hers}"), format!("/log/entries/+{hers}"), format!("/log/entries/{hers}/")];
    let wrong = ["/log/entries/", "/log/entries/x", "/log/entries/-1", "/log?behind=x"].map(str::to_owned);
    for path in other_ways.iter().chain(&wrong) {
        assert_eq!(officer.get(path).await.status, 404, "{path}");
    }
    let posted = officer.post("/log", "").await;
    assert_eq!((posted.status, posted.field("allow")), (405, "GET, HEAD"));
    gateway.stop().await;
}

/// Broken on purpose to see it fail: the code of a place not compared.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_go_on_where_the_one_before_ended() {
    let gateway = TestGateway::start().await;
    let oin = gateway.persona(Slug::Police).oin;
    log::fill(&gateway.running().desk, &oin, EntryKind::Refusal, 120).await;
    let mut officer = signed_in(&gateway, Slug::Police).await;
    let (mut seen, mut path) = (BTreeSet::new(), "/log".to_owned());
    for _ in 0..4 {
        let page = officer.get(&path).await;
        assert_eq!(page.status, 200, "{path}: {}", page.body);
        for index in entries(&page.body) {
            assert!(seen.insert(index), "{index} is on two pages");
        }
        let Some((_, rest)) = page.body.split_once("href=\"/log?behind=") else { break };
        path = format!("/log?behind={}", rest.split('"').next().expect("a place"));
    }
    let all = gateway.entries_since(0).await.len();
    let hers = gateway.entries(EntryKind::Refusal, &oin).await;
    assert!(hers >= 120 && seen.len() >= hers && seen.len() <= all, "{} of {hers}", seen.len());
    let mut other = signed_in(&gateway, Slug::VeiligThuis).await;
    assert_eq!(other.get(&path).await.status, 404, "a place in another organisation's log");
    gateway.stop().await;
}

/// What she looks at when her session has ended meanwhile is not shown, and not recorded as shown. Broken on purpose to see it fail: the look committed without
/// asking whether the session stands.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_look_needs_a_session_that_stands_when_it_is_recorded() {
    let gateway = TestGateway::start().await;
    let desk = &gateway.running().desk;
    let visiting = visiting(&gateway, Slug::Police).await;
    let officer = Officer::signed_in(&visiting).expect("an officer");
    desk.query_log(&officer, &everything()).await.expect("she is signed in");
    desk.end_session(&visiting, &visiting.session().id).await.expect("ended");
    let before = gateway.log_size().await;
    desk.query_log(&officer, &everything()).await.expect_err("her session is over");
    assert_eq!(gateway.log_size().await, before);
    gateway.stop().await;
}

/// A stolen session looks, which is recorded; it changes nothing. Broken on purpose to see it fail: acts committed for who is signed in.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_alone_holds_and_erases_nothing() {
    let gateway = TestGateway::start().await;
    gateway.ask(Slug::VeiligThuis, &gateway.question("P22"), None).await.expect("an answer");
    let desk = &gateway.running().desk;
    let officer = Officer::signed_in(&visiting(&gateway, Slug::VeiligThuis).await).expect("an officer");
    let index = newest(&gateway, EntryKind::Disclosure, Slug::VeiligThuis).await;
    let before = gateway.log_size().await;
    let held = desk.place_hold(&officer, Placing::Entries(BTreeSet::from([index])), "a complaint").await;
    assert!(matches!(held, Err(ActionError::State(_))), "{held:?}");
    let erased = desk.erase_entry(&officer, index, "a complaint").await;
    assert!(matches!(erased, Err(ActionError::State(_))), "{erased:?}");
    assert_eq!(gateway.log_size().await, before);
    gateway.stop().await;
}
