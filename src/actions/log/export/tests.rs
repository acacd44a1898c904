//! Each format read again by a reading of its own: what must be in it is, and what must not is nowhere.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::*;
use crate::actions::log::fixture::{ALL_USERS, lines};
use crate::clock::Timestamp;
use crate::crypto::digest::sha256;
use crate::crypto::hex;

fn file(format: Format, held_back: bool) -> Vec<u8> {
    let lines = lines();
    let (mut tally, preamble) = Tally::starting(format);
    let rest = [preamble, tally.write(lines.iter().map(|line| Exported { line, held_back }))].concat();
    assert_eq!(tally.length, rest.len() as u64);
    let header = Header {
        format,
        party: "00000099000000001000".parse().expect("an OIN"),
        filter: BTreeMap::from([("subject".to_owned(), "=0707".to_owned())]),
        as_of: 42,
        made_at: Timestamp::from_seconds(1_795_262_400),
        count: tally.count,
        erased: tally.erased,
        sha256: tally.sha256(),
    };
    [header.to_bytes(), rest].concat()
}

fn records(format: Format) -> (Value, Vec<Value>) {
    let text = String::from_utf8(file(format, false)).expect("UTF-8");
    let mut values = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    (values.next().expect("a header"), values.collect())
}

/// RFC 4180 by the letter: quoted cells, doubled quotes, CRLF.
fn cells(bytes: &[u8]) -> Vec<Vec<String>> {
    let text = std::str::from_utf8(bytes).expect("UTF-8");
    let mut records = vec![vec![]];
    let mut rest = text;
    while !rest.is_empty() {
        rest = rest.strip_prefix('"').expect("a quoted cell");
        let mut cell = String::new();
        loop {
            let (before, behind) = rest.split_once('"').expect("its end");
            cell.push_str(before);
            rest = behind;
            match rest.strip_prefix('"') {
                Some(behind) => (cell.push('"'), rest = behind).1,
                None => break,
            }
        }
        records.last_mut().expect("a record").push(cell);
        if let Some(behind) = rest.strip_prefix(',') {
            rest = behind;
        } else {
            rest = rest.strip_prefix("\r\n").expect("the end of a record");
            records.push(vec![]);
        }
    }
    assert_eq!(records.pop(), Some(vec![]));
    records
}

/// Broken on purpose to see it fail: the preamble is not hashed; one record too few is counted.
#[test]
fn the_header_tells_what_follows() {
    for format in Format::ALL {
        let bytes = file(format, false);
        let end = bytes.iter().position(|&byte| byte == b'\n').expect("a header") + 1;
        let (head, rest) = bytes.split_at(end);
        let head = std::str::from_utf8(head).expect("UTF-8");
        let hash = hex::encode(&sha256(rest));
        let mut count = rest.split(|&byte| byte == b'\n').count().saturating_sub(1);
        if format == Format::Csv {
            count -= 1;
            let head = &cells(head.as_bytes())[0];
            assert_eq!(
                head[..7],
                [
                    "#sluis-log/csv",
                    "version=1",
                    "party=00000099000000001000",
                    "filter:subject==0707",
                    "asOf=42",
                    "madeAt=2026-11-21T12:00:00Z",
                    &format!("count={count}")
                ]
            );
            assert_eq!(head[8], format!("sha256={hash}"));
            continue;
        }
        let head: Value = serde_json::from_str(head).expect("JSON");
        assert_eq!(head["export"], format!("sluis-log/{format}"));
        assert_eq!((&head["version"], &head["asOf"], &head["erased"]), (&1.into(), &42.into(), &1.into()));
        assert_eq!(head["filter"]["subject"], "=0707");
        assert_eq!((head["sha256"].as_str(), head["count"].as_u64()), (Some(hash.as_str()), Some(count as u64)), "{format}");
    }
}

