//! The inventory of an image is that of what a container of it sees: layers are unpacked, and the files are looked at there.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use consign_image::unpack::{Layer, Options, unpack};
use consign_inventory::{Catalogue, Observer};
use consign_oci::media_type;
use consign_testkit::{layers, mutate};
use rustix::fs::{Dir, Mode, OFlags, ResolveFlags, openat2};
use std::convert::Infallible;
use std::fs::File;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::path::Path;

/// Opens what is at a path for someone whose `/` is the folder.
fn open(root: &Path, path: &str, flags: OFlags) -> Option<OwnedFd> {
    let flags = flags | OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
    openat2(File::open(root).unwrap(), path, flags, Mode::empty(), ResolveFlags::IN_ROOT).ok()
}

fn text(root: &Path, path: &str) -> Option<String> {
    let mut file = File::from(open(root, path, OFlags::empty())?);
    let mut text = String::new();
    file.metadata().unwrap().is_file().then(|| file.read_to_string(&mut text).unwrap())?;
    Some(text)
}

/// Returns the packages and the distribution that are in an unpacked image.
fn seen(root: &Path) -> (Vec<String>, Option<String>) {
    let folder = "var/lib/dpkg/status.d";
    let mut names: Vec<String> = vec!["var/lib/dpkg/status".to_owned()];
    if let Some(listed) = open(root, folder, OFlags::DIRECTORY) {
        let entries =
            Dir::read_from(listed).unwrap().map(|entry| entry.unwrap().file_name().to_str().unwrap().to_owned());
        names.extend(entries.filter(|name| !name.starts_with('.')).map(|name| format!("{folder}/{name}")));
    }
    let files = names.iter().filter_map(|path| text(root, path));
    let mut packages: Vec<String> =
        files.filter_map(|text| text.lines().next()?.strip_prefix("Package: ").map(str::to_owned)).collect();
    packages.sort();
    packages.dedup();
    let release = ["etc/os-release", "usr/lib/os-release"].iter().find_map(|path| text(root, path));
    (packages, release.and_then(|text| text.trim().strip_prefix("ID=").map(str::to_owned)))
}

fn observed(layers: &[Vec<u8>]) -> Option<Catalogue> {
    let mut observer = Observer::new();
    for layer in layers {
        common::observe(&mut observer, media_type::LAYER, &layer[..], layer).ok()?;
    }
    observer.finish().ok()
}

#[test]
fn of_what_is_seen_and_what_is_listed() {
    let (mut unpacked, mut compared) = (0, 0);
    for case in 0..mutate::cases_or(500) {
        let layers = layers::random(case);
        let root = tempfile::tempdir().unwrap();
        let blobs = layers
            .iter()
            .map(|layer| Ok::<_, Infallible>(Layer { media_type: media_type::LAYER.to_owned(), reader: &layer[..] }));
        // What cannot be unpacked is no image.
        if unpack(blobs, root.path(), &Options::default()).is_err() {
            continue;
        }
        unpacked += 1;
        // What the inventory cannot be sure about is an error, which is no disagreement.
        let Some(catalogue) = observed(&layers) else { continue };
        compared += 1;
        let packages: Vec<String> = catalogue.packages.into_iter().map(|package| package.name).collect();
        let distribution = catalogue.distribution.map(|distribution| distribution.id);
        assert_eq!((packages, distribution), seen(root.path()), "case {case}");
    }
    assert!(compared * 2 > unpacked && unpacked > 50, "{compared} of {unpacked}");
}
