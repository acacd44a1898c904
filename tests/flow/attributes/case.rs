//! The case that a request stands in, as its desk registered it.

use std::sync::Arc;

use serde_json::{Value, json};
use sluis::case_room::{CaseId, Step, Track};
use sluis::catalogue::{Category, Form};
use sluis::demo::organisations::Slug;
use sluis::organisation::Kind;
use sluis::policy::{Facts, Party, Question, WpgArticle};

use super::bench::{Bench, oin, question, with};
use super::{Tried, flips};

flips! {
    /// Of a case that is closed or anonymous the policies are never told over the wire: such a request is refused before they are asked, so that
    /// nobody learns of the case. The flips of `open` and `named` see that, and then ask the policies in force themselves about the stored case.
    ///
    /// Broken on purpose to see it fail: each attribute a constant in `vocabulary::case`, one after the other; the state, then the track, not looked
    /// at in `exchange::case::of`.
    a_case_decides on Bench::start();

    "Case.open" => open();
    "Case.named" => named();
    "Case.familyInformed" => family_informed();
    "Case.director" => director();
    "Case.attendees" => attendees();
    "Case.attendeeKinds" => attendee_kinds();
    "Case.planMade" => plan_made();
}

/// What the team is given of Veilig Thuis once the family was informed: who the subject is, coded.
fn by_team(on: &Bench, case: &CaseId) -> Value {
    with(question("team-discussion", Slug::VeiligThuis, "identity", &on.someone()), in_team(case))
}

/// What the team is given of the police, whatever the family knows: coded incidents.
fn of_police(on: &Bench, case: &CaseId) -> Value {
    with(question("team-discussion", Slug::Police, "incident-reports", &on.someone()), in_team(case))
}

fn in_team(case: &CaseId) -> Value {
    json!({"case": case.as_str(), "actingAs": "expertise-team"})
}

/// What the municipality tells those who take part in the case, each as itself.
fn of_municipality(on: &Bench, case: &CaseId, category: &str) -> Value {
    with(question("case-direction", Slug::Municipality, category, &on.someone()), json!({"case": case.as_str()}))
}

async fn open(on: &Bench) -> Tried {
    let mut tried = Tried::default();
    let case = on.case(&[Slug::Probation], &[]).await;
    tried.see("open", "reduced", on.ask(Slug::Probation, &of_police(on, &case)).await);
    tried.see("open, to the policies", "reduced", decided(on, &case).await);
    assert!(on.desk().change_case(&case, &Step::Close(on.in_hours(0))).await.expect("a step"));
    tried.see("closed", "404 not-found", on.ask(Slug::Probation, &of_police(on, &case)).await);
    tried.see("closed, to the policies", "case-closed", decided(on, &case).await);
    tried
}

async fn named(on: &Bench) -> Tried {
    let mut tried = Tried::default();
    for (track, expected, to_policies) in
        [(Track::Named, "reduced", "reduced"), (Track::Anonymous, "403 not-permitted", "anonymous-case")]
    {
        let case = on.case_on(track, &[Slug::Probation], &[]).await;
        tried.see(format!("{track:?}"), expected, on.ask(Slug::Probation, &of_police(on, &case)).await);
        tried.see(format!("{track:?}, to the policies"), to_policies, decided(on, &case).await);
    }
    tried
}

/// What the policies in force decide on [`of_police`] in the case as it is stored: the form, or the reason.
async fn decided(on: &Bench, case: &CaseId) -> String {
    let party = |slug: Slug, kind| Party { oin: oin(slug), kind };
    let decision = on.gateway.running().gateway.policy.load_full().decide(&Question {
        purpose: "team-discussion".parse().expect("a purpose"),
        recipient: party(Slug::Probation, Kind::ExpertiseTeam),
        asker: Kind::Probation,
        source: party(Slug::Police, Kind::Police),
        category: Category::IncidentReports,
        finest: Form::Exact,
        now: on.in_hours(0),
        consent: None,
        derogation: None,
        case: Some(Arc::new(
            on.desk().view_case(case).await.expect("the case").fact(|_| Some(Kind::VeiligThuis)).expect("a fact"),
        )),
        facts: Some(Facts::fulfilling(WpgArticle::Everyday, None)),
    });
    decision.form().map_or_else(|| decision.reason().unwrap_or_default().to_owned(), |form| form.code().to_owned())
}

