//! Layers that try to mislead or exhaust the reader.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::{blob, file, flow, link, names, observe, package};
use consign_inventory::{Budget, Catalogue, InventoryError, Observer};
use consign_oci::layer::{Entry, Layer};
use consign_oci::{Descriptor, Digest, media_type};
use proptest::prelude::{any, prop, proptest};
use std::io::Read;

const STATUS: &str = "var/lib/dpkg/status";

fn read(tar: &[u8]) -> Result<Catalogue, InventoryError> {
    let mut observer = Observer::new();
    observe(&mut observer, media_type::LAYER, tar, tar)?;
    observer.finish()
}

type Member<'a> = (u8, &'a str, &'a str, &'a [u8]);
type Case<'a> = (&'a str, Vec<Member<'a>>);

/// Returns a tar stream of members with these type flags, names, link names and contents.
fn tar(members: &[Member<'_>]) -> Vec<u8> {
    let mut stream = Vec::new();
    for (flag, name, target, contents) in members {
        let mut header = tar::Header::new_gnu();
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.as_old_mut().linkname[..target.len()].copy_from_slice(target.as_bytes());
        header.set_entry_type(tar::EntryType::new(*flag));
        header.set_size(contents.len() as u64);
        header.set_mode(0o644);
        header.set_cksum();
        stream.extend_from_slice(header.as_bytes());
        stream.extend_from_slice(contents);
        stream.resize(stream.len().next_multiple_of(512), 0);
    }
    stream.resize(stream.len() + 1024, 0);
    stream
}

#[test]
fn reads_long_names_and_pax_records() {
    let contents = package("a", "1");
    let long = format!("{}/{STATUS}", ["l"; 99].join("/"));
    let place = format!("{}/../{STATUS}", ["l"; 99].join("/"));
    let size = format!("{} size={}\n", 9 + contents.len().to_string().len(), contents.len());
    let table: Vec<Case<'_>> = vec![
        ("gnu", vec![(b'L', "././@LongLink", "", STATUS.as_bytes()), (b'0', "short", "", contents.as_bytes())]),
        ("pax", vec![(b'x', "pax", "", b"28 path=var/lib/dpkg/status\n"), (b'0', "short", "", contents.as_bytes())]),
        ("pax of the whole archive", vec![(b'g', "pax", "", b"9 path=x\n"), (b'0', STATUS, "", contents.as_bytes())]),
        ("pax size", vec![(b'x', "pax", "", size.as_bytes()), (b'0', STATUS, "", contents.as_bytes())]),
        ("a name with a slash is a folder", vec![(b'0', STATUS, "", contents.as_bytes()), (b'0', "var/", "", b"")]),
        (
            "a name that is not text",
            vec![
                (b'x', "pax", "", &b"10 path=\xff\n"[..]),
                (b'0', "short", "", b""),
                (b'0', STATUS, "", contents.as_bytes()),
            ],
        ),
        (
            "unknown kinds",
            vec![(b'Z', "x", "", b"abc"), (b'3', "dev/null", "", b""), (b'0', STATUS, "", contents.as_bytes())],
        ),
        (
            "a long link",
            vec![(b'K', "x", "", long.as_bytes()), (b'2', "y", "", b""), (b'0', STATUS, "", contents.as_bytes())],
        ),
        ("an old file", vec![(b'\0', STATUS, "", contents.as_bytes())]),
        ("an absolute name", vec![(b'0', "/var/lib/dpkg/status", "", contents.as_bytes())]),
    ];
    for (name, members) in table {
        assert_eq!(names(&read(&tar(&members)).unwrap()), "a 1", "{name}");
    }
    let leading_out = tar(&[(b'L', "x", "", place.as_bytes()), (b'0', "short", "", b"")]);
    assert!(matches!(read(&leading_out), Err(InventoryError::Path { .. })));
}

#[test]
fn sizes_of_links_and_folders_are_no_contents() {
    let mut stream = tar(&[(b'5', "var", "", b""), (b'0', STATUS, "", package("a", "1").as_bytes())]);
    let mut header = tar::Header::new_gnu();
    header.as_mut_bytes().copy_from_slice(&stream[..512]);
    header.set_size(1 << 30);
    header.set_cksum();
    stream[..512].copy_from_slice(header.as_bytes());
    assert_eq!(names(&read(&stream).unwrap()), "a 1");
}

