//! Files that say whose logs, certificates and timestamps count.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod common;

use common::{Good, at};
use consign_trust::{MemberKind, TrustedRoot, TrustedRootError};
use serde_json::{Value, json};

fn root() -> Value {
    Good::read("blob").root
}

#[test]
fn those_that_are_built_in() {
    let counts = |root: Result<TrustedRoot, TrustedRootError>| {
        let members = root.unwrap().members().concat();
        use MemberKind::{Authority, CertificateLog, Log, TimestampAuthority};
        [Log, Authority, CertificateLog, TimestampAuthority]
            .map(|kind| members.iter().filter(|member| member.kind == kind).count())
    };
    assert!(counts(TrustedRoot::public_good()).iter().all(|count| *count > 0));
    assert!(counts(TrustedRoot::staging()).iter().all(|count| *count > 0));
    let [logs, authorities, certificate_logs, timestamp_authorities] = counts(TrustedRoot::github());
    assert_eq!((logs, certificate_logs), (0, 0));
    assert!(authorities > 0 && timestamp_authorities > 0);
}

#[test]
fn members_have_names_and_times() {
    let members = TrustedRoot::public_good().unwrap().members().concat();
    let log = members.iter().find(|member| member.name == "https://rekor.sigstore.dev").unwrap();
    assert_eq!(log.kind.word(), "log");
    assert_eq!(log.id, "c0d23d6ad406973f9559f3ba2d1ca01f84147d8ffc5b8445c224f98b9591801d");
    assert_eq!(log.key.as_deref(), Some("PKIX_ECDSA_P256_SHA_256"));
    assert_eq!(log.from.unwrap().to_string(), "2021-01-12T11:53:27Z");
    assert_eq!(log.until, None);
    assert!(members.is_sorted());
}

#[test]
fn several_in_one_file() {
    let (one, two) = (root().to_string(), Good::read("github").root);
    for text in [
        format!("{one}\n{two}\n"),
        format!("{one}{two}"),
        format!("\n{}\n{one}", serde_json::to_string_pretty(&two).unwrap()),
    ] {
        assert_eq!(TrustedRoot::read(text.as_bytes()).unwrap().members().len(), 2);
    }
    assert!(matches!(TrustedRoot::read(one.repeat(17).as_bytes()), Err(TrustedRootError::TooManyRoots)));
    let error = TrustedRoot::read(format!("{one}\n{{}}").as_bytes()).unwrap_err();
    assert!(matches!(error, TrustedRootError::Malformed { number: 2, .. }), "{error}");
}

#[test]
fn what_is_wrong_is_named() {
    type Change = fn(&mut Value);
    let changes: &[(&str, &str, Change)] = &[
        ("no media type", "Malformed", |root| drop(root.as_object_mut().unwrap().remove("mediaType"))),
        ("something else", "MediaType", |root| root["mediaType"] = "application/json".into()),
        ("nobody", "Empty", |root| {
            for name in ["tlogs", "certificateAuthorities", "ctlogs", "timestampAuthorities"] {
                root[name] = json!([]);
            }
        }),
        ("a log without a key", "Malformed", |root| {
            drop(root["tlogs"][0].as_object_mut().unwrap().remove("publicKey"))
        }),
        ("a log with a malformed key", "Material", |root| root["tlogs"][0]["publicKey"]["rawBytes"] = "AAAA".into()),
        ("a log of certificates with a malformed key", "Material", |root| {
            root["ctlogs"][0]["publicKey"]["rawBytes"] = "AAAA".into()
        }),
        ("a log with a short identity", "Material", |root| root["tlogs"][0]["logId"]["keyId"] = "AAAA".into()),
        ("a log twice", "Material", |root| {
            let log = root["tlogs"][0].clone();
            root["tlogs"].as_array_mut().unwrap().push(log);
        }),
        ("a time that is none", "Malformed", |root| root["tlogs"][0]["publicKey"]["validFor"]["start"] = "then".into()),
        ("an end without a beginning", "Malformed", |root| {
            root["tlogs"][0]["publicKey"]["validFor"] = json!({ "end": "2030-01-01T00:00:00Z" })
        }),
        ("an end before the beginning", "Material", |root| {
            root["tlogs"][0]["publicKey"]["validFor"]["end"] = "2000-01-01T00:00:00Z".into()
        }),
        ("an authority without certificates", "Material", |root| {
            *at(root, "/certificateAuthorities/0/certChain/certificates") = json!([])
        }),
        ("an authority with a malformed certificate", "Material", |root| {
            *at(root, "/certificateAuthorities/0/certChain/certificates/0/rawBytes") = "AAAA".into()
        }),
        ("a timestamp authority with a malformed certificate", "Material", |root| {
            *at(root, "/timestampAuthorities/0/certChain/certificates/0/rawBytes") = "AAAA".into()
        }),
        ("something that is not Base64", "Malformed", |root| root["tlogs"][0]["publicKey"]["rawBytes"] = "!".into()),
        ("many logs", "TooMany", |root| {
            let log = root["tlogs"][0].clone();
            root["tlogs"] = vec![log; 257].into();
        }),
    ];
    for (what, expected, change) in changes {
        let mut root = root();
        change(&mut root);
        let error = format!("{:?}", TrustedRoot::read(root.to_string().as_bytes()).unwrap_err());
        assert!(error.starts_with(expected), "{what}: {error}");
    }
    assert!(matches!(TrustedRoot::read(b""), Err(TrustedRootError::Empty { number: 1 })));
    assert!(matches!(TrustedRoot::read(&vec![b' '; (4 << 20) + 1]), Err(TrustedRootError::TooLarge { .. })));
    assert!(matches!(TrustedRoot::read("[".repeat(100_000).as_bytes()), Err(TrustedRootError::Malformed { .. })));
}
