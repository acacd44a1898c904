//! Answering the gateway.

use super::super::answer::{AccessBody, AnswerError, Outcome};
use super::*;

const FIELDS: &[&str] = &["date", "year", "month", "kind", "place", "persons", "childrenPresent", "summary"];

async fn outcomes(fixture: &Fixture) -> Vec<Outcome> {
    let log = fixture.connector.state().access_log::<AccessBody>(1).await.unwrap();
    log[0].body.outcomes.iter().map(|asked| asked.outcome).collect()
}

#[tokio::test]
async fn rows_become_items_that_share_their_facts() {
    let fixture = Fixture::new().await;
    let items = fixture.items("incident-reports", "exact", FIELDS).await;
    let summary: Vec<_> =
        items.iter().map(|item| (item.facts.wpg_article.as_deref(), item.recorded_at.as_str(), &item.data)).collect();
    let (a1, k1) = (json!({"letter": "A1", "ageBand": "25-34"}), json!({"letter": "K1", "ageBand": "4-11"}));
    let first = json!({"incidents": [
        {"date": "2026-03-02", "kind": "threat", "place": "Middelburg", "persons": [a1], "childrenPresent": true},
        {"date": "2026-05-06", "kind": "assault", "place": "Goes", "persons": [a1, k1], "childrenPresent": true}]});
    let second = json!({"incidents": [{"date": "2026-06-01", "kind": "threat", "persons": [], "childrenPresent": false}]});
    let third = json!({"incidents": [{"date": "2026-06-09", "kind": "stalking", "persons": [], "childrenPresent": false}]});
    assert_eq!(
        summary,
        [(Some("8"), "2026-05-07", &first), (Some("9"), "2026-06-02", &second), (Some("8"), "2026-06-09", &third)]
    );
    let item = &items[0];
    assert_eq!((item.regime.as_str(), item.facts.professional.as_deref()), ("wpg", Some("pol-17")));
    assert_eq!((item.facts.secret_address, item.facts.subject_age), (Some(false), Some(36)));
    let persons: Vec<_> = item.persons.iter().map(|person| (person.letter.as_str(), person.age_band.as_str())).collect();
    assert_eq!(persons, [("A1", "25-34"), ("K1", "4-11")]);
    assert_eq!(item.persons[0].identifier.as_ref().unwrap().value, "999990020");
    assert!(item.persons[1].identifier.is_none());
    assert!(items[1].persons.is_empty());
    assert!(items.iter().all(|item| item.id.len() == 22));
    assert_ne!(items[0].id, items[1].id);
}

#[tokio::test]
async fn objects_wrap_and_nest() {
    let fixture = Fixture::new().await;
    let items = fixture.items("probation-status", "exact", &[]).await;
    assert_eq!(items[0].data, json!({"supervision": {"kind": "toezicht", "compliance": {"value": 3}}}));
    let items = fixture.items("measures", "exact", &[]).await;
    assert_eq!(items.len(), 2);
    assert_eq!(items[0].data, json!({"kind": "huisverbod", "until": "2026-12-01"}));
    assert_eq!(items[0].regime, "wth");
}

#[tokio::test]
async fn what_is_minimised_does_not_leave() {
    let fixture = Fixture::new().await;
    let items = fixture.items("incident-reports", "reduced", &["year", "kind"]).await;
    assert_eq!(items[1].data, json!({"incidents": [{"year": "2026", "kind": "threat"}]}));
    // Nobody is named in the data any more, so nobody's identifier leaves.
    assert!(items.iter().all(|item| item.persons.is_empty()));
    let text = serde_json::to_string(&items).unwrap();
    assert!(!text.contains("Dreigde") && !text.contains("Middelburg"));
}

#[tokio::test]
async fn the_ceiling_holds_whatever_the_gateway_asks() {
    let fixture = Fixture::new().await;
    let mut other = request(&[("incident-reports", "exact", FIELDS)]);
    other.recipient_kind = crate::organisation::Kind::Police;
    assert!(fixture.ask(&other).await.items.is_empty());
    assert_eq!(outcomes(&fixture).await, [Outcome::BeyondCeiling]);
    let mut acute = request(&[("incident-reports", "exact", FIELDS)]);
    acute.purpose = "acute-safety".to_owned().try_into().unwrap();
    assert!(fixture.ask(&acute).await.items.is_empty());
    assert_eq!(outcomes(&fixture).await, [Outcome::NoOverride]);
    assert!(fixture.items("identity", "exact", FIELDS).await.is_empty());
    assert_eq!(outcomes(&fixture).await, [Outcome::BeyondCeiling]);
}