async fn family_informed(on: &Bench) -> Tried {
    let mut tried = Tried::default();
    let case = on.case(&[Slug::Probation], &[]).await;
    tried.see("not informed", "nothing", on.ask(Slug::Probation, &by_team(on, &case)).await);
    assert!(on.desk().change_case(&case, &Step::Inform).await.expect("a step"));
    tried.see("informed", "reduced", on.ask(Slug::Probation, &by_team(on, &case)).await);
    tried
}

/// One of the kind that directs, which attends.
async fn director(on: &Bench) -> Tried {
    let mut tried = Tried::default();
    let case = on.case(&[Slug::CaseManagement], &[]).await;
    tried.see("nobody", "nothing", on.ask(Slug::CaseManagement, &of_municipality(on, &case, "identity")).await);
    assert!(on.desk().change_case(&case, &Step::Direct(oin(Slug::CaseManagement))).await.expect("a step"));
    tried.see("the one that asks", "exact", on.ask(Slug::CaseManagement, &of_municipality(on, &case, "identity")).await);
    tried
}

/// One that takes part without attending: a director, which is registered anew as an organisation that receives as an attendee.
async fn attendees(on: &Bench) -> Tried {
    let mut tried = Tried::default();
    let director = oin(Slug::CaseManagement);
    let case = on.case(&[Slug::Probation], &[Step::Direct(director.clone())]).await;
    on.register(Slug::CaseManagement, Kind::VeiligThuis).await;
    tried.see("takes part only", "nothing", on.ask(Slug::CaseManagement, &of_municipality(on, &case, "identity")).await);
    assert!(on.desk().change_case(&case, &Step::Attend(director)).await.expect("a step"));
    tried.see("attends", "exact", on.ask(Slug::CaseManagement, &of_municipality(on, &case, "identity")).await);
    on.register(Slug::CaseManagement, Kind::CaseDirector).await;
    tried
}

/// Only what a team itself has found waits for the plan: the municipality is registered anew as one that has.
async fn plan_made(on: &Bench) -> Tried {
    let mut tried = Tried::default();
    let steps = [Step::Direct(oin(Slug::CaseManagement)), Step::Inform];
    let case = on.case(&[Slug::Probation], &steps).await;
    on.register(Slug::Municipality, Kind::ExpertiseTeam).await;
    tried.see("no plan", "nothing", on.ask(Slug::CaseManagement, &of_municipality(on, &case, "measures")).await);
    assert!(on.desk().change_case(&case, &Step::Plan).await.expect("a step"));
    tried.see("made", "exact", on.ask(Slug::CaseManagement, &of_municipality(on, &case, "measures")).await);
    on.register(Slug::Municipality, Kind::Municipality).await;
    tried
}

/// One that attends and says nothing, registered as of another kind: care's data does not come to police at the table.
async fn attendee_kinds(on: &Bench) -> Tried {
    let mut tried = Tried::default();
    let (silent, attendees) = (Slug::YouthProtection, [Slug::VeiligThuis, Slug::YouthProtection]);
    for (kind, expected) in [(Kind::YouthProtection, "signal"), (Kind::Police, "nothing"), (Kind::Prosecution, "nothing")] {
        on.register(silent, kind).await;
        let (case, subject) = (on.case(&attendees, &[]).await, on.someone());
        let members = json!({
            "recipients": attendees.map(oin), "purposes": ["team-discussion"], "categories": ["care-involvement"],
        });
        on.consent(Slug::MentalHealth, &subject, members).await;
        let body = with(question("team-discussion", Slug::MentalHealth, "care-involvement", &subject), in_team(&case));
        tried.see(kind, expected, on.ask(Slug::VeiligThuis, &body).await);
    }
    on.register(silent, Kind::YouthProtection).await;
    tried
}
