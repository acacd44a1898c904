//! The consent register over the wire: what a source records holds for the next request, is its own, and what may not be recorded is refused with
//! every place at once.

use std::sync::Arc;

use serde_json::{Value, json};
use sluis::clock::Clock;
use sluis::demo::organisations::Slug;
use sluis::ledger::entry::EntryKind;

use crate::support::cases::Cases;
use crate::support::consents::{get, given, pointers, post, post_once};
use crate::support::fake_source::{Act, FakeSource, item};
use crate::support::{TestGateway, log, random_text};

const DAY: std::time::Duration = std::time::Duration::from_hours(24);

/// What rests on consent: the level of substance use of P29, from mental-health care.
pub(super) fn question(gateway: &TestGateway) -> Value {
    let mut body = gateway.question("P29");
    body["categories"] = json!(["substance-use"]);
    body["sources"] = json!([Slug::MentalHealth.organisation().oin]);
    body
}

/// The level, stated of someone of `age`.
pub(super) fn level(age: u8) -> Value {
    let mut item = item("substance-use", "reduced", json!({"level": "high"}));
    item["regime"] = json!("wgbo");
    item["facts"] = json!({"professional": "ggz-3", "meldcodeSteps": true, "secretAddress": false, "subjectAge": age});
    item
}

async fn items(gateway: &TestGateway) -> usize {
    gateway.ask(Slug::VeiligThuis, &question(gateway), None).await.expect("an answer").items().count()
}

/// Broken on purpose to see it fail: `own_consent` without the recorder; `Answered` left out of `commit_once`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recorded_consent_is_in_force_and_its_recorders_own() {
    let gateway = TestGateway::start().await;
    let (care, stranger) = (gateway.persona(Slug::MentalHealth), gateway.persona(Slug::VeiligThuis));
    let (source, key) = (FakeSource::instead_of(&gateway, Slug::MentalHealth).await, random_text());
    source.does(|call| Act::Answer(call.answer(&[level(36)])));
    // Refused first: from then on it is the most specific record, and nothing is given.
    let mut refused = given(&gateway);
    refused["event"] = json!("refused");
    let (status, first) = post(&gateway, &care, "/v1/consents", &refused).await;
    assert_eq!((status, &first["state"]), (200, &json!("refused")), "{first}");
    assert_eq!(items(&gateway).await, 0);

    let mut body = given(&gateway);
    body["supersedes"] = first["id"].clone();
    let (status, view) = post_once(&gateway, &care, "/v1/consents", &body, &key).await;
    assert_eq!((status, &view["state"], &view["version"]), (200, &json!("given"), &json!(1)), "{view}");
    assert_eq!(items(&gateway).await, 1, "the next request rests on it");
    let bsn = body["subject"]["value"].as_str().expect("a number").to_owned();
    assert!(!view.to_string().contains(&bsn), "no answer names the person");

    // The same again is the same consent; another body under the key is none.
    let entries = gateway.entries(EntryKind::ConsentEvent, &care.oin).await;
    assert_eq!(post_once(&gateway, &care, "/v1/consents", &body, &key).await, (200, view.clone()));
    assert_eq!(gateway.entries(EntryKind::ConsentEvent, &care.oin).await, entries);
    body["categories"] = json!(["diagnosis"]);
    let (status, problem) = post_once(&gateway, &care, "/v1/consents", &body, &key).await;
    assert_eq!((status, &problem["type"]), (409, &json!("urn:sluis:problem:idempotency-conflict")));

    // It is read, listed and found by its recorder, and by nobody else.
    let id = view["id"].as_str().expect("an id");
    let one = format!("/v1/consents/{id}");
    assert_eq!(get(&gateway, &care, &one).await, (200, view.clone()));
    let (_, list) = get(&gateway, &care, &format!("/v1/consents?after={}", first["id"].as_str().expect("an id"))).await;
    assert_eq!((&list["more"], &list["consents"][0]["id"]), (&json!(false), &view["id"]), "{list}");
    let query = json!({"subject": body["subject"], "by": "pro-1"});
    let (_, found) = post(&gateway, &care, "/v1/consent-queries", &query).await;
    assert!(found["consents"].as_array().expect("a list").iter().any(|consent| consent["id"] == view["id"]), "{found}");
    assert_eq!(
        gateway.entries(EntryKind::ConsentEvent, &care.oin).await,
        entries + 3,
        "each look is logged: at one, at the list, for a person"
    );
    assert_eq!(get(&gateway, &stranger, &one).await.0, 404);
    let (_, others) = post(&gateway, &stranger, "/v1/consent-queries", &query).await;
    assert_eq!(others["consents"], json!([]), "what another recorded about the same person is not told");
    let ending = json!({"at": gateway.clock.now().to_string(), "recordedBy": "vt-1"});
    assert_eq!(post(&gateway, &stranger, &format!("{one}/withdrawals"), &ending).await.0, 404);
    assert_eq!(get(&gateway, &care, "/v1/consents?after=999990019").await.0, 400);
    assert_eq!(items(&gateway).await, 1);
    drop(source);
    gateway.stop().await;
}

