//! Pushing, reading and deleting manifests.

use crate::world::{World, image, sha512};
use consign_oci::{Descriptor, Digest, media_type};
use consign_receipt::{Admission, AdmissionRequest, Refusal};
use serde_json::{Value, json};
use std::sync::Arc;

#[tokio::test]
async fn by_tag_and_by_digest() {
    let world = World::new().await;
    let manifest = world.push_image("a/b", "1.0", "x").await;
    let digest = Digest::of(&manifest);
    let answer = world.put_manifest(&format!("a/b/manifests/{digest}"), media_type::MANIFEST, manifest.clone()).await;
    assert_eq!((answer.status, answer.location()), (201, format!("a/b/manifests/{digest}")));
    assert_eq!(answer.header("docker-content-digest"), digest.to_string());
    assert_eq!(answer.header("oci-subject"), "");
    for target in ["1.0", &digest.to_string()] {
        for (method, body) in [("GET", manifest.as_slice()), ("HEAD", b"")] {
            let answer = world.send(method, &format!("a/b/manifests/{target}"), &[], "").await;
            assert_eq!((answer.status, answer.body.as_slice()), (200, body), "{method} {target}");
            assert_eq!(answer.header("content-type"), media_type::MANIFEST);
            assert_eq!(answer.header("content-length"), manifest.len().to_string());
            assert_eq!(answer.header("docker-content-digest"), digest.to_string());
        }
    }
    let known = format!("\"{digest}\"");
    let answer = world.send("GET", "a/b/manifests/1.0", &[("if-none-match", &known)], "").await;
    assert_eq!((answer.status, answer.body.len()), (304, 0));
    for target in ["2.0", &Digest::of(b"").to_string()] {
        world.get(&format!("a/b/manifests/{target}")).await.refused(404, "MANIFEST_UNKNOWN");
        world.get(&format!("a/manifests/{target}")).await.refused(404, "MANIFEST_UNKNOWN");
    }
}

