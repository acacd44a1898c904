use super::*;

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).expect("an instant")
}

const ARISEN: &str = "2026-11-20T10:00:00Z";

fn task(kind: TaskKind, owner_kind: Kind) -> Task {
    Task {
        id: "t".to_owned(),
        version: 1,
        kind,
        owner: "00000099000000001000".parse().expect("an OIN"),
        owner_kind,
        about: "d".to_owned(),
        follows: None,
        purpose: None,
        categories: BTreeSet::new(),
        not_by: None,
        created_at: at(ARISEN),
        due: notification_due(owner_kind, at(ARISEN), 365),
        state: TaskState::Due,
        answers: Vec::new(),
    }
}

/// Broken on purpose to see it fail: each of the two conditions left out.
#[test]
fn what_comes_later_is_to_be_told_too() {
    let kind = TaskKind::SubjectNotification;
    let first = Task { categories: [Category::Identity].into(), ..task(kind, Kind::VeiligThuis) };
    let later = Task { categories: [Category::Measures].into(), due: at("2027-01-01T10:00:00Z"), ..first.clone() };
    let both = BTreeSet::from([Category::Identity, Category::Measures]);
    let open = first.again(&later).expect("more is to be told");
    assert_eq!((open.version, open.state, open.due, &open.categories), (2, TaskState::Due, first.due, &both), "by the first day");
    assert_eq!(first.again(&first), None, "nothing new");
    let now = at("2026-11-21T10:00:00Z");
    let put_off = first.answer(deferred("2026-12-20T10:00:00Z"), now).expect("put off");
    let still = put_off.again(&later).expect("more is to be told");
    assert_eq!((still.state, still.due, &still.categories), (TaskState::Deferred, put_off.due, &both));
    for code in [AnswerCode::Sent, AnswerCode::Waived, AnswerCode::Done] {
        let told = first.answer(answer(code), now).expect("answered");
        let again = told.again(&later).expect("due again");
        assert_eq!((again.version, again.state, again.due, again.closed_at()), (3, TaskState::Due, later.due, None), "{code:?}");
        assert_eq!((again.answers.len(), &again.categories), (1, &both));
        assert!(told.again(&first).is_some(), "given anew");
    }
    for kind in [TaskKind::WithdrawalNotice, TaskKind::OverrideReview, TaskKind::ConsentReview] {
        let other = Task { kind, ..first.clone() };
        assert_eq!(other.again(&Task { kind, ..later.clone() }), None, "{kind:?} is one");
    }
}

fn answer(code: AnswerCode) -> Answer {
    Answer { code, by: "vt-1".to_owned(), basis: Some("b".to_owned()), reason: None, until: None, signed: None }
}

fn deferred(until: &str) -> Answer {
    Answer { reason: Some(DeferralReason::Safety), until: Some(at(until)), ..answer(AnswerCode::Deferred) }
}

#[test]
fn the_clocks_are_those_of_the_law() {
    assert_eq!(notification_due(Kind::VeiligThuis, at(ARISEN), 365), at("2026-12-18T10:00:00Z"), "four weeks");
    assert_eq!(notification_due(Kind::Probation, at(ARISEN), 365), at("2026-12-20T10:00:00Z"), "one month");
    assert_eq!(notification_due(Kind::Probation, at(ARISEN), 7), at("2026-11-27T10:00:00Z"), "never later than the purpose says");
    assert_eq!(withdrawal_due(at("2026-12-18T10:00:00Z")), at("2027-01-05T10:00:00Z"), "Christmas and New Year do not count");
}

/// Broken on purpose to see it fail: `deferrable_until` at the end of time.
#[test]
fn a_notification_is_put_off_with_a_reason_and_again_and_ends() {
    let first = task(TaskKind::SubjectNotification, Kind::VeiligThuis);
    let now = at("2026-12-01T10:00:00Z");
    let place = |refused: Result<Task, Refused>| match refused {
        Err(Refused::Member { pointer, .. }) => pointer,
        other => panic!("{other:?}"),
    };
    assert_eq!(place(first.answer(answer(AnswerCode::Deferred), now)), "/reason");
    assert_eq!(place(first.answer(Answer { until: None, ..deferred(ARISEN) }, now)), "/until");
    assert_eq!(place(first.answer(deferred(ARISEN), now)), "/until", "not into the past");
    assert_eq!(place(first.answer(deferred("2027-01-01T10:00:01Z"), now)), "/until", "two weeks at a time");
    let put_off = first.answer(deferred("2027-01-01T10:00:00Z"), now).expect("two weeks more");
    assert_eq!((put_off.state, put_off.due, put_off.version), (TaskState::Deferred, at("2027-01-01T10:00:00Z"), 2));
    assert!(
        !put_off.is_overdue(at("2026-12-31T10:00:00Z")) && put_off.is_overdue(at("2027-01-01T10:00:00Z")),
        "to be judged again"
    );
    let again = put_off.answer(deferred("2027-01-15T10:00:00Z"), at("2026-12-31T10:00:00Z")).expect("and again");
    let sent = again.answer(answer(AnswerCode::Sent), now).expect("sent");
    assert!(sent.state.is_open() && sent.closed_at().is_none());
    assert_eq!(sent.answer(deferred("2027-01-15T10:00:00Z"), now), Err(Refused::State), "what was sent cannot be put off");
    let done = sent.answer(answer(AnswerCode::Done), now).expect("done");
    assert_eq!((done.closed_at(), done.answers.len(), done.is_overdue(at("2030-01-01T00:00:00Z"))), (Some(now), 4, false));
    assert_eq!(done.answer(answer(AnswerCode::Done), now), Err(Refused::State), "once");
    let others = task(TaskKind::SubjectNotification, Kind::Probation);
    others.answer(deferred("2027-01-20T10:00:00Z"), now).expect("others a month");
}

/// Broken on purpose to see it fail: without `not_by`; without `needs_basis`.
#[test]
fn each_kind_takes_its_own_answers_with_what_they_must_state() {
    let now = at(ARISEN);
    let table = [
        (TaskKind::WithdrawalNotice, vec![AnswerCode::Deleted, AnswerCode::Kept]),
        (TaskKind::SubjectNotification, vec![AnswerCode::Sent, AnswerCode::Waived, AnswerCode::Done]),
        (TaskKind::OverrideReview, vec![AnswerCode::Justified, AnswerCode::Partly, AnswerCode::Unjustified]),
        (TaskKind::ConsentReview, vec![AnswerCode::Accepted, AnswerCode::Declined]),
        (TaskKind::BreachProcedure, vec![AnswerCode::Reported, AnswerCode::NotReported]),
    ];
    for (kind, taken) in &table {
        for (other, codes) in &table {
            for code in codes {
                let outcome = task(*kind, Kind::MentalHealth).answer(answer(*code), now);
                assert_eq!(outcome.is_ok(), kind == other, "{kind:?} {code:?}");
            }
        }
        let bare =
            |code: &&AnswerCode| task(*kind, Kind::MentalHealth).answer(Answer { basis: None, ..answer(**code) }, now).is_err();
        assert!(taken.iter().any(|code| bare(&code)), "{kind:?}: something must be based on something");
    }
    let review = Task { not_by: Some("pro-1".to_owned()), ..task(TaskKind::OverrideReview, Kind::MentalHealth) };
    let by = |who: &str| review.answer(Answer { by: who.to_owned(), ..answer(AnswerCode::Justified) }, now);
    assert!(by(" PRO-1 ").is_err() && by("fg-1").is_ok(), "nobody reviews herself");
}
