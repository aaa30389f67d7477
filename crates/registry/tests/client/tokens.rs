//! Registries that name a service which gives tokens (distribution's token specification).

use crate::world::{BLOB, World, answer, authorization, basic, image, named, path, push};
use axum::body::Body;
use axum::http::Response;
use axum::http::request::Parts;
use consign_oci::Digest;
use consign_registry::{Credentials, ErrorKind, Pushed, RegistryError};
use consign_testkit::registry::{Fault, TestRegistry};
use percent_encoding::percent_decode_str;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;

/// "me:secret" in base64.
const ME: &str = "Basic bWU6c2VjcmV0";

/// A token service, and what it was asked.
#[derive(Default)]
struct Tokens {
    /// Scopes of each request, and what it showed.
    asked: Mutex<Vec<(Vec<String>, String)>>,
    /// The tokens that count.
    valid: Mutex<Vec<String>>,
}

impl Tokens {
    /// Gives a token for the scopes that a request asks for. The token says what it is for.
    fn give(&self, head: &Parts, rest: &str) -> Response<Body> {
        let query = head.uri.query().unwrap_or_default();
        let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
        let decode = |text: &str| percent_decode_str(text).decode_utf8().unwrap().into_owned();
        let values = |key: &'static str| {
            pairs.clone().filter(move |(name, _)| *name == key).map(move |(_, value)| decode(value))
        };
        assert_eq!(values("service").collect::<Vec<_>>(), ["the registry".replace(' ', "+")]);
        let scopes: Vec<String> = values("scope").collect();
        let mut asked = self.asked.lock().unwrap();
        let token = format!("token-{}-{}", asked.len(), scopes.join("-").replace([':', ',', '/'], "_"));
        asked.push((scopes, authorization(head).to_owned()));
        self.valid.lock().unwrap().push(token.clone());
        answer(200, &[], format!("{{\"token\":\"{token}\"{rest}}}"))
    }

    fn requests(&self) -> usize {
        self.asked.lock().unwrap().len()
    }

    /// Makes a registry want tokens of this service, which stands at `/token` of `at`.
    fn guard(registry: &TestRegistry, at: &TestRegistry, rest: &'static str) -> Arc<Self> {
        let tokens = Arc::new(Self::default());
        let service = Arc::clone(&tokens);
        at.hook(move |head| (head.uri.path() == "/token").then(|| Fault::Answer(service.give(head, rest))));
        let challenge = format!("Bearer realm=\"http://{}/token\",service=\"the registry\",scope=\"x\"", at.host());
        let judge = Arc::clone(&tokens);
        registry.hook(move |head| {
            let shown = authorization(head).strip_prefix("Bearer ").unwrap_or_default().to_owned();
            let valid = head.uri.path() == "/token" || judge.valid.lock().unwrap().contains(&shown);
            (!valid).then(|| Fault::Answer(answer(401, &[("www-authenticate", &challenge)], "")))
        });
        tokens
    }
}

#[tokio::test]
async fn each_request_asks_for_what_it_needs_and_no_more() {
    let (world, service) = (World::new().await, World::new().await);
    world.push(b"hello").await;
    let tokens = Tokens::guard(&world.registry, &service.registry, "");
    let client = world.client_as(basic("me", "secret"));
    let other = world.registry.repository("other").unwrap();
    for _ in 0..2 {
        assert_eq!(client.manifest(&world.repository, &named("1")).await.unwrap(), None);
        assert!(client.put_manifest(&world.repository, &named("1"), &image("x", |_| {})).await.is_err());
    }
    assert_eq!(push(&client, &other, b"hello", Some(&world.repository)).await.unwrap(), Pushed::Mounted);
    assert_eq!(push(&client, &other, BLOB, None).await.unwrap(), Pushed::Uploaded);
    assert!(client.blob_exists(&other, &Digest::of(BLOB)).await.unwrap());
    let asked = tokens.asked.lock().unwrap().clone();
    let scopes: Vec<Vec<&str>> = asked.iter().map(|(scopes, _)| scopes.iter().map(String::as_str).collect()).collect();
    assert_eq!(
        scopes,
        [
            vec!["repository:team/app:pull"],
            vec!["repository:team/app:pull,push"],
            vec!["repository:other:pull,push", "repository:team/app:pull"],
            vec!["repository:other:pull,push"],
            vec!["repository:other:pull"],
        ]
    );
    assert!(asked.iter().all(|(_, shown)| shown == ME));
    // One refusal told how: afterwards no request is wasted.
    assert_eq!(world.registry.records().iter().filter(|record| record.status == 401).count(), 1);
}

