//! The consent (toestemming), as a source records it. The register hands the policies only one that concerns the question and is in
//! force, so these flips run under narrowed policies.

use serde_json::{Value, json};
use sluis::consent::ConsentRecord;
use sluis::demo::organisations::Slug;
use sluis::secret::Personal;
use sluis::subject::SubjectId;

use super::bench::{Bench, fulfilling, oin, question, with};
use super::{Tried, flips};
use crate::support::consents::{keep, post};

/// Hours until the instants that the narrowed policies forbid: beginning or ending there.
const FORBIDDEN: u64 = 100;
const HOUR: i64 = 3600;

flips! {
    /// Broken on purpose to see it fail: each attribute a constant in `Vocabulary::consent`, one after the other: for sets everything there is, for
    /// instants the beginning and the end of time, for ages all of them.
    a_consent_decides on Bench::narrowed(FORBIDDEN);

    "Consent.state" => state();
    "Consent.sources" => sources();
    "Consent.recipients" => named("recipients", json!([oin(Slug::VeiligThuis)]), json!([oin(Slug::Police)]));
    "Consent.purposes" => named("purposes", json!(["safety-assessment"]), json!(["treatment"]));
    "Consent.categories" => named("categories", json!(["substance-use"]), json!(["diagnosis"]));
    "Consent.forms" => forms();
    "Consent.fromAge" => ages(17);
    "Consent.untilAge" => ages(36);
    "Consent.notAfter" => not_after();
    "Consent.validFrom" => valid_from();
}

/// The level of substance use that Veilig Thuis is given by care.
async fn ask(on: &Bench, subject: &Value) -> String {
    on.ask(Slug::VeiligThuis, &question("safety-assessment", Slug::MentalHealth, "substance-use", subject)).await
}

/// The same after a consent with these members.
async fn after(on: &Bench, members: Value) -> String {
    let subject = on.someone();
    on.consent(Slug::MentalHealth, &subject, members).await;
    ask(on, &subject).await
}

async fn state(on: &Bench) -> Tried {
    let mut tried = Tried::default();
    let subject = on.someone();
    let view = on.consent(Slug::MentalHealth, &subject, json!({})).await;
    tried.see("given", "reduced", ask(on, &subject).await);
    let target = format!("/v1/consents/{}/withdrawals", view["id"].as_str().expect("an id"));
    let withdrawal = json!({"at": on.in_hours(0).to_string(), "recordedBy": "pro-1"});
    let (status, answer) = post(&on.gateway, &on.gateway.persona(Slug::MentalHealth), &target, &withdrawal).await;
    assert_eq!(status, 200, "{answer}");
    tried.see("withdrawn", "nothing", ask(on, &subject).await);
    tried.see("refused", "nothing", after(on, json!({"event": "refused"})).await);
    tried.see("requested", "nothing", after(on, json!({"event": "requested", "grantors": []})).await);
    tried
}

/// A source records consents for its own data only; one over the data of two can come from the register's own records, and only the narrowed
/// policies forbid it.
async fn sources(on: &Bench) -> Tried {
    let mut tried = Tried::default();
    tried.see("care's own", "reduced", after(on, json!({})).await);
    tried.see("probation's own", "nothing", kept(on, json!({"sources": [oin(Slug::Probation)]})).await);
    tried.see("of both", "nothing", kept(on, json!({"sources": [oin(Slug::MentalHealth), oin(Slug::Probation)]})).await);
    tried
}

