//! What the disk does to a push: it fails as a whole, and says so.

use crate::world::{World, image};
use consign_oci::{Digest, media_type};
use consign_testkit::tools::not_run;
use serde_json::json;
use std::env;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Output};

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

/// Names the folder of a disk of one mebibyte, where a test was started on one.
const DISK: &str = "CONSIGN_TEST_DISK";

#[tokio::test]
async fn a_disk_that_is_full() {
    match env::var_os(DISK) {
        Some(disk) => fill(Path::new(&disk)).await,
        None => start_on_small_disk("faults::a_disk_that_is_full"),
    }
}

/// Starts one of these tests again where a disk that only it sees is mounted.
fn start_on_small_disk(test: &str) {
    let disk = tempfile::tempdir().unwrap();
    if !on_small_disk(disk.path(), [OsStr::new("true")]).is_ok_and(|run| run.status.success()) {
        return not_run("a full disk, which needs `unshare` and a kernel that lets it mount");
    }
    let program = env::current_exe().unwrap();
    let run =
        on_small_disk(disk.path(), [program.as_os_str(), "--exact".as_ref(), test.as_ref(), "--nocapture".as_ref()])
            .unwrap();
    let output = String::from_utf8_lossy(&run.stdout);
    assert!(run.status.success() && output.contains("1 passed"), "{output}\n{}", String::from_utf8_lossy(&run.stderr));
}

fn on_small_disk<'a>(disk: &Path, command: impl IntoIterator<Item = &'a OsStr>) -> io::Result<Output> {
    let mut unshare = Command::new("unshare");
    unshare.args(["--user", "--map-root-user", "--mount", "sh", "-c"]);
    unshare.arg(r#"mount -t tmpfs -o size=1m tmpfs "$0" && exec "$@""#).arg(disk).args(command);
    unshare.env(DISK, disk).env("TMPDIR", disk).output()
}

async fn fill(disk: &Path) {
    let world = World::new().await;
    assert!(world.registry.folder().starts_with(disk));
    let old = world.push_image("a", "1", "layer").await;
    let filler = disk.join("filler");
    fs::write(&filler, vec![0; 512 << 10]).unwrap();
    let (mut kept, mut refused) = (Vec::new(), 0);
    // Until not even a small file has room.
    for size in [60_000, 4_000, 1] {
        let blobs = (0..1000).map(|number| format!("{number:0>size$}").into_bytes());
        for bytes in blobs {
            let path = format!("a/blobs/uploads/?digest={}", Digest::of(&bytes));
            let answer = world.send("POST", &path, &[], bytes.clone()).await;
            if answer.status != 201 {
                answer.refused(507, "UNKNOWN");
                assert_eq!(world.status("GET", &format!("a/blobs/{}", Digest::of(&bytes))).await, 404);
                refused += 1;
                break;
            }
            kept.push(bytes);
        }
    }
    assert_eq!(refused, 3);
    let mut new = image("layer");
    new["annotations"] = json!({"new": "yes"});
    let new = new.to_string().into_bytes();
    for tag in ["1", "2"] {
        let answer = world.put_manifest(&format!("a/manifests/{tag}"), media_type::MANIFEST, new.clone()).await;
        answer.refused(507, "UNKNOWN");
    }
    let upload = world.send("POST", "a/blobs/uploads/", &[], "").await.location();
    world.send("PATCH", &upload, &[], vec![1; 100_000]).await.refused(507, "UNKNOWN");
    world.send("PATCH", &upload, &[], "x").await.refused(404, "BLOB_UPLOAD_UNKNOWN");
    assert_eq!(world.status("DELETE", &upload).await, 204);
    // What was there is there, what was refused is not, and nothing is left of it.
    assert_eq!(world.get("a/manifests/1").await.body, old);
    assert_eq!(world.status("GET", &format!("a/manifests/{}", Digest::of(&new))).await, 404);
    assert_eq!(world.get("a/tags/list").await.json()["tags"], json!(["1"]));
    for bytes in &kept {
        assert_eq!(world.get(&format!("a/blobs/{}", Digest::of(bytes))).await.body, *bytes);
    }
    assert_eq!(world.unfinished(), [""; 0]);
    // Once there is room again, all goes on.
    fs::remove_file(filler).unwrap();
    assert_eq!(world.put_manifest("a/manifests/2", media_type::MANIFEST, new.clone()).await.status, 201);
    assert_eq!(world.get("a/manifests/2").await.body, new);
}