/// Broken on purpose to see it fail: each rule in `rules.rs` left out; `allegedPerpetrator` taken as no where it is not stated, as it was.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_not_be_recorded_is_refused_with_its_place() {
    let gateway = TestGateway::start().await;
    let care = gateway.persona(Slug::MentalHealth);
    let now = gateway.clock.now();
    let instant = |at: sluis::clock::Timestamp| json!(at.to_string());
    let parent = json!({"role": "parent", "method": "in person", "at": now.to_string(), "authorityEvidence": "extract", "allegedPerpetrator": false});
    let unsaid =
        |role: &str| json!([{"role": role, "method": "in person", "at": now.to_string(), "authorityEvidence": "extract"}]);
    let table: Vec<(&str, &str, Value, &str)> = vec![
        ("a wildcard for recipients", "/recipients/0", json!("*"), "/recipients/0"),
        ("a kind for a recipient", "/recipients/0", json!("veilig-thuis"), "/recipients/0"),
        ("a wildcard for categories", "/categories/0", json!("*"), "/categories/0"),
        ("a wildcard for purposes", "/purposes/0", json!("*"), "/purposes/0"),
        ("no recipients", "/recipients", json!([]), "/recipients"),
        ("a purpose that nobody serves", "/purposes/0", json!("curiosity"), "/purposes/0"),
        ("no end", "/notAfter", Value::Null, "/notAfter"),
        ("too late an end", "/notAfter", instant(now.plus(DAY * 184)), "/notAfter"),
        ("an end before it begins", "/notAfter", instant(now.minus(DAY)), "/notAfter"),
        ("an unknown source", "/sources/0", json!("00000099000000099000"), "/sources/0"),
        ("another's data", "/sources/0", json!(Slug::Police.organisation().oin), "/sources/0"),
        ("an unknown recipient", "/recipients/0", json!("00000099000000099000"), "/recipients/0"),
        ("to itself", "/recipients/0", json!(care.oin.as_str()), "/recipients/0"),
        ("not given yet", "/at", instant(now.plus(DAY)), "/at"),
        ("nobody", "/grantors", json!([]), "/grantors"),
        ("a parent of an adult", "/grantors", json!([parent]), "/grantors"),
        ("a parent, suspected or not unsaid", "/grantors", unsaid("parent"), "/grantors/0/allegedPerpetrator"),
        ("a curator, suspected or not unsaid", "/grantors", unsaid("curator"), "/grantors/0/allegedPerpetrator"),
        ("a child alone", "/subjectAge", json!(11), "/grantors"),
        ("a minor without parents", "/subjectAge", json!(14), "/grantors"),
        ("no age", "/subjectAge", Value::Null, "/subjectAge"),
        ("a digest that is none", "/evidence/sha256", json!("xyz"), "/evidence/sha256"),
        ("a number in a text", "/recordedBy", json!("pro 999990019"), "/recordedBy"),
        ("somebody's number for a person", "/subject/value", json!("999990018"), "/subject/value"),
        ("privacy not stated", "/askedInPrivate", Value::Null, "/askedInPrivate"),
    ];
    let without = |scheme: &str, without: Value| json!({"subject": {"scheme": scheme, "value": "ggz-12"}, "withoutBsn": without});
    let mut cases = Cases::default();
    for (name, members, expected) in [
        ("a local number where the citizen number may be used", without("local", Value::Null), "/subject/scheme"),
        ("a v-number where the citizen number may be used", without("v-number", json!(false)), "/subject/scheme"),
        ("by citizen number, of one who has none", json!({"withoutBsn": true}), "/withoutBsn"),
    ] {
        let mut body = given(&gateway);
        body.as_object_mut().expect("an object").extend(members.as_object().expect("an object").clone());
        let (status, problem) = post(&gateway, &care, "/v1/consents", &body).await;
        cases.hold(format!("{name}: {problem}"), status == 400 && pointers(&problem) == [expected]);
    }
    let mut body = given(&gateway);
    body.as_object_mut().expect("an object").extend(without("local", json!(true)).as_object().expect("an object").clone());
    body["categories"] = json!(["care-involvement"]);
    cases.hold("a local number of one without", post(&gateway, &care, "/v1/consents", &body).await.0 == 200);
    for (name, at, value, expected) in table {
        let mut body = given(&gateway);
        *body.pointer_mut(at).expect(at) = value;
        let (status, problem) = post(&gateway, &care, "/v1/consents", &body).await;
        cases.hold(format!("{name}: {problem}"), status == 400 && pointers(&problem) == [expected]);
        cases.hold(format!("{name}: no number"), !problem.to_string().contains("99999001"));
    }
    for (name, member, value, expected) in [
        ("back-dated", "validFrom", instant(now.minus(DAY)), "/validFrom"),
        ("an unknown member", "wildcard", json!(true), "/wildcard"),
        ("superseding another's", "supersedes", json!("0199-none"), "/supersedes"),
    ] {
        let mut body = given(&gateway);
        body[member] = value;
        let (status, problem) = post(&gateway, &care, "/v1/consents", &body).await;
        cases.hold(format!("{name}: {problem}"), status == 400 && pointers(&problem) == [expected]);
    }
    let mut body = given(&gateway);
    body["grantors"] = json!([{"role": "curator", "method": "in person", "at": now.to_string(), "allegedPerpetrator": false}]);
    body["capacityAssessedBy"] = json!("psychiatrist-2");
    let (_, problem) = post(&gateway, &care, "/v1/consents", &body).await;
    cases.hold(format!("without evidence of authority: {problem}"), pointers(&problem) == ["/grantors/0/authorityEvidence"]);
    body["grantors"][0]["authorityEvidence"] = json!("register of curators");
    cases.hold("a curator of one judged incapable", post(&gateway, &care, "/v1/consents", &body).await.0 == 200);

    // Who is no source records nothing, whatever it claims.
    let director = gateway.persona(Slug::CaseManagement);
    let (status, problem) = post(&gateway, &director, "/v1/consents", &given(&gateway)).await;
    cases.hold(format!("no source: {problem}"), status == 403);
    let kept = get(&gateway, &care, "/v1/consents").await.1;
    let recorded =
        kept["consents"].as_array().expect("a list").iter().filter(|one| one["categories"] == json!(["substance-use"]));
    cases.hold(format!("one was recorded: {kept}"), recorded.count() == 1);
    cases.finish(53);
    gateway.stop().await;
}

