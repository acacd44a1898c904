//! Persons who must not be recognisable, and claims that permit nothing: the answer is the same as without them.

use serde_json::{Value, json};
use sluis::demo::organisations::Slug;
use sluis::entropy::SystemEntropy;
use sluis::organisation::Organisation;
use sluis::pseudonym::Pseudonym;

use crate::support::cases::Cases;
use crate::support::{Persona, TestGateway, caller};

/// What of an answer must be alike, whoever it is about.
#[derive(Debug, PartialEq)]
struct Shape {
    status: u16,
    fields: Vec<String>,
    members: Vec<String>,
    open: String,
    /// The length of each sealed text.
    sealed: Vec<usize>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pseudonym_of_another_domain_is_nobodys() {
    let gateway = TestGateway::start().await;
    let mut cases = Cases::default();
    // Veilig Thuis learns a pseudonym for one purpose; probation for another, which the prosecution has too.
    let assessed = pseudonym(&gateway, Slug::VeiligThuis, &gateway.question("P22")).await;
    let probation = question(&gateway, "probation", &["identity"], &[Slug::Prosecution], bsn(&gateway, "P21"));
    let supervised = pseudonym(&gateway, Slug::Probation, &probation).await;
    let never = Pseudonym::draw(&SystemEntropy::default()).expect("randomness").to_string();
    for (name, slug, purpose, categories, sources, foreign) in [
        ("another purpose", Slug::VeiligThuis, "acute-safety", &["identity", "address"], &[Slug::Police], &assessed),
        (
            "another recipient and purpose",
            Slug::Police,
            "acute-safety",
            &["identity", "address"],
            &[Slug::MentalHealth],
            &assessed,
        ),
        ("another recipient", Slug::Prosecution, "probation", &["probation-status", "identity"], &[Slug::Probation], &supervised),
        (
            "another purpose, with data",
            Slug::VeiligThuis,
            "safety-assessment",
            &["household", "measures"],
            &[Slug::Police],
            &supervised,
        ),
    ] {
        let asker = gateway.persona(slug);
        let body = |subject| question(&gateway, purpose, categories, sources, subject);
        let unknown = body(bsn(&gateway, "P42"));
        let expected = shape(&gateway, &asker, &unknown).await.expect("an answer about nobody");
        let told = opened(&gateway, slug, &unknown).await;
        for (which, pseudonym) in [("foreign", foreign.as_str()), ("never issued", &never)] {
            let by_pseudonym = body(json!({"scheme": "pseudonym", "value": pseudonym}));
            let answered = shape(&gateway, &asker, &by_pseudonym).await;
            let alike =
                answered.and_then(|shape| (shape == expected).then_some(()).ok_or(format!("{shape:?}, not {expected:?}")));
            cases.check(format!("{name}: {which}, outside"), alike);
            let inside = opened(&gateway, slug, &by_pseudonym).await;
            cases.hold(format!("{name}: {which}, inside"), without_subject(&inside) == without_subject(&told));
        }
    }
    let own = question(
        &gateway,
        "safety-assessment",
        &["identity", "address", "household"],
        &[Slug::Police],
        json!({"scheme": "pseudonym", "value": assessed}),
    );
    let inside = opened(&gateway, Slug::VeiligThuis, &own).await;
    cases.hold("its own pseudonym gives items", inside["items"].as_array().is_some_and(|items| !items.is_empty()));
    cases.hold("its own pseudonym comes back", inside["subject"] == json!(assessed));
    cases.hold(
        "nothing exact by pseudonym",
        inside["items"].as_array().is_some_and(|items| items.iter().all(|item| item["form"] != "exact")),
    );
    for value in [&assessed[..29], &assessed.to_lowercase(), &assessed.replacen("p1_", "p2_", 1), "p1_", "P22"] {
        let asker = gateway.persona(Slug::VeiligThuis);
        let body = question(
            &gateway,
            "safety-assessment",
            &["household"],
            &[Slug::Police],
            json!({"scheme": "pseudonym", "value": value}),
        );
        let request = gateway.draft(&asker, body.to_string().as_bytes()).sign(&asker.key);
        let refused = gateway.refused(&asker, &request, caller(400, "schema-invalid")).await;
        cases.check(
            format!("no pseudonym: {value}"),
            refused.and_then(|response| match response.pointers().as_slice() {
                [only] if only == "/subject/value" => Ok(()),
                others => Err(format!("{others:?}")),
            }),
        );
    }
    gateway.still_serves().await;
    gateway.stop().await;
    cases.finish(24);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_is_refused_and_who_claims_gets_no_more() {
    let gateway = TestGateway::start().await;
    let mut cases = Cases::default();
    let director = gateway.persona(Slug::CaseManagement);
    for (name, subject, purpose) in [
        ("known", bsn(&gateway, "P22"), "safety-assessment"),
        ("unknown", bsn(&gateway, "P42"), "safety-assessment"),
        ("another purpose", bsn(&gateway, "P22"), "probation"),
    ] {
        let body = question(&gateway, purpose, &["identity"], &[Slug::Police], subject);
        let request = gateway.draft(&director, body.to_string().as_bytes()).sign(&director.key);
        cases.check(
            format!("a BSN without authority: {name}"),
            gateway.refused(&director, &request, caller(403, "not-permitted")).await,
        );
    }
    cases.check("a BSN once the authority has gone", authority_gone(&gateway).await);
    let asker = gateway.persona(Slug::VeiligThuis);
    for (name, change) in [
        ("no such purpose", json!({"purpose": "curiosity"})),
        ("diagnosis by the police", json!({"categories": ["diagnosis"]})),
        ("of itself", json!({"sources": [Slug::VeiligThuis.organisation().oin]})),
        ("of one who is no source", json!({"sources": [Slug::CaseManagement.organisation().oin]})),
        ("as a team without a case", json!({"actingAs": "expertise-team"})),
    ] {
        let mut body = gateway.question("P22");
        body.as_object_mut().expect("an object").extend(change.as_object().expect("an object").clone());
        let request = gateway.draft(&asker, body.to_string().as_bytes()).sign(&asker.key);
        cases.check(name, gateway.refused(&asker, &request, caller(403, "not-permitted")).await);
    }
    let mut in_a_case = gateway.question("P22");
    in_a_case["case"] = json!("01937c00-0000-7000-8000-000000000001");
    let request = gateway.draft(&asker, in_a_case.to_string().as_bytes()).sign(&asker.key);
    cases.check("a case that is none of ours", gateway.refused(&asker, &request, caller(404, "not-found")).await);
    for (name, slug, plain) in [
        (
            "acute danger without an override",
            Slug::Police,
            question(&gateway, "acute-safety", &["identity", "address"], &[Slug::MentalHealth], bsn(&gateway, "P30")),
        ),
        (
            "refused consent",
            Slug::VeiligThuis,
            question(
                &gateway,
                "safety-assessment",
                &["care-involvement", "substance-use", "diagnosis"],
                &[Slug::MentalHealth],
                bsn(&gateway, "P30"),
            ),
        ),
        (
            "a secret address",
            Slug::VeiligThuis,
            question(&gateway, "safety-assessment", &["identity", "address"], &[Slug::Police], bsn(&gateway, "P17")),
        ),
        ("something given", Slug::VeiligThuis, gateway.question("P22")),
    ] {
        claims(&gateway, slug, name, &plain, &mut cases).await;
    }
    gateway.still_serves().await;
    gateway.stop().await;
    cases.finish(30);
}

/// An organisation that would be given everything but for its authority to use the BSN: by the source's own number it still is.
async fn authority_gone(gateway: &TestGateway) -> Result<(), String> {
    let asker = gateway.persona(Slug::VeiligThuis);
    let registry = gateway.running().gateway.registry.current();
    let organisation = &registry.member(&asker.oin).expect("a member").organisation;
    let without = Organisation { bsn_authority: false, ..organisation.clone() };
    gateway.running().desk.join(without, Vec::new()).await.expect("changed");
    let (_, person) = gateway.running().world.person("P22").expect("a person");
    let mut by_number = gateway.question("P22");
    let police = Slug::Police.organisation().oin;
    by_number["subject"] = json!({"scheme": "local", "value": person.local_number(Slug::Police), "source": police});
    let request = gateway.draft(&asker, gateway.question("P22").to_string().as_bytes()).sign(&asker.key);
    gateway.refused(&asker, &request, caller(403, "not-permitted")).await?;
    let inside = opened(gateway, Slug::VeiligThuis, &by_number).await;
    gateway.running().desk.join(organisation.clone(), Vec::new()).await.expect("changed back");
    let given = inside["items"].as_array().is_some_and(|items| !items.is_empty());
    given.then_some(()).ok_or_else(|| "nothing by the source's own number".to_owned())
}

/// The same request with each claim, beside the request without.
async fn claims(gateway: &TestGateway, slug: Slug, name: &str, plain: &Value, cases: &mut Cases) {
    let asker = gateway.persona(slug);
    let expected = shape(gateway, &asker, plain).await.expect("an answer");
    let told = opened(gateway, slug, plain).await;
    for grounds in [
        json!({"emergency": true}),
        json!({"emergency": true, "severity": "life-threatening"}),
        json!({"decisionId": "01937c00-0000-7000-8000-000000000000"}),
        json!({"courtOrderId": "ECLI:NL:RBAMS:2026:1"}),
        json!({"emergency": true, "decisionId": "override-0001", "courtOrderId": "x", "severity": "high"}),
    ] {
        let mut claimed = plain.clone();
        claimed["grounds"] = grounds.clone();
        let answered = shape(gateway, &asker, &claimed).await;
        let alike = answered.and_then(|shape| (shape == expected).then_some(()).ok_or(format!("{shape:?}, not {expected:?}")));
        let inside = opened(gateway, slug, &claimed).await;
        let alike =
            alike.and_then(|()| (comparable(&inside) == comparable(&told)).then_some(()).ok_or("another content".to_owned()));
        cases.check(format!("{name}: {grounds}"), alike);
    }
}

fn bsn(gateway: &TestGateway, person: &str) -> Value {
    gateway.question(person)["subject"].clone()
}

fn question(gateway: &TestGateway, purpose: &str, categories: &[&str], sources: &[Slug], subject: Value) -> Value {
    let mut question = gateway.question("P22");
    question["purpose"] = json!(purpose);
    question["categories"] = json!(categories);
    question["sources"] = sources.iter().map(|slug| slug.organisation().oin).collect();
    question["subject"] = subject;
    question
}

async fn shape(gateway: &TestGateway, asker: &Persona, body: &Value) -> Result<Shape, String> {
    let request = gateway.draft(asker, body.to_string().as_bytes()).sign(&asker.key);
    let response = gateway.wire().success(&asker.tls, &request).await?;
    let json = response.json();
    let mut fields: Vec<_> = response.headers.keys().map(ToString::to_string).collect();
    fields.sort();
    let deliveries = json["deliveries"].as_array().cloned().unwrap_or_default();
    Ok(Shape {
        status: response.status,
        fields,
        members: json.as_object().map(|object| object.keys().cloned().collect()).unwrap_or_default(),
        open: json["status"].to_string(),
        sealed: deliveries.iter().map(|delivery| delivery["sealed"].as_str().map_or(0, str::len)).collect(),
    })
}

/// The payload of the only delivery.
async fn opened(gateway: &TestGateway, slug: Slug, body: &Value) -> Value {
    let disclosed = gateway.ask(slug, body, None).await.expect("an answer");
    let [delivery] = disclosed.deliveries.as_slice() else { panic!("one delivery") };
    delivery.payload.clone()
}

async fn pseudonym(gateway: &TestGateway, slug: Slug, body: &Value) -> String {
    opened(gateway, slug, body).await["subject"].as_str().expect("a pseudonym").to_owned()
}

/// A payload without what differs between any two requests.
fn comparable(payload: &Value) -> Value {
    let mut payload = payload.clone();
    payload["disclosure"] = Value::Null;
    payload["obligations"]["retainUntil"] = Value::Null;
    payload["obligations"]["notifySubjectBy"] = Value::Null;
    payload
}

/// The same without the name of the person.
fn without_subject(payload: &Value) -> Value {
    let mut payload = comparable(payload);
    assert!(payload["subject"].is_string(), "everybody has a name");
    payload["subject"] = Value::Null;
    payload
}
