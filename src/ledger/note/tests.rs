use super::*;
use crate::secret::Secret;

/// The example of the specification.
const KEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
const NOTE: &str = "This is an example message.\n\n— example.com/foo \
    Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

fn signer(name: &str, seed: u8) -> NoteSigner {
    let key = SigningKey::from_seed(name.parse().expect("valid"), KeyKind::Note, &Secret::new([seed; 32]));
    NoteSigner::new(key.expect("valid")).expect("of this kind")
}

#[test]
fn altered_verifier_keys_are_refused() {
    for (text, error) in [
        ("", InvalidKey::Syntax),
        ("example.com/foo+530d903a", InvalidKey::Syntax),
        ("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2", InvalidKey::Syntax),
        ("example.com/foo+530d903a+Aeky", InvalidKey::Syntax),
        ("example.com/fou+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", InvalidKey::Id),
        ("example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", InvalidKey::Id),
        ("example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", InvalidKey::Id),
        ("example.com/foo+530d903a+BOkyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", InvalidKey::Id),
        ("example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", InvalidKey::Kind),
        ("example.com foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", InvalidKey::Name),
        ("+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k", InvalidKey::Name),
    ] {
        assert_eq!(text.parse::<VerifierKey>(), Err(error), "{text}");
    }
}

#[test]
fn the_example_of_the_specification_verifies_and_is_written_back() {
    let key: VerifierKey = KEY.parse().expect("valid");
    assert_eq!(key.to_string(), KEY);
    let note = Note::parse(NOTE).expect("valid");
    assert_eq!(note.text(), "This is an example message.\n");
    assert_eq!(note.to_string(), NOTE);
    assert_eq!(note.verify(&key), Ok(()));
}

#[test]
fn malformed_notes_are_refused() {
    let many = |count: usize| {
        let line = NOTE.split_once("\n\n").expect("two parts").1;
        format!("text\n\n{}", line.repeat(count))
    };
    assert!(Note::parse(&many(MAX_SIGNATURES)).is_ok());
    assert_eq!(Note::parse(&many(MAX_SIGNATURES + 1)), Err(InvalidNote::TooLong));
    assert_eq!(Note::parse(&"a".repeat(MAX_NOTE + 1)), Err(InvalidNote::TooLong));
    for (from, to, error) in [
        ("\n\n", "\n", InvalidNote::Signature),
        ("QM=\n", "QM=", InvalidNote::Signature),
        ("QM=\n", "QM=\n\n", InvalidNote::Signature),
        ("QM=\n", "QM=\r\n", InvalidNote::Signature),
        ("QM=\n", "QM=\nmore\n", InvalidNote::Signature),
        ("QM=\n", "QN=\n", InvalidNote::Signature),
        ("— ", "- ", InvalidNote::Signature),
        ("— ", "—  ", InvalidNote::Signature),
        ("example.com/foo", "example.com+foo", InvalidNote::Signature),
        ("example.com/foo", "example.com/\u{2003}foo", InvalidNote::Signature),
        ("example message", "example\tmessage", InvalidNote::Text),
        ("example message", "example\rmessage", InvalidNote::Text),
        ("example message", "example\0message", InvalidNote::Text),
    ] {
        assert_eq!(Note::parse(&NOTE.replace(from, to)), Err(error), "{from:?} → {to:?}");
    }
    for signature in ["", "AAAA", "AAAAAA==", "A"] {
        let parsed = NoteSignature::parse(&format!("— name {signature}"));
        assert_eq!(parsed, Err(InvalidNote::Signature), "{signature}");
    }
    assert_eq!(Note::sign("no newline", &signer("a.example", 1)), Err(InvalidNote::Text));
}

#[test]
fn the_text_ends_at_the_last_empty_line() {
    let note = Note::sign("a\n\nb\n", &signer("a.example", 1)).expect("allowed");
    let read = Note::parse(&note.to_string()).expect("valid");
    assert_eq!(read.text(), "a\n\nb\n");
    assert_eq!(read.verify(signer("a.example", 1).verifier()), Ok(()));
}

#[test]
fn signatures_of_others_are_ignored_and_forged_ones_are_not() {
    let (a, b) = (signer("a.example", 1), signer("b.example", 2));
    let mut note = Note::sign("text\n", &a).expect("allowed");
    assert_eq!(note.verify(b.verifier()), Err(NotSigned::Missing));
    note.add(b.sign("another text\n")).expect("room");
    assert_eq!(note.verify(a.verifier()), Ok(()));
    assert_eq!(note.verify(b.verifier()), Err(NotSigned::Forged));
    // A genuine line beside a forged one of the same key does not help.
    note.add(a.sign("another text\n")).expect("room");
    assert_eq!(note.verify(a.verifier()), Err(NotSigned::Forged));
    assert_eq!(
        Note::parse(&NOTE.replace("message", "massage")).expect("valid").verify(&KEY.parse().expect("valid")),
        Err(NotSigned::Forged)
    );
}

#[test]
fn keys_are_made_fresh_and_do_not_show_themselves() {
    let entropy = crate::entropy::SystemEntropy::default();
    let (one, two) = (fresh_seed(&entropy).expect("random"), fresh_seed(&entropy).expect("random"));
    assert_ne!(one.expose(), two.expose());
    let signer = signer("a.example/log", 1);
    assert_eq!(format!("{signer:?}"), "NoteSigner(SigningKey(a.example/log, …))");
    let cosigner = SigningKey::from_seed("a.example".parse().expect("valid"), KeyKind::Cosignature, &one).expect("valid");
    assert_eq!(NoteSigner::new(cosigner).map(|_| ()), Err(InvalidKey::WrongKind));
    let refused = SigningKey::from_pkcs8("a.example".parse().expect("valid"), KeyKind::Note, &Secret::new(vec![0; 48]));
    assert_eq!(refused.map(|_| ()), Err(InvalidKey::Private));
}

#[test]
fn a_key_from_pkcs8_signs_as_its_seed_does() {
    // RFC 8410 section 7: version 1, the seed in an OCTET STRING within an OCTET STRING.
    let prefix = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
    let document = Secret::new([prefix.as_slice(), &[1; 32]].concat());
    let key = SigningKey::from_pkcs8("a.example".parse().expect("valid"), KeyKind::Note, &document).expect("valid");
    assert_eq!(key.verifier(), signer("a.example", 1).verifier());
}
