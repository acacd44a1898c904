//! For which ages of the subject a consent counts, by who gave it (`domain.md` §6, row "WGBO disclosure", the regime of the
//! sources that need consent today). The age is that on the day of disclosure, so turning 12 ends what only parents gave.

use serde::{Deserialize, Serialize};

use crate::clock::Timestamp;

/// As whom someone gives consent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GrantorRole {
    /// The subject.
    #[serde(rename = "self")]
    Subject,
    /// A parent with custody (gezag).
    Parent,
    /// A guardian (voogd).
    Guardian,
    /// A mentor of an incapable adult.
    Mentor,
    /// A curator of an incapable adult.
    Curator,
}

/// Someone who gave consent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Grantor {
    /// As whom.
    pub role: GrantorRole,
    /// What shows the authority of a representative, such as an extract of the custody register.
    pub authority_evidence: Option<String>,
    /// How: in person, by telephone, by digital identity.
    pub method: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
    /// This person is suspected of the violence: the consent of such a parent is not accepted without the source's professional.
    #[serde(default)]
    pub alleged_perpetrator: bool,
}

/// The ages, in whole years, for which a consent counts; both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct AgeRange {
    /// From this age.
    pub from: u8,
    /// Until this age.
    pub until: u8,
}

/// The ages that the grantors cover: parents or a guardian those under 12, all `parents_with_custody` of them; the subject from
/// 12 on; a mentor or curator from 18 on, when someone judged the subject incapable. `None` when nobody's consent counts, or only
/// for ages that do not adjoin.
pub fn covered_ages(grantors: &[Grantor], parents_with_custody: u8, capacity_assessed: bool) -> Option<AgeRange> {
    let accepted = || grantors.iter().filter(|grantor| !grantor.alleged_perpetrator);
    let gave = |roles: &[GrantorRole]| accepted().filter(|grantor| roles.contains(&grantor.role)).count();
    let parents = gave(&[GrantorRole::Parent, GrantorRole::Guardian]) >= usize::from(parents_with_custody.max(1));
    let subject = gave(&[GrantorRole::Subject]) > 0;
    let representative = capacity_assessed && gave(&[GrantorRole::Mentor, GrantorRole::Curator]) > 0;
    let range = |from, until| Some(AgeRange { from, until });
    match (parents, subject, representative) {
        (true, true, _) => range(0, u8::MAX),
        (false, true, _) => range(12, u8::MAX),
        (false, false, true) => range(18, u8::MAX),
        (true, false, _) => range(0, 11),
        (false, false, false) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grantor(role: GrantorRole, alleged_perpetrator: bool) -> Grantor {
        let at = Timestamp::from_seconds(0);
        Grantor { role, authority_evidence: None, method: "in person".to_owned(), at, alleged_perpetrator }
    }

    #[test]
    fn who_gave_it_decides_for_which_ages_it_counts() {
        use GrantorRole::{Curator, Parent, Subject};
        let ages = |grantors: &[Grantor], custody, assessed| {
            covered_ages(grantors, custody, assessed).map(|ages| (ages.from, ages.until))
        };
        assert_eq!(ages(&[], 1, true), None);
        assert_eq!(ages(&[grantor(Parent, true)], 1, false), None, "a suspected parent gives nothing");
        assert_eq!(ages(&[grantor(Parent, false)], 2, false), None, "both parents with custody are needed");
        assert_eq!(ages(&[grantor(Parent, false), grantor(Parent, false)], 2, false), Some((0, 11)));
        assert_eq!(ages(&[grantor(Subject, false)], 1, false), Some((12, u8::MAX)));
        assert_eq!(ages(&[grantor(Subject, false), grantor(Parent, false)], 1, false), Some((0, u8::MAX)));
        assert_eq!(ages(&[grantor(Curator, false)], 1, false), None, "nobody judged the capacity");
        assert_eq!(ages(&[grantor(Curator, false)], 1, true), Some((18, u8::MAX)));
    }
}
