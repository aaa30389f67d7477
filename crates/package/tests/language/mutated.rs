//! Damaged files: whatever is in them, reading them ends, without a panic.

use consign_package::deb::copyright;
use consign_package::language::reader;
use consign_package::{licence, sbom};
use consign_testkit::mutate::{seeds_of_the_caller, survives};

const SEEDS: [(&str, &str); 6] = [
    (
        "a-1.dist-info/METADATA",
        "Name: a\nVersion: 1\nLicense: GPL v2 or later\n and\nClassifier: License :: OSI Approved :: MIT License\nProject-URL: Homepage, https://a\n\nText\n",
    ),
    ("conda-meta/a.json", r#"{"name": "a", "version": "1", "channel": "https://c/pypi/", "license": ["MIT"]}"#),
    (
        "node_modules/a/package.json",
        r#"{"name": "@a/b", "version": "1.0.0", "license": {"type": "MIT"}, "author": {"name": "é"}}"#,
    ),
    (
        "specifications/a.gemspec",
        "# stub: a 1 ruby lib\ns.name = \"a\\u00E9\\u{1F600}\".freeze\ns.version = %q<1>\ns.licenses = [\"MIT\".freeze, 'x']\n",
    ),
    (
        "composer/installed.json",
        r#"{"packages": [{"name": "a/b", "version": "v1", "license": ["MIT"], "authors": [{"name": "A"}], "dist": {"shasum": "ab"}}]}"#,
    ),
    (
        "a.deps.json",
        r#"{"runtimeTarget": {"name": "t"}, "targets": {"t": {"A/1": {"runtime": {"a": {}}}}}, "libraries": {"A/1": {"type": "package"}, "runtimepack.B/2": {"type": "runtimepack"}}}"#,
    ),
];

#[test]
fn files_of_package_managers() {
    for (path, contents) in SEEDS {
        assert!(!reader(path).unwrap().read(path, contents.as_bytes()).unwrap().is_empty(), "{path}");
        let seeds = [vec![contents.as_bytes().to_vec()], seeds_of_the_caller()].concat();
        survives(&seeds, 1000, |bytes| drop(reader(path).unwrap().read(path, bytes)));
    }
}

#[test]
fn paths() {
    let seeds: Vec<_> = SEEDS.iter().map(|(path, _)| path.as_bytes().to_vec()).collect();
    survives(&seeds, 500, |bytes| {
        let path = String::from_utf8_lossy(bytes);
        if let Some(reader) = reader(&path) {
            drop(reader.read(&path, b"{}"));
        }
        let _ = copyright::package_of(&path);
    });
}

#[test]
fn lists_of_packages() {
    let seeds = super::sbom::SAMPLES.map(|text| text.as_bytes().to_vec());
    survives(&seeds, 2000, |bytes| drop(sbom::read(bytes)));
}

#[test]
fn licences() {
    let seeds = [
        "Apache License, Version 2.0 or (GPL-3+ with Bison exception and MIT/X11)",
        "GNU General Public License v2 or later (GPLv2+), and LicenseRef-a",
        "Format: https://x\n\nFiles: *\nLicense: GPL-1+ or Artistic, and MIT\n\nversion 2 or later /usr/share/common-licenses/GPL.\n",
    ];
    survives(&seeds.map(|text| text.as_bytes().to_vec()), 3000, |bytes| {
        let text = String::from_utf8_lossy(bytes);
        for found in [licence::expression(&text), licence::debian(&text)].into_iter().flatten() {
            assert!(licence::is_expression(&found), "{text:?} gave {found:?}");
        }
        drop(copyright::licences(bytes));
    });
}
