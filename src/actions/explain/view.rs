//! An explanation as it is told.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::catalogue::{Category, Form, PurposeCode};
use crate::clock::Timestamp;
use crate::organisation::Oin;
use crate::policy::Language;

/// Why the items of a disclosure were given, or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// The disclosure's id.
    pub disclosure: String,
    /// Who asked.
    #[schema(value_type = String)]
    pub recipient: Oin,
    /// What it is called, if it is registered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipient_name: Option<String>,
    /// For what.
    #[schema(value_type = String)]
    pub purpose: PurposeCode,
    /// What that is called.
    pub purpose_name: Texts,
    /// The hash of the policies that decided last.
    pub policies: String,
    /// Their version, if they have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Whether those are the policies in force.
    pub in_force: bool,
    /// Whether their texts are at hand, to tell why in their words.
    pub at_hand: bool,
    /// By source and category.
    pub items: Vec<ExplainedItem>,
}

/// Why one item was given, or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ExplainedItem {
    /// When it was decided.
    #[schema(value_type = String, format = DateTime)]
    pub decided_at: Timestamp,
    /// Whose data.
    #[schema(value_type = String)]
    pub source: Oin,
    /// What it is called, if it is registered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_name: Option<String>,
    /// Of which category.
    pub category: Category,
    /// What that is called.
    pub category_name: Texts,
    /// The finest form that was asked for.
    pub asked: Form,
    /// The forms that the policies permitted.
    pub permitted: BTreeSet<Form>,
    /// The form that was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given: Option<Form>,
    /// What that is called.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub given_name: Option<Texts>,
    /// The code of the reason why it was withheld; `unavailable` where the reader is not told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The reason in words.
    pub reason_text: Texts,
    /// The id of the consent that it was given on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent: Option<String>,
    /// The id of the override by which it was given; not told to the subject.
    #[serde(rename = "override", skip_serializing_if = "Option::is_none")]
    pub derogation: Option<String>,
    /// The policies that decided.
    pub decided_by: Vec<Deciding>,
    /// The permits that were meant for such a request, with what is missing.
    pub missing: Vec<Missing>,
}

/// A policy that decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Deciding {
    /// Its id.
    pub id: String,
    /// Why it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<Texts>,
    /// The law that it rests on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub legal: Option<String>,
}

/// A permit that was meant for such a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Missing {
    /// The permit.
    #[serde(flatten)]
    pub policy: Deciding,
    /// The form that it would have given.
    pub form: Form,
    /// The conditions that are not fulfilled.
    pub conditions: Vec<Texts>,
}

/// The same in both languages.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Texts {
    /// Dutch.
    pub nl: String,
    /// English.
    pub en: String,
}

impl Texts {
    pub(super) fn each(text: impl Fn(Language) -> String) -> Self {
        Self { nl: text(Language::Nl), en: text(Language::En) }
    }

    /// In one language.
    pub fn of(&self, language: Language) -> &str {
        match language {
            Language::Nl => &self.nl,
            Language::En => &self.en,
        }
    }
}
