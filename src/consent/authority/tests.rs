use super::GrantorRole::{Curator, Guardian, Parent, Subject};
use super::*;
use crate::clock::Timestamp;

fn grantors(roles: &[GrantorRole]) -> Vec<Grantor> {
    let at = Timestamp::from_seconds(0);
    let one = |role: &GrantorRole| Grantor {
        role: *role,
        authority_evidence: None,
        method: "in person".to_owned(),
        at,
        alleged_perpetrator: false,
    };
    roles.iter().map(one).collect()
}

fn giving(grantors: &[Grantor], subject_age: u8, custody: u8) -> Giving<'_> {
    Giving { grantors, parents_with_custody: custody, incapable: false, subject_age, reviewed: false }
}

fn configured(toml: &str) -> Result<Authority, String> {
    Authority::try_from(&toml::from_str::<AuthorityTable>(toml).expect("a table"))
}

/// The law's rows of `domain.md` §6, once each.
const LAW: &str = r#"
[regimes.wgbo]
from-12 = [["self"]]
[regimes.treatment]
[regimes.jeugdwet]
from-12 = [["self"]]
[regimes.wmo]
from-12 = [["self"]]
[regimes.avg]
from-12 = [["parents"]]
"#;

/// Broken on purpose to see it fail: any row of `Regime::law` changed.
#[test]
fn the_table_is_that_of_the_law() {
    use Regime::{Avg, Jeugdwet, Other, Treatment, Wgbo, Wmo};
    let law = configured(LAW).expect("the law itself");
    let accepted = |regime, roles: &[GrantorRole], age| law.judge(regime, giving(&grantors(roles), age, 1)) == Standing::Accepted;
    for regime in [Wgbo, Treatment, Jeugdwet, Wmo, Avg, Other] {
        assert!(accepted(regime, &[Parent], 11) && accepted(regime, &[Guardian], 0), "{regime:?}");
        assert!(!accepted(regime, &[Subject], 11), "{regime:?}: no child under 12 gives it alone");
        assert!(accepted(regime, &[Subject], 16) && accepted(regime, &[Subject], 80), "{regime:?}");
        assert!(!accepted(regime, &[Parent], 16) && !accepted(regime, &[Parent], 18), "{regime:?}");
        assert!(!accepted(regime, &[Curator], 40), "{regime:?}: nobody represents who can decide");
    }
    for (regime, alone, parents, both) in [
        (Wgbo, true, false, true),
        (Jeugdwet, true, false, true),
        (Wmo, true, false, true),
        (Treatment, false, false, true),
        (Avg, false, true, true),
        (Other, false, false, true),
    ] {
        for age in [12, 15] {
            assert_eq!(accepted(regime, &[Subject], age), alone, "{regime:?} {age}");
            assert_eq!(accepted(regime, &[Parent], age), parents, "{regime:?} {age}");
            assert_eq!(accepted(regime, &[Parent, Subject], age), both, "{regime:?} {age}");
        }
    }
}

#[test]
fn the_default_is_the_strictest_of_every_regime() {
    let authority = Authority::default();
    for regime in [Regime::Wgbo, Regime::Treatment, Regime::Jeugdwet, Regime::Wmo, Regime::Avg, Regime::Other] {
        assert!(authority.strictest.is_as_strict_as(&regime.law()), "{regime:?}");
    }
    assert_ne!(authority.judge(Regime::Wgbo, giving(&grantors(&[Subject]), 14, 1)), Standing::Accepted);
}

/// Broken on purpose to see it fail: `is_as_strict_as` true.
#[test]
fn a_configuration_laxer_than_the_law_says_why_or_is_refused() {
    let laxer = "[regimes.wgbo]\nfrom-12 = [[\"self\"], [\"parents\"]]\n";
    assert!(configured(laxer).expect_err("laxer").contains("laxer-because"));
    assert!(configured(&format!("{laxer}laxer-because = \" \"\n")).is_err(), "in words");
    configured(&format!("{laxer}laxer-because = \"the covenant of the region, article 4\"\n")).expect("explained");
    assert!(configured("[regimes.other]\nfrom-12 = [[\"self\"]]\n").is_err(), "no law has a row: the strictest is its law");
    for nobody in ["from-16 = []", "from-16 = [[]]"] {
        assert!(configured(&format!("[regimes.avg]\n{nobody}\nlaxer-because = \"x\"\n")).expect_err(nobody).contains("empty"));
    }
    assert!(configured("longest-days = 0").is_err() && configured("longest-days = 400").is_err());
    assert!(toml::from_str::<AuthorityTable>("[regimes.wgbo]\nfrom-12 = [[\"representative\"]]\n").is_err());
}

/// Broken on purpose to see it fail: `parents_with_custody` not looked at; suspected parents counted.
#[test]
fn suspected_and_missing_parents_do_not_count() {
    let authority = Authority::default();
    let both = grantors(&[Parent, Parent]);
    assert_eq!(authority.judge(Regime::Wgbo, giving(&both, 9, 2)), Standing::Accepted);
    assert_eq!(authority.judge(Regime::Wgbo, giving(&grantors(&[Parent]), 9, 2)), Standing::Lacking, "both parents are needed");
    let mut suspected = both;
    suspected[1].alleged_perpetrator = true;
    let held = giving(&suspected, 9, 2);
    assert_eq!(authority.judge(Regime::Wgbo, held), Standing::Held(Hold::AllegedPerpetrator));
    assert_eq!(authority.judge(Regime::Wgbo, Giving { reviewed: true, ..held }), Standing::Accepted);
    let mut own = grantors(&[Subject]);
    own[0].alleged_perpetrator = true;
    assert_eq!(authority.judge(Regime::Wgbo, giving(&own, 40, 1)), Standing::Accepted, "about oneself one decides oneself");
}

/// The test vector of `domain.md` §5: a 13-year-old's parent asks for the data of mental-health care.
#[test]
fn parents_of_a_minor_who_decides_are_held_and_the_incapable_are_represented() {
    let law = configured(LAW).expect("the law itself");
    let parent = grantors(&[Parent]);
    for authority in [&law, &Authority::default()] {
        assert_eq!(authority.judge(Regime::Wgbo, giving(&parent, 13, 1)), Standing::Held(Hold::MinorDecides));
    }
    let incapable =
        |roles: &[GrantorRole], age| law.judge(Regime::Wgbo, Giving { incapable: true, ..giving(&grantors(roles), age, 1) });
    assert_eq!(incapable(&[Parent], 13), Standing::Accepted);
    assert_eq!(incapable(&[Subject], 13), Standing::Lacking, "who cannot decide gives nothing");
    assert_eq!(incapable(&[Curator], 40), Standing::Accepted);
    assert_eq!(incapable(&[Parent], 40), Standing::Lacking, "custody ends at 18");
    assert_eq!(incapable(&[Subject], 40), Standing::Lacking);
}
