//! Layers, well meant and not, and the folders that come of them.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use consign_image::unpack::{Layer, Limits, Options, Summary, UnpackError, unpack};
use consign_oci::layer::LayerError;
use consign_oci::media_type;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::convert::Infallible;
use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use tar::{EntryType, Header};
use tempfile::TempDir;

/// Writes tar streams, including those that a polite writer would refuse to.
#[derive(Default)]
struct Tar(Vec<u8>);

impl Tar {
    fn entry(mut self, kind: EntryType, path: &str, link: &str, mode: u32, contents: &[u8]) -> Self {
        let mut header = Header::new_ustar();
        let old = header.as_old_mut();
        old.name[..path.len()].copy_from_slice(path.as_bytes());
        old.linkname[..link.len()].copy_from_slice(link.as_bytes());
        header.set_entry_type(kind);
        header.set_mode(mode);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(1_000_000);
        header.set_size(contents.len() as u64);
        header.set_cksum();
        self.0.extend(header.as_bytes());
        self.0.extend(contents);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    fn file(self, path: &str, contents: &str) -> Self {
        self.entry(EntryType::Regular, path, "", 0o644, contents.as_bytes())
    }

    fn folder(self, path: &str, mode: u32) -> Self {
        self.entry(EntryType::Directory, path, "", mode, b"")
    }

    fn symlink(self, path: &str, target: &str) -> Self {
        self.entry(EntryType::Symlink, path, target, 0o777, b"")
    }

    fn hard_link(self, path: &str, target: &str) -> Self {
        self.entry(EntryType::Link, path, target, 0o644, b"")
    }

    fn pax(self, key: &str, value: &str) -> Self {
        let body = format!(" {key}={value}\n");
        let length = (body.len()..).find(|length| length.to_string().len() + body.len() == *length).unwrap();
        self.entry(EntryType::XHeader, "pax", "", 0o644, format!("{length}{body}").as_bytes())
    }

    fn layer(mut self) -> Vec<u8> {
        self.0.extend([0; 1024]);
        self.0
    }
}

fn tar() -> Tar {
    Tar::default()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn unpack_typed(layers: &[(&str, Vec<u8>)], root: &Path, options: &Options) -> Result<Summary, UnpackError> {
    let layers = layers.iter().map(|(media_type, bytes)| {
        Ok::<_, Infallible>(Layer { media_type: (*media_type).to_owned(), reader: &bytes[..] })
    });
    unpack(layers, root, options)
}

fn unpack_into(root: &Path, layers: Vec<Tar>) -> Result<Summary, UnpackError> {
    let layers: Vec<_> = layers.into_iter().map(|layer| (media_type::LAYER, layer.layer())).collect();
    unpack_typed(&layers, root, &Options::default())
}

fn unpacked(layers: Vec<Tar>) -> TempDir {
    let root = tempfile::tempdir().unwrap();
    unpack_into(root.path(), layers).unwrap_or_else(|error| panic!("{error}: {error:?}"));
    root
}

fn refused(layers: Vec<Tar>) -> UnpackError {
    unpack_into(tempfile::tempdir().unwrap().path(), layers).unwrap_err()
}

fn read(root: &TempDir, path: &str) -> String {
    fs::read_to_string(root.path().join(path)).unwrap_or_else(|error| format!("{:?}", error.kind()))
}

/// Returns the paths of everything in a folder that is not a folder, and of empty folders.
fn listing(root: &Path) -> String {
    fn list(folder: &Path, prefix: &str, found: &mut Vec<String>) {
        let mut empty = true;
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            empty = false;
            let path = format!("{prefix}{}", entry.file_name().into_string().unwrap());
            if entry.file_type().unwrap().is_dir() {
                list(&entry.path(), &format!("{path}/"), found)
            } else {
                found.push(path)
            }
        }
        if empty {
            found.push(prefix.to_owned());
        }
    }
    let mut found = Vec::new();
    list(root, "", &mut found);
    found.sort();
    found.join(" ")
}

#[test]
fn reads_every_compression() {
    let plain = tar().folder("usr/", 0o755).file("usr/a", "A").layer();
    let (first, second) = plain.split_at(512);
    let members = [gzip(first), gzip(second)].concat();
    let frames = [zstd::encode_all(first, 3).unwrap(), zstd::encode_all(second, 3).unwrap()].concat();
    for (media_type, bytes) in [
        (media_type::LAYER, plain.clone()),
        (media_type::LAYER_GZIP, members.clone()),
        (media_type::DOCKER_LAYER_GZIP, members),
        (media_type::LAYER_ZSTD, frames),
    ] {
        let root = tempfile::tempdir().unwrap();
        let summary = unpack_typed(&[(media_type, bytes)], root.path(), &Options::default()).unwrap();
        assert_eq!(summary, Summary { layers: 1, entries: 2, bytes: plain.len() as u64, left_out: 0 });
        assert_eq!(read(&root, "usr/a"), "A");
    }
    let root = tempfile::tempdir().unwrap();
    for (media_type, bytes) in [
        (media_type::LAYER_GZIP, plain.clone()),
        (media_type::LAYER_GZIP, gzip(&plain)[..40].to_vec()),
        (media_type::LAYER, plain[..1100].to_vec()),
    ] {
        let error = unpack_typed(&[(media_type, bytes)], root.path(), &Options::default()).unwrap_err();
        assert!(matches!(error, UnpackError::Stream { .. } | UnpackError::File { .. }), "{error:?}");
    }
    let error = unpack_typed(&[("text/plain", plain)], root.path(), &Options::default()).unwrap_err();
    assert!(matches!(error, UnpackError::MediaType { layer: 1, .. }));
}

#[test]
fn notices_a_damaged_end() {
    let mut bytes = gzip(&tar().file("a", "A").layer());
    let checksum = bytes.len() - 8;
    bytes[checksum] ^= 1;
    let root = tempfile::tempdir().unwrap();
    let error = unpack_typed(&[(media_type::LAYER_GZIP, bytes)], root.path(), &Options::default()).unwrap_err();
    assert!(matches!(error, UnpackError::Stream { layer: 1, .. }), "{error:?}");
}

#[test]
fn keeps_modes_and_times() {
    let root = unpacked(vec![
        tar()
            .folder("./", 0o711)
            .folder("tmp", 0o1777)
            .folder("closed", 0o555)
            .entry(EntryType::Regular, "closed/su", "", 0o4755, b"x")
            .symlink("link", "/nowhere"),
    ]);
    for (path, mode) in [("", 0o711), ("tmp", 0o1777), ("closed", 0o555), ("closed/su", 0o755)] {
        let metadata = fs::symlink_metadata(root.path().join(path)).unwrap();
        assert_eq!((metadata.mode() & 0o7777, metadata.mtime()), (mode, 1_000_000), "{path}");
    }
    assert_eq!(fs::symlink_metadata(root.path().join("link")).unwrap().mtime(), 1_000_000);
    assert_eq!(fs::read_link(root.path().join("link")).unwrap(), Path::new("/nowhere"));
}

#[test]
fn sets_owners_for_root() {
    if !rustix::process::geteuid().is_root() {
        return println!("not run: owners (needs root)");
    }
    let root = tempfile::tempdir().unwrap();
    let layer = tar()
        .pax("uid", "70")
        .entry(EntryType::Regular, "su", "", 0o4755, b"x")
        .pax("gid", "71")
        .folder("d", 0o2750)
        .pax("uid", "72")
        .symlink("l", "su")
        .layer();
    unpack_typed(&[(media_type::LAYER, layer)], root.path(), &Options { ownership: true, ..Options::default() })
        .unwrap();
    for (path, expected) in [("su", (70, 0, 0o4755)), ("d", (0, 71, 0o2750)), ("l", (72, 0, 0o777))] {
        let metadata = fs::symlink_metadata(root.path().join(path)).unwrap();
        assert_eq!((metadata.uid(), metadata.gid(), metadata.mode() & 0o7777), expected, "{path}");
    }
}

#[test]
fn applies_layers_in_order() {
    for (layers, expected) in [
        // The last entry wins, whatever it replaces.
        (vec![tar().file("a", "1").file("a", "2")], "a"),
        (vec![tar().file("d/x", ""), tar().file("d", "")], "d"),
        (vec![tar().file("d", ""), tar().folder("d", 0o755)], "d/"),
        (vec![tar().symlink("lib", "usr/lib").folder("usr/lib", 0o755), tar().folder("lib/", 0o755)], "lib/ usr/lib/"),
        (vec![tar().file("d/x", ""), tar().folder("d", 0o700)], "d/x"),
        // Whiteouts hide what is lower, and nothing of their own layer.
        (vec![tar().file("a", "").file("b", ""), tar().file(".wh.a", "")], "b"),
        (vec![tar().file("d/x", "").file("e", ""), tar().file(".wh.d", "")], "e"),
        (vec![tar().file("a", ""), tar().file("a", "").file(".wh.a", "")], "a"),
        (vec![tar().file("d/x", ""), tar().file("d/y", "").file(".wh.d", "")], "d/y"),
        (vec![tar().file("d/x", "").file("d/s/z", ""), tar().file("d/y", "").file("d/.wh..wh..opq", "")], "d/y"),
        (vec![tar().file("d/x", "").file("d/s/z", ""), tar().file("d/.wh..wh..opq", "").file("d/s/y", "")], "d/s/y"),
        (vec![tar().file("d/x", "").file("d/s/z", ""), tar().file("d/s/y", "").file("d/.wh..wh..opq", "")], "d/s/y"),
        (vec![tar().file("d/x", ""), tar().file("d/.wh..wh..opq", ""), tar().file("d/y", "")], "d/y"),
        (vec![tar().file("a", ""), tar().file(".wh.none", "").file(".wh..wh.plnk", "")], "a"),
        // A whiteout takes a link away, not what it names.
        (vec![tar().file("a", "").symlink("l", "a"), tar().file(".wh.l", "")], "a"),
    ] {
        assert_eq!(listing(unpacked(layers).path()), expected);
    }
}

#[test]
fn honours_links_inside() {
    let usrmerge = || tar().folder("usr/lib", 0o755).symlink("lib", "usr/lib").symlink("abs", "/usr/lib");
    let root = unpacked(vec![usrmerge(), tar().file("lib/x", "X").file("abs/y", "Y")]);
    assert_eq!((read(&root, "usr/lib/x"), read(&root, "usr/lib/y")), ("X".to_owned(), "Y".to_owned()));
    let root = unpacked(vec![usrmerge(), tar().file("lib/x", "X"), tar().file("usr/lib/.wh.x", "")]);
    assert_eq!(read(&root, "lib/x"), "NotFound");
    let root =
        unpacked(vec![usrmerge(), tar().file("lib/x", "X").hard_link("y", "abs/x").hard_link("z", "/usr/lib/x")]);
    assert_eq!(fs::metadata(root.path().join("usr/lib/x")).unwrap().nlink(), 3);
}

#[test]
fn takes_absolute_names_as_those_of_the_image() {
    let layers = vec![
        tar().folder("/", 0o700).file("/gone", "").file("/app/old", ""),
        tar()
            .file("//app/./web", "W")
            .hard_link("/app/again", "/app/web")
            .file("/.wh.gone", "")
            .file("/app/.wh.old", ""),
    ];
    let root = unpacked(layers);
    assert_eq!((listing(root.path()), read(&root, "app/again")), ("app/again app/web".to_owned(), "W".to_owned()));
    assert_eq!(fs::metadata(root.path()).unwrap().mode() & 0o7777, 0o700);
}

#[test]
fn never_leaves_the_folder() {
    let outside = tempfile::tempdir().unwrap();
    fs::write(outside.path().join("victim"), "untouched").unwrap();
    fs::set_permissions(outside.path(), fs::Permissions::from_mode(0o751)).unwrap();
    let absolute = outside.path().to_str().unwrap();
    let climbing = format!("../../../../../../../../..{absolute}");
    for target in [absolute, &climbing] {
        let victim = format!("{target}/victim");
        // Through a link to a folder, the path is resolved inside: there is no such folder.
        let error = refused(vec![tar().symlink("l", target), tar().file("l/victim", "bad")]);
        assert!(matches!(error, UnpackError::File { layer: 2, .. }), "{error:?}");
        // A link in the last part is replaced, and not followed for modes or times either.
        assert_eq!(read(&unpacked(vec![tar().symlink("l", &victim).file("l", "mine")]), "l"), "mine");
        let root = unpacked(vec![tar().symlink("l", target).folder("l", 0o700)]);
        assert!(fs::symlink_metadata(root.path().join("l")).unwrap().is_dir());
        // Neither are links followed when something is removed.
        unpacked(vec![tar().symlink("d/l", target), tar().file(".wh.d", "")]);
        unpacked(vec![tar().symlink("d/l", target), tar().file("d/.wh..wh..opq", "")]);
        let error = refused(vec![tar().symlink("l", target).hard_link("h", "l/victim")]);
        assert!(matches!(error, UnpackError::HardLink { .. }), "{error:?}");
    }
    assert_eq!(fs::read_to_string(outside.path().join("victim")).unwrap(), "untouched");
    assert_eq!(listing(outside.path()), "victim");
    assert_eq!(fs::metadata(outside.path()).unwrap().mode() & 0o777, 0o751);
}

#[test]
fn refuses_what_no_layer_holds() {
    let long = "x".repeat(5000);
    for layer in [
        tar().file("/../etc/passwd", ""),
        tar().file("../x", ""),
        tar().file("a/../../x", ""),
        tar().pax("path", "../x").file("a", ""),
        tar().pax("path", "a\0b").file("a", ""),
        tar().pax("path", &long).file("a", ""),
        tar().entry(EntryType::GNULongName, "long", "", 0, long.as_bytes()).file("a", ""),
        tar().pax("uid", "4294967295").file("a", ""),
        tar().pax("GNU.sparse.major", "1").file("a", ""),
        tar().entry(EntryType::GNUSparse, "a", "", 0, b""),
        tar().entry(EntryType::new(b'Z'), "a", "", 0, b""),
        tar().file("./", "").file("", ""),
        tar().symlink("a", ""),
        tar().file("f", "").hard_link("a", "../f"),
        tar().file("d/.wh.", ""),
        tar().file("d/.wh...", ""),
    ] {
        let bytes = layer.0.clone();
        let error = refused(vec![layer]);
        assert!(
            matches!(error, UnpackError::Member { layer: 1, .. }),
            "{error:?}: {:?}",
            String::from_utf8_lossy(&bytes[..100])
        );
    }
    for layer in [
        tar().hard_link("a", "none"),
        tar().folder("d", 0o755).hard_link("a", "d"),
        tar().hard_link("a", "a"),
        tar().file("d/x", "").hard_link("d", "d/x"),
    ] {
        assert!(matches!(refused(vec![layer]), UnpackError::HardLink { layer: 1, .. }));
    }
    for layer in [
        tar().pax("path", "a"),
        tar()
            .entry(EntryType::GNULongName, "long", "", 0, b"b")
            .entry(EntryType::GNULongName, "long", "", 0, b"c")
            .file("a", ""),
        tar().pax("path", "b").pax("path", "c").file("a", ""),
        tar().entry(EntryType::XHeader, "pax", "", 0, &vec![b' '; (1 << 20) + 1]).file("a", ""),
        tar().entry(EntryType::XHeader, "pax", "", 0, b"99 path=x\n").file("a", ""),
        tar().entry(EntryType::Directory, "a", "", 0o755, b"x"),
        tar().file("a/", "x"),
        tar().entry(EntryType::Symlink, "a", "b", 0o777, b"x"),
        tar().file("f", "").entry(EntryType::Link, "a", "f", 0o644, b"x"),
        tar().entry(EntryType::Fifo, "a", "", 0o644, b"x"),
    ] {
        let error = refused(vec![layer]);
        assert!(matches!(error, UnpackError::Stream { layer: 1, source: LayerError::Malformed { .. } }), "{error:?}");
    }
}

#[test]
fn heeds_the_sizes_that_engines_heed() {
    // A folder has no contents, whatever it states.
    let mut layer = tar().folder("d", 0o755);
    let mut header = Header::new_gnu();
    header.as_mut_bytes().copy_from_slice(&layer.0);
    header.set_size(512);
    header.set_cksum();
    layer.0.copy_from_slice(header.as_bytes());
    assert_eq!(listing(unpacked(vec![layer.file("seen", "")]).path()), "d/ seen");
    // Of files that are too large for the old header, the size stands in the new one only.
    let mut layer = tar().pax("size", "3").file("a", "");
    layer.0.extend(b"abc");
    layer.0.resize(layer.0.len().next_multiple_of(512), 0);
    let root = unpacked(vec![layer.file("b", "B")]);
    assert_eq!((read(&root, "a"), read(&root, "b")), ("abc".to_owned(), "B".to_owned()));
}

#[test]
fn bounds_what_it_writes() {
    let bomb = gzip(&tar().entry(EntryType::Regular, "zeros", "", 0o644, &vec![0; 8 << 20]).layer());
    let many = (0..50).fold(tar(), |tar, number| tar.file(&format!("f{number}"), "")).layer();
    let limits = Limits { bytes: 1 << 20, entries: 40 };
    let root = tempfile::tempdir().unwrap();
    let options = Options { ownership: false, limits };
    let error = unpack_typed(&[(media_type::LAYER_GZIP, bomb)], root.path(), &options).unwrap_err();
    assert!(matches!(error, UnpackError::TooManyBytes { limit: 1_048_576 }), "{error:?}");
    assert!(fs::metadata(root.path().join("zeros")).unwrap().len() <= 1 << 20);
    let error = unpack_typed(&[(media_type::LAYER, many)], root.path(), &options).unwrap_err();
    assert!(matches!(error, UnpackError::TooManyEntries { limit: 40 }), "{error:?}");
    // The limits are on all layers together.
    let half = || (media_type::LAYER, tar().entry(EntryType::Regular, "a", "", 0o644, &vec![0; 600 << 10]).layer());
    assert!(unpack_typed(&[half()], root.path(), &options).is_ok());
    assert!(matches!(unpack_typed(&[half(), half()], root.path(), &options), Err(UnpackError::TooManyBytes { .. })));
}

#[test]
fn leaves_devices_out() {
    let root = tempfile::tempdir().unwrap();
    let special = tar()
        .entry(EntryType::Char, "null", "", 0o666, b"")
        .entry(EntryType::Fifo, "pipe", "", 0o666, b"")
        .file("a", "");
    let summary = unpack_into(root.path(), vec![tar().file("null", "lower"), special]).unwrap();
    assert_eq!((summary.left_out, summary.entries), (2, 4));
    assert_eq!(listing(root.path()), "a");
}

#[test]
fn reads_long_names() {
    let (long, longer) = (format!("{}/f", "d".repeat(200)), format!("{}/g", "e".repeat(220)));
    let layer = tar()
        .entry(EntryType::GNULongName, "././@LongLink", "", 0, format!("{long}\0").as_bytes())
        .file("cut", "L")
        .entry(
            EntryType::XGlobalHeader,
            "pax_global_header",
            "",
            0,
            b"52 comment=0123456789012345678901234567890123456789\n",
        )
        .pax("path", &longer)
        .file("cut", "P")
        .entry(EntryType::GNULongLink, "././@LongLink", "", 0, format!("{long}\0").as_bytes())
        .symlink("s", "cut");
    let root = unpacked(vec![layer]);
    assert_eq!(
        (read(&root, &long), read(&root, &longer), read(&root, "s")),
        ("L".to_owned(), "P".to_owned(), "L".to_owned())
    );
}

#[test]
fn works_for_an_ordinary_user() {
    const NAME: &str = "works_for_an_ordinary_user";
    const NOBODY: u32 = 65534;
    if rustix::process::geteuid().is_root() {
        // Once more as a user who has no rights, from a copy that this user can reach.
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("test");
        fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
        for path in [folder.path(), &program] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let output =
            Command::new(program).args(["--exact", NAME]).current_dir("/").uid(NOBODY).gid(NOBODY).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
        assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"));
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    fs::create_dir(&root).unwrap();
    let layers = vec![
        tar().folder("closed", 0o555).folder("closed/dark", 0o000).file("closed/dark/x", "").entry(
            EntryType::Regular,
            "none",
            "",
            0,
            b"x",
        ),
        tar().file("closed/y", "").file("closed/dark/.wh.x", ""),
    ];
    unpack_into(&root, layers).unwrap();
    assert_eq!(fs::metadata(root.join("closed")).unwrap().mode() & 0o7777, 0o555);
    assert_eq!(fs::metadata(root.join("closed/dark")).unwrap().mode() & 0o7777, 0o000);
    assert!(root.join("closed/y").exists());
    // So that the temporary folder can be removed.
    for folder in ["closed", "closed/dark"] {
        fs::set_permissions(root.join(folder), fs::Permissions::from_mode(0o700)).unwrap();
    }
}
