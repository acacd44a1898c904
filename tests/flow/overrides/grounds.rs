use sluis::organisation::Kind;
use sluis::source::overrides::OverrideContent;

use super::*;
use crate::support::cases::Cases;
use crate::support::derogation::{content, refused, report, taken};

type Case = (Slug, &'static str, &'static [Slug], Ground);

/// Broken on purpose to see it fail: without `recipients` in `faults`; `|` for `&` over the recipients.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_ground_carries_what_the_law_lets_it() {
    use Ground::{ConflictOfDuties, Emergency, Wmo411, Wmo526, Wpg19};
    use Slug::{MentalHealth, Police, Probation, Prosecution, VeiligThuis, YouthProtection};
    let gateway = TestGateway::start().await;
    let mut cases = Cases::default();
    let by_two = |content: &OverrideContent, source| {
        let (one, two) = two(&gateway, source);
        report(&gateway, content, &one, (content.purpose.as_str() != "acute-safety").then_some(&two))
    };
    let held: [Case; 11] = [
        (MentalHealth, "safety-assessment", &[VeiligThuis], Wmo526),
        (MentalHealth, "safety-assessment", &[VeiligThuis], ConflictOfDuties),
        (Police, "safety-assessment", &[VeiligThuis], Wpg19),
        (VeiligThuis, "safety-assessment", &[Police], Wmo411),
        (MentalHealth, "prosecution", &[Police, Prosecution], ConflictOfDuties),
        (Police, "acute-safety", &[VeiligThuis], Emergency),
        (MentalHealth, "acute-safety", &[VeiligThuis, Police], Emergency),
        (Police, "team-discussion", &[MentalHealth, VeiligThuis, Probation], Wpg19),
        (Probation, "team-discussion", &[Police, VeiligThuis], ConflictOfDuties),
        (Police, "treatment", &[MentalHealth], Wpg19),
        (MentalHealth, "child-protection", &[YouthProtection], ConflictOfDuties),
    ];
    let bundle = gateway.running().gateway.policy.load_full();
    let kind = |slug: Slug| slug.organisation().kind;
    for (source, purpose, recipients, ground) in held {
        let code = purpose.parse().expect("a purpose");
        let opens = |category: Category| {
            let mut kinds = recipients.iter().copied().map(kind).chain(Kind::JOINTLY);
            kinds.any(|recipient| !bundle.opened_by_override(recipient, &code, kind(source), category).is_empty())
        };
        let category = Category::ALL.into_iter().find(|category| opens(*category)).expect("something to open");
        let content = content(&gateway, purpose, recipients, category, ground);
        let made = by_two(&content, source);
        cases.check(format!("{source:?} {purpose} {}", ground.code()), taken(&gateway, source, &made).await);
    }
    let wrong: [(Case, &str); 9] = [
        ((MentalHealth, "safety-assessment", &[VeiligThuis], Wpg19), "conflict_van_plichten or wmo_5_2_6"),
        ((Police, "safety-assessment", &[VeiligThuis], ConflictOfDuties), "wpg_19"),
        ((Police, "safety-assessment", &[VeiligThuis], Emergency), "wpg_19"),
        ((VeiligThuis, "prosecution", &[Police, Prosecution], ConflictOfDuties), "wmo_4_1_1"),
        ((MentalHealth, "prosecution", &[Police], Wmo526), "conflict_van_plichten"),
        // To Veilig Thuis it would hold, to the police it does not.
        ((MentalHealth, "acute-safety", &[VeiligThuis, Police], Wmo526), "conflict_van_plichten or noodsituatie"),
        ((Prosecution, "acute-safety", &[Police], ConflictOfDuties), "noodsituatie"),
        ((Probation, "team-discussion", &[Police], Wmo411), "conflict_van_plichten"),
        ((Police, "team-discussion", &[VeiligThuis], ConflictOfDuties), "wpg_19"),
    ];
    for ((source, purpose, recipients, ground), hold) in wrong {
        let content = content(&gateway, purpose, recipients, Category::Identity, ground);
        let made = serde_json::json!(by_two(&content, source));
        let told = refused(&gateway, source, &made, &["/content/ground"]).await;
        let told = told.and_then(|expected| if expected.ends_with(&format!(": {hold}")) { Ok(()) } else { Err(expected) });
        cases.check(format!("{source:?} {purpose} {}", ground.code()), told);
    }
    let nowhere: [(Case, &[&str]); 3] = [
        ((Probation, "probation", &[Police], ConflictOfDuties), &["/content/recipients/0"]),
        ((Probation, "safety-assessment", &[VeiligThuis, Police], Wmo526), &["/content/recipients/1"]),
        ((Police, "prosecution", &[VeiligThuis], Wpg19), &["/content/recipients/0"]),
    ];
    for ((source, purpose, recipients, ground), places) in nowhere {
        let content = content(&gateway, purpose, recipients, Category::Identity, ground);
        let made = serde_json::json!(by_two(&content, source));
        cases.check(format!("{source:?} {purpose}: none"), refused(&gateway, source, &made, places).await);
    }
    gateway.stop().await;
    cases.finish(23);
}
