//! Package files: what is read of good ones, and that bad ones are refused.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use bytes::Bytes;
use consign_oci::layer::{Entry, Kind};
use consign_package::DecompressError;
use consign_package::deb::{DebError, DebFile, Limits};
use std::io::Write;
use tar::{Builder, EntryType, Header};

const CONTROL: &str = "Package: a\nVersion: 1\nArchitecture: all\n";

fn ar(members: &[(&str, &[u8])]) -> Bytes {
    let mut bytes = b"!<arch>\n".to_vec();
    for (name, content) in members {
        writeln!(bytes, "{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`", 0, 0, 0, 100_644, content.len()).unwrap();
        bytes.extend_from_slice(content);
        if content.len() % 2 == 1 {
            bytes.push(b'\n');
        }
    }
    bytes.into()
}

fn header(kind: EntryType, mode: u32) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(mode);
    header.set_uid(0);
    header.set_gid(42);
    header.set_mtime(7);
    header.set_size(0);
    header
}

fn file(archive: &mut Builder<Vec<u8>>, path: &str, mode: u32, content: &str) {
    let mut header = header(EntryType::Regular, mode);
    header.set_size(content.len() as u64);
    archive.append_data(&mut header, path, content.as_bytes()).unwrap();
}

fn link(archive: &mut Builder<Vec<u8>>, kind: EntryType, path: &str, target: &str) {
    archive.append_link(&mut header(kind, 0o777), path, target).unwrap();
}

/// Adds an entry whose path or link the builder would refuse to write.
fn raw(archive: &mut Builder<Vec<u8>>, kind: EntryType, path: &[u8], target: &[u8]) {
    let mut header = header(kind, 0o644);
    header.as_mut_bytes()[..path.len()].copy_from_slice(path);
    header.as_mut_bytes()[157..157 + target.len()].copy_from_slice(target);
    header.set_cksum();
    archive.append(&header, std::io::empty()).unwrap();
}

fn tar(fill: impl Fn(&mut Builder<Vec<u8>>)) -> Vec<u8> {
    let mut archive = Builder::new(Vec::new());
    fill(&mut archive);
    archive.into_inner().unwrap()
}

fn control() -> Vec<u8> {
    tar(|archive| file(archive, "./control", 0o644, CONTROL))
}

fn package(fill: impl Fn(&mut Builder<Vec<u8>>)) -> Result<DebFile, DebError> {
    let bytes = ar(&[("debian-binary", b"2.0\n"), ("control.tar", &control()), ("data.tar", &tar(fill))]);
    DebFile::read(bytes, Limits::default())
}

fn contents(archive: &mut Builder<Vec<u8>>) {
    archive.append_data(&mut header(EntryType::Directory, 0o755), "./", std::io::empty()).unwrap();
    archive.append_data(&mut header(EntryType::Directory, 0o2775), "./usr/", std::io::empty()).unwrap();
    file(archive, "./usr/a", 0o4755, "content");
    link(archive, EntryType::Link, "./usr/b", "./usr/a");
    link(archive, EntryType::Symlink, "./usr/c", "../etc/x");
    file(archive, &format!("./usr/{}", "long".repeat(50)), 0o644, "l");
}

