//! Identity tokens, which a service exchanges for others (distribution, "OAuth2 Token Authentication").

use crate::world::{World, answer, authorization, basic, named, push, shown};
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, Response};
use consign_oci::Digest;
use consign_registry::{ErrorKind, Pushed, RegistryError};
use consign_testkit::registry::{Fault, TestRegistry};
use percent_encoding::percent_decode_str;
use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

type Form = BTreeMap<String, String>;

/// A token service, and what it was asked: method, path with query, `Authorization`, and the form.
struct Service {
    host: String,
    asked: Arc<Mutex<Vec<(String, String, Form)>>>,
    serving: JoinHandle<()>,
}

impl Service {
    async fn start(answers: impl Fn(&Form) -> Response<Body> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let host = listener.local_addr().unwrap().to_string();
        let (asked, answers) = (Arc::new(Mutex::new(Vec::new())), Arc::new(answers));
        let log = Arc::clone(&asked);
        let router = Router::new().fallback(move |request: Request<Body>| {
            let (log, answers) = (Arc::clone(&log), Arc::clone(&answers));
            async move {
                let (head, body) = request.into_parts();
                let form = form(&to_bytes(body, 1 << 16).await.unwrap());
                let response = answers(&form);
                let line = format!("{} {}", head.method, head.uri);
                log.lock().unwrap().push((line, authorization(&head).to_owned(), form));
                response
            }
        });
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { host, asked, serving }
    }

    /// Makes a registry want tokens of this service. Those that begin with `access` are good.
    fn guard(&self, registry: &TestRegistry) {
        let challenge = format!("Bearer realm=\"http://{}/token?x=y\",service=\"the registry\"", self.host);
        registry.hook(move |head| {
            let good = authorization(head).starts_with("Bearer access");
            (!good).then(|| Fault::Answer(answer(401, &[("www-authenticate", &challenge)], "")))
        });
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

fn form(body: &[u8]) -> Form {
    let decode = |text: &str| percent_decode_str(&text.replace('+', " ")).decode_utf8().unwrap().into_owned();
    let pairs = std::str::from_utf8(body).unwrap().split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (decode(name), decode(value))).collect()
}

#[tokio::test]
async fn is_exchanged_and_never_shown_to_the_registry() {
    let world = World::new().await;
    let service = Service::start(|_| answer(200, &[], r#"{"access_token":"access","expires_in":300}"#)).await;
    let seen = shown(&world.registry);
    service.guard(&world.registry);
    let client = world.client_as(basic("<token>", "long lived&"));
    assert!(!client.blob_exists(&world.repository, &Digest::of(b"hello")).await.unwrap());
    assert_eq!(push(&client, &world.repository, b"hello", None).await.unwrap(), Pushed::Uploaded);
    assert!(seen.lock().unwrap().iter().all(|shown| shown.is_empty() || shown == "Bearer access"));
    let asked = service.asked.lock().unwrap().clone();
    assert_eq!(asked.len(), 2);
    for ((line, authorization, form), scope) in asked.iter().zip(["pull", "pull,push"]) {
        assert_eq!((line.as_str(), authorization.as_str()), ("POST /token?x=y", ""));
        let expected = [
            ("client_id", "consign"),
            ("grant_type", "refresh_token"),
            ("refresh_token", "long lived&"),
            ("scope", &format!("repository:team/app:{scope}")),
            ("service", "the registry"),
        ];
        assert!(form.iter().map(|(name, value)| (name.as_str(), value.as_str())).eq(expected), "{form:?}");
    }
}

#[tokio::test]
async fn may_be_replaced_by_its_service() {
    let world = World::new().await;
    let newest = Mutex::new(0);
    let service = Service::start(move |form| {
        let mut newest = newest.lock().unwrap();
        if form["refresh_token"] != format!("long{newest}") {
            return answer(400, &[], r#"{"error":"invalid_grant"}"#);
        }
        *newest += 1;
        answer(200, &[], format!(r#"{{"access_token":"access","expires_in":0,"refresh_token":"long{newest}"}}"#))
    })
    .await;
    service.guard(&world.registry);
    let client = world.client_as(basic("<token>", "long0"));
    for _ in 0..3 {
        assert_eq!(client.manifest(&world.repository, &named("1")).await.unwrap(), None);
    }
    assert!(service.asked.lock().unwrap().len() >= 3);
}

#[tokio::test]
async fn that_is_not_taken_is_said_without_being_shown() {
    let evil = World::new().await;
    let location = format!("http://{}/token", evil.registry.host());
    for (status, body, said) in [
        (400, r#"{"error":"invalid_grant"}"#.to_owned(), "it answers 400"),
        (401, "hush".to_owned(), "it answers 401"),
        (405, String::new(), "it answers 405"),
        (307, String::new(), "it answers 307"),
        (200, r#"{"refresh_token":"hush"}"#.to_owned(), "holds no token"),
        (200, "[]".to_owned(), "is not a token"),
        (200, " ".repeat((64 << 10) + 1), "more than 65536 bytes"),
    ] {
        let (world, location) = (World::new().await, location.clone());
        let service = Service::start(move |_| answer(status, &[("location", &location)], body.clone())).await;
        service.guard(&world.registry);
        let client = world.client_as(basic("<token>", "hush"));
        let error = client.manifest(&world.repository, &named("1")).await.unwrap_err();
        assert!(matches!(error, RegistryError::Token { .. } | RegistryError::TooLarge { .. }), "{error:?}");
        assert!(error.to_string().contains(said), "{status} {error}");
        assert!(!format!("{error:?} {error}").contains("hush"));
    }
    assert_eq!(evil.registry.requests(), 0);
}

#[tokio::test]
async fn is_no_password() {
    let world = World::new().await;
    let seen = shown(&world.registry);
    world.registry.hook(|_| Some(Fault::Answer(answer(401, &[("www-authenticate", "Basic realm=\"x\"")], ""))));
    let error = world.client_as(basic("<token>", "hush")).manifest(&world.repository, &named("1")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthorized);
    assert!(seen.lock().unwrap().iter().all(String::is_empty));
}