#[tokio::test]
async fn a_service_at_the_registry_itself_and_an_anonymous_client() {
    let world = World::new().await;
    let document = world.push_image(Some("1"), "x").await;
    let tokens = Tokens::guard(&world.registry, &world.registry, "");
    assert_eq!(world.client.manifest(&world.repository, &named("1")).await.unwrap(), Some(document));
    let asked = tokens.asked.lock().unwrap().clone();
    assert_eq!(asked, [(vec!["repository:team/app:pull".to_owned()], String::new())]);
}

#[tokio::test]
async fn the_password_goes_to_the_service_only() {
    let (world, service) = (World::new().await, World::new().await);
    let seen = crate::world::shown(&world.registry);
    Tokens::guard(&world.registry, &service.registry, "");
    let client = world.client_as(basic("me", "secret"));
    push(&client, &world.repository, b"hello", None).await.unwrap();
    let seen = seen.lock().unwrap().clone();
    assert!(seen.iter().all(|shown| shown.is_empty() || shown.starts_with("Bearer token-")), "{seen:?}");
}

#[tokio::test]
async fn tokens_end() {
    for (rest, tokens_of_three) in [
        ("", 1),
        (",\"expires_in\":300", 1),
        (",\"expires_in\":18446744073709551615", 1),
        // Too short to be used twice.
        (",\"expires_in\":0", 3),
        (",\"expires_in\":5", 3),
    ] {
        let world = World::new().await;
        let tokens = Tokens::guard(&world.registry, &world.registry, rest);
        let client = world.client_as(basic("me", "secret"));
        for _ in 0..3 {
            assert_eq!(client.manifest(&world.repository, &named("1")).await.unwrap(), None);
        }
        assert_eq!(tokens.requests(), tokens_of_three, "{rest}");
    }
}

#[tokio::test]
async fn requests_at_the_same_time_share_a_token() {
    let world = World::new().await;
    let tokens = Tokens::guard(&world.registry, &world.registry, ",\"expires_in\":300");
    let client = world.client_as(basic("me", "secret"));
    let [one, two, three] = ["1", "2", "3"].map(named);
    let ask = |target| client.manifest(&world.repository, target);
    let answers = tokio::join!(ask(&one), ask(&two), ask(&three));
    assert!(matches!(answers, (Ok(None), Ok(None), Ok(None))), "{answers:?}");
    assert_eq!(tokens.requests(), 1);
}

#[tokio::test]
async fn a_token_that_ended_early_is_replaced() {
    let world = World::new().await;
    let tokens = Tokens::guard(&world.registry, &world.registry, ",\"expires_in\":300");
    let client = world.client_as(basic("me", "secret"));
    for requests in [2, 4] {
        tokens.valid.lock().unwrap().clear();
        client.blob_exists(&world.repository, &Digest::of(b"hello")).await.unwrap();
        push(&client, &world.repository, b"hello", None).await.unwrap();
        assert_eq!(tokens.requests(), requests);
    }
    // Also while a blob is being sent, which is then opened again.
    let revoke = Arc::clone(&tokens);
    world.registry.hook(move |head| {
        if head.method == "POST" {
            revoke.valid.lock().unwrap().clear();
        }
        None
    });
    world.asked();
    assert_eq!(push(&client, &world.repository, BLOB, None).await.unwrap(), Pushed::Uploaded);
    let sent: Vec<String> = world.asked().into_iter().filter(|line| line.starts_with("PUT")).collect();
    assert!(sent.len() == 2 && sent[0].ends_with(" 401") && sent[1].ends_with(" 201"), "{sent:?}");
}

#[tokio::test]
async fn a_token_that_is_never_good_enough_is_not_asked_for_forever() {
    let world = World::new().await;
    let tokens = Arc::new(Tokens::default());
    let service = Arc::clone(&tokens);
    let challenge = format!("Bearer realm=\"http://{}/token\",service=\"the registry\"", world.registry.host());
    world.registry.hook(move |head| {
        Some(Fault::Answer(match head.uri.path() {
            "/token" => service.give(head, ""),
            _ => answer(401, &[("www-authenticate", &challenge)], ""),
        }))
    });
    let client = world.client_as(basic("me", "secret"));
    for requests in [1, 3] {
        let error = client.manifest(&world.repository, &named("1")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthorized);
        // The second time, the token that is kept is shown first, and then a fresh one.
        assert!(tokens.requests() <= requests, "{}", tokens.requests());
    }
}

