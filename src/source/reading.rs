//! What sources bring to the gateway's API, read member by member: every fault of a body is found, each by its JSON Pointer and never with
//! the value.

use std::str::FromStr;

use serde::de::DeserializeOwned;
use serde::de::value::{Error, StrDeserializer};
use serde_json::Value;

use super::offers::{OfferKind, OfferMessage};
use super::overrides::{ConsentSought, OverrideContent, OverrideMessage, OverrideStanding, SignedStep};
use super::{ItemFacts, OtherPerson, RecordsAnswer, SourceItem, SubjectWire};
use crate::catalogue::shape::is_day;
use crate::catalogue::{Category, Form};
use crate::consent::derogation::{LONGEST_TEXT, MOST_RECIPIENTS};
use crate::consent::professional::{REFERENCE, Reference, is_registration};
use crate::crypto::base64;
use crate::json::{self, Fault, Faults, Object, Text};
use crate::subject::{Bsn, LocalNumber};

/// The longest reference, id or code, in characters.
const SHORT: usize = 120;
/// The most items of one release, and the most persons of one item.
const MANY: usize = 200;

/// A body is not what is expected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unreadable {
    /// Not JSON at all.
    NotJson,
    /// Every fault that was found.
    Faults(Vec<Fault>),
}

/// Reads the body of `POST /v1/overrides`.
///
/// # Errors
/// [`Unreadable`].
pub fn override_message(body: &[u8]) -> Result<OverrideMessage, Unreadable> {
    read(body, message)
}

/// Reads the body of `POST /v1/releases`.
///
/// # Errors
/// [`Unreadable`].
pub fn release(body: &[u8]) -> Result<RecordsAnswer, Unreadable> {
    read(body, answer)
}

/// Reads the body of `POST /v1/offers`.
///
/// # Errors
/// [`Unreadable`].
pub fn offer(body: &[u8]) -> Result<OfferMessage, Unreadable> {
    read(body, offered)
}

/// Reads a body that says nothing: an empty object.
///
/// # Errors
/// [`Unreadable`].
pub fn nothing(body: &[u8]) -> Result<(), Unreadable> {
    read(body, |body| {
        body.finish();
        Some(())
    })
}

