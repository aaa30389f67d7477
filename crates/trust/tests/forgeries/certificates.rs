//! Certificates, and who issued them.

use crate::common::{Good, at, json};
use crate::{CERTIFICATE, Forgery, TIMESTAMPS, check, replace};
use serde_json::json;

#[test]
fn certificates() {
    let forgeries: &[Forgery] = &[
        ("blob", "certificate of another, later", "NotYetValid", |good| good.take(CERTIFICATE, "rekor2-attestation")),
        ("blob", "certificate of another, earlier", "Expired", |good| good.take(CERTIFICATE, "attestation")),
        ("rekor2", "certificate of another Sigstore", "NotYetValid", |good| good.take(CERTIFICATE, "attestation")),
        ("blob", "certificate changed in its signature", "Issuance", |good| good.flip(CERTIFICATE, 0)),
        ("blob", "certificate changed in its claims", "Issuance", |good| {
            good.change(CERTIFICATE, |bytes| replace(bytes, b"w.vollprecht@gmail.com", b"x.vollprecht@gmail.com"));
        }),
        ("attestation", "certificate of another repository", "Issuance", |good| {
            good.change(CERTIFICATE, |bytes| {
                replace(bytes, b"prefix-dev/sigstore-example", b"prefix-evi/sigstore-example")
            });
        }),
        ("attestation", "certificate of another key", "Issuance", |good| {
            good.change(CERTIFICATE, |bytes| {
                let at = bytes.windows(4).position(|window| window == [0x03, 0x42, 0x00, 0x04]).unwrap();
                bytes[at + 40] ^= 1;
            });
        }),
        ("blob", "certificate cut off", "Certificate", |good| good.change(CERTIFICATE, |bytes| bytes.truncate(300))),
        ("blob", "certificate empty", "Certificate", |good| *good.at(CERTIFICATE) = "".into()),
        ("version-0.1", "no certificate in the chain", "Certificate", |good| {
            *good.at("/verificationMaterial/x509CertificateChain/certificates") = json!([])
        }),
        ("version-0.1", "issuer's certificate alone", "Issuance", |good| {
            let authority = good.root["certificateAuthorities"][1]["certChain"]["certificates"][0].clone();
            *good.at("/verificationMaterial/x509CertificateChain/certificates") = json!([authority]);
        }),
        ("version-0.1", "root in the chain alone", "Issuance", |good| {
            let chain = good.root["certificateAuthorities"][1]["certChain"]["certificates"].clone();
            let own = good.at("/verificationMaterial/x509CertificateChain/certificates").as_array_mut().unwrap();
            own.extend(chain.as_array().unwrap().clone());
            good.root["certificateAuthorities"] = Good::read("rekor2").root["certificateAuthorities"].clone();
        }),
        ("version-0.1", "many certificates in the chain", "TooMuch", |good| {
            let issuer = good.root["certificateAuthorities"][1]["certChain"]["certificates"][0].clone();
            let own = good.at("/verificationMaterial/x509CertificateChain/certificates").as_array_mut().unwrap();
            own.extend(vec![issuer; 16]);
        }),
        ("blob", "chain in version 0.3", "Chain", |good| {
            let certificate = good.at("/verificationMaterial/certificate").clone();
            good.remove("/verificationMaterial/certificate");
            *good.at("/verificationMaterial/x509CertificateChain/certificates") = json!([certificate]);
        }),
        ("blob", "a key instead of a certificate", "ByKey", |good| {
            good.remove("/verificationMaterial/certificate");
            *good.at("/verificationMaterial/publicKey/hint") = "".into();
        }),
        ("blob", "signed after it had expired", "Expired", |good| {
            let late = json("timestamps.json");
            at(&mut good.root, "/timestampAuthorities").as_array_mut().unwrap().push(late["authority"].clone());
            good.at(TIMESTAMPS).as_array_mut().unwrap().push(json!({ "signedTimestamp": late["late"] }));
        }),
        ("blob", "root without authorities", "NoAuthority", |good| good.root["certificateAuthorities"] = json!([])),
        ("blob", "authority of another Sigstore alone", "Issuance", |good| {
            let other = Good::read("rekor2").root;
            good.root["certificateAuthorities"] = other["certificateAuthorities"].clone();
        }),
        ("blob", "authority no more in use", "NoAuthority", |good| {
            for authority in good.root["certificateAuthorities"].as_array_mut().unwrap() {
                authority["validFor"] = json!({ "start": "2020-01-01T00:00:00Z", "end": "2021-01-01T00:00:00Z" });
            }
        }),
        ("blob", "authority not yet in use", "NoAuthority", |good| {
            for authority in good.root["certificateAuthorities"].as_array_mut().unwrap() {
                authority["validFor"] = json!({ "start": "2026-01-01T00:00:00Z" });
            }
        }),
        ("blob", "log of certificates unknown", "CertificateLog", |good| {
            good.root["ctlogs"] = Good::read("rekor2").root["ctlogs"].clone();
        }),
        ("blob", "log of certificates no more in use", "CertificateLog", |good| {
            for log in good.root["ctlogs"].as_array_mut().unwrap() {
                log["publicKey"]["validFor"] =
                    json!({ "start": "2020-01-01T00:00:00Z", "end": "2021-01-01T00:00:00Z" });
            }
        }),
        ("blob", "log of certificates with another key", "CertificateLog", |good| {
            let key = good.root["tlogs"][0]["publicKey"]["rawBytes"].clone();
            for log in good.root["ctlogs"].as_array_mut().unwrap() {
                log["publicKey"]["rawBytes"] = key.clone();
            }
        }),
    ];
    check(forgeries, |good| good.verify().map(drop));
}
