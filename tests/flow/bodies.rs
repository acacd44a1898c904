//! Bodies that are not JSON, or not what the resource takes: every fault at once, each by its JSON Pointer, never with the value.

use serde_json::{Value, json};
use sluis::demo::organisations::Slug;

use crate::support::cases::Cases;
use crate::support::raw::Response;
use crate::support::{Persona, TestGateway, caller};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_is_exactly_what_the_contract_says() {
    let gateway = TestGateway::start().await;
    let asker = gateway.persona(Slug::VeiligThuis);
    let sound = gateway.question("P22");
    let mut cases = Cases::default();
    for (name, body) in not_json(&sound.to_string()) {
        let refused = post(&gateway, &asker, &body, "malformed-request").await;
        cases.check(format!("not JSON: {name}"), refused.and_then(|response| pointers(&response, &[])));
    }
    for (name, body, expected) in duplicates(&sound.to_string()).into_iter().chain(nested(&sound)) {
        let refused = post(&gateway, &asker, body.as_bytes(), "schema-invalid").await;
        cases.check(name, refused.and_then(|response| pointers(&response, &expected)));
    }
    for (pointer, value) in wrong_values() {
        let mut body = sound.clone();
        put(&mut body, pointer, value.clone());
        let refused = post(&gateway, &asker, body.to_string().as_bytes(), "schema-invalid").await;
        // A fault in an item of a list is told at the item; a name that no member of ours can have is not told.
        let pointer = if pointer == "/__proto__" { "/(not shown)" } else { pointer };
        let told = refused.and_then(|response| match response.pointers().as_slice() {
            [only] if only.starts_with(pointer) => no_value(&response, &value),
            others => Err(format!("{others:?}")),
        });
        cases.check(format!("{pointer} = {}", value.to_string().chars().take(60).collect::<String>()), told);
    }
    for pointer in [
        "/purpose",
        "/subject",
        "/subject/scheme",
        "/subject/value",
        "/categories",
        "/actor",
        "/actor/reference",
        "/actor/role",
        "/necessity",
    ] {
        for absent in [true, false] {
            let mut body = sound.clone();
            if absent {
                remove(&mut body, pointer);
            } else {
                put(&mut body, pointer, Value::Null);
            }
            let refused = post(&gateway, &asker, body.to_string().as_bytes(), "schema-invalid").await;
            let told = refused.and_then(|response| pointers(&response, &[pointer]));
            cases.check(format!("{pointer} {}", if absent { "absent" } else { "null" }), told);
        }
    }
    for body in ["[]", "null", "\"text\"", "7", "true"] {
        let refused = post(&gateway, &asker, body.as_bytes(), "schema-invalid").await;
        cases.check(format!("the body is {body}"), refused.and_then(|response| pointers(&response, &[""])));
    }
    let all = all_at_once(&sound);
    let refused = post(&gateway, &asker, all.to_string().as_bytes(), "schema-invalid").await;
    let expected = [
        "/actor/extra",
        "/actor/role",
        "/categories/1",
        "/categories/2",
        "/form",
        "/grounds/emergency",
        "/necessity",
        "/purpose",
        "/sources/0",
        "/subject/value",
        "/unknown",
    ];
    cases.check("all at once", refused.and_then(|response| pointers(&response, &expected)));
    let mut thousand = sound.clone();
    for number in 0..1000 {
        put(&mut thousand, &format!("/x{number}"), json!(1));
    }
    let refused = post(&gateway, &asker, thousand.to_string().as_bytes(), "schema-invalid").await;
    cases
        .check("a thousand faults", refused.and_then(|response| (response.body.len() < 8192).then_some(()).ok_or("long".into())));
    cases.check("left out and null", optional(&gateway, &asker, &sound).await);
    gateway.still_serves().await;
    gateway.stop().await;
    cases.finish(90);
}

async fn post(gateway: &TestGateway, asker: &Persona, body: &[u8], suffix: &'static str) -> Result<Response, String> {
    gateway.refused(asker, &gateway.draft(asker, body).sign(&asker.key), caller(400, suffix)).await
}

fn pointers(response: &Response, expected: &[&str]) -> Result<(), String> {
    let mut told = response.pointers();
    told.sort();
    if told == expected { Ok(()) } else { Err(format!("faults at {told:?} instead of {expected:?}")) }
}

/// A value of the caller never comes back.
fn no_value(response: &Response, value: &Value) -> Result<(), String> {
    let text = String::from_utf8_lossy(&response.body).into_owned();
    let told = value.as_str().filter(|value| value.len() > 3 && text.contains(&value[..value.len().min(30)]));
    told.map_or(Ok(()), |told| Err(format!("tells {told}")))
}

fn not_json(sound: &str) -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("nothing", Vec::new()),
        ("a form", b"purpose=safety-assessment".to_vec()),
        ("cut off", sound.as_bytes()[..sound.len() - 1].to_vec()),
        ("something behind it", format!("{sound}{sound}").into_bytes()),
        ("a byte-order mark", format!("\u{feff}{sound}").into_bytes()),
        ("a comment", format!("/* */{sound}").into_bytes()),
        ("a trailing comma", sound.replacen('}', ",}", 1).into_bytes()),
        ("no UTF-8", [b"{\"purpose\":\"", &[0xff, 0xfe][..], b"\"}"].concat()),
        ("a lone surrogate", b"{\"purpose\":\"\\ud800\"}".to_vec()),
        ("a control character in a text", b"{\"purpose\":\"a\nb\"}".to_vec()),
        ("not a number", b"{\"purpose\":NaN}".to_vec()),
        ("a number beyond all", b"{\"purpose\":1e999}".to_vec()),
        ("UTF-16", sound.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("NUL", vec![0; 16]),
    ]
}

