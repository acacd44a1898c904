use serde_json::json;

use super::*;

fn found(text: &str, persons: &[&[&str]]) -> Vec<(FindingKind, String)> {
    let persons: Vec<Vec<String>> = persons.iter().map(|names| names.iter().map(|name| (*name).to_owned()).collect()).collect();
    let persons: Vec<&[String]> = persons.iter().map(Vec::as_slice).collect();
    let data = json!({"summary": text});
    let slice = |finding: &Finding| text.chars().skip(finding.from).take(finding.until - finding.from).collect();
    findings(&[&data], &persons).iter().map(|finding| (finding.kind, slice(finding))).collect()
}

fn names(text: &str) -> Vec<String> {
    let household: &[&[&str]] = &[
        &["Zoë Anne-Marie", "van der Berg", "Zootje"],
        &["José", "de Vries", "Sjo"],
        &["Bo", "Bos"],
        &["Man"],
        &["Fatima", "El Amrani"],
    ];
    found(text, household)
        .into_iter()
        .inspect(|(kind, _)| assert_eq!(*kind, FindingKind::HouseholdName))
        .map(|(_, text)| text)
        .collect()
}

#[test]
fn names_are_found_however_they_are_written() {
    for (text, expected) in [
        ("Moeder zegt dat zoe bang is.", "zoe"),
        ("ZOË is bang.", "ZOË"),
        ("Zoe\u{308} is bang.", "Zoe\u{308}"),
        ("Jose\u{301}s jas.", "Jose\u{301}s"),
        ("Josés jas.", "Josés"),
        ("José's jas.", "José"),
        ("fa\u{ad}tima belde", "fa\u{ad}tima"),
        ("gesprek met annemarie gehad", "annemarie"),
        ("J. de Vries kwam langs.", "J. de Vries"),
        ("Ook J.P. Vries kwam.", "J.P. Vries"),
        ("f. el amrani", "amrani"),
        ("De heer Bos kwam.", "Bos"),
        ("meneer bos kwam", "bos"),
        ("Volgens B. Bos niet.", "B. Bos"),
        ("Daar woont Bos.", "Bos"),
        ("Bos sloeg haar.", "Bos"),
        ("Toen kwam Man.", "Man"),
        ("de familie vanberg, wel vanderberg", "vanderberg"),
        ("Zij vond Bo lief.", "Bo"),
        ("mw. van der berg", "berg"),
        ("Vader noemt haar zootje.", "zootje"),
    ] {
        assert_eq!(names(text), [expected], "{text}");
    }
}

#[test]
fn common_words_are_not_names() {
    for text in
        ["Zij liepen in het bos.", "A1 bos", "de vrouw en het kind", "A1 sloeg K1.", "bo", "Jan kwam.", "Man en vrouw.", ""]
    {
        assert_eq!(names(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn citizen_numbers_are_found_with_and_without_separators() {
    for (text, expected) in [
        ("BSN 999990019.", "999990019"),
        ("BSN999990019a", "999990019"),
        ("9999.90.019", "9999.90.019"),
        ("999 990 019", "999 990 019"),
        ("999\u{a0}990\u{200b}019", "999\u{a0}990\u{200b}019"),
        ("999-990 - 019", "999-990 - 019"),
        ("９９９９９００１９", "９９９９９００１９"),
        ("1999990019", "999990019"),
    ] {
        assert_eq!(found(text, &[]), [(FindingKind::CitizenNumber, expected.to_owned())], "{text}");
    }
    let two = (FindingKind::CitizenNumber, "999990019".to_owned());
    assert_eq!(found("999990019999990019", &[]), [two.clone(), two]);
    for text in ["999990018", "99999001", "000000000", "999990\n019", "999990 en 019", "999990-----019", "9999900 1 90"] {
        assert_eq!(found(text, &[]), [], "{text}");
    }
}

#[test]
fn every_text_and_number_is_looked_at() {
    let data = json!({"incidents": [{"kind": "x"}, {"a/b": "Fatima", "count": 999_990_019}]});
    let names = ["Fatima".to_owned()];
    let found = findings(&[&json!({}), &data], &[&names]);
    let places: Vec<_> =
        found.iter().map(|finding| (finding.part, finding.field.as_str(), finding.from, finding.until)).collect();
    assert_eq!(places, [(1, "/incidents/1/a~1b", 0, 6), (1, "/incidents/1/count", 0, 9)]);
}
