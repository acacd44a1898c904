//! What a source states of an item.

use serde_json::{Value, json};
use sluis::case_room::CaseId;
use sluis::catalogue::{Category, Form};
use sluis::demo::organisations::Slug;

use super::bench::{Bench, fulfilling, question, with};
use super::overrides::{Made, override_of};
use super::{Tried, flips};

/// The fact is not stated.
const NOT_STATED: Value = Value::Null;

flips! {
    /// Broken on purpose to see it fail: each fact a constant in `Vocabulary::facts`, one after the other; `restraining_order: Some(false)` in
    /// `ItemFacts::for_policy`.
    facts_of_an_item_decide on Bench::start();

    "Facts.wpgArticle" => stated(&POLICE, "wpgArticle", &[
        (json!("8"), "exact"), (json!("13"), "exact"), (json!("9"), "nothing"), (json!("14"), "nothing"), (json!("?"), "nothing"),
        (NOT_STATED, "nothing")]);
    "Facts.wpg20Decision" => stated_to_a_team(&[
        (json!({"decisionId": "d-1", "decisionArticle": "20"}), "reduced"), (json!({"decisionId": "d-1", "decisionArticle": "19"}), "nothing"),
        (json!({"decisionId": " ", "decisionArticle": "20"}), "nothing"), (json!({"decisionArticle": null}), "nothing"), (json!({"decisionId": null}), "nothing")]);
    "Facts.wpg19Decision" => stated_to_care(&[
        (json!({"decisionId": "d-1", "decisionArticle": "19"}), "reduced"), (json!({"decisionId": "d-1", "decisionArticle": "20"}), "nothing"),
        (json!({"decisionId": null, "decisionArticle": "19"}), "nothing")]);
    "Facts.mandate" => stated(&PROSECUTION, "mandateId", &[(json!("m-1"), "reduced"), (NOT_STATED, "nothing")]);
    "Facts.courtOrder" => stated(&YOUTH, "courtOrderId", &[(json!("c-1"), "signal"), (NOT_STATED, "nothing")]);
    "Facts.professional" => stated_with_consent("professional", &[(json!("p-1"), "reduced"), (NOT_STATED, "nothing")]);
    "Facts.meldcodeSteps" => stated_with_consent("meldcodeSteps", &[
        (json!(true), "reduced"), (json!(false), "nothing"), (NOT_STATED, "nothing")]);
    "Facts.test51c" => stated(&PROBATION, "test51c", &[
        (json!(true), "reduced"), (json!(false), "nothing"), (NOT_STATED, "nothing")]);
    "Facts.severity" => stated_by_override("severity", &[
        (json!(true), "exact"), (json!(false), "nothing"), (NOT_STATED, "nothing")]);
    "Facts.restrainingOrder" => stated(&MEASURES, "restrainingOrder", &[
        (json!(false), "exact"), (json!(true), "nothing"), (NOT_STATED, "nothing")]);
    "Facts.underRestrainingOrder" => stated_of_a_case(&[
        (json!(true), "exact"), (json!(false), "nothing"), (NOT_STATED, "nothing")]);
    "Facts.secretAddress" => stated(&ADDRESS, "secretAddress", &[
        (json!(false), "exact"), (json!(true), "reduced"), (NOT_STATED, "reduced")]);
    "Facts.subjectAge" => stated_with_consent("subjectAge", &[
        (json!(36), "reduced"), (json!(17), "nothing"), (NOT_STATED, "nothing")]);
    "Facts.withheldBySource" => stated(&POLICE, "withheldBySource", &[
        (json!(false), "exact"), (json!(true), "nothing"), (NOT_STATED, "exact")]);
    "Facts.protectedFromRecipient" => protected();
}

/// What is asked, by whom and of whom.
struct Asked {
    asker: Slug,
    purpose: &'static str,
    source: Slug,
    category: &'static str,
}

const POLICE: Asked =
    Asked { asker: Slug::VeiligThuis, purpose: "safety-assessment", source: Slug::Police, category: "identity" };
const ADDRESS: Asked = Asked { category: "address", ..POLICE };
const PROSECUTION: Asked = Asked { source: Slug::Prosecution, category: "pending-prosecution", ..POLICE };
const PROBATION: Asked = Asked { source: Slug::Probation, category: "probation-status", ..POLICE };
const CARE: Asked = Asked { source: Slug::MentalHealth, category: "substance-use", ..POLICE };
const MEASURES: Asked = Asked { asker: Slug::Probation, purpose: "probation", source: Slug::Police, category: "measures" };
const YOUTH: Asked =
    Asked { asker: Slug::YouthProtection, purpose: "child-protection", source: Slug::MentalHealth, category: "care-involvement" };
