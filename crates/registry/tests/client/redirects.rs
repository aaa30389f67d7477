//! Registries that send clients elsewhere. Another port of this machine is another host.

use crate::world::{World, always, answer, basic, named, push, read, shown};
use consign_oci::Digest;
use consign_registry::Credentials;
use consign_registry::{ErrorKind, RegistryError, Secret};
use consign_testkit::registry::Fault;

/// Answers with a redirect to the same path on another host.
fn send_to(world: &World, other: &World, method: &'static str) {
    let host = other.registry.host();
    world.registry.hook(move |head| {
        let location = format!("http://{host}{}", head.uri);
        (head.method == method).then(|| Fault::Answer(answer(307, &[("location", &location)], "")))
    });
}

#[tokio::test]
async fn credentials_do_not_follow_to_another_host() {
    for credentials in [Credentials::Bearer(Secret::new("token")), basic("me", "secret")] {
        let (world, other) = (World::new().await, World::new().await);
        let blob = other.push(b"hello").await;
        let document = other.push_image(Some("1"), "x").await;
        let (here, there) = (shown(&world.registry), shown(&other.registry));
        if matches!(credentials, Credentials::Basic { .. }) {
            world.registry.fail(1, |_, _| true, || Fault::Answer(answer(401, &[("www-authenticate", "Basic")], "")));
        }
        send_to(&world, &other, "GET");
        send_to(&world, &other, "HEAD");
        let world = World { client: world.client_as(credentials), ..world };
        assert_eq!(read(&world, &blob).await.unwrap(), b"hello");
        assert!(world.client.blob_exists(&world.repository, &blob.digest).await.unwrap());
        assert_eq!(world.client.manifest(&world.repository, &named("1")).await.unwrap(), Some(document));
        let here = here.lock().unwrap().clone();
        assert!(here.iter().filter(|shown| !shown.is_empty()).count() == 3, "{here:?}");
        assert_eq!(*there.lock().unwrap(), ["", "", ""]);
    }
}

#[tokio::test]
async fn credentials_do_not_follow_to_where_blobs_are_sent() {
    let (world, other) = (World::new().await, World::new().await);
    let location = format!("http://{}/upload?state=1", other.registry.host());
    always(&world.registry, |method, _| method == "POST", move || answer(202, &[("location", &location)], ""));
    let there = shown(&other.registry);
    always(&other.registry, |_, _| true, || answer(201, &[], ""));
    push(&world.client_as(Credentials::Bearer(Secret::new("token"))), &world.repository, b"hello", None).await.unwrap();
    assert_eq!(*there.lock().unwrap(), [""]);
}

#[tokio::test]
async fn another_host_cannot_ask_for_the_registrys_credentials() {
    let evil = World::new().await;
    let bearer = format!("Bearer realm=\"http://{}/token\",service=\"x\"", evil.registry.host());
    for challenge in [bearer, "Basic realm=\"x\"".to_owned()] {
        let (world, other) = (World::new().await, World::new().await);
        let (here, there) = (shown(&world.registry), shown(&other.registry));
        always(&other.registry, |_, _| true, move || answer(401, &[("www-authenticate", &challenge)], ""));
        send_to(&world, &other, "GET");
        let location = format!("http://{}/upload", other.registry.host());
        always(&world.registry, |method, _| method == "POST", move || answer(202, &[("location", &location)], ""));
        let client = world.client_as(basic("me", "secret"));
        for _ in 0..2 {
            let error = client.manifest(&world.repository, &named("1")).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unauthorized);
            let error = push(&client, &world.repository, b"hello", None).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unauthorized);
        }
        assert_eq!(*there.lock().unwrap(), [""; 4]);
        // Nor does the registry itself get a password that it never asked for.
        assert!(here.lock().unwrap().iter().all(String::is_empty));
    }
    assert_eq!(evil.registry.requests(), 0);
}

#[tokio::test]
async fn circles_end() {
    let world = World::new().await;
    send_to(&world, &world, "GET");
    let error = world.client.manifest(&world.repository, &named("1")).await.unwrap_err();
    assert!(matches!(error, RegistryError::Protocol { .. }), "{error:?}");
    assert_eq!(world.registry.requests(), 6);
}

#[tokio::test]
async fn writes_are_not_sent_elsewhere() {
    let (world, other) = (World::new().await, World::new().await);
    let document = world.push_image(None, "x").await;
    send_to(&world, &other, "PUT");
    send_to(&world, &other, "POST");
    let error = world.client.put_manifest(&world.repository, &named("1"), &document).await.unwrap_err();
    assert!(matches!(error, RegistryError::Answer { status: 307, .. }), "{error:?}");
    let error = push(&world.client, &world.repository, b"hello", None).await.unwrap_err();
    assert!(matches!(error, RegistryError::Answer { status: 307, .. }), "{error:?}");
    assert_eq!(other.registry.requests(), 0);
}

#[tokio::test]
async fn redirects_that_lead_nowhere_good_are_refused() {
    for location in ["file:///etc/passwd", "ftp://127.0.0.1/x", "http://[", "data:,x"] {
        let world = World::new().await;
        always(&world.registry, |_, _| true, move || answer(302, &[("location", location)], ""));
        let digest = Digest::of(b"x");
        let error = world.client.blob_exists(&world.repository, &digest).await.unwrap_err();
        assert!(matches!(error, RegistryError::Protocol { .. }), "{location}: {error:?}");
    }
    // Without a Location there is nothing to follow.
    let world = World::new().await;
    always(&world.registry, |_, _| true, || answer(302, &[], ""));
    let error = world.client.manifest(&world.repository, &named("1")).await.unwrap_err();
    assert!(matches!(error, RegistryError::Answer { status: 302, .. }), "{error:?}");
}
