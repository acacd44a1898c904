//! Bytes to a disclosure request. Trusts nothing: what the body claims is kept apart from what is known.

use std::str::FromStr;

use uuid::Uuid;

use crate::catalogue::{Category, Form, PurposeCode};
use crate::consent::professional::{REFERENCE, Reference};
use crate::exchange::refusal::{ProblemType, Refusal};
use crate::json::{self, Faults, Object, Text};
use crate::organisation::Oin;
use crate::pseudonym::Pseudonym;
use crate::secret::Personal;
use crate::subject::{Bsn, LocalNumber, Prose, SubjectId};

/// The most categories a request can name: all there are.
const CATEGORIES: usize = Category::ALL.len();
/// The most sources a request can name.
const SOURCES: usize = 32;
/// The longest actor reference, role or id of a claim, in characters.
const SHORT: usize = 120;
/// The longest necessity, in characters.
const LONG: usize = 2000;

/// The body of `POST /v1/disclosures`, parsed.
#[derive(Clone, Debug)]
pub struct DisclosureRequest {
    /// For which purpose.
    pub purpose: PurposeCode,
    /// In which case, if any.
    pub case: Option<String>,
    /// As a case's team or director.
    pub acting_as: Option<ActingAs>,
    /// About whom.
    pub subject: SubjectReference,
    /// What is asked, each category once.
    pub categories: Vec<Category>,
    /// Of whom; `None` leaves it to the purpose's default.
    pub sources: Option<Vec<Oin>>,
    /// The finest form wanted; never `Summary`: those come where permitted.
    pub form: Form,
    /// Who asks, in the recipient's own terms.
    pub actor: Actor,
    /// Why this is needed.
    pub necessity: String,
    /// Claims of the caller: they permit nothing (invariant 4).
    pub grounds: Grounds,
}

/// In which capacity an organisation asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActingAs {
    /// For the case's expertise team.
    ExpertiseTeam,
    /// As the case's director.
    CaseDirector,
}

/// Whom a request is about.
#[derive(Clone, Debug)]
pub enum SubjectReference {
    /// By an identifier.
    Identifier(Personal<SubjectId>),
    /// By a pseudonym that this recipient was given in this case and purpose.
    Pseudonym(Pseudonym),
    /// By an offer that was made to this recipient for this purpose.
    Offer(Uuid),
}

/// The person at the recipient who asks: opaque outside her own organisation.
#[derive(Clone, Debug)]
pub struct Actor {
    /// The recipient's own reference.
    pub reference: String,
    /// Her role there.
    pub role: String,
    /// The responsible user on whose behalf she asks (NEN 7513), if another.
    pub on_behalf_of: Option<String>,
}

/// What the caller claims; logged, and nothing else.
#[derive(Clone, Debug, Default)]
pub struct Grounds {
    /// An emergency is claimed.
    pub emergency: bool,
    /// A Wpg decision is claimed.
    pub decision_id: Option<String>,
    /// A court order is claimed.
    pub court_order_id: Option<String>,
    /// A severity is claimed.
    pub severity: Option<String>,
}

/// Reads the body of `POST /v1/disclosures`.
///
/// # Errors
/// `malformed-request` when it is not JSON, `schema-invalid` with every fault together.
pub fn parse(body: &[u8]) -> Result<DisclosureRequest, Refusal> {
    let faults = Faults::default();
    let value = json::parse(body, &faults).map_err(|_| Refusal::new(ProblemType::MalformedRequest, "the body is not JSON"))?;
    let request = Object::root(value, &faults).and_then(read);
    match request {
        Some(request) if faults.is_empty() => Ok(request),
        _ => Err(Refusal::schema(faults.into_vec())),
    }
}

