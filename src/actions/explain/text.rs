//! An explanation for reading.

use std::fmt::Write as _;

use super::view::{Deciding, ExplainedItem, Explanation};
use crate::organisation::Oin;
use crate::policy::Language;

impl Explanation {
    /// As text in one language.
    pub fn told(&self, language: Language) -> String {
        let dutch = language == Language::Nl;
        let version = self.version.as_deref().unwrap_or("-");
        let recipient = organisation(&self.recipient, self.recipient_name.as_deref());
        let Self { disclosure, policies, purpose, .. } = self;
        let purpose = format!("{} [{purpose}]", self.purpose_name.of(language));
        let mut text = if dutch {
            format!("Verstrekking {disclosure}\naan {recipient}\nvoor {purpose}\nBeleid {policies} (versie {version})\n")
        } else {
            format!("Disclosure {disclosure}\nto {recipient}\nfor {purpose}\nPolicies {policies} (version {version})\n")
        };
        text.push_str(match (self.in_force, self.at_hand, dutch) {
            (true, ..) => "",
            (false, true, true) => "Dit beleid is niet meer van kracht; hieronder staat de uitleg van het beleid van toen.\n",
            (false, true, false) => "These policies are no longer in force; what follows is told by the policies of then.\n",
            (false, false, true) => "Dit beleid is niet meer van kracht, en de teksten ervan zijn niet meer beschikbaar.\n",
            (false, false, false) => "These policies are no longer in force, and their texts are not at hand.\n",
        });
        for item in &self.items {
            tell(item, language, &mut text);
        }
        text
    }
}

fn tell(item: &ExplainedItem, language: Language, text: &mut String) {
    let dutch = language == Language::Nl;
    let forms: Vec<_> = item.permitted.iter().map(|form| form.code()).collect();
    let given = item.given_name.as_ref().map(|name| name.of(language));
    let outcome = match (given, forms.is_empty(), dutch) {
        (Some(form), _, true) => format!("gegeven, {form}"),
        (Some(form), _, false) => format!("given, {form}"),
        (None, false, true) => format!("toegestaan ({}), niets ontvangen", forms.join(", ")),
        (None, false, false) => format!("permitted ({}), nothing came", forms.join(", ")),
        (None, true, true) => "achtergehouden".to_owned(),
        (None, true, false) => "withheld".to_owned(),
    };
    // Writing to a string does not fail.
    let mut line = |line: String| {
        let _ = writeln!(text, "{line}");
    };
    let source = organisation(&item.source, item.source_name.as_deref());
    let category = format!("{} [{}]", item.category_name.of(language), item.category);
    line(format!("\n{} {source}\n  {category}: {outcome}", item.decided_at));
    if let Some(code) = &item.reason {
        line(format!("  {} [{code}]", item.reason_text.of(language)));
    }
    if let Some(id) = &item.consent {
        line(format!("  {} {id}", if dutch { "op grond van de toestemming" } else { "on the consent" }));
    }
    if let Some(id) = &item.derogation {
        line(format!(
            "  {} {id}",
            if dutch { "op grond van doorbreking van de geheimhouding door de bron" } else { "by the source's override" }
        ));
    }
    for policy in &item.decided_by {
        line(format!("  {} {}", if dutch { "beslist door" } else { "decided by" }, named(policy, language)));
    }
    for missing in &item.missing {
        line(format!(
            "  {} {} ({})",
            if dutch { "niet vervuld:" } else { "not fulfilled:" },
            named(&missing.policy, language),
            missing.form
        ));
        for condition in &missing.conditions {
            line(format!("    - {}", condition.of(language)));
        }
    }
}

/// By name, with its OIN.
fn organisation(oin: &Oin, name: Option<&str>) -> String {
    name.map_or_else(|| oin.to_string(), |name| format!("{name} ({oin})"))
}

fn named(policy: &Deciding, language: Language) -> String {
    let mut text = policy.id.clone();
    if let Some(why) = &policy.why {
        let _ = write!(text, ": {}", why.of(language));
    }
    if let Some(legal) = &policy.legal {
        let _ = write!(text, " [{legal}]");
    }
    text
}
