//! What is refused, with file and line.

use std::path::PathBuf;

use super::*;
use crate::crypto::keys::{Algorithm, generate_signing_key};
use crate::entropy::{SystemEntropy, random};

struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let name = base64::encode_url(&random::<12>(&SystemEntropy::default()).expect("randomness"));
        let path = std::env::temp_dir().join(format!("sluis-manifest-{name}"));
        Bundle::embedded().expect("a bundle").write(&path).expect("written");
        Self(path)
    }

    fn load(&self, approvers: &[Approver]) -> Result<Bundle, String> {
        Bundle::load_approved(&self.0, approvers).map_err(|error| error.to_string())
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.join(name)).expect("read")
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.0.join(name), text).expect("written");
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.0);
    }
}

fn first(version: &str) -> Proposal<'_> {
    Proposal { version, replaces: Replaces::Nothing }
}

fn key() -> PrivateJwk {
    generate_signing_key(Algorithm::Ed25519, "approver".parse().expect("an id")).expect("a key")
}

fn approver(name: &str, key: &PrivateJwk) -> Approver {
    let PublicKey::Ed25519(public) = key.public().key() else { panic!("not Ed25519") };
    Approver::new(name, &base64::encode_url(public)).expect("an approver")
}

#[test]
fn two_persons_make_a_version() {
    let (folder, one, other) = (Folder::new(), key(), key());
    let approvers = [approver("A. Jansen", &one), approver("B. Visser", &other)];
    assert!(folder.load(&approvers).expect_err("nothing yet").starts_with("policies/MANIFEST.json"));
    assert_eq!(approve(&folder.0, Some(&first("2026-11")), "A. Jansen", &one).expect("proposed"), ["A. Jansen"]);
    let error = folder.load(&approvers).expect_err("one signature");
    assert!(error.starts_with("policies/MANIFEST.sig:2: approved by 1"), "{error}");
    assert_eq!(approve(&folder.0, None, "B. Visser", &other).expect("approved"), ["A. Jansen", "B. Visser"]);
    let bundle = folder.load(&approvers).expect("approved by two");
    assert_eq!((bundle.version(), bundle.approved_by().len()), (Some("2026-11"), 2));
    assert_eq!(bundle.hash(), hash(&folder.text(MANIFEST)), "the manifest names every file, and what it replaces");
    bundle.follows(None).expect("the first");
    let error = bundle.follows(Some(bundle.hash())).expect_err("not after itself").to_string();
    assert!(error.contains("MANIFEST.json:1: version 2026-11 was approved to replace nothing"), "{error}");

    // The same files again are another version, for they replace another.
    let again = Proposal { version: "2026-11", replaces: Replaces::Version(bundle.hash().to_owned()) };
    approve(&folder.0, Some(&again), "A. Jansen", &one).expect("proposed");
    approve(&folder.0, None, "B. Visser", &other).expect("approved");
    let next = folder.load(&approvers).expect("approved by two");
    assert_ne!(next.hash(), bundle.hash());
    next.follows(Some(bundle.hash())).expect("in its place");
    for other in [None, Some(next.hash()), Some("")] {
        next.follows(other).expect_err("in no other's");
    }
}

#[test]
fn the_same_person_twice_is_one() {
    let (folder, one, other) = (Folder::new(), key(), key());
    approve(&folder.0, Some(&first("1")), "A. Jansen", &one).expect("proposed");
    for (name, key, says) in [
        ("A. Jansen", &one, "A. Jansen has approved already: "),
        ("Somebody else", &one, "A. Jansen has approved already with this key: Somebody else approves with a key of her own"),
        ("A. Jansen", &other, "A. Jansen has approved already: "),
    ] {
        let error = approve(&folder.0, None, name, key).expect_err("twice").to_string();
        assert!(error.starts_with(says), "{error}");
    }
    let line = folder.text(APPROVALS);
    folder.write(APPROVALS, &format!("{line}{line}"));
    let error = folder.load(&[approver("A. Jansen", &one), approver("B. Visser", &other)]).expect_err("twice");
    assert!(error.starts_with("policies/MANIFEST.sig:2: A. Jansen has approved already"), "{error}");
}

