use serde_json::json;

use super::*;

fn found(text: &str, persons: &[&[&str]]) -> Vec<(FindingKind, String)> {
    let persons: Vec<Vec<String>> = persons.iter().map(|names| names.iter().map(|name| (*name).to_owned()).collect()).collect();
    let data = json!({"summary": text});
    let slice = |finding: &Finding| text.chars().skip(finding.from).take(finding.until - finding.from).collect();
    let known: Vec<Known<'_>> = persons.iter().map(|names| Known { names, birth_date: None }).collect();
    findings(&[&data], &known, &[]).iter().map(|finding| (finding.kind, slice(finding))).collect()
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
        ("f. el amrani", "el amrani"),
        ("De heer Bos kwam.", "Bos"),
        ("meneer bos kwam", "bos"),
        ("Volgens B. Bos niet.", "B. Bos"),
        ("Daar woont Bos.", "Bos"),
        ("Bos sloeg haar.", "Bos"),
        ("Toen kwam Man.", "Man"),
        ("de familie vanberg, wel vanderberg", "vanderberg"),
        ("Zij vond Bo lief.", "Bo"),
        ("mw. van der berg", "van der berg"),
        ("Vader noemt haar zootje.", "zootje"),
        ("Ook F a t i m a belde.", "F a t i m a"),
        ("Ook F.A-T i\u{200b}\nM a belde.", "F.A-T i\u{200b}\nM a"),
        ("Z o ë was er.", "Z o ë"),
        ("Fat-ima belde.", "Fat-ima"),
        ("met B o s erbij", "B o s"),
        ("Fаtimа belde.", "Fаtimа"),
        ("FatIma belde.", "FatIma"),
        ("Fatlma belde.", "Fatlma"),
        ("Ｆａｔｉｍａ belde.", "Ｆａｔｉｍａ"),
        ("F\u{202e}atima belde.", "F\u{202e}atima"),
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
fn birth_dates_are_found_however_they_are_written() {
    let known = |birth_date| Known { names: &[], birth_date: Some(birth_date) };
    let kinds = |text: &str| {
        let found = findings(&[&json!({"summary": text})], &[known("1990-03-05"), known("2018-12-31")], &[]);
        found.iter().map(|finding| finding.kind).collect::<Vec<_>>()
    };
    for text in [
        "1990-03-05",
        "geb. 5-3-1990.",
        "05/03/'90",
        "5 maart 1990",
        "op de 5e mrt. 1990",
        "op 5 Maart\n1990",
        "March 5th, 1990",
        "0503\u{200b}1990",
        "19900305",
        "０５.０３.１９９０",
        "31 december 2018",
        "A1 (31dec2018)",
        "03/05/1990",
    ] {
        assert_eq!(kinds(text), [FindingKind::BirthDate], "{text}");
    }
    for text in ["5 maart 1991", "6-3-1990", "maart 1990", "1990", "5 maart, en in 1990", "51990-3"] {
        assert_eq!(kinds(text), [], "{text}");
    }
}

#[test]
fn addresses_and_numbers_are_found_however_they_are_written() {
    let text = |text: &str| Some(text.to_owned());
    let contact = Contact {
        street: text("Lange Kerkstraat"),
        house_number: text("12-a"),
        postcode: text("4461 AB"),
        city: text("'s-Gravenpolder"),
        phone: text("+31 (0)6 1234 5678"),
        email: text("zoe.3@example.org"),
    };
    let contacts = [contact, Contact { street: text("Dorpsplein 7"), phone: text("112345"), ..Contact::default() }];
    let slices = |text: &str| {
        let found = findings(&[&json!({"summary": text})], &[], &contacts);
        assert!(found.iter().all(|finding| finding.kind == FindingKind::Contact), "{text}");
        let slice = |finding: &Finding| text.chars().skip(finding.from).take(finding.until - finding.from).collect::<String>();
        found.iter().map(slice).collect::<Vec<_>>()
    };
    for (text, found) in [
        ("zij woont Lange Kerkstraat 12a.", "Lange Kerkstraat 12"),
        ("LANGE KERKSTR. nr. 12", "LANGE KERKSTR. nr. 12"),
        ("op 12, Lange Kerkstraat", "12, Lange Kerkstraat"),
        ("L\u{e1}nge Kerk\u{ad}straat\u{a0}１２", "L\u{e1}nge Kerk\u{ad}straat\u{a0}１２"),
        ("in 's-Gravenpolder op nummer 12", "s-Gravenpolder op nummer 12"),
        ("op 12 in s gravenpolder", "12 in s gravenpolder"),
        ("4461ab", "4461ab"),
        ("4461-A.B", "4461-A.B"),
        ("bel 06-12345678", "6-12345678"),
        ("bel 0031 6 12 34 56 78 nu", "6 12 34 56 78"),
        ("bel 0612\u{200b}345678", "612\u{200b}345678"),
        ("mail Zoe.3@Example.org", "Zoe.3@Example.org"),
        ("zoe 3 (at) example org", "zoe 3 (at) example org"),
        ("dorpsplein, 7", "dorpsplein, 7"),
        ("tel. 112345", "112345"),
    ] {
        assert_eq!(slices(text), [found], "{text}");
    }
    for text in ["Lange Kerkstraat 123", "4461 abonnees", "14461 AB", "Kerkstraat 12", "0612345679", "1123456", "12 keer", ""] {
        assert_eq!(slices(text), Vec::<String>::new(), "{text}");
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
    let known = Known { names: &names, birth_date: None };
    let found = findings(&[&json!({}), &data], &[known], &[]);
    let places: Vec<_> =
        found.iter().map(|finding| (finding.part, finding.field.as_str(), finding.from, finding.until)).collect();
    assert_eq!(places, [(1, "/incidents/1/a~1b", 0, 6), (1, "/incidents/1/count", 0, 9)]);
}
