//! Who must agree before a consent counts (`domain.md` §6), by the regime of the source's record and the subject's age: a table of sets of
//! required parties, compared with those who gave it. The law's rows are here; a configuration may ask for more, and for less only when it says
//! why.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::minors::{Band, Grantor, GrantorRole};
use crate::catalogue::PurposeCode;
use crate::organisation::Kind;

/// How long a consent lasts at most, in days, unless configured: six months (`domain.md` §6).
pub const LONGEST_DAYS: u16 = 183;

/// How many days ago a consent may have been given when it is recorded, unless configured: what is recorded later is given anew.
pub const RECORDED_WITHIN_DAYS: u16 = 28;

/// A row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Regime {
    /// Disclosure under the medical treatment contract (WGBO).
    Wgbo,
    /// Treatment under WGBO or Jeugdwet.
    Treatment,
    /// Disclosure under the Jeugdwet.
    Jeugdwet,
    /// Wmo 5.3.3.
    Wmo,
    /// Consent under the AVG (GDPR) and UAVG 5.
    Avg,
    /// Any other: no law has a row for it, so the strictest holds.
    Other,
}

impl Regime {
    /// The row for a record under the regime with this code (as in [`crate::catalogue`]'s items), disclosed for `purpose`.
    pub fn of(code: &str, purpose: &PurposeCode) -> Self {
        match code {
            "wgbo" | "jeugdwet" if purpose.as_str() == "treatment" => Self::Treatment,
            "wgbo" => Self::Wgbo,
            "jeugdwet" => Self::Jeugdwet,
            "wmo" => Self::Wmo,
            "avg" => Self::Avg,
            _ => Self::Other,
        }
    }

    /// The row for what an organisation of this kind holds (`domain.md` §2), as long as its record has not said under which regime it is.
    pub fn of_kind(kind: Kind, purpose: &PurposeCode) -> Self {
        let code = match kind {
            Kind::VeiligThuis | Kind::Municipality => "wmo",
            Kind::MentalHealth => "wgbo",
            Kind::YouthProtection => "jeugdwet",
            Kind::ChildProtectionBoard => "avg",
            _ => "",
        };
        Self::of(code, purpose)
    }

    /// What the law asks for.
    fn law(self) -> Row {
        let (twelve, under) = ([Party::Subject], [Party::Parents]);
        match self {
            Self::Wgbo | Self::Jeugdwet | Self::Wmo => Row::of(&under, &twelve),
            Self::Treatment | Self::Other => Row::of(&under, &[Party::Subject, Party::Parents]),
            Self::Avg => Row::of(&under, &[Party::Parents]),
        }
    }
}

/// Who may be required.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Party {
    /// The subject, capable of deciding.
    #[serde(rename = "self")]
    Subject,
    /// All parents with custody, or the guardian.
    Parents,
    /// A representative of an adult who was judged incapable; never configured.
    #[serde(skip)]
    Representative,
}

/// Sets of parties, one of which must be complete.
type Alternatives = Vec<BTreeSet<Party>>;

#[derive(Clone, Debug, PartialEq, Eq)]
struct Row {
    under_12: Alternatives,
    from_12: Alternatives,
    from_16: Alternatives,
}

impl Row {
    fn of(under_12: &[Party], from_12: &[Party]) -> Self {
        let one = |parties: &[Party]| vec![parties.iter().copied().collect()];
        Self { under_12: one(under_12), from_12: one(from_12), from_16: one(&[Party::Subject]) }
    }

    /// Each set of ours holds one of the other's.
    fn is_as_strict_as(&self, other: &Self) -> bool {
        let pairs = [(&self.under_12, &other.under_12), (&self.from_12, &other.from_12), (&self.from_16, &other.from_16)];
        pairs.iter().all(|(ours, theirs)| ours.iter().all(|set| theirs.iter().any(|law| law.is_subset(set))))
    }
}

/// `[consent]` of the gateway's configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct AuthorityTable {
    /// How many days a consent lasts at most.
    pub longest_days: u16,
    /// How many days ago a consent may have been given when it is recorded.
    pub recorded_within_days: u16,
    /// Rows other than the strictest.
    pub regimes: BTreeMap<Regime, RowTable>,
}

/// `[consent.regimes.<regime>]`; what is left out stays as strict as can be.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct RowTable {
    /// Who must agree for a child under 12.
    pub under_12: Option<Vec<BTreeSet<Party>>>,
    /// Who must agree from 12 to 15.
    pub from_12: Option<Vec<BTreeSet<Party>>>,
    /// Who must agree from 16 on.
    pub from_16: Option<Vec<BTreeSet<Party>>>,
    /// Why this row may ask for less than the law's table.
    pub laxer_because: Option<String>,
}

impl Default for AuthorityTable {
    fn default() -> Self {
        Self { longest_days: LONGEST_DAYS, recorded_within_days: RECORDED_WITHIN_DAYS, regimes: BTreeMap::new() }
    }
}

/// The table in force.
#[derive(Clone, Debug)]
pub struct Authority {
    /// How long a consent lasts at most.
    pub longest: Duration,
    /// How long ago a consent may have been given when it is recorded.
    pub recorded_within: Duration,
    strictest: Row,
    rows: BTreeMap<Regime, Row>,
}

impl Default for Authority {
    fn default() -> Self {
        let longest = Duration::from_hours(24 * u64::from(LONGEST_DAYS));
        let recorded_within = Duration::from_hours(24 * u64::from(RECORDED_WITHIN_DAYS));
        Self {
            longest,
            recorded_within,
            strictest: Row::of(&[Party::Parents], &[Party::Subject, Party::Parents]),
            rows: BTreeMap::new(),
        }
    }
}

