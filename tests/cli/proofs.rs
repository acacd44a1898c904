//! `sluis policy prove` on one-line edits: each way to let the police see health data is refuted with a request that a lawyer can read.

use std::path::Path;
use std::process::Command;

use sluis::policy::Bundle;

use super::demo::Folder;

const JUSTICE: &str = "never.health-to-justice";
const CAPACITY: &str = "never.health-to-justice-in-another-capacity";

/// Exit code, standard output, standard error.
type Outcome = (i32, String, String);

fn prove(policies: &Path, more: &[&str]) -> Outcome {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sluis"));
    let output = command.args(["policy", "prove", "--policies"]).arg(policies).args(more).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// What the invariants about health data and justice say when one line of a copy of the policies is changed: the first such line after `after`.
fn edited(file: &str, after: &str, from: &str, to: &str) -> Outcome {
    let folder = Folder::new();
    let policies = folder.path("policies");
    Bundle::embedded().unwrap().write(&policies).unwrap();
    let path = policies.join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(after).unwrap_or_else(|| panic!("{file} holds {after}"));
    assert!(rest.contains(from) && !from.contains('\n') && !to.contains('\n'), "one line of {file}: {from}");
    std::fs::write(&path, format!("{before}{after}{}", rest.replacen(from, to, 1))).unwrap();
    prove(&policies, &["--only", JUSTICE, "--only", CAPACITY])
}

/// Refuted, with each of these parts, in this order.
fn refuted((code, out, err): &Outcome, parts: &[&str]) {
    assert_eq!(*code, 1, "{out}{err}");
    let mut rest = out.as_str();
    for part in parts {
        let found = rest.split_once(part);
        rest = found.unwrap_or_else(|| panic!("{part} is not told, or not there:\n{out}{err}")).1;
    }
    assert!(out.ends_with("2 of 28 invariants, no policy by itself: not the whole proof\n"), "{out}");
}

#[test]
fn the_policies_as_they_are_pass() {
    let unchanged = edited("rules/safety-assessment.cedar", "", "// Matrix", "// Matrix");
    assert_eq!(unchanged.0, 0, "{unchanged:?}");
    assert_eq!(unchanged.1.matches("proved ").count(), 2, "{unchanged:?}");
    let folder = Folder::new();
    Bundle::embedded().unwrap().write(&folder.path("policies")).unwrap();
    let (code, _, err) = prove(&folder.path("policies"), &["--only", "never.heard-of"]);
    assert!(code == 2 && err.contains("there is no invariant never.heard-of"), "{err}");
}

#[test]
fn a_category_added_to_a_permit() {
    let incidents = "when { resource.category == Sluis::Category::\"incident-reports\" }";
    let and = |more: &str| {
        format!("when {{ [Sluis::Category::\"incident-reports\", Sluis::Category::\"{more}\"].contains(resource.category) }}")
    };
    let permit = "@id(\"sa.vt.incidents-override\")";
    let found = edited("rules/safety-assessment.cedar", permit, incidents, &and("diagnosis"));
    refuted(
        &found,
        &[
            "REFUTED  never.health-to-justice  Treatment, what is treated",
            "the permits alone would permit this: only guards still stop it (policies/invariants/health-to-justice.cedar:2):",
            "police receives diagnosis of veilig-thuis (summary), for safety-assessment",
            "recipient, kind            police",
            "item, category             diagnosis",
            "facts, severity            yes",
            "override, fourEyes         yes",
            "consent                    none",
            "permitted by               sa.vt.incidents-override (policies/rules/safety-assessment.cedar:",
            "Wmo 4.1.1(2)(e)",
            "stopped by                 guard.health-to-justice (policies/rules/guards.cedar:",
            "proved   never.health-to-justice-in-another-capacity",
        ],
    );
    let found = edited("rules/safety-assessment.cedar", permit, incidents, &and("care-involvement"));
    refuted(
        &found,
        &["police receives care-involvement of veilig-thuis (summary)", "stopped by                 guard.health-to-justice"],
    );
    // Where the purpose does not say what a form keeps of it, it is refused before anything is proved.
    let identity = "Sluis::Category::\"identity\", Sluis::Category::\"address\", Sluis::Category::\"household\"";
    let with_care = format!("{identity}, Sluis::Category::\"care-involvement\"");
    let (code, _, err) = edited("rules/safety-assessment.cedar", "@id(\"sa.vt.person-override\")", identity, &with_care);
    assert!(code == 1 && err.contains("does not say what to keep of `care-involvement` in the form `exact`"), "{err}");
}

#[test]
fn another_recipient_of_a_permit() {
    let (from, to) = ("OrgKind::\"veilig-thuis\"", "OrgKind::\"police\"");
    let found = edited("rules/safety-assessment.cedar", "@id(\"sa.ggz.signal-override\")", from, to);
    refuted(
        &found,
        &[
            "the permits alone would permit this",
            " of mental-health (signal), for safety-assessment",
            "permitted by               sa.ggz.signal-override (policies/rules/safety-assessment.cedar:",
            "stopped by                 guard.health-to-justice",
        ],
    );
}

#[test]
fn a_category_taken_from_a_guard() {
    let guard = "@id(\"guard.health-to-justice\")";
    let found = edited("rules/guards.cedar", guard, "Sluis::Category::\"care-involvement\", ", "");
    refuted(
        &found,
        &[
            "REFUTED  never.health-to-justice ",
            "no guard stops this: a permit is all that is missing",
            " receives care-involvement of ",
            "permitted by               nothing",
            "stopped by                 nothing",
            // Members of a team are kept from it by the guard alone: they see it now.
            "REFUTED  never.health-to-justice-in-another-capacity",
            "permitted all the same",
            " (asked for by p",
            " receives care-involvement of ",
            "(signal), for ",
            "permitted by               ",
            "(policies/rules/",
            "stopped by                 nothing",
        ],
    );
}

#[test]
fn another_kind_in_a_guard() {
    let (guard, from) = ("@id(\"guard.health-to-justice\")", "[Sluis::OrgKind::\"police\", ");
    let found = edited("rules/guards.cedar", guard, from, "[Sluis::OrgKind::\"probation\", ");
    refuted(
        &found,
        &[
            "no guard stops this",
            "police (asked for by ",
            "recipient, kind            police",
            "stopped by                 nothing",
            "proved ",
        ],
    );
}

#[test]
fn a_whole_new_permit() {
    let leak = "@id(\"pr.leak\") @why(\"Seeded\") @why_nl(\"Gezaaid\") @legal(\"none\") @row(\"1\") permit (principal is Sluis::Recipient, \
                action == Sluis::Action::\"signal\", resource is Sluis::Slice) when { context.purpose == Sluis::Purpose::\"probation\" } \
                when { principal.kind == Sluis::OrgKind::\"police\" } when { resource.category == Sluis::Category::\"care-involvement\" };";
    let found = edited("rules/probation.cedar", "", "// Matrix row", &format!("{leak} // Matrix row"));
    refuted(
        &found,
        &[
            "the permits alone would permit this",
            "police receives care-involvement of ",
            "(signal), for probation",
            "facts, professional        no",
            "consent                    none",
            "override                   none",
            "permitted by               pr.leak (policies/rules/probation.cedar:1; none): Seeded",
            "stopped by                 guard.health-to-justice",
        ],
    );
}
