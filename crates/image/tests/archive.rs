//! What is written, and that it reads back.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use consign_image::{ArchiveImage, ImageError, ImageReference, Layout, Trouble, closure, write_archive};
use consign_oci::{Descriptor, Manifest, annotation, media_type};
use consign_store::StoreError;
use consign_testkit::tools::{Peer, peer};
use serde_json::{Value, json};
use std::fs;
use std::io::Write;
use support::{FOREIGN, World, archive_at, blob, folder_at, gzip, members, names, place};

/// Reads back everything that an image is made of.
async fn check_complete(world: &World, image: &ArchiveImage, layout: Layout) {
    let place = place(layout);
    for root in [&image.root].into_iter().chain(&image.referrers) {
        for blob in closure(&world.store, root).unwrap() {
            assert_eq!(place.bytes(&blob, 1 << 20).await.unwrap(), world.store.read(&blob.digest, 1 << 20).unwrap());
        }
    }
}

#[tokio::test]
async fn an_archive_reads_back() {
    let world = World::new();
    let (image, path) = (world.multi("x", Some("1.0")), world.path("image.tar"));
    write_archive(&world.store, &image, &archive_at(&path)).unwrap();
    let layout = Layout::archive(&path).unwrap();
    let root = layout.root(None).unwrap().unwrap();
    assert_eq!(root.plain(), image.root);
    // Alone in its list, under the name that other tools give it.
    let index: Value = serde_json::from_slice(&named(&path, "index.json")).unwrap();
    assert_eq!(index["manifests"].as_array().unwrap().len(), 1);
    assert_eq!(index["manifests"][0]["annotations"]["io.containerd.image.name"], "example.org/team/app:1.0");
    assert_eq!(layout.root(Some(&"1.0".parse().unwrap())).unwrap(), Some(root));
    assert_eq!(layout.root(Some(&"1.1".parse().unwrap())).unwrap(), None);
    assert_eq!(layout.tags(), ["1.0".parse().unwrap()]);
    let mut about_root = image.referrers[..2].to_vec();
    about_root.sort_by(|one, other| one.digest.cmp(&other.digest));
    assert_eq!(layout.referrers(&image.root.digest), about_root);
    let documents = consign_image::children(&place(layout.clone()).document(&image.root).await.unwrap())
        .into_iter()
        .map(|platform| layout.referrers(&platform.digest))
        .collect::<Vec<_>>();
    assert_eq!(documents, [vec![], vec![image.referrers[2].clone()], vec![]]);
    check_complete(&world, &image, layout).await;
}

#[test]
fn the_same_image_gives_the_same_bytes() {
    let world = World::new();
    let image = world.multi("x", Some("1.0"));
    let other_order = ArchiveImage {
        referrers: image.referrers.iter().rev().chain(&image.referrers).cloned().collect(),
        ..image.clone()
    };
    let [one, two, three] = ["one.tar", "two.tar", "three.tar"].map(|name| world.path(name));
    write_archive(&world.store, &image, &archive_at(&one)).unwrap();
    write_archive(&world.store, &other_order, &archive_at(&two)).unwrap();
    // From a store of its own, with other things in it.
    let other = World::new();
    other.single("other", None);
    write_archive(&other.store, &other.multi("x", Some("1.0")), &archive_at(&three)).unwrap();
    assert_eq!(fs::read(&one).unwrap(), fs::read(two).unwrap());
    assert_eq!(fs::read(&one).unwrap(), fs::read(three).unwrap());
    let layout = Layout::archive(&one).unwrap();
    assert_eq!(layout.referrers(&image.root.digest).len(), 2);
}

#[test]
fn an_archive_takes_its_place_only_when_it_is_complete() {
    let world = World::new();
    let path = world.path("image.tar");
    write_archive(&world.store, &world.single("old", None), &archive_at(&path)).unwrap();
    let before = (fs::read(&path).unwrap(), names(world.folder.path()));
    let image = world.single("new", None);
    let layer = &closure(&world.store, &image.root).unwrap()[0];
    let good = fs::read(world.store.path(&layer.digest)).unwrap();
    let mut altered = good.clone();
    altered[20] ^= 1;
    for bytes in [altered, good[1..].to_vec(), [&good[..], b"x"].concat()] {
        fs::write(world.store.path(&layer.digest), bytes).unwrap();
        let error = write_archive(&world.store, &image, &archive_at(&path)).unwrap_err();
        assert_eq!(error.trouble(), Trouble::Altered, "{error}");
        assert_eq!((fs::read(&path).unwrap(), names(world.folder.path())), before);
    }
    // What is corrupt is thrown away.
    assert!(!world.store.contains(&layer.digest));
    let error = write_archive(&world.store, &image, &archive_at(&path)).unwrap_err();
    assert_eq!(error.trouble(), Trouble::Missing, "{error}");
    assert_eq!((fs::read(&path).unwrap(), names(world.folder.path())), before);
}

