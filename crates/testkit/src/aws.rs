//! What AWS and GitHub answer to one who wants to push to ECR, all of it at one address of this machine. It counts what it is asked, and can be made
//! to say something else.

use crate::registry::{Fault, TestRegistry};
use crate::serving::{Port, Serving};
use axum::body::{Body, to_bytes};
use axum::http::request::Parts;
use axum::http::{Request, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use jiff::Timestamp;
use std::collections::BTreeSet;
use std::io;
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Half a day, in seconds.
const HALF_A_DAY: i64 = 12 * 60 * 60;
/// Where ECR's own answers end.
const TARGETS: [&str; 2] = ["AmazonEC2ContainerRegistry_V20150921.", "SpencerFrontendService."];

/// What was asked.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The operation, such as `CreateRepository`; elsewhere method, path and query.
    pub what: String,
    /// The header `Authorization`.
    pub authorization: String,
    /// All headers, one a line.
    pub headers: String,
    /// The body.
    pub body: String,
}

type Hook = Box<dyn Fn(&Asked) -> Option<Response<Body>> + Send + Sync>;

/// Services on a free port of this machine. They end when this is dropped.
pub struct Aws {
    address: String,
    state: Arc<State>,
    _serving: Serving,
}

struct State {
    asked: Mutex<Vec<Asked>>,
    hooks: Mutex<Vec<Hook>>,
    created: Mutex<BTreeSet<String>>,
    given: AtomicUsize,
    /// How long keys and logins last, in seconds.
    keys_last: AtomicI64,
    logins_last: AtomicI64,
}

impl Aws {
    /// Starts the services.
    pub async fn start() -> io::Result<Self> {
        let port = Port::take().await?;
        let address = port.url();
        let state = Arc::new(State {
            asked: Mutex::default(),
            hooks: Mutex::default(),
            created: Mutex::default(),
            given: AtomicUsize::new(0),
            keys_last: AtomicI64::new(HALF_A_DAY),
            logins_last: AtomicI64::new(HALF_A_DAY),
        });
        let answering = Arc::clone(&state);
        let serving = port.serve(move |request| {
            let state = Arc::clone(&answering);
            async move { state.answer(request).await }
        });
        Ok(Self { address, state, _serving: serving })
    }

    /// Returns `http://127.0.0.1:PORT`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// Takes what was asked so far.
    pub fn asked(&self) -> Vec<Asked> {
        std::mem::take(&mut *lock(&self.state.asked))
    }

    /// Takes the names of what was asked so far.
    pub fn names(&self) -> Vec<String> {
        self.asked().into_iter().map(|asked| asked.what).collect()
    }

    /// Lets `hook` see what is asked and answer in place of the services.
    pub fn hook(&self, hook: impl Fn(&Asked) -> Option<Response<Body>> + Send + Sync + 'static) {
        lock(&self.state.hooks).push(Box::new(hook));
    }

    /// Answers an operation with a status and a body.
    pub fn answer(&self, what: &'static str, status: u16, body: impl Into<String>) {
        let body = body.into();
        self.hook(move |asked| (asked.what == what).then(|| text(status, body.clone())));
    }

    /// Sets how many seconds keys and logins last from now on.
    pub fn last(&self, keys: i64, logins: i64) {
        self.state.keys_last.store(keys, Ordering::Relaxed);
        self.state.logins_last.store(logins, Ordering::Relaxed);
    }

    /// Makes a registry behave as a private one of ECR: it takes the last login that was given, and nothing for repositories that were not created.
    pub fn guard(&self, registry: &TestRegistry) {
        let state = Arc::clone(&self.state);
        registry.hook(move |head| {
            let shown = head.headers.get("authorization").and_then(|value| value.to_str().ok()).unwrap_or_default();
            if shown != format!("Basic {}", login(state.given.load(Ordering::Relaxed))) {
                let challenge = ("www-authenticate", "Basic realm=\"x\",service=\"ecr.amazonaws.com\"");
                return Some(Fault::Answer(with_header(text(401, "Not Authorized"), challenge)));
            }
            state.misses(head).then(|| {
                let body =
                    r#"{"errors":[{"code":"NAME_UNKNOWN","message":"The repository does not exist in the registry"}]}"#;
                Fault::Answer(with_header(text(404, body), ("content-type", "application/json")))
            })
        });
    }
}

