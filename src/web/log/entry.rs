//! An opened entry, in rows to read: who, for what, on which ground, what was asked, given and withheld, and why.

use super::words::Words;
use crate::actions::log::LineView;
use crate::ledger::entry::{Body, Item};
use crate::web::moment::Moment;

/// An entry as its page shows it.
pub(super) struct Entry {
    pub(super) facts: Vec<Fact>,
    pub(super) items: Vec<ItemRow>,
}

/// What is said of one thing.
pub(super) struct Fact {
    pub(super) name: String,
    pub(super) said: String,
}

/// What became of one source's category.
pub(super) struct ItemRow {
    pub(super) source: String,
    pub(super) category: String,
    pub(super) asked: String,
    /// Nothing when it was withheld, or was not there.
    pub(super) given: String,
    pub(super) why: String,
    pub(super) fields: String,
    pub(super) withheld: String,
    pub(super) rules: String,
}

impl Entry {
    pub(super) fn of(words: &Words<'_>, line: &LineView) -> Self {
        let mut facts = Facts { words, rows: Vec::new() };
        facts.beside(line);
        if let Some(body) = &line.body {
            facts.inside(body);
        }
        let items = line.body.iter().flat_map(|body| &body.items).map(|item| row(words, item)).collect();
        Self { facts: facts.rows, items }
    }
}

struct Facts<'a> {
    words: &'a Words<'a>,
    rows: Vec<Fact>,
}

impl Facts<'_> {
    /// Says it, if there is something to say.
    fn say(&mut self, name: &str, said: Option<String>) {
        if let Some(said) = said.filter(|said| !said.is_empty()) {
            self.rows.push(Fact { name: self.words.text(name), said });
        }
    }

    /// What stands beside the sealed body.
    fn beside(&mut self, line: &LineView) {
        let words = self.words;
        self.say("entry-index", Some(line.index.to_string()));
        self.say("log-outcome", Some(words.outcome(line.outcome)));
        self.say("log-source", line.source.as_ref().map(|oin| words.organisation(oin)));
        self.say("log-recipient", line.recipient.as_ref().map(|oin| words.organisation(oin)));
        self.say("log-purpose", line.purpose.as_ref().map(|purpose| words.purpose(purpose)));
        self.say("log-categories", Some(words.categories(&line.categories)));
        self.say("log-overridden", line.overridden.then(|| words.text("yes")));
        self.say("entry-trace", Some(line.trace.to_string()));
    }

    /// What was sealed.
    fn inside(&mut self, body: &Body) {
        let words = self.words;
        self.say("entry-disclosure", body.disclosure.clone());
        self.say("entry-case", body.case.clone());
        self.say("entry-subject", body.subject.clone());
        if let Some(actor) = &body.actor {
            self.say("entry-actor", Some(actor.reference.clone()));
            self.say("entry-role", actor.role.clone());
            self.say("entry-on-behalf-of", actor.on_behalf_of.clone());
        }
        self.say("entry-authentication", body.client.as_ref().map(|client| client.authentication.clone()));
        self.basis(body);
        self.decision(body);
        for emergency in &body.overrides {
            self.say("entry-override", Some(joined([Some(emergency.id.clone()), emergency.reason.clone()])));
            self.say("entry-review-by", emergency.review_by.map(|by| Moment::of(by, words.language).shown));
        }
        if let Some(obligations) = &body.obligations {
            self.say("entry-retain-until", obligations.retain_until.map(|until| Moment::of(until, words.language).shown));
            self.say("entry-onward", Some(words.text(if obligations.onward_disclosure { "yes" } else { "no" })));
        }
        if let Some(refusal) = &body.refusal {
            self.say("entry-refusal", Some(joined([Some(refusal.problem.clone()), refusal.reason.clone()])));
        }
        if let Some(change) = &body.change {
            self.say("entry-event", Some(joined([Some(change.event.clone()), change.reason.clone()])));
        }
        if let Some(look) = &body.look {
            let terms = look.terms.iter().map(|(name, value)| format!("{name}: {value}"));
            self.say("entry-look", Some(std::iter::once(look.view.clone()).chain(terms).collect::<Vec<_>>().join("; ")));
        }
        let references = body.references.iter().map(|reference| format!("{} {}", reference.object, reference.id));
        self.say("entry-references", Some(references.collect::<Vec<_>>().join("; ")));
    }

    fn basis(&mut self, body: &Body) {
        let words = self.words;
        let Some(basis) = &body.basis else { return };
        let legal = basis.legal.iter().map(|code| words.legal_basis(code));
        self.say("entry-legal-basis", Some(legal.collect::<Vec<_>>().join(" ")));
        self.say("entry-necessity", basis.necessity.clone());
        let claims = basis.claims.iter().map(|(name, value)| format!("{name}: {value}"));
        self.say("entry-claims", Some(claims.collect::<Vec<_>>().join("; ")));
    }

    fn decision(&mut self, body: &Body) {
        let Some(decision) = &body.decision else { return };
        self.say("entry-policies", Some(joined([decision.version.clone(), Some(decision.bundle.clone())])));
        self.say("entry-rules", Some(decision.policies.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(", ")));
    }
}

fn joined<const N: usize>(parts: [Option<String>; N]) -> String {
    parts.into_iter().flatten().collect::<Vec<_>>().join(": ")
}

fn row(words: &Words<'_>, item: &Item) -> ItemRow {
    let list = |names: &std::collections::BTreeSet<String>| names.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
    ItemRow {
        source: words.organisation(&item.source),
        category: words.category(item.category),
        asked: words.form(item.asked),
        given: item.given.map_or_else(|| words.text("item-nothing"), |form| words.form(form)),
        why: item.reason.as_deref().map_or_else(String::new, |code| words.reason(code)),
        fields: list(&item.fields),
        withheld: list(&item.withheld_fields),
        rules: item.policies.iter().map(AsRef::as_ref).collect::<Vec<&str>>().join(", "),
    }
}
