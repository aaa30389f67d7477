//! What GitHub Actions says of the run that released an image, in its own form of provenance.

use crate::ReleaseError;
use consign_keyless::{Certificate, IdentityToken};
use consign_oci::Digest;
use consign_receipt::{Statement, predicate};
use serde_json::{Value, json};

/// Says what the parameters mean (GitHub, "Workflow build type", version 1).
const BUILD_TYPE: &str = "https://actions.github.io/buildtypes/workflow/v1";

/// What a token of a job of GitHub Actions says.
const CLAIMS: [&str; 8] =
    ["repository", "workflow_ref", "job_workflow_ref", "ref", "sha", "event_name", "run_id", "run_attempt"];

/// Returns whether a token is of a job of GitHub Actions.
pub(crate) fn is_of_github(token: &IdentityToken) -> bool {
    CLAIMS.iter().all(|name| token.claim(name).is_some())
}

/// Returns the provenance of an index as GitHub's own attestations have it.
///
/// All of it is what the token says, and the certificate must say the same: whoever gave that has checked the token.
pub(crate) fn workflow_provenance(
    index: &Digest,
    token: &IdentityToken,
    certificate: &Certificate,
) -> Result<Statement, ReleaseError> {
    let claims = CLAIMS.map(|name| token.claim(name).unwrap_or_default());
    let [repository, workflow, signer, reference, commit, event, run, attempt] = claims;
    let facts = &certificate.facts().ci_claims;
    let source = facts.source_repository_uri.as_deref().unwrap_or_default();
    // Which GitHub it is, only the certificate says.
    let server = source.strip_suffix(repository).and_then(|server| server.strip_suffix('/'));
    let server = server.ok_or_else(|| differs("repository", repository, Some(source)))?;
    let builder = format!("{server}/{signer}");
    let invocation = format!("{source}/actions/runs/{run}/attempts/{attempt}");
    let told = [
        ("job_workflow_ref", builder.as_str(), &facts.build_signer_uri),
        ("ref", reference, &facts.source_repository_ref),
        ("sha", commit, &facts.source_repository_digest),
        ("event_name", event, &facts.build_trigger),
        ("run_id", &invocation, &facts.run_invocation_uri),
    ];
    if let Some((claim, said, found)) = told.into_iter().find(|(_, said, found)| found.as_deref() != Some(said)) {
        return Err(differs(claim, said, found.as_deref()));
    }
    let name = format!("{repository}/");
    let (path, workflow_reference) =
        workflow.strip_prefix(&name).unwrap_or(workflow).split_once('@').unwrap_or_default();
    let claim = |name: &str| token.claim(name).map_or(Value::Null, Value::from);
    let predicate = json!({
        "buildDefinition": {
            "buildType": BUILD_TYPE,
            "externalParameters": {
                "workflow": { "ref": workflow_reference, "repository": source, "path": path },
            },
            "internalParameters": {
                "github": {
                    "event_name": event,
                    "repository_id": claim("repository_id"),
                    "repository_owner_id": claim("repository_owner_id"),
                    "runner_environment": claim("runner_environment"),
                },
            },
            "resolvedDependencies": [{ "uri": format!("git+{source}@{reference}"), "digest": { "gitCommit": commit } }],
        },
        "runDetails": { "builder": { "id": builder }, "metadata": { "invocationId": invocation } },
    });
    Ok(Statement::new(index, predicate::PROVENANCE, predicate))
}

/// Returns whether a statement is such provenance.
pub(crate) fn is_of_workflow(statement: &Statement) -> bool {
    let is_of_type = || statement.predicate.pointer("/buildDefinition/buildType").is_some_and(|it| it == BUILD_TYPE);
    statement.predicate_type == predicate::PROVENANCE && is_of_type()
}

fn differs(claim: &'static str, token: &str, certificate: Option<&str>) -> ReleaseError {
    let certificate = certificate.unwrap_or("nothing").chars().take(500).collect();
    ReleaseError::Provenance { claim, token: token.chars().take(500).collect(), certificate }
}
