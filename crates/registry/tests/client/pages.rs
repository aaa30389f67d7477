//! Servers of pages for people that are no registries, and registries behind such.

use crate::world::{World, always, answer, named, push};
use consign_registry::{ErrorKind, RegistryError};

const PAGE: &[(&str, &str)] = &[("content-type", "text/html; charset=utf-8")];

fn is_no_registry(error: &RegistryError) -> bool {
    let said = "this does not look like a registry: it answers with a web page";
    matches!(error, RegistryError::NotARegistry { .. }) && error.to_string().contains(said)
}

#[tokio::test]
async fn a_web_page_is_no_answer_of_a_registry() {
    for status in [200, 400, 404, 405] {
        let world = World::new().await;
        // Who says that every blob is there gets none.
        always(
            &world.registry,
            |method, path| method != "HEAD" || !path.contains("/blobs/"),
            move || answer(status, PAGE, "<html>Welcome!</html>"),
        );
        let (client, repository) = (&world.client, &world.repository);
        for error in [
            client.manifest(repository, &named("1")).await.unwrap_err(),
            client.manifest_descriptor(repository, &named("1")).await.unwrap_err(),
            push(client, repository, b"hello", None).await.unwrap_err(),
            client.tags(repository).await.unwrap_err(),
        ] {
            assert!(is_no_registry(&error), "{status}: {error:?}");
        }
    }
}

#[tokio::test]
async fn a_registry_may_have_pages_for_what_it_does_not_know() {
    let world = World::new().await;
    always(&world.registry, |_, path| path != "/v2/", || answer(404, PAGE, "<html>Not here.</html>"));
    assert_eq!(world.client.manifest(&world.repository, &named("1")).await.unwrap(), None);
    assert_eq!(world.client.manifest_descriptor(&world.repository, &named("1")).await.unwrap(), None);
    assert_eq!(world.client.tags(&world.repository).await.unwrap(), []);
    let error = push(&world.client, &world.repository, b"hello", None).await.unwrap_err();
    assert!(is_no_registry(&error), "{error:?}");
}

#[tokio::test]
async fn a_proxy_before_a_registry_has_pages_too() {
    for (status, kind) in [(401, ErrorKind::Unauthorized), (403, ErrorKind::Denied), (501, ErrorKind::Other)] {
        let world = World::new().await;
        always(&world.registry, |_, _| true, move || answer(status, PAGE, "<html>Sorry.</html>"));
        let error = world.client.manifest(&world.repository, &named("1")).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error:?}");
    }
}
