//! Trusted roots made of certificates and keys.

#![expect(clippy::unwrap_used, reason = "tests")]

use consign_trust::{DeployedAuthority, DeployedLog, Deployment, DeploymentError, TrustedRoot};
use serde_json::Value;
use sigstore_trust_root::{SIGSTORE_PRODUCTION_TRUSTED_ROOT, SIGSTORE_STAGING_TRUSTED_ROOT};

fn pem(label: &str, base64: &Value) -> String {
    let text = base64.as_str().unwrap().as_bytes();
    let lines = text.chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect::<Vec<_>>().join("\n");
    format!("-----BEGIN {label}-----\n{lines}\n-----END {label}-----\n")
}

fn time(value: &Value) -> Option<jiff::Timestamp> {
    value.as_str().map(|text| text.parse().unwrap())
}

fn authority(entry: &Value) -> DeployedAuthority {
    let certificates = entry["certChain"]["certificates"].as_array().unwrap();
    DeployedAuthority {
        url: entry["uri"].as_str().unwrap().to_owned(),
        certificates: certificates.iter().map(|one| pem("CERTIFICATE", &one["rawBytes"])).collect(),
        from: time(&entry["validFor"]["start"]),
        until: time(&entry["validFor"]["end"]),
    }
}

fn log(entry: &Value) -> DeployedLog {
    let (url, key) = (entry["baseUrl"].as_str().unwrap(), &entry["publicKey"]);
    // Rekor 2 is what has keys of Ed25519 there.
    let origin = (key["keyDetails"] == "PKIX_ED25519").then(|| url.trim_start_matches("https://").to_owned());
    DeployedLog {
        url: url.to_owned(),
        key: pem("PUBLIC KEY", &key["rawBytes"]),
        origin,
        from: time(&key["validFor"]["start"]),
        until: time(&key["validFor"]["end"]),
    }
}

/// Takes a trusted root apart.
fn deployment(root: &str) -> Deployment {
    let root: Value = serde_json::from_str(root).unwrap();
    let all = |name: &str| root[name].as_array().unwrap().clone();
    // A log of staging has a key in another form than logs have otherwise.
    let is_usual = |entry: &Value| !entry["publicKey"]["keyDetails"].as_str().unwrap().starts_with("PKCS1_");
    Deployment {
        authorities: all("certificateAuthorities").iter().map(authority).collect(),
        certificate_logs: all("ctlogs").iter().filter(|entry| is_usual(entry)).map(log).collect(),
        logs: all("tlogs").iter().filter(|entry| is_usual(entry)).map(log).collect(),
        timestamp_authorities: all("timestampAuthorities").iter().map(authority).collect(),
    }
}

#[test]
fn the_public_ones_are_what_their_parts_make() {
    for (text, known) in [
        (SIGSTORE_PRODUCTION_TRUSTED_ROOT, TrustedRoot::public_good().unwrap()),
        (SIGSTORE_STAGING_TRUSTED_ROOT, TrustedRoot::staging().unwrap()),
    ] {
        let deployment = deployment(text);
        let bytes = deployment.trusted_root().unwrap();
        let mut expected = known.members();
        expected[0].retain(|member| !member.key.as_ref().is_some_and(|key| key.starts_with("PKCS1_")));
        assert_eq!(TrustedRoot::read(&bytes).unwrap().members(), expected);
        assert_eq!(deployment.trusted_root().unwrap(), bytes);
    }
}

#[test]
fn times_that_are_not_said() {
    let mut deployment = deployment(SIGSTORE_PRODUCTION_TRUSTED_ROOT);
    for authority in deployment.authorities.iter_mut().chain(&mut deployment.timestamp_authorities) {
        (authority.from, authority.until) = (None, None);
    }
    deployment.logs.truncate(1);
    deployment.logs[0].from = None;
    let root: Value = serde_json::from_slice(&deployment.trusted_root().unwrap()).unwrap();
    // From when on its last certificate is valid, and the one that signs timestamps.
    assert_eq!(root["certificateAuthorities"][0]["validFor"]["start"], "2021-03-07T03:20:29Z");
    assert_eq!(root["timestampAuthorities"][0]["validFor"]["start"], "2025-04-08T06:59:43Z");
    assert_eq!(root["tlogs"][0]["publicKey"]["validFor"]["start"], "1970-01-01T00:00:00Z");
    assert_eq!(root["certificateAuthorities"][0]["subject"]["organization"], "sigstore.dev");
}

#[test]
fn what_makes_none() {
    let good = deployment(SIGSTORE_PRODUCTION_TRUSTED_ROOT);
    let timestamps = &good.timestamp_authorities[0];
    let blocks: Vec<_> = timestamps.certificates.split_inclusive("-----END CERTIFICATE-----\n").collect();
    let turned: String = blocks.iter().rev().copied().collect();
    let root = blocks[blocks.len() - 1];
    for (certificates, expected) in [
        ("", "there is none in PEM"),
        ("text", "there is none in PEM"),
        ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "the certificates of https://"),
        (&turned, "number 2 did not issue number 1"),
        (root, "the first issues certificates"),
        (&root.repeat(17), "more than 16"),
        (&good.logs[0].key, "there is none in PEM"),
    ] {
        let authority = DeployedAuthority { certificates: certificates.to_owned(), ..timestamps.clone() };
        let error = Deployment { timestamp_authorities: vec![authority], ..good.clone() }.trusted_root().unwrap_err();
        assert!(
            matches!(error, DeploymentError::Certificates { .. }) && error.to_string().contains(expected),
            "{error}"
        );
    }
    for key in ["", "text", "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", root] {
        let log = DeployedLog { key: key.to_owned(), ..good.logs[0].clone() };
        let error = Deployment { logs: vec![log], ..good.clone() }.trusted_root().unwrap_err();
        assert!(matches!(error, DeploymentError::Key { .. }), "{error}");
    }
    let ended = DeployedLog { until: Some(jiff::Timestamp::UNIX_EPOCH), ..good.logs[0].clone() };
    let error = Deployment { logs: vec![ended], ..good.clone() }.trusted_root().unwrap_err();
    assert!(matches!(error, DeploymentError::Times { .. }), "{error}");
    let error = Deployment::default().trusted_root().unwrap_err();
    assert!(matches!(error, DeploymentError::Root { .. }), "{error}");
}
