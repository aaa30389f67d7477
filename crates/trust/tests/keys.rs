//! What keys of all kinds sign.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use consign_oci::{Digest, Exact};
use consign_receipt::{Statement, predicate};
use consign_sign::{KeyAlgorithm, PrivateKey, sign, sign_blob};
use consign_trust::{Artifact, Keyed, Log, TrustError, TrustedRoot, read_bundle};
use serde_json::Value;

const FILE: &[u8] = b"file";

fn keyed(key: &PrivateKey, log: Log) -> Keyed {
    Keyed { key: key.public().clone(), root: TrustedRoot::public_good().unwrap(), log }
}

#[test]
fn whatever_a_key_signs_verifies() {
    let other = PrivateKey::generate().unwrap();
    for algorithm in KeyAlgorithm::ALL {
        let key = PrivateKey::generate_with(algorithm).unwrap();
        let digest = Digest::of(FILE);
        let signed = sign_blob(FILE, &key).unwrap();
        let statement = Exact::write(Statement::new(&digest, predicate::SBOM, Value::Null)).unwrap();
        let attested = read_bundle(&sign(&statement, &key).unwrap()).unwrap();
        let bundle = read_bundle(&signed.bundle).unwrap();
        for (verifier, is_right) in [(keyed(&key, Log::IfPresent), true), (keyed(&other, Log::IfPresent), false)] {
            let check = |result: Result<(), TrustError>| match result {
                Ok(()) => assert!(is_right, "{algorithm}"),
                Err(error) => {
                    assert!(!is_right && matches!(error, TrustError::KeySignature { .. }), "{algorithm}: {error:?}");
                }
            };
            check(verifier.verify(&bundle, Artifact::Bytes(FILE)).map(drop));
            check(verifier.verify_bare(&signed.signature, Artifact::Bytes(FILE)));
            check(verifier.verify(&attested, Artifact::Bytes(FILE)).map(drop));
            check(verifier.verify(&attested, Artifact::Digest(&digest)).map(drop));
            // Ed25519 signs no digests.
            match verifier.verify(&bundle, Artifact::Digest(&digest)).map(drop) {
                Err(TrustError::Input { .. }) if is_right => assert_eq!(algorithm, KeyAlgorithm::Ed25519),
                result => check(result),
            }
        }
        let verifier = keyed(&key, Log::IfPresent);
        for other in [Artifact::Bytes(b"other"), Artifact::Digest(&Digest::of(b"other")), Artifact::Statement] {
            verifier.verify(&bundle, other).unwrap_err();
            verifier.verify_bare(&signed.signature, other).unwrap_err();
        }
        assert!(matches!(verifier.verify(&attested, Artifact::Bytes(b"other")), Err(TrustError::OtherArtifact { .. })));
    }
}

#[test]
fn what_a_bundle_says_of_the_file_must_be_true() {
    let key = PrivateKey::generate().unwrap();
    let mut bundle: Value = serde_json::from_slice(&sign_blob(FILE, &key).unwrap().bundle).unwrap();
    bundle["messageSignature"]["messageDigest"]["digest"] = BASE64.encode([7; 32]).into();
    let bundle = read_bundle(bundle.to_string().as_bytes()).unwrap();
    for artifact in [Artifact::Bytes(FILE), Artifact::Digest(&Digest::of(FILE))] {
        let error = keyed(&key, Log::IfPresent).verify(&bundle, artifact).unwrap_err();
        assert!(matches!(error, TrustError::OtherArtifact { .. }), "{error:?}");
    }
}
