//! Other people's clients.

use crate::world::World;
use consign_oci::Digest;
use consign_registry_server::WriteToken;
use consign_testkit::tools::peer;
use std::fs;
use std::path::Path;

/// Copies within a thread that may block, while the server answers.
async fn skopeo(arguments: Vec<String>) -> Result<String, String> {
    let run = move || peer("skopeo").unwrap().run(&arguments).map_err(|error| error.to_string());
    tokio::task::spawn_blocking(run).await.unwrap()
}

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// Writes an OCI layout with one image, tagged `1`, and returns its manifest.
fn layout(folder: &Path) -> Vec<u8> {
    use consign_oci::{Descriptor, annotation, media_type};
    let blobs = folder.join("blobs/sha256");
    fs::create_dir_all(&blobs).unwrap();
    let keep = |kind: &str, bytes: &[u8]| {
        fs::write(blobs.join(Digest::of(bytes).hex()), bytes).unwrap();
        Descriptor::of(kind, bytes)
    };
    let layer = vec![0; 10240];
    let config = serde_json::json!({
        "architecture": "amd64", "os": "linux", "config": {},
        "rootfs": {"type": "layers", "diff_ids": [Digest::of(&layer)]},
    });
    let manifest = serde_json::json!({
        "schemaVersion": 2,
        "mediaType": media_type::MANIFEST,
        "config": keep(media_type::CONFIG, config.to_string().as_bytes()),
        "layers": [keep(media_type::LAYER, &layer)],
    });
    let bytes = manifest.to_string().into_bytes();
    let mut entry = keep(media_type::MANIFEST, &bytes);
    entry.annotations.insert(annotation::REF_NAME.to_owned(), "1".to_owned());
    let index = serde_json::json!({"schemaVersion": 2, "mediaType": media_type::INDEX, "manifests": [entry]});
    fs::write(folder.join("index.json"), index.to_string()).unwrap();
    fs::write(folder.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
    bytes
}

#[tokio::test]
async fn skopeo_copies_in_and_out() {
    if peer("skopeo").is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let manifest = layout(&folder.path().join("in"));
    for token in [None, Some("run-token")] {
        let world = World::with(|options| options.write_token = token.and_then(WriteToken::new)).await;
        let host = world.registry.host();
        let from = format!("oci:{}:1", folder.path().join("in").display());
        let [one, two] = ["team/app:1", "team/copy:2"].map(|name| format!("docker://{host}/{name}"));
        let mut arguments = words(&[
            "copy",
            "--insecure-policy",
            "--preserve-digests",
            "--dest-tls-verify=false",
            "--src-tls-verify=false",
        ]);
        if token.is_some() {
            let refused = [arguments.clone(), vec![from.clone(), one.clone()]].concat();
            assert!(skopeo(refused).await.is_err());
            assert_eq!(world.status("GET", "team/app/tags/list").await, 404);
            arguments.push("--dest-creds=any:run-token".to_owned());
        }
        skopeo([arguments.clone(), vec![from, one.clone()]].concat()).await.unwrap();
        assert_eq!(world.get("team/app/manifests/1").await.body, manifest);
        skopeo([arguments, vec![one.clone(), two]].concat()).await.unwrap();
        assert_eq!(world.get("team/copy/manifests/2").await.body, manifest);
        let out = format!("oci:{}:1", folder.path().join(token.unwrap_or("out")).display());
        skopeo(
            [
                words(&["copy", "--insecure-policy", "--preserve-digests", "--src-tls-verify=false"]),
                vec![one.clone(), out],
            ]
            .concat(),
        )
        .await
        .unwrap();
        let copied = folder.path().join(token.unwrap_or("out")).join("blobs/sha256").join(Digest::of(&manifest).hex());
        assert_eq!(fs::read(copied).unwrap(), manifest);
        let raw = skopeo(vec!["inspect".into(), "--raw".into(), "--tls-verify=false".into(), one]).await.unwrap();
        assert_eq!(raw.as_bytes(), manifest);
        let listed = skopeo(vec!["list-tags".into(), "--tls-verify=false".into(), format!("docker://{host}/team/app")]);
        assert!(listed.await.unwrap().contains("\"1\""));
    }
}

#[tokio::test]
async fn skopeo_deletes() {
    if peer("skopeo").is_none() {
        return;
    }
    let world = World::new().await;
    let manifest = world.push_image("a", "1", "x").await;
    let reference = format!("docker://{}/a:1", world.registry.host());
    skopeo(vec!["delete".into(), "--tls-verify=false".into(), reference]).await.unwrap();
    assert_eq!(world.status("GET", &format!("a/manifests/{}", Digest::of(&manifest))).await, 404);
}
