//! Names, passwords and tokens that are shown as they are.

use crate::world::{BLOB, World, always, answer, authorization, basic, named, push, read, shown};
use axum::http::request::Parts;
use consign_oci::Descriptor;
use consign_registry::{Credentials, ErrorKind, Options, Pushed, Secret};
use consign_registry_server::WriteToken;
use consign_testkit::registry::Fault;

/// "me:secret" in base64.
const ME: &str = "Basic bWU6c2VjcmV0";

/// Refuses whoever does not show `ME`.
fn wants_basic(head: &Parts) -> Option<Fault> {
    let challenge = [("www-authenticate", "Basic realm=\"x\", charset=\"UTF-8\"")];
    (authorization(head) != ME).then(|| Fault::Answer(answer(401, &challenge, "")))
}

#[tokio::test]
async fn a_name_and_a_password() {
    let world = World::new().await;
    let document = world.push_image(Some("1"), "x").await;
    let seen = shown(&world.registry);
    world.registry.hook(wants_basic);
    let client = world.client_as(basic("me", "secret"));
    for _ in 0..2 {
        assert_eq!(client.manifest(&world.repository, &named("1")).await.unwrap().as_ref(), Some(&document));
    }
    // Clones and other repositories know by then.
    let other = world.registry.repository("other").unwrap();
    assert_eq!(client.clone().manifest(&other, &named("1")).await.unwrap(), None);
    assert_eq!(*seen.lock().unwrap(), ["", ME, ME, ME]);
}

#[tokio::test]
async fn wrong_or_no_credentials_are_said() {
    for (credentials, requests) in
        [(Credentials::Anonymous, 1), (basic("me", "wrong"), 2), (Credentials::Bearer(Secret::new("wrong")), 1)]
    {
        let world = World::new().await;
        world.registry.hook(wants_basic);
        let client = world.client_as(credentials);
        let error = client.manifest(&world.repository, &named("1")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthorized);
        assert_eq!(world.registry.requests(), requests);
        assert!(!format!("{error:?} {error}").contains("wrong"));
    }
}

#[tokio::test]
async fn challenges_that_nobody_can_meet() {
    for challenge in ["", "Negotiate", "Bearer", "Bearer service=\"x\""] {
        let world = World::new().await;
        always(&world.registry, |_, _| true, move || answer(401, &[("www-authenticate", challenge)], ""));
        let client = world.client_as(basic("me", "secret"));
        let error = client.manifest(&world.repository, &named("1")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthorized, "{challenge}");
        assert_eq!(world.registry.requests(), 1, "{challenge}");
    }
}

#[tokio::test]
async fn the_token_of_the_embedded_registry() {
    for (credentials, requests) in [(Credentials::Bearer(Secret::new("run-token")), 2), (basic("any", "run-token"), 3)]
    {
        let world = World::with(|options| options.write_token = WriteToken::new("run-token")).await;
        let error = push(&world.client, &world.repository, BLOB, None).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthorized);
        world.registry.forget();
        let client = world.client_as(credentials);
        assert_eq!(push(&client, &world.repository, BLOB, None).await.unwrap(), Pushed::Uploaded);
        assert_eq!(world.registry.requests(), requests);
        // Anyone may read.
        assert!(read(&world, &Descriptor::of("x/y", BLOB)).await.unwrap() == BLOB);
    }
}

#[tokio::test]
async fn credentials_are_for_their_own_registry_only() {
    let (world, other) = (World::new().await, World::new().await);
    let seen = shown(&other.registry);
    other.registry.hook(wants_basic);
    let client = world.client_as(basic("me", "secret"));
    assert!(client.manifest(&other.repository, &named("1")).await.is_err());
    assert_eq!(*seen.lock().unwrap(), [""]);
}

#[test]
fn secrets_are_never_shown() {
    for credentials in [basic("me", "hush"), Credentials::Bearer(Secret::new("hush")), basic("<token>", "hush")] {
        let host = consign_registry::HostOptions { credentials, ..Default::default() };
        let options = Options { hosts: [("x".to_owned(), host)].into(), ..Options::default() };
        assert!(!format!("{options:?}").contains("hush"));
    }
}
