//! The ports of a demo that was made earlier: whether they are still free, and other ones where they are not.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};

use super::files::{self, SetupError};
use super::{Layout, ports};
use crate::client::GatewayInfo;
use crate::config::GatewayConfig;
use crate::connector::config::Config as ConnectorConfig;
use crate::demo::organisations::{DemoOrganisation, organisations};
use crate::witness::config::Config as WitnessConfig;

/// One listener of the demo: what it is, and where.
struct Place {
    what: String,
    file: String,
    port: u16,
}

/// That nobody else listens on the demo's ports.
///
/// # Errors
/// [`SetupError`] names what is taken, the file that holds it, and what to do.
pub(super) fn check(layout: &Layout) -> Result<(), SetupError> {
    let taken = places(layout)?.into_iter().filter(|place| listen(place.port).is_none());
    let taken: Vec<_> = taken.map(|place| format!("  127.0.0.1:{} ({}, in {})", place.port, place.what, place.file)).collect();
    if taken.is_empty() {
        return Ok(());
    }
    let reason = format!(
        "ports of this demo are taken; perhaps it is running already:\n{}\n  do: end the program that holds them, or start again with --fresh-ports, \
         which takes other ports and rewrites these files and kit/gateway.json",
        taken.join("\n")
    );
    Err(SetupError::new(&layout.configuration(), reason))
}

/// Takes another port wherever the demo's own is taken, and rewrites what holds it. Connectors whose port changed must be registered anew.
///
/// # Errors
/// [`SetupError`] names the file.
pub fn fresh_ports(layout: &Layout) -> Result<(), SetupError> {
    let places = places(layout)?;
    // Those that are free are held first, so that none of them is chosen for another.
    let held: Vec<Option<TcpListener>> = places.iter().map(|place| listen(place.port)).collect();
    let mut chosen = Vec::new();
    let mut holding = Vec::new();
    for (place, held) in places.iter().zip(held) {
        let listener = held.map_or_else(|| ports::choose(None), Ok)?;
        chosen.push((place.port, ports::number(&listener)?));
        holding.push(listener);
    }
    let mut chosen = chosen.into_iter();
    let gateway: Vec<_> = chosen.by_ref().take(3).collect();
    exchange(&layout.configuration(), &gateway)?;
    let api = renew_kit(layout, &gateway)?;
    for organisation in sources() {
        let file = layout.source(organisation.slug).join("connector.toml");
        let config = ConnectorConfig::load(&file).map_err(|error| SetupError::new(&file, error))?;
        exchange(&file, &chosen.by_ref().take(2).collect::<Vec<_>>())?;
        let text = std::fs::read_to_string(&file).map_err(|error| SetupError::new(&file, error))?;
        files::write(&file, text.replace(&format!("\"{}\"", config.gateway.url), &format!("\"{api}\"")).as_bytes())?;
    }
    let mut witnessed = false;
    for file in witnesses(layout) {
        exchange(&file, &chosen.by_ref().take(1).collect::<Vec<_>>())?;
        witnessed = true;
    }
    if witnessed { super::witnesses::write_policies(layout) } else { Ok(()) }
}

/// Where the connector of a source answers, as its configuration says.
///
/// # Errors
/// [`SetupError`] names the file.
pub fn connector_address(layout: &Layout, organisation: &DemoOrganisation) -> Result<String, SetupError> {
    let file = layout.source(organisation.slug).join("connector.toml");
    let config = ConnectorConfig::load(&file).map_err(|error| SetupError::new(&file, error))?;
    Ok(format!("https://localhost:{}", config.listen.port()))
}

fn sources() -> impl Iterator<Item = DemoOrganisation> {
    organisations().filter(|organisation| organisation.is_source)
}

/// The configurations of the witnesses; of a demo without them none is there.
fn witnesses(layout: &Layout) -> Vec<PathBuf> {
    let files = super::WITNESSES.into_iter().map(|slug| layout.witness_configuration(slug));
    files.filter(|file| file.exists()).collect()
}

/// The gateway's three, then two of each source, then one of each witness.
fn places(layout: &Layout) -> Result<Vec<Place>, SetupError> {
    let file = layout.configuration();
    let gateway = GatewayConfig::load(&file).map_err(|error| SetupError::new(&file, error))?;
    let of_gateway = [("API", gateway.api.listen), ("web", gateway.web.listen), ("operations", gateway.operations.listen)];
    let place =
        |what: String, file: &Path, address: SocketAddr| Place { what, file: file.display().to_string(), port: address.port() };
    let mut places: Vec<_> = of_gateway.map(|(what, address)| place(format!("the gateway's {what}"), &file, address)).into();
    for organisation in sources() {
        let file = layout.source(organisation.slug).join("connector.toml");
        let config = ConnectorConfig::load(&file).map_err(|error| SetupError::new(&file, error))?;
        let slug = organisation.slug.code();
        places.push(place(format!("the connector of {slug}"), &file, config.listen));
        places.push(place(format!("the local API of {slug}"), &file, config.local_api.listen));
    }
    for file in witnesses(layout) {
        let config = WitnessConfig::load(&file).map_err(|error| SetupError::new(&file, error))?;
        places.push(place(config.name, &file, config.listen));
    }
    Ok(places)
}

fn listen(port: u16) -> Option<TcpListener> {
    TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).ok()
}

/// Writes the new ports for the old ones: in the demo's files an address stands in quotes, its port last.
fn exchange(file: &Path, ports: &[(u16, u16)]) -> Result<(), SetupError> {
    let text = std::fs::read_to_string(file).map_err(|error| SetupError::new(file, error))?;
    let mut changed = String::with_capacity(text.len());
    let ends: Vec<_> = ports.iter().map(|(old, new)| (format!(":{old}\""), format!(":{new}\""))).collect();
    let mut rest = text.as_str();
    // In one pass, so that a new port that equals an old one is not exchanged again.
    while let Some(at) = rest.find(':') {
        let (before, from) = rest.split_at(at);
        changed.push_str(before);
        let (old, new) =
            ends.iter().find(|(old, _)| from.starts_with(old)).map_or((":", ":"), |(old, new)| (old.as_str(), new.as_str()));
        changed.push_str(new);
        rest = from.strip_prefix(old).unwrap_or_default();
    }
    changed.push_str(rest);
    files::write(file, changed.as_bytes())
}

/// `kit/gateway.json` with the gateway's ports; the API's address.
fn renew_kit(layout: &Layout, ports: &[(u16, u16)]) -> Result<String, SetupError> {
    let file = layout.kit().join("gateway.json");
    let info: Option<GatewayInfo> = files::read_optional(&file)?;
    let mut info = info.ok_or_else(|| SetupError::new(&file, "is missing"))?;
    let [api, web, operations] = ports else { return Err(SetupError::new(&file, "no ports")) };
    info.api = format!("https://localhost:{}", api.1);
    info.web = format!("http://localhost:{}", web.1);
    info.operations = format!("http://localhost:{}", operations.1);
    files::write(&file, &files::json(&info)?)?;
    Ok(info.api)
}
