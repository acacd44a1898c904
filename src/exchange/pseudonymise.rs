//! `Minimised` → [`Pseudonymised`]: identities become the domain's pseudonyms; identifiers and the source's facts stay behind.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::case::recipients;
use super::matter::Matter;
use super::minimise::{MinimalItem, Minimised};
use super::plan::Plan;
use super::{Gateway, Stopped};
use crate::catalogue::{Category, Form};
use crate::pseudonym::{Domain, Pseudonym};
use crate::secret::Personal;
use crate::store::StoreError;
use crate::subject::SubjectId;

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
    if items.is_empty() && matter.request.is_of_offer() {
        // By the real name the collector would learn whom the source had in mind; nothing is named, and this is nobody's.
        let subject = Pseudonym::draw(&*gateway.entropy).map_err(|_| no_name())?;
        return Ok(Pseudonymised { matter, plan, subject, items });
    }
    let mut persons: Vec<Personal<SubjectId>> = Vec::new();
    if plan.asked_by.is_none() {
        persons.push(plan.subject.clone());
    }
    let mut named = Vec::with_capacity(items.len());
    for item in &items {
        let members = members(&plan, item);
        named.push(members.iter().map(|(letter, _)| letter.clone()).collect::<Vec<_>>());
        persons.extend(members.into_iter().map(|(_, person)| person));
    }
    // All names in one look-up, in the order in which they were asked for.
    let mut drawn = names(gateway, &plan.domain, &persons).await?.into_iter();
    mark(gateway, &matter, &plan, persons).await?;
    let subject = plan.asked_by.or_else(|| drawn.next()).ok_or_else(no_name)?;
    for (item, letters) in items.iter_mut().zip(named) {
        let by_letter = letters.into_iter().map(|letter| Ok((letter, drawn.next().ok_or_else(no_name)?)));
        name_persons(&plan, subject, item, &by_letter.collect::<Result<_, Stopped>>()?);
    }
    Ok(Pseudonymised { matter, plan, subject, items })
}

/// Who acts for a person in a case acts for that person: so that it is found in one place, whatever the case, the person is named outside it too.
/// Nobody is told that name.
async fn mark(gateway: &Gateway, matter: &Matter, plan: &Plan, mut persons: Vec<Personal<SubjectId>>) -> Result<(), Stopped> {
    if plan.case.is_none() || !plan.purpose.acts_for_subject {
        return Ok(());
    }
    persons.push(plan.subject.clone());
    for recipient in recipients(matter, plan.case.as_deref()) {
        let outside = Domain::of_organisation(&recipient, None, plan.purpose.id.clone());
        names(gateway, &outside, &persons).await?;
    }
    Ok(())
}

async fn names(gateway: &Gateway, domain: &Domain, persons: &[Personal<SubjectId>]) -> Result<Vec<Pseudonym>, Stopped> {
    gateway.vault.names(domain, persons).await.map_err(|error| {
        tracing::error!(%error, "the vault failed");
        no_name()
    })
}

fn no_name() -> Stopped {
    Stopped::Refused(StoreError::Unavailable("the vault gives no name".to_owned()).into())
}

fn names_members(plan: &Plan, item: &MinimalItem) -> bool {
    let (category, form) = (item.permitted.item.category, item.permitted.form);
    category == Category::Household && plan.purpose.transforms.keeps(category, form, "members[].pseudonym")
}

/// The other persons whom an item names, by the letter that its data uses.
fn members(plan: &Plan, item: &MinimalItem) -> Vec<(String, Personal<SubjectId>)> {
    if !names_members(plan, item) {
        return Vec::new();
    }
    let source = &item.permitted.cell.source.organisation.oin;
    let identified = item.permitted.item.persons.iter().filter_map(|person| {
        let identifier = person.identifier.as_ref()?.parse(source)?;
        Some((person.letter.clone(), Personal::new(identifier)))
    });
    identified.collect()
}

fn name_persons(plan: &Plan, subject: Pseudonym, item: &mut MinimalItem, named: &HashMap<String, Pseudonym>) {
    let (category, form) = (item.permitted.item.category, item.permitted.form);
    if category == Category::Identity && form == Form::Reduced && plan.purpose.transforms.keeps(category, form, "pseudonym") {
        let mut data = item.data.open_personal().clone();
        if let Some(data) = data.as_object_mut() {
            data.insert("pseudonym".to_owned(), Value::String(subject.to_string()));
        }
        item.data = Personal::new(data);
    }
    if names_members(plan, item) {
        item.data = Personal::new(with_member_names(item.data.open_personal().clone(), named));
    }
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
