use crate::common::TestEnvironment;
use insta::assert_snapshot;

#[test]
fn releases_every_platform_to_every_repository() {
    let environment = TestEnvironment::with_image();
    let run = environment.consign(&["release", "--jobs", "1"]);
    assert_snapshot!(run, @"
    status 0
    --- stdout
    IMAGE  PLATFORM     BUILD  INVENTORY  TRIAL  GATE  SIGN  PUBLISH  VERIFY  DIGEST
    hello  linux/amd64  ok     ok         -      ok    ok    ok       ok      000000000001
    hello  linux/arm64  ok     ok         -      ok    ok    ok       ok      000000000002

    hello  sha256:000000000003…  signed
      localhost:PORT1/team/hello: 1.2.3 moved, 1.2 moved, 1 moved, latest moved
      localhost:PORT1/mirror/hello: 1.2.3 moved, 1.2 moved, 1 moved, latest moved

    Anybody can verify it:
      consign verify --key cosign.pub localhost:PORT1/team/hello:1.2.3
      cosign verify --key cosign.pub --insecure-ignore-tlog=true localhost:PORT1/team/hello:1.2.3
      consign verify --key cosign.pub localhost:PORT1/mirror/hello:1.2.3
      cosign verify --key cosign.pub --insecure-ignore-tlog=true localhost:PORT1/mirror/hello:1.2.3
    --- stderr
    hello linux/amd64 build …
    hello linux/amd64 build ok: 000000000001
    hello linux/amd64 inventory ok: 0 packages
    hello linux/arm64 build …
    hello linux/arm64 build ok: 000000000002
    hello linux/arm64 inventory ok: 0 packages
    hello gate ok
    hello sign ok: 8 attachments
    hello publish …
    hello publish ok: 48 written, 14 there already
    hello verify ok
    ");
    let tags = |repository: &str| {
        let tags = ["1.2.3", "1.2", "1", "latest"];
        tags.map(|tag| environment.read(&format!("registry/repositories/{repository}/_tags/{tag}")))
    };
    let digests = [tags("team/hello"), tags("mirror/hello")].concat();
    assert!(digests.iter().all(|digest| *digest == digests[0]), "{digests:?}");
}

#[test]
fn a_release_of_nothing_new_writes_nothing() {
    let environment = TestEnvironment::with_image();
    environment.consign(&["release"]).expect(0);
    assert!(!environment.log().writes().is_empty());
    environment.log().clear();

    let again = environment.consign(&["release"]);
    assert_snapshot!(again, @"
    status 0
    --- stdout
    IMAGE  PLATFORM     BUILD   INVENTORY  TRIAL  GATE  SIGN  PUBLISH  VERIFY  DIGEST
    hello  linux/amd64  cached  cached     -      ok    ok    cached   ok      000000000001
    hello  linux/arm64  cached  cached     -      ok    ok    cached   ok      000000000002

    hello  sha256:000000000003…  signed
      localhost:PORT1/team/hello: 1.2.3 unchanged, 1.2 unchanged, 1 unchanged, latest unchanged
      localhost:PORT1/mirror/hello: 1.2.3 unchanged, 1.2 unchanged, 1 unchanged, latest unchanged

    Anybody can verify it:
      consign verify --key cosign.pub localhost:PORT1/team/hello:1.2.3
      cosign verify --key cosign.pub --insecure-ignore-tlog=true localhost:PORT1/team/hello:1.2.3
      consign verify --key cosign.pub localhost:PORT1/mirror/hello:1.2.3
      cosign verify --key cosign.pub --insecure-ignore-tlog=true localhost:PORT1/mirror/hello:1.2.3
    --- stderr
    hello linux/amd64 build …
    hello linux/amd64 build cached: 000000000001
    hello linux/amd64 inventory cached
    hello linux/arm64 build …
    hello linux/arm64 build cached: 000000000002
    hello linux/arm64 inventory cached
    hello gate ok
    hello sign ok: 8 attachments
    hello publish …
    hello publish cached: 0 written, 22 there already
    hello verify ok
    ");
    assert_nothing_moved(&environment);
}

#[test]
fn another_store_makes_the_same_and_writes_nothing() {
    let environment = TestEnvironment::with_image();
    let first = environment.consign(&["release", "--output", "json"]).expect(0).json();
    environment.log().clear();
    let second = environment.invocation().store("other").run(&["release", "--output", "json"]).expect(0).json();
    assert_eq!(first["images"][0]["index"], second["images"][0]["index"]);
    assert_eq!(second["images"][0]["rows"][0]["stages"]["build"], "ok");
    assert_eq!(second["images"][0]["rows"][0]["stages"]["publish"], "cached");
    assert_nothing_moved(&environment);
}

/// No request wrote, and no layer was read.
#[track_caller]
fn assert_nothing_moved(environment: &TestEnvironment) {
    let requests = environment.log().requests();
    assert!(!requests.is_empty());
    assert_eq!(environment.log().writes(), [""; 0]);
    let server = environment.serve();
    let reference = environment.reference("team/hello:latest");
    let platforms = ["linux/amd64", "linux/arm64"];
    for platform in platforms {
        let manifest = environment.consign(&["inspect", "--platform", platform, &reference]).expect(0).json();
        let layer = manifest["layers"][0]["digest"].as_str().unwrap();
        assert!(
            !requests.iter().any(|request| request.starts_with("GET ") && request.contains(layer)),
            "{requests:#?}"
        );
    }
    drop(server);
}

#[test]
fn a_dry_run_ends_at_the_gate() {
    let environment = TestEnvironment::with_image();
    let run = environment.consign(&["release", "--dry-run", "--quiet"]);
    assert_snapshot!(run, @"
    status 0
    --- stdout
    IMAGE  PLATFORM     BUILD  INVENTORY  TRIAL  GATE  SIGN  PUBLISH  VERIFY  DIGEST
    hello  linux/amd64  ok     ok         -      ok    -     -        -       000000000001
    hello  linux/arm64  ok     ok         -      ok    -     -        -       000000000002

    hello  sha256:000000000003…  not published
      localhost:PORT1/team/hello: 1.2.3 not moved, 1.2 not moved, 1 not moved, latest not moved
      localhost:PORT1/mirror/hello: 1.2.3 not moved, 1.2 not moved, 1 not moved, latest not moved
    ");
    assert!(!environment.path("registry").exists());
}

#[test]
fn only_the_named_images_are_released() {
    let environment = TestEnvironment::with_image();
    let registry = environment.registry();
    environment.replace(
        "consign.yaml",
        "signing:",
        &format!("  - source: image.yaml\n    destination: {registry}/team/other\nsigning:"),
    );
    let report = environment.consign(&["release", "other", "--output", "json"]).expect(0).json();
    assert_eq!(report["images"].as_array().unwrap().len(), 1);
    assert!(environment.path("registry/repositories/team/other/_tags/latest").exists());
    assert!(!environment.path("registry/repositories/team/hello").exists());
    assert_snapshot!(environment.consign(&["release", "othre"]), @"
    status 2
    --- stderr
    error: no image is called `othre`
    hint: did you mean `other`?
    ");
}

#[test]
fn without_a_key_it_says_that_nothing_is_signed() {
    let environment = TestEnvironment::with_image();
    environment.replace("consign.yaml", "signing:\n  key: cosign.key\n", "");
    assert_snapshot!(environment.consign(&["release", "--jobs", "1"]), @"
    status 0
    --- stdout
    IMAGE  PLATFORM     BUILD  INVENTORY  TRIAL  GATE  SIGN  PUBLISH  VERIFY  DIGEST
    hello  linux/amd64  ok     ok         -      ok    -     ok       -       000000000001
    hello  linux/arm64  ok     ok         -      ok    -     ok       -       000000000002

    hello  sha256:000000000003…  not signed
      localhost:PORT1/team/hello: 1.2.3 moved, 1.2 moved, 1 moved, latest moved
      localhost:PORT1/mirror/hello: 1.2.3 moved, 1.2 moved, 1 moved, latest moved
    --- stderr
    hello linux/amd64 build …
    hello linux/amd64 build ok: 000000000001
    hello linux/amd64 inventory ok: 0 packages
    hello linux/arm64 build …
    hello linux/arm64 build ok: 000000000002
    hello linux/arm64 inventory ok: 0 packages
    hello gate ok
    hello warning: not signed: the configuration has no `signing` section
    hello sign skipped: 5 attachments
    hello publish …
    hello publish ok: 36 written, 8 there already
    ");
}

#[test]
fn a_key_that_cannot_be_used_stops_it_before_anything_is_written() {
    let environment = TestEnvironment::with_image();
    let wrong = environment.invocation().variable("COSIGN_PASSWORD", "wrong").run(&["release", "--quiet"]);
    assert_snapshot!(wrong, @"
    status 1
    --- stdout
    IMAGE  PLATFORM     BUILD  INVENTORY  TRIAL  GATE     SIGN     PUBLISH  VERIFY   DIGEST
    hello  linux/amd64  ok     ok         -      skipped  skipped  skipped  skipped  000000000001
    hello  linux/arm64  ok     ok         -      skipped  skipped  skipped  skipped  000000000002

    hello
      localhost:PORT1/team/hello: 1.2.3 not moved, 1.2 not moved, 1 not moved, latest not moved
      localhost:PORT1/mirror/hello: 1.2.3 not moved, 1.2 not moved, 1 not moved, latest not moved
    --- stderr
    error: the signing key `cosign.key` cannot be used
      caused by: wrong password (or the key file was altered)
    hint: a password that is not typed is COSIGN_PASSWORD, else in the file that COSIGN_PASSWORD_FILE names
    ");
    environment.replace("consign.yaml", "key: cosign.key", "key: missing.key");
    assert_snapshot!(environment.consign(&["release"]).expect(1).error(), @"
    error: the signing key `missing.key` cannot be used
      caused by: No such file or directory (os error 2)
    hint: `consign keygen` makes a key; its password is taken from COSIGN_PASSWORD
    ");
    environment.replace("consign.yaml", "key: missing.key", "key: env://RELEASE_KEY");
    assert_snapshot!(environment.consign(&["release"]).expect(1).error(), @"
    error: the signing key `env://RELEASE_KEY` cannot be used
      caused by: the variable is not set
    hint: the variable holds the text of a key file
    ");
    assert!(!environment.path("registry").exists());
    let key = environment.read("cosign.key");
    environment.invocation().variable("RELEASE_KEY", &key).run(&["release"]).expect(0);
}
