//! Packages, indexes, release files and lists of Debian's.

use crate::checks::debian;
use consign_package::deb::{DebFile, Keyring, Limits, installed, verify_release};
use consign_testkit::mirror::Mirror;
use consign_testkit::mutate::{seeds_of_the_caller, survives};
use jiff::Timestamp;
use std::io::Write;
use std::path::Path;
use tar::{Builder, EntryType, Header};

const LIMITS: Limits = Limits { decompressed: 64 << 20, entries: 10_000 };

fn header(kind: EntryType, size: usize) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(0o755);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(7);
    header.set_size(size as u64);
    header
}

/// A package whose inner archives are not compressed, so that damage reaches what is in them.
fn package() -> Vec<u8> {
    let mut control = Builder::new(Vec::new());
    let text =
        "Package: a\nVersion: 1:2-3\nArchitecture: all\nDepends: b (>= 1) | c:any [!i386]\nDescription: d\n long\n";
    for (name, text) in [("./control", text), ("./conffiles", "/etc/a\n"), ("./postinst", "#!/bin/sh\n")] {
        control.append_data(&mut header(EntryType::Regular, text.len()), name, text.as_bytes()).unwrap();
    }
    let mut data = Builder::new(Vec::new());
    data.append_data(&mut header(EntryType::Directory, 0), "./usr/", std::io::empty()).unwrap();
    data.append_data(&mut header(EntryType::Regular, 3), "./usr/a", &b"abc"[..]).unwrap();
    data.append_data(&mut header(EntryType::Regular, 1), format!("./usr/{}", "l".repeat(200)), &b"x"[..]).unwrap();
    data.append_link(&mut header(EntryType::Symlink, 0), "./usr/s", "../a").unwrap();
    data.append_link(&mut header(EntryType::Link, 0), "./usr/h", "./usr/a").unwrap();
    let pax = b"18 path=./usr/pax\n20 mtime=12345.6789\n10 size=3\n";
    data.append_data(&mut header(EntryType::XHeader, pax.len()), "./pax", &pax[..]).unwrap();
    data.append_data(&mut header(EntryType::Regular, 3), "./usr/p", &b"abc"[..]).unwrap();
    let mut bytes = b"!<arch>\n".to_vec();
    let members = [
        ("debian-binary", b"2.0\n".to_vec()),
        ("control.tar", control.into_inner().unwrap()),
        ("data.tar", data.into_inner().unwrap()),
    ];
    for (name, content) in members {
        writeln!(bytes, "{name:<16}{:<12}{:<6}{:<6}{:<8}{:<10}`", 0, 0, 0, 100_644, content.len()).unwrap();
        bytes.extend_from_slice(&content);
    }
    bytes
}

#[test]
fn packages() {
    DebFile::read(package().into(), LIMITS).unwrap();
    let seeds = [vec![package()], seeds_of_the_caller()].concat();
    survives(&seeds, 3000, debian::package);
}

const INDEX: &str = "Package: a\nSource: s (1)\nVersion: 1:2-3~b\nArchitecture: amd64\nMulti-Arch: same\nPre-Depends: b (>= 1) | c:any\n\
    Depends: d, e [amd64] | f\nProvides: m, n (= 2)\nConflicts: m\nBreaks: d:i386 (<< 1)\nReplaces: e\nFilename: pool/a.deb\nSize: 12\n\
    SHA256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\nInstalled-Size: 7\nDescription: x\n long\n .\n\n\
    Package: b\nVersion: 2\nArchitecture: all\nProvides: c\nFilename: ./b.deb\nSize: 1\n\
    SHA256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n\n\
    Package: d\nVersion: 2\nArchitecture: amd64\nDepends: a\nFilename: d.deb\nSize: 1\n\
    SHA256: e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855\n";

#[test]
fn indexes() {
    let seeds = [vec![INDEX.as_bytes().to_vec()], seeds_of_the_caller()].concat();
    survives(&seeds, 1000, debian::index);
}

#[test]
fn lists() {
    let status = format!("{INDEX}Status: install ok installed\nConffiles:\n /etc/a 0\n");
    let lines =
        "deb [arch=amd64,arm64 signed-by=/k.gpg] http://a.example/debian bookworm main # x\ndeb-src http://b/ x/\n";
    let paragraphs = "Types: deb deb-src\nURIs: http://a/\nSuites: x y\nComponents: main\nSigned-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n AA\n";
    assert_eq!(installed::parse(&status).unwrap().len(), 3);
    let seeds = [status.as_str(), lines, paragraphs].map(|text| text.as_bytes().to_vec());
    survives(&seeds, 2000, debian::sources);
    survives(&seeds[..1], 2000, debian::status);
}

#[test]
fn release_files_and_keys() {
    let folder = tempfile::tempdir().unwrap();
    let mirror = Mirror::new("test").write(folder.path()).unwrap();
    let release = std::fs::read(folder.path().join("dists/test/InRelease")).unwrap();
    let now = Timestamp::now();
    let keyring = Keyring::read(Path::new("k"), &mirror.keyring).unwrap();
    assert!(verify_release(&release, &keyring, now).is_ok());
    let seeds = [release.clone(), mirror.keyring.clone()];
    survives(&seeds, 1000, |bytes| {
        if let Ok(read) = verify_release(bytes, &keyring, now) {
            // A signature that still holds holds for the same text.
            assert_eq!(Ok(read), verify_release(&release, &keyring, now).map_err(|error| error.to_string()));
        }
        if let Ok(keyring) = Keyring::read(Path::new("k"), bytes) {
            drop(verify_release(&release, &keyring, now));
        }
    });
}
