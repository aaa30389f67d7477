//! Blobs that a registry is asked to take from one of its repositories.

use crate::blobs::{BEGUN, HAS, HAS_NOT, MOUNTED, SENT, SMALL, WHOLE, brought, by};
use crate::world::{BLOB, LARGE, World, always, answer, push};
use consign_registry::{Pushed, RegistryError};
use consign_testkit::registry::Fault;

const SIBLING_MOUNTED: &str = "POST blobs/uploads/?mount=DIGEST&from=base 201";
const SIBLING_BEGUN: &str = "POST blobs/uploads/?mount=DIGEST&from=base 202";
/// What a registry that knows no mounts is asked instead.
const PLAIN: &str = "POST blobs/uploads/ 202";
/// How a registry refuses a form of request that it does not know.
const UNKNOWN_FORM: [u16; 7] = [400, 404, 405, 411, 413, 415, 501];

#[tokio::test]
async fn a_blob_that_a_sibling_has_is_mounted() {
    for bytes in [SMALL, BLOB, LARGE] {
        let world = World::new().await;
        let sibling = world.registry.repository("base").unwrap();
        push(&world.client, &sibling, bytes, None).await.unwrap();
        assert_eq!(brought(&world, bytes, Some(&sibling)).await, by(Pushed::Mounted, &[SIBLING_MOUNTED]));
    }
}

#[tokio::test]
async fn a_mount_that_is_refused_is_an_upload_that_began() {
    for (bytes, absent, there, found) in [
        (SMALL, &[SIBLING_BEGUN, SENT][..], &[SIBLING_BEGUN, SENT][..], Pushed::Uploaded),
        (BLOB, &[SIBLING_BEGUN, SENT], &[SIBLING_BEGUN, SENT], Pushed::Uploaded),
        (LARGE, &[SIBLING_BEGUN, HAS_NOT, SENT], &[SIBLING_BEGUN, HAS], Pushed::Existed),
    ] {
        let world = World::new().await;
        let sibling = world.registry.repository("base").unwrap();
        assert_eq!(brought(&world, bytes, Some(&sibling)).await, by(Pushed::Uploaded, absent));
        assert_eq!(brought(&world, bytes, Some(&sibling)).await, by(found, there));
    }
}

#[tokio::test]
async fn a_sibling_on_another_registry_is_never_asked() {
    for (bytes, asked) in [(SMALL, &[WHOLE][..]), (BLOB, &[BEGUN, SENT]), (LARGE, &[HAS_NOT, BEGUN, SENT])] {
        let (world, elsewhere) = (World::new().await, World::new().await);
        let sibling = elsewhere.registry.repository("base").unwrap();
        push(&world.client, &sibling, bytes, None).await.unwrap();
        elsewhere.asked();
        assert_eq!(brought(&world, bytes, Some(&sibling)).await, by(Pushed::Uploaded, asked));
        assert!(elsewhere.asked().is_empty());
    }
}

#[tokio::test]
async fn a_registry_that_mounts_is_only_asked_to_mount() {
    for mounted in [false, true] {
        let world = World::new().await;
        let sibling = world.registry.repository("base").unwrap();
        push(&world.client, &sibling, BLOB, None).await.unwrap();
        // Either tells.
        let (into, from) = if mounted { (&world.repository, Some(&sibling)) } else { (&sibling, None) };
        assert_ne!(push(&world.client, into, BLOB, from).await.unwrap(), Pushed::Uploaded);
        assert_eq!(brought(&world, LARGE, None).await, by(Pushed::Uploaded, &[BEGUN, SENT]));
        assert_eq!(brought(&world, LARGE, None).await, by(Pushed::Existed, &[MOUNTED]));
        // Another registry did not say so.
        let elsewhere = World { client: world.client.clone(), ..World::new().await };
        assert_eq!(brought(&elsewhere, LARGE, None).await, by(Pushed::Uploaded, &[HAS_NOT, BEGUN, SENT]));
    }
}

/// Whether a request asks for a mount.
fn asks_for_mount(method: &str, path: &str) -> bool {
    method == "POST" && path.contains("/blobs/uploads/?mount=")
}

/// Makes a registry that refuses mounts in this way.
async fn refusing(status: u16) -> World {
    let world = World::new().await;
    always(&world.registry, asks_for_mount, move || answer(status, &[], ""));
    world
}

fn refused(status: u16) -> String {
    format!("POST blobs/uploads/?mount=DIGEST&from=team%2Fapp {status}")
}

