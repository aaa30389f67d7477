//! Layers that lay links, folders, files and whiteouts over each other in every way, for readers to agree about.

use crate::mutate::Random;
use std::io;
use tar::{Builder, EntryType, Header};

/// Where things are put: the places of the package database and of the distribution's name, and others that lead there.
const PATHS: [&str; 16] = [
    "etc",
    "etc/os-release",
    "usr",
    "usr/lib",
    "usr/lib/os-release",
    "var",
    "var/lib",
    "var/lib/dpkg",
    "var/lib/dpkg/status",
    "var/lib/dpkg/status.d",
    "var/lib/dpkg/status.d/b",
    "x",
    "x/dpkg",
    "x/dpkg/status",
    "x/status",
    "x/status.d/c",
];
/// Where links lead.
const TARGETS: [&str; 14] = [
    "x",
    "/x",
    "../x",
    "../../x",
    "/x/dpkg",
    "dpkg",
    "..",
    ".",
    "/",
    "status",
    "/x/status",
    "../../../x/dpkg/status",
    "/var/lib",
    "lib/",
];

/// Returns the tar streams of a few layers, lowest first. What they are depends only on the number of the case.
pub fn random(case: u64) -> Vec<Vec<u8>> {
    let mut random = Random::new(case);
    (0..=random.below(3)).map(|_| layer(&mut random).unwrap_or_default()).collect()
}

fn layer(random: &mut Random) -> io::Result<Vec<u8>> {
    let mut archive = Builder::new(Vec::new());
    for _ in 0..=random.below(8) {
        let path = PATHS[random.below(PATHS.len())];
        let mut header = Header::new_gnu();
        header.set_mode(0o755);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(random.below(1000) as u64);
        header.set_size(0);
        let mut put = |kind: EntryType, path: &str, target: Option<&str>, contents: &[u8]| {
            header.set_entry_type(kind);
            header.set_size(contents.len() as u64);
            match target {
                Some(target) => archive.append_link(&mut header, path, target),
                None => archive.append_data(&mut header, path, contents),
            }
        };
        match random.below(8) {
            0 => put(EntryType::Directory, &format!("{path}/"), None, b"")?,
            1 => put(EntryType::Symlink, path, Some(TARGETS[random.below(TARGETS.len())]), b"")?,
            2 => put(EntryType::Link, path, Some(PATHS[random.below(PATHS.len())]), b"")?,
            3 => {
                let (folder, name) = path.rsplit_once('/').map_or(("", path), |(folder, name)| (folder, name));
                put(EntryType::Regular, format!("{folder}/.wh.{name}").trim_start_matches('/'), None, b"")?;
            }
            4 => put(EntryType::Regular, &format!("{path}/.wh..wh..opq"), None, b"")?,
            5 if random.below(4) == 0 => put(EntryType::Fifo, path, None, b"")?,
            _ => {
                let number = random.below(100_000);
                let text = format!("ID=d{number}\n");
                let status = format!("Package: p{number}\nVersion: 1\nArchitecture: all\n");
                let contents = if path.contains("release") { text } else { status };
                put(EntryType::Regular, path, None, contents.as_bytes())?;
            }
        }
    }
    archive.into_inner()
}