/// Reads on after a fault, so that all of them are found; `None` when something required is missing.
fn read(mut body: Object<'_>) -> Option<DisclosureRequest> {
    let purpose = body.required("purpose", "a purpose code");
    let case = body.optional("case", "a case id").map(|Text::<SHORT>(id)| id);
    let acting_as = body.optional("actingAs", "expertise-team or case-director");
    let subject = body.required_object("subject").and_then(subject);
    let categories = body.required_array("categories", "1 to 18 categories");
    let categories = categories.map(|array| array.distinct(CATEGORIES, "a category"));
    let sources = body.array("sources").map(|array| array.distinct(SOURCES, "an OIN of 20 digits"));
    let form = match body.optional::<FormName>("form", "exact, reduced or signal") {
        None => Form::Exact,
        Some(FormName(form)) => form,
    };
    let actor = body.required_object("actor").and_then(actor);
    let necessity = body.required("necessity", "1 to 2000 characters, no citizen number").map(|Prose::<LONG>(text)| text);
    let grounds = body.object("grounds").map(grounds).unwrap_or_default();
    body.finish();
    Some(DisclosureRequest {
        purpose: purpose?,
        case,
        acting_as,
        subject: subject?,
        categories: categories?,
        sources,
        form,
        actor: actor?,
        necessity: necessity?,
        grounds,
    })
}

/// Reads `{"scheme", "value"}`, with `"source"` for `local`.
pub fn subject(mut object: Object<'_>) -> Option<SubjectReference> {
    let scheme = object.required::<Scheme>("scheme", "bsn, v-number, local, pseudonym or offer");
    let identifier = |id| SubjectReference::Identifier(Personal::new(id));
    let reference = match scheme {
        Some(Scheme::Bsn) => {
            object.required::<Bsn>("value", "nine digits that pass the 11-proof").map(SubjectId::Bsn).map(identifier)
        }
        Some(Scheme::VNumber) => {
            object.required::<LocalNumber>("value", "1 to 64 of A-Za-z0-9._-").map(SubjectId::VNumber).map(identifier)
        }
        Some(Scheme::Local) => {
            let source = object.required::<Oin>("source", "the OIN of the source whose number it is");
            let value = object.required::<LocalNumber>("value", "1 to 64 of A-Za-z0-9._-");
            source.zip(value).map(|(source, value)| identifier(SubjectId::Local { source, value }))
        }
        Some(Scheme::Pseudonym) => {
            object.required::<Pseudonym>("value", "a pseudonym as it was given").map(SubjectReference::Pseudonym)
        }
        Some(Scheme::Offer) => object.required::<Uuid>("value", "the id of an offer").map(SubjectReference::Offer),
        None => object.value("value").and(None),
    };
    object.finish();
    reference
}

fn actor(mut object: Object<'_>) -> Option<Actor> {
    let reference = object.required("reference", REFERENCE).map(|Reference(text)| text);
    let role = object.required("role", "1 to 120 characters, no citizen number").map(|Prose::<SHORT>(text)| text);
    let on_behalf_of = object.optional("onBehalfOf", REFERENCE).map(|Reference(text)| text);
    object.finish();
    Some(Actor { reference: reference?, role: role?, on_behalf_of })
}

fn grounds(mut object: Object<'_>) -> Grounds {
    let text = |object: &mut Object<'_>, name| {
        object.optional(name, "1 to 120 characters, no citizen number").map(|Prose::<SHORT>(text)| text)
    };
    let grounds = Grounds {
        emergency: object.flag("emergency").unwrap_or_default(),
        decision_id: text(&mut object, "decisionId"),
        court_order_id: text(&mut object, "courtOrderId"),
        severity: text(&mut object, "severity"),
    };
    object.finish();
    grounds
}

impl DisclosureRequest {
    /// Whether it names an offer, and no person.
    pub fn is_of_offer(&self) -> bool {
        matches!(self.subject, SubjectReference::Offer(_))
    }
}

enum Scheme {
    Bsn,
    VNumber,
    Local,
    Pseudonym,
    Offer,
}

impl FromStr for Scheme {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "bsn" => Ok(Self::Bsn),
            "v-number" => Ok(Self::VNumber),
            "local" => Ok(Self::Local),
            "pseudonym" => Ok(Self::Pseudonym),
            "offer" => Ok(Self::Offer),
            _ => Err(()),
        }
    }
}

impl FromStr for ActingAs {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "expertise-team" => Ok(Self::ExpertiseTeam),
            "case-director" => Ok(Self::CaseDirector),
            _ => Err(()),
        }
    }
}

/// A form that can be asked for.
struct FormName(Form);

impl FromStr for FormName {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Form::from_code(text).filter(|&form| form != Form::Summary).map(Self).ok_or(())
    }
}

#[cfg(test)]
mod tests;
