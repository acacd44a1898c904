//! Connectors that lie, stall, flood and break: never more than was authorised, never a hang, and the other source of the request delivers.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use sluis::client::{Disclosed, Kit};
use sluis::crypto::keys::{Algorithm, SigningKey, generate_signing_key};
use sluis::demo::organisations::Slug;
use sluis::ledger::entry::EntryKind;
use sluis::organisation::Oin;

use crate::support::cases::Cases;
use crate::support::fake_source::{Act, Call, FakeSource, item, texts};
use crate::support::{Setup, TestGateway, log};

/// Stands in everything that must not reach the recipient.
const SENTINEL: &str = "Verboden";

/// How long a source gets here.
const SOURCE_TIME: Duration = Duration::from_secs(2);

/// Far above every bound of the gateway: who needs longer hangs.
const HANG: Duration = Duration::from_secs(20);

/// Police (the fake) and probation (a real connector) about a suspect whom both know.
fn question(gateway: &TestGateway, name: &str) -> Value {
    let mut body = gateway.question("P21");
    body["categories"] = json!(["identity", "address", "measures", "probation-status"]);
    body["sources"] = json!([Slug::Police.organisation().oin, Slug::Probation.organisation().oin]);
    body["necessity"] = json!(name);
    body
}

async fn ask(gateway: &TestGateway, body: &Value) -> Result<Disclosed, String> {
    let answer = tokio::time::timeout(HANG, gateway.ask(Slug::VeiligThuis, body, None)).await;
    answer.map_err(|_| "hangs".to_owned())?.map_err(|trouble| trouble.to_string())
}

/// What one source gave: `category form` with the data.
fn given(disclosed: &Disclosed, slug: Slug) -> Vec<(String, Value)> {
    let organisation = slug.organisation();
    let own = |item: &&Value| item["source"] == organisation.oin;
    let line = |item: &Value| format!("{} {}", item["category"].as_str().unwrap_or(""), item["form"].as_str().unwrap_or(""));
    disclosed.items().filter(own).map(|item| (line(item), item["data"].clone())).collect()
}

/// That the police gave exactly `expected`, that nothing of what is forbidden came through, and that probation delivered.
fn judge(disclosed: &Disclosed, expected: &[(&str, Value)]) -> Result<(), String> {
    let police = given(disclosed, Slug::Police);
    let wanted: Vec<_> = expected.iter().map(|(line, data)| ((*line).to_owned(), data.clone())).collect();
    if police != wanted {
        return Err(format!("gave {:?}", police.iter().map(|(line, _)| line).collect::<Vec<_>>()));
    }
    if disclosed.deliveries.iter().any(|delivery| texts(&delivery.payload).iter().any(|text| text.contains(SENTINEL))) {
        return Err("what must not leave has left".to_owned());
    }
    let mut probation: Vec<_> = given(disclosed, Slug::Probation).into_iter().map(|(line, _)| line).collect();
    probation.sort();
    probation.dedup();
    let both = ["measures exact".to_owned(), "probation-status reduced".to_owned()];
    if probation == both { Ok(()) } else { Err(format!("the other source delivered {probation:?}")) }
}

/// That the log says what happened: both asked; a disclosure; a contribution of exactly those who gave.
fn logged(entries: &[log::Opened], disclosed: &Disclosed) -> Result<(), String> {
    let of = log::of(entries, &disclosed.id);
    let oin = |slug: Slug| slug.organisation().parsed_oin().expect("an OIN");
    if log::asked(entries, &disclosed.id) != BTreeSet::from([oin(Slug::Police), oin(Slug::Probation)]) {
        return Err("the ask entry does not name both sources".to_owned());
    }
    let kinds = |kind| of.iter().filter(move |entry| entry.kind() == kind);
    if (kinds(EntryKind::Ask).count(), kinds(EntryKind::Disclosure).count()) != (1, 1) {
        return Err("not one ask and one disclosure entry".to_owned());
    }
    let contributed: BTreeSet<Oin> = kinds(EntryKind::Contribution).map(|entry| entry.party().clone()).collect();
    let gave = [Slug::Police, Slug::Probation].into_iter().filter(|slug| !given(disclosed, *slug).is_empty());
    let gave: BTreeSet<Oin> = gave.map(oin).collect();
    if contributed == gave { Ok(()) } else { Err("contribution entries of others than those who gave".to_owned()) }
}

type Lie = Box<dyn Fn(&Call) -> Act + Send + Sync>;