#[test]
fn refuses_what_is_not_a_layer() {
    let good = tar(&[(b'0', STATUS, "", package("a", "1").as_bytes())]);
    let mut bad_sum = good.clone();
    bad_sum[0] ^= 1;
    let mut hidden = vec![0; 512];
    hidden.extend_from_slice(&good);
    let huge_extension = {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::XHeader);
        header.set_size(u64::MAX >> 2);
        header.set_cksum();
        header.as_bytes().to_vec()
    };
    for (name, bytes) in [
        ("wrong checksum", &bad_sum[..]),
        ("ends in a header", &good[..300]),
        ("ends in a file", &good[..600]),
        ("hidden behind zeros", &hidden),
        ("a huge extended header", &huge_extension),
        ("malformed pax", &tar(&[(b'x', "", "", b"99 path=x\n")])),
        ("pax without end", &tar(&[(b'x', "", "", b"8 path=x")])),
        ("pax size", &tar(&[(b'x', "", "", b"12 size=1x2\n")])),
        ("a folder with contents", &tar(&[(b'0', "var/", "", &good[..512])])),
        ("an old folder with contents", &tar(&[(b'\0', "var/", "", &good[..512])])),
        ("text", &[b'x'; 2000]),
    ] {
        assert!(matches!(read(bytes), Err(InventoryError::Archive { .. })), "{name}: {:?}", read(bytes));
    }
    for name in ["../etc/os-release", "a/../../b", "a/.wh..."] {
        assert!(matches!(read(&tar(&[(b'0', name, "", b"")])), Err(InventoryError::Path { .. })), "{name}");
    }
    assert!(matches!(read(&tar(&[(b'1', "a", "../b", b"")])), Err(InventoryError::Path { .. })));
    let observed = |media_type, blob: &[u8]| observe(&mut Observer::new(), media_type, blob, &good);
    assert!(matches!(observed(media_type::IN_TOTO, &good), Err(InventoryError::MediaType { .. })));
    assert!(matches!(observed(media_type::LAYER_GZIP, &good), Err(InventoryError::Read { .. })));
    assert!(matches!(observed(media_type::LAYER_ZSTD, &good), Err(InventoryError::Read { .. })));
    let (gzip, _) = blob(&[file(STATUS, &package("a", "1"))]);
    assert!(matches!(observed(media_type::LAYER_GZIP, &gzip[..gzip.len() / 2]), Err(InventoryError::Read { .. })));
}

#[test]
fn holes_are_not_contents() {
    let sparse = tar(&[(b'x', "", "", b"22 GNU.sparse.major=1\n"), (b'0', STATUS, "", package("a", "1").as_bytes())]);
    assert!(matches!(read(&sparse), Err(InventoryError::Unread { .. })));
    let gnu_sparse = tar(&[(b'S', STATUS, "", package("a", "1").as_bytes())]);
    assert!(matches!(read(&gnu_sparse), Err(InventoryError::Unread { .. })));
}

#[test]
fn what_has_holes_is_named_whatever_it_is() {
    let sparse = [
        (b'S', "app/server", "", &b"\x7fELF"[..]),
        (b'x', "", "", b"22 GNU.sparse.major=1\n"),
        (b'0', "app/a.jar", "", b"x"),
    ];
    let expected = ["/app/a.jar", "/app/server"];
    let expected = expected.map(|path| format!("what {path} holds: it is sparse, and was not looked into"));
    assert_eq!(read(&tar(&sparse)).unwrap().unlisted, expected);
}

#[test]
fn names_that_are_no_text_do_not_hide_each_other() {
    let package = |version: &str| format!(r#"{{"name": "lodash", "version": "{version}"}}"#);
    let (first, second) = (package("4.17.0"), package("4.17.1"));
    let record = |name: &[u8]| {
        let rest = [b" path=app".as_slice(), name, b"/node_modules/lodash/package.json\n"].concat();
        [(rest.len() + 2).to_string().as_bytes(), &rest].concat()
    };
    for (one, other) in [(&b"\xff"[..], &b"\xfe"[..]), (b"\xff", b"\xef\xbf\xbd"), (b"\xff", b"\\xff"), (b"\n", b"\\n")]
    {
        let (one, other) = (record(one), record(other));
        let members = [(b'x', "", "", &one[..]), (b'0', "x", "", first.as_bytes())];
        let more = [(b'x', "", "", &other[..]), (b'0', "x", "", second.as_bytes())];
        assert_eq!(names(&read(&tar(&[members, more].concat())).unwrap()), "lodash 4.17.0, lodash 4.17.1");
        let silent = [more[0], (b'0', "x", "", &b"{}"[..])];
        assert_eq!(names(&read(&tar(&[members, silent].concat())).unwrap()), "lodash 4.17.0");
    }
}

#[test]
fn a_damaged_database_is_no_empty_list() {
    for text in [&b"Package: a\nStatus: install ok installed\n"[..], b"words", b"\xff\xfe: x\n"] {
        assert!(matches!(read(&tar(&[(b'0', STATUS, "", text)])), Err(InventoryError::Database { .. })), "{text:?}");
    }
}

/// Fails at its end, as a reader does that checks a digest there.
struct Checked<R>(R);

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self.0.read(buffer)? {
            0 => Err(std::io::ErrorKind::InvalidData.into()),
            count => Ok(count),
        }
    }
}

