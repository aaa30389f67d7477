//! Identities whose receipts count for some requirements alone.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use consign_oci::{Digest, Exact};
use consign_receipt::{Identity, Policy, Receipt, Statement, Testimony, Trust, predicate};

const VERSIONED: &str = "https://openvex.dev/ns/v0.2.0";
const TYPES: [&str; 7] = [
    predicate::PROVENANCE,
    predicate::SBOM,
    predicate::TEST_RESULT,
    predicate::VULNERABILITIES,
    predicate::VEX,
    VERSIONED,
    "https://openvex.dev/nsx",
];

fn key(name: &str) -> Identity {
    Identity::Key(Digest::of(name.as_bytes()))
}

/// The types of receipts by this key that count.
fn believed(policy: &Policy, signer: &str) -> Vec<&'static str> {
    let receipt = |predicate_type: &str| Receipt {
        statement: Exact::write(Statement::new(&Digest::of(b"image"), predicate_type, serde_json::Value::Null))
            .unwrap(),
        trust: Trust::Signed(key(signer)),
    };
    TYPES.into_iter().filter(|predicate_type| policy.believes(&receipt(predicate_type))).collect()
}

#[test]
fn a_key_counts_for_what_it_is_named_for() {
    let policy = Policy::default()
        .naming(&key("builder"), [Testimony::Provenance])
        .naming(&key("tester"), [Testimony::Trials])
        .naming(&key("both"), [Testimony::Provenance, Testimony::Trials])
        .naming(&key("security"), [Testimony::Vex])
        .trusting(key("own"));
    for (signer, expected) in [
        ("builder", &[predicate::PROVENANCE][..]),
        ("tester", &[predicate::TEST_RESULT]),
        ("both", &[predicate::PROVENANCE, predicate::TEST_RESULT]),
        ("security", &[predicate::VEX, VERSIONED]),
        ("own", &TYPES),
        ("stranger", &[]),
    ] {
        assert_eq!(believed(&policy, signer), expected, "{signer}");
    }
    assert_eq!(believed(&Policy::default().naming(&key("x"), []), "x"), [""; 0]);
}

#[test]
fn who_is_believed_is_not_what_is_asked_for() {
    let policy = Policy::default().naming(&key("builder"), [Testimony::Provenance]);
    assert_eq!(policy.digest(), Policy::default().digest());
    let text = serde_json::to_string(&policy).unwrap();
    assert_eq!(serde_json::from_str::<Policy>(&text).unwrap(), policy);
}
