//! What is read from a whole configuration, and the plan that follows from it.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a helper of tests fails by panicking")]

mod schema;
#[path = "schema/whole.rs"]
mod whole;

use consign_oci::Platform;
use consign_plan::configuration::{Credentials, KeyReference, LifecyclePolicy};
use consign_plan::{Configuration, GitFacts, Plan, PlanInputs, SourceFacts};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;
use whole::WHOLE;

fn parsed(text: &str) -> Configuration {
    assert!(schema::accepts(text), "the schema refuses:\n{text}");
    Configuration::parse("deploy/consign.yaml", text).unwrap_or_else(|error| panic!("{}", error.render(false)))
}

fn platform(text: &str) -> Platform {
    text.parse().unwrap()
}

fn inputs(tags_at_head: &[&str], all_tags: &[&str]) -> PlanInputs {
    let owned = |tags: &[&str]| tags.iter().map(|tag| (*tag).to_owned()).collect();
    PlanInputs {
        git: Some(GitFacts {
            head: "0123456789abcdef0123456789abcdef01234567".to_owned(),
            branch: Some("main".to_owned()),
            tags_at_head: owned(tags_at_head),
            all_tags: owned(all_tags),
            dirty: false,
            shallow: false,
        }),
        host: platform("linux/riscv64"),
        sources: BTreeMap::new(),
    }
}

fn refused(text: &str, inputs: &PlanInputs) -> String {
    match Plan::make(&parsed(text), inputs) {
        Ok(plan) => panic!("planned: {plan:?}"),
        Err(error) => error.render(false),
    }
}

