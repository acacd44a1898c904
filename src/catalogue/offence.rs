//! From an article or a description to an offence class (transform K of `domain.md` §4).

use serde::{Deserialize, Serialize};

/// The class of an offence: coarse enough not to tell the facts. Drawn from the chapters of the Wetboek van Strafrecht and the
/// special acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OffenceClass {
    /// Assault, homicide, robbery, public violence.
    Violence,
    /// Sexual offences.
    Sexual,
    /// Threats, stalking, coercion, deprivation of liberty.
    Threat,
    /// Theft, fraud, embezzlement.
    Property,
    /// Destruction, arson.
    Destruction,
    /// Offences against public order and authority, a broken restraining order included.
    PublicOrder,
    /// Opiumwet.
    Drugs,
    /// Wet wapens en munitie.
    Weapons,
    /// Wegenverkeerswet.
    Traffic,
    /// Anything else, or not recognised.
    Other,
}

/// Words of descriptions, Dutch and English; the first that occurs decides.
const WORDS: [(&str, OffenceClass); 40] = [
    ("huisverbod", OffenceClass::PublicOrder),
    ("restraining", OffenceClass::PublicOrder),
    ("huisvredebreuk", OffenceClass::PublicOrder),
    ("opium", OffenceClass::Drugs),
    ("drug", OffenceClass::Drugs),
    ("wwm", OffenceClass::Weapons),
    ("wapen", OffenceClass::Weapons),
    ("weapon", OffenceClass::Weapons),
    ("wvw", OffenceClass::Traffic),
    ("verkeer", OffenceClass::Traffic),
    ("traffic", OffenceClass::Traffic),
    ("driving", OffenceClass::Traffic),
    ("verkracht", OffenceClass::Sexual),
    ("aanrand", OffenceClass::Sexual),
    ("ontucht", OffenceClass::Sexual),
    ("rape", OffenceClass::Sexual),
    ("sexual", OffenceClass::Sexual),
    ("seksu", OffenceClass::Sexual),
    ("bedreig", OffenceClass::Threat),
    ("threat", OffenceClass::Threat),
    ("belaging", OffenceClass::Threat),
    ("stalk", OffenceClass::Threat),
    ("dwang", OffenceClass::Threat),
    ("coercion", OffenceClass::Threat),
    ("vrijheidsberoving", OffenceClass::Threat),
    ("mishandel", OffenceClass::Violence),
    ("assault", OffenceClass::Violence),
    ("moord", OffenceClass::Violence),
    ("doodslag", OffenceClass::Violence),
    ("murder", OffenceClass::Violence),
    ("manslaughter", OffenceClass::Violence),
    ("strangulation", OffenceClass::Violence),
    ("geweld", OffenceClass::Violence),
    ("violence", OffenceClass::Violence),
    ("vernieling", OffenceClass::Destruction),
    ("destruction", OffenceClass::Destruction),
    ("brandstichting", OffenceClass::Destruction),
    ("diefstal", OffenceClass::Property),
    ("theft", OffenceClass::Property),
    ("fraud", OffenceClass::Property),
];

impl OffenceClass {
    /// All classes.
    pub const ALL: [Self; 10] = [
        Self::Violence,
        Self::Sexual,
        Self::Threat,
        Self::Property,
        Self::Destruction,
        Self::PublicOrder,
        Self::Drugs,
        Self::Weapons,
        Self::Traffic,
        Self::Other,
    ];

    /// The code on the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Violence => "violence",
            Self::Sexual => "sexual",
            Self::Threat => "threat",
            Self::Property => "property",
            Self::Destruction => "destruction",
            Self::PublicOrder => "public-order",
            Self::Drugs => "drugs",
            Self::Weapons => "weapons",
            Self::Traffic => "traffic",
            Self::Other => "other",
        }
    }

    /// The class of an offence from its article (such as `Sr 300`) and its description, as far as given.
    pub fn of(article: Option<&str>, description: Option<&str>) -> Self {
        let by_words = |text: &str| {
            let lower = text.to_ascii_lowercase();
            WORDS.iter().find(|(word, _)| lower.contains(word)).map(|(_, class)| *class)
        };
        let by_article = article.and_then(|article| by_words(article).or_else(|| of_article(article)));
        by_article.or_else(|| description.and_then(|text| by_words(text).or_else(|| of_article(text)))).unwrap_or(Self::Other)
    }
}

/// The class of an article of the Wetboek van Strafrecht, by the first number in the text.
fn of_article(text: &str) -> Option<OffenceClass> {
    let start = text.find(|character: char| character.is_ascii_digit())?;
    let digits: String = text.get(start..)?.chars().take_while(char::is_ascii_digit).collect();
    Some(match digits.parse::<u16>().ok()? {
        131..=151 | 177..=206 => {
            if digits == "141" {
                OffenceClass::Violence
            } else {
                OffenceClass::PublicOrder
            }
        }
        157..=175 | 350..=354 => OffenceClass::Destruction,
        239..=254 => OffenceClass::Sexual,
        278..=286 => OffenceClass::Threat,
        287..=304 | 312 | 317 => OffenceClass::Violence,
        310 | 311 | 313..=316 | 318..=349 | 416..=417 => OffenceClass::Property,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn articles_and_words_give_the_class() {
        let cases = [
            (Some("Sr 300"), None, OffenceClass::Violence),
            (Some("285b Sr"), None, OffenceClass::Threat),
            (Some("Opiumwet 2"), None, OffenceClass::Drugs),
            (Some("141 Sr"), None, OffenceClass::Violence),
            (Some("310"), None, OffenceClass::Property),
            (None, Some("belaging ex-partner"), OffenceClass::Threat),
            (None, Some("eenvoudige mishandeling"), OffenceClass::Violence),
            (Some("?"), Some("?"), OffenceClass::Other),
            (None, None, OffenceClass::Other),
        ];
        for (article, description, class) in cases {
            assert_eq!(OffenceClass::of(article, description), class, "{article:?} {description:?}");
        }
    }
}
