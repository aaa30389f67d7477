//! What is in the folder: it outlives the process, and what lies there is served as it lies.

use crate::world::{Answer, World, http, image, send};
use consign_oci::{Descriptor, Digest, media_type};
use consign_registry_server::{Options, Running, Server};
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};

async fn serve(folder: &Path) -> Running {
    Server::bind("127.0.0.1:0".parse().unwrap(), Options::new(folder)).await.unwrap().spawn()
}

async fn ask(running: &Running, method: &str, path: &str, kind: &str, body: Vec<u8>) -> Answer {
    send(&http(), &running.address().to_string(), method, path, &[("content-type", kind)], body).await
}

fn content(folder: &Path, bytes: &[u8]) -> PathBuf {
    folder.join("blobs/sha256").join(Digest::of(bytes).hex())
}

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let subject = Descriptor::of(media_type::MANIFEST, b"subject");
    let mut manifest = image("x");
    manifest["subject"] = serde_json::to_value(&subject).unwrap();
    let manifest = manifest.to_string().into_bytes();
    let first = serve(folder.path()).await;
    for bytes in [&b"{}"[..], b"x"] {
        let path = format!("a/b/blobs/uploads/?digest={}", Digest::of(bytes));
        assert_eq!(ask(&first, "POST", &path, "", bytes.to_vec()).await.status, 201);
    }
    let answer = ask(&first, "PUT", "a/b/manifests/1", media_type::MANIFEST, manifest.clone()).await;
    assert_eq!(answer.status, 201);
    let upload = ask(&first, "POST", "a/b/blobs/uploads/", "", vec![]).await.location();
    first.stop().await.unwrap();
    let second = serve(folder.path()).await;
    let get = async |path: &str| ask(&second, "GET", path, "", vec![]).await;
    assert_eq!(get("a/b/manifests/1").await.body, manifest);
    assert_eq!(get(&format!("a/b/blobs/{}", Digest::of(b"x"))).await.body, b"x");
    assert_eq!(get("a/b/tags/list").await.json()["tags"], json!(["1"]));
    let referrers = get(&format!("a/b/referrers/{}", subject.digest)).await.json();
    assert_eq!(referrers["manifests"][0]["digest"], Digest::of(&manifest).to_string());
    // An upload that had begun begins again.
    get(&upload).await.refused(404, "BLOB_UPLOAD_UNKNOWN");
}

#[tokio::test]
async fn a_server_that_ended_in_an_upload_shows_none_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let first = serve(folder.path()).await;
    let upload = ask(&first, "POST", "a/blobs/uploads/", "", vec![]).await.location();
    assert_eq!(ask(&first, "PATCH", &upload, "", b"hello".to_vec()).await.status, 202);
    first.stop().await.unwrap();
    let second = serve(folder.path()).await;
    for path in [format!("a/blobs/{}", Digest::of(b"hello")), "a/tags/list".to_owned()] {
        assert_eq!(ask(&second, "GET", &path, "", vec![]).await.status, 404);
    }
}

#[tokio::test]
async fn what_killed_servers_left_goes() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("uploads")).unwrap();
    let left = folder.path().join("uploads/left");
    fs::write(&left, "x").unwrap();
    let _running = serve(folder.path()).await;
    assert!(!left.exists());
}

#[tokio::test]
async fn altered_files_are_served_as_they_are() {
    let world = World::new().await;
    let manifest = world.push_image("a", "1", "layer").await;
    let altered = String::from_utf8(manifest.clone()).unwrap().replace("text/plain", "text/other").into_bytes();
    fs::write(content(world.registry.folder(), &manifest), &altered).unwrap();
    fs::write(content(world.registry.folder(), b"layer"), b"other").unwrap();
    for target in ["1".to_owned(), Digest::of(&manifest).to_string()] {
        let answer = world.get(&format!("a/manifests/{target}")).await;
        assert_eq!((answer.status, &answer.body), (200, &altered));
        assert_eq!(answer.header("docker-content-digest"), Digest::of(&manifest).to_string());
    }
    let path = format!("a/blobs/{}", Digest::of(b"layer"));
    assert_eq!(world.get(&path).await.body, b"other");
    // Pushing again mends it.
    world.push_image("a", "1", "layer").await;
    assert_eq!(world.get("a/manifests/1").await.body, manifest);
    assert_eq!(world.get(&path).await.body, b"layer");
}

#[tokio::test]
async fn what_is_half_there_is_not_there() {
    let world = World::new().await;
    let manifest = world.push_image("a", "1", "layer").await;
    fs::remove_file(content(world.registry.folder(), &manifest)).unwrap();
    fs::remove_file(content(world.registry.folder(), b"layer")).unwrap();
    let layer = Digest::of(b"layer");
    for path in ["a/manifests/1".to_owned(), format!("a/blobs/{layer}")] {
        for method in ["GET", "HEAD"] {
            assert_eq!(world.status(method, &path).await, 404, "{method} {path}");
        }
    }
    assert_eq!(world.status("POST", &format!("b/blobs/uploads/?mount={layer}&from=a")).await, 202);
    world.put_manifest("a/manifests/2", media_type::MANIFEST, manifest).await.refused(400, "MANIFEST_BLOB_UNKNOWN");
}

#[tokio::test]
async fn a_broken_folder_is_told_to_the_log_only() {
    let world = World::new().await;
    world.push_image("a", "1", "x").await;
    let tag = world.registry.folder().join("repositories/a/_tags/1");
    fs::write(&tag, "not a digest").unwrap();
    let answer = world.get("a/manifests/1").await;
    answer.refused(500, "UNKNOWN");
    let folder = world.registry.folder().display().to_string();
    assert!(!String::from_utf8_lossy(&answer.body).contains(&folder));
    let failure = world.registry.records().last().and_then(|record| record.failure.clone()).unwrap();
    assert!(failure.contains(&tag.display().to_string()), "{failure}");
}