#[tokio::test]
async fn manifests_are_kept_byte_for_byte() {
    let world = World::new().await;
    let first = world.push_image("a", "first", "x").await;
    let listed = Descriptor::of(media_type::MANIFEST, &first);
    let foreign = |media_type| json!({"mediaType": media_type, "digest": Digest::of(b"elsewhere"), "size": 9});
    let with = |key: &str, value: Value| {
        let mut image = image("x");
        image[key] = value;
        image.to_string()
    };
    let nested = json!({"schemaVersion": 2, "mediaType": media_type::INDEX, "manifests": [listed]}).to_string();
    world.put_manifest("a/manifests/nested", media_type::INDEX, nested.clone()).await;
    let above =
        json!({"schemaVersion": 2, "manifests": [Descriptor::of(media_type::INDEX, nested.as_bytes())]}).to_string();
    let data = json!({"mediaType": media_type::EMPTY, "digest": Digest::of(b"{}"), "size": 2, "data": "e30="});
    for (number, (kind, text)) in [
        (media_type::MANIFEST, with("org.example.custom", json!({"b": [1, 2.50, null], "a": "ü"}))),
        (media_type::MANIFEST, format!("{:#}\n\n", image("x"))),
        (media_type::MANIFEST, with("config", data)),
        (media_type::MANIFEST, with("artifactType", json!("application/vnd.example"))),
        (media_type::MANIFEST, with("layers", json!([]))),
        (
            media_type::MANIFEST,
            with("layers", json!([foreign("application/vnd.oci.image.layer.nondistributable.v1.tar")])),
        ),
        (
            media_type::MANIFEST,
            with("layers", json!([foreign("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip")])),
        ),
        (media_type::MANIFEST, with("subject", serde_json::to_value(Descriptor::of("x/y", b"never pushed")).unwrap())),
        (media_type::INDEX, r#"{"schemaVersion":2,"manifests":[]}"#.to_owned()),
        (media_type::INDEX, nested),
        (media_type::INDEX, above),
        (media_type::DOCKER_MANIFEST, with("mediaType", json!(media_type::DOCKER_MANIFEST))),
        (
            media_type::DOCKER_INDEX,
            json!({"schemaVersion": 2, "mediaType": media_type::DOCKER_INDEX, "manifests": [listed]}).to_string(),
        ),
    ]
    .into_iter()
    .enumerate()
    {
        for target in [format!("tag{number}"), Digest::of(text.as_bytes()).to_string()] {
            let path = format!("a/manifests/{target}");
            let answer = world.put_manifest(&path, kind, text.clone()).await;
            assert_eq!(answer.status, 201, "{text}: {answer:?}");
            let answer = world.get(&path).await;
            assert_eq!((answer.header("content-type"), answer.body.as_slice()), (kind, text.as_bytes()));
        }
    }
}

#[tokio::test]
async fn what_is_wrong_is_refused() {
    let world = World::new().await;
    world.push_blob("a", b"{}").await;
    world.push_blob("a", b"x").await;
    let (good, kind) = (image("x").to_string(), media_type::MANIFEST);
    let put = async |target: &str, kind: &str, text: &str| {
        world.put_manifest(&format!("a/manifests/{target}"), kind, text).await
    };
    for digest in [Digest::of(b"other").to_string(), sha512(b"other").to_string(), "sha256:abc".into(), "x:y".into()] {
        put(&digest, kind, &good).await.refused(400, "DIGEST_INVALID");
    }
    for tag in [".x", "-x", "a b", &"x".repeat(129)] {
        put(tag, kind, &good).await.refused(400, "MANIFEST_INVALID");
    }
    let wrong_digest = good.replace(&Digest::of(b"{}").to_string(), "sha256:../../../../etc/passwd");
    for (kind, text) in [
        (kind, ""),
        (kind, "null"),
        (kind, "[]"),
        (kind, &good[1..]),
        (kind, r#"{"schemaVersion":2}"#),
        (kind, r#"{"schemaVersion":2,"manifests":[]}"#),
        (kind, &good.replace("\"schemaVersion\":2", "\"schemaVersion\":1")),
        (kind, &wrong_digest),
        (kind, &"[".repeat(100_000)),
        (media_type::INDEX, good.as_str()),
        ("application/json", good.as_str()),
        ("application/vnd.docker.distribution.manifest.v1+prettyjws", good.as_str()),
    ] {
        put("1", kind, text).await.refused(400, "MANIFEST_INVALID");
    }
    assert_eq!(world.get("a/tags/list").await.json()["tags"], json!([]));
    assert_eq!(put("1", kind, &good).await.status, 201);
}

#[tokio::test]
async fn every_missing_part_is_named() {
    let world = World::new().await;
    world.push_blob("a", b"{}").await;
    world.push_blob("other", b"two").await;
    let layers = ["one", "two", "one"].map(|text| Descriptor::of("text/plain", text.as_bytes()));
    let manifest = json!({"schemaVersion": 2, "config": Descriptor::empty(), "layers": layers}).to_string();
    let answer = world.put_manifest("a/manifests/1", media_type::MANIFEST, manifest).await;
    assert_eq!((answer.status, answer.codes()), (400, vec!["MANIFEST_BLOB_UNKNOWN".to_owned(); 2]));
    let named = |number: usize| answer.json()["errors"][number]["detail"]["digest"].as_str().unwrap().to_owned();
    assert_eq!([named(0), named(1)], ["one", "two"].map(|text| Digest::of(text.as_bytes()).to_string()));
    let index = json!({"schemaVersion": 2, "manifests": [Descriptor::of(media_type::MANIFEST, b"absent")]}).to_string();
    let answer = world.put_manifest("a/manifests/1", media_type::INDEX, index).await;
    answer.refused(400, "MANIFEST_BLOB_UNKNOWN");
    assert_eq!(world.status("GET", "a/manifests/1").await, 404);
}

#[tokio::test]
async fn large_manifests() {
    let world = World::new().await;
    world.push_blob("a", b"{}").await;
    world.push_blob("a", b"x").await;
    let mut large = image("x");
    large["annotations"] = (0..390).map(|number| (format!("key{number}"), json!("v".repeat(10_000)))).collect();
    let limit = 4 * 1024 * 1024;
    let text = large.to_string();
    assert!(text.len() > 3_900_000 && text.len() < limit);
    // Spaces at the end are part of the bytes.
    let padded = |length: usize| text.clone() + &" ".repeat(length - text.len());
    for length in [text.len(), limit] {
        let padded = padded(length);
        assert_eq!(world.put_manifest("a/manifests/large", media_type::MANIFEST, padded.clone()).await.status, 201);
        assert_eq!(world.get("a/manifests/large").await.body, padded.as_bytes());
    }
    let answer = world.put_manifest("a/manifests/large", media_type::MANIFEST, padded(limit + 1)).await;
    answer.refused(413, "SIZE_INVALID");
}

#[tokio::test]
async fn deleting() {
    let world = World::new().await;
    let manifest = world.push_image("a", "1", "x").await;
    world.push_image("a", "2", "x").await;
    world.push_image("a", "other", "y").await;
    let by_digest = format!("a/manifests/{}", Digest::of(&manifest));
    assert_eq!(world.status("DELETE", "a/manifests/1").await, 202);
    for method in ["GET", "HEAD", "DELETE"] {
        assert_eq!(world.status(method, "a/manifests/1").await, 404, "{method}");
    }
    assert_eq!(world.get("a/manifests/2").await.body, manifest);
    assert_eq!(world.get(&by_digest).await.body, manifest);
    assert_eq!(world.status("DELETE", &by_digest).await, 202);
    for path in [by_digest.as_str(), "a/manifests/2"] {
        for method in ["GET", "HEAD", "DELETE"] {
            assert_eq!(world.status(method, path).await, 404, "{method} {path}");
        }
    }
    assert_eq!(world.get("a/tags/list").await.json()["tags"], json!(["other"]));
    // Its parts are still there, so that it may come again.
    assert_eq!(world.put_manifest(&by_digest, media_type::MANIFEST, manifest.clone()).await.status, 201);
    assert_eq!(world.get(&by_digest).await.body, manifest);
    assert_eq!(world.status("GET", "a/manifests/2").await, 404);
}

#[tokio::test]
async fn sha512_manifests() {
    let world = World::new().await;
    let manifest = world.push_image("a", "1", "x").await;
    let path = format!("a/manifests/{}", sha512(&manifest));
    let answer = world.put_manifest(&path, media_type::MANIFEST, manifest.clone()).await;
    assert_eq!((answer.status, answer.header("docker-content-digest")), (201, sha512(&manifest).to_string().as_str()));
    let answer = world.get(&path).await;
    assert_eq!((answer.body.as_slice(), answer.header("docker-content-digest")), (&manifest[..], &path[12..]));
}

#[tokio::test]
async fn the_media_type_may_stand_in_the_manifest_only() {
    let world = World::new().await;
    world.push_blob("a", b"{}").await;
    world.push_blob("a", b"x").await;
    assert_eq!(world.send("PUT", "a/manifests/1", &[], image("x").to_string()).await.status, 201);
    assert_eq!(world.get("a/manifests/1").await.header("content-type"), media_type::MANIFEST);
}

struct Bouncer;

impl Admission for Bouncer {
    fn admit(&self, request: &AdmissionRequest<'_>) -> Result<(), Refusal> {
        assert!(request.digest.matches(request.bytes));
        let (repository, target) = (request.repository, request.target.to_string());
        match target.as_str() {
            "open" => Ok(()),
            _ => Err(Refusal { reason: format!("{repository}:{target} is not on the list") }),
        }
    }
}

#[tokio::test]
async fn admission_decides() {
    let world = World::with(|options| options.admission = Arc::new(Bouncer)).await;
    let manifest = world.push_image("a", "open", "x").await;
    let other = image("x").to_string() + " ";
    let answer = world.put_manifest("a/manifests/closed", media_type::MANIFEST, other.clone()).await;
    answer.refused(403, "DENIED");
    assert_eq!(answer.json()["errors"][0]["message"], "a:closed is not on the list");
    for target in ["closed".to_owned(), Digest::of(other.as_bytes()).to_string()] {
        assert_eq!(world.status("GET", &format!("a/manifests/{target}")).await, 404);
    }
    assert_eq!(world.get("a/manifests/open").await.body, manifest);
}