#[test]
fn reads_everything() {
    let configuration = parsed(WHOLE);
    let [hello, tool] = &configuration.images[..] else { panic!("{configuration:?}") };
    assert_eq!(hello.destinations.len(), 3);
    assert_eq!(hello.tests[0].timeout, Duration::from_secs(90));
    assert_eq!(hello.tests[0].environment["COUNT"], "1.10");
    assert_eq!(hello.tests[1].command, ["/bin/sh", "-c", "echo \"a  b\""]);
    assert_eq!(hello.tests[1].timeout, Duration::from_secs(60));
    assert_eq!(tool.name.value, "tool");
    assert_eq!(
        configuration.signing.as_ref().unwrap().key().unwrap().value,
        KeyReference::Environment("SIGNING_KEY".to_owned())
    );
    let github = &configuration.registries["ghcr.io"];
    assert_eq!(
        github.credentials,
        Credentials::Environment { username: "GHCR_USER".to_owned(), password: "GHCR_TOKEN".to_owned() }
    );
    assert_eq!(configuration.debian.mirrors[0].components, ["main"]);
    let amazon = configuration.registries["123456789012.dkr.ecr.eu-central-1.amazonaws.com"].ecr.as_ref().unwrap();
    assert_eq!((amazon.create, amazon.immutable_tags, amazon.scan_on_push), (Some(true), Some(true), Some(false)));
    assert_eq!(amazon.mutable_tags, ["latest", "*-dev"]);
    assert_eq!(amazon.lifecycle_policy, Some(LifecyclePolicy::File("keep.json".to_owned())));
    let named = configuration.registries["registry.example.org"].ecr.as_ref().unwrap();
    assert_eq!(named.lifecycle_policy, Some(LifecyclePolicy::Json(r#"{"rules": []}"#.to_owned())));
}

#[test]
fn resolves_paths_against_the_file() {
    let configuration = parsed(WHOLE);
    for (path, expected) in
        [("./image.yaml", "deploy/image.yaml"), ("a/b", "deploy/a/b"), ("/etc/x", "/etc/x"), ("../x", "deploy/../x")]
    {
        assert_eq!(configuration.resolve(path), Path::new(expected));
    }
    let here = Configuration::parse("consign.yaml", WHOLE).unwrap();
    assert_eq!(here.folder(), Path::new("."));
}

#[test]
fn accepts_anchors_and_merge_keys() {
    let text = "build:\n  - &base\n    source: a.yaml\n    destination: ghcr.io/a/b:1\n    platforms: [linux/amd64]\n  - <<: *base\n    name: c\n    destination: ghcr.io/a/c:1\n";
    let configuration = parsed(text);
    assert_eq!(configuration.images[1].platforms[0].value, platform("linux/amd64"));
}

#[test]
fn plans_a_release_in_json() {
    let plan = Plan::make(&parsed(WHOLE), &inputs(&["v1.2.3"], &["v1.2.3", "2.0.0"])).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&plan).unwrap());
}

#[test]
fn equal_arguments_give_equal_plans() {
    let arguments = inputs(&["v1.2.3"], &[]);
    let digest = Plan::make(&parsed(WHOLE), &arguments).unwrap().digest().unwrap();
    assert_eq!(Plan::make(&parsed(WHOLE), &arguments).unwrap().digest().unwrap(), digest);
    // The folder and comments make no difference, what is planned does.
    let elsewhere = Configuration::parse("/other/consign.yaml", &format!("# note\n{WHOLE}")).unwrap();
    assert_eq!(Plan::make(&elsewhere, &arguments).unwrap().digest().unwrap(), digest);
    assert_ne!(Plan::make(&parsed(WHOLE), &inputs(&["v1.2.4"], &[])).unwrap().digest().unwrap(), digest);
    assert_ne!(Plan::make(&parsed(&WHOLE.replace("-t]", "-T]")), &arguments).unwrap().digest().unwrap(), digest);
}

#[test]
fn platforms_come_from_file_source_or_host() {
    let text = "build:\n  - source: a.yaml\n    destination: ghcr.io/a/b:1\n";
    let mut arguments = inputs(&[], &[]);
    let platforms =
        |text: &str, arguments: &PlanInputs| Plan::make(&parsed(text), arguments).unwrap().images[0].platforms.clone();
    assert_eq!(platforms(text, &arguments), [platform("linux/riscv64")]);
    let facts = SourceFacts {
        kind: Some("deb".to_owned()),
        platforms: vec![platform("linux/arm64"), platform("linux/aarch64")],
    };
    arguments.sources.insert("b".to_owned(), facts);
    assert_eq!(platforms(text, &arguments), [platform("linux/arm64")]);
    assert_eq!(platforms(&format!("{text}    platforms: linux/amd64\n"), &arguments), [platform("linux/amd64")]);
}

#[test]
fn versions_without_git_come_from_tags() {
    let arguments = PlanInputs { git: None, ..inputs(&[], &[]) };
    for (destination, expected) in [("ghcr.io/a/b:1.5", "1.5"), ("ghcr.io/a/b\n    tags: [latest, 2.0]", "2.0")] {
        let text = format!("build:\n  - source: a.yaml\n    destination: {destination}\n");
        let plan = Plan::make(&parsed(&text), &arguments).unwrap();
        assert_eq!(plan.images[0].version, expected);
        assert_eq!(plan.revision, None);
    }
}

#[test]
fn steps_follow_what_there_is_to_do() {
    let text = "build:\n  - source: a.yaml\n    destination: ghcr.io/a/b:1\n";
    let plan = Plan::make(&parsed(text), &inputs(&[], &[])).unwrap();
    let stages: Vec<&str> = plan.images[0].steps.iter().map(|step| step.stage.word()).collect();
    assert_eq!(stages, ["build", "inventory", "gate", "publish"]);
}

#[test]
fn tests_have_a_digest_for_each_platform() {
    let plan = Plan::make(&parsed(WHOLE), &inputs(&["1.0.0"], &[])).unwrap();
    let hello = &plan.images[0];
    let digest = |name: &str| hello.tests_digest(&platform(name)).unwrap();
    assert!(digest("linux/amd64").is_some() && digest("linux/amd64") != digest("linux/arm64"));
    assert_eq!(digest("linux/s390x"), None);
    assert_eq!(hello.tests_on(&platform("linux/arm64")).count(), 2);
}

#[test]
fn selects_images() {
    let plan = Plan::make(&parsed(WHOLE), &inputs(&["1.0.0"], &[])).unwrap();
    let chosen = plan.clone().select(&["tool".to_owned()]).unwrap();
    assert_eq!(chosen.images.len(), 1);
    assert_eq!(chosen.registries.keys().collect::<Vec<_>>(), ["ghcr.io"]);
    assert_eq!(plan.clone().select(&[]).unwrap(), plan);
    let error = plan.select(&["helo".to_owned()]).unwrap_err();
    assert_eq!(error.suggestion.as_deref(), Some("hello"));
}

#[test]
fn git_tags_without_git() {
    let text = "build:\n  - source: a.yaml\n    destination: ghcr.io/a/b\n";
    let arguments = PlanInputs { git: None, ..inputs(&[], &[]) };
    insta::assert_snapshot!(refused(text, &arguments), @r"
    error[C018]: tags from git need a git repository with a commit
     --> deploy/consign.yaml:3:18
      |
    3 |     destination: ghcr.io/a/b
      |                  ^^^^^^^^^^^
      |
      = hint: write a tag, such as `ghcr.io/a/b:1.0.0`, or `tags: [1.0.0]`
    ");
}

#[test]
fn tests_on_a_platform_that_is_not_built() {
    let text = "build:\n  - source: a.yaml\n    destination: ghcr.io/a/b:1\n    platforms: [linux/amd64]\n    tests:\n      - command: /bin/true\n        platforms: [linux/amd64, linux/arm64]\n";
    insta::assert_snapshot!(refused(text, &inputs(&[], &[])), @r"
    error[C009]: `b` is not built for `linux/arm64`
     --> deploy/consign.yaml:7:34
      |
    7 |         platforms: [linux/amd64, linux/arm64]
      |                                  ^^^^^^^^^^^
    ");
}

#[test]
fn tags_that_turn_out_to_be_taken() {
    let text = "build:\n  - name: a\n    source: a.yaml\n    destination: ghcr.io/a/b:latest\n  - name: b\n    source: b.yaml\n    destination: ghcr.io/a/b\n";
    insta::assert_snapshot!(refused(text, &inputs(&["1.0.0"], &[])), @r"
    error[C013]: `ghcr.io/a/b:latest` is the destination twice
     --> deploy/consign.yaml:7:18
      |
    7 |     destination: ghcr.io/a/b
      |                  ^^^^^^^^^^^
      |
      = hint: the second time because: highest stable version of all
    ");
    assert!(Plan::make(&parsed(text), &inputs(&["1.0.0"], &["2.0.0"])).is_ok());
}
