//! A withdrawal takes effect at commit: every disclosure is strictly before or after it, and whoever received something that rested on the consent
//! has a notice by the same commit.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use sluis::clock::Clock;
use sluis::demo::organisations::Slug;
use sluis::ledger::entry::EntryKind;
use sluis::organisation::Kind;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use tokio::sync::Notify;

use super::consents::{level, question};
use crate::support::TestGateway;
use crate::support::consents::{get, given, pointers, post};
use crate::support::fake_source::{Act, FakeSource};
use crate::support::faulty_store::{Fault, Node};
use crate::support::log;

const IN_FLIGHT: usize = 100;
/// So many answers come at once, the others only after the withdrawal.
const AT_ONCE: usize = 60;

async fn notices(gateway: &TestGateway, slug: Slug, kind: &str) -> Vec<Value> {
    let (_, list) = get(gateway, &gateway.persona(slug), "/v1/notices").await;
    list["notices"].as_array().expect("a list").iter().filter(|task| task["kind"] == kind).cloned().collect()
}

/// Broken on purpose to see it fail: `still_holds` true (given after the withdrawal); `ReceivedBy` always so (recipients without a notice).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_withdrawal_lies_before_or_after_each_of_a_hundred_disclosures() {
    let gateway = TestGateway::start().await;
    let care = gateway.persona(Slug::MentalHealth);
    let source = FakeSource::instead_of(&gateway, Slug::MentalHealth).await;
    let (gate, asked) = (Arc::new(Notify::new()), AtomicUsize::new(0));
    let held = Arc::clone(&gate);
    source.does(move |call| {
        let answer = Act::Answer(call.answer(&[level(36)]));
        if asked.fetch_add(1, Ordering::SeqCst) < AT_ONCE { answer } else { Act::When(Arc::clone(&held), Box::new(answer)) }
    });
    let (_, view) = post(&gateway, &care, "/v1/consents", &given(&gateway)).await;
    let id = view["id"].as_str().expect("an id").to_owned();

    let client = Arc::new(gateway.running().client(Slug::VeiligThuis).expect("a client"));
    let (text, finished) = (Arc::new(question(&gateway).to_string().into_bytes()), Arc::new(AtomicUsize::new(0)));
    let asking = (0..IN_FLIGHT).map(|_| {
        let (client, text, finished) = (Arc::clone(&client), Arc::clone(&text), Arc::clone(&finished));
        tokio::spawn(async move {
            let disclosed = client.disclose(&text, None).await.expect("an answer");
            finished.fetch_add(1, Ordering::SeqCst);
            disclosed
        })
    });
    let asking: Vec<_> = asking.collect();
    // All are on their way, some are over; the others race with the withdrawal or come after it.
    source.asked(IN_FLIGHT).await;
    while finished.load(Ordering::SeqCst) < AT_ONCE / 2 {
        tokio::task::yield_now().await;
    }
    let ending = json!({"at": gateway.clock.now().to_string(), "recordedBy": "pro-1", "reason": "changed her mind"});
    let (status, withdrawn) = post(&gateway, &care, &format!("/v1/consents/{id}/withdrawals"), &ending).await;
    assert_eq!((status, &withdrawn["state"]), (200, &json!("withdrawn")), "{withdrawn}");
    let opening = tokio::spawn(async move {
        loop {
            gate.notify_waiters();
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    let mut disclosed = Vec::new();
    for one in asking {
        disclosed.push(one.await.expect("no panic"));
    }
    opening.abort();

    let entries = log::stored(&*gateway.running().gateway.store).await;
    let events =
        entries.iter().filter(|entry| entry.row.clear.kind == EntryKind::ConsentEvent && entry.row.clear.party == care.oin);
    let told = entries.iter().filter(|entry| entry.row.clear.kind == EntryKind::WithdrawalNotice).collect::<Vec<_>>();
    assert_eq!(told.len(), 1, "one recipient, one notice");
    let withdrawal = told[0].index - 1;
    assert!(events.clone().any(|event| event.index == withdrawal), "both in one commit");
    let mut before = BTreeSet::new();
    for one in &disclosed {
        let (given, index) = (one.items().count(), one.deliveries[0].log_index);
        assert_eq!(given == 1, index < withdrawal, "{}: entry {index}, withdrawal {withdrawal}, {given} items", one.id);
        if given == 1 {
            before.insert(one.id.clone());
        }
    }
    assert!(before.len() >= AT_ONCE / 2 && before.len() < IN_FLIGHT, "some on each side: {} before", before.len());
    let notices = notices(&gateway, Slug::VeiligThuis, "withdrawal-notice").await;
    let listed: BTreeSet<String> =
        notices[0]["disclosures"].as_array().expect("a list").iter().map(|id| id.as_str().expect("an id").to_owned()).collect();
    assert_eq!((notices.len(), listed), (1, before), "the notice names exactly what was received");
    assert!(notices[0]["about"].is_null() && notices[0]["categories"] == json!(["substance-use"]), "{}", notices[0]);
    drop(source);
    gateway.stop().await;
}

/// Broken on purpose to see it fail: `incidents` by `first`; `GivenAgain` doing nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_withdrawal_recorded_late_lists_what_was_given_since() {
    let gateway = TestGateway::start().await;
    let care = gateway.persona(Slug::MentalHealth);
    let source = FakeSource::instead_of(&gateway, Slug::MentalHealth).await;
    source.does(|call| Act::Answer(call.answer(&[level(36)])));
    let (_, view) = post(&gateway, &care, "/v1/consents", &given(&gateway)).await;
    let one = format!("/v1/consents/{}", view["id"].as_str().expect("an id"));
    let text = question(&gateway).to_string().into_bytes();
    let client = gateway.running().client(Slug::VeiligThuis).expect("a client");
    let before = client.disclose(&text, None).await.expect("given");
    let picked_up = client.disclose(&text, None).await.expect("given");
    gateway.clock.advance(3600);
    let withdrawn_at = gateway.clock.now();
    gateway.clock.advance(3600);
    let since = client.disclose(&text, None).await.expect("given");
    client.pick_up(&picked_up.id, &text).await.expect("given again");

    let future = json!({"at": withdrawn_at.plus(Duration::from_hours(9)).to_string(), "recordedBy": "pro-1"});
    let (status, problem) = post(&gateway, &care, &format!("{one}/withdrawals"), &future).await;
    assert_eq!((status, pointers(&problem)), (400, vec!["/at".to_owned()]));
    let too_early = json!({"at": withdrawn_at.minus(Duration::from_hours(2)).to_string(), "recordedBy": "pro-1"});
    let (status, problem) = post(&gateway, &care, &format!("{one}/withdrawals"), &too_early).await;
    assert_eq!((status, pointers(&problem)), (400, vec!["/at".to_owned()]), "before it was given: {problem}");
    let late = json!({"at": withdrawn_at.to_string(), "recordedBy": "pro-1"});
    let (status, view) = post(&gateway, &care, &format!("{one}/withdrawals"), &late).await;
    assert_eq!((status, &view["state"]), (200, &json!("withdrawn")));
    let incidents = view["incidents"].as_array().expect("a list");
    let listed: BTreeSet<&str> = incidents.iter().map(|incident| incident["disclosure"].as_str().expect("an id")).collect();
    assert_eq!(listed, BTreeSet::from([since.id.as_str(), picked_up.id.as_str()]), "{} was before", before.id);
    assert_eq!(get(&gateway, &care, &one).await.1["incidents"], view["incidents"], "and so they stay");
    let entries = log::opened(&*gateway.running().gateway.store, &gateway.running().layout).await;
    let noted = entries.iter().filter(|entry| entry.body.change.as_ref().is_some_and(|change| change.event == "incident"));
    let noted: Vec<_> = noted.collect();
    let named = noted[0].body.references.iter().filter(|reference| reference.object == "disclosure").count();
    assert_eq!((noted.len(), named), (1, 2), "the log names them too");

    let (status, _) = post(&gateway, &care, &format!("{one}/withdrawals"), &late).await;
    assert_eq!(status, 409, "it has ended");
    assert_eq!(post(&gateway, &care, &format!("{one}/refusals"), &late).await.0, 409);
    drop(source);
    gateway.stop().await;
}

/// Broken on purpose to see it fail: an invalidation as of the moment that is reported, as a withdrawal is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_never_valid_lists_everything_that_rested_on_it() {
    let gateway = TestGateway::start().await;
    let care = gateway.persona(Slug::MentalHealth);
    let source = FakeSource::instead_of(&gateway, Slug::MentalHealth).await;
    source.does(|call| Act::Answer(call.answer(&[level(36)])));
    let (_, view) = post(&gateway, &care, "/v1/consents", &given(&gateway)).await;
    let client = gateway.running().client(Slug::VeiligThuis).expect("a client");
    gateway.clock.advance(60);
    let rested = client.disclose(&question(&gateway).to_string().into_bytes(), None).await.expect("given");
    gateway.clock.advance(60);
    let ending = json!({"at": gateway.clock.now().to_string(), "recordedBy": "pro-1", "reason": "under coercion"});
    let target = format!("/v1/consents/{}/invalidations", view["id"].as_str().expect("an id"));
    let (status, view) = post(&gateway, &care, &target, &ending).await;
    assert_eq!((status, &view["state"]), (200, &json!("invalidated")), "{view}");
    assert_eq!(view["incidents"][0]["disclosure"], json!(rested.id), "{view}");
    let (_, problem) = post(&gateway, &care, &target, &ending).await;
    assert!(!problem["detail"].as_str().expect("a detail").contains("try again"), "it can never succeed: {problem}");
    drop(source);
    gateway.stop().await;
}

