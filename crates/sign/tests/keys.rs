//! Keys of every kind: what is made, written, read and imported signs, and what it signs verifies.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use consign_oci::Digest;
use consign_sign::{
    Bundle, DigestAlgorithm, KeyAlgorithm, KeyError, PrivateKey, PublicKey, Signer, sign, signature_statement,
};

const MESSAGE: &[u8] = b"message";
const PASSWORD: &[u8] = b"pass word";

/// A key that OpenSSL wrote, with its public half.
macro_rules! key {
    ($name:literal) => {
        (
            $name,
            include_str!(concat!("data/import/", $name, ".pem")),
            include_str!(concat!("data/import/", $name, ".pub")),
        )
    };
}

/// A signature that OpenSSL made, with the public key.
macro_rules! signed {
    ($key:literal, $digest:literal) => {
        (
            concat!($key, " ", $digest),
            include_str!(concat!("data/import/", $key, ".pub")),
            include_bytes!(concat!("data/import/", $key, ".", $digest)).as_slice(),
        )
    };
}

/// Keys that OpenSSL wrote, in all forms, and their public halves.
const IMPORTED: [(&str, &str, &str); 9] = [
    key!("sec1-p256"),
    key!("sec1-p384"),
    key!("sec1-p521"),
    key!("pkcs1-rsa-2048"),
    key!("pkcs8-p256"),
    key!("pkcs8-p521"),
    key!("pkcs8-rsa-3072"),
    key!("pkcs8-ed25519"),
    key!("encrypted-p384"),
];

/// Checks that a key signs, each time with the same bytes, and that its public half verifies just that.
fn signs(key: &PrivateKey, name: &str) {
    let signature = Signer::sign(key, MESSAGE).unwrap();
    assert_eq!(signature, key.sign(MESSAGE).unwrap(), "{name}");
    assert!(key.public().verify(MESSAGE, &signature), "{name}");
    assert!(!key.public().verify(b"other", &signature), "{name}");
    for position in [0, signature.len() / 2, signature.len() - 1] {
        let mut altered = signature.clone();
        altered[position] ^= 1;
        assert!(!key.public().verify(MESSAGE, &altered), "{name} {position}");
    }
    assert!(!key.public().verify(MESSAGE, &[]), "{name}");
}

#[test]
fn what_is_made_is_written_and_read() {
    for algorithm in KeyAlgorithm::ALL {
        let key = PrivateKey::generate_with(algorithm).unwrap();
        signs(&key, algorithm.name());
        let read = PrivateKey::from_pem(&key.to_encrypted_pem(PASSWORD).unwrap(), PASSWORD).unwrap();
        assert_eq!(read.public(), key.public(), "{algorithm}");
        assert_eq!(read.sign(MESSAGE).unwrap(), key.sign(MESSAGE).unwrap(), "{algorithm}");
        let public = PublicKey::from_pem(&key.public().to_pem()).unwrap();
        assert!(public.verify(MESSAGE, &key.sign(MESSAGE).unwrap()), "{algorithm}");
        let digest = Digest::of(MESSAGE);
        let bundle =
            Bundle::read(&sign(&signature_statement(&digest, &Default::default()).unwrap(), &key).unwrap()).unwrap();
        assert!(bundle.names(&public), "{algorithm}");
        bundle.verify(&public, &digest).unwrap();
        assert_eq!(format!("{key:?}"), format!("PrivateKey(of {})", public.fingerprint()));
    }
}

#[test]
fn keys_of_other_tools_are_imported() {
    for (name, text, public) in IMPORTED.into_iter().chain([key!("encrypted-scrypt-ed25519")]) {
        let key = PrivateKey::import(text, Some(PASSWORD)).unwrap();
        assert_eq!(key.public().to_pem(), public, "{name}");
        signs(&key, name);
        let read = PrivateKey::from_pem(&key.to_encrypted_pem(b"").unwrap(), b"").unwrap();
        assert_eq!(read.public(), key.public(), "{name}");
        // Nor with other ends of lines.
        assert_eq!(PrivateKey::import(&text.replace('\n', "\r\n"), Some(PASSWORD)).unwrap().public(), key.public());
        match name.starts_with("encrypted") {
            true => {
                assert!(matches!(PrivateKey::import(text, None), Err(KeyError::NoPassword)), "{name}");
                assert!(matches!(PrivateKey::import(text, Some(b"other")), Err(KeyError::Password)), "{name}");
            }
            false => drop(PrivateKey::import(text, None).unwrap()),
        }
    }
}

