//! Which packages an image has, however its layers lie on each other.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{file, folder, hard_link, link, list, names, package};
use consign_inventory::InventoryError;
use consign_oci::layer::Entry;

const STATUS: &str = "var/lib/dpkg/status";

fn status(packages: &[(&str, &str)]) -> Entry {
    file(STATUS, &packages.iter().map(|(name, version)| package(name, version)).collect::<String>())
}

fn two() -> Vec<Entry> {
    vec![status(&[("b", "1:2.0-1+b8"), ("a", "1")])]
}

fn loose(folder: &str, name: &str) -> Entry {
    file(&format!("{folder}/{name}"), &package(name, "1"))
}

#[test]
fn layers_lie_on_each_other() {
    let table: Vec<(&str, Vec<Vec<Entry>>, &str)> = vec![
        ("no layers", vec![], ""),
        ("no packages", vec![vec![file("etc/passwd", "root")]], ""),
        ("sorted", vec![two()], "a 1, b 1:2.0-1+b8"),
        ("the last status counts", vec![two(), vec![status(&[("a", "2")])]], "a 2"),
        ("the last entry of a layer counts", vec![[two(), vec![status(&[("c", "3")])]].concat()], "c 3"),
        (
            "other files change nothing",
            vec![two(), vec![folder("var/lib/dpkg"), file("var/lib/dpkg/lock", "")]],
            "a 1, b 1:2.0-1+b8",
        ),
        ("whiteout of the file", vec![two(), vec![file("var/lib/dpkg/.wh.status", "")]], ""),
        ("whiteout of a folder", vec![two(), vec![file("var/.wh.lib", "")]], ""),
        ("opaque folder", vec![two(), vec![file("var/lib/.wh..wh..opq", "")]], ""),
        ("opaque root", vec![two(), vec![file(".wh..wh..opq", "")]], ""),
        ("opaque folder keeps its own", vec![two(), vec![status(&[("c", "3")]), file("var/.wh..wh..opq", "")]], "c 3"),
        (
            "whiteout keeps its layer's own",
            vec![two(), vec![status(&[("c", "3")]), file("var/lib/dpkg/.wh.status", "")]],
            "c 3",
        ),
        ("whiteout of another file", vec![two(), vec![file("var/lib/dpkg/.wh.stat", "")]], "a 1, b 1:2.0-1+b8"),
        (
            "notes of a file system",
            vec![two(), vec![file("var/.wh..wh.aufs", ""), file("var/.wh.", "")]],
            "a 1, b 1:2.0-1+b8",
        ),
        ("a file in place of the folder", vec![two(), vec![file("var/lib", "")]], ""),
        ("a link in place of the folder", vec![two(), vec![link("var/lib", "nowhere")]], ""),
        (
            "one file for each package",
            vec![vec![loose("var/lib/dpkg/status.d", "a"), loose("var/lib/dpkg/status.d", "b")]],
            "a 1, b 1",
        ),
        (
            "checksums are no packages",
            vec![vec![
                loose("var/lib/dpkg/status.d", "a"),
                file("var/lib/dpkg/status.d/a.md5sums", &package("x", "1")),
            ]],
            "a 1",
        ),
        (
            "whiteout of one package",
            vec![
                vec![loose("var/lib/dpkg/status.d", "a"), loose("var/lib/dpkg/status.d", "b")],
                vec![file("var/lib/dpkg/status.d/.wh.b", "")],
            ],
            "a 1",
        ),
        (
            "both forms, each package once",
            vec![vec![status(&[("a", "1")]), loose("var/lib/dpkg/status.d", "a")]],
            "a 1",
        ),
        (
            "a hard link is its file",
            vec![vec![file("x/status", &package("h", "1")), hard_link(STATUS, "x/status")]],
            "h 1",
        ),
        (
            "a hard link outlives its other name",
            vec![
                vec![file("x/status", &package("h", "1")), hard_link(STATUS, "x/status")],
                vec![file("x/.wh.status", "")],
            ],
            "h 1",
        ),
        ("a link to the file", vec![vec![link(STATUS, "/x/status"), file("x/status", &package("s", "1"))]], "s 1"),
        (
            "a link to the folder",
            vec![vec![link("var/lib", "../usr/lib"), file("usr/lib/dpkg/status", &package("u", "1"))]],
            "u 1",
        ),
        ("written through a link", vec![vec![link("var", "mnt/var")], vec![status(&[("m", "1")])]], "m 1"),
        (
            "whiteout through a link",
            vec![vec![link("var", "mnt/var")], two(), vec![file("var/lib/dpkg/.wh.status", "")]],
            "",
        ),
        (
            "a folder in place of a link",
            vec![
                vec![link("var/lib", "/x"), file("x/dpkg/status", &package("x", "1"))],
                vec![folder("var/lib"), status(&[("n", "1")])],
            ],
            "n 1",
        ),
        ("a loop of links", vec![vec![link("var", "lib"), link("lib", "var"), status(&[("a", "1")])]], ""),
        ("a link out of the image stays in it", vec![vec![link("var", "../../../v"), status(&[("a", "1")])]], "a 1"),
        (
            "removed packages are not there",
            vec![vec![file(STATUS, &package("r", "1").replace("install ok installed", "deinstall ok config-files"))]],
            "",
        ),
    ];
    for (name, layers, expected) in table {
        assert_eq!(names(&list(&layers).unwrap()), expected, "{name}");
    }
}

