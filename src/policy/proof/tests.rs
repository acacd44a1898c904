//! Needs cvc5.

mod clauses;

use std::collections::BTreeSet;

use super::*;
use crate::policy::files::Files;

fn solver() -> SolverCommand {
    SolverCommand::new("cvc5")
}

fn files() -> Files {
    Bundle::embedded().unwrap_or_else(|error| panic!("{error}")).files
}

fn bundle(files: Files) -> Arc<Bundle> {
    Arc::new(Bundle::from_files(files).unwrap_or_else(|error| panic!("{error}")))
}

async fn proved(files: Files) -> Findings {
    prove(&bundle(files), &solver(), &[], |_| {}).await.unwrap_or_else(|error| panic!("{error}"))
}

fn told(findings: &Findings) -> String {
    findings.refuted.iter().map(|(id, breach, example)| format!("{id} {breach:?}\n{example}")).collect::<Vec<_>>().concat()
}

#[tokio::test]
async fn every_invariant_is_proved_and_every_policy_decides_something() {
    let all = files();
    let written = all.iter().filter(|(file, _)| file.starts_with("invariants/"));
    let invariants: usize = written.map(|(_, text)| text.matches("@id(").count()).sum();
    let findings = proved(all).await;
    assert!(findings.hold(), "{findings:?}\n{}", told(&findings));
    assert_eq!(findings.invariants, invariants);
    assert!(invariants >= 9 && findings.policies > 30, "{findings:?}");
}

/// One change that breaks one invariant.
struct Seed {
    invariant: &'static str,
    /// Guards that then forbid only what a professional holds back as well.
    weakened: &'static [&'static str],
    /// A permit that somebody meant well: file, then Cedar without its annotations.
    permit: Option<(&'static str, &'static str)>,
    /// Text in a file, and what it becomes.
    changed: Option<(&'static str, &'static str, &'static str)>,
}

const NOTHING: Seed = Seed { invariant: "", weakened: &[], permit: None, changed: None };

const RULES: &str = "rules/probation.cedar";
const GUARDS: &str = "rules/guards.cedar";

fn seeds() -> Vec<Seed> {
    [first_seeds(), more_seeds()].into_iter().flatten().collect()
}

fn first_seeds() -> Vec<Seed> {
    vec![
        Seed {
            invariant: "never.citizen-number",
            weakened: &["guard.citizen-number"],
            permit: Some((RULES, "when { resource.category == Sluis::Category::\"citizen-number\" }")),
            ..NOTHING
        },
        Seed {
            invariant: "never.reporter",
            weakened: &["guard.reporter"],
            permit: Some((RULES, "when { resource.category == Sluis::Category::\"reporter\" }")),
            ..NOTHING
        },
        Seed { invariant: "never.protected-person", weakened: &["guard.protected-person"], ..NOTHING },
        Seed { invariant: "never.wpg-removed", weakened: &["guard.wpg-removed"], ..NOTHING },
        Seed {
            invariant: "never.secret-address",
            changed: Some((
                "rules/guards.cedar",
                "unless { context.facts has secretAddress && !context.facts.secretAddress }",
                "unless { !(context.facts has secretAddress && context.facts.secretAddress) }",
            )),
            ..NOTHING
        },
        Seed { invariant: "never.free-text", weakened: &["guard.no-exact"], ..NOTHING },
        Seed { invariant: "never.another-form", weakened: &["guard.form-is-action"], ..NOTHING },
        Seed {
            invariant: "never.beyond-the-widest-form",
            changed: Some((GUARDS, "Sluis::Category::\"substance-use\",\n    ", "")),
            ..NOTHING
        },
        Seed {
            invariant: "never.form-that-is-not-there",
            changed: Some((
                GUARDS,
                "[Sluis::Category::\"diagnosis\", Sluis::Category::\"compulsory-care\"]",
                "[Sluis::Category::\"diagnosis\"]",
            )),
            ..NOTHING
        },
        Seed {
            invariant: "never.withheld-by-source",
            changed: Some((GUARDS, "withheldBySource }", "protectedFromRecipient }")),
            ..NOTHING
        },
        Seed {
            invariant: "never.wpg-article",
            changed: Some((GUARDS, "[Sluis::WpgArticle::\"8\", ", "[Sluis::WpgArticle::\"8\", Sluis::WpgArticle::\"9\", ")),
            ..NOTHING
        },
        Seed { invariant: "never.case-of-the-other-track", weakened: &["guard.anonymous-case"], ..NOTHING },
        Seed {
            invariant: "never.anonymous-consultation-without-its-case",
            changed: Some((
                "rules/anonymous-consultation.cedar",
                "when { context has case && !context.case.named }",
                "when { context has case }",
            )),
            ..NOTHING
        },
    ]
}

