//! Damaged layers and archives: reading and unpacking them ends, without a panic, and nothing is written beside the folder.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use consign_image::unpack::{Layer, Limits, Options, unpack};
use consign_image::{ImageReference, Layout, write_archive};
use consign_oci::media_type;
use consign_testkit::mutate::{seeds_of_the_caller, survives};
use std::fs;
use std::io;
use support::World;
use tar::{Builder, EntryType, Header};

fn layer() -> Vec<u8> {
    let mut archive = Builder::new(Vec::new());
    let mut put = |kind: EntryType, path: &str, target: Option<&str>, contents: &[u8]| {
        let mut header = Header::new_gnu();
        header.set_entry_type(kind);
        header.set_mode(0o755);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(7);
        header.set_size(contents.len() as u64);
        match target {
            Some(target) => archive.append_link(&mut header, path, target).unwrap(),
            None => archive.append_data(&mut header, path, contents).unwrap(),
        }
    };
    put(EntryType::Directory, "usr/", None, b"");
    put(EntryType::Regular, "usr/a", None, b"abc");
    put(EntryType::Symlink, "lib", Some("usr"), b"");
    put(EntryType::Symlink, "out", Some("../../../../tmp"), b"");
    put(EntryType::Link, "usr/h", Some("usr/a"), b"");
    put(EntryType::Regular, "lib/.wh.b", None, b"");
    put(EntryType::Regular, "usr/.wh..wh..opq", None, b"");
    put(EntryType::Regular, &"l/".repeat(90), None, b"");
    put(EntryType::Regular, &"n".repeat(200), None, b"x");
    put(EntryType::XHeader, "pax", None, b"14 path=usr/p\n20 mtime=12345.6789\n9 uid=70\n");
    put(EntryType::Regular, "usr/q", None, b"abc");
    put(EntryType::Fifo, "fifo", None, b"");
    archive.into_inner().unwrap()
}

#[test]
fn layers() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options { ownership: false, limits: Limits { bytes: 8 << 20, entries: 1000 } };
    let seeds = [vec![layer()], seeds_of_the_caller()].concat();
    let lower = layer();
    survives(&seeds, 150, |bytes| {
        let root = folder.path().join("root");
        fs::create_dir(&root).unwrap();
        let layers = [&lower[..], bytes]
            .map(|bytes| Ok::<_, io::Error>(Layer { media_type: media_type::LAYER.to_owned(), reader: bytes }));
        drop(unpack(layers, &root, &options));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        remove(&root);
    });
}

/// Folders may be closed to their owner.
fn remove(root: &std::path::Path) {
    if fs::remove_dir_all(root).is_ok() {
        return;
    }
    let status = std::process::Command::new("chmod").args(["-R", "u+rwx"]).arg(root).status();
    assert!(status.unwrap().success());
    fs::remove_dir_all(root).unwrap();
}

#[test]
fn archives() {
    let world = World::new();
    let image = world.multi("contents", Some("1"));
    let good = world.path("good.tar");
    write_archive(&world.store, &image, &ImageReference::Archive { file: good.clone(), tag: None }).unwrap();
    let seeds = [fs::read(&good).unwrap()];
    let path = world.path("bad.tar");
    survives(&seeds, 400, |bytes| {
        fs::write(&path, bytes).unwrap();
        drop(Layout::archive(&path));
    });
}
