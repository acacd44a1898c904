use std::collections::BTreeSet;

use super::*;
use crate::demo::kit;
use crate::subject::{AgeBand, age_on};

fn now() -> Timestamp {
    Timestamp::parse("2026-11-21T12:00:00Z").expect("valid")
}

fn world() -> World {
    World::generate(7, DEFAULT_HOUSEHOLDS, now()).expect("small")
}

fn age(person: &Person) -> u8 {
    age_on(&person.birth.to_string(), &now().date()).expect("born before today")
}

#[test]
fn the_default_world_has_at_least_forty_persons_with_unique_numbers() {
    let world = world();
    let numbers: Vec<&str> = world.persons().filter_map(|(_, person)| Some(person.bsn.as_ref()?.expose())).collect();
    assert!(world.persons().count() >= 40);
    assert_eq!(numbers.iter().collect::<BTreeSet<_>>().len(), numbers.len());
    assert!(numbers.iter().all(|number| number.starts_with("9999")));
    assert_eq!(world.persons().filter(|(_, person)| person.bsn.is_none()).count(), 1);
}

#[test]
fn a_seed_gives_the_same_world_and_another_seed_another() {
    assert!(world() == world());
    assert!(world() != World::generate(8, DEFAULT_HOUSEHOLDS, now()).expect("small"));
}

#[test]
fn a_larger_world_begins_with_the_smaller() {
    let larger = World::generate(7, 60, now()).expect("small");
    assert!(larger.households.starts_with(&world().households));
    assert_eq!(World::generate(7, 1, now()).expect("small").households.len(), stories::ALL.len());
}

#[test]
fn thousands_of_households_fit_and_too_many_are_refused() {
    let large = World::generate(7, 2_000, now()).expect("fits the test range");
    assert!(large.persons().count() > 5_000);
    assert!(World::generate(7, 4_000, now()).err() == Some(TooManyHouseholds));
}

#[test]
fn every_story_is_told_once_and_each_has_a_note() {
    let world = world();
    let told: BTreeSet<Story> = world.households.iter().filter_map(|household| household.story).collect();
    assert_eq!(told.len(), stories::ALL.len());
    assert!(world.households.iter().all(|household| !household.note.is_empty() && !household.note.contains("  ")));
}

#[test]
fn every_age_group_of_minors_is_there() {
    let world = world();
    let told = world.persons().filter(|(household, _)| household.story.is_some());
    let bands: BTreeSet<String> = told.map(|(_, person)| AgeBand::of(age(person)).to_string()).collect();
    assert!(["0-3", "4-11", "12-15", "16-17"].into_iter().all(|band| bands.contains(band)), "{bands:?}");
    for (_, person) in world.persons() {
        assert_eq!(age(person) < 18, person.letter.starts_with('K'), "{}", person.id);
    }
}

#[test]
fn exactly_one_person_is_known_to_no_source() {
    let world = World::generate(7, 300, now()).expect("small");
    let unknown: Vec<_> = world.persons().filter(|(household, person)| world.holds(household, person).is_empty()).collect();
    assert_eq!(unknown.iter().map(|(household, _)| household.story).collect::<Vec<_>>(), [Some(Story::KnownNowhere)]);
}

#[test]
fn the_newborn_is_known_by_local_numbers_only() {
    let world = world();
    let (_, newborn) = world.persons().find(|(_, person)| person.bsn.is_none()).expect("one");
    assert_eq!(newborn.known, BTreeSet::from([Slug::VeiligThuis, Slug::YouthProtection]));
    assert_eq!(newborn.identifier(Slug::VeiligThuis), ("local", newborn.local_number(Slug::VeiligThuis)));
    assert!(newborn.note.as_ref().expect("noted").contains(&newborn.local_number(Slug::YouthProtection)));
}

#[test]
fn a_restraining_order_runs_now() {
    let world = world();
    let household = world.story(Story::RestrainingOrder).expect("told");
    let today = Calendar::at(now()).today();
    let runs = |record: &&Record| match record.entry {
        Entry::Measure { kind: "temporary-restraining-order", until: Some(until), .. } => record.date <= today && until > today,
        _ => false,
    };
    let sources: BTreeSet<Slug> = household.records.iter().filter(runs).map(|record| record.source).collect();
    assert_eq!(sources, BTreeSet::from([Slug::Police, Slug::Municipality]));
}

