//! Where records come from, and what is refused.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::files::{file, records, said, tar, zip};
use common::{claim, database, read, record, scanned, with, write};
use consign_scan::DatabaseError;
use serde_json::{Value, json};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

#[test]
fn the_digest_does_not_depend_on_where_and_how_records_lie() {
    let folder = tempfile::tempdir().unwrap();
    let texts: Vec<String> = records().iter().map(Value::to_string).collect();
    let files = [
        ("x/one.json", texts[0].as_bytes()),
        ("two.json", texts[1].as_bytes()),
        ("LICENSE", b"words"),
        (".hidden/x.json", b"{"),
    ];
    let tar = tar(&files);
    let mut reversed = files;
    reversed.reverse();
    zip(&folder.path().join("records.zip"), &reversed);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&tar).unwrap();
    let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 1);
    xz.write_all(&tar).unwrap();
    let archives = [
        file(&folder, "records.tar", &tar),
        file(&folder, "records.tar.gz", &gzip.finish().unwrap()),
        file(&folder, "records.tar.xz", &xz.finish().unwrap()),
        file(&folder, "records.tar.zst", &zstd::encode_all(&tar[..], 1).unwrap()),
        folder.path().join("records.zip"),
    ];
    let expected = database(&records());
    assert_eq!(expected.records(), 2);
    for archive in &archives {
        let found = read([archive]).unwrap();
        assert_eq!((found.digest(), found.records()), (expected.digest(), 2), "{}", archive.display());
    }
    // All of them together, with the folder that they lie in: each record counts once.
    let nested = folder.path().join("a/b");
    write(&nested, &records());
    let all = read(archives.iter().map(PathBuf::as_path).chain([folder.path()])).unwrap();
    assert_eq!(all.digest(), expected.digest());
    let changed = database(&[records()[0].clone(), record("CVE-2", "Debian:12", "b", Some("3"))]);
    assert_ne!(changed.digest(), expected.digest());
}

#[test]
fn json_and_yaml() {
    let folder = tempfile::tempdir().unwrap();
    let yaml = "id: CVE-1\nmodified: \"2026-01-02T03:04:05Z\"\naliases:\naffected:\n- package: {ecosystem: 'Debian:12', name: openssl}\n  versions: [1.10, 3.0.1-2]\n  ranges:\n  - type: ECOSYSTEM\n    events: [{introduced: \"0\"}, {fixed: 1.2}]\n";
    file(&folder, "one.yaml", yaml.as_bytes());
    let database = read([folder.path()]).unwrap();
    let purl = |version: &str| format!("pkg:deb/debian/openssl@{version}?distro=debian-12");
    for (version, count) in [("1.1", 1), ("1.2", 0), ("1.10", 1), ("3.0.1-2", 1), ("3", 0)] {
        assert_eq!(common::findings(&database, &[&purl(version)]).len(), count, "{version}");
    }
}

#[test]
fn what_is_no_database_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let good = records()[0].to_string();
    let no_time = with(records()[0].clone(), json!({"modified": "yesterday"})).to_string();
    for (name, bytes, expected) in [
        (
            "records.txt",
            &b"x"[..],
            "[folder]/records.txt is neither a database, a folder, an archive nor a feed: archives end in .zip, .tar, .tar.gz, .tar.xz or .tar.zst, feeds in .json, .yaml, .yml or .csv",
        ),
        ("records.zip", b"x", "[folder]/records.zip cannot be read as an archive"),
        ("records.tar.gz", b"x", "[folder]/records.tar.gz cannot be read as an archive"),
        (
            "one.tar",
            &tar(&[("a.json", b"{")]),
            "[folder]/one.tar: a.json cannot be read as a feed of advisories\nEOF while parsing an object at line 1 column 1",
        ),
        (
            "two.tar",
            &tar(&[("b.json", b"{\"modified\": \"2026-01-01T00:00:00Z\"}")]),
            "[folder]/two.tar: b.json is not an OSV record\nmissing field `id` at line 1 column 36",
        ),
        (
            "three.tar",
            &tar(&[("c.json", good.as_bytes()), ("d.json", b"[1]")]),
            "[folder]/three.tar: d.json cannot be read as a feed of advisories\n",
        ),
        (
            "four.tar",
            &tar(&[("e.json", no_time.as_bytes())]),
            "[folder]/four.tar: e.json is not an OSV record\n`modified` is no time",
        ),
        ("five.tar", &tar(&[("f.yaml", b"id: [")]), "[folder]/five.tar: f.yaml is not an OSV record\n"),
        (
            "page.json",
            b"\n<!DOCTYPE html><html>",
            "[folder]/page.json is a page for people (HTML), and no feed of advisories",
        ),
        ("page.csv", b"\xef\xbb\xbf<html>", "[folder]/page.csv is a page for people (HTML), and no feed of advisories"),
        ("six.tar", &tar(&[("README.md", b"words")]), "there is no feed of advisories in [folder]/six.tar"),
    ] {
        let said = said(&file(&folder, name, bytes));
        assert!(said.starts_with(expected), "{name}: {said}");
    }
    assert!(said(&folder.path().join("missing")).starts_with("cannot read [folder]/missing\n"));
    assert!(matches!(read([] as [&Path; 0]), Err(DatabaseError::Empty { .. })));
}

