//! What each kind of certificate looks like: nothing in a certificate comes from anywhere else.

use super::inspect::{CLIENT_AUTH, Certificate, SERVER_AUTH};
use super::subject::Subject;
use crate::context::Rng;
use crate::error::{Error, Result};
use crate::model::{
    environment::Environment,
    identity::{Identity, Kind},
    key::PublicKey,
    net::{Cidr, DnsName},
    span::Span,
    text::hex,
};
use std::net::IpAddr;
use time::OffsetDateTime;

/// A certificate before it is encoded.
#[derive(Clone, Debug)]
pub struct Draft {
    /// Its kind.
    pub profile: Profile,
    /// Whom it names.
    pub subject: Subject,
    /// What it certifies.
    pub key: PublicKey,
    /// Fresh for each draft.
    pub serial: Serial,
    /// The moment of signing, whole seconds.
    pub not_before: OffsetDateTime,
    /// The last second, inclusive.
    pub not_after: OffsetDateTime,
    /// The longest validity that is declared for this kind.
    pub lifetime: Span,
}

/// The kinds of certificates and what differs between two of a kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Profile {
    /// Self-signed, without path length or extended key usage.
    Root,
    /// A root's key under another root's: as the root, but not self-signed.
    Link(Box<Link>),
    /// A CA of path length 0 that may certify these names and addresses alone.
    Intermediate { dns: Vec<DnsName>, ip: Vec<Cidr> },
    /// An identity that logs in: clientAuth, its SPIFFE URI, its DNS name.
    Client { dns: Vec<DnsName>, uri: String },
    /// A TLS server: serverAuth.
    Listener { dns: Vec<DnsName>, ip: Vec<IpAddr> },
}

/// What a link certificate links; see [`super::link`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Which of the two.
    pub kind: LinkKind,
    /// The root whose place it takes: name, key and key identifier are this root's.
    pub root: Certificate,
}

/// The two link certificates of RFC 9810 section 4.4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkKind {
    /// The new root's key, signed by the old root.
    NewWithOld,
    /// The old root's key, signed by the new root.
    OldWithNew,
}

/// Key usage bits of RFC 5280 section 4.2.1.3, as x509-parser numbers them.
pub const DIGITAL_SIGNATURE: u16 = 1;
/// keyCertSign and cRLSign.
pub const CERT_AND_CRL_SIGN: u16 = 1 << 5 | 1 << 6;

impl Profile {
    /// The environment's DNS names and addresses are its constraints.
    pub fn of_intermediate(environment: &Environment) -> Self {
        let declared = &environment.declared;
        Profile::Intermediate { dns: declared.dns.clone(), ip: declared.ip.clone() }
    }

    /// A listener's or a client's, as the kind says.
    pub fn of_leaf(identity: &Identity) -> Self {
        let dns = identity.dns.clone();
        match (&identity.uri, identity.declared.kind) {
            (Some(uri), Kind::App | Kind::Proxy | Kind::User) => {
                Profile::Client { dns, uri: uri.clone() }
            }
            _ => Profile::Listener { dns, ip: identity.declared.ip.clone() },
        }
    }

    /// May it sign certificates?
    pub fn is_ca(&self) -> bool {
        matches!(self, Profile::Root | Profile::Link(_) | Profile::Intermediate { .. })
    }

    /// A root, linked or not, says nothing of path length; an intermediate has path length 0.
    pub fn path_length(&self) -> Option<u32> {
        matches!(self, Profile::Intermediate { .. }).then_some(0)
    }

    /// The bits of RFC 5280 section 4.2.1.3.
    pub fn key_usage(&self) -> u16 {
        if self.is_ca() { CERT_AND_CRL_SIGN } else { DIGITAL_SIGNATURE }
    }

    /// A root has none (CA/B BR 7.1.2.1); an intermediate serves TLS and nothing else.
    pub fn extended_key_usage(&self) -> &'static [&'static str] {
        match self {
            Profile::Root | Profile::Link(_) => &[],
            Profile::Intermediate { .. } => &[SERVER_AUTH, CLIENT_AUTH],
            Profile::Client { .. } => &[CLIENT_AUTH],
            Profile::Listener { .. } => &[SERVER_AUTH],
        }
    }
}

/// 0x01 and 128 random bits: positive, of one length, below 2^159 (CA/B BR 7.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Serial(pub [u8; 17]);

impl Serial {
    /// # Errors
    /// Failed, when there is no randomness.
    pub fn random(rng: &Rng) -> Result<Self> {
        let mut serial = [1; 17];
        rng.fill(&mut serial[1..])
            .map_err(|_| Error::failed("no randomness: nothing was signed"))?;
        Ok(Self(serial))
    }

    /// 34 lower-case digits.
    pub fn hex(&self) -> String {
        hex(&self.0)
    }

    /// The serial of a certificate that exists; zeros, which no lint accepts, when it has another
    /// form.
    pub fn read(text: &str) -> Self {
        let bytes = crate::model::text::unhex(text).and_then(|bytes| bytes.try_into().ok());
        Self(bytes.unwrap_or([0; 17]))
    }
}

impl Draft {
    /// A draft that begins now and lasts for `lifetime`.
    ///
    /// # Errors
    /// Failed: no randomness, or an end past the year 9999.
    pub fn new(
        profile: Profile,
        subject: Subject,
        key: PublicKey,
        lifetime: Span,
        now: OffsetDateTime,
        rng: &Rng,
    ) -> Result<Self> {
        let not_before = now.replace_nanosecond(0)?;
        let not_after = lifetime.not_after(not_before).ok_or_else(|| {
            Error::failed(format!("{lifetime} from {not_before} is past the year 9999"))
        })?;
        let serial = Serial::random(rng)?;
        Ok(Self { profile, subject, key, serial, not_before, not_after, lifetime })
    }
}

/// The address ranges to exclude, given the permitted ones: where none is permitted, all are
/// excluded, since a type without permitted subtrees is unconstrained (RFC 5280 section 4.2.1.10).
pub fn excluded(permitted: &[Cidr]) -> Vec<Cidr> {
    let everything = [
        Cidr { address: std::net::Ipv4Addr::UNSPECIFIED.into(), prefix: 0 },
        Cidr { address: std::net::Ipv6Addr::UNSPECIFIED.into(), prefix: 0 },
    ];
    if permitted.is_empty() { everything.to_vec() } else { Vec::new() }
}
