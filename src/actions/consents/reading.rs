//! Reading what sources bring to the register, member by member: every fault of a body is found, each by its JSON Pointer and never with the value.

use std::str::FromStr;

use serde::de::DeserializeOwned;
use serde::de::value::{Error, StrDeserializer};

use super::draft::{Draft, Opening};
use super::events::Ending;
use crate::catalogue::Category;
use crate::consent::minors::{Grantor, GrantorRole};
use crate::consent::professional::{REFERENCE, Reference};
use crate::consent::record::{Evidence, Notice};
use crate::json::{self, Fault, Faults, Object, Text};
use crate::organisation::Oin;
use crate::secret::Personal;
use crate::source::reading;
use crate::subject::{Prose, SubjectId};

const SHORT: usize = 120;
const LONG: usize = 2000;
const INSTANT: &str = "an instant, RFC 3339";
const AN_OIN: &str = "an OIN of 20 digits; there are no wildcards";

/// A body is not what is expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unread {
    /// Not JSON at all.
    NotJson,
    /// Every fault that was found.
    Faults(Vec<Fault>),
}

/// Reads the body of `POST /v1/consents` of `source`.
///
/// # Errors
/// [`Unread`].
pub fn draft(body: &[u8], source: &Oin) -> Result<Draft, Unread> {
    read(body, |body| whole(body, source))
}

/// Reads the body of a withdrawal, refusal or invalidation.
///
/// # Errors
/// [`Unread`].
pub fn ending(body: &[u8]) -> Result<Ending, Unread> {
    read(body, |mut body| {
        let at = body.required("at", INSTANT).map(|Coded(at)| at);
        let recorded_by = person(&mut body, "recordedBy");
        let reason = long(&mut body, "reason");
        body.finish();
        Some(Ending { at: at?, recorded_by: recorded_by?, reason })
    })
}

/// Reads a query about a person: about whom, and who asks.
///
/// # Errors
/// [`Unread`].
pub fn query(body: &[u8], source: &Oin) -> Result<(Personal<SubjectId>, String), Unread> {
    read(body, |mut body| {
        let subject = body.required_object("subject").and_then(|object| subject(object, source));
        let by = person(&mut body, "by");
        body.finish();
        Some((subject?, by?))
    })
}

