//! Layers, and the one archive that comes of them.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use consign_image::export::{ExportError, LayerSource, export};
use consign_image::unpack::{Layer, Limits, Options, unpack};
use consign_oci::layer::{MemberKind, Members};
use consign_oci::{Descriptor, media_type};
use std::convert::Infallible;
use std::fs;
use std::io::{self, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use tar::{Builder, EntryType, Header};

/// An entry of a layer: kind, path, what a link leads to or a file holds.
type Stated<'a> = (EntryType, &'a str, &'a str);

use EntryType::{Directory as Folder, Link as Hard, Regular as File, Symlink as Soft};

/// Makes the tar stream of a layer, whose entries belong to the user 1000 and the group 50.
fn layer(entries: &[Stated<'_>]) -> Vec<u8> {
    let mut archive = Builder::new(Vec::new());
    for (number, (kind, path, text)) in entries.iter().enumerate() {
        let mut header = Header::new_gnu();
        header.set_entry_type(*kind);
        header.set_mode(if *kind == Folder { 0o750 } else { 0o4711 });
        header.set_uid(1000);
        header.set_gid(50);
        header.set_mtime(1000 + number as u64);
        header.set_size(0);
        if matches!(kind, Hard | Soft) {
            archive.append_link(&mut header, path, text).unwrap();
        } else {
            header.set_size(text.len() as u64);
            archive.append_data(&mut header, path, text.as_bytes()).unwrap();
        }
    }
    archive.into_inner().unwrap()
}

fn source(bytes: Vec<u8>) -> LayerSource {
    LayerSource::of_bytes(Descriptor::of(media_type::LAYER, &bytes), bytes)
}

fn exported(layers: &[Vec<u8>]) -> Result<Vec<u8>, ExportError> {
    let layers: Vec<LayerSource> = layers.iter().cloned().map(source).collect();
    let mut archive = Vec::new();
    export(&layers, &mut archive, &Limits::default()).map(|_| archive)
}

/// Returns the entries of an archive, as `PATH`, `PATH=CONTENTS`, `PATH -> TARGET` or `PATH == OTHER`.
fn listed(archive: &[u8]) -> Vec<String> {
    let mut members = Members::new(archive);
    let mut lines = Vec::new();
    while let Some(member) = members.next_member().unwrap() {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let path = text(&member.path);
        lines.push(match member.kind {
            MemberKind::File => {
                let mut contents = String::new();
                members.read_to_string(&mut contents).unwrap();
                format!("{path}={contents}")
            }
            MemberKind::Symlink(target) => format!("{path} -> {}", text(&target)),
            MemberKind::HardLink(target) => format!("{path} == {}", text(&target)),
            _ => path,
        });
    }
    assert!(members.is_terminated());
    lines
}

#[test]
fn layers_are_laid_on_each_other() {
    let cases: [(&[&[Stated<'_>]], &[&str]); 9] = [
        // What is later wins, and what is hidden is gone; names of its own layer are not hidden.
        (
            &[
                &[(Folder, "a/", ""), (File, "a/x", "1"), (File, "a/y", "1"), (File, "b", "1")],
                &[(File, "a/x", "2"), (File, "a/.wh.y", ""), (File, ".wh.b", ""), (File, "c", "2")],
            ],
            &["a/", "a/x=2", "c=2"],
        ),
        // An opaque folder.
        (
            &[
                &[(File, "a/x", "1"), (File, "a/b/z", "1")],
                &[(File, "a/y", "2"), (File, "a/.wh..wh..opq", ""), (File, "a/b/w", "2")],
            ],
            &["a/", "a/b/", "a/y=2", "a/b/w=2"],
        ),
        // A folder becomes a file, and a file a folder.
        (
            &[&[(File, "a/x", "1"), (File, "b", "1")], &[(File, "a", "2"), (Folder, "b/", ""), (File, "b/x", "2")]],
            &["b/", "a=2", "b/x=2"],
        ),
        // What lies behind a link lies where the link leads.
        (
            &[
                &[(Folder, "usr/lib/", ""), (Soft, "lib", "usr/lib"), (File, "usr/lib/x", "1")],
                &[(File, "lib/x", "2"), (File, "lib/y", "2")],
                &[(File, "lib/.wh.y", "")],
            ],
            &["lib -> usr/lib", "usr/", "usr/lib/", "usr/lib/x=2"],
        ),
        // A link to what is not there: it is made.
        (
            &[&[(Soft, "run", "/var/run"), (File, "run/x", "1")]],
            &["run -> /var/run", "var/", "var/run/", "var/run/x=1"],
        ),
        // Hard links: the first name is the first by its path, even if the one that had the contents is gone.
        (&[&[(File, "b", "1"), (Hard, "a", "b"), (Hard, "c", "b")], &[(File, ".wh.b", "")]], &["a=1", "c == a"]),
        // A link of an upper layer to a file of a lower one, which then has other contents under its old name.
        (&[&[(File, "a", "1")], &[(Hard, "b", "a"), (File, "a", "2")]], &["b=1", "a=2"]),
        // Links have other names, too.
        (&[&[(Soft, "a", "x"), (Hard, "b", "a")]], &["a -> x", "b == a"]),
        (&[&[]], &[]),
    ];
    for (layers, expected) in cases {
        let layers: Vec<Vec<u8>> = layers.iter().map(|entries| layer(entries)).collect();
        assert_eq!(listed(&exported(&layers).unwrap()), expected, "{expected:?}");
    }
}

#[test]
fn what_is_stated_of_an_entry_stays() {
    let archive =
        exported(&[layer(&[(Folder, "a/", ""), (File, "a/x", "1"), (Soft, "l", "a")]), layer(&[(File, "n/y", "")])]);
    let archive = archive.unwrap();
    let mut members = Members::new(&archive[..]);
    let mut seen = Vec::new();
    while let Some(member) = members.next_member().unwrap() {
        let path = String::from_utf8(member.path).unwrap();
        seen.push((path, format!("{:o} {}:{} {}", member.mode, member.uid, member.gid, member.mtime)));
    }
    let expected = [
        ("a/", "750 1000:50 1000"),
        ("l", "4711 1000:50 1002"),
        ("n/", "755 0:0 0"),
        ("a/x", "4711 1000:50 1001"),
        ("n/y", "4711 1000:50 1000"),
    ];
    assert_eq!(seen, expected.map(|(path, stated)| (path.to_owned(), stated.to_owned())));
}

/// Returns what lies in a folder: path, kind, mode, time and contents of each, sorted.
fn tree(root: &Path) -> Vec<String> {
    fn walk(folder: &Path, root: &Path, lines: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let found = fs::symlink_metadata(&path).unwrap();
            let contents = match found.file_type() {
                kind if kind.is_symlink() => format!("-> {}", fs::read_link(&path).unwrap().display()),
                kind if kind.is_file() => format!("{} {:?}", found.nlink(), fs::read(&path).unwrap()),
                _ => String::new(),
            };
            let name = path.strip_prefix(root).unwrap().display().to_string();
            lines.push(format!("{name} {:o} {} {contents}", found.mode(), found.mtime()));
            if found.is_dir() {
                walk(&path, root, lines);
            }
        }
    }
    let mut lines = Vec::new();
    walk(root, root, &mut lines);
    lines.sort();
    lines
}

fn unpacked(layers: &[Vec<u8>]) -> Option<Vec<String>> {
    let folder = tempfile::tempdir().unwrap();
    let layers = layers
        .iter()
        .map(|bytes| Ok::<_, Infallible>(Layer { media_type: media_type::LAYER.to_owned(), reader: &bytes[..] }));
    unpack(layers, folder.path(), &Options::default()).ok().map(|_| tree(folder.path()))
}

fn has_pipe(layer: &[u8]) -> bool {
    let mut members = Members::new(layer);
    std::iter::from_fn(|| members.next_member().unwrap()).any(|member| member.kind == MemberKind::Fifo)
}

#[test]
fn the_archive_is_what_unpacking_the_layers_makes() {
    let cases = if consign_testkit::tools::soaks() { 50_000 } else { 500 };
    let mut compared = 0;
    for case in 0..cases {
        let layers = consign_testkit::layers::random(case);
        // Unpacking leaves pipes out.
        if layers.iter().any(|layer| has_pipe(layer)) {
            continue;
        }
        let Some(expected) = unpacked(&layers) else { continue };
        let archive = exported(&layers).unwrap_or_else(|error| panic!("{case}: {error}"));
        assert_eq!(unpacked(&[archive]).unwrap(), expected, "{case}");
        compared += 1;
    }
    assert!(compared > cases / 10, "{compared}");
}

#[test]
fn what_layers_must_not_hold_is_refused() {
    for (entries, expected) in [
        (&[(File, "a", ""), (File, "a/b", "")][..], "layer 1: `a/b` lies in something that is no folder"),
        (&[(Soft, "a", "a"), (File, "a/b", "")], "layer 1: `a/b` lies behind a circle of links"),
        (&[(Hard, "a", "b")], "layer 1: `a` is a hard link to what is no file in the image"),
        (&[(Folder, "b", ""), (Hard, "a", "b")], "layer 1: `a` is a hard link to what is no file in the image"),
        (&[(File, ".wh.", "")], "layer 1: `.wh.` is a whiteout of nothing"),
    ] {
        assert_eq!(exported(&[layer(entries)]).unwrap_err().to_string(), expected);
    }
}

#[test]
fn hostile_layers_end_in_time() {
    // Every link doubles how often the one before it is followed; and folders within folders, by way of links.
    let names: Vec<String> = (0..39).map(|number| format!("l{number}")).collect();
    let targets: Vec<String> = (0..39).map(|number| format!("l{0}/l{0}", number - 1)).collect();
    let mut entries = vec![(Soft, "l0", ".")];
    entries.extend(names.iter().zip(&targets).skip(1).map(|(name, target)| (Soft, &**name, &**target)));
    entries.push((File, "l38/x", ""));
    assert!(matches!(exported(&[layer(&entries)]), Err(ExportError::Member { .. })));
    let deep = ["d"; 200].join("/");
    let names: Vec<String> = (0..20).map(|number| format!("l{number}")).collect();
    let inner: Vec<String> = (0..20).map(|number| format!("l{number}/{deep}")).collect();
    let targets: Vec<String> = (0..20).map(|number| format!("l{}/{deep}", number - 1)).collect();
    let mut entries = vec![(Soft, "l0", ".")];
    for number in 1..20 {
        entries.push((Folder, &*inner[number - 1], ""));
        entries.push((Soft, &*names[number], &*targets[number]));
    }
    assert!(exported(&[layer(&entries)]).is_err());
    // A limit is no end.
    let big = layer(&[(File, "a", &"x".repeat(5000))]);
    for limits in [Limits { bytes: 4000, ..Limits::default() }, Limits { entries: 0, ..Limits::default() }] {
        let failed = export(&[source(big.clone())], io::sink(), &limits);
        assert!(matches!(failed, Err(ExportError::TooMuch { .. })), "{failed:?}");
    }
}

#[test]
fn nothing_is_written_of_bytes_that_are_not_those_of_the_digest() {
    let (one, other) = (layer(&[(File, "a", "1")]), layer(&[(File, "a", "2")]));
    let wrong = LayerSource::of_bytes(Descriptor::of(media_type::LAYER, &one), other);
    let mut archive = Vec::new();
    let failed = export(&[source(one.clone()), wrong], &mut archive, &Limits::default());
    assert!(matches!(failed, Err(ExportError::Mismatch { layer: 2, .. })), "{failed:?}");
    assert!(archive.is_empty());
    let failed = export(&[source(one)], Full, &Limits::default());
    assert!(matches!(failed, Err(ExportError::Output(_))), "{failed:?}");
}

/// A disk that is full.
struct Full;

impl Write for Full {
    fn write(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::ErrorKind::StorageFull.into())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
