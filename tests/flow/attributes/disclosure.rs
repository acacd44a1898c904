//! The circumstances of a disclosure: what is asked and when, by whom in its own capacity, and whether anything is recorded that it may rest on.

use serde_json::json;
use sluis::case_room::Step;
use sluis::demo::organisations::Slug;
use sluis::organisation::Kind;

use super::bench::{Bench, question, with};
use super::overrides::{Made, override_of};
use super::{Tried, flips};

flips! {
    /// Broken on purpose to see it fail: each attribute a constant, or left out, in `Vocabulary::circumstances` and `Vocabulary::context`, one after
    /// the other.
    the_circumstances_decide on Bench::start();

    "Disclosure.purpose" => purpose();
    "Disclosure.form" => form();
    "Disclosure.asker" => asker();
    "Disclosure.consent" => consent();
    "Disclosure.override" => derogation();
    "Disclosure.case" => case();
    "Disclosure.now" => now();
}

/// What is asked of the police, by those for whom one purpose has a row and the other has none.
async fn purpose(on: &Bench) -> Tried {
    let mut tried = Tried::default();
    for (asker, purpose, expected) in [
        (Slug::VeiligThuis, "safety-assessment", "exact"),
        (Slug::VeiligThuis, "probation", "403 not-permitted"),
        (Slug::Probation, "probation", "exact"),
        (Slug::Probation, "safety-assessment", "403 not-permitted"),
    ] {
        let body = question(purpose, Slug::Police, "identity", &on.someone());
        tried.see(format!("{purpose} by {asker:?}"), expected, on.ask(asker, &body).await);
    }
    tried
}

/// The form is the action, and a guard forbids every form but the one that consent and override were held against.
async fn form(on: &Bench) -> Tried {
    let mut tried = Tried::default();
    for form in ["exact", "reduced", "signal"] {
        let body = with(question("safety-assessment", Slug::Police, "identity", &on.someone()), json!({"form": form}));
        tried.see(form, form, on.ask(Slug::VeiligThuis, &body).await);
    }
    tried
}

/// Two members of one team that ask the same of the police: narrowed policies forbid what the one asks, who is of that kind, and not what the other
/// does.
async fn asker(_: &Bench) -> Tried {
    let mut tried = Tried::default();
    let on = Bench::narrowed(1).await;
    let case = on.case(&[Slug::VeiligThuis, Slug::Probation], &[]).await;
    let body = question("team-discussion", Slug::Police, "incident-reports", &on.someone());
    let body = with(body, json!({"case": case.as_str(), "actingAs": "expertise-team"}));
    for (asker, kind, expected) in [
        (Slug::VeiligThuis, Kind::VeiligThuis, "reduced"),
        (Slug::VeiligThuis, Kind::CareAndSafetyHouse, "nothing"),
        (Slug::Probation, Kind::CareAndSafetyHouse, "reduced"),
    ] {
        on.register(Slug::VeiligThuis, kind).await;
        tried.see(format!("{asker:?}, with a member of kind {kind}"), expected, on.ask(asker, &body).await);
    }
    on.stop().await;
    tried
}

async fn consent(on: &Bench) -> Tried {
    let mut tried = Tried::default();
    let subject = on.someone();
    let body = question("safety-assessment", Slug::MentalHealth, "substance-use", &subject);
    tried.see("none", "nothing", on.ask(Slug::VeiligThuis, &body).await);
    on.consent(Slug::MentalHealth, &subject, json!({})).await;
    tried.see("recorded", "reduced", on.ask(Slug::VeiligThuis, &body).await);
    tried
}

async fn derogation(on: &Bench) -> Tried {
    let mut tried = Tried::default();
    let subject = on.someone();
    let body = question("acute-safety", Slug::MentalHealth, "identity", &subject);
    tried.see("none", "nothing", on.ask(Slug::Police, &body).await);
    override_of(on, Slug::MentalHealth, &subject, &Made::default()).await;
    tried.see("made", "exact", on.ask(Slug::Police, &body).await);
    tried
}

async fn case(on: &Bench) -> Tried {
    let mut tried = Tried::default();
    let case = on.case(&[Slug::Probation], &[Step::Inform]).await;
    let body = with(
        question("team-discussion", Slug::VeiligThuis, "identity", &on.someone()),
        json!({"case": case.as_str(), "actingAs": "expertise-team"}),
    );
    tried.see("in a case", "reduced", on.ask(Slug::Probation, &body).await);
    let without = with(body, json!({"case": null, "actingAs": null}));
    tried.see("in none", "400 schema-invalid", on.ask(Slug::Probation, &without).await);
    tried
}

/// Consents of terms that do not meet: a moment that is the same for both fulfils one of them at most. The last flip, for it moves the clock.
async fn now(on: &Bench) -> Tried {
    let mut tried = Tried::default();
    for round in 0..2 {
        let subject = on.someone();
        on.consent(Slug::MentalHealth, &subject, json!({})).await;
        let body = question("safety-assessment", Slug::MentalHealth, "substance-use", &subject);
        tried.see(format!("within its term, {round}"), "reduced", on.ask(Slug::VeiligThuis, &body).await);
        on.gateway.clock.advance(91 * 24 * 3600);
        tried.see(format!("after its term, {round}"), "nothing", on.ask(Slug::VeiligThuis, &body).await);
    }
    tried
}