/// Between two commits a crash would lose the incident for ever: the withdrawal is done by then.
///
/// Broken on purpose to see it fail: the incident in a commit of its own, as it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_incident_is_in_the_log_with_its_withdrawal() {
    let gateway = TestGateway::start().await;
    let care = gateway.persona(Slug::MentalHealth);
    let source = FakeSource::instead_of(&gateway, Slug::MentalHealth).await;
    source.does(|call| Act::Answer(call.answer(&[level(36)])));
    let (_, view) = post(&gateway, &care, "/v1/consents", &given(&gateway)).await;
    let withdrawn_at = gateway.clock.now().to_string();
    gateway.clock.advance(60);
    let disclosed = gateway.ask(Slug::VeiligThuis, &question(&gateway), None).await.expect("given");
    let node = Node::beside(&gateway).await;
    // Counts what it lets through.
    node.store.fails(EntryKind::ConsentEvent, Fault::Slow(Duration::ZERO));
    let late = json!({"at": withdrawn_at, "recordedBy": "pro-1"}).to_string().into_bytes();
    let target = format!("/v1/consents/{}/withdrawals", view["id"].as_str().expect("an id"));
    let view = node.client(&gateway, Slug::MentalHealth).post(&target, &late, None).await.expect("withdrawn");
    assert_eq!(view["incidents"][0]["disclosure"], json!(disclosed.id), "{view}");
    assert_eq!(node.store.met(), 1, "one commit");
    let entries = log::opened(&*gateway.running().gateway.store, &gateway.running().layout).await;
    let events: Vec<_> =
        entries.iter().filter_map(|entry| entry.body.change.as_ref().map(|change| change.event.as_str())).collect();
    assert_eq!(events.iter().filter(|event| **event == "incident").count(), 1, "{events:?}");
    node.stop().await;
    drop(source);
    gateway.stop().await;
}

