//! The hash by which OpenSSL finds a certificate in a folder: of the subject's canonical form (OpenSSL, `X509_NAME_hash_ex`).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest as _, Sha1};

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OBJECT_IDENTIFIER: u8 = 0x06;
const UTF8_STRING: u8 = 0x0c;

/// A certificate out of a PEM file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Certificate {
    /// The first eight digits of the link's name.
    pub(crate) subject_hash: u32,
    /// SHA-1 of the whole certificate, by which OpenSSL tells duplicates.
    pub(crate) fingerprint: [u8; 20],
}

/// Reads the certificates of a PEM file (RFC 7468). Blocks that are no certificate are passed over.
pub(crate) fn certificates(text: &[u8]) -> Vec<Certificate> {
    let text = String::from_utf8_lossy(text);
    let mut found = Vec::new();
    let mut rest: &str = &text;
    while let Some((_, after)) = rest.split_once("-----BEGIN CERTIFICATE-----") {
        let Some((body, after)) = after.split_once("-----END CERTIFICATE-----") else { break };
        rest = after;
        let body: String = body.split_whitespace().collect();
        found.extend(STANDARD.decode(body).ok().and_then(|der| certificate(&der)));
    }
    found
}

fn certificate(der: &[u8]) -> Option<Certificate> {
    let mut whole = Der(der);
    let mut certificate = Der(whole.take(SEQUENCE)?);
    let mut signed = Der(certificate.take(SEQUENCE)?);
    // RFC 5280, section 4.1: [0] version, serial number, algorithm, issuer, validity, subject.
    let (tag, _) = signed.next()?;
    let before_subject = if tag == 0xa0 { 4 } else { 3 };
    for _ in 0..before_subject {
        signed.next()?;
    }
    let canonical = canonical(signed.take(SEQUENCE)?)?;
    let hash = Sha1::digest(&canonical);
    let subject_hash = u32::from_le_bytes([hash[0], hash[1], hash[2], hash[3]]);
    Some(Certificate { subject_hash, fingerprint: Sha1::digest(der).into() })
}

/// Returns a name in canonical form: the parts without the outer sequence, texts as UTF-8, lower case, spaces collapsed.
fn canonical(name: &[u8]) -> Option<Vec<u8>> {
    let mut canonical = Vec::new();
    let mut parts = Der(name);
    while !parts.0.is_empty() {
        let mut attributes = Der(parts.take(SET)?);
        let mut encoded = Vec::new();
        while !attributes.0.is_empty() {
            let mut attribute = Der(attributes.take(SEQUENCE)?);
            let identifier = attribute.take(OBJECT_IDENTIFIER)?;
            let (tag, value) = attribute.next()?;
            let mut contents = encode(OBJECT_IDENTIFIER, identifier);
            contents.extend(match text(tag, value) {
                Some(text) => encode(UTF8_STRING, &canonical_text(&text)),
                None => encode(tag, value),
            });
            encoded.push(encode(SEQUENCE, &contents));
        }
        encoded.sort();
        canonical.extend(encode(SET, &encoded.concat()));
    }
    Some(canonical)
}

/// Returns the text of the string types that are canonicalized, as UTF-8.
fn text(tag: u8, value: &[u8]) -> Option<String> {
    match tag {
        // UTF8String, PrintableString, IA5String, VisibleString.
        0x0c | 0x13 | 0x16 | 0x1a => Some(String::from_utf8_lossy(value).into_owned()),
        // T61String: OpenSSL reads it as Latin-1.
        0x14 => Some(value.iter().map(|byte| char::from(*byte)).collect()),
        // BMPString.
        0x1e => {
            let units: Vec<u16> = value.chunks_exact(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
            Some(String::from_utf16_lossy(&units))
        }
        // UniversalString.
        0x1c => {
            let units = value.chunks_exact(4).map(|four| u32::from_be_bytes([four[0], four[1], four[2], four[3]]));
            Some(units.map(|unit| char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER)).collect())
        }
        _ => None,
    }
}

fn canonical_text(text: &str) -> Vec<u8> {
    let is_space = |c: char| matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c');
    let words: Vec<&str> = text.split(is_space).filter(|word| !word.is_empty()).collect();
    words.join(" ").to_ascii_lowercase().into_bytes()
}

fn encode(tag: u8, contents: &[u8]) -> Vec<u8> {
    let length = contents.len();
    let mut encoded = vec![tag];
    if length < 0x80 {
        encoded.push(length as u8);
    } else {
        let bytes: Vec<u8> = length.to_be_bytes().into_iter().skip_while(|byte| *byte == 0).collect();
        encoded.push(0x80 | bytes.len() as u8);
        encoded.extend(bytes);
    }
    encoded.extend(contents);
    encoded
}

/// Reads DER values one after another (X.690).
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    fn next(&mut self) -> Option<(u8, &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, mut rest) = rest.split_first()?;
        let length = if first < 0x80 {
            usize::from(first)
        } else {
            let count = usize::from(first & 0x7f);
            if count == 0 || count > 4 || rest.len() < count {
                return None;
            }
            let (bytes, after) = rest.split_at(count);
            rest = after;
            bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte))
        };
        if rest.len() < length {
            return None;
        }
        let (contents, after) = rest.split_at(length);
        self.0 = after;
        Some((tag, contents))
    }

    fn take(&mut self, wanted: u8) -> Option<&'a [u8]> {
        self.next().filter(|(tag, _)| *tag == wanted).map(|(_, contents)| contents)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_lower_case_with_single_spaces() {
        assert_eq!(canonical_text("  GlobalSign \t Root  CA "), b"globalsign root ca");
        assert_eq!(canonical_text("Főtanúsítvány"), "főtanúsítvány".as_bytes());
    }

    #[test]
    fn what_is_no_certificate_is_passed_over() {
        for text in [
            &b""[..],
            b"-----BEGIN CERTIFICATE-----",
            b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----",
            b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
            b"-----BEGIN CERTIFICATE-----\nMIT/////////\n-----END CERTIFICATE-----\n",
        ] {
            assert_eq!(certificates(text), []);
        }
    }

    #[test]
    fn long_lengths_are_written_in_more_bytes() {
        assert_eq!(encode(4, &[0; 200])[..3], [4, 0x81, 200]);
        assert_eq!(encode(4, &[0; 300])[..4], [4, 0x82, 1, 44]);
    }

    /// An own certificate; `openssl x509 -subject_hash -noout` says fa664b1e.
    #[test]
    fn hashes_as_openssl_does() {
        let found = certificates(include_bytes!("../../tests/data/certificate.pem"));
        assert_eq!(found.iter().map(|c| format!("{:08x}", c.subject_hash)).collect::<Vec<_>>(), ["fa664b1e"]);
    }
}
