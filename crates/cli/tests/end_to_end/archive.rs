//! Machines hand over archives.

use crate::common::{TestEnvironment, host_platform, program};
use insta::assert_snapshot;

fn build_archives(environment: &TestEnvironment) {
    for architecture in ["amd64", "arm64"] {
        let (platform, to) = (format!("linux/{architecture}"), format!("oci-archive:{architecture}.tar"));
        let machine = environment.invocation().store(architecture);
        machine.run(&["build", "--platform", &platform, "--to", &to]).expect(0);
    }
}

const FROM: [&str; 5] = ["release", "--from", "oci-archive:amd64.tar", "--from", "oci-archive:arm64.tar"];

#[test]
fn platforms_from_archives_become_the_same_release() {
    let environment = TestEnvironment::with_image();
    build_archives(&environment);
    let at_once =
        environment.invocation().store("one").run(&["release", "--dry-run", "--output", "json"]).expect(0).json();
    assert_snapshot!(environment.consign(&[&FROM[..], &["--jobs", "1"]].concat()).expect(0).told(), @"
    hello linux/amd64 build …
    hello linux/amd64 build ok: from amd64.tar
    hello linux/amd64 inventory ok: 0 packages
    hello linux/arm64 build …
    hello linux/arm64 build ok: from arm64.tar
    hello linux/arm64 inventory ok: 0 packages
    hello gate ok
    hello sign ok: 8 attachments
    hello publish …
    hello publish ok: 48 written, 14 there already
    hello verify ok
    ");
    let again = environment.consign(&[&FROM[..], &["--output", "json"]].concat()).expect(0).json();
    assert_eq!(again["images"][0]["index"], at_once["images"][0]["index"]);
    let _server = environment.serve();
    environment
        .consign(&["verify", "--content", "--key", "cosign.pub", &environment.reference("team/hello:1")])
        .expect(0);
}

#[test]
fn what_an_unsigned_archive_claims_does_not_count() {
    let environment = TestEnvironment::with_image();
    let signed = environment.read("consign.yaml");
    environment.replace("consign.yaml", "signing:\n  key: cosign.key\n", "");
    build_archives(&environment);
    environment.write("consign.yaml", signed);
    assert_snapshot!(environment.consign(&[&FROM[..], &["--quiet"]].concat()), @"
    status 11
    --- stdout
    IMAGE  PLATFORM     BUILD  INVENTORY  TRIAL  GATE    SIGN     PUBLISH  VERIFY   DIGEST
    hello  linux/amd64  ok     ok         -      failed  skipped  skipped  skipped  000000000001
    hello  linux/arm64  ok     ok         -      failed  skipped  skipped  skipped  000000000002

    hello
      localhost:PORT1/team/hello: 1.2.3 not moved, 1.2 not moved, 1 not moved, latest not moved
      localhost:PORT1/mirror/hello: 1.2.3 not moved, 1.2 not moved, 1 not moved, latest not moved
      gate: linux/amd64: no provenance that counts: what there is was neither made here nor signed by an identity that the policy names
      gate: linux/arm64: no provenance that counts: what there is was neither made here nor signed by an identity that the policy names
    --- stderr
    error: hello: the gate closed; nothing was written to a registry
      caused by: linux/amd64: no provenance that counts: what there is was neither made here nor signed by an identity that the policy names
      caused by: linux/arm64: no provenance that counts: what there is was neither made here nor signed by an identity that the policy names
    ");
    assert!(!environment.path("registry").exists());
}

#[test]
fn an_archive_with_a_platform_too_few_is_not_enough() {
    let environment = TestEnvironment::with_image();
    build_archives(&environment);
    assert_snapshot!(environment.consign(&[&FROM[..3], &["--quiet"]].concat()).expect(11).error(), @"
    error: hello: the gate closed; nothing was written to a registry
      caused by: linux/arm64: planned, but not built
    ");
    assert!(!environment.path("registry").exists());
}

#[test]
fn tests_are_run_again_on_what_comes_from_an_archive() {
    let environment = TestEnvironment::with_image();
    let host = host_platform();
    environment.write("image.yaml", format!("platforms: [{host}]\nfiles: [{{source: hello, path: /hello}}]\n"));
    environment.write_program("hello", &program(host.architecture(), "Hello.\n", 0));
    environment.commit("A program.");
    environment.consign(&["build", "--to", "oci-archive:hello.tar"]).expect(0);
    environment.replace("consign.yaml", "signing:", "    tests: [{command: [/hello], expect: {exit: 1}}]\nsigning:");
    let run = environment.consign(&["release", "--from", "oci-archive:hello.tar"]).expect(10);
    assert!(run.error().contains("trial failed: /hello"), "{}", run.error());
    assert!(!environment.path("registry").exists());
}

#[test]
fn an_archive_can_be_looked_into() {
    let environment = TestEnvironment::with_image();
    environment.consign(&["build", "--to", "oci-archive:hello.tar"]).expect(0);
    assert_snapshot!(environment.consign(&["tree", "oci-archive:hello.tar"]), @"
    status 0
    --- stdout
    oci-archive:hello.tar  sha256:000000000001  1.3 kB
    ├── linux/amd64        sha256:000000000002  636 B
    │   ├── provenance     sha256:000000000003
    │   └── sbom           sha256:000000000004
    └── linux/arm64        sha256:000000000005  636 B
        ├── provenance     sha256:000000000006
        └── sbom           sha256:000000000007
    ");
    let index = environment.consign(&["inspect", "--raw", "oci-archive:hello.tar:1.2.3"]).expect(0).json();
    assert_eq!(index["manifests"].as_array().unwrap().len(), 2);
    // It was built, but not released.
    assert_snapshot!(environment.consign(&["verify", "--key", "cosign.pub", "oci-archive:hello.tar"]), @"
    status 13
    --- stderr
    error: not signed by key sha256:000000000001…: manifest of the index sha256:000000000002…; manifest of linux/amd64 sha256:000000000003…; manifest of linux/arm64 sha256:000000000004…
    hint: was it signed with another key? `consign tree REF` shows what is attached
    ");

    let mut bytes = std::fs::read(environment.path("hello.tar")).unwrap();
    let text = b"\"architecture\":\"arm64\"";
    let place = bytes.windows(text.len()).position(|window| window == text).unwrap();
    bytes[place + 2] ^= 1;
    environment.write("hello.tar", bytes);
    assert_snapshot!(environment.consign(&["verify", "--key", "cosign.pub", "oci-archive:hello.tar"]).expect(12).error(), @"error: hello.tar: the bytes of sha256:000000000001… do not match their digest");
    assert_snapshot!(environment.consign(&["release", "--quiet", "--from", "oci-archive:hello.tar"]).expect(5).error(), @"error: hello.tar: the bytes of sha256:000000000001… do not match their digest");
    assert!(!environment.path("registry").exists());
}

#[test]
fn a_folder_and_the_store_hold_images_too() {
    let environment = TestEnvironment::with_image();
    for place in ["oci:registry-layout:one", "store:hello"] {
        environment.consign(&["build", "--to", place]).expect(0);
        let index = environment.consign(&["inspect", "--raw", place]).expect(0).json();
        assert_eq!(index["manifests"][1]["platform"]["architecture"], "arm64");
        let config = environment.consign(&["inspect", "--config", "--platform", "linux/arm64", place]).expect(0).json();
        assert_eq!(config["os"], "linux");
    }
    assert_snapshot!(environment.consign(&["inspect", "store:other"]), @"
    status 1
    --- stderr
    error: there is no image store:other
    ");
}

#[test]
fn an_archive_takes_one_image() {
    let environment = TestEnvironment::with_image();
    let registry = environment.registry();
    environment.replace(
        "consign.yaml",
        "signing:",
        &format!("  - {{source: image.yaml, destination: {registry}/other}}\nsigning:"),
    );
    assert_snapshot!(environment.consign(&["build", "--to", "oci-archive:hello.tar"]), @"
    status 2
    --- stderr
    error: oci-archive:hello.tar takes one image, and 2 are planned
    hint: name the image: `consign build IMAGE --to …`
    ");
    assert_snapshot!(environment.consign(&["release", "--from", "oci-archive:hello.tar"]), @"
    status 2
    --- stderr
    error: `--from oci-archive:hello.tar` does not say of which image, and several are planned
    hint: name the image: `--from hello=oci-archive:hello.tar`
    ");
    assert_snapshot!(environment.consign(&["release", "--from", "othr=oci-archive:hello.tar"]), @"
    status 2
    --- stderr
    error: `--from othr=oci-archive:hello.tar`: no image called `othr` is released
    hint: did you mean `other`?
    ");
    environment.consign(&["build", "other", "--to", "oci-archive:hello.tar"]).expect(0);
}
