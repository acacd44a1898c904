//! What a data subject is told of the log (AVG art. 15; Wpg art. 25): who received what about her from whom, when, why and on what basis, in plain words. No
//! names of employees (CJEU C-579/21), nothing of who reported (Uitvoeringsbesluit Wmo 2015, 4.1.8), no indexes and no totals: what is left out leaves no gap. A
//! recipient names the source (AVG 15(1)(g)) where the answer named it to the recipient, and nowhere else.

mod text;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Line;
use crate::catalogue::{Category, PurposeCode};
use crate::clock::Day;
use crate::ledger::entry::{Body, EntryKind, Item};
use crate::organisation::Oin;
use crate::policy::{Bundle, Language};

/// A report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// The organisation that tells.
    pub organisation: Named,
    /// The day on which it was made. This and all others are days of the Dutch calendar.
    #[schema(value_type = String, format = Date)]
    pub made_on: Day,
    /// The first day of the period, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub from: Option<Day>,
    /// The last day of the period, if it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = Date)]
    pub until: Option<Day>,
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
    /// The day.
    #[schema(value_type = String, format = Date)]
    pub date: Day,
    /// Who received it.
    pub recipient: Named,
    /// Who gave it, as far as the recipient was told.
    pub sources: Vec<Named>,
    /// For what, in words; empty when it was not recorded.
    pub purpose: String,
    /// Which categories of data, in words.
    pub categories: Vec<String>,
    /// What it rests on, where who tells is who gave it: a recipient is not told whether somebody consented.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub rests_on: BTreeSet<RestsOn>,
    /// The legal framework of the purpose, in words; none when none was recorded.
    pub legal_basis: Vec<String>,
}

/// What a disclosure rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RestsOn {
    /// The subject's consent.
    Consent,
    /// The law, whether she consented or not.
    Law,
    /// An override of missing consent.
    Override,
}

/// What a line of the report is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    date: Day,
    recipient: Oin,
    purpose: Option<PurposeCode>,
}

/// What it says.
#[derive(Debug, Default)]
struct Said {
    sources: BTreeSet<Oin>,
    categories: BTreeSet<Category>,
    rests_on: BTreeSet<RestsOn>,
    bases: BTreeSet<String>,
}

/// A report in the making.
#[derive(Debug)]
pub struct Telling {
    gateway: Oin,
    said: BTreeMap<Key, Said>,
    bundles: BTreeSet<String>,
}

impl Telling {
    /// Nothing told yet. In the place of a source that is not named stands the OIN of the `gateway`.
    pub const fn new(gateway: Oin) -> Self {
        Self { gateway, said: BTreeMap::new(), bundles: BTreeSet::new() }
    }

    /// Whether entries of this kind tell of something that was given.
    pub const fn is_told(kind: EntryKind) -> bool {
        matches!(kind, EntryKind::Disclosure | EntryKind::Contribution)
    }

    /// Takes in an entry of something that has reached its recipient.
    pub fn add(&mut self, line: &Line) {
        let Some(body) = line.body.as_ref().filter(|_| Self::is_told(line.clear.kind)) else { return };
        let given = || body.items.iter().filter(|item| item.given.is_some() && item.category != Category::Reporter);
        if given().next().is_none() {
            return;
        }
        let said = self.said.entry(key(line, body)).or_default();
        said.categories.extend(given().map(|item| item.category));
        said.sources.extend(given().map(|item| &item.source).filter(|source| **source != self.gateway).cloned());
        if line.clear.kind == EntryKind::Contribution {
            said.rests_on.extend(given().map(rests_on));
        }
        said.bases.extend(body.basis.iter().flat_map(|basis| basis.legal.iter().cloned()));
        self.bundles.extend(body.decision.iter().map(|decision| decision.bundle.clone()));
    }

    /// The versions of the policies in whose words it may have to be told, by hash.
    pub const fn bundles(&self) -> &BTreeSet<String> {
        &self.bundles
    }

    /// The lines in words: those of the first version of the policies that has them.
    pub fn lines(self, words: &[Arc<Bundle>], language: Language, named: impl Fn(&Oin) -> Named) -> Vec<ReportLine> {
        let basis =
            |code: &String| words.iter().find_map(|words| words.legal_basis_text(code, language)).unwrap_or(code).to_owned();
        let purpose = |code: &PurposeCode| {
            let known = words.iter().find(|words| words.purpose(code).is_some());
            known.map_or(code.as_str(), |words| words.purpose_name(code, language)).to_owned()
        };
        let category = |category: &Category| {
            words.first().map_or_else(|| category.code().to_owned(), |words| words.category_name(*category, language).to_owned())
        };
        let line = |(key, said): (Key, Said)| ReportLine {
            date: key.date,
            recipient: named(&key.recipient),
            sources: said.sources.iter().map(&named).collect(),
            purpose: key.purpose.as_ref().map(purpose).unwrap_or_default(),
            categories: said.categories.iter().map(category).collect(),
            rests_on: said.rests_on,
            legal_basis: said.bases.iter().map(basis).collect(),
        };
        self.said.into_iter().map(line).collect()
    }
}

fn rests_on(item: &Item) -> RestsOn {
    if item.overridden_by.is_some() {
        RestsOn::Override
    } else if item.consent.is_some() {
        RestsOn::Consent
    } else {
        RestsOn::Law
    }
}

