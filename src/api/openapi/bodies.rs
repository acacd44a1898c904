//! What is sent and answered, as schemas.

use utoipa::ToSchema;

use crate::catalogue::{Category, Form};

/// The body of `POST /v1/disclosures`, as a schema: it is read by [`crate::exchange::request`], which finds every fault at once.
#[derive(ToSchema)]
#[schema(as = DisclosureRequest, rename_all = "camelCase")]
#[expect(dead_code, reason = "a schema: the request itself is read by hand")]
pub(in crate::api) struct DisclosureBody {
    /// The purpose's code.
    #[schema(example = "safety-assessment", pattern = "^[a-z0-9-]{1,40}$")]
    purpose: String,
    /// The case, if any: its id, as the gateway's operator gave it. The organisation must take part in it.
    #[schema(required = false)]
    case: Option<String>,
    /// As a case's team or director.
    #[schema(required = false)]
    acting_as: Option<ActingAs>,
    /// About whom.
    subject: Subject,
    /// What is asked, each category once.
    #[schema(min_items = 1, max_items = 18)]
    categories: Vec<Category>,
    /// Of whom, by OIN; may be left out where the purpose names a default.
    #[schema(required = false, min_items = 1, max_items = 32)]
    sources: Option<Vec<String>>,
    /// The finest form wanted; summaries come where permitted.
    #[schema(required = false, default = "exact")]
    form: Option<FormAsked>,
    /// Who asks, in the recipient's own terms.
    actor: Actor,
    /// Why this is needed, for the log and the source.
    #[schema(min_length = 1, max_length = 2000)]
    necessity: String,
    /// Claims: they permit nothing until a source or authority confirms them.
    #[schema(required = false)]
    grounds: Option<Grounds>,
}

/// A body that says nothing.
#[derive(ToSchema)]
pub(in crate::api) struct Nothing {}

/// The body of `POST /v1/consents`: read by [`crate::actions::consents`], which finds every fault at once.
#[derive(ToSchema)]
#[schema(as = ConsentRecording, rename_all = "camelCase")]
#[expect(dead_code, reason = "a schema: the body itself is read by hand")]
pub(in crate::api) struct ConsentBody {
    /// `requested`, `given` or `refused`.
    #[schema(example = "given", pattern = "^(requested|given|refused)$")]
    event: String,
    /// About whom, by a number that you may use.
    subject: crate::source::SubjectWire,
    /// That the person has no citizen number, or none that you know: required to be true where you may use it and name the person by another number,
    /// for what is recorded under one number is not found by another.
    #[schema(required = false, default = false)]
    without_bsn: bool,
    /// The subject's age in whole years at that moment. Turning 12, 16 or 18 re-opens consent.
    subject_age: u8,
    /// Whose data: your own OIN.
    #[schema(min_items = 1, max_items = 1)]
    sources: Vec<String>,
    /// For whom, by OIN; no kinds, no wildcards.
    #[schema(min_items = 1, max_items = 32)]
    recipients: Vec<String>,
    /// For what: one purpose; a refusal may name all that it refuses.
    #[schema(min_items = 1, max_items = 11)]
    purposes: Vec<String>,
    /// Of which categories.
    #[schema(min_items = 1, max_items = 18)]
    categories: Vec<Category>,
    /// Up to which form.
    max_form: Form,
    /// When it happened: by default at most 28 days before it is recorded; a refusal however long ago.
    #[schema(format = DateTime)]
    at: String,
    /// From when it holds, not before it is recorded.
    #[schema(required = false, format = DateTime)]
    valid_from: Option<String>,
    /// Until when it holds: by default at most 183 days after it was given.
    #[schema(format = DateTime)]
    not_after: String,
    /// The text shown.
    notice: crate::consent::record::Notice,
    /// Who gave or refused it.
    #[schema(required = false, max_items = 8)]
    grantors: Vec<GrantorBody>,
    /// How many parents or guardians have custody.
    #[schema(required = false, default = 2)]
    parents_with_custody: u8,
    /// Who judged that the subject cannot decide about this.
    #[schema(required = false)]
    capacity_assessed_by: Option<String>,
    /// Whether it was asked outside the partner's hearing.
    asked_in_private: bool,
    /// What shows it; it stays with its holder.
    evidence: crate::consent::record::Evidence,
    /// The professional who records it: visible ASCII, single spaces.
    #[schema(min_length = 1, max_length = 64, pattern = "^[!-~]+( [!-~]+)*$")]
    recorded_by: String,
    /// Why, in the giver's words.
    #[schema(required = false)]
    reason: Option<String>,
    /// Conditions that the giver made.
    #[schema(required = false)]
    conditions: Option<String>,
    /// The earlier consent that it takes the place of. After a refusal or a withdrawal it is needed, and what follows must have been given since.
    #[schema(required = false)]
    supersedes: Option<String>,
}

