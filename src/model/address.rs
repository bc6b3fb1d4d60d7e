//! Where a server listens: `https://HOST:PORT`, and nothing else.

use super::{net::DnsName, text::clean};
use std::{fmt, net::IpAddr, str::FromStr};

/// `https://HOST:PORT`: Vault and OpenBao are spoken to over TLS alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The name or address that is connected to.
    pub host: Host,
    /// 443 where none is written, as in any URL.
    pub port: u16,
}

/// What stands before the port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    Name(DnsName),
    Ip(IpAddr),
}

const HTTPS: u16 = 443;

impl FromStr for Address {
    type Err = String;

    /// `HOST`, `HOST:PORT`, `1.2.3.4:PORT` or `[2001:db8::1]:PORT` after `https://`; a final slash
    /// is as good as none.
    fn from_str(text: &str) -> Result<Self, String> {
        let parsed = || {
            let rest = text.strip_prefix("https://")?;
            let rest = rest.strip_suffix('/').unwrap_or(rest);
            let (host, port) = match rest.strip_prefix('[').and_then(|v6| v6.split_once(']')) {
                Some((address, "")) => (v6(address)?, None),
                Some((address, port)) => (v6(address)?, Some(port.strip_prefix(':')?)),
                None => match rest.split_once(':') {
                    Some((host, port)) => (name_or_v4(host)?, Some(port)),
                    None => (name_or_v4(rest)?, None),
                },
            };
            let port = port.map_or(Some(HTTPS), |port| port.parse().ok())?;
            (port > 0).then_some(Self { host, port })
        };
        parsed().ok_or_else(|| format!("got {:?}, expected https://HOST:PORT", clean(text)))
    }
}

fn v6(text: &str) -> Option<Host> {
    text.parse().ok().map(|address| Host::Ip(IpAddr::V6(address)))
}

fn name_or_v4(text: &str) -> Option<Host> {
    let address = text.parse().ok().map(|address| Host::Ip(IpAddr::V4(address)));
    address.or_else(|| text.parse().ok().map(Host::Name))
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Name(name) => write!(f, "{name}"),
            Host::Ip(IpAddr::V4(address)) => write!(f, "{address}"),
            Host::Ip(IpAddr::V6(address)) => write!(f, "[{address}]"),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "https://{}", self.host)?;
        if self.port == HTTPS { Ok(()) } else { write!(f, ":{}", self.port) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_read_as_they_are_written() {
        for text in
            ["https://vault.example", "https://a.b:8200", "https://10.0.0.1:1", "https://[::1]:82"]
        {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), text);
        }
        let short: Address = "https://VAULT.example:443/".parse().unwrap();
        assert_eq!(short.to_string(), "https://vault.example");
    }

    #[test]
    fn nothing_but_https_host_and_port() {
        for bad in [
            "",
            "http://a:8200",
            "a:8200",
            "https://",
            "https://a:0",
            "https://a:65536",
            "https://a:",
            "https://u@a",
            "https://a/v1",
            "https://a//",
            "https://[::1",
            "https://[::1]8200",
            "https://::1",
            "https://a:1:2",
            "unix:///run/vault",
        ] {
            assert!(bad.parse::<Address>().is_err(), "{bad}");
        }
    }
}
