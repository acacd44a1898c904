//! Free ports on loopback: the usual one, or another where it is taken.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;

use super::SetupError;

/// `usual` if it is free, otherwise any free port. Held until all are chosen, so that none is chosen twice.
pub(super) fn choose(usual: Option<u16>) -> Result<TcpListener, SetupError> {
    let on = |port| TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)));
    usual
        .map_or_else(|| on(0), |port| on(port).or_else(|_| on(0)))
        .map_err(|error| SetupError::new(Path::new("127.0.0.1"), error))
}

/// The port of a held listener.
pub(super) fn number(held: &TcpListener) -> Result<u16, SetupError> {
    held.local_addr().map(|address| address.port()).map_err(|error| SetupError::new(Path::new("127.0.0.1"), error))
}
