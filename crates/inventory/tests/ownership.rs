//! Who brought what: a package of the distribution's speaks for its own files, and for no others.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{file, lines, list, package};
use consign_inventory::Catalogue;
use consign_oci::layer::{Entry, Kind};

const STATUS: &str = "var/lib/dpkg/status";
const LIST: &str = "var/lib/dpkg/info/npm.list";
const PATH: &str = "usr/share/nodejs/npm/package.json";

fn npm(version: &str) -> Entry {
    described(version, "")
}

fn described(version: &str, words: &str) -> Entry {
    file(PATH, &format!(r#"{{"name": "npm", "version": "{version}", "description": "{words}"}}"#))
}

fn debian() -> Vec<Entry> {
    vec![file(STATUS, &package("npm", "9.2.0-1")), file(LIST, &format!("/{PATH}\n")), npm("9.2.0")]
}

#[test]
fn what_was_put_over_a_file_of_a_package_is_not_the_package_s() {
    let owned = ["deb npm 9.2.0-1", "npm npm 9.2.0 owned"].map(str::to_owned);
    assert_eq!(lines(&list(&[debian()]).unwrap()), owned);
    let replaced = list(&[debian(), vec![npm("10.9.0")]]).unwrap();
    assert_eq!(lines(&replaced), ["deb npm 9.2.0-1", "npm npm 10.9.0"]);
    assert_eq!(replaced.packages[1].places[0].layer, 1);
    // The same again, as `chmod -R` leaves it, is still what the package brought.
    let again = list(&[debian(), vec![npm("9.2.0")]]).unwrap();
    assert_eq!(lines(&again), owned);
    assert_eq!(again.packages[1].places[0].layer, 0);
    // Away and back again is not.
    let gone = vec![file("usr/share/nodejs/npm/.wh.package.json", "")];
    let back = list(&[debian(), gone, vec![npm("9.2.0")]]).unwrap();
    assert_eq!(lines(&back), ["deb npm 9.2.0-1", "npm npm 9.2.0"]);
    // A newer package brings newer files.
    let newer = vec![file(STATUS, &package("npm", "10.9.0-1")), file(LIST, &format!("/{PATH}\n")), npm("10.9.0")];
    assert_eq!(lines(&list(&[debian(), newer]).unwrap()), ["deb npm 10.9.0-1", "npm npm 10.9.0 owned"]);
}

#[test]
fn what_says_the_same_of_itself_and_is_another_file_is_not_the_package_s() {
    let path = "usr/lib/python3/dist-packages/requests-2.28.1.egg-info/PKG-INFO";
    let metadata = |text: &str| file(path, &format!("Name: requests\nVersion: 2.28.1\n\n{text}\n"));
    let base = || {
        let list = file("var/lib/dpkg/info/python3-requests.list", &format!("/{path}\n"));
        vec![file(STATUS, &package("python3-requests", "2.28.1-1")), list, metadata("Debian's")]
    };
    for (text, owned, layer) in [("Debian's", " owned", 0), ("somebody's", "", 1)] {
        let found = list(&[base(), vec![metadata(text)]]).unwrap();
        assert_eq!(lines(&found), ["deb python3-requests 2.28.1-1", &format!("pypi requests 2.28.1{owned}")], "{text}");
        assert_eq!(found.packages[1].places[0].layer, layer, "{text}");
    }
}

/// An egg in one file, made by Python: `EGG-INFO/PKG-INFO` of `old` 0.9, not compressed.
fn egg() -> Vec<u8> {
    let (name, text) = ("EGG-INFO/PKG-INFO", "Name: old\nVersion: 0.9\n");
    let mut sum = flate2::Crc::new();
    sum.update(text.as_bytes());
    let numbers = |numbers: &[u32]| numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<u8>>();
    let size = text.len() as u32;
    let fields =
        [vec![20, 0, 0, 0, 0, 0, 0, 0, 0, 0], numbers(&[sum.sum(), size, size]), vec![name.len() as u8, 0, 0, 0]]
            .concat();
    let header = [b"PK\x03\x04", &fields[..], name.as_bytes(), text.as_bytes()].concat();
    let listed = [b"PK\x01\x02\x14\0", &fields[..], &[0; 14], name.as_bytes()].concat();
    let end = numbers(&[listed.len() as u32, header.len() as u32]);
    [&header[..], &listed, b"PK\x05\x06\0\0\0\0\x01\0\x01\0", &end, &[0, 0]].concat()
}

#[test]
fn eggs_in_one_file_are_packages() {
    let path = "usr/lib/python3/dist-packages/old-0.9-py3.11.egg";
    let whole = || Entry { mode: 0o644, ..Entry::new(path.parse().unwrap(), Kind::File(egg().into())) };
    assert_eq!(lines(&list(&[vec![whole()]]).unwrap()), ["pypi old 0.9"]);
    let base = vec![
        file(STATUS, &package("python3-old", "0.9-1")),
        file("var/lib/dpkg/info/python3-old.list", &format!("/{path}\n")),
        whole(),
    ];
    assert_eq!(lines(&list(&[base]).unwrap()), ["pypi old 0.9 owned", "deb python3-old 0.9-1"]);
    // What cannot be read is told.
    let cut = list(&[vec![file(path, "PK\u{3}\u{4} and no more")]]).unwrap();
    assert_eq!(cut.unlisted, [format!("what /{path} holds: no zip archive, or cut off; not catalogued")]);
}

#[test]
fn a_later_list_claims_no_earlier_files() {
    let server = || file("app/package.json", r#"{"name": "server", "version": "1"}"#);
    let longer = || file(LIST, &format!("/{PATH}\n/app/package.json\n"));
    let expected = ["deb npm 9.2.0-1", "npm npm 9.2.0", "npm server 1"];
    for (name, layers) in [
        ("in the layer of the list", vec![debian(), vec![server(), longer()]]),
        ("before the list", vec![debian(), vec![server()], vec![longer()]]),
        ("before the package", vec![[vec![server()], debian()].concat(), vec![longer()]]),
    ] {
        let found = list(&layers).unwrap();
        let server = found.packages.iter().find(|package| package.name == "server").unwrap();
        assert_eq!(server.owner, None, "{name}");
        assert_eq!(found.packages.len(), expected.len(), "{name}");
    }
    // Who installs the same again writes the list and the files again.
    let reinstalled = vec![longer(), described("9.2.0", "")];
    assert_eq!(lines(&list(&[debian(), reinstalled]).unwrap()), ["deb npm 9.2.0-1", "npm npm 9.2.0 owned"]);
}

#[test]
fn a_later_database_claims_no_earlier_files() {
    let apk = |files: &str| file("lib/apk/db/installed", &format!("P:npm\nV:9.0.0-r0\nA:x86_64\nF:app\n{files}\n"));
    let server = || file("app/package.json", r#"{"name": "server", "version": "1"}"#);
    let base = vec![apk("R:package.json\n"), server()];
    assert_eq!(lines(&list(&[base]).unwrap()), ["apk npm 9.0.0-r0", "npm server 1 owned"]);
    let layers = [vec![apk("R:other\n"), server()], vec![apk("R:other\nR:package.json\n")]];
    assert_eq!(lines(&list(&layers).unwrap()), ["apk npm 9.0.0-r0", "npm server 1"]);
}

/// MD5 and SHA-1 of version 9.2.0.
const MD5: &str = "699bca2c1da313092cf027cbfcc8132e";
const SHA1: &str = "Q1GyhEZ/fWtnlNWhXTugxlhs/4F50=";

#[test]
fn what_is_not_what_the_package_brought_is_nobody_s() {
    let sums = |sums: &str| file("var/lib/dpkg/info/npm.md5sums", sums);
    let small = || {
        let digests = format!("{MD5}  {PATH}\n");
        vec![
            file("var/lib/dpkg/status.d/npm", &package("npm", "9.2.0-1")),
            file("var/lib/dpkg/status.d/npm.md5sums", &digests),
        ]
    };
    let apk = |digest: &str| {
        let (folder, name) = PATH.rsplit_once('/').unwrap();
        vec![file("lib/apk/db/installed", &format!("P:npm\nV:9.2.0-1\nA:x86_64\nF:{folder}\nR:{name}\n{digest}\n"))]
    };
    // All in one layer: nothing but the digest tells what was written last.
    for (name, base, owned) in [
        ("dpkg", [vec![sums(&format!("{MD5}  {PATH}\n"))], debian()].concat(), [true, false]),
        ("dpkg, without digests", debian(), [true, true]),
        (
            "dpkg, with digests of other files",
            [vec![sums(&format!("{MD5}  usr/other\n"))], debian()].concat(),
            [true, true],
        ),
        ("dpkg, with what is no digest", [vec![sums(&format!("newest  {PATH}\n"))], debian()].concat(), [true, true]),
        ("dpkg, without a package manager", small(), [true, false]),
        ("apk", apk(&format!("Z:{SHA1}\n")), [true, false]),
        ("apk, in former times", apk(&format!("Z:{MD5}\n")), [true, false]),
        ("apk, without digests", apk(""), [true, true]),
    ] {
        for (version, expected) in [("9.2.0", owned[0]), ("10.9.0", owned[1])] {
            let found = list(&[[base.clone(), vec![npm(version)]].concat()]).unwrap();
            let owner =
                found.packages.iter().find(|found| found.version.as_deref() == Some(version)).unwrap().owner.is_some();
            assert_eq!(owner, expected, "{name}: {version}");
        }
    }
}

#[test]
fn a_database_that_moves_brings_nothing_anew() {
    let database = "P:npm\nV:9.2.0-r0\nA:x86_64\nF:usr/share/nodejs/npm\nR:package.json\n\n";
    let base = || vec![file("lib/apk/db/installed", database), npm("9.2.0")];
    let moved = || vec![file("lib/apk/db/.wh.installed", ""), file("usr/lib/apk/db/installed", database)];
    let owned = ["apk npm 9.2.0-r0", "npm npm 9.2.0 owned"];
    assert_eq!(lines(&list(&[base(), moved()]).unwrap()), owned);
    // What was put over a file of the package before is still somebody else's.
    let replaced = list(&[base(), vec![npm("10.9.0")], moved()]).unwrap();
    assert_eq!(lines(&replaced), ["apk npm 9.2.0-r0", "npm npm 10.9.0"]);
    assert_eq!(replaced.packages[0].places[0].layer, 0);
    // A newer package does bring what lies there.
    let newer = vec![
        file("lib/apk/db/.wh.installed", ""),
        file("usr/lib/apk/db/installed", &database.replace("9.2.0", "10.9.0")),
        npm("10.9.0"),
    ];
    assert_eq!(lines(&list(&[base(), newer]).unwrap()), ["apk npm 10.9.0-r0", "npm npm 10.9.0 owned"]);
}

/// A package as melange makes it: its own SBOM is one of its files.
fn wolfi(version: &str) -> Vec<Entry> {
    let folder = "var/lib/db/sbom";
    let database = format!(
        "P:musl\nV:1.2.5-r0\nA:x86_64\nF:usr/lib/node_modules/left-pad\nR:package.json\nF:{folder}\nR:musl-1.2.5-r0.spdx.json\n\n"
    );
    let document = format!(
        r#"{{"spdxVersion": "SPDX-2.3", "SPDXID": "SPDXRef-DOCUMENT", "name": "x", "packages": [
        {{"name": "musl", "SPDXID": "SPDXRef-a", "versionInfo": "{version}", "licenseDeclared": "MIT", "externalRefs": [{{"referenceCategory": "PACKAGE-MANAGER",
          "referenceType": "purl", "referenceLocator": "pkg:apk/wolfi/musl@{version}?arch=x86_64&distro=wolfi"}}]}},
        {{"name": "musl", "SPDXID": "SPDXRef-b", "externalRefs": [{{"referenceCategory": "PACKAGE-MANAGER",
          "referenceType": "purl", "referenceLocator": "pkg:generic/musl@1.2.5?vcs_url=git%2Bhttps://git.musl-libc.org/musl"}}]}}]}}"#
    );
    vec![
        file("etc/os-release", "ID=chainguard\nVERSION_ID=20230214\n"),
        file("usr/lib/apk/db/installed", &database),
        file("usr/lib/node_modules/left-pad/package.json", r#"{"name": "left-pad", "version": "1.3.0"}"#),
        file(&format!("{folder}/musl-1.2.5-r0.spdx.json"), &document),
    ]
}

#[test]
fn a_package_s_own_document_is_not_a_second_package() {
    let catalogue: Catalogue = list(&[wolfi("1.2.5-r0")]).unwrap();
    assert_eq!(lines(&catalogue), ["npm left-pad 1.3.0 owned", "apk musl 1.2.5-r0", "other musl 1.2.5 owned"]);
    let musl = &catalogue.packages[1];
    assert_eq!(musl.purl, "pkg:apk/chainguard/musl@1.2.5-r0?arch=x86_64&distro=chainguard-20230214");
    assert_eq!(musl.licences, ["MIT"]);
    assert_eq!(musl.places.len(), 2);
    assert_eq!(catalogue.owners(), [Some(1), None, Some(1)]);
    // Another version is another package.
    let other = list(&[wolfi("1.2.4-r0")]).unwrap();
    assert_eq!(lines(&other)[1..3], ["apk musl 1.2.4-r0 owned", "apk musl 1.2.5-r0"]);
    assert_eq!(other.owners(), [Some(2), Some(2), None, Some(2)]);
}
