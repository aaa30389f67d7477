//! Root file systems that lie in folders are listed and compared as images are.

use crate::advisories::environment;
use crate::common::TestEnvironment;
use insta::assert_snapshot;
use serde_json::{Value, json};
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::process::Command;

/// An image in a layout, and the file system of its platform arm64 in the folder `rootfs`.
fn unpacked() -> TestEnvironment {
    let environment = environment();
    environment.consign(&["build", "--quiet", "--to", "oci:layout"]).expect(0);
    environment.consign(&["export", "--quiet", "--platform", "linux/arm64", "oci:layout", "rootfs.tar"]).expect(0);
    fs::create_dir(environment.path("rootfs")).unwrap();
    let mut tar = Command::new("tar");
    tar.args(["-x", "--no-same-owner", "-f", "rootfs.tar", "-C", "rootfs"]).current_dir(environment.folder());
    assert!(tar.status().unwrap().success());
    environment
}

/// Returns the packages of a document, as far as they do not say from which layer they are.
fn packages(document: &Value) -> Vec<Value> {
    let packages = document["packages"].as_array().unwrap().iter();
    let packages = packages.filter(|package| package.get("primaryPackagePurpose").is_none());
    packages
        .map(|package| {
            let source = package["sourceInfo"].as_str().unwrap();
            let mut package = package.clone();
            package["sourceInfo"] = json!(source.split(" (layer").next().unwrap());
            package
        })
        .collect()
}

