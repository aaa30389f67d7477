//! Images of packages, from an archive that the test makes and signs.

use crate::common::TestEnvironment;
use consign_testkit::mirror::{Mirror, MirrorPackage};
use insta::assert_snapshot;

pub(crate) fn mirror() -> Mirror {
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
    assert_snapshot!(environment.consign(&["release", "--jobs", "1"]).expect(0).told(), @"
    hello resolve …
    hello resolve ok: 2 packages
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
fn what_packages_recommend_comes_where_the_image_file_says_so() {
    let package = |name: &str| MirrorPackage::new(name, "1", "all").time(1_650_000_000);
    let keen = package("keen").field("Recommends", "extra, nowhere");
    let environment = with_packages(&mirror().package(keen).package(package("extra")));
    for (lines, expected) in
        [("", "1 packages"), ("recommends: false\n", "1 packages"), ("recommends: true\n", "2 packages")]
    {
        environment.write("image.yaml", format!("packages: [keen]\nsuite: stable\nplatforms: [linux/amd64]\n{lines}"));
        let run = environment.consign(&["build", "--no-cache"]).expect(0);
        assert!(run.stderr.contains(&format!("inventory ok: {expected}\n")), "{lines}{}", run.stderr);
    }
}

#[test]
fn a_package_has_one_version_on_all_platforms() {
    let newer = MirrorPackage::new("tool", "2.1-1", "amd64").field("Depends", "base-files").time(1_650_000_000);
    let environment = with_packages(&mirror().package(newer));
    for outcome in ["build ok", "build cached"] {
        let run = environment.consign(&["build"]).expect(0);
        let expected =
            "hello linux/amd64 warning: kept at versions that there are for arm64, too: tool 2.0-1 (newest: 2.1-1)";
        assert!(run.stderr.lines().any(|line| line == expected), "{}", run.stderr);
        assert!(run.stderr.contains(outcome), "{}", run.stderr);
    }
    environment.replace("image.yaml", "[tool]", "[tool=2.1-1]");
    assert_snapshot!(environment.consign(&["build", "--quiet"]).expect(3).error(), @"
    error: hello: cannot be built
      caused by: the packages cannot be installed
      caused by: tool (= 2.1-1) is wanted, and tool 2.0-1 is the newest for arm64 (amd64 has 2.1-1)
    ");
}

#[test]
fn what_the_archive_lacks_is_named() {
    let environment = with_packages(&mirror());
    environment.replace("image.yaml", "[tool]", "[tool, toool]");
    assert_snapshot!(environment.consign(&["build", "--quiet", "--platform", "linux/amd64"]).error(), @"
    error: hello: cannot be built
      caused by: the packages cannot be installed
      caused by: toool is wanted, and there is no toool for amd64 and arm64 (did you mean tool?)
    ");
    environment.replace("image.yaml", "[tool, toool]", "[tool]");
    environment.replace("image.yaml", "linux/arm64", "linux/s390x");
    assert_snapshot!(environment.consign(&["build", "--quiet", "--platform", "linux/s390x"]).error(), @"
    error: hello: cannot be built
      caused by: no source of packages for `stable` has the architecture `s390x`; add a mirror that has it to `debian: mirrors:` in the configuration, with `suites: [stable]` and `architectures: [s390x]`
    ");
    environment.replace("image.yaml", "suite: stable", "suite: unstable");
    assert_snapshot!(environment.consign(&["build", "--quiet", "--platform", "linux/amd64"]).error(), @"
    error: hello: cannot be built
      caused by: no source of packages has the suite `unstable`; add one to `debian: mirrors:` in the configuration
    ");
}
