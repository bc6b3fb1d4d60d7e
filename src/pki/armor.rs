//! From the bytes of a file that a stranger brought to the DER of exactly one request.

use crate::error::Result;
use crate::model::{
    rule::{Finding, Rule},
    text::clean,
};
use base64ct::{Base64, Encoding};

const LABELS: [&str; 2] = ["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"];

/// PEM (one block; explanatory text only before it; any line ends; a UTF-8 byte order mark) or
/// bare DER.
///
/// # Errors
/// REQUEST-FORM, REQUEST-HOLDS-KEY.
pub fn decode(bytes: &[u8]) -> Result<Vec<u8>> {
    if holds_private_key(bytes) {
        let message = "the file has a private key in it, expected a request alone";
        return Err(Rule::RequestHoldsKey.found(message).into());
    }
    if bytes.first() == Some(&0x30) && !bytes.starts_with(b"0\n") {
        return Ok(bytes.to_vec());
    }
    Ok(from_pem(bytes)?)
}

fn holds_private_key(bytes: &[u8]) -> bool {
    const MARK: &[u8] = b"PRIVATE KEY-----";
    bytes.windows(MARK.len()).any(|window| window == MARK)
}

fn wrong(why: impl std::fmt::Display) -> Finding {
    Rule::RequestForm.found(format!("{why}, expected one request in PEM or DER"))
}

fn from_pem(bytes: &[u8]) -> Result<Vec<u8>, Finding> {
    if bytes.is_empty() {
        return Err(wrong("the file is empty"));
    }
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return Err(wrong("the file is UTF-16 text"));
    }
    let text = std::str::from_utf8(bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes));
    let text = text.map_err(|_| wrong("the file is neither text nor DER"))?;
    // CR LF, LF or CR alone: all end a line (RFC 7468 section 3, "eol").
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let mut lines = text.lines().map(str::trim_end);
    let label = lines
        .find_map(|line| line.strip_prefix("-----BEGIN ")?.strip_suffix("-----"))
        .ok_or_else(|| wrong("the file has no BEGIN line"))?;
    if !LABELS.contains(&label) {
        return Err(wrong(format!("got BEGIN {}", clean(label))));
    }
    let mut body = String::new();
    let end = format!("-----END {label}-----");
    loop {
        let line = lines.next().ok_or_else(|| wrong(format!("no line {end:?}")))?;
        if line == end {
            break;
        }
        if line.starts_with('-') {
            return Err(wrong("a second BEGIN, or another END, inside the block"));
        }
        body.push_str(line);
    }
    if lines.any(|line| !line.is_empty()) {
        return Err(wrong("something follows after the END line"));
    }
    match Base64::decode_vec(&body) {
        Ok(der) if !der.is_empty() => Ok(der),
        Ok(_) => Err(wrong("the block is empty")),
        Err(_) => Err(wrong("the block is not base64")),
    }
}