#[test]
fn what_differs_from_what_was_approved_is_refused_by_name() {
    let (folder, one, other) = (Folder::new(), key(), key());
    let approvers = [approver("A. Jansen", &one), approver("B. Visser", &other)];
    approve(&folder.0, Some(&first("1")), "A. Jansen", &one).expect("proposed");
    approve(&folder.0, None, "B. Visser", &other).expect("approved");
    let (manifest, signatures, rules) = (folder.text(MANIFEST), folder.text(APPROVALS), folder.text("rules/probation.cedar"));
    let expect = |says: [&str; 2]| {
        let error = folder.load(&approvers).expect_err("refused");
        assert!(says.iter().all(|part| error.contains(part)), "{says:?}: {error}");
        folder.write(MANIFEST, &manifest);
        folder.write(APPROVALS, &signatures);
        folder.write("rules/probation.cedar", &rules);
    };
    folder.write("rules/probation.cedar", &format!("{rules}\n// harmless"));
    let line = manifest.lines().position(|line| line.contains("rules/probation.cedar")).expect("listed") + 1;
    expect([&format!("policies/MANIFEST.json:{line}:"), "rules/probation.cedar: this file is not the one that was approved"]);
    std::fs::remove_file(folder.0.join("rules/probation.cedar")).expect("removed");
    expect(["rules/probation.cedar", "missing"]);
    for unlisted in ["rules/extra.cedar", "notes.txt", ".hidden"] {
        folder.write(unlisted, "// nothing");
        expect([unlisted, "not in the manifest"]);
        std::fs::remove_file(folder.0.join(unlisted)).expect("removed");
    }
    folder.write(MANIFEST, &manifest.replacen("\"1\"", "\"2\"", 1));
    expect(["policies/MANIFEST.sig:1:", "not valid for this manifest"]);
    let another = format!("{{\"version\": \"{}\"}}", "a".repeat(64));
    folder.write(MANIFEST, &manifest.replacen("\"nothing\"", &another, 1));
    expect(["policies/MANIFEST.sig:1:", "not valid"]);
    folder.write(MANIFEST, &manifest.replacen('{', "{ \"more\": 1,", 1));
    expect(["policies/MANIFEST.json:1:", "more"]);
    let (first, second) = signatures.split_once('\n').expect("two lines");
    folder.write(APPROVALS, &format!("{first}\n{}", second.replace("B. Visser", "C. Smit")));
    expect(["policies/MANIFEST.sig:2:", "C. Smit is not an approver"]);
    folder.write(APPROVALS, &signatures.replace("A. Jansen", "B. Visser"));
    expect(["policies/MANIFEST.sig:1:", "not valid"]);
    folder.write(APPROVALS, "");
    expect(["policies/MANIFEST.sig:1:", "approved by 0"]);
    folder.load(&approvers).expect("as approved");
}

#[test]
fn what_is_no_sound_bundle_is_not_approved() {
    let (folder, one) = (Folder::new(), key());
    let guards = folder.text("rules/guards.cedar");
    folder.write("rules/guards.cedar", &guards.replacen("@withheld", "@withold", 1));
    let error = approve(&folder.0, Some(&first("1")), "A. Jansen", &one).expect_err("refused").to_string();
    assert!(error.starts_with("policies/rules/guards.cedar:"), "{error}");
    assert!(!folder.0.join(MANIFEST).exists());
    for (version, name) in [("", "A"), ("a b", "A"), ("1", ""), ("1", "A\nB")] {
        folder.write("rules/guards.cedar", &guards);
        let error = approve(&folder.0, Some(&first(version)), name, &one).expect_err("refused").to_string();
        assert!(!error.contains("MANIFEST"), "no file is to blame: {error}");
    }
}

/// A pipe, an endless device and a link are refused at once: nobody waits for them, and nobody reads them.
#[test]
fn what_is_no_regular_file_is_refused_unread() {
    let (folder, one, other) = (Folder::new(), key(), key());
    let approvers = [approver("A. Jansen", &one), approver("B. Visser", &other)];
    approve(&folder.0, Some(&first("1")), "A. Jansen", &one).expect("proposed");
    approve(&folder.0, None, "B. Visser", &other).expect("approved");
    for name in [MANIFEST, APPROVALS, "rules/probation.cedar"] {
        let (path, kept) = (folder.0.join(name), folder.0.with_extension("kept"));
        std::fs::rename(&path, &kept).expect("taken away");
        let made = std::process::Command::new("mkfifo").arg(&path).status().expect("mkfifo");
        assert!(made.success());
        let expect = || {
            let error = folder.load(&approvers).expect_err("refused");
            assert!(error.starts_with(&format!("policies/{name}: not a regular file")), "{error}");
            std::fs::remove_file(&path).expect("removed");
        };
        expect();
        for target in [std::path::Path::new("/dev/zero"), &kept] {
            std::os::unix::fs::symlink(target, &path).expect("a link");
            expect();
        }
        std::fs::rename(&kept, &path).expect("put back");
    }
    folder.write(APPROVALS, &" ".repeat(1024 * 1024 + 1));
    assert!(folder.load(&approvers).expect_err("refused").contains("larger than 1 MiB"));
}

