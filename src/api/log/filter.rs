//! Reading a filter, as queries and whatever else looks at a part of the log take it.

use std::str::FromStr;

use serde::de::DeserializeOwned;
use serde::de::value::StrDeserializer;

use crate::actions::log::Asked;
use crate::case_room::CaseId;
use crate::clock::Timestamp;
use crate::consent::professional::{REFERENCE, Reference};
use crate::exchange::authenticate::Authenticated;
use crate::exchange::refusal::{ProblemType, Refusal};
use crate::exchange::request::{self, SubjectReference};
use crate::json::Object;
use crate::secret::Personal;
use crate::subject::{Prose, SubjectId};

const PERSON: &str = "a person by bsn, v-number or local number: pseudonyms are searched for by the case or the actor";
pub(super) const CASE: &str = "the case, by its id";
pub(super) const SECOND: &str = "an instant of whole seconds, RFC 3339";

/// What a request may call a case: the id of one here (a UUID, in which nine digits mean nothing), or any text without a citizen number, as it is logged.
pub(super) struct Case(pub(super) String);

impl FromStr for Case {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if text.parse::<CaseId>().is_ok() {
            return Ok(Self(text.to_owned()));
        }
        text.parse().map(|Prose::<120>(case)| Self(case))
    }
}

/// Reads the member `filter`; without it, everything.
pub(in crate::api) fn filter(request: &mut Object<'_>) -> Asked {
    request.object("filter").map(members).unwrap_or_default()
}

fn members(mut filter: Object<'_>) -> Asked {
    let subject = subject(&mut filter);
    let asked = Asked {
        subject,
        actor: filter.optional("actor", REFERENCE).map(|Reference(actor)| actor),
        case: filter.optional("case", CASE).map(|Case(case)| case),
        organisation: filter.optional("organisation", "an OIN"),
        purpose: filter.optional("purpose", "a purpose code"),
        category: filter.optional("category", "a category"),
        kind: filter.optional("kind", "a kind of entry").map(|Coded(kind)| kind),
        from: filter.optional("from", SECOND).map(|Second(from)| from),
        until: filter.optional("until", SECOND).map(|Second(until)| until),
        outcome: filter.optional("outcome", "an outcome").map(|Coded(outcome)| outcome),
        overridden: filter.flag("overridden"),
    };
    if asked.from.zip(asked.until).is_some_and(|(from, until)| until <= from) {
        filter.fault("until", "an instant after `from`: what it names is not part of the period");
    }
    filter.finish();
    asked
}

/// Reads the member `subject`: a person by an identifier.
pub(in crate::api) fn subject(object: &mut Object<'_>) -> Option<Personal<SubjectId>> {
    match object.object("subject").and_then(request::subject)? {
        SubjectReference::Identifier(subject) => Some(subject),
        SubjectReference::Pseudonym(_) | SubjectReference::Offer(_) => {
            object.fault("subject", PERSON);
            None
        }
    }
}

/// Whether the caller may name the person as it does: the citizen number is for those who may use it (Wabb).
pub(in crate::api) fn may_name(authenticated: &Authenticated, subject: Option<&Personal<SubjectId>>) -> Result<(), Refusal> {
    let by_bsn = subject.is_some_and(Personal::is_bsn);
    if by_bsn && !authenticated.caller().organisation().bsn_authority {
        return Err(Refusal::new(ProblemType::NotPermitted, "the organisation has no authority to use the citizen number (BSN)"));
    }
    Ok(())
}

/// What is written as one word of its own.
pub(super) struct Coded<T>(pub(super) T);

impl<T: DeserializeOwned> std::str::FromStr for Coded<T> {
    type Err = serde::de::value::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        T::deserialize(StrDeserializer::new(text)).map(Self)
    }
}

/// An instant without a part of a second.
pub(super) struct Second(pub(super) Timestamp);

impl std::str::FromStr for Second {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let at = Timestamp::parse(text).map_err(|_| ())?;
        (at.millis() % 1000 == 0).then_some(Self(at)).ok_or(())
    }
}
