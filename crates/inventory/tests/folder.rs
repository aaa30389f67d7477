//! What lies in a folder is what an image of one layer has of it, whatever the folder holds.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{file, folder, hard_link, link, list, names, package};
use consign_inventory::{Budget, Folder, InventoryError};
use consign_oci::layer::{Entry, Kind};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

fn status(name: &str) -> Entry {
    file("var/lib/dpkg/status", &package(name, "1"))
}

fn npm(path: &str, name: &str) -> Entry {
    file(&format!("{path}/package.json"), &npm_text(name))
}

fn npm_text(name: &str) -> String {
    format!(r#"{{"name": "{name}", "version": "1.0.0"}}"#)
}

/// Puts the entries of a layer into a folder.
fn lay(entries: &[Entry]) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    for entry in entries {
        let path = root.path().join(entry.path.as_str());
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        match &entry.kind {
            Kind::Directory => fs::create_dir_all(path).unwrap(),
            Kind::Symlink(target) => symlink(target, path).unwrap(),
            Kind::HardLink(target) => fs::hard_link(root.path().join(target.as_str()), path).unwrap(),
            Kind::File(contents) => fs::write(path, contents.read(u64::MAX).unwrap()).unwrap(),
            Kind::Fifo | Kind::Device(_) => unreachable!(),
        }
    }
    root
}

fn read(path: &Path) -> Folder {
    Folder::read(path, &Budget::default()).unwrap()
}

#[test]
fn a_folder_is_an_image_of_one_layer() {
    for (what, entries, expected) in [
        ("nothing", vec![], ""),
        ("a database", vec![status("a"), folder("etc")], "a 1"),
        ("links to folders", vec![status("a"), link("var/run", "/run"), link("lib", "usr/lib")], "a 1"),
        (
            "a database behind a link",
            vec![link("var/lib/dpkg", "/data"), file("data/status", &package("b", "2"))],
            "b 2",
        ),
        ("no loop ends it", vec![link("a", "b"), link("b", "a"), link("c/d", "../c"), status("a")], "a 1"),
        ("another name", vec![npm("x", "y"), hard_link("z/package.json", "x/package.json")], "y 1.0.0"),
        ("names in order", vec![npm("b", "b"), npm("a/c", "c"), npm("a", "a")], "a 1.0.0, b 1.0.0, c 1.0.0"),
    ] {
        let root = lay(&entries);
        let found = read(root.path());
        assert_eq!(names(&found.catalogue), expected, "{what}");
        assert_eq!(found.catalogue, list(&[entries]).unwrap(), "{what}");
        assert_eq!(found.digest, found.catalogue.digest().unwrap(), "{what}");
    }
}

#[test]
fn the_platform_is_that_of_the_packages_else_of_the_programs() {
    let program = |machine: u8| {
        let mut bytes = vec![0; 64];
        bytes[..6].copy_from_slice(b"\x7fELF\x02\x01");
        bytes[18] = machine;
        bytes
    };
    let root = lay(&[status("a"), folder("bin")]);
    let put = |name: &str, bytes: &[u8], mode: u32| {
        fs::write(root.path().join(name), bytes).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
        fs::set_permissions(root.path().join(name), mode).unwrap();
    };
    let platform = || read(root.path()).platform.map(|platform| platform.to_string());
    put("bin/a", &program(183), 0o755);
    assert_eq!(platform().as_deref(), Some("linux/amd64"));
    fs::remove_file(root.path().join("var/lib/dpkg/status")).unwrap();
    assert_eq!(platform().as_deref(), Some("linux/arm64"));
    // What nobody can run is no program.
    put("bin/a", &program(183), 0o644);
    assert_eq!(platform(), None);
}

/// Nothing outside is read, whatever the links say.
#[test]
fn no_link_leads_out() {
    let outside = lay(&[file("status", &package("outside", "1")), npm("modules", "outside")]);
    let root = lay(&[npm("inside", "inside"), file("etc/os-release", "ID=x\n")]);
    let targets = [
        outside.path().to_owned(),
        PathBuf::from("/"),
        Path::new("../..").join(outside.path().strip_prefix("/").unwrap()),
    ];
    for (number, target) in targets.iter().enumerate() {
        symlink(target, root.path().join(format!("link-{number}"))).unwrap();
    }
    symlink(outside.path().join("modules/package.json"), root.path().join("package.json")).unwrap();
    fs::create_dir_all(root.path().join("var/lib")).unwrap();
    symlink(outside.path(), root.path().join("var/lib/dpkg")).unwrap();
    assert_eq!(names(&read(root.path()).catalogue), "inside 1.0.0");
}

#[test]
fn any_name_may_stand_in_a_folder() {
    let root = tempfile::tempdir().unwrap();
    let hostile: [&[u8]; 7] = [b"a\nb", b"\xff", b"\\xff", b".wh.modules", b".wh..wh..opq", b"\x1b[2J", &[b'x'; 255]];
    for (number, name) in hostile.iter().enumerate() {
        let folder = root.path().join(OsStr::from_bytes(name));
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("package.json"), npm_text(&format!("p{number}"))).unwrap();
    }
    // In a layer this would remove what lies beside it.
    fs::create_dir(root.path().join("modules")).unwrap();
    fs::write(root.path().join("modules/package.json"), npm_text("p7")).unwrap();
    let found = read(root.path()).catalogue;
    let expected: Vec<String> = (0..8).map(|number| format!("p{number} 1.0.0")).collect();
    assert_eq!(names(&found), expected.join(", "));
    let mut places: Vec<&str> = found.packages.iter().map(|package| package.places[0].path.as_str()).collect();
    places.sort_unstable();
    places.dedup();
    assert_eq!(places.len(), 8);
    assert!(places.contains(&"/\\x2ewh.modules/package.json"), "{places:?}");
}

#[test]
fn nothing_is_waited_for_and_nothing_is_endless() {
    let root = lay(&[status("a"), folder("dev"), folder("deep")]);
    let pipe = root.path().join("dev/package.json");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, rustix::fs::Mode::RUSR, 0).unwrap();
    let _socket = std::os::unix::net::UnixListener::bind(root.path().join("dev/socket")).unwrap();
    // It takes no room, and is larger than what is looked into.
    File::create(root.path().join("dev/libhole.so")).unwrap().set_len(1 << 40).unwrap();
    File::create(root.path().join("var/lib/dpkg/copy.spdx.json")).unwrap().set_len(1 << 40).unwrap();
    let mut deep = root.path().join("deep");
    for _ in 0..200 {
        deep.push("deeper");
        fs::create_dir(&deep).unwrap();
    }
    let found = read(root.path()).catalogue;
    assert_eq!(names(&found), "a 1");
    let [unlisted] = &found.unlisted[..] else { panic!("{:?}", found.unlisted) };
    assert!(unlisted.starts_with("what /var/lib/dpkg/copy.spdx.json holds: it has more than"), "{unlisted}");
}

#[test]
fn reading_ends_where_it_must() {
    let root = lay(&[status("a"), npm("x", "y")]);
    let small = Folder::read(root.path(), &Budget::of(100));
    assert!(matches!(small, Err(InventoryError::Size { limit: 100 })), "{small:?}");
    let budget = Budget::default();
    budget.end();
    assert!(matches!(Folder::read(root.path(), &budget), Err(InventoryError::Ended)));
    for path in ["absent", "var/lib/dpkg/status"] {
        let path = root.path().join(path);
        let failed = Folder::read(&path, &Budget::default());
        assert!(matches!(&failed, Err(InventoryError::Folder { path: named, .. }) if *named == path), "{failed:?}");
    }
}