/// What can be seen without the approvers' keys.
#[test]
fn a_manifest_that_does_not_hold_is_named_without_keys() {
    let (folder, one, other) = (Folder::new(), key(), key());
    assert_eq!(named(&folder.0).expect("no manifest"), None);
    let expect = |says: &str| {
        let error = named(&folder.0).expect_err(says).to_string();
        assert!(error.contains(says), "{says}: {error}");
    };
    approve(&folder.0, Some(&first("1")), "A. Jansen", &one).expect("proposed");
    expect("policies/MANIFEST.sig:2: approved by 1: 2 persons approve");
    let line = folder.text(APPROVALS);
    for twice in [line.clone(), line.replace("A. Jansen", "B. Visser"), line.replacen(char::is_alphanumeric, "", 1)] {
        folder.write(APPROVALS, &format!("{line}{twice}"));
        expect("policies/MANIFEST.sig:2: ");
    }
    folder.write(APPROVALS, &line);
    approve(&folder.0, None, "B. Visser", &other).expect("approved");
    let names = named(&folder.0).expect("it holds").expect("a manifest");
    assert_eq!(names, ("1".to_owned(), vec!["A. Jansen".to_owned(), "B. Visser".to_owned()]));
    folder.write("rules/probation.cedar", &(folder.text("rules/probation.cedar") + "// more\n"));
    expect("rules/probation.cedar: this file is not the one that was approved");
}

/// Broken on purpose to see it fail: without the comparison of the hash; without `check_files`.
#[test]
fn a_version_is_read_again_from_its_archive_and_no_other_in_its_name() {
    let (folder, one, other) = (Folder::new(), key(), key());
    let approvers = [approver("A. Jansen", &one), approver("B. Visser", &other)];
    approve(&folder.0, Some(&first("2026-11")), "A. Jansen", &one).expect("proposed");
    approve(&folder.0, None, "B. Visser", &other).expect("approved");
    let bare = Bundle::load(&folder.0).expect("a bundle");
    let approved = folder.load(&approvers).expect("approved by two");
    for bundle in [&bare, &approved] {
        let again = Bundle::of_archive(&bundle.archive(), bundle.hash()).expect("read again");
        assert_eq!((again.hash(), again.version(), again.approved_by().len()), (bundle.hash(), bundle.version(), 0));
    }
    let refused = |archive: &[u8], hash: &str| Bundle::of_archive(archive, hash).map(drop).expect_err("refused").to_string();
    assert!(refused(&bare.archive(), approved.hash()).contains("these are not the policies with the hash"));
    assert!(refused(&approved.archive(), bare.hash()).contains("these are not the policies with the hash"));
    assert!(refused(b"{}", bare.hash()).contains("these are not the policies with the hash"));
    let signed = |archive: &[u8], hash: &str, approvers: &[Approver]| {
        Bundle::of_archive_approved(archive, hash, approvers)
            .map(|bundle| bundle.approved_by().to_vec())
            .map_err(|error| error.to_string())
    };
    let names = ["A. Jansen", "B. Visser"].map(str::to_owned).to_vec();
    assert_eq!(signed(&approved.archive(), approved.hash(), &approvers), Ok(names));
    let others = [approver("A. Jansen", &key()), approver("B. Visser", &other)];
    let archive: serde_json::Value = serde_json::from_slice(&approved.archive()).expect("JSON");
    let mut unsigned = archive.clone();
    unsigned.as_object_mut().expect("an object").remove("approvals");
    let mut half = archive;
    half["approvals"] = half["approvals"].as_str().and_then(|lines| lines.lines().next()).map(|line| format!("{line}\n")).into();
    for (archive, approvers, hash, says) in [
        (approved.archive(), &others, approved.hash(), "the signature of A. Jansen is not valid"),
        (unsigned.to_string().into_bytes(), &approvers, approved.hash(), "approved by 0: 2 persons approve"),
        (half.to_string().into_bytes(), &approvers, approved.hash(), "approved by 1: 2 persons approve"),
        (bare.archive(), &approvers, bare.hash(), "they have no manifest"),
    ] {
        let error = signed(&archive, hash, approvers).expect_err(says);
        assert!(error.contains(says), "{says}: {error}");
    }
    let text = String::from_utf8(approved.archive()).expect("JSON");
    let changed = text.replacen("to Veilig Thuis", "to everybody", 1);
    assert_ne!(changed, text);
    assert!(refused(changed.as_bytes(), approved.hash()).contains("this file is not the one that was approved"));
}