#[test]
fn every_path_brings_something() {
    let folder = tempfile::tempdir().unwrap();
    let (full, empty) = (folder.path().join("full"), folder.path().join("empty"));
    write(&full, &records());
    fs::create_dir(&empty).unwrap();
    let said = |paths: &[&Path]| {
        let error = read(paths).map(|database| database.records()).map_err(|error| error.to_string());
        error.map_err(|error| error.replace(&folder.path().display().to_string(), "[folder]"))
    };
    let nothing = "there is no feed of advisories in [folder]/empty";
    for paths in [[&full, &empty], [&empty, &full]] {
        assert_eq!(said(&paths.map(PathBuf::as_path)), Err(nothing.to_owned()));
    }
    file(&folder, "empty/LICENSE", b"words");
    assert_eq!(said(&[&full, &empty]), Err(nothing.to_owned()));
    // The same records again are something.
    assert_eq!(said(&[&full, &full]), Ok(2));
    // A database among feeds is none of them.
    consign_scan::Built::of(&[&full], None).unwrap().write(&empty.join("debian.db")).unwrap();
    let mixed =
        "[folder]/empty/debian.db is a database already: name it alone, or build one of all that it was made of";
    assert_eq!(said(&[&full, &empty]), Err(mixed.to_owned()));
}

#[test]
fn what_is_passed_over_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), &records());
    let path = file(&folder, "more.tar", &tar(&[("LICENSE", &b"words"[..]), (".hidden/x", b"x")]));
    let passed = || consign_scan::Built::of(&[folder.path()], None).unwrap().passed_over();
    assert_eq!(passed(), 1);
    fs::write(folder.path().join("README.md"), "words").unwrap();
    fs::write(folder.path().join(".gitignore"), "words").unwrap();
    assert_eq!(passed(), 2);
    fs::remove_file(path).unwrap();
    assert_eq!(passed(), 1);
}

#[test]
fn links_are_followed_within_a_folder() {
    use std::os::unix::fs::symlink;
    // As Kubernetes mounts volumes: what is named are links to what is hidden.
    let folder = tempfile::tempdir().unwrap();
    write(&folder.path().join("..2026_11_21"), &records()[..1]);
    write(&folder.path().join("..2026_11_21/more"), &records()[1..]);
    symlink("..2026_11_21", folder.path().join("..data")).unwrap();
    symlink("..data/0.json", folder.path().join("kev.json")).unwrap();
    symlink("..data/more", folder.path().join("more")).unwrap();
    symlink(".", folder.path().join("loop")).unwrap();
    symlink("missing", folder.path().join("LICENSE")).unwrap();
    assert_eq!(read([folder.path()]).unwrap().digest(), database(&records()).digest());
    symlink("..data/missing.json", folder.path().join("missing.json")).unwrap();
    let error = read([folder.path()]).unwrap_err().to_string();
    assert!(error.contains("missing.json is a link to nothing, or out of the folder that is read"), "{error}");
}

