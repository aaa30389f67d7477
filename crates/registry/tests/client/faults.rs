//! Registries that are busy, broken or gone.

use crate::world::{BLOB, World, always, answer, image, named, push};
use axum::body::Body;
use axum::http::Response;
use consign_registry::{ErrorKind, Pushed, RegistryError};
use consign_testkit::registry::Fault;
use std::sync::Arc;

fn busy(status: u16) -> Response<Body> {
    answer(status, &[("retry-after", "0")], "")
}

#[tokio::test]
async fn what_may_pass_is_tried_again() {
    for status in [408, 429, 500, 502, 503, 504] {
        let world = World::new().await;
        let document = world.push_image(Some("1"), "x").await;
        for _ in 0..3 {
            // Each sees what those before it let pass.
            world.registry.fail(1, |_, _| true, move || Fault::Answer(busy(status)));
        }
        world.asked();
        assert_eq!(world.client.manifest(&world.repository, &named("1")).await.unwrap(), Some(document), "{status}");
        let failed = format!("GET manifests/1 {status}");
        assert_eq!(world.asked(), [&failed, &failed, &failed, "GET manifests/1 200"]);
    }
}

#[tokio::test]
async fn what_does_not_pass_is_given_up_after_four_tries() {
    for (status, kind) in [(429, ErrorKind::Throttled), (503, ErrorKind::Other)] {
        let world = World::new().await;
        always(&world.registry, |_, _| true, move || busy(status));
        let (client, repository) = (&world.client, &world.repository);
        let digest = consign_oci::Digest::of(b"x");
        let failed: [RegistryError; 5] = [
            client.manifest(repository, &named("1")).await.unwrap_err(),
            client.manifest_descriptor(repository, &named("1")).await.unwrap_err(),
            client.put_manifest(repository, &named("1"), &image("x", |_| {})).await.unwrap_err(),
            client.referrers(repository, &digest).await.unwrap_err(),
            client.tags(repository).await.unwrap_err(),
        ];
        for error in failed {
            assert_eq!(error.kind(), kind, "{error:?}");
        }
        assert_eq!(world.registry.requests(), 5 * 4);
    }
}

#[tokio::test]
async fn what_will_not_pass_is_asked_once() {
    for status in [400, 401, 403, 405, 409, 410, 501] {
        let world = World::new().await;
        always(&world.registry, |_, _| true, move || busy(status));
        let error = world.client.manifest(&world.repository, &named("1")).await.unwrap_err();
        assert!(matches!(error, RegistryError::Answer { status: found, .. } if found == status), "{error:?}");
        assert_eq!(world.registry.requests(), 1, "{status}");
    }
}

#[tokio::test]
async fn a_dropped_connection_is_made_again() {
    let world = World::new().await;
    let document = world.push_image(Some("1"), "x").await;
    world.asked();
    world.registry.fail(1, |method, _| method == "GET", || Fault::Drop);
    assert_eq!(world.client.manifest(&world.repository, &named("1")).await.unwrap().as_ref(), Some(&document));
    assert_eq!(world.asked(), ["GET manifests/1 0", "GET manifests/1 200"]);
    // The registry did it, but nobody heard: doing it again changes nothing.
    for fault in [|| Fault::Drop, || Fault::DropAfter] {
        world.registry.fail(1, |method, _| method == "PUT", fault);
        world.client.put_manifest(&world.repository, &named("2"), &document).await.unwrap();
        assert_eq!(world.asked().len(), 2);
    }
    world.registry.fail(1, |method, _| method == "POST", || Fault::Drop);
    assert_eq!(push(&world.client, &world.repository, BLOB, None).await.unwrap(), Pushed::Uploaded);
    let methods: Vec<String> = world.asked().iter().map(|line| line.split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(methods, ["POST", "POST", "PUT"]);
}

#[tokio::test]
async fn a_registry_that_is_gone_is_unreachable() {
    let world = World::new().await;
    world.registry.hook(|_| Some(Fault::Drop));
    let error = world.client.manifest(&world.repository, &named("1")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable, "{error:?}");
    let url = format!("http://{}/v2/team/app/manifests/1", world.registry.host());
    assert_eq!(error.to_string(), format!("GET {url}: connection closed before message completed"));
    assert_eq!(world.registry.requests(), 4);
    let World { registry, client, repository } = world;
    drop(registry);
    let error = client.manifest(&repository, &named("1")).await.unwrap_err();
    assert_eq!(error.to_string(), format!("GET {url}: connection refused"));
    assert!(std::error::Error::source(&error).is_none(), "said once");
}

#[tokio::test]
async fn a_name_without_an_address_is_said() {
    let client = crate::world::client(consign_registry::Options::default());
    let repository = "no-such-registry.invalid/team/app".parse().unwrap();
    let error = client.manifest(&repository, &named("1")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable);
    let url = "https://no-such-registry.invalid/v2/team/app/manifests/1";
    assert_eq!(error.to_string(), format!("GET {url}: there is no address for that name"));
}

#[tokio::test(start_paused = true)]
async fn a_token_service_that_never_answers_is_given_up() {
    let (world, service) = (World::new().await, World::new().await);
    let challenge = format!("Bearer realm=\"http://{}/token\",service=\"x\"", service.registry.host());
    always(&world.registry, |_, _| true, move || answer(401, &[("www-authenticate", &challenge)], ""));
    service.registry.hook(|_| Some(Fault::Wait(Arc::default())));
    let error = world.client.manifest(&world.repository, &named("1")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable, "{error:?}");
    assert!(world.registry.requests() <= 4, "{:?}", world.registry.lines());
}

#[tokio::test]
async fn what_a_token_service_says_wrongly_is_an_error() {
    let long = format!("{{\"token\":\"{}\"}}", "x".repeat(1 << 20));
    for body in ["", "{}", "[]", "{\"token\":7}", "{\"token\":\"\"}", "{\"token\":\"a\\nb: c\"}", long.as_str()] {
        let (world, service) = (World::new().await, World::new().await);
        let challenge = format!("Bearer realm=\"http://{}/token\",service=\"x\"", service.registry.host());
        always(&world.registry, |_, _| true, move || answer(401, &[("www-authenticate", &challenge)], ""));
        let body = body.to_owned();
        always(&service.registry, |_, _| true, move || answer(200, &[], body.clone()));
        world.client.manifest(&world.repository, &named("1")).await.unwrap_err();
        assert!(world.registry.requests() <= 4, "{:?}", world.registry.lines());
    }
}
