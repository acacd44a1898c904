//! One gateway with sources that state what a test tells them to, and the registers by the ways that organisations and operators have.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};
use sluis::actions::Desk;
use sluis::app::policies::put_in_force;
use sluis::case_room::{CaseId, Step, Track};
use sluis::client::Trouble;
use sluis::clock::{Clock, Timestamp};
use sluis::demo::organisations::Slug;
use sluis::entropy::SystemEntropy;
use sluis::organisation::{Kind, Oin};

use super::narrow;
use crate::support::consents::{given, post};
use crate::support::fake_source::{Act, Call, FakeSource, item};
use crate::support::{Setup, TestGateway};

/// The sources; each answers what it is asked about anybody.
const SOURCES: [Slug; 6] =
    [Slug::Police, Slug::VeiligThuis, Slug::Prosecution, Slug::Probation, Slug::MentalHealth, Slug::Municipality];

/// The gateway and its sources.
pub(super) struct Bench {
    /// The gateway.
    pub(super) gateway: TestGateway,
    sources: BTreeMap<Slug, FakeSource>,
    persons: AtomicUsize,
}

impl Bench {
    /// Under the policies of this repository; every item fulfils every condition.
    pub(super) async fn start() -> Self {
        Self::on(TestGateway::start().await).await
    }

    async fn on(gateway: TestGateway) -> Self {
        let mut sources = BTreeMap::new();
        for slug in SOURCES {
            sources.insert(slug, FakeSource::instead_of(&gateway, slug).await);
        }
        let bench = Self { gateway, sources, persons: AtomicUsize::new(0) };
        for slug in SOURCES {
            bench.states(slug, fulfilling());
        }
        bench
    }

    /// The same under narrowed policies, which forbid what begins or ends in the two hours from `hours` on.
    pub(super) async fn narrowed(hours: u64) -> Self {
        let bench = Self::on(TestGateway::start_with(Setup::with_policies_of_its_own()).await).await;
        let from = bench.in_hours(hours);
        let policies = Arc::new(narrow::policies(from, from.plus(std::time::Duration::from_hours(2))));
        put_in_force(&bench.gateway.running().gateway, bench.desk(), policies).await.expect("in force");
        bench
    }

    /// Stops all of it.
    pub(super) async fn stop(self) {
        drop(self.sources);
        self.gateway.stop().await;
    }

    /// What operators act at.
    pub(super) fn desk(&self) -> &Desk {
        &self.gateway.running().desk
    }

    /// Somebody about whom nothing is recorded yet.
    pub(super) fn someone(&self) -> Value {
        json!({"scheme": "v-number", "value": format!("v-{}", self.persons.fetch_add(1, Ordering::SeqCst))})
    }

    /// The instant so many hours from now.
    pub(super) fn in_hours(&self, hours: u64) -> Timestamp {
        self.gateway.clock.now().plus(std::time::Duration::from_hours(hours))
    }

    /// From now on each item of this source comes with these facts.
    pub(super) fn states(&self, source: Slug, facts: Value) {
        self.gives(source, facts, json!([]));
    }

    /// From now on each item of this source comes with these facts and persons.
    pub(super) fn gives(&self, source: Slug, facts: Value, persons: Value) {
        self.sources[&source].does(move |call| Act::Answer(call.answer(&answer(call, &facts, &persons))));
    }

    /// Asks; in which forms the items came, `nothing`, or the problem.
    pub(super) async fn ask(&self, asker: Slug, body: &Value) -> String {
        match self.gateway.ask(asker, body, None).await {
            Ok(disclosed) => {
                let forms: Vec<_> = disclosed.items().map(|item| item["form"].as_str().expect("a form").to_owned()).collect();
                if forms.is_empty() { "nothing".to_owned() } else { forms.join(", ") }
            }
            Err(Trouble::Problem(problem)) => format!("{} {}", problem.status, problem.suffix()),
            Err(other) => format!("{other:?}"),
        }
    }

    /// Registers an organisation anew, as of this kind.
    pub(super) async fn register(&self, slug: Slug, kind: Kind) {
        let mut organisation = self.desk().registration(&oin(slug)).await.expect("registered").organisation;
        organisation.kind = kind;
        self.desk().join(organisation, Vec::new()).await.expect("registered");
        self.gateway.running().gateway.registry.refresh().await.expect("the registry");
    }

