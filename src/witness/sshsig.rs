//! The signatures of `ssh-keygen -Y sign`: PROTOCOL.sshsig of OpenSSH.

use super::key::Key;
use crate::model::text::clean;
use ring::digest::{Algorithm, SHA256, SHA512, digest};
use ssh_encoding::{Decode, DecodePem, Encode, Reader, pem::PemLabel};

const MAGIC: &[u8; 6] = b"SSHSIG";
/// ssh-keygen wants it at the start of the file, ended by a line feed alone.
const BEGIN: &[u8] = b"-----BEGIN SSH SIGNATURE-----\n";

/// One signature, parsed and not yet verified.
pub struct SshSig {
    /// The key that it says it is of.
    pub key: Key,
    namespace: String,
    hash: String,
    /// Algorithm and value, as the key reads them.
    signature: Vec<u8>,
}

/// The fields of the file, as they stand there.
struct Fields {
    magic: [u8; 6],
    version: u32,
    key: Vec<u8>,
    namespace: String,
    reserved: Vec<u8>,
    hash: String,
    signature: Vec<u8>,
}

impl PemLabel for Fields {
    const PEM_LABEL: &'static str = "SSH SIGNATURE";
}

impl Decode for Fields {
    type Error = ssh_encoding::Error;

    fn decode(reader: &mut impl Reader) -> ssh_encoding::Result<Self> {
        Ok(Self {
            magic: Decode::decode(reader)?,
            version: Decode::decode(reader)?,
            key: Decode::decode(reader)?,
            namespace: Decode::decode(reader)?,
            reserved: Decode::decode(reader)?,
            hash: Decode::decode(reader)?,
            signature: Decode::decode(reader)?,
        })
    }
}

impl SshSig {
    /// # Errors
    /// In words: not exactly one signature of version 1, or of a key that is not understood.
    pub fn parse(pem: &[u8]) -> Result<Self, String> {
        if !pem.starts_with(BEGIN) {
            return Err("no BEGIN SSH SIGNATURE line at its start, expected one signature".into());
        }
        let fields =
            Fields::decode_pem(pem).map_err(|error| format!("not a signature: {error}"))?;
        if fields.magic != *MAGIC {
            return Err("not a signature: it does not begin with SSHSIG".into());
        }
        if fields.version != 1 {
            return Err(format!("got version {}, expected 1", fields.version));
        }
        // It is not among the bytes that ssh-keygen verifies, so nothing may be in it.
        if !fields.reserved.is_empty() {
            return Err("the reserved field has something in it, expected nothing".into());
        }
        let Fields { namespace, hash, signature, .. } = fields;
        Ok(Self { key: Key::parse(&fields.key)?, namespace, hash, signature })
    }

    /// # Errors
    /// In words: another namespace, an unknown hash, not over this message.
    pub fn verify(&self, message: &[u8], namespace: &str) -> Result<(), String> {
        if self.namespace != namespace {
            let got = clean(&self.namespace);
            return Err(format!("got namespace {got:?}, expected {namespace:?}"));
        }
        let hash = digest(self.hash()?, message);
        let signed = self.signed(hash.as_ref()).map_err(|error| error.to_string())?;
        self.key.verify(&signed, &self.signature)
    }

    fn hash(&self) -> Result<&'static Algorithm, String> {
        match self.hash.as_str() {
            "sha256" => Ok(&SHA256),
            "sha512" => Ok(&SHA512),
            other => Err(format!("got hash {:?}, expected sha256 or sha512", clean(other))),
        }
    }

    /// What the key has signed (PROTOCOL.sshsig, section 3).
    fn signed(&self, hash: &[u8]) -> ssh_encoding::Result<Vec<u8>> {
        let mut bytes = Vec::from(MAGIC);
        self.namespace.encode(&mut bytes)?;
        "".encode(&mut bytes)?;
        self.hash.encode(&mut bytes)?;
        hash.encode(&mut bytes)?;
        Ok(bytes)
    }
}
