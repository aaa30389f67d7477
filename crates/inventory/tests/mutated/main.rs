//! Damaged layers, and damaged forms of what is kept of them: nothing panics, and `checks` holds.
//! The targets in `fuzz/` check the same where there is a compiler for that.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod checks;
#[path = "../common/mod.rs"]
mod common;

use common::{blob, file, folder, hard_link, link, list, package};
use consign_inventory::{Budget, read_layer};
use consign_oci::layer::{Entry, Layer};
use consign_oci::{Descriptor, Digest, media_type};
use consign_testkit::mutate::{seeds_of_the_caller, survives};

/// A layer with whatever is looked at.
fn entries() -> Vec<Entry> {
    let apk =
        "P:musl\nV:1.2-r0\nA:x86_64\nL:MIT\no:musl\nF:lib\nR:libc.so\nZ:Q1ERNpCJFk1PGS4CYg/7IFaRAgAbU=\n\nP:b\nV:1\n\n";
    let sbom = r#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [{"type": "library", "name": "redis", "version": "7", "purl": "pkg:generic/redis@7"}]}"#;
    vec![
        folder("etc"),
        file("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME='Debian'\n"),
        file("var/lib/dpkg/status", &(package("curl", "1:7.88~rc1-2+b1") + &package("b", "2"))),
        file("var/lib/dpkg/info/curl.list", "/.\n/usr\n/usr/bin/curl\n"),
        file("usr/share/doc/curl/copyright", "Format: https://x\n\nFiles: *\nLicense: GPL-2+ or MIT\n"),
        file("lib/apk/db/installed", apk),
        file("app/package.json", r#"{"name": "@a/b", "version": "1.0.0", "license": "MIT"}"#),
        file("usr/lib/python3/a-1.dist-info/METADATA", "Name: a\nVersion: 1\nLicense: MIT\n"),
        file("opt/sbom.json", sbom),
        link("usr/lib/link", "../../app"),
        hard_link("usr/hard", "app/package.json"),
        file("usr/.wh.gone", ""),
        file("opt/.wh..wh..opq", ""),
    ]
}

#[test]
fn layers() {
    let found = list(&[entries()]).unwrap();
    assert!(found.packages.len() >= 6, "{found:?}");
    let (_, tar) = blob(&entries());
    checks::layer(&tar);
    survives(&[vec![tar], seeds_of_the_caller()].concat(), 2000, checks::layer);
}

#[test]
fn what_is_kept_of_layers() {
    let (_, tar) = blob(&entries());
    let descriptor = Descriptor::new(media_type::LAYER, Digest::of(b"the blob"), 0);
    let layer = Layer { descriptor, diff_id: Digest::of(&tar) };
    let kept = read_layer(&layer, &tar[..], &Budget::default()).unwrap().to_bytes().unwrap();
    checks::kept(&kept);
    survives(&[kept], 3000, checks::kept);
}
