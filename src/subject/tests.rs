use super::*;

#[test]
fn the_eleven_proof_decides() {
    assert!("999990019".parse::<Bsn>().is_ok());
    for invalid in ["999990018", "000000000", "99999001", "9999900190", "99999001x", ""] {
        assert_eq!(invalid.parse::<Bsn>(), Err(InvalidBsn), "{invalid}");
    }
}

#[test]
fn identifiers_do_not_show_themselves() {
    let id = SubjectId::Bsn("999990019".parse().expect("valid"));
    assert!(!format!("{id:?}").contains("9999"));
}

#[test]
fn canonical_forms_are_unambiguous() {
    let number = |text: &str| text.parse::<LocalNumber>().expect("valid");
    let source: Oin = "00000099000000002000".parse().expect("valid");
    let local = SubjectId::Local { source, value: number("12") };
    assert_ne!(*local.canonical(), *SubjectId::VNumber(number("12")).canonical());
}

#[test]
fn age_bands_follow_the_domain_model() {
    let bands = [(0, "0-3"), (3, "0-3"), (4, "4-11"), (15, "12-15"), (17, "16-17"), (24, "18-24"), (25, "25-34"), (99, "95-104")];
    for (age, band) in bands {
        assert_eq!(AgeBand::of(age).to_string(), band);
    }
    assert_eq!(AgeBand::of(255).to_string(), "95-104");
}

#[test]
fn ages_are_counted_in_whole_years() {
    assert_eq!(age_on("2010-11-21", "2026-11-20"), Some(15));
    assert_eq!(age_on("2010-11-21", "2026-11-21"), Some(16));
    assert_eq!(age_on("2027-01-01", "2026-11-21"), None);
    assert_eq!(age_on("soon", "2026-11-21"), None);
}

#[test]
fn a_bsn_is_found_in_a_text() {
    for text in ["bsn 999990019.", "9999.90.019", "999 990 019", "(999990019)", "x999990019x"] {
        assert!(holds_bsn(text), "{text}");
    }
    for text in ["999990018", "1999990019", "9999900190", "99999  0019", "no number", "12-11-2026", ""] {
        assert!(!holds_bsn(text), "{text}");
    }
}
