//! What identity tokens say, and which identity follows from that (Fulcio, `docs/oidc.md` and `docs/oid-info.md`).

use serde_json::{Value, json};

/// The claims of a job of GitHub Actions.
pub fn github() -> Value {
    json!({
        "sub": "repo:octo/app:ref:refs/heads/main",
        "job_workflow_ref": "octo/app/.github/workflows/release.yaml@refs/heads/main",
        "job_workflow_sha": "1111111111111111111111111111111111111111",
        "workflow_ref": "octo/app/.github/workflows/release.yaml@refs/heads/main",
        "workflow_sha": "1111111111111111111111111111111111111111",
        "workflow": "release",
        "repository": "octo/app",
        "repository_id": "4711",
        "repository_owner": "octo",
        "repository_owner_id": "42",
        "repository_visibility": "public",
        "ref": "refs/heads/main",
        "sha": "2222222222222222222222222222222222222222",
        "event_name": "push",
        "runner_environment": "github-hosted",
        "run_id": "1001",
        "run_attempt": "1",
    })
}

/// The claims of a job of GitLab CI.
pub fn gitlab() -> Value {
    json!({
        "sub": "project_path:octo/app:ref_type:branch:ref:main",
        "project_path": "octo/app",
        "project_id": "4711",
        "project_visibility": "public",
        "namespace_path": "octo",
        "namespace_id": "42",
        "ci_config_ref_uri": "gitlab.com/octo/app//.gitlab-ci.yml@refs/heads/main",
        "ci_config_sha": "1111111111111111111111111111111111111111",
        "ref": "main",
        "ref_type": "branch",
        "sha": "2222222222222222222222222222222222222222",
        "pipeline_source": "push",
        "job_id": "1001",
        "runner_environment": "gitlab-hosted",
    })
}

/// The claims of a job of Buildkite.
pub fn buildkite() -> Value {
    json!({
        "sub": "organization:octo:pipeline:app:ref:refs/heads/main:commit:2222:step:release",
        "organization_slug": "octo",
        "pipeline_slug": "app",
        "build_number": 7,
        "build_commit": "2222222222222222222222222222222222222222",
        "job_id": "1001",
        "runner_environment": "self-hosted",
    })
}

/// The claims of a job of CircleCI.
pub fn circleci() -> Value {
    json!({
        "sub": "org/42/project/4711/user/1",
        "oidc.circleci.com/project-id": "4711",
        "oidc.circleci.com/pipeline-definition-id": "1001",
        "oidc.circleci.com/vcs-origin": "github.com/octo/app",
        "oidc.circleci.com/vcs-ref": "refs/heads/main",
    })
}

/// The claims of a person who logged in.
pub fn person(email: &str) -> Value {
    json!({ "sub": "CgYxMjM0NTY", "email": email, "email_verified": true })
}

/// Who somebody is, as certificates say it.
pub(super) struct Identity {
    pub(super) name: Name,
    /// Fulcio's extensions, by the last arc of their identifier.
    pub(super) extensions: Vec<(u32, String)>,
}

pub(super) enum Name {
    Email(String),
    Uri(String),
}

/// Returns whose claims these are.
pub(super) fn identity(claims: &Value) -> Option<Identity> {
    let text = |name: &str| match claims.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    let known = |name: &str| claims.get(name).is_some();
    let (name, extensions) = if known("job_workflow_ref") {
        let at = |path: String| format!("https://github.com/{path}");
        let repository = text("repository");
        let run = format!("{repository}/actions/runs/{}/attempts/{}", text("run_id"), text("run_attempt"));
        let extensions = vec![
            (2, text("event_name")),
            (3, text("sha")),
            (4, text("workflow")),
            (5, repository.clone()),
            (6, text("ref")),
            (9, at(text("job_workflow_ref"))),
            (10, text("job_workflow_sha")),
            (11, text("runner_environment")),
            (12, at(repository)),
            (13, text("sha")),
            (14, text("ref")),
            (15, text("repository_id")),
            (16, at(text("repository_owner"))),
            (17, text("repository_owner_id")),
            (18, at(text("workflow_ref"))),
            (19, text("workflow_sha")),
            (20, text("event_name")),
            (21, at(run)),
            (22, text("repository_visibility")),
            (23, text("environment")),
        ];
        (Name::Uri(at(text("job_workflow_ref"))), extensions)
    } else if known("ci_config_ref_uri") {
        let at = |path: String| format!("https://gitlab.com/{path}");
        let signer = format!("https://{}", text("ci_config_ref_uri"));
        let kind = if text("ref_type") == "tag" { "tags" } else { "heads" };
        let extensions = vec![
            (9, signer.clone()),
            (10, text("ci_config_sha")),
            (11, text("runner_environment")),
            (12, at(text("project_path"))),
            (13, text("sha")),
            (14, format!("refs/{kind}/{}", text("ref"))),
            (15, text("project_id")),
            (16, at(text("namespace_path"))),
            (17, text("namespace_id")),
            (18, signer.clone()),
            (19, text("ci_config_sha")),
            (20, text("pipeline_source")),
            (21, at(format!("{}/-/jobs/{}", text("project_path"), text("job_id")))),
            (22, text("project_visibility")),
        ];
        (Name::Uri(signer), extensions)
    } else if known("pipeline_slug") {
        let pipeline = format!("https://buildkite.com/{}/{}", text("organization_slug"), text("pipeline_slug"));
        let run = format!("{pipeline}/builds/{}#{}", text("build_number"), text("job_id"));
        let extensions = vec![(11, text("runner_environment")), (13, text("build_commit")), (21, run)];
        (Name::Uri(pipeline), extensions)
    } else if known("oidc.circleci.com/project-id") {
        let definition = text("oidc.circleci.com/pipeline-definition-id");
        let signer = format!(
            "https://circleci.com/api/v2/projects/{}/pipeline-definitions/{definition}",
            text("oidc.circleci.com/project-id")
        );
        let extensions = vec![
            (9, signer.clone()),
            (12, format!("https://{}", text("oidc.circleci.com/vcs-origin"))),
            (14, text("oidc.circleci.com/vcs-ref")),
        ];
        (Name::Uri(signer), extensions)
    } else if known("email") {
        (Name::Email(text("email")), Vec::new())
    } else {
        return None;
    };
    let extensions = extensions.into_iter().filter(|(_, value)| !value.is_empty()).collect();
    Some(Identity { name, extensions })
}
