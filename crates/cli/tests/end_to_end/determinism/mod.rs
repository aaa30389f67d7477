//! Where, when and by how many an image is made leaves no mark on it.

mod disordered;
mod surroundings;

use crate::common::{Run, TestEnvironment};

const RELEASE: [&str; 4] = ["release", "--dry-run", "--output", "json"];

/// Returns the digest of the index of the only image, and those of its platforms.
fn split(run: Run) -> (String, Vec<String>) {
    let mut digests = run.expect(0).digests();
    let platforms = digests.split_off(1);
    (digests.remove(0), platforms)
}

#[test]
fn what_is_not_in_the_image_leaves_the_platforms_as_they_were() {
    let environment = TestEnvironment::with_image();
    let (index, platforms) = split(environment.consign(&RELEASE));
    environment.git(&["tag", "v1.2.4"]);
    let tagged = split(environment.invocation().store("tagged").run(&RELEASE));
    assert_eq!(tagged.1, platforms);
    assert_ne!(tagged.0, index);

    environment.write("unrelated.txt", "unrelated");
    environment.commit("Unrelated.");
    let committed = split(environment.invocation().store("committed").run(&RELEASE));
    assert_eq!(committed.1, platforms);
    assert!(committed.0 != index && committed.0 != tagged.0);

    environment.write("hello.txt", "Hello again.\n");
    environment.commit("Related.");
    let changed = split(environment.consign(&RELEASE));
    assert!(changed.1.iter().zip(&platforms).all(|(new, old)| new != old), "{changed:?}");
}

#[test]
fn only_the_platform_whose_file_changed_is_another() {
    let environment = TestEnvironment::with_image();
    let (_, before) = split(environment.consign(&RELEASE));
    environment.write("data/arm64", "changed\n");
    environment.commit("Change one.");
    let (_, after) = split(environment.consign(&RELEASE));
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
