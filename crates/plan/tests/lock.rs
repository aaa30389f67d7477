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
        url: format!("pkg:deb/debian/{name}@{}?arch=amd64", version.replace('+', "%2B")),
    }
}

fn lock(packages: &[(&str, &[(&str, &str)])]) -> Lock {
    let packages: BTreeMap<_, Vec<_>> = packages
        .iter()
        .map(|(platform, packages)| {
            (platform.parse().unwrap(), packages.iter().map(|(name, version)| package(name, version)).collect())
        })
        .collect();
    let image = LockedImage::new(Digest::of(b"x"), None, Some("bookworm".into()), packages);
    Lock { images: Some(BTreeMap::from([("web".to_owned(), image)])), advisories: None }
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
    let image = text.lines().skip(3).take(5).collect::<Vec<_>>().join("\n");
    let doubled = text.replacen(&image, &format!("{image},\n{image}"), 1);
    assert!(Lock::parse(&text).is_ok());
    let error = Lock::parse(&doubled).unwrap_err();
    assert!(std::error::Error::source(&error).unwrap().to_string().contains("`web` is there twice"), "{error:?}");
}

#[test]
fn a_platform_that_is_there_twice_or_has_no_packages_is_refused() {
    let good = lock(&[("linux/amd64", &[("a", "1")]), ("linux/arm64", &[("a", "1")])]).text().unwrap();
    let twice = good.replace("linux/arm64", "linux/amd64");
    let error = Lock::parse(&twice).unwrap_err();
    assert!(
        std::error::Error::source(&error).unwrap().to_string().contains("`linux/amd64` is there twice"),
        "{error:?}"
    );
    let line = good.lines().find(|line| line.contains("\"path\"")).unwrap();
    let error = Lock::parse(&good.replacen(line, "", 1)).unwrap_err();
    assert_eq!(error.to_string(), "image `web`, linux/amd64: there are no packages");
}

#[test]
fn what_a_merge_put_together_is_noticed() {
    let whole = |text: &str| Lock::parse(text).unwrap().images.unwrap()["web"].is_whole();
    let good = lock(&[("linux/amd64", &[("a", "1"), ("b", "1")])]).text().unwrap();
    assert!(whole(&good));
    let last = good.lines().find(|line| line.contains("\"name\":\"b\"")).unwrap();
    let gone = good.replace(&format!(",\n{last}"), "");
    let table = [
        gone.clone(),
        good.replace("\"size\":7", "\"size\":8"),
        good.replace("\"suite\": \"bookworm\"", "\"suite\": \"trixie\""),
        good.replace(&Digest::of(b"x").to_string(), &Digest::of(b"y").to_string()),
    ];
    for text in table {
        assert_ne!(text, good);
        assert!(!whole(&text), "{text}");
    }
    // Where what was chosen is the same nevertheless, that something changed it is a change.
    let digest = good.lines().find(|line| line.contains("\"digest\": ")).unwrap();
    let other = good.replace(digest, &format!("\"digest\": \"{}\",", Digest::of(b"")));
    let told = changes(&Lock::parse(&other).unwrap(), &Lock::parse(&good).unwrap());
    assert_eq!(told, [Change::Written { image: "web".into() }]);
}

#[test]
fn what_differs_between_two_packages_of_a_version_is_told() {
    let old = lock(&[("linux/amd64", &[("a", "1")])]);
    type Set = fn(&mut LockedPackage);
    let table: [(Set, &str); 5] = [
        (|package| package.size = 8, "web: a 1 (7 bytes) → 1 (8 bytes) (linux/amd64)"),
        (
            |package| package.url.push_str("&distro=debian-12"),
            "web: a 1 (pkg:deb/debian/a@1?arch=amd64) → 1 (pkg:deb/debian/a@1?arch=amd64&distro=debian-12) (linux/amd64)",
        ),
        (
            |package| package.suite.push_str("-security"),
            "web: a 1 (bookworm pool/main/a_1_amd64.deb) → 1 (bookworm-security pool/main/a_1_amd64.deb) (linux/amd64)",
        ),
        (|package| package.digest = Digest::of(b""), "web: a 1 (6b86b273ff34) → 1 (e3b0c44298fc) (linux/amd64)"),
        (|package| package.version = "2".into(), "web: a 1 → 2 (linux/amd64)"),
    ];
    for (set, expected) in table {
        let mut new = old.clone();
        set(&mut new.images.as_mut().unwrap().get_mut("web").unwrap().packages.values_mut().next().unwrap()[0]);
        let told: Vec<String> = changes(&old, &new).iter().map(Change::to_string).collect();
        assert_eq!(told, [expected]);
    }
    let mut new = old.clone();
    new.images.as_mut().unwrap().get_mut("web").unwrap().suite = Some("trixie".into());
    let told: Vec<String> = changes(&old, &new).iter().map(Change::to_string).collect();
    assert_eq!(told, ["web: suite bookworm → trixie"]);
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
    other.images.as_mut().unwrap().get_mut("web").unwrap().request = Digest::of(b"y");
    assert_eq!(changes(&old, &other), [Change::Request { image: "web".into() }]);
}
