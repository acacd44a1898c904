//! What the script tells: who asked what for which purpose, what was given in which form, what was not, the place in the log, the receipt.
//! Persons by their id, never by name or number.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use serde_json::Value;

use super::scenes::{Scene, Subject};
use crate::client::Disclosed;
use crate::demo::organisations::Slug;

/// The whole run.
#[derive(Debug, Default)]
pub struct Report {
    /// The scenes, in order.
    pub scenes: Vec<Told>,
    /// Receipts that sources hold and have verified.
    pub sources_verified: usize,
    /// The log's size at the end.
    pub log_size: u64,
    /// How the head at the end was cosigned, where the log has witnesses.
    pub cosigned: Option<CosignedHead>,
}

/// A head that every witness cosigned.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CosignedHead {
    /// How many witnesses cosigned it.
    pub by: usize,
    /// Of how many.
    pub of: usize,
    /// Its size.
    pub size: u64,
    /// How long after the script's last entry, in milliseconds.
    pub millis: u64,
}

/// One scene as it went.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Told {
    /// What it shows.
    pub title: String,
    /// Who asked.
    pub recipient: String,
    /// Whom.
    pub sources: Vec<String>,
    /// For which purpose.
    pub purpose: String,
    /// About whom, by id.
    pub subject: String,
    /// What was given: source, category, form.
    pub given: Vec<[String; 3]>,
    /// What no delivery gave: source, category.
    pub unavailable: Vec<[String; 2]>,
    /// What nobody may give here.
    pub not_permitted: Vec<String>,
    /// `open` or `complete`.
    pub status: Option<String>,
    /// The entries in the log.
    pub log_indexes: Vec<u64>,
    /// The problem's type, when refused.
    pub refused: Option<String>,
    /// What went wrong.
    pub trouble: Option<String>,
    /// Whether it went as the script expects.
    pub as_expected: bool,
    /// What the script expects, in words.
    pub expected: String,
    /// The disclosure's id.
    #[serde(skip)]
    pub disclosure: Option<String>,
}

impl Told {
    /// Nothing has happened yet.
    pub(super) fn new(scene: &Scene) -> Self {
        let subject = match scene.subject {
            Subject::Person(id) | Subject::Local(id, _) => id,
        };
        Self {
            title: scene.title.to_owned(),
            recipient: scene.recipient.code().to_owned(),
            sources: scene.sources.iter().map(|slug| slug.code().to_owned()).collect(),
            purpose: scene.purpose.to_owned(),
            subject: subject.to_owned(),
            given: Vec::new(),
            unavailable: Vec::new(),
            not_permitted: Vec::new(),
            status: None,
            log_indexes: Vec::new(),
            refused: None,
            trouble: None,
            as_expected: false,
            expected: scene.expected.to_string(),
            disclosure: None,
        }
    }

    /// Takes in a disclosure whose receipts are verified.
    pub(super) fn disclosed(&mut self, disclosed: &Disclosed) {
        let text = |line: &Value, name: &str| line.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        self.status = Some(disclosed.status.clone());
        self.disclosure = Some(disclosed.id.clone());
        self.log_indexes = disclosed.deliveries.iter().map(|delivery| delivery.log_index).collect();
        self.given = disclosed.items().map(|item| [text(item, "source"), text(item, "category"), text(item, "form")]).collect();
        let Some(first) = disclosed.deliveries.first() else { return };
        let unavailable = first.list("unavailable").map(|line| [text(line, "source"), text(line, "category")]);
        // What a later delivery brought is not missing.
        let later = |missing: &[String; 2]| {
            self.given.iter().any(|[source, category, _]| [source, category] == [&missing[0], &missing[1]])
        };
        self.unavailable = unavailable.filter(|missing| !later(missing)).collect();
        self.not_permitted = first.list("notPermitted").map(|line| text(line, "category")).collect();
    }

    /// Each given kind of item once, as `category form`, sorted.
    pub(super) fn given_kinds(&self) -> Vec<String> {
        let mut kinds: Vec<_> = self.given.iter().map(|[_, category, form]| format!("{category} {form}")).collect();
        kinds.sort();
        kinds.dedup();
        kinds
    }
}

impl Report {
    /// Whether everything went as the script expects.
    pub fn is_as_expected(&self) -> bool {
        self.scenes.iter().all(|told| told.as_expected) && self.cosigned.is_none_or(|head| head.by == head.of)
    }

    /// How many requests were answered with a disclosure.
    pub fn disclosures(&self) -> usize {
        self.scenes.iter().filter(|told| !told.log_indexes.is_empty()).count()
    }

    /// How many were refused.
    pub fn refusals(&self) -> usize {
        self.scenes.iter().filter(|told| told.refused.is_some()).count()
    }

    /// How many receipts recipients have verified.
    pub fn recipients_verified(&self) -> usize {
        self.scenes.iter().map(|told| told.log_indexes.len()).sum()
    }

