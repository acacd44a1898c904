//! What a source's professionals do in tests: break secrecy, and release summaries as they were drafted.

use std::time::Duration;

use sluis::catalogue::{Category, Form, Ground};
use sluis::connector::Connector;
use sluis::connector::inbox::release_statement;
use sluis::connector::overrides::new_override_id;
use sluis::demo::organisations::Slug;
use sluis::demo::running::Running;
use sluis::source::SubjectWire;
use sluis::source::overrides::{ConsentSought, OverrideContent};

/// A breach of secrecy (doorbreking): whose data, by whom, for whom.
pub struct Breach {
    pub person: &'static str,
    pub source: Slug,
    pub recipient: Slug,
    pub purpose: &'static str,
    pub category: Category,
    /// By whom it is approved, where four eyes are needed.
    pub approver: Option<&'static str>,
}

/// Makes an override of mental-health care about P21 for the police; gives its id.
pub async fn make_override(running: &Running, connector: &Connector) -> String {
    let acute = Breach {
        person: "P21",
        source: Slug::MentalHealth,
        recipient: Slug::Police,
        purpose: "acute-safety",
        category: Category::Identity,
        approver: None,
    };
    break_secrecy(running, connector, &acute).await
}

/// Makes an override; gives its id.
pub async fn break_secrecy(running: &Running, connector: &Connector, breach: &Breach) -> String {
    let (scheme, value) = running.world.person(breach.person).expect("a person").1.identifier(breach.source);
    let content = OverrideContent {
        subject: SubjectWire { scheme: scheme.to_owned(), value },
        recipients: vec![breach.recipient.organisation().parsed_oin().expect("an OIN")],
        purpose: breach.purpose.parse().expect("a purpose"),
        categories: vec![breach.category],
        forms: vec![Form::Exact, Form::Reduced, Form::Signal],
        ground: if breach.source == Slug::VeiligThuis { Ground::Wmo411 } else { Ground::ConflictOfDuties },
        harm: "He has said that he will attack his former partner tonight.".to_owned(),
        harm_to: "his former partner".to_owned(),
        consent: ConsentSought::No { why: "asking would raise the danger".to_owned() },
        alternatives: "calling him; he does not answer".to_owned(),
        why_least: "who he is suffices".to_owned(),
        colleague: "psychiatrist on call".to_owned(),
        expires_at: running.outside().clock.now().plus(Duration::from_hours(1)),
    };
    let hand = |professional| running.hand(breach.source, professional).expect("a professional");
    let id = new_override_id(&*running.outside().entropy).expect("an id");
    let sign =
        hand("pro-1").sign(|signed| content.create_statement(&id, &signed.professional, signed.signed_at)).expect("signed");
    let id = connector.create_override(&id, content.clone(), &sign).await.expect("made").id;
    if let Some(approver) = breach.approver {
        let approve = hand(approver).sign(|signed| content.approve_statement(&id, &signed.professional, signed.signed_at));
        connector.approve_override(&id, &approve.expect("signed")).await.expect("approved");
    }
    id
}

/// Waits until the gateway has heard of every override of a source.
pub async fn overrides_known(connector: &Connector) {
    let known = async {
        while !connector.pending_overrides().await.expect("read").is_empty() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), known).await.expect("the gateway takes the overrides");
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
