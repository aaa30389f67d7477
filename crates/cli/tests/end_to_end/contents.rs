//! What is in an image is listed whole, wherever its layers come from.

use crate::common::{OpenArchive, TestEnvironment};
use consign_oci::{Digest, ImageConfig, Manifest};
use serde_json::json;

/// Writes a file system with one package in it, and an advisory against that package.
fn environment() -> TestEnvironment {
    let environment = TestEnvironment::with_image();
    let status = "Package: openssl\nStatus: install ok installed\nArchitecture: amd64\nVersion: 3.0.1-1\n\
                  Maintainer: A B <a@example.org>\nDescription: words\n";
    environment.write("status", status);
    environment.write("os-release", "ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n");
    let record = json!({
        "id": "CVE-2026-1",
        "modified": "2026-01-02T03:04:05Z",
        "database_specific": {"severity": "critical"},
        "affected": [{
            "package": {"ecosystem": "Debian:12", "name": "openssl"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "3.0.2-1"}]}],
        }],
    });
    environment.write("advisories/record.json", record.to_string());
    environment.replace(
        "consign.yaml",
        "signing:\n",
        "policy:\n  advisories: {databases: [advisories], maximum-severity: low}\nsigning:\n",
    );
    environment.write(
        "image.yaml",
        "platforms: [linux/amd64]\nfiles:\n- {source: status, path: /var/lib/dpkg/status}\n\
         - {source: os-release, path: /etc/os-release}\n",
    );
    environment.commit("One package.");
    environment
}

#[test]
fn what_a_base_of_one_layer_holds_is_listed() {
    let environment = environment();
    environment.consign(&["build", "--quiet", "--to", "oci-archive:base.tar"]).expect(0);
    environment
        .write("image.yaml", "platforms: [linux/amd64]\nbase: oci-archive:base.tar\nentrypoint: [/usr/bin/openssl]\n");
    environment.commit("A base, and nothing on it.");
    // The first time it is built, the second time the result is taken: the same is in it.
    for (time, inventory) in [("built", "inventory ok: 1 packages"), ("kept", "inventory cached")] {
        let run = environment.consign(&["release"]).expect(15);
        assert!(run.stderr.contains(inventory), "{time}: {}", run.stderr);
        assert!(run.error().contains("linux/amd64: openssl 3.0.1-1: CVE-2026-1, severity critical"), "{time}: {run}");
        assert!(!environment.path("registry").exists(), "{time}");
    }
}

#[test]
fn an_image_from_elsewhere_holds_what_its_config_says() {
    let environment = environment();
    environment.consign(&["build", "--quiet", "--to", "oci-archive:hello.tar"]).expect(0);
    let original = std::fs::read(environment.path("hello.tar")).unwrap();
    let from = ["release", "--quiet", "--from", "oci-archive:hello.tar"];
    let scan = ["scan", "--db", "advisories", "oci-archive:hello.tar"];
    let refused = |expected: &str| {
        for command in [&from[..], &scan] {
            let run = environment.consign(command).expect(5);
            assert!(run.error().contains(expected), "{expected}: {}", run.error());
        }
        assert!(!environment.path("registry").exists(), "{expected}");
        environment.write("hello.tar", &original);
    };
    let alter = |change: &dyn Fn(&mut Manifest, &mut ImageConfig)| {
        OpenArchive::open(&environment.path("hello.tar")).altered(change).write();
    };
    alter(&|_, config| config.rootfs.diff_ids[0] = Digest::of(b"something else"));
    refused(
        "uncompressed, the layer sha256:000000000001… has the digest sha256:000000000002…, \
         but the config says sha256:000000000003…",
    );
    alter(&|_, config| config.rootfs.diff_ids.clear());
    refused("the image has 1 layers, but its config lists 0");
    alter(&|manifest, config| {
        manifest.layers = vec![manifest.layers[0].clone(); 20_000];
        config.rootfs.diff_ids = vec![config.rootfs.diff_ids[0].clone(); 20_000];
    });
    refused("the image has 20000 layers, and at most 1000 are read");
    environment.consign(&scan).expect(0);
}