#[tokio::test]
async fn an_unknown_person_gives_an_empty_answer() {
    let fixture = Fixture::new().await;
    let wanted: &[(&str, &str, &[&str])] = &[("incident-reports", "signal", &["any"]), ("measures", "exact", &["no"])];
    for (scheme, value) in [("bsn", "999990044"), ("v-number", "V-2"), ("local", "99")] {
        let mut request = request(wanted);
        request.subject = crate::source::SubjectWire { scheme: scheme.to_owned(), value: value.to_owned() };
        let answer = fixture.ask(&request).await;
        assert!(answer.items.is_empty(), "{scheme}");
        assert_eq!(answer.subject.value, value);
        assert_eq!(outcomes(&fixture).await, [Outcome::UnknownPerson; 2]);
    }
}

/// Invariant 8: what is said of somebody unknown is what is said of somebody known without records, fact for fact, under the same ceiling.
#[tokio::test]
async fn no_is_said_alike_of_persons_known_and_unknown() {
    let fixture = Fixture::new().await;
    fixture.source("DELETE FROM measure; DELETE FROM involved; DELETE FROM supervision").await;
    let wanted: &[(&str, &str, &[&str])] = &[
        ("incident-reports", "signal", &["any", "no"]),
        ("measures", "signal", &["any", "no"]),
        ("probation-status", "signal", &["any"]),
        ("measures", "exact", &["no"]),
        // Beyond this source's ceiling.
        ("identity", "signal", &["known", "no"]),
    ];
    let told = async |value: &str, purpose: &str| {
        let mut request = request(wanted);
        request.purpose = purpose.to_owned().try_into().unwrap();
        request.subject = crate::source::SubjectWire { scheme: "bsn".to_owned(), value: value.to_owned() };
        let items = fixture.ask(&request).await.items;
        items.into_iter().map(|item| serde_json::to_value(SourceItem { id: String::new(), ..item }).unwrap()).collect::<Vec<_>>()
    };
    for purpose in ["safety-assessment", "acute-safety"] {
        let known = told("999990019", purpose).await;
        assert_eq!(told("999990044", purpose).await, known, "{purpose}");
        assert_eq!(known.len(), if purpose == "safety-assessment" { 2 } else { 0 }, "{purpose}: {known:?}");
        assert!(known.iter().all(|item| item["data"] == json!({"any": "no"}) && item["persons"] == json!([])), "{known:?}");
    }
}

#[tokio::test]
async fn persons_are_found_by_every_scheme() {
    let fixture = Fixture::new().await;
    for (scheme, value) in [("v-number", "V-1"), ("local", "1")] {
        let mut request = request(&[("measures", "exact", &[])]);
        request.subject = crate::source::SubjectWire { scheme: scheme.to_owned(), value: value.to_owned() };
        assert_eq!(fixture.ask(&request).await.items.len(), 2, "{scheme}");
    }
}

#[tokio::test]
async fn malformed_calls_get_no_answer() {
    let fixture = Fixture::new().await;
    let refuse = async |change: &dyn Fn(&mut RecordsRequest)| {
        let mut request = request(&[("measures", "exact", &[])]);
        change(&mut request);
        fixture.connector.answer(&request, CALL).await.unwrap_err()
    };
    let late = refuse(&|request| request.deadline = Timestamp::parse("2026-11-20T11:59:59Z").unwrap()).await;
    assert_eq!(late, AnswerError::TooLate);
    assert!(matches!(refuse(&|request| request.subject.value = "999990018".to_owned()).await, AnswerError::Subject(_)));
    assert!(matches!(refuse(&|request| request.subject.scheme = "name".to_owned()).await, AnswerError::Subject(_)));
    assert_eq!(refuse(&|request| request.decision = "Karim Haddad".to_owned()).await, AnswerError::Decision);
    let other: crate::organisation::Oin = "00000099000000004000".parse().unwrap();
    let team = refuse(&|request| request.recipient_kind = crate::organisation::Kind::ExpertiseTeam).await;
    assert_eq!(team, AnswerError::Attendees, "a team of whom?");
    let foreign = |request: &mut RecordsRequest| {
        request.recipient_kind = crate::organisation::Kind::ExpertiseTeam;
        request.attendees = [other.clone()].into();
    };
    assert_eq!(refuse(&foreign).await, AnswerError::Attendees, "the one that asks is not in it");
    assert_eq!(refuse(&|request| request.attendees = [other.clone()].into()).await, AnswerError::Attendees, "no team");
    let twice = refuse(&|request| request.wanted.push(request.wanted[0].clone())).await;
    assert_eq!(twice, AnswerError::WantedTwice);
}

