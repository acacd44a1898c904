use super::*;

fn bundle() -> Bundle {
    Bundle::embedded().unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn the_table_tests_hold_and_each_policy_decides_one() {
    let report = bundle().run_cases().unwrap_or_else(|error| panic!("{error}"));
    assert!(report.failures.is_empty(), "{}", report.failures.join("\n"));
    assert!(report.undecided.is_empty(), "policies that decide no case: {:?}", report.undecided);
    assert!(report.passed > 150, "{}", report.passed);
}
