//! Free ports on loopback: the usual one, or another where it is taken.

use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;

use super::SetupError;
use crate::entropy::{SystemEntropy, random};

/// Below what systems lend to outgoing connections (from 32768 on Linux, from 49152 by RFC 6335 §6): such a port is still free after a restart.
const FIRST: u16 = 20_000;
const HOW_MANY: u16 = 12_000;
const TRIES: usize = 100;

/// `usual` if it is free, otherwise any free port. Held until all are chosen, so that none is chosen twice.
pub(super) fn choose(usual: Option<u16>) -> Result<TcpListener, SetupError> {
    usual.map_or_else(any, |port| on(port).or_else(|_| any())).map_err(|error| SetupError::new(Path::new("127.0.0.1"), error))
}

fn on(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
}

/// Drawn, so that demos that are made at once do not follow each other from port to port.
fn any() -> io::Result<TcpListener> {
    let drawn = || Some(FIRST + u16::from_be_bytes(random(&SystemEntropy::default()).ok()?) % HOW_MANY);
    (0..TRIES).filter_map(|_| drawn()).find_map(|port| on(port).ok()).map_or_else(|| on(0), Ok)
}

/// The port of a held listener.
pub(super) fn number(held: &TcpListener) -> Result<u16, SetupError> {
    held.local_addr().map(|address| address.port()).map_err(|error| SetupError::new(Path::new("127.0.0.1"), error))
}