#[test]
fn a_record_is_the_same_however_it_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let record =
        with(records()[0].clone(), json!({"aliases": ["X"], "severity": [{"type": "CVSS_V3", "score": "7.5"}]}));
    let plain = folder.path().join("plain");
    write(&plain, std::slice::from_ref(&record));
    let other = folder.path().join("other");
    fs::create_dir(&other).unwrap();
    fs::write(other.join("a.json"), serde_json::to_string_pretty(&record).unwrap()).unwrap();
    // JSON is YAML, too.
    fs::write(other.join("b.yaml"), serde_json::to_string_pretty(&record).unwrap()).unwrap();
    let both = read([&plain, &other]).unwrap();
    assert_eq!((both.records(), both.digest()), (1, database(std::slice::from_ref(&record)).digest()));
    let changed = with(record, json!({"aliases": ["Y"]}));
    assert_ne!(database(&[changed]).digest(), both.digest());
}

#[test]
fn deeply_nested_records_are_refused_or_read() {
    let folder = tempfile::tempdir().unwrap();
    let deep = format!("{{\"id\": \"X\", \"modified\": \"2026-01-01T00:00:00Z\", \"x\": {}}}", "[".repeat(100_000));
    assert!(
        said(&file(&folder, "deep.tar", &tar(&[("a.json", deep.as_bytes())])))
            .contains("a.json cannot be read as a feed")
    );
    let words = format!(
        "{{\"id\": \"X\", \"modified\": \"2026-01-01T00:00:00Z\", \"database_specific\": {{\"severity\": {}",
        "[".repeat(100_000)
    );
    assert!(
        said(&file(&folder, "words.tar", &tar(&[("a.json", words.as_bytes())])))
            .contains("a.json cannot be read as a feed")
    );
    let yaml = format!("id: {}", "[".repeat(100_000));
    assert!(
        said(&file(&folder, "yaml.tar", &tar(&[("a.yaml", yaml.as_bytes())]))).contains("a.yaml is not an OSV record")
    );
}

#[test]
fn lists_and_names_are_bounded() {
    let folder = tempfile::tempdir().unwrap();
    let record = |field: &str, value: Value| with(records()[0].clone(), json!({field: value})).to_string();
    let names = |count: usize| json!((0..count).map(|number| format!("A{number}")).collect::<Vec<_>>());
    for (record, expected) in [
        (record("aliases", names(1000)), None),
        (record("aliases", Value::Null), None),
        (record("aliases", names(1001)), Some("a list has more than 1000 elements")),
        (record("upstream", names(100_001)), Some("a list has more than 100000 elements")),
        (record("affected", json!(vec![json!({}); 100_001])), Some("a list has more than 100000 elements")),
        (
            record("severity", json!(vec![json!({"type": "X", "score": "1"}); 101])),
            Some("a list has more than 100 elements"),
        ),
        (record("id", json!("x".repeat(1001))), Some("one of its names has more than 1000 bytes")),
        (record("aliases", json!(["x".repeat(1001)])), Some("one of its names has more than 1000 bytes")),
    ] {
        let path = file(&folder, "x.tar", &tar(&[("a.json", record.as_bytes())]));
        match expected {
            None => assert_eq!(read([&path]).unwrap().records(), 1),
            Some(expected) => assert!(said(&path).contains(expected), "{expected}: {}", said(&path)),
        }
    }
}

