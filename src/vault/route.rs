//! Where a server is, and what it is called.

use super::connection::Connection;
use crate::error::{Error, Result};
use crate::model::{
    address::{Address, Host},
    net::DnsName,
    text::clean,
};
use std::net::{SocketAddr, ToSocketAddrs};

/// All addresses of the server.
///
/// # Errors
/// Failed: its name is not known.
pub(super) fn addresses(address: &Address) -> Result<Vec<SocketAddr>> {
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

/// What a server is called, and its certificate must be for: that name, else the host.
pub(super) fn called(address: &Address, name: Option<&DnsName>) -> String {
    match (name, &address.host) {
        (Some(name), _) | (None, Host::Name(name)) => name.to_string(),
        (None, Host::Ip(ip)) => ip.to_string(),
    }
}

impl Connection {
    /// What the server is called, and its certificate must be for.
    pub(super) fn called(&self) -> String {
        called(&self.address, self.server_name.as_ref())
    }
}