/// The regime's row decides by the age on the day of disclosure; turning 12, 16 or 18 re-opens consent.
///
/// Broken on purpose to see it fail: `Band::ages` the whole range.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_birthday_reopens_consent() {
    let gateway = TestGateway::start().await;
    let care = gateway.persona(Slug::MentalHealth);
    let source = FakeSource::instead_of(&gateway, Slug::MentalHealth).await;
    let mut body = given(&gateway);
    body["subjectAge"] = json!(17);
    assert_eq!(post(&gateway, &care, "/v1/consents", &body).await.0, 200);
    for (age, count) in [(15, 0), (16, 1), (17, 1), (18, 0)] {
        source.does(move |call| Act::Answer(call.answer(&[level(age)])));
        assert_eq!(items(&gateway).await, count, "{age}");
    }
    // The regime is that of the record: one that no row knows asks for the strictest, which from 16 on is the subject too.
    source.does(|call| {
        let mut item = level(17);
        item["regime"] = json!("wvggz");
        Act::Answer(call.answer(&[item]))
    });
    assert_eq!(items(&gateway).await, 1);
    drop(source);
    gateway.stop().await;
}

/// A 13-year-old's parent, and a parent who is suspected: held for the source's professional, and nothing rests on it.
///
/// Broken on purpose to see it fail: `accepted` for every hold.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consent_that_is_not_everyones_is_held_for_the_professional() {
    let gateway = TestGateway::start().await;
    let care = gateway.persona(Slug::MentalHealth);
    let source = FakeSource::instead_of(&gateway, Slug::MentalHealth).await;
    let now = || json!(gateway.clock.now().to_string());
    let parent = |suspected: bool| json!({"role": "parent", "method": "in person", "at": now(), "authorityEvidence": "extract", "allegedPerpetrator": suspected});
    let mut body = given(&gateway);
    body["parentsWithCustody"] = json!(1);
    body["subjectAge"] = json!(13);
    body["grantors"] = json!([parent(false)]);
    let (status, view) = post(&gateway, &care, "/v1/consents", &body).await;
    assert_eq!((status, &view["state"], &view["hold"]), (200, &json!("requested"), &json!("minor-decides")), "{view}");
    source.does(|call| Act::Answer(call.answer(&[level(13)])));
    assert_eq!(items(&gateway).await, 0, "nothing rests on it");

    let tasks = async || {
        let (_, list) = get(&gateway, &care, "/v1/notices").await;
        let held = |task: &&Value| task["kind"] == "consent-review";
        list["notices"].as_array().expect("a list").iter().filter(held).cloned().collect::<Vec<_>>()
    };
    let answer = async |task: &Value, answer: &str| {
        let target = format!("/v1/notices/{}/answers", task["id"].as_str().expect("an id"));
        let body = json!({"answer": answer, "by": "psychiatrist-1", "basis": "good care, 7:465(4)"});
        post(&gateway, &care, &target, &body).await
    };
    let held = tasks().await;
    assert_eq!((held.len(), &held[0]["about"]), (1, &view["id"]));
    let (status, problem) = answer(&held[0], "accepted").await;
    assert_eq!((status, pointers(&problem)), (400, vec!["/answer".to_owned()]), "the minor must agree as well: {problem}");
    assert_eq!(answer(&held[0], "declined").await.0, 200);
    let consent = get(&gateway, &care, &format!("/v1/consents/{}", view["id"].as_str().expect("an id"))).await.1;
    assert_eq!(consent["state"], "invalidated", "{consent}");

    // What was declined is given anew.
    gateway.clock.advance(60);
    body["subjectAge"] = json!(9);
    body["at"] = now();
    body["grantors"] = json!([parent(true)]);
    body["supersedes"] = view["id"].clone();
    let (_, view) = post(&gateway, &care, "/v1/consents", &body).await;
    assert_eq!(view["hold"], "alleged-perpetrator", "{view}");
    source.does(|call| Act::Answer(call.answer(&[level(9)])));
    assert_eq!(items(&gateway).await, 0);
    let held = tasks().await;
    assert_eq!(answer(&held[0], "accepted").await.0, 200);
    assert_eq!(items(&gateway).await, 1, "the professional has accepted it");
    let consent = get(&gateway, &care, &format!("/v1/consents/{}", view["id"].as_str().expect("an id"))).await.1;
    assert_eq!((&consent["state"], &consent["reviewedBy"]), (&json!("given"), &json!("psychiatrist-1")), "{consent}");

    gateway.clock.advance(60);
    body["at"] = now();
    body["grantors"] = json!([parent(false)]);
    body["askedInPrivate"] = json!(false);
    let (_, view) = post(&gateway, &care, "/v1/consents", &body).await;
    assert_eq!(view["hold"], "not-in-private");
    assert_eq!(answer(&tasks().await[0], "accepted").await.0, 400, "asked within hearing it is asked anew");
    drop(source);
    gateway.stop().await;
}

