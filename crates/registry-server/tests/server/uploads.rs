//! Every way to push a blob.

use crate::world::{World, sha512};
use consign_oci::Digest;
use futures::future::join_all;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

const OCTETS: (&str, &str) = ("content-type", "application/octet-stream");

async fn begin(world: &World, repository: &str) -> String {
    let answer = world.send("POST", &format!("{repository}/blobs/uploads/"), &[], "").await;
    assert_eq!(answer.status, 202);
    assert_eq!(answer.header("range"), "0-0");
    answer.location()
}

async fn has(world: &World, repository: &str, bytes: &[u8]) {
    let digest = Digest::of(bytes);
    let answer = world.get(&format!("{repository}/blobs/{digest}")).await;
    assert_eq!((answer.status, answer.body.as_slice()), (200, bytes));
    assert_eq!(answer.header("docker-content-digest"), digest.to_string());
}

#[tokio::test]
async fn post_then_put() {
    let world = World::new().await;
    for bytes in [&b"hello"[..], b"", b"{}"] {
        let (digest, location) = (Digest::of(bytes), begin(&world, "a/b").await);
        let answer = world.send("PUT", &format!("{location}?digest={digest}"), &[OCTETS], bytes.to_vec()).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        assert_eq!(answer.location(), format!("a/b/blobs/{digest}"));
        has(&world, "a/b", bytes).await;
        // It ended: nothing can be added, and nothing is left behind.
        assert_eq!(world.status("GET", &location).await, 404);
        assert_eq!(world.unfinished(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn one_post() {
    let world = World::new().await;
    let digest = Digest::of(b"hello");
    let answer = world.send("POST", &format!("a/blobs/uploads/?digest={digest}"), &[OCTETS], "hello").await;
    assert_eq!((answer.status, answer.location()), (201, format!("a/blobs/{digest}")));
    has(&world, "a", b"hello").await;
}

#[tokio::test]
async fn a_stream() {
    let world = World::new().await;
    let location = begin(&world, "a").await;
    let answer = world.send("PATCH", &location, &[OCTETS], "hello").await;
    assert_eq!((answer.status, answer.header("range")), (202, "0-4"));
    let path = format!("{}?digest={}", answer.location(), Digest::of(b"hello"));
    assert_eq!(world.status("PUT", &path).await, 201);
    has(&world, "a", b"hello").await;
}

#[tokio::test]
async fn chunks() {
    let world = World::new().await;
    let mut location = begin(&world, "a").await;
    for (range, piece, received) in [("0-4", "hello", "0-4"), ("5-5", " ", "0-5")] {
        let answer = world.send("PATCH", &location, &[OCTETS, ("content-range", range)], piece).await;
        assert_eq!((answer.status, answer.header("range")), (202, received));
        location = answer.location();
        let status = world.get(&location).await;
        assert_eq!((status.status, status.header("range")), (204, received));
        assert_eq!(status.location(), location);
    }
    // The last one may come with the end.
    let path = format!("{location}?digest={}", Digest::of(b"hello world"));
    let answer = world.send("PUT", &path, &[OCTETS, ("content-range", "6-10")], "world").await;
    assert_eq!(answer.status, 201, "{answer:?}");
    has(&world, "a", b"hello world").await;
}

#[tokio::test]
async fn chunks_out_of_order_change_nothing() {
    let world = World::new().await;
    let location = begin(&world, "a").await;
    assert_eq!(world.send("PATCH", &location, &[("content-range", "0-4")], "hello").await.status, 202);
    for (method, range) in [("PATCH", "0-4"), ("PATCH", "6-10"), ("PATCH", "x"), ("PATCH", "9-5"), ("PUT", "7-11")] {
        let path = match method {
            "PUT" => format!("{location}?digest={}", Digest::of(b"hello")),
            _ => location.clone(),
        };
        let answer = world.send(method, &path, &[("content-range", range)], "world").await;
        answer.refused(416, "BLOB_UPLOAD_INVALID");
        assert_eq!((answer.location(), answer.header("range")), (location.clone(), "0-4"), "{method} {range}");
    }
    // A body that is not as long as it says is taken back.
    for range in ["5-6", "5-100"] {
        world.send("PATCH", &location, &[("content-range", range)], "world").await.refused(400, "SIZE_INVALID");
        assert_eq!(world.get(&location).await.header("range"), "0-4");
    }
    assert_eq!(world.send("PATCH", &location, &[("content-range", "5-9")], "world").await.status, 202);
    assert_eq!(world.status("PUT", &format!("{location}?digest={}", Digest::of(b"helloworld"))).await, 201);
    has(&world, "a", b"helloworld").await;
}

#[tokio::test]
async fn a_wrong_digest_is_refused_on_every_path() {
    let world = World::new().await;
    let wrong = Digest::of(b"other");
    for digest in [wrong.to_string(), sha512(b"other").to_string(), "sha256:abc".to_owned(), "x".to_owned()] {
        let path = format!("a/blobs/uploads/?digest={digest}");
        world.send("POST", &path, &[OCTETS], "hello").await.refused(400, "DIGEST_INVALID");
        for (patched, put) in [("", "hello"), ("hello", ""), ("hel", "lo")] {
            let location = begin(&world, "a").await;
            if !patched.is_empty() {
                assert_eq!(world.send("PATCH", &location, &[OCTETS], patched).await.status, 202);
            }
            let path = format!("{location}?digest={digest}");
            world.send("PUT", &path, &[OCTETS], put).await.refused(400, "DIGEST_INVALID");
        }
    }
    let location = begin(&world, "a").await;
    world.send("PUT", &location, &[OCTETS], "hello").await.refused(400, "DIGEST_INVALID");
    for bytes in ["other", "hello"] {
        assert_eq!(world.status("HEAD", &format!("a/blobs/{}", Digest::of(bytes.as_bytes()))).await, 404);
    }
}

#[tokio::test]
async fn an_upload_is_cancelled() {
    let world = World::new().await;
    let location = begin(&world, "a").await;
    assert_eq!(world.send("PATCH", &location, &[], "hello").await.status, 202);
    assert_eq!(world.status("DELETE", &location).await, 204);
    for method in ["GET", "PATCH", "DELETE"] {
        world.send(method, &location, &[], "").await.refused(404, "BLOB_UPLOAD_UNKNOWN");
    }
    let path = format!("{location}?digest={}", Digest::of(b"hello"));
    world.send("PUT", &path, &[], "").await.refused(404, "BLOB_UPLOAD_UNKNOWN");
    assert_eq!(world.unfinished(), Vec::<String>::new());
}

#[tokio::test]
async fn an_upload_belongs_to_its_repository() {
    let world = World::new().await;
    let other = begin(&world, "a").await.replacen("a/", "b/", 1);
    for method in ["GET", "PATCH", "DELETE"] {
        world.send(method, &other, &[], "").await.refused(404, "BLOB_UPLOAD_UNKNOWN");
    }
    assert_eq!(world.status("GET", "a/blobs/uploads/00000000000000000000000000000000").await, 404);
}

#[tokio::test]
async fn mounts() {
    let world = World::new().await;
    let digest = world.push_blob("source", b"hello").await;
    for (into, query) in [("b", format!("mount={digest}&from=source")), ("c", format!("mount={digest}"))] {
        let answer = world.send("POST", &format!("{into}/blobs/uploads/?{query}"), &[], "").await;
        assert_eq!((answer.status, answer.location()), (201, format!("{into}/blobs/{digest}")));
        has(&world, into, b"hello").await;
    }
    // What cannot be mounted is an upload that has begun.
    let absent = Digest::of(b"absent");
    for query in [
        format!("mount={absent}&from=source"),
        format!("mount={absent}"),
        format!("mount={digest}&from=nowhere"),
        format!("mount={digest}&from=../source"),
        format!("mount={digest}&from="),
    ] {
        let answer = world.send("POST", &format!("d/blobs/uploads/?{query}"), &[], "").await;
        assert_eq!(answer.status, 202, "{query}");
        assert_eq!(world.status("HEAD", &format!("d/blobs/{digest}")).await, 404, "{query}");
    }
    let answer = world.send("POST", &format!("d/blobs/uploads/?mount={absent}&from=source"), &[], "").await;
    assert_eq!(world.send("PUT", &format!("{}?digest={absent}", answer.location()), &[], "absent").await.status, 201);
    has(&world, "d", b"absent").await;
    world.send("POST", "d/blobs/uploads/?mount=sha256:x&from=source", &[], "").await.refused(400, "DIGEST_INVALID");
}

#[tokio::test]
async fn sha512_blobs() {
    let world = World::new().await;
    let digest = sha512(b"hello");
    for (repository, start) in [("a", "a/blobs/uploads/"), ("b", "b/blobs/uploads/?digest-algorithm=sha512")] {
        let location = world.send("POST", start, &[], "").await.location();
        let answer = world.send("PUT", &format!("{location}?digest={digest}"), &[OCTETS], "hello").await;
        assert_eq!((answer.status, answer.header("docker-content-digest")), (201, digest.to_string().as_str()));
        assert_eq!(world.get(&format!("{repository}/blobs/{digest}")).await.body, b"hello");
    }
    let answer = world.send("POST", &format!("c/blobs/uploads/?digest={digest}"), &[OCTETS], "hello").await;
    assert_eq!((answer.status, answer.location()), (201, format!("c/blobs/{digest}")));
}

#[tokio::test]
async fn the_same_blob_at_once() {
    let world = World::new().await;
    let bytes: Vec<u8> = (0..300_000_u32).flat_map(u32::to_le_bytes).collect();
    join_all((0..12).map(|number| {
        let (world, bytes) = (&world, &bytes);
        async move {
            let repository = if number % 2 == 0 { "a" } else { "b" };
            if number % 3 == 0 {
                world.push_blob(repository, bytes).await;
            } else {
                let location = begin(world, repository).await;
                let path = format!("{location}?digest={}", Digest::of(bytes));
                assert_eq!(world.send("PUT", &path, &[OCTETS], bytes.clone()).await.status, 201);
            }
            has(world, repository, bytes).await;
        }
    }))
    .await;
    assert_eq!(std::fs::read_dir(world.registry.folder().join("blobs/sha256")).unwrap().count(), 1);
    assert_eq!(world.unfinished(), Vec::<String>::new());
}

#[tokio::test]
async fn an_upload_goes_on_after_the_connection_broke() {
    let world = World::new().await;
    let bytes: Vec<u8> = (0..250_000_u32).flat_map(u32::to_le_bytes).collect();
    let (sent, rest) = bytes.split_at(600_000);
    let location = begin(&world, "a").await;
    let mut stream = TcpStream::connect(world.registry.host()).await.unwrap();
    let head = format!("PATCH /v2/{location} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", bytes.len());
    stream.write_all(head.as_bytes()).await.unwrap();
    stream.write_all(sent).await.unwrap();
    stream.shutdown().await.unwrap();
    // The server reads on its own; how far it came is what it says.
    let mut size = 0;
    for _ in 0..500 {
        let range = world.get(&location).await.header("range").to_owned();
        size = range.strip_prefix("0-").unwrap().parse::<usize>().unwrap() + 1;
        if size == sent.len() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert_eq!(size, sent.len());
    let range = format!("{size}-{}", bytes.len() - 1);
    let path = format!("{location}?digest={}", Digest::of(&bytes));
    let answer = world.send("PUT", &path, &[OCTETS, ("content-range", &range)], rest.to_vec()).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    has(&world, "a", &bytes).await;
}

#[tokio::test]
async fn abandoned_uploads_are_bounded() {
    let world = World::new().await;
    let mut statuses = Vec::new();
    for _ in 0..1001 {
        statuses.push(world.status("POST", "a/blobs/uploads/").await);
    }
    assert_eq!(statuses.iter().filter(|status| **status == 202).count(), 1000);
    assert_eq!(statuses.last(), Some(&429));
}
