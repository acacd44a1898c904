//! Sessions as a store keeps them: ended is ended on every node and in every commit after it, a row is good only for what it was sealed for, none is kept for ever.

use std::time::Duration;

use sluis::entropy::SystemEntropy;
use sluis::organisation::people::Role;
use sluis::organisation::session::{LONGEST, Session, SessionId, SessionSecret, Visitor};
use sluis::store::sessions::MOST_OF_A_PERSON;
use sluis::store::{Append, Change, Conflict, StoreError};

use super::fixture::{Fixture, NOW, On, oin, on_both};

on_both!(
    a_session_is_the_same_on_every_node,
    what_was_ended_stays_ended,
    a_look_by_an_ended_session_is_not_committed,
    of_two_who_change_it_one_wins,
    no_session_becomes_another_persons,
    no_more_than_so_many_of_one_person_stand,
    a_row_altered_by_hand_is_nobodys,
    what_lasted_longest_is_swept_away
);

fn of(number: u8, reference: &str) -> Session {
    let secret = SessionSecret::new(&SystemEntropy::default()).expect("randomness");
    let visitor = Visitor {
        organisation: oin(number),
        role: Role::PrivacyOfficer,
        reference: reference.to_owned(),
        keyid: format!("key of {reference}"),
    };
    Session::begun(secret.id(), visitor, NOW)
}

fn writing(fixture: &Fixture, session: &Session) -> Append {
    Append { changes: vec![Change::Session(Box::new(session.clone()))], ..fixture.append() }
}

async fn put(fixture: &Fixture, session: &Session) -> Result<(), Conflict> {
    fixture.commit_one(writing(fixture, session)).await.map(drop)
}

async fn look(fixture: &Fixture, session: &Session) -> Result<(), Conflict> {
    let append = Append { changes: vec![Change::SignedIn(Box::new(session.clone()))], ..fixture.append() };
    fixture.commit_one(append).await.map(drop)
}

fn later(minutes: u64) -> sluis::clock::Timestamp {
    NOW.plus(Duration::from_mins(minutes))
}

async fn a_session_is_the_same_on_every_node(on: On) {
    let fixture = Fixture::on(on).await;
    let (first, second, others) = (of(1, "fg-1"), Session { began: later(1), seen: later(1), ..of(1, "fg-2") }, of(2, "fg-1"));
    for session in [&first, &second, &others] {
        put(&fixture, session).await.expect("signed in");
    }
    let node = fixture.node().await;
    assert_eq!(node.session(&first.id).await, Ok(Some(first.clone())));
    let seen = first.seen_at(later(3)).expect("worth a write");
    // Being seen is no act: no entry tells of it.
    let size = fixture.store.head().await.expect("a head").size;
    fixture.commit_one(Append { entries: Vec::new(), ..writing(&fixture, &seen) }).await.expect("seen");
    assert_eq!(fixture.store.head().await.expect("a head").size, size);
    assert_eq!(node.session(&first.id).await, Ok(Some(seen.clone())));
    assert_eq!(node.sessions_of(&oin(1)).await, Ok(vec![second, seen]), "the newest first, and no other organisation's");
    let nobodys = of(1, "fg-1").id;
    assert_eq!(node.session(&nobodys).await, Ok(None));
    fixture.holds_together().await;
}

/// Broken on purpose to see it fail: `may_follow` not looking at the end.
async fn what_was_ended_stays_ended(on: On) {
    let fixture = Fixture::on(on).await;
    let session = of(1, "fg-1");
    put(&fixture, &session).await.expect("signed in");
    let ended = session.ended_by("fg-1", later(2));
    put(&fixture, &ended).await.expect("signed out");
    let again = Session { ended: None, version: 3, ..ended.clone() };
    assert_eq!(put(&fixture, &again).await, Err(Conflict::StateChanged));
    assert_eq!(put(&fixture, &session).await, Err(Conflict::StateChanged), "nor by signing in under the same secret");
    assert_eq!(fixture.store.session(&session.id).await, Ok(Some(ended)));
}

/// Broken on purpose to see it fail: `stands` not looking at the end; not comparing visitors.
async fn a_look_by_an_ended_session_is_not_committed(on: On) {
    let fixture = Fixture::on(on).await;
    let session = of(1, "fg-1");
    assert_eq!(look(&fixture, &session).await, Err(Conflict::StateChanged), "nobody signed in");
    put(&fixture, &session).await.expect("signed in");
    look(&fixture, &session).await.expect("a look");
    put(&fixture, &session.seen_at(later(2)).expect("worth a write")).await.expect("seen");
    look(&fixture, &session).await.expect("that she was seen meanwhile changes nothing");
    let as_another = Session { visitor: Visitor { role: Role::Professional, ..session.visitor.clone() }, ..session.clone() };
    assert_eq!(look(&fixture, &as_another).await, Err(Conflict::StateChanged), "in another role");
    let size = fixture.store.head().await.expect("a head").size;
    let seen = fixture.store.session(&session.id).await.expect("read").expect("there");
    // In one batch: what is ended first is ended for those behind it.
    let end = writing(&fixture, &seen.ended_by("operator", later(3)));
    let looks = Append { changes: vec![Change::SignedIn(Box::new(session.clone()))], ..fixture.append() };
    let verdicts = fixture.commit(&[looks.clone(), end, looks]).await.expect("committed");
    let verdicts: Vec<_> = verdicts.into_iter().map(|verdict| verdict.map(drop)).collect();
    assert_eq!(verdicts, [Ok(()), Ok(()), Err(Conflict::StateChanged)]);
    assert_eq!(fixture.store.head().await.expect("a head").size, size + 2, "the last left no entry");
    fixture.holds_together().await;
}

