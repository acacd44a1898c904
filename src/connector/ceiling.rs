//! The source's own ceiling: purpose × recipient × category × form. What is not listed is not given, and the gateway cannot raise it.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::catalogue::{Category, Form, PurposeCode};
use crate::organisation::{Kind, Oin};

/// The ceiling file (TOML): `[[allow]]` entries, each with `purpose`, `recipients` (kinds or OINs), `categories`, `forms` and, where the
/// source gives it only under an override of its own professionals, `override = true`. Forms are literal: `exact` does not include `reduced`.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ceiling {
    #[serde(default)]
    allow: Vec<Allowance>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Allowance {
    purpose: PurposeCode,
    recipients: Vec<Recipient>,
    categories: BTreeSet<Category>,
    forms: BTreeSet<Form>,
    #[serde(default, rename = "override")]
    needs_override: bool,
}

/// To whom an entry applies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
enum Recipient {
    Organisation(Oin),
    Kind(Kind),
}

/// Who receives, and for what. A team receives as one: an entry applies to it that names the kind `expertise-team`, or every one of its attendees
/// by OIN; what an attendee may have for itself is not what its team may have.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The purpose.
    pub purpose: &'a PurposeCode,
    /// The recipient.
    pub recipient: &'a Oin,
    /// The attendees but the source itself, when the recipient asks for an expertise team.
    pub attendees: &'a BTreeSet<Oin>,
    /// The recipient's kind as the gateway's registry has it.
    pub kind: Kind,
}

/// What the ceiling says about one category and form.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// Not listed: never.
    Never,
    /// Only under an active override of the source that covers it.
    UnderOverride,
    /// May be given.
    Allowed,
}

impl Ceiling {
    /// Parses the ceiling file.
    ///
    /// # Errors
    /// [`CeilingError`] naming the line and what to change.
    pub fn parse(text: &str) -> Result<Self, CeilingError> {
        let ceiling: Self = toml::from_str(text).map_err(|error| CeilingError(error.to_string()))?;
        for (index, entry) in ceiling.allow.iter().enumerate() {
            let forbidden = entry.categories.iter().find(|category| never_leaves(**category));
            if let Some(category) = forbidden {
                return Err(CeilingError(format!("entry {}: {category} never leaves a source: remove it", index + 1)));
            }
            if entry.recipients.is_empty() || entry.categories.is_empty() || entry.forms.is_empty() {
                let advice = "name at least one recipient, category and form, or remove it";
                return Err(CeilingError(format!("entry {}: {advice}", index + 1)));
            }
        }
        Ok(ceiling)
    }

    /// What may be given: the widest of the entries that apply.
    pub fn verdict(&self, asked: Asked<'_>, category: Category, form: Form) -> Verdict {
        let applies = |entry: &&Allowance| {
            entry.purpose == *asked.purpose
                && entry.is_for(asked)
                && entry.categories.contains(&category)
                && entry.forms.contains(&form)
        };
        let verdict = |entry: &Allowance| if entry.needs_override { Verdict::UnderOverride } else { Verdict::Allowed };
        self.allow.iter().filter(applies).map(verdict).max().unwrap_or(Verdict::Never)
    }

    /// Whether an override could open this at all: an entry for this purpose and this very organisation, or for any kind.
    pub fn can_be_opened(&self, purpose: &PurposeCode, recipient: &Oin, category: Category, form: Form) -> bool {
        let opens = |entry: &Allowance| {
            let meant = |entry: &Recipient| match entry {
                Recipient::Organisation(oin) => oin == recipient,
                Recipient::Kind(_) => true,
            };
            entry.recipients.iter().any(meant)
                && entry.purpose == *purpose
                && entry.categories.contains(&category)
                && entry.forms.contains(&form)
        };
        self.allow.iter().any(opens)
    }
}

/// Citizen numbers serve matching only; who reported is told to nobody.
pub(super) fn never_leaves(category: Category) -> bool {
    matches!(category, Category::CitizenNumber | Category::Reporter)
}

impl Allowance {
    fn is_for(&self, asked: Asked<'_>) -> bool {
        let names = |oin: &Oin| self.recipients.iter().any(|recipient| *recipient == Recipient::Organisation(oin.clone()));
        let by_oin = match asked.kind {
            Kind::ExpertiseTeam => !asked.attendees.is_empty() && asked.attendees.iter().all(names),
            _ => names(asked.recipient),
        };
        by_oin || self.recipients.contains(&Recipient::Kind(asked.kind))
    }
}

impl TryFrom<String> for Recipient {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let kind = Kind::from_code(&text).map(Self::Kind);
        let organisation = || text.parse().map(Self::Organisation);
        kind.map_or_else(organisation, Ok)
            .map_err(|_| "a recipient is a kind such as veilig-thuis, or an OIN of 20 digits".to_owned())
    }
}