#[test]
fn reads_a_package_in_every_compression() {
    let control = tar(|archive| {
        file(archive, "./control", 0o644, CONTROL);
        file(archive, "./postinst", 0o755, "#!/bin/sh\n");
        file(archive, "./conffiles", 0o644, "/etc/x\n");
        file(archive, "./md5sums", 0o644, "00  usr/a\n");
        file(archive, "./shlibs", 0o644, "x\n");
    });
    let data = tar(contents);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(&control).unwrap();
    let gzip = gzip.finish().unwrap();
    let mut xz = liblzma::write::XzEncoder::new(Vec::new(), 1);
    xz.write_all(&data).unwrap();
    let xz = xz.finish().unwrap();
    let zstd = zstd::encode_all(&data[..], 1).unwrap();
    for (name, data) in [("data.tar.xz", &xz), ("data.tar.zst/", &zstd), ("data.tar", &data)] {
        let bytes = ar(&[
            ("debian-binary", b"2.0\n"),
            ("_extra", b"x"),
            ("control.tar.gz", &gzip),
            (name, data),
            ("_more", b""),
        ]);
        let package = DebFile::read(bytes.clone(), Limits::default()).unwrap();
        let (same, quick) = DebFile::repack(bytes, Limits::default()).unwrap();
        let quick = DebFile::read(quick.into(), Limits::default()).unwrap();
        assert_eq!((&same.entries(), &quick.entries()), (&package.entries(), &package.entries()));
        assert_eq!((quick.scripts(), quick.md5sums()), (package.scripts(), package.md5sums()));
        assert_eq!((quick.control().text(), quick.conffiles()), (package.control().text(), package.conffiles()));
        assert_eq!(package.control().get("Package"), Some("a"));
        assert_eq!(package.scripts().keys().collect::<Vec<_>>(), ["postinst"]);
        assert_eq!(package.conffiles(), ["/etc/x"]);
        assert_eq!(package.md5sums(), Some("00  usr/a\n"));
        let seen: Vec<(String, u32, &Kind)> =
            package.entries().iter().map(|entry| (entry.path.to_string(), entry.mode, &entry.kind)).collect();
        assert_eq!(
            seen,
            [
                ("/usr".into(), 0o2775, &Kind::Directory),
                ("/usr/a".into(), 0o4755, &Kind::File("content".into())),
                ("/usr/b".into(), 0o777, &Kind::HardLink("usr/a".parse().unwrap())),
                ("/usr/c".into(), 0o777, &Kind::Symlink("../etc/x".into())),
                (format!("/usr/{}", "long".repeat(50)), 0o644, &Kind::File("l".into())),
            ],
            "{name}"
        );
        let Entry { uid, gid, mtime, .. } = package.entries()[0];
        assert_eq!((uid, gid, mtime), (0, 42, 7));
    }
}

#[test]
fn folders_may_be_deep() {
    // Were all folders above each file looked at, this would take minutes; were they all remembered, a hundred gigabytes.
    let folder = "a/".repeat(2_000);
    let package = package(|archive| {
        for number in 0..15_000 {
            file(archive, &format!("./{folder}{number}"), 0o644, "");
            file(archive, &format!("./{number}/{folder}"), 0o644, "");
        }
    });
    assert_eq!(package.unwrap().entries().len(), 30_000);
}

#[test]
fn refuses_what_cannot_stand_in_an_image() {
    type Fill = fn(&mut Builder<Vec<u8>>);
    type Expected = fn(&DebError) -> bool;
    let cases: [(&str, Fill, Expected); 16] = [
        ("a way out", |a| raw(a, EntryType::Regular, b"./../x", b""), |e| matches!(e, DebError::Path { .. })),
        (
            "bytes that are no text",
            |a| raw(a, EntryType::Regular, b"\xff", b""),
            |e| matches!(e, DebError::PathEncoding { .. }),
        ),
        ("a device", |a| raw(a, EntryType::Char, b"x", b""), |e| matches!(e, DebError::Kind { kind: "a device", .. })),
        ("a disc", |a| raw(a, EntryType::Block, b"x", b""), |e| matches!(e, DebError::Kind { kind: "a device", .. })),
        ("a pipe", |a| raw(a, EntryType::Fifo, b"x", b""), |e| matches!(e, DebError::Kind { kind: "a pipe", .. })),
        (
            "a sparse file",
            |a| raw(a, EntryType::GNUSparse, b"x", b""),
            |e| matches!(e, DebError::Kind { .. } | DebError::Archive { .. }),
        ),
        ("an unknown kind", |a| raw(a, EntryType::new(b'V'), b"x", b""), |e| matches!(e, DebError::Kind { .. })),
        ("a file as the root", |a| raw(a, EntryType::Regular, b"./", b""), |e| matches!(e, DebError::Kind { .. })),
        ("a link to nothing", |a| raw(a, EntryType::Symlink, b"x", b""), |e| matches!(e, DebError::NoTarget { .. })),
        ("a hard link out", |a| raw(a, EntryType::Link, b"x", b"../y"), |e| matches!(e, DebError::Path { .. })),
        (
            "a hard link to a stranger",
            |a| raw(a, EntryType::Link, b"x", b"/etc/passwd"),
            |e| matches!(e, DebError::HardLink { .. }),
        ),
        (
            "a hard link to a folder",
            |a| {
                raw(a, EntryType::Directory, b"y", b"");
                raw(a, EntryType::Link, b"x", b"y");
            },
            |e| matches!(e, DebError::HardLink { .. }),
        ),
        (
            "two files at one path",
            |a| {
                file(a, "x", 0o644, "1");
                file(a, "./x", 0o644, "2");
            },
            |e| matches!(e, DebError::Duplicate { .. }),
        ),
        (
            "a path through a link",
            |a| {
                file(a, "x-", 0o644, "1");
                file(a, "x/y/z", 0o644, "1");
                link(a, EntryType::Symlink, "x", "/etc");
            },
            |e| matches!(e, DebError::Through { .. }),
        ),
        (
            "an owner out of range",
            |a| {
                let mut header = header(EntryType::Regular, 0o644);
                header.set_uid(1 << 40);
                a.append_data(&mut header, "x", std::io::empty()).unwrap();
            },
            |e| matches!(e, DebError::Number { field: "owner", .. }),
        ),
        (
            "a sparse file of the newer form",
            |a| {
                a.append_pax_extensions([("GNU.sparse.major", &b"1"[..]), ("GNU.sparse.name", b"y")]).unwrap();
                file(a, "x", 0o644, "1");
            },
            |e| matches!(e, DebError::Kind { kind: "a sparse file", .. }),
        ),
    ];
    for (what, fill, expected) in cases {
        match package(fill) {
            Err(error) => assert!(expected(&error), "{what}: {error:?}"),
            Ok(_) => panic!("{what} was accepted"),
        }
    }
}

