//! Conditions in words, in Dutch and English.

use std::collections::BTreeSet;

use super::clauses::Condition;
use crate::catalogue::{Category, Form};
use crate::clock::Timestamp;
use crate::consent::{ConsentFact, ConsentState, OverrideFact};
use crate::policy::Bundle;
use crate::policy::question::Question;
use crate::policy::reasons::Language;

/// What is missing, each thing once.
pub fn told(bundle: &Bundle, missing: &[Condition], question: &Question, form: Form, language: Language) -> Vec<String> {
    let mut told = Vec::new();
    let names = Names { bundle, question, form };
    let absent = |name: &str| match name {
        "consent" => question.consent.is_none(),
        "override" => question.derogation.is_none(),
        _ => question.case.is_none(),
    };
    for condition in missing {
        // Without a consent there is nothing to say about what it covers.
        let of = ["consent", "override", "case"].into_iter().find(|name| mentions(condition, name));
        let words = match of {
            Some(name) if absent(name) => Some(none(name)),
            Some("consent") => question.consent.as_deref().and_then(|consent| about_consent(condition, consent, names)),
            Some("override") => question.derogation.as_deref().and_then(|one| about_override(condition, one, names)),
            Some(_) => about_case(condition),
            None => about_facts(condition, question),
        };
        let other = || {
            both(
                format!("deze voorwaarde geldt niet: {}", condition.text()),
                format!("this condition does not hold: {}", condition.text()),
            )
        };
        let (dutch, english) = words.unwrap_or_else(other);
        let text = if language == Language::Nl { dutch } else { english };
        if !told.contains(&text) {
            told.push(text);
        }
    }
    told
}

type Words = (String, String);

fn both(dutch: impl Into<String>, english: impl Into<String>) -> Words {
    (dutch.into(), english.into())
}

/// Whether it is about consent and nothing that is the work of others.
pub fn is_of_consent_alone(condition: &Condition) -> bool {
    mentions(condition, "consent") && !mentions(condition, "override") && !mentions(condition, "case")
}

/// That there are conditions which this reader is not told.
pub fn and_more(language: Language) -> String {
    let (dutch, english) = both("en nog andere voorwaarden", "and other conditions");
    if language == Language::Nl { dutch } else { english }
}

/// Whether the condition looks at `consent`, `override` or `case`.
fn mentions(condition: &Condition, name: &str) -> bool {
    let text = condition.text();
    text.contains(&format!("context.{name}"))
        || text.contains(&format!("context has {name}"))
        || text.contains(&format!("context has \"{name}\""))
}

/// What is asked, by the names that it has in the policies' texts.
#[derive(Clone, Copy)]
struct Names<'a> {
    bundle: &'a Bundle,
    question: &'a Question,
    form: Form,
}

impl Names<'_> {
    fn in_both(name: impl Fn(Language) -> String) -> Words {
        (name(Language::Nl), name(Language::En))
    }

    fn purpose(self) -> Words {
        Self::in_both(|language| self.bundle.purpose_name(&self.question.purpose, language).to_owned())
    }

    fn category(self) -> Words {
        Self::in_both(|language| self.bundle.category_name(self.question.category, language).to_owned())
    }

    fn categories(self, categories: &BTreeSet<Category>) -> Words {
        let name = |language| move |category: &Category| self.bundle.category_name(*category, language);
        Self::in_both(|language| categories.iter().map(name(language)).collect::<Vec<_>>().join(", "))
    }

    fn form(self) -> Words {
        self.forms([self.form])
    }

    fn forms(self, forms: impl IntoIterator<Item = Form> + Clone) -> Words {
        let name = |language| move |form: Form| format!("‘{}’", self.bundle.form_name(form, language));
        Self::in_both(|language| forms.clone().into_iter().map(name(language)).collect::<Vec<_>>().join(", "))
    }
}

fn none(name: &str) -> Words {
    match name {
        "consent" => both("er is geen toestemming", "there is no consent"),
        "override" => both("er is geen doorbreking door de bron", "there is no override by the source"),
        _ => both("het verzoek hoort niet bij een casus", "the request belongs to no case"),
    }
}

fn day(at: Timestamp) -> String {
    at.to_string().chars().take(10).collect()
}

