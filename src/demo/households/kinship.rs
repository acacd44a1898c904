//! Who is what to whom, derived from couples and parents: a story states those, the rest (half-sibling, step-parent, grandchild)
//! follows.

use std::collections::{BTreeMap, BTreeSet};

use time::Date;

/// Persons are indexes within one household.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Kinship {
    couples: Vec<Couple>,
    parents: BTreeMap<usize, BTreeSet<usize>>,
    custody: BTreeMap<usize, BTreeSet<usize>>,
}

/// Two partners and their time together.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Couple {
    pair: (usize, usize),
    since: Date,
    until: Option<Date>,
}

/// What one person is to another.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Tie {
    /// `parent`, `half-sibling`, `ex-partner` …: what the other is to the subject.
    pub relation: &'static str,
    /// Custody (gezag) of the adult over the child of the two: `joint`, `sole`, `none`; `None` between others.
    pub custody: Option<&'static str>,
    /// Since when, for partners.
    pub since: Option<Date>,
    /// Until when, for former partners.
    pub until: Option<Date>,
}

impl Kinship {
    /// Two partners since a day, until another when they parted.
    pub fn couple(&mut self, pair: (usize, usize), since: Date, until: Option<Date>) {
        self.couples.push(Couple { pair, since, until });
    }

    /// The parents of a child, and which of them have custody.
    pub fn child(&mut self, child: usize, parents: &[usize], custody: &[usize]) {
        self.parents.entry(child).or_default().extend(parents);
        self.custody.entry(child).or_default().extend(custody);
    }

    /// What `other` is to `subject`.
    pub fn tie(&self, subject: usize, other: usize) -> Tie {
        let couple = self.couples.iter().find(|couple| couple.pair == (subject, other) || couple.pair == (other, subject));
        let relation = match couple {
            Some(Couple { until: None, .. }) => "partner",
            Some(_) => "ex-partner",
            None => self.relation(subject, other),
        };
        Tie {
            relation,
            custody: self.custody_between(subject, other).or_else(|| self.custody_between(other, subject)),
            since: couple.map(|couple| couple.since),
            until: couple.and_then(|couple| couple.until),
        }
    }

    /// The custodial adults of a child.
    pub fn custodians(&self, child: usize) -> impl Iterator<Item = usize> {
        self.custody.get(&child).into_iter().flatten().copied()
    }

    fn relation(&self, subject: usize, other: usize) -> &'static str {
        let downward = |upper: usize, lower: usize, of_lower: &'static str, of_upper: &'static str| {
            if subject == lower && other == upper { of_lower } else { of_upper }
        };
        for (upper, lower) in [(other, subject), (subject, other)] {
            if self.is_parent(upper, lower) {
                return downward(upper, lower, "parent", "child");
            }
            if self.parents_of(lower).any(|parent| self.are_partners(parent, upper)) {
                return downward(upper, lower, "step-parent", "step-child");
            }
            if self.parents_of(lower).any(|parent| self.is_parent(upper, parent)) {
                return downward(upper, lower, "grandparent", "grandchild");
            }
            if self.partners_of(lower).any(|partner| self.is_parent(upper, partner)) {
                return downward(upper, lower, "parent-in-law", "child-in-law");
            }
        }
        self.sideways(subject, other)
    }

    fn sideways(&self, subject: usize, other: usize) -> &'static str {
        let (own, theirs): (BTreeSet<_>, BTreeSet<_>) = (self.parents_of(subject).collect(), self.parents_of(other).collect());
        if !own.is_empty() && own == theirs {
            return "sibling";
        }
        if own.intersection(&theirs).next().is_some() {
            return "half-sibling";
        }
        if own.iter().any(|&parent| theirs.iter().any(|&partner| self.are_partners(parent, partner))) {
            return "step-sibling";
        }
        if own.iter().any(|&parent| self.are_siblings(parent, other)) {
            return "uncle-or-aunt";
        }
        if theirs.iter().any(|&parent| self.are_siblings(parent, subject)) {
            return "nephew-or-niece";
        }
        "other"
    }

    fn is_parent(&self, upper: usize, lower: usize) -> bool {
        self.parents.get(&lower).is_some_and(|parents| parents.contains(&upper))
    }

    fn parents_of(&self, child: usize) -> impl Iterator<Item = usize> {
        self.parents.get(&child).into_iter().flatten().copied()
    }

    fn partners_of(&self, person: usize) -> impl Iterator<Item = usize> {
        let current = self.couples.iter().filter(|couple| couple.until.is_none());
        current.filter_map(move |couple| match couple.pair {
            (a, b) if a == person => Some(b),
            (a, b) if b == person => Some(a),
            _ => None,
        })
    }

    fn are_partners(&self, a: usize, b: usize) -> bool {
        self.partners_of(a).any(|partner| partner == b)
    }

    fn are_siblings(&self, a: usize, b: usize) -> bool {
        a != b && self.parents_of(a).any(|parent| self.is_parent(parent, b))
    }

    fn custody_between(&self, adult: usize, child: usize) -> Option<&'static str> {
        let holders = self.custody.get(&child)?;
        match (holders.contains(&adult), holders.len()) {
            (true, 1) => Some("sole"),
            (true, _) => Some("joint"),
            (false, _) => self.is_parent(adult, child).then_some("none"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 0 mother, 1 stepfather, 2 father (left), 3 first child, 4 half-sibling, 5 mother's mother.
    fn blended() -> Kinship {
        let mut kinship = Kinship::default();
        kinship.couple((0, 2), Date::MIN, Some(Date::MAX));
        kinship.couple((0, 1), Date::MIN, None);
        kinship.child(3, &[0, 2], &[0]);
        kinship.child(4, &[0, 1], &[0, 1]);
        kinship.child(0, &[5], &[]);
        kinship
    }

    #[test]
    fn relations_follow_from_couples_and_parents() {
        let kinship = blended();
        let expected = [
            (3, 0, "parent"),
            (0, 3, "child"),
            (3, 1, "step-parent"),
            (1, 3, "step-child"),
            (3, 2, "parent"),
            (0, 2, "ex-partner"),
            (0, 1, "partner"),
            (3, 4, "half-sibling"),
            (4, 5, "grandparent"),
            (5, 4, "grandchild"),
            (1, 5, "parent-in-law"),
            (5, 1, "child-in-law"),
            (2, 4, "other"),
        ];
        for (subject, other, relation) in expected {
            assert_eq!(kinship.tie(subject, other).relation, relation, "{other} to {subject}");
        }
    }

    #[test]
    fn custody_stands_between_an_adult_and_a_child_only() {
        let kinship = blended();
        assert_eq!(kinship.tie(3, 0).custody, Some("sole"));
        assert_eq!(kinship.tie(3, 2).custody, Some("none"));
        assert_eq!(kinship.tie(1, 4).custody, Some("joint"));
        assert_eq!(kinship.tie(0, 1).custody, None);
        assert_eq!(kinship.tie(3, 4).custody, None);
    }
}
