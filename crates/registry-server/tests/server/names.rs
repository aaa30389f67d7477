//! Paths that attackers and mistakes make.

use crate::world::World;
use consign_oci::Digest;

#[tokio::test]
async fn hostile_paths_reach_nothing() {
    let world = World::new().await;
    world.push_image("a", "1", "x").await;
    let folder = world.registry.folder();
    let digest = Digest::of(b"x");
    let long = "x".repeat(256);
    let deep = "a/".repeat(5000);
    for path in [
        "/".to_owned(),
        "/v1/".to_owned(),
        "/v2/../../../etc/passwd".to_owned(),
        "/v2/../tags/list".to_owned(),
        "/v2/a/../a/tags/list".to_owned(),
        "/v2/a/./tags/list".to_owned(),
        "/v2/a//tags/list".to_owned(),
        "/v2//a/tags/list".to_owned(),
        "/v2/%2e%2e/%2e%2e/tags/list".to_owned(),
        "/v2/a%2f..%2f..%2fa/tags/list".to_owned(),
        "/v2/..%2fa/tags/list".to_owned(),
        "/v2/A/tags/list".to_owned(),
        "/v2/a%00/tags/list".to_owned(),
        "/v2/a%0d%0ax/tags/list".to_owned(),
        "/v2/a/_tags/tags/list".to_owned(),
        "/v2/a%ff/tags/list".to_owned(),
        format!("/v2/{long}/tags/list"),
        format!("/v2/{deep}tags/list"),
        "/v2/a/manifests/..".to_owned(),
        "/v2/a/manifests/%2e%2e%2fconsign-secret".to_owned(),
        "/v2/a/manifests/sha256:..%2f..%2fx".to_owned(),
        format!("/v2/a/blobs/sha256:{}", "../".repeat(10)),
        "/v2/a/blobs/sha256:../../../../consign-secret".to_owned(),
        "/v2/a/blobs/uploads/../../x".to_owned(),
        "/v2/a/blobs/uploads/%2e%2e%2f%2e%2e".to_owned(),
        format!("/v2/a/referrers/..%2f{digest}"),
        "/v2/_blobs/tags/list".to_owned(),
        "/v2/a/b/c/d".to_owned(),
    ] {
        let status = world.raw(&format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).await;
        assert!(matches!(status, 400 | 404 | 414), "{path}: {status}");
        for method in ["PUT", "POST", "DELETE", "PATCH"] {
            let request =
                format!("{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{{}}");
            let status = world.raw(&request).await;
            assert!((400..500).contains(&status), "{method} {path}: {status}");
        }
    }
    let repositories: Vec<_> =
        std::fs::read_dir(folder.join("repositories")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(repositories, ["a"]);
}

#[tokio::test]
async fn refusals_say_why() {
    let world = World::new().await;
    world.get("A/tags/list").await.refused(400, "NAME_INVALID");
    world.get(&format!("{}/tags/list", "x".repeat(256))).await.refused(400, "NAME_INVALID");
    world.get("a/blobs/sha256:x").await.refused(400, "DIGEST_INVALID");
    world.get("a/manifests/sha256:x").await.refused(400, "DIGEST_INVALID");
    world.get("a/manifests/.x").await.refused(404, "MANIFEST_UNKNOWN");
    world.get("a/other").await.refused(404, "UNSUPPORTED");
    for (method, path) in
        [("PUT", ""), ("POST", "a/tags/list"), ("GET", "a/blobs/uploads/"), ("PATCH", "a/manifests/1")]
    {
        world.send(method, path, &[], "").await.refused(405, "UNSUPPORTED");
    }
    let longest = "x".repeat(255);
    world.push_image(&longest, &"t".repeat(128), "x").await;
    assert_eq!(world.status("GET", &format!("{longest}/manifests/{}", "t".repeat(128))).await, 200);
}