#[test]
fn the_tag_is_the_one_that_was_asked_for() {
    let world = World::new();
    let mut image = world.single("x", Some("1.0"));
    // As the list that it came from named it.
    image.root.annotations.insert(annotation::REF_NAME.to_owned(), "old".to_owned());
    let path = world.path("image.tar");
    for (asked, name, expected) in [
        (None, Some("1.0"), vec!["1.0"]),
        (Some("2.0"), Some("1.0"), vec!["2.0"]),
        (Some("2.0"), None, vec!["2.0"]),
        (None, None, vec![]),
    ] {
        let image = ArchiveImage { name: name.map(|tag| ("app".to_owned(), tag.parse().unwrap())), ..image.clone() };
        let to = ImageReference::Archive { file: path.clone(), tag: asked.map(|tag| tag.parse().unwrap()) };
        write_archive(&world.store, &image, &to).unwrap();
        let tags: Vec<_> = Layout::archive(&path).unwrap().tags().iter().map(ToString::to_string).collect();
        assert_eq!(tags, expected);
        let repo_tags: Vec<_> = name.iter().flat_map(|_| &expected).map(|tag| format!("app:{tag}")).collect();
        assert_eq!(docker(&path)[0]["RepoTags"], json!(repo_tags));
    }
}

fn docker(path: &std::path::Path) -> Value {
    serde_json::from_slice(&named(path, "manifest.json")).unwrap()
}

/// The file of this name in an archive.
fn named(path: &std::path::Path, name: &str) -> Vec<u8> {
    members(path).into_iter().find(|member| member.name == name).unwrap().bytes
}

#[test]
fn docker_finds_the_image_of_each_platform() {
    let world = World::new();
    let path = world.path("image.tar");
    let image = world.multi("x", Some("1.0"));
    write_archive(&world.store, &image, &archive_at(&path)).unwrap();
    let members = members(&path);
    let listed = docker(&path);
    let architectures: Vec<String> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|image| {
            let find =
                |name: &Value| &members.iter().find(|member| Some(&*member.name) == name.as_str()).unwrap().bytes;
            let config: Value = serde_json::from_slice(find(&image["Config"])).unwrap();
            assert_eq!(image["RepoTags"], json!([]), "a name would mean one platform only");
            let layers = image["Layers"].as_array().unwrap();
            assert_eq!(layers.len(), 2);
            assert!(layers.iter().all(|layer| find(layer).starts_with(&[0x1f, 0x8b])));
            config["architecture"].as_str().unwrap().to_owned()
        })
        .collect();
    assert_eq!(architectures, ["amd64", "arm64", "ppc64le"]);
    // An artifact is no image for docker.
    let artifact = world.named(image.referrers[0].clone(), Some("artifact"));
    write_archive(&world.store, &artifact, &archive_at(&path)).unwrap();
    assert_eq!(docker(&path), json!([]));
}

#[tokio::test]
async fn layers_that_only_their_own_source_hands_out_are_left_out() {
    let world = World::new();
    let (path, folder) = (world.path("image.tar"), world.path("layout"));
    let [windows, linux] = [world.foreign("windows/amd64"), world.manifest("linux/amd64", "x")];
    let list = world.named(world.index(&[&windows, &linux]), Some("1"));
    write_archive(&world.store, &list, &archive_at(&path)).unwrap();
    check_complete(&world, &list, Layout::archive(&path).unwrap()).await;
    // Docker takes an image only if all its layers are files.
    assert_eq!(docker(&path).as_array().unwrap().len(), 1);
    let elsewhere = format!("blobs/sha256/{}", Descriptor::of(FOREIGN, b"elsewhere").digest.hex());
    assert!(members(&path).iter().all(|member| member.name != elsewhere));
    write_archive(&world.store, &list, &folder_at(&folder)).unwrap();
    check_complete(&world, &list, Layout::folder(&folder).unwrap()).await;
    write_archive(&world.store, &list, &ImageReference::Store { name: "app".to_owned() }).unwrap();
    write_archive(&world.store, &world.named(windows, None), &archive_at(&path)).unwrap();
    assert_eq!(docker(&path), json!([]));
}

