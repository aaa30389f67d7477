//! What package managers of languages leave in images, SBOMs that lie there, and licences.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod composer;
mod copyright;
mod dotnet;
mod egg;
mod gem;
mod licences;
mod machine;
mod npm;
mod python;
mod samples;
mod sbom;
mod syft;
#[path = "../java/zips.rs"]
#[expect(dead_code, reason = "what archives of Java's are made of")]
mod zips;

use consign_package::Found;
use consign_package::language::{LanguageError, reader};

/// Reads a file as the inventory does: by its path.
fn read(path: &str, contents: &str) -> Result<Vec<Found>, LanguageError> {
    reader(path).unwrap_or_else(|| panic!("nothing reads {path}")).read(path, contents.as_bytes())
}

/// Reads a file that is about one package.
fn one(path: &str, contents: &str) -> Found {
    let mut found = read(path, contents).unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

/// Returns `NAME VERSION` of all packages.
fn names(found: &[Found]) -> Vec<String> {
    found.iter().map(|found| format!("{} {}", found.name, found.version.as_deref().unwrap_or("-"))).collect()
}

#[test]
fn every_path_has_one_reader_or_none() {
    for (path, is_wanted) in [
        ("usr/lib/python3/dist-packages/six-1.16.0.egg-info/PKG-INFO", true),
        ("/usr/lib/python3.11/site-packages/Foo.DIST-INFO/METADATA", true),
        ("usr/lib/python3/dist-packages/six-1.16.0.egg-info", true),
        ("opt/Foo.egg/EGG-INFO/PKG-INFO", true),
        ("opt/conda/conda-meta/pip-23.0-pypi_0.json", true),
        ("opt/conda/conda-meta/history", false),
        ("src/foo/PKG-INFO", false),
        ("METADATA", false),
        ("a/METADATA", false),
        ("usr/share/nodejs/semver/package.json", true),
        ("package.json", true),
        ("app/my-package.json", false),
        ("app/package-lock.json", false),
        ("var/lib/gems/3.1.0/specifications/rack-2.2.7.gemspec", true),
        ("usr/share/rubygems-integration/all/specifications/default/bundler.gemspec", true),
        ("var/lib/gems/3.1.0/gems/rack-2.2.7/rack.gemspec", false),
        ("specifications.gemspec", false),
        ("app/vendor/composer/installed.json", true),
        ("app/installed.json", false),
        ("app/decomposer/installed.json", false),
        ("app/App.deps.json", true),
        ("app/deps.json", false),
        ("", false),
        ("/", false),
    ] {
        assert_eq!(reader(path).is_some(), is_wanted, "{path}");
    }
}

#[test]
fn large_files_are_refused() {
    let contents = " ".repeat(consign_package::language::SIZE_LIMIT + 1);
    let error = read("a/package.json", &contents).unwrap_err();
    assert!(matches!(error, LanguageError::TooLarge { .. }), "{error}");
}
