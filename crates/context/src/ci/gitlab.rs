//! GitLab CI (GitLab Docs, "Predefined CI/CD variables reference").

use super::{Ci, Environment, Provider, RefKind, is_set, value};

pub(super) fn detect(environment: &Environment) -> Ci {
    let named = |kind, name| value(environment, name).map(|name| (kind, name.to_owned()));
    let reference = named(RefKind::PullRequest, "CI_MERGE_REQUEST_IID")
        .or_else(|| named(RefKind::PullRequest, "CI_EXTERNAL_PULL_REQUEST_IID"))
        .or_else(|| named(RefKind::Tag, "CI_COMMIT_TAG"))
        .or_else(|| named(RefKind::Branch, "CI_COMMIT_BRANCH"));
    let (ref_kind, ref_name) = reference.unzip();
    let run_url = value(environment, "CI_JOB_URL").or_else(|| value(environment, "CI_PIPELINE_URL"));
    Ci {
        provider: Some(Provider::GitLab),
        ref_kind,
        ref_name,
        commit: value(environment, "CI_COMMIT_SHA").map(str::to_owned),
        repository_url: value(environment, "CI_PROJECT_URL").map(str::to_owned),
        run_url: run_url.map(str::to_owned),
        identity_token: is_set(environment, "SIGSTORE_ID_TOKEN"),
    }
}
