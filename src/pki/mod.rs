//! Certificates, requests and CRLs. There is one way to issue: draft -> lint -> sign -> re-parse
//! -> verify; recording and writing are the caller's ([`crate::store::Act`]).

pub mod armor;
pub mod chain;
pub mod crl;
pub mod encode;
pub mod inspect;
pub mod issue;
pub mod issuer;
pub mod link;
pub mod lint;
pub mod pem;
pub mod probe;
pub mod profile;
pub mod request;
pub mod rsa;
pub mod san;
pub mod signature;
pub mod subject;
