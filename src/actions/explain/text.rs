//! An explanation for reading.

use std::fmt::Write as _;

use super::{Deciding, ExplainedItem, Explanation};
use crate::policy::Language;

impl Explanation {
    /// As text in one language.
    pub fn told(&self, language: Language) -> String {
        let dutch = language == Language::Nl;
        let version = self.version.as_deref().unwrap_or("-");
        let mut text = if dutch {
            format!(
                "Verstrekking {} aan {} voor {}\nBeleid {} (versie {version})\n",
                self.disclosure, self.recipient, self.purpose, self.policies
            )
        } else {
            format!(
                "Disclosure {} to {} for {}\nPolicies {} (version {version})\n",
                self.disclosure, self.recipient, self.purpose, self.policies
            )
        };
        if !self.in_force {
            text.push_str(if dutch {
                "Dit beleid geldt niet meer: het waarom staat in de versie van toen.\n"
            } else {
                "These policies are no longer in force: the why stands in the version of then.\n"
            });
        }
        for item in &self.items {
            tell(item, language, &mut text);
        }
        text
    }
}

fn tell(item: &ExplainedItem, language: Language, text: &mut String) {
    let dutch = language == Language::Nl;
    let forms: Vec<_> = item.permitted.iter().map(|form| form.code()).collect();
    let outcome = match (item.given, forms.is_empty(), dutch) {
        (Some(form), _, true) => format!("gegeven ({form})"),
        (Some(form), _, false) => format!("given ({form})"),
        (None, false, true) => format!("toegestaan ({}), niets ontvangen", forms.join(", ")),
        (None, false, false) => format!("permitted ({}), nothing came", forms.join(", ")),
        (None, true, true) => "achtergehouden".to_owned(),
        (None, true, false) => "withheld".to_owned(),
    };
    // Writing to a string does not fail.
    let mut line = |line: String| {
        let _ = writeln!(text, "{line}");
    };
    line(format!("\n{} {} {}: {outcome}", item.decided_at, item.source, item.category));
    if let Some(code) = &item.reason {
        line(format!("  {} [{code}]", item.reason_text.of(language)));
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
