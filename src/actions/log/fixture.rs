//! Lines as a log has them, for the tests of what is made of lines: an ask of two sources, the delivery, the source's side of it, a refusal, a look, and
//! one that was erased.

use std::collections::{BTreeMap, BTreeSet};

use super::Line;
use crate::catalogue::{Category, Form};
use crate::clock::Timestamp;
use crate::ledger::entry::{
    Actor, Basis, Body, Clear, Client, ConsentReference, Considered, Decision, EntryKind, Item, Look, Operation, Outcome,
    Refusal, Signed, Status,
};
use crate::ledger::token::SearchToken;
use crate::organisation::{Kind, Oin};

/// Every string of the fixture that is or names a user.
pub(super) const ALL_USERS: [&str; 6] = ["cmd|", "vt-0007", "caseworker", "fg-1", "privacy-officer", "prof-9"];

pub(super) const PARTY: &str = "00000099000000001000";
pub(super) const POLICE: &str = "00000099000000002000";
pub(super) const PROSECUTION: &str = "00000099000000003000";

pub(super) fn oin(text: &str) -> Oin {
    text.parse().expect("an OIN")
}

fn texts(texts: &[&str]) -> BTreeSet<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

fn item(source: &str, stated: bool, permitted: bool) -> Item {
    Item {
        source: oin(source),
        category: Category::Measures,
        asked: Form::Exact,
        given: (stated && permitted).then_some(Form::Reduced),
        reason: (!permitted).then(|| "consent-missing".to_owned()),
        considered: Some(Considered {
            at: at(1),
            source_kind: Kind::Police,
            finest: Form::Exact,
            permitted: permitted.then_some(Form::Reduced).into_iter().collect(),
            consent: None,
            derogation: None,
            stated,
            protected_from_recipient: false,
        }),
        policies: ["sa-2".into()].into(),
        fields: BTreeSet::new(),
        withheld_fields: BTreeSet::new(),
        records: 1,
        regime: None,
        facts: BTreeMap::from([("professional".to_owned(), "prof-9".to_owned())]),
        consent: Some(ConsentReference { id: "c-1".to_owned(), version: 3 }),
        overridden_by: None,
        nearby: None,
    }
}

pub(super) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_seconds(1_795_262_400 + seconds)
}

/// An entry of `party` about the same person, with nothing in it that only some kinds have.
pub(super) fn line(index: u64, kind: EntryKind, outcome: Outcome, time: Timestamp) -> Line {
    let mut span = [0; 8];
    span.copy_from_slice(&(index + 1).to_be_bytes());
    let operation = Operation {
        trace_id: "0af7651916cd43dd8448eb211c80319c".parse().expect("a trace"),
        span_id: crate::ledger::entry::SpanId::from_bytes(span).expect("not zero"),
        parent_span_id: None,
        name: kind.to_string(),
        status: if kind == EntryKind::Refusal { Status::Error } else { Status::Unset },
        started_at: time,
        ended_at: None,
        processing_activity: None,
        foreign: None,
    };
    let clear = Clear {
        kind,
        time,
        party: oin(PARTY),
        source: None,
        recipient: Some(oin(PARTY)),
        purpose: Some("safety-assessment".to_owned().try_into().expect("a purpose")),
        categories: BTreeSet::from([Category::Measures]),
        outcome,
        overridden: false,
        subject: Some(SearchToken::from_bytes([7; 16])),
        actor: Some(SearchToken::from_bytes([8; 16])),
        case: None,
        trace: operation.trace_id,
    };
    let mut body = Body::new(kind, time, oin(PARTY), operation);
    body.disclosure = Some("d-1".to_owned());
    body.receiving = Some(oin(PARTY));
    body.actor = Some(Actor {
        reference: "=cmd|' /C calc'!A0".to_owned(),
        role: Some("caseworker".to_owned()),
        on_behalf_of: Some("vt-0007".to_owned()),
        organisation: Some(oin(PARTY)),
        acting_as: None,
    });
    body.client =
        Some(Client { authentication: "mtls-signature".to_owned(), certificate: Some("ab".repeat(32)), ..Client::default() });
    body.purpose.clone_from(&clear.purpose);
    Line { index, clear, body: Some(body) }
}

/// A decision by the policies with its items.
pub(super) fn decided(mut line: Line, items: Vec<Item>) -> Line {
    if let Some(body) = &mut line.body {
        body.basis = Some(Basis { legal: texts(&["wmo-5.2.6"]), necessity: Some("why".to_owned()), claims: BTreeMap::new() });
        body.decision = Some(Decision {
            outcome: "permit".to_owned(),
            bundle: "5f2c".to_owned(),
            version: Some("2026.11".to_owned()),
            policies: ["sa-1".into(), "sa-2".into()].into(),
            facts: BTreeMap::from([("recipientKind".to_owned(), "veilig-thuis".to_owned())]),
            configuration: BTreeMap::from([("software".to_owned(), "0.1.0".to_owned())]),
        });
        body.items = items;
    }
    line
}

/// A delivery of what the police gave.
pub(super) fn delivery(index: u64, time: Timestamp) -> Line {
    decided(
        line(index, EntryKind::Disclosure, Outcome::Given, time),
        vec![item(POLICE, true, true), item(PROSECUTION, false, false)],
    )
}

pub(super) fn lines() -> Vec<Line> {
    let ask = decided(
        line(0, EntryKind::Ask, Outcome::Pending, at(0)),
        vec![item(POLICE, false, true), item(PROSECUTION, false, false)],
    );
    let mut refusal = line(2, EntryKind::Refusal, Outcome::Refused, at(3));
    refusal.clear.categories = BTreeSet::from([Category::Diagnosis]);
    if let Some(body) = &mut refusal.body {
        body.refusal = Some(Refusal { problem: "not-permitted".to_owned(), instance: None, reason: None });
    }
    let mut look = line(3, EntryKind::LogView, Outcome::Done, at(4));
    look.clear = Clear { subject: None, purpose: None, recipient: None, categories: BTreeSet::new(), ..look.clear };
    if let Some(body) = &mut look.body {
        let actor = Actor {
            reference: "fg-1".to_owned(),
            role: Some("privacy-officer".to_owned()),
            on_behalf_of: None,
            organisation: Some(oin(PARTY)),
            acting_as: None,
        };
        body.actor = Some(actor);
        body.purpose = None;
        body.look = Some(Look { view: "search".to_owned(), count: 1, ..Look::default() });
        body.signed = vec![Signed {
            step: "log-queries".to_owned(),
            professional: "fg-1".to_owned(),
            registration: None,
            public_key: "k".to_owned(),
            signed_at: at(4),
            signature: "s".to_owned(),
            statement: "d".to_owned(),
        }];
    }
    let erased = Line { body: None, ..line(4, EntryKind::Disclosure, Outcome::Given, at(5)) };
    vec![ask, delivery(1, at(2)), refusal, look, erased]
}
