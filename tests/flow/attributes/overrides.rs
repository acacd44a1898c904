//! The override (doorbreking), as a source reports it. The register hands the policies only one that concerns the question and is in
//! force, so these flips run under narrowed policies.

use serde_json::Value;
use sluis::catalogue::{Category, Form, Ground};
use sluis::demo::organisations::Slug;
use sluis::source::SubjectWire;
use sluis::source::overrides::{ConsentSought, OverrideContent, OverrideMessage, OverrideStanding};

use super::bench::{Bench, oin, question};
use super::{Tried, flips};
use crate::support::consents::post;
use crate::support::derogation::Person;
use crate::support::random_text;

/// Hours until the instants that the narrowed policies forbid: beginning or ending there.
const FORBIDDEN: u64 = 20;
const HOUR: i64 = 3600;

flips! {
    /// Broken on purpose to see it fail: each attribute a constant in `Vocabulary::derogation`, one after the other: for sets everything there is,
    /// for instants the beginning and the end of time.
    an_override_decides on Bench::narrowed(FORBIDDEN);

    "Override.source" => source();
    "Override.recipients" => recipients();
    "Override.purpose" => purpose();
    "Override.categories" => categories();
    "Override.forms" => forms();
    "Override.notAfter" => not_after();
    "Override.fourEyes" => four_eyes();
    "Override.validFrom" => valid_from();
}

/// An override that a source makes: of the identity, for the police, in acute danger, by two professionals, for five hours.
pub(super) struct Made {
    pub(super) purpose: &'static str,
    pub(super) recipient: Slug,
    pub(super) categories: Vec<Category>,
    pub(super) forms: Vec<Form>,
    pub(super) hours: u64,
    pub(super) four_eyes: bool,
}

impl Default for Made {
    fn default() -> Self {
        Self {
            purpose: "acute-safety",
            recipient: Slug::Police,
            categories: vec![Category::Identity],
            forms: vec![Form::Exact, Form::Reduced, Form::Signal],
            hours: 5,
            four_eyes: true,
        }
    }
}

/// The source reports it, and the gateway takes it.
pub(super) async fn override_of(on: &Bench, source: Slug, subject: &Value, made: &Made) {
    let (status, answer) = reported(on, source, subject, made).await;
    assert_eq!(status, 200, "{answer}");
}

/// The source reports it; what is answered.
async fn reported(on: &Bench, source: Slug, subject: &Value, made: &Made) -> (u16, Value) {
    let text = |member: &str| subject[member].as_str().expect("text").to_owned();
    let id = random_text();
    let content = OverrideContent {
        subject: SubjectWire { scheme: text("scheme"), value: text("value") },
        recipients: vec![oin(made.recipient)],
        purpose: made.purpose.parse().expect("a purpose"),
        categories: made.categories.clone(),
        forms: made.forms.clone(),
        ground: ground(made.purpose),
        harm: "He has said that he will attack her tonight.".to_owned(),
        harm_to: "his former partner".to_owned(),
        consent: ConsentSought::No { why: "asking would raise the danger".to_owned() },
        alternatives: "calling him; he does not answer".to_owned(),
        why_least: "who he is suffices".to_owned(),
        colleague: "col-1".to_owned(),
        expires_at: on.in_hours(made.hours),
    };
    let hand = |reference| Person::of(&on.gateway, source, reference);
    let now = on.in_hours(0);
    let created = hand("pro-1").signs(now, |who, at| content.create_statement(&id, who, at));
    let approved = made.four_eyes.then(|| hand("pro-2").signs(now, |who, at| content.approve_statement(&id, who, at)));
    let standing = OverrideStanding::Active;
    let review_due = (!made.four_eyes).then(|| now.plus_working_days(2));
    let message = OverrideMessage { id, standing, content, created, approved, review_due, revoked: None };
    let body = serde_json::to_value(&message).expect("JSON");
    post(&on.gateway, &on.gateway.persona(source), "/v1/overrides", &body).await
}

/// The ground that carries such an override (`domain.md` §5, §7).
fn ground(purpose: &str) -> Ground {
    match purpose {
        "acute-safety" => Ground::Emergency,
        "prosecution" => Ground::ConflictOfDuties,
        "treatment" => Ground::Wpg19,
        _ => Ground::Wmo411,
    }
}

/// The identity that the police are given by care, in acute danger, after this override.
async fn after(on: &Bench, made: Made) -> String {
    let subject = on.someone();
    override_of(on, Slug::MentalHealth, &subject, &made).await;
    ask(on, Slug::Police, Slug::MentalHealth, "acute-safety", &subject).await
}

async fn ask(on: &Bench, asker: Slug, source: Slug, purpose: &str, subject: &Value) -> String {
    on.ask(asker, &question(purpose, source, "identity", subject)).await
}

async fn source(on: &Bench) -> Tried {
    let mut tried = Tried::default();
    for (maker, of_care, of_probation) in [(Slug::MentalHealth, "exact", "nothing"), (Slug::Probation, "nothing", "exact")] {
        let subject = on.someone();
        override_of(on, maker, &subject, &Made::default()).await;
        for (source, expected) in [(Slug::MentalHealth, of_care), (Slug::Probation, of_probation)] {
            let seen = ask(on, Slug::Police, source, "acute-safety", &subject).await;
            tried.see(format!("made by {maker:?}, asked of {source:?}"), expected, seen);
        }
    }
    tried
}