fn about_consent(condition: &Condition, consent: &ConsentFact, names: Names<'_>) -> Option<Words> {
    let given = day(consent.given_at.unwrap_or(consent.valid_from));
    let (covers_nl, covers) = names.categories(&consent.categories);
    let not = |dutch: &str, english: &str| {
        both(
            format!("de toestemming geldt niet voor {dutch}; gegeven op {given}, voor {covers_nl}"),
            format!("consent does not cover {english}; given on {given}, covers {covers}"),
        )
    };
    let text = condition.text();
    Some(match () {
        () if text.contains("consent.state") => state(consent),
        () if text.contains("consent.sources") => not("deze bron", "this source"),
        () if text.contains("consent.recipients.containsAll") => {
            not("ieder die aan de zaak deelneemt", "everyone who attends the case")
        }
        () if text.contains("consent.recipients") => not("deze ontvanger", "this recipient"),
        () if text.contains("consent.purposes") => about_purpose(names, not),
        () if text.contains("consent.categories") => about_category(names, not),
        () if text.contains("consent.forms") => {
            let ((dutch, english), (most_nl, most)) = (names.form(), names.forms([consent.max_form]));
            not(&format!("de vorm {dutch} (hoogstens {most_nl})"), &format!("the form {english} (at most {most})"))
        }
        () if text.contains("consent.validFrom") => both(
            format!("de toestemming geldt pas vanaf {}", day(consent.valid_from)),
            format!("consent counts only from {} on", day(consent.valid_from)),
        ),
        () if text.contains("consent.notAfter") => both(
            format!("de toestemming van {given} gold tot {}", day(consent.not_after)),
            format!("the consent given on {given} counted until {}", day(consent.not_after)),
        ),
        () if text.contains("fromAge") || text.contains("untilAge") => both(
            format!("wie de toestemming van {given} gaf, kan dat niet voor iemand van deze leeftijd"),
            format!("who gave the consent of {given} cannot give it for someone of this age"),
        ),
        () => return None,
    })
}

fn about_purpose(names: Names<'_>, not: impl Fn(&str, &str) -> Words) -> Words {
    let (dutch, english) = names.purpose();
    not(&format!("het doel ‘{dutch}’"), &format!("the purpose ‘{english}’"))
}

fn about_category(names: Names<'_>, not: impl Fn(&str, &str) -> Words) -> Words {
    let (dutch, english) = names.category();
    not(&dutch, &english)
}

fn state(consent: &ConsentFact) -> Words {
    let on = day(consent.given_at.unwrap_or(consent.valid_from));
    match consent.state {
        ConsentState::Given => both("de toestemming is gegeven", "consent is given"),
        ConsentState::Requested => both("toestemming is gevraagd en niet gegeven", "consent was asked for and not given"),
        ConsentState::Refused => both("toestemming is geweigerd", "consent was refused"),
        ConsentState::Withdrawn => {
            both(format!("de toestemming van {on} is ingetrokken"), format!("the consent of {on} was withdrawn"))
        }
        ConsentState::Expired => {
            both(format!("de toestemming van {on} is verlopen"), format!("the consent of {on} is past its term"))
        }
        ConsentState::Invalidated => {
            both(format!("de toestemming van {on} is ongeldig bevonden"), format!("the consent of {on} was found invalid"))
        }
    }
}

fn about_override(condition: &Condition, one: &OverrideFact, names: Names<'_>) -> Option<Words> {
    let made = one.valid_from;
    let not = |dutch: &str, english: &str| {
        both(
            format!("de doorbreking van {made} geldt niet voor {dutch}"),
            format!("the override of {made} does not cover {english}"),
        )
    };
    let text = condition.text();
    Some(match () {
        () if text.contains("override.source") => not("deze bron", "this source"),
        () if text.contains("override.recipients.containsAll") => {
            not("ieder die aan de zaak deelneemt", "everyone who attends the case")
        }
        () if text.contains("override.recipients") => not("deze ontvanger", "this recipient"),
        () if text.contains("override.purpose") => about_purpose(names, not),
        () if text.contains("override.categories") => about_category(names, not),
        () if text.contains("override.forms") => {
            let ((dutch, english), (only_nl, only)) = (names.form(), names.forms(one.forms.iter().copied()));
            not(&format!("de vorm {dutch} (alleen {only_nl})"), &format!("the form {english} (only {only})"))
        }
        () if text.contains("override.validFrom") => {
            both(format!("de doorbreking geldt pas vanaf {made}"), format!("the override counts only from {made} on"))
        }
        () if text.contains("override.notAfter") => both(
            format!("de doorbreking van {made} gold tot {}", one.not_after),
            format!("the override of {made} counted until {}", one.not_after),
        ),
        () if text.contains("override.fourEyes") => {
            both("voor de doorbreking staat maar één persoon in", "one person alone stands for the override")
        }
        () => return None,
    })
}

