//! The limits: the same cryptography and the same files, and nothing else.

use rayon::prelude::*;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SanType,
};
use rootward::model::name::Name;
use std::fs;
use std::path::Path;
use x509_parser::prelude::*;

/// One key generation, one signature, one verification each, in parallel; four files each, then
/// one sync for all. Gives the seconds.
pub fn issue(dir: &Path, names: &[Name]) -> f64 {
    let mut ca = CertificateParams::default();
    ca.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    ca.distinguished_name.push(DnType::CommonName, "bare CA");
    let ca_key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
    let ca_certificate = ca.self_signed(&ca_key).unwrap();
    let ca_der = ca_certificate.der().to_vec();
    let ca_pem = ca_certificate.pem();
    let issuer = Issuer::new(ca, ca_key);
    let (_, parsed) = X509Certificate::from_der(&ca_der).unwrap();
    let spki = parsed.public_key();
    fs::create_dir_all(dir.join("ca/prod/issued")).unwrap();
    let start = std::time::Instant::now();
    names.par_iter().with_min_len(8).for_each(|name| {
        let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name.as_str());
        params.subject_alt_names = vec![
            SanType::DnsName(format!("{name}.prod.example.internal").try_into().unwrap()),
            SanType::URI(format!("spiffe://prod.example.internal/app/{name}").try_into().unwrap()),
        ];
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.use_authority_key_identifier_extension = true;
        let certificate = params.signed_by(&key, &issuer).unwrap();
        let (_, made) = X509Certificate::from_der(certificate.der()).unwrap();
        made.verify_signature(Some(spki)).unwrap();
        let serial = made.raw_serial_as_string().replace(':', "");
        let pem = certificate.pem();
        let own = dir.join(format!("identities/prod/{name}"));
        fs::write(own.join("key.pem"), key.serialize_pem()).unwrap();
        fs::write(own.join("cert.pem"), &pem).unwrap();
        fs::write(own.join("chain.pem"), format!("{pem}{ca_pem}")).unwrap();
        fs::write(dir.join(format!("ca/prod/issued/{serial}.pem")), pem).unwrap();
    });
    rustix::fs::syncfs(fs::File::open(dir).unwrap()).unwrap();
    start.elapsed().as_secs_f64()
}

/// Reads and parses the current certificate of every identity, one thread. Gives the seconds.
pub fn scan(estate: &Path) -> f64 {
    let start = std::time::Instant::now();
    let mut latest = 0;
    for entry in fs::read_dir(estate.join("identities/prod")).unwrap() {
        let path = entry.unwrap().path().join("cert.pem");
        // What `init` declares is not issued here.
        let Ok(bytes) = fs::read(path) else { continue };
        let (_, pem) = parse_x509_pem(&bytes).unwrap();
        latest = latest.max(pem.parse_x509().unwrap().validity().not_after.timestamp());
    }
    assert!(latest > 0);
    start.elapsed().as_secs_f64()
}
