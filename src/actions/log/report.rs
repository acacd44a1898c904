//! What a data subject is told of the log (AVG art. 15; Wpg art. 25): who received what about her, when, why and on what basis, in plain words. No names of
//! employees (CJEU C-579/21), nothing of who reported (Uitvoeringsbesluit Wmo 2015, 4.1.8), no indexes and no totals: what is left out leaves no gap.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use super::Line;
use crate::catalogue::{Category, PurposeCode};
use crate::ledger::entry::{Body, EntryKind};
use crate::organisation::Oin;
use crate::policy::{Bundle, Language};

/// A report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The organisation that tells.
    pub organisation: Named,
    /// The first day of the period, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The day after the last one, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// What was given to whom, oldest first.
    pub lines: Vec<ReportLine>,
}

/// An organisation and what it is called.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Named {
    /// Its OIN.
    #[schema(value_type = String)]
    pub oin: Oin,
    /// Its name; its OIN where it is not registered any more.
    pub name: String,
}

/// What one organisation received on one day for one purpose.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportLine {
    /// The day (UTC).
    #[schema(format = Date)]
    pub date: String,
    /// Who received it.
    pub recipient: Named,
    /// For what, in words.
    pub purpose: String,
    /// Which categories of data, in words.
    pub categories: Vec<String>,
    /// The legal bases, in words.
    pub legal_basis: Vec<String>,
}

/// What a line of the report is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    date: String,
    recipient: Oin,
    purpose: Option<PurposeCode>,
}

/// A report in the making.
#[derive(Debug, Default)]
pub struct Telling {
    told: BTreeMap<Key, (BTreeSet<Category>, BTreeSet<String>)>,
    /// Disclosures of which a delivery is still to come that never left, and how many of those.
    undelivered: BTreeMap<String, u32>,
    /// Disclosures that were given again.
    received: BTreeSet<String>,
}

impl Telling {
    /// Takes an entry about the subject in; they come newest first. Only what reached somebody is told, and as what was given: a delivery that is
    /// repeated is no other one, and one that never left is none.
    pub fn add(&mut self, line: &Line) {
        let Some(body) = &line.body else { return };
        let disclosure = body.disclosure.clone().unwrap_or_default();
        match line.clear.kind {
            EntryKind::Undelivered => {
                let count = self.undelivered.entry(disclosure).or_default();
                *count = count.saturating_add(1);
            }
            EntryKind::Redelivery if self.left(&disclosure) => {
                self.received.insert(disclosure);
            }
            EntryKind::Disclosure => {
                let left = self.left(&disclosure);
                if left || self.received.contains(&disclosure) {
                    self.tell(line, body);
                }
            }
            EntryKind::Contribution => self.tell(line, body),
            _ => {}
        }
    }

    /// Whether the delivery that is met now left: what never left is told after it.
    fn left(&mut self, disclosure: &str) -> bool {
        match self.undelivered.get_mut(disclosure) {
            Some(count) if *count > 0 => {
                *count -= 1;
                false
            }
            _ => true,
        }
    }

    fn tell(&mut self, line: &Line, body: &Body) {
        let given = body.items.iter().filter(|item| item.given.is_some()).map(|item| item.category);
        let given: BTreeSet<Category> = given.filter(|category| *category != Category::Reporter).collect();
        if given.is_empty() {
            return;
        }
        let recipient = body.receiving.clone().or_else(|| line.clear.recipient.clone());
        let key = Key {
            date: line.clear.time.date(),
            recipient: recipient.unwrap_or_else(|| line.clear.party.clone()),
            purpose: line.clear.purpose.clone(),
        };
        let (categories, bases) = self.told.entry(key).or_default();
        categories.extend(given);
        bases.extend(body.basis.iter().flat_map(|basis| basis.legal.iter().cloned()));
    }

    /// The lines in words.
    pub fn lines(self, words: &Bundle, language: Language, named: impl Fn(&Oin) -> Named) -> Vec<ReportLine> {
        let line = |(key, (categories, bases)): (Key, (BTreeSet<Category>, BTreeSet<String>))| ReportLine {
            date: key.date,
            recipient: named(&key.recipient),
            purpose: key.purpose.map(|purpose| words.purpose_name(&purpose, language).to_owned()).unwrap_or_default(),
            categories: categories.into_iter().map(|category| words.category_name(category, language).to_owned()).collect(),
            legal_basis: bases
                .into_iter()
                .map(|code| words.legal_basis_text(&code, language).map_or_else(|| code.clone(), str::to_owned))
                .collect(),
        };
        self.told.into_iter().map(line).collect()
    }
}