    /// A source records a consent of somebody for its own data: [`given`], but for these members. What is recorded.
    pub(super) async fn consent(&self, source: Slug, subject: &Value, members: Value) -> Value {
        let mut body = given(&self.gateway);
        body["subject"] = subject.clone();
        body["withoutBsn"] = json!(subject["scheme"] != "bsn");
        body["sources"] = json!([oin(source)]);
        merge(&mut body, members);
        let (status, view) = post(&self.gateway, &self.gateway.persona(source), "/v1/consents", &body).await;
        assert_eq!(status, 200, "{view}");
        view
    }

    /// A case by name with these attendees, after these steps.
    pub(super) async fn case(&self, attendees: &[Slug], steps: &[Step]) -> CaseId {
        self.case_on(Track::Named, attendees, steps).await
    }

    /// The same, by name or anonymous.
    pub(super) async fn case_on(&self, track: Track, attendees: &[Slug], steps: &[Step]) -> CaseId {
        let id = CaseId::draw(self.gateway.clock.now(), &SystemEntropy::default()).expect("an id");
        let attendees: BTreeSet<Oin> = attendees.iter().copied().map(oin).collect();
        self.desk().open_case(id.clone(), track, attendees).await.expect("opened");
        for step in steps {
            assert!(self.desk().change_case(&id, step).await.expect("a step"), "{step:?} changes something");
        }
        id
    }
}

/// Its OIN.
pub(super) fn oin(slug: Slug) -> Oin {
    slug.organisation().parsed_oin().expect("an OIN")
}

/// A question to one source about one category, in the finest form that may be given.
pub(super) fn question(purpose: &str, source: Slug, category: &str, subject: &Value) -> Value {
    json!({
        "purpose": purpose, "subject": subject, "categories": [category], "sources": [oin(source)], "form": "exact",
        "actor": {"reference": "a-1", "role": "caseworker"}, "necessity": "to see what is decided",
    })
}

/// The body with these members.
pub(super) fn with(mut body: Value, members: Value) -> Value {
    merge(&mut body, members);
    body
}

fn merge(body: &mut Value, members: Value) {
    let Value::Object(members) = members else { panic!("an object") };
    body.as_object_mut().expect("an object").extend(members);
}

/// Facts that fulfil every condition.
pub(super) fn fulfilling() -> Value {
    json!({
        "wpgArticle": "8", "decisionId": "d-1", "decisionArticle": "20", "mandateId": "m-1", "courtOrderId": "c-1", "professional": "p-1", "meldcodeSteps": true,
        "test51c": true, "severity": true, "restrainingOrder": false, "underRestrainingOrder": true, "secretAddress": false, "subjectAge": 36, "withheldBySource": false,
    })
}

/// What an honest source answers: every category in the form that is asked.
fn answer(call: &Call, facts: &Value, persons: &Value) -> Vec<Value> {
    let mut items = Vec::new();
    for wanted in call.request().wanted {
        let Some((regime, data)) = record(wanted.category.code(), wanted.form.code()) else { continue };
        let mut one = item(wanted.category.code(), wanted.form.code(), data);
        (one["regime"], one["facts"], one["persons"]) = (json!(regime), facts.clone(), persons.clone());
        items.push(one);
    }
    items
}

/// A record, with the regime that it is under.
fn record(category: &str, form: &str) -> Option<(&'static str, Value)> {
    Some(match (category, form) {
        ("identity", "exact") => ("wpg", json!({"surname": "Bergsma"})),
        ("identity", "reduced") => ("wmo", json!({"ageBand": "35-44", "gender": "female"})),
        ("identity", "signal") => ("wpg", json!({"known": "yes"})),
        ("address", "exact") => ("wpg", json!({"street": "Dijkweg", "houseNumber": "3", "postcode": "1135 AB", "city": "Edam"})),
        ("measures", "exact") => ("wpg", json!({"measures": [{"kind": "contact-ban", "until": "2027-01-01"}]})),
        ("incident-reports", "reduced") => ("wpg", json!({"incidents": [{"year": 2026, "kind": "threat"}], "count": 1})),
        ("pending-prosecution", "reduced") => ("wjsg", json!({"cases": [{"offenceClass": "threat", "stage": "summoned"}]})),
        ("probation-status", "reduced") => ("wjsg", json!({"kind": "supervision", "compliance": "kept"})),
        ("risk-assessment", "reduced") => ("wmo", json!({"month": "2026-03", "instrument": "dash", "level": "high"})),
        ("care-involvement", "signal") => ("wgbo", json!({"any": "yes"})),
        ("substance-use", "reduced") => ("wgbo", json!({"level": "high"})),
        _ => return None,
    })
}