#[test]
fn what_cannot_sign_is_not_imported() {
    type Expected = fn(&KeyError) -> bool;
    let algorithm: Expected = |error| matches!(error, KeyError::PrivateAlgorithm { .. });
    let cases: [(&str, Expected); 9] = [
        (include_str!("data/import/refused-secp256k1.pem"), algorithm),
        (include_str!("data/import/refused-x25519.pem"), algorithm),
        (include_str!("data/import/refused-rsa-8192.pem"), algorithm),
        (include_str!("data/import/refused-rsa-1024.pem"), |error| matches!(error, KeyError::Private { .. })),
        (include_str!("data/import/refused-traditional.pem"), |error| matches!(error, KeyError::OldEncryption)),
        (include_str!("data/import/refused-iterations.pem"), |error| matches!(error, KeyError::Encryption)),
        (include_str!("data/import/refused-scrypt.pem"), |error| matches!(error, KeyError::Encryption)),
        (include_str!("data/import/refused-pbes1.pem"), |error| matches!(error, KeyError::Encryption)),
        (include_str!("data/cosign.key"), |error| matches!(error, KeyError::Label { .. })),
    ];
    for (text, expected) in cases {
        let error = PrivateKey::import(text, Some(PASSWORD)).unwrap_err();
        assert!(expected(&error), "{text}\n{error:?}");
    }
}

/// A public half beside the private one could make others verify with a key that signed nothing.
#[test]
fn halves_that_do_not_belong_together_are_not_imported() {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let (_, text, _) = key!("sec1-p384");
    let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    let mut der = STANDARD.decode(body).unwrap();
    // The public half is what ends the document.
    *der.last_mut().unwrap() ^= 1;
    let altered = format!("-----BEGIN EC PRIVATE KEY-----\n{}\n-----END EC PRIVATE KEY-----\n", STANDARD.encode(der));
    assert!(matches!(PrivateKey::import(&altered, None), Err(KeyError::Private { .. })));
}

/// Signatures of OpenSSL's, with the digest that is for the size of the curve and with SHA-256: cosign has made both.
#[test]
fn either_digest_counts() {
    let cases: [(&str, &str, &[u8]); 8] = [
        signed!("sec1-p384", "sha256"),
        signed!("sec1-p384", "sha384"),
        signed!("sec1-p521", "sha256"),
        signed!("sec1-p521", "sha384"),
        signed!("sec1-p521", "sha512"),
        signed!("pkcs1-rsa-2048", "sha256"),
        signed!("pkcs1-rsa-2048", "sha384"),
        signed!("pkcs1-rsa-2048", "sha512"),
    ];
    for (name, public, signature) in cases {
        let key = PublicKey::from_pem(public).unwrap();
        assert!(key.verify(MESSAGE, signature), "{name}");
        assert!(!key.verify(b"other", signature), "{name}");
    }
    // P-256 has had one alone.
    let (_, public, signature) = signed!("sec1-p256", "sha512");
    assert!(!PublicKey::from_pem(public).unwrap().verify(MESSAGE, signature));
}

#[test]
fn the_digest_that_belongs_to_the_key_is_the_first() {
    let first =
        |(_, _, public): (&str, &str, &str)| PublicKey::from_pem(public).unwrap().digest_algorithms().first().copied();
    assert_eq!(first(key!("sec1-p256")), Some(DigestAlgorithm::Sha256));
    assert_eq!(first(key!("sec1-p384")), Some(DigestAlgorithm::Sha384));
    assert_eq!(first(key!("sec1-p521")), Some(DigestAlgorithm::Sha512));
    assert_eq!(first(key!("pkcs8-rsa-3072")), Some(DigestAlgorithm::Sha256));
    assert_eq!(first(key!("pkcs8-ed25519")), None);
}
