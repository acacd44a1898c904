//! Who receives, and whose data of which category it is: as the certificate and the registry say, never the body.

use serde_json::json;
use sluis::demo::organisations::Slug;
use sluis::organisation::Kind;

use super::bench::{Bench, question};
use super::overrides::{Made, override_of};
use super::{Tried, flips};

flips! {
    /// Broken on purpose to see it fail: each attribute a constant in `Vocabulary::scene`, one after the other.
    who_receives_and_whose_data_decide on Bench::start();

    "Recipient.oin" => recipient();
    "Recipient.kind" => recipient_kind();
    "Slice.category" => category();
    "Slice.source" => source();
    "Slice.sourceKind" => source_kind();
}

/// Two organisations of one kind, and an override for each.
async fn recipient(on: &Bench) -> Tried {
    let mut tried = Tried::default();
    on.register(Slug::Prosecution, Kind::Police).await;
    for (named, other) in [(Slug::Police, Slug::Prosecution), (Slug::Prosecution, Slug::Police)] {
        let subject = on.someone();
        let made = Made { recipient: named, ..Made::default() };
        override_of(on, Slug::MentalHealth, &subject, &made).await;
        let body = question("acute-safety", Slug::MentalHealth, "identity", &subject);
        tried.see(format!("{named:?} is named, and asks"), "exact", on.ask(named, &body).await);
        tried.see(format!("{named:?} is named, {other:?} asks"), "nothing", on.ask(other, &body).await);
    }
    on.register(Slug::Prosecution, Kind::Prosecution).await;
    tried
}

async fn recipient_kind(on: &Bench) -> Tried {
    let mut tried = Tried::default();
    let body = question("safety-assessment", Slug::Police, "identity", &on.someone());
    for (kind, expected) in
        [(Kind::Municipality, "403 not-permitted"), (Kind::MentalHealth, "403 not-permitted"), (Kind::VeiligThuis, "exact")]
    {
        on.register(Slug::VeiligThuis, kind).await;
        tried.see(kind, expected, on.ask(Slug::VeiligThuis, &body).await);
    }
    tried
}

/// What a row names of one source it does not name of another.
async fn category(on: &Bench) -> Tried {
    let mut tried = Tried::default();
    for (source, category, expected) in [
        (Slug::Police, "identity", "exact"),
        (Slug::Police, "probation-status", "403 not-permitted"),
        (Slug::Probation, "probation-status", "reduced"),
        (Slug::Probation, "identity", "403 not-permitted"),
    ] {
        let body = question("safety-assessment", source, category, &on.someone());
        tried.see(format!("{category} of {source:?}"), expected, on.ask(Slug::VeiligThuis, &body).await);
    }
    tried
}

/// Two sources of one kind, and a consent for each.
async fn source(on: &Bench) -> Tried {
    let mut tried = Tried::default();
    on.register(Slug::Probation, Kind::MentalHealth).await;
    for (consented, other) in [(Slug::MentalHealth, Slug::Probation), (Slug::Probation, Slug::MentalHealth)] {
        let subject = on.someone();
        on.consent(consented, &subject, json!({})).await;
        for (source, expected) in [(consented, "reduced"), (other, "nothing")] {
            let body = question("safety-assessment", source, "substance-use", &subject);
            tried.see(format!("consent of {consented:?}, asked of {source:?}"), expected, on.ask(Slug::VeiligThuis, &body).await);
        }
    }
    on.register(Slug::Probation, Kind::Probation).await;
    tried
}

async fn source_kind(on: &Bench) -> Tried {
    let mut tried = Tried::default();
    let body = question("safety-assessment", Slug::Police, "identity", &on.someone());
    for (kind, expected) in
        [(Kind::CareAndSafetyHouse, "403 not-permitted"), (Kind::Probation, "403 not-permitted"), (Kind::Police, "exact")]
    {
        on.register(Slug::Police, kind).await;
        tried.see(kind, expected, on.ask(Slug::VeiligThuis, &body).await);
    }
    tried
}
