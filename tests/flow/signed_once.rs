//! A privacy officer's own signature is for one gateway, one organisation and one request, and counts while she is who she was when it was looked at.

use std::time::Duration;

use serde_json::{Value, json};
use sluis::actions::credentials::Credential;
use sluis::actions::log::{Asked, Query};
use sluis::actions::officer::{Officer, OfficersRequest};
use sluis::actions::{ActionError, Desk};
use sluis::clock::Clock;
use sluis::demo::organisations::Slug;
use sluis::ledger::entry::{Client, EntryKind};
use sluis::notice::{Addressed, OwnSignature};
use sluis::organisation::people::Role;
use sluis::organisation::{Oin, Status};
use sluis::store::sequencer::AppendError;
use sluis::store::{Conflict, NonceClaim};

use crate::support::consents::{pointers, post};
use crate::support::derogation::Person;
use crate::support::officers::{officer, signed, signed_to};
use crate::support::{TestGateway, random_text};

const POLICE: Slug = Slug::Police;

/// Broken on purpose to see it fail: gateway or organisation out of `statement`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_good_for_no_other_gateway_and_no_other_organisation() {
    let gateway = TestGateway::start().await;
    let (police, fg) = (gateway.persona(POLICE), officer(&gateway, POLICE));
    let own: Oin = gateway.running().gateway.oin.clone();
    let other = gateway.persona(Slug::Probation).oin;
    let (request, now) = (json!({"filter": {}}), gateway.clock.now());
    for (name, to) in [
        ("another gateway's", Addressed { gateway: &other, organisation: &police.oin }),
        ("another organisation's", Addressed { gateway: &own, organisation: &other }),
    ] {
        let body = signed_to(&fg, to, ("queries", &request), now);
        let (status, problem) = post(&gateway, &police, "/v1/log/queries", &body).await;
        assert_eq!((status, pointers(&problem)), (400, vec!["/signed/signature".to_owned()]), "{name}: {problem}");
    }
    let body = signed_to(&fg, Addressed { gateway: &own, organisation: &police.oin }, ("queries", &request), now);
    assert_eq!(post(&gateway, &police, "/v1/log/queries", &body).await.0, 200, "her own");
    gateway.stop().await;
}

/// Broken on purpose to see it fail: `commit_for` without the signature's claim; the claim made when it is looked at, and kept whatever comes of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_used_up_by_what_was_done_on_it() {
    let gateway = TestGateway::start().await;
    let (police, fg) = (gateway.persona(POLICE), officer(&gateway, POLICE));
    let complaint = json!({"case": "c-1", "ground": "a complaint"});
    for (action, request) in [
        ("queries", json!({"filter": {}})),
        ("openings", json!({"indexes": [0]})),
        ("standing-holds", json!({})),
        ("embargoes", json!({})),
        ("holds", complaint),
        ("exports", json!({"format": "csv", "filter": {}})),
    ] {
        let (body, path) = (signed(&gateway, &fg, action, &request), format!("/v1/log/{action}"));
        let before = gateway.log_size().await;
        if action == "exports" {
            let sent = gateway
                .running()
                .client(POLICE)
                .expect("a client")
                .download(&path, body.to_string().as_bytes(), |_| Ok(()))
                .await;
            sent.expect("a file");
        } else {
            let (status, answer) = post(&gateway, &police, &path, &body).await;
            assert_eq!(status, 200, "{action}: {answer}");
        }
        // A message of its own, with a nonce of its own: her organisation's system asks again in her name.
        let (status, problem) = post(&gateway, &police, &path, &body).await;
        assert_eq!((status, pointers(&problem)), (400, vec!["/signed/signature".to_owned()]), "{action}: {problem}");
        assert!(problem.to_string().contains("not used before"), "{action}: {problem}");
        let since = gateway.entries_since(before).await;
        let acts = since.iter().filter(|(kind, party)| *kind != EntryKind::Refusal && *party == police.oin).count();
        assert_eq!(acts, 1, "{action}: {since:?}");
    }
    // What is refused before anything is committed uses nothing up.
    let body = signed(&gateway, &fg, "erasures", &json!({"entry": 1_000_000, "ground": "none"}));
    for _ in 0..2 {
        assert_eq!(post(&gateway, &police, "/v1/log/erasures", &body).await.0, 404);
    }
    gateway.stop().await;
}

/// Broken on purpose to see it fail: `commit_for` without what is expected; `registration_digest` without the people.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_counts_no_more_when_she_was_struck_off_or_her_organisation_suspended() {
    let gateway = TestGateway::start().await;
    let (police, other) = (gateway.persona(POLICE).oin, gateway.persona(Slug::Probation).oin);
    let desk = gateway.running().desk.operated_by("test".parse().expect("an operator"));
    let struck = Person::new("fg-9", "FG 9").enrolled(&gateway, POLICE, Role::PrivacyOfficer).await;
    let looks = async |officer: &Officer| {
        let query = Query { filter: Asked::default(), limit: 5, cursor: None };
        match desk.query_log(officer, &query).await {
            Ok(_) => None,
            Err(ActionError::Append(AppendError::Conflict(conflict))) => Some(conflict),
            Err(error) => panic!("{error}"),
        }
    };
    let unchanged = checked(&gateway, &desk, &struck, &police).await.expect("an officer");
    desk.change_status(&other, Status::Suspended).await.expect("another's");
    assert_eq!(looks(&unchanged).await, None, "what became of others is nothing to her");
    assert_eq!(looks(&unchanged).await, Some(Conflict::NonceReplayed), "once");

    let (first, second) = (
        checked(&gateway, &desk, &struck, &police).await.expect("an officer"),
        checked(&gateway, &desk, &officer(&gateway, POLICE), &police).await.expect("an officer"),
    );
    desk.revoke_credential(Credential::Key(struck.keyid())).await.expect("struck off");
    assert_eq!(looks(&first).await, Some(Conflict::FactsChanged), "struck off meanwhile");
    assert!(checked(&gateway, &desk, &struck, &police).await.is_err(), "struck off before");
    desk.change_status(&police, Status::Suspended).await.expect("suspended");
    assert_eq!(looks(&second).await, Some(Conflict::FactsChanged), "suspended meanwhile");
    assert!(checked(&gateway, &desk, &officer(&gateway, POLICE), &police).await.is_err(), "suspended before");
    gateway.stop().await;
}

/// What [`Desk::officer`] makes of her query.
async fn checked(gateway: &TestGateway, desk: &Desk, by: &Person, organisation: &Oin) -> Result<Officer, ActionError> {
    let request = json!({"filter": {}});
    let body: Value = signed(gateway, by, "queries", &request);
    let signed = OwnSignature {
        signed_at: serde_json::from_value(body["signed"]["signedAt"].clone()).expect("an instant"),
        signature: body["signed"]["signature"].as_str().expect("text").to_owned(),
    };
    let expires = gateway.clock.now().plus(Duration::from_mins(5));
    let nonce = NonceClaim { organisation: organisation.clone(), nonce: random_text(), expires };
    let by = by.reference.to_owned();
    let asked = OfficersRequest {
        organisation: organisation.clone(),
        by,
        action: "queries",
        request,
        signed,
        client: Client::default(),
        nonce,
    };
    desk.officer(asked).await
}
