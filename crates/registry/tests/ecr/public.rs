//! The public registry, which anybody reads from.

use crate::world::{Pusher, World};
use axum::body::Body;
use axum::http::{Response, StatusCode};
use consign_oci::Target;
use consign_registry::aws::{Keys, Sources};
use consign_registry::ecr::{Ecr, Registry};
use consign_registry::{ErrorKind, HostOptions};
use consign_testkit::aws::Aws;
use consign_testkit::registry::{Fault, TestRegistry};
use std::sync::{Arc, Mutex};

/// A registry that wants tokens, and what was shown to the service that gives them.
struct Public {
    world: World,
    shown: Arc<Mutex<Vec<String>>>,
}

impl Public {
    async fn new() -> Self {
        let (aws, registry) = (Aws::start().await.unwrap(), TestRegistry::start().await.unwrap());
        let shown = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&shown);
        aws.hook(move |asked| {
            asked.what.starts_with("GET /token").then(|| {
                log.lock().unwrap().push(asked.authorization.clone());
                Response::new(Body::from(r#"{"token":"access"}"#))
            })
        });
        let challenge = format!("Bearer realm=\"{}/token/\",service=\"public.ecr.aws\",scope=\"aws\"", aws.address());
        registry.hook(move |head| {
            let shown = head.headers.get("authorization").is_some_and(|value| value == "Bearer access");
            (!shown).then(|| {
                let mut response = Response::new(Body::empty());
                *response.status_mut() = StatusCode::UNAUTHORIZED;
                response.headers_mut().insert("www-authenticate", challenge.parse().unwrap());
                Fault::Answer(response)
            })
        });
        let repository = registry.repository("team/app").unwrap();
        Self { world: World { aws, registry, repository }, shown }
    }

    fn client(&self, keys: Option<Keys>, create: Option<bool>) -> Pusher {
        let metadata = Some(self.world.aws.address().to_owned());
        let sources = Arc::new(Sources { keys, metadata, ..self.world.sources() });
        let ecr = Ecr { create, ..Ecr::new(Registry::of("public.ecr.aws").unwrap(), sources) };
        self.world.client_with(HostOptions { ecr: Some(ecr), ..HostOptions::default() })
    }

    fn keys() -> Option<Keys> {
        Some(Keys::new("AKIDSTATED", "hunter2", None))
    }

    /// Takes what AWS was asked, without tokens.
    fn names(&self) -> Vec<String> {
        self.world.aws.names().into_iter().filter(|name| !name.starts_with("GET /token")).collect()
    }

    async fn read(&self, client: &Pusher) {
        let tag = Target::Tag("1".parse().unwrap());
        assert_eq!(client.client.manifest(&self.world.repository, &tag).await.unwrap(), None);
    }
}

/// "AWS:password1" in base64.
const LOGIN: &str = "Basic QVdTOnBhc3N3b3JkMQ==";

#[tokio::test]
async fn is_read_by_anybody() {
    let public = Public::new().await;
    let client = public.client(None, None);
    public.read(&client).await;
    assert!(public.names().is_empty(), "the machine is not asked for this");
    assert_eq!(*public.shown.lock().unwrap(), [""]);
}

#[tokio::test]
async fn keys_that_may_not_log_in_do_not_keep_anybody_from_reading() {
    let public = Public::new().await;
    public.world.aws.answer("GetAuthorizationToken", 400, r#"{"__type":"AccessDeniedException"}"#);
    let client = public.client(Public::keys(), None);
    public.read(&client).await;
    // Another repository wants another token, for which nobody asks AWS again.
    let other = public.world.registry.repository("team/other").unwrap();
    let tag = Target::Tag("1".parse().unwrap());
    assert_eq!(client.client.manifest(&other, &tag).await.unwrap(), None);
    assert_eq!(public.names(), ["GetAuthorizationToken"]);
    assert_eq!(*public.shown.lock().unwrap(), ["", ""]);
    // But nobody pushes without.
    let error = client.push("one").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied);
    assert_eq!(error.missing_action(), Some("ecr-public:GetAuthorizationToken"));
}

#[tokio::test]
async fn a_login_is_exchanged_for_tokens() {
    let public = Public::new().await;
    let client = public.client(Public::keys(), None);
    public.read(&client).await;
    client.push("one").await.unwrap();
    let asked = public.world.aws.asked();
    let login = asked.iter().find(|asked| asked.what == "GetAuthorizationToken").unwrap();
    assert!(login.authorization.contains("/us-east-1/ecr-public/aws4_request"), "{}", login.authorization);
    assert_eq!(asked.iter().filter(|asked| asked.what == login.what).count(), 1);
    assert_eq!(*public.shown.lock().unwrap(), [LOGIN, LOGIN]);
}

#[tokio::test]
async fn a_machine_is_asked_for_keys_to_push_with() {
    let public = Public::new().await;
    let client = public.client(None, None);
    public.read(&client).await;
    client.push("one").await.unwrap();
    assert_eq!(public.names().len(), 4);
    assert_eq!(*public.shown.lock().unwrap(), ["", LOGIN]);
}

#[tokio::test]
async fn repositories_are_made_below_the_accounts_own_name() {
    let public = Public::new().await;
    let client = public.client(Public::keys(), Some(true));
    let made = Arc::new(Mutex::new(false));
    let (before, log) = (Arc::clone(&made), Arc::clone(&made));
    public.world.registry.hook(move |_| {
        let mut response = Response::new(Body::from(r#"{"errors":[{"code":"NAME_UNKNOWN"}]}"#));
        *response.status_mut() = StatusCode::NOT_FOUND;
        (!*before.lock().unwrap()).then_some(Fault::Answer(response))
    });
    public.world.aws.hook(move |asked| {
        *log.lock().unwrap() |= asked.what == "CreateRepository";
        None
    });
    client.push("one").await.unwrap();
    let asked = public.world.aws.asked();
    let created = asked.iter().find(|asked| asked.what == "CreateRepository").unwrap();
    assert_eq!(created.body, r#"{"repositoryName":"app"}"#);
    assert!(created.headers.contains("x-amz-target: SpencerFrontendService.CreateRepository\n"));
}
