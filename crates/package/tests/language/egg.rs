//! Eggs of Python's as one file.

use super::names;
use super::zips::{Entry, Lies, lying, zip};
use consign_package::language::egg::{self, Catalogued};

const PATH: &str = "usr/lib/python3.11/site-packages/Foo.Bar-1.0-py3.11.egg";

fn info(name: &str, version: &str) -> Entry {
    Entry::new(
        "EGG-INFO/PKG-INFO",
        format!("Metadata-Version: 1.1\nName: {name}\nVersion: {version}\nLicense: MIT\n\ntext\n"),
    )
}

fn read(path: &str, contents: &[u8]) -> Catalogued {
    egg::read_while(path, contents, &mut |_| true)
}

fn problems(catalogued: &Catalogued) -> Vec<String> {
    catalogued.problems.iter().map(ToString::to_string).collect()
}

#[test]
fn knows_them_by_name() {
    for (path, expected) in [
        (PATH, true),
        ("a.EGG", true),
        (".egg", false),
        ("a.egg-info", false),
        ("a.egg-link", false),
        ("a.egg/EGG-INFO/PKG-INFO", false),
        ("egg", false),
    ] {
        assert_eq!(egg::is_wanted(path), expected, "{path}");
    }
}

#[test]
fn says_what_it_is_and_what_lies_in_it() {
    let module = || Entry::new("foo/__init__.py", "");
    let vendored = Entry::new("foo/_vendor/six-1.16.0.dist-info/METADATA", "Name: six\nVersion: 1.16.0\n");
    let conda = Entry::new("conda-meta/a.json", "{");
    let script = |mut archive: Vec<u8>| {
        archive.splice(..0, b"#!/bin/sh\nexec python3 -c 'import foo' \"$@\"\n".iter().copied());
        archive
    };
    for (archive, expected) in [
        (zip(&[info("Foo.Bar", "1.0.1"), module()]), &["Foo.Bar 1.0.1"][..]),
        (zip(&[Entry { method: 0, ..info("Foo.Bar", "1.0.1") }]), &["Foo.Bar 1.0.1"]),
        (script(zip(&[info("Foo.Bar", "1.0.1")])), &["Foo.Bar 1.0.1"]),
        (zip(&[module(), vendored, info("Foo.Bar", "1.0.1"), conda]), &["six 1.16.0", "Foo.Bar 1.0.1"]),
        // Only its name says what it is.
        (zip(&[module()]), &["Foo.Bar 1.0"]),
        (zip(&[Entry::new("EGG-INFO/PKG-INFO", "Summary: x\n")]), &["Foo.Bar 1.0"]),
        (Vec::new(), &[]),
    ] {
        let catalogued = read(PATH, &archive);
        assert_eq!(
            (names(&catalogued.found), problems(&catalogued)),
            (expected.iter().map(ToString::to_string).collect(), vec![])
        );
        assert_eq!(catalogued.found.iter().filter(|found| found.inner_path.is_none()).count(), expected.len().min(1));
    }
    assert_eq!(read(PATH, &zip(&[info("a", "1")])).found[0].licences, ["MIT"]);
}

#[test]
fn what_cannot_be_read_is_a_problem() {
    let good = zip(&[info("a", "1")]);
    let broken = |change: &dyn Fn(&mut Entry)| {
        let mut entry = info("a", "1");
        change(&mut entry);
        zip(&[entry])
    };
    let own = "EGG-INFO/PKG-INFO";
    let unnamed = "nothing says which package, or which version of it, it is; not catalogued";
    for (path, archive, expected) in [
        ("a.egg", b"no archive".to_vec(), "no zip archive, or cut off; not catalogued".to_owned()),
        ("a.egg", good[..good.len() - 30].to_vec(), "no zip archive, or cut off; not catalogued".to_owned()),
        ("a.egg", broken(&|entry| entry.flags = 1), format!("{own}: encrypted; not catalogued")),
        (
            "a.egg",
            broken(&|entry| entry.sum = Some(7)),
            format!("{own}: damaged (its sum is another than stated); not catalogued"),
        ),
        (
            "a.egg",
            broken(&|entry| entry.method = 12),
            format!("{own}: compressed by method 12, which consign does not read; not catalogued"),
        ),
        ("a.egg", zip(&[Entry::new("x.egg-info", "")]), format!("x.egg-info: {unnamed}")),
        ("a.egg", zip(&[Entry::new("a.py", "")]), unnamed.to_owned()),
        (
            "a.egg",
            lying(&[info("a", "1"), info("b", "1")], &Lies { overlaps: true, ..Lies::default() }),
            "its entries overlap, as they do in archives that are made to fill memory; not catalogued".to_owned(),
        ),
    ] {
        let catalogued = read(path, &archive);
        assert!(problems(&catalogued).contains(&expected), "{expected}: {catalogued:?}");
        assert_eq!(catalogued.found, [], "{expected}");
    }
    // A long description is not needed.
    let long = zip(&[Entry {
        method: 0,
        ..Entry::new("EGG-INFO/PKG-INFO", format!("Name: a\nVersion: 1\n\n{}", "x".repeat(2 << 20)))
    }]);
    assert_eq!(names(&read("a.egg", &long).found), ["a 1"]);
    // Whoever asked wants no more.
    let stopped = egg::read_while("a.egg", &good, &mut |_| false);
    assert_eq!(problems(&stopped), ["no more is read; the rest is not catalogued"]);
    // Problems and packages are bounded.
    let many = |text: &str| {
        zip(&(0..12_000)
            .map(|number| Entry { method: 0, ..Entry::new(&format!("{number}-1.egg-info/PKG-INFO"), text) })
            .collect::<Vec<_>>())
    };
    let packages = read("a.egg", &many("Name: a\nVersion: 1\n"));
    assert_eq!(
        (packages.found.len(), problems(&packages)),
        (10_000, vec!["more than 10000 packages; the rest is not catalogued".to_owned()])
    );
    let encrypted = (0..200).map(|number| Entry { flags: 1, ..Entry::new(&format!("{number}.egg-info"), "") });
    let problems = problems(&read("a.egg", &zip(&encrypted.collect::<Vec<_>>())));
    assert_eq!((problems.len(), problems[100].as_str()), (101, "more than 100 problems; the rest is not listed"));
}
