//! The case that a request stands in, as its desk registered it.

use serde_json::{Value, json};
use sluis::case_room::{CaseId, Step, Track};
use sluis::demo::organisations::Slug;
use sluis::organisation::Kind;

use super::bench::{Bench, oin, question, with};
use super::{Tried, flips};

flips! {
    /// Of a case that is closed or anonymous the policies are never told: such a request is refused before they are asked, so that nobody learns of
    /// the case. That is what the flips of `open` and `named` see; that the policies refuse too is shown where they are asked directly, by
    /// `policies/tests`.
    ///
    /// Broken on purpose to see it fail: each other attribute a constant in `vocabulary::case`, one after the other; the state, then the track, not
    /// looked at in `exchange::case::of`.
    a_case_decides on Bench::start();

    "Case.open" => open();
    "Case.named" => named();
    "Case.familyInformed" => family_informed();
    "Case.director" => director();
    "Case.attendees" => attendees();
    "Case.planMade" => plan_made();
}

/// What the team is given of Veilig Thuis: who the subject is, coded.
fn by_team(on: &Bench, case: &CaseId) -> Value {
    let body = question("team-discussion", Slug::VeiligThuis, "identity", &on.someone());
    with(body, json!({"case": case.as_str(), "actingAs": "expertise-team"}))
}

/// What the municipality tells those who take part in the case, each as itself.
fn of_municipality(on: &Bench, case: &CaseId, category: &str) -> Value {
    with(question("case-direction", Slug::Municipality, category, &on.someone()), json!({"case": case.as_str()}))
}

async fn open(on: &Bench) -> Tried {
    let mut tried = Tried::default();
    let case = on.case(&[Slug::Probation], &[Step::Inform]).await;
    tried.see("open", "reduced", on.ask(Slug::Probation, &by_team(on, &case)).await);
    assert!(on.desk().change_case(&case, &Step::Close(on.in_hours(0))).await.expect("a step"));
    let asked = on.calls(Slug::VeiligThuis);
    tried.see("closed", "404 not-found", on.ask(Slug::Probation, &by_team(on, &case)).await);
    assert_eq!(on.calls(Slug::VeiligThuis), asked, "refused before any source, or the policies, are asked");
    assert!(!on.desk().view_case(&case).await.expect("the case").fact().open, "what they would be told");
    tried
}

async fn named(on: &Bench) -> Tried {
    let mut tried = Tried::default();
    let asked = on.calls(Slug::VeiligThuis);
    let anonymous = on.case_on(Track::Anonymous, &[Slug::Probation], &[]).await;
    tried.see("anonymous", "403 not-permitted", on.ask(Slug::Probation, &by_team(on, &anonymous)).await);
    assert_eq!(on.calls(Slug::VeiligThuis), asked, "refused before any source, or the policies, are asked");
    assert!(!on.desk().view_case(&anonymous).await.expect("the case").fact().named, "what they would be told");
    let named = on.case(&[Slug::Probation], &[Step::Inform]).await;
    tried.see("by name", "reduced", on.ask(Slug::Probation, &by_team(on, &named)).await);
    tried
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