fn more_seeds() -> Vec<Seed> {
    vec![
        Seed {
            invariant: "never.health-to-justice-in-another-capacity",
            changed: Some((GUARDS, "].contains(context.asker)", "].contains(principal.kind)")),
            ..NOTHING
        },
        Seed {
            invariant: "never.refused-consent",
            weakened: &["guard.consent-refused"],
            permit: Some((RULES, "when { resource.category == Sluis::Category::\"care-involvement\" }")),
            ..NOTHING
        },
        Seed {
            invariant: "never.health-without-basis",
            permit: Some((RULES, "when { resource.category == Sluis::Category::\"substance-use\" }")),
            ..NOTHING
        },
        Seed {
            invariant: "never.health-to-justice",
            weakened: &["guard.health-to-justice"],
            permit: Some(("rules/probation.cedar", "when { resource.category == Sluis::Category::\"care-involvement\" }")),
            ..NOTHING
        },
        Seed {
            invariant: "never.health-to-justice-at-the-table",
            changed: Some((
                GUARDS,
                "principal.kind == Sluis::OrgKind::\"expertise-team\" && context has case &&",
                "context.facts.withheldBySource && context has case &&",
            )),
            ..NOTHING
        },
        Seed {
            invariant: "never.absent-member",
            weakened: &[],
            permit: Some(("rules/probation.cedar", "when { resource.category == Sluis::Category::\"identity\" }")),
            ..NOTHING
        },
        Seed {
            invariant: "never.person-in-anonymous-consultation",
            changed: Some((
                GUARDS,
                "[Sluis::Form::\"exact\", Sluis::Form::\"summary\"].contains(context.form)",
                "[Sluis::Form::\"exact\"].contains(context.form)",
            )),
            ..NOTHING
        },
        Seed {
            invariant: "never.attendee-not-covered",
            weakened: &[],
            permit: Some(("rules/team-discussion.cedar", "when { resource.category == Sluis::Category::\"care-involvement\" }")),
            ..NOTHING
        },
        Seed {
            invariant: "never.without-consent",
            weakened: &[],
            permit: Some(("rules/probation.cedar", "when { resource.category == Sluis::Category::\"substance-use\" }")),
            ..NOTHING
        },
        Seed {
            invariant: "never.without-consent-or-override",
            weakened: &[],
            permit: Some((
                "rules/safety-assessment.cedar",
                "when { resource.category == Sluis::Category::\"care-involvement\" }",
            )),
            ..NOTHING
        },
        Seed {
            invariant: "never.ended-override",
            weakened: &[],
            permit: Some(("rules/acute-safety.cedar", "when { resource.category == Sluis::Category::\"identity\" }")),
            ..NOTHING
        },
        Seed {
            invariant: "never.microdata-for-accountability",
            weakened: &["guard.aggregates-only", "guard.citizen-number"],
            permit: Some(("rules/accountability.cedar", "when { resource.category == Sluis::Category::\"citizen-number\" }")),
            ..NOTHING
        },
        Seed {
            invariant: "never.other-than-the-subject",
            weakened: &["guard.subject-alone"],
            permit: Some(("rules/probation.cedar", "when { resource.category == Sluis::Category::\"identity\" }")),
            ..NOTHING
        },
        Seed { invariant: "never.closed-case", weakened: &["guard.case-closed"], ..NOTHING },
        Seed { invariant: "never.restraining-order", weakened: &["guard.restraining-order"], ..NOTHING },
    ]
}

