//! A Sigstore of a test's own at one address of this machine: identity tokens, certificates, logs and timestamps. It counts what it is asked, and can
//! be made to go wrong.

mod answer;
mod authority;
mod certificate;
pub mod claims;
mod der;
mod fault;
mod issuer;
mod key;
mod log;
mod timestamp;
mod tree;
mod trust;
mod updates;

pub use fault::{Asked, Fault, Service};
pub use issuer::{AUDIENCE, REQUEST_TOKEN};
pub use updates::Published;

use crate::serving::{Port, Serving};
use answer::{Answer, failure};
use axum::body::{Body, to_bytes};
use axum::http::{Request, Response};
use certificate::{Holder, Role};
use fault::Faults;
use issuer::Issuer;
use jiff::{SignedDuration, Timestamp};
use key::Key;
use log::Log;
use serde_json::Value;
use std::io;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use updates::Updates;

/// How long certificates hold, in seconds.
const TEN_MINUTES: i64 = 600;

/// Services on a free port of this machine. They end when this is dropped.
pub struct Sigstore {
    state: Arc<State>,
    _serving: Serving,
}

struct State {
    address: String,
    started: Timestamp,
    issuer: Issuer,
    root: Holder,
    intermediate: Holder,
    timestamps: Holder,
    certificate_log: Key,
    log: Log,
    old_log: Log,
    updates: Updates,
    faults: Faults,
    /// Whom certificates are given for, instead of whom the token names.
    impostor: Mutex<Option<String>>,
    /// How many seconds the clock is ahead.
    ahead: AtomicI64,
    /// How long certificates hold, in seconds.
    validity: AtomicI64,
    serial: AtomicU64,
}

impl Sigstore {
    /// Starts the services. Tokens are those of [`claims::github`].
    pub async fn start() -> io::Result<Self> {
        let port = Port::take().await?;
        let address = port.url();
        let now = Timestamp::now();
        let root = Holder::new("test root", &Role::Root, None, now)?;
        let state = Arc::new(State {
            issuer: Issuer::new(format!("{address}/issuer"), claims::github())?,
            intermediate: Holder::new("test intermediate", &Role::Intermediate, Some(&root), now)?,
            timestamps: Holder::new("test timestamps", &Role::Timestamps, Some(&root), now)?,
            root,
            certificate_log: Key::new()?,
            log: Log::new("log.test")?,
            old_log: Log::new("old-log.test - 4183")?,
            updates: Updates::new(now)?,
            faults: Faults::default(),
            impostor: Mutex::default(),
            ahead: AtomicI64::new(0),
            validity: AtomicI64::new(TEN_MINUTES),
            serial: AtomicU64::new(1),
            started: now,
            address,
        });
        let answering = Arc::clone(&state);
        let serving = port.serve(move |request| {
            let state = Arc::clone(&answering);
            async move { state.answer(request).await }
        });
        Ok(Self { state, _serving: serving })
    }

    /// Returns who gives tokens.
    pub fn issuer(&self) -> &str {
        &self.state.issuer.address
    }

    /// Returns what a job of GitHub Actions finds in `ACTIONS_ID_TOKEN_REQUEST_URL`; [`REQUEST_TOKEN`] is what it finds in `…_TOKEN`.
    pub fn github_url(&self) -> String {
        format!("{}/github?api-version=2.0", self.issuer())
    }

    /// Sets what tokens say from now on. Issuer, audience and times are added unless they are there.
    pub fn set_claims(&self, claims: Value) {
        *lock(&self.state.issuer.claims) = claims;
    }

    /// Makes a token that says this.
    pub fn token(&self, claims: &Value) -> String {
        self.state.issuer.token(claims, self.state.now())
    }

    /// Gives certificates for somebody else from now on.
    pub fn impersonate(&self, uri: &str) {
        *lock(&self.state.impostor) = Some(uri.to_owned());
    }

    /// Puts the clock ahead, or back: tokens are checked, and certificates given, at the time that it shows.
    pub fn put_clock(&self, seconds: i64) {
        self.state.ahead.store(seconds, Ordering::Relaxed);
    }

    /// Sets how many seconds certificates hold from now on.
    pub fn set_validity(&self, seconds: i64) {
        self.state.validity.store(seconds, Ordering::Relaxed);
    }

    /// Lets the next requests to a service go wrong.
    pub fn fail(&self, service: Service, times: usize, fault: Fault) {
        self.state.faults.add(service, times, fault);
    }

    /// Returns every request so far, in order.
    pub fn asked(&self) -> Vec<Asked> {
        self.state.faults.asked()
    }

    /// Returns the number of requests to a service so far.
    pub fn requests(&self, service: Service) -> usize {
        self.asked().iter().filter(|asked| asked.service == service).count()
    }

    /// Returns what is in the log of version 2, or of version 1.
    pub fn logged(&self, service: Service) -> Vec<Vec<u8>> {
        match service {
            Service::Log => self.state.log.bodies(),
            Service::OldLog => self.state.old_log.bodies(),
            _ => Vec::new(),
        }
    }

    /// Returns the `trusted_root.json` that clients verify with.
    pub fn trusted_root(&self) -> Value {
        trust::trusted_root(&self.state)
    }

    /// Returns the `signing_config.json` that clients sign with, with the log of this version.
    pub fn signing_config(&self, log_version: u32) -> Value {
        trust::signing_config(&self.state, log_version)
    }

    /// Returns where both are published (TUF), and the first `root.json`, by which what follows is known.
    pub fn updates(&self) -> (String, Vec<u8>) {
        (format!("{}/updates", self.state.address), updates::first_root(&self.state))
    }

    /// Changes what is published there.
    pub fn publish(&self, change: impl FnOnce(&mut Published)) {
        change(&mut lock(&self.state.updates.published));
    }

    /// Returns both in one, as `sigstore-python` wants them.
    pub fn client_trust_config(&self, log_version: u32) -> Value {
        trust::client_trust_config(&self.state, log_version)
    }
}

impl State {
    fn now(&self) -> Timestamp {
        Timestamp::now() + SignedDuration::from_secs(self.ahead.load(Ordering::Relaxed))
    }

    async fn answer(&self, request: Request<Body>) -> Response<Body> {
        let (head, body) = request.into_parts();
        let body = to_bytes(body, 32 << 20).await.unwrap_or_default();
        let Some((service, path)) = Service::at(head.uri.path()) else { return failure(404, "not found").respond() };
        let header = |name: &str| head.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let asked = Asked {
            service,
            what: format!("{} {path}", head.method),
            authorization: header("authorization").to_owned(),
            body: body.to_vec(),
        };
        let query = head.uri.query().unwrap_or_default();
        let usual = |asked: &Asked| self.usual(service, path, query, asked);
        self.faults.answer(asked, usual).await.respond()
    }

    fn usual(&self, service: Service, path: &str, query: &str, asked: &Asked) -> Answer {
        let Asked { authorization, body, .. } = asked;
        match service {
            Service::Issuer => self.issuer.answer(path, query, authorization, body, self.now()),
            Service::Authority if path == "/api/v2/signingCert" => authority::answer(self, authorization, body),
            Service::Authority if path == "/api/v1/signingCert" => authority::answer_old(self, authorization, body),
            Service::Authority => failure(404, "not found"),
            Service::Log => self.log.answer(path, body),
            Service::OldLog => self.old_log.answer_old(path, body, Timestamp::now()),
            Service::Updates => updates::answer(self, path),
            Service::Timestamps => {
                timestamp::answer(&self.timestamps, body, self.serial.fetch_add(1, Ordering::Relaxed), Timestamp::now())
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