#[test]
fn what_is_a_layer_for_everybody_too_is_there() {
    let world = World::new();
    let layer = world.put(media_type::LAYER_GZIP, &gzip(b""));
    let foreign = Descriptor { media_type: FOREIGN.to_owned(), ..layer.clone() };
    let manifest = Manifest::new(world.put(media_type::CONFIG, b"{}"), vec![foreign, layer.clone()]);
    let root = world.document(media_type::MANIFEST, &manifest);
    assert!(closure(&world.store, &root).unwrap().contains(&layer));
}

#[tokio::test]
async fn a_folder_is_written_twice_without_a_change() {
    let world = World::new();
    let (image, folder) = (world.multi("x", Some("1.0")), world.path("layout"));
    write_archive(&world.store, &image, &folder_at(&folder)).unwrap();
    let before = (fs::read(folder.join("index.json")).unwrap(), names(&folder), names(&folder.join("blobs/sha256")));
    assert_eq!(before.1, ["blobs", "index.json", "oci-layout"]);
    // What is damaged is put right.
    let layer = &closure(&world.store, &image.root).unwrap()[0];
    let good = fs::read(blob(&folder, layer)).unwrap();
    for bytes in [good.clone(), vec![0; good.len()], good[1..].to_vec()] {
        fs::write(blob(&folder, layer), bytes).unwrap();
        write_archive(&world.store, &image, &folder_at(&folder)).unwrap();
        let after = (fs::read(folder.join("index.json")).unwrap(), names(&folder), names(&folder.join("blobs/sha256")));
        assert_eq!(after, before);
        check_complete(&world, &image, Layout::folder(&folder).unwrap()).await;
    }
}

#[tokio::test]
async fn a_folder_keeps_the_images_that_it_has() {
    let world = World::new();
    let folder = world.path("layout");
    let [one, two, moved, untagged] =
        [("one", Some("1")), ("two", Some("2")), ("moved", Some("1")), ("untagged", None)]
            .map(|(contents, tag)| world.multi(contents, tag));
    for image in [&one, &two] {
        write_archive(&world.store, image, &folder_at(&folder)).unwrap();
    }
    let tagged = |tag: &str| Layout::folder(&folder).unwrap().root(Some(&tag.parse().unwrap())).unwrap().unwrap();
    assert_eq!((tagged("1").plain(), tagged("2").plain()), (one.root.clone(), two.root.clone()));
    let layout = Layout::folder(&folder).unwrap();
    for image in [&one, &two] {
        assert_eq!(layout.referrers(&image.root.digest).len(), 2);
        check_complete(&world, image, layout.clone()).await;
    }
    // A tag that moves leaves the other where it was.
    write_archive(&world.store, &moved, &folder_at(&folder)).unwrap();
    assert_eq!((tagged("1").plain(), tagged("2").plain()), (moved.root.clone(), two.root.clone()));
    // One image under two tags.
    write_archive(&world.store, &ArchiveImage { name: two.name.clone(), ..moved.clone() }, &folder_at(&folder))
        .unwrap();
    assert_eq!((tagged("1").plain(), tagged("2").plain()), (moved.root.clone(), moved.root.clone()));
    assert_eq!(Layout::folder(&folder).unwrap().root(None).unwrap().unwrap().digest, moved.root.digest);
    write_archive(&world.store, &untagged, &folder_at(&folder)).unwrap();
    let error = Layout::folder(&folder).unwrap().root(None).unwrap_err();
    assert!(matches!(&error, ImageError::Ambiguous { images: 2, tags, .. } if tags.len() == 2), "{error}");
}

#[test]
fn an_image_without_a_tag_replaces_the_one_before_it() {
    let world = World::new();
    let folder = world.path("layout");
    for contents in ["old", "new"] {
        write_archive(&world.store, &world.multi(contents, None), &folder_at(&folder)).unwrap();
    }
    let root = Layout::folder(&folder).unwrap().root(None).unwrap().unwrap();
    assert_eq!(root, world.multi("new", None).root);
}