/// A row of what rested on a consent was taken away in the database: the withdrawal holds all the same, and everybody is told whom the consent names.
///
/// Broken on purpose to see it fail: `relied` handing the error on; only those told who are in what is left of the list.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_that_is_not_whole_does_not_hold_up_a_withdrawal() {
    let gateway = TestGateway::start().await;
    let care = gateway.persona(Slug::MentalHealth);
    let source = FakeSource::instead_of(&gateway, Slug::MentalHealth).await;
    source.does(|call| Act::Answer(call.answer(&[level(36)])));
    // A second one that may have it on a consent.
    let desk = Arc::clone(&gateway.running().desk);
    let second = Slug::Probation.organisation().parsed_oin().expect("an OIN");
    let mut second = desk.registration(&second).await.expect("registered").organisation;
    second.kind = Kind::VeiligThuis;
    desk.join(second, Vec::new()).await.expect("registered");
    gateway.running().gateway.registry.refresh().await.expect("the registry");
    let mut consent = given(&gateway);
    consent["recipients"] = json!([Slug::VeiligThuis, Slug::Probation].map(|slug| slug.organisation().oin));
    let (_, view) = post(&gateway, &care, "/v1/consents", &consent).await;
    gateway.clock.advance(60);
    let one = format!("/v1/consents/{}", view["id"].as_str().expect("an id"));
    gateway.ask(Slug::VeiligThuis, &question(&gateway), None).await.expect("given");
    let file = gateway.running().layout.gateway().join("sluis.sqlite");
    let database = SqlitePool::connect_with(SqliteConnectOptions::new().filename(file)).await.expect("the file");
    assert_eq!(sqlx::query("DELETE FROM reliance").execute(&database).await.expect("written").rows_affected(), 1);
    database.close().await;

    assert!(get(&gateway, &care, &one).await.1["incidents"].is_null(), "it is not said that there are none");
    let ending = json!({"at": gateway.clock.now().minus(Duration::from_secs(1)).to_string(), "recordedBy": "pro-1"});
    let (status, withdrawn) = post(&gateway, &care, &format!("{one}/withdrawals"), &ending).await;
    assert_eq!((status, &withdrawn["state"]), (200, &json!("withdrawn")), "{withdrawn}");
    for slug in [Slug::VeiligThuis, Slug::Probation] {
        let notices = notices(&gateway, slug, "withdrawal-notice").await;
        assert_eq!(notices.len(), 1, "{slug:?} is told");
        assert!(notices[0]["disclosures"].is_null() && notices[0]["categories"] == json!(["substance-use"]), "{}", notices[0]);
    }
    let items = gateway.ask(Slug::VeiligThuis, &question(&gateway), None).await.expect("an answer").items().count();
    assert_eq!(items, 0, "nothing rests on it any more");
    drop(source);
    gateway.stop().await;
}

