//! What a column's alias says about it: data, a fact, a mark of the item, or the draft of a summary.

use std::str::FromStr;

use serde_json::Value;

use crate::source::ItemFacts;

/// Where the value of a column goes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Column {
    /// A member of the data; several names nest.
    Data(Vec<String>),
    /// `fact:NAME`: a fact for the legal conditions.
    Fact(FactName),
    /// `meta:recordedAt`: the day of the record.
    RecordedAt,
    /// `meta:nature`: `fact` or `hypothesis`.
    Nature,
    /// `draft:NAME`: the professional's draft text for a summary; never data.
    Draft(String),
}

/// A fact that the source states per row. Whether an address is secret and the subject's age come from the person, not from the row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FactName {
    /// `wpgArticle`.
    WpgArticle,
    /// `decisionId`.
    DecisionId,
    /// `decisionArticle`.
    DecisionArticle,
    /// `mandateId`.
    MandateId,
    /// `courtOrderId`.
    CourtOrderId,
    /// `professional`.
    Professional,
    /// `meldcodeSteps`.
    MeldcodeSteps,
    /// `test51c`.
    Test51c,
    /// `severity`.
    Severity,
    /// `restrainingOrder`.
    RestrainingOrder,
    /// `underRestrainingOrder`.
    UnderRestrainingOrder,
    /// `withheldBySource`.
    WithheldBySource,
}

impl FactName {
    /// Sets the fact; `None` when the value is not of the fact's kind (text, or yes/no as 0/1).
    pub fn set(self, facts: &mut ItemFacts, value: &Value) -> Option<()> {
        let yes_no = || {
            value
                .as_bool()
                .or_else(|| value.as_i64().and_then(|number| [false, true].get(usize::try_from(number).ok()?).copied()))
        };
        let text = || match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) if number.is_i64() => Some(number.to_string()),
            _ => None,
        };
        match self {
            Self::WpgArticle => facts.wpg_article = Some(text()?),
            Self::DecisionId => facts.decision_id = Some(text()?),
            Self::DecisionArticle => facts.decision_article = Some(text()?),
            Self::MandateId => facts.mandate_id = Some(text()?),
            Self::CourtOrderId => facts.court_order_id = Some(text()?),
            Self::Professional => facts.professional = Some(text()?),
            Self::MeldcodeSteps => facts.meldcode_steps = Some(yes_no()?),
            Self::Test51c => facts.test51c = Some(yes_no()?),
            Self::Severity => facts.severity = Some(yes_no()?),
            Self::RestrainingOrder => facts.restraining_order = Some(yes_no()?),
            Self::UnderRestrainingOrder => facts.under_restraining_order = Some(yes_no()?),
            Self::WithheldBySource => facts.withheld_by_source = Some(yes_no()?),
        }
        Some(())
    }
}

impl FromStr for FactName {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Ok(match name {
            "wpgArticle" => Self::WpgArticle,
            "decisionId" => Self::DecisionId,
            "decisionArticle" => Self::DecisionArticle,
            "mandateId" => Self::MandateId,
            "courtOrderId" => Self::CourtOrderId,
            "professional" => Self::Professional,
            "meldcodeSteps" => Self::MeldcodeSteps,
            "test51c" => Self::Test51c,
            "severity" => Self::Severity,
            "restrainingOrder" => Self::RestrainingOrder,
            "underRestrainingOrder" => Self::UnderRestrainingOrder,
            "withheldBySource" => Self::WithheldBySource,
            _ => return Err(()),
        })
    }
}

impl FromStr for Column {
    type Err = ColumnError;

    fn from_str(alias: &str) -> Result<Self, ColumnError> {
        let unknown = || ColumnError::Unknown(alias.to_owned());
        match alias.split_once(':') {
            None => member_path(alias).map(Self::Data),
            Some(("fact", name)) => name.parse().map(Self::Fact).map_err(|()| unknown()),
            Some(("meta", "recordedAt")) => Ok(Self::RecordedAt),
            Some(("meta", "nature")) => Ok(Self::Nature),
            Some(("draft", name)) if is_member(name) => Ok(Self::Draft(name.to_owned())),
            Some(_) => Err(unknown()),
        }
    }
}

fn member_path(alias: &str) -> Result<Vec<String>, ColumnError> {
    let names: Vec<String> = alias.split('.').map(str::to_owned).collect();
    if names.iter().all(|name| is_member(name)) { Ok(names) } else { Err(ColumnError::NotAMember(alias.to_owned())) }
}

fn is_member(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|first| first.is_ascii_alphabetic()) && letters.all(|letter| letter.is_ascii_alphanumeric())
}

/// A column's alias says nothing we know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ColumnError {
    /// The prefix or the name after it is unknown.
    #[error(
        "unknown column `{0}`: give it an alias such as \"kind\", \"fact:wpgArticle\", \"meta:recordedAt\" or \"draft:summary\""
    )]
    Unknown(String),
    /// Not a JSON member name.
    #[error("column `{0}` is no member name: give it an alias of letters and digits, dots where it nests")]
    NotAMember(String),
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn aliases_say_where_a_value_goes() {
        assert_eq!("scale.value".parse(), Ok(Column::Data(vec!["scale".into(), "value".into()])));
        assert_eq!("fact:wpgArticle".parse(), Ok(Column::Fact(FactName::WpgArticle)));
        assert_eq!("meta:recordedAt".parse(), Ok(Column::RecordedAt));
        assert_eq!("draft:summary".parse(), Ok(Column::Draft("summary".into())));
        for wrong in ["fact:secretAddress", "fact:subjectAge", "fact:x", "meta:id", "draft:", "a..b", "count(*)", "x:y", ""] {
            assert!(wrong.parse::<Column>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn facts_take_only_their_own_kind() {
        let mut facts = ItemFacts::default();
        assert_eq!(FactName::WpgArticle.set(&mut facts, &json!(8)), Some(()));
        assert_eq!(facts.wpg_article.as_deref(), Some("8"));
        assert_eq!(FactName::MeldcodeSteps.set(&mut facts, &json!(2)), None);
        assert_eq!(FactName::MeldcodeSteps.set(&mut facts, &json!("yes")), None);
        assert_eq!(facts.meldcode_steps, None);
        assert_eq!(FactName::MeldcodeSteps.set(&mut facts, &json!(1)), Some(()));
        assert_eq!(facts.meldcode_steps, Some(true));
    }
}
