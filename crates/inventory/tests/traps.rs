//! What other tools get wrong, or differ about: packages that are there and are missed, or are gone and still listed, or are listed twice.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{file, folder, hard_link, lines, link, list, package};
use consign_inventory::{Catalogue, InventoryError, Package};
use consign_oci::layer::Entry;
use consign_package::Kind;

const STATUS: &str = "var/lib/dpkg/status";
const SIX: &str = "usr/lib/python3/dist-packages/six-1.16.0.dist-info/METADATA";

fn metadata(path: &str) -> Entry {
    file(path, "Metadata-Version: 2.1\nName: six\nVersion: 1.16.0\nLicense: MIT\n\n")
}

fn npm(path: &str) -> Entry {
    file(path, r#"{"name": "left-pad", "version": "1.3.0", "license": "WTFPL"}"#)
}

fn only(catalogue: &Catalogue, kind: Kind) -> Package {
    let mut found = catalogue.packages.iter().filter(|package| package.kind == kind);
    let package = found.next().unwrap().clone();
    assert!(found.next().is_none(), "more than one of {kind}");
    package
}

fn places(package: &Package) -> Vec<&str> {
    package.places.iter().map(|place| place.path.as_str()).collect()
}

#[test]
fn what_lower_layers_have_is_hidden_for_every_kind() {
    let lower = || vec![metadata(SIX), npm("app/node_modules/left-pad/package.json")];
    for (name, upper, expected) in [
        ("nothing", vec![], vec!["npm left-pad 1.3.0", "pypi six 1.16.0"]),
        ("a file", vec![file("app/node_modules/left-pad/.wh.package.json", "")], vec!["pypi six 1.16.0"]),
        ("a folder", vec![file("usr/lib/python3/.wh.dist-packages", "")], vec!["npm left-pad 1.3.0"]),
        ("an opaque folder", vec![file("app/.wh..wh..opq", "")], vec!["pypi six 1.16.0"]),
        (
            "an opaque folder hides only lower layers",
            vec![npm("app/other/package.json"), file("app/.wh..wh..opq", "")],
            vec!["npm left-pad 1.3.0", "pypi six 1.16.0"],
        ),
        (
            "a file that is another now",
            vec![file(SIX, "Name: seven\nVersion: 7\n")],
            vec!["npm left-pad 1.3.0", "pypi seven 7"],
        ),
        (
            "a file that is no package now",
            vec![file("app/node_modules/left-pad/package.json", "{}")],
            vec!["pypi six 1.16.0"],
        ),
        ("a link in its place", vec![link(SIX, "nowhere")], vec!["npm left-pad 1.3.0"]),
    ] {
        assert_eq!(lines(&list(&[lower(), upper]).unwrap()), expected, "{name}");
    }
}

#[test]
fn a_hard_link_is_its_file_under_both_names() {
    let cache = "root/.cache/uv/archive-v0/x/six-1.16.0.dist-info/METADATA";
    let catalogue = list(&[vec![metadata(cache), hard_link(SIX, cache)]]).unwrap();
    let six = only(&catalogue, Kind::Python);
    assert_eq!(places(&six), [format!("/{cache}"), format!("/{SIX}")]);
    // The name that others look at alone may be gone.
    let catalogue = list(&[vec![metadata(cache), hard_link(SIX, cache)], vec![file("root/.wh..cache", "")]]).unwrap();
    assert_eq!(places(&only(&catalogue, Kind::Python)), [format!("/{SIX}")]);
    // What it is a link to has a name by which nobody looked into it: that is said.
    let catalogue = list(&[vec![file("objects/4f", "Name: six"), hard_link(SIX, "objects/4f")]]).unwrap();
    assert_eq!(catalogue.packages, []);
    assert_eq!(catalogue.unlisted, [format!("what /{SIX} holds: it was not looked into")]);
    // What was looked into and says nothing says no more under another name.
    let silent = file("store/dist/package.json", r#"{"type": "module"}"#);
    let linked = hard_link("app/dist/package.json", "store/dist/package.json");
    assert_eq!(list(&[vec![silent, linked]]).unwrap(), Catalogue::default());
}

#[test]
fn what_a_package_of_the_distribution_brought_is_its_own() {
    let status = file(STATUS, &package("python3-six", "1.16.0-4"));
    let info = |text: &str| file("var/lib/dpkg/info/python3-six.list", text);
    let sums = |sum: &str| file("var/lib/dpkg/status.d/python3-six.md5sums", &format!("{sum}  {SIX}\n"));
    let owned = vec!["deb python3-six 1.16.0-4", "pypi six 1.16.0 owned"];
    let alone = vec!["deb python3-six 1.16.0-4", "pypi six 1.16.0"];
    for (name, entries, expected) in [
        ("listed", vec![info(&format!("/.\n/usr\n/{SIX}\n"))], &owned),
        ("of an architecture", vec![file("var/lib/dpkg/info/python3-six:amd64.list", &format!("/{SIX}\n"))], &owned),
        (
            "listed where it was before directories were merged",
            vec![link("lib", "usr/lib"), info("/lib/python3/dist-packages/six-1.16.0.dist-info/METADATA\n")],
            &owned,
        ),
        ("without a list", vec![], &alone),
        ("of another file", vec![info("/usr/bin/six\n")], &alone),
        ("by the sums of images without a package manager", vec![sums("9ea788c5f4f8f43626a61fd525cc7552")], &owned),
        ("by the sums of other contents", vec![sums("d41d8cd98f00b204e9800998ecf8427e")], &alone),
    ] {
        let layer = [vec![status.clone(), metadata(SIX)], entries].concat();
        assert_eq!(lines(&list(&[layer]).unwrap()), *expected, "{name}");
    }
    // The same package beside it is another matter.
    let layer =
        vec![status, metadata(SIX), info(&format!("/{SIX}\n")), metadata("opt/venv/six-1.16.0.dist-info/METADATA")];
    let found = lines(&list(&[layer]).unwrap());
    assert_eq!(found, ["deb python3-six 1.16.0-4", "pypi six 1.16.0", "pypi six 1.16.0 owned"]);
}

#[test]
fn a_rebuild_alone_is_no_new_source() {
    let catalogue =
        list(&[vec![file(STATUS, &package("a", "1.0-1+b8").replace("Version", "Source: b (1.0-1)\nVersion"))]])
            .unwrap();
    let package = only(&catalogue, Kind::Debian);
    let source = package.source.unwrap();
    assert_eq!((source.name.as_str(), source.version.as_str()), ("b", "1.0-1"));
    assert!(package.purl.contains("upstream=b%401.0-1"), "{}", package.purl);
}

#[test]
fn each_package_is_of_the_layer_that_brought_it() {
    let status = |names: &[&str]| file(STATUS, &names.iter().map(|name| package(name, "1")).collect::<String>());
    let layers = [
        vec![status(&["a", "b", "c"])],
        vec![status(&["a", "c"]), npm("x/package.json")],
        vec![status(&["a", "b", "c", "d"]), folder("x")],
    ];
    let found: Vec<(String, u32)> =
        list(&layers).unwrap().packages.iter().map(|package| (package.name.clone(), package.places[0].layer)).collect();
    let expected = [("a", 0), ("b", 2), ("c", 0), ("d", 2), ("left-pad", 1)];
    assert_eq!(found, expected.map(|(name, layer)| (name.to_owned(), layer)));
}

#[test]
fn licences_of_debian_packages_come_from_their_copyright_files() {
    let copyright = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\nFiles: *\nCopyright: x\nLicense: Expat\n";
    let layer = vec![
        file(STATUS, &[package("a", "1"), package("b", "1")].concat()),
        file("usr/share/doc/a/copyright", copyright),
        link("usr/share/doc/b", "a"),
    ];
    let catalogue = list(&[layer]).unwrap();
    let licences: Vec<_> = catalogue.packages.iter().map(|package| package.licences.clone()).collect();
    assert_eq!(licences, [["Expat"], ["Expat"]]);
}

#[test]
fn what_cannot_be_read_is_named() {
    let layer =
        vec![file("app/package.json", "{\"name\": "), npm("left/package.json"), file("app/x.jar", "no archive")];
    let catalogue = list(&[layer]).unwrap();
    assert_eq!(lines(&catalogue), ["npm left-pad 1.3.0"]);
    let named: Vec<&str> = catalogue.unlisted.iter().map(|text| text.split(':').next().unwrap()).collect();
    assert_eq!(named, ["what /app/package.json holds", "what /app/x.jar holds"]);
    // However many there are.
    let many = (0..1000).map(|number| file(&format!("{number}/package.json"), "{")).collect();
    let unlisted = list(&[many]).unwrap().unlisted;
    assert_eq!((unlisted.len(), unlisted.last().unwrap().as_str()), (101, "what 900 more files hold"));
}

const APK: &str = "C:Q1p78yvTLG094tHE1+dToJGbmYzQE=\nP:musl-utils\nV:1.2.5-r0\nA:x86_64\no:musl\nL:MIT AND BSD-2-Clause AND GPL-2.0-or-later\nT:the musl c library (libc) implementation\nF:usr/lib/node_modules/left-pad\nR:package.json\n\n";

#[test]
fn a_database_of_apk_is_found_where_it_was_and_where_it_is_now() {
    let os = file("usr/lib/os-release", "ID=alpine\nVERSION_ID=3.23.0\n");
    for (name, layers) in [
        ("before", vec![vec![os.clone(), file("lib/apk/db/installed", APK)]]),
        ("now", vec![vec![os.clone(), file("usr/lib/apk/db/installed", APK)]]),
        ("both names of one", vec![vec![os.clone(), link("lib", "usr/lib"), file("usr/lib/apk/db/installed", APK)]]),
        (
            "written through the link",
            vec![vec![os.clone(), link("lib", "usr/lib")], vec![file("lib/apk/db/installed", APK)]],
        ),
    ] {
        let package = only(&list(&layers).unwrap(), Kind::Alpine);
        let source = package.source.as_ref().unwrap();
        assert_eq!((source.name.as_str(), package.version.as_deref()), ("musl", Some("1.2.5-r0")), "{name}");
        assert_eq!(
            package.purl, "pkg:apk/alpine/musl-utils@1.2.5-r0?arch=x86_64&distro=alpine-3.23.0&upstream=musl",
            "{name}"
        );
    }
    let layer = vec![file("lib/apk/db/installed", APK), npm("usr/lib/node_modules/left-pad/package.json")];
    assert_eq!(lines(&list(&[layer]).unwrap()), ["npm left-pad 1.3.0 owned", "apk musl-utils 1.2.5-r0"]);
}

#[test]
fn a_small_database_does_not_become_a_large_list() {
    // Forty thousand files in a folder whose name is as long as a line may be.
    let database = format!("P:x\nV:1-r0\nF:{}\n{}\n", "f".repeat(1 << 20 >> 1), "R:\n".repeat(40_000));
    let catalogue = list(&[vec![file("lib/apk/db/installed", &database)]]).unwrap();
    assert_eq!(lines(&catalogue), ["apk x 1-r0"]);
    // The longest paths that can be, of many packages: 600 MiB written out.
    let package = |number| format!("P:x{number}\nV:1-r0\nF:{}\n{}\n", "f".repeat(4000), "R:a\n".repeat(1000));
    let database: String = (0..150).map(package).collect();
    assert_eq!(list(&[vec![file("lib/apk/db/installed", &database)]]).unwrap().packages.len(), 150);
}

#[test]
fn a_program_is_one_whatever_its_name() {
    // Its headers are cut off, which is told only of what is taken for a program.
    let program = "\u{7f}ELF\u{2}\u{1}\u{1}\0";
    for path in [
        "a/status",
        "b/installed",
        "c/Packages",
        "d/Packages.db",
        "e/info/x.list",
        "f/status.d/web",
        "g/os-release-tool",
        "h/rpmdb.sqlite",
        "i/rpmdb.sqlite-wal",
        "j/package.json",
        "k/bom.json",
        "l/program",
    ] {
        let unlisted = list(&[vec![file(path, program)]]).unwrap().unlisted;
        assert!(unlisted[0].starts_with(&format!("what /{path} holds: a damaged ELF file")), "{unlisted:?}");
    }
    let jar = list(&[vec![file("os-release-parser-1.0.jar", "no archive")]]).unwrap();
    assert!(jar.unlisted[0].contains("no zip archive"), "{:?}", jar.unlisted);
}

#[test]
fn a_database_that_is_a_link_to_something_else_is_no_empty_list() {
    let paragraph = package("a", "1");
    for (target, contents) in [
        ("x/my-os-release", paragraph.as_str()),
        ("x/info/a.list", "/usr\n"),
        ("x/package.json", r#"{"name": "a", "version": "1"}"#),
        ("x/dist/package.json", "{}"),
        ("x/plain", paragraph.as_str()),
    ] {
        let loose = file("var/lib/dpkg/status.d/b", &package("b", "1"));
        for link in [link(STATUS, &format!("/{target}")), hard_link(STATUS, target)] {
            let result = list(&[vec![file(target, contents), link, loose.clone()]]);
            assert!(matches!(result, Err(InventoryError::Unread { .. })), "{target}: {result:?}");
        }
    }
    let other = list(&[vec![file(STATUS, &paragraph), link("etc/os-release", "../var/lib/dpkg/status")]]);
    assert!(matches!(other, Err(InventoryError::Unread { .. })), "{other:?}");
}