/// The same after the register has kept one with these members, which no source could bring: a source brings what the policies could give, and
/// no more.
async fn kept(on: &Bench, members: Value) -> String {
    let identifier = |value: &Value| {
        let number = value["value"].as_str().expect("a number").parse().expect("a number");
        Personal::new(SubjectId::VNumber(number))
    };
    let (desk, known, subject) = (on.desk(), on.someone(), on.someone());
    on.consent(Slug::MentalHealth, &known, json!({})).await;
    let facts = desk.store.person_facts(desk.subject_index(&identifier(&known))).await.expect("facts");
    let mut record = json!(facts.consents.first().expect("the consent"));
    record["id"] = json!(format!("{}-altered", record["id"].as_str().expect("an id")));
    let record: ConsentRecord = serde_json::from_value(with(record, members)).expect("a consent");
    keep(desk, &oin(Slug::MentalHealth), &identifier(&subject), record).await;
    ask(on, &subject).await
}

/// A set that holds what is asked, one that holds another, and one with both, which only the narrowed policies forbid.
async fn named(on: &Bench, member: &str, asked: Value, other: Value) -> Tried {
    let mut tried = Tried::default();
    let both = [asked.as_array().expect("a list").as_slice(), other.as_array().expect("a list")].concat();
    for (state, expected) in [(asked, "reduced"), (other, "nothing"), (json!(both), "nothing")] {
        tried.see(&state, expected, kept(on, json!({member: state})).await);
    }
    tried
}

/// Of substance use there is no signal.
async fn forms(on: &Bench) -> Tried {
    let mut tried = Tried::default();
    for (ceiling, expected) in [("reduced", "reduced"), ("signal", "nothing"), ("exact", "reduced")] {
        tried.see(ceiling, expected, kept(on, json!({"maxForm": ceiling})).await);
    }
    tried
}

/// Consents given by a minor of 17 and by an adult of 36, of which only the one given in the same band of ages counts at this age.
async fn ages(on: &Bench, age: u8) -> Tried {
    let mut tried = Tried::default();
    on.states(Slug::MentalHealth, with(fulfilling(), json!({"subjectAge": age})));
    for given_at in [17, 36] {
        let expected = if given_at == age { "reduced" } else { "nothing" };
        tried.see(format!("given at {given_at}"), expected, after(on, json!({"subjectAge": given_at})).await);
    }
    on.states(Slug::MentalHealth, fulfilling());
    tried
}

/// One that ends when the narrowed policies forbid it has not ended for the register; another ends by the clock.
async fn not_after(on: &Bench) -> Tried {
    let mut tried = Tried::default();
    for (hours, expected) in [(FORBIDDEN - 1, "reduced"), (FORBIDDEN + 1, "nothing"), (FORBIDDEN + 3, "reduced")] {
        let members = json!({"notAfter": on.in_hours(hours).to_string()});
        tried.see(format!("for {hours} hours"), expected, after(on, members).await);
    }
    let subject = on.someone();
    on.consent(Slug::MentalHealth, &subject, json!({"notAfter": on.in_hours(10).to_string()})).await;
    for (hours, expected) in [(9, "reduced"), (2, "nothing")] {
        on.gateway.clock.advance(hours * HOUR);
        tried.see(format!("{hours} hours later"), expected, ask(on, &subject).await);
    }
    tried
}

/// The same with its beginning. The last flip, for it moves the clock beyond the hours that the narrowed policies forbid.
async fn valid_from(on: &Bench) -> Tried {
    let mut tried = Tried::default();
    // Eleven hours have gone by since the start.
    let until = FORBIDDEN - 11;
    let mut consenting = Vec::new();
    for hours in [until - 1, until + 1, until + 3] {
        let subject = on.someone();
        on.consent(Slug::MentalHealth, &subject, json!({"validFrom": on.in_hours(hours).to_string()})).await;
        tried.see(format!("in {hours} hours"), "nothing", ask(on, &subject).await);
        consenting.push(subject);
    }
    on.gateway.clock.advance(i64::try_from(until + 4).expect("hours") * HOUR);
    for (subject, (state, expected)) in consenting.iter().zip([
        ("begun before those hours", "reduced"),
        ("begun within them", "nothing"),
        ("begun after them", "reduced"),
    ]) {
        tried.see(state, expected, ask(on, subject).await);
    }
    tried
}
