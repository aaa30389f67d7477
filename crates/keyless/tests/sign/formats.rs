//! What is signed verifies, in each form and with each log.

use crate::world::{hash, open, services, statement, verify};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use consign_keyless::{KeylessError, Log, LogService, LogVersion, Options, Session};
use consign_testkit::sigstore::{Service, Sigstore};
use serde_json::{Value, json};
use sigstore_verify::types::{Bundle, DerCertificate};

const WORKFLOW: &str = "https://github.com/octo/app/.github/workflows/release.yaml@refs/heads/main";

#[tokio::test]
async fn a_job_of_github_signs_a_release_with_one_certificate() {
    // Version 1 counts the entries of earlier trees, too.
    for (version, service, first) in [(1, Service::OldLog, 1000), (2, Service::Log, 0)] {
        let sigstore = Sigstore::start().await.unwrap();
        let session = open(&sigstore, version).await.unwrap();
        let certificate = session.certificate().await.unwrap();
        assert_eq!((certificate.identity(), certificate.issuer()), (WORKFLOW, sigstore.issuer()));
        let claims = &certificate.facts().ci_claims;
        assert_eq!(claims.source_repository_uri.as_deref(), Some("https://github.com/octo/app"));
        assert_eq!(claims.source_repository_visibility_at_signing.as_deref(), Some("public"));
        assert_eq!(claims.deprecated_github.workflow_repository.as_deref(), Some("octo/app"));

        // Several trees, so that proofs have hashes.
        for number in first..first + 5_u64 {
            let signed = session.sign(&statement()).await.unwrap();
            assert_eq!(signed.entries.iter().map(|entry| entry.index).collect::<Vec<_>>(), [number]);
            let result = verify(&sigstore, &signed.bundle);
            assert!(result.tlog_verified() && result.sct_verified() && result.certificate_verified());
            assert_eq!(result.identity().unwrap().as_str(), WORKFLOW);
            assert_eq!(result.certificate().unwrap().ci_claims, *claims);
            let bundle: Value = serde_json::from_slice(&signed.bundle).unwrap();
            assert_eq!(bundle["mediaType"], "application/vnd.dev.sigstore.bundle.v0.3+json");
            assert_eq!(bundle["dsseEnvelope"]["payload"], BASE64.encode(statement().bytes()));
        }
        let blob = session.sign_hash(hash()).await.unwrap();
        assert!(verify(&sigstore, &blob.bundle).tlog_verified());

        let counts = [Service::Issuer, Service::Authority, service, Service::Timestamps].map(|s| sigstore.requests(s));
        assert_eq!(counts, [1, 1, 6, 6]);
        assert_eq!(sigstore.logged(service).len(), 6);
    }
}

#[tokio::test]
async fn cosigns_older_form_has_a_promise_of_the_log_and_a_timestamp() {
    let sigstore = Sigstore::start().await.unwrap();
    let payload = b"image";
    let session = open(&sigstore, 1).await.unwrap();
    let annotations = session.sign_annotations(payload).await.unwrap();
    let stated = |name: &str| serde_json::from_str::<Value>(&annotations[name]).unwrap();
    let promise = stated("dev.sigstore.cosign/bundle");
    let timestamp = stated("dev.sigstore.cosign/rfc3161timestamp");
    let mut blocks = annotations["dev.sigstore.cosign/chain"].split_inclusive("-----END CERTIFICATE-----");
    let issuers: Vec<_> = blocks.by_ref().filter_map(|block| DerCertificate::from_pem(block).ok()).collect();
    assert_eq!(issuers.len(), 2);
    let leaf = DerCertificate::from_pem(&annotations["dev.sigstore.cosign/certificate"]).unwrap();
    let chain = std::iter::once(&leaf).chain(&issuers).map(|certificate| json!({ "rawBytes": certificate }));
    let log: Vec<u8> = (0..32)
        .map(|at| u8::from_str_radix(&promise["Payload"]["logID"].as_str().unwrap()[at * 2..][..2], 16).unwrap())
        .collect();
    // What these annotations say, as a bundle of the time: then the same judge judges it.
    let bundle = json!({
        "mediaType": "application/vnd.dev.sigstore.bundle+json;version=0.1",
        "verificationMaterial": {
            "x509CertificateChain": { "certificates": chain.collect::<Vec<_>>() },
            "tlogEntries": [{
                "logIndex": promise["Payload"]["logIndex"].to_string(),
                "logId": { "keyId": BASE64.encode(log) },
                "kindVersion": { "kind": "hashedrekord", "version": "0.0.1" },
                "integratedTime": promise["Payload"]["integratedTime"].to_string(),
                "inclusionPromise": { "signedEntryTimestamp": promise["SignedEntryTimestamp"] },
                "canonicalizedBody": promise["Payload"]["body"],
            }],
            "timestampVerificationData": {
                "rfc3161Timestamps": [{ "signedTimestamp": timestamp["SignedRFC3161Timestamp"] }],
            },
        },
        "messageSignature": {
            "messageDigest": { "algorithm": "SHA2_256", "digest": BASE64.encode(hash()) },
            "signature": annotations["dev.cosignproject.cosign/signature"],
        },
    });
    assert_eq!(verify(&sigstore, bundle.to_string().as_bytes()).verified_timestamps().len(), 2);

    // Entries of version 2 have no place in annotations.
    let newer = open(&sigstore, 2).await.unwrap();
    assert!(matches!(newer.sign_annotations(payload).await, Err(KeylessError::NoLegacyLog)));
    assert!(matches!(newer.sign_envelope(&statement()).await, Err(KeylessError::NoLegacyLog)));
    assert_eq!(sigstore.requests(Service::Log), 0);
}

#[tokio::test]
async fn logs_are_told_as_is_chosen() {
    let sigstore = Sigstore::start().await.unwrap();
    let old = services(&sigstore, 1);
    let log = |version| services(&sigstore, version).logs()[0].clone();
    for (chosen, entries) in
        [(Log::None, [0, 0]), (Log::Service(log(2)), [0, 1]), (Log::Service(log(1)), [1, 1]), (Log::Default, [2, 1])]
    {
        let source = crate::world::github(&sigstore);
        let services = old.clone().with_log(chosen.clone());
        let session =
            Session::open(source, services, Options::default(), crate::world::web(crate::world::impatience()));
        let signed = session.await.unwrap().sign(&statement()).await.unwrap();
        assert_eq!([Service::OldLog, Service::Log].map(|log| sigstore.logged(log).len()), entries, "{chosen:?}");
        let bundle = Bundle::from_json(std::str::from_utf8(&signed.bundle).unwrap()).unwrap();
        assert_eq!(bundle.verification_material.tlog_entries.len(), usize::from(chosen != Log::None));
        assert_eq!(bundle.verification_material.timestamp_verification_data.rfc3161_timestamps.len(), 1);
    }
    let LogService { version, .. } = log(1);
    assert_eq!(version, LogVersion::V1);
}
