//! How much is asked of a registry at the same time.

use crate::world::{World, path};
use axum::http::request::Parts;
use consign_oci::{Descriptor, Repository};
use consign_registry::{Client, Pushed};
use consign_testkit::registry::{Fault, TestRegistry};
use futures::future::join_all;
use std::io::Cursor;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinHandle;

/// No test takes that long, unless something waits for itself.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// Requests that a registry holds back.
pub(crate) struct Held {
    came: UnboundedReceiver<()>,
    pub(crate) go: Arc<Notify>,
}

impl Held {
    /// Holds back the requests that `matching` accepts.
    pub(crate) fn by(registry: &TestRegistry, matching: impl Fn(&Parts) -> bool + Send + Sync + 'static) -> Self {
        let (tell, came) = unbounded_channel();
        let go = Arc::new(Notify::new());
        let until = Arc::clone(&go);
        registry.hook(move |head| {
            matching(head).then(|| {
                tell.send(()).unwrap();
                Fault::Wait(Arc::clone(&until))
            })
        });
        Self { came, go }
    }

    /// Waits for `count` requests. No more may come while none is let go.
    pub(crate) async fn wait(&mut self, count: usize) {
        for nth in 0..count {
            let came = tokio::time::timeout(PATIENCE, self.came.recv()).await;
            assert!(came.is_ok(), "only {nth} of {count}");
        }
        // Whatever wanted to be sent has been sent by now.
        for _ in 0..1000 {
            tokio::task::yield_now().await;
        }
        assert!(self.came.is_empty(), "{} more than {count}", self.came.len());
    }

    /// Lets requests go, `most` at a time, until `all` have gone.
    pub(crate) async fn release(&mut self, all: usize, most: usize) {
        for round in 0..all.div_ceil(most) {
            self.wait(most.min(all - round * most)).await;
            self.go.notify_waiters();
        }
    }
}

pub(crate) fn begin<T: Send + 'static>(
    futures: impl Iterator<Item: Future<Output = T> + Send + 'static>,
) -> Vec<JoinHandle<T>> {
    futures.map(tokio::spawn).collect()
}

/// Waits for all of them, and returns what they return.
pub(crate) async fn ended<T>(tasks: Vec<JoinHandle<T>>) -> Vec<T> {
    let all = tokio::time::timeout(PATIENCE, join_all(tasks)).await.unwrap();
    all.into_iter().map(Result::unwrap).collect()
}

/// Makes a blob that no other is like.
pub(crate) fn blob(nth: usize, size: usize) -> (Vec<u8>, Descriptor) {
    let mut bytes = vec![0; size];
    bytes[..8].copy_from_slice(&nth.to_be_bytes());
    let descriptor = Descriptor::of("x/y", &bytes);
    (bytes, descriptor)
}

/// Sends a blob that is too large to be sent with one request.
async fn send(client: Client, repository: Repository, nth: usize) -> Pushed {
    let (bytes, descriptor) = blob(nth, 70_000);
    client.push_blob(&repository, &descriptor, async || Ok(Cursor::new(bytes.clone())), None).await.unwrap()
}

/// Reads a blob to its end.
async fn receive(client: Client, repository: Repository, nth: usize) {
    let (expected, descriptor) = blob(nth, 70_000);
    let mut bytes = Vec::new();
    client.blob(&repository, &descriptor).await.unwrap().read_to_end(&mut bytes).await.unwrap();
    assert!(bytes == expected);
}

/// Asks whether there is a blob that is not there.
pub(crate) async fn ask(client: Client, repository: Repository, nth: usize) {
    let digest = blob(nth, 8).1.digest;
    assert!(!client.blob_exists(&repository, &digest).await.unwrap());
}

pub(crate) fn sends(head: &Parts) -> bool {
    head.method == "PUT"
}

fn reads(head: &Parts) -> bool {
    head.method == "GET" && path(head).contains("/blobs/")
}

/// Returns a client and its clones, one after the other.
fn clones(client: &Client, nth: usize) -> Client {
    if nth.is_multiple_of(2) { client.clone() } else { client.with_mirrors() }
}

#[tokio::test]
async fn thirty_two_requests_at_once() {
    let World { registry, client, repository } = World::new().await;
    let mut held = Held::by(&registry, |_| true);
    let tasks = begin((0..100).map(|nth| ask(clones(&client, nth), repository.clone(), nth)));
    held.release(100, 32).await;
    ended(tasks).await;
}

#[tokio::test]
async fn six_blobs_are_sent_and_read_at_once() {
    let World { registry, client, repository } = World::new().await;
    let mut sent = Held::by(&registry, sends);
    let tasks = begin((0..100).map(|nth| send(clones(&client, nth), repository.clone(), nth)));
    sent.release(100, 6).await;
    assert!(ended(tasks).await.iter().all(|pushed| *pushed == Pushed::Uploaded));
    let mut read = Held::by(&registry, reads);
    let tasks = begin((0..100).map(|nth| receive(clones(&client, nth), repository.clone(), nth)));
    read.release(100, 6).await;
    ended(tasks).await;
}

#[tokio::test]
async fn nobody_waits_for_those_who_do_something_else() {
    let World { registry, client, repository } = World::new().await;
    send(client.clone(), repository.clone(), 0).await;
    let (mut sent, mut read) = (Held::by(&registry, sends), Held::by(&registry, reads));
    let sending = begin((1..8).map(|nth| send(client.clone(), repository.clone(), nth)));
    sent.wait(6).await;
    let reading = begin((0..7).map(|_| receive(client.clone(), repository.clone(), 0)));
    read.wait(6).await;
    ended(begin((0..100).map(|nth| ask(client.clone(), repository.clone(), nth)))).await;
    read.go.notify_waiters();
    read.release(1, 1).await;
    ended(reading).await;
    sent.go.notify_waiters();
    sent.release(1, 1).await;
    ended(sending).await;
}

#[tokio::test]
async fn a_blob_that_is_open_counts_until_nobody_reads_it() {
    let World { registry, client, repository } = World::new().await;
    send(client.clone(), repository.clone(), 0).await;
    let (bytes, descriptor) = blob(0, 70_000);
    let open = || client.blob(&repository, &descriptor);
    let mut readers = Vec::new();
    for _ in 0..6 {
        readers.push(open().await.unwrap());
    }
    registry.forget();
    let (client, repository) = (client.clone(), repository.clone());
    let seventh = tokio::spawn(receive(client, repository, 0));
    for _ in 0..1000 {
        tokio::task::yield_now().await;
    }
    assert!(!seventh.is_finished() && registry.requests() == 0);
    // Half of it is enough, if nobody wants the rest.
    let mut first = readers.remove(0);
    let mut half = vec![0; bytes.len() / 2];
    first.read_exact(&mut half).await.unwrap();
    drop(first);
    ended(vec![seventh]).await;
}

#[tokio::test]
async fn each_registry_has_its_own_budgets() {
    let (one, other) = (World::new().await, World::new().await);
    let mut held = [Held::by(&one.registry, |_| true), Held::by(&other.registry, |_| true)];
    let repositories = [one.repository.clone(), other.repository.clone()];
    let tasks = begin((0..100).map(|nth| ask(one.client.clone(), repositories[nth % 2].clone(), nth)));
    for held in &mut held {
        held.wait(32).await;
    }
    for held in &mut held {
        held.go.notify_waiters();
        held.release(18, 18).await;
    }
    ended(tasks).await;
}