#[tokio::test]
async fn a_registry_that_knows_no_mounts_is_not_asked_for_another() {
    for status in UNKNOWN_FORM {
        let world = refusing(status).await;
        let other = &[&BLOB[1..], b"!"].concat().leak()[..];
        assert_eq!(brought(&world, BLOB, None).await, by(Pushed::Uploaded, &[&refused(status), PLAIN, SENT]));
        for bytes in [other, LARGE] {
            assert_eq!(brought(&world, bytes, None).await, by(Pushed::Uploaded, &[HAS_NOT, PLAIN, SENT]));
            assert_eq!(brought(&world, bytes, None).await, by(Pushed::Existed, &[HAS]));
        }
        // Small ones are sent as they always are.
        assert_eq!(brought(&world, SMALL, None).await, by(Pushed::Uploaded, &[WHOLE]));
        // Another registry did not say so.
        let elsewhere = World { client: world.client.clone(), ..World::new().await };
        assert_eq!(brought(&elsewhere, BLOB, None).await, by(Pushed::Uploaded, &[BEGUN, SENT]));
    }
}

#[tokio::test]
async fn a_large_blob_is_asked_for_before_a_mount_is_refused() {
    let world = refusing(405).await;
    let asked: &[&str] = &[HAS_NOT, &refused(405), PLAIN, SENT];
    assert_eq!(brought(&world, LARGE, None).await, by(Pushed::Uploaded, asked));
}

#[tokio::test]
async fn siblings_are_of_no_use_to_a_registry_that_knows_no_mounts() {
    let world = refusing(404).await;
    let sibling = world.registry.repository("base").unwrap();
    for bytes in [SMALL, BLOB, LARGE] {
        push(&world.client, &sibling, bytes, None).await.unwrap();
    }
    for (bytes, asked) in [(SMALL, &[WHOLE][..]), (BLOB, &[HAS_NOT, PLAIN, SENT]), (LARGE, &[HAS_NOT, PLAIN, SENT])] {
        assert_eq!(brought(&world, bytes, Some(&sibling)).await, by(Pushed::Uploaded, asked));
    }
    // The first of them may be one that a sibling has.
    let world = refusing(404).await;
    let refused = refused(404).replace("team%2Fapp", "base");
    let sibling = world.registry.repository("base").unwrap();
    assert_eq!(brought(&world, SMALL, Some(&sibling)).await, by(Pushed::Uploaded, &[&refused, PLAIN, SENT]));
    assert_eq!(brought(&world, BLOB, Some(&sibling)).await, by(Pushed::Uploaded, &[HAS_NOT, PLAIN, SENT]));
}

#[tokio::test]
async fn a_registry_that_knows_neither_mounts_nor_whole_blobs() {
    for status in UNKNOWN_FORM {
        let world = World::new().await;
        always(&world.registry, |_, path| path.contains("/blobs/uploads/?"), move || answer(status, &[], ""));
        let whole = WHOLE.replace("201", &status.to_string());
        let asked: &[&str] = &[&whole, &refused(status), PLAIN, SENT];
        assert_eq!(brought(&world, b"hello", None).await, by(Pushed::Uploaded, asked));
        assert_eq!(brought(&world, b"again", None).await, by(Pushed::Uploaded, &[HAS_NOT, PLAIN, SENT]));
    }
}

#[tokio::test]
async fn a_registry_that_refuses_every_upload_says_nothing_about_mounts() {
    for status in UNKNOWN_FORM {
        let world = refusing(status).await;
        world.registry.fail(1, |_, path| path.ends_with("/blobs/uploads/"), || Fault::status(403));
        let error = push(&world.client, &world.repository, BLOB, None).await.unwrap_err();
        assert!(matches!(error, RegistryError::Answer { status: 403, .. }), "{error:?}");
        assert_eq!(brought(&world, BLOB, None).await, by(Pushed::Uploaded, &[&refused(status), PLAIN, SENT]));
    }
}

#[tokio::test]
async fn a_mount_that_is_refused_for_another_reason_is_an_error() {
    for status in [401, 403, 409, 410, 422] {
        let world = refusing(status).await;
        let error = push(&world.client, &world.repository, BLOB, None).await.unwrap_err();
        assert!(matches!(error, RegistryError::Answer { status: found, .. } if found == status), "{error:?}");
        assert_eq!(world.registry.requests(), 1, "{status}");
    }
}