    /// The report as JSON.
    pub fn json(&self) -> String {
        let report = serde_json::json!({
            "asExpected": self.is_as_expected(),
            "disclosures": self.disclosures(),
            "refusals": self.refusals(),
            "receiptsVerified": self.recipients_verified() + self.sources_verified,
            "receiptsVerifiedBy": {"recipients": self.recipients_verified(), "sources": self.sources_verified},
            "logSize": self.log_size,
            "cosigned": self.cosigned,
            "scenes": self.scenes,
        });
        serde_json::to_string_pretty(&report).unwrap_or_default()
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, told) in self.scenes.iter().enumerate() {
            writeln!(f, "{:2}. {}", number + 1, told.title)?;
            write!(f, "{told}")?;
        }
        writeln!(f)?;
        writeln!(
            f,
            "{} requests answered, {} refused; receipts verified: {} by recipients, {} by sources; {} entries in the log.\nEach answer has an entry of \
             the question before it, one for the recipient and one for each source that gave something.",
            self.disclosures(),
            self.refusals(),
            self.recipients_verified(),
            self.sources_verified,
            self.log_size
        )?;
        match &self.cosigned {
            Some(CosignedHead { by, of, size, millis }) => {
                writeln!(f, "{by} of {of} witnesses cosigned the log at {size} entries, within {millis} ms.")
            }
            None => Ok(()),
        }
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sources: Vec<_> = self.sources.iter().map(|slug| name(slug)).collect();
        writeln!(
            f,
            "    {} asked {} about {}; purpose: {}",
            name(&self.recipient),
            sources.join(" and "),
            self.subject,
            self.purpose
        )?;
        if let Some(problem) = &self.refused {
            let logged = if is_entry(problem) { "; no source was asked, the refusal is in the log" } else { "" };
            writeln!(f, "    refused ({problem}){logged}")?;
        }
        for (form, categories) in self.by_form() {
            writeln!(f, "    given {}: {}", in_words(form), categories.join(", "))?;
        }
        if !self.unavailable.is_empty() {
            let mut categories: Vec<_> = self.unavailable.iter().map(|[_, category]| category.as_str()).collect();
            categories.dedup();
            writeln!(f, "    not given, the recipient is not told why: {}", categories.join(", "))?;
        }
        if !self.not_permitted.is_empty() {
            writeln!(f, "    never given to this recipient for this purpose: {}", self.not_permitted.join(", "))?;
        }
        writeln_delivered(f, &self.log_indexes, self.status.as_deref())?;
        if let Some(trouble) = &self.trouble {
            writeln!(f, "    TROUBLE: {trouble}")?;
        }
        if !self.as_expected {
            writeln!(f, "    NOT AS EXPECTED: {}", self.expected)?;
        }
        Ok(())
    }
}

/// Whether a refusal of this type is an entry, and comes before any source is asked: it is told to a caller who was authenticated, for what she
/// asks. Strangers are only counted, and without store or log nothing can be written.
fn is_entry(problem: &str) -> bool {
    ["not-permitted", "schema-invalid", "organisation-suspended", "idempotency-conflict", "not-found"].contains(&problem)
}

/// An organisation by its own name.
fn name(slug: &str) -> &str {
    Slug::from_code(slug).map_or(slug, |known| known.organisation().name)
}

fn in_words(form: &str) -> &str {
    match form {
        "exact" => "as recorded (exact)",
        "reduced" => "coarsened (reduced)",
        "signal" => "as yes or no only (signal)",
        "summary" => "as a summary that a professional released",
        other => other,
    }
}

/// Where the log has it, and whether more can come.
fn writeln_delivered(f: &mut fmt::Formatter<'_>, indexes: &[u64], status: Option<&str>) -> fmt::Result {
    let more = match status {
        Some("open") => "a professional's summary may still come",
        _ => "nothing more will come",
    };
    match indexes {
        [] => Ok(()),
        [index] => writeln!(f, "    log: entry {index}, receipt verified; {more}"),
        several => {
            let entries: Vec<_> = several.iter().map(u64::to_string).collect();
            let (count, entries) = (several.len(), entries.join(", "));
            writeln!(f, "    log: {count} deliveries one after the other, entries {entries}, each receipt verified; {more}")
        }
    }
}

impl Told {
    fn by_form(&self) -> BTreeMap<&str, Vec<&str>> {
        let mut forms: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for [_, category, form] in &self.given {
            let categories = forms.entry(form).or_default();
            if !categories.contains(&category.as_str()) {
                categories.push(category);
            }
        }
        forms
    }
}

#[cfg(test)]
mod tests {
    use super::super::scenes::SCENES;
    use super::*;

    #[test]
    fn a_refusal_is_in_the_log_only_where_it_is() {
        let mut told = Told::new(&SCENES[0]);
        for (problem, logged) in [("not-permitted", true), ("signature-invalid", false), ("store-unavailable", false)] {
            told.refused = Some(problem.to_owned());
            let text = told.to_string();
            assert!(text.contains(&format!("refused ({problem})")), "{text}");
            assert_eq!(text.contains("the refusal is in the log"), logged, "{text}");
        }
    }

    #[test]
    fn what_was_expected_is_said() {
        let told = Told::new(&SCENES[1]);
        assert!(told.to_string().contains("NOT AS EXPECTED: expected to be given identity exact, address reduced\n"), "{told}");
    }
}
