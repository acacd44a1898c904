//! What a source's professionals do in tests: break secrecy, and release summaries as they were drafted.

use std::time::Duration;

use sluis::catalogue::{Category, Form, Ground};
use sluis::connector::Connector;
use sluis::connector::inbox::release_statement;
use sluis::demo::organisations::Slug;
use sluis::demo::running::Running;
use sluis::source::SubjectWire;
use sluis::source::overrides::{ConsentSought, OverrideContent};

/// Makes an override of mental-health care about P21 for the police; gives its id.
pub async fn make_override(running: &Running, connector: &Connector) -> String {
    let (scheme, value) = running.world.person("P21").expect("a person").1.identifier(Slug::MentalHealth);
    let content = OverrideContent {
        subject: SubjectWire { scheme: scheme.to_owned(), value },
        recipients: vec![Slug::Police.organisation().parsed_oin().expect("an OIN")],
        purpose: "acute-safety".parse().expect("a purpose"),
        categories: vec![Category::Identity],
        forms: vec![Form::Exact, Form::Reduced, Form::Signal],
        ground: Ground::ConflictOfDuties,
        harm: "He has said that he will attack his former partner tonight.".to_owned(),
        harm_to: "his former partner".to_owned(),
        consent: ConsentSought::No { why: "asking would raise the danger".to_owned() },
        alternatives: "calling him; he does not answer".to_owned(),
        why_least: "who he is suffices".to_owned(),
        colleague: "psychiatrist on call".to_owned(),
        expires_at: running.outside().clock.now().plus(Duration::from_hours(1)),
    };
    let hand = running.hand(Slug::MentalHealth, "pro-1").expect("a professional");
    let sign = hand.sign(|signed| content.create_statement(&signed.professional, signed.signed_at)).expect("signed");
    connector.create_override(content, &sign).await.expect("made").id
}

/// Releases all that waits in the inbox of `slug` for one disclosure; how many entries that were.
pub async fn release_all(running: &Running, slug: Slug, connector: &Connector, disclosure: &str) -> usize {
    let hand = running.hand(slug, "pro-1").expect("a professional");
    let rows = connector.inbox().await.expect("the inbox").into_iter().filter(|row| row.decision == disclosure);
    let rows: Vec<_> = rows.collect();
    for row in &rows {
        let shown = connector.show(&row.id).await.expect("shown").content.expect("its content");
        let data: Vec<_> = shown.parts.iter().map(|part| &part.data).collect();
        let sign = hand.sign(|signed| release_statement(row, &data, signed)).expect("signed");
        connector.release(&row.id, &[], &sign).await.expect("released");
    }
    rows.len()
}
