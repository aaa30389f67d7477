//! Damaged bundles and key files: reading them ends, without a panic, and no damage to what is signed goes unnoticed.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use consign_oci::Digest;
use consign_sign::{Bundle, PrivateKey, PublicKey};
use consign_testkit::mutate::survives;

const BUNDLE: &str = include_str!("data/bundle.json");
const PRIVATE_KEY: &str = include_str!("data/cosign.key");
const PUBLIC_KEYS: [&str; 4] = [
    include_str!("data/cosign.pub"),
    include_str!("data/rsa.pub"),
    include_str!("data/ed25519.pub"),
    include_str!("data/p384.pub"),
];

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
