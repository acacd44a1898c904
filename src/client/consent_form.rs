//! The form of a consent (toestemming) as a clerk fills it in: TOML, each member explained. It becomes the body of `POST /v1/consents`, which the
//! gateway judges; here only what still stands as in the template is refused, by name.

use serde_json::{Map, Value, json};
use toml::de::{DeTable, DeValue};

use crate::organisation::Oin;

/// The empty form, each member explained.
pub const TEMPLATE: &str = include_str!("consent_form.toml");

/// What stands in the template where something is to be filled in.
const TO_FILL: [&str; 2] = ["…", "YYYY-MM-DDThh:mm:ssZ"];

/// Reads a filled form of the organisation `own`, about `subject` in the place of whom the form names.
///
/// # Errors
/// [`FormError`], which names lines and members, never a value.
pub fn read(text: &str, own: &Oin, subject: Option<Value>) -> Result<Map<String, Value>, FormError> {
    let mut form =
        DeTable::parse(text).map_err(|error| FormError::NotToml(line(text, error.span().map_or(0, |span| span.start))))?;
    if subject.is_some() {
        form.get_mut().remove("subject");
    }
    let mut unfilled = Vec::new();
    let mut body = table(text, "", form.get_ref(), &mut unfilled);
    if !unfilled.is_empty() {
        unfilled.sort_unstable();
        return Err(FormError::Unfilled(unfilled.into_iter().map(|(line, member)| format!("  line {line}: {member}")).collect()));
    }
    body.extend(subject.map(|subject| ("subject".to_owned(), subject)));
    body.entry("sources").or_insert_with(|| json!([own]));
    if let Some(Value::Object(evidence)) = body.get_mut("evidence") {
        evidence.entry("holder").or_insert_with(|| json!(own));
    }
    Ok(body)
}

type Unfilled = Vec<(usize, String)>;

fn table(text: &str, path: &str, table: &DeTable<'_>, unfilled: &mut Unfilled) -> Map<String, Value> {
    let member = |(name, content): (&toml::Spanned<_>, &toml::Spanned<DeValue<'_>>)| {
        let name: &std::borrow::Cow<'_, str> = name.get_ref();
        let path = if path.is_empty() { name.to_string() } else { format!("{path}.{name}") };
        (name.to_string(), value(text, path, content, unfilled))
    };
    table.iter().map(member).collect()
}

fn value(text: &str, path: String, content: &toml::Spanned<DeValue<'_>>, unfilled: &mut Unfilled) -> Value {
    match content.get_ref() {
        DeValue::String(word) => {
            if TO_FILL.contains(&word.trim()) {
                unfilled.push((line(text, content.span().start), path));
            }
            json!(word)
        }
        DeValue::Boolean(flag) => json!(flag),
        // A number that is none of JSON's stays text: the gateway says what it expects there.
        DeValue::Integer(number) => {
            i64::from_str_radix(number.as_str(), number.radix()).map_or_else(|_| json!(number.as_str()), |number| json!(number))
        }
        DeValue::Float(number) => number.as_str().parse::<f64>().map_or_else(|_| json!(number.as_str()), |number| json!(number)),
        DeValue::Datetime(instant) => json!(instant.to_string()),
        DeValue::Array(items) => {
            items.iter().enumerate().map(|(place, item)| value(text, format!("{path}[{place}]"), item, unfilled)).collect()
        }
        DeValue::Table(members) => Value::Object(table(text, &path, members, unfilled)),
    }
}

fn line(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count().saturating_add(1)
}

