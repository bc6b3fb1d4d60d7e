//! DNS names and address ranges, as certificates and name constraints use them.

use serde::{Deserialize, Deserializer, de::Error as _};
use std::{fmt, net::IpAddr, str::FromStr};

/// A fully written DNS name in lower case, without wildcard or final dot (RFC 1123 section 2.1).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DnsName(String);

impl DnsName {
    /// The name itself: lower case, no final dot.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Is this name `domain` or below it, by whole labels (RFC 5280 section 4.2.1.10)?
    pub fn is_within(&self, domain: &DnsName) -> bool {
        match self.0.strip_suffix(domain.as_str()) {
            Some(rest) => rest.is_empty() || rest.ends_with('.'),
            None => false,
        }
    }

    /// `label.self`
    pub fn child(&self, label: &super::name::Name) -> Result<DnsName, String> {
        format!("{label}.{}", self.0).parse()
    }
}

impl FromStr for DnsName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
        };
        let last_is_numeric =
            text.rsplit('.').next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()));
        if text.len() > 253 || !text.split('.').all(label) || last_is_numeric {
            return Err(format!("got {text:?}, expected a DNS name such as prod.example.internal"));
        }
        Ok(Self(text.to_ascii_lowercase()))
    }
}

/// An address range such as `10.1.0.0/16`, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cidr {
    /// The first of the range.
    pub address: IpAddr,
    /// The number of leading bits that all its addresses share.
    pub prefix: u8,
}

impl Cidr {
    /// Is the address, of the same family, in the range?
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(net), IpAddr::V4(ip)) => {
                let shift = 32 - u32::from(self.prefix);
                let (net, ip) = (u64::from(u32::from(net)), u64::from(u32::from(ip)));
                net >> shift == ip >> shift
            }
            (IpAddr::V6(net), IpAddr::V6(ip)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(self.prefix)).unwrap_or(0);
                u128::from(net) & mask == u128::from(ip) & mask
            }
            _ => false,
        }
    }
}

impl FromStr for Cidr {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = || format!("got {text:?}, expected an address range such as 10.1.0.0/16");
        let (address, prefix) = text.split_once('/').map_or((text, None), |(a, p)| (a, Some(p)));
        let address: IpAddr = address.parse().map_err(|_| expected())?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => bits,
            Some(prefix) => prefix.parse().ok().filter(|p| *p <= bits).ok_or_else(expected)?,
        };
        let range = Self { address, prefix };
        let host_bits_set = match address {
            IpAddr::V4(ip) => u32::from(ip).checked_shl(u32::from(prefix)).unwrap_or(0) != 0,
            IpAddr::V6(ip) => u128::from(ip).checked_shl(u32::from(prefix)).unwrap_or(0) != 0,
        };
        if host_bits_set {
            return Err(format!("got {text:?}, expected no bits beyond the prefix to be set"));
        }
        Ok(range)
    }
}

impl fmt::Display for DnsName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

macro_rules! from_string {
    ($($type:ty),*) => {$(
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
            }
        }
    )*};
}
from_string!(DnsName, Cidr);

#[cfg(test)]
mod tests {
    use super::*;

    fn dns(text: &str) -> DnsName {
        text.parse().unwrap()
    }

    #[test]
    fn a_domain_ends_at_a_dot() {
        let domain = dns("prod.example.internal");
        assert!(dns("prod.example.internal").is_within(&domain));
        assert!(dns("a.b.PROD.example.internal").is_within(&domain));
        assert!(!dns("evilprod.example.internal").is_within(&domain));
        assert!(!dns("example.internal").is_within(&domain));
    }

    #[test]
    fn what_is_no_dns_name() {
        let long = format!("{}.example", "a".repeat(64));
        for bad in
            ["", ".", "a..b", "*.a", "a.", ".a", "a b.c", "10.0.0.1", "a_b.c", "-a.b", "é.a", &long]
        {
            assert!(bad.parse::<DnsName>().is_err(), "{bad}");
        }
    }

    #[test]
    fn ranges_contain_by_prefix() {
        let range: Cidr = "10.1.0.0/16".parse().unwrap();
        assert!(range.contains("10.1.2.3".parse().unwrap()));
        assert!(!range.contains("10.2.0.0".parse().unwrap()));
        assert!(!range.contains("::ffff:10.1.2.3".parse().unwrap()));
        let everything: Cidr = "0.0.0.0/0".parse().unwrap();
        assert!(everything.contains("255.255.255.255".parse().unwrap()));
        let v6: Cidr = "fd00::/8".parse().unwrap();
        assert!(v6.contains("fdff::1".parse().unwrap()) && !v6.contains("fe00::".parse().unwrap()));
        for bad in ["10.1.0.1/16", "10.0.0.0/33", "10.0.0.0/", "10.0.0/8", "x"] {
            assert!(bad.parse::<Cidr>().is_err(), "{bad}");
        }
    }
}
