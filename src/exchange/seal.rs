//! `Pseudonymised` → [`Sealed`]: the payload as one JWE to the key that the registry has for the recipient, never one from the request.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde_json::Value;

use super::matter::Matter;
use super::minimise::MinimalItem;
use super::plan::Plan;
use super::pseudonymise::Pseudonymised;
use super::{Gateway, Stopped};
use crate::catalogue::{Category, Form};
use crate::clock::Timestamp;
use crate::crypto::envelope::{self, Context};
use crate::notice::notification_due;
use crate::source::Nature;

/// The plaintext is filled up with spaces to a multiple of this, so that its length tells little.
const STEP: usize = 4096;

/// What the recipient will open.
#[derive(Debug)]
pub struct Sealed {
    matter: Matter,
    plan: Arc<Plan>,
    items: Vec<MinimalItem>,
    jwe: String,
    kid: String,
    obligations: Obligations,
    subject: String,
}

/// A sealed payload taken apart for the next step.
pub(super) struct SealedParts {
    pub(super) matter: Matter,
    pub(super) plan: Arc<Plan>,
    pub(super) items: Vec<MinimalItem>,
    pub(super) jwe: String,
    pub(super) kid: String,
    pub(super) obligations: Obligations,
    pub(super) subject: String,
}

impl Sealed {
    pub(super) fn into_parts(self) -> SealedParts {
        let Self { matter, plan, items, jwe, kid, obligations, subject } = self;
        SealedParts { matter, plan, items, jwe, kid, obligations, subject }
    }
}

/// The payload inside the JWE (`design.md` §4).
#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Payload<'a> {
    /// The disclosure's id.
    disclosure: String,
    /// For which purpose.
    purpose: &'a str,
    /// In which case.
    case: Option<&'a str>,
    /// The subject's pseudonym in this domain; of an offer of which nothing is given, one that is nobody's.
    subject: &'a str,
    /// What is given.
    items: Vec<Item<'a>>,
    /// Every asked combination without an item, whatever the cause.
    unavailable: Vec<Unavailable>,
    /// Categories that none of the sources may ever give for this purpose.
    not_permitted: Vec<NotPermitted>,
    /// Sources in poor health now: ask again later.
    unreachable: Vec<String>,
    /// What comes with it.
    obligations: &'a Obligations,
}

#[derive(Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
struct Item<'a> {
    source: String,
    category: Category,
    form: Form,
    regime: &'a str,
    recorded_at: &'a str,
    nature: Nature,
    #[schema(value_type = Object)]
    data: &'a Value,
}

#[derive(Serialize, PartialEq, Eq, PartialOrd, Ord, utoipa::ToSchema)]
struct Unavailable {
    source: String,
    category: Category,
}

#[derive(Serialize, utoipa::ToSchema)]
struct NotPermitted {
    category: Category,
    reason: &'static str,
}

/// What the recipient must do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Obligations {
    /// Destroy by this day.
    pub retain_until: String,
    /// Not to be passed on.
    pub onward_disclosure: bool,
    /// Tell the subject by this day, or record why not.
    pub notify_subject_by: String,
}

/// Builds and seals the payload.
///
/// # Errors
/// [`Stopped`], when the recipient has no encryption key that counts, or sealing fails.
pub fn seal(gateway: &Gateway, pseudonymised: Pseudonymised) -> Result<Sealed, Stopped> {
    let (matter, plan, subject, items) = pseudonymised.into_parts();
    let subject = subject.to_string();
    let now = gateway.clock.now();
    let obligations = obligations(&plan, &matter, now);
    let payload = payload(&matter, &plan, &subject, &items, &obligations);
    let mut plaintext = serde_json::to_vec(&payload)
        .map(zeroize::Zeroizing::new)
        .map_err(|_| Stopped::internal("the payload cannot be written"))?;
    let length = plaintext.len().next_multiple_of(STEP);
    plaintext.resize(length, b' ');
    let Some((key, _)) = matter.caller.member().encryption_key(now) else {
        return Err(Stopped::internal("the recipient has no encryption key that counts"));
    };
    let disclosure = matter.id.to_string();
    let context = Context { content_type: "application/json", disclosure: &disclosure };
    let jwe = envelope::seal(&plaintext, key, context, &*gateway.entropy).map_err(|_| Stopped::internal("sealing failed"))?;
    let kid = key.id().as_str().to_owned();
    Ok(Sealed { matter, plan, items, jwe, kid, obligations, subject })
}

/// What is kept counts from the request on; the subject is told by the same clock as the task that comes with this delivery.
fn obligations(plan: &Plan, matter: &Matter, now: Timestamp) -> Obligations {
    let retention = &plan.purpose.retention;
    let kind = matter.caller.organisation().kind;
    Obligations {
        retain_until: matter.arrived.plus(Duration::from_hours(24) * retention.recipient_days).date(),
        onward_disclosure: false,
        notify_subject_by: notification_due(kind, now, retention.notify_subject_by_days).date(),
    }
}

fn payload<'a>(
    matter: &'a Matter,
    plan: &'a Plan,
    subject: &'a str,
    items: &'a [MinimalItem],
    obligations: &'a Obligations,
) -> Payload<'a> {
    let given = |source: &str, category| {
        items.iter().any(|item| {
            item.permitted.cell.category == category && item.permitted.cell.source.organisation.oin.as_str() == source
        })
    };
    let absent = plan.cells.iter().filter(|cell| !given(cell.source.organisation.oin.as_str(), cell.category));
    // A set: two sources of one kind are one line where sources are told by kind.
    let unavailable: BTreeSet<_> =
        absent.map(|cell| Unavailable { source: plan.source_name(&cell.source), category: cell.category }).collect();
    let poor = plan.sources().filter(|source| plan.poor.contains(&source.organisation.oin));
    let poor: BTreeSet<_> = poor.map(|source| plan.source_name(source)).collect();
    let not_permitted = plan.not_permitted.iter().map(|&category| NotPermitted { category, reason: "not-permitted" });
    Payload {
        disclosure: matter.id.to_string(),
        purpose: plan.purpose.id.as_str(),
        case: matter.request.case.as_deref(),
        subject,
        items: items.iter().map(|item| line(plan, item)).collect(),
        unavailable: unavailable.into_iter().collect(),
        not_permitted: not_permitted.collect(),
        unreachable: poor.into_iter().collect(),
        obligations,
    }
}

fn line<'a>(plan: &Plan, item: &'a MinimalItem) -> Item<'a> {
    let MinimalItem { permitted, data, recorded_at } = item;
    let source = &permitted.cell.source;
    let by_kind = matches!(permitted.form, Form::Reduced | Form::Signal);
    Item {
        source: if by_kind { plan.source_name(source) } else { source.organisation.oin.to_string() },
        category: permitted.item.category,
        form: permitted.form,
        regime: &permitted.item.regime,
        recorded_at,
        nature: permitted.item.nature,
        data: data.open_personal(),
    }
}
