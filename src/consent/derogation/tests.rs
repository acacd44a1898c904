use super::*;

fn professional(reference: &str) -> Professional {
    Professional { reference: reference.into(), registration: None }
}

/// Made on Friday 20 November 2026, 15:00.
fn made() -> Override {
    let made_at = Timestamp::parse("2026-11-20T15:00:00Z").expect("an instant");
    Override {
        id: "o-1".into(),
        subject: "token".into(),
        source: "00000099000000005000".parse().expect("an OIN"),
        recipients: ["00000099000000001000".parse().expect("an OIN")].into(),
        purpose: PurposeCode::try_from("safety-assessment".to_owned()).expect("a code"),
        categories: [Category::Diagnosis].into(),
        max_form: Form::Summary,
        ground: Ground::ConflictOfDuties,
        professional: professional("p-1"),
        approved_by: Some(professional("p-2")),
        harm: "serious harm".into(),
        harm_to: "the children".into(),
        consent_sought: ConsentSought::NotSought { reason: "danger".into() },
        alternatives: "none left".into(),
        necessity: "the least".into(),
        consulted: "c-1".into(),
        made_at,
        not_after: made_at.plus(LONGEST),
        ended_at: None,
    }
}

#[test]
fn two_distinct_professionals_stand_for_it() {
    for second in [None, Some("p-1"), Some(" P-1 "), Some("")] {
        let one = Override { approved_by: second.map(professional), ..made() };
        assert_eq!(one.check(false), Err(InvalidOverride::FourEyes), "{second:?}");
        assert!(!one.fact().four_eyes);
    }
    let alone = Override { approved_by: None, ..made() };
    assert_eq!(alone.check(true), Ok(()), "one person, for an emergency purpose");
    let twice = Override { approved_by: Some(professional("p-1")), ..made() };
    assert_eq!(twice.check(true), Err(InvalidOverride::FourEyes), "claiming four eyes with two is refused everywhere");
    assert_eq!(made().check(false), Ok(()));
}

#[test]
fn it_lasts_at_most_seven_days() {
    let at = made().made_at;
    for not_after in [at, at.minus(Duration::from_secs(1)), at.plus(LONGEST).plus(Duration::from_millis(1))] {
        assert_eq!(Override { not_after, ..made() }.check(false), Err(InvalidOverride::Term));
    }
}

#[test]
fn everything_must_be_stated() {
    assert_eq!(Override { harm: " ".into(), ..made() }.check(false), Err(InvalidOverride::Missing("harm")));
    assert_eq!(Override { necessity: "x".repeat(2001), ..made() }.check(false), Err(InvalidOverride::Missing("necessity")));
    assert_eq!(Override { recipients: BTreeSet::new(), ..made() }.check(false), Err(InvalidOverride::Empty("recipients")));
    let sought = ConsentSought::NotSought { reason: String::new() };
    assert_eq!(Override { consent_sought: sought, ..made() }.check(false), Err(InvalidOverride::Missing("consentSought")));
}

#[test]
fn the_review_is_due_within_two_working_days() {
    assert_eq!(made().review_due().to_string(), "2026-11-24T15:00:00Z", "from Friday over the weekend to Tuesday");
}

#[test]
fn it_covers_what_it_names_until_it_ends() {
    let one = made();
    let (recipient, purpose) = (one.recipients.first().expect("one").clone(), one.purpose.clone());
    let now = one.made_at.plus(Duration::from_hours(1));
    let covers = |one: &Override, category, form, now| one.valid_for(&recipient, &purpose, category, form, now);
    assert!(covers(&one, Category::Diagnosis, Form::Summary, now));
    assert!(!covers(&one, Category::Diagnosis, Form::Exact, now));
    assert!(!covers(&one, Category::SubstanceUse, Form::Signal, now));
    assert!(!covers(&one, Category::Diagnosis, Form::Signal, one.not_after));
    let ended = Override { ended_at: Some(now), ..made() };
    assert!(!covers(&ended, Category::Diagnosis, Form::Signal, now));
    assert!(!one.valid_for(&one.source, &purpose, Category::Diagnosis, Form::Signal, now), "another recipient");
    let overrides = [ended, one];
    let found = governing_override(&overrides, &overrides[1].source, &recipient, &purpose, Category::Diagnosis, now);
    assert_eq!(found.map(|found| found.ended_at), Some(None));
}
