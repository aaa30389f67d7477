//! Images of packages, from an archive that the test makes and signs.

use crate::common::TestEnvironment;
use consign_testkit::mirror::{Fault, Mirror, MirrorPackage};
use insta::assert_snapshot;

fn mirror() -> Mirror {
    let tool = |architecture: &str| {
        MirrorPackage::new("tool", "2.0-1", architecture)
            .field("Depends", "base-files")
            .file("usr/bin/tool", architecture.as_bytes(), 0o755)
            .time(1_650_000_000)
    };
    Mirror::new("stable")
        .architectures(&["amd64", "arm64"])
        .package(MirrorPackage::new("base-files", "12", "all").directory("etc", 0o755))
        .package(tool("amd64"))
        .package(tool("arm64"))
}

pub(crate) fn with_packages(mirror: &Mirror) -> TestEnvironment {
    let environment = TestEnvironment::with_image();
    environment.write("image.yaml", "packages: [tool]\nsuite: stable\nplatforms: [linux/amd64, linux/arm64]\n");
    write_mirror(&environment, mirror);
    let mirrors = format!(
        "debian:\n  mirrors:\n    - uri: file://{}\n      suites: [stable]\n      signed-by: mirror.gpg\n",
        environment.path("mirror").display()
    );
    environment.write("consign.yaml", environment.read("consign.yaml") + &mirrors);
    environment.commit("Packages.");
    environment.git(&["tag", "v2.0.0"]);
    environment
}

pub(crate) fn write_mirror(environment: &TestEnvironment, mirror: &Mirror) {
    let written = mirror.write(&environment.path("mirror")).unwrap();
    environment.write("mirror.gpg", written.keyring);
}

