//! What people do in the demo: a professional of mental-health care breaks secrecy; one of the police releases one summary and refuses another.

use std::time::Duration;

use super::report::{Report, Told};
use super::scenes::{Acting, Expected, Scene, Subject};
use super::{body, tell};
use crate::case_room::{CaseId, State, Step, Track};
use crate::catalogue::{Category, Form, Ground};
use crate::connector::hand::Hand;
use crate::connector::inbox::{InboxState, refuse_statement, release_statement};
use crate::connector::overrides::{OverrideState, new_override_id};
use crate::connector::professionals::Signed;
use crate::demo::organisations::Slug;
use crate::demo::running::{DemoError, Running};
use crate::source::SubjectWire;
use crate::source::overrides::{ConsentSought, OverrideContent};

/// How long the gateway gets to take what a source brings.
const PATIENCE: Duration = Duration::from_secs(10);

/// The organisations that attend the demo's case.
const ATTENDEES: [Slug; 4] = [Slug::VeiligThuis, Slug::Police, Slug::MentalHealth, Slug::Municipality];

/// The demo's case: opened by name with its attendees, the family told, a director named, a plan made. The one that is there stays.
pub(super) async fn open_case(demo: &Running) -> Result<CaseId, DemoError> {
    let desk = demo.desk.operated_by("sluis demo".parse().map_err(DemoError::new)?);
    if let Some(case) =
        demo.gateway.store.cases().await.map_err(DemoError::new)?.into_iter().find(|case| case.state == State::Open)
    {
        return Ok(case.id);
    }
    let outside = demo.outside();
    let id = CaseId::draw(outside.clock.now(), &*outside.entropy).map_err(DemoError::new)?;
    let oin = |slug: Slug| slug.organisation().parsed_oin().map_err(DemoError::new);
    let attendees = ATTENDEES.into_iter().map(oin).collect::<Result<_, _>>()?;
    desk.open_case(id.clone(), Track::Named, attendees).await.map_err(DemoError::new)?;
    for step in [Step::Inform, Step::Direct(oin(Slug::CaseManagement)?), Step::Plan] {
        desk.change_case(&id, &step).await.map_err(DemoError::new)?;
    }
    Ok(id)
}

/// Mental-health care breaks secrecy about P21 towards the police: one person, because of acute danger; to be reviewed. Veilig Thuis does towards
/// the prosecution: two persons, because of the severity. Probation does towards all who attend the demo's case, to whom it speaks as one.
pub(super) async fn make_overrides(demo: &Running) -> Result<(), DemoError> {
    let acute = Breach {
        source: Slug::MentalHealth,
        recipients: &[Slug::Police],
        purpose: "acute-safety",
        categories: &[Category::Identity, Category::Address],
        forms: &[Form::Exact, Form::Reduced, Form::Signal],
        ground: Ground::ConflictOfDuties,
        harm: "The patient has said that he will attack his former partner tonight, and where.",
        alternatives: "calling the patient; he does not answer",
        why_least: "who and where he is suffices to prevent it",
        colleague: "psychiatrist on call",
        approver: None,
    };
    let severe = Breach {
        source: Slug::VeiligThuis,
        recipients: &[Slug::Prosecution],
        purpose: "prosecution",
        categories: &[Category::SafetyAssessment],
        forms: &[Form::Reduced, Form::Signal],
        ground: Ground::Wmo411,
        harm: "Repeated and growing violence; she dares not report it herself.",
        alternatives: "help by agreement, three times broken off by him",
        why_least: "the coded assessment suffices for the decision to prosecute",
        colleague: "behavioural scientist",
        approver: Some("pro-2"),
    };
    let supervised = Breach {
        source: Slug::Probation,
        recipients: &ATTENDEES,
        purpose: "team-discussion",
        categories: &[Category::ProbationStatus],
        forms: &[Form::Reduced, Form::Signal],
        ground: Ground::ConflictOfDuties,
        harm: "He keeps to none of the conditions that protect her, and nobody at the table knows.",
        alternatives: "a formal warning; he tore it up",
        why_least: "that and how supervision runs suffices; not what was said in it",
        colleague: "unit manager",
        approver: Some("pro-2"),
    };
    for breach in [acute, severe, supervised] {
        make_override(demo, breach).await?;
    }
    Ok(())
}

/// One breach of secrecy (doorbreking) about P21.
struct Breach {
    source: Slug,
    recipients: &'static [Slug],
    purpose: &'static str,
    categories: &'static [Category],
    forms: &'static [Form],
    ground: Ground,
    harm: &'static str,
    alternatives: &'static str,
    why_least: &'static str,
    colleague: &'static str,
    /// The second professional, where four eyes are needed.
    approver: Option<&'static str>,
}

