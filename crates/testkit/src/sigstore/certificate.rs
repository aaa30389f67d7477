//! Certificates (RFC 5280).

use super::der::{self, bits, element, number, object, sequence, set, truth};
use super::key::{Key, hash};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::{SignedDuration, Timestamp};
use std::io;

pub(super) const CODE_SIGNING: &str = "1.3.6.1.5.5.7.3.3";
pub(super) const TIME_STAMPING: &str = "1.3.6.1.5.5.7.3.8";
pub(super) const ECDSA_WITH_SHA256: &str = "1.2.840.10045.4.3.2";

const BASIC_CONSTRAINTS: &str = "2.5.29.19";
const KEY_USAGE: &str = "2.5.29.15";
const EXTENDED_KEY_USAGE: &str = "2.5.29.37";
const SUBJECT_KEY: &str = "2.5.29.14";
const ISSUER_KEY: &str = "2.5.29.35";
/// The bits for signing, and for signing certificates and lists of revoked ones, with the number of unused bits before them.
const SIGNS: [u8; 2] = [7, 0x80];
const SIGNS_CERTIFICATES: [u8; 2] = [1, 0x06];

/// A certificate that vouches for others, or for timestamps, with its key.
pub(super) struct Holder {
    pub(super) key: Key,
    pub(super) certificate: Vec<u8>,
    /// The name in DER.
    pub(super) name: Vec<u8>,
    pub(super) name_of_issuer: Vec<u8>,
    pub(super) serial: Vec<u8>,
}

/// What a holder may do.
pub(super) enum Role {
    /// Vouch for others.
    Root,
    /// Vouch for those who sign code.
    Intermediate,
    /// Sign timestamps.
    Timestamps,
}

impl Holder {
    /// Makes a holder that `issuer` vouches for, or that vouches for itself.
    pub(super) fn new(name: &str, role: &Role, issuer: Option<&Self>, now: Timestamp) -> io::Result<Self> {
        let key = Key::new()?;
        let own_name = common_name(name);
        let (authority, usage) = match role {
            Role::Timestamps => (sequence(&[]), SIGNS),
            Role::Intermediate => (sequence(&[&truth(), &number(&[0])]), SIGNS_CERTIFICATES),
            Role::Root => (sequence(&[&truth()]), SIGNS_CERTIFICATES),
        };
        let mut extensions = vec![
            extension(BASIC_CONSTRAINTS, true, &authority),
            extension(KEY_USAGE, true, &element(der::BIT_STRING, &usage)),
        ];
        match role {
            Role::Root => {}
            Role::Intermediate => extensions.push(extended_usage(CODE_SIGNING, false)),
            Role::Timestamps => extensions.push(extended_usage(TIME_STAMPING, true)),
        }
        let issuer_key = issuer.map_or(&key, |issuer| &issuer.key);
        let issuer_name = issuer.map_or(&own_name, |issuer| &issuer.name);
        extensions.extend(names_of_keys(&key.public, &issuer_key.public));
        let serial = hash(&key.public)[..8].to_vec();
        let day = SignedDuration::from_hours(24);
        let content = Content {
            serial: &serial,
            issuer: issuer_name,
            from: now - day,
            until: now + day,
            subject: &own_name,
            key: &key.public,
        };
        let certificate = signed(&content.write(&extensions), issuer_key);
        let name_of_issuer = issuer_name.clone();
        Ok(Self { certificate, name: own_name, name_of_issuer, serial, key })
    }
}

/// What is in a certificate besides extensions.
pub(super) struct Content<'a> {
    pub(super) serial: &'a [u8],
    pub(super) issuer: &'a [u8],
    pub(super) from: Timestamp,
    pub(super) until: Timestamp,
    pub(super) subject: &'a [u8],
    pub(super) key: &'a [u8],
}

impl Content<'_> {
    /// Writes what is signed of a certificate: its `TBSCertificate`.
    pub(super) fn write(&self, extensions: &[Vec<u8>]) -> Vec<u8> {
        let time = |time: Timestamp| element(der::UTC_TIME, time.strftime("%y%m%d%H%M%SZ").to_string().as_bytes());
        sequence(&[
            &element(der::PLACED, &number(&[2])),
            &number(self.serial),
            &sequence(&[&object(ECDSA_WITH_SHA256)]),
            self.issuer,
            &sequence(&[&time(self.from), &time(self.until)]),
            self.subject,
            self.key,
            &element(der::PLACED | 3, &sequence(&[&extensions.concat()])),
        ])
    }
}

/// Returns the extensions of one who signs code.
pub(super) fn leaf_extensions(key: &[u8], issuer_key: &[u8]) -> Vec<Vec<u8>> {
    let mut extensions =
        vec![extension(KEY_USAGE, true, &element(der::BIT_STRING, &SIGNS)), extended_usage(CODE_SIGNING, false)];
    extensions.extend(names_of_keys(key, issuer_key));
    extensions
}

pub(super) fn extension(identifier: &str, is_critical: bool, value: &[u8]) -> Vec<u8> {
    let critical = if is_critical { truth() } else { Vec::new() };
    sequence(&[&object(identifier), &critical, &element(der::OCTETS, value)])
}

fn extended_usage(usage: &str, is_critical: bool) -> Vec<u8> {
    extension(EXTENDED_KEY_USAGE, is_critical, &sequence(&[&object(usage)]))
}

fn names_of_keys(own: &[u8], issuer: &[u8]) -> [Vec<u8>; 2] {
    let name = |key: &[u8]| hash(key)[..20].to_vec();
    [
        extension(SUBJECT_KEY, false, &element(der::OCTETS, &name(own))),
        extension(ISSUER_KEY, false, &sequence(&[&element(der::PLACE, &name(issuer))])),
    ]
}

/// Adds a signature to what is signed.
pub(super) fn signed(content: &[u8], key: &Key) -> Vec<u8> {
    sequence(&[content, &sequence(&[&object(ECDSA_WITH_SHA256)]), &bits(&key.sign(content))])
}

fn common_name(name: &str) -> Vec<u8> {
    let attribute = sequence(&[&object("2.5.4.3"), &element(der::UTF8, name.as_bytes())]);
    sequence(&[&set(vec![attribute])])
}

/// Returns the public key of a certificate, as SubjectPublicKeyInfo in DER.
pub(super) fn public_key(certificate: &[u8]) -> Option<Vec<u8>> {
    let certificate = der::inside(certificate)?;
    Some(der::read(certificate.first()?.content)?.get(6)?.whole.to_vec())
}

pub(super) fn to_pem(label: &str, bytes: &[u8]) -> String {
    let text = BASE64.encode(bytes);
    let lines: Vec<&str> = text.as_bytes().chunks(64).filter_map(|line| std::str::from_utf8(line).ok()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

/// Returns what is in the first block of a PEM file.
pub(super) fn from_pem(text: &str) -> Option<Vec<u8>> {
    let (_, rest) = text.split_once("-----BEGIN ")?;
    let (_, rest) = rest.split_once("-----")?;
    let (body, _) = rest.split_once("-----END ")?;
    BASE64.decode(body.split_whitespace().collect::<String>()).ok()
}
