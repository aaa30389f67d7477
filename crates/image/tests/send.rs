//! Artifacts onto a registry.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use consign_image::{ImageError, Place};
use consign_oci::{Document, Index, Manifest, media_type};
use consign_registry::{Client, Options};
use consign_testkit::registry::TestRegistry;
use support::World;

#[tokio::test]
async fn only_artifacts_are_sent() {
    let (world, registry) = (World::new(), TestRegistry::start().await.unwrap());
    let client = Client::new(Options::default()).unwrap();
    let open = |reference: &str| Place::open(&reference.parse().unwrap(), &client, || Ok(world.store.clone())).unwrap();
    let place = open(&format!("{}/team/cache:main", registry.host()));
    let list = |index: &Index| Document::read(media_type::INDEX, serde_json::to_vec(index).unwrap()).unwrap();
    // An image would get there without the gate.
    let image = world.manifest("linux/amd64", "x");
    for refused in [&image, &world.index(&[&image])] {
        let sent = place.send_artifact(refused, &world.store).await;
        assert!(matches!(sent, Err(ImageError::NotLocal { .. })), "{sent:?}");
    }
    let mut index = Index::new(vec![image]);
    assert!(matches!(place.put_list(&list(&index)).await, Err(ImageError::NotLocal { .. })));
    assert_eq!(registry.writes(), 0);
    // What is no registry takes none.
    let config = world.put("text/config", b"{}");
    let mut manifest = Manifest::new(config, vec![world.put("text/plain", b"text")]);
    manifest.artifact_type = Some("text/artifact".to_owned());
    let artifact = world.document(media_type::MANIFEST, &manifest);
    let sent = open("store:name").send_artifact(&artifact, &world.store).await;
    assert!(matches!(sent, Err(ImageError::NoRegistry { .. })), "{sent:?}");

    place.send_artifact(&artifact, &world.store).await.unwrap();
    index.manifests = vec![artifact.clone()];
    index.artifact_type = manifest.artifact_type;
    place.put_list(&list(&index)).await.unwrap();
    let root = place.root().await.unwrap().unwrap();
    assert_eq!(place.document(&root).await.unwrap().children(), [&artifact]);
    assert_eq!(place.bytes(&manifest.layers[0], 4).await.unwrap(), b"text");
}
