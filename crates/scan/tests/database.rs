//! Where records come from, and what is refused.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::{claim, database, read, record, scanned, with, write};
use consign_scan::DatabaseError;
use serde_json::{Value, json};
use std::error::Error;
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn records() -> Vec<Value> {
    vec![record("CVE-1", "Debian:12", "a", None), record("CVE-2", "Debian:12", "b", Some("2"))]
}

fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        // As they are, also those that lead elsewhere.
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        builder.append(&header, *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

fn zip(path: &Path, files: &[(&str, &[u8])]) {
    let mut writer = zip::ZipWriter::new(File::create(path).unwrap());
    for (name, bytes) in files {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap();
}

fn file(folder: &TempDir, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    path
}

fn said(path: &Path) -> String {
    let error = read([path]).unwrap_err();
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!("\n{error}"));
        cause = error.source();
    }
    text.replace(&path.parent().unwrap().display().to_string(), "[folder]")
}

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
            "[folder]/one.tar: a.json is not an OSV record\nEOF while parsing an object at line 1 column 1",
        ),
        (
            "two.tar",
            &tar(&[("b.json", b"{\"modified\": \"2026-01-01T00:00:00Z\"}")]),
            "[folder]/two.tar: b.json is not an OSV record\nmissing field `id` at line 1 column 36",
        ),
        (
            "three.tar",
            &tar(&[("c.json", good.as_bytes()), ("d.json", b"[1]")]),
            "[folder]/three.tar: d.json is not an OSV record\n",
        ),
        (
            "four.tar",
            &tar(&[("e.json", no_time.as_bytes())]),
            "[folder]/four.tar: e.json is not an OSV record\n`modified` is no time",
        ),
        ("five.tar", &tar(&[("f.yaml", b"id: [")]), "[folder]/five.tar: f.yaml is not an OSV record\n"),
        ("six.tar", &tar(&[("README.md", b"words")]), "there is no feed of advisories in [folder]/six.tar"),
    ] {
        let said = said(&file(&folder, name, bytes));
        assert!(said.starts_with(expected), "{name}: {said}");
    }
    assert!(said(&folder.path().join("missing")).starts_with("cannot read [folder]/missing\n"));
    assert!(matches!(read([] as [&Path; 0]), Err(DatabaseError::Empty { .. })));
}

#[test]
fn hostile_archives_do_no_harm() {
    let folder = tempfile::tempdir().unwrap();
    let (good, other) = (records()[0].to_string(), records()[1].to_string());
    // Where a path leads does not matter: nothing is written.
    let path = file(&folder, "up.tar", &tar(&[("../../up.json", good.as_bytes()), ("/etc/x.json", other.as_bytes())]));
    assert_eq!(read([&path]).unwrap().records(), 2);
    assert!(!folder.path().parent().unwrap().join("up.json").exists());
    // Links are passed over, in archives as in folders.
    let mut builder = tar::Builder::new(Vec::new());
    for kind in [tar::EntryType::Symlink, tar::EntryType::Link, tar::EntryType::Fifo, tar::EntryType::Char] {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(0);
        header.set_mode(0o644);
        builder.append_link(&mut header, "link.json", "/etc/passwd").unwrap();
    }
    let path = file(&folder, "links.tar", &builder.into_inner().unwrap());
    assert!(matches!(read([&path]), Err(DatabaseError::Empty { .. })));
    let linked = folder.path().join("linked");
    fs::create_dir(&linked).unwrap();
    std::os::unix::fs::symlink(&path, linked.join("x.tar")).unwrap();
    std::os::unix::fs::symlink(folder.path(), linked.join("loop")).unwrap();
    std::os::unix::fs::symlink("/dev/zero", linked.join("x.json")).unwrap();
    assert!(matches!(read([&linked]), Err(DatabaseError::Empty { .. })));
    // A small archive of a large record.
    let large = zstd::encode_all(&tar(&[("large.json", &vec![b' '; 17 << 20])])[..], 1).unwrap();
    let path = file(&folder, "large.tar.zst", &large);
    assert!(matches!(read([&path]), Err(DatabaseError::RecordSize { .. })));
    let mut deep = folder.path().join("deep");
    for _ in 0..20 {
        deep.push("d");
    }
    fs::create_dir_all(&deep).unwrap();
    assert!(matches!(read([folder.path().join("deep")]), Err(DatabaseError::Depth { .. })));
}

#[test]
fn cut_off_or_changed_archives_never_break_it() {
    let folder = tempfile::tempdir().unwrap();
    let texts: Vec<String> = records().iter().map(Value::to_string).collect();
    let files: Vec<(&str, &[u8])> = vec![("a.json", texts[0].as_bytes()), ("b.json", texts[1].as_bytes())];
    zip(&folder.path().join("whole.zip"), &files);
    let archives = [
        ("x.tar.zst", zstd::encode_all(&tar(&files)[..], 1).unwrap()),
        ("x.zip", fs::read(folder.path().join("whole.zip")).unwrap()),
    ];
    for (name, bytes) in archives {
        for end in (0..bytes.len()).step_by(7) {
            assert!(read([file(&folder, name, &bytes[..end])]).is_err(), "{name} of {end} bytes");
        }
        for position in (0..bytes.len()).step_by(3) {
            let mut changed = bytes.clone();
            changed[position] ^= 0x55;
            let _ = read([file(&folder, name, &changed)]);
        }
    }
}

