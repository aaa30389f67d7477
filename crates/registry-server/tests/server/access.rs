//! Who may do what, and what is told of it.

use crate::world::World;
use consign_oci::{Digest, media_type};
use consign_registry_server::{Options, Server, ServerError, WriteToken};

const TOKEN: &str = "s3cret-token";

/// Every request that would change something: method and path.
fn writes(digest: &Digest) -> Vec<(&'static str, String)> {
    vec![
        ("POST", "a/blobs/uploads/".to_owned()),
        ("POST", format!("a/blobs/uploads/?digest={digest}")),
        ("POST", format!("b/blobs/uploads/?mount={digest}&from=a")),
        ("PATCH", "a/blobs/uploads/1".to_owned()),
        ("PUT", format!("a/blobs/uploads/1?digest={digest}")),
        ("DELETE", "a/blobs/uploads/1".to_owned()),
        ("PUT", "a/manifests/1".to_owned()),
        ("DELETE", "a/manifests/1".to_owned()),
        ("DELETE", format!("a/blobs/{digest}")),
    ]
}

#[tokio::test]
async fn writing_needs_the_token_and_reading_does_not() {
    let world = World::with(|options| options.write_token = WriteToken::new(TOKEN)).await;
    let digest = Digest::of(b"hello");
    let push = format!("a/blobs/uploads/?digest={digest}");
    // "any:s3cret-token" and ":s3cret-token" in base64.
    for authorization in
        ["Bearer s3cret-token", "bearer s3cret-token", "Basic YW55OnMzY3JldC10b2tlbg==", "Basic OnMzY3JldC10b2tlbg=="]
    {
        let answer = world.send("POST", &push, &[("authorization", authorization)], "hello").await;
        assert_eq!(answer.status, 201, "{authorization}");
    }
    // The last one is "s3cret-token:any" in base64.
    for authorization in [
        "",
        "Bearer",
        "Bearer ",
        "Bearer s3cret-toke",
        "Bearer s3cret-tokenn",
        "Bearer S3CRET-TOKEN",
        "Digest s3cret-token",
        "Basic %%%",
        "Basic czNjcmV0LXRva2VuOmFueQ==",
    ] {
        for (method, path) in writes(&digest) {
            let answer = world.send(method, &path, &[("authorization", authorization)], "").await;
            answer.refused(401, "UNAUTHORIZED");
            assert_eq!(answer.header("www-authenticate"), "Basic realm=\"consign\"");
            assert!(!String::from_utf8_lossy(&answer.body).contains(TOKEN));
        }
    }
    for path in ["a/tags/list".to_owned(), format!("a/blobs/{digest}"), format!("a/referrers/{digest}")] {
        assert_eq!(world.status("GET", &path).await, 200, "{path}");
    }
    let ping = world.get("").await;
    assert_eq!((ping.status, ping.header("www-authenticate")), (200, "Basic realm=\"consign\""));
}

#[tokio::test]
async fn nobody_writes_to_what_is_read_only() {
    for token in [None, WriteToken::new(TOKEN)] {
        let world = World::with(|options| {
            options.write_token = token;
            options.read_only = true;
        })
        .await;
        let digest = Digest::of(b"hello");
        for (method, path) in writes(&digest) {
            let headers = [("authorization", "Bearer s3cret-token"), ("content-type", media_type::INDEX)];
            let answer = world.send(method, &path, &headers, "hello").await;
            answer.refused(403, "DENIED");
        }
        assert_eq!(world.status("GET", "").await, 200);
        assert_eq!(std::fs::read_dir(world.registry.folder()).unwrap().count(), 0);
    }
}

#[test]
fn the_token_is_never_shown() {
    assert!(WriteToken::new("").is_none());
    assert_eq!(format!("{:?}", WriteToken::new(TOKEN).unwrap()), "WriteToken");
}

#[tokio::test]
async fn ping() {
    let world = World::new().await;
    for path in ["", "?x=y"] {
        let answer = world.get(path).await;
        assert_eq!((answer.status, answer.header("docker-distribution-api-version")), (200, "registry/2.0"));
        assert_eq!(answer.header("www-authenticate"), "");
    }
    assert_eq!(world.raw("GET /v2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await, 200);
    assert_eq!(world.raw("HEAD /v2/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").await, 200);
}

#[tokio::test]
async fn each_answer_is_told() {
    let world = World::new().await;
    world.push_image("a", "1", "x").await;
    world.get("a/manifests/2").await;
    world.get("a/tags/list?n=5").await;
    let lines: Vec<String> = world.registry.lines().into_iter().filter(|line| !line.contains("uploads")).collect();
    assert_eq!(lines, ["PUT /v2/a/manifests/1 201", "GET /v2/a/manifests/2 404", "GET /v2/a/tags/list?n=5 200"]);
    assert_eq!((world.registry.requests(), world.registry.writes()), (5, 3));
    let bytes = world.get("a/manifests/1").await.body.len() as u64;
    assert_eq!(world.registry.records().last().map(|record| record.bytes), Some(bytes));
}

#[tokio::test]
async fn only_this_machine_is_served_unless_others_may() {
    let folder = tempfile::tempdir().unwrap();
    for address in ["0.0.0.0:0", "[::]:0", "[::ffff:8.8.8.8]:0"] {
        let refused = Server::bind(address.parse().unwrap(), Options::new(folder.path())).await;
        assert!(matches!(refused, Err(ServerError::Remote { .. })), "{address}");
    }
    let allowed = Options { allow_remote: true, ..Options::new(folder.path()) };
    let server = Server::bind("0.0.0.0:0".parse().unwrap(), allowed).await.unwrap();
    let other = tempfile::tempdir().unwrap();
    let taken = Server::bind(server.address(), Options { allow_remote: true, ..Options::new(other.path()) }).await;
    assert!(matches!(taken, Err(ServerError::Listen { .. })));
}
