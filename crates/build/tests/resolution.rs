//! What an image is made of: what was chosen before stays, as far as it is there still.

#![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

mod support;

use consign_build::Resolution;
use consign_image::Place;
use consign_oci::{Descriptor, media_type};
use consign_testkit::mirror::{Mirror, MirrorPackage};
use support::Workshop;

const PLATFORM: &str = "linux/amd64";

fn mirror(suite: &str, versions: &[&str]) -> Mirror {
    let package = |version: &&str| MirrorPackage::new("tool", version, "amd64").field("Source", "tools");
    versions.iter().map(package).fold(Mirror::new(suite), Mirror::package)
}

/// Returns version, suite, size and URL of the package.
fn tool(resolution: &Resolution) -> (&str, &str, u64, &str) {
    let package = &resolution.packages[&PLATFORM.parse().unwrap()][0];
    (&package.version, &package.suite, package.size, &package.url)
}

#[tokio::test]
async fn a_file_stays_where_it_was_found_while_it_is_there() {
    let (empty, full) = (mirror("test-security", &[]), mirror("test-security", &["2"]));
    let mut workshop = Workshop::new().mirror("test", &mirror("test", &["1"])).mirror("test-security", &full);
    workshop.reuse = true;
    let image = "packages: [tool]\n";
    let first = workshop.resolve(image, PLATFORM, None, None).await.unwrap();
    assert_eq!(tool(&first).1, "test-security");
    // A point release takes the update in: for a time it is in both.
    workshop.rewrite(0, &mirror("test", &["2"]));
    assert_eq!(tool(&workshop.resolve(image, PLATFORM, None, None).await.unwrap()).1, "test");
    let kept = workshop.resolve(image, PLATFORM, None, Some(&first)).await.unwrap();
    assert_eq!(kept.packages, first.packages);
    workshop.rewrite(1, &empty);
    let moved = workshop.resolve(image, PLATFORM, None, Some(&first)).await.unwrap();
    assert_eq!((tool(&moved).0, tool(&moved).1), ("2", "test"));
}

#[tokio::test]
async fn nothing_but_the_choice_is_taken_from_an_earlier_one() {
    let workshop = Workshop::new().mirror("test", &mirror("test", &["1"]));
    let image = "packages: [tool]\n";
    let first = workshop.resolve(image, PLATFORM, None, None).await.unwrap();
    let mut forged = first.clone();
    for package in forged.packages.values_mut().flatten() {
        package.size += 1;
        package.url = "pkg:deb/debian/other@1?arch=amd64".into();
        package.version = "0".into();
        package.architecture = "all".into();
    }
    assert_eq!(workshop.resolve(image, PLATFORM, None, Some(&forged)).await.unwrap(), first);
}

#[tokio::test]
async fn the_suite_stays_until_the_image_file_names_one() {
    let workshop = Workshop::new().mirror("test", &mirror("test", &["2"])).mirror("older", &mirror("older", &["1"]));
    // The machine's own suite is `test`.
    let older = workshop.resolve("packages: [tool]\nsuite: older\n", PLATFORM, None, None).await.unwrap();
    let table = [
        ("packages: [tool]\n", None, "test"),
        ("packages: [tool]\n", Some(&older), "older"),
        ("packages: [tool]\nsuite: test\n", Some(&older), "test"),
    ];
    for (image, keep, expected) in table {
        let found = workshop.resolve(image, PLATFORM, None, keep).await.unwrap();
        assert_eq!((found.suite.as_deref(), tool(&found).1), (Some(expected), expected), "{image}");
    }
}

#[tokio::test]
async fn who_an_archive_says_that_it_is_counts() {
    let mut workshop = Workshop::new().mirror("test", &mirror("test", &["1"]));
    workshop.reuse = true;
    let url = "pkg:deb/debian/tool@1?arch=amd64&distro=debian-test&upstream=tools";
    let first = workshop.resolve("packages: [tool]\n", PLATFORM, None, None).await.unwrap();
    assert_eq!(tool(&first).3, url);
    // The indexes are the same.
    workshop.rewrite(0, &mirror("test", &["1"]).origin("Own"));
    let second = workshop.resolve("packages: [tool]\n", PLATFORM, None, None).await.unwrap();
    assert_eq!(tool(&second).3, url.replace("debian", "own"));
}

#[tokio::test]
async fn a_base_image_is_chosen_by_what_it_is_alone() {
    let workshop = Workshop::new().file("f", b"f");
    let base = workshop.build("files: [{source: f, path: /f}]\n", PLATFORM).await.unwrap().built;
    let mut root = base.manifest.descriptor(media_type::MANIFEST);
    root.annotations.insert("io.containerd.image.name".into(), "localhost:1/base".into());
    let place = Place::Store { store: workshop.store.clone(), root: Some(root.clone()), name: "base".into() };
    let resolve = async |keep: Option<&Resolution>| {
        workshop.resolve("base: store:base\n", PLATFORM, Some(&place), keep).await.unwrap().base
    };
    let plain = Some(root.plain());
    assert_eq!(resolve(None).await, plain);
    let forged = Descriptor { size: root.size + 1, ..root.clone() };
    for base in [root, forged] {
        let keep = Resolution { base: Some(base), ..Resolution::default() };
        assert_eq!(resolve(Some(&keep)).await, plain);
    }
}
