//! What a bundle must have, and may have only one of.

use crate::{Forgery, check};
use serde_json::json;

#[test]
fn forms() {
    let forgeries: &[Forgery] = &[
        ("blob", "unknown version", "Bundle", |good| {
            *good.at("/mediaType") = "application/vnd.dev.sigstore.bundle.v0.4+json".into()
        }),
        ("blob", "no version", "Bundle", |good| good.remove("/mediaType")),
        ("blob", "nothing signed", "OneOf", |good| good.remove("/messageSignature")),
        ("blob", "a file and a statement", "OneOf", |good| good.take("/dsseEnvelope", "attestation")),
        ("attestation", "two signatures", "Bundle", |good| {
            let signature = good.at("/dsseEnvelope/signatures/0").clone();
            good.at("/dsseEnvelope/signatures").as_array_mut().unwrap().push(signature);
        }),
        ("attestation", "no signature", "Bundle", |good| *good.at("/dsseEnvelope/signatures") = json!([])),
        ("blob", "no material", "Bundle", |good| good.remove("/verificationMaterial")),
        ("blob", "no certificate", "OneOf", |good| good.remove("/verificationMaterial/certificate")),
        ("blob", "a certificate and a key", "OneOf", |good| {
            *good.at("/verificationMaterial/publicKey/hint") = "".into()
        }),
        ("blob", "a certificate and a chain", "OneOf", |good| {
            good.take("/verificationMaterial/x509CertificateChain", "version-0.1")
        }),
    ];
    check(forgeries, |good| good.verify().map(drop));
}