async fn of_two_who_change_it_one_wins(on: On) {
    let fixture = Fixture::on(on).await;
    let session = of(1, "fg-1");
    put(&fixture, &session).await.expect("signed in");
    let (seen, ended) = (session.seen_at(later(2)).expect("worth a write"), session.ended_by("fg-1", later(2)));
    let verdicts = fixture.commit(&[writing(&fixture, &ended), writing(&fixture, &seen)]).await.expect("committed");
    let verdicts: Vec<_> = verdicts.into_iter().map(|verdict| verdict.map(drop)).collect();
    assert_eq!(verdicts, [Ok(()), Err(Conflict::StateChanged)]);
    assert_eq!(fixture.store.session(&session.id).await, Ok(Some(ended)), "being seen has not revived it");
}

/// Broken on purpose to see it fail: `may_follow` not comparing visitors, or when it began, or versions.
async fn no_session_becomes_another_persons(on: On) {
    let fixture = Fixture::on(on).await;
    let session = of(1, "fg-1");
    put(&fixture, &session).await.expect("signed in");
    let next = session.proved_at(later(1));
    for wrong in [
        Session { visitor: Visitor { reference: "fg-2".to_owned(), ..next.visitor.clone() }, ..next.clone() },
        Session { visitor: Visitor { organisation: oin(2), ..next.visitor.clone() }, ..next.clone() },
        Session { visitor: Visitor { keyid: "another".to_owned(), ..next.visitor.clone() }, ..next.clone() },
        Session { began: later(1), ..next.clone() },
        Session { version: 3, ..next.clone() },
    ] {
        assert_eq!(put(&fixture, &wrong).await, Err(Conflict::StateChanged), "{wrong:?}");
    }
    put(&fixture, &next).await.expect("proved");
}

/// Broken on purpose to see it fail: those that were ended counted too.
async fn no_more_than_so_many_of_one_person_stand(on: On) {
    let fixture = Fixture::on(on).await;
    let all: Vec<Session> = (0..MOST_OF_A_PERSON).map(|_| of(1, "fg-1")).collect();
    for session in &all {
        put(&fixture, session).await.expect("signed in");
    }
    assert_eq!(put(&fixture, &of(1, "fg-1")).await, Err(Conflict::TooMany));
    put(&fixture, &of(1, "fg-2")).await.expect("a colleague");
    put(&fixture, &of(2, "fg-1")).await.expect("of another organisation, with the same reference");
    put(&fixture, &all[3].ended_by("fg-1", later(1))).await.expect("signed out");
    put(&fixture, &of(1, "fg-1")).await.expect("in its place");
}

/// Broken on purpose to see it fail: the row's organisation believed.
async fn a_row_altered_by_hand_is_nobodys(on: On) {
    for statement in [
        "UPDATE session SET record = (SELECT record FROM session WHERE id = 'SECOND') WHERE id = 'FIRST'",
        "UPDATE session SET organisation = (SELECT organisation FROM session WHERE id = 'SECOND') WHERE id = 'FIRST'",
        "UPDATE session SET version = 2 WHERE id = 'FIRST'",
        "UPDATE session SET record = x'00' WHERE id = 'FIRST'",
    ] {
        let fixture = Fixture::on(on).await;
        let (first, second) = (of(1, "fg-1"), of(2, "fg-2"));
        put(&fixture, &first).await.expect("signed in");
        put(&fixture, &second).await.expect("signed in");
        let text = |statement: &str, id: &str, session: &SessionId| statement.replace(id, session.as_str());
        let altered = text(&text(statement, "FIRST", &first.id), "SECOND", &second.id);
        assert_eq!(fixture.change(&altered).await, 1, "{statement}");
        let found = fixture.store.session(&first.id).await;
        assert!(matches!(found, Err(StoreError::Corrupt { table: "session", .. })), "{statement}: {found:?}");
        assert_eq!(look(&fixture, &first).await, Err(Conflict::FactsUnreadable), "{statement}");
        look(&fixture, &second).await.expect("the other is as it was");
    }
}

/// Broken on purpose to see it fail: swept away as soon as it began.
async fn what_lasted_longest_is_swept_away(on: On) {
    let fixture = Fixture::on(on).await;
    let (old, young) = (of(1, "fg-1"), Session { began: later(1), seen: later(1), ..of(1, "fg-1") });
    put(&fixture, &old).await.expect("signed in");
    put(&fixture, &young).await.expect("signed in");
    fixture.store.sweep(NOW.plus(LONGEST).minus(Duration::from_secs(1))).await.expect("swept");
    assert_eq!(fixture.rows("session").await, 2);
    fixture.store.sweep(NOW.plus(LONGEST)).await.expect("swept");
    assert_eq!(fixture.store.sessions_of(&oin(1)).await, Ok(vec![young]));
}
