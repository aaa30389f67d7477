//! Being let in, and nothing else.

use crate::world::{World, always, answer, authorization, basic};
use consign_oci::RegistryPath;
use consign_registry::{Credentials, Entrance, ErrorKind, RegistryError, Secret};
use consign_testkit::registry::Fault;

/// "me:secret" in base64.
const ME: &str = "Basic bWU6c2VjcmV0";

fn at(world: &World, path: &str) -> RegistryPath {
    format!("{}{path}", world.registry.host()).parse().unwrap()
}

#[tokio::test]
async fn a_name_and_a_password_are_checked() {
    let world = World::new().await;
    world.registry.hook(|head| (authorization(head) != ME).then(Fault::login));
    for path in ["", "/team"] {
        let entered = world.client_as(basic("me", "secret")).enter(&at(&world, path)).await;
        assert_eq!(entered.unwrap(), Entrance::Checked);
        for credentials in [basic("me", "wrong"), Credentials::Anonymous, Credentials::Bearer(Secret::new("x"))] {
            let error = world.client_as(credentials).enter(&at(&world, path)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unauthorized);
        }
    }
    assert!(world.asked().iter().all(|line| line.starts_with("GET /v2/ ")));
}

#[tokio::test]
async fn whoever_asks_for_nothing_has_checked_nothing() {
    let world = World::new().await;
    assert_eq!(world.client_as(basic("me", "wrong")).enter(&at(&world, "")).await.unwrap(), Entrance::Open);
    assert_eq!(world.asked(), ["GET /v2/ 200"]);
}

#[tokio::test]
async fn a_token_is_asked_for_without_a_scope() {
    for (password, status) in [("secret", 200), ("wrong", 401)] {
        let world = World::new().await;
        let challenge = format!("Bearer realm=\"http://{}/token\",service=\"it\"", world.registry.host());
        world.registry.hook(move |head| {
            let shown = authorization(head);
            match head.uri.path() {
                "/token" if head.uri.query() != Some("service=it") => Some(Fault::status(400)),
                "/token" if shown == ME => Some(Fault::Answer(answer(200, &[], r#"{"token":"t"}"#))),
                "/token" => Some(Fault::status(401)),
                _ if shown == "Bearer t" => None,
                _ => Some(Fault::Answer(answer(401, &[("www-authenticate", &challenge)], ""))),
            }
        });
        let entered = world.client_as(basic("me", password)).enter(&at(&world, "")).await;
        match status {
            200 => assert_eq!(entered.unwrap(), Entrance::Checked),
            _ => assert_eq!(entered.unwrap_err().kind(), ErrorKind::Unauthorized),
        }
    }
}

#[tokio::test]
async fn what_is_no_registry_lets_nobody_in() {
    for (status, kind) in [(200, "text/html"), (404, "text/plain"), (404, "text/html")] {
        let world = World::new().await;
        always(&world.registry, |_, _| true, move || answer(status, &[("content-type", kind)], "Hello."));
        let error = world.client_as(basic("me", "secret")).enter(&at(&world, "")).await.unwrap_err();
        assert!(matches!(error, RegistryError::NotARegistry { .. }), "{error:?}");
    }
}