#[test]
fn reads_each_blob_to_its_end() {
    let (gzip, tar) = blob(&[file(STATUS, &package("a", "1"))]);
    let zstd = zstd::encode_all(&tar[..], 1).unwrap();
    for (media_type, bytes) in
        [(media_type::LAYER_GZIP, gzip), (media_type::LAYER_ZSTD, zstd), (media_type::LAYER, tar.clone())]
    {
        let longer = [&bytes[..], &[0; 5000]].concat();
        let mut rest = &longer[..];
        if media_type == media_type::LAYER {
            observe(&mut Observer::new(), media_type, rest.by_ref(), &longer).unwrap();
            assert!(rest.is_empty());
        }
        let checked = observe(&mut Observer::new(), media_type, Checked(&bytes[..]), &tar);
        assert!(matches!(checked, Err(InventoryError::Read { .. })), "{media_type}");
    }
}

#[test]
fn a_layer_holds_what_the_config_says() {
    let (gzip, tar) = blob(&[file(STATUS, &package("a", "1"))]);
    for (media_type, bytes) in [(media_type::LAYER_GZIP, &gzip), (media_type::LAYER, &tar)] {
        observe(&mut Observer::new(), media_type, &bytes[..], &tar).unwrap();
        // What follows the archive counts, too.
        let longer = [&tar[..], &[0; 512]].concat();
        let error = observe(&mut Observer::new(), media_type, &bytes[..], &longer).unwrap_err();
        let (layer, stated, found) = (Digest::of(b"the blob"), Digest::of(&longer), Digest::of(&tar));
        let expected = format!("uncompressed, the layer {layer} has the digest {found}, but the config says {stated}");
        assert_eq!(error.to_string(), expected);
        assert!(error.is_malformed());
    }
}

#[test]
fn bytes_of_all_layers_count() {
    let tar = tar(&[(b'0', "zeros", "", &[0; 4096])]);
    let zstd = zstd::encode_all(&tar[..], 1).unwrap();
    let layer = |media_type, blob: &[u8]| Layer {
        descriptor: Descriptor::new(media_type, Digest::of(blob), blob.len() as u64),
        diff_id: Digest::of(&tar),
    };
    for (media_type, blob) in [(media_type::LAYER_ZSTD, &zstd), (media_type::LAYER, &tar)] {
        let budget = Budget::of(3 * tar.len() as u64);
        let mut observers = [Observer::new(), Observer::new()];
        let mut read = |platform: usize| observers[platform].layer(&layer(media_type, blob), &blob[..], &budget);
        // The same layer again and again, in an image and in that of another platform.
        for platform in [0, 0, 1] {
            read(platform).unwrap();
        }
        assert!(matches!(read(1), Err(InventoryError::Size { limit }) if limit == 3 * tar.len() as u64));
    }
}

/// Returns what is wrong with an image of these entries.
fn problem(entries: impl IntoIterator<Item = Entry>) -> Option<String> {
    let mut observer = Observer::new();
    let seen = flow(entries).and_then(|layer| observer.add(layer.into()));
    seen.and_then(|()| observer.finish()).err().map(|error| error.to_string())
}