fn read<T>(body: &[u8], read: fn(Object<'_>) -> Option<T>) -> Result<T, Unreadable> {
    let faults = Faults::default();
    let value = json::parse(body, &faults).map_err(|_| Unreadable::NotJson)?;
    match Object::root(value, &faults).and_then(read) {
        Some(message) if faults.is_empty() => Ok(message),
        _ => Err(Unreadable::Faults(faults.into_vec())),
    }
}

fn message(mut body: Object<'_>) -> Option<OverrideMessage> {
    let id = short(&mut body, "id");
    let standing = body.required("standing", "active or revoked").map(|Coded(standing)| standing);
    let content = body.required_object("content").and_then(content);
    let created = body.required_object("created").and_then(step);
    let approved = body.object("approved").map(step);
    let review_due = body.optional("reviewDue", INSTANT).map(|Coded(at)| at);
    let revoked = body.object("revoked").map(step);
    if standing == Some(OverrideStanding::Revoked) && revoked.is_none() {
        body.fault("revoked", "required to end an override: the signed step");
    }
    body.finish();
    let (approved, revoked) =
        (approved.map_or(Some(None), |step| step.map(Some))?, revoked.map_or(Some(None), |step| step.map(Some))?);
    Some(OverrideMessage { id: id?, standing: standing?, content: content?, created: created?, approved, review_due, revoked })
}

fn offered(mut body: Object<'_>) -> Option<OfferMessage> {
    let recipient = body.required("recipient", "an OIN of 20 digits");
    let purpose = body.required("purpose", "a purpose code");
    let kind = body.required("kind", "police-report, meldcode-report or threat").map(|Coded::<OfferKind>(kind)| kind);
    let subject = body.required_object("subject").and_then(subject);
    let expires_at = body.required("expiresAt", INSTANT).map(|Coded(at)| at);
    body.finish();
    Some(OfferMessage { recipient: recipient?, purpose: purpose?, kind: kind?, subject: subject?, expires_at: expires_at? })
}

fn content(mut object: Object<'_>) -> Option<OverrideContent> {
    let subject = object.required_object("subject").and_then(subject);
    let recipients = object.required_array("recipients", "1 to 16 organisations");
    let recipients = recipients.map(|array| array.distinct(MOST_RECIPIENTS, "an OIN of 20 digits"));
    let purpose = object.required("purpose", "a purpose code");
    let categories = object.required_array("categories", "1 to 18 categories");
    let categories = categories.map(|array| array.distinct(Category::ALL.len(), "a category"));
    let forms = object.required_array("forms", "1 to 4 forms").map(|array| array.distinct(Form::ALL.len(), "a form"));
    let ground = object.required("ground", "conflict_van_plichten, wmo_5_2_6, wmo_4_1_1, wpg_19 or noodsituatie");
    let harm = long(&mut object, "harm");
    let harm_to = long(&mut object, "harmTo");
    let consent = object.required_object("consent").and_then(consent);
    let alternatives = long(&mut object, "alternatives");
    let why_least = long(&mut object, "whyLeast");
    let colleague = long(&mut object, "colleague");
    let expires_at = object.required("expiresAt", INSTANT).map(|Coded(at)| at);
    object.finish();
    Some(OverrideContent {
        subject: subject?,
        recipients: recipients?,
        purpose: purpose?,
        categories: categories?,
        forms: forms?.into_iter().map(|Coded(form)| form).collect(),
        ground: ground.map(|Coded(ground)| ground)?,
        harm: harm?,
        harm_to: harm_to?,
        consent: consent?,
        alternatives: alternatives?,
        why_least: why_least?,
        colleague: colleague?,
        expires_at: expires_at?,
    })
}

fn consent(mut object: Object<'_>) -> Option<ConsentSought> {
    let consent = match object.required::<Sought>("sought", "yes or no") {
        Some(Sought::Yes) => {
            let on = object.required("on", "a day, YYYY-MM-DD").map(|Day(on)| on);
            let result = long(&mut object, "result");
            on.zip(result).map(|(on, result)| ConsentSought::Yes { on, result })
        }
        Some(Sought::No) => long(&mut object, "why").map(|why| ConsentSought::No { why }),
        // What else must be there depends on it.
        None => return None,
    };
    object.finish();
    consent
}

fn step(mut object: Object<'_>) -> Option<SignedStep> {
    let professional = object.required("professional", REFERENCE).map(|Reference(text)| text);
    let registration = object.required("registration", "1 to 64 letters, digits, spaces and punctuation of ASCII");
    let public_key = object.required("publicKey", "an Ed25519 key: 32 bytes, base64url without padding");
    let signed_at = object.required("signedAt", INSTANT).map(|Coded(at)| at);
    let signature = object.required("signature", "an Ed25519 signature: 64 bytes, base64url without padding");
    object.finish();
    let (Bytes::<32>(public_key), Bytes::<64>(signature)) = (public_key?, signature?);
    let registration = registration.map(|Registration(text)| text)?;
    Some(SignedStep { professional: professional?, registration, public_key, signed_at: signed_at?, signature })
}

/// A person as a source names her: one of the three schemes, with a sound value.
pub(crate) fn subject(mut object: Object<'_>) -> Option<SubjectWire> {
    let scheme: Option<Scheme> = object.required("scheme", "bsn, v-number or local");
    let named = |scheme: &str, value: &str| SubjectWire { scheme: scheme.to_owned(), value: value.to_owned() };
    let numbered = "1 to 64 of A-Za-z0-9._-";
    let subject = match scheme {
        Some(Scheme::Bsn) => {
            let bsn = object.required::<Bsn>("value", "nine digits that pass the 11-proof");
            bsn.map(|bsn| named("bsn", bsn.expose()))
        }
        Some(Scheme::VNumber) => {
            object.required::<LocalNumber>("value", numbered).map(|number| named("v-number", number.expose()))
        }
        Some(Scheme::Local) => object.required::<LocalNumber>("value", numbered).map(|number| named("local", number.expose())),
        None => object.value("value").and(None),
    };
    object.finish();
    subject
}

fn answer(mut body: Object<'_>) -> Option<RecordsAnswer> {
    let decision = short(&mut body, "decision");
    let subject = body.required_object("subject").and_then(subject);
    let items = body.required_array("items", "1 to 200 items").map(|array| array.objects(1, MANY));
    let items: Option<Vec<Option<SourceItem>>> = items.map(|items| items.into_iter().map(item).collect());
    body.finish();
    let items = items?.into_iter().collect::<Option<Vec<_>>>()?;
    Some(RecordsAnswer { decision: decision?, subject: subject?, items })
}

fn item(mut object: Object<'_>) -> Option<SourceItem> {
    let id = short(&mut object, "id");
    let category = object.required("category", "a category");
    let form = object.required("form", "a form").map(|Coded(form)| form);
    let regime = short(&mut object, "regime");
    let recorded_at = object.required("recordedAt", "a day, YYYY-MM-DD").map(|Day(day)| day);
    let nature = object.required("nature", "fact or hypothesis").map(|Coded(nature)| nature);
    let facts = object.object("facts").map(facts).unwrap_or_default();
    let persons = object.array("persons").map(|array| array.objects(0, MANY)).unwrap_or_default();
    let persons: Vec<Option<OtherPerson>> = persons.into_iter().map(person).collect();
    // What it holds is checked, field by field, against the category's own table.
    let data = object.value("data").filter(Value::is_object);
    if data.is_none() {
        object.fault("data", "required: an object");
    }
    object.finish();
    Some(SourceItem {
        id: id?,
        category: category?,
        form: form?,
        regime: regime?,
        recorded_at: recorded_at?,
        nature: nature?,
        facts,
        persons: persons.into_iter().collect::<Option<_>>()?,
        data: data?,
    })
}

fn facts(mut object: Object<'_>) -> ItemFacts {
    let text = |object: &mut Object<'_>, name| object.optional(name, "1 to 120 characters").map(|Text::<SHORT>(text)| text);
    let facts = ItemFacts {
        court_order_id: text(&mut object, "courtOrderId"),
        decision_id: text(&mut object, "decisionId"),
        decision_article: text(&mut object, "decisionArticle"),
        mandate_id: text(&mut object, "mandateId"),
        meldcode_steps: object.flag("meldcodeSteps"),
        professional: text(&mut object, "professional"),
        restraining_order: object.flag("restrainingOrder"),
        secret_address: object.flag("secretAddress"),
        severity: object.flag("severity"),
        subject_age: object.number("subjectAge", "an age in whole years"),
        test51c: object.flag("test51c"),
        under_restraining_order: object.flag("underRestrainingOrder"),
        withheld_by_source: object.flag("withheldBySource"),
        wpg_article: text(&mut object, "wpgArticle"),
    };
    object.finish();
    facts
}

fn person(mut object: Object<'_>) -> Option<OtherPerson> {
    let age_band = short(&mut object, "ageBand");
    let identifier = object.object("identifier").map(subject);
    let letter = short(&mut object, "letter");
    let protected_from = object.array("protectedFrom").map(|array| array.objects(0, MANY)).unwrap_or_default();
    let protected_from: Vec<Option<SubjectWire>> = protected_from.into_iter().map(subject).collect();
    object.finish();
    Some(OtherPerson {
        age_band: age_band?,
        identifier: identifier.map_or(Some(None), |subject| subject.map(Some))?,
        letter: letter?,
        protected_from: protected_from.into_iter().collect::<Option<_>>()?,
    })
}

const INSTANT: &str = "an instant, RFC 3339";

fn short(object: &mut Object<'_>, name: &str) -> Option<String> {
    object.required(name, "1 to 120 characters").map(|Text::<SHORT>(text)| text)
}

fn long(object: &mut Object<'_>, name: &str) -> Option<String> {
    object.required(name, "1 to 2000 characters").map(|Text::<LONGEST_TEXT>(text)| text)
}

enum Scheme {
    Bsn,
    VNumber,
    Local,
}

impl FromStr for Scheme {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "bsn" => Ok(Self::Bsn),
            "v-number" => Ok(Self::VNumber),
            "local" => Ok(Self::Local),
            _ => Err(()),
        }
    }
}

enum Sought {
    Yes,
    No,
}

impl FromStr for Sought {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "yes" => Ok(Self::Yes),
            "no" => Ok(Self::No),
            _ => Err(()),
        }
    }
}

/// A day of the calendar.
struct Day(String);

impl FromStr for Day {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if is_day(text) { Ok(Self(text.to_owned())) } else { Err(()) }
    }
}

/// A professional's registration.
struct Registration(String);

impl FromStr for Registration {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if is_registration(text) { Ok(Self(text.to_owned())) } else { Err(()) }
    }
}

/// So many bytes in base64url, kept as they were written.
struct Bytes<const LENGTH: usize>(String);

impl<const LENGTH: usize> FromStr for Bytes<LENGTH> {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        base64::decode_url_array::<LENGTH>(text).map(|_| Self(text.to_owned())).map_err(|_| ())
    }
}

/// What is written as one word of its own.
#[derive(PartialEq)]
struct Coded<T>(T);

impl<T: DeserializeOwned> FromStr for Coded<T> {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        T::deserialize(StrDeserializer::new(text)).map(Self)
    }
}

#[cfg(test)]
mod tests;