#[test]
fn csv_has_a_cell_for_every_column_and_no_formula() {
    let records = cells(&file(Format::Csv, true));
    let columns = &records[1];
    assert!(records.iter().all(|record| record.len() == columns.len()));
    assert_eq!(records.len(), 2 + lines().len());
    let cell =
        |record: usize, column: &str| &records[2 + record][columns.iter().position(|one| one == column).expect("a column")];
    assert_eq!(cell(1, "kind"), "disclosure");
    assert_eq!(cell(1, "actor"), "'=cmd|' /C calc'!A0", "a formula");
    assert_eq!(cell(1, "given"), "00000099000000002000/measures/reduced");
    assert_eq!(cell(1, "consents"), "c-1/3");
    assert_eq!(cell(1, "heldBack"), "true");
    let erased = lines().iter().position(|line| line.body.is_none()).expect("an erased one");
    assert_eq!((cell(erased, "erased").as_str(), cell(erased, "actor").as_str()), ("true", ""));
}

#[test]
fn json_lines_hold_the_whole_body() {
    let (_, records) = records(Format::Jsonl);
    for (record, line) in records.iter().zip(lines()) {
        assert_eq!(record["index"], line.index);
        assert_eq!(record["body"], serde_json::to_value(&line.body).expect("JSON"));
        assert_eq!(record["erased"], line.body.is_none());
    }
    assert_eq!(records.len(), lines().len());
}

fn attributes(span: &Value) -> BTreeMap<&str, &str> {
    let attributes = span["attributes"].as_array().expect("attributes");
    attributes
        .iter()
        .map(|one| (one["key"].as_str().expect("a key"), one["value"]["stringValue"].as_str().expect("a string")))
        .collect()
}

fn is_hex(value: &Value, digits: usize) -> bool {
    value.as_str().is_some_and(|text| {
        text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    })
}

/// Broken on purpose to see it fail: the actor is written as an attribute; a refusal as an error; ids in base64.
#[test]
fn the_logboek_has_one_span_per_subject_and_no_user() {
    let (head, records) = records(Format::Ldv);
    let whole: Vec<Line> = lines().into_iter().filter(|line| line.body.is_some()).collect();
    assert_eq!((records.len(), head["erased"].as_u64()), (whole.len(), Some(1)));
    let mut spans = BTreeSet::new();
    for (record, line) in records.iter().zip(&whole) {
        assert_eq!(record["resourceSpans"].as_array().map(Vec::len), Some(1));
        let scope = &record["resourceSpans"][0]["scopeSpans"];
        assert_eq!((scope.as_array().map(Vec::len), scope[0]["spans"].as_array().map(Vec::len)), (Some(1), Some(1)));
        let span = &scope[0]["spans"][0];
        assert!(is_hex(&span["traceId"], 32) && is_hex(&span["spanId"], 16), "{span}");
        assert!(spans.insert(span["spanId"].as_str().expect("a span").to_owned()), "each operation once");
        let nanos = |name: &str| span[name].as_str().expect("a string").parse::<u64>().expect("a number");
        assert!(nanos("startTimeUnixNano") <= nanos("endTimeUnixNano") && nanos("startTimeUnixNano") % 1_000_000 == 0);
        assert!(!span["name"].as_str().expect("a name").is_empty());
        let attributes = attributes(span);
        assert!(attributes["dpl.core.processing_activity_id"].starts_with("urn:sluis:"));
        let subject = line.clear.subject.as_ref().map(|token| hex::encode(token.bytes()));
        assert_eq!(attributes.get("dpl.core.data_subject_id").copied(), subject.as_deref());
        assert_eq!(attributes.contains_key("dpl.core.data_subject_id_type"), subject.is_some());
        if line.clear.kind == EntryKind::Refusal {
            assert_eq!(span["status"]["code"], 0, "a refusal that was handled is no error");
        }
    }
    let text = String::from_utf8(file(Format::Ldv, false)).expect("UTF-8");
    for user in ALL_USERS {
        assert!(!text.contains(user), "{user}");
    }
}

#[test]
fn what_is_held_back_is_an_activity_of_its_own() {
    for (held_back, ending) in [(false, "safety-assessment"), (true, "safety-assessment:confidential")] {
        let text = String::from_utf8(file(Format::Ldv, held_back)).expect("UTF-8");
        assert!(text.contains(&format!("{ending}\"")), "{ending}");
        assert_eq!(text.contains(":confidential\""), held_back);
    }
}

