//! Archives that a polite writer would not make: none is opened, and each error names what is wrong.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use consign_image::{ArchiveError, ImageError, Layout, Trouble, write_archive};
use consign_oci::{Descriptor, Index, media_type};
use std::fs;
use std::path::PathBuf;
use support::{MARKER, Member, World, archive_at, gzip, members, tar};
use tar::{EntryType, Header};

/// A good archive, to do things to.
struct Good {
    _world: World,
    path: PathBuf,
    root: Descriptor,
    members: Vec<Member>,
}

/// Bytes at the end of an archive.
const END: usize = 1024;

impl Good {
    fn new() -> Self {
        let world = World::new();
        let (path, image) = (world.path("image.tar"), world.multi("x", Some("1.0")));
        write_archive(&world.store, &image, &archive_at(&path)).unwrap();
        Self { members: members(&path), root: image.root, _world: world, path }
    }

    fn bytes(&self) -> Vec<u8> {
        tar(&self.members)
    }

    /// Adds headers and contents, however wrong, before the end.
    fn with(&self, raw: &[u8]) -> Vec<u8> {
        let bytes = self.bytes();
        [&bytes[..bytes.len() - END], raw, &[0; END]].concat()
    }

    fn without(&self, name: &str) -> Vec<u8> {
        tar(&self.members.iter().filter(|member| member.name != name).cloned().collect::<Vec<_>>())
    }

    fn instead(&self, name: &str, contents: &[u8]) -> Vec<u8> {
        let file = |member: &Member| if member.name == name { Member::file(name, contents) } else { member.clone() };
        tar(&self.members.iter().map(file).collect::<Vec<_>>())
    }

    fn listing(&self, manifests: Vec<Descriptor>) -> Vec<u8> {
        self.instead("index.json", &serde_json::to_vec(&Index::new(manifests)).unwrap())
    }

    fn open(&self, bytes: &[u8]) -> Result<Layout, ImageError> {
        fs::write(&self.path, bytes).unwrap();
        Layout::archive(&self.path)
    }

    /// The error of what is refused.
    #[track_caller]
    fn refused(&self, what: &str, bytes: &[u8]) -> ImageError {
        self.open(bytes).map(|_| what.to_owned()).unwrap_err()
    }
}

/// A member with any kind of header, name and link.
fn member(kind: u8, name: &[u8], link: &[u8], contents: &[u8]) -> Vec<u8> {
    sized(kind, name, link, contents.len() as u64, contents)
}

fn sized(kind: u8, name: &[u8], link: &[u8], size: u64, contents: &[u8]) -> Vec<u8> {
    raw(kind, name, link, contents, |header| header.set_size(size))
}

