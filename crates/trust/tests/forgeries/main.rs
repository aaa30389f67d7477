//! Bundles that were good until somebody changed something, each with the error that it must end in.
#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout, reason = "a test fails by panicking")]

mod certificates;
#[path = "../common/mod.rs"]
mod common;
mod forms;
mod keys;
mod logs;
mod signed;
mod signers;
mod timestamps;

use common::Good;
use consign_trust::{Matcher, TrustError};

const ENTRY: &str = "/verificationMaterial/tlogEntries/0";
const PROOF: &str = "/verificationMaterial/tlogEntries/0/inclusionProof";
const PROMISE: &str = "/verificationMaterial/tlogEntries/0/inclusionPromise/signedEntryTimestamp";
const BODY: &str = "/verificationMaterial/tlogEntries/0/canonicalizedBody";
const TIMESTAMPS: &str = "/verificationMaterial/timestampVerificationData/rfc3161Timestamps";
const TIMESTAMP: &str = "/verificationMaterial/timestampVerificationData/rfc3161Timestamps/0/signedTimestamp";
const CERTIFICATE: &str = "/verificationMaterial/certificate/rawBytes";
const SIGNATURE: &str = "/messageSignature/signature";
const DIGEST: &str = "/messageSignature/messageDigest/digest";
const ENVELOPE_SIGNATURE: &str = "/dsseEnvelope/signatures/0/sig";
const PAYLOAD: &str = "/dsseEnvelope/payload";

/// Which bundle, what is done to it, the error, and how.
type Forgery = (&'static str, &'static str, &'static str, fn(&mut Good));

fn name(error: &TrustError) -> String {
    let debug = format!("{error:?}");
    debug.split([' ', '{']).next().unwrap_or_default().to_owned()
}

fn check(forgeries: &[Forgery], verify: impl Fn(&Good) -> Result<(), TrustError>) {
    let mut wrong = Vec::new();
    for (base, what, expected, forge) in forgeries {
        let mut good = Good::read(base);
        verify(&good).unwrap_or_else(|error| panic!("{base}: {error:?}"));
        forge(&mut good);
        let found = match verify(&good) {
            Ok(()) => "nothing".to_owned(),
            Err(error) => {
                assert!(!error.to_string().contains('\n'), "{error}");
                name(&error)
            }
        };
        if found != *expected {
            wrong.push(format!("{base}, {what}: expected {expected}, found {found}: {:?}", verify(&good).err()));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), forgeries.len(), wrong.join("\n"));
}

fn exact(text: &str) -> Matcher {
    Matcher::exact(text).unwrap()
}

fn pattern(text: &str) -> Matcher {
    Matcher::pattern(text).unwrap()
}

/// Replaces bytes by as many others, wherever they stand.
fn replace(bytes: &mut [u8], from: &[u8], to: &[u8]) {
    let mut found = false;
    for at in 0..bytes.len().saturating_sub(from.len()) {
        if bytes[at..].starts_with(from) {
            bytes[at..at + to.len()].copy_from_slice(to);
            found = true;
        }
    }
    assert!(found);
}
