//! Archives of records, which are whole and what they seem, or refused.
#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

use common::files::{file, records, said, tar, zip};
use common::{database, read};
use consign_scan::DatabaseError;
use serde_json::Value;
use std::fs;
use std::path::Path;

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
    for (name, target) in [("x.tar", path.as_path()), ("x.json", Path::new("/dev/zero")), ("away", folder.path())] {
        let linked = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(target, linked.path().join(name)).unwrap();
        assert!(matches!(read([linked.path()]), Err(DatabaseError::Link { .. })), "{name}");
    }
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
fn archives_in_archives_are_read_and_no_deeper() {
    let folder = tempfile::tempdir().unwrap();
    let texts: Vec<String> = records().iter().map(Value::to_string).collect();
    let inner = |name: &str| {
        let path = folder.path().join(name);
        zip(&path, &[("cves/a.json", texts[0].as_bytes()), ("cves/b.json", texts[1].as_bytes())]);
        fs::read(path).unwrap()
    };
    let inner = inner("cves.zip");
    let outer = folder.path().join("all.zip.zip");
    zip(&outer, &[("cves.zip", &inner)]);
    let in_tar = file(&folder, "outer.tar", &tar(&[("x/cves.zip", &inner), ("y/records.tar", &tar(&[]))]));
    for path in [&outer, &in_tar] {
        assert_eq!(read([path]).unwrap().digest(), database(&records()).digest(), "{}", path.display());
    }
    let thrice = folder.path().join("thrice.zip");
    zip(&thrice, &[("all.zip", &fs::read(&outer).unwrap())]);
    let expected =
        "[folder]/thrice.zip: all.zip: cves.zip is an archive in an archive in an archive: unpack the outer one";
    assert_eq!(said(&thrice), expected);
    let damaged = file(&folder, "damaged.tar", &tar(&[("cves.zip", &inner[..inner.len() - 1])]));
    assert!(said(&damaged).starts_with("[folder]/damaged.tar: cves.zip cannot be read as an archive"));
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
