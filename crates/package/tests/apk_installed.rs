//! Databases of installed packages of apk's.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use consign_package::apk::ApkChecksum;
use consign_package::apk::installed::{ApkPackage, InstalledError, Problem, parse};
use consign_testkit::tools::no_data;
use flate2::read::GzDecoder;
use std::io::Read;
use std::path::{Path, PathBuf};

const DATABASE: &str = "C:Q1qKcZ+j23xssAXmgQhkOO8dHnbWw=\nP:libssl1.1\nV:1.1.1d-r3\nA:x86_64\nS:1\nI:540672\nT:SSL shared libraries\n\
    U:https://www.openssl.org\nL:OpenSSL\no:openssl\nm:Timo <t@example.org>\nt:1\nc:abc\nk:10\nD:so:libc.musl-x86_64.so.1 so:libcrypto.so.1.1\n\
    p:so:libssl.so.1.1=1.1\ni:a b\nr:old\nq:1000\ns:tag\nf:x\nF:lib\nM:0:0:755\nR:libssl.so.1.1\na:0:0:555\nZ:Q1ERNpCJFk1PGS4CYg/7IFaRAgAbU=\n\
    F:\nR:plain\nF:usr/lib\nR:libssl.so.1.1\na:0:0:777\nZ:Q2ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=\n\nP:musl\nV:1.1.24-r2\n\n";

fn data() -> PathBuf {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    std::env::var_os("CONSIGN_TEST_DATA").map_or_else(beside, PathBuf::from)
}

fn named<'a>(packages: &'a [ApkPackage], name: &str) -> &'a ApkPackage {
    packages.iter().find(|package| package.name == name).unwrap()
}

#[test]
fn reads_what_is_installed() {
    let packages = parse(DATABASE.as_bytes()).unwrap();
    let [ssl, musl] = &packages[..] else { panic!("{packages:?}") };
    assert_eq!((ssl.name.as_str(), ssl.version.as_str(), ssl.source_name()), ("libssl1.1", "1.1.1d-r3", "openssl"));
    let texts = [&ssl.architecture, &ssl.licence, &ssl.description, &ssl.homepage, &ssl.maintainer, &ssl.commit];
    let expected =
        ["x86_64", "OpenSSL", "SSL shared libraries", "https://www.openssl.org", "Timo <t@example.org>", "abc"];
    assert_eq!(texts.map(|text| text.as_deref().unwrap()), expected);
    assert_eq!(ssl.checksum.as_ref().unwrap().to_string(), "sha1:a8a719fa3db7c6cb005e681086438ef1d1e76d6c");
    assert_eq!(ssl.size, Some(540_672));
    assert_eq!(ssl.depends, ["so:libc.musl-x86_64.so.1", "so:libcrypto.so.1.1"]);
    assert_eq!(
        (&ssl.provides[..], &ssl.install_if[..]),
        (&["so:libssl.so.1.1=1.1".to_owned()][..], &["a".to_owned(), "b".to_owned()][..])
    );
    assert_eq!(ssl.replaces, ["old"]);
    let files: Vec<(&str, &str, bool)> = ssl
        .folders
        .iter()
        .flat_map(|folder| folder.files.iter().map(|(name, sum)| (folder.path.as_str(), name.as_str(), sum.is_some())))
        .collect();
    assert_eq!(files, [("lib", "libssl.so.1.1", true), ("", "plain", false), ("usr/lib", "libssl.so.1.1", true)]);
    assert!(matches!(ssl.folders[2].files[0].1, Some(ApkChecksum::Sha256(_))));
    assert_eq!((musl.source_name(), &musl.origin, musl.folders.len()), ("musl", &None, 0));
    assert_eq!(
        ssl.purl("alpine", Some("3.11.5")).to_string(),
        "pkg:apk/alpine/libssl1.1@1.1.1d-r3?arch=x86_64&distro=alpine-3.11.5&upstream=openssl"
    );
    assert_eq!(musl.purl("alpine", None).to_string(), "pkg:apk/alpine/musl@1.1.24-r2");
}

#[test]
fn a_last_empty_line_is_not_needed() {
    for text in ["P:a\nV:1", "P:a\nV:1\n", "\n\nP:a\nV:1\n\n\n"] {
        assert_eq!(parse(text.as_bytes()).unwrap().len(), 1, "{text:?}");
    }
    assert_eq!(parse(b""), Ok(Vec::new()));
    // Names of files are bytes.
    assert_eq!(parse(b"P:a\nV:1\nF:x\nR:\xff\n").unwrap()[0].folders[0].files[0].0, "\u{fffd}");
}