#[test]
fn a_folder_that_is_half_written_cannot_be_read() {
    let world = World::new();
    let folder = world.path("layout");
    let (old, image) = (world.single("old", Some("old")), world.multi("new", Some("new")));
    let shared = closure(&world.store, &old.root).unwrap();
    let mut blobs = closure(&world.store, &image.root).unwrap();
    blobs.retain(|blob| [media_type::CONFIG, media_type::LAYER_GZIP].contains(&&*blob.media_type));
    blobs.retain(|blob| shared.iter().all(|shared| shared.digest != blob.digest));
    // Blobs are written in the order of their digests: of these six, five come before it.
    let layer = blobs.iter().max_by_key(|blob| &blob.digest).unwrap();
    let bytes = fs::read(world.store.path(&layer.digest)).unwrap();
    fs::remove_file(world.store.path(&layer.digest)).unwrap();
    let failed = write_archive(&world.store, &image, &folder_at(&folder));
    assert!(matches!(failed, Err(ImageError::Store(StoreError::Missing { .. }))));
    assert!(names(&folder.join("blobs/sha256")).len() >= 5, "it had begun");
    assert!(matches!(Layout::folder(&folder), Err(ImageError::NotALayout { .. })));
    // Where there was a layout, it is as it was.
    write_archive(&world.store, &old, &folder_at(&folder)).unwrap();
    write_archive(&world.store, &image, &folder_at(&folder)).unwrap_err();
    let root = Layout::folder(&folder).unwrap().root(None).unwrap().unwrap();
    assert_eq!(root.plain(), old.root.plain());
    // The next try completes it.
    world.store.put(&bytes).unwrap();
    write_archive(&world.store, &image, &folder_at(&folder)).unwrap();
    assert_eq!(Layout::folder(&folder).unwrap().tags().len(), 2);
}

#[test]
fn a_folder_with_a_list_of_something_else_is_left_alone() {
    let world = World::new();
    let folder = world.path("layout");
    fs::create_dir(&folder).unwrap();
    fs::write(folder.join("index.json"), "{}").unwrap();
    let error = write_archive(&world.store, &world.single("x", None), &folder_at(&folder)).unwrap_err();
    assert!(matches!(error, ImageError::NotALayout { .. }), "{error}");
    assert_eq!(fs::read(folder.join("index.json")).unwrap(), b"{}");
}

#[test]
fn two_writers_lose_nothing() {
    let world = World::new();
    let folder = world.path("layout");
    let images: Vec<_> = (0..6).map(|number| world.single(&format!("{number}"), Some(&format!("t{number}")))).collect();
    std::thread::scope(|scope| {
        for image in &images {
            scope.spawn(|| write_archive(&world.store, image, &folder_at(&folder)).unwrap());
        }
    });
    assert_eq!(Layout::folder(&folder).unwrap().tags().len(), images.len());
}

#[test]
fn only_places_of_this_machine_are_written() {
    let world = World::new();
    let image = world.multi("x", None);
    write_archive(&world.store, &image, &"store:app/x".parse().unwrap()).unwrap();
    assert_eq!(world.store.reference("app/x").unwrap(), Some(image.root.clone()));
    let error = write_archive(&world.store, &image, &"example.org/app:1".parse().unwrap()).unwrap_err();
    assert!(error.to_string().contains("`consign release`"), "{error}");
    let layer = &closure(&world.store, &image.root).unwrap()[0];
    fs::remove_file(world.store.path(&layer.digest)).unwrap();
    let error = write_archive(&world.store, &image, &"store:app/y".parse().unwrap()).unwrap_err();
    assert_eq!(error.trouble(), Trouble::Missing);
    assert_eq!(world.store.reference("app/y").unwrap(), None);
}

#[test]
fn indexes_too_deep_are_refused_not_left_out() {
    let world = World::new();
    let mut root = world.manifest("linux/amd64", "deep");
    for _ in 0..7 {
        root = world.index(&[&root]);
    }
    let path = world.path("image.tar");
    write_archive(&world.store, &world.named(root.clone(), None), &archive_at(&path)).unwrap();
    let root = world.index(&[&root]);
    let error = write_archive(&world.store, &world.named(root, None), &archive_at(&path)).unwrap_err();
    assert!(matches!(error, ImageError::TooDeep { limit: 8, .. }), "{error}");
}

