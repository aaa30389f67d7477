//! `rebase`.

use crate::common::{Destination, TestEnvironment, host_platform};
use consign_testkit::tools::{Peer, peer};
use insta::assert_snapshot;
use serde_json::Value;
use std::fs::File;

/// An image on a base that has moved since, on a registry.
struct Moved {
    environment: TestEnvironment,
    registry: Destination,
}

impl Moved {
    fn new() -> Self {
        let (environment, registry) = (TestEnvironment::new(), Destination::start());
        let host = registry.host();
        let image = |name: &str| format!("  - source: {name}/image.yaml\n    destinations: [{host}/team/{name}]\n");
        environment.write("consign.yaml", format!("build:\n{}{}", image("base"), image("app")));
        let file = |name: &str| {
            format!("platforms: [linux/amd64, linux/arm64]\nfiles: [{{source: {name}.txt, path: /etc/{name}}}]\n")
        };
        environment.write("base/image.yaml", format!("{}environment: {{LANG: C}}\n", file("base")));
        environment.write("base/base.txt", "The old base.\n");
        environment.write("app/image.yaml", format!("{}base: {host}/team/base:1\ncommand: [/etc/app]\n", file("app")));
        environment.write("app/app.txt", "The image.\n");
        environment.commit("First.");
        let this = Self { environment, registry };
        this.push("base");
        this.push("app");
        this.environment.write("base/base.txt", "The new base.\n");
        this.environment.replace("base/image.yaml", "LANG: C", "LANG: C.UTF-8, MORE: \"1\"");
        this.environment.commit("A newer base.");
        this
    }

    /// Builds an image and gives it the tag `1` on the registry.
    fn push(&self, name: &str) {
        let layout = format!("oci:{name}-layout:{}", self.environment.git(&["rev-list", "--count", "HEAD"]));
        self.environment.consign(&["build", name, "--to", &layout]).expect(0);
        self.environment.consign(&["copy", &layout, &self.name(&format!("{name}:1"))]).expect(0);
    }

    fn name(&self, rest: &str) -> String {
        format!("{}/team/{rest}", self.registry.host())
    }

    fn json(&self, arguments: &[&str]) -> Value {
        self.environment.consign(&[arguments, &["--output", "json"]].concat()).expect(0).json()
    }

    /// Returns what lies at a path of an image for this machine, as `tar` reads what `file` has of it.
    fn file(&self, archive: &str, path: &str) -> String {
        let mut tar = std::process::Command::new("tar");
        tar.args(["-xOf", archive, path]);
        self.environment.run_other(tar).expect(0).stdout
    }
}

#[test]
fn an_image_gets_a_newer_base_and_keeps_what_is_its_own() {
    let moved = Moved::new();
    let (image, host) = (moved.name("app:1"), moved.registry.host());
    let before = moved.environment.consign(&["digest", &image]).expect(0).stdout;
    // The base has not moved yet.
    moved.registry.forget();
    let nothing = moved.environment.consign(&["rebase", &image]).expect(0);
    assert_eq!((nothing.stdout.as_str(), moved.registry.writes()), (before.as_str(), 0));
    assert!(nothing.stderr.contains(&format!("the base {host}/team/base:1 (sha256:")), "{}", nothing.stderr);
    assert!(nothing.stderr.contains("has not moved: nothing is done"), "{}", nothing.stderr);

    moved.push("base");
    moved.registry.forget();
    let dry = moved.environment.consign(&["rebase", "--dry-run", &image]).expect(0);
    assert_eq!(moved.registry.writes(), 0);
    let rebased = moved.environment.consign(&["rebase", &image, "--tag", "2"]).expect(0);
    assert_eq!(rebased.stdout, dry.stdout);
    assert_eq!(moved.registry.tags_written(), ["team/app:2"]);
    let said = rebased.stderr.replace(&host, "HOST");
    assert!(
        said.contains("note: linux/arm64: the bases differ in Env (LANG, MORE); the image keeps what it has"),
        "{said}"
    );
    assert!(said.contains("signatures and attestations of the image on the old base do not hold"), "{said}");
    // The same again, elsewhere and by names that are given, is the same image.
    let old = moved.json(&["rebase", "--dry-run", &image])["platforms"][0]["oldBase"].as_str().unwrap().to_owned();
    assert!(old.starts_with("sha256:"));
    moved.environment.consign(&["rebase", &image, "oci:rebased:2"]).expect(0);
    let elsewhere = moved.environment.consign(&["digest", "oci:rebased:2"]).expect(0).stdout;
    assert_eq!(elsewhere, rebased.stdout);
    // The tag itself moves only where nothing else is said; then there is nothing to do.
    assert_eq!(moved.environment.consign(&["digest", &image]).expect(0).stdout, before);
    moved.environment.consign(&["rebase", &image]).expect(0);
    assert_eq!(moved.environment.consign(&["digest", &image]).expect(0).stdout, rebased.stdout);
    assert_eq!(moved.json(&["rebase", &image])["state"], "unchanged");
}

