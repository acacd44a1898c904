//! Policies that look where code in front of them looks too. The register hands the policies the one consent and the one override that
//! concern the question and are in force ([`sluis::consent::governing`]), so that most of what they say decides twice. These policies
//! are those of this repository with guards that no such code knows of: what they forbid, they can know only from the attribute that they
//! are given.

use std::collections::BTreeMap;
use std::path::Path;

use sluis::clock::Timestamp;
use sluis::policy::Bundle;

use crate::support::fake_source::files;

/// Guards that forbid a consent or an override that names more than what is asked (the source has its data anyway), that begins or
/// ends between two instants, or what a member of one kind asks for its team.
const GUARDS: &[(&str, &str)] = &[
    ("consent-sources", "context has consent && ![resource.source].containsAll(context.consent.sources)"),
    ("consent-recipients", "context has consent && ![principal.oin, resource.source].containsAll(context.consent.recipients)"),
    ("consent-purposes", "context has consent && ![context.purpose].containsAll(context.consent.purposes)"),
    ("consent-categories", "context has consent && ![resource.category].containsAll(context.consent.categories)"),
    ("consent-from", "context has consent && FROM <= context.consent.validFrom && context.consent.validFrom < UNTIL"),
    ("consent-after", "context has consent && FROM <= context.consent.notAfter && context.consent.notAfter < UNTIL"),
    (
        "asker",
        "principal.kind == Sluis::OrgKind::\"expertise-team\" && context.asker == Sluis::OrgKind::\"care-and-safety-house\"",
    ),
    ("override-recipients", "context has override && ![principal.oin, resource.source].containsAll(context.override.recipients)"),
    ("override-categories", "context has override && ![resource.category].containsAll(context.override.categories)"),
    ("override-from", "context has override && FROM <= context.override.validFrom && context.override.validFrom < UNTIL"),
    ("override-after", "context has override && FROM <= context.override.notAfter && context.override.notAfter < UNTIL"),
    ("override-eyes", "context has override && !context.override.fourEyes"),
];

/// The narrowed policies; `from` (included) and `until` (excluded) are the two instants.
pub(super) fn policies(from: Timestamp, until: Timestamp) -> Bundle {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let mut texts = BTreeMap::new();
    for path in files(&folder) {
        let name = path.strip_prefix(&folder).expect("below it").to_str().expect("a name").to_owned();
        texts.insert(name, std::fs::read_to_string(path).expect("a file of policies"));
    }
    let guards = texts.get_mut("rules/guards.cedar").expect("the guards");
    for (name, condition) in GUARDS {
        let condition = condition.replace("FROM", &from.millis().to_string()).replace("UNTIL", &until.millis().to_string());
        let guard = format!(
            "\n@id(\"guard.narrow-{name}\")\n@withheld(\"withheld-by-source\")\n@why(\"narrow\")\n@why_nl(\"smal\")\n\
             forbid (principal is Sluis::Recipient, action, resource is Sluis::Slice)\nwhen {{ {condition} }};\n"
        );
        guards.push_str(&guard);
    }
    Bundle::from_files(texts).expect("a bundle")
}
