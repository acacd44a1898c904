//! On which ground confidentiality may be broken (doorbreking, `domain.md` §7), and which ground carries what: a table in each purpose's file.

use std::collections::BTreeSet;
use std::ops::Range;

use serde::{Deserialize, Serialize};
use toml::Spanned;

use crate::organisation::Kind;

/// A ground on which a professional breaks confidentiality, spelled as in the API and the policies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = OverrideGround)]
pub enum Ground {
    /// Conflict of duties.
    #[serde(rename = "conflict_van_plichten")]
    ConflictOfDuties,
    /// Wmo 2015 art. 5.2.6: the right to report to Veilig Thuis.
    #[serde(rename = "wmo_5_2_6")]
    Wmo526,
    /// Wmo 2015 art. 4.1.1: the tasks of Veilig Thuis.
    #[serde(rename = "wmo_4_1_1")]
    Wmo411,
    /// Wpg art. 19: an incidental decision.
    #[serde(rename = "wpg_19")]
    Wpg19,
    /// Emergency.
    #[serde(rename = "noodsituatie")]
    Emergency,
}

impl Ground {
    /// The code, as in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::ConflictOfDuties => "conflict_van_plichten",
            Self::Wmo526 => "wmo_5_2_6",
            Self::Wmo411 => "wmo_4_1_1",
            Self::Wpg19 => "wpg_19",
            Self::Emergency => "noodsituatie",
        }
    }
}

/// One line of the table: this ground carries an override of any of these sources for any of these recipients, as the matrix has their kinds.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Line {
    ground: Ground,
    sources: Vec<Kind>,
    recipients: Vec<Kind>,
}

/// Which ground carries an override for a purpose. What is not in it is carried by none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grounds(BTreeSet<(Kind, Kind, Ground)>);

impl Grounds {
    /// The table as its file has it.
    ///
    /// # Errors
    /// Where and what: a line that names nobody, or says again what is said already.
    pub(super) fn of(lines: &[Spanned<Line>]) -> Result<Self, (Range<usize>, String)> {
        let mut table = BTreeSet::new();
        for line in lines {
            let Line { ground, sources, recipients } = line.get_ref();
            if sources.is_empty() || recipients.is_empty() {
                return Err((line.span(), "an override names at least one kind of source and of recipient".to_owned()));
            }
            for (source, recipient) in
                sources.iter().flat_map(|source| recipients.iter().map(move |recipient| (source, recipient)))
            {
                if !table.insert((*source, *recipient, *ground)) {
                    let twice = format!("`{}` from {} to {} stands here twice", ground.code(), source.code(), recipient.code());
                    return Err((line.span(), twice));
                }
            }
        }
        Ok(Self(table))
    }

    /// The grounds that carry an override of a source of this kind, for a recipient that receives as this kind.
    pub fn carrying(&self, source: Kind, recipient: Kind) -> BTreeSet<Ground> {
        self.0.iter().filter(|(from, to, _)| (*from, *to) == (source, recipient)).map(|(_, _, ground)| *ground).collect()
    }

    /// The grounds for an organisation of this kind that an override names: it may receive as what it is, as an attendee of an expertise team or as
    /// a case's director, whatever the kind of its own.
    pub fn carrying_to(&self, source: Kind, organisation: Kind) -> BTreeSet<Ground> {
        let roles = [organisation, Kind::ExpertiseTeam, Kind::CaseDirector];
        roles.into_iter().flat_map(|role| self.carrying(source, role)).collect()
    }

    /// Source, recipient and ground of everything that it carries.
    pub fn iter(&self) -> impl Iterator<Item = (Kind, Kind, Ground)> {
        self.0.iter().copied()
    }

    /// Whether no override is carried at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
