//! Layouts, well meant and not.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use consign_image::{ImageError, Layout, Trouble, write_archive};
use consign_oci::{Descriptor, Index, Manifest, annotation, media_type};
use std::fs;
use support::{MARKER, Member, World, archive_at, blob, gzip, members, place, tar};
use tar::EntryType;

fn tagged(image: &Descriptor, name: &str) -> Descriptor {
    let mut image = image.clone();
    image.annotations.insert(annotation::REF_NAME.to_owned(), name.to_owned());
    image
}

fn tag(text: &str) -> consign_oci::Tag {
    text.parse().unwrap()
}

#[test]
fn finds_the_image() {
    let world = World::new();
    let [one, two] = ["one", "two"].map(|contents| world.manifest("linux/amd64", contents));
    let open = |manifests: &[Descriptor]| Layout::folder(&world.layout(manifests)).unwrap();

    assert_eq!(open(&[]).root(None).unwrap(), None);
    assert_eq!(open(&[]).root(Some(&tag("1"))).unwrap(), None);
    assert_eq!(open(std::slice::from_ref(&one)).root(None).unwrap(), Some(one.clone()));
    assert_eq!(open(std::slice::from_ref(&one)).root(Some(&tag("1"))).unwrap(), None);

    let several = open(&[tagged(&one, "b"), tagged(&two, "a")]);
    assert_eq!(several.tags(), [tag("a"), tag("b")]);
    assert_eq!(several.root(Some(&tag("a"))).unwrap().unwrap().digest, two.digest);
    let error = several.root(None).unwrap_err();
    assert!(error.to_string().ends_with("holds 2 images; name one: a, b"), "{error}");
    let error = open(&[one.clone(), two.clone()]).root(None).unwrap_err();
    assert!(error.to_string().ends_with("holds 2 images; none has a tag to name it by"), "{error}");

    // Two tags of one image leave no doubt; one tag of two images does.
    let same = open(&[tagged(&one, "a"), tagged(&one, "b")]);
    assert_eq!(same.root(None).unwrap().unwrap().digest, one.digest);
    let shared = open(&[tagged(&one, "a"), tagged(&two, "a")]);
    let error = shared.root(Some(&tag("a"))).unwrap_err();
    assert!(matches!(error, ImageError::SharedTag { images: 2, .. }), "{error}");
}

#[test]
fn reads_tags_as_others_write_them() {
    let world = World::new();
    let image = world.manifest("linux/amd64", "x");
    let digest = &image.digest;
    for (name, expected) in [
        ("1.0".to_owned(), Some("1.0")),
        ("example.org:5000/team/app:1.0".to_owned(), Some("1.0")),
        (format!("example.org/team/app:1.0@{digest}"), Some("1.0")),
        ("app:1.0".to_owned(), Some("1.0")),
        ("example.org:5000/team/app".to_owned(), None),
        (format!("example.org/team/app@{digest}"), None),
        (digest.to_string(), None),
        (String::new(), None),
    ] {
        let layout = Layout::folder(&world.layout(&[tagged(&image, &name)])).unwrap();
        assert_eq!(
            layout.tags().iter().map(|tag| tag.as_str()).collect::<Vec<_>>(),
            Vec::from_iter(expected),
            "{name}"
        );
    }
}

#[test]
fn lists_referrers_as_a_registry_does() {
    let world = World::new();
    let image = world.manifest("linux/amd64", "x");
    let mut referrers = ["a", "b", "c"].map(|text| world.referrer(&image, text));
    // Neither what the list says of its type nor how often it is there matters.
    let mut untyped = referrers[0].clone();
    untyped.artifact_type = None;
    let mut lying = referrers[1].clone();
    lying.artifact_type = Some("image/png".to_owned());
    let listed = [untyped, image.clone(), lying, referrers[2].clone(), referrers[2].clone()];
    let layout = Layout::folder(&world.layout(&listed)).unwrap();
    referrers.sort_by(|one, other| one.digest.cmp(&other.digest));
    assert_eq!(layout.referrers(&image.digest), referrers);
    assert_eq!(layout.referrers(&referrers[0].digest), []);
    assert_eq!(layout.root(None).unwrap(), Some(image), "a referrer is no image");
}

#[test]
fn passes_over_types_that_it_does_not_know() {
    let world = World::new();
    let image = world.manifest("linux/amd64", "x");
    let other = Descriptor::of("application/vnd.buildkit.cacheconfig.v0", b"not even there");
    let layout = Layout::folder(&world.layout(&[other, image.clone()])).unwrap();
    assert_eq!(layout.root(None).unwrap(), Some(image));
}

