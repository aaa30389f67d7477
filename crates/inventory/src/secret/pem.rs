//! Private keys as text (RFC 7468; RFC 9580, section 6.2).

use super::is_base64;
use std::collections::BTreeSet;

pub(super) const START: &str = "-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";
/// Longest label, in bytes.
const LABEL_LIMIT: usize = 64;
/// Longest key that is looked at, in bytes: of RSA with 16,384 bits it is 13,000.
const KEY_LIMIT: usize = 32 << 10;
/// Shortest body, in letters: that of Ed25519 has 64.
const BODY: usize = 60;
/// Fewest different letters of a body. That of a manual is three dots, or one letter again and again.
const VARIETY: usize = 16;

/// Returns the kind of private key that begins at a place; `None`: none does, or only its frame is there.
pub(super) fn at(text: &[u8], at: usize) -> Option<&'static str> {
    let rest = text.get(at + START.len()..)?;
    let rest = rest.get(..KEY_LIMIT).unwrap_or(rest);
    let length = find(rest.get(..LABEL_LIMIT).unwrap_or(rest), DASHES)?;
    let (label, rest) = rest.split_at_checked(length)?;
    let label = std::str::from_utf8(label).ok()?;
    let rule = match label {
        "PGP PRIVATE KEY BLOCK" => "pgp-private-key",
        "ENCRYPTED COSIGN PRIVATE KEY" | "ENCRYPTED SIGSTORE PRIVATE KEY" => "cosign-key",
        label if label.ends_with("PRIVATE KEY") => "private-key",
        _ => return None,
    };
    let body = rest.get(DASHES.len()..)?;
    let body = body.get(..find(body, END)?)?;
    is_key(body).then_some(rule)
}

/// Returns whether there is a key between beginning and end. In JSON, and in variables, line breaks are `\n`; before it headers may stand.
fn is_key(body: &[u8]) -> bool {
    let body = String::from_utf8_lossy(body).replace("\\r", "\n").replace("\\n", "\n");
    let lines = body.lines().map(|line| line.trim_matches(|c: char| c.is_whitespace() || "\"'\\,+;".contains(c)));
    let lines = lines.filter(|line| !line.contains(": "));
    let (mut length, mut letters) = (0, BTreeSet::new());
    for line in lines {
        if !line.bytes().all(is_base64) {
            return false;
        }
        length += line.len();
        letters.extend(line.bytes());
    }
    length >= BODY && letters.len() >= VARIETY
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}