/// Under policies that forbid one that names anybody else, so that the policies were given the one that is named and nobody else.
async fn recipients(on: &Bench) -> Tried {
    let mut tried = Tried::default();
    for (recipient, to_police, to_veilig_thuis) in [(Slug::Police, "exact", "nothing"), (Slug::VeiligThuis, "nothing", "exact")] {
        let subject = on.someone();
        let made = Made { recipient, ..Made::default() };
        override_of(on, Slug::MentalHealth, &subject, &made).await;
        for (asker, expected) in [(Slug::Police, to_police), (Slug::VeiligThuis, to_veilig_thuis)] {
            let seen = ask(on, asker, Slug::MentalHealth, "acute-safety", &subject).await;
            tried.see(format!("for {recipient:?}, asked by {asker:?}"), expected, seen);
        }
    }
    tried
}

async fn purpose(on: &Bench) -> Tried {
    let mut tried = Tried::default();
    for (purpose, acute, prosecution) in [("acute-safety", "exact", "nothing"), ("prosecution", "nothing", "exact")] {
        let subject = on.someone();
        let made = Made { purpose, ..Made::default() };
        override_of(on, Slug::MentalHealth, &subject, &made).await;
        for (asked, expected) in [("acute-safety", acute), ("prosecution", prosecution)] {
            let seen = ask(on, Slug::Police, Slug::MentalHealth, asked, &subject).await;
            tried.see(format!("for {purpose}, asked for {asked}"), expected, seen);
        }
    }
    tried
}

async fn categories(on: &Bench) -> Tried {
    let mut tried = Tried::default();
    for (categories, expected) in [
        (vec![Category::Identity], "exact"),
        (vec![Category::Address], "nothing"),
        // More than is asked, which only the narrowed policies forbid.
        (vec![Category::Identity, Category::Address], "nothing"),
    ] {
        let state = format!("{categories:?}");
        tried.see(state, expected, after(on, Made { categories, ..Made::default() }).await);
    }
    tried
}

async fn forms(on: &Bench) -> Tried {
    let mut tried = Tried::default();
    let all = [Form::Exact, Form::Reduced, Form::Signal];
    for (finest, expected) in [(0, "exact"), (1, "reduced"), (2, "signal")] {
        let forms = all[finest..].to_vec();
        tried.see(expected, expected, after(on, Made { forms, ..Made::default() }).await);
    }
    tried
}

/// One that ends when the narrowed policies forbid it was not ended for the register; the others end by the clock.
async fn not_after(on: &Bench) -> Tried {
    let mut tried = Tried::default();
    for (hours, expected) in [(5, "exact"), (FORBIDDEN + 1, "nothing"), (FORBIDDEN + 3, "exact")] {
        tried.see(format!("for {hours} hours"), expected, after(on, Made { hours, ..Made::default() }).await);
    }
    let subject = on.someone();
    override_of(on, Slug::MentalHealth, &subject, &Made::default()).await;
    for (hours, expected) in [(4, "exact"), (2, "nothing")] {
        on.gateway.clock.advance(hours * HOUR);
        let seen = ask(on, Slug::Police, Slug::MentalHealth, "acute-safety", &subject).await;
        tried.see(format!("{hours} hours later"), expected, seen);
    }
    tried
}

/// One person may make it in acute danger only, where the policies of this repository do not ask for two; the narrowed ones do.
async fn four_eyes(on: &Bench) -> Tried {
    let mut tried = Tried::default();
    for (four_eyes, expected) in [(true, "exact"), (false, "nothing")] {
        tried.see(four_eyes, expected, after(on, Made { four_eyes, ..Made::default() }).await);
        // For any other purpose one person's word is not even kept.
        let subject = on.someone();
        let made = Made { purpose: "prosecution", four_eyes, ..Made::default() };
        let (status, _) = reported(on, Slug::MentalHealth, &subject, &made).await;
        assert_eq!(status, if four_eyes { 200 } else { 400 });
        let seen = ask(on, Slug::Police, Slug::MentalHealth, "prosecution", &subject).await;
        tried.see(format!("for another purpose, {four_eyes}"), expected, seen);
    }
    tried
}

/// An override is in force from the moment on which the gateway records it: nobody states another. The last flip, for it moves the clock into the
/// hours that the narrowed policies forbid to begin in.
async fn valid_from(on: &Bench) -> Tried {
    let mut tried = Tried::default();
    let hours = FORBIDDEN + 10;
    let subject = on.someone();
    override_of(on, Slug::MentalHealth, &subject, &Made { hours, ..Made::default() }).await;
    // Six hours have gone by since the start.
    let into = i64::try_from(FORBIDDEN).expect("hours") - 6 + 1;
    on.gateway.clock.advance(into * HOUR);
    let seen = ask(on, Slug::Police, Slug::MentalHealth, "acute-safety", &subject).await;
    tried.see("begun before those hours", "exact", seen);
    tried.see("begun within them", "nothing", after(on, Made::default()).await);
    on.gateway.clock.advance(2 * HOUR);
    tried.see("begun after them", "exact", after(on, Made::default()).await);
    tried
}