#[test]
fn packages_become_a_release() {
    let environment = with_packages(&mirror());
    assert_snapshot!(environment.consign(&["release", "--jobs", "1"]), @"
    status 0
    --- stdout
    IMAGE  PLATFORM     BUILD  INVENTORY  TRIAL  GATE  SIGN  PUBLISH  VERIFY  DIGEST
    hello  linux/amd64  ok     ok         -      ok    ok    ok       ok      000000000001
    hello  linux/arm64  ok     ok         -      ok    ok    ok       ok      000000000002

    hello  sha256:000000000003…  signed
      localhost:PORT1/team/hello: 2.0.0 moved, 2.0 moved, 2 moved, latest moved
      localhost:PORT1/mirror/hello: 2.0.0 moved, 2.0 moved, 2 moved, latest moved
    --- stderr
    hello linux/amd64 build …
    hello linux/amd64 build ok: 000000000001
    hello linux/amd64 inventory ok: 2 packages
    hello linux/arm64 build …
    hello linux/arm64 build ok: 000000000002
    hello linux/arm64 inventory ok: 2 packages
    hello gate ok
    hello sign ok: 8 attachments
    hello publish …
    hello publish ok: 48 written, 14 there already
    hello verify ok
    ");
    let _server = environment.serve();
    environment
        .consign(&["verify", "--content", "--key", "cosign.pub", &environment.reference("team/hello:2.0.0")])
        .expect(0);
}

#[test]
fn what_a_script_would_have_done_is_said_each_time() {
    let script = |architecture: &str, name: &str| {
        let package = MirrorPackage::new("libtool", "1.5", architecture).time(1_650_000_000);
        package.script("postinst", &format!("#!/bin/sh\n{name} x\n"))
    };
    // The same on both platforms, and one that differs.
    let mirror = mirror().package(script("amd64", "adduser")).package(script("arm64", "addgroup"));
    let scripted =
        MirrorPackage::new("common", "3", "all").time(1_650_000_000).script("postinst", "#!/bin/sh\nmkdir /x\n");
    let environment = with_packages(&mirror.package(scripted));
    environment.replace("image.yaml", "[tool]", "[tool, libtool, common]");
    environment.commit("More packages.");
    let warnings = || {
        let run = environment.consign(&["build"]).expect(0);
        let lines = run.stderr.lines().filter(|line| line.contains("warning")).map(str::to_owned);
        (run.stderr.contains("build cached"), lines.collect::<Vec<_>>())
    };
    let expected = [
        "hello warning: common 3: not run: postinst (mkdir)",
        "hello linux/arm64 warning: libtool 1.5: not run: postinst (addgroup)",
        "hello linux/amd64 warning: libtool 1.5: not run: postinst (adduser)",
    ];
    for cached in [false, true, true] {
        let (reused, lines) = warnings();
        assert_eq!((reused, lines), (cached, expected.map(str::to_owned).to_vec()));
    }
}

#[test]
fn what_is_not_authentic_is_neither_kept_nor_published() {
    let expired = Mirror::DATE + 60;
    let cases = [
        ("a changed package", mirror().fault(Fault::Package("tool".into()))),
        ("a changed index", mirror().fault(Fault::Index)),
        ("a changed release file", mirror().fault(Fault::Release)),
        ("another key", mirror().fault(Fault::WrongKey)),
        ("an expired release file", mirror().valid_until(expired)),
    ];
    let mut said = String::new();
    for (what, mirror) in cases {
        let environment = with_packages(&mirror);
        let run = environment.consign(&["release", "--quiet"]).expect(5);
        assert_eq!(environment.stored_blobs(), 0, "{what}");
        assert!(!environment.path("registry").exists(), "{what}");
        said.push_str(&format!("# {what}\n{}\n", without_fingerprint(&run.error())));
    }
    assert_snapshot!(said, @"
    # a changed package
    error: hello linux/amd64: cannot be built
      caused by: cannot fetch pool/main/tool/tool_2.0-1_amd64.deb
      caused by: file://[folder]/mirror/pool/main/tool/tool_2.0-1_amd64.deb: the digest is sha256:000000000001…, expected sha256:000000000002…

    # a changed index
    error: hello linux/amd64: cannot be built
      caused by: cannot fetch dists/stable/main/binary-amd64/Packages.gz
      caused by: file://[folder]/mirror/dists/stable/main/binary-amd64/by-hash/SHA256/000000000001…: the digest is sha256:000000000002…, expected sha256:000000000001…

    # a changed release file
    error: hello linux/amd64: cannot be built
      caused by: the release file of `stable`, declared in consign.yaml, is not authentic
      caused by: no valid signature by a key in mirror.gpg: FINGERPRINT: does not match the text

    # another key
    error: hello linux/amd64: cannot be built
      caused by: the release file of `stable`, declared in consign.yaml, is not authentic
      caused by: no valid signature by a key in mirror.gpg: FINGERPRINT: not a trusted key

    # an expired release file
    error: hello linux/amd64: cannot be built
      caused by: the release file of `stable`, declared in consign.yaml, is not authentic
      caused by: the release file expired at 2023-11-14T22:14:20Z
    ");
}

/// Keys are made for each archive: takes out what names them.
fn without_fingerprint(text: &str) -> String {
    let is_fingerprint = |word: &&str| word.len() == 40 && word.bytes().all(|b| b.is_ascii_hexdigit());
    let found = text.split([' ', ':']).find(is_fingerprint);
    found.map_or_else(|| text.to_owned(), |found| text.replace(found, "FINGERPRINT"))
}

#[test]
fn what_the_archive_lacks_is_named() {
    let environment = with_packages(&mirror());
    environment.replace("image.yaml", "[tool]", "[tool, toool]");
    assert_snapshot!(environment.consign(&["build", "--quiet", "--platform", "linux/amd64"]).error(), @"
    error: hello linux/amd64: cannot be built
      caused by: linux/amd64: the packages cannot be installed
      caused by: toool is wanted, and there is no toool for amd64
    ");
    environment.replace("image.yaml", "[tool, toool]", "[tool]");
    environment.replace("image.yaml", "linux/arm64", "linux/s390x");
    assert_snapshot!(environment.consign(&["build", "--quiet", "--platform", "linux/s390x"]).error(), @"
    error: hello linux/s390x: cannot be built
      caused by: no source of packages for `stable` has the architecture `s390x`; add a mirror that has it to `debian: mirrors:` in the configuration, with `suites: [stable]` and `architectures: [s390x]`
    ");
    environment.replace("image.yaml", "suite: stable", "suite: unstable");
    assert_snapshot!(environment.consign(&["build", "--quiet", "--platform", "linux/amd64"]).error(), @"
    error: hello linux/amd64: cannot be built
      caused by: no source of packages has the suite `unstable`; add one to `debian: mirrors:` in the configuration
    ");
}