impl State {
    async fn answer(&self, request: Request<Body>) -> Response<Body> {
        let (head, body) = request.into_parts();
        let body = to_bytes(body, 1 << 20).await.unwrap_or_default();
        let asked = asked(&head, String::from_utf8_lossy(&body).into_owned());
        lock(&self.asked).push(asked.clone());
        let told = lock(&self.hooks).iter().find_map(|hook| hook(&asked));
        told.unwrap_or_else(|| self.usual(&asked))
    }

    fn usual(&self, asked: &Asked) -> Response<Body> {
        let (keys_last, logins_last) =
            (self.keys_last.load(Ordering::Relaxed), self.logins_last.load(Ordering::Relaxed));
        let now = Timestamp::now().as_second();
        let expiration = Timestamp::from_second(now + keys_last).unwrap_or_default();
        match asked.what.as_str() {
            what if what.starts_with("GET /github") => text(200, r#"{"count":1,"value":"identity hunter2"}"#),
            "AssumeRoleWithWebIdentity" => text(
                200,
                format!(
                    "<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>AKIDROLE</AccessKeyId>\
                     <SecretAccessKey>hunter2</SecretAccessKey><SessionToken>session</SessionToken><Expiration>{expiration}</Expiration>\
                     </Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>"
                ),
            ),
            "PUT /latest/api/token" => text(200, "metadata token"),
            "GET /latest/meta-data/iam/security-credentials/" => text(200, "machine\n"),
            "GET /container" | "GET /latest/meta-data/iam/security-credentials/machine" => text(
                200,
                format!(
                    r#"{{"Code":"Success","AccessKeyId":"AKIDHERE","SecretAccessKey":"hunter2","Token":"session","Expiration":"{expiration}"}}"#
                ),
            ),
            "GetAuthorizationToken" => {
                let token = login(self.given.fetch_add(1, Ordering::Relaxed) + 1);
                let data = format!(
                    r#"{{"authorizationToken":"{token}","expiresAt":{}.5,"proxyEndpoint":"x"}}"#,
                    now + logins_last
                );
                let public = asked.headers.contains("SpencerFrontendService");
                text(200, format!(r#"{{"authorizationData":{}}}"#, if public { data } else { format!("[{data}]") }))
            }
            "CreateRepository" => {
                let (_, name) = asked.body.split_once(r#""repositoryName":""#).unwrap_or_default();
                let name = name.split('"').next().unwrap_or_default();
                match lock(&self.created).insert(name.to_owned()) {
                    true => text(200, r#"{"repository":{}}"#),
                    false => text(400, r#"{"__type":"RepositoryAlreadyExistsException","message":"it exists"}"#),
                }
            }
            "PutLifecyclePolicy" => text(200, "{}"),
            _ => text(404, ""),
        }
    }

    /// Returns whether a request is about a repository that is not there.
    fn misses(&self, head: &Parts) -> bool {
        let created = lock(&self.created);
        let path = head.uri.path();
        !created.iter().any(|name| path.starts_with(&format!("/v2/{name}/")))
    }
}

fn asked(head: &Parts, body: String) -> Asked {
    let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let target = header("x-amz-target");
    let operation = TARGETS.iter().find_map(|start| target.strip_prefix(start));
    let action = body.split('&').find_map(|field| field.strip_prefix("Action="));
    let what = match operation.or(action) {
        Some(operation) => operation.to_owned(),
        None => format!("{} {}", head.method, head.uri),
    };
    let headers = head.headers.iter().map(|(name, value)| format!("{name}: {}\n", value.to_str().unwrap_or_default()));
    Asked { what, authorization: header("authorization").to_owned(), headers: headers.collect(), body }
}

/// Returns the `nth` login.
fn login(nth: usize) -> String {
    BASE64.encode(format!("AWS:password{nth}"))
}

fn text(status: u16, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = axum::http::StatusCode::from_u16(status).unwrap_or_default();
    response
}

fn with_header(mut response: Response<Body>, (name, value): (&'static str, &'static str)) -> Response<Body> {
    response.headers_mut().insert(name, axum::http::HeaderValue::from_static(value));
    response
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