async fn make_override(demo: &Running, breach: Breach) -> Result<(), DemoError> {
    let source = breach.source;
    let connector = demo.connectors.get(&source).ok_or_else(|| DemoError::new("no connector"))?;
    let (_, person) = demo.world.person("P21").ok_or_else(|| DemoError::new("no person P21"))?;
    let (scheme, value) = person.identifier(source);
    let now = demo.outside().clock.now();
    let recipients = breach.recipients.iter().map(|slug| slug.organisation().parsed_oin());
    let content = OverrideContent {
        subject: SubjectWire { scheme: scheme.to_owned(), value },
        recipients: recipients.collect::<Result<_, _>>().map_err(DemoError::new)?,
        purpose: breach.purpose.parse().map_err(DemoError::new)?,
        categories: breach.categories.to_vec(),
        forms: breach.forms.to_vec(),
        ground: breach.ground,
        harm: breach.harm.to_owned(),
        harm_to: "his former partner".to_owned(),
        consent: ConsentSought::No { why: "asking would raise the danger".to_owned() },
        alternatives: breach.alternatives.to_owned(),
        why_least: breach.why_least.to_owned(),
        colleague: breach.colleague.to_owned(),
        expires_at: now.plus(Duration::from_hours(24)),
    };
    let known = connector.overrides().await.map_err(DemoError::new)?;
    if known.iter().any(|row| row.state == OverrideState::Active && row.record.content.expires_at > now) {
        return Ok(());
    }
    let sign = |hand: Hand, statement: &dyn Fn(&Signed) -> Vec<u8>| hand.sign(statement).map_err(DemoError::new);
    let id = new_override_id(&*demo.outside().entropy).map_err(DemoError::new)?;
    let created =
        sign(demo.hand(source, "pro-1")?, &|signed| content.create_statement(&id, &signed.professional, signed.signed_at))?;
    let row = connector.create_override(&id, content.clone(), &created).await.map_err(DemoError::new)?;
    if let Some(approver) = breach.approver {
        let approve = |signed: &Signed| content.approve_statement(&row.id, &signed.professional, signed.signed_at);
        let approved = sign(demo.hand(source, approver)?, &approve)?;
        connector.approve_override(&row.id, &approved).await.map_err(DemoError::new)?;
    }
    let sent = async || connector.pending_overrides().await.is_ok_and(|pending| pending.is_empty());
    until(sent, "the override did not reach the gateway").await
}

/// Two questions that only a professional can answer, because police reports go out as summaries only.
const RELEASED: Scene = Scene {
    title: "A police officer writes a summary of the incident reports and releases it",
    recipient: Slug::VeiligThuis,
    sources: &[Slug::Police],
    purpose: "safety-assessment",
    subject: Subject::Person("P22"),
    categories: &["incident-reports"],
    form: "exact",
    necessity: "The pattern of violence must be known for the assessment.",
    acting_as: Acting::Itself,
    expected: Expected::Given(&["incident-reports summary"]),
};

const REFUSED: Scene = Scene {
    title: "The officer refuses to release another one: it looks like nothing is there",
    recipient: Slug::VeiligThuis,
    sources: &[Slug::Police],
    purpose: "safety-assessment",
    subject: Subject::Person("P25"),
    categories: &["incident-reports"],
    form: "exact",
    necessity: "The pattern of violence must be known for the assessment.",
    acting_as: Acting::Itself,
    expected: Expected::Given(&[]),
};

/// Plays both.
pub(super) async fn release_and_refuse(demo: &Running) -> Result<Vec<Told>, DemoError> {
    let mut told = Vec::new();
    for (scene, release) in [(&RELEASED, true), (&REFUSED, false)] {
        let client = demo.client(scene.recipient)?;
        let body = body(demo, None, scene)?;
        let first = match client.disclose(&body, None).await {
            Ok(first) => first,
            Err(trouble) => {
                told.push(tell(demo, scene, Err(trouble)));
                continue;
            }
        };
        decide(demo, &first.id, release).await?;
        let wait = if release { PATIENCE } else { Duration::from_millis(1500) };
        told.push(tell(demo, scene, client.wait_for_more(first, &body, wait).await));
    }
    Ok(told)
}

/// The officer opens the inbox entries of one decision and releases or refuses them. Entries that the check on names blocks are refused.
async fn decide(demo: &Running, decision: &str, release: bool) -> Result<(), DemoError> {
    let connector = demo.connectors.get(&Slug::Police).ok_or_else(|| DemoError::new("no connector"))?;
    let hand = demo.hand(Slug::Police, "pro-1")?;
    let waiting = connector.inbox().await.map_err(DemoError::new)?;
    for row in waiting.into_iter().filter(|row| row.decision == decision && row.state == InboxState::Pending) {
        if release {
            let shown = connector.show(&row.id).await.map_err(DemoError::new)?;
            let content = shown.content.ok_or_else(|| DemoError::new("an inbox entry without content"))?;
            let data: Vec<_> = content.parts.iter().map(|part| &part.data).collect();
            let signed = hand.sign(|signed| release_statement(&row, &data, signed)).map_err(DemoError::new)?;
            connector.release(&row.id, &[], &signed).await.map_err(DemoError::new)?;
        } else {
            let reason = "not needed for this purpose";
            let signed = hand.sign(|signed| refuse_statement(&row, reason, signed)).map_err(DemoError::new)?;
            connector.refuse(&row.id, reason, &signed).await.map_err(DemoError::new)?;
        }
    }
    Ok(())
}

/// How many receipts the sources of this run's disclosures hold; each was verified before it was kept.
pub(super) async fn sources_receipts(demo: &Running, report: &Report) -> Result<usize, DemoError> {
    let delivered = async || demo.gateway.store.contribution_receipts(1).await.is_ok_and(|waiting| waiting.is_empty());
    until(delivered, "the sources did not take their receipts").await?;
    let mut verified = 0;
    for disclosure in report.scenes.iter().filter_map(|told| told.disclosure.as_deref()) {
        for connector in demo.connectors.values() {
            verified += connector.state().receipts(disclosure).await.map_err(DemoError::new)?.len();
        }
    }
    Ok(verified)
}

async fn until(done: impl AsyncFn() -> bool, otherwise: &str) -> Result<(), DemoError> {
    let end = tokio::time::Instant::now() + PATIENCE;
    while !done().await {
        if tokio::time::Instant::now() > end {
            return Err(DemoError::new(otherwise));
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Ok(())
}
