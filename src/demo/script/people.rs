//! What people do in the demo: a professional of mental-health care breaks secrecy; one of the police releases one summary and refuses another.

use std::time::Duration;

use super::report::{Report, Told};
use super::scenes::{Expected, Scene, Subject};
use super::{body, tell};
use crate::catalogue::{Category, Form};
use crate::connector::inbox::{InboxState, refuse_statement, release_statement};
use crate::connector::overrides::OverrideState;
use crate::demo::organisations::Slug;
use crate::demo::running::{DemoError, Running};
use crate::source::SubjectWire;
use crate::source::overrides::{ConsentSought, OverrideContent, OverrideGround};

/// How long the gateway gets to take what a source brings.
const PATIENCE: Duration = Duration::from_secs(10);

/// Mental-health care breaks secrecy about P21 towards the police: one person, because of acute danger; to be reviewed.
pub(super) async fn make_override(demo: &Running) -> Result<(), DemoError> {
    let connector = demo.connectors.get(&Slug::MentalHealth).ok_or_else(|| DemoError::new("no connector"))?;
    let (_, person) = demo.world.person("P21").ok_or_else(|| DemoError::new("no person P21"))?;
    let (scheme, value) = person.identifier(Slug::MentalHealth);
    let content = OverrideContent {
        subject: SubjectWire { scheme: scheme.to_owned(), value },
        recipient: Slug::Police.organisation().parsed_oin().map_err(DemoError::new)?,
        purpose: "acute-safety".parse().map_err(DemoError::new)?,
        categories: vec![Category::Identity, Category::Address],
        forms: vec![Form::Exact, Form::Reduced, Form::Signal],
        ground: OverrideGround::ConflictVanPlichten,
        harm: "The patient has said that he will attack his former partner tonight, and where.".to_owned(),
        harm_to: "his former partner".to_owned(),
        consent: ConsentSought::No { why: "asking would raise the danger".to_owned() },
        alternatives: "calling the patient; he does not answer".to_owned(),
        why_least: "who and where he is suffices to prevent it".to_owned(),
        colleague: "psychiatrist on call".to_owned(),
        expires_at: demo.outside().clock.now().plus(Duration::from_hours(24)),
    };
    let now = demo.outside().clock.now();
    if connector
        .overrides()
        .await
        .map_err(DemoError::new)?
        .iter()
        .any(|row| row.state == OverrideState::Active && row.record.content.expires_at > now)
    {
        return Ok(());
    }
    let hand = demo.hand(Slug::MentalHealth, "pro-1")?;
    let signed = hand.sign(|signed| content.create_statement(&signed.professional, signed.signed_at)).map_err(DemoError::new)?;
    connector.create_override(content, &signed).await.map_err(DemoError::new)?;
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
    expected: Expected::Given(&[]),
};

/// Plays both.
pub(super) async fn release_and_refuse(demo: &Running) -> Result<Vec<Told>, DemoError> {
    let mut told = Vec::new();
    for (scene, release) in [(&RELEASED, true), (&REFUSED, false)] {
        let client = demo.client(scene.recipient)?;
        let body = body(demo, scene)?;
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