struct Case {
    name: &'static str,
    lie: Lie,
    expected: Vec<(&'static str, Value)>,
    form: &'static str,
}

fn nothing(name: &'static str, lie: impl Fn(&Call) -> Act + Send + Sync + 'static) -> Case {
    Case { name, lie: Box::new(lie), expected: Vec::new(), form: "exact" }
}

/// An answer with this one item gives `expected`.
fn single(name: &'static str, item: Value, expected: Vec<(&'static str, Value)>) -> Case {
    Case { expected, ..nothing(name, move |call| Act::Answer(call.answer(std::slice::from_ref(&item)))) }
}

/// An identity that would be given, if nothing else were wrong.
fn identity() -> Value {
    item("identity", "exact", json!({"surname": SENTINEL}))
}

/// A good item with one member changed.
fn but(mut item: Value, pointer: &str, value: Value) -> Value {
    *item.pointer_mut(pointer).expect("a member") = value;
    item
}

fn without(mut item: Value, object: &str, member: &str) -> Value {
    item.pointer_mut(object).and_then(Value::as_object_mut).expect("an object").remove(member);
    item
}

/// Answers about something else.
fn about_something_else() -> Vec<Case> {
    let altered = |pointer: &'static str, value: Value| {
        move |call: &Call| Act::Answer(but(call.answer(&[identity()]), pointer, value.clone()))
    };
    vec![
        nothing("another person", altered("/subject/value", json!("999990019"))),
        nothing("another kind of number", altered("/subject/scheme", json!("local"))),
        nothing("another decision", altered("/decision", json!("01937c00-0000-7000-8000-000000000000"))),
        nothing("nobody", |call| Act::Answer(without(call.answer(&[identity()]), "", "subject"))),
        single("an unasked category", item("risk-assessment", "reduced", json!({"level": "high", "month": "2026-01"})), vec![]),
        single("a category that nobody may give", item("reporter", "exact", json!({"name": SENTINEL})), vec![]),
        single("an unknown category", but(identity(), "/category", json!("diary")), vec![]),
        single("a form that was not asked", but(identity(), "/form", json!("reduced")), vec![]),
        single("a summary that nobody released", but(identity(), "/form", json!("summary")), vec![]),
        Case { form: "reduced", ..single("a finer form than asked", identity(), vec![]) },
    ]
}

/// Items that are not of their form.
fn malformed_items() -> Vec<Case> {
    let with = |data: Value| item("identity", "exact", data);
    let persons = |count: usize| json!(vec![json!({"letter": "A1", "ageBand": "25-34", "identifier": null}); count]);
    let protectors = json!([{"letter": "A1", "ageBand": "25-34", "identifier": null,
        "protectedFrom": vec![json!({"scheme": "local", "value": "1"}); 20_000]}]);
    vec![
        single("a number for a text", with(json!({"surname": 12, "initials": SENTINEL})), vec![]),
        single("a list for a text", with(json!({"surname": [SENTINEL]})), vec![]),
        single("an object for a text", with(json!({"surname": {"any": SENTINEL}})), vec![]),
        single("a day that is none", with(json!({"surname": SENTINEL, "birthDate": "2026-02-30"})), vec![]),
        single("a text for the data", with(json!(SENTINEL)), vec![]),
        single("a text too long", with(json!({"surname": SENTINEL.repeat(300)})), vec![]),
        single("a control character", with(json!({"surname": format!("{SENTINEL}\u{1b}[2J")})), vec![]),
        single("a list too long", item("measures", "exact", json!({"measures": vec![json!({"kind": SENTINEL}); 201]})), vec![]),
        single("an invalid regime", but(identity(), "/regime", json!("gentlemen's agreement")), vec![]),
        single("an invalid recordedAt", but(identity(), "/recordedAt", json!("14-03-2026")), vec![]),
        single("a recordedAt with words", but(identity(), "/recordedAt", json!(SENTINEL)), vec![]),
        single("an id that is a citizen number", but(identity(), "/id", json!("999990019")), vec![]),
        single("an id of many words", but(identity(), "/id", json!(format!("{SENTINEL} ").repeat(10_000))), vec![]),
        single("a reference too long", but(identity(), "/facts/professional", json!(SENTINEL.repeat(10_000))), vec![]),
        single("too many persons", but(identity(), "/persons", persons(5_000)), vec![]),
        single("too many protectors", but(identity(), "/persons", protectors), vec![]),
    ]
}

