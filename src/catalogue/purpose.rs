//! A purpose (doel) as its file states it: legal bases, terms, texts and what it keeps of each category. No rules: those are in
//! the policies.

use std::ops::Range;
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use super::PurposeCode;
use super::ground::{Grounds, Line};
use super::transforms::{TransformTables, Transforms, Wrong};
use crate::organisation::Kind;

/// A text in the languages of the gateway.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Texts {
    /// Dutch.
    pub nl: String,
    /// English.
    pub en: String,
}

/// What a recipient must do with what it receives, and how long the log keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retention {
    /// How many days the recipient may keep what it received.
    pub recipient_days: u32,
    /// How many years the log entries are kept.
    pub log_years: u32,
    /// How long sealed results are kept after completion; at most 24 hours.
    pub payload: Duration,
    /// Within how many days the subject is to be told (informatieplicht).
    pub notify_subject_by_days: u32,
}

/// Which sources are asked when a request names none, and why. Being asked tells a source that someone is looked into, so it
/// needs a reason.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DefaultSources {
    /// The kinds of organisations.
    pub kinds: Vec<Kind>,
    /// Why these.
    pub reason: Texts,
}

/// Which kind of case a request stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CaseTrack {
    /// About persons by name.
    Named,
    /// About nobody by name: an anonymous consultation (consultatief overleg).
    Anonymous,
}

/// How long sealed results are kept after completion, unless the purpose says shorter.
const LONGEST_PAYLOAD: Duration = Duration::from_hours(24);

/// A purpose.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the file")]
pub struct Purpose {
    /// Its code.
    pub id: PurposeCode,
    /// The codes of its legal bases, explained in the reasons files.
    pub legal_bases: Vec<String>,
    /// What it is for.
    pub texts: Texts,
    /// The terms.
    pub retention: Retention,
    /// How long a disclosure stays open for summaries.
    pub deadline: Duration,
    /// How long after the request the answer leaves, where an outcome can depend on the person.
    pub answer_at: Duration,
    /// Whether disclosures go on, with an alarm and full review, when the log's witnesses are silent. It says nothing about overrides: for
    /// which purpose one person may make one alone is fixed (`domain.md` §7).
    pub emergency: bool,
    /// Whether a quorum of witnesses must have cosigned a log that holds the disclosure before it leaves.
    pub cosigned_before_release: bool,
    /// Whether `POST /v1/disclosures` serves it; the others are entered another way, and no source is asked.
    pub served: bool,
    /// The kind of case that a request must stand in, if it must.
    pub case: Option<CaseTrack>,
    /// Whether the recipient serves the subject, so that nothing about persons protected from the subject may reach it.
    pub acts_for_subject: bool,
    /// The sources asked when a request names none.
    pub default_sources: Option<DefaultSources>,
    /// On which grounds sources may break confidentiality for it.
    pub grounds: Grounds,
    /// What it keeps.
    pub transforms: Transforms,
}

/// A file under `policies/` that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {message}")]
pub struct FileError {
    /// The file, relative to the folder.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong and what to do.
    pub message: String,
}