#[tokio::test]
async fn answers_that_are_no_token() {
    for (status, body, kind) in [
        (200, r#"{"access_token":"good"}"#.to_owned(), None),
        (200, r#"{"token":"","access_token":"x"}"#.to_owned(), Some("holds no token")),
        (200, r#"{"token":null}"#.to_owned(), Some("holds no token")),
        (200, "{}".to_owned(), Some("holds no token")),
        (200, "[]".to_owned(), Some("is not a token")),
        (200, String::new(), Some("is not a token")),
        (401, r#"{"details":"incorrect username or password"}"#.to_owned(), Some("it answers 401")),
        (501, String::new(), Some("it answers 501")),
        (307, String::new(), Some("it answers 307")),
        (200, " ".repeat((64 << 10) + 1), Some("more than 65536 bytes")),
    ] {
        let (world, evil) = (World::new().await, World::new().await);
        let (text, location) = (body.clone(), format!("http://{}/token", evil.registry.host()));
        let challenge = format!("Bearer realm=\"http://{}/token\",service=\"x\"", world.registry.host());
        world.registry.hook(move |head| match (path(head).starts_with("/token"), authorization(head)) {
            (true, _) => Some(Fault::Answer(answer(status, &[("location", &location)], text.clone()))),
            (false, "Bearer good") => None,
            _ => Some(Fault::Answer(answer(401, &[("www-authenticate", &challenge)], ""))),
        });
        let client = world.client_as(basic("me", "hush"));
        let answered = client.manifest(&world.repository, &named("1")).await;
        match (answered, kind) {
            (Ok(None), None) => {}
            (Err(error), Some(kind)) => {
                assert!(error.to_string().contains(kind), "{status} {error}");
                assert!(matches!(error, RegistryError::Token { .. } | RegistryError::TooLarge { .. }), "{error:?}");
                assert!(!format!("{error:?}").contains("hush"));
            }
            (answered, _) => panic!("{status}: {answered:?}"),
        }
        assert_eq!(evil.registry.requests(), 0);
    }
}

#[tokio::test]
async fn a_service_that_is_gone_is_unreachable() {
    let (world, service) = (World::new().await, World::new().await);
    service.registry.hook(|_| Some(Fault::Drop));
    Tokens::guard(&world.registry, &service.registry, "");
    let client = world.client_as(Credentials::Anonymous);
    let error = client.manifest(&world.repository, &named("1")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable, "{error:?}");
}

#[tokio::test]
async fn a_busy_service_is_asked_again() {
    for (status, kind) in [(429, ErrorKind::Throttled), (503, ErrorKind::Unreachable)] {
        let busy = move || Fault::Answer(answer(status, &[("retry-after", "0")], ""));
        let (world, service) = (World::new().await, World::new().await);
        for _ in 0..3 {
            service.registry.fail(1, |_, path| path.starts_with("/token"), busy);
        }
        Tokens::guard(&world.registry, &service.registry, "");
        let client = world.client_as(basic("me", "secret"));
        assert_eq!(client.manifest(&world.repository, &named("1")).await.unwrap(), None);
        assert_eq!(service.registry.requests(), 4);
        // One that stays so is no wrong password.
        let (world, service) = (World::new().await, World::new().await);
        service.registry.hook(move |_| Some(busy()));
        Tokens::guard(&world.registry, &service.registry, "");
        let client = world.client_as(basic("me", "secret"));
        let error = client.manifest(&world.repository, &named("1")).await.unwrap_err();
        assert!(matches!(error, RegistryError::Token { status: Some(found), .. } if found == status), "{error:?}");
        assert_eq!((error.kind(), service.registry.requests()), (kind, 4));
    }
}

#[tokio::test]
async fn a_service_that_takes_its_time_holds_up_its_own_registry_only() {
    let (slow, quick) = (World::new().await, World::new().await);
    let (asked, go) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let (told, waits) = (Arc::clone(&asked), Arc::clone(&go));
    slow.registry.hook(move |head| {
        (head.uri.path() == "/token").then(|| {
            told.notify_one();
            Fault::Wait(Arc::clone(&waits))
        })
    });
    let challenge = format!("Bearer realm=\"http://{}/token\",service=\"x\"", slow.registry.host());
    slow.registry.hook(move |_| Some(Fault::Answer(answer(401, &[("www-authenticate", &challenge)], ""))));
    Tokens::guard(&quick.registry, &quick.registry, "");
    let client = slow.client_as(Credentials::Anonymous);
    let (one, target) = (client.clone(), named("1"));
    let waiting = tokio::spawn(async move { one.manifest(&slow.repository, &target).await.map(|_| ()) });
    asked.notified().await;
    let target = named("1");
    let answered = tokio::time::timeout(Duration::from_secs(5), client.manifest(&quick.repository, &target)).await;
    assert_eq!(answered.expect("it does not wait for the other").unwrap(), None);
    assert!(!waiting.is_finished());
    go.notify_one();
    assert!(waiting.await.unwrap().is_err());
}
