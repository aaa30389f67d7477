//! What keys of all kinds sign.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use consign_oci::{Digest, Exact};
use consign_receipt::{Statement, predicate};
use consign_sign::{KeyAlgorithm, PrivateKey, PublicKey, sign, sign_blob};
use consign_trust::{Artifact, Keyed, Log, TrustError, TrustedRoot, read_bundle};
use serde_json::{Value, json};
use sigstore_types::pae;

const FILE: &[u8] = b"file";
const IN_TOTO: &str = "application/vnd.in-toto+json";

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

/// An attestation, in a log that has its signature as it has those of files.
struct Logged {
    key: PrivateKey,
    log: PrivateKey,
    payload: Vec<u8>,
    payload_type: &'static str,
    /// What the log has the digest of.
    entry: Vec<u8>,
    /// Whose the entry's signature is.
    by: Option<PrivateKey>,
}

impl Logged {
    fn new() -> Self {
        let statement = Exact::write(Statement::new(&Digest::of(FILE), predicate::SBOM, Value::Null)).unwrap();
        Self::of(statement.bytes(), IN_TOTO)
    }

    fn of(payload: &[u8], payload_type: &'static str) -> Self {
        let [key, log] = [(); 2].map(|()| PrivateKey::generate().unwrap());
        let (payload, entry) = (payload.to_vec(), pae(payload_type, payload));
        Self { key, log, payload, payload_type, entry, by: None }
    }

    fn bundle(&self) -> Value {
        let signature = self.key.sign(&pae(self.payload_type, &self.payload)).unwrap();
        let entered = self.by.as_ref().map_or(signature.clone(), |by| by.sign(&self.entry).unwrap());
        let body = json!({ "apiVersion": "0.0.1", "kind": "hashedrekord", "spec": {
            "data": { "hash": { "algorithm": "sha256", "value": Digest::of(&self.entry).hex() } },
            "signature": {
                "content": BASE64.encode(entered),
                "publicKey": { "content": BASE64.encode(self.key.public().to_pem()) },
            },
        }})
        .to_string();
        let root = BASE64.encode(bytes(&Digest::of(&[&[0], body.as_bytes()].concat())));
        let note = format!("log.test\n1\n{root}\n");
        let id = bytes(&self.log.public().fingerprint());
        let signed = [&id[..4], &self.log.sign(note.as_bytes()).unwrap()].concat();
        let envelope = format!("{note}\n\u{2014} log.test {}\n", BASE64.encode(signed));
        json!({
            "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
            "verificationMaterial": {
                "publicKey": { "hint": self.key.public().hint() },
                "tlogEntries": [{
                    "logIndex": "0",
                    "logId": { "keyId": BASE64.encode(id) },
                    "kindVersion": { "kind": "hashedrekord", "version": "0.0.1" },
                    "inclusionProof": {
                        "logIndex": "0", "rootHash": root, "treeSize": "1", "hashes": [],
                        "checkpoint": { "envelope": envelope },
                    },
                    "canonicalizedBody": BASE64.encode(body),
                }],
            },
            "dsseEnvelope": {
                "payload": BASE64.encode(&self.payload),
                "payloadType": self.payload_type,
                "signatures": [{ "sig": BASE64.encode(signature) }],
            },
        })
    }

    fn verify(&self, artifact: Artifact<'_>) -> Result<(), TrustError> {
        let log = self.log.public();
        let root = json!({
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [{
                "baseUrl": "https://log.test",
                "hashAlgorithm": "SHA2_256",
                "publicKey": {
                    "rawBytes": der(log),
                    "keyDetails": "PKIX_ECDSA_P256_SHA_256",
                    "validFor": { "start": "2020-01-01T00:00:00Z" },
                },
                "logId": { "keyId": BASE64.encode(bytes(&log.fingerprint())) },
            }],
        });
        let root = TrustedRoot::read(root.to_string().as_bytes()).unwrap();
        let keyed = Keyed { key: self.key.public().clone(), root, log: Log::Required };
        let vouched = keyed.verify(&read_bundle(self.bundle().to_string().as_bytes())?, artifact)?;
        assert!(vouched.evidence.logged && vouched.statement.is_some());
        Ok(())
    }
}

fn bytes(digest: &Digest) -> Vec<u8> {
    digest
        .hex()
        .as_bytes()
        .chunks(2)
        .map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect()
}

/// Returns the base64 within a PEM file.
fn der(key: &PublicKey) -> String {
    key.to_pem().lines().filter(|line| !line.starts_with('-')).collect()
}

#[test]
fn logs_may_have_attestations_as_they_have_files() {
    let logged = Logged::new();
    for artifact in [Artifact::Bytes(FILE), Artifact::Digest(&Digest::of(FILE)), Artifact::Statement] {
        logged.verify(artifact).unwrap();
    }
    let error = logged.verify(Artifact::Bytes(b"other")).unwrap_err();
    assert!(matches!(error, TrustError::OtherArtifact { .. }), "{error:?}");

    let mut logged = Logged::new();
    logged.entry = logged.payload.clone();
    let error = logged.verify(Artifact::Statement).unwrap_err();
    assert!(matches!(error, TrustError::OtherEntry { .. }), "the payload alone: {error:?}");

    let mut logged = Logged::new();
    logged.by = Some(PrivateKey::generate().unwrap());
    let error = logged.verify(Artifact::Statement).unwrap_err();
    assert!(matches!(error, TrustError::OtherEntry { .. }), "another signature: {error:?}");

    let logged = Logged::of(b"{}", IN_TOTO);
    assert!(matches!(logged.verify(Artifact::Statement), Err(TrustError::Statement { .. })));
}

#[test]
fn what_is_signed_as_something_else_is_no_statement() {
    let statement = Logged::new().payload;
    let error = Logged::of(&statement, "text/plain").verify(Artifact::Statement).unwrap_err();
    assert!(matches!(error, TrustError::Unsupported { .. }), "{error:?}");
}
