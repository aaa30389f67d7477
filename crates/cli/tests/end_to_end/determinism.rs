//! Where, when and by how many an image is made leaves no mark on it.

use crate::common::{Run, TestEnvironment};
use serde_json::Value;
use std::os::unix::process::CommandExt;

const RELEASE: [&str; 4] = ["release", "--dry-run", "--output", "json"];

/// Digests of the index and of all platforms.
fn digests(run: Run) -> (Value, Vec<Value>) {
    let report = run.expect(0).json();
    let image = &report["images"][0];
    let platforms = image["rows"].as_array().unwrap().iter().map(|row| row["digest"].clone()).collect();
    (image["index"].clone(), platforms)
}

#[test]
fn the_surroundings_do_not_matter() {
    let environment = TestEnvironment::with_image();
    let first = digests(environment.consign(&[&RELEASE[..], &["--jobs", "1"]].concat()));

    let clone = environment.beside("another/folder");
    environment.git(&["clone", "--quiet", ".", clone.to_str().unwrap()]);
    for file in ["cosign.key", "consign.yaml"] {
        std::fs::copy(environment.path(file), clone.join(file)).unwrap();
    }
    let invocation = environment.invocation().folder(&clone).store("other");
    let invocation = invocation.variable("TZ", "Asia/Tokyo").variable("LANG", "tr_TR.UTF-8").variable("LC_ALL", "C");
    assert_eq!(digests(invocation.run(&[&RELEASE[..], &["--jobs", "2"]].concat())), first);

    let mut command = std::process::Command::new("sh");
    let program = environment.invocation().store("third").command(&RELEASE);
    command.arg("-c").arg("umask 077 && exec \"$0\" \"$@\"").arg(program.get_program()).args(program.get_args());
    command.env_clear().envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let output = command.current_dir(&clone).arg0("sh").output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report["images"][0]["index"], first.0);
}

#[test]
fn what_is_not_in_the_image_leaves_the_platforms_as_they_were() {
    let environment = TestEnvironment::with_image();
    let (index, platforms) = digests(environment.consign(&RELEASE));
    environment.git(&["tag", "v1.2.4"]);
    let tagged = digests(environment.invocation().store("tagged").run(&RELEASE));
    assert_eq!(tagged.1, platforms);
    assert_ne!(tagged.0, index);

    environment.write("unrelated.txt", "unrelated");
    environment.commit("Unrelated.");
    let committed = digests(environment.invocation().store("committed").run(&RELEASE));
    assert_eq!(committed.1, platforms);
    assert!(committed.0 != index && committed.0 != tagged.0);

    environment.write("hello.txt", "Hello again.\n");
    environment.commit("Related.");
    let changed = digests(environment.consign(&RELEASE));
    assert!(changed.1.iter().zip(&platforms).all(|(new, old)| new != old), "{changed:?}");
}

#[test]
fn only_the_platform_whose_file_changed_is_another() {
    let environment = TestEnvironment::with_image();
    let (_, before) = digests(environment.consign(&RELEASE));
    environment.write("data/arm64", "changed\n");
    environment.commit("Change one.");
    let (_, after) = digests(environment.consign(&RELEASE));
    assert_eq!(before[0], after[0]);
    assert_ne!(before[1], after[1]);
}

#[test]
fn the_source_date_epoch_is_the_latest_time_in_an_image() {
    let environment = TestEnvironment::with_image();
    let created = |invocation: crate::common::Invocation<'_>| {
        invocation.run(&["build", "--to", "oci:registry-layout:one"]).expect(0);
        let config =
            environment.consign(&["inspect", "--config", "--platform", "linux/arm64", "oci:registry-layout:one"]);
        config.expect(0).json()["created"].clone()
    };
    assert_eq!(created(environment.invocation()), "2023-11-14T22:13:20Z");
    assert_eq!(created(environment.invocation().variable("SOURCE_DATE_EPOCH", "1600000000")), "2020-09-13T12:26:40Z");
    let wrong = environment.invocation().variable("SOURCE_DATE_EPOCH", "yesterday").run(&["build"]);
    insta::assert_snapshot!(wrong, @"
    status 2
    --- stderr
    error: SOURCE_DATE_EPOCH is `yesterday`: expected seconds since 1970
    ");
}
