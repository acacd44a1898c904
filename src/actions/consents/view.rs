//! A consent as its recorder sees it: everything but the person, whom it knows by its own records.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::catalogue::{Category, Form, PurposeCode};
use crate::clock::Timestamp;
use crate::consent::authority::Hold;
use crate::consent::minors::Grantor;
use crate::consent::record::{Evidence, Notice};
use crate::consent::{ConsentRecord, ConsentState};
use crate::organisation::Oin;
use crate::store::duties::{KeptConsent, Reliance};

/// A consent in a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConsentSummary {
    /// Its id.
    pub id: String,
    /// Its newest version.
    pub version: u32,
    /// How it stands now.
    pub state: ConsentState,
    /// Why it waits for the source's professional, if it does.
    pub hold: Option<Hold>,
    /// Whose data.
    #[schema(value_type = Vec<String>)]
    pub sources: BTreeSet<Oin>,
    /// For whom.
    #[schema(value_type = Vec<String>)]
    pub recipients: BTreeSet<Oin>,
    /// For what.
    #[schema(value_type = Vec<String>)]
    pub purposes: BTreeSet<PurposeCode>,
    /// Of which categories.
    pub categories: BTreeSet<Category>,
    /// Up to which form.
    pub max_form: Form,
    /// In force from then.
    #[schema(value_type = String, format = DateTime)]
    pub valid_from: Timestamp,
    /// No longer in force from then.
    #[schema(value_type = String, format = DateTime)]
    pub not_after: Timestamp,
}

/// One event of a consent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventView {
    /// Into which state it brought the consent.
    pub event: ConsentState,
    /// When it happened.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// When it was recorded.
    #[schema(value_type = String, format = DateTime)]
    pub recorded_at: Timestamp,
    /// By whom.
    pub recorded_by: String,
    /// Why.
    pub reason: Option<String>,
}

/// A disclosure between a withdrawal and its late recording.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct IncidentView {
    /// The disclosure.
    pub disclosure: String,
    /// Who received: of a team every attendee.
    #[schema(value_type = Vec<String>)]
    pub recipients: BTreeSet<Oin>,
    /// What of it rested on the consent.
    pub categories: BTreeSet<Category>,
    /// When it was last given.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

/// A consent with its history.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConsentView {
    /// How it stands.
    #[serde(flatten)]
    pub summary: ConsentSummary,
    /// The text shown.
    pub notice: Notice,
    /// Who gave or refused it.
    pub grantors: Vec<Grantor>,
    /// How many parents or guardians have custody.
    pub parents_with_custody: u8,
    /// Who judged the subject incapable of deciding.
    pub capacity_assessed_by: Option<String>,
    /// The subject's age in whole years when it was given.
    pub subject_age: u8,
    /// Asked outside the hearing of others.
    pub asked_in_private: bool,
    /// What shows it.
    pub evidence: Evidence,
    /// Who accepted it although a representative is suspected of the violence.
    pub reviewed_by: Option<String>,
    /// Conditions that the giver made.
    pub conditions: Option<String>,
    /// The earlier consent that it takes the place of.
    pub supersedes: Option<String>,
    /// The ids of the consents about this person that speak in its place about something that it names, such as an earlier refusal: nothing rests on
    /// it there until it is given anew with `supersedes`. Only of one that is given.
    pub overruled_by: BTreeSet<String>,
    /// Its events, oldest first.
    pub events: Vec<EventView>,
    /// The disclosures between a withdrawal and its late recording; `null` while the gateway cannot say which.
    pub incidents: Option<Vec<IncidentView>>,
}

impl ConsentSummary {
    /// Of a record, at `now`.
    pub(super) fn of(record: &ConsentRecord, now: Timestamp) -> Self {
        Self {
            id: record.id.clone(),
            version: record.version,
            state: record.state_at(now),
            hold: record.hold,
            sources: record.sources.clone(),
            recipients: record.recipients.clone(),
            purposes: record.purposes.clone(),
            categories: record.categories.clone(),
            max_form: record.max_form,
            valid_from: record.valid_from,
            not_after: record.not_after,
        }
    }
}

impl ConsentView {
    /// Of a consent and what rested on it, if that is known, at `now`.
    pub(super) fn of(
        kept: &KeptConsent,
        relied: Option<&[Reliance]>,
        overruled_by: BTreeSet<String>,
        now: Timestamp,
    ) -> Option<Self> {
        let current = kept.current()?;
        let events = kept.versions.iter().map(|version| EventView {
            event: version.state,
            at: version.event.at,
            recorded_at: version.event.recorded_at,
            recorded_by: version.recorded_by.clone(),
            reason: version.event.reason.clone(),
        });
        let ended = matches!(current.state, ConsentState::Withdrawn | ConsentState::Invalidated);
        let late = ended && current.event.at < current.event.recorded_at;
        let incidents = |relied: &[Reliance]| {
            let since = relied.iter().filter(|one| late && one.last >= current.event.at);
            let incident = |one: &Reliance| IncidentView {
                disclosure: one.disclosure.clone(),
                recipients: one.recipients.clone(),
                categories: one.categories.clone(),
                at: one.last,
            };
            since.map(incident).collect()
        };
        Some(Self {
            summary: ConsentSummary::of(current, now),
            notice: current.notice.clone(),
            grantors: current.grantors.clone(),
            parents_with_custody: current.parents_with_custody,
            capacity_assessed_by: current.capacity_assessed_by.clone(),
            subject_age: current.subject_age,
            asked_in_private: current.asked_in_private,
            evidence: current.evidence.clone(),
            reviewed_by: current.reviewed_by.clone(),
            conditions: current.conditions.clone(),
            supersedes: current.supersedes.clone(),
            overruled_by,
            events: events.collect(),
            incidents: relied.map(incidents),
        })
    }
}
