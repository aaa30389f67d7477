//! What the disk does to a push: it fails as a whole, and says so.

use crate::world::{World, image};
use consign_oci::{Digest, media_type};
use serde_json::json;
use std::fs;
use std::path::Path;

/// Removes the registry's folder and what is in it.
fn remove(world: &World) {
    fs::remove_dir_all(world.registry.folder()).unwrap();
}

fn manifest() -> Vec<u8> {
    image("layer").to_string().into_bytes()
}

#[tokio::test]
async fn a_folder_that_goes_away_within_an_upload() {
    let world = World::new().await;
    let upload = world.send("POST", "a/blobs/uploads/", &[], "").await.location();
    assert_eq!(world.send("PATCH", &upload, &[], "lay").await.status, 202);
    remove(&world);
    let finish = format!("{upload}?digest={}", Digest::of(b"layer"));
    world.send("PUT", &finish, &[], "er").await.refused(500, "UNKNOWN");
    // The upload is over: what it held may be gone.
    world.send("PUT", &finish, &[], "").await.refused(404, "BLOB_UPLOAD_UNKNOWN");
    world.send("POST", "a/blobs/uploads/", &[], "").await.refused(500, "UNKNOWN");
    assert!(!world.registry.folder().exists());
    for path in [format!("a/blobs/{}", Digest::of(b"layer")), "a/tags/list".to_owned(), "a/manifests/1".to_owned()] {
        assert_eq!(world.status("GET", &path).await, 404, "{path}");
    }
    assert_eq!(world.status("GET", "").await, 200);
}

#[tokio::test]
async fn a_folder_that_goes_away_before_a_manifest() {
    let world = World::new().await;
    world.push_image("a", "1", "layer").await;
    remove(&world);
    let answer = world.put_manifest("a/manifests/2", media_type::MANIFEST, manifest()).await;
    // It needs blobs that are not there any more.
    assert_eq!((answer.status, answer.codes()[0].as_str()), (400, "MANIFEST_BLOB_UNKNOWN"));
    let lone = json!({"schemaVersion": 2, "mediaType": media_type::INDEX, "manifests": []}).to_string();
    world.put_manifest("a/manifests/2", media_type::INDEX, lone).await.refused(500, "UNKNOWN");
    assert!(!world.registry.folder().exists());
}

/// Each place that pushing a manifest about another one writes to, in order.
#[tokio::test]
async fn a_manifest_that_can_be_written_only_in_part_is_not_there() {
    let subject = Digest::of(b"subject");
    let mut manifest = image("layer");
    manifest["subject"] = json!({"mediaType": media_type::MANIFEST, "digest": subject, "size": 7});
    let manifest = manifest.to_string().into_bytes();
    let digest = Digest::of(&manifest);
    let content = format!("blobs/sha256/{}", digest.hex());
    let places = [&content, "repositories/a/_referrers", "repositories/a/_manifests", "repositories/a/_tags"];
    for (number, place) in places.iter().enumerate() {
        let world = World::new().await;
        world.push_blob("a", b"{}").await;
        world.push_blob("a", b"layer").await;
        let obstacle = world.registry.folder().join(place);
        obstruct(&obstacle, number == 0);
        world.put_manifest("a/manifests/1", media_type::MANIFEST, manifest.clone()).await.refused(500, "UNKNOWN");
        let by_digest = number == places.len() - 1;
        let referrers = world.get(&format!("a/referrers/{subject}")).await.json();
        let listed = referrers["manifests"].as_array().unwrap().len();
        assert_eq!(world.status("GET", "a/manifests/1").await, 404, "{place}");
        assert_eq!(world.status("GET", &format!("a/manifests/{digest}")).await, if by_digest { 200 } else { 404 });
        assert_eq!(listed, usize::from(by_digest), "{place}");
        assert_eq!(world.unfinished(), [""; 0]);
        // Once there is nothing in the way, pushing again completes it.
        clear(&obstacle);
        let answer = world.put_manifest("a/manifests/1", media_type::MANIFEST, manifest.clone()).await;
        assert_eq!(answer.status, 201, "{place}: {answer:?}");
        assert_eq!(world.get("a/manifests/1").await.body, manifest);
    }
}

/// Puts something at a path that no file can replace, or, where a folder is expected, a file.
fn obstruct(path: &Path, folder: bool) {
    if folder {
        fs::create_dir(path).unwrap();
        fs::write(path.join("in the way"), "").unwrap();
    } else {
        fs::write(path, "in the way").unwrap();
    }
}

fn clear(path: &Path) {
    if path.is_dir() { fs::remove_dir_all(path).unwrap() } else { fs::remove_file(path).unwrap() }
}