#[test]
fn refuses_what_is_no_package() {
    let (control, data) = (control(), tar(contents));
    let good = [("debian-binary", &b"2.0\n"[..]), ("control.tar", &control[..]), ("data.tar", &data[..])];
    assert!(DebFile::read(ar(&good), Limits::default()).is_ok());
    let read = |members: &[(&str, &[u8])]| DebFile::read(ar(members), Limits::default()).unwrap_err();
    assert!(matches!(read(&good[1..]), DebError::Member { member: "debian-binary" }));
    assert!(matches!(read(&[good[0], good[2], good[1]]), DebError::Member { member: "control.tar" }));
    assert!(matches!(read(&good[..2]), DebError::Member { member: "data.tar" }));
    assert!(matches!(read(&[("debian-binary", b"3.0\n"), good[1], good[2]]), DebError::Format { .. }));
    assert!(matches!(read(&[good[0], ("control.tar.xz", &control), good[2]]), DebError::Decompress { .. }));
    assert!(matches!(read(&[good[0], ("control.tar", &tar(|_| ())), good[2]]), DebError::NoControl));
    assert!(matches!(read(&[good[0], ("control.tarx", &control), good[2]]), DebError::Member { .. }));
    let bytes = ar(&good);
    for length in [0, 4, 30, 67, 100, bytes.len() - 2000] {
        assert!(DebFile::read(bytes.slice(..length), Limits::default()).is_err(), "{length}");
    }
    for (position, value) in [(8 + 48, b'x'), (8 + 58, b'x'), (8 + 48, b'9')] {
        let mut damaged = bytes.to_vec();
        damaged[position] = value;
        let error = DebFile::read(damaged.into(), Limits::default()).unwrap_err();
        assert!(matches!(error, DebError::Container { .. } | DebError::Member { .. }), "{error:?}");
    }
}

#[test]
fn keeps_within_its_limits() {
    let (control, data) = (control(), tar(contents));
    let bytes = ar(&[("debian-binary", b"2.0\n"), ("control.tar", &control), ("data.tar", &data)]);
    let read = |decompressed, entries| DebFile::read(bytes.clone(), Limits { decompressed, entries });
    assert!(read(data.len() as u64, 5).is_ok());
    assert!(matches!(read(data.len() as u64, 4), Err(DebError::TooMany { limit: 4 })));
    match read(data.len() as u64 - 1, 5) {
        Err(DebError::Decompress { source: DecompressError::TooLarge { .. } }) => {}
        other => panic!("{other:?}"),
    }
}