#[test]
fn others_see_the_files_of_the_new_base_and_of_the_image() {
    let moved = Moved::new();
    moved.push("base");
    let image = moved.name("app:1");
    moved.environment.consign(&["rebase", &image, "--tag", "2"]).expect(0);
    let rebased = moved.name("app:2");
    let platform = host_platform().to_string();
    moved.environment.consign(&["export", "--platform", &platform, &rebased, "ours.tar"]).expect(0);
    assert_eq!(moved.file("ours.tar", "etc/base"), "The new base.\n");
    assert_eq!(moved.file("ours.tar", "etc/app"), "The image.\n");
    moved.environment.consign(&["copy", "--platform", &platform, &rebased, "oci-archive:rebased.tar"]).expect(0);
    if let Some(skopeo) = peer("skopeo") {
        let seen = skopeo.run(["inspect", "--config", "--tls-verify=false", &format!("docker://{rebased}")]).unwrap();
        let seen: Value = serde_json::from_str(&seen).unwrap();
        assert_eq!(seen["config"]["Cmd"][0], "/etc/app");
        assert_eq!(seen["rootfs"]["diff_ids"].as_array().unwrap().len(), seen["history"].as_array().unwrap().len());
    }
    let Some(podman) = peer("podman") else { return };
    let at = |name: &str| moved.environment.beside(name).display().to_string();
    let storage =
        ["--root", &at("podman"), "--runroot", &at("podman-run"), "--storage-driver", "vfs"].map(str::to_owned);
    let run = |peer: &Peer, arguments: &[&str]| {
        peer.run(storage.iter().map(String::as_str).chain(arguments.iter().copied())).unwrap()
    };
    let said = run(&podman, &["load", "--input", &moved.environment.path("rebased.tar").display().to_string()]);
    let id = said.trim().rsplit_once("Loaded image: ").unwrap().1.to_owned();
    let container = run(&podman, &["create", &id]);
    let file = moved.environment.path("podman.tar").display().to_string();
    run(&podman, &["export", "--output", &file, container.trim()]);
    assert!(File::open(&file).is_ok());
    assert_eq!(moved.file("podman.tar", "etc/base"), "The new base.\n");
    assert_eq!(moved.file("podman.tar", "etc/app"), "The image.\n");
}

#[test]
fn what_cannot_be_is_said() {
    let moved = Moved::new();
    let (image, base) = (moved.name("app:1"), moved.name("base:1"));
    let rebase = |arguments: &[&str]| {
        let run = moved.environment.consign(&[&["rebase"], arguments].concat());
        run.to_string().replace(&moved.registry.host(), "HOST")
    };
    let digest = moved.environment.consign(&["digest", &image]).expect(0).stdout;
    let by_digest = moved.name(&format!("app@{}", digest.trim()));
    assert_snapshot!(rebase(&[&by_digest]), @"
    status 2
    --- stderr
    error: HOST/team/app@sha256:000000000001… has no tag that could move to the result
    hint: name one: `--tag TAG`, or DST
    ");
    assert_snapshot!(rebase(&[&base]), @"
    status 1
    --- stderr
    error: HOST/team/base:1 does not say what it is based on
    hint: `--old-base` and `--new-base` name the bases
    ");
    assert_snapshot!(rebase(&[&image, "--old-base", &moved.name("absent:1")]), @"
    status 1
    --- stderr
    error: there is no old base HOST/team/absent:1
    hint: if the registry no longer has it, `--old-base` names a copy
    ");
    assert!(rebase(&[&image, "--tag", "2", "oci:somewhere"]).starts_with("status 2\n"));
    assert_snapshot!(rebase(&[&image, "--old-base", "oci:base-layout:1", "--new-base", &image]), @"
    status 1
    --- stderr
    error: linux/amd64 cannot be put onto the new base
      caused by: the new base is the image itself, or built on it
    hint: build it on the new base
    ");
    moved.push("base");
    assert_eq!(moved.registry.tags_written().iter().filter(|tag| tag.starts_with("team/app")).count(), 1);
    moved.environment.consign(&["rebase", &image]).expect(0);
    assert_snapshot!(rebase(&[&image, "--old-base", "oci:base-layout:1"]), @"
    status 1
    --- stderr
    error: linux/amd64 cannot be put onto the new base
      caused by: it is not built on the old base: its layer 1 is sha256:000000000001…, and the old base's is sha256:000000000002…
    hint: `--old-base` names the base that the image was built on
    ");
}
