//! Who is protected from whom (`domain.md` §4): nothing about a person goes to a recipient that acts for someone from whom the person is
//! protected. Only the gateway can know for whom a recipient acts; that it does not is a fact like any other, found again when the item is
//! recorded and whenever it is picked up.

use super::case::recipients;
use super::matter::Matter;
use super::plan::Plan;
use super::vault::VaultFailure;
use super::{Gateway, Stopped};
use crate::organisation::Oin;
use crate::pseudonym::Domain;
use crate::secret::Personal;
use crate::source::{OtherPerson, SourceItem};
use crate::store::{NameIndex, StoreError};
use crate::subject::SubjectId;

/// What one item's protected persons ask of its recipient.
#[derive(Debug, Default)]
pub(super) struct Protection {
    /// The recipient acts for someone from whom a person in the item is protected, or that cannot be told.
    pub(super) from_recipient: bool,
    /// The names under which the recipient would act for one of them: none of them is given, and none may come to be.
    pub(super) apart: Vec<NameIndex>,
}

/// Looks whether the recipient acts for one of those from whom a person in `item` is protected: it asks about one now, or has one as its
/// subject, for a purpose that serves the subject. The subject's own protection comes as the person with the letter S.
///
/// # Errors
/// [`Stopped`], when the vault cannot say whom the recipient acts for.
pub(super) async fn protection(
    gateway: &Gateway,
    matter: &Matter,
    plan: &Plan,
    source: &Oin,
    item: &SourceItem,
) -> Result<Protection, Stopped> {
    let cannot_be_told = Protection { from_recipient: true, apart: Vec::new() };
    let mut all = Vec::new();
    for person in &item.persons {
        // From whom cannot be told: then it may be anybody, the one whom the recipient acts for included.
        let Some(opposing) = opposing(person, source) else { return Ok(cannot_be_told) };
        if plan.purpose.acts_for_subject && may_be_among(&plan.subject, &opposing) {
            return Ok(cannot_be_told);
        }
        all.extend(opposing);
    }
    let apart = names(gateway, matter, plan, &all).await.map_err(|error| failed(&error))?;
    let from_recipient = any_given(gateway, &apart).await?;
    Ok(Protection { from_recipient, apart })
}

/// Whether the recipient has come to act for one of those whom these names mean.
///
/// # Errors
/// [`Stopped`], when the vault cannot be read.
pub(super) async fn any_given(gateway: &Gateway, names: &[NameIndex]) -> Result<bool, Stopped> {
    gateway.vault.any_given(names).await.map_err(|error| failed(&error))
}

fn failed(error: &VaultFailure) -> Stopped {
    tracing::error!(%error, "the vault failed");
    Stopped::Refused(StoreError::Unavailable("vault".to_owned()).into())
}

fn opposing(person: &OtherPerson, source: &Oin) -> Option<Vec<Personal<SubjectId>>> {
    person.protected_from.iter().map(|wire| wire.parse(source).map(Personal::new)).collect()
}

/// Whether `subject` is one of those in the list, or may be for all that can be compared. The list names each person by every number that its
/// source has; when there are more of another scheme than of the subject's, somebody in it has no number that could be compared.
fn may_be_among(subject: &Personal<SubjectId>, opposing: &[Personal<SubjectId>]) -> bool {
    let of_scheme = |one: &Personal<SubjectId>| opposing.iter().filter(|other| one.is_of_same_scheme(other)).count();
    let comparable = of_scheme(subject);
    opposing.contains(subject) || opposing.iter().any(|other| of_scheme(other) > comparable)
}

/// The names of `persons` in every domain in which the recipient, of a team each attendee, acts for its subject. What is asked in a case leaves its
/// mark here too: see [`super::pseudonymise`].
async fn names(
    gateway: &Gateway,
    matter: &Matter,
    plan: &Plan,
    persons: &[Personal<SubjectId>],
) -> Result<Vec<NameIndex>, VaultFailure> {
    let mut names = Vec::new();
    for purpose in plan.bundle.purposes().filter(|purpose| purpose.acts_for_subject) {
        for recipient in recipients(matter, plan.case.as_deref()) {
            let domain = Domain::of_organisation(&recipient, None, purpose.id.clone());
            names.extend(gateway.vault.indexes(&domain, persons).await?);
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::SubjectWire;

    /// Broken on purpose to see it fail: only `contains`, as it was.
    #[test]
    fn who_cannot_be_compared_may_be_anybody() {
        let source: Oin = "1".repeat(20).parse().expect("OIN");
        let person = |scheme: &str, value: &str| {
            let wire = SubjectWire { scheme: scheme.to_owned(), value: value.to_owned() };
            Personal::new(wire.parse(&source).expect("an identifier"))
        };
        let (bsn, number) = (person("bsn", "999990019"), person("v-number", "7"));
        assert!(!may_be_among(&bsn, &[]));
        assert!(may_be_among(&bsn, &[person("bsn", "999990019")]));
        assert!(!may_be_among(&bsn, &[person("bsn", "999990020")]));
        assert!(may_be_among(&number, &[person("bsn", "999990020")]), "no number that could be compared");
        assert!(!may_be_among(&number, &[person("bsn", "999990020"), person("v-number", "8")]), "named by both");
        let two = [person("bsn", "999990020"), person("bsn", "999990019"), person("v-number", "8")];
        assert!(may_be_among(&number, &two), "one of the two by one number only");
        assert!(may_be_among(&person("local", "7"), &[person("v-number", "7")]));
    }
}