#[test]
fn nen_7513_tells_who_what_when_and_by_which_protocol() {
    let (_, records) = records(Format::Nen7513);
    let delivery =
        records.iter().find(|record| record["attributes"]["dpl.nen7513.eventTypeCode"] == "disclosure").expect("a delivery");
    let resource = &delivery["resource"]["attributes"];
    assert!(
        ["AuditEnterpriseSiteID", "AuditSourceId", "AuditSourceTypeCode"]
            .iter()
            .all(|name| resource[format!("nen7513.{name}")].is_string())
    );
    assert!(is_hex(&delivery["trace_id"], 32) && is_hex(&delivery["span_id"], 16));
    assert!(delivery["start_time"].as_u64() <= delivery["end_time"].as_u64());
    let attributes = &delivery["attributes"];
    assert_eq!(attributes["dpl.core.processing_activity_id"], "urn:sluis:purpose:safety-assessment");
    let users = attributes["dpl.nen7513.users"].as_array().expect("users");
    assert_eq!(
        (&users[0]["userID"], &users[0]["userIsRequestor"], &users[0]["roleIDCode"]),
        (&"=cmd|' /C calc'!A0".into(), &true.into(), &"caseworker".into())
    );
    assert_eq!((&users[1]["userID"], &users[1]["userIsRequestor"]), (&"vt-0007".into(), &false.into()));
    assert!(users.iter().all(|user| user["userName"] == ""), "references only");
    assert_eq!(attributes["dpl.nen7513.participants"][0]["participantObjectID"], attributes["dpl.core.data_subject_id"]);
    assert_eq!(attributes["dpl.nen7513.participantSegments"][0]["participantObjectID"], "measures");
    assert_eq!(attributes["dpl.nen7513.autorisatieProtocol"]["bundle"], "5f2c");
    assert_eq!(attributes["dpl.nen7513.toestemmingsProfiel"][0]["consent"], "c-1");
}

/// Broken on purpose to see it fail: the delivery repeats the decisions of its ask.
#[test]
fn each_decision_is_recorded_once() {
    let (_, records) = records(Format::Adl);
    let mut decisions = Vec::new();
    for record in &records {
        assert!(is_hex(&record["trace_id"], 32) && is_hex(&record["span_id"], 16));
        assert!(record["timestamp"].is_u64());
        assert_eq!(record["status"], "Unset", "denied is decided");
        let (attributes, body) = (&record["attributes"], &record["body"]);
        for name in ["request", "response", "policies", "information", "configuration"] {
            let name = format!("adl.core.{name}");
            assert!(attributes.get(&name).is_none() || body.get(&name).is_none(), "{name}: in one place");
        }
        let (request, response) = (&body["adl.core.request"], &body["adl.core.response"]);
        let pairs = match record["event_name"].as_str() {
            Some("adl.access_evaluation") => vec![(request.clone(), response.clone())],
            Some("adl.access_evaluations") => {
                let of = |value: &Value| value["evaluations"].as_array().cloned().expect("evaluations");
                of(request).into_iter().zip(of(response)).collect()
            }
            other => panic!("{other:?}"),
        };
        for (request, response) in pairs {
            assert!(response["decision"].is_boolean());
            assert!(request["action"]["name"].is_string() && request["resource"]["id"].is_string());
            decisions.push((
                record["trace_id"].clone(),
                request["resource"]["id"].clone(),
                record["span_id"].clone(),
                response["decision"].clone(),
            ));
        }
    }
    let told: Vec<_> = decisions
        .iter()
        .map(|(_, resource, _, decision)| (resource.as_str().expect("an id"), decision.as_bool().expect("a decision")))
        .collect();
    let (police, prosecution) = ("00000099000000002000/measures", "00000099000000003000/measures");
    // The ask decides on both sources, the delivery on what the one stated; a refusal by a fixed rule is a decision of its own.
    assert_eq!(told, [(police, true), (prosecution, false), (police, true), ("diagnosis", false)]);
}

/// 20,000 entries: what is held is one step of them, however many there are.
#[test]
fn a_step_is_all_that_is_held() {
    let step: Vec<Line> = lines().into_iter().cycle().take(200).collect();
    for format in Format::ALL {
        let (mut tally, _) = Tally::starting(format);
        let mut most = 0;
        for _ in 0..100 {
            most = most.max(tally.write(step.iter().map(|line| Exported { line, held_back: false })).len());
        }
        assert!(most as u64 * 100 <= tally.length + 100 * 1024, "{format}");
        assert!(most < 1024 * 1024, "{format}: {most} bytes");
    }
}
