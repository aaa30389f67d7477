//! Files of package managers of languages, archives of Java's and programs.

use crate::checks::languages::{self, PATHS};
use crate::formats::{MACHINES, fat, mach_o, pe};
use crate::information::{DATA, LIST, SECTION, inline, pointers};
use crate::listed;
use crate::zips::{Entry, zip};
use consign_package::language::{binary, java, reader};
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

/// Returns what is in the files, each with the number of a path before it.
fn numbered(path: &str, contents: &[u8]) -> Vec<u8> {
    let number = PATHS.iter().position(|known| *known == path).unwrap();
    [&[u8::try_from(number).unwrap()], contents].concat()
}

#[test]
fn files_of_package_managers() {
    for (path, contents) in SEEDS {
        assert!(!reader(path).unwrap().read(path, contents.as_bytes()).unwrap().is_empty(), "{path}");
        let of_caller = seeds_of_the_caller().into_iter().map(|seed| numbered(path, &seed));
        let seeds: Vec<_> = of_caller.chain([numbered(path, contents.as_bytes())]).collect();
        survives(&seeds, 2000, languages::file);
    }
}

#[test]
fn paths() {
    let seeds: Vec<_> = SEEDS.iter().map(|(path, _)| path.as_bytes().to_vec()).collect();
    survives(&seeds, 500, languages::path);
    assert!(PATHS.iter().all(|path| reader(path).is_some()), "each has a reader");
}

#[test]
fn archives_of_java() {
    let inner = zip(&[Entry::properties("a.b", "c", "1"), Entry::manifest("Implementation-Title: x\n y")]);
    let outer = zip(&[
        Entry::manifest("Bundle-SymbolicName: a.b.c;x\nBundle-License: \"x\";y,z"),
        Entry::stored("lib/c-1.jar", inner.clone()),
        Entry::new("lib/d-1.jar", inner.clone()),
        Entry { method: 0, ..Entry::properties("x\\u0041\\", "y", "1") },
    ]);
    // More than the check lets be decompressed.
    let large = zip(&[
        Entry::new("lib/e-1.jar", [inner.clone(), vec![b'x'; 8000]].concat()),
        Entry::new("f.jar", inner.clone()),
    ]);
    assert!(!java::read("a-1.jar", &outer).found.is_empty());
    let mut taken = 0;
    java::read_while("a-1.jar", &large, &mut |count| {
        taken += count;
        true
    });
    assert!(taken > 8000, "{taken}");
    survives(&[outer, inner, large], 2000, languages::archive);
}

#[test]
fn eggs() {
    let metadata = "Name: a\nVersion: 1\nLicense: MIT\n\ntext\n";
    let seeds = [
        zip(&[Entry::new("EGG-INFO/PKG-INFO", metadata), Entry::new("x/b-2.dist-info/METADATA", metadata)]),
        zip(&[Entry::stored("EGG-INFO/PKG-INFO", metadata)]),
    ];
    survives(&seeds, 2000, languages::egg);
}

#[test]
fn programs() {
    let data = inline("go1.21.3", LIST);
    let crates = listed::compressed(listed::LIST.as_bytes());
    let mut seeds = vec![pe(".data", DATA, &data), mach_o("__go_buildinfo", &data), fat(&[mach_o("__data", &data)])];
    for machine in MACHINES {
        seeds.extend([machine.elf(SECTION, &pointers(machine, "go1.21.3", LIST)), machine.elf("", &data)]);
    }
    seeds.extend([MACHINES[0].elf(".dep-v0", &crates), pe(".dep-v0", 0, &crates), mach_o(".dep-v0", &crates)]);
    assert!(seeds.iter().all(|seed| !binary::read(seed).unwrap().is_empty()));
    survives(&seeds, 1000, languages::program);
}