/// Someone who gave or refused consent.
#[derive(ToSchema)]
#[schema(as = ConsentGrantor, rename_all = "camelCase")]
#[expect(dead_code, reason = "a schema: the body itself is read by hand")]
pub(super) struct GrantorBody {
    /// As whom.
    role: crate::consent::minors::GrantorRole,
    /// What shows the authority of a representative, such as an extract of the custody register: required of everyone but `self`.
    #[schema(required = false)]
    authority_evidence: Option<String>,
    /// How: in person, by telephone, by digital identity.
    method: String,
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// Whether this person is suspected of the violence: required of everyone but `self`. The consent of such a representative waits for the source's
    /// professional.
    #[schema(required = false)]
    alleged_perpetrator: Option<bool>,
}

/// The end of a consent.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
#[expect(dead_code, reason = "a schema")]
pub(in crate::api) struct ConsentEnding {
    /// When it happened.
    #[schema(format = DateTime)]
    at: String,
    /// The professional who records it: visible ASCII, single spaces.
    #[schema(min_length = 1, max_length = 64, pattern = "^[!-~]+( [!-~]+)*$")]
    recorded_by: String,
    /// Why; required of an invalidation.
    #[schema(required = false)]
    reason: Option<String>,
}

/// About whom consents are looked up.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
pub(in crate::api) struct ConsentQuery {
    /// The person.
    subject: crate::source::SubjectWire,
    /// Who asks, in your own terms.
    #[schema(min_length = 1, max_length = 120)]
    by: String,
}

/// A page of consents.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
pub(in crate::api) struct Consents {
    /// The consents.
    consents: Vec<crate::actions::consents::ConsentSummary>,
    /// Whether there are more.
    more: bool,
}

/// Open tasks.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
pub(in crate::api) struct Notices {
    /// The tasks.
    notices: Vec<crate::actions::notices::NoticeView>,
    /// Whether there are more.
    more: bool,
}

/// An answer to a task.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
pub(in crate::api) struct NoticeAnswer {
    /// Which.
    answer: crate::notice::AnswerCode,
    /// By whom, in your own terms.
    #[schema(min_length = 1, max_length = 120)]
    by: String,
    /// The basis or finding.
    #[schema(required = false, max_length = 2000)]
    basis: Option<String>,
    /// Why it is put off.
    #[schema(required = false)]
    reason: Option<crate::notice::DeferralReason>,
    /// Until when it is put off.
    #[schema(required = false, format = DateTime)]
    until: Option<String>,
    /// Required of a review of an override or of an emergency: the privacy officer's signature with her own enrolled Ed25519 key over the canonical JSON (RFC 8785) of
    /// `{"action":"override-review","answer":…,"basis":… or null,"gateway":…,"notice":…,"organisation":…,"override":…,"professional":…,"signedAt":…}`; of an emergency the action is
    /// `emergency-review`, and `disclosure` stands in the place of `override`.
    #[schema(required = false)]
    signed: Option<crate::notice::OwnSignature>,
}

/// A message of a source was taken.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
pub(in crate::api) struct Accepted {
    /// Always `accepted`.
    #[schema(example = "accepted")]
    status: String,
}

/// In which capacity an organisation asks.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
#[schema(rename_all = "kebab-case")]
enum ActingAs {
    /// For the case's expertise team.
    ExpertiseTeam,
    /// As the case's director.
    CaseDirector,
}

/// A form that can be asked for.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
#[schema(rename_all = "kebab-case")]
enum FormAsked {
    /// As the source's record holds it.
    Exact,
    /// Coarsened.
    Reduced,
    /// Whether there is something.
    Signal,
}

/// Whom a request is about.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
pub(super) struct Subject {
    /// How the person is named.
    scheme: Scheme,
    /// The number, pseudonym or offer's id.
    value: String,
    /// For `local`: the OIN of the source whose number it is.
    #[schema(required = false)]
    source: Option<String>,
}

/// How a person is named.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
#[schema(rename_all = "kebab-case")]
enum Scheme {
    /// Citizen number (burgerservicenummer).
    Bsn,
    /// V-number (vreemdelingennummer).
    VNumber,
    /// A source's own number.
    Local,
    /// A pseudonym that this recipient was given for this purpose.
    Pseudonym,
    /// An offer that was made to this recipient for this purpose.
    Offer,
}

/// Who asks.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
#[schema(rename_all = "camelCase")]
struct Actor {
    /// The recipient's own reference.
    #[schema(min_length = 1, max_length = 120)]
    reference: String,
    /// Her role there.
    #[schema(min_length = 1, max_length = 120)]
    role: String,
    /// On whose behalf.
    #[schema(required = false)]
    on_behalf_of: Option<String>,
}

/// Claims of the caller.
#[derive(ToSchema)]
#[expect(dead_code, reason = "a schema")]
#[schema(rename_all = "camelCase")]
struct Grounds {
    /// An emergency is claimed.
    #[schema(required = false)]
    emergency: bool,
    /// A Wpg decision.
    #[schema(required = false)]
    decision_id: Option<String>,
    /// A court order.
    #[schema(required = false)]
    court_order_id: Option<String>,
    /// A severity.
    #[schema(required = false)]
    severity: Option<String>,
}
