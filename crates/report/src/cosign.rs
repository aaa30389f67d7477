use consign_receipt::predicate::Vulnerabilities;
use serde_json::{Value, json};

/// Returns the predicate of the type `https://cosign.sigstore.dev/attestation/vuln/v1`, which `cosign attest --type vuln` takes, of what was found on
/// one platform (cosign, specs/COSIGN_VULN_ATTESTATION_SPEC.md).
pub fn cosign_predicate(found: &Vulnerabilities) -> Value {
    let Vulnerabilities { scanner, metadata, coverage, lifetime } = found;
    let mut result = json!({ "vulnerabilities": scanner.result, "coverage": coverage });
    if let Some(lifetime) = lifetime {
        result["lifetime"] = json!(lifetime);
    }
    json!({
        "invocation": { "parameters": [], "uri": "", "event_id": "", "builder.id": "" },
        "scanner": { "uri": scanner.uri, "version": scanner.version, "db": scanner.db, "result": result },
        "metadata": metadata,
    })
}
