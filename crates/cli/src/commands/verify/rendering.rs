//! What `verify` prints.

use crate::arguments::Verify;
use consign_oci::Digest;
use consign_receipt::predicate::{self, Provenance};
use consign_receipt::{Receipt, Statement};
use consign_report::{printable, table};
use consign_trust::SignedBy;
use consign_verify::{Signature, Verified};
use serde::Deserialize as _;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What is signed about one manifest.
struct Claims<'a> {
    of: String,
    digest: &'a Digest,
    receipts: &'a [Receipt],
    signatures: &'a [Signature],
}

/// Most bases that are shown of one image.
const BASES: usize = 8;

pub(super) fn text(arguments: &Verify, verified: &Verified) -> String {
    let claims = claims(verified);
    let row = |claims: &Claims<'_>| vec![claims.of.clone(), claims.types().join(", "), claims.digest.to_string()];
    let rows: Vec<Vec<String>> = claims.iter().map(row).collect();
    let mut text = format!("{}\n", table(&["manifest", "signed", "digest"], &rows));
    for claims in &claims {
        let facts = claims.facts();
        if !facts.is_empty() {
            text.push_str(&format!("{}: {}\n", claims.of, printable(&facts.join("; "))));
        }
    }
    let signers: BTreeSet<String> = verified.signatures.iter().map(|signature| signer(&signature.by)).collect();
    for signer in signers {
        text.push_str(&format!("signed by {}\n", printable(&signer)));
    }
    let released = verified.release_record.as_ref();
    let released = released.map(|record| format!("  {} {}", printable(&record.image), printable(&record.version)));
    let content = if arguments.proof.content { "; every layer was hashed" } else { "" };
    let (reference, checks) = (&arguments.reference, verified.checks.len());
    text.push_str(&format!("verified  {reference}{}, {checks} checks{content}\n", released.unwrap_or_default()));
    text
}

pub(super) fn as_json(arguments: &Verify, verified: &Verified) -> Value {
    let manifests = claims(verified).into_iter().map(|claims| {
        json!({
            "of": claims.of,
            "digest": claims.digest,
            "signed": claims.types(),
            "signatures": claims.signatures.iter().map(signature).collect::<Vec<_>>(),
            "facts": claims.facts(),
        })
    });
    json!({
        "reference": arguments.reference.to_string(),
        "verified": true,
        "index": verified.index,
        "manifests": manifests.collect::<Vec<_>>(),
        "releaseRecord": verified.release_record,
        "content": arguments.proof.content,
        "notes": verified.notes.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

fn claims(verified: &Verified) -> Vec<Claims<'_>> {
    let root = Claims {
        of: if verified.is_index { "index" } else { "image" }.to_owned(),
        digest: &verified.index,
        receipts: &verified.receipts,
        signatures: &verified.signatures,
    };
    let platforms = verified.platforms.iter().filter(|_| verified.is_index).map(|platform| Claims {
        of: platform.platform.to_string(),
        digest: &platform.digest,
        receipts: &platform.receipts,
        signatures: &platform.signatures,
    });
    [root].into_iter().chain(platforms).collect()
}

impl Claims<'_> {
    /// Returns what kinds of statements there are.
    fn types(&self) -> Vec<String> {
        let types: BTreeSet<&str> =
            self.receipts.iter().map(|receipt| predicate::label(&receipt.statement.predicate_type)).collect();
        types.into_iter().map(str::to_owned).collect()
    }

    /// Returns what the statements say, in short.
    fn facts(&self) -> Vec<String> {
        let mut statements: Vec<&Statement> = self.receipts.iter().map(|receipt| &*receipt.statement).collect();
        // What it is made of goes first, whatever came first.
        statements.sort_by_key(|statement| (!predicate::is_sbom(&statement.predicate_type), &statement.predicate_type));
        statements.into_iter().flat_map(facts).collect()
    }
}

fn facts(statement: &Statement) -> Vec<String> {
    let claim = &statement.predicate;
    let counted = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    if predicate::is_of_type(&statement.predicate_type, predicate::SBOM) {
        let count = claim["packages"].as_array().map_or(0, Vec::len);
        return vec![format!("{}, {}", claim["spdxVersion"].as_str().unwrap_or("SPDX"), counted(count, "package"))];
    }
    if predicate::is_sbom(&statement.predicate_type) {
        let count = claim["components"].as_array().map_or(0, Vec::len);
        return vec![format!(
            "CycloneDX {}, {}",
            claim["specVersion"].as_str().unwrap_or_default(),
            counted(count, "component")
        )];
    }
    if statement.predicate_type == predicate::PROVENANCE {
        return provenance(claim);
    }
    Vec::new()
}

fn provenance(claim: &Value) -> Vec<String> {
    let Ok(provenance) = Provenance::deserialize(claim) else { return Vec::new() };
    let mut built = format!("built by {}", provenance.run_details.builder.id);
    let metadata = &claim["runDetails"]["metadata"];
    for (word, key) in [("from", "startedOn"), ("to", "finishedOn")] {
        if let Some(time) = metadata[key].as_str() {
            built.push_str(&format!(" {word} {time}"));
        }
    }
    let dependencies = claim["buildDefinition"]["resolvedDependencies"].as_array();
    let bases = dependencies.into_iter().flatten().filter_map(|dependency| dependency["uri"].as_str());
    let bases: Vec<&str> = bases.filter(|uri| uri.starts_with("pkg:docker/") || uri.starts_with("pkg:oci/")).collect();
    let shown = bases.iter().take(BASES).copied().collect::<Vec<_>>().join(", ");
    if bases.is_empty() { vec![built] } else { vec![built, format!("on {shown}")] }
}

/// Says who signed, for people.
fn signer(by: &SignedBy) -> String {
    match by {
        SignedBy::Key(fingerprint) => format!("key {fingerprint}"),
        SignedBy::Certificate(certified) => format!("{}, for whom {} vouches", certified.subject, certified.issuer),
    }
}

/// The same for programs.
fn signature(signature: &Signature) -> Value {
    match &signature.by {
        SignedBy::Key(fingerprint) => json!({ "form": signature.form.word(), "key": fingerprint }),
        SignedBy::Certificate(certified) => {
            let claims: serde_json::Map<String, Value> = certified
                .claims
                .iter()
                .map(|(claim, value)| (claim.name().to_owned(), Value::from(value.as_str())))
                .collect();
            json!({
                "form": signature.form.word(),
                "issuer": certified.issuer,
                "subject": certified.subject,
                "claims": claims,
                "certificate": certified.certificate,
                "logged": certified.evidence.logged,
                "times": certified.evidence.times.iter().map(ToString::to_string).collect::<Vec<_>>(),
            })
        }
    }
}
