use std::collections::{BTreeMap, BTreeSet};

use super::*;
use crate::catalogue::{Category, Form};
use crate::clock::Timestamp;
use crate::ledger::padding::{InvalidPadding, MAX_BODY, PaddedBody};

fn operation() -> Operation {
    Operation {
        trace_id: "0af7651916cd43dd8448eb211c80319c".parse().expect("valid"),
        span_id: "b7ad6b7169203331".parse().expect("valid"),
        parent_span_id: None,
        name: "disclose".to_owned(),
        status: Status::Ok,
        started_at: Timestamp::from_millis(1_795_262_400_123),
        ended_at: None,
        processing_activity: Some("https://register.example/activities/safety-assessment".to_owned()),
        foreign: None,
    }
}

fn texts(texts: &[&str]) -> BTreeSet<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

/// A body with every part that a delivery has.
fn full() -> Body {
    let party: crate::organisation::Oin = "00000099000000001000".parse().expect("valid");
    let source: crate::organisation::Oin = "00000099000000002000".parse().expect("valid");
    let item = Item {
        source: source.clone(),
        category: Category::Measures,
        asked: Form::Exact,
        considered: None,
        given: Some(Form::Reduced),
        reason: Some("consent-scope".to_owned()),
        policies: ["sa-2".into()].into(),
        fields: texts(&["/measures/kind", "/measures/until"]),
        withheld_fields: texts(&["/measures/conditions"]),
        records: 2,
        regime: Some("wth".to_owned()),
        facts: BTreeMap::from([("wpgArticle".to_owned(), "8".to_owned())]),
        consent: Some(ConsentReference { id: "c-1".to_owned(), version: 3 }),
        overridden_by: None,
        nearby: None,
    };
    Body {
        disclosure: Some("01937c6a-0000-7000-8000-00000000abcd".to_owned()),
        disclosing: Some(source.clone()),
        receiving: Some(party.clone()),
        actor: Some(Actor {
            reference: "vt-4711".to_owned(),
            role: Some("caseworker".to_owned()),
            on_behalf_of: Some("vt-0007".to_owned()),
            organisation: Some(party.clone()),
            acting_as: None,
        }),
        client: Some(Client { authentication: "mtls-signature".to_owned(), ..Client::default() }),
        purpose: Some("safety-assessment".to_owned().try_into().expect("valid")),
        basis: Some(Basis { legal: texts(&["wmo-5.2.6"]), necessity: Some("why".to_owned()), claims: BTreeMap::new() }),
        decision: Some(Decision {
            outcome: "permit".to_owned(),
            bundle: "5f2c".to_owned(),
            version: None,
            policies: ["sa-1".into(), "sa-2".into()].into(),
            facts: BTreeMap::from([("recipientKind".to_owned(), "veilig-thuis".to_owned())]),
            configuration: BTreeMap::new(),
        }),
        asked: BTreeMap::from([(source, BTreeMap::from([(Category::Measures, BTreeSet::from([Form::Exact]))]))]),
        items: vec![item],
        obligations: Some(Obligations { retain_until: None, onward_disclosure: false, notify_subject_by: None }),
        references: BTreeSet::from([Reference { object: "consent".to_owned(), id: "c-1".to_owned() }]),
        signed: vec![Signed {
            step: "override-create".to_owned(),
            professional: "p-1".to_owned(),
            registration: Some("BIG 19012345601".to_owned()),
            public_key: "k".to_owned(),
            signed_at: Timestamp::from_millis(0),
            signature: "s".to_owned(),
            statement: "d".to_owned(),
        }],
        look: Some(Look { view: "search".to_owned(), opened: BTreeSet::from([u64::MAX]), ..Look::default() }),
        ..Body::new(EntryKind::Disclosure, Timestamp::from_millis(1_795_262_400_123), party, operation())
    }
}

/// A member of a CBOR map.
type Member = (ciborium::Value, ciborium::Value);

fn padded(value: &ciborium::Value, tail: &[u8]) -> PaddedBody {
    let mut cbor = Vec::new();
    ciborium::into_writer(value, &mut cbor).expect("encodes");
    cbor.extend_from_slice(tail);
    PaddedBody::pad(&cbor).expect("short")
}

