//! The gateway's folder: keys, certificates, configuration; and the kit's description of it.

use std::path::Path;

use super::files::{self, SetupError};
use super::{GATEWAY_OIN, Layout, Options, policies, ports};
use crate::app::gateway::Outside;
use crate::app::moving;
use crate::client::GatewayInfo;
use crate::config::StoreUrl;
use crate::crypto::keys::{Algorithm, Jwk, PrivateJwk, generate_signing_key};
use crate::demo::authority::Authority;
use crate::entropy::random;
use crate::ledger::note::{KeyKind, NoteSigner, SigningKey};
use crate::secret::Secret;

/// The log's name in the demo.
const ORIGIN: &str = "sluis.example/demo";

/// What the members' configurations need to know of the gateway.
pub(super) struct MadeGateway {
    pub(super) api: String,
    pub(super) log_vkey: String,
    pub(super) signing: Jwk,
    /// Whether the log has witnesses.
    pub(super) witnessed: bool,
    /// Ports that are held until every configuration is written.
    pub(super) held: std::cell::RefCell<Vec<std::net::TcpListener>>,
}

pub(super) fn make(
    layout: &Layout,
    authority: &Authority,
    options: &Options,
    outside: &Outside,
) -> Result<MadeGateway, SetupError> {
    let folder = layout.gateway();
    files::folder(&folder)?;
    let oin = GATEWAY_OIN.parse().map_err(|error| SetupError::new(&folder, error))?;
    let issued = authority.issue("Sluis gateway", Some(&oin))?;
    files::tls(&folder, &issued)?;
    let signing = signing_key(&folder)?;
    let log_vkey = log_key(&folder, outside)?;
    trust(layout, authority)?;
    let held = [8443, 8080, 9090].map(|usual| ports::choose((!options.fresh_ports).then_some(usual)));
    let held = held.into_iter().collect::<Result<Vec<_>, _>>()?;
    let numbers = held.iter().map(ports::number).collect::<Result<Vec<_>, _>>()?;
    let [api, web, operations] = numbers.as_slice() else { return Err(SetupError::new(&folder, "no ports")) };
    let policy = policies::make(layout)?;
    // A database's URL may hold a password.
    files::private(&layout.configuration(), (configuration(*api, *web, *operations, options) + &policy).as_bytes())?;
    let info = GatewayInfo {
        oin: Some(oin),
        api: format!("https://localhost:{api}"),
        web: format!("http://localhost:{web}"),
        operations: format!("http://localhost:{operations}"),
        log_origin: ORIGIN.to_owned(),
        log_vkey: log_vkey.clone(),
        signing_keys: vec![signing.public().clone()],
        witnesses: Vec::new(),
    };
    files::write(&layout.kit().join("gateway.json"), &files::json(&info)?)?;
    Ok(MadeGateway {
        api: info.api,
        log_vkey,
        signing: signing.public().clone(),
        witnessed: options.witnesses,
        held: held.into(),
    })
}

/// Whom gateway and kit trust.
fn trust(layout: &Layout, authority: &Authority) -> Result<(), SetupError> {
    files::trust(&layout.gateway(), authority)?;
    files::write(&layout.kit().join("ca.pem"), authority.certificate().as_bytes())
}

fn signing_key(folder: &Path) -> Result<PrivateJwk, SetupError> {
    let failed = |error: &dyn std::fmt::Display| SetupError::new(folder, error.to_string());
    let id = "gateway-sig-1".parse().map_err(|error| failed(&error))?;
    let key = generate_signing_key(Algorithm::EcdsaP256Sha256, id).map_err(|error| failed(&error))?;
    files::private(&folder.join("signing.jwk"), key.to_json().as_bytes())?;
    Ok(key)
}

/// The seed of the log's key; returns the vkey.
fn log_key(folder: &Path, outside: &Outside) -> Result<String, SetupError> {
    let failed = |error: &dyn std::fmt::Display| SetupError::new(folder, error.to_string());
    let seed = Secret::new(random::<32>(&*outside.entropy).map_err(|error| failed(&error))?);
    files::private(&folder.join("log.seed"), seed.expose())?;
    let name = ORIGIN.parse().map_err(|error| failed(&error))?;
    let key = SigningKey::from_seed(name, KeyKind::Note, &seed).map_err(|error| failed(&error))?;
    NoteSigner::new(key).map(|signer| signer.verifier().to_string()).map_err(|error| failed(&error))
}

/// That the database is there: nothing is written to the folder for one that is misspelt.
pub(super) async fn can_be_reached(store: Option<&str>) -> Result<(), String> {
    let Some(store) = store else { return Ok(()) };
    let place: StoreUrl = store.parse().map_err(|error| format!("--store: {error}"))?;
    match place {
        StoreUrl::File(_) => Ok(()),
        StoreUrl::Database(_) => moving::migrations(&place).await.map(drop).map_err(|error| format!("--store: {error}")),
    }
}

/// That a demo that is resumed keeps its data there.
pub(super) fn is_stored(layout: &Layout, store: Option<&str>) -> Result<(), SetupError> {
    let Some(store) = store else { return Ok(()) };
    let file = layout.configuration();
    let made = std::fs::read_to_string(&file).map_err(|error| SetupError::new(&file, error))?;
    if made.lines().any(|line| line == format!("url = {}", toml::Value::from(store))) {
        return Ok(());
    }
    Err(SetupError::new(&file, "made with another --store; leave it out, or use another --dir"))
}

fn configuration(api: u16, web: u16, operations: u16, options: &Options) -> String {
    let answer_at = options.answer_at;
    let store = toml::Value::from(options.store.as_deref().unwrap_or("sqlite:sluis.sqlite"));
    let witnesses = if options.witnesses {
        "witnesses = \"witnesses.policy\"\nservers = { roots = \"ca.pem\", crls = [\"crl.pem\"] }\n"
    } else {
        ""
    };
    format!(
        r#"# Made by `sluis demo`. Every setting is explained in deploy/sluis.toml.
mode = "development"

[gateway]
oin = "{GATEWAY_OIN}"
authorities = ["localhost:{api}", "127.0.0.1:{api}"]

[api]
listen = "127.0.0.1:{api}"
identity = {{ certificate = "tls.pem", key = "tls.key" }}
clients = {{ roots = "ca.pem", crls = ["crl.pem"] }}

[web]
listen = "127.0.0.1:{web}"
origin = "http://localhost:{web}"
log = true

[operations]
listen = "127.0.0.1:{operations}"

[sources]
identity = {{ certificate = "tls.pem", key = "tls.key" }}
servers = {{ roots = "ca.pem", crls = ["crl.pem"] }}

[store]
url = {store}

[keys]
root = "root.key"
store = "keys"
signing = "signing.jwk"

[log]
origin = "{ORIGIN}"
key = "log.seed"
{witnesses}
[exchange]
answer-at = {answer_at}

"#
    )
}
