use super::*;

fn professional(reference: &str) -> Professional {
    Professional { reference: reference.into(), registration: None }
}

fn registered(reference: &str, registration: &str) -> Professional {
    Professional { reference: reference.into(), registration: Some(registration.into()) }
}

fn oin(number: u8) -> Oin {
    format!("0000009900000000{number}000").parse().expect("an OIN")
}

fn purpose(code: &str) -> PurposeCode {
    PurposeCode::try_from(code.to_owned()).expect("a code")
}

/// Made on Friday 20 November 2026, 15:00.
fn made() -> Override {
    let made_at = Timestamp::parse("2026-11-20T15:00:00Z").expect("an instant");
    Override {
        id: "o-1".into(),
        subject: "token".into(),
        source: oin(5),
        recipients: [oin(1)].into(),
        purpose: purpose("safety-assessment"),
        categories: [Category::Diagnosis].into(),
        forms: [Form::Summary].into(),
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

fn acute() -> Override {
    Override { purpose: purpose("acute-safety"), ..made() }
}

/// Broken on purpose to see it fail: `one_suffices` for every purpose; references alone compared.
#[test]
fn two_distinct_professionals_stand_for_it() {
    for second in [None, Some("p-1"), Some(" P-1 "), Some("")] {
        let one = Override { approved_by: second.map(professional), ..made() };
        assert_eq!(one.check(), Err(InvalidOverride::FourEyes), "{second:?}");
        assert!(!one.fact().four_eyes);
    }
    for spelled in ["BIG 19012345601", "19012345601", "big-1901.2345.601"] {
        let one = Override {
            professional: registered("p-1", "BIG 19012345601"),
            approved_by: Some(registered("p-2", spelled)),
            ..made()
        };
        assert_eq!(one.check(), Err(InvalidOverride::FourEyes), "{spelled}");
    }
    let alone = Override { approved_by: None, ..acute() };
    assert_eq!((alone.check(), alone.fact().four_eyes), (Ok(()), false), "one person, in acute danger");
    let twice = Override { approved_by: Some(professional("p-1")), ..acute() };
    assert_eq!(twice.check(), Err(InvalidOverride::FourEyes), "claiming four eyes with two is refused everywhere");
    assert_eq!(made().check(), Ok(()));
    let only =
        ["acute-safety", "safety-assessment", "prosecution", "team-discussion", "treatment", "Acute-Safety", "acute-safety2"];
    assert_eq!(only.into_iter().filter_map(|code| code.parse().ok()).filter(one_suffices).count(), 1);
}

#[test]
fn it_lasts_at_most_seven_days() {
    let at = made().made_at;
    for not_after in [at, at.minus(Duration::from_secs(1)), at.plus(LONGEST).plus(Duration::from_millis(1))] {
        assert_eq!(Override { not_after, ..made() }.check(), Err(InvalidOverride::Term));
    }
}

#[test]
fn everything_must_be_stated() {
    assert_eq!(Override { harm: " ".into(), ..made() }.check(), Err(InvalidOverride::Missing("harm")));
    assert_eq!(Override { necessity: "x".repeat(2001), ..made() }.check(), Err(InvalidOverride::Missing("necessity")));
    assert_eq!(Override { recipients: BTreeSet::new(), ..made() }.check(), Err(InvalidOverride::Empty("recipients")));
    let many = (0..17).map(|number| format!("000000990000000{number:02}000").parse().expect("an OIN")).collect();
    assert_eq!(Override { recipients: many, ..made() }.check(), Err(InvalidOverride::Many("recipients")));
    assert_eq!(Override { forms: BTreeSet::new(), ..made() }.check(), Err(InvalidOverride::Empty("forms")));
    for herself in ["p-1", " P-1 "] {
        assert_eq!(Override { consulted: herself.into(), ..made() }.check(), Err(InvalidOverride::OwnColleague));
    }
    let itself = [oin(1), oin(5)].into();
    assert_eq!(Override { recipients: itself, ..made() }.check(), Err(InvalidOverride::Itself));
    let sought = ConsentSought::NotSought { reason: String::new() };
    assert_eq!(Override { consent_sought: sought, ..made() }.check(), Err(InvalidOverride::Missing("consentSought")));
}

#[test]
fn the_review_is_due_within_two_working_days() {
    assert_eq!(made().review_due().to_string(), "2026-11-24T15:00:00Z", "from Friday over the weekend to Tuesday");
}

#[test]
fn it_covers_what_it_names_until_it_ends() {
    let one = made();
    let recipients = one.recipients.clone();
    let now = one.made_at.plus(Duration::from_hours(1));
    let covers = |one: &Override, category, now| one.valid_for(&recipients, &one.purpose, category, now);
    assert!(covers(&one, Category::Diagnosis, now));
    assert!(!covers(&one, Category::SubstanceUse, now));
    assert!(!covers(&one, Category::Diagnosis, one.not_after));
    let ended = Override { ended_at: Some(now), ..made() };
    assert!(!covers(&ended, Category::Diagnosis, now));
    let other = [oin(2)].into();
    assert!(!one.valid_for(&other, &one.purpose, Category::Diagnosis, now), "another recipient");
    let overrides = [ended, one];
    let found = governing_override(&overrides, &oin(5), &recipients, &overrides[1].purpose, Category::Diagnosis, now);
    assert_eq!(found.map(|found| found.ended_at), Some(None));
}

/// Broken on purpose to see it fail: `any` for `all` in `valid_for`; the source not passed over; the override of the first recipient.
#[test]
fn for_a_team_it_names_every_attendee_but_the_source() {
    let now = made().made_at.plus(Duration::from_hours(1));
    let named = |id: &str, recipients: &[u8], form| Override {
        id: id.into(),
        recipients: recipients.iter().map(|number| oin(*number)).collect(),
        forms: [form].into(),
        ..made()
    };
    let two = named("two", &[1, 2], Form::Reduced);
    // For one attendee alone there is a wider one: it does not stand in the way of the one for all.
    let overrides = [two, named("one", &[1], Form::Summary)];
    let governs = |attendees: &[u8]| {
        let attendees = attendees.iter().map(|number| oin(*number)).collect();
        let found = governing_override(&overrides, &oin(5), &attendees, &overrides[0].purpose, Category::Diagnosis, now);
        found.map(|one| one.id.as_str())
    };
    assert_eq!(governs(&[1]), Some("one"));
    assert_eq!(governs(&[1, 2]), Some("two"));
    assert_eq!(governs(&[1, 2, 5]), Some("two"), "the source attends");
    assert_eq!(governs(&[1, 2, 3]), None, "one who is not named");
    assert_eq!(governs(&[5]), None, "the source alone");
    assert_eq!(governs(&[]), None, "a team of nobody");
    assert_eq!(overrides[0].fact().recipients, [oin(1), oin(2), oin(5)].into());
}

/// Broken on purpose to see it fail: the forms folded to the finest and what tells less.
#[test]
fn it_opens_the_forms_that_were_signed_and_no_other() {
    for form in Form::ALL {
        let one = Override { forms: [form].into(), ..made() };
        assert_eq!(one.fact().forms, [form].into(), "{form}");
    }
}