const VEILIG_THUIS: Asked = Asked { asker: Slug::Police, source: Slug::VeiligThuis, ..POLICE };
const TO_CARE: Asked =
    Asked { asker: Slug::MentalHealth, purpose: "treatment", source: Slug::Police, category: "risk-assessment" };
const MAYOR: Asked = Asked { purpose: "case-direction", source: Slug::Municipality, ..POLICE };
const TEAM: Asked =
    Asked { asker: Slug::Probation, purpose: "team-discussion", source: Slug::Police, category: "incident-reports" };

/// States of a fact, each with what comes of it.
type States<'s> = &'s [(Value, &'static str)];

async fn stated(on: &Bench, asked: &Asked, fact: &str, states: States<'_>) -> Tried {
    stated_of(on, asked, &on.someone(), None, fact, states).await
}

async fn stated_with_consent(on: &Bench, fact: &str, states: States<'_>) -> Tried {
    let subject = on.someone();
    on.consent(CARE.source, &subject, json!({})).await;
    stated_of(on, &CARE, &subject, None, fact, states).await
}

async fn stated_by_override(on: &Bench, fact: &str, states: States<'_>) -> Tried {
    let subject = on.someone();
    let made = Made { purpose: VEILIG_THUIS.purpose, ..Made::default() };
    override_of(on, VEILIG_THUIS.source, &subject, &made).await;
    stated_of(on, &VEILIG_THUIS, &subject, None, fact, states).await
}

/// The members of a decision of the police, in each state.
async fn stated_to_a_team(on: &Bench, states: States<'_>) -> Tried {
    let case = on.case(&[TEAM.asker], &[]).await;
    all_stated_of(on, &TEAM, &on.someone(), Some(&case), states).await
}

/// The same, where an override is needed beside it.
async fn stated_to_care(on: &Bench, states: States<'_>) -> Tried {
    let subject = on.someone();
    let made = Made {
        purpose: TO_CARE.purpose,
        recipient: TO_CARE.asker,
        categories: vec![Category::RiskAssessment],
        forms: vec![Form::Reduced, Form::Signal],
        ..Made::default()
    };
    override_of(on, TO_CARE.source, &subject, &made).await;
    all_stated_of(on, &TO_CARE, &subject, None, states).await
}

async fn stated_of_a_case(on: &Bench, states: States<'_>) -> Tried {
    let case = on.case(&[MAYOR.asker], &[]).await;
    stated_of(on, &MAYOR, &on.someone(), Some(&case), "underRestrainingOrder", states).await
}

/// Asks once for each state of the fact; all others fulfil every condition.
async fn stated_of(on: &Bench, asked: &Asked, subject: &Value, case: Option<&CaseId>, fact: &str, states: States<'_>) -> Tried {
    let states: Vec<_> = states.iter().map(|(state, expected)| (json!({fact: state}), *expected)).collect();
    all_stated_of(on, asked, subject, case, &states).await
}

/// The same, of several facts at once.
async fn all_stated_of(on: &Bench, asked: &Asked, subject: &Value, case: Option<&CaseId>, states: States<'_>) -> Tried {
    let mut tried = Tried::default();
    let mut body = question(asked.purpose, asked.source, asked.category, subject);
    if let Some(case) = case {
        body = with(body, json!({"case": case.as_str()}));
        if asked.purpose == TEAM.purpose {
            body = with(body, json!({"actingAs": "expertise-team"}));
        }
    }
    for (state, expected) in states {
        on.states(asked.source, with(fulfilling(), state.clone()));
        tried.see(state, expected, on.ask(asked.asker, &body).await);
    }
    on.states(asked.source, fulfilling());
    tried
}

/// No source can state this: whom the recipient acts for, the gateway knows from what it was asked.
async fn protected(on: &Bench) -> Tried {
    let mut tried = Tried::default();
    let (victim, opponent) = (on.someone(), on.someone());
    let ask =
        async |subject: &Value| on.ask(MEASURES.asker, &question(MEASURES.purpose, Slug::Police, "identity", subject)).await;
    on.gives(Slug::Police, fulfilling(), json!([{"letter": "S", "ageBand": "35-44", "protectedFrom": [opponent]}]));
    tried.see("probation acts for nobody yet", "exact", ask(&victim).await);
    on.states(Slug::Police, fulfilling());
    assert_eq!(ask(&opponent).await, "exact", "it comes to act for the other");
    on.gives(Slug::Police, fulfilling(), json!([{"letter": "S", "ageBand": "35-44", "protectedFrom": [opponent]}]));
    tried.see("probation acts for the other", "nothing", ask(&victim).await);
    on.states(Slug::Police, fulfilling());
    tried.see("it does, and she is not protected from him", "exact", ask(&victim).await);
    tried
}