fn raw(kind: u8, name: &[u8], link: &[u8], contents: &[u8], change: impl FnOnce(&mut Header)) -> Vec<u8> {
    let mut header = Header::new_gnu();
    header.as_old_mut().name[..name.len()].copy_from_slice(name);
    header.as_old_mut().linkname[..link.len()].copy_from_slice(link);
    header.set_entry_type(EntryType::new(kind));
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(0);
    change(&mut header);
    header.set_cksum();
    let mut bytes = [header.as_bytes(), contents].concat();
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

/// A file with pax records before it.
fn with_pax(records: &[(&str, &str)], name: &[u8], contents: &[u8]) -> Vec<u8> {
    let records: String = records.iter().map(|(key, value)| record(key, value)).collect();
    [member(b'x', b"pax", b"", records.as_bytes()), member(b'0', name, b"", contents)].concat()
}

fn record(key: &str, value: &str) -> String {
    let rest = format!(" {key}={value}\n");
    let length =
        (1..9).map(|digits| rest.len() + digits).find(|length| length.to_string().len() + rest.len() == *length);
    format!("{}{rest}", length.unwrap())
}

/// What is added to a good archive, and what is said of it. Each error names the entry.
#[test]
fn entries_that_mislead_are_refused() {
    let good = Good::new();
    let link = "is a symbolic link; only files and folders may be in it";
    let long = [member(b'L', b"././@LongLink", b"", &[b'x'; 5000]), member(b'0', b"y", b"", b"")].concat();
    let existing = good.members.last().unwrap().name.clone();
    let existing = existing.as_bytes();
    let cases: Vec<(&str, Vec<u8>, String)> = vec![
        ("a way out by a link", member(b'2', b"blobs/x", b"../../etc", b""), format!("`blobs/x` {link}")),
        ("a link to a blob", member(b'2', b"blobs/x", existing, b""), format!("`blobs/x` {link}")),
        ("a link to itself", member(b'2', b"blobs/x", b"x", b""), format!("`blobs/x` {link}")),
        (
            "a link in the place of the list",
            member(b'2', b"index.json", b"/etc/passwd", b""),
            format!("`index.json` {link}"),
        ),
        ("a hard link", member(b'1', b"x", existing, b""), "`x` is a hard link".into()),
        ("a hard link out", member(b'1', b"x", b"../etc/passwd", b""), "`x` is a hard link".into()),
        ("a block device", member(b'4', b"x", b"", b""), "`x` is a device, a pipe or a socket".into()),
        ("a terminal", member(b'3', b"x", b"", b""), "`x` is a device, a pipe or a socket".into()),
        ("a pipe", member(b'6', b"x", b"", b""), "`x` is a device, a pipe or a socket".into()),
        ("an unknown kind", member(b'Z', b"x", b"", b""), "`x` is of an unknown kind".into()),
        (
            "a sparse file",
            raw(b'S', b"x", b"", b"", |header| {
                header.set_size(0);
                header.as_gnu_mut().unwrap().set_real_size(1 << 40);
            }),
            "`x` is a sparse file".into(),
        ),
        (
            "a sparse file in pax 0.1",
            with_pax(&[("GNU.sparse.size", "1099511627776"), ("GNU.sparse.map", "0,1")], b"x", b"x"),
            "`x` is a sparse file".into(),
        ),
        (
            "a sparse file in pax 1.0",
            with_pax(&[("GNU.sparse.major", "1"), ("GNU.sparse.name", "index.json")], b"GNUSparseFile.0/x", b"x"),
            "`index.json` is a sparse file".into(),
        ),
        (
            "an absolute path",
            member(b'0', b"/etc/passwd", b"", b"x"),
            "`/etc/passwd` is not the name of a file inside it: it is an absolute path".into(),
        ),
        (
            "a way out",
            member(b'0', b"blobs/../../x", b"", b"x"),
            "`blobs/../../x` is not the name of a file inside it: leads out".into(),
        ),
        (
            "a way out in the name of a blob",
            member(b'0', b"blobs/sha256/../../../etc/cron.d/x", b"", b"x"),
            "`blobs/sha256/../../../etc/cron.d/x` is not".into(),
        ),
        (
            "a way out by pax",
            with_pax(&[("path", "../x")], b"x", b"x"),
            "`../x` is not the name of a file inside it".into(),
        ),
        (
            "a folder that is a way out",
            member(b'5', b"../x/", b"", b""),
            "`../x/` is not the name of a file inside it".into(),
        ),
        ("a long name", long, "is not the name of a file inside it: longer than 4096 bytes".into()),
        ("a long name by pax", with_pax(&[("path", &"x".repeat(5000))], b"x", b"x"), "longer than 4096 bytes".into()),
        ("no name", with_pax(&[("path", "./")], b"x", b"x"), "a folder has contents".into()),
        (
            "a name of dots",
            member(b'0', b".", b"", b"x"),
            "`.` is not the name of a file inside it: it is empty".into(),
        ),
        (
            "a name that is no text",
            member(b'0', b"blobs/\xff", b"", b"x"),
            "is not the name of a file inside it: it is not UTF-8".into(),
        ),
        ("a name with a NUL", with_pax(&[("path", "a\0b")], b"x", b"x"), "`a\\0b` is not the name".into()),
        ("an escape", member(b'6', b"\x1b[2J", b"", b""), "`\\u{1b}[2J` is a device".into()),
        ("a folder's name", member(b'0', b"x/", b"", b"x"), "a folder has contents".into()),
        ("one name twice", member(b'0', b"index.json", b"", b"{}"), "`index.json` is in it twice".into()),
        ("one file twice", member(b'0', b"./index.json", b"", b"{}"), "`./index.json` is in it twice".into()),
        ("a blob twice", member(b'0', existing, b"", b"other"), "is in it twice".into()),
        ("a folder where a file is", member(b'5', b"index.json/", b"", b""), "`index.json/` is in it twice".into()),
        ("a size that no file has", sized(b'0', b"x", b"", u64::MAX, b"x"), "ends within".into()),
        ("a size by pax", with_pax(&[("size", "1099511627776")], b"x", b"x"), "it ends within `x`".into()),
        (
            "a negative size by pax",
            with_pax(&[("size", "-1")], b"x", b"x"),
            "something else where a number belongs".into(),
        ),
        (
            "a size that is no number",
            raw(b'0', b"x", b"", b"x", |header| header.as_old_mut().size = *b"not a number"),
            "the size is not a number".into(),
        ),
        (
            "a header for nobody",
            member(b'x', b"pax", b"", record("path", "x").as_bytes()),
            "it ends within a header".into(),
        ),
        (
            "two pax headers",
            [member(b'x', b"pax", b"", record("path", "x").as_bytes()), with_pax(&[("path", "y")], b"z", b"")].concat(),
            "two headers say the same".into(),
        ),
        (
            "a malformed pax header",
            [member(b'x', b"pax", b"", b"99 path=x\n"), member(b'0', b"x", b"", b"")].concat(),
            "an extended header is malformed".into(),
        ),
        (
            "a file after the end",
            [vec![0; 512], member(b'0', b"x", b"", b"x")].concat(),
            "something follows a block of zeros".into(),
        ),
    ];
    for (what, raw, expected) in cases {
        let error = good.refused(what, &good.with(&raw));
        assert!(error.to_string().contains(&expected), "{what}: {error}");
        assert!(matches!(&error, ImageError::Archive { .. }), "{what}: {error:?}");
        assert_eq!(error.trouble(), Trouble::Malformed, "{what}");
    }
}

/// What is done to the bytes of a good archive.
#[test]
fn archives_that_are_cut_or_damaged_are_refused() {
    let good = Good::new();
    let bytes = good.bytes();
    let mut bad_sum = bytes.clone();
    bad_sum[0] ^= 1;
    let last = good.members.last().unwrap();
    let start_of_last = bytes.len() - END - last.bytes.len().next_multiple_of(512);
    for (what, bytes, expected) in [
        ("text", b"hello".to_vec(), "it is not a tar stream: at byte 0, it ends within a header"),
        ("a wrong sum", bad_sum, "the header's checksum is wrong"),
        ("an end in a header", bytes[..start_of_last - 100].to_vec(), "it ends within a header"),
        ("an end in a body", bytes[..start_of_last + 1].to_vec(), "it ends within `blobs/sha256/"),
        ("an end in the padding", bytes[..bytes.len() - END - 1].to_vec(), "it ends without a mark of its end"),
        ("no end", bytes[..bytes.len() - END].to_vec(), "it ends without a mark of its end"),
        ("an end between files", bytes[..start_of_last - 512].to_vec(), "it ends without a mark of its end"),
    ] {
        let error = good.refused(what, &bytes);
        assert!(error.to_string().contains(expected), "{what}: {error}");
        assert_eq!(error.trouble(), Trouble::Malformed, "{what}");
    }
    for (what, bytes, expected) in [
        ("nothing", Vec::new(), "it has no file `oci-layout`"),
        ("gzip", gzip(&bytes), "it is compressed; decompress it first (`gunzip`)"),
        ("zstd", zstd::encode_all(&bytes[..], 1).unwrap(), "decompress it first (`unzstd`)"),
        ("a bomb", gzip(&vec![0; 64 << 20]), "it is compressed; decompress it first (`gunzip`)"),
    ] {
        let error = good.refused(what, &bytes);
        assert!(error.to_string().contains(expected), "{what}: {error}");
    }
}

/// The files of the layout.
#[test]
fn layouts_that_say_what_is_not_so_are_refused() {
    let good = Good::new();
    let root = format!("blobs/sha256/{}", good.root.digest.hex());
    let root_bytes = &good.members.iter().find(|member| member.name == root).unwrap().bytes;
    let mut altered = root_bytes.clone();
    altered[0] = b' ';
    let with = |change: &dyn Fn(&mut Descriptor)| {
        let mut changed = good.root.clone();
        change(&mut changed);
        good.listing(vec![changed])
    };
    let negative = serde_json::to_string(&Index::new(vec![good.root.clone()])).unwrap();
    let negative = negative.replace("\"size\":", "\"size\":-");
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let referrer_of_nothing = serde_json::to_vec(&Index::new(vec![good.root.clone()])).unwrap();
    for (what, bytes, expected) in [
        ("no marker", good.without("oci-layout"), "it has no file `oci-layout`"),
        ("another version", good.instead("oci-layout", br#"{"imageLayoutVersion":"1.1.0"}"#), "of another version"),
        ("no list", good.without("index.json"), "it has no file `index.json`"),
        ("a list of words", good.instead("index.json", b"words"), "`index.json`: expected value"),
        ("a deep list", good.instead("index.json", deep.as_bytes()), "`index.json`: "),
        ("a negative size", good.instead("index.json", negative.as_bytes()), "`index.json`: invalid value: integer `-"),
        ("a huge list", good.instead("index.json", &vec![b' '; (8 << 20) + 1]), "`index.json` has 8388609 bytes"),
        ("a long list", good.listing(vec![good.root.clone(); 10_001]), "it lists more than 10000 manifests"),
        ("another type", with(&|root| root.media_type = media_type::MANIFEST.to_owned()), "is not a manifest"),
        ("another size", with(&|root| root.size -= 1), "and its descriptor says"),
        ("no root", good.without(&root), "has no sha256:"),
        ("an altered root", good.instead(&root, &altered), "do not match their digest"),
        ("a short root", good.instead(&root, &root_bytes[1..]), "do not match their digest"),
        ("a malformed list of referrers", good.instead("referrers.json", b"[]"), "`referrers.json`: "),
        (
            "an image among the referrers",
            good.instead("referrers.json", &referrer_of_nothing),
            "which is about no image",
        ),
    ] {
        let error = good.refused(what, &bytes);
        assert!(error.to_string().contains(expected), "{what}: {error}");
    }
}

#[test]
fn what_does_no_harm_is_read() {
    let good = Good::new();
    let folder = member(b'5', b"blobs/", b"", b"");
    let dotted = good.members.iter().map(|member| Member::file(&format!("./{}", member.name), &member.bytes));
    let dotted = tar(&dotted.collect::<Vec<_>>());
    let comment = member(b'g', b"pax_global_header", b"", record("comment", "hello").as_bytes());
    let long_padding = [good.bytes(), vec![0; 10_240]].concat();
    let unknown = good.with(&member(b'0', b"notes.txt", b"", b"mine"));
    let marker = good.instead("oci-layout", MARKER.as_bytes());
    for bytes in [good.bytes(), good.with(&folder), dotted, good.with(&comment), long_padding, unknown, marker] {
        assert_eq!(good.open(&bytes).unwrap().root(None).unwrap().unwrap().digest, good.root.digest);
    }
}

#[test]
fn more_entries_than_any_archive_has_are_refused() {
    let good = Good::new();
    for kind in [b'0', b'5'] {
        let mut entries = Vec::new();
        for number in 0..100_001 {
            entries.extend(member(kind, format!("blobs/x{number}").as_bytes(), b"", b""));
        }
        let error = good.refused("many", &good.with(&entries));
        let problem = |error: &ImageError| match error {
            ImageError::Archive { problem, .. } => matches!(problem, ArchiveError::TooManyEntries { limit: 100_000 }),
            _ => false,
        };
        assert!(problem(&error), "{error}");
    }
}

#[test]
fn a_name_of_any_length_is_not_read_into_memory() {
    let good = Good::new();
    fs::write(&good.path, sized(b'L', b"././@LongLink", b"", 1 << 40, b"")).unwrap();
    // A file with a hole takes no room on the disk.
    fs::File::options().write(true).open(&good.path).unwrap().set_len(1 << 40).unwrap();
    let error = Layout::archive(&good.path).unwrap_err();
    assert!(error.to_string().contains("an extended header is larger than 1 MiB"), "{error}");
    let name = [member(b'L', b"././@LongLink", b"", &vec![b'x'; 1 << 20]), member(b'5', b"y", b"", b"")].concat();
    let error = good.refused("a long name", &name);
    assert!(error.to_string().contains("longer than 4096 bytes"), "{error}");
    // Many that are each small enough.
    let comments = member(b'g', b"pax_global_header", b"", &vec![b'x'; 1 << 20]).repeat(70);
    let error = good.refused("many comments", &comments);
    assert!(matches!(error, ImageError::Archive { problem: ArchiveError::TooManyHeaders { .. }, .. }), "{error}");
}
