//! From one machine to PostgreSQL: `sluis migrate`, `sluis store copy`, and `sluis serve` on what was copied.

use super::demo::{Demo, Folder, Running};
use crate::support::postgres::Database;

#[test]
fn a_gateway_moves_up_and_goes_on_where_it_was() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let database = runtime.block_on(Database::new());
    let mut demo = Demo::unwitnessed();
    let kept = Folder::new();
    let (receipt, statement) = demo.kept(&kept);
    assert_eq!(demo.stop(), Some(0));

    let here = demo.path("gateway/sluis.toml");
    let url = database.url();
    let (path, there) = (demo.path("gateway/sluis.sqlite"), demo.path("gateway/up.toml"));
    let file = format!("sqlite:{path}");
    let config = std::fs::read_to_string(&here).unwrap();
    let moved = config.replace("\"sqlite:sluis.sqlite\"", &format!("\"{url}\""));
    assert_ne!(config, moved);
    std::fs::write(&there, moved).unwrap();
    let check = |change: &dyn Fn(&mut toml::Table), command: &[&str], says: &[&str]| {
        let mut settings: toml::Table = config.parse().unwrap();
        change(&mut settings);
        let changed = demo.path("gateway/changed.toml");
        std::fs::write(&changed, settings.to_string()).unwrap();
        demo.run(&[&["serve", "--config", &changed], command].concat()).failed(2, says);
    };
    let open = |settings: &mut toml::Table| drop(settings.remove("policy"));
    for command in [&[][..], &["--check"]] {
        check(&open, command, &["policies that two persons approved are in force", "[[policy.approvers]]"]);
    }
    let migrate = |config: &str, more: &[&str]| demo.run(&[&["migrate", "--config", config], more].concat());
    assert!(migrate(&here, &["--dry-run"]).done().ends_with(", 0 to be done\n"), "the file is of this version");
    let dry = migrate(&there, &["--dry-run"]).done();
    let count = dry.lines().count() - 1;
    assert!(count > 0 && dry.ends_with(&format!("\n0 of {count} migrations were there, {count} to be done\n")), "{dry}");
    assert_eq!(migrate(&there, &["--dry-run"]).done(), dry, "nothing was written");
    assert!(migrate(&there, &[]).done().ends_with(&format!(", {count} done now\n")));
    assert!(migrate(&there, &[]).done().ends_with(&format!("{count} of {count} migrations were there, 0 done now\n")));

    let copy = |from: &str, to: &str| demo.run(&["store", "copy", "--from", from, "--to", to]);
    let gateway = Running::start(&["serve", "--config", &here], "API ").expect("it serves");
    copy(&file, &url).failed(1, &["sluis.sqlite: a gateway, or another program, has it open", "do: stop it first"]);
    assert_eq!(gateway.stop(), Some(0));
    copy(&url, &file).failed(1, &["from sqlite:<path> to postgres://"]);
    copy("sqlite:/nowhere/store.sqlite", &url).failed(1, &["/nowhere/store.sqlite: there is no such file"]);
    copy("store.sqlite", &url).failed(2, &["--from: "]);
    let nowhere = url.replacen(database.name(), "nowhere", 1).replace("sluis@", "sluis:geheim-pw@");
    let told = copy(&file, &nowhere);
    told.failed(1, &["there is no such database"]);
    assert!(!told.stderr.contains("geheim-pw"), "{}", told.stderr);
    for password in ["geh@eim", "geh/eim", "g@h/eim"] {
        let told = copy(&file, &url.replace("sluis@", &format!("sluis:{password}@")));
        told.failed(2, &["--to: in a database's URL, write @ / ? # %"]);
        assert!(!told.stderr.contains("eim"), "{}", told.stderr);
    }
    let copied = copy(&file, &url).done();
    assert!(copied.contains("the root is the same on both sides") && copied.contains("do: set [store] url"), "{copied}");
    copy(&file, &url).failed(1, &["entries"]);

    let police = demo.path("sources/police/connector.toml");
    let gateway = Running::start(&["serve", "--config", &there], "API ").expect("it serves");
    let connector = Running::start(&["connector", "--config", &police], "connector of ").expect("it serves");
    demo.ask(&["--person", "P22", "--category", "identity"]).done();
    let kit = demo.kit("veilig-thuis");
    let of = |mode: &[&str], store: &str| {
        let told = demo.run(&[&["log", "verify"], mode, &["--store", store, "--kit", &kit, "--json"]].concat());
        serde_json::from_str::<serde_json::Value>(&told.stdout).unwrap_or_else(|error| panic!("{error}: {told:?}"))
    };
    let known = of(&["receipt", &receipt, "--statement", &statement], &url);
    assert_eq!(known["verdict"], "unwitnessed", "what was given before is in the log that moved: {known}");
    let (old, new) = (of(&["full"], &path), of(&["full"], &url));
    assert!(new["size"].as_u64() > old["size"].as_u64() && old["size"].as_u64() > Some(0), "{old} {new}");
    assert_eq!((connector.stop(), gateway.stop()), (Some(0), Some(0)));
    let emptied = |settings: &mut toml::Table| {
        drop(settings.insert("store".to_owned(), toml::toml! { url = "sqlite:other.sqlite" }.into()));
    };
    check(&emptied, &["--check"], &["it is empty, and the key store remembers a head of this log"]);
}
