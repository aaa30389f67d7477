//! Layers that consign writes are read as they were meant: by the reader of layers, and by others' tar.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use consign_image::layer::uncompressed;
use consign_oci::layer::{
    Contents, Device, DeviceClass, Entry, EntryPath, Kind, Member, MemberKind, Members, NoCache, TarWriter,
    begins_tar_stream, write_layer,
};
use consign_oci::media_type;
use consign_testkit::tools::peer;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use std::fs;
use std::io::{self, Read};
use std::num::NonZeroUsize;
use tar::Header;

/// Returns paths of which many are near the lengths where a header ends, and look like those that lead elsewhere.
fn paths() -> impl Strategy<Value = EntryPath> {
    let parts = vec(r"[^/\x00\n]{1,12}|\.\.[a-z.]{1,40}|[a-zé ]{80,110}", 1..4).prop_map(|parts| parts.join("/"));
    parts.prop_filter_map("is no path", |path| path.parse().ok().filter(|path: &EntryPath| !path.is_root()))
}

fn kinds() -> impl Strategy<Value = Kind> {
    let contents = prop_oneof![vec(any::<u8>(), 0..40), vec(any::<u8>(), 500..1030)];
    let class = prop_oneof![Just(DeviceClass::Character), Just(DeviceClass::Block)];
    let device = (class, 0..4096_u32, 0..1_048_576_u32);
    prop_oneof![
        contents.prop_map(|contents| Kind::File(contents.into())),
        Just(Kind::Directory),
        r"(\.|/|a|\n|é){1,110}".prop_map(Kind::Symlink),
        paths().prop_map(Kind::HardLink),
        Just(Kind::Fifo),
        device.prop_map(|(class, major, minor)| Kind::Device(Device { class, major, minor })),
    ]
}

fn entries() -> impl Strategy<Value = Entry> {
    let attributes = btree_map(r"[^=\x00\n]{1,40}", vec(any::<u8>(), 0..120), 0..3);
    let numbers = (0..0o10000_u32, any::<u32>(), any::<u32>(), any::<u64>());
    (paths(), kinds(), numbers, attributes).prop_map(|(path, kind, (mode, uid, gid, mtime), attributes)| Entry {
        mode,
        uid,
        gid,
        mtime,
        attributes,
        ..Entry::new(path, kind)
    })
}

/// Returns what a member was made of.
fn entry(member: Member, contents: &mut impl Read) -> Entry {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let kind = match member.kind {
        MemberKind::File => {
            let mut bytes = Vec::new();
            contents.read_to_end(&mut bytes).unwrap();
            assert_eq!(bytes.len() as u64, member.size);
            Kind::File(bytes.into())
        }
        MemberKind::Directory => Kind::Directory,
        MemberKind::Symlink(target) => Kind::Symlink(text(&target)),
        MemberKind::HardLink(target) => Kind::HardLink(text(&target).parse().unwrap()),
        MemberKind::Fifo => Kind::Fifo,
        MemberKind::Device(device) => Kind::Device(device),
        other => panic!("{other:?}"),
    };
    let (uid, gid) = (member.uid.try_into().unwrap(), member.gid.try_into().unwrap());
    let (mode, mtime, attributes) = (member.mode, member.mtime, member.attributes);
    Entry { mode, uid, gid, mtime, attributes, ..Entry::new(text(&member.path).parse().unwrap(), kind) }
}

proptest! {
    #[test]
    fn what_is_written_is_read(segments in vec(vec(entries(), 0..6), 0..3)) {
        let mut blob = Vec::new();
        write_layer(&segments, &mut blob, &NoCache, NonZeroUsize::MIN, &mut |_| ()).unwrap();
        let mut members = Members::new(uncompressed(media_type::LAYER_GZIP, &blob[..]).unwrap().unwrap());
        let mut found = Vec::new();
        while let Some(member) = members.next_member().unwrap() {
            found.push(entry(member, &mut members));
        }
        prop_assert!(members.is_terminated());
        prop_assert_eq!(found, segments.concat());
    }
}

/// What Python's reader says of a stream, one line for each member.
const PYTHON: &str = "
import sys, tarfile
for member in tarfile.open(sys.argv[1], errors='strict'):
    attributes = {k[13:]: v for k, v in member.pax_headers.items() if k.startswith('SCHILY.xattr.')}
    print(member.name[-3:], len(member.name), member.type.decode(), oct(member.mode), member.uid, member.gid, member.mtime,
          member.size, member.devmajor, member.devminor, len(member.linkname), attributes)
";

