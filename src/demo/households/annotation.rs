//! What is said about an entry beside its content: drafts, doubts, the facts of the legal conditions.

use super::person::Person;
use super::record::{Draft, DraftFlaw, Record};
use crate::source::{ItemFacts, Nature};
use crate::subject::Bsn;

impl Record {
    /// The professional's draft of a summary.
    pub fn draft(&mut self, text: &str) -> &mut Self {
        let flaw = match text {
            _ if text.contains("{bsn:") => Some(DraftFlaw::HoldsBsn),
            _ if text.contains('{') => Some(DraftFlaw::NamesMember),
            _ => None,
        };
        self.draft = Some(Draft { text: text.to_owned(), flaw });
        self
    }

    /// A professional's supposition instead of a fact.
    pub fn hypothesis(&mut self) -> &mut Self {
        self.nature = Nature::Hypothesis;
        self
    }

    /// Adds facts for the legal conditions.
    pub fn facts(&mut self, change: impl FnOnce(&mut ItemFacts)) -> &mut Self {
        change(&mut self.facts);
        self
    }

    /// Held under another Wpg article than 8.
    pub fn wpg(&mut self, article: &str) -> &mut Self {
        self.facts(|facts| facts.wpg_article = Some(article.to_owned()))
    }

    /// Under a mandate of the College van procureurs-generaal.
    pub fn mandate(&mut self, id: &str) -> &mut Self {
        self.facts(|facts| facts.mandate_id = Some(id.to_owned()))
    }

    /// A named professional answers for it and has gone through the steps of the meldcode.
    pub fn meldcode(&mut self, professional: &str) -> &mut Self {
        self.facts(|facts| {
            facts.professional = Some(professional.to_owned());
            facts.meldcode_steps = Some(true);
        })
    }

    /// By order of the juvenile court.
    pub fn court_order(&mut self, id: &str) -> &mut Self {
        self.facts(|facts| facts.court_order_id = Some(id.to_owned()))
    }
}

/// Replaces `{A1}` and `{bsn:A1}` in the texts of a record.
pub(super) fn fill_in(record: &mut Record, persons: &[Person]) {
    let texts = record.entry.texts_mut().into_iter().chain(record.draft.as_mut().map(|draft| &mut draft.text));
    for text in texts.filter(|text| text.contains('{')) {
        for person in persons {
            let bsn = person.bsn.as_ref().map_or("onbekend", Bsn::expose);
            *text = text.replace(&format!("{{{}}}", person.letter), person.name.first());
            *text = text.replace(&format!("{{bsn:{}}}", person.letter), bsn);
        }
    }
}