fn key(line: &Line, body: &Body) -> Key {
    let recipient = body.receiving.clone().or_else(|| line.clear.recipient.clone());
    Key {
        date: Day::of(line.clear.time),
        recipient: recipient.unwrap_or_else(|| line.clear.party.clone()),
        purpose: line.clear.purpose.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::log::fixture::{ALL_USERS, PARTY, POLICE, at, delivery, lines, oin};
    use crate::ledger::entry::ConsentReference;
    use std::time::Duration;

    fn report(told: &[Line], language: Language) -> Report {
        let mut telling = Telling::new(oin(PARTY));
        for line in told {
            telling.add(line);
        }
        let named = |oin: &Oin| Named { oin: oin.clone(), name: format!("N{oin}") };
        let lines = telling.lines(&[Arc::new(Bundle::embedded().expect("the policies"))], language, named);
        let (from, until) = (Some(Day::of(at(0))), None);
        Report { organisation: named(&oin(PARTY)), made_on: Day::of(at(0)), from, until, lines }
    }

    /// Broken on purpose to see it fail: an ask is told as if it had been given; what was withheld is told; the actor stands beside the bases.
    #[test]
    fn only_what_was_given_is_told_and_nobodys_name() {
        let mut given = lines();
        // Lines of their own, were they told: asked the day before, and withheld of a category of its own.
        let ask = given.iter_mut().find(|line| line.clear.kind == EntryKind::Ask).expect("an ask");
        ask.clear.time = at(-86_400);
        let delivered = given.iter_mut().find(|line| line.index == 1).and_then(|line| line.body.as_mut()).expect("a delivery");
        delivered.items[1].category = Category::Diagnosis;
        let told = report(&given, Language::En);
        assert_eq!(told.lines.len(), 1, "neither what was asked, nor refused, nor looked at");
        assert_eq!(told.lines[0].categories.len(), 1, "nor what was withheld");
        let text = format!("{}{}", told.text(Language::En), serde_json::to_string(&told).expect("JSON"));
        for never in ALL_USERS.iter().chain(&["00000099000000003000", "index", "c-1"]) {
            assert!(!text.contains(never), "{never}");
        }
        for told in ["21 November 2026", "\"2026-11-21\"", PARTY, &format!("Came from: N{POLICE}"), "article 5.2.6"] {
            assert!(text.contains(told), "{told}: {text}");
        }
    }

    /// Broken on purpose to see it fail: the gateway's own number told for a source.
    #[test]
    fn a_source_that_was_not_named_is_told_to_nobody() {
        let mut unnamed = delivery(1, at(0));
        unnamed.body.iter_mut().flat_map(|body| &mut body.items).for_each(|item| item.source = oin(PARTY));
        let told = report(&[unnamed], Language::Nl);
        assert_eq!(told.lines[0].sources, []);
        assert!(!told.text(Language::Nl).contains("Afkomstig"), "{}", told.text(Language::Nl));
    }

    #[test]
    fn one_day_is_one_line_and_it_ends_at_midnight_in_the_netherlands() {
        let day = Duration::from_hours(24);
        let once = report(&[delivery(1, at(0))], Language::Nl);
        assert_eq!(report(&[delivery(1, at(0)), delivery(5, at(90))], Language::Nl), once, "no count");
        assert_eq!(report(&[delivery(1, at(0)), delivery(5, at(0).plus(day))], Language::Nl).lines.len(), 2);
        let late = crate::clock::Timestamp::parse("2026-11-21T23:30:00Z").expect("an instant");
        assert_eq!(report(&[delivery(1, late)], Language::Nl).lines[0].date.to_string(), "2026-11-22");
    }

    #[test]
    fn what_it_rests_on_is_told_by_who_gave_it() {
        let told = |kind, consent: Option<&str>, overridden_by: Option<&str>| {
            let mut given = delivery(1, at(0));
            given.clear.kind = kind;
            for item in given.body.iter_mut().flat_map(|body| &mut body.items) {
                item.consent = consent.map(|id| ConsentReference { id: id.to_owned(), version: 1 });
                item.overridden_by = overridden_by.map(str::to_owned);
            }
            report(&[given], Language::En).text(Language::En)
        };
        let source = EntryKind::Contribution;
        assert!(told(source, Some("c"), None).contains("Rests on: your consent\n"));
        assert!(told(source, None, None).contains("Rests on: the law"));
        assert!(told(source, None, Some("o")).contains("Rests on: a decision to share it without your consent"));
        assert!(!told(EntryKind::Disclosure, Some("c"), Some("o")).contains("Rests on"), "a recipient does not know it");
    }

    #[test]
    fn what_was_not_recorded_is_said_to_be_so() {
        let mut bare = delivery(1, at(0));
        bare.clear.purpose = None;
        bare.body.as_mut().expect("a body").basis = None;
        let told = report(&[bare], Language::Nl).text(Language::Nl);
        assert!(told.contains("Doel: niet vastgelegd") && told.contains("kader van dit doel: niet vastgelegd"), "{told}");
        let nothing = report(&[], Language::Nl).text(Language::Nl);
        for said in ["bevat geen verstrekte gegevens over u", "Periode: vanaf 21 november 2026\n", "Autoriteit Persoonsgegevens"]
        {
            assert!(nothing.contains(said), "{said}: {nothing}");
        }
    }
}
