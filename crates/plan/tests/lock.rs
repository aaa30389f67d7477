//! The lock as a file.

#![expect(clippy::unwrap_used, reason = "tests")]

use consign_oci::Digest;
use consign_plan::lock::{Change, changes};
use consign_plan::{Lock, LockedImage, LockedPackage};
use std::collections::BTreeMap;

fn package(name: &str, version: &str) -> LockedPackage {
    LockedPackage {
        name: name.into(),
        version: version.into(),
        architecture: "amd64".into(),
        suite: "bookworm".into(),
        path: format!("pool/main/{name}_{version}_amd64.deb"),
        size: 7,
        digest: Digest::of(version.as_bytes()),
        url: format!("pkg:deb/debian/{name}@{version}?arch=amd64"),
    }
}

fn lock(packages: &[(&str, &[(&str, &str)])]) -> Lock {
    let packages: BTreeMap<_, Vec<_>> = packages
        .iter()
        .map(|(platform, packages)| {
            (platform.parse().unwrap(), packages.iter().map(|(name, version)| package(name, version)).collect())
        })
        .collect();
    let image = LockedImage { request: Digest::of(b"x"), base: None, suite: Some("bookworm".into()), packages };
    Lock { images: BTreeMap::from([("web".to_owned(), image)]) }
}

#[test]
fn what_is_written_is_read() {
    let lock = lock(&[("linux/amd64", &[("a", "1"), ("b", "2:1.0~rc1+deb12u1")]), ("linux/arm/v7", &[("a", "1")])]);
    let text = lock.text().unwrap();
    assert_eq!(Lock::parse(&text).unwrap(), lock);
    // One line for each package.
    assert_eq!(text.lines().filter(|line| line.contains("\"path\"")).count(), 3);
    let empty = Lock::default();
    assert_eq!(Lock::parse(&empty.text().unwrap()).unwrap(), empty);
}

#[test]
fn an_image_that_is_there_twice_is_refused() {
    let text = lock(&[]).text().unwrap();
    let image = text.lines().skip(3).take(4).collect::<Vec<_>>().join("\n");
    let doubled = text.replacen(&image, &format!("{image},\n{image}"), 1);
    assert!(Lock::parse(&text).is_ok());
    let error = Lock::parse(&doubled).unwrap_err();
    assert!(std::error::Error::source(&error).unwrap().to_string().contains("`web` is there twice"), "{error:?}");
}

#[test]
fn changes_are_told_by_package_with_the_platforms() {
    let old = lock(&[("linux/amd64", &[("a", "1"), ("b", "1")]), ("linux/arm64", &[("a", "1")])]);
    let new = lock(&[("linux/amd64", &[("a", "2"), ("c", "1")]), ("linux/arm64", &[("a", "2")])]);
    let told: Vec<String> = changes(&old, &new).iter().map(Change::to_string).collect();
    let expected = ["web: a 1 → 2 (linux/amd64, linux/arm64)", "web: - b 1 (linux/amd64)", "web: + c 1 (linux/amd64)"];
    assert_eq!(told, expected);
    assert_eq!(changes(&old, &old), []);
    assert_eq!(changes(&Lock::default(), &new), [Change::Added { image: "web".into() }]);
    assert_eq!(changes(&new, &Lock::default()), [Change::Removed { image: "web".into() }]);
    let mut other = old.clone();
    other.images.get_mut("web").unwrap().request = Digest::of(b"y");
    assert_eq!(changes(&old, &other), [Change::Request { image: "web".into() }]);
}