#[test]
fn a_folder_has_what_the_image_has_that_it_came_from() {
    let environment = unpacked();
    assert_snapshot!(environment.consign(&["sbom", "--output", "tree", "dir:rootfs"]), @"
    status 0
    --- stdout
    dir:rootfs
    └── linux/arm64               sha256:000000000001
        ├── debian 13
        └── deb: 3
            ├── base-files 13
            ├── libtool 1.9-1+b1
            └── program 1.0-1
    ");
    let folder = environment.consign(&["sbom", "dir:rootfs"]).expect(0);
    let image = environment.consign(&["sbom", "--platform", "linux/arm64", "oci:layout"]).expect(0).json();
    assert_eq!(packages(&folder.json()), packages(&image));
    assert!(!folder.stdout.contains("(layer") && !folder.stdout.contains("rootfs"), "{folder}");
    let cyclonedx = environment.consign(&["sbom", "dir:rootfs", "--output", "cyclonedx-json"]).expect(0).json();
    assert_eq!(cyclonedx["components"].as_array().unwrap().len(), 4);
    // The same files have the same name, wherever they lie and to whomever they belong.
    fs::rename(environment.path("rootfs"), environment.path("moved")).unwrap();
    symlink("moved", environment.path("rootfs")).unwrap();
    assert_eq!(environment.consign(&["sbom", "dir:rootfs/."]).expect(0).stdout, folder.stdout);
    environment.consign(&["sbom", "--to", "sboms", "dir:moved"]).expect(0);
    assert_eq!(environment.read("sboms/linux-arm64.spdx.json"), folder.stdout);
}

#[test]
fn a_folder_is_compared_as_an_image_is() {
    let environment = unpacked();
    let scan = |more: &[&str]| environment.consign(&[&["scan", "--db", "advisories", "dir:rootfs"], more].concat());
    assert_snapshot!(scan(&[]), @"
    status 0
    --- stdout
    PACKAGE  VERSION  ADVISORY    SEVERITY  FIXED IN  PLATFORMS
    tool     1.9-1    CVE-2026-1  high      2.0-1     linux/arm64

    linux/arm64: 1 advisory matches; 3 packages, 3 of them compared; debian 13 has free fixes until 2030-06-30, and paid ones until 2035-06-30
    advisories: 2 records, the newest of 2026-01-02T03:04:05Z, sha256:000000000001…
    ");
    let report = scan(&["--output", "json"]).expect(0).json();
    let sbom = environment.consign(&["sbom", "dir:rootfs"]).expect(0).json();
    assert_eq!(report["platforms"][0]["digest"], sbom["packages"][0]["versionInfo"]);
    let found = scan(&["--output", "cyclonedx"]).expect(0).json();
    assert_eq!(found["vulnerabilities"][0]["id"], "CVE-2026-1");
    assert!(scan(&["--output", "cosign-vuln"]).expect(0).stdout.contains("CVE-2026-1"));
    assert!(scan(&["--output", "sarif"]).expect(0).stdout.contains("CVE-2026-1"));
    let since = scan(&["--since", "oci:layout", "--platform", "linux/arm64", "--output", "json"]).expect(0).json();
    assert_eq!((&since["since"]["new"], &since["since"]["both"]), (&json!([]), &json!(1)));
    environment.write("policy.yaml", "policy:\n  advisories: {databases: advisories, maximum-severity: low}\n");
    scan(&["--policy", "policy.yaml"]).expect(15);
    let other = scan(&["--platform", "linux/amd64"]).expect(1);
    assert!(other.error().contains("is made for linux/arm64, not for linux/amd64"), "{other}");
    environment.consign(&["scan", "--db", "advisories", "dir:"]).expect(2);
    environment.consign(&["scan", "--db", "advisories", "dir:absent"]).expect(1);
    environment.consign(&["sbom", "dir:rootfs.tar"]).expect(1);
    // What skopeo calls `dir:` is an image.
    environment.write("copied/version", "Directory Transport Version: 1.1\n");
    environment.consign(&["sbom", "dir:copied"]).expect(0);
    environment.write("copied/manifest.json", "{}");
    for command in [&["sbom", "dir:copied"][..], &["scan", "--db", "advisories", "dir:copied"]] {
        let run = environment.consign(command).expect(2);
        assert!(run.error().contains("copied is an image in the form of skopeo's `dir:`"), "{run}");
        assert!(run.error().contains("`skopeo copy dir:copied oci:layout:latest`"), "{run}");
    }
}

#[test]
fn what_cannot_be_read_is_named_and_nothing_outside_is_read() {
    let environment = unpacked();
    let package = |name: &str| json!({"name": name, "version": "1.0.0"}).to_string();
    environment.write("outside/package.json", package("outside"));
    environment.write("rootfs/srv/package.json", package("inside"));
    environment.write("rootfs/srv/secret/package.json", package("secret"));
    environment.write("rootfs/srv/closed/package.json", package("closed"));
    symlink(environment.path("outside"), environment.path("rootfs/srv/link")).unwrap();
    symlink("../../outside/package.json", environment.path("rootfs/srv/.package.json")).unwrap();
    symlink("/", environment.path("rootfs/srv/root")).unwrap();
    for (path, mode) in [("rootfs/srv/secret", 0), ("rootfs/srv/closed/package.json", 0o200)] {
        fs::set_permissions(environment.path(path), Permissions::from_mode(mode)).unwrap();
    }
    let run = environment.as_another_user(&["sbom", "--output", "tree", "dir:rootfs"]).expect(0);
    for path in ["rootfs/srv/secret", "rootfs/srv/closed/package.json"] {
        fs::set_permissions(environment.path(path), Permissions::from_mode(0o755)).unwrap();
    }
    let lines: Vec<&str> = run.stdout.lines().filter_map(|line| line.split("── ").nth(1)).collect();
    assert!(lines.contains(&"npm: 1") && lines.contains(&"inside 1.0.0"), "{run}");
    for path in ["/srv/closed/package.json", "/srv/secret"] {
        let expected = format!("not listed: what {path} holds: it cannot be read: Permission denied (os error 13)");
        assert!(lines.contains(&expected.as_str()), "{expected}: {run}");
    }
    assert!(!run.stdout.contains("outside"), "{run}");
}

#[test]
fn nobody_says_what_a_folder_is_for() {
    let environment = environment();
    environment.write("rootfs/srv/package.json", json!({"name": "a", "version": "1.0.0"}).to_string());
    let said = "note: nothing in rootfs says what it is made for: taken for";
    let run = environment.consign(&["sbom", "dir:rootfs"]).expect(0);
    assert!(run.stderr.contains(said), "{run}");
    let run = environment.consign(&["sbom", "dir:rootfs", "--platform", "linux/s390x", "--output", "tree"]).expect(0);
    assert!(run.stdout.contains("linux/s390x") && !run.stderr.contains(said), "{run}");
}
