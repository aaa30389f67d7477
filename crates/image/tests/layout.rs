//! Layouts, well meant and not.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use consign_image::{ImageError, Layout, Trouble};
use consign_oci::{Descriptor, Index, Manifest, annotation, media_type};
use std::fs;
use support::{World, blob, place};

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
fn the_list_may_be_the_image() {
    let world = World::new();
    let [one, two, other] = ["one", "two", "three"].map(|contents| world.manifest("linux/amd64", contents));
    let of = |image: &Descriptor, platform: &str| Descriptor { platform: platform.parse().ok(), ..image.clone() };
    let root = |manifests: &[Descriptor]| {
        let folder = world.layout(manifests);
        let layout = Layout::folder(&folder).unwrap();
        let bytes = fs::read(folder.join("index.json")).unwrap();
        layout.root(None).ok().flatten().map(|root| root.digest.matches(&bytes))
    };
    let [amd, arm] = [of(&one, "linux/amd64"), of(&two, "linux/arm64")];
    let about = of(&other, "unknown/unknown");
    for (manifests, expected) in [
        (vec![amd.clone(), arm.clone()], Some(true)),
        (vec![amd.clone(), about.clone()], Some(true)),
        (vec![amd.clone(), arm.clone(), about.clone()], Some(true)),
        // One image is that image.
        (vec![amd.clone()], Some(false)),
        // Nobody knows which of them is meant.
        (vec![amd.clone(), of(&two, "linux/amd64")], None),
        (vec![amd.clone(), two.clone()], None),
        (vec![about.clone(), of(&one, "unknown/unknown")], None),
        (vec![amd.clone(), tagged(&arm, "1")], None),
    ] {
        assert_eq!(root(&manifests), expected, "{manifests:?}");
    }
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
        // What is no layout may be somebody's mistake; a layout with a list that cannot be read is malformed.
        let is_layout = file == "index.json" && contents.is_some();
        assert_eq!(error.trouble() == Trouble::Malformed, is_layout || contents == Some(""), "{error}");
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
