use super::*;
use crate::catalogue::PurposeCode;
use crate::entropy::SystemEntropy;
use crate::secret::{Personal, Secret};
use crate::subject::SubjectId;

fn domain(recipient: &str, case: Option<&str>, purpose: &str) -> Domain {
    let purpose = PurposeCode::try_from(purpose.to_owned()).expect("valid");
    Domain::of_organisation(&recipient.parse().expect("valid"), case.map(str::to_owned), purpose)
}

fn person() -> Personal<SubjectId> {
    Personal::new(SubjectId::Bsn("999990019".parse().expect("valid")))
}

fn key(scope: &Scope) -> ScopeKey {
    let wrapping = Secret::new([3; 32]);
    let sealed = ScopeKey::draw(scope, &wrapping, &SystemEntropy::default()).expect("drawn");
    ScopeKey::open(scope, &wrapping, &sealed).expect("opened")
}

const VT: &str = "00000099000000002000";
const POLICE: &str = "00000099000000001000";

#[test]
fn printed_and_read_back() {
    for _ in 0..100 {
        let pseudonym = Pseudonym::draw(&SystemEntropy::default()).expect("drawn");
        let text = pseudonym.to_string();
        assert_eq!(text.len(), 30);
        assert_eq!(text.parse(), Ok(pseudonym));
    }
}

#[test]
fn one_wrong_character_is_noticed() {
    let text = Pseudonym::draw(&SystemEntropy::default()).expect("drawn").to_string();
    for place in 3..text.len() {
        let other = if text.as_bytes()[place] == b'7' { "8" } else { "7" };
        let mut wrong = text.clone();
        wrong.replace_range(place..=place, other);
        assert_eq!(wrong.parse::<Pseudonym>(), Err(InvalidPseudonym), "{wrong} for {text}");
    }
    assert!(text.to_lowercase().parse::<Pseudonym>().is_err());
    assert!("p1_ZZZZZZZZZZZZZZZZZZZZZZZZZZ0".parse::<Pseudonym>().is_err(), "more than 128 bits");
}

#[test]
fn recipients_cases_and_purposes_do_not_join_up() {
    let domains = [
        domain(VT, None, "safety-assessment"),
        domain(POLICE, None, "safety-assessment"),
        domain(VT, None, "acute-safety"),
        domain(VT, Some("case-1"), "safety-assessment"),
        domain(VT, Some("case-2"), "safety-assessment"),
        Domain::of_team("case-1".to_owned(), PurposeCode::try_from("safety-assessment".to_owned()).expect("valid")),
        Domain::of_director("case-1".to_owned(), PurposeCode::try_from("safety-assessment".to_owned()).expect("valid")),
        Domain::of_team("case-2".to_owned(), PurposeCode::try_from("safety-assessment".to_owned()).expect("valid")),
    ];
    let one_key = key(&domains[0].scope());
    let indexes: std::collections::BTreeSet<_> = domains.iter().map(|domain| one_key.blind_index(domain, &person())).collect();
    assert_eq!(indexes.len(), domains.len());
    assert_ne!(key(&domains[0].scope()).blind_index(&domains[0], &person()), one_key.blind_index(&domains[0], &person()));
}

#[test]
fn an_identity_opens_only_for_its_pseudonym_and_key() {
    let scope = domain(VT, None, "safety-assessment").scope();
    let (key, other_key) = (key(&scope), key(&scope));
    let entropy = SystemEntropy::default();
    let (mine, other) = (Pseudonym::draw(&entropy).expect("drawn"), Pseudonym::draw(&entropy).expect("drawn"));
    let sealed = key.seal_identity(mine, &person(), &entropy).expect("sealed");
    assert!(key.open_identity(mine, &sealed).expect("opened") == person());
    assert_eq!(key.open_identity(other, &sealed).err(), Some(VaultError::Unreadable));
    assert_eq!(other_key.open_identity(mine, &sealed).err(), Some(VaultError::Unreadable));
}