#[test]
fn what_was_not_kept_is_no_empty_list() {
    for (name, layer) in [
        ("a hard link to another name", vec![file("x/y", "z"), hard_link(STATUS, "x/y")]),
        ("a hard link to nothing", vec![hard_link(STATUS, "x/y")]),
        ("a link to another name", vec![file("x/y", "z"), link(STATUS, "/x/y")]),
        ("a folder under another name", vec![link("var/lib/dpkg/status.d", "/x"), loose("x", "a")]),
        ("too large", vec![file(STATUS, &" ".repeat((64 << 20) + 1))]),
    ] {
        assert!(matches!(list(&[layer]), Err(InventoryError::Unread { .. })), "{name}");
    }
}

#[test]
fn says_where_packages_may_be_that_are_not_listed() {
    let os = || file("etc/os-release", "ID=alpine\nVERSION_ID=3.20\n");
    let pacman = || file("var/lib/pacman/local/ALPM_DB_VERSION", "9\n");
    type Case<'a> = (&'a str, Vec<Vec<Entry>>, &'a [&'a str]);
    let table: Vec<Case<'_>> = vec![
        ("nothing at all", vec![vec![file("program", "")]], &[]),
        ("Debian", vec![vec![os()], two()], &[]),
        ("no database", vec![vec![os()]], &["what there is of alpine 3.20"]),
        (
            "a deleted one",
            vec![[two(), vec![os()]].concat(), vec![file("var/lib/dpkg/.wh.status", "")]],
            &["what there is of alpine 3.20"],
        ),
        ("an empty one", vec![vec![os(), status(&[])]], &["what there is of alpine 3.20"]),
        ("pacman", vec![vec![os(), pacman()]], &["what /var/lib/pacman/local/ALPM_DB_VERSION lists"]),
        ("pacman alone", vec![vec![pacman()]], &["what /var/lib/pacman/local/ALPM_DB_VERSION lists"]),
        ("a deleted pacman", vec![vec![pacman()], vec![file("var/lib/pacman/.wh.local", "")]], &[]),
        (
            "pacman through a link",
            vec![vec![link("var/lib", "../mnt"), pacman()]],
            &["what /mnt/pacman/local/ALPM_DB_VERSION lists"],
        ),
        (
            "a link to it",
            vec![vec![link("var/lib/pacman/local/ALPM_DB_VERSION", "/data")]],
            &["what /var/lib/pacman/local/ALPM_DB_VERSION lists"],
        ),
        (
            "a hard link to it",
            vec![vec![file("data", ""), hard_link("var/lib/pacman/local/ALPM_DB_VERSION", "data")]],
            &["what /var/lib/pacman/local/ALPM_DB_VERSION lists"],
        ),
        ("two", vec![two(), vec![pacman()]], &["what /var/lib/pacman/local/ALPM_DB_VERSION lists"]),
        ("the same name elsewhere", vec![vec![file("srv/Packages", "")]], &[]),
    ];
    for (name, layers, expected) in table {
        assert_eq!(list(&layers).unwrap().unlisted, expected, "{name}");
    }
}

#[test]
fn finds_the_distribution() {
    for (layers, expected) in [
        (vec![file("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\n")], Some("debian-12")),
        (
            vec![
                link("etc/os-release", "../usr/lib/os-release"),
                file("usr/lib/os-release", "ID=ubuntu\nVERSION_ID=24.04\n"),
            ],
            Some("ubuntu-24.04"),
        ),
        (vec![file("usr/lib/os-release", "ID=debian\n")], Some("debian-?")),
        (vec![file("etc/os-release", "NAME=x\n"), file("usr/lib/os-release", "ID=debian\n")], None),
        (vec![], None),
    ] {
        let catalogue = list(&[layers]).unwrap();
        let found = catalogue.distribution.map(|found| format!("{}-{}", found.id, found.version().unwrap_or("?")));
        assert_eq!(found.as_deref(), expected);
    }
}

#[test]
fn packages_say_where_they_come_from() {
    let paragraph = "Package: libstdc++6\nStatus: install ok installed\nArchitecture: amd64\nMulti-Arch: same\nSource: gcc-12 (12.2.0-14+deb12u1)\nVersion: 12.2.0-14+deb12u1+b1\nHomepage: https://gcc.gnu.org/\nDescription: GNU Standard C++ Library v3\n  more\n";
    let catalogue =
        list(&[vec![file(STATUS, paragraph), file("etc/os-release", "ID=debian\nVERSION_ID=12\n")]]).unwrap();
    let [package] = &catalogue.packages[..] else { panic!("one package") };
    assert_eq!(
        package.source.as_ref().map(|source| (source.name.as_str(), source.version.as_str())).unwrap(),
        ("gcc-12", "12.2.0-14+deb12u1")
    );
    assert_eq!(package.description.as_deref(), Some("GNU Standard C++ Library v3"));
    assert_eq!(package.homepage.as_deref(), Some("https://gcc.gnu.org/"));
    assert!(
        package.purl.starts_with("pkg:deb/debian/libstdc%2B%2B6@12.2.0-14%2Bdeb12u1%2Bb1?arch=amd64"),
        "{}",
        package.purl
    );
    assert!(package.purl.contains("distro=debian-12"), "{}", package.purl);
}
