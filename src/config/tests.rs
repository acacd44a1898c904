use toml::Table;

use super::environment::{set, user_of};
use super::*;

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/sluis.toml")
}

fn refused(change: impl Fn(&str) -> String, name: &str) -> String {
    let text = change(&std::fs::read_to_string(sample()).expect("readable"));
    let path = std::env::temp_dir().join(format!("sluis-config-{name}-{}.toml", std::process::id()));
    std::fs::write(&path, text).expect("written");
    let error = GatewayConfig::load(&path).expect_err("must be refused").to_string();
    std::fs::remove_file(&path).expect("removed");
    error
}

#[test]
fn the_sample_is_true() {
    let config = GatewayConfig::load(&sample()).expect("accepted");
    assert!(config.keys.root.ends_with("deploy/root.key"), "paths are relative to the file");
    let limits = LimitsSection::default();
    let kept = RetentionSection::default();
    assert_eq!((config.retention.consent_years, config.retention.task_years), (kept.consent_years, kept.task_years));
    assert_eq!(config.consent.longest_days, AuthorityTable::default().longest_days);
    assert_eq!((config.limits.in_flight, config.limits.body_ms), (limits.in_flight, limits.body_ms), "it shows the defaults");
    assert_eq!((config.limits.working, config.limits.write_ms), (limits.working, limits.write_ms));
    let places = |limits: &LimitsSection| (limits.connections, limits.per_address, limits.per_organisation, limits.handshaking);
    assert_eq!(places(&config.limits), places(&limits));
    assert_eq!(config.limits.first_byte_ms, limits.first_byte_ms);
}

#[test]
fn users_are_found_by_number() {
    let passwd = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534::/:\nmeijer:x:1000:1000::/home/meijer:/bin/sh\n:x:7:7::/:";
    let names = [0, 1000, 7, 42].map(|uid| user_of(passwd, uid));
    assert_eq!(names, [Some("root".to_owned()), Some("meijer".to_owned()), None, None]);
    assert!(!system_user().trim().is_empty());
}

#[test]
fn the_environment_spells_hyphens_as_underscores() {
    let mut table = Table::new();
    set(&mut table, "SLUIS_LIMITS__IN_FLIGHT", "7");
    set(&mut table, "SLUIS_API__LISTEN", "0.0.0.0:1");
    assert_eq!(table["limits"]["in-flight"].as_integer(), Some(7));
    assert_eq!(table["api"]["listen"].as_str(), Some("0.0.0.0:1"));
}

/// As in connector.toml: with hyphens.
#[test]
fn settings_are_spelt_one_way() {
    let error = refused(|text| text.replace("in-flight", "in_flight"), "spelling");
    assert!(error.contains("in_flight") && error.contains("in-flight"), "{error}");
}

#[test]
fn an_unknown_key_is_refused_with_its_line() {
    let error = refused(|text| text.replace("[web]", "[web]\nlogg = true"), "unknown");
    assert!(error.contains("line ") && error.contains("logg"), "{error}");
}

#[test]
fn what_is_unsafe_is_refused() {
    let error = refused(|text| text.replace("127.0.0.1:8080", "0.0.0.0:8080"), "web");
    assert!(error.contains("[web] listen"), "{error}");
    let with_origin = |origin: &str| refused(|text| text.replace("[web]", &format!("[web]\norigin = \"{origin}\"")), "origin");
    for (origin, told) in [
        ("http://sluis.example", "plain http"),
        ("https://sluis.example/", "as browsers do"),
        ("sluis.example", "as browsers do"),
    ] {
        let error = with_origin(origin);
        assert!(error.contains(told) && error.contains(origin), "{error}");
    }
    let error = refused(|text| text.replace("127.0.0.1:9090", "0.0.0.0:9090"), "operations");
    assert!(error.contains("[operations] listen"), "{error}");
    let error = refused(|text| text.replace("mode = \"development\"", "mode = \"production\""), "production");
    assert!(error.contains("[[policy.approvers]]"), "{error}");
    let approved = |mode: &str, keys: [&str; 2]| {
        let [one, other] = keys;
        let approvers = format!(
            "\n[[policy.approvers]]\nname = \"A\"\nkey = \"{one}\"\n\n[[policy.approvers]]\nname = \"B\"\nkey = \"{other}\"\n"
        );
        let (mode, text) = (mode.to_owned(), approvers);
        move |sample: &str| {
            let sample =
                sample.replace("mode = \"development\"", &mode).replace("# folder = \"policies\"", "folder = \"policies\"");
            sample + &text
        }
    };
    // Ed25519 public keys of RFC 8032, 7.1: tests 1 and 2.
    let keys = ["11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw"];
    let error = refused(approved("mode = \"production\"", keys), "key-provider");
    assert!(error.contains("key provider"), "{error}");
    let alone = |sample: &str| {
        let made = approved("mode = \"production\"", keys)(sample);
        made.replace("sqlite:sluis.sqlite", "postgres://sluis@localhost/sluis?host=/run/postgresql")
    };
    let error = refused(alone, "standbys");
    assert!(error.contains("[store] standbys"), "{error}");
    let error = refused(approved("mode = \"development\"", [keys[0], keys[0]]), "one-key");
    assert!(error.contains("a key of her own"), "{error}");
    let error = refused(approved("mode = \"development\"", [keys[0], "AAAA"]), "no-key");
    assert!(error.contains("Ed25519"), "{error}");
    let error = refused(|text| text.replace("consent-years = 5", "consent-years = 1"), "retention");
    assert!(error.contains("[retention]"), "{error}");
    let lax = "[consent.regimes.avg]\nfrom-12 = [[\"self\"]]\n[limits]";
    let error = refused(|text| text.replace("[limits]", lax), "consent");
    assert!(error.contains("laxer-because"), "{error}");
    let error = refused(|text| text.replace("gateway.example:8443", "Gateway.Example:8443"), "authority");
    assert!(error.contains("lower case"), "{error}");
}
