//! What two versions say otherwise outside the rules: whom a purpose serves, its terms, what it keeps of each category, and what must be proved.
//! No solver sees these, and each can widen what goes out.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use super::bundle::{Bundle, LoadError};
use crate::catalogue::Purpose;

/// One thing that another version says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shift {
    /// Of what, such as `treatment, retention of the recipient`.
    pub what: String,
    /// What the old version says.
    pub old: String,
    /// What the new version says.
    pub new: String,
    /// Whether more goes out, longer, or with less to stop it.
    pub wider: bool,
}

impl fmt::Display for Shift {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.wider { "wider" } else { "narrower" };
        write!(f, "{verdict:<8} {}: {} -> {}", self.what, self.old, self.new)
    }
}

impl Bundle {
    /// What `new` says otherwise, outside the rules.
    ///
    /// # Errors
    /// [`LoadError`], when the invariants of one of them do not read.
    pub fn terms_to(&self, new: &Self) -> Result<Vec<Shift>, LoadError> {
        let mut shifts = Vec::new();
        let codes: BTreeSet<_> = self.purposes().chain(new.purposes()).map(|purpose| &purpose.id).collect();
        for code in codes {
            match (self.purpose(code), new.purpose(code)) {
                (Some(before), Some(after)) => purpose(before, after, &mut shifts),
                (before, after) => {
                    let told = |there: bool| if there { "there" } else { "not there" }.to_owned();
                    let (old, new) = (told(before.is_some()), told(after.is_some()));
                    shifts.push(Shift { what: format!("purpose {code}"), old, new, wider: after.is_some() });
                }
            }
        }
        self.invariants_to(new, &mut shifts)?;
        Ok(shifts)
    }

    /// An invariant that is gone, or says something else, promises less as far as anybody has shown.
    fn invariants_to(&self, new: &Self, shifts: &mut Vec<Shift>) -> Result<(), LoadError> {
        let (before, after) = (self.invariants()?, new.invariants()?);
        for one in &before {
            let other = after.iter().find(|other| other.id == one.id);
            let told = match other {
                None => "gone",
                Some(other) if other.region.to_cedar() != one.region.to_cedar() => "says something else: read it",
                Some(_) => continue,
            };
            let what = format!("invariant {}", one.id);
            shifts.push(Shift { what, old: "there".to_owned(), new: told.to_owned(), wider: true });
        }
        for other in after.iter().filter(|other| !before.iter().any(|one| one.id == other.id)) {
            let what = format!("invariant {}", other.id);
            shifts.push(Shift { what, old: "not there".to_owned(), new: "there".to_owned(), wider: false });
        }
        Ok(())
    }
}

fn purpose(before: &Purpose, after: &Purpose, shifts: &mut Vec<Shift>) {
    let mut shift = |what: &str, old: String, new: String, wider: bool| {
        if old != new {
            shifts.push(Shift { what: format!("{}, {what}", before.id), old, new, wider });
        }
    };
    for (what, old, new, wide) in [
        ("acts_for_subject", before.acts_for_subject, after.acts_for_subject, false),
        ("emergency", before.emergency, after.emergency, true),
        ("cosigned_before_release", before.cosigned_before_release, after.cosigned_before_release, false),
        ("served", before.served, after.served, true),
    ] {
        shift(what, old.to_string(), new.to_string(), new == wide);
    }
    let case = |purpose: &Purpose| purpose.case.map_or_else(|| "none".to_owned(), |case| format!("{case:?}").to_lowercase());
    shift("case", case(before), case(after), before.case.is_some());
    let (kept, keeps) = (&before.retention, &after.retention);
    for (what, old, new) in [
        ("retention of the recipient, days", u64::from(kept.recipient_days), u64::from(keeps.recipient_days)),
        ("retention of the log, years", u64::from(kept.log_years), u64::from(keeps.log_years)),
        ("retention of sealed results, seconds", kept.payload.as_secs(), keeps.payload.as_secs()),
        ("the subject is told within days", u64::from(kept.notify_subject_by_days), u64::from(keeps.notify_subject_by_days)),
        ("open for summaries, seconds", before.deadline.as_secs(), after.deadline.as_secs()),
    ] {
        shift(what, old.to_string(), new.to_string(), new > old);
    }
    // An answer that leaves earlier may show by its time what it must not.
    let millis = |time: Duration| time.as_millis().to_string();
    shift("answer_at_ms", millis(before.answer_at), millis(after.answer_at), after.answer_at < before.answer_at);
    let (held, holds) = (listed(before), listed(after));
    for gone in held.difference(&holds) {
        shift(gone, "there".to_owned(), "gone".to_owned(), false);
    }
    for more in holds.difference(&held) {
        shift(more, "not there".to_owned(), "there".to_owned(), true);
    }
}