#[test]
fn deeply_nested_records_are_refused_or_read() {
    let folder = tempfile::tempdir().unwrap();
    let deep = format!("{{\"id\": \"X\", \"modified\": \"2026-01-01T00:00:00Z\", \"x\": {}}}", "[".repeat(100_000));
    assert!(
        said(&file(&folder, "deep.tar", &tar(&[("a.json", deep.as_bytes())]))).contains("a.json is not an OSV record")
    );
    let words = format!(
        "{{\"id\": \"X\", \"modified\": \"2026-01-01T00:00:00Z\", \"database_specific\": {{\"severity\": {}",
        "[".repeat(100_000)
    );
    assert!(
        said(&file(&folder, "words.tar", &tar(&[("a.json", words.as_bytes())])))
            .contains("a.json is not an OSV record")
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
fn an_archive_ends_where_it_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let texts: Vec<String> = records().iter().map(Value::to_string).collect();
    let whole = tar(&[("a.json", texts[0].as_bytes()), ("b.json", texts[1].as_bytes())]);
    let content = whole.len() - 1024;
    // Between entries, too, and after one of the two empty blocks.
    for end in (512..whole.len()).step_by(512) {
        let said = said(&file(&folder, "x.tar", &whole[..end]));
        assert!(said.starts_with("[folder]/x.tar cannot be read as an archive\n"), "{end}: {said}");
    }
    for after in [&whole[..], &[vec![0; 512], whole.clone()].concat(), b"x"] {
        let said = said(&file(&folder, "x.tar", &[&whole, after].concat()));
        assert_eq!(said, "[folder]/x.tar cannot be read as an archive\nsomething follows its end");
    }
    let half = [&whole[..content], &[0; 512], &whole].concat();
    assert!(said(&file(&folder, "x.tar", &half)).ends_with("something follows its end"));
    let padded = [&whole[..], &[0; 9000]].concat();
    assert_eq!(read([file(&folder, "x.tar", &padded)]).unwrap().records(), 2);
    let cut = zstd::encode_all(&whole[..content], 1).unwrap();
    assert!(said(&file(&folder, "x.tar.zst", &cut)).ends_with("it is cut off: it has no end mark"));
}

#[test]
fn a_name_stands_once_in_an_archive() {
    let folder = tempfile::tempdir().unwrap();
    let texts: Vec<String> = records().iter().map(Value::to_string).collect();
    for other in ["a.json", "./a.json", ".//a.json"] {
        let path = file(&folder, "x.tar", &tar(&[("a.json", texts[0].as_bytes()), (other, texts[1].as_bytes())]));
        let expected =
            format!("[folder]/x.tar: {other} stands there twice, and nobody could say which of the two counts");
        assert_eq!(said(&path), expected);
    }
    let path = folder.path().join("x.zip");
    zip(&path, &[("a.json", texts[0].as_bytes()), ("./a.json", texts[1].as_bytes())]);
    assert!(said(&path).starts_with("[folder]/x.zip: ./a.json stands there twice"));
    // No tool writes such a one.
    zip(&path, &[("a.json", texts[0].as_bytes()), ("b.json", texts[1].as_bytes())]);
    let mut bytes = fs::read(&path).unwrap();
    for position in 0..bytes.len() - 6 {
        if bytes[position..].starts_with(b"b.json") {
            bytes[position] = b'a';
        }
    }
    assert!(said(&file(&folder, "x.zip", &bytes)).starts_with("[folder]/x.zip: an entry stands there twice"));
}

#[test]
fn a_broken_entry_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.zip");
    zip(&path, &[("a.json", b"{}"), ("b.json", records()[0].to_string().as_bytes())]);
    let bytes = fs::read(&path).unwrap();
    let start = bytes.windows(6).position(|window| window == b"a.json").unwrap() + 6;
    let mut broken = bytes.clone();
    broken[start] ^= 0xff;
    let said = said(&file(&folder, "x.zip", &broken));
    assert!(said.starts_with("[folder]/x.zip: a.json cannot be read\n"), "{said}");
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
fn a_zip_archive_is_all_of_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.zip");
    let one = |name: &str, record: &Value| {
        zip(&path, &[(name, record.to_string().as_bytes())]);
        fs::read(&path).unwrap()
    };
    let (first, second) = (one("a.json", &records()[0]), one("b.json", &records()[1]));
    // Where the list of entries starts, and where it says that the entry starts, by the start of the file.
    let mut absolute = second.clone();
    let (list, end) = (position(&second, b"PK\x01\x02"), position(&second, b"PK\x05\x06"));
    absolute[list + 42..list + 46].copy_from_slice(&u32::try_from(first.len()).unwrap().to_le_bytes());
    absolute[end + 16..end + 20].copy_from_slice(&u32::try_from(first.len() + list).unwrap().to_le_bytes());
    let mut named = absolute.clone();
    named[list + 42..list + 46].fill(0);
    for (name, bytes) in [
        ("before", [b"x", &second[..]].concat()),
        ("behind", [&second[..], b"x"].concat()),
        ("two", [&first[..], &second].concat()),
        ("two, the first hidden", [&first[..], &absolute].concat()),
        ("two, the list of the second names the first entry", [&first[..], &named].concat()),
    ] {
        let said = said(&file(&folder, "x.zip", &bytes));
        let expected =
            "[folder]/x.zip has more in it than one zip archive: before it, behind it or between its entries";
        assert_eq!(said, expected, "{name}");
    }
    assert_eq!(read([file(&folder, "x.zip", &second)]).unwrap().records(), 1);
}

fn position(bytes: &[u8], part: &[u8]) -> usize {
    bytes.windows(part.len()).position(|window| window == part).unwrap()
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