/// What was requested is refused or invalidated; an invalidation says why, and is answered as a withdrawal is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refusals_and_invalidations_end_consents_too() {
    let gateway = TestGateway::start().await;
    let care = gateway.persona(Slug::MentalHealth);
    let source = FakeSource::instead_of(&gateway, Slug::MentalHealth).await;
    source.does(|call| Act::Answer(call.answer(&[level(36)])));
    let at = || gateway.clock.now().to_string();
    let mut requested = given(&gateway);
    requested["event"] = json!("requested");
    let (status, problem) = post(&gateway, &care, "/v1/consents", &requested).await;
    assert_eq!((status, pointers(&problem)), (400, vec!["/grantors".to_owned()]), "nobody has given it yet");
    requested["grantors"] = json!([]);
    let (_, view) = post(&gateway, &care, "/v1/consents", &requested).await;
    assert_eq!(view["state"], "requested", "{view}");
    let target = format!("/v1/consents/{}/refusals", view["id"].as_str().expect("an id"));
    let (status, refused) = post(&gateway, &care, &target, &json!({"at": at(), "recordedBy": "pro-1"})).await;
    assert_eq!((status, &refused["state"], refused["events"].as_array().expect("events").len()), (200, &json!("refused"), 2));

    let mut body = given(&gateway);
    body["supersedes"] = view["id"].clone();
    let (_, view) = post(&gateway, &care, "/v1/consents", &body).await;
    let disclosed = gateway.ask(Slug::VeiligThuis, &question(&gateway), None).await.expect("an answer");
    assert_eq!(disclosed.items().count(), 1);
    let target = format!("/v1/consents/{}/invalidations", view["id"].as_str().expect("an id"));
    let (_, problem) = post(&gateway, &care, &target, &json!({"at": at(), "recordedBy": "pro-1"})).await;
    assert_eq!(pointers(&problem), ["/reason"]);
    let body = json!({"at": at(), "recordedBy": "pro-1", "reason": "given under pressure"});
    assert_eq!(post(&gateway, &care, &target, &body).await.1["state"], "invalidated");
    let notices = notices(&gateway, Slug::VeiligThuis, "withdrawal-notice").await;
    assert_eq!(notices[0]["disclosures"], json!([disclosed.id]));
    drop(source);
    gateway.stop().await;
}

/// What care records when P29 refuses: these categories, to Veilig Thuis, as she said it then.
fn refusal(gateway: &TestGateway, categories: &[&str], at: &str) -> Value {
    let mut body = given(gateway);
    let grantor = json!([{"role": "self", "method": "in person", "at": at}]);
    let members = json!({"event": "refused", "categories": categories, "at": at, "grantors": grantor});
    body.as_object_mut().expect("an object").extend(members.as_object().expect("an object").clone());
    body
}

