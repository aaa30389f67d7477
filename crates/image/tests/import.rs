//! Images into the store.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use consign_image::{ArchiveImage, ImageError, Layout, Place, Trouble, closure, import, write_archive};
use consign_oci::{Algorithm, Descriptor, Digest, Hasher, Index, Manifest, media_type};
use consign_registry::{Client, Options};
use consign_store::Store;
use std::fs;
use support::{World, archive_at, blob, folder_at, names, place};

fn empty_store(world: &World, name: &str) -> Store {
    Store::open(world.path(name)).unwrap()
}

#[tokio::test]
async fn everything_arrives() {
    let world = World::new();
    let image = world.multi("x", Some("1.0"));
    let (archive, folder) = (world.path("image.tar"), world.path("layout"));
    write_archive(&world.store, &image, &archive_at(&archive)).unwrap();
    write_archive(&world.store, &image, &folder_at(&folder)).unwrap();
    write_archive(&world.store, &image, &"store:app".parse().unwrap()).unwrap();
    let client = Client::new(Options::default()).unwrap();
    let references =
        [format!("oci-archive:{}", archive.display()), format!("oci:{}:1.0", folder.display()), "store:app".to_owned()];
    for (number, reference) in references.iter().enumerate() {
        let place = Place::open(&reference.parse().unwrap(), &client, || Ok(world.store.clone())).unwrap();
        let root = place.root().await.unwrap().unwrap();
        assert_eq!(root.digest, image.root.digest);
        let store = empty_store(&world, &format!("store {number}"));
        import(&place, &root, &store).await.unwrap();
        let arrived = closure(&store, &root).unwrap();
        assert_eq!(arrived.len(), closure(&world.store, &root).unwrap().len());
        for blob in arrived {
            assert_eq!(store.read(&blob.digest, 1 << 20).unwrap(), world.store.read(&blob.digest, 1 << 20).unwrap());
        }
        assert_eq!(names(&store.root().join("partial")), Vec::<String>::new());
    }
    // And out again, the same as before.
    let store = empty_store(&world, "store 0");
    let root = closure(&store, &image.root).unwrap().pop().unwrap();
    let alone = ArchiveImage { referrers: Vec::new(), ..image };
    for (store, name) in [(&store, "one.tar"), (&world.store, "two.tar")] {
        let image = ArchiveImage { root: root.clone(), ..alone.clone() };
        write_archive(store, &image, &archive_at(&world.path(name))).unwrap();
    }
    assert_eq!(fs::read(world.path("one.tar")).unwrap(), fs::read(world.path("two.tar")).unwrap());
}

#[tokio::test]
async fn blobs_that_are_there_are_not_read_again() {
    let world = World::new();
    let root = world.multi("x", None).root;
    let folder = world.layout(std::slice::from_ref(&root));
    let place = place(Layout::folder(&folder).unwrap());
    let blobs = closure(&world.store, &root).unwrap();
    let layers = || blobs.iter().filter(|blob| blob.media_type == media_type::LAYER_GZIP);
    assert_eq!(layers().count(), 4, "one is shared by three");
    for layer in layers() {
        fs::remove_file(blob(&folder, layer)).unwrap();
    }
    import(&place, &root, &world.store).await.unwrap();
    // Where the store lacks one of them, it is asked for.
    let layer = layers().next().unwrap();
    fs::remove_file(world.store.path(&layer.digest)).unwrap();
    let error = import(&place, &root, &world.store).await.unwrap_err();
    assert!(matches!(&error, ImageError::Missing { digest, .. } if *digest == layer.digest), "{error}");
}