/// By attribute of the case.
const CASE: [(&str, &str, &str); 6] = [
    ("case.open", "de casus is gesloten", "the case is closed"),
    ("case.named", "de casus is niet op naam", "the case is not by name"),
    ("case.attendees", "de organisatie neemt niet deel aan de casus", "the organisation does not attend the case"),
    ("case.director", "de organisatie voert niet de regie over de casus", "the organisation does not direct the case"),
    ("case.familyInformed", "het gezin is niet vooraf op de hoogte gebracht", "the family was not told beforehand"),
    ("case.planMade", "er is geen plan met het gezin gemaakt", "no plan was made with the family"),
];

fn about_case(condition: &Condition) -> Option<Words> {
    let found = CASE.into_iter().find(|(attribute, ..)| condition.text().contains(attribute));
    found.map(|(_, dutch, english)| both(dutch, english))
}

/// By attribute that the source states.
const FACTS: [(&str, &str, &str); 14] = [
    ("wpg19Decision", "de politie noemt geen besluit op grond van Wpg 19", "the police name no decision under Wpg 19"),
    ("wpg20Decision", "de politie noemt geen besluit op grond van Wpg 20", "the police name no decision under Wpg 20"),
    ("mandate", "de bron noemt geen mandaat op grond van Wjsg 39f", "the source names no mandate under Wjsg 39f"),
    ("courtOrder", "de bron noemt geen rechterlijke beslissing", "the source names no court order"),
    ("professional", "de bron noemt geen professional die ervoor instaat", "the source names no professional who answers for it"),
    (
        "meldcodeSteps",
        "de bron stelt niet dat de stappen van de meldcode zijn gezet",
        "the source does not state that the steps of the meldcode are done",
    ),
    (
        "test51c",
        "de bron stelt niet dat de toets van Wjsg 51c is gedaan",
        "the source does not state that the test of Wjsg 51c was made",
    ),
    (
        "severity",
        "er is geen ernst of belang vastgelegd (Wmo 4.1.1(2)(e))",
        "no severity or interest is recorded (Wmo 4.1.1(2)(e))",
    ),
    (
        "underRestrainingOrder",
        "de bron stelt niet dat voor de betrokkene een huisverbod geldt",
        "the source does not state that the subject is under a temporary restraining order (huisverbod)",
    ),
    (
        "restrainingOrder",
        "het gegeven gaat over een huisverbod, of de bron stelt niet dat dit niet zo is",
        "the item is about a temporary restraining order (huisverbod), or the source does not state that it is not",
    ),
    (
        "secretAddress",
        "het adres is geheim, of de bron stelt niet dat het dat niet is",
        "the address is secret, or the source does not state that it is not",
    ),
    (
        "withheldBySource",
        "een professional van de bron houdt het gegeven achter",
        "a professional of the source holds the item back",
    ),
    (
        "protectedFromRecipient",
        "een persoon in het gegeven is beschermd tegen iemand voor wie de ontvanger optreedt",
        "a person in the item is protected from someone for whom the recipient acts",
    ),
    ("subjectAge", "de bron stelt de leeftijd van de betrokkene niet", "the source does not state the subject's age"),
];

fn about_facts(condition: &Condition, question: &Question) -> Option<Words> {
    let text = condition.text();
    if text.contains("wpgArticle") {
        return Some(match question.facts.and_then(|facts| facts.wpg_article) {
            None => both(
                "de politie stelt niet op grond van welk Wpg-artikel zij het gegeven heeft",
                "the police do not state under which article of the Wpg they hold the item",
            ),
            Some(article) => both(
                format!("het gegeven is een politiegegeven op grond van Wpg {}", article.code()),
                format!("the item is police data held under Wpg {}", article.code()),
            ),
        });
    }
    let found = FACTS.into_iter().find(|(attribute, ..)| {
        text.contains(&format!("facts.{attribute}"))
            || text.contains(&format!("facts has {attribute}"))
            || text.contains(&format!("facts has \"{attribute}\""))
    });
    found.map(|(_, dutch, english)| both(dutch, english))
}
