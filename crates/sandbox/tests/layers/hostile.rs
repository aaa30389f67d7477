//! Layers that are made to do harm.

use super::Stack;
use super::tar::{Entry, layer};
use crate::Fixture;
use consign_sandbox::{LayerFault, PackOptions, SandboxError, UnpackOptions};
use std::ffi::OsStr;
use std::fs;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

pub(super) fn unpacks_nothing_outside(fixture: &Fixture) {
    let outside = tempfile::tempdir().unwrap();
    let target = outside.path().join("file");
    fs::write(&target, "untouched").unwrap();
    let (folder, file) = (outside.path().to_str().unwrap(), target.to_str().unwrap());
    for entries in [
        // A link that leads out, and something behind it.
        vec![Entry::symlink("out", folder), Entry::file("out/new", "x")],
        vec![Entry::symlink("out", "../../../../../../../../tmp"), Entry::file("out/new", "x")],
        vec![Entry::symlink("out", file), Entry::file("out", "x")],
        vec![Entry::symlink("out", folder), Entry::file("out/.wh.file", "")],
        vec![Entry::symlink("out", folder), Entry::file("out/.wh..wh..opq", "")],
        vec![Entry::symlink("out", folder), Entry::folder("out/")],
        vec![Entry::symlink("out", file), Entry::hard_link("in", "out")],
        vec![Entry::symlink("out", folder), Entry::hard_link("in", "out/file")],
        vec![Entry::file("x", ""), Entry::symlink("out", folder), Entry::hard_link("out/file", "x")],
    ] {
        let mut stack = Stack::new(fixture);
        // Whether it is refused or put elsewhere does not matter here.
        let _ = stack.add(&layer(&entries));
        assert_eq!(fs::read_to_string(&target).unwrap(), "untouched");
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1);
        assert!(!Path::new("/tmp/new").exists());
    }
}

pub(super) fn names_what_no_layer_may_have(fixture: &Fixture) {
    let link = |target: &str| LayerFault::LinkTarget { target: target.to_owned() };
    for (entry, expected) in [
        (Entry::file("/../etc/passwd", "x"), LayerFault::Path),
        (Entry::file("a/../../x", "x"), LayerFault::Path),
        (Entry::file("..", "x"), LayerFault::Path),
        (Entry::file(".wh...", ""), LayerFault::Path),
        (Entry::file(".wh.", ""), LayerFault::Path),
        (Entry::hard_link("x", "/etc/passwd"), link("/etc/passwd")),
        (Entry::hard_link("x", "../x"), link("../x")),
        (Entry::hard_link("x", ""), link("")),
        (Entry::file("x", "").owner(4_294_967_295, 0), LayerFault::Owner { uid: u32::MAX, gid: 0 }),
        (Entry::file(".wh..wh..opq", ""), LayerFault::HidesAll),
        (Entry::new(::tar::EntryType::GNUSparse, "x", ""), LayerFault::Kind),
    ] {
        let error = Stack::new(fixture).add(&layer(std::slice::from_ref(&entry))).unwrap_err();
        assert!(matches!(&error, SandboxError::Layer { fault, .. } if *fault == expected), "{}: {error:?}", entry.path);
    }
    let files = [Entry::file("a", "aaaa"), Entry::file("b", "b")];
    let folder = tempfile::tempdir().unwrap();
    let whole = layer(&files);
    let options = |bytes, entries| UnpackOptions { bytes, entries, ..UnpackOptions::default() };
    let oversize = {
        let mut bytes = layer(&files[..1]);
        let mut header = ::tar::Header::from_byte_slice(&bytes[..512]).clone();
        header.set_size(1 << 50);
        header.set_cksum();
        bytes[..512].copy_from_slice(header.as_bytes());
        bytes
    };
    for (bytes, options, expected) in [
        (&whole[..], options(u64::MAX, 1), "more than 1 entries"),
        (&whole[..], options(600, 10), "more than 600 bytes"),
        (&whole[..1000], options(u64::MAX, 10), "it ends within a file"),
        (&whole[..300], options(u64::MAX, 10), "it ends within a header"),
        (&oversize[..], options(u64::MAX, 10), "`a`: the layer is no tar archive"),
        (&[b'x'; 1024][..], options(u64::MAX, 10), "checksum"),
    ] {
        let error = fixture.sandbox().unpack(bytes, folder.path(), &options).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
        fs::remove_file(folder.path().join("a")).ok();
    }
    // What is named like a mark would mean something else in a layer, and what is no text nothing.
    for (name, expected) in
        [(&b".wh.x"[..], LayerFault::Mark), (b"\xff", LayerFault::Text), (b"a\nb", LayerFault::Text)]
    {
        let stack = Stack::new(fixture);
        let upper = stack.make("upper");
        fs::write(upper.join(OsStr::from_bytes(name)), "").unwrap();
        let mut packing = fixture.sandbox().pack(&upper, &PackOptions::default()).unwrap();
        packing.read_to_end(&mut Vec::new()).unwrap();
        let error = packing.finish().unwrap_err();
        assert!(matches!(&error, SandboxError::Layer { fault, .. } if *fault == expected), "{error:?}");
    }
}
