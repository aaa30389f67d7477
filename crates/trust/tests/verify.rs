//! What good bundles show.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::{Good, NAMES, file};
use consign_trust::{Claim, Log, Rules, TrustError, TrustedRoot};
use serde_json::json;

#[test]
fn all_versions_and_kinds_of_entries() {
    for name in NAMES {
        let certified = Good::read(name).verify().unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert!(certified.evidence.logged && !certified.evidence.times.is_empty(), "{name}");
        assert_eq!(
            certified.statement.is_some(),
            matches!(name, "attestation" | "rekor2-attestation" | "version-0.1"),
            "{name}"
        );
        assert!(certified.certificate_logged, "{name}");
    }
}

#[test]
fn claims_of_the_certificate() {
    let mut good = Good::read("attestation");
    good.claims = [
        "issuer=https://token.actions.githubusercontent.com",
        "source-repository-uri~https://github[.]com/prefix-dev/.*",
        "github-workflow-ref=refs/heads/main",
        "1.3.6.1.4.1.57264.1.20=push",
    ]
    .map(str::to_owned)
    .to_vec();
    let certified = good.verify().unwrap();
    assert_eq!(certified.claims[&Claim::SourceRepositoryIdentifier], "1048392115");
    assert_eq!(certified.claims.len(), 20);
    assert_eq!(certified.evidence.entries[0].log, "https://rekor.sigstore.dev");
    assert_eq!(certified.evidence.entries[0].index, Some(456_119_071));
    assert_eq!(certified.evidence.times[0].to_string(), "2025-09-01T12:13:59Z");
}

#[test]
fn the_root_says_what_can_be_asked_for() {
    // GitHub's own has no logs. Its statements of releases name no issuer, so that nobody can ask for one: all else is in order.
    let good = Good::read("github");
    let Err(TrustError::Issuer { comparison }) = good.verify() else { panic!("{:?}", good.verify()) };
    assert!(
        comparison.to_string().contains("subject: `https://dotcom.releases.github.com`, as wanted"),
        "{comparison}"
    );
    let mut good = Good::read("github");
    *good.at("/verificationMaterial/timestampVerificationData/rfc3161Timestamps") = json!([]);
    assert!(matches!(good.verify(), Err(TrustError::NoTime)));
    let mut good = Good::read("github");
    good.root = Good::read("blob").root;
    assert!(matches!(good.verify(), Err(TrustError::NotLogged)));
    good.rules.log = Log::Ignored;
    assert!(matches!(good.verify(), Err(TrustError::TimestampUntrusted)));

    // Logs of certificates count where there are any.
    let mut good = Good::read("blob");
    good.root["ctlogs"] = json!([]);
    assert!(!good.verify().unwrap().certificate_logged);
}

#[test]
fn rules_can_be_loosened_one_by_one() {
    let mut good = Good::read("blob");
    good.remove("/verificationMaterial/tlogEntries/0/inclusionProof");
    assert!(matches!(good.verify(), Err(TrustError::InclusionProof { .. })));
    good.rules = Rules { log: Log::Ignored, ..Rules::default() };
    let certified = good.verify().unwrap();
    assert!(!certified.evidence.logged && certified.evidence.entries.is_empty());
    *good.at("/verificationMaterial/tlogEntries") = json!([]);
    good.verify().unwrap();
    good.rules.log = Log::IfPresent;
    good.verify().unwrap();
    good.rules.log = Log::Required;
    assert!(matches!(good.verify(), Err(TrustError::NotLogged)));

    let mut good = Good::read("blob");
    good.root["ctlogs"] = Good::read("rekor2").root["ctlogs"].clone();
    assert!(matches!(good.verify(), Err(TrustError::CertificateLog { .. })));
    good.rules.certificate_log = false;
    good.verify().unwrap();
}

#[test]
fn numbers_that_no_log_vouches_for_are_not_told() {
    let mut good = Good::read("blob");
    good.remove("/verificationMaterial/tlogEntries/0/inclusionPromise");
    *good.at("/verificationMaterial/tlogEntries/0/logIndex") = "1".into();
    let entries = good.verify().unwrap().evidence.entries;
    assert_eq!(entries.len(), 1);
    assert_eq!(entries[0].index, None);
}

#[test]
fn chains_of_older_bundles_may_have_more_than_they_should() {
    // Signers must leave out the root, and those who verify should not mind it (protobuf-specs, `sigstore_bundle.proto`).
    let mut good = Good::read("version-0.1");
    for number in [0, 1] {
        let issuer = good.root["certificateAuthorities"][1]["certChain"]["certificates"][number].clone();
        good.at("/verificationMaterial/x509CertificateChain/certificates").as_array_mut().unwrap().push(issuer);
        good.verify().unwrap();
    }
}

#[test]
fn one_of_several_roots_is_enough() {
    let roots = |names: &[&str]| {
        let lines: Vec<String> = names.iter().map(|name| Good::read(name).root.to_string()).collect();
        TrustedRoot::read(lines.join("\n").as_bytes()).unwrap()
    };
    let verify = |name: &str, root: TrustedRoot| {
        let good = Good::read(name);
        let conditions = consign_trust::Conditions::new(good.issuer.clone(), good.subject.clone());
        let keyless = consign_trust::Keyless { root, conditions, rules: good.rules };
        let bundle = consign_trust::read_bundle(good.bundle.to_string().as_bytes()).unwrap();
        keyless.verify(&bundle, good.artifact()).map(drop)
    };
    for name in ["blob", "rekor2", "attestation"] {
        verify(name, roots(&["github", "blob", "rekor2"])).unwrap();
    }
    // What is said is why it is not of the one that it could be of.
    assert!(matches!(
        verify("blob", roots(&["github", "rekor2"])),
        Err(TrustError::UnknownLog { .. } | TrustError::TimestampUntrusted)
    ));
}

#[test]
fn keys_need_nobody_else() {
    let key = String::from_utf8(file("key.pub")).unwrap();
    let mut good = Good::read("key");
    let vouched = good.verify_by(&key, Log::Required).unwrap();
    assert!(vouched.evidence.logged && vouched.statement.is_none());
    *good.at("/verificationMaterial/tlogEntries") = json!([]);
    *good.at("/verificationMaterial/timestampVerificationData") = json!({});
    let vouched = good.verify_by(&key, Log::IfPresent).unwrap();
    assert!(!vouched.evidence.logged && vouched.evidence.times.is_empty());
    assert!(matches!(good.verify_by(&key, Log::Required), Err(TrustError::NotLogged)));
}
