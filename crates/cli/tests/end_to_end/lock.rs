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
    assert_snapshot!(environment.consign(&["lock"]), @"");
    let text = environment.read("consign.lock");
    assert!(!text.contains("file:") && !text.contains("/mirror"), "{text}");
    assert!(environment.consign(&["lock"]).expect(0).stdout.contains("consign.lock is up to date"));
    assert_eq!(environment.read("consign.lock"), text);

    // Neither release file nor index is asked for, and nothing kept helps.
    std::fs::rename(environment.path("mirror/dists"), environment.path("away")).unwrap();
    std::fs::remove_dir_all(environment.store()).unwrap();
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
    assert_snapshot!(environment.consign(&["lock", "--update", "--check"]).expect(20), @"");
    assert_snapshot!(environment.consign(&["lock", "--update", "libtool"]).expect(0).stdout, @"");
    assert_snapshot!(environment.consign(&["lock", "--update", "libtol"]).expect(2).error(), @"");
    environment.consign(&["lock", "--update"]).expect(0);
    assert!(!environment.read("consign.lock").contains("2.0"));
}

#[test]
fn what_the_mirror_has_deleted_is_named_with_a_way_to_go_on() {
    let environment = with_packages(&mirror(&["2.0"]));
    environment.consign(&["lock"]).expect(0);
    renew(&environment, &["2.1"]);
    std::fs::remove_dir_all(environment.store()).ok();
    let run = environment.consign(&["release", "--quiet"]).expect(20);
    assert_snapshot!(run.error(), @"");
    assert!(!environment.path("registry").exists());
    assert_snapshot!(environment.consign(&["lock", "--check"]).expect(20).error(), @"");
    environment.consign(&["lock"]).expect(0);
    environment.consign(&["build"]).expect(0);
}

#[test]
fn a_lock_for_something_else_is_not_used() {
    let environment = with_packages(&mirror(&["2.0"]));
    environment.consign(&["lock"]).expect(0);
    environment.replace("image.yaml", "[tool]", "[libtool]");
    assert_snapshot!(environment.consign(&["build", "--quiet"]).expect(20).error(), @"");
    assert_snapshot!(environment.consign(&["lock"]).expect(0).stdout, @"");
    environment.replace("image.yaml", "platforms: [linux/amd64, linux/arm64]", "platforms: [linux/amd64]");
    environment.consign(&["build", "--quiet"]).expect(20);
    environment.consign(&["lock"]).expect(0);
    environment.consign(&["build"]).expect(0);
    // One platform of several is built from the lock of all.
    environment.replace("consign.yaml", "name: hello", "name: hallo");
    let run = environment.consign(&["build", "--quiet"]).expect(20);
    assert!(run.error().contains("says nothing of the image `hallo`"), "{}", run.error());
}

#[test]
fn a_damaged_lock_is_refused() {
    let environment = with_packages(&mirror(&["2.0"]));
    environment.consign(&["lock"]).expect(0);
    let good = environment.read("consign.lock");
    let line = good.lines().find(|line| line.contains("\"tool\"")).unwrap();
    let cases = [
        ("conflict markers", format!("<<<<<<< HEAD\n{good}")),
        ("cut off", good[..good.len() / 2].to_owned()),
        ("a later version", good.replace("\"version\": 1", "\"version\": 2")),
        ("an unknown key", good.replace("\"suite\": \"stable\",", "\"suite\": \"stable\", \"mirror\": \"x\",")),
        ("a path that leaves the archive", good.replace("pool/", "../pool/")),
        ("an address for a path", good.replace("\"path\":\"pool/", "\"path\":\"/pool/")),
        ("an address for a suite", good.replace("\"suite\":\"stable\"", "\"suite\":\"https://example.org\"")),
        ("a package twice", good.replace(line, &format!("{line}\n{line}"))),
        ("a platform that is none", good.replace("\"linux/amd64\"", "\"linux/amd46\"")),
        ("a short digest", good.replace("\"digest\":\"sha256:", "\"digest\":\"sha256:0")),
    ];
    let mut said = String::new();
    for (what, text) in cases {
        assert_ne!(text, good, "{what}");
        environment.write("consign.lock", text);
        let run = environment.consign(&["release", "--quiet"]).expect(3);
        said.push_str(&format!("# {what}\n{}\n", run.error()));
    }
    assert!(!environment.path("registry").exists());
    assert_snapshot!(said, @"");
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
    let first = environment.consign(&["build"]).expect(0).stdout;
    std::fs::remove_dir_all(environment.path("base-image")).unwrap();
    base("second");
    // The layout holds the new one only.
    assert_snapshot!(environment.consign(&["lock", "--check"]).expect(20).error(), @"");
    environment.consign(&["lock", "--update", "oci:base-image"]).expect(0);
    assert_ne!(environment.consign(&["build"]).expect(0).stdout, first);
}