/// A second change of those that can be broken in more than one way: four eyes, and a whole team.
fn further_seeds() -> [Seed; 2] {
    [
        Seed {
            invariant: "never.ended-override",
            changed: Some((
                "rules/prosecution.cedar",
                "when { context has override && context.override.fourEyes }",
                "when { context has override }",
            )),
            ..NOTHING
        },
        Seed {
            invariant: "never.attendee-not-covered",
            changed: Some((
                "rules/team-discussion.cedar",
                "context.override.recipients.containsAll(context.case.attendees)",
                "context.override.recipients.contains(principal.oin)",
            )),
            ..NOTHING
        },
    ]
}

impl Seed {
    fn plant(&self, files: &mut Files) {
        for guard in self.weakened {
            let text = files.get_mut("rules/guards.cedar").expect("the guards");
            let at = text.find(&format!("@id(\"{guard}\")")).unwrap_or_else(|| panic!("there is no {guard}"));
            let clause = at + text[at..].find("\nwhen {").expect("a clause");
            text.insert_str(clause, "\nwhen { context.facts.withheldBySource }");
        }
        if let Some((file, clauses)) = self.permit {
            let text = files.get_mut(file).unwrap_or_else(|| panic!("there is no {file}"));
            let purpose = file.trim_start_matches("rules/").trim_end_matches(".cedar");
            let forms = if clauses.contains("care-involvement") { "signal" } else { "reduced" };
            let seeded = format!(
                "\n@id(\"seeded\")\n@why(\"Seeded\")\n@why_nl(\"Gezaaid\")\n@legal(\"none\")\n@row(\"1\")\npermit (principal is Sluis::Recipient, action == \
                 Sluis::Action::\"{forms}\", resource is Sluis::Slice)\nwhen {{ context.purpose == Sluis::Purpose::\"{purpose}\" }}\n{clauses};\n"
            );
            text.push_str(&seeded);
        }
        if let Some((file, from, to)) = self.changed {
            let text = files.get_mut(file).unwrap_or_else(|| panic!("there is no {file}"));
            assert!(text.contains(from), "{}: {file} does not say: {from}", self.invariant);
            *text = text.replacen(from, to, 1);
        }
    }
}

/// Each invariant is refuted by a change of its own: a proof that cannot fail proves nothing.
#[tokio::test]
async fn every_invariant_is_refuted_by_its_seeded_violation() {
    let original = bundle(files());
    let seeds = seeds();
    let invariants = original.invariants().expect("invariants");
    let ids: BTreeSet<&str> = invariants.iter().map(|one| one.id.as_str()).collect();
    assert_eq!(ids, seeds.iter().map(|seed| seed.invariant).collect(), "one seed for each invariant");
    for seed in seeds.into_iter().chain(further_seeds()) {
        let mut files = files();
        seed.plant(&mut files);
        let bundle = bundle(files);
        let only = [seed.invariant.to_owned()];
        let found = prove(&bundle, &solver(), &only, |_| {}).await.unwrap_or_else(|error| panic!("{}: {error}", seed.invariant));
        let (.., example) = found.refuted.first().unwrap_or_else(|| panic!("{} holds all the same", seed.invariant));
        assert!(example.lines.len() > 10 && example.sentence.contains(" receives "), "{}: {example}", seed.invariant);
    }
}

