//! `consign.lock`: what is chosen stays until somebody asks for something newer.

use crate::common::TestEnvironment;
use crate::debian::{with_packages, write_mirror};
use consign_testkit::mirror::{Mirror, MirrorPackage};
use insta::assert_snapshot;

/// An archive with these versions of `tool`, which needs `libtool`.
fn mirror(versions: &[&str]) -> Mirror {
    let mut mirror = Mirror::new("stable")
        .architectures(&["amd64", "arm64"])
        .package(MirrorPackage::new("base-files", "12", "all").directory("etc", 0o755).time(1_600_000_000));
    for version in versions {
        for architecture in ["amd64", "arm64"] {
            let package = |name: &str| {
                MirrorPackage::new(name, version, architecture)
                    .file(&format!("usr/lib/{name}"), version.as_bytes(), 0o755)
                    .time(1_650_000_000)
            };
            mirror =
                mirror.package(package("tool").field("Depends", "base-files, libtool")).package(package("libtool"));
        }
    }
    mirror
}

fn renew(environment: &TestEnvironment, versions: &[&str]) {
    std::fs::remove_dir_all(environment.path("mirror")).unwrap();
    write_mirror(environment, &mirror(versions));
}

#[test]
fn what_is_locked_is_built_without_an_index() {
    let environment = with_packages(&mirror(&["2.0"]));
    let free = environment.consign(&["build", "--to", "oci:free"]).expect(0);
    assert_snapshot!(environment.consign(&["lock"]), @"
    status 0
    --- stdout
    hello: locked
    --- stderr
    hello resolve …
    hello resolve ok: 3 packages
    ");
    let text = environment.read("consign.lock");
    assert!(!text.contains("file:") && !text.contains("/mirror"), "{text}");
    assert!(environment.consign(&["lock"]).expect(0).stdout.contains("consign.lock is up to date"));
    assert_eq!(environment.read("consign.lock"), text);

    // Neither release file nor index is asked for, and nothing kept helps.
    std::fs::rename(environment.path("mirror/dists"), environment.path("away")).unwrap();
    std::fs::remove_dir_all(environment.beside("store")).unwrap();
    let locked = environment.consign(&["build", "--to", "oci:locked"]).expect(0);
    assert_eq!(free.stdout, locked.stdout);
    let index = |folder: &str| environment.consign(&["inspect", "--raw", folder]).expect(0).stdout;
    assert_eq!(index("oci:free"), index("oci:locked"));
}

#[test]
fn newer_packages_wait_until_they_are_asked_for() {
    let environment = with_packages(&mirror(&["2.0"]));
    environment.consign(&["lock"]).expect(0);
    renew(&environment, &["2.0", "2.1"]);
    environment.consign(&["lock", "--check"]).expect(0);
    assert_snapshot!(environment.consign(&["lock", "--update", "--check"]).expect(20), @"
    status 20
    --- stderr
    hello resolve …
    hello resolve ok: 3 packages
    error: consign.lock is not up to date
      caused by: hello: libtool 2.0 → 2.1 (linux/amd64, linux/arm64)
      caused by: hello: tool 2.0 → 2.1 (linux/amd64, linux/arm64)
    hint: run `consign lock --update`, look at what it changes, and check it in
    ");
    assert_snapshot!(environment.consign(&["lock", "--update", "libtool"]).expect(0).stdout, @r"hello: libtool 2.0 → 2.1 (linux/amd64, linux/arm64)");
    assert_snapshot!(environment.consign(&["lock", "--update", "libtol"]).expect(2).error(), @r"
    error: `libtol` is neither a locked package nor a base image
    hint: did you mean `libtool`?
    ");
    environment.consign(&["lock", "--update"]).expect(0);
    assert!(!environment.read("consign.lock").contains("2.0"));
}

#[test]
fn what_the_mirror_has_deleted_is_named_with_a_way_to_go_on() {
    let environment = with_packages(&mirror(&["2.0"]));
    environment.consign(&["lock"]).expect(0);
    renew(&environment, &["2.1"]);
    std::fs::remove_dir_all(environment.beside("store")).unwrap();
    let run = environment.consign(&["release", "--quiet"]).expect(20);
    assert_snapshot!(run.error(), @r"
    error: hello linux/amd64: cannot be built
      caused by: libtool 2.0 is no longer in the archive: pool/main/libtool/libtool_2.0_amd64.deb of `stable` is gone
    hint: `consign lock --update libtool` takes the version that is there now
    hint: or name a mirror that keeps old versions: `debian: mirrors:` in the configuration
    ");
    assert!(!environment.path("registry").exists());
    assert_snapshot!(environment.consign(&["lock", "--check"]).expect(20).error(), @r"
    error: consign.lock is not up to date
      caused by: hello: libtool 2.0 → 2.1 (linux/amd64, linux/arm64)
      caused by: hello: tool 2.0 → 2.1 (linux/amd64, linux/arm64)
    hint: run `consign lock`, look at what it changes, and check it in
    ");
    environment.consign(&["lock"]).expect(0);
    environment.consign(&["build"]).expect(0);
}

#[test]
fn a_lock_for_something_else_is_not_used() {
    let environment = with_packages(&mirror(&["2.0"]));
    environment.consign(&["lock"]).expect(0);
    environment.replace("image.yaml", "[tool]", "[libtool]");
    assert_snapshot!(environment.consign(&["build", "--quiet"]).expect(20).error(), @r"
    error: consign.lock is not up to date: since it was made, the image file of `hello` or the list of its platforms has changed
    hint: run `consign lock`, look at what it changes, and check it in
    ");
    assert_snapshot!(environment.consign(&["lock"]).expect(0).stdout, @r"
    hello: - base-files 12 (linux/amd64, linux/arm64)
    hello: - tool 2.0 (linux/amd64, linux/arm64)
    ");
    environment.replace("image.yaml", "platforms: [linux/amd64, linux/arm64]", "platforms: [linux/amd64]");
    environment.consign(&["build", "--quiet"]).expect(20);
    environment.consign(&["lock"]).expect(0);
    environment.consign(&["build"]).expect(0);
    // One platform of several is built from the lock of all.
    environment.replace("consign.yaml", "source: image.yaml", "source: image.yaml\n    name: hallo");
    let run = environment.consign(&["build", "--quiet"]).expect(20);
    assert!(run.error().contains("says nothing of the image `hallo`"), "{}", run.error());
}

#[test]
fn a_package_that_is_not_the_locked_one_is_not_authentic() {
    let environment = with_packages(&mirror(&["2.0"]));
    environment.consign(&["lock"]).expect(0);
    let pool = environment.path("mirror/pool");
    let files: Vec<_> = walk(&pool).into_iter().filter(|path| path.to_string_lossy().contains("/tool_")).collect();
    assert_eq!(files.len(), 2);
    for file in files {
        let mut bytes = std::fs::read(&file).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        std::fs::write(&file, bytes).unwrap();
    }
    environment.consign(&["release", "--quiet"]).expect(5);
    assert!(!environment.path("registry").exists());
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { found.extend(walk(&path)) } else { found.push(path) }
    }
    found
}

#[test]
fn a_base_image_stays_the_one_that_is_locked() {
    let environment = TestEnvironment::with_image();
    let base = |text: &str| {
        environment.write("base/file.txt", text);
        environment.write(
            "base/image.yaml",
            "files:\n  - source: file.txt\n    path: /base.txt\nplatforms: [linux/amd64, linux/arm64]\n",
        );
        environment.consign(&["-C", "base", "build", "--to", "oci:../base-image"]).expect(0);
    };
    environment.write(
        "base/consign.yaml",
        "build:\n  - source: image.yaml\n    destination: localhost:1/base\n    tags: [\"1\"]\n",
    );
    base("first");
    environment.write(
        "image.yaml",
        "base: oci:base-image\nfiles:\n  - source: hello.txt\n    path: /hello.txt\nplatforms: [linux/amd64, linux/arm64]\n",
    );
    environment.write("hello.txt", "hello");
    environment.consign(&["lock"]).expect(0);
    let text = environment.read("consign.lock");
    assert!(!text.contains("localhost"), "{text}");
    let first = environment.consign(&["build"]).expect(0).stdout;
    std::fs::remove_dir_all(environment.path("base-image")).unwrap();
    base("second");
    // The layout holds the new one only.
    assert_snapshot!(environment.consign(&["build", "--quiet", "--platform", "linux/amd64"]).expect(20).error(), @"
    error: hello linux/amd64: cannot be built
      caused by: base-image no longer has the base image sha256:000000000001…, which is the one that is locked
    hint: `consign lock --update oci:base-image` takes the one that is there now
    ");
    assert_snapshot!(environment.consign(&["lock", "--check"]).expect(20).error(), @r"
    error: consign.lock is not up to date
      caused by: hello: base image 000000000001 → 000000000002
    hint: run `consign lock`, look at what it changes, and check it in
    ");
    environment.consign(&["lock", "--update", "oci:base-image"]).expect(0);
    assert_ne!(environment.consign(&["build"]).expect(0).stdout, first);
}

#[test]
fn a_lock_that_something_else_changed_is_not_used() {
    let environment = with_packages(&mirror(&["2.0"]));
    environment.consign(&["lock"]).expect(0);
    let good = environment.read("consign.lock");
    let line = good.lines().find(|line| line.contains("\"name\":\"libtool\"")).unwrap();
    let table = [
        ("a package is gone", good.replacen(&format!("{line}\n"), "", 1), "+ libtool 2.0 (linux/amd64)"),
        (
            "an older version",
            good.replace("tool@2.0", "tool@1.9").replace("\"version\":\"2.0\"", "\"version\":\"1.9\""),
            "tool 1.9 → 2.0",
        ),
        ("a size", good.replace("\"size\":", "\"size\":1"), "bytes) → "),
        ("another distribution", good.replace("pkg:deb/debian/", "pkg:deb/own/"), "(pkg:deb/own/"),
        ("another suite", good.replace("\"suite\":\"stable\"", "\"suite\":\"other\""), "2.0 (other pool/main/"),
        ("the suite as a whole", good.replace("\"suite\": \"stable\"", "\"suite\": \"other\""), "suite other → stable"),
    ];
    for (what, text, expected) in table {
        assert_ne!(text, good, "{what}");
        environment.write("consign.lock", &text);
        let run = environment.consign(&["release", "--quiet"]).expect(20);
        let said = "error: consign.lock is not what `consign lock` wrote for `hello`: a merge, or somebody, changed it\n\
            hint: run `consign lock`, look at what it changes, and check it in\n";
        assert_eq!(run.error(), said, "{what}");
        let told = environment.consign(&["lock", "--check"]).expect(20).error();
        assert!(told.contains(expected), "{what}\n{told}");
        environment.consign(&["lock"]).expect(0);
        assert_eq!(environment.read("consign.lock"), good, "{what}");
    }
    assert!(!environment.path("registry").exists());
}