#[test]
fn the_oldest_part_that_matters_says_how_old_a_database_is() {
    let changed = |id: &str, ecosystem: &str, day: &str| {
        with(record(id, ecosystem, "a", None), json!({"modified": format!("{day}T00:00:00Z")}))
    };
    let old = || changed("CVE-1", "Debian:12", "2026-01-01");
    let withdrawn = with(changed("X", "Debian:12", "2026-03-01"), json!({"withdrawn": "2026-03-01T00:00:00Z"}));
    let future = |ecosystem: &str| changed("X", ecosystem, "2999-01-01");
    let newer = || changed("CVE-2", "Debian:12", "2026-02-01");
    let (debian, nothing) = ("pkg:deb/debian/a@1?distro=debian-12", "pkg:npm/a@1");
    let cases: &[(&[&[Value]], &str, &str)] = &[
        (&[&[old(), newer()]], debian, "2026-02-01"),
        (&[&[old()], &[old(), newer()]], debian, "2026-01-01"),
        (&[&[old(), newer()], &[newer()]], debian, "2026-02-01"),
        (&[&[old(), changed("X", "Debian", "2026-03-01")]], debian, "2026-03-01"),
        // What is about something else, was taken back, or is yet to come, makes it no newer.
        (&[&[old(), changed("X", "PyPI", "2026-03-01")]], debian, "2026-01-01"),
        (&[&[old(), changed("X", "Debian:11", "2026-03-01")]], debian, "2026-01-01"),
        (&[&[old()], &[changed("X", "PyPI", "2026-03-01")]], debian, "2026-01-01"),
        (&[&[old(), withdrawn]], debian, "2026-01-01"),
        (&[&[old(), future("Debian:12")]], debian, "2026-01-01"),
        (&[&[future("Debian:12")], &[newer()]], debian, "1970-01-01"),
        (&[&[old(), changed("X", "PyPI", "2026-03-01"), future("PyPI")]], nothing, "2026-03-01"),
    ];
    for (number, (parts, purl, expected)) in cases.iter().enumerate() {
        let folders: Vec<TempDir> = parts.iter().map(|_| tempfile::tempdir().unwrap()).collect();
        folders.iter().zip(*parts).for_each(|(folder, records)| write(folder.path(), records));
        let mut paths: Vec<&Path> = folders.iter().map(TempDir::path).collect();
        for _ in 0..2 {
            let found = claim(&scanned(&read(&paths).unwrap(), &[purl])).scanner.db.last_update;
            assert_eq!(found, format!("{expected}T00:00:00Z"), "{number}");
            paths.reverse();
        }
    }
    let state = |parts: &[&[Value]]| {
        let folders: Vec<TempDir> = parts.iter().map(|_| tempfile::tempdir().unwrap()).collect();
        folders.iter().zip(parts).for_each(|(folder, records)| write(folder.path(), records));
        read(folders.iter().map(TempDir::path)).unwrap().state()
    };
    assert_eq!(state(&[&[old(), newer()]]), state(&[&[newer(), old()]]));
    assert_ne!(state(&[&[old(), newer()]]), state(&[&[old()], &[newer()]]));
}

#[test]
fn what_is_withdrawn_says_since_when() {
    let folder = tempfile::tempdir().unwrap();
    let withdrawn = |time: Value| with(records()[0].clone(), json!({"withdrawn": time}));
    let purl = "pkg:deb/debian/a@1?distro=debian-12";
    for (time, count) in [
        (json!("2026-11-20T00:00:00Z"), 0),
        (json!("2026-11-21T00:00:00Z"), 0),
        (json!("2026-11-21T00:00:01Z"), 1),
        (json!(""), 1),
        (Value::Null, 1),
    ] {
        let findings = common::findings(&database(&[withdrawn(time.clone())]), &[purl]);
        assert_eq!(findings.len(), count, "{time}");
    }
    let record = withdrawn(json!("gestern")).to_string();
    let said = said(&file(&folder, "x.tar", &tar(&[("a.json", record.as_bytes())])));
    assert!(said.starts_with("[folder]/x.tar: a.json is not an OSV record\n`withdrawn` is no time"), "{said}");
}

#[test]
fn an_event_says_what_happens() {
    let folder = tempfile::tempdir().unwrap();
    for event in [json!({}), json!({"introduced": null}), json!({"added": "1"})] {
        let mut record = records()[0].clone();
        record["affected"][0]["ranges"][0]["events"] = json!([{"introduced": "0"}, event]);
        let said = said(&file(&folder, "x.tar", &tar(&[("a.json", record.to_string().as_bytes())])));
        let expected = "[folder]/x.tar: a.json is not an OSV record\nan event has none of `introduced`, `fixed`, `last_affected` and `limit`";
        assert!(said.starts_with(expected), "{said}");
    }
}