/// What is wrong with a folder.
#[test]
fn refuses_folders_that_are_no_layouts() {
    let world = World::new();
    let image = world.manifest("linux/amd64", "x");
    let many = serde_json::to_string(&Index::new(vec![image.plain(); 10_001])).unwrap();
    let huge = format!("{{\"schemaVersion\":2,\"manifests\":[]{}}}", " ".repeat(8 << 20));
    for (file, contents, expected) in [
        ("oci-layout", None, "it has no file `oci-layout`"),
        ("oci-layout", Some(""), "`oci-layout`: EOF"),
        ("oci-layout", Some(r#"{"imageLayoutVersion":"2.0.0"}"#), "it is of another version than 1.0.0: \"2.0.0\""),
        ("index.json", None, "it has no file `index.json`"),
        ("index.json", Some(""), "`index.json`: EOF"),
        ("index.json", Some("<html>"), "`index.json`: expected value"),
        ("index.json", Some("{}"), "`index.json`: missing field"),
        ("index.json", Some(&many), "it lists more than 10000 manifests"),
        ("index.json", Some(&huge), "`index.json` has 8388642 bytes, more than the 8388608 allowed here"),
    ] {
        let folder = world.layout(std::slice::from_ref(&image));
        fs::remove_file(folder.join(file)).unwrap();
        if let Some(contents) = contents {
            fs::write(folder.join(file), contents).unwrap();
        }
        let error = Layout::folder(&folder).unwrap_err();
        assert!(matches!(&error, ImageError::NotALayout { .. }), "{error}");
        assert!(error.to_string().contains(expected), "{error}");
    }
    assert!(matches!(Layout::folder(&world.path("nowhere")), Err(ImageError::NotALayout { .. })));
}

#[test]
fn does_not_wait_for_pipes() {
    let world = World::new();
    let folder = world.layout(&[]);
    let pipe = |path: &std::path::Path| {
        let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        rustix::fs::mknodat(rustix::fs::CWD, path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    };
    fs::remove_file(folder.join("index.json")).unwrap();
    pipe(&folder.join("index.json"));
    assert!(matches!(Layout::folder(&folder), Err(ImageError::NotALayout { .. })));
    pipe(&world.path("pipe.tar"));
    assert!(matches!(Layout::archive(&world.path("pipe.tar")), Err(ImageError::NotALayout { .. })));
    assert!(matches!(Layout::archive(&folder), Err(ImageError::NotALayout { .. })));
}

/// What the list says of a manifest is held against the manifest.
#[test]
fn refuses_lists_that_say_what_is_not_so() {
    let world = World::new();
    let image = world.manifest("linux/amd64", "x");
    let index = world.index(&[&image]);
    let text = world.put(media_type::MANIFEST, b"not JSON");
    let huge = world.put(media_type::MANIFEST, &vec![b' '; (8 << 20) + 1]);
    let retyped =
        |image: &Descriptor, media_type: &str| Descriptor { media_type: media_type.to_owned(), ..image.clone() };
    let resized = Descriptor { size: image.size + 1, ..image.clone() };
    for (listed, expected) in [
        (retyped(&index, media_type::MANIFEST), Trouble::Malformed),
        (retyped(&image, media_type::INDEX), Trouble::Malformed),
        (retyped(&image, media_type::DOCKER_MANIFEST), Trouble::Malformed),
        (resized.clone(), Trouble::Altered),
        (text, Trouble::Malformed),
        (huge, Trouble::Malformed),
        (Descriptor::of(media_type::MANIFEST, b"nowhere"), Trouble::Missing),
    ] {
        let error = Layout::folder(&world.layout(std::slice::from_ref(&listed))).unwrap_err();
        assert_eq!(error.trouble(), expected, "{error}");
    }
    // The right one first does not vouch for the wrong one.
    let error = Layout::folder(&world.layout(&[image.clone(), resized])).unwrap_err();
    assert!(matches!(error, ImageError::Size { .. }), "{error}");
    let error = Layout::folder(&world.layout(&[image.clone(), retyped(&image, media_type::INDEX)])).unwrap_err();
    assert!(matches!(error, ImageError::Document { .. }), "{error}");
}

#[test]
fn an_index_that_claims_to_hold_itself_is_altered() {
    let world = World::new();
    let root = world.index(&[&world.manifest("linux/amd64", "x")]);
    let folder = world.layout(std::slice::from_ref(&root));
    fs::write(blob(&folder, &root), serde_json::to_vec(&Index::new(vec![root.clone()])).unwrap()).unwrap();
    let error = Layout::folder(&folder).unwrap_err();
    assert!(matches!(&error, ImageError::Mismatch { digest, .. } if *digest == root.digest), "{error}");
}

#[tokio::test]
async fn finds_blobs_that_are_not_what_was_promised() {
    let world = World::new();
    let image = world.multi("x", None);
    let layers = [Descriptor::of("a/b", b"right"), Descriptor::of("a/b", b"there")];
    for bytes in [&b"right"[..], b"wrong", b"righ", b"right!", b""] {
        let folder = world.layout(std::slice::from_ref(&image.root));
        fs::write(blob(&folder, &layers[0]), bytes).unwrap();
        let place = place(Layout::folder(&folder).unwrap());
        match place.bytes(&layers[0], 5).await {
            Ok(found) => assert_eq!((&found[..], bytes), (&b"right"[..], &b"right"[..])),
            Err(error) => assert_eq!((error.trouble(), bytes == b"right"), (Trouble::Altered, false), "{error}"),
        }
        assert_eq!(place.bytes(&layers[1], 5).await.unwrap_err().trouble(), Trouble::Missing);
        assert_eq!(place.bytes(&layers[0], 4).await.unwrap_err().trouble(), Trouble::Malformed);
    }
}

/// Archives: what was done to a good one, and what is said of it.
#[test]
fn refuses_hostile_archives() {
    let world = World::new();
    let path = world.path("image.tar");
    let image = world.multi("x", Some("1.0"));
    write_archive(&world.store, &image, &archive_at(&path)).unwrap();
    let good = members(&path);
    let bytes = tar(&good);
    let with = |member: Member| tar(&[&good[..], &[member]].concat());
    let without = |name: &str| tar(&good.iter().filter(|member| member.name != name).cloned().collect::<Vec<_>>());
    let instead = |name: &str, contents: &[u8]| {
        let file = |member: &Member| if member.name == name { Member::file(name, contents) } else { member.clone() };
        tar(&good.iter().map(file).collect::<Vec<_>>())
    };
    let listing =
        |manifests: Vec<Descriptor>| instead("index.json", &serde_json::to_vec(&Index::new(manifests)).unwrap());
    let root = format!("blobs/sha256/{}", image.root.digest.hex());
    let root_bytes = &good.iter().find(|member| member.name == root).unwrap().bytes;
    let mut altered = root_bytes.clone();
    altered[0] = b' ';
    let mut retyped = image.root.clone();
    retyped.media_type = media_type::MANIFEST.to_owned();
    let mut resized = image.root.clone();
    resized.size -= 1;
    let mut bad_sum = bytes.clone();
    bad_sum[0] ^= 1;
    let bytes_of_last = good.last().unwrap().bytes.len().next_multiple_of(512);
    let in_header = bytes.len() - 1024 - bytes_of_last - 100;
    let long_name = [
        &tar(&[Member { kind: EntryType::GNULongName, ..Member::file("././@LongLink", vec![b'x'; 5000]) }])[..],
        &with(Member::file("y", "")),
    ];
    // Headers without the zeros that end an archive, so that what follows is read.
    let long_name = [&long_name[0][..long_name[0].len() - 1024], long_name[1]].concat();
    let cases: Vec<(&str, Vec<u8>, &str)> = vec![
        ("nothing", Vec::new(), "it has no file `oci-layout`"),
        ("text", b"hello".to_vec(), "its tar stream is damaged"),
        ("gzip", gzip(&bytes), "it is compressed; decompress it first (`gunzip`)"),
        ("zstd", zstd::encode_all(&bytes[..], 1).unwrap(), "decompress it first (`unzstd`)"),
        ("a wrong sum", bad_sum, "its tar stream is damaged"),
        ("an end in a header", bytes[..in_header].to_vec(), "its tar stream is damaged"),
        ("an end in a body", bytes[..bytes.len() - 1024 - bytes_of_last + 1].to_vec(), "it ends within `blobs/sha256/"),
        (
            "an absolute path",
            with(Member::file("/etc/passwd", "x")),
            "`/etc/passwd` is not the name of a file inside it",
        ),
        ("a way out", with(Member::file("blobs/../../x", "x")), "`blobs/../../x` is not the name of a file inside it"),
        ("a long name", long_name, "is not the name of a file inside it"),
        ("a symlink", with(Member::other("blobs/x", EntryType::Symlink)), "`blobs/x` is neither a file nor a folder"),
        ("a hard link", with(Member::other("x", EntryType::Link)), "`x` is neither a file nor a folder"),
        ("a device", with(Member::other("x", EntryType::Block)), "`x` is neither a file nor a folder"),
        ("a terminal", with(Member::other("x", EntryType::Char)), "`x` is neither a file nor a folder"),
        ("a pipe", with(Member::other("x", EntryType::Fifo)), "`x` is neither a file nor a folder"),
        ("a sparse file", with(Member::other("x", EntryType::GNUSparse)), "its tar stream is damaged"),
        ("a folder's name", with(Member::file("x/", "x")), "`x/` is neither a file nor a folder"),
        ("an escape", with(Member::other("\x1b[2J", EntryType::Fifo)), "`\\u{1b}[2J` is neither a file nor a folder"),
        ("one name twice", with(Member::file("index.json", "{}")), "`index.json` is in it twice"),
        ("one file twice", with(Member::file("./index.json", "{}")), "`./index.json` is in it twice"),
        ("no marker", without("oci-layout"), "it has no file `oci-layout`"),
        ("no list", without("index.json"), "it has no file `index.json`"),
        ("a list of words", instead("index.json", b"words"), "`index.json`: expected value"),
        ("a huge list", instead("index.json", &vec![b' '; (8 << 20) + 1]), "`index.json` has 8388609 bytes"),
        ("a long list", listing(vec![image.root.clone(); 10_001]), "it lists more than 10000 manifests"),
        ("another type", listing(vec![retyped]), "is not a manifest"),
        ("another size", listing(vec![resized]), "and its descriptor says"),
        ("no root", without(&root), "has no sha256:"),
        ("an altered root", instead(&root, &altered), "do not match their digest"),
        ("a short root", instead(&root, &root_bytes[1..]), "do not match their digest"),
    ];
    for (what, bytes, expected) in cases {
        fs::write(&path, bytes).unwrap();
        match Layout::archive(&path) {
            Ok(_) => panic!("{what}: accepted"),
            Err(error) => assert!(error.to_string().contains(expected), "{what}: {error}"),
        }
    }
    // The same by hand, without anything done to it, and with what does no harm.
    let folder = Member { kind: EntryType::Directory, ..Member::file("blobs/", "") };
    let dotted = good.iter().map(|member| Member::file(&format!("./{}", member.name), &member.bytes));
    for bytes in [bytes, with(folder), tar(&dotted.collect::<Vec<_>>()), instead("oci-layout", MARKER.as_bytes())] {
        fs::write(&path, bytes).unwrap();
        assert_eq!(Layout::archive(&path).unwrap().root(None).unwrap().unwrap().digest, image.root.digest);
    }
}

#[test]
fn a_size_that_no_file_has_is_an_end_within_the_file() {
    let world = World::new();
    let path = world.path("image.tar");
    for size in [u64::MAX, u64::MAX / 2, 1 << 40] {
        let mut header = tar::Header::new_gnu();
        header.set_path("oci-layout").unwrap();
        header.set_size(size);
        header.set_cksum();
        fs::write(&path, header.as_bytes()).unwrap();
        let error = Layout::archive(&path).unwrap_err();
        assert!(matches!(error, ImageError::NotALayout { .. }), "{error}");
    }
}

#[test]
fn a_name_of_any_length_is_not_read_into_memory() {
    let world = World::new();
    let path = world.path("image.tar");
    let mut header = tar::Header::new_gnu();
    header.set_path("././@LongLink").unwrap();
    header.set_entry_type(EntryType::GNULongName);
    header.set_size(1 << 40);
    header.set_cksum();
    fs::write(&path, header.as_bytes()).unwrap();
    // A file with a hole takes no room on the disk.
    fs::File::options().write(true).open(&path).unwrap().set_len(1 << 40).unwrap();
    let error = Layout::archive(&path).unwrap_err();
    assert!(error.to_string().ends_with("its tar stream is damaged: its headers are too large"), "{error}");
}

#[test]
fn many_names_of_one_manifest_cost_one_reading() {
    let world = World::new();
    // Read ten thousand times, this would be 60 GB.
    let mut manifest = Manifest::new(Descriptor::empty(), Vec::new());
    manifest.annotations.insert("filler".to_owned(), "x".repeat(6 << 20));
    let image = world.document(media_type::MANIFEST, &manifest);
    let layout = Layout::folder(&world.layout(&vec![image.clone(); 10_000])).unwrap();
    assert_eq!(layout.root(None).unwrap(), Some(image));
}
