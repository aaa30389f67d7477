//! Whether what was built elsewhere was built for this release: a signature does not say so, since last week's build has one, too.

use crate::provenance::{BUILD_TYPE, IMAGE, MODIFIED_SINCE, SOURCE, VERSION};
use crate::{ImportProblem, Job};
use consign_oci::Platform;
use consign_receipt::Statement;
use consign_receipt::predicate::{self, Provenance};
use serde::Deserialize;
use serde_json::Value;

/// Compares what a provenance of consign's says with what is released. That of other builders says it in words of its own, which are not read.
pub(crate) fn check(job: &Job, platform: &Platform, statement: &Statement) -> Result<(), ImportProblem> {
    if statement.predicate_type != predicate::PROVENANCE {
        return Ok(());
    }
    // One that cannot be read is the gate's to refuse.
    let Ok(claim) = Provenance::deserialize(&statement.predicate) else { return Ok(()) };
    let definition = &claim.build_definition;
    if definition.build_type != BUILD_TYPE {
        return Ok(());
    }
    let parameter = |key: &str| definition.external_parameters.get(key).and_then(Value::as_str).map(str::to_owned);
    let commit = definition
        .resolved_dependencies
        .iter()
        .filter(|input| input.name.as_deref() == Some(SOURCE))
        .find_map(|input| input.digest.get("gitCommit").cloned());
    let modified = definition.internal_parameters.get(MODIFIED_SINCE).and_then(Value::as_str);
    let commit = match (commit, modified) {
        (Some(commit), _) => Some(commit),
        // Where this release is of modified files, too, its version says so.
        (None, Some(revision)) if job.dirty => Some(revision.to_owned()),
        (None, Some(revision)) => Some(format!("files that differ from {}", clip(revision))),
        (None, None) => None,
    };
    for (what, found, expected) in [
        ("image", parameter(IMAGE), Some(&job.planned.name)),
        ("image file", parameter(SOURCE), Some(&job.planned.source)),
        ("commit", commit, job.source.revision.as_ref()),
        ("version", parameter(VERSION), Some(&job.source.version)),
    ] {
        if let (Some(found), Some(expected)) = (found, expected)
            && found != *expected
        {
            let (platform, found, expected) = (platform.clone(), clip(&found), expected.clone());
            return Err(ImportProblem::OtherPlan { platform, what, found, expected });
        }
    }
    Ok(())
}

fn clip(text: &str) -> String {
    text.chars().take(100).flat_map(char::escape_debug).collect()
}
