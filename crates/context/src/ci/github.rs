//! GitHub Actions (GitHub Docs, "Variables reference", "Default environment variables").

use super::{Ci, Environment, Provider, RefKind, is_set, value};

pub(super) fn detect(environment: &Environment) -> Ci {
    let (ref_kind, ref_name) = reference(environment);
    let repository_url = match (value(environment, "GITHUB_SERVER_URL"), value(environment, "GITHUB_REPOSITORY")) {
        (Some(server), Some(repository)) => Some(format!("{server}/{repository}")),
        _ => None,
    };
    let run = value(environment, "GITHUB_RUN_ID");
    let run_url = repository_url.as_ref().zip(run).map(|(url, run)| match value(environment, "GITHUB_RUN_ATTEMPT") {
        Some(attempt) => format!("{url}/actions/runs/{run}/attempts/{attempt}"),
        None => format!("{url}/actions/runs/{run}"),
    });
    Ci {
        provider: Some(Provider::GitHub),
        ref_kind,
        ref_name: ref_name.map(str::to_owned),
        commit: value(environment, "GITHUB_SHA").map(str::to_owned),
        repository_url,
        run_url,
        identity_token: is_set(environment, "ACTIONS_ID_TOKEN_REQUEST_URL")
            && is_set(environment, "ACTIONS_ID_TOKEN_REQUEST_TOKEN"),
    }
}

fn reference(environment: &Environment) -> (Option<RefKind>, Option<&str>) {
    // This event runs with the reference of the default branch, though it is about a pull request.
    if value(environment, "GITHUB_EVENT_NAME") == Some("pull_request_target") {
        return (Some(RefKind::PullRequest), None);
    }
    let Some(reference) = value(environment, "GITHUB_REF") else { return (None, None) };
    if let Some(branch) = reference.strip_prefix("refs/heads/") {
        (Some(RefKind::Branch), Some(branch))
    } else if let Some(tag) = reference.strip_prefix("refs/tags/") {
        (Some(RefKind::Tag), Some(tag))
    } else if let Some(number) = reference.strip_prefix("refs/pull/") {
        (Some(RefKind::PullRequest), number.split('/').next())
    } else {
        (None, None)
    }
}