#[test]
fn intimate_terror_spans_seven_years_and_six_sources() {
    let world = world();
    let household = world.story(Story::IntimateTerror).expect("told");
    let dates: Vec<_> = household.records.iter().map(|record| record.date).collect();
    let span = *dates.iter().max().expect("some") - *dates.iter().min().expect("some");
    assert!(span.whole_days() > 6 * 365);
    assert_eq!(household.records.iter().map(|record| record.source).collect::<BTreeSet<_>>().len(), 6);
    let articles: BTreeSet<&str> = household.records.iter().filter_map(|record| record.facts.wpg_article.as_deref()).collect();
    assert_eq!(articles, BTreeSet::from(["8", "9", "13", "14"]));
}

#[test]
fn consents_come_in_every_state_with_times_that_fit() {
    let world = world();
    let states: BTreeSet<&str> = world.consents().map(|consent| consent.state.code()).collect();
    assert_eq!(states, BTreeSet::from(["expired", "given", "refused", "withdrawn"]));
    for consent in world.consents() {
        let over = consent.not_after <= now();
        assert_eq!(over, consent.state == DemoConsentState::Expired, "{}", consent.person);
        if let DemoConsentState::Withdrawn { at } = consent.state {
            assert!(consent.valid_from < at && at < now(), "{}", consent.person);
        }
    }
}

#[test]
fn a_protected_person_lives_elsewhere_at_a_secret_address() {
    let world = World::generate(7, 200, now()).expect("small");
    let mut seen = 0;
    for (household, person) in world.persons().filter(|(_, person)| !person.protected_from.is_empty()) {
        assert!(person.secret_address, "{}", person.id);
        assert!(person.protected_from.iter().all(|&other| household.persons[other].address != person.address), "{}", person.id);
        seen += 1;
    }
    assert!(seen > 4);
}

#[test]
fn a_draft_names_somebody_only_where_it_is_flagged() {
    let world = World::generate(7, 100, now()).expect("small");
    let flaws: BTreeSet<bool> = world.flawed_drafts().map(|(_, flaw, _)| flaw == DraftFlaw::HoldsBsn).collect();
    assert_eq!(flaws.len(), 2, "both kinds are there");
    for household in &world.households {
        let names: BTreeSet<String> = household.persons.iter().flat_map(|person| person.name.search_names()).collect();
        for draft in household.records.iter().filter_map(|record| record.draft.as_ref()) {
            let calls_by_name = draft.text.split(|c: char| !c.is_alphanumeric()).any(|word| names.contains(word));
            let number = draft.text.contains("9999");
            assert_eq!(calls_by_name || number, draft.flaw.is_some(), "{}: {}", household.id, draft.text);
        }
    }
}

#[test]
fn no_placeholder_is_left_in_a_text() {
    for mut record in world().households.into_iter().flat_map(|household| household.records) {
        assert!(record.entry.texts_mut().iter().all(|text| !text.contains('{')));
        assert!(record.draft.is_none_or(|draft| !draft.text.contains('{')));
    }
}

#[test]
fn entries_stand_only_where_the_source_keeps_such_a_category() {
    let world = World::generate(7, 200, now()).expect("small");
    for record in world.households.iter().flat_map(|household| &household.records) {
        let category = record.entry.category();
        assert!(categories_of(record.source).contains(&category), "{}: {category}", record.source.code());
        assert!(!record.subjects.is_empty());
        assert!(record.recorded <= Calendar::at(now()).today());
    }
}

#[test]
fn the_kit_lists_every_person_as_the_design_says() {
    let world = world();
    let persons = kit::persons(&world);
    let json = serde_json::to_value(&persons).expect("plain data");
    let first = json[0].as_object().expect("object");
    let members: BTreeSet<&str> = first.keys().map(String::as_str).collect();
    assert_eq!(members, BTreeSet::from(["id", "bsn", "household", "role", "birthDate", "holds", "consents", "note"]));
    assert_eq!(persons.len(), world.persons().count());
    assert_eq!(persons.iter().filter(|person| person.holds.is_empty()).count(), 1);
    assert_eq!(persons.iter().map(|person| person.consents.len()).sum::<usize>(), world.consents().count());
    assert_eq!(serde_json::from_value::<Vec<kit::KitPerson>>(json).expect("round trip"), persons);
}
