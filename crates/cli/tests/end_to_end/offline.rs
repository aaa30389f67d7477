//! Without a network: what an earlier run took from a registry is there.

use crate::common::TestEnvironment;
use insta::assert_snapshot;

/// Makes an environment whose image stands on a base that a registry has.
fn on_a_base() -> TestEnvironment {
    let environment = TestEnvironment::with_image();
    environment.consign(&["release"]).expect(0);
    let base = environment.reference("team/hello:1.2");
    let image = format!(
        "base: {base}\nplatforms: [linux/amd64, linux/arm64]\nfiles: [{{source: hello.txt, path: /etc/top}}]\n"
    );
    environment.write("image.yaml", image);
    environment.commit("A base.");
    environment
}

#[test]
fn a_base_image_is_remembered() {
    let environment = on_a_base();
    let server = environment.serve();
    let build = ["build", "--no-cache", "--to", "oci:registry-layout", "--output", "json", "--quiet"];
    let online = environment.consign(&build).expect(0).json();
    drop(server);
    environment.consign(&["build", "--quiet", "--no-cache"]).expect(1);
    let offline = environment.consign(&[&build[..3], &["oci:registry-other", "--offline"], &build[4..]].concat());
    let offline = offline.expect(0).json();
    assert_eq!(online["images"], offline["images"]);
    // What they say of their inputs is the same, too.
    let index = |folder: &str| environment.read(&format!("{folder}/index.json"));
    assert_eq!(index("registry-layout"), index("registry-other"));
}

#[test]
fn a_base_image_that_was_never_here_is_named() {
    let environment = on_a_base();
    let _server = environment.serve();
    let elsewhere = environment.invocation().store("other");
    assert_snapshot!(elsewhere.run(&["build", "--offline", "--quiet", "--jobs", "1"]).expect(1).error(), @"
    error: hello: cannot be built
      caused by: the base image localhost:PORT1/team/hello:1.2 is not in the store, and consign is offline
    ");

    // One platform of it is not the other.
    let elsewhere = environment.invocation().store("other");
    elsewhere.run(&["build", "--platform", "linux/amd64"]).expect(0);
    environment.log().clear();
    let elsewhere = environment.invocation().store("other");
    elsewhere.run(&["build", "--platform", "linux/amd64", "--offline"]).expect(0);
    let elsewhere = environment.invocation().store("other");
    let error = elsewhere.run(&["build", "--platform", "linux/arm64", "--offline"]).expect(1).error();
    assert!(error.contains("is not in the store for linux/arm64, and consign is offline"), "{error}");
    assert_eq!(environment.log().requests(), [""; 0]);
}