/// Whatever is altered or missing, the root is not there afterwards.
#[tokio::test]
async fn nothing_incomplete_has_a_root() {
    let world = World::new();
    let root = world.multi("x", None).root;
    let blobs = closure(&world.store, &root).unwrap();
    for (number, broken) in blobs.iter().filter(|blob| blob.digest != root.digest).enumerate() {
        let folder = world.layout(std::slice::from_ref(&root));
        let path = blob(&folder, broken);
        let bytes = fs::read(&path).unwrap();
        let place = place(Layout::folder(&folder).unwrap());
        let mut altered = bytes.clone();
        altered[bytes.len() / 2] ^= 1;
        let shorter = bytes[1..].to_vec();
        let longer = [&bytes[..], b" "].concat();
        for (wrong, expected) in [
            (Some(altered), Trouble::Altered),
            (Some(shorter), Trouble::Altered),
            (Some(longer), Trouble::Altered),
            (None, Trouble::Missing),
        ] {
            match wrong {
                Some(wrong) => fs::write(&path, wrong).unwrap(),
                None => fs::remove_file(&path).unwrap(),
            }
            let store = empty_store(&world, &format!("store {number}"));
            let error = import(&place, &root, &store).await.unwrap_err();
            assert_eq!(error.trouble(), expected, "{}: {error}", broken.media_type);
            assert!(!store.contains(&root.digest));
            assert!(!store.contains(&broken.digest));
            assert_eq!(names(&store.root().join("partial")), Vec::<String>::new());
        }
        // What arrived is kept: the next try needs the rest only.
        fs::write(&path, bytes).unwrap();
        let store = empty_store(&world, &format!("store {number}"));
        import(&place, &root, &store).await.unwrap();
        assert_eq!(closure(&store, &root).unwrap().len(), blobs.len());
    }
}

#[tokio::test]
async fn nested_indexes_arrive_up_to_a_depth() {
    let world = World::new();
    let mut root = world.manifest("linux/amd64", "deep");
    for _ in 0..7 {
        root = world.index(&[&root, &root]);
    }
    let too_deep = world.index(&[&root]);
    let place = place(Layout::folder(&world.layout(&[])).unwrap());
    let store = empty_store(&world, "store 1");
    import(&place, &root, &store).await.unwrap();
    assert_eq!(closure(&store, &root).unwrap().len(), 7 + 1 + 3);
    let store = empty_store(&world, "store 2");
    let error = import(&place, &too_deep, &store).await.unwrap_err();
    assert!(matches!(error, ImageError::TooDeep { limit: 8, .. }), "{error}");
    assert!(!store.contains(&too_deep.digest));
}

#[tokio::test]
async fn an_index_that_claims_to_hold_itself_ends() {
    let world = World::new();
    let inner = world.index(&[&world.manifest("linux/amd64", "x")]);
    let root = world.index(&[&inner]);
    let folder = world.layout(std::slice::from_ref(&root));
    let itself = serde_json::to_vec(&Index::new(vec![root.clone(), inner.clone()])).unwrap();
    let place = place(Layout::folder(&folder).unwrap());
    for index in [&inner, &root] {
        fs::write(blob(&folder, index), &itself).unwrap();
        let store = empty_store(&world, "other");
        let error = import(&place, &root, &store).await.unwrap_err();
        assert!(matches!(&error, ImageError::Mismatch { digest, .. } if *digest == index.digest), "{error}");
        assert!(!store.contains(&root.digest));
    }
}

#[tokio::test]
async fn too_many_manifests_are_refused() {
    let world = World::new();
    let config = world.put(media_type::EMPTY, b"{}");
    let manifests: Vec<_> = (0..1000)
        .map(|number| {
            let mut manifest = Manifest::new(config.clone(), Vec::new());
            manifest.annotations.insert("number".to_owned(), number.to_string());
            world.document(media_type::MANIFEST, &manifest)
        })
        .collect();
    let all = world.index(&manifests.iter().collect::<Vec<_>>());
    // One fewer, each twice: repetition is no quantity.
    let fewer = world.index(&manifests[1..].iter().chain(&manifests[1..]).collect::<Vec<_>>());
    let place = Place::Store { store: world.store.clone(), root: None, name: "all".to_owned() };
    let store = empty_store(&world, "other");
    import(&place, &fewer, &store).await.unwrap();
    let error = import(&place, &all, &store).await.unwrap_err();
    assert!(matches!(error, ImageError::TooMany { limit: 1000, .. }), "{error}");
    assert!(!store.contains(&all.digest));
}