/// The form cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    /// It is not TOML from this line on.
    #[error(
        "line {0}: not TOML\n  expected: a line `member = value`, a text between quotation marks, each member once\n  do: compare with `sluis consent record --template`"
    )]
    NotToml(usize),
    /// Members stand as in the template, a line for each.
    #[error("not filled in yet:\n{}\n  do: fill these in, or take away what does not apply; `sluis consent record --template` explains each", .0.join("\n"))]
    Unfilled(Vec<String>),
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::actions::consents;

    fn own() -> Oin {
        "00000099000000005000".parse().unwrap()
    }

    /// The template with each member uncommented and given a value that can be.
    fn filled() -> String {
        let members = [
            ("event", "\"given\""),
            ("at", "2026-11-20T12:00:00+01:00"),
            ("subjectAge", "9"),
            ("sources", "[\"00000099000000005000\"]"),
            ("recipients", "[\"00000099000000002000\"]"),
            ("purposes", "[\"safety-assessment\"]"),
            ("categories", "[\"care-involvement\"]"),
            ("maxForm", "\"signal\""),
            ("validFrom", "\"2026-11-25T12:00:00Z\""),
            ("notAfter", "2026-12-25T12:00:00Z"),
            ("askedInPrivate", "true"),
            ("recordedBy", "\"pro-1\""),
            ("parentsWithCustody", "1"),
            ("capacityAssessedBy", "\"pro-2\""),
            ("reason", "\"asked\""),
            ("conditions", "\"none\""),
            ("supersedes", "\"0190\""),
            ("withoutBsn", "false"),
            ("scheme", "\"bsn\""),
            ("value", "\"999990019\""),
            ("id", "\"text\""),
            ("version", "\"1\""),
            ("language", "\"nl\""),
            ("sha256", "\"abababababababababababababababababababababababababababababababab\""),
            ("kind", "\"signed_form\""),
            ("holder", "\"00000099000000005000\""),
            ("role", "\"parent\""),
            ("method", "\"in person\""),
            ("authorityEvidence", "\"extract 7\""),
            ("allegedPerpetrator", "false"),
        ];
        let fill = |line: &str| {
            let bare = line.strip_prefix("# ").unwrap_or(line);
            let value =
                |(name, value): &(&str, &str)| bare.starts_with(&format!("{name} = ")).then(|| format!("{name} = {value}"));
            members.iter().find_map(value).unwrap_or_else(|| line.to_owned())
        };
        TEMPLATE.lines().map(fill).collect::<Vec<_>>().join("\n")
    }

    /// Broken on purpose to see it fail: with a member taken out of the template, and with one of another name.
    #[test]
    fn the_filled_template_is_what_the_gateway_reads_and_has_every_member() {
        let body = read(&filled(), &own(), None).unwrap();
        let draft = consents::draft(Value::Object(body.clone()).to_string().as_bytes(), &own()).unwrap();
        assert_eq!((draft.subject_age, draft.parents_with_custody, draft.asked_in_private), (9, 1, true));
        assert_eq!(draft.grantors.len(), 1);
        let document: Value = serde_json::from_str(&crate::api::openapi::json()).unwrap();
        for (schema, body) in [
            ("ConsentRecording", &json!(body)),
            ("ConsentGrantor", &body["grantors"][0]),
            ("Notice", &body["notice"]),
            ("Evidence", &body["evidence"]),
        ] {
            let known: Vec<_> = document["components"]["schemas"][schema]["properties"].as_object().unwrap().keys().collect();
            let mut explained: Vec<_> = body.as_object().unwrap().keys().collect();
            explained.sort();
            let mut known = known;
            known.sort();
            assert_eq!(explained, known, "{schema}");
        }
    }

    #[test]
    fn what_stands_as_in_the_template_is_refused_by_name() {
        let FormError::Unfilled(named) = read(TEMPLATE, &own(), None).unwrap_err() else { panic!("it is TOML") };
        let places = TEMPLATE
            .lines()
            .filter(|line| !line.starts_with('#') && TO_FILL.iter().any(|to_fill| line.contains(to_fill)))
            .count();
        assert_eq!(named.len(), places, "{named:?}");
        for (line, member) in [
            ("event = ", "event"),
            ("recipients = ", "recipients[0]"),
            ("role = ", "grantors[0].role"),
            ("value = ", "subject.value"),
        ] {
            let number = TEMPLATE.lines().position(|text| text.starts_with(line)).unwrap() + 1;
            assert!(named.contains(&format!("  line {number}: {member}")), "{named:?}");
        }
        // Each of them is needed by itself.
        for line in filled().lines().filter(|line| line.contains(" = ") && !line.starts_with('#')) {
            let (name, _) = line.split_once(" = ").unwrap();
            let error = read(&filled().replacen(line, &format!("{name} = \"…\""), 1), &own(), None).unwrap_err().to_string();
            assert!(error.contains(name), "{name}: {error}");
        }
    }

    #[test]
    fn another_subject_and_the_own_organisation_are_filled_in() {
        let form =
            filled().replace("sources = ", "# sources = ").replace("holder = ", "# holder = ").replace("\"999990019\"", "\"…\"");
        let body = read(&form, &own(), Some(json!({"scheme": "local"}))).unwrap();
        assert_eq!(body["subject"], json!({"scheme": "local"}));
        assert_eq!((&body["sources"], &body["evidence"]["holder"]), (&json!([own()]), &json!(own())));
        assert!(read(&form, &own(), None).unwrap_err().to_string().contains("subject.value"));
    }

    #[test]
    fn what_is_not_toml_is_told_by_its_line_and_never_quoted() {
        let broken = filled().replace("value = \"999990019\"", "value = 99999 0019");
        let number = filled().lines().position(|line| line.starts_with("value = ")).unwrap() + 1;
        let error = read(&broken, &own(), None).unwrap_err();
        assert_eq!(error, FormError::NotToml(number));
        assert!(!error.to_string().contains("9999"), "{error}");
    }
}