fn read<T>(body: &[u8], read: impl FnOnce(Object<'_>) -> Option<T>) -> Result<T, Unread> {
    let faults = Faults::default();
    let value = json::parse(body, &faults).map_err(|_| Unread::NotJson)?;
    match Object::root(value, &faults).and_then(read) {
        Some(message) if faults.is_empty() => Ok(message),
        _ => Err(Unread::Faults(faults.into_vec())),
    }
}

fn whole(mut body: Object<'_>, source: &Oin) -> Option<Draft> {
    let opening = body.required("event", "requested, given or refused");
    let subject = body.required_object("subject").and_then(|object| subject(object, source));
    let without_bsn = body.flag("withoutBsn").unwrap_or_default();
    let subject_age = body.required_number::<u8>("subjectAge", "the subject's age in whole years");
    let oins = |body: &mut Object<'_>, name| body.required_array(name, AN_OIN).map(|array| array.distinct(32, AN_OIN));
    let sources = oins(&mut body, "sources");
    let recipients = oins(&mut body, "recipients");
    let purposes = body.required_array("purposes", "purpose codes").map(|array| array.distinct(11, "a purpose code"));
    let categories = body.required_array("categories", "1 to 18 categories");
    let categories = categories.map(|array| array.distinct(Category::ALL.len(), "a category; there are no wildcards"));
    let max_form = body.required("maxForm", "exact, summary, reduced or signal").map(|Coded(form)| form);
    let at = body.required("at", INSTANT).map(|Coded(at)| at);
    let valid_from = body.optional("validFrom", INSTANT).map(|Coded(at)| at);
    let not_after = body.required("notAfter", "an instant, RFC 3339: no consent without an end").map(|Coded(at)| at);
    let notice = body.required_object("notice").and_then(notice);
    let grantors = body.array("grantors").map(|array| array.objects(0, 8)).unwrap_or_default();
    let grantors: Vec<Option<Grantor>> = grantors.into_iter().map(grantor).collect();
    let parents_with_custody = body.number("parentsWithCustody", "how many parents or guardians have custody").unwrap_or(2);
    let capacity_assessed_by = body.optional("capacityAssessedBy", REFERENCE).map(|Reference(text)| text);
    let asked_in_private = body.required_flag("askedInPrivate", "whether it was asked outside the partner's hearing");
    let evidence = body.required_object("evidence").and_then(evidence);
    let recorded_by = person(&mut body, "recordedBy");
    let reason = long(&mut body, "reason");
    let conditions = long(&mut body, "conditions");
    let supersedes = body.optional("supersedes", "a consent's id").map(|Text::<SHORT>(id)| id);
    body.finish();
    Some(Draft {
        opening: opening?,
        subject: subject?,
        without_bsn,
        subject_age: subject_age?,
        sources: sources?,
        recipients: recipients?,
        purposes: purposes?,
        categories: categories?,
        max_form: max_form?,
        at: at?,
        valid_from,
        not_after: not_after?,
        notice: notice?,
        grantors: grantors.into_iter().collect::<Option<_>>()?,
        parents_with_custody,
        capacity_assessed_by,
        asked_in_private: asked_in_private?,
        evidence: evidence?,
        recorded_by: recorded_by?,
        reason,
        conditions,
        supersedes,
    })
}

/// A person as `source` knows her: by citizen number, V-number or the source's own number.
fn subject(object: Object<'_>, source: &Oin) -> Option<Personal<SubjectId>> {
    reading::subject(object)?.parse(source).map(Personal::new)
}

fn notice(mut object: Object<'_>) -> Option<Notice> {
    let id = short(&mut object, "id");
    let version = short(&mut object, "version");
    let language = object.required("language", "a language tag, BCP 47, such as nl").map(|Language(tag)| tag);
    let sha256 = object.required("sha256", DIGEST).map(|Sha256(digest)| digest);
    object.finish();
    Some(Notice { id: id?, version: version?, language: language?, sha256: sha256? })
}

fn grantor(mut object: Object<'_>) -> Option<Grantor> {
    let role = object.required("role", "self, parent, guardian, curator, mentor, authorised, partner or family");
    let role = role.map(|Coded(role)| role);
    let authority_evidence =
        object.optional("authorityEvidence", "1 to 120 characters, no citizen number").map(|Prose::<SHORT>(text)| text);
    let method = short(&mut object, "method");
    let at = object.required("at", INSTANT).map(|Coded(at)| at);
    let alleged_perpetrator = object.flag("allegedPerpetrator");
    if role.is_some_and(|role| role != GrantorRole::Subject) && alleged_perpetrator.is_none() {
        object.fault(
            "allegedPerpetrator",
            "required of everyone but the subject: true or false, whether this person is suspected of the violence",
        );
    }
    object.finish();
    let alleged_perpetrator = alleged_perpetrator.unwrap_or_default();
    Some(Grantor { role: role?, authority_evidence, method: method?, at: at?, alleged_perpetrator })
}

fn evidence(mut object: Object<'_>) -> Option<Evidence> {
    let kind = object.required("kind", "signed_form, recorded_oral or digital_id").map(|Coded(kind)| kind);
    let sha256 = object.required("sha256", DIGEST).map(|Sha256(digest)| digest);
    let holder = object.required("holder", "the OIN of who keeps it");
    object.finish();
    Some(Evidence { kind: kind?, sha256: sha256?, holder: holder? })
}

const DIGEST: &str = "a SHA-256: 64 hexadecimal digits";

fn short(object: &mut Object<'_>, name: &str) -> Option<String> {
    object.required(name, "1 to 120 characters, no citizen number").map(|Prose::<SHORT>(text)| text)
}

/// Who acts, as her organisation writes it.
fn person(object: &mut Object<'_>, name: &str) -> Option<String> {
    object.required(name, REFERENCE).map(|Reference(reference)| reference)
}

fn long(object: &mut Object<'_>, name: &str) -> Option<String> {
    object.optional(name, "1 to 2000 characters, no citizen number").map(|Prose::<LONG>(text)| text)
}

struct Sha256(String);

impl FromStr for Sha256 {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let digits = text.len() == 2 * 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if digits { Ok(Self(text.to_ascii_lowercase())) } else { Err(()) }
    }
}

struct Language(String);

impl FromStr for Language {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let plain = |part: &str| (1..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if text.len() <= 35 && text.split('-').all(plain) { Ok(Self(text.to_owned())) } else { Err(()) }
    }
}

impl FromStr for Opening {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "requested" => Ok(Self::Requested),
            "given" => Ok(Self::Given),
            "refused" => Ok(Self::Refused),
            _ => Err(()),
        }
    }
}

/// What is written as one word of its own.
struct Coded<T>(T);

impl<T: DeserializeOwned> FromStr for Coded<T> {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        T::deserialize(StrDeserializer::new(text)).map(Self)
    }
}
