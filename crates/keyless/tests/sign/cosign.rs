//! cosign takes what is signed here, and the Sigstore of a test's own for a real one. Runs where `cosign` is on PATH.

use crate::world::{hash, open, statement, verify};
use consign_testkit::sigstore::{Service, Sigstore, claims};
use consign_testkit::tools::peer;
use serde_json::{Value, json};
use sigstore_verify::types::{DerCertificate, DerPublicKey};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

const IDENTITY: &str = "https://github.com/octo/app/.github/workflows/release.yaml@refs/heads/main";

/// Writes the files that a test wants, and returns where they are.
fn files<const COUNT: usize>(folder: &Path, files: [(&str, &[u8]); COUNT]) -> [String; COUNT] {
    files.map(|(name, bytes)| {
        let path: PathBuf = folder.join(name);
        fs::write(&path, bytes).unwrap();
        path.display().to_string()
    })
}

fn variables(folder: &Path) -> BTreeMap<String, String> {
    let folder = folder.display().to_string();
    ["HOME", "TUF_ROOT"].map(|name| (name.to_owned(), folder.clone())).into()
}

#[tokio::test(flavor = "multi_thread")]
async fn cosign_verifies_what_is_signed() {
    let Some(cosign) = peer("cosign") else { return };
    let sigstore = Sigstore::start().await.unwrap();
    let session = open(&sigstore, 1).await.unwrap();
    let (claim, blob) = (session.sign(&statement()).await.unwrap(), session.sign_hash(hash()).await.unwrap());
    let folder = tempfile::tempdir().unwrap();
    let root = sigstore.trusted_root().to_string();
    let [root, claim, blob, image, other] = files(
        folder.path(),
        [
            ("root", root.as_bytes()),
            ("claim", &claim.bundle),
            ("blob", &blob.bundle),
            ("image", b"image"),
            ("other", b"other"),
        ],
    );
    let common = |command: &str, bundle: &str, identity: &str, file: &str| {
        let issuer = sigstore.issuer();
        let line =
            [command, "--new-bundle-format", "--bundle", bundle, "--trusted-root", &root, "--certificate-identity"];
        let rest = [identity, "--certificate-oidc-issuer", issuer, "--use-signed-timestamps", file];
        let kind: &[&str] = if command == "verify-blob" { &[] } else { &["--type", "https://example.com/claim"] };
        let line = [&line[..], &rest[..1], kind, &rest[1..]].concat();
        cosign.run_with(&variables(folder.path()), line)
    };
    for (command, bundle) in [("verify-blob-attestation", &claim), ("verify-blob", &blob)] {
        common(command, bundle, IDENTITY, &image).unwrap();
        common(command, bundle, IDENTITY, &other).unwrap_err();
        common(command, bundle, "https://github.com/eve/app", &image).unwrap_err();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cosign_signs_at_the_same_services() {
    let Some(cosign) = peer("cosign") else { return };
    let sigstore = Sigstore::start().await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let root = sigstore.trusted_root();
    let decoded = |value: &Value| value.as_str().unwrap().parse::<String>().unwrap();
    let key = |value: &Value| DerPublicKey::from_base64(&decoded(&value["publicKey"]["rawBytes"])).unwrap().to_pem();
    let chain = root["certificateAuthorities"][0]["certChain"]["certificates"].as_array().unwrap();
    let chain = chain.iter().map(|one| DerCertificate::from_base64(&decoded(&one["rawBytes"])).unwrap().to_pem());
    let [authority, certificates, log, predicate, image] = files(
        folder.path(),
        [
            ("authority", chain.collect::<String>().as_bytes()),
            ("certificates", key(&root["ctlogs"][0]).as_bytes()),
            ("log", key(&root["tlogs"][1]).as_bytes()),
            ("predicate", json!({}).to_string().as_bytes()),
            ("image", b"image"),
        ],
    );
    let mut variables = variables(folder.path());
    variables.extend(
        [("ROOT_FILE", authority), ("CT_LOG_PUBLIC_KEY_FILE", certificates), ("REKOR_PUBLIC_KEY", log)]
            .map(|(name, path)| (format!("SIGSTORE_{name}"), path)),
    );
    let list = sigstore.signing_config(1);
    let url = |name: &str| list[name][0]["url"].as_str().unwrap();
    let (token, bundle) = (sigstore.token(&claims::github()), folder.path().join("bundle").display().to_string());
    let line = ["attest-blob", "--yes", "--new-bundle-format", "--bundle", &bundle, "--identity-token", &token];
    let services =
        ["--fulcio-url", url("caUrls"), "--rekor-url", url("rekorTlogUrls"), "--timestamp-server-url", url("tsaUrls")];
    let what = ["--predicate", &predicate, "--type", "https://example.com/claim", &image];
    cosign.run_with(&variables, [&line[..], &services, &what].concat()).unwrap();
    let result = verify(&sigstore, &fs::read(bundle).unwrap());
    assert!(result.tlog_verified() && result.sct_verified());
    assert_eq!(result.identity().unwrap().as_str(), IDENTITY);
    let counts = [Service::Authority, Service::OldLog, Service::Timestamps].map(|service| sigstore.requests(service));
    assert!(counts.iter().all(|count| *count > 0), "{counts:?}");
}
