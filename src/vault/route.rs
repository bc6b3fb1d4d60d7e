//! Where a server is, and what it is called.

use super::connection::Connection;
use crate::error::{Error, Result};
use crate::model::{address::Host, text::clean};
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};

/// All addresses of the server.
///
/// # Errors
/// Failed: its name is not known.
pub(super) fn addresses(connection: &Connection) -> Result<Vec<SocketAddr>> {
    let address = &connection.address;
    let name = match &address.host {
        Host::Ip(ip) => return Ok(vec![SocketAddr::new(*ip, address.port)]),
        Host::Name(name) => name.as_str(),
    };
    let found = (name, address.port).to_socket_addrs();
    let unknown = |why: String| {
        Error::failed(format!("{address}: no address is known for {name}{why}")).hint(format!(
            "connect by number: --address https://ADDRESS:{} --tls-server-name {name}",
            address.port
        ))
    };
    let found: Vec<SocketAddr> =
        found.map_err(|error| unknown(format!(" ({})", clean(&error.to_string()))))?.collect();
    if found.is_empty() { Err(unknown(String::new())) } else { Ok(found) }
}

impl Connection {
    /// What the server is called, and its certificate must be for.
    pub(super) fn called(&self) -> String {
        match (&self.server_name, &self.address.host) {
            (Some(name), _) | (None, Host::Name(name)) => name.to_string(),
            (None, Host::Ip(IpAddr::V4(address))) => address.to_string(),
            (None, Host::Ip(IpAddr::V6(address))) => address.to_string(),
        }
    }
}
