use std::time::Duration;

use serde_json::{Value, json};
use sluis::actions::ActionError;
use sluis::clock::Clock;
use sluis::notice::TaskKind;
use sluis::organisation::people::Role;
use sluis::source::overrides::OverrideMessage;

use super::*;
use crate::support::cases::Cases;
use crate::support::derogation::{content, refused, report, taken};

fn with(message: &OverrideMessage, pointer: &str, value: Value) -> Value {
    let mut message = json!(message);
    *message.pointer_mut(pointer).expect("a member") = value;
    message
}

/// Broken on purpose to see it fail: references compared as written; without the registration; without the key; `one_suffices` for every purpose;
/// without `/approved/signedAt`; the term counted from the report.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn four_eyes_are_those_of_two_persons() {
    let gateway = TestGateway::start().await;
    let mut cases = Cases::default();
    let enrolled = async |reference, registration| {
        Person::new(reference, registration).enrolled(&gateway, Slug::Probation, Role::Professional).await
    };
    let one = enrolled("rec-1", "SKJ 190123456").await;
    let other = enrolled("rec-2", "SKJ 190123457").await;
    let content = content(&gateway, "safety-assessment", &[Slug::VeiligThuis], Category::LivingAreas, Ground::Wmo526);
    let made = |second: Option<&Person>| report(&gateway, &content, &one, second);
    let alone = &["/approved"][..];
    cases.check("alone", refused(&gateway, Slug::Probation, &json!(made(None)), alone).await);
    for (reference, registration) in [
        ("rec-1", "SKJ 190123457"),
        ("REC-1", "SKJ 190123457"),
        ("rec-2", "SKJ 190123456"),
        ("rec-2", "190.123.456"),
        ("rec-2", "skj-0190123456"),
    ] {
        // Neither does the operator enrol her twice.
        let alias = Person::new(reference, registration);
        let twice = alias.enrol(&gateway, Slug::Probation, Role::Professional).await;
        cases.hold(format!("{reference} {registration} enrolled"), matches!(twice, Err(ActionError::Invalid(_))));
        let places = &["/approved", "/approved/publicKey"];
        cases.check(
            format!("{reference} {registration}"),
            refused(&gateway, Slug::Probation, &json!(made(Some(&alias))), places).await,
        );
    }
    for (reference, registration, place) in [
        ("rec-2\u{200b}", "SKJ 190123457", "/approved/professional"),
        ("r\u{435}c-1", "SKJ 190123457", "/approved/professional"),
        ("rec-2", "\u{ff11}90123457", "/approved/registration"),
        ("rec-2", " ", "/approved/registration"),
    ] {
        let made = made(Some(&Person::new(reference, registration)));
        cases.check(format!("{reference:?}"), refused(&gateway, Slug::Probation, &json!(made), &[place]).await);
    }
    let by_same = made(Some(&other));
    let mut by_one_key = made(None);
    let alias = one.known_as("rec-2", "SKJ 190123457");
    by_one_key.approved = Some(alias.signs(gateway.clock.now(), |who, at| content.approve_statement(&by_one_key.id, who, at)));
    by_one_key.review_due = None;
    let one_key = &["/approved/professional", "/approved/publicKey"];
    cases.check("one key", refused(&gateway, Slug::Probation, &json!(by_one_key), one_key).await);
    // What the second signed is this override, after it was made, and not long ago.
    let other_id = with(&by_same, "/id", json!("another"));
    cases.check(
        "of another override",
        refused(&gateway, Slug::Probation, &other_id, &["/approved/signature", "/created/signature"]).await,
    );
    let signed_at = |delta: i64| {
        let now = gateway.clock.now();
        let at = if delta < 0 {
            now.minus(Duration::from_secs(delta.unsigned_abs()))
        } else {
            now.plus(Duration::from_secs(delta.unsigned_abs()))
        };
        let mut made = made(Some(&other));
        made.approved = Some(other.signs(at, |who, at| content.approve_statement(&made.id, who, at)));
        json!(made)
    };
    cases.check("before it", refused(&gateway, Slug::Probation, &signed_at(-60), &["/approved/signedAt"]).await);
    cases.check("in the future", refused(&gateway, Slug::Probation, &signed_at(600), &["/approved/signedAt"]).await);
    let mut old = made(Some(&other));
    old.created =
        one.signs(gateway.clock.now().minus(Duration::from_hours(7 * 24)), |who, at| content.create_statement(&old.id, who, at));
    cases.check("out of a drawer", refused(&gateway, Slug::Probation, &json!(old), &["/content/expiresAt"]).await);
    cases.check("two persons", taken(&gateway, Slug::Probation, &made(Some(&other))).await);
    let tasks = gateway.running().desk.notices(&gateway.persona(Slug::Probation).oin, 10).await.expect("read");
    cases.hold("two need no review", tasks.iter().all(|task| task.kind != TaskKind::OverrideReview));
    gateway.stop().await;
    cases.finish(22);
}

/// Broken on purpose to see it fail: without `review` in `faults`; the task due as the source says.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_makes_one_alone_is_reviewed_in_two_working_days() {
    let gateway = TestGateway::start().await;
    let mut cases = Cases::default();
    let (one, other) = two(&gateway, Slug::Probation);
    let content = content(&gateway, "acute-safety", &[Slug::Police], Category::Address, Ground::Emergency);
    let made = report(&gateway, &content, &one, None);
    let due = &["/reviewDue"][..];
    cases.check("no review", refused(&gateway, Slug::Probation, &with(&made, "/reviewDue", Value::Null), due).await);
    let later = gateway.clock.now().plus(Duration::from_hours(8 * 24)).to_string();
    cases.check("a late review", refused(&gateway, Slug::Probation, &with(&made, "/reviewDue", json!(later)), due).await);
    let again = report(&gateway, &content, &one, Some(&Person::new("Pro-1", "x-1")));
    let twice = &["/approved", "/approved/publicKey"];
    cases.check("twice the same", refused(&gateway, Slug::Probation, &json!(again), twice).await);
    let mut both = report(&gateway, &content, &one, Some(&other));
    both.review_due = Some(gateway.clock.now());
    cases.check("a review of two", refused(&gateway, Slug::Probation, &json!(both), due).await);
    cases.check("alone", taken(&gateway, Slug::Probation, &made).await);
    let owner = gateway.persona(Slug::Probation).oin;
    let review = async || {
        let tasks = gateway.running().desk.notices(&owner, 10).await.expect("read");
        let mut reviews = tasks.into_iter().filter(|task| task.about.as_deref() == Some(made.id.as_str()));
        (reviews.next().expect("a task"), reviews.count())
    };
    let (task, more) = review().await;
    cases.hold("one task", (task.kind, more, task.overdue) == (TaskKind::OverrideReview, 0, false));
    cases.hold("due as told", Some(task.due) == made.review_due);
    // Nobody reviewed it: it stands out, for its source and for the gateway's officers.
    gateway.clock.advance(i64::try_from(task.due.since(gateway.clock.now()).as_secs()).expect("days") + 60);
    cases.hold("overdue", review().await.0.overdue);
    let overdue = gateway.running().desk.overdue_notices(10).await.expect("read");
    cases.hold("officers see it", overdue.iter().any(|task| task.about.as_deref() == Some(made.id.as_str())));
    gateway.stop().await;
    cases.finish(9);
}