#[test]
fn reads_digests() {
    let md5 = "d41d8cd98f00b204e9800998ecf8427e";
    let sha1 = "da39a3ee5e6b4b0d3255bfef95601890afd80709";
    for (text, expected) in [
        (md5.to_owned(), Some(format!("md5:{md5}"))),
        (format!("X1{sha1}"), Some(format!("sha1:{sha1}"))),
        ("Q12jmj7l5rSw0yVb/vlWAYkK/YBwk=".to_owned(), Some(format!("sha1:{sha1}"))),
        ("Q12jmj7l5rSw0yVb/vlWAYkK/YBwk".to_owned(), None),
        ("Q1AA==".to_owned(), None),
        (format!("X2{sha1}"), None),
        ("zz".repeat(16), None),
        (String::new(), None),
    ] {
        assert_eq!(ApkChecksum::parse(&text).map(|sum| sum.to_string()), expected, "{text}");
    }
}

#[test]
fn says_where_it_is_damaged() {
    let long = format!("P:a\nV:1\nT:{}", "x".repeat(2 << 20));
    let value = |letter, what| Problem::Value { letter, what };
    for (text, line, problem) in [
        ("P:a\nV:1\nx\n", 3, Problem::Form),
        ("P:a\nV:1\nDescription: x\n", 3, Problem::Form),
        ("P:a\nV:1\n::\n", 3, Problem::Form),
        ("P:a\nV:1\n\nP:b\n\n", 5, Problem::Missing { what: "version" }),
        ("P:a\nV:1\n\nV:b", 4, Problem::Missing { what: "name" }),
        ("P:a\nV:1\nR:x\n", 3, Problem::Folder),
        ("P:a\nF:x\nZ:Q1AA\n", 3, Problem::Folder),
        ("P:a\nI:x\n", 2, value('I', "number")),
        ("P:a\nC:Q1x\n", 2, value('C', "digest")),
        (long.as_str(), 3, Problem::Long { limit: 1 << 20 }),
    ] {
        assert_eq!(parse(text.as_bytes()), Err(InstalledError { line, problem }));
    }
}

#[test]
fn bounds_the_number_of_packages() {
    let limit = 100_000;
    assert_eq!(parse("P:a\nV:1\n\n".repeat(limit).as_bytes()).map(|packages| packages.len()), Ok(limit));
    let error = parse("P:a\nV:1\n\n".repeat(limit + 1).as_bytes()).unwrap_err();
    assert_eq!(error.problem, Problem::Packages { limit });
}

/// Returns the database in an archive of `docker save`'s.
fn database(archive: &[u8]) -> Option<Vec<u8>> {
    let mut archive = tar::Archive::new(GzDecoder::new(archive));
    for entry in archive.entries().unwrap() {
        let mut bytes = Vec::new();
        entry.unwrap().read_to_end(&mut bytes).unwrap();
        let mut layer = tar::Archive::new(&bytes[..]);
        // What is no layer has no entries.
        for mut file in layer.entries().unwrap().map_while(Result::ok) {
            if file.path().unwrap() == Path::new("lib/apk/db/installed") {
                let mut database = Vec::new();
                file.read_to_end(&mut database).unwrap();
                return Some(database);
            }
        }
    }
    None
}

#[test]
fn reads_real_images() {
    for (name, musl, ssl) in
        [("alpine-310.tar.gz", "1.1.22-r3", "1.1.1d-r2"), ("alpine-311.tar.gz", "1.1.24-r2", "1.1.1d-r3")]
    {
        let Ok(archive) = std::fs::read(data().join("alpine").join(name)) else {
            no_data("images of Alpine");
            return;
        };
        let packages = parse(&database(&archive).unwrap()).unwrap();
        assert_eq!(packages.len(), 14, "{name}");
        assert_eq!(named(&packages, "musl").version, musl);
        let libssl = named(&packages, "libssl1.1");
        assert_eq!((libssl.version.as_str(), libssl.source_name()), (ssl, "openssl"));
        let files = packages.iter().flat_map(|package| &package.folders).flat_map(|folder| &folder.files);
        assert!(files.filter(|(_, checksum)| checksum.is_some()).count() > 50, "{name}");
    }
}

#[test]
fn reads_real_databases() {
    let folder = data().join("apk/repository");
    let places = [
        "installed/wolfi-base",
        "installed/redis-operator-compat",
        "installed/bad-top-level-perms",
        "root/usr/lib/apk/db/installed",
    ];
    for place in places {
        let Ok(bytes) = std::fs::read(folder.join(place)) else {
            no_data("databases of apk's");
            return;
        };
        let packages = parse(&bytes).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        let lines = |letter: &str| text.lines().filter(|line| line.starts_with(letter)).count();
        let folders = || packages.iter().flat_map(|package| &package.folders);
        let files = folders().map(|folder| folder.files.len()).sum();
        assert_eq!((packages.len(), folders().count(), files), (lines("P:"), lines("F:"), lines("R:")), "{place}");
        assert!(packages.iter().all(|package| package.checksum.is_some()), "{place}");
    }
}