/// Who says no to more ends what she agreed to before: that has its withdrawal, its notices and its incidents in the same commit, as if it had been
/// withdrawn by itself.
///
/// Broken on purpose to see it fail: `ended_by` of nothing; without `end_one` for the others.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wider_no_ends_what_was_agreed_to_before_with_notices_and_incidents() {
    let gateway = TestGateway::start().await;
    let care = gateway.persona(Slug::MentalHealth);
    let source = FakeSource::instead_of(&gateway, Slug::MentalHealth).await;
    source.does(|call| Act::Answer(call.answer(&[level(36)])));
    let (_, view) = post(&gateway, &care, "/v1/consents", &given(&gateway)).await;
    let narrow = format!("/v1/consents/{}", view["id"].as_str().expect("an id"));
    gateway.clock.advance(60);
    let said_at = gateway.clock.now().to_string();
    gateway.clock.advance(60);
    let disclosed = gateway.ask(Slug::VeiligThuis, &question(&gateway), None).await.expect("given");
    assert_eq!(disclosed.items().count(), 1);
    gateway.clock.advance(60);
    let wide = refusal(&gateway, &["care-involvement", "diagnosis", "substance-use"], &said_at);
    let (status, no) = post(&gateway, &care, "/v1/consents", &wide).await;
    assert_eq!((status, &no["state"]), (200, &json!("refused")), "{no}");
    let (_, ended) = get(&gateway, &care, &narrow).await;
    assert_eq!(ended["state"], "withdrawn", "{ended}");
    assert_eq!(ended["incidents"][0]["disclosure"], json!(disclosed.id), "{ended}");
    assert_eq!(notices(&gateway, Slug::VeiligThuis, "withdrawal-notice").await.len(), 1);
    assert_eq!(gateway.ask(Slug::VeiligThuis, &question(&gateway), None).await.expect("an answer").items().count(), 0);
    // The careless way opens nothing, the careful one does.
    gateway.clock.advance(60);
    let anew = given(&gateway);
    let (_, beside) = post(&gateway, &care, "/v1/consents", &anew).await;
    assert_eq!(beside["overruledBy"].as_array().map(Vec::len), Some(1), "{beside}");
    let mut answering = anew.clone();
    answering["supersedes"] = no["id"].clone();
    let (_, answering) = post(&gateway, &care, "/v1/consents", &answering).await;
    assert_eq!(answering["overruledBy"], json!([]), "{answering}");
    assert_eq!(gateway.ask(Slug::VeiligThuis, &question(&gateway), None).await.expect("an answer").items().count(), 1);
    drop(source);
    gateway.stop().await;
}

/// Of a consent that a no ends in part the rest stands, and its recipients are told of that part.
///
/// Broken on purpose to see it fail: without `ended_in_part`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_no_to_a_part_is_told_as_that() {
    let gateway = TestGateway::start().await;
    let care = gateway.persona(Slug::MentalHealth);
    let source = FakeSource::instead_of(&gateway, Slug::MentalHealth).await;
    source.does(|call| Act::Answer(call.answer(&[level(36)])));
    let mut both = given(&gateway);
    both["categories"] = json!(["care-involvement", "substance-use"]);
    let (_, view) = post(&gateway, &care, "/v1/consents", &both).await;
    let both = format!("/v1/consents/{}", view["id"].as_str().expect("an id"));
    gateway.clock.advance(60);
    assert_eq!(gateway.ask(Slug::VeiligThuis, &question(&gateway), None).await.expect("given").items().count(), 1);
    gateway.clock.advance(60);
    let no = refusal(&gateway, &["substance-use"], &gateway.clock.now().to_string());
    assert_eq!(post(&gateway, &care, "/v1/consents", &no).await.0, 200);
    assert_eq!(get(&gateway, &care, &both).await.1["state"], "given");
    let notices = notices(&gateway, Slug::VeiligThuis, "withdrawal-notice").await;
    assert_eq!(notices.iter().map(|notice| &notice["categories"]).collect::<Vec<_>>(), [&json!(["substance-use"])]);
    assert_eq!(gateway.ask(Slug::VeiligThuis, &question(&gateway), None).await.expect("an answer").items().count(), 0);
    drop(source);
    gateway.stop().await;
}