/// Descriptors of a manifest that are not true.
#[tokio::test]
async fn descriptors_must_be_true() {
    let world = World::new();
    let manifest = world.manifest("linux/amd64", "x");
    let layer = closure(&world.store, &manifest).unwrap().swap_remove(0);
    let with_layer = |layer: Descriptor| {
        let config = world.put(media_type::EMPTY, b"{}");
        world.document(media_type::MANIFEST, &Manifest::new(config, vec![layer]))
    };
    let mut hasher = Hasher::new(Algorithm::Sha512);
    hasher.update(b"x");
    let sha512: Digest = hasher.finish();
    let resized = |descriptor: &Descriptor, size| Descriptor { size, ..descriptor.clone() };
    let retyped = Descriptor { media_type: media_type::DOCKER_MANIFEST.to_owned(), ..manifest.clone() };
    let place = place(Layout::folder(&world.layout(&[])).unwrap());
    for (number, (root, expected)) in [
        (world.index(&[&resized(&manifest, manifest.size + 1)]), Trouble::Altered),
        (world.index(&[&retyped]), Trouble::Malformed),
        (world.index(&[&resized(&manifest, 9 << 20)]), Trouble::Malformed),
        (with_layer(resized(&layer, layer.size - 1)), Trouble::Altered),
        (with_layer(resized(&layer, 1 << 60)), Trouble::Malformed),
        (with_layer(Descriptor::new("text/plain", sha512.clone(), 1)), Trouble::Unavailable),
        (world.index(&[&Descriptor::new(media_type::MANIFEST, sha512, 1)]), Trouble::Unavailable),
    ]
    .into_iter()
    .enumerate()
    {
        world.layout(&[]);
        let store = empty_store(&world, &format!("store {number}"));
        let error = import(&place, &root, &store).await.unwrap_err();
        assert_eq!(error.trouble(), expected, "{number}: {error}");
        assert!(!store.contains(&root.digest));
    }
    // A size that is not that of the blob which is there already.
    let root = with_layer(resized(&layer, layer.size - 1));
    world.layout(&[]);
    let store = empty_store(&world, "with layer");
    store.put(&fs::read(world.store.path(&layer.digest)).unwrap()).unwrap();
    let error = import(&place, &root, &store).await.unwrap_err();
    assert_eq!(error.trouble(), Trouble::Altered, "{error}");
}

#[tokio::test]
async fn a_blob_that_is_not_there_in_full_is_brought_in_again() {
    let world = World::new();
    let manifest = world.manifest("linux/amd64", "x");
    let place = Place::Store { store: world.store.clone(), root: None, name: "x".to_owned() };
    let store = empty_store(&world, "other");
    import(&place, &manifest, &store).await.unwrap();
    for blob in closure(&world.store, &manifest).unwrap() {
        let good = fs::read(store.path(&blob.digest)).unwrap();
        for bytes in [&good[1..], &[&good[..], b"x"].concat()] {
            fs::write(store.path(&blob.digest), bytes).unwrap();
            import(&place, &manifest, &store).await.unwrap();
            store.check(&blob.digest).unwrap();
        }
    }
}

#[tokio::test]
async fn a_child_of_another_index_comes_before_both() {
    // The root lists the image before the index that also lists it, and the other way round.
    let world = World::new();
    let image = world.manifest("linux/amd64", "x");
    let inner = world.index(&[&image]);
    let place = Place::Store { store: world.store.clone(), root: None, name: "all".to_owned() };
    for (number, order) in [[&image, &inner], [&inner, &image]].into_iter().enumerate() {
        let root = world.index(&order);
        let store = empty_store(&world, &format!("store {number}"));
        import(&place, &root, &store).await.unwrap();
        assert_eq!(closure(&store, &root).unwrap().len(), 6);
    }
}