#[tokio::test]
async fn two_persons_under_one_number_give_nothing() {
    let fixture = Fixture::with(
        include_str!("mapping.toml"),
        "INSERT INTO person (id, bsn, v_number, birth_date, secret_address) SELECT 9, bsn, 'V-9', birth_date, 0 FROM person WHERE id = 1",
    )
    .await;
    let refused = fixture.connector.answer(&request(&[("measures", "exact", &[])]), CALL).await;
    assert!(matches!(refused, Err(AnswerError::Source(_))));
}

#[tokio::test]
async fn a_secret_address_of_anybody_in_the_item_counts() {
    let fixture = Fixture::new().await;
    fixture.source("UPDATE person SET secret_address = 1 WHERE id = 3").await;
    let items = fixture.items("incident-reports", "exact", FIELDS).await;
    assert_eq!(items[0].facts.secret_address, Some(true), "K1 stands in it");
    assert!(items[0].data["incidents"][1].get("place").is_none());
    assert_eq!(items[1].facts.secret_address, Some(false), "nobody stands in it");
    let reduced = fixture.items("incident-reports", "reduced", FIELDS).await;
    assert_eq!(reduced[0].facts.secret_address, Some(true), "also where the form no longer names K1");
    fixture.source("UPDATE person SET secret_address = NULL WHERE id = 1").await;
    let items = fixture.items("measures", "exact", &[]).await;
    assert_eq!(items[0].facts.secret_address, Some(true), "the subject's unknown mark counts as secret");
}

#[tokio::test]
async fn who_is_protected_from_whom_goes_with_the_item() {
    let fixture = Fixture::new().await;
    fixture.source("INSERT INTO protection VALUES (2, 'bsn', '999990019'), (1, 'local', '77'), (4, 'local', '5')").await;
    let items = fixture.items("incident-reports", "exact", FIELDS).await;
    let persons: Vec<_> = items[0].persons.iter().map(|person| (person.letter.as_str(), person.protected_from.len())).collect();
    assert_eq!(persons, [("A1", 1), ("K1", 0), ("S", 1)]);
    assert_eq!(items[0].persons[0].protected_from[0].value, "999990019");
    assert_eq!(items[0].persons[2].identifier.as_ref().unwrap().value, "999990019");
    assert_eq!(items[0].persons[2].protected_from[0].value, "77");
}

#[tokio::test]
async fn signals_are_one_per_set_of_facts_and_say_no_only_when_asked() {
    let fixture = Fixture::new().await;
    let signals = fixture.items("measures", "signal", &["any"]).await;
    assert_eq!(signals.len(), 1, "two measures are one signal");
    assert_eq!((signals[0].recorded_at.as_str(), &signals[0].data), ("2026-11-21", &json!({"any": "yes"})));
    fixture.source("DELETE FROM measure; DELETE FROM involved").await;
    assert!(fixture.items("measures", "signal", &["any"]).await.is_empty());
    assert_eq!(outcomes(&fixture).await, [Outcome::NoRecord]);
    fixture.source("DELETE FROM supervision").await;
    for category in ["measures", "incident-reports", "probation-status"] {
        let no = fixture.items(category, "signal", &["any", "no"]).await;
        assert_eq!((no.len(), &no[0].data, no[0].recorded_at.as_str()), (1, &json!({"any": "no"}), "2026-11-20"), "{category}");
        assert_eq!(no[0].facts.wpg_article, None);
    }
    assert!(fixture.items("measures", "exact", &["no"]).await.is_empty(), "only a signal says no");
}

#[tokio::test]
async fn what_a_professional_holds_back_stays() {
    let fixture = Fixture::new().await;
    fixture.source("UPDATE incident SET held = 1 WHERE id <> 3").await;
    let items = fixture.items("incident-reports", "exact", FIELDS).await;
    assert_eq!(items.len(), 1);
    assert_eq!(items[0].facts.wpg_article.as_deref(), Some("9"));
    fixture.source("UPDATE incident SET held = 1").await;
    assert!(fixture.items("incident-reports", "signal", &["any", "no"]).await.is_empty(), "held back is not absent");
    assert_eq!(outcomes(&fixture).await, [Outcome::Withheld]);
}