/// What a purpose lists: fields that it keeps, grounds that carry an override, sources that are asked unnamed, legal bases. One more is wider.
fn listed(purpose: &Purpose) -> BTreeSet<String> {
    let fields = purpose
        .transforms
        .iter()
        .flat_map(|(category, form, paths)| paths.iter().map(move |path| format!("{path} of {category} in the form {form}")));
    let grounds = purpose.grounds.iter().map(|(source, recipient, ground)| {
        format!("override on {} of {} for {}", ground.code(), source.code(), recipient.code())
    });
    let sources = purpose.default_sources.iter().flat_map(|sources| &sources.kinds);
    let sources = sources.map(|kind| format!("{} asked where no source is named", kind.code()));
    let bases = purpose.legal_bases.iter().map(|basis| format!("legal basis {basis}"));
    fields.chain(grounds).chain(sources).chain(bases).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One change each: how it is told, and that the way back is told the other way round.
    #[test]
    fn what_widens_outside_the_rules_is_named_with_old_and_new() {
        const TREATMENT: &str = "purposes/treatment.toml";
        let old = Bundle::embedded().expect("a bundle");
        for (file, from, to, says) in [
            (TREATMENT, "acts_for_subject = true", "acts_for_subject = false", "treatment, acts_for_subject: true -> false"),
            (TREATMENT, "emergency = false", "emergency = true", "treatment, emergency: false -> true"),
            (TREATMENT, "notify_subject_by = \"P30D\"", "notify_subject_by = \"P90D\"", "told within days: 30 -> 90"),
            (TREATMENT, "recipient = \"P90D\"", "recipient = \"P900D\"", "retention of the recipient, days: 90 -> 900"),
            (TREATMENT, "log_years = 5", "log_years = 25", "retention of the log, years: 5 -> 25"),
            (
                TREATMENT,
                "sources = [\"police\"]",
                "sources = [\"police\", \"probation\"]",
                "override on wpg_19 of probation for mental-health",
            ),
        ] {
            let new = changed(&old, file, from, to);
            let told: Vec<String> = old.terms_to(&new).expect("compared").iter().map(ToString::to_string).collect();
            assert!(told.len() == 1 && told[0].starts_with("wider    ") && told[0].contains(says), "{says}: {told:?}");
            let back = new.terms_to(&old).expect("compared");
            assert!(back.len() == 1 && !back[0].wider, "{back:?}");
        }
        assert!(old.terms_to(&old).expect("compared").is_empty());
        let waits = changed(&old, TREATMENT, "emergency = false", "emergency = false\ncosigned_before_release = true");
        let told = |one: &Bundle, other: &Bundle| one.terms_to(other).expect("compared")[0].to_string();
        assert_eq!(told(&waits, &old), "wider    treatment, cosigned_before_release: true -> false");
        assert_eq!(told(&old, &waits), "narrower treatment, cosigned_before_release: false -> true");
        let less = changed(&old, TREATMENT, "\"birthDate\", \"deathDate\"", "\"birthDate\"");
        assert_eq!(told(&less, &old), "wider    treatment, deathDate of identity in the form exact: not there -> there");
        assert_eq!(told(&old, &less), "narrower treatment, deathDate of identity in the form exact: there -> gone");
    }

    fn changed(bundle: &Bundle, file: &str, from: &str, to: &str) -> Bundle {
        let mut files = bundle.files.clone();
        let text = files.get_mut(file).expect("the file");
        assert!(text.contains(from), "{file} does not say {from}");
        *text = text.replacen(from, to, 1);
        Bundle::from_files(files).unwrap_or_else(|error| panic!("{to}: {error}"))
    }

    #[test]
    fn an_invariant_that_is_gone_or_changed_is_wider() {
        let all = Bundle::embedded().expect("a bundle");
        let mut files = all.files.clone();
        let text = files.get_mut("invariants/reporter.cedar").expect("the file");
        let own = text.replace("never.reporter", "never.own");
        text.push_str(&own);
        let more = Bundle::from_files(files.clone()).expect("a bundle");
        let told = |old: &Bundle, new: &Bundle| old.terms_to(new).expect("compared")[0].to_string();
        assert_eq!(told(&more, &all), "wider    invariant never.own: there -> gone");
        assert_eq!(told(&all, &more), "narrower invariant never.own: not there -> there");
        let text = files.get_mut("invariants/reporter.cedar").expect("the file");
        *text = text.replace("\"reporter\" }", "\"reporter\" && context.facts.mandate }");
        let weaker = Bundle::from_files(files).expect("a bundle");
        assert!(told(&all, &weaker).starts_with("wider    invariant never.reporter: there -> says something else"));
    }
}
