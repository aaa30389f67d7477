//! Identities that are there and give no token.

use crate::world::{World, names};
use axum::body::Body;
use axum::http::Response;
use consign_registry::cloud::{Azure, Cloud};
use consign_registry::{ErrorKind, Secret};
use std::sync::atomic::{AtomicUsize, Ordering};

const ENTRA: &str = "POST /tenant/oauth2/v2.0/token";
const EXCHANGE: &str = "POST /oauth2/exchange";
const PROBE: &str = "GET /metadata/identity/oauth2/token";
const MACHINE: &str =
    "GET /metadata/identity/oauth2/token?api-version=2018-02-01&resource=https%3A%2F%2Fcontainerregistry.azure.net";

/// A registry that gives tokens to anybody.
async fn world() -> World {
    let world = World::new().await;
    world.guard("Bearer final", &format!("Bearer realm=\"{}\",service=\"x\"", world.at("/oauth2/token")));
    world.services.hook(|asked| {
        let is_token = asked.what.contains(" /oauth2/token");
        is_token.then(|| Response::new(Body::from(r#"{"access_token":"final"}"#)))
    });
    world.services.answer(EXCHANGE, 200, r#"{"refresh_token":"refresh"}"#);
    world
}

fn machine(world: &World) -> Cloud {
    Cloud::Azure(Azure { metadata: Some(world.at("")), ..world.azure() })
}

fn application(world: &World) -> Cloud {
    let [tenant, client] = ["tenant", "client"].map(|text| Some(text.to_owned()));
    Cloud::Azure(Azure { tenant, client, secret: Some(Secret::new("hunter2")), ..world.azure() })
}

#[tokio::test]
async fn a_machine_says_why_it_gives_no_token() {
    for (status, body, expected) in [
        (
            400,
            r#"{"error":"invalid_request","error_description":"Multiple user assigned identities exist"}"#,
            "gives no token (400): invalid_request: Multiple user assigned identities exist",
        ),
        (200, r#"{"token":"hunter2"}"#, "its answer is no token"),
    ] {
        let world = world().await;
        world.services.answer(MACHINE, status, body);
        let error = world.refused(machine(&world)).await;
        assert_eq!(error.kind(), ErrorKind::Unauthorized, "{error}");
        let text = format!("{error} {error:?}");
        assert!(text.contains(expected) && !text.contains("hunter2"), "{text}");
        assert_eq!(names(&world.services.asked()), [PROBE, MACHINE]);
    }
}

#[tokio::test]
async fn a_machine_that_is_not_ready_is_asked_again() {
    for (status, body) in [(410, ""), (404, r#"{"error":"not ready"}"#), (503, "")] {
        let (world, tries) = (world().await, AtomicUsize::new(0));
        world.services.hook(move |asked| {
            let busy = || Response::builder().status(status).body(Body::from(body)).unwrap();
            (asked.what == MACHINE && tries.fetch_add(1, Ordering::Relaxed) == 0).then(busy)
        });
        world.services.answer(MACHINE, 200, r#"{"access_token":"entra"}"#);
        let asked = world.pushed(machine(&world)).await;
        assert_eq!(names(&asked)[..4], [PROBE, MACHINE, MACHINE, EXCHANGE], "{status}");
    }
}

#[tokio::test]
async fn somebody_elses_metadata_is_no_identity() {
    for (status, body) in [(404, "<html>"), (401, ""), (200, "<html>")] {
        let world = world().await;
        world.services.answer(MACHINE, status, body);
        // The registry itself has no complaint.
        world.pushed(machine(&world)).await;
    }
}

#[tokio::test]
async fn what_failed_is_not_asked_again_at_once() {
    let world = world().await;
    world.services.answer(ENTRA, 401, r#"{"error":"invalid_client"}"#);
    let client = world.client(application(&world));
    for asked in [&[ENTRA][..], &[]] {
        let error = client.push("one").await.unwrap_err();
        assert!(error.to_string().starts_with("Microsoft Entra gives no token (401): invalid_client"), "{error}");
        assert_eq!(names(&world.services.asked()), asked);
    }
}

#[tokio::test]
async fn what_anybody_may_read_is_read_without() {
    let world = world().await;
    world.services.answer(ENTRA, 401, r#"{"error":"invalid_client"}"#);
    let client = world.client(application(&world));
    client.read().await.unwrap();
    assert!(names(&world.services.asked())[1].starts_with("GET /oauth2/token?"));
    // Nobody writes without, and who looks at whether it is possible is told so.
    assert!(client.look().await.unwrap_err().to_string().starts_with("Microsoft Entra gives no token"));
    assert!(client.push("one").await.unwrap_err().to_string().starts_with("Microsoft Entra gives no token"));
}

#[tokio::test]
async fn who_may_not_read_without_is_told_why_there_is_no_login() {
    let [refused, denied, tokenless] = [World::new().await, World::new().await, World::new().await];
    refused.guard("Bearer nobody's", "Basic realm=\"x\"");
    denied.guard("Bearer final", &format!("Bearer realm=\"{}\",service=\"x\"", denied.at("/oauth2/token")));
    denied.services.hook(|asked| {
        asked.what.contains(" /oauth2/token").then(|| Response::new(Body::from(r#"{"access_token":"final"}"#)))
    });
    denied.registry.hook(|_| Some(consign_testkit::registry::Fault::status(403)));
    tokenless.guard("Bearer x", &format!("Bearer realm=\"{}\",service=\"x\"", tokenless.at("/oauth2/token")));
    tokenless.services.hook(|asked| {
        let refused = || Response::builder().status(401).body(Body::empty()).unwrap();
        asked.what.contains(" /oauth2/token").then(refused)
    });
    for world in [refused, denied, tokenless] {
        world.services.answer(ENTRA, 401, r#"{"error":"invalid_client"}"#);
        let error = world.client(application(&world)).read().await.unwrap_err();
        assert!(error.to_string().starts_with("Microsoft Entra gives no token (401)"), "{error}");
        assert_eq!(names(&world.services.asked())[0], ENTRA);
    }
}