#[test]
fn others_read_the_same() {
    let Some(python) = peer("python3") else { return };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("layer.tar");
    let long = "folder/".repeat(40);
    let attributes = [("user.a b".to_owned(), b"1\n2".to_vec()), ("user.c".to_owned(), b"d=e".to_vec())];
    let entry = |path: &str, kind| Entry { mtime: 7, ..Entry::new(path.parse().unwrap(), kind) };
    let device = |class, major, minor| Kind::Device(Device { class, major, minor });
    let mut stream = TarWriter::new(Vec::new());
    for entry in [
        Entry { uid: u32::MAX, gid: 3_000_000, mode: 0o6755, ..entry("old", Kind::File(Contents::from("text"))) },
        Entry { attributes: attributes.clone().into(), ..entry("new", Kind::File(Contents::from("text"))) },
        Entry { attributes: attributes.into(), ..entry(&format!("{long}new"), Kind::Symlink(long.clone())) },
        entry("nul", device(DeviceClass::Character, 1, 3)),
        entry("sda", device(DeviceClass::Block, 4095, 1_048_575)),
        entry("fif", Kind::Fifo),
        entry("dir", Kind::Directory),
    ] {
        stream.append(&entry).unwrap();
    }
    fs::write(&path, stream.finish().unwrap()).unwrap();
    let found = python.run(["-c", PYTHON, path.to_str().unwrap()]).unwrap();
    let attributes = r"{'user.a b': '1\n2', 'user.c': 'd=e'}";
    let expected = [
        "old 3 0 0o6755 4294967295 3000000 7 4 0 0 0 {}".to_owned(),
        format!("new 3 0 0o644 0 0 7 4 0 0 0 {attributes}"),
        format!("new 283 2 0o777 0 0 7 0 0 0 280 {attributes}"),
        "nul 3 3 0o644 0 0 7 0 1 3 0 {}".to_owned(),
        "sda 3 4 0o644 0 0 7 0 4095 1048575 0 {}".to_owned(),
        "fif 3 6 0o644 0 0 7 0 0 0 0 {}".to_owned(),
        "dir 3 5 0o755 0 0 7 0 0 0 0 {}".to_owned(),
    ];
    assert_eq!(found.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn numbers_of_devices_are_read_in_every_form() {
    for (name, mut header, field, expected) in [
        ("octal", Header::new_gnu(), *b"0000010\0", Some(8)),
        ("octal, ustar", Header::new_ustar(), *b"0000010\0", Some(8)),
        ("the oldest form has none", Header::new_old(), *b"0000010\0", Some(0)),
        ("empty", Header::new_gnu(), [0; 8], Some(0)),
        ("spaces", Header::new_ustar(), *b"       \0", Some(0)),
        ("bytes", Header::new_gnu(), [0x80, 0, 0, 0, 0, 0, 1, 0], Some(256)),
        ("too large", Header::new_gnu(), [0x80, 0, 0, 1, 0, 0, 0, 0], None),
        ("no number", Header::new_gnu(), *b"0000x10\0", None),
    ] {
        header.set_path("x").unwrap();
        header.set_mode(0o644);
        header.set_size(0);
        header.set_entry_type(tar::EntryType::Block);
        // The field of the major number (POSIX.1-1988, ustar; GNU's form has it at the same place).
        header.as_mut_bytes()[329..337].copy_from_slice(&field);
        header.set_cksum();
        let found = Members::new(&header.as_bytes()[..]).next_member();
        let found = found.ok().flatten().map(|member| member.kind);
        let device = |major| MemberKind::Device(Device { class: DeviceClass::Block, major, minor: 0 });
        assert_eq!(found, expected.map(device), "{name}");
    }
}

#[test]
fn tells_archives_by_their_first_header() {
    let header = |mut header: Header| {
        header.set_path("x").unwrap();
        header.set_size(0);
        header.set_cksum();
        header.as_bytes().to_vec()
    };
    let named_only = {
        let mut bytes = vec![b'x'; 512];
        bytes[257..262].copy_from_slice(b"ustar");
        bytes
    };
    for (name, bytes, expected) in [
        ("ustar", header(Header::new_ustar()), true),
        ("gnu", header(Header::new_gnu()), true),
        ("the oldest form", header(Header::new_old()), true),
        ("cut off", header(Header::new_old())[..511].to_vec(), false),
        ("a name of the form alone", named_only, false),
        ("zeros", vec![0; 1024], false),
        ("nothing", Vec::new(), false),
    ] {
        assert_eq!(begins_tar_stream(&bytes), expected, "{name}");
    }
}

#[test]
fn a_file_of_nothing_asks_for_nothing() {
    struct NeverEmpty<'a>(&'a [u8]);
    impl Read for NeverEmpty<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if buffer.is_empty() { Err(io::ErrorKind::InvalidInput.into()) } else { self.0.read(buffer) }
        }
    }
    let mut archive = tar::Builder::new(Vec::new());
    let mut header = Header::new_gnu();
    header.set_size(0);
    archive.append_data(&mut header, "empty", io::empty()).unwrap();
    let bytes = archive.into_inner().unwrap();
    let mut members = Members::new(NeverEmpty(&bytes));
    assert!(members.next_member().unwrap().is_some());
    assert_eq!(io::copy(&mut members, &mut io::sink()).unwrap(), 0);
    assert!(members.next_member().unwrap().is_none());
}