#[test]
fn bytes_listed_as_a_blob_and_as_a_manifest_bring_their_layers() {
    let world = World::new();
    let manifest = world.manifest("linux/amd64", "x");
    let as_blob = Descriptor { media_type: "application/octet-stream".to_owned(), ..manifest.plain() };
    let blobs = closure(&world.store, &world.index(&[&as_blob, &manifest])).unwrap();
    assert_eq!(blobs.len(), 5);
}

fn skopeo(skopeo: &Peer, arguments: &[String]) -> String {
    skopeo.run(["--insecure-policy"].into_iter().chain(arguments.iter().map(String::as_str))).unwrap()
}

#[tokio::test]
async fn skopeo_reads_what_is_written_and_the_other_way_round() {
    let Some(tool) = peer("skopeo") else { return };
    let world = World::new();
    let words = |text: &str| {
        let text = text.replace("@", world.folder.path().to_str().unwrap());
        text.split(' ').map(str::to_owned).collect::<Vec<_>>()
    };
    let image = world.multi("x", Some("1.0"));
    write_archive(&world.store, &image, &archive_at(&world.path("ours.tar"))).unwrap();
    write_archive(&world.store, &image, &folder_at(&world.path("ours"))).unwrap();
    for ours in ["oci-archive:@/ours.tar:1.0", "oci-archive:@/ours.tar", "oci:@/ours:1.0"] {
        let raw = skopeo(&tool, &words(&format!("inspect --raw {ours}")));
        assert!(image.root.digest.matches(raw.as_bytes()), "{raw}");
        for architecture in ["amd64", "arm64", "ppc64le"] {
            let text = skopeo(&tool, &words(&format!("--override-arch {architecture} inspect {ours}")));
            let value: Value = serde_json::from_str(&text).unwrap();
            assert_eq!((&value["Architecture"], value["Layers"].as_array().unwrap().len()), (&json!(architecture), 2));
        }
    }
    // Out and back: the same image, in a folder and in an archive of skopeo's.
    skopeo(&tool, &words("copy --all oci-archive:@/ours.tar:1.0 oci:@/theirs:2.0"));
    skopeo(&tool, &words("copy --all oci-archive:@/ours.tar:1.0 oci-archive:@/theirs.tar:2.0"));
    let without_referrers = ArchiveImage { referrers: Vec::new(), ..image.clone() };
    for layout in [Layout::folder(&world.path("theirs")).unwrap(), Layout::archive(&world.path("theirs.tar")).unwrap()]
    {
        assert_eq!(layout.root(Some(&"2.0".parse().unwrap())).unwrap().unwrap().digest, image.root.digest);
        check_complete(&world, &without_referrers, layout).await;
    }
    // Each adds to the other's folder.
    write_archive(&world.store, &world.single("y", Some("3.0")), &folder_at(&world.path("theirs"))).unwrap();
    skopeo(&tool, &words("copy oci:@/theirs:3.0 oci:@/ours:3.0"));
    for folder in ["theirs", "ours"] {
        let tags = Layout::folder(&world.path(folder)).unwrap().tags();
        assert_eq!((tags.len(), tags[1].as_str()), (2, "3.0"));
        skopeo(&tool, &words(&format!("inspect oci:@/{folder}:3.0")));
    }
    // A single image also by docker's list.
    write_archive(&world.store, &world.single("y", Some("3.0")), &archive_at(&world.path("single.tar"))).unwrap();
    let text = skopeo(&tool, &words("inspect docker-archive:@/single.tar:example.org/team/app:3.0"));
    assert!(text.contains("\"amd64\""), "{text}");
}

#[test]
fn a_folder_of_the_users_keeps_its_other_files() {
    let world = World::new();
    let folder = world.path("layout");
    fs::create_dir(&folder).unwrap();
    fs::File::create(folder.join("notes")).unwrap().write_all(b"mine").unwrap();
    write_archive(&world.store, &world.single("x", None), &folder_at(&folder)).unwrap();
    assert_eq!(fs::read(folder.join("notes")).unwrap(), b"mine");
}
