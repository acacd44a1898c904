//! The least policies with which a team and a director receive something: used as long as the policies that ship do not serve these purposes.

use std::path::Path;
use std::sync::Arc;

use sluis::policy::Bundle;

use crate::support::{TestGateway, random_text};

const PURPOSE: &str = r#"
id = "PURPOSE"
legal_bases = ["wmo-4.1.1"]
deadline = "P5D"
answer_at_ms = 1000
emergency = false
acts_for_subject = false
[texts]
nl = "proef"
en = "probe"
[retention]
recipient = "P90D"
log_years = 5
[obligations]
notify_subject_by = "P28D"
[transforms.identity]
reduced = ["ageBand", "gender", "pseudonym"]
signal = ["known"]
[transforms.risk-assessment]
reduced = ["month", "instrument", "level"]
signal = ["assessed"]
[transforms.safety-assessment]
summary = ["month", "scale", "top3", "summary"]
"#;

const RULES: &str = r#"
@id("pb.PURPOSE.coded")
@why("probe")
@legal("probe")
@row("10")
permit (principal is Sluis::Recipient, action in [Sluis::Action::"reduced", Sluis::Action::"signal"], resource is Sluis::Slice)
when { context.purpose == Sluis::Purpose::"PURPOSE" }
when { principal.kind == Sluis::OrgKind::"RECIPIENT" }
when { resource.sourceKind == Sluis::OrgKind::"veilig-thuis" }
when { resource.category == Sluis::Category::"CATEGORY" }
when { context has case && context.case.open && CONDITION };

@id("pb.PURPOSE.words")
@why("probe")
@legal("probe")
@row("10")
permit (principal is Sluis::Recipient, action == Sluis::Action::"summary", resource is Sluis::Slice)
when { context.purpose == Sluis::Purpose::"PURPOSE" }
when { principal.kind == Sluis::OrgKind::"RECIPIENT" }
when { resource.sourceKind == Sluis::OrgKind::"veilig-thuis" }
when { resource.category == Sluis::Category::"safety-assessment" }
when { context has case && context.case.open && CONDITION };
"#;

/// Adds them to the policies in force, if need be.
pub fn complete(gateway: &TestGateway) {
    let policy = &gateway.running().gateway.policy;
    if policy.load().purpose(&"team-discussion".parse().expect("a purpose")).is_some() {
        return;
    }
    let folder = std::env::temp_dir().join(format!("sluis-policies-{}", random_text()));
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("policies"), &folder);
    for (purpose, recipient, category, condition) in [
        ("team-discussion", "expertise-team", "identity", "context.case.attendees.contains(principal.oin)"),
        (
            "case-direction",
            "case-director",
            "risk-assessment",
            "context.case has director && context.case.director == principal.oin",
        ),
    ] {
        let fill = |text: &str| {
            let text = text.replace("PURPOSE", purpose).replace("RECIPIENT", recipient);
            text.replace("CATEGORY", category).replace("CONDITION", condition)
        };
        std::fs::write(folder.join(format!("purposes/{purpose}.toml")), fill(PURPOSE)).expect("written");
        std::fs::write(folder.join(format!("rules/{purpose}.cedar")), fill(RULES)).expect("written");
    }
    policy.store(Arc::new(Bundle::load(&folder).unwrap_or_else(|error| panic!("{error}"))));
    std::fs::remove_dir_all(&folder).expect("removed");
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("copied");
        }
    }
}
