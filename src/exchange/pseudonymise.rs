//! `Minimised` → [`Pseudonymised`]: identities become the domain's pseudonyms; identifiers and the source's facts stay behind.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::authorise::Plan;
use super::matter::Matter;
use super::minimise::{MinimalItem, Minimised};
use super::{Gateway, Stopped};
use crate::catalogue::{Category, Form};
use crate::organisation::Oin;
use crate::pseudonym::Pseudonym;
use crate::secret::Personal;
use crate::source::SourceItem;
use crate::store::StoreError;

/// Items without direct identifiers, and the subject's name in this domain.
#[derive(Debug)]
pub struct Pseudonymised {
    matter: Matter,
    plan: Arc<Plan>,
    subject: Pseudonym,
    items: Vec<MinimalItem>,
}

impl Pseudonymised {
    /// Takes it apart for the next step.
    pub(super) fn into_parts(self) -> (Matter, Arc<Plan>, Pseudonym, Vec<MinimalItem>) {
        (self.matter, self.plan, self.subject, self.items)
    }
}

/// Names subject and household members. A person whom no source knows gets a name too: it must look like any other.
///
/// # Errors
/// [`Stopped`], when the vault gives no names.
pub async fn pseudonymise(gateway: &Gateway, minimised: Minimised) -> Result<Pseudonymised, Stopped> {
    let (matter, plan, mut items) = minimised.into_parts();
    let subject = match (plan.asked_by, &plan.subject) {
        (Some(pseudonym), _) => pseudonym,
        (None, Some(subject)) => {
            names(gateway, &plan, std::slice::from_ref(subject)).await?.first().copied().ok_or_else(no_name)?
        }
        (None, None) => return Err(no_name()),
    };
    for item in &mut items {
        name_persons(gateway, &plan, subject, item).await?;
    }
    Ok(Pseudonymised { matter, plan, subject, items })
}

async fn names(
    gateway: &Gateway,
    plan: &Plan,
    persons: &[Personal<crate::subject::SubjectId>],
) -> Result<Vec<Pseudonym>, Stopped> {
    gateway.vault.names(&plan.domain, persons).await.map_err(|error| {
        tracing::error!(%error, "the vault failed");
        no_name()
    })
}

fn no_name() -> Stopped {
    Stopped::Refused(StoreError::Unavailable("the vault gives no name".to_owned()).into())
}

async fn name_persons(gateway: &Gateway, plan: &Plan, subject: Pseudonym, item: &mut MinimalItem) -> Result<(), Stopped> {
    let (category, form) = (item.permitted.item.category, item.permitted.form);
    match category {
        Category::Identity if form == Form::Reduced && plan.purpose.transforms.keeps(category, form, "pseudonym") => {
            let mut data = item.data.open_personal().clone();
            if let Some(data) = data.as_object_mut() {
                data.insert("pseudonym".to_owned(), Value::String(subject.to_string()));
            }
            item.data = Personal::new(data);
        }
        Category::Household if plan.purpose.transforms.keeps(category, form, "members[].pseudonym") => {
            let named =
                named_by_letter(gateway, plan, &item.permitted.cell.source.organisation.oin, &item.permitted.item).await?;
            item.data = Personal::new(with_member_names(item.data.open_personal().clone(), &named));
        }
        _ => {}
    }
    Ok(())
}

/// The pseudonyms of the other persons in an item, by the letter that the data uses.
async fn named_by_letter(
    gateway: &Gateway,
    plan: &Plan,
    source: &Oin,
    item: &SourceItem,
) -> Result<HashMap<String, Pseudonym>, Stopped> {
    let identified = item.persons.iter().filter_map(|person| {
        let identifier = person.identifier.as_ref()?.parse(source)?;
        Some((person.letter.clone(), Personal::new(identifier)))
    });
    let (letters, persons): (Vec<_>, Vec<_>) = identified.unzip();
    Ok(letters.into_iter().zip(names(gateway, plan, &persons).await?).collect())
}

fn with_member_names(mut data: Value, named: &HashMap<String, Pseudonym>) -> Value {
    for member in data.get_mut("members").and_then(Value::as_array_mut).into_iter().flatten() {
        let letter = member.get("letter").or_else(|| member.pointer("/person/letter")).and_then(Value::as_str).map(str::to_owned);
        let pseudonym = letter.and_then(|letter| named.get(&letter));
        if let (Some(pseudonym), Some(member)) = (pseudonym, member.as_object_mut()) {
            member.insert("pseudonym".to_owned(), Value::String(pseudonym.to_string()));
        }
    }
    data
}
