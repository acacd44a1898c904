use serde_json::json;

use super::*;

fn pointers<T>(read: Result<T, Unreadable>) -> Vec<String> {
    match read {
        Ok(_) => Vec::new(),
        Err(Unreadable::NotJson) => vec!["not JSON".to_owned()],
        Err(Unreadable::Faults(faults)) => faults.into_iter().map(|fault| fault.pointer).collect(),
    }
}

fn a_step() -> Value {
    json!({"professional": "pro-1", "registration": "BIG 19012345601", "publicKey": "A".repeat(43), "signedAt": "2026-11-20T12:00:00Z", "signature": "A".repeat(86)})
}

fn a_message() -> Value {
    json!({
        "id": "o-1", "standing": "active", "created": a_step(), "approved": null, "reviewDue": null, "revoked": null,
        "content": {
            "subject": {"scheme": "bsn", "value": "999990019"}, "recipients": ["00000099000000001000"], "purpose": "acute-safety",
            "categories": ["identity"], "forms": ["exact"], "ground": "wmo_5_2_6", "harm": "h", "harmTo": "K1",
            "consent": {"sought": "no", "why": "w"}, "alternatives": "a", "whyLeast": "l", "colleague": "c",
            "expiresAt": "2026-11-22T12:00:00Z"},
    })
}

fn a_release() -> Value {
    json!({"decision": "d", "subject": {"scheme": "local", "value": "7"}, "items": [{
        "id": "i", "category": "incident-reports", "form": "summary", "regime": "wpg", "recordedAt": "2026-03-14", "nature": "fact",
        "facts": {"wpgArticle": "8", "subjectAge": 42, "meldcodeSteps": true}, "data": {"incidents": []},
        "persons": [{"ageBand": "4-11", "letter": "K1", "identifier": {"scheme": "bsn", "value": "999990019"}, "protectedFrom": []}]}]})
}

fn with(mut value: Value, pointer: &str, new: Value) -> Vec<u8> {
    *value.pointer_mut(pointer).unwrap() = new;
    value.to_string().into_bytes()
}

#[test]
fn what_is_written_is_read_as_it_was() {
    let message = override_message(a_message().to_string().as_bytes()).unwrap();
    assert_eq!(serde_json::to_value(&message).unwrap(), a_message());
    let release = release(a_release().to_string().as_bytes()).unwrap();
    let written = serde_json::to_value(&release).unwrap();
    assert_eq!(written["items"][0]["persons"], a_release()["items"][0]["persons"]);
    assert_eq!(written["items"][0]["facts"]["subjectAge"], 42);
    assert_eq!((&written["items"][0]["data"], &written["subject"]), (&a_release()["items"][0]["data"], &a_release()["subject"]));
}

#[test]
fn every_fault_has_its_place() {
    for (pointer, new, found) in [
        ("/content/subject/value", json!("999990018"), "/content/subject/value"),
        ("/content/categories", json!(["identity", "identity"]), "/content/categories/1"),
        ("/content/forms", json!([]), "/content/forms"),
        ("/content/recipients", json!("00000099000000001000"), "/content/recipients"),
        ("/content/recipients", json!([]), "/content/recipients"),
        ("/content/recipients", json!(["*"]), "/content/recipients/0"),
        ("/content/recipients", json!(["00000099000000001000", "00000099000000001000"]), "/content/recipients/1"),
        ("/content/recipients", json!(["police"]), "/content/recipients/0"),
        ("/content/recipients", (0..17).map(|one| json!(format!("{one:020}"))).collect(), "/content/recipients"),
        ("/created/professional", json!("pr\u{43e}-1"), "/created/professional"),
        ("/created/registration", json!("-"), "/created/registration"),
        ("/content/ground", json!("because"), "/content/ground"),
        ("/content/harm", json!("h".repeat(2001)), "/content/harm"),
        ("/content/consent", json!({"sought": "yes", "on": "tomorrow", "result": "r"}), "/content/consent/on"),
        ("/content/expiresAt", json!("tomorrow"), "/content/expiresAt"),
        ("/content/colleague", json!(" "), "/content/colleague"),
        ("/created/signature", json!("short"), "/created/signature"),
        ("/approved", json!({}), "/approved/professional"),
        ("/standing", json!("revoked"), "/revoked"),
        ("/reviewDue", json!(7), "/reviewDue"),
    ] {
        let found_now = pointers(override_message(&with(a_message(), pointer, new)));
        assert_eq!(found_now.first().map(String::as_str), Some(found), "{pointer}: {found_now:?}");
    }
    for (pointer, new, found) in [
        ("/items", json!([]), "/items"),
        ("/items/0/data", json!([]), "/items/0/data"),
        ("/items/0/recordedAt", json!("2026-13-01"), "/items/0/recordedAt"),
        ("/items/0/nature", json!("rumour"), "/items/0/nature"),
        ("/items/0/facts/subjectAge", json!(-1), "/items/0/facts/subjectAge"),
        ("/items/0/persons/0/identifier/scheme", json!("name"), "/items/0/persons/0/identifier/scheme"),
        ("/subject", json!(null), "/subject"),
    ] {
        assert_eq!(pointers(release(&with(a_release(), pointer, new))), [found], "{pointer}");
    }
    let several = json!({"standing": "on", "extra": 1, "created": {}});
    let expected = [
        "/id",
        "/standing",
        "/content",
        "/created/professional",
        "/created/registration",
        "/created/publicKey",
        "/created/signedAt",
        "/created/signature",
        "/extra",
    ];
    assert_eq!(pointers(override_message(several.to_string().as_bytes())), expected, "all at once");
    assert_eq!(pointers(override_message(b"{")), ["not JSON"]);
    assert_eq!(pointers(release(b"[]")), [""]);
}
