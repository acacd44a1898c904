//! `sluis policy check`, `test` and `matrix`: without any gateway.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

fn run(arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_sluis")).arg("policy").args(arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// A copy of the policies that a test may change.
struct Copy(PathBuf);

impl Copy {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("sluis-policy-{}-{name}", std::process::id()));
        copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("policies"), &folder);
        Self(folder)
    }

    fn path(&self) -> &str {
        self.0.to_str().unwrap()
    }

    fn change(&self, file: &str, from: &str, to: &str) {
        let text = std::fs::read_to_string(self.0.join(file)).unwrap();
        assert!(text.contains(from), "{file} holds {from}");
        std::fs::write(self.0.join(file), text.replacen(from, to, 1)).unwrap();
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn the_policies_check_and_their_tests_hold() {
    let (code, out, err) = run(&["check"]);
    assert_eq!(code, 0, "{err}");
    for line in ["    11  purposes", "    28  rows of the matrix", "    11  files of table tests"] {
        assert!(out.contains(line), "{out}");
    }
    let (code, out, err) = run(&["test"]);
    assert!(code == 0 && out.contains("expectations hold"), "{out}{err}");
    let copy = Copy::new("same");
    let (code, elsewhere, _) = run(&["check", "--policies", copy.path()]);
    assert!(code == 0 && elsewhere.starts_with(copy.path()), "{elsewhere}");
}

/// One broken file each: refused with file and line.
#[test]
fn bad_files_are_refused_with_file_and_line() {
    const RULES: &str = "rules/treatment.cedar";
    const PURPOSE: &str = "purposes/treatment.toml";
    for (number, (file, from, to, says)) in [
        (RULES, "@id(\"tr.vt.risk-consent\")\n", "", "rules/treatment.cedar:28: this policy has no @id"),
        (RULES, "@legal(\"Wpg 19\")\n", "", "rules/treatment.cedar:"),
        (
            RULES,
            "\"tr.vt.risk-consent\"",
            "\"tr.vt.words-consent\"",
            "the id `tr.vt.words-consent` is taken by rules/treatment.cedar:3",
        ),
        (RULES, "Sluis::Category::\"living-areas\"", "Sluis::Category::\"living-area\"", "unknown category `living-area`"),
        (
            PURPOSE,
            "[transforms.living-areas]\nsummary = [\"areas[].area\", \"areas[].summary\"]\n",
            "",
            "does not say what to keep of `living-areas`",
        ),
        (PURPOSE, "\"email\", \"secret\"]", "\"email\"]", "purposes/treatment.toml:43: `secret` widens"),
        (
            PURPOSE,
            "[transforms.identity]",
            "[transforms.identities]",
            "purposes/treatment.toml:36: unknown category `identities`",
        ),
        ("invariants/reporter.cedar", "@why(", "@waarom(", "invariants/reporter.cedar:2: this invariant has no @why"),
        ("invariants/reporter.cedar", "\"reporter\" }", "\"melder\" }", "invariants/reporter.cedar:2:"),
    ]
    .into_iter()
    .enumerate()
    {
        let copy = Copy::new(&number.to_string());
        copy.change(file, from, to);
        let (code, _, err) = run(&["check", "--policies", copy.path()]);
        assert!(code == 1 && err.contains(says), "{file}: {err}");
    }
    let copy = Copy::new("gone");
    std::fs::remove_file(copy.0.join("tests/treatment.toml")).unwrap();
    let (code, _, err) = run(&["check", "--policies", copy.path()]);
    assert!(code == 1 && err.contains("tests/treatment.toml:1: this file is missing"), "{err}");
    for part in ["purposes", "rules", "tests"] {
        let file = copy.0.join(format!("{part}/treatment.{}", if part == "rules" { "cedar" } else { "toml" }));
        if file.exists() {
            std::fs::remove_file(file).unwrap();
        }
    }
    let (code, _, err) = run(&["check", "--policies", copy.path()]);
    assert!(code == 1 && err.contains("purposes/treatment.toml:1: this file is missing"), "{err}");
    let (code, _, err) = run(&["check", "--policies", "/nowhere"]);
    assert!(code == 2 && err.contains("/nowhere"), "{err}");
}

/// Every file, every purpose, every policy: one run tells of all of them, each where it stands.
#[test]
fn all_faults_are_told_at_once() {
    let copy = Copy::new("all");
    copy.change("rules/treatment.cedar", "@legal(\"Wpg 19\")\n", "");
    copy.change("rules/treatment.cedar", "\"tr.vt.risk-consent\"", "\"tr.vt.words-consent\"");
    copy.change("rules/probation.cedar", "Sluis::Category::\"measures\"", "Sluis::Category::\"measure\"");
    copy.change("rules/guards.cedar", "context.facts.withheldBySource", "context.facts.withheldBySorce");
    copy.change("purposes/case-direction.toml", "answer_at_ms = ", "answer_at_ms = 4");
    copy.change("purposes/child-protection.toml", "[texts]", "[teksten]");
    copy.change("reasons/nl.toml", "\nidentity = ", "\nidentities = ");
    copy.change("reasons/nl.toml", "\nhousehold = ", "\nhouseholds = ");
    copy.change("invariants/reporter.cedar", "@why(", "@waarom(");
    copy.change("tests/treatment.toml", "expect", "expects");
    std::fs::remove_file(copy.0.join("tests/probation.toml")).unwrap();
    let (code, out, err) = run(&["check", "--policies", copy.path()]);
    assert!(code == 1 && out.is_empty(), "{out}{err}");
    for says in [
        "rules/treatment.cedar:|this policy has no @legal",
        "rules/treatment.cedar:|the id `tr.vt.words-consent` is taken by rules/treatment.cedar:3",
        "rules/probation.cedar:|unknown category `measure`",
        "rules/guards.cedar:|withheldBySorce",
        "purposes/case-direction.toml:|answer_at_ms must be from 1 to 30000",
        "purposes/child-protection.toml:|teksten",
        "reasons/nl.toml:|the category `identity` has no name",
        "reasons/nl.toml:|the category `household` has no name",
        "invariants/reporter.cedar:2|this invariant has no @why",
        "tests/treatment.toml:|expects",
        "tests/probation.toml:1|this file is missing",
    ] {
        let (place, what) = says.split_once('|').unwrap();
        let place = format!("{}/{place}", copy.path());
        assert!(err.lines().any(|line| line.starts_with(&place) && line.contains(what)), "{says}: {err}");
    }
    // Nothing that merely follows from another fault: the rules of a purpose that does not read have a purpose, an invariant that does not read is
    // not missing.
    assert!(!err.contains("there is no purposes/") && !err.contains("the invariant `"), "{err}");
    assert!(err.contains(&format!("{}: faults: 11\n", copy.path())), "{err}");
    // Without a model, what does not need one is still told.
    copy.change("schema.cedarschema", "entity Purpose enum [", "entity Purpose [");
    let (code, _, err) = run(&["check", "--policies", copy.path()]);
    assert!(code == 1 && err.contains(&format!("{}/schema.cedarschema:", copy.path())), "{err}");
    for says in ["has no @legal", "`identity` has no name", "this invariant has no @why", "tests/probation.toml:1"] {
        assert!(err.contains(says), "{says}: {err}");
    }
}

#[test]
fn an_expectation_that_does_not_hold_and_an_idle_policy_fail_the_tests() {
    let copy = Copy::new("tests");
    copy.change("tests/treatment.toml", "risk-assessment = \"reduced\"", "risk-assessment = \"exact\"");
    let (code, _, err) = run(&["test", "--policies", copy.path()]);
    assert!(
        code == 1 && err.contains(&format!("{}/tests/treatment.toml:3:", copy.path())) && err.contains("expected `exact`"),
        "{err}"
    );
    let idle = Copy::new("idle");
    let rules = std::fs::read_to_string(idle.0.join("rules/treatment.cedar")).unwrap();
    let more = rules
        .split("\n\n")
        .last()
        .unwrap()
        .replace("tr.police.risk-override", "tr.idle")
        .replace("\"police\"", "\"care-and-safety-house\"");
    std::fs::write(idle.0.join("rules/treatment.cedar"), format!("{rules}\n{more}")).unwrap();
    let (code, _, err) = run(&["test", "--policies", idle.path()]);
    assert!(code == 1 && err.contains("tr.idle decides no case"), "{err}");
}

#[test]
fn the_matrix_is_shown_as_a_table_and_as_a_heat_map() {
    let (code, table, _) = run(&["matrix", "--purpose", "probation"]);
    assert!(code == 0 && table.contains("  probation → prosecution: probation-status X, risk-assessment R"), "{table}");
    assert!(table.contains("  mental-health → probation: care-involvement Fc, substance-use Kc"), "{table}");
    let (code, svg, _) = run(&["matrix", "--svg", "--purpose", "probation"]);
    assert!(code == 0 && svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"), "{svg}");
    for shown in [
        "with consent · toestemming",
        ">→ prosecution</text>",
        "substance-use</text>",
        "class=\"consent\"",
        ">R</text>",
        ">Kc</text>",
        "<desc id=\"sluis-matrix-desc\">",
    ] {
        assert!(svg.contains(shown), "{shown}");
    }
    assert_eq!(svg.matches("<text").count(), svg.matches("</text>").count());
    let (code, _, err) = run(&["matrix", "--purpose", "probatie"]);
    assert!(code == 2 && err.contains("expected: one of accountability"), "{err}");
}

/// Rows 1 to 25 of the policy matrix, typed over from the domain model: purposes; sources > recipients; the columns A, C and O.
const ROWS: &str = "
 1 | P1     | any > VT POL        |                                                |                                         | C01/X C03/X C04/B C10/K C10/R
 2 | P2     | POL > VT            | C01/X C03/X C04/X C05/R C08/X C11/K            |                                         | C07/R
 3 | P2     | GGZ > VT            |                                                | C12/F C13/R C14/K                       | C04/B C10/R C11/K C12/F C13/R C14/K C15/F
 4 | P2     | RECL > VT           | C08/X C09/K                                    |                                         | C11/R C17/R
 5 | P2     | OM > VT             | C07/F+ C08/X                                   |                                         | C06/K C07/R
 6 | P2     | GI GEM RVDK > VT    | C04/X C08/X C16/R C17/R                        |                                         | C13/R
 7 | P2 P5  | VT > POL            |                                                |                                         | C01/X C03/X C04/X C05/R C10/K
 8 | P7     | VT > RVDK           | C01/X C03/X C04/X C05/R C10/R C11/R C16/R      |                                         | C12/F C13/R
 9 | P4 P8  | VT > GGZ GEM ICM    |                                                | C10/R C11/K C17/R                       | C01/X C03/X C04/X C05/R
10 | P3     | VT > TEAM           | C01/P C03/M C04/B C05/Y C10/R C11/K C17/areas  | C16/R                                   | C05/R
11 | P3     | POL > TEAM          | C05/Y C08/F                                    |                                         | C05/R
12 | P3     | OM > TEAM           | C07/F+ C08/F                                   |                                         | C06/K
13 | P3     | RECL > TEAM         | C08/F C09/F                                    | C11/K                                   | C09/K
14 | P3     | GGZ > TEAM          |                                                | C12/F C13/R C14/K                       | C12/F
15 | P3     | GI GEM > TEAM       | C16/F                                          | C16/R C17/R                             | C10/R
16 | P3a    | any > TEAM          | C04/B C05/Y C08/F C10/K C11/K C17/areas        |                                         |
17 | P4     | TEAM > ICM          | C08/X C10/R                                    | C01/X C03/X C04/X C05/R C11/K C12/F C16/R C17/R |
18 | P5     | GGZ > POL OM        |                                                |                                         | C01/X C03/X C10/R
19 | P5     | VT > OM             |                                                | C05/R                                   | C05/R C10/K
20 | P6     | POL OM > RECL       | C01/X C03/X C05/R C06/X C07/R C08/X            |                                         |
21 | P6     | RECL > OM           | C09/X C11/R                                    |                                         |
22 | P6     | GGZ > RECL          |                                                | C12/F C14/K                             |
23 | P7     | any > GI            | C04/X C10/R C12/F C16/R                        |                                         | C13/R C14/K
24 | P8     | POL > GGZ           |                                                |                                         | C05/R C11/K
25 | P4     | GEM > VT ICM        | C01/X C08/X                                    |                                         |
";

/// Every kind of source organisation.
const ANY: [&str; 10] = ["VT", "POL", "OM", "RECL", "GGZ", "RVDK", "GI", "GEM", "ZVH", "ICM"];

fn kind(code: &str) -> &'static str {
    match code {
        "VT" => "veilig-thuis",
        "POL" => "police",
        "OM" => "prosecution",
        "RECL" => "probation",
        "GGZ" => "mental-health",
        "RVDK" => "child-protection-board",
        "GI" => "youth-protection",
        "GEM" => "municipality",
        "ZVH" => "care-and-safety-house",
        "ICM" => "case-director",
        "TEAM" => "expertise-team",
        other => panic!("{other}"),
    }
}

fn purpose(code: &str) -> &'static str {
    match code {
        "P1" => "acute-safety",
        "P2" => "safety-assessment",
        "P3" => "team-discussion",
        "P3a" => "anonymous-consultation",
        "P4" => "case-direction",
        "P5" => "prosecution",
        "P6" => "probation",
        "P7" => "child-protection",
        "P8" => "treatment",
        other => panic!("{other}"),
    }
}