impl From<Recipient> for String {
    fn from(recipient: Recipient) -> Self {
        match recipient {
            Recipient::Organisation(oin) => oin.to_string(),
            Recipient::Kind(kind) => kind.code().to_owned(),
        }
    }
}

/// The ceiling file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("ceiling file: {0}")]
pub struct CeilingError(String);

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = r#"
        [[allow]]
        purpose = "safety-assessment"
        recipients = ["veilig-thuis", "probation"]
        categories = ["incident-reports", "measures"]
        forms = ["reduced", "signal"]
        [[allow]]
        purpose = "safety-assessment"
        recipients = ["00000099000000001000"]
        categories = ["incident-reports"]
        forms = ["exact"]
        override = true
    "#;

    fn verdict(purpose: &str, recipient: &str, kind: Kind, category: Category, form: Form) -> Verdict {
        let purpose = PurposeCode::try_from(purpose.to_owned()).unwrap();
        let asked = Asked { purpose: &purpose, recipient: &recipient.parse().unwrap(), attendees: &BTreeSet::new(), kind };
        Ceiling::parse(FILE).unwrap().verdict(asked, category, form)
    }

    #[test]
    fn what_is_not_listed_is_not_given() {
        let (vt, other) = ("00000099000000001000", "00000099000000009999");
        let ask = |purpose, oin, kind, category, form| verdict(purpose, oin, kind, category, form);
        let reports = Category::IncidentReports;
        assert_eq!(ask("treatment", vt, Kind::VeiligThuis, reports, Form::Reduced), Verdict::Never);
        assert_eq!(ask("safety-assessment", other, Kind::Police, reports, Form::Reduced), Verdict::Never);
        assert_eq!(ask("safety-assessment", vt, Kind::VeiligThuis, Category::Diagnosis, Form::Reduced), Verdict::Never);
        assert_eq!(ask("safety-assessment", vt, Kind::VeiligThuis, reports, Form::Summary), Verdict::Never);
        assert_eq!(ask("safety-assessment", other, Kind::VeiligThuis, reports, Form::Exact), Verdict::Never);
        assert_eq!(ask("safety-assessment", vt, Kind::VeiligThuis, reports, Form::Exact), Verdict::UnderOverride);
        assert_eq!(ask("safety-assessment", other, Kind::VeiligThuis, reports, Form::Reduced), Verdict::Allowed);
    }

    /// Broken on purpose to see it fail: an entry for the one that asks applied to its team.
    #[test]
    fn a_team_may_not_have_what_only_one_of_it_may() {
        let (vt, other) = ("00000099000000001000", "00000099000000009999");
        let file = FILE.replace("safety-assessment", "team-discussion").replace("\"probation\"", "\"expertise-team\"");
        let purpose = PurposeCode::try_from("team-discussion".to_owned()).unwrap();
        let verdict = |file: &str, attendees: &[&str], form| {
            let attendees = attendees.iter().map(|oin| oin.parse().unwrap()).collect();
            let asked =
                Asked { purpose: &purpose, recipient: &vt.parse().unwrap(), attendees: &attendees, kind: Kind::ExpertiseTeam };
            Ceiling::parse(file).unwrap().verdict(asked, Category::IncidentReports, form)
        };
        assert_eq!(verdict(&file, &[vt, other], Form::Reduced), Verdict::Allowed, "by the team's kind");
        assert_eq!(verdict(&file, &[vt, other], Form::Exact), Verdict::Never, "one attendee is named, the other is not");
        assert_eq!(verdict(&file, &[vt], Form::Exact), Verdict::UnderOverride, "everyone in the team is named");
        assert_eq!(verdict(&file, &[], Form::Exact), Verdict::Never, "a team of nobody");
        let by_kind = file.replace("\"expertise-team\"", "\"police\"");
        assert_eq!(verdict(&by_kind, &[vt], Form::Reduced), Verdict::Never, "the kind of an attendee is not the team's");
    }

    #[test]
    fn an_empty_file_gives_nothing_and_a_wrong_one_is_refused() {
        let empty = Ceiling::parse("").unwrap();
        assert!(empty.allow.is_empty());
        for (from, to, problem) in [
            ("\"measures\"", "\"reporter\"", "never leaves"),
            ("\"measures\"", "\"citizen-number\"", "never leaves"),
            ("\"veilig-thuis\"", "\"everyone\"", "line 4"),
            ("forms = [\"exact\"]", "forms = []", "entry 2"),
            ("recipients = [\"00000099000000001000\"]", "recipients = []", "entry 2"),
            ("override", "overide", "line 12"),
        ] {
            let error = Ceiling::parse(&FILE.replace(from, to)).unwrap_err().to_string();
            assert!(error.contains(problem), "{from} → {to}: {error}");
        }
    }
}
