//! Golden explanations, in Dutch and English.

use std::sync::Arc;

use super::*;
use crate::catalogue::Category;
use crate::clock::Timestamp;
use crate::consent::ConsentState;
use crate::organisation::Kind;
use crate::policy::WpgArticle;
use crate::policy::question::Party;
use crate::policy::reach::{fulfilling_consent, fulfilling_override};

fn question(purpose: &str, recipient: Kind, source: Kind, category: Category) -> Question {
    let oin = |text: &str| text.parse().expect("an OIN");
    Question {
        purpose: purpose.to_owned().try_into().expect("a code"),
        recipient: Party { oin: oin("00000099000000001000"), kind: recipient },
        asker: recipient,
        source: Party { oin: oin("00000099000000002000"), kind: source },
        category,
        finest: Form::Exact,
        now: Timestamp::parse("2026-11-21T12:00:00Z").expect("an instant"),
        consent: None,
        derogation: None,
        case: None,
        facts: None,
    }
}

fn told(question: &Question, policy: &str, language: Language) -> Vec<String> {
    let bundle = Bundle::embedded().unwrap_or_else(|error| panic!("{error}"));
    let missed = bundle.missing_conditions(question, language, Audience::Officer).expect("evaluated");
    let found = missed.iter().find(|missed| missed.policy == policy);
    found.unwrap_or_else(|| panic!("{policy} is not told of: {missed:?}")).missing.clone()
}

#[test]
fn without_consent_that_is_all_that_is_told() {
    let care = question("safety-assessment", Kind::VeiligThuis, Kind::MentalHealth, Category::CareInvolvement);
    assert_eq!(told(&care, "sa.ggz.involvement-consent", Language::Nl), ["er is geen toestemming"]);
    assert_eq!(told(&care, "sa.ggz.involvement-consent", Language::En), ["there is no consent"]);
    assert_eq!(told(&care, "sa.ggz.signal-override", Language::Nl), ["er is geen doorbreking door de bron"]);
}

#[test]
fn what_consent_does_not_cover_is_told_with_when_it_was_given() {
    let mut care = question("safety-assessment", Kind::VeiligThuis, Kind::MentalHealth, Category::CareInvolvement);
    let mut consent = (*fulfilling_consent(&care)).clone();
    consent.categories = [Category::SubstanceUse].into();
    consent.valid_from = Timestamp::parse("2026-10-01T09:00:00Z").expect("an instant");
    consent.not_after = Timestamp::parse("2026-11-01T09:00:00Z").expect("an instant");
    care.consent = Some(Arc::new(consent.clone()));
    assert_eq!(
        told(&care, "sa.ggz.involvement-consent", Language::Nl),
        [
            "de toestemming geldt niet voor betrokkenheid van zorgverleners; gegeven op 2026-10-01, voor middelengebruik",
            "de toestemming van 2026-10-01 gold tot 2026-11-01",
        ]
    );
    consent.state = ConsentState::Withdrawn;
    care.consent = Some(Arc::new(consent));
    let dutch = told(&care, "sa.ggz.involvement-consent", Language::Nl);
    assert_eq!(dutch[0], "de toestemming van 2026-10-01 is ingetrokken");
    assert_eq!(told(&care, "sa.ggz.involvement-consent", Language::En)[0], "the consent of 2026-10-01 was withdrawn");
}

#[test]
fn what_the_source_did_not_state_and_an_override_lacks_is_told() {
    let mut care = question("safety-assessment", Kind::VeiligThuis, Kind::MentalHealth, Category::CareInvolvement);
    let mut derogation = (*fulfilling_override(&care)).clone();
    derogation.four_eyes = false;
    care.derogation = Some(Arc::new(derogation));
    care.facts = Some(Facts::default());
    assert_eq!(
        told(&care, "sa.ggz.signal-override", Language::Nl),
        [
            "de bron noemt geen professional die ervoor instaat",
            "de bron stelt niet dat de stappen van de meldcode zijn gezet",
            "voor de doorbreking staat maar één persoon in",
        ]
    );
    let mut police = question("probation", Kind::Probation, Kind::Police, Category::Identity);
    police.facts = Some(Facts { wpg_article: Some(WpgArticle::Investigation), ..Facts::default() });
    assert_eq!(told(&police, "pr.police.exact", Language::Nl), ["het gegeven is een politiegegeven op grond van Wpg 9"]);
    police.facts = Some(Facts::default());
    assert_eq!(
        told(&police, "pr.police.exact", Language::Nl),
        ["de politie stelt niet op grond van welk Wpg-artikel zij het gegeven heeft"]
    );
}

/// Broken on purpose to see it fail: without `depends_on_person`, as every permit of the purpose is then told of.
#[test]
fn permits_for_other_organisations_purposes_and_categories_are_not_told_of() {
    let bundle = Bundle::embedded().unwrap_or_else(|error| panic!("{error}"));
    let missed = |question: &Question| bundle.missing_conditions(question, Language::Nl, Audience::Officer).expect("evaluated");
    let to_prosecution = question("safety-assessment", Kind::Prosecution, Kind::MentalHealth, Category::CareInvolvement);
    assert_eq!(missed(&to_prosecution), []);
    let of_police = question("probation", Kind::Probation, Kind::Police, Category::CareInvolvement);
    assert_eq!(missed(&of_police), []);
    let other = question("probation", Kind::Probation, Kind::MentalHealth, Category::CareInvolvement);
    let ids: Vec<_> = missed(&other).into_iter().map(|missed| missed.policy).collect();
    assert_eq!(ids, ["pr.ggz.involvement-consent"]);
}

/// Every condition that a permit can miss has words of its own: none falls back to Cedar text.
#[test]
fn every_condition_has_words() {
    let bundle = Bundle::embedded().unwrap_or_else(|error| panic!("{error}"));
    let mut seen = 0;
    for (purpose, slices) in &bundle.rules.slices {
        for policy in slices.all.policies().filter(|policy| policy.effect() == cedar_policy::Effect::Permit) {
            for condition in conditions(policy) {
                condition.policy().unwrap_or_else(|error| panic!("{}: {}: {error}", policy.id(), condition.text()));
                if !condition.depends_on_person() {
                    continue;
                }
                let mut asked = question(purpose, Kind::VeiligThuis, Kind::MentalHealth, Category::Identity);
                asked.facts = Some(Facts::default());
                for with in [false, true] {
                    if with {
                        asked.consent = Some(fulfilling_consent(&asked));
                        asked.derogation = Some(fulfilling_override(&asked));
                    }
                    for language in Language::ALL {
                        let words = words::told(&bundle, std::slice::from_ref(&condition), &asked, Form::Signal, language);
                        let bare = words.iter().any(|text| text.contains("context.") || text.contains("resource."));
                        // With a consent in hand, "there is consent" is no condition that is missed.
                        let present = condition.text().contains("context has");
                        assert!(!bare || present, "{}: {words:?}", policy.id());
                        seen += 1;
                    }
                }
            }
        }
    }
    assert!(seen > 200, "{seen}");
}