impl FileError {
    /// An error at a place in a file's text.
    pub fn at(file: &str, text: &str, offset: usize, message: impl Into<String>) -> Self {
        let line = text.bytes().take(offset).filter(|byte| *byte == b'\n').count().saturating_add(1);
        Self { file: file.to_owned(), line, message: message.into() }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the file")]
struct PurposeFile {
    id: Spanned<PurposeCode>,
    legal_bases: Spanned<Vec<String>>,
    deadline: Spanned<String>,
    answer_at_ms: Spanned<u64>,
    emergency: bool,
    #[serde(default)]
    cosigned_before_release: bool,
    served: bool,
    case: Option<Spanned<CaseTrack>>,
    acts_for_subject: bool,
    texts: Texts,
    retention: RetentionTable,
    obligations: ObligationsTable,
    default_sources: Option<Spanned<DefaultSources>>,
    #[serde(default)]
    overrides: Vec<Spanned<Line>>,
    #[serde(default)]
    transforms: TransformTables,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RetentionTable {
    recipient: Spanned<String>,
    log_years: Spanned<u32>,
    payload: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ObligationsTable {
    notify_subject_by: Spanned<String>,
}

impl Purpose {
    /// Reads a purpose file. `file` is its path under `policies/`, such as `purposes/probation.toml`.
    ///
    /// # Errors
    /// [`FileError`] with file and line: unknown keys, a name that differs from the id, a term of another form than `P90D` or
    /// `PT4H`, an unknown category, form or field, free text, or a form that keeps more than a finer one.
    pub fn parse(file: &str, text: &str) -> Result<Self, FileError> {
        let at = |span: Range<usize>, message: String| FileError::at(file, text, span.start, message);
        let read: PurposeFile =
            toml::from_str(text).map_err(|error| at(error.span().unwrap_or(0..0), error.message().to_owned()))?;
        let days = |term: &Spanned<String>| whole_days(term).ok_or_else(|| at(term.span(), "write days as `P90D`".to_owned()));
        let expected = file.rsplit('/').next().and_then(|name| name.strip_suffix(".toml"));
        if expected != Some(read.id.get_ref().as_str()) {
            return Err(at(read.id.span(), format!("the id must be the file's name, `{}`", expected.unwrap_or_default())));
        }
        if read.legal_bases.get_ref().is_empty() {
            return Err(at(read.legal_bases.span(), "a purpose needs at least one legal basis".to_owned()));
        }
        let deadline = term(read.deadline.get_ref())
            .ok_or_else(|| at(read.deadline.span(), "write the deadline as `PT4H` or `P5D`".to_owned()))?;
        if !(1..=30_000).contains(read.answer_at_ms.get_ref()) {
            return Err(at(read.answer_at_ms.span(), "answer_at_ms must be from 1 to 30000".to_owned()));
        }
        if *read.retention.log_years.get_ref() < 5 {
            return Err(at(read.retention.log_years.span(), "the log is kept at least 5 years".to_owned()));
        }
        if let Some(sources) = read.default_sources.as_ref().filter(|sources| sources.get_ref().kinds.is_empty()) {
            return Err(at(sources.span(), "default_sources must name a kind, or be left out".to_owned()));
        }
        let payload = match &read.retention.payload {
            None => LONGEST_PAYLOAD,
            Some(text) => term(text.get_ref()).filter(|payload| *payload <= LONGEST_PAYLOAD).ok_or_else(|| {
                at(text.span(), "write how long sealed results are kept as `PT24H`, and no longer than that".to_owned())
            })?,
        };
        let retention = Retention {
            payload,
            recipient_days: days(&read.retention.recipient)?,
            log_years: *read.retention.log_years.get_ref(),
            notify_subject_by_days: days(&read.obligations.notify_subject_by)?,
        };
        let grounds = Grounds::of(&read.overrides).map_err(|(span, message)| at(span, message))?;
        let transforms = read.transforms.check().map_err(|Wrong { at: span, message }| at(span, message))?;
        let case = read.case;
        if let Some(case) = case.as_ref().filter(|case| *case.get_ref() == CaseTrack::Anonymous)
            && let Some((category, form)) = transforms.naming()
        {
            let message =
                format!("an anonymous case names nobody, and this purpose keeps who it is of `{category}` in the form `{form}`");
            return Err(at(case.span(), message));
        }
        Ok(Self {
            id: read.id.into_inner(),
            legal_bases: read.legal_bases.into_inner(),
            texts: read.texts,
            retention,
            deadline,
            answer_at: Duration::from_millis(read.answer_at_ms.into_inner()),
            emergency: read.emergency,
            cosigned_before_release: read.cosigned_before_release,
            served: read.served,
            case: case.map(Spanned::into_inner),
            acts_for_subject: read.acts_for_subject,
            default_sources: read.default_sources.map(Spanned::into_inner),
            grounds,
            transforms,
        })
    }
}

/// An ISO 8601 term of whole hours (`PT4H`) or days (`P5D`), more than zero and at most 3650 days.
fn term(text: &str) -> Option<Duration> {
    let hours = match text.strip_prefix("PT").and_then(|rest| rest.strip_suffix('H')) {
        Some(hours) => hours.parse::<u64>().ok()?,
        None => text.strip_prefix('P')?.strip_suffix('D')?.parse::<u64>().ok()?.checked_mul(24)?,
    };
    (1..=3650 * 24).contains(&hours).then(|| Duration::from_secs(hours.saturating_mul(3600)))
}

fn whole_days(text: &Spanned<String>) -> Option<u32> {
    let days = text.get_ref().strip_prefix('P')?.strip_suffix('D')?.parse().ok()?;
    (1..=36_500).contains(&days).then_some(days)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::Ground;

    const FILE: &str = r#"id = "probe"
legal_bases = ["law"]
deadline = "PT4H"
answer_at_ms = 1000
emergency = false
served = true
acts_for_subject = true
texts = { nl = "proef", en = "probe" }
retention = { recipient = "P90D", log_years = 5 }
obligations = { notify_subject_by = "P28D" }

[[overrides]]
ground = "wpg_19"
sources = ["police"]
recipients = ["veilig-thuis", "case-director"]

[transforms.measures]
exact = ["measures[].kind", "measures[].from"]
signal = ["any"]
"#;

    fn refused(change: (&str, &str)) -> FileError {
        let text = FILE.replace(change.0, change.1);
        assert_ne!(text, FILE, "the change applies");
        Purpose::parse("purposes/probe.toml", &text).expect_err(change.1)
    }

    #[test]
    fn errors_name_file_and_line() {
        let cases = [
            (("emergency = false", "emergency = false\nurgent = true"), 6, "urgent"),
            (("served = true", "served = true\ncase = \"anon\""), 7, "anon"),
            (("served = true\n", ""), 1, "served"),
            (("id = \"probe\"", "id = \"other\""), 1, "file's name"),
            (("[\"law\"]", "[]"), 2, "legal basis"),
            (("PT4H", "4h"), 3, "deadline"),
            (("P90D", "90"), 9, "P90D"),
            (("log_years = 5", "log_years = 1"), 9, "5 years"),
            (("log_years = 5", "log_years = 5, payload = \"PT25H\""), 9, "PT24H"),
            (("wpg_19", "wpg_20"), 13, "wpg_20"),
            (("[\"police\"]", "[\"polis\"]"), 14, "polis"),
            (("[\"police\"]", "[]"), 12, "at least one kind"),
            (("\"case-director\"", "\"veilig-thuis\""), 12, "stands here twice"),
            (("transforms.measures", "transforms.measure"), 17, "unknown category"),
            (("signal = [\"any\"]", "brief = [\"any\"]"), 19, "unknown form"),
            (("signal = [\"any\"]", "summary = [\"any\"]"), 19, "has no form"),
            (("signal = [\"any\"]", "signal = []"), 19, "keeps nothing"),
            (("signal = [\"any\"]", "signal = [\"any\", \"any\"]"), 19, "twice"),
            (("signal = [\"any\"]", "reduced = [\"measures[].kind\",\n \"measures[].until\"]"), 20, "widens"),
            (("\"measures[].from\"", "\"measures[].text\""), 18, "free text"),
            (("\"measures[].from\"", "\"measures[].form\""), 18, "no field"),
        ];
        for (change, line, message) in cases {
            let error = refused(change);
            assert_eq!((error.file.as_str(), error.line), ("purposes/probe.toml", line), "{error}");
            assert!(error.message.contains(message), "{error}");
        }
    }

    #[test]
    fn a_file_reads_as_written() {
        let purpose = Purpose::parse("purposes/probe.toml", FILE).expect("valid");
        assert_eq!((purpose.deadline, purpose.retention.payload), (Duration::from_hours(4), Duration::from_hours(24)));
        let shorter = FILE.replace("log_years = 5", "log_years = 5, payload = \"PT2H\"");
        let shorter = Purpose::parse("purposes/probe.toml", &shorter).expect("valid");
        assert_eq!(shorter.retention.payload, Duration::from_hours(2));
        let carried = |source, recipient| purpose.grounds.carrying(source, recipient);
        assert_eq!(carried(Kind::Police, Kind::VeiligThuis), [Ground::Wpg19].into());
        assert!(carried(Kind::Police, Kind::Probation).is_empty() && carried(Kind::VeiligThuis, Kind::Police).is_empty());
        let directs = purpose.grounds.carrying_to(Kind::Police, Kind::Probation);
        assert_eq!(directs, [Ground::Wpg19].into(), "an organisation of any kind may direct a case");
        assert_eq!((purpose.retention.recipient_days, purpose.retention.notify_subject_by_days), (90, 28));
        assert!(purpose.transforms.keeps(super::super::Category::Measures, super::super::Form::Signal, "any"));
        assert!(purpose.transforms.paths(super::super::Category::Measures, super::super::Form::Reduced).is_empty());
    }
}
