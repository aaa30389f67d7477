//! Images that engines hand over, and are given. The engine is a script.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use consign_image::{
    Access, Engine, Engines, FromEngine, ImageError, ImageReference, Layout, Place, Sink, from_engine, write_archive,
};
use consign_oci::{Descriptor, Digest, Document, Platform, Reference, Tag};
use serde_json::json;
use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use support::{Member, World, archive_at, members, names, place, tar};

/// Hands over `out.tar`, keeps what it gets as `in.tar`, and says of every image what stands in `facts`.
const PODMAN: &str = r#"#!/bin/sh
PATH=/usr/bin:/bin
case "$2" in
    inspect) cat "$WORLD/facts" ;;
    save) cp "$WORLD/out.tar" image.tar ;;
    load) cp image.tar "$WORLD/in.tar" ;;
esac
"#;

fn engines(world: &World) -> Engines {
    let program = world.path("podman");
    fs::write(&program, PODMAN).unwrap();
    fs::set_permissions(program, Permissions::from_mode(0o755)).unwrap();
    let at = world.folder.path().display().to_string();
    let environment = BTreeMap::from([("PATH".to_owned(), at.clone()), ("WORLD".to_owned(), at)]);
    Engines { docker: Access::Program, environment }
}

fn usual() -> Platform {
    "linux/arm64".parse().unwrap()
}

async fn taken(world: &World) -> Result<FromEngine, ImageError> {
    let name: Reference = "localhost/app:1".parse().unwrap();
    from_engine(&engines(world), (Engine::Containers, &name), &world.store, &usual()).await
}

/// Nothing lies about that nobody knows of.
fn nothing_is_left(world: &World) {
    assert_eq!(names(&world.store.root().join("partial")), Vec::<String>::new());
}

fn facts(world: &World, digest: &Digest) {
    fs::write(world.path("facts"), json!([{"Id": "0123", "Digest": digest}]).to_string()).unwrap();
}

#[tokio::test]
async fn the_archive_is_gone_before_the_image_is_read() {
    let world = World::new();
    let image = world.multi("x", Some("1"));
    write_archive(&world.store, &image, &archive_at(&world.path("out.tar"))).unwrap();
    facts(&world, &image.root.digest);
    let FromEngine { place, known, part } = taken(&world).await.unwrap();
    nothing_is_left(&world);
    assert!(known.is_none() && part.is_none());
    assert_eq!(place.name(), "containers-storage:localhost/app:1");
    let root = place.root().await.unwrap().unwrap();
    assert_eq!(root.digest, image.root.digest);
    let other = World::new();
    consign_image::import(&place, &root, &other.store).await.unwrap();
    // It knows the image by another digest.
    let pulled = Digest::of(b"pulled");
    facts(&world, &pulled);
    assert_eq!(taken(&world).await.unwrap().known, Some(pulled));
}

#[tokio::test]
async fn of_a_list_that_is_there_in_part_the_usual_image_is_taken() {
    let world = World::new();
    let image = world.multi("x", Some("1"));
    write_archive(&world.store, &image, &archive_at(&world.path("all.tar"))).unwrap();
    facts(&world, &image.root.digest);
    let all = place(Layout::archive(&world.path("all.tar")).unwrap());
    let Document::Index(index) = all.document(&all.root().await.unwrap().unwrap()).await.unwrap() else {
        unreachable!("it is a list")
    };
    let without = |gone: &[&Descriptor]| {
        let gone: Vec<String> = gone.iter().map(|image| format!("blobs/sha256/{}", image.digest.hex())).collect();
        let kept: Vec<Member> =
            members(&world.path("all.tar")).into_iter().filter(|member| !gone.contains(&member.name)).collect();
        fs::write(world.path("out.tar"), tar(&kept)).unwrap();
    };
    let [amd64, arm64, ppc64le] = &index.manifests[..] else { unreachable!("it has three") };
    for (gone, expected, platform) in [
        (vec![amd64], arm64, "linux/arm64"),
        (vec![arm64], amd64, "linux/amd64"),
        (vec![amd64, arm64], ppc64le, "linux/ppc64le"),
    ] {
        without(&gone);
        let FromEngine { place, part, .. } = taken(&world).await.unwrap();
        let part = part.unwrap();
        assert_eq!((part.list, part.platform.to_string()), (image.root.digest.clone(), platform.to_owned()));
        assert_eq!(place.root().await.unwrap().unwrap().digest, expected.digest);
    }
    // Of nothing nothing is taken, and what is missing is said by whoever wants it.
    without(&[amd64, arm64, ppc64le]);
    let FromEngine { place, part, .. } = taken(&world).await.unwrap();
    assert!(part.is_none());
    assert_eq!(place.root().await.unwrap().unwrap().digest, image.root.digest);
}