/// Terms, by a clock that is moved: a consent expires by an event of its own, and years later it is gone.
///
/// Broken on purpose to see it fail: `expire` doing nothing; `Change::Erase` doing nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_consent_expires_and_is_removed_in_its_time() {
    let gateway = TestGateway::start().await;
    let (care, desk) = (gateway.persona(Slug::MentalHealth), Arc::clone(&gateway.running().desk));
    let (_, view) = post(&gateway, &care, "/v1/consents", &given(&gateway)).await;
    let id = view["id"].as_str().expect("an id");
    desk.keep_terms().await.expect("kept");
    assert_eq!(desk.consent(&care.oin, id).await.expect("a consent").events.len(), 1, "in force");
    gateway.clock.advance(91 * 24 * 3600);
    let lapsed = desk.consent(&care.oin, id).await.expect("a consent");
    assert_eq!((lapsed.summary.state.code(), lapsed.events.len()), ("expired", 1), "at once, though nobody wrote it down yet");
    desk.keep_terms().await.expect("kept");
    let expired = desk.consent(&care.oin, id).await.expect("a consent");
    assert_eq!((expired.summary.state.code(), expired.events.len()), ("expired", 2));
    assert_eq!(expired.events[1].at.to_string(), view["notAfter"].as_str().expect("an instant"));

    let erasures = async || gateway.entries(EntryKind::Erasure, &desk.oin).await;
    gateway.clock.advance(5 * 365 * 24 * 3600);
    desk.keep_terms().await.expect("kept");
    assert!(desk.consent(&care.oin, id).await.is_ok(), "not before its term");
    let before = erasures().await;
    gateway.clock.advance(10 * 24 * 3600);
    desk.keep_terms().await.expect("kept");
    assert!(desk.consent(&care.oin, id).await.is_err(), "gone");
    assert_eq!(erasures().await, before + 1, "and the log says so");
    assert!(log::stored(&*gateway.running().gateway.store).await.len() > 10, "whose own entries stay");
    gateway.stop().await;
}
