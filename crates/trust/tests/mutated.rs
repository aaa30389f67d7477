//! Damaged bundles, roots and annotations: reading them ends, without a panic, and no damage to what is signed or to whom it is by goes unnoticed.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{Good, NAMES, file};
use consign_testkit::mutate::survives;
use consign_trust::{Bundle, Certified, Conditions, Keyless, TrustedRoot, read_bundle, signature_bundle};

fn keyless(name: &str) -> (Good, Keyless) {
    let good = Good::read(name);
    let root = TrustedRoot::read(good.root.to_string().as_bytes()).unwrap();
    let conditions = Conditions::new(good.issuer.clone(), good.subject.clone());
    let rules = good.rules;
    (good, Keyless { root, conditions, rules })
}

#[test]
fn bundles() {
    for name in NAMES {
        let (good, keyless) = keyless(name);
        let verify = |bundle: &Bundle| keyless.verify(bundle, good.artifact());
        let seed = file(&format!("{name}.json"));
        let expected = verify(&read_bundle(&seed).unwrap()).unwrap();
        survives(&[seed], 1500, |bytes| {
            if let Ok(certified) = read_bundle(bytes).and_then(|bundle| verify(&bundle)) {
                assert_eq!(unquestioned(certified), unquestioned(expected.clone()));
            }
        });
    }
}

/// Takes out what may be there or not: of several that show when something was signed, one is enough.
fn unquestioned(mut certified: Certified) -> Certified {
    certified.evidence.times.clear();
    certified
}

#[test]
fn roots() {
    let seeds: Vec<Vec<u8>> =
        ["blob", "other-name"].map(|name| Good::read(name).root.to_string().into_bytes()).to_vec();
    let (good, _) = keyless("blob");
    let bundle = read_bundle(&file("blob.json")).unwrap();
    survives(&seeds, 150, |bytes| {
        if let Ok(root) = TrustedRoot::read(bytes) {
            let conditions = Conditions::new(good.issuer.clone(), good.subject.clone());
            drop(Keyless { root, conditions, rules: good.rules }.verify(&bundle, good.artifact()));
        }
    });
}

#[test]
fn annotations() {
    let names = ["signature", "certificate", "chain", "bundle", "rfc3161timestamp"];
    let seed = file("blob.json");
    survives(&[seed], 1000, |bytes| {
        let parts = bytes.chunks(bytes.len() / names.len() + 1).map(|part| String::from_utf8_lossy(part).into_owned());
        let annotations = names.iter().zip(parts).map(|(name, part)| match *name {
            "signature" => (format!("dev.cosignproject.cosign/{name}"), part),
            _ => (format!("dev.sigstore.cosign/{name}"), part),
        });
        drop(signature_bundle(&annotations.collect()));
    });
}