/// Legal facts that deny, or coarsen.
fn facts() -> Vec<Case> {
    let article = |number: &str| but(identity(), "/facts/wpgArticle", json!(number));
    let address = item("address", "exact", json!({"street": SENTINEL, "houseNumber": "7", "city": SENTINEL, "secret": false}));
    let marker = |form| vec![(form, json!({"secret": true}))];
    vec![
        single("no facts", without(identity(), "", "facts"), vec![]),
        single("no Wpg article", without(identity(), "/facts", "wpgArticle"), vec![]),
        single("Wpg article 9", article("9"), vec![]),
        single("Wpg article 14", article("14"), vec![]),
        single("a Wpg article that is none", article("8; 13"), vec![]),
        single(
            "held back by a professional",
            but(identity(), "/facts", json!({"wpgArticle": "8", "withheldBySource": true})),
            vec![],
        ),
        single("a secret address in full", but(address.clone(), "/facts/secretAddress", json!(true)), marker("address reduced")),
        single(
            "an address, secret or not unsaid",
            without(address.clone(), "/facts", "secretAddress"),
            marker("address reduced"),
        ),
        single("an address marked secret in its data only", but(address, "/data/secret", json!(true)), marker("address exact")),
    ]
}

/// More than was asked for, beside what may be given.
fn surplus() -> Vec<Case> {
    let own = json!({"surname": "Bergsma", "citizenNumber": SENTINEL, "pseudonym": SENTINEL, "note": {"deep": [SENTINEL]}});
    let kept = vec![("identity exact", json!({"surname": "Bergsma"}))];
    let extra_everywhere = |call: &Call| {
        let mut item = item("identity", "exact", json!({"surname": "Bergsma"}));
        item["comment"] = json!(SENTINEL);
        item["facts"]["comment"] = json!(SENTINEL);
        item["persons"] = json!([{"letter": "A1", "ageBand": "25-34", "identifier": null, "name": SENTINEL}]);
        let mut answer = call.answer(&[item]);
        answer["comment"] = json!(SENTINEL);
        Act::Answer(answer)
    };
    let amid_lies = |call: &Call| {
        let good = item("identity", "exact", json!({"surname": "Bergsma"}));
        let unasked = item("criminal-record", "exact", json!({"convictions": [{"offence": SENTINEL}]}));
        Act::Answer(call.answer(&[unasked, good, but(identity(), "/regime", json!(""))]))
    };
    vec![
        single("unknown fields in the data", item("identity", "exact", own), kept.clone()),
        Case { expected: kept.clone(), ..nothing("unknown fields around it", extra_everywhere) },
        Case { expected: kept, ..nothing("a good item amid bad ones", amid_lies) },
    ]
}

/// Answers that the source did not sign, or not for this call.
fn unsigned(gateway: &TestGateway, police: &FakeSource) -> Vec<Case> {
    let kit = Kit::open(&gateway.running().layout.kit_of(Slug::MentalHealth)).expect("a kit");
    let other = SigningKey::from_jwk(&kit.signing_key().expect("a key")).expect("a signing key");
    let forged = generate_signing_key(Algorithm::Ed25519, police.keyid.parse().expect("a key id")).expect("a key");
    let forged = SigningKey::from_jwk(&forged).expect("a signing key");
    let body = |call: &Call| call.answer(&[identity()]).to_string().into_bytes();
    let earlier = std::sync::Mutex::new(None::<Vec<u8>>);
    vec![
        nothing("unsigned", move |call| Act::Raw(Call::unsigned(200, &body(call)))),
        nothing("signed by another organisation", move |call| Act::Raw(call.response_by(&other, 200, &body(call)))),
        nothing("signed by a forged key", move |call| Act::Raw(call.response_by(&forged, 200, &body(call)))),
        nothing("another body than was signed", move |call| {
            let signed = String::from_utf8(call.response(200, &body(call))).expect("text");
            Act::Raw(signed.replace("2026-03-14", "2026-03-15").into_bytes())
        }),
        nothing("another status than was signed", move |call| {
            let signed = String::from_utf8(call.response(203, &body(call))).expect("text");
            Act::Raw(signed.replace("HTTP/1.1 203", "HTTP/1.1 200").into_bytes())
        }),
        // Asked twice by the test: the first answer is honest about the first call, the second is the first again.
        nothing("an answer of an earlier call", move |call| {
            let mut earlier = earlier.lock().expect("no panic");
            let response = earlier.get_or_insert_with(|| call.response(200, &call.answer(&[]).to_string().into_bytes())).clone();
            *earlier = Some(call.response(200, &body(call)));
            Act::Raw(response)
        }),
    ]
}