/// What one edit does to the invariants about health data and justice: how each is refuted, and the text.
async fn edited(file: &str, from: &str, to: &str) -> Vec<(String, Breach, String)> {
    let mut files = files();
    let text = files.get_mut(file).expect("the file");
    assert!(text.contains(from), "{file} holds {from}");
    *text = text.replacen(from, to, 1);
    let only = ["never.health-to-justice".to_owned(), "never.health-to-justice-in-another-capacity".to_owned()];
    let found = prove(&bundle(files), &solver(), &only, |_| {}).await.expect("an answer");
    found.refuted.into_iter().map(|(id, breach, example)| (id.to_string(), breach, example.to_string())).collect()
}

/// An example holds nothing that it does not need: facts that play no part are not stated, and no guard stops it that is not meant.
#[tokio::test]
async fn an_example_is_as_simple_as_it_can_be() {
    let incidents = "when { resource.category == Sluis::Category::\"incident-reports\" }\nwhen { context.facts.severity }\nwhen { context has override";
    let with = "when { [Sluis::Category::\"incident-reports\", Sluis::Category::\"diagnosis\"].contains(resource.category) }\nwhen { context.facts.severity }\nwhen { context has override";
    let found = edited("rules/safety-assessment.cedar", incidents, with).await;
    let (id, breach, text) = found.last().expect("refuted");
    assert_eq!((id.as_str(), *breach), ("never.health-to-justice", Breach::Barrier(Barrier::Permits)), "{text}");
    for line in [
        "    police receives diagnosis of veilig-thuis (summary), for safety-assessment\n",
        "    asker                      police\n",
        "    facts, professional        no\n",
        "    override, recipients       the recipient\n",
        "    override, source           the source\n",
        "    facts, severity            yes\n",
        "    override, validFrom        2025-12-31T00:00:00",
        "    consent                    none\n",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    assert_eq!(text.matches("stopped by").count(), 1, "{text}");
    assert!(!text.contains("restrainingOrder") && !text.contains("subjectAge"), "{text}");
}

#[tokio::test]
async fn what_is_wider_and_narrower_is_told_with_examples() {
    let old = bundle(files());
    let same = compare(&old, &old, &solver()).await.expect("compared");
    assert!(!same.widens() && same.forms.iter().all(|verdict| verdict.narrower.is_empty()), "{same:?}");
    let mut changed = files();
    let text = changed.get_mut(RULES).expect("the rules");
    let with = "\nwhen { resource.sourceKind == Sluis::OrgKind::\"mental-health\" }\nwhen { resource.category == Sluis::Category::\"care-involvement\" }";
    assert!(text.contains(with));
    *text = text.replacen(with, &with.replace("\"mental-health\"", "\"police\""), 1);
    let new = bundle(changed);
    let comparison = compare(&old, &new, &solver()).await.expect("compared");
    assert!(comparison.widens());
    let signal = comparison.forms.iter().find(|verdict| verdict.form == Form::Signal).expect("a verdict");
    assert_eq!(signal.to_string(), "wider and narrower");
    let told = signal.wider[0].to_string();
    assert!(
        told.contains("care-involvement") && told.contains("police") && told.contains("pr.ggz.involvement-consent"),
        "{told}"
    );
    assert!(signal.narrower[0].to_string().contains("mental-health"));
    assert!(comparison.forms.iter().filter(|verdict| verdict.form != Form::Signal).all(|verdict| verdict.wider.is_empty()));
    let differing = old.changes_to(&new);
    assert_eq!(differing.files.keys().collect::<Vec<_>>(), ["rules/probation.cedar"]);
    assert_eq!(differing.policies.keys().map(|id| &**id).collect::<Vec<_>>(), ["pr.ggz.involvement-consent"]);
}

#[tokio::test]
async fn without_a_solver_nothing_is_proved_and_it_says_what_to_do() {
    let error =
        prove(&bundle(files()), &SolverCommand::new("/nowhere/cvc5"), &[], |_| {}).await.expect_err("no solver").to_string();
    assert!(error.contains("/nowhere/cvc5") && error.contains("apt-get install cvc5"), "{error}");
}