#[test]
fn foreign_bytes_and_newer_versions_are_no_body() {
    let value: ciborium::Value = ciborium::from_reader(full().encode().expect("encodes").body()).expect("CBOR");
    assert_eq!(Body::decode(&padded(&value, &[])), Ok(full()));
    assert_eq!(Body::decode(&padded(&value, &[0])), Err(BodyError::Encoding));
    assert_eq!(Body::decode(&PaddedBody::pad(b"").expect("short")), Err(BodyError::Encoding));
    let altered = |alter: &dyn Fn(&mut Vec<Member>)| {
        let mut map = value.clone().into_map().expect("a map");
        alter(&mut map);
        Body::decode(&padded(&ciborium::Value::Map(map), &[]))
    };
    assert_eq!(altered(&|map| map[0].1 = 2.into()), Err(BodyError::Version(2)));
    assert_eq!(altered(&|map| map[0].1 = "1".into()), Err(BodyError::Encoding));
    assert_eq!(altered(&|map| map.truncate(1)), Err(BodyError::Encoding));
    assert_eq!(altered(&|map| map.push(("more".into(), 1.into()))), Err(BodyError::Encoding));
    let unknown_part = altered(&|map| {
        if let ciborium::Value::Map(body) = &mut map[1].1 {
            body.push(("bsn".into(), "…".into()));
        }
    });
    assert_eq!(unknown_part, Err(BodyError::Encoding));
}

#[test]
fn bodies_beyond_any_entry_are_refused() {
    let long = Body { case: Some("x".repeat(MAX_BODY)), ..full() };
    assert_eq!(long.encode().map(|_| ()), Err(BodyError::Padding(InvalidPadding::TooLong)));
}

#[test]
fn equal_bodies_have_equal_bytes_in_steps() {
    let (one, two) = (full().encode().expect("encodes"), full().encode().expect("encodes"));
    assert_eq!(one, two);
    assert_eq!(one.bytes().len() % 512, 0);
    assert!(one.bytes().len() <= 2048, "an ordinary delivery fits in 2 KiB, not {}", one.bytes().len());
}

#[test]
fn a_body_without_parts_takes_one_step() {
    let bare = Body::new(EntryKind::KeyEvent, Timestamp::from_millis(0), full().party, operation());
    let padded = bare.encode().expect("encodes");
    assert_eq!(padded.bytes().len(), 512);
    assert_eq!(Body::decode(&padded), Ok(bare));
}

#[test]
fn bodies_and_their_parts_do_not_show_themselves() {
    let body = full();
    let shown = format!("{body:?}{:?}{:?}{:?}{:?}", body.actor, body.basis, body.items, body.decision);
    assert_eq!(shown, "Body(disclosure, …)Some(Actor(…))Some(Basis(…))[Item(…)]Some(Decision(…))");
}

#[test]
fn codes_are_unique_and_the_same_in_serde() {
    for kind in EntryKind::ALL {
        assert_eq!(EntryKind::from_code(kind.code()), Some(kind));
        assert_eq!(serde_json::to_value(kind).expect("serialises"), kind.code());
    }
    for outcome in Outcome::ALL {
        assert_eq!(Outcome::from_code(outcome.code()), Some(outcome));
        assert_eq!(serde_json::to_value(outcome).expect("serialises"), outcome.code());
    }
    assert_eq!(EntryKind::ALL.iter().map(|kind| kind.code()).collect::<BTreeSet<_>>().len(), 27);
}

#[test]
fn trace_ids_are_those_of_trace_context() {
    for text in
        ["", "0af7651916cd43dd8448eb211c80319", "0AF7651916CD43DD8448EB211C80319C", "00000000000000000000000000000000", "g"]
    {
        assert_eq!(text.parse::<TraceId>(), Err(InvalidTrace), "{text}");
    }
    assert_eq!("b7ad6b71692033311".parse::<SpanId>(), Err(InvalidTrace));
    let id: TraceId = "0af7651916cd43dd8448eb211c80319c".parse().expect("valid");
    assert_eq!((id.to_string().as_str(), id.bytes()[0]), ("0af7651916cd43dd8448eb211c80319c", 0x0a));
}
