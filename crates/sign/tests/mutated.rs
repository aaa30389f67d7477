//! Damaged bundles and key files: reading them ends, without a panic, and no damage to what is signed goes unnoticed.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use consign_oci::Digest;
use consign_sign::{Bundle, PrivateKey, PublicKey};
use consign_testkit::mutate::survives;

const BUNDLE: &str = include_str!("data/bundle.json");
const PRIVATE_KEY: &str = include_str!("data/cosign.key");
const PUBLIC_KEYS: [&str; 5] = [
    include_str!("data/cosign.pub"),
    include_str!("data/rsa.pub"),
    include_str!("data/ed25519.pub"),
    include_str!("data/p384.pub"),
    include_str!("data/p521.pub"),
];
/// Keys of other tools.
const OPEN_KEYS: [&str; 6] = [
    include_str!("data/import/sec1-p256.pem"),
    include_str!("data/import/sec1-p521.pem"),
    include_str!("data/import/pkcs1-rsa-2048.pem"),
    include_str!("data/import/pkcs8-p521.pem"),
    include_str!("data/import/pkcs8-rsa-3072.pem"),
    include_str!("data/import/pkcs8-ed25519.pem"),
];
const ENCRYPTED_KEYS: [&str; 2] =
    [include_str!("data/import/encrypted-p384.pem"), include_str!("data/import/encrypted-scrypt-ed25519.pem")];

#[test]
fn bundles() {
    let (key, subject) = (PublicKey::from_pem(PUBLIC_KEYS[0]).unwrap(), Digest::of(b"image"));
    let good = Bundle::read(BUNDLE.trim_end().as_bytes()).unwrap().verify(&key, &subject).unwrap();
    survives(&[BUNDLE.as_bytes().to_vec()], 3000, |bytes| {
        if let Ok(statement) = Bundle::read(bytes).and_then(|bundle| bundle.verify(&key, &subject)) {
            assert_eq!(statement, good);
        }
    });
}

#[test]
fn keys() {
    let seeds: Vec<Vec<u8>> = PUBLIC_KEYS.iter().map(|text| text.as_bytes().to_vec()).collect();
    survives(&seeds, 1000, |bytes| drop(PublicKey::from_pem(&String::from_utf8_lossy(bytes))));
    // Each password that is tried takes the time of a derivation.
    survives(&[PRIVATE_KEY.as_bytes().to_vec()], 1000, |bytes| {
        drop(PrivateKey::check_pem(&String::from_utf8_lossy(bytes)));
    });
}

/// Also where the text of the file is whole, and the document in it is not.
#[test]
fn imported_keys() {
    let read = |text: &str| {
        if let Ok(key) = PrivateKey::import(text, None) {
            let message = b"message";
            assert!(key.public().verify(message, &key.sign(message).unwrap()), "{text}");
        }
    };
    let texts: Vec<Vec<u8>> = OPEN_KEYS.iter().map(|text| text.as_bytes().to_vec()).collect();
    survives(&texts, 500, |bytes| read(&String::from_utf8_lossy(bytes)));
    for text in OPEN_KEYS {
        let (label, document) = document(text);
        survives(&[document], 1000, |bytes| read(&file(label, bytes)));
    }
    // Not with a password: each that is tried takes the time of a derivation.
    for text in ENCRYPTED_KEYS {
        let (label, document) = document(text);
        survives(&[document], 1000, |bytes| assert!(PrivateKey::import(&file(label, bytes), None).is_err()));
    }
    for text in PUBLIC_KEYS {
        let (label, document) = document(text);
        survives(&[document], 1000, |bytes| drop(PublicKey::from_pem(&file(label, bytes))));
    }
}

/// Returns label and content of a file's last block.
fn document(text: &str) -> (&str, Vec<u8>) {
    let label = text.trim_end().rsplit_once("-----END ").unwrap().1.trim_end_matches('-');
    let (_, body) = text.split_once(&format!("-----BEGIN {label}-----")).unwrap();
    let body: String = body.lines().filter(|line| !line.starts_with('-')).collect();
    (label, STANDARD.decode(body).unwrap())
}

fn file(label: &str, content: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(content))
}