impl Report {
    /// The report as a text to read.
    pub fn text(&self, language: Language) -> String {
        let words = match language {
            Language::Nl => &DUTCH,
            Language::En => &ENGLISH,
        };
        let mut text = format!("{}\n{}\n\n", words.title, self.organisation.name);
        if self.from.is_some() || self.until.is_some() {
            let day = |day: &Option<String>| day.clone().unwrap_or_else(|| "…".to_owned());
            writeln!(text, "{}: {} – {}\n", words.period, day(&self.from), day(&self.until)).ok();
        }
        if self.lines.is_empty() {
            writeln!(text, "{}", words.nothing).ok();
        }
        for line in &self.lines {
            writeln!(
                text,
                "{}\n  {}: {}\n  {}: {}",
                line.date, words.recipient, line.recipient.name, words.purpose, line.purpose
            )
            .ok();
            writeln!(text, "  {}: {}", words.categories, line.categories.join("; ")).ok();
            writeln!(text, "  {}: {}\n", words.basis, line.legal_basis.join(" ")).ok();
        }
        text
    }
}

struct Words {
    title: &'static str,
    period: &'static str,
    nothing: &'static str,
    recipient: &'static str,
    purpose: &'static str,
    categories: &'static str,
    basis: &'static str,
}

const DUTCH: Words = Words {
    title: "Wie heeft welke gegevens over u ontvangen",
    period: "Periode",
    nothing: "In dit overzicht staan geen verstrekkingen.",
    recipient: "Ontvanger",
    purpose: "Doel",
    categories: "Gegevens",
    basis: "Grondslag",
};

const ENGLISH: Words = Words {
    title: "Who received which data about you",
    period: "Period",
    nothing: "This report lists no disclosures.",
    recipient: "Recipient",
    purpose: "Purpose",
    categories: "Data",
    basis: "Legal basis",
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::log::fixture::{ALL_USERS, PARTY, at, delivery, line, lines, oin};
    use crate::ledger::entry::Outcome;
    use std::time::Duration;

    fn report(newest_first: &[Line], language: Language) -> Report {
        let mut telling = Telling::default();
        for line in newest_first {
            telling.add(line);
        }
        let named = |oin: &Oin| Named { oin: oin.clone(), name: format!("N{oin}") };
        let lines = telling.lines(&Bundle::embedded().expect("the policies"), language, named);
        Report { organisation: named(&oin(PARTY)), from: None, until: None, lines }
    }

    /// To be broken on purpose: an ask is told; the actor stands beside the recipient.
    #[test]
    fn only_what_was_given_is_told_and_nobodys_name() {
        let newest_first: Vec<Line> = lines().into_iter().rev().collect();
        let told = report(&newest_first, Language::En);
        assert_eq!(told.lines.len(), 1, "neither what was asked, nor refused, nor looked at");
        let text = format!("{}{}", told.text(Language::En), serde_json::to_string(&told).expect("JSON"));
        for never in ALL_USERS.iter().chain(&["00000099000000002000", "00000099000000003000", "index", "c-1"]) {
            assert!(!text.contains(never), "{never}");
        }
        for told in ["2026-11-21", PARTY, "5.2.6"] {
            assert!(text.contains(told), "{told}");
        }
        assert!(report(&newest_first, Language::Nl).text(Language::Nl).contains("Wie heeft welke gegevens over u ontvangen"));
    }

    #[test]
    fn one_day_is_one_line() {
        let day = Duration::from_hours(24);
        let once = report(&[delivery(1, at(0))], Language::Nl);
        assert_eq!(report(&[delivery(5, at(90)), delivery(1, at(0))], Language::Nl), once, "no count");
        assert_eq!(report(&[delivery(5, at(0).plus(day)), delivery(1, at(0))], Language::Nl).lines.len(), 2);
    }

    /// To be broken on purpose: every redelivery counts as received.
    #[test]
    fn what_never_left_is_not_told() {
        let undelivered = |index| line(index, EntryKind::Undelivered, Outcome::Failed, at(9));
        let redelivery = |index| line(index, EntryKind::Redelivery, Outcome::Given, at(8));
        let told = |lines: &[Line]| report(lines, Language::Nl).lines.len();
        assert_eq!(told(&[undelivered(2), delivery(1, at(0))]), 0);
        assert_eq!(
            told(&[undelivered(3), redelivery(2), delivery(1, at(0))]),
            1,
            "the repetition did not leave, the delivery had"
        );
        assert_eq!(told(&[redelivery(3), undelivered(2), delivery(1, at(0))]), 1, "picked up later");
        assert_eq!(told(&[undelivered(4), redelivery(3), undelivered(2), delivery(1, at(0))]), 0);
    }
}
