//! Registries on which some repositories want other credentials than the rest.

use crate::world::{BLOB, World, answer, authorization, basic, client, named, path, push};
use axum::http::request::Parts;
use consign_registry::{Client, Credentials, ErrorKind, HostOptions, Options, Pushed};
use consign_testkit::registry::{Fault, TestRegistry};
use std::collections::BTreeMap;

/// "me:a" in base64.
const A: &str = "Basic bWU6YQ==";
/// "you:b" in base64.
const B: &str = "Basic eW91OmI=";

/// Makes a client that is `me` in `team-a`, `you` in `team-b`, and anonymous elsewhere.
fn two_teams(registry: &TestRegistry) -> Client {
    let repositories =
        BTreeMap::from([("team-a".to_owned(), basic("me", "a")), ("team-b".to_owned(), basic("you", "b"))]);
    let host = HostOptions { repositories, ..HostOptions::default() };
    client(Options { hosts: BTreeMap::from([(registry.host(), host)]), ..Options::default() })
}

/// Lets each team into its own repositories only.
fn each_to_its_own(head: &Parts) -> Option<Fault> {
    let expected = match path(head) {
        path if path.starts_with("/v2/team-a/") => A,
        path if path.starts_with("/v2/team-b/") => B,
        _ => return None,
    };
    let challenge = [("www-authenticate", "Basic realm=\"x\"")];
    (authorization(head) != expected).then(|| Fault::Answer(answer(401, &challenge, "")))
}

#[tokio::test]
async fn each_repository_gets_its_own_credentials() {
    let world = World::new().await;
    world.registry.hook(each_to_its_own);
    let client = two_teams(&world.registry);
    for repository in ["team-a/app", "team-b/app", "team-b/deep/app", "public"] {
        let repository = world.registry.repository(repository).unwrap();
        assert_eq!(client.manifest(&repository, &named("1")).await.unwrap(), None, "{repository}");
    }
    // One refusal told how the registry wants it.
    assert_eq!(world.registry.records().iter().filter(|record| record.status == 401).count(), 1);
}

#[tokio::test]
async fn each_repository_gets_its_own_token() {
    let world = World::new().await;
    let host = world.registry.host();
    let challenge = format!("Bearer realm=\"http://{host}/token\",service=\"x\"");
    world.registry.hook(move |head| match path(head) {
        // The token says whose it is.
        path if path.starts_with("/token") => {
            let whose = if authorization(head) == A { "team-a" } else { "team-b" };
            Some(Fault::Answer(answer(200, &[], format!("{{\"token\":\"{whose}\",\"expires_in\":300}}"))))
        }
        path => {
            let allowed = authorization(head).strip_prefix("Bearer ").is_some_and(|team| path.contains(team));
            (!allowed).then(|| Fault::Answer(answer(401, &[("www-authenticate", &challenge)], "")))
        }
    });
    let client = two_teams(&world.registry);
    for _ in 0..2 {
        for repository in ["team-a/app", "team-b/app"] {
            let repository = world.registry.repository(repository).unwrap();
            assert_eq!(client.manifest(&repository, &named("1")).await.unwrap(), None, "{repository}");
        }
    }
}

#[tokio::test]
async fn each_repository_may_want_another_kind_of_login() {
    let world = World::new().await;
    let challenge = format!("Bearer realm=\"http://{}/token\",service=\"x\"", world.registry.host());
    world.registry.hook(move |head| match (path(head), authorization(head)) {
        (path, B) if path.starts_with("/token") => Some(Fault::Answer(answer(200, &[], r#"{"token":"good"}"#))),
        (path, shown) if path.starts_with("/v2/team-b/") => {
            (shown != "Bearer good").then(|| Fault::Answer(answer(401, &[("www-authenticate", &challenge)], "")))
        }
        _ => each_to_its_own(head),
    });
    let client = two_teams(&world.registry);
    for _ in 0..3 {
        for repository in ["team-a/app", "team-b/app"] {
            let repository = world.registry.repository(repository).unwrap();
            assert_eq!(client.manifest(&repository, &named("1")).await.unwrap(), None, "{repository}");
        }
    }
    assert_eq!(world.registry.records().iter().filter(|record| record.status == 401).count(), 2);
}

#[tokio::test]
async fn blobs_are_mounted_from_where_the_same_credentials_lead() {
    let world = World::new().await;
    world.registry.hook(each_to_its_own);
    let client = two_teams(&world.registry);
    let [one, two, other] =
        ["team-a/one", "team-a/two", "team-b/other"].map(|path| world.registry.repository(path).unwrap());
    for bytes in [b"hello", BLOB] {
        assert_eq!(push(&client, &one, bytes, None).await.unwrap(), Pushed::Uploaded);
        assert_eq!(push(&client, &two, bytes, Some(&one)).await.unwrap(), Pushed::Mounted);
        world.registry.forget();
        assert_eq!(push(&client, &other, bytes, Some(&one)).await.unwrap(), Pushed::Uploaded);
        let lines = world.registry.lines();
        assert!(!lines.iter().any(|line| line.contains("from=team-a")), "{lines:?}");
    }
}

#[tokio::test]
async fn the_credentials_of_the_host_are_for_the_rest() {
    let world = World::new().await;
    world.registry.hook(each_to_its_own);
    let host = HostOptions { credentials: basic("you", "b"), ..HostOptions::default() };
    let mut options = Options { hosts: BTreeMap::from([(world.registry.host(), host)]), ..Options::default() };
    let ask = async |options: &Options, path: &str| {
        let repository = world.registry.repository(path).unwrap();
        client(options.clone()).manifest(&repository, &named("1")).await.map_err(|error| error.kind())
    };
    assert_eq!(ask(&options, "team-b/app").await, Ok(None));
    assert_eq!(ask(&options, "team-a/app").await, Err(ErrorKind::Unauthorized));
    let host = options.hosts.values_mut().next().unwrap();
    host.repositories.insert("team-b/app".to_owned(), Credentials::Anonymous);
    assert_eq!(ask(&options, "team-b/app").await, Err(ErrorKind::Unauthorized));
    assert_eq!(ask(&options, "team-b/other").await, Ok(None));
}
