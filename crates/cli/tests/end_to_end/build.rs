//! `build`, and the builder of files.

use crate::common::{TestEnvironment, program};
use insta::assert_snapshot;

#[test]
fn builds_into_the_store_only() {
    let environment = TestEnvironment::with_image();
    assert_snapshot!(environment.consign(&["build", "--jobs", "1"]), @"
    status 0
    --- stdout
    IMAGE  PLATFORM     BUILD  INVENTORY  TRIAL  GATE  SIGN  PUBLISH  VERIFY  DIGEST
    hello  linux/amd64  ok     ok         -      -     -     -        -       000000000001
    hello  linux/arm64  ok     ok         -      -     -     -        -       000000000002
    --- stderr
    hello linux/amd64 build …
    hello linux/amd64 build ok: 000000000001
    hello linux/amd64 inventory ok: 0 packages
    hello linux/arm64 build …
    hello linux/arm64 build ok: 000000000002
    hello linux/arm64 inventory ok: 0 packages
    ");
    assert!(!environment.path("registry").exists());
    let again = environment.consign(&["build", "--output", "json"]).expect(0).json();
    assert_eq!(again["images"][0]["rows"][0]["stages"]["build"], "cached");
    let anew = environment.consign(&["build", "--no-cache", "--output", "json"]).expect(0).json();
    assert_eq!(anew["images"][0]["rows"][0]["stages"]["build"], "ok");
    assert_eq!(anew["images"][0]["rows"][0]["digest"], again["images"][0]["rows"][0]["digest"]);
}

#[test]
fn an_archive_takes_no_other_files_place() {
    let environment = TestEnvironment::with_image();
    let before = std::fs::read(environment.path("image.yaml")).unwrap();
    let run = environment.consign(&["build", "--to", "oci-archive:image.yaml"]).expect(4);
    assert!(run.stderr.contains("image.yaml is there already, and is no archive"), "{}", run.stderr);
    assert_eq!(std::fs::read(environment.path("image.yaml")).unwrap(), before);
    std::fs::write(environment.path("new.tar"), b"").unwrap();
    for _ in 0..2 {
        environment.consign(&["build", "--to", "oci-archive:new.tar"]).expect(0);
    }
}

#[test]
fn refuses_a_program_for_another_machine() {
    let environment = TestEnvironment::with_image();
    environment.write_program("data/amd64", &program("amd64", "", 0));
    environment.write_program("data/arm64", &program("amd64", "", 0));
    assert_snapshot!(environment.consign(&["release", "--quiet"]), @"
    status 3
    --- stdout
    IMAGE  PLATFORM     BUILD   INVENTORY  TRIAL  GATE     SIGN     PUBLISH  VERIFY   DIGEST
    hello  linux/amd64  ok      ok         -      skipped  skipped  skipped  skipped  000000000001
    hello  linux/arm64  failed  skipped    -      skipped  skipped  skipped  skipped  -

    hello
      localhost:PORT1/team/hello: dfdea57-dirty not moved
      localhost:PORT1/mirror/hello: dfdea57-dirty not moved
      build: hello linux/arm64: cannot be built
        image.yaml:4:12: this cannot go into the image
        `data/arm64` is for x86-64, 64-bit, little-endian, but linux/arm64 needs AArch64, 64-bit, little-endian
    --- stderr
    error: hello linux/arm64: cannot be built
      caused by: image.yaml:4:12: this cannot go into the image
      caused by: `data/arm64` is for x86-64, 64-bit, little-endian, but linux/arm64 needs AArch64, 64-bit, little-endian
    ");
    assert!(!environment.path("registry").exists());
}

#[test]
fn a_file_that_is_not_there() {
    let environment = TestEnvironment::with_image();
    std::fs::remove_file(environment.path("data/arm64")).unwrap();
    assert_snapshot!(environment.consign(&["build", "--quiet"]).expect(3).error(), @"
    error: hello linux/arm64: cannot be built
      caused by: image.yaml:4:12: this cannot go into the image
      caused by: cannot read [folder]/data/arm64
      caused by: No such file or directory (os error 2)
    ");
    environment.replace("image.yaml", "data/{arch}", "../home");
    assert_snapshot!(environment.consign(&["build", "--quiet"]).expect(3).error(), @"
    error: hello linux/amd64: cannot be built
      caused by: image.yaml:4:12: this cannot go into the image
      caused by: `../home` leads out of the folder of the image file
    ");
}

#[test]
fn stands_on_a_base_image() {
    let environment = TestEnvironment::with_image();
    environment.consign(&["build", "--to", "oci:registry-base:1.0"]).expect(0);
    environment.write("top.txt", "On top.\n");
    environment.write(
        "image.yaml",
        "base: oci:registry-base:1.0\nplatforms: [linux/amd64, linux/arm64]\nfiles: [{source: top.txt, path: /etc/top}]\n",
    );
    environment.commit("A base.");
    environment.git(&["tag", "v2.0.0"]);
    environment.consign(&["release"]).expect(0);
    let _server = environment.serve();
    let reference = environment.reference("team/hello:2");
    let manifest = environment.consign(&["inspect", "--platform", "linux/amd64", &reference]).expect(0).json();
    let base = environment.consign(&["inspect", "--platform", "linux/amd64", "oci:registry-base:1.0"]).expect(0).json();
    assert_eq!(manifest["layers"].as_array().unwrap().len(), 2);
    assert_eq!(manifest["layers"][0], base["layers"][0]);
    let config =
        environment.consign(&["inspect", "--config", "--platform", "linux/arm64", &reference]).expect(0).json();
    assert_eq!(config["config"]["Entrypoint"][0], "/bin/hello");

    environment.replace("image.yaml", "linux/arm64", "linux/s390x");
    assert_snapshot!(environment.consign(&["build", "--quiet"]).expect(3).error(), @"
    error: hello linux/s390x: cannot be built
      caused by: the base image registry-base has no linux/s390x; it has linux/amd64, linux/arm64
    ");
    environment.replace("image.yaml", "registry-base:1.0", "registry-none");
    assert_snapshot!(environment.consign(&["build", "--quiet"]).error(), @"
    error: the base image oci:registry-none of `hello` cannot be opened
      caused by: registry-none is not an OCI layout: it has no file `oci-layout`
    hint: `base` in the image file names it
    ");
}

#[test]
fn a_base_image_that_is_not_there_is_named_as_written() {
    let environment = TestEnvironment::with_image();
    std::fs::create_dir(environment.path("registry")).unwrap();
    let _server = environment.serve();
    let base = environment.reference("team/none:1.0");
    environment.write("image.yaml", format!("base: {base}\nfiles: [{{source: hello.txt, path: /hello}}]\n"));
    let error = environment.consign(&["build"]).expect(3).error();
    assert!(error.ends_with("caused by: there is no base image at localhost:PORT1/team/none:1.0\n"), "{error}");
}