fn duplicates(sound: &str) -> Vec<(String, String, Vec<&'static str>)> {
    let again = |member: &str| format!("{{{member},{}", &sound[1..]);
    let inner = sound.replacen("\"scheme\":", "\"scheme\":\"v-number\",\"scheme\":", 1);
    let escaped = again("\"purp\\u006fse\":\"probation\"");
    vec![
        ("a member twice".into(), again("\"purpose\":\"probation\""), vec!["/purpose"]),
        ("a member twice, alike".into(), again("\"purpose\":\"safety-assessment\""), vec!["/purpose"]),
        ("a member twice, one escaped".into(), escaped, vec!["/purpose"]),
        ("an inner member twice".into(), inner, vec!["/subject/scheme"]),
        ("two twice".into(), again("\"form\":\"signal\",\"necessity\":\"x\""), vec!["/form", "/necessity"]),
    ]
}

/// Level 17 and far beyond, in a member that is there and in one that is not.
fn nested(sound: &Value) -> Vec<(String, String, Vec<&'static str>)> {
    let arrays = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    let with = |inner: &str| format!("{{\"deep\":{inner},{}", &sound.to_string()[1..]);
    let pointer = "/deep/0/0/0/0/0/0/0/0/0/0/0/0/0/0/0";
    vec![
        ("level 16".into(), with(&arrays(15)), vec!["/deep"]),
        ("level 17".into(), with(&arrays(16)), vec!["/deep", pointer]),
        ("level 100".into(), with(&arrays(99)), vec!["/deep", pointer]),
    ]
}

fn wrong_values() -> Vec<(&'static str, Value)> {
    vec![
        ("/purpose", json!(1)),
        ("/purpose", json!("")),
        ("/purpose", json!("Safety Assessment")),
        ("/purpose", json!("p".repeat(500))),
        ("/case", json!(7)),
        ("/case", json!("")),
        ("/actingAs", json!("minister")),
        ("/subject", json!([])),
        ("/subject", json!("999990019")),
        ("/subject/scheme", json!("name")),
        ("/subject/value", json!(999_990_019)),
        ("/subject/value", json!("999990018")),
        ("/subject/value", json!("99999001")),
        ("/subject/value", json!("000000000")),
        ("/subject/value", json!("'; DROP TABLE")),
        ("/subject/source", json!("00000099000000001000")),
        ("/categories", json!("identity")),
        ("/categories", json!([])),
        ("/categories", json!(["everything"])),
        ("/categories", json!([1])),
        ("/categories", json!(["identity", "identity"])),
        ("/categories", json!([["identity"]])),
        ("/sources", json!({})),
        ("/sources", json!([])),
        ("/sources", json!(["1000"])),
        ("/sources", json!(["00000099000000001000", "00000099000000001000"])),
        ("/sources", json!(["00000099999999999999"])),
        ("/form", json!("summary")),
        ("/form", json!("everything")),
        ("/form", json!(true)),
        ("/actor", json!("Jansen")),
        ("/actor/reference", json!("x".repeat(121))),
        ("/actor/reference", json!("a\u{0}b")),
        ("/actor/role", json!("   ")),
        ("/actor/onBehalfOf", json!({})),
        ("/actor/name", json!("mevrouw Jansen")),
        ("/necessity", json!("n".repeat(2001))),
        ("/necessity", json!("\u{1b}[2J")),
        ("/necessity", json!([])),
        ("/grounds", json!([])),
        ("/grounds/emergency", json!("yes")),
        ("/grounds/emergency", json!(1)),
        ("/grounds/decisionId", json!(12)),
        ("/grounds/severity", json!(3)),
        ("/grounds/override", json!(true)),
        ("/bsn", json!("999990019")),
        ("/Purpose", json!("probation")),
        ("/__proto__", json!({})),
    ]
}

/// Puts a value where a pointer of one or two tokens says.
fn put(body: &mut Value, pointer: &str, value: Value) {
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    let parent = match parent.strip_prefix('/') {
        None => body,
        Some(parent) => &mut body[parent],
    };
    if parent.is_null() {
        *parent = json!({});
    }
    parent[name] = value;
}

fn remove(body: &mut Value, pointer: &str) {
    let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
    body.pointer_mut(parent).and_then(Value::as_object_mut).expect("an object").remove(name);
}

fn all_at_once(sound: &Value) -> Value {
    let mut body = sound.clone();
    for (pointer, value) in [
        ("/purpose", json!(1)),
        ("/subject/value", json!("999990018")),
        ("/categories", json!(["identity", "identity", "nothing"])),
        ("/sources", json!(["x"])),
        ("/form", json!("summary")),
        ("/actor/role", json!("")),
        ("/actor/extra", json!(1)),
        ("/grounds/emergency", json!("yes")),
        ("/unknown", json!(null)),
    ] {
        put(&mut body, pointer, value);
    }
    remove(&mut body, "/necessity");
    body
}

/// Members shown as null in the contract, form and grounds may be left out or be null.
async fn optional(gateway: &TestGateway, asker: &Persona, sound: &Value) -> Result<(), String> {
    let mut bare = sound.clone();
    remove(&mut bare, "/form");
    let mut nulls = sound.clone();
    for (pointer, value) in [
        ("/case", Value::Null),
        ("/actingAs", Value::Null),
        ("/actor/onBehalfOf", Value::Null),
        ("/grounds", json!({"emergency": false, "decisionId": null, "courtOrderId": null, "severity": null})),
    ] {
        put(&mut nulls, pointer, value);
    }
    for body in [bare, nulls] {
        let request = gateway.draft(asker, body.to_string().as_bytes()).sign(&asker.key);
        gateway.wire().success(&asker.tls, &request).await?;
    }
    Ok(())
}
