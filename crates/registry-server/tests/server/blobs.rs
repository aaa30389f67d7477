//! Reading and deleting blobs.

use crate::world::World;
use consign_oci::Digest;

#[tokio::test]
async fn get_and_head() {
    let world = World::new().await;
    for bytes in [&b"hello"[..], b"", b"{}"] {
        let digest = world.push_blob("a", bytes).await;
        let path = format!("a/blobs/{digest}");
        for (method, body) in [("GET", bytes), ("HEAD", b"")] {
            let answer = world.send(method, &path, &[], "").await;
            assert_eq!((answer.status, answer.body.as_slice()), (200, body), "{method}");
            assert_eq!(answer.header("content-length"), bytes.len().to_string(), "{method}");
            assert_eq!(answer.header("docker-content-digest"), digest.to_string());
            assert_eq!(answer.header("content-type"), "application/octet-stream");
        }
    }
    let absent = format!("a/blobs/{}", Digest::of(b"absent"));
    world.get(&absent).await.refused(404, "BLOB_UNKNOWN");
    let answer = world.send("HEAD", &absent, &[], "").await;
    assert_eq!((answer.status, answer.body.len()), (404, 0));
    world.get("a/blobs/sha256:abc").await.refused(400, "DIGEST_INVALID");
}

#[tokio::test]
async fn ranges() {
    let world = World::new().await;
    let path = format!("a/blobs/{}", world.push_blob("a", b"0123456789").await);
    let empty = format!("a/blobs/{}", world.push_blob("a", b"").await);
    for (range, status, body, content_range) in [
        ("bytes=0-0", 206, "0", "bytes 0-0/10"),
        ("bytes=2-4", 206, "234", "bytes 2-4/10"),
        ("bytes=7-", 206, "789", "bytes 7-9/10"),
        ("bytes=-2", 206, "89", "bytes 8-9/10"),
        ("bytes=5-500", 206, "56789", "bytes 5-9/10"),
        ("bytes=0-1,4-5", 200, "0123456789", ""),
    ] {
        let answer = world.send("GET", &path, &[("range", range)], "").await;
        assert_eq!((answer.status, answer.body.as_slice()), (status, body.as_bytes()), "{range}");
        assert_eq!(answer.header("content-range"), content_range, "{range}");
        assert_eq!(answer.header("content-length"), body.len().to_string(), "{range}");
    }
    for (path, range, content_range) in [
        (&path, "bytes=10-", "bytes */10"),
        (&path, "bytes=500-0", "bytes */10"),
        (&path, "bytes=-0", "bytes */10"),
        (&empty, "bytes=0-0", "bytes */0"),
    ] {
        let answer = world.send("GET", path, &[("range", range)], "").await;
        answer.refused(416, "SIZE_INVALID");
        assert_eq!(answer.header("content-range"), content_range, "{range}");
    }
}

#[tokio::test]
async fn a_deleted_blob_is_gone_at_once_and_only_there() {
    let world = World::new().await;
    let digest = world.push_blob("a", b"hello").await;
    world.push_blob("b", b"hello").await;
    let path = format!("a/blobs/{digest}");
    assert_eq!(world.status("DELETE", &path).await, 202);
    for method in ["GET", "HEAD", "DELETE"] {
        assert_eq!(world.status(method, &path).await, 404, "{method}");
    }
    assert_eq!(world.get(&format!("b/blobs/{digest}")).await.body, b"hello");
    let mount = format!("c/blobs/uploads/?mount={digest}&from=a");
    assert_eq!(world.status("POST", &mount).await, 202);
    world.push_blob("a", b"hello").await;
    assert_eq!(world.get(&path).await.body, b"hello");
}

#[tokio::test]
async fn a_blob_is_only_where_it_was_pushed() {
    let world = World::new().await;
    let digest = world.push_blob("a", b"hello").await;
    for repository in ["b", "a/b", "b/a"] {
        assert_eq!(world.status("GET", &format!("{repository}/blobs/{digest}")).await, 404, "{repository}");
    }
    // A blob is no manifest, and a manifest is no blob.
    assert_eq!(world.status("GET", &format!("a/manifests/{digest}")).await, 404);
    let manifest = Digest::of(&world.push_image("a", "1", "x").await);
    assert_eq!(world.status("GET", &format!("a/blobs/{manifest}")).await, 404);
}
