use super::*;
use crate::support::cases::Cases;
use crate::support::{Persona, caller, log};
use sluis::ledger::entry::EntryKind;

/// A refusal without what is new in every one.
async fn refused(
    gateway: &TestGateway,
    asker: &Persona,
    body: &Value,
    status: u16,
    suffix: &'static str,
) -> Result<Value, String> {
    let request = gateway.draft(asker, body.to_string().as_bytes()).sign(&asker.key);
    let mut problem = gateway.refused(asker, &request, caller(status, suffix)).await?.json();
    problem.as_object_mut().expect("an object").remove("instance");
    Ok(problem)
}

/// Broken on purpose to see it fail: without `takes_part`; without the state; without the comparison of director or attendees.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_case_is_there_for_who_takes_part_while_it_is_open() {
    let gateway = TestGateway::start().await;
    let source = veilig_thuis(&gateway).await;
    let mut cases = Cases::default();
    let case = open(&gateway, &[Slug::Police, Slug::Probation]).await;
    let body = as_team(&gateway, &case, &["identity", "risk-assessment"]);
    for asker in [Slug::Police, Slug::Probation] {
        let disclosed = gateway.ask(asker, &body, None).await.expect("served");
        assert_eq!(disclosed.items().map(|item| item["category"].clone()).collect::<Vec<_>>(), ["identity"]);
        assert_eq!(disclosed.deliveries[0].payload["case"], case.as_str());
        let calls = source.calls();
        let call = calls.last().expect("asked").request();
        assert_eq!((call.recipient.clone(), call.recipient_kind.code()), (oin(asker), "expertise-team"));
        assert_eq!(call.attendees, oins(&[Slug::Police, Slug::Probation]), "the source knows who receives");
    }
    let asked = source.calls().len();

    // Whoever takes no part hears the same of a case that is there, of one that is over and of one that never was.
    let closed = open(&gateway, &[Slug::Police, Slug::Prosecution]).await;
    close(&gateway, &closed).await;
    let left = open(&gateway, &[Slug::Police, Slug::Prosecution]).await;
    step(&gateway, &left, Step::Leave(oin(Slug::Prosecution))).await;
    let absent = "01937c6e-0000-7000-8000-00000000ffff".to_owned();
    let spelled = left.as_str().to_uppercase();
    let prosecution = gateway.persona(Slug::Prosecution);
    let mut told = Vec::new();
    for named in [case.to_string(), closed.to_string(), left.to_string(), absent, spelled, "x".to_owned()] {
        for acting_as in [json!("expertise-team"), json!("case-director"), Value::Null] {
            let mut body = body.clone();
            (body["case"], body["actingAs"]) = (json!(named), acting_as.clone());
            told.extend(
                cases.check(format!("{named} as {acting_as}"), refused(&gateway, &prosecution, &body, 404, "not-found").await),
            );
        }
    }
    cases.hold("one answer for all of them", told.len() == 18 && told.windows(2).all(|pair| pair[0] == pair[1]));

    // Who takes part hears why.
    let police = gateway.persona(Slug::Police);
    let mut directs = body.clone();
    directs["actingAs"] = json!("case-director");
    cases.check("an attendee is not the director", refused(&gateway, &police, &directs, 403, "not-permitted").await);
    step(&gateway, &case, Step::Direct(oin(Slug::CaseManagement))).await;
    cases.check("nor is it beside one", refused(&gateway, &police, &directs, 403, "not-permitted").await);
    let director = gateway.persona(Slug::CaseManagement);
    cases.check("a director is no attendee", refused(&gateway, &director, &body, 403, "not-permitted").await);
    let anonymous = CaseId::draw(gateway.clock.now(), &SystemEntropy::default()).expect("an id");
    desk(&gateway).open_case(anonymous.clone(), Track::Anonymous, oins(&[Slug::Police])).await.expect("opened");
    let mut nameless = body.clone();
    nameless["case"] = json!(anonymous.as_str());
    cases.check("an anonymous case asks no source", refused(&gateway, &police, &nameless, 403, "not-permitted").await);

    // What needs a case does not go without.
    for purpose in ["team-discussion", "case-direction"] {
        let mut without = body.clone();
        (without["purpose"], without["case"], without["actingAs"]) = (json!(purpose), Value::Null, Value::Null);
        let told = refused(&gateway, &police, &without, 400, "schema-invalid").await;
        let told = told.and_then(|problem| match problem["errors"][0]["pointer"].as_str() {
            Some("/case") => Ok(()),
            _ => Err(problem.to_string()),
        });
        cases.check(format!("{purpose} without a case"), told);
    }
    let mut anonymous = body.clone();
    anonymous["purpose"] = json!("anonymous-consultation");
    cases.check("anonymous consultation", refused(&gateway, &police, &anonymous, 403, "not-permitted").await);
    assert_eq!(source.calls().len(), asked, "of all this no source was asked anything");
    gateway.stop().await;
    cases.finish(26);
}

/// Broken on purpose to see it fail: `case: None` in the entries; another party's token.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_entry_about_a_case_is_found_by_it() {
    let gateway = TestGateway::start().await;
    let _source = veilig_thuis(&gateway).await;
    let case = open(&gateway, &[Slug::Police]).await;
    let body = as_team(&gateway, &case, &["identity"]);
    let text = body.to_string().into_bytes();
    let client = gateway.running().client(Slug::Police).expect("a client");
    let disclosed = client.disclose(&text, None).await.expect("served");
    client.pick_up(&disclosed.id, &text).await.expect("picked up");
    desk(&gateway).view_case(&case).await.expect("seen");
    close(&gateway, &case).await;
    assert_eq!(problem(client.disclose(&text, None).await), (404, "not-found".to_owned()));
    let running = gateway.running();
    let mut found = Vec::new();
    for entry in log::stored(&*running.gateway.store).await {
        let clear = &entry.row.clear;
        if clear.case == Some(running.gateway.journal.case_token(&clear.party, case.as_str())) {
            found.push((clear.kind, clear.party.to_string()));
        }
    }
    let (own, police) = (running.gateway.oin.to_string(), oin(Slug::Police).to_string());
    let veilig_thuis = oin(Slug::VeiligThuis).to_string();
    let expected = [
        (EntryKind::CaseChange, &own),
        (EntryKind::CaseChange, &police),
        (EntryKind::CaseChange, &own),
        (EntryKind::Ask, &police),
        (EntryKind::Disclosure, &police),
        (EntryKind::Contribution, &veilig_thuis),
        (EntryKind::Redelivery, &police),
        (EntryKind::CaseView, &own),
        (EntryKind::CaseChange, &own),
        (EntryKind::CaseChange, &police),
        (EntryKind::Refusal, &police),
    ];
    assert_eq!(found, expected.map(|(kind, party)| (kind, party.clone())));
    gateway.stop().await;
}