/// Too much, or not what HTTP and JSON are.
fn floods_and_noise() -> Vec<Case> {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
    let begun = |fields: &str| format!("{head}{fields}\r\n\r\n").into_bytes();
    let (gigabyte, chunked) = (begun("content-length: 1073741824"), begun("transfer-encoding: chunked"));
    let chunk = format!("10000\r\n{}\r\n", "7".repeat(0x10000)).into_bytes();
    vec![
        nothing("a million items", |call| {
            let text = call.answer(&[]).to_string().replace("[]", &format!("[{}{{}}]", "{},".repeat(999_999)));
            Act::Bytes(text.into_bytes())
        }),
        nothing("501 items", |call| Act::Answer(call.answer(&vec![identity(); 501]))),
        nothing("a gigabyte", move |_| Act::Endless(gigabyte.clone(), vec![b' '; 65_536])),
        nothing("an endless body", move |_| Act::Endless(chunked.clone(), chunk.clone())),
        nothing("an endless head", move |_| Act::Endless(head.as_bytes().to_vec(), format!("x-{SENTINEL}: y\r\n").into_bytes())),
        nothing("no JSON", |_| Act::Bytes(SENTINEL.as_bytes().to_vec())),
        nothing("JSON cut off", |call| {
            let mut text = call.answer(&[identity()]).to_string().into_bytes();
            text.truncate(text.len() - 2);
            Act::Bytes(text)
        }),
        nothing("nested without end", |_| Act::Bytes(vec![b'['; 100_000])),
        nothing("a member twice", |call| {
            let text = call.answer(&[identity()]).to_string().replacen('{', "{\"items\":[],", 1);
            Act::Bytes(text.into_bytes())
        }),
        nothing("another message", |_| Act::Answer(json!({"status": "ready"}))),
        nothing("a signed refusal", |call| Act::Raw(call.response(503, b"{}"))),
        nothing("a redirection", |call| {
            let text = String::from_utf8(call.response(302, b"{}")).expect("text");
            Act::Raw(text.replacen("\r\n", "\r\nlocation: https://localhost:1/v1/records\r\n", 1).into_bytes())
        }),
        nothing("not HTTP", |_| Act::Raw(b"220 police ESMTP\r\n".to_vec())),
        nothing("hangs up", |_| Act::HangUp),
        nothing("crashes in the middle of the body", |call| {
            let mut response = call.response(200, call.answer(&[identity()]).to_string().as_bytes());
            response.truncate(response.len() - 40);
            Act::Raw(response)
        }),
    ]
}

/// Broken on purpose, one at a time, to see the table fail: `is_about` true; any form let through `recheck`; `is_sound` true; `check_at_gateway`
/// passing what it does not know; the source's signature not verified; no `Limited` in the client.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn never_more_than_was_authorised() {
    let change = |config: &mut sluis::config::GatewayConfig| config.exchange.source_ms = 2000;
    let gateway = TestGateway::start_with(Setup { change, ..Setup::default() }).await;
    let police = FakeSource::instead_of(&gateway, Slug::Police).await;
    let mut cases = Cases::default();
    let mut done = Vec::new();
    let honest = single(
        "an honest answer",
        item("identity", "exact", json!({"surname": "Bergsma"})),
        vec![("identity exact", json!({"surname": "Bergsma"}))],
    );
    let signatures = unsigned(&gateway, &police);
    let table = [vec![honest], about_something_else(), malformed_items(), facts(), surplus(), signatures, floods_and_noise()];
    for Case { name, lie, expected, form } in table.into_iter().flatten() {
        police.does(lie);
        let mut body = question(&gateway, name);
        body["form"] = json!(form);
        // Of its health another test tells; here every case is asked.
        gateway.running().gateway.health.answered(&police.oin);
        if name == "an answer of an earlier call" {
            ask(&gateway, &body).await.expect("the call that is replayed");
        }
        let before = police.calls().len();
        let outcome = ask(&gateway, &body).await;
        cases.hold(format!("{name}: asked"), police.calls().len() > before);
        if let Some(disclosed) = cases.check(name, outcome) {
            let judged = if form == "exact" { judge(&disclosed, &expected) } else { judge_coarse(&disclosed) };
            cases.check(name, judged);
            done.push((name, disclosed));
        }
    }
    let entries = log::opened(&*gateway.running().gateway.store, &gateway.running().layout).await;
    for (name, disclosed) in &done {
        cases.check(format!("{name}: log"), logged(&entries, disclosed));
    }
    log::holds_together(&*gateway.running().gateway.store, &gateway.running().info.log_vkey).await;
    // A megabyte is read, the rest is in the buffers of two sockets.
    cases.hold("floods are cut off", (1..32 << 20).contains(&police.flooded()));
    // Each source gets the receipts of what it gave, and of nothing else.
    let gave = done.iter().filter(|(_, disclosed)| !given(disclosed, Slug::Police).is_empty()).count();
    cases.hold("receipts", receipts(&police, gave).await);
    drop(police);
    gateway.stop().await;
    cases.finish(4 * 55);
}

