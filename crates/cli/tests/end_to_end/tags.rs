//! Tags that follow from git.

use crate::common::TestEnvironment;

/// Returns version and tags of the plan, and the tags that it leaves.
fn planned(environment: &TestEnvironment) -> (String, Vec<String>, Vec<String>) {
    let plan = environment.consign(&["plan", "--output", "json"]).expect(0).json();
    let image = &plan["images"][0];
    let tags = |list: &serde_json::Value| {
        let tags = list.as_array().unwrap().iter().map(|one| one["tag"].as_str().unwrap().to_owned());
        tags.collect::<Vec<_>>()
    };
    (
        image["version"].as_str().unwrap().to_owned(),
        tags(&image["destinations"][0]["tags"]),
        tags(&image["skippedTags"]),
    )
}

#[test]
fn follow_from_git() {
    let environment = TestEnvironment::with_image();
    let (version, tags, skipped) = planned(&environment);
    assert_eq!(
        (version.as_str(), tags, skipped),
        ("1.2.3", vec!["1.2.3".into(), "1.2".into(), "1".into(), "latest".into()], vec![])
    );

    // A later release elsewhere takes `latest` and `1`; what is left is its own line.
    environment.commit("Next.");
    environment.git(&["tag", "v1.3.0"]);
    environment.git(&["checkout", "--quiet", "-b", "1.2.x", "v1.2.3"]);
    environment.commit("Backport.");
    environment.git(&["tag", "v1.2.4"]);
    let (version, tags, skipped) = planned(&environment);
    assert_eq!((version.as_str(), tags), ("1.2.4", vec!["1.2.4".to_owned(), "1.2".to_owned()]));
    assert_eq!(skipped, ["1", "latest"]);

    // A prerelease moves nothing.
    environment.git(&["checkout", "--quiet", "main"]);
    environment.commit("Soon.");
    environment.git(&["tag", "v2.0.0-rc.1"]);
    let (version, tags, _) = planned(&environment);
    assert_eq!((version.as_str(), tags), ("2.0.0-rc.1", vec!["2.0.0-rc.1".to_owned()]));
}

#[test]
fn of_a_branch_a_commit_and_of_changes() {
    let environment = TestEnvironment::with_image();
    environment.git(&["checkout", "--quiet", "-b", "feature/look"]);
    environment.commit("A look.");
    let commit = environment.git(&["rev-parse", "--short=7", "HEAD"]);
    let (version, tags, _) = planned(&environment);
    assert_eq!((version, tags), (commit.clone(), vec![commit.clone(), "feature-look".to_owned()]));

    environment.git(&["checkout", "--quiet", "--detach"]);
    assert_eq!(planned(&environment).1, [commit.as_str()]);

    environment.git(&["checkout", "--quiet", "main"]);
    environment.write("hello.txt", "Changed.\n");
    let commit = environment.git(&["rev-parse", "--short=7", "HEAD"]);
    let (version, tags, skipped) = planned(&environment);
    assert_eq!((version, tags), (format!("{commit}-dirty"), vec![format!("{commit}-dirty")]));
    assert_eq!(skipped, ["v1.2.3", "main"]);
}

#[test]
fn need_a_commit() {
    let environment = TestEnvironment::new();
    environment.write("consign.yaml", "build:\n  - source: image.yaml\n    destination: ghcr.io/team/hello\n");
    environment.write("image.yaml", "files: [{source: image.yaml, path: /a}]\n");
    insta::assert_snapshot!(environment.consign(&["plan"]), @"
    status 3
    --- stderr
    error[C018]: tags from git need a git repository with a commit
     --> consign.yaml:3:18
      |
    3 |     destination: ghcr.io/team/hello
      |                  ^^^^^^^^^^^^^^^^^^
      |
      = hint: write a tag, such as `ghcr.io/team/hello:1.0.0`, or `tags: [1.0.0]`
    ");
    environment.replace("consign.yaml", "hello", "hello:edge");
    assert_eq!(planned(&environment).1, ["edge"]);
}