#[tokio::test]
async fn a_row_that_does_not_fit_closes_its_category_only() {
    let fixture = Fixture::new().await;
    for sql in [
        "UPDATE incident SET persons = '[' WHERE id = 1",
        "UPDATE incident SET persons = '[]', recorded_at = NULL WHERE id = 1",
        "UPDATE incident SET recorded_at = '2 maart' WHERE id = 1",
        "UPDATE incident SET recorded_at = '2026-03-03', nature = 'rumour' WHERE id = 1",
        "UPDATE incident SET nature = 'fact', held = 2 WHERE id = 1",
    ] {
        fixture.source(sql).await;
        let answer = fixture.ask(&request(&[("incident-reports", "exact", FIELDS), ("measures", "exact", &[])])).await;
        assert_eq!(answer.items.len(), 2, "{sql}");
        assert_eq!(outcomes(&fixture).await, [Outcome::Unreadable, Outcome::Given], "{sql}");
    }
    assert!(fixture.items("probation-status", "reduced", &[]).await.is_empty(), "the form does not exist");
    assert_eq!(outcomes(&fixture).await, [Outcome::Unreadable]);
}

#[tokio::test]
async fn everything_is_in_the_access_log_and_nothing_personal_in_the_clear() {
    let fixture = Fixture::new().await;
    let answer = fixture
        .ask(&request(&[("measures", "exact", &[]), ("incident-reports", "summary", FIELDS), ("identity", "exact", &[])]))
        .await;
    let log = fixture.connector.state().access_log::<AccessBody>(10).await.unwrap();
    assert_eq!(log.len(), 1);
    let entry = &log[0];
    assert_eq!((entry.decision.as_str(), entry.purpose.as_str()), (answer.decision.as_str(), "safety-assessment"));
    assert_eq!((entry.recipient.as_str(), entry.at), ("00000099000000003000", fixture.now()));
    assert_eq!(entry.body.actor, "vt-4711");
    assert_eq!(outcomes(&fixture).await, [Outcome::Given, Outcome::Entered, Outcome::BeyondCeiling]);
    assert_eq!(entry.body.items.len(), answer.items.len());
    drop(fixture.connector);
    let mut bytes = Vec::new();
    for name in ["state.db", "state.db-wal"] {
        bytes.extend(std::fs::read(fixture.dir.path().join(name)).unwrap_or_default());
    }
    assert!(bytes.windows(17).any(|window| window == b"safety-assessment"));
    for secret in ["999990019", "999990020", "Karim", "Dreigde", "vt-4711", "huisverbod", "A. de Boer"] {
        assert!(!bytes.windows(secret.len()).any(|window| window == secret.as_bytes()), "{secret}");
    }
}

#[tokio::test]
async fn without_the_access_log_nothing_is_given() {
    let fixture = Fixture::new().await;
    testing::execute(&fixture.dir.path().join("state.db"), "ALTER TABLE answer RENAME TO gone").await;
    let refused = fixture.connector.answer(&request(&[("measures", "exact", &[])]), CALL).await;
    assert!(matches!(refused, Err(AnswerError::State(_))));
}

#[tokio::test]
async fn without_the_inbox_the_answer_is_not_logged_either() {
    let fixture = Fixture::new().await;
    testing::execute(&fixture.dir.path().join("state.db"), "ALTER TABLE inbox RENAME TO gone").await;
    let refused =
        fixture.connector.answer(&request(&[("measures", "exact", &[]), ("incident-reports", "summary", FIELDS)]), CALL).await;
    assert!(matches!(refused, Err(AnswerError::State(_))));
    assert_eq!(testing::number(&fixture.dir.path().join("state.db"), "SELECT count(*) FROM answer").await, 0);
}

#[tokio::test]
async fn many_answers_at_once_are_all_logged() {
    let fixture = Fixture::new().await;
    let asks = (0..40).map(|_| async { fixture.items("measures", "exact", &[]).await.len() });
    assert_eq!(futures_util::future::join_all(asks).await, [2; 40]);
    assert_eq!(fixture.connector.state().access_log::<AccessBody>(100).await.unwrap().len(), 40);
}