fn category(code: &str) -> &'static str {
    match code {
        "C01" => "identity",
        "C03" => "address",
        "C04" => "household",
        "C05" => "incident-reports",
        "C06" => "criminal-record",
        "C07" => "pending-prosecution",
        "C08" => "measures",
        "C09" => "probation-status",
        "C10" => "safety-assessment",
        "C11" => "risk-assessment",
        "C12" => "care-involvement",
        "C13" => "diagnosis",
        "C14" => "substance-use",
        "C15" => "compulsory-care",
        "C16" => "child-protection-measure",
        "C17" => "living-areas",
        other => panic!("{other}"),
    }
}

/// `F+` is "F + stage", `areas` is F per area: both are reduced.
fn form(letter: &str) -> &'static str {
    match letter {
        "X" => "exact",
        "R" => "summary",
        "F" => "signal",
        "P" | "M" | "B" | "Y" | "K" | "F+" | "areas" => "reduced",
        other => panic!("{other}"),
    }
}

fn expected() -> BTreeSet<String> {
    let mut lines = BTreeSet::new();
    for row in ROWS.trim().lines() {
        let columns: Vec<&str> = row.split('|').map(str::trim).collect();
        let [_, purposes, parties, allowed, consent, by_override] = columns[..] else { panic!("{row}") };
        let (from, to) = parties.split_once(" > ").unwrap();
        let from: Vec<&str> = if from == "any" { ANY.to_vec() } else { from.split(' ').collect() };
        for (verdict, cells) in [("allowed", allowed), ("consent", consent), ("override", by_override)] {
            for cell in cells.split_whitespace() {
                let (code, letter) = cell.split_once('/').unwrap();
                for code_of_purpose in purposes.split(' ') {
                    for recipient in to.split(' ') {
                        // "Any" is every kind of source organisation but the recipient's own.
                        for source in from.iter().filter(|source| **source != recipient) {
                            let (source, recipient) = (kind(source), kind(recipient));
                            let (category, form) = (category(code), form(letter));
                            lines
                                .insert(format!("{},{source},{recipient},{category},{form},{verdict}", purpose(code_of_purpose)));
                        }
                    }
                }
            }
        }
    }
    lines
}

