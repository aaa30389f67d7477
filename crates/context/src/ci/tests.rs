use super::*;

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

fn environment(variables: &[(&str, &str)]) -> Environment {
    variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn detected(variables: &[(&str, &str)]) -> Ci {
    Ci::detect(&environment(variables))
}

#[test]
fn outside_of_ci() {
    assert_eq!(detected(&[("GITHUB_REF", "refs/heads/main"), ("CI", "true")]), Ci::default());
}

#[test]
fn references() {
    use RefKind::{Branch, PullRequest, Tag};
    let github = ("GITHUB_ACTIONS", "true");
    let gitlab = ("GITLAB_CI", "true");
    for (variables, kind, name) in [
        (vec![github, ("GITHUB_REF", "refs/heads/feature/x")], Some(Branch), Some("feature/x")),
        (vec![github, ("GITHUB_REF", "refs/tags/v1.2.3")], Some(Tag), Some("v1.2.3")),
        (vec![github, ("GITHUB_REF", "refs/pull/17/merge")], Some(PullRequest), Some("17")),
        (
            vec![github, ("GITHUB_REF", "refs/heads/main"), ("GITHUB_EVENT_NAME", "pull_request_target")],
            Some(PullRequest),
            None,
        ),
        (vec![github, ("GITHUB_REF", "refs/heads/a\nb")], None, None),
        (vec![github], None, None),
        (vec![gitlab, ("CI_COMMIT_BRANCH", "main")], Some(Branch), Some("main")),
        (vec![gitlab, ("CI_COMMIT_TAG", "1.0.0")], Some(Tag), Some("1.0.0")),
        (vec![gitlab, ("CI_MERGE_REQUEST_IID", "5"), ("CI_COMMIT_BRANCH", "main")], Some(PullRequest), Some("5")),
    ] {
        let ci = detected(&variables);
        assert_eq!((ci.ref_kind, ci.ref_name.as_deref()), (kind, name), "{variables:?}");
    }
}

#[test]
fn pages() {
    let mut variables = vec![
        ("GITHUB_ACTIONS", "true"),
        ("GITHUB_SERVER_URL", "https://github.com"),
        ("GITHUB_REPOSITORY", "team/app"),
        ("GITHUB_RUN_ID", "42"),
    ];
    assert_eq!(detected(&variables).run_url.as_deref(), Some("https://github.com/team/app/actions/runs/42"));
    variables.push(("GITHUB_RUN_ATTEMPT", "2"));
    assert_eq!(detected(&variables).run_url.as_deref(), Some("https://github.com/team/app/actions/runs/42/attempts/2"));
    assert_eq!(detected(&variables).repository_url.as_deref(), Some("https://github.com/team/app"));
    let ci = detected(&[("GITLAB_CI", "true"), ("CI_JOB_URL", "https://gitlab.com/team/app/-/jobs/1")]);
    assert_eq!(ci.run_url.as_deref(), Some("https://gitlab.com/team/app/-/jobs/1"));
    assert_eq!(ci.provider, Some(Provider::GitLab));
}

#[test]
fn identity_tokens_are_noticed_and_not_kept() {
    let mut variables =
        vec![("GITHUB_ACTIONS", "true"), ("ACTIONS_ID_TOKEN_REQUEST_URL", "https://token.example/hunter2")];
    assert!(!detected(&variables).identity_token);
    variables.push(("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "hunter2"));
    let ci = detected(&variables);
    assert!(ci.identity_token);
    assert!(!format!("{ci:?}").contains("hunter2"));
    assert!(detected(&[("GITLAB_CI", "true"), ("SIGSTORE_ID_TOKEN", "hunter2")]).identity_token);
}

#[test]
fn a_branch_counts_for_the_commit_of_the_run() {
    let mut variables = vec![("GITHUB_ACTIONS", "true"), ("GITHUB_REF", "refs/heads/main"), ("GITHUB_SHA", COMMIT)];
    assert_eq!(detected(&variables).branch_at(COMMIT), Some("main"));
    assert_eq!(detected(&variables).branch_at("89abcdef0123456789abcdef0123456789abcdef"), None);
    variables[1].1 = "refs/tags/1.0.0";
    assert_eq!(detected(&variables).branch_at(COMMIT), None);
}