#[test]
fn what_leads_nowhere_is_not_followed_for_ever() {
    let expected = Some("the image's links and whiteouts lead to more than 20000000 places".to_owned());
    // Few links of many parts each, and many files behind them.
    let turns = format!("/{}{}", "x/".repeat(600), "../".repeat(600));
    let links = (0..39).map(|number| link(&format!("l{number}"), &format!("{turns}l{}", number + 1)));
    let files = (0..1000).map(|number| file(&format!("l0/{number}"), ""));
    assert_eq!(problem(links.chain(files)), expected);
    // Whiteouts of a folder of which nothing lies in a lower layer.
    let links = (0..20_000).map(|number| link(&format!("d/{number}"), "x"));
    assert_eq!(problem(links.chain((0..2000).map(|_| file("d/.wh..wh..opq", "")))), expected);
    // Long paths without any link, each in a folder far from the one before.
    let deep = "/x".repeat(2000);
    assert_eq!(problem((0..2000).map(|number| file(&format!("{}{deep}", number % 2), ""))), expected);
}

#[test]
fn names_of_files_take_no_more_memory_than_there_is() {
    let long = "n".repeat(4000);
    let many = (0..70_000).map(|number| file(&format!("{number}{long}"), ""));
    let expected =
        "the names of the files in the layers, and what the files say of packages, take more than 268435456 bytes";
    assert_eq!(problem(many), Some(expected.to_owned()));
}

#[test]
fn what_archives_hold_counts_as_read() {
    // As it lies it is within the bound, and what is in it is not.
    let mut jar = Vec::new();
    let mut writer = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut writer, &vec![0; 500 << 10]).unwrap();
    let compressed = writer.finish().unwrap();
    let mut sum = flate2::Crc::new();
    sum.update(&vec![0; 500 << 10]);
    let numbers = [sum.sum(), u32::try_from(compressed.len()).unwrap(), 500 << 10].map(u32::to_le_bytes).concat();
    let described = [&b"\x14\0\0\0\x08\0\0\0\0\0"[..], &numbers, b"\x05\0\0\0"].concat();
    jar.extend([&b"PK\x03\x04"[..], &described, b"a.jar", &compressed].concat());
    let start = u32::try_from(jar.len()).unwrap();
    let directory = [&b"PK\x01\x02\x14\0"[..], &described, &[0; 14][..], b"a.jar"].concat();
    let length = u32::try_from(directory.len()).unwrap().to_le_bytes();
    jar.extend([&directory[..], b"PK\x05\x06\0\0\0\0\x01\0\x01\0", &length, &start.to_le_bytes(), b"\0\0"].concat());
    let stream = tar(&[(b'0', "app.jar", "", &jar)]);
    for (limit, is_within) in [(1 << 20, true), (400 << 10, false)] {
        let layer = Layer {
            descriptor: Descriptor::new(media_type::LAYER, Digest::of(&stream), stream.len() as u64),
            diff_id: Digest::of(&stream),
        };
        let read = Observer::new().layer(&layer, &stream[..], &Budget::of(limit));
        assert_eq!(read.is_ok(), is_within, "{limit}: {read:?}");
    }
}

#[test]
fn reading_ends_within_a_layer() {
    /// A layer without end, of which nobody wants to know any more once a part of it was read.
    struct Endless<'a>(&'a Budget, usize);
    impl Read for Endless<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
            self.1 += 1;
            if self.1 == 100 {
                self.0.end();
            }
            buffer.fill(0);
            Ok(buffer.len())
        }
    }
    let budget = Budget::default();
    let descriptor = Descriptor::new(media_type::LAYER, Digest::of(b""), 0);
    let layer = Layer { descriptor, diff_id: Digest::of(b"") };
    assert!(matches!(Observer::new().layer(&layer, Endless(&budget, 0), &budget), Err(InventoryError::Ended)));
}

proptest! {
    #[test]
    fn never_panics_on_bytes(bytes in prop::collection::vec(any::<u8>(), 0..4096)) {
        _ = read(&bytes);
        _ = observe(&mut Observer::new(), media_type::LAYER_GZIP, &bytes[..], &bytes);
        _ = observe(&mut Observer::new(), media_type::LAYER_ZSTD, &bytes[..], &bytes);
    }

    #[test]
    fn never_panics_on_spoilt_layers(at in 0_usize..3000, byte in any::<u8>(), flag in any::<u8>(), name in "[a-z./]{0,99}", target in "[a-z./]{0,99}") {
        let mut stream = tar(&[(flag, &name, &target, b"12 path=abc\n"), (b'0', STATUS, "", b"Package: a\n")]);
        _ = read(&stream);
        let at = at % stream.len();
        stream[at] = byte;
        _ = read(&stream);
    }
}