#[tokio::test]
async fn an_attestation_that_was_not_pulled_is_a_part_that_is_missing() {
    let world = World::new();
    let [image, about] = [world.manifest("linux/amd64", "x"), world.manifest("unknown/unknown", "about x")];
    let list = world.named(world.index(&[&image, &about]), Some("1"));
    write_archive(&world.store, &list, &archive_at(&world.path("out.tar"))).unwrap();
    facts(&world, &list.root.digest);
    assert!(taken(&world).await.unwrap().part.is_none());
    let blob = format!("blobs/sha256/{}", about.digest.hex());
    let kept: Vec<Member> = members(&world.path("out.tar")).into_iter().filter(|member| member.name != blob).collect();
    fs::write(world.path("out.tar"), tar(&kept)).unwrap();
    let FromEngine { place, part, .. } = taken(&world).await.unwrap();
    assert_eq!(part.unwrap().platform, "linux/amd64".parse().unwrap());
    assert_eq!(place.root().await.unwrap().unwrap().digest, image.digest);
}

#[tokio::test]
async fn layers_that_stay_where_they_are_belong_to_no_engine_and_are_not_missed() {
    let world = World::new();
    let [windows, linux] = [world.foreign("windows/amd64"), world.manifest("linux/arm64", "x")];
    let list = world.named(world.index(&[&windows, &linux]), Some("1"));
    write_archive(&world.store, &list, &archive_at(&world.path("out.tar"))).unwrap();
    facts(&world, &list.root.digest);
    assert!(taken(&world).await.unwrap().part.is_none());
    let name: Reference = "localhost/app".parse().unwrap();
    let sink = Sink::to_engine(engines(&world), Engine::Containers, &name, world.store.clone()).unwrap();
    let source = Place::Store { store: world.store.clone(), root: Some(windows.clone()), name: "x".to_owned() };
    let document = source.document(&windows).await.unwrap();
    for result in [sink.check(&document), sink.name(&document, &[]).await] {
        assert!(matches!(result, Err(ImageError::Foreign { .. })), "{result:?}");
    }
    assert!(!world.path("in.tar").exists());
}

#[tokio::test]
async fn what_is_no_image_is_refused_and_removed() {
    let world = World::new();
    fs::write(world.path("facts"), "no").unwrap();
    fs::write(world.path("out.tar"), tar(&[Member::file("x", "y")])).unwrap();
    let error = taken(&world).await.err().unwrap();
    assert_eq!(
        error.to_string(),
        "containers-storage:localhost/app:1 is not an archive of `docker save`: it has no file `manifest.json`"
    );
    nothing_is_left(&world);
    fs::remove_file(world.path("out.tar")).unwrap();
    let error = taken(&world).await.err().unwrap().to_string();
    assert!(error.starts_with("`podman image save --quiet"), "{error}");
    nothing_is_left(&world);
}

#[tokio::test]
async fn an_engine_gets_a_whole_archive_with_the_name() {
    let world = World::new();
    let manifest = world.manifest("linux/amd64", "x");
    let name: Reference = "localhost/app".parse().unwrap();
    let sink = Sink::to_engine(engines(&world), Engine::Containers, &name, world.store.clone()).unwrap();
    let source = Place::Store { store: world.store.clone(), root: Some(manifest.clone()), name: "x".to_owned() };
    let document = source.document(&manifest).await.unwrap();
    sink.name(&document, &[]).await.unwrap();
    nothing_is_left(&world);
    let given = place(Layout::archive(&world.path("in.tar")).unwrap());
    let root = given.root().await.unwrap().unwrap();
    assert_eq!(root.digest, manifest.digest);
    assert_eq!(root.annotations["io.containerd.image.name"], "localhost/app:latest");
    let saved = Layout::docker_archive(&world.path("in.tar")).unwrap();
    assert_eq!(saved.tags(), [Tag::latest()]);
    // Nobody names an image by a digest of one's choice.
    let by_digest = name.repository.at(manifest.digest);
    assert!(matches!(
        Sink::to_engine(engines(&world), Engine::Docker, &by_digest, world.store.clone()),
        Err(ImageError::ByDigest { .. })
    ));
}

#[test]
fn engines_are_asked_in_one_place_only() {
    let world = World::new();
    let client = consign_registry::Client::new(consign_registry::Options::default()).unwrap();
    let reference: ImageReference = "docker-daemon:app".parse().unwrap();
    let store = || Ok(world.store.clone());
    for error in [
        Place::open(&reference, &client, store).err().unwrap(),
        Sink::open(&reference, &client, store).err().unwrap(),
        write_archive(&world.store, &world.single("x", None), &reference).unwrap_err(),
    ] {
        assert!(matches!(error, ImageError::NotFromEngine { .. }), "{error}");
    }
}
