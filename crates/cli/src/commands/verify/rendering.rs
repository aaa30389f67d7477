//! What `verify` prints.

use crate::arguments::Verify;
use consign_oci::Digest;
use consign_receipt::{Gist, Receipt, Statement, predicate};
use consign_report::{printable, table};
use consign_trust::SignedBy;
use consign_verify::{Embedded, Signature, Verified};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What is signed about one manifest.
struct Claims<'a> {
    of: String,
    digest: &'a Digest,
    receipts: &'a [Receipt],
    signatures: &'a [Signature],
    embedded: &'a [Embedded],
}

pub(super) fn text(arguments: &Verify, verified: &Verified) -> String {
    let claims = claims(verified);
    let row = |claims: &Claims<'_>| vec![claims.of.clone(), claims.types().join(", "), claims.digest.to_string()];
    let rows: Vec<Vec<String>> = claims.iter().map(row).collect();
    let mut text = format!("{}\n", table(&["manifest", "signed", "digest"], &rows));
    for claims in &claims {
        let facts = [claims.facts(), claims.embedded_facts()].concat();
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
            "embedded": claims.embedded.iter().map(embedded).collect::<Vec<_>>(),
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
        embedded: &[],
    };
    let platforms = verified.platforms.iter().filter(|_| verified.is_index).map(|platform| Claims {
        of: platform.platform.to_string(),
        digest: &platform.digest,
        receipts: &platform.receipts,
        signatures: &platform.signatures,
        embedded: &platform.embedded,
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

    /// Returns what the signed statements say, in short. What it is made of goes first, whatever came first.
    fn gists(&self) -> Vec<Gist> {
        let mut statements: Vec<&Statement> = self.receipts.iter().map(|receipt| &*receipt.statement).collect();
        statements.sort_by_key(|statement| (!predicate::is_sbom(&statement.predicate_type), &statement.predicate_type));
        let mut gists = Vec::new();
        for gist in statements.into_iter().filter_map(|it| Gist::of(&it.predicate_type, &it.predicate)) {
            // What has not changed over several releases has the same of each.
            if !gists.contains(&gist) {
                gists.push(gist);
            }
        }
        gists
    }

    fn facts(&self) -> Vec<String> {
        self.gists().iter().flat_map(Gist::facts).collect()
    }

    /// Returns what the index says of it, where no signed statement does.
    fn embedded_facts(&self) -> Vec<String> {
        let signed = self.gists();
        let embedded = self.embedded.iter().filter_map(|embedded| embedded.gist.as_ref());
        let others = embedded.filter(|gist| signed.iter().all(|signed| !signed.is_like(gist)));
        others.flat_map(Gist::facts).map(|fact| format!("{fact} (in the index)")).collect()
    }
}

/// Returns the statements of the types that were asked for, one on each line, those of the index before those of the platforms.
pub(super) fn statements(arguments: &Verify, verified: &Verified) -> Result<String, serde_json::Error> {
    let claims = claims(verified);
    let statements = claims.iter().flat_map(|claims| claims.receipts).map(|receipt| &*receipt.statement);
    let is_wanted = |statement: &&Statement| {
        let mut types = arguments.predicate_types.iter();
        types.any(|wanted| predicate::is_of_type(&statement.predicate_type, wanted))
    };
    let lines = statements.filter(is_wanted).map(|statement| Ok(serde_json::to_string(statement)? + "\n"));
    lines.collect()
}

fn embedded(embedded: &Embedded) -> Value {
    let facts = embedded.gist.as_ref().map(Gist::facts).unwrap_or_default();
    json!({ "predicateType": embedded.predicate_type, "digest": embedded.digest, "facts": facts })
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