impl TryFrom<&AuthorityTable> for Authority {
    type Error = String;

    /// Refuses what asks for less than the law without saying why, and what asks for nobody.
    fn try_from(table: &AuthorityTable) -> Result<Self, String> {
        if !(1..=366).contains(&table.longest_days) {
            return Err("[consent] longest-days: from 1 to 366".to_owned());
        }
        if !(1..=366).contains(&table.recorded_within_days) {
            return Err("[consent] recorded-within-days: from 1 to 366".to_owned());
        }
        let days = |days: u16| Duration::from_hours(24 * u64::from(days));
        let (longest, recorded_within) = (days(table.longest_days), days(table.recorded_within_days));
        let mut authority = Self { longest, recorded_within, ..Self::default() };
        for (&regime, row) in &table.regimes {
            let strictest = authority.strictest.clone();
            let configured = Row {
                under_12: row.under_12.clone().unwrap_or(strictest.under_12),
                from_12: row.from_12.clone().unwrap_or(strictest.from_12),
                from_16: row.from_16.clone().unwrap_or(strictest.from_16),
            };
            let nobody = |sets: &Alternatives| sets.is_empty() || sets.iter().any(BTreeSet::is_empty);
            if [&configured.under_12, &configured.from_12, &configured.from_16].into_iter().any(nobody) {
                return Err(format!("[consent.regimes] {regime:?}: each age needs sets of self or parents, none of them empty"));
            }
            let explained = row.laxer_because.as_ref().is_some_and(|words| crate::json::is_text(words, 2000));
            if !configured.is_as_strict_as(&regime.law()) && !explained {
                return Err(format!(
                    "[consent.regimes] {regime:?}: asks for less than the law's table; say why with laxer-because = \"…\", or ask for more"
                ));
            }
            authority.rows.insert(regime, configured);
        }
        Ok(authority)
    }
}

/// Who gave a consent, about whom.
#[derive(Clone, Copy, Debug)]
pub struct Giving<'a> {
    /// Who gave it.
    pub grantors: &'a [Grantor],
    /// How many parents or guardians have custody.
    pub parents_with_custody: u8,
    /// The subject was judged incapable of deciding (wilsonbekwaam).
    pub incapable: bool,
    /// The subject's age when it was given.
    pub subject_age: u8,
    /// A professional of the source has accepted representatives who are suspected of the violence.
    pub reviewed: bool,
}

/// Why a consent waits for the source's professional.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Hold {
    /// A representative who gave it is suspected of the violence (good-care exception: 7:465(4) BW, 7.3.15(4) Jeugdwet).
    AllegedPerpetrator,
    /// Parents gave it for a minor who decides as well.
    MinorDecides,
    /// It was asked within the hearing of others (coercion check).
    NotInPrivate,
}

/// What becomes of a consent by who gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Everyone who must agree has.
    Accepted,
    /// The source's professional decides.
    Held(Hold),
    /// Nobody with authority gave it.
    Lacking,
}

impl Authority {
    /// Compares who must agree with who did.
    pub fn judge(&self, regime: Regime, giving: Giving<'_>) -> Standing {
        let band = Band::of(giving.subject_age);
        let required = self.required(regime, band, giving.incapable);
        let complete = |present: &BTreeSet<Party>| required.iter().any(|set| set.is_subset(present));
        if complete(&present(giving, giving.reviewed)) {
            return Standing::Accepted;
        }
        if complete(&present(giving, true)) {
            return Standing::Held(Hold::AllegedPerpetrator);
        }
        let parent = giving.grantors.iter().any(|grantor| matches!(grantor.role, GrantorRole::Parent | GrantorRole::Guardian));
        if parent && band == Band::From12 && !giving.incapable {
            return Standing::Held(Hold::MinorDecides);
        }
        Standing::Lacking
    }

    fn required(&self, regime: Regime, band: Band, incapable: bool) -> Alternatives {
        if incapable {
            let party = if band == Band::Adult { Party::Representative } else { Party::Parents };
            return vec![BTreeSet::from([party])];
        }
        let row = self.rows.get(&regime).unwrap_or(&self.strictest);
        match band {
            Band::Under12 => row.under_12.clone(),
            Band::From12 => row.from_12.clone(),
            Band::From16 | Band::Adult => row.from_16.clone(),
        }
    }
}

/// The parties who gave it. Who is suspected gives nothing for another unless a professional has accepted it.
fn present(giving: Giving<'_>, suspected_too: bool) -> BTreeSet<Party> {
    let accepted = |grantor: &&Grantor| suspected_too || !grantor.alleged_perpetrator;
    let count = |role: GrantorRole| giving.grantors.iter().filter(accepted).filter(|grantor| grantor.role == role).count();
    let mut parties = BTreeSet::new();
    if !giving.incapable && giving.grantors.iter().any(|grantor| grantor.role == GrantorRole::Subject) {
        parties.insert(Party::Subject);
    }
    if count(GrantorRole::Guardian) > 0 || count(GrantorRole::Parent) >= usize::from(giving.parents_with_custody.max(1)) {
        parties.insert(Party::Parents);
    }
    let others = [GrantorRole::Curator, GrantorRole::Mentor, GrantorRole::Authorised, GrantorRole::Partner, GrantorRole::Family];
    if others.into_iter().any(|role| count(role) > 0) {
        parties.insert(Party::Representative);
    }
    parties
}

#[cfg(test)]
mod tests;