/// Whether the source has been sent this many receipts, in a while, and no more.
async fn receipts(police: &FakeSource, expected: usize) -> bool {
    for _ in 0..100 {
        if police.receipts().len() >= expected {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    police.receipts().len() == expected
}

/// For a request in the reduced form: nothing forbidden, nothing exact.
fn judge_coarse(disclosed: &Disclosed) -> Result<(), String> {
    let fine = disclosed.items().any(|item| item["form"] == "exact");
    let leaked = disclosed.deliveries.iter().any(|delivery| texts(&delivery.payload).iter().any(|text| text.contains(SENTINEL)));
    if fine || leaked || disclosed.items().count() == 0 { Err("finer than asked, or nothing at all".to_owned()) } else { Ok(()) }
}

/// Those who take their time are all asked at once: each request is answered when its own time is over.
///
/// Broken on purpose to see it fail: without `timeout` in the client and in `collect` it hangs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn never_a_hang() {
    let change = |config: &mut sluis::config::GatewayConfig| config.exchange.source_ms = 2000;
    let gateway = TestGateway::start_with(Setup { change, ..Setup::default() }).await;
    let police = FakeSource::instead_of(&gateway, Slug::Police).await;
    let honest = |call: &Call| Act::Answer(call.answer(&[item("identity", "exact", json!({"surname": "Bergsma"}))]));
    police.does(move |call| {
        let late = |millis| Act::Late(Duration::from_millis(millis), Box::new(Act::Answer(call.answer(&[identity()]))));
        match call.request().necessity.as_str() {
            "silent" => Act::Silence,
            "late" => late(3000),
            "stalls in the head" => Act::Endless(b"HTTP/1.1 200 OK\r\n".to_vec(), Vec::new()),
            "stalls in the body" => {
                let mut response = call.response(200, call.answer(&[identity()]).to_string().as_bytes());
                response.truncate(response.len() - 40);
                Act::Endless(response, Vec::new())
            }
            _ => Act::Late(Duration::from_millis(300), Box::new(honest(call))),
        }
    });
    let names = ["silent", "late", "stalls in the head", "stalls in the body", "slow, but in time"];
    let bodies: Vec<_> = names.iter().map(|name| question(&gateway, name)).collect();
    let started = std::time::Instant::now();
    let outcomes = futures_util::future::join_all(bodies.iter().map(|body| ask(&gateway, body))).await;
    assert!(started.elapsed() < HANG, "all within their bound");
    let mut cases = Cases::default();
    let mut done = Vec::new();
    for (name, outcome) in names.into_iter().zip(outcomes) {
        let in_time = vec![("identity exact", json!({"surname": "Bergsma"}))];
        let expected = if name == "slow, but in time" { in_time } else { Vec::new() };
        if let Some(disclosed) = cases.check(name, outcome) {
            cases.check(name, judge(&disclosed, &expected));
            done.push((name, disclosed));
        }
    }
    assert_eq!(police.calls().len(), names.len(), "each was asked once");
    tokio::time::sleep(SOURCE_TIME).await;
    let entries = log::opened(&*gateway.running().gateway.store, &gateway.running().layout).await;
    for (name, disclosed) in &done {
        cases.check(format!("{name}: log"), logged(&entries, disclosed));
        let line = json!({"source": police.oin, "category": "identity"});
        let told = disclosed.deliveries[0].payload["unavailable"].as_array().expect("a list").contains(&line);
        cases.hold(format!("{name}: told as unavailable"), told == (*name != "slow, but in time"));
    }
    drop(police);
    gateway.stop().await;
    cases.finish(15);
}