/// Broken on purpose to see it fail: a line of `[[overrides]]` away, and one for a recipient of whom the matrix knows no override.
#[test]
fn every_override_of_the_domain_model_has_a_ground_and_no_ground_is_idle() {
    use sluis::organisation::Kind;
    let bundle = sluis::policy::Bundle::embedded().expect("the policies");
    let overrides: BTreeSet<(String, Kind, Kind)> = expected()
        .iter()
        .filter_map(|line| line.strip_suffix(",override"))
        .map(|line| {
            let columns: Vec<&str> = line.split(',').collect();
            let [purpose, source, recipient, ..] = columns[..] else { panic!("{line}") };
            (purpose.to_owned(), Kind::from_code(source).expect("a kind"), Kind::from_code(recipient).expect("a kind"))
        })
        .collect();
    let carried: BTreeSet<(String, Kind, Kind)> = bundle
        .purposes()
        .flat_map(|purpose| purpose.grounds.iter().map(move |(source, recipient, _)| (purpose.id.to_string(), source, recipient)))
        .collect();
    assert!(overrides.len() > 40, "{}", overrides.len());
    assert_eq!(overrides, carried);
}

#[test]
fn the_matrix_agrees_with_the_domain_model_cell_by_cell() {
    let (code, csv, err) = run(&["matrix", "--csv"]);
    assert_eq!(code, 0, "{err}");
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some("purpose,source,recipient,category,form,verdict"));
    let all: Vec<String> = lines.map(str::to_owned).collect();
    // Rows 26 to 28 stand in the document as words; 28 is what a data subject receives, and nothing is given for accountability.
    let (subject, computed): (Vec<String>, Vec<String>) = all.into_iter().partition(|line| line.starts_with("subject-rights,"));
    assert!(!subject.is_empty() && subject.iter().all(|line| line.contains(",data-subject,") && line.ends_with(",allowed")));
    assert!(!subject.iter().any(|line| line.contains(",reporter,") || line.contains(",citizen-number,")));
    let unique: BTreeSet<String> = computed.iter().cloned().collect();
    assert_eq!(unique.len(), computed.len(), "no line twice");
    let expected = expected();
    let missing: Vec<&String> = expected.difference(&unique).collect();
    let too_much: Vec<&String> = unique.difference(&expected).collect();
    assert!(missing.is_empty() && too_much.is_empty(), "missing: {missing:#?}\ntoo much: {too_much:#?}");
}
