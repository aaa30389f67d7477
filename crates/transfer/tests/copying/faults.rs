//! Copies of which something goes wrong in each phase, at either side.

use crate::walk::is_whole;
use crate::world::{World, push_artifact, push_image, push_tagged};
use consign_image::Place;
use consign_oci::{Document, Exact, Index, Reference};
use consign_testkit::registry::{Fault, TestRegistry};
use consign_transfer::{Copier, Options};
use std::sync::{Arc, Mutex};

/// What happens to a registry's requests.
#[derive(Clone, Copy)]
enum Trouble {
    /// Nothing.
    None,
    /// This happens to one of them (from 1).
    Once(usize, fn() -> Fault),
    /// This happens to one of them, and to all that follow.
    From(usize, fn() -> Fault),
}

/// Makes trouble for a registry, which can be changed; it counts from then on.
struct Troubled(Arc<Mutex<(usize, Trouble)>>);

impl Troubled {
    fn new(registry: &TestRegistry) -> Self {
        let state = Arc::new(Mutex::new((0, Trouble::None)));
        let shared = Arc::clone(&state);
        registry.hook(move |_| {
            let mut state = shared.lock().unwrap();
            state.0 += 1;
            match state.1 {
                Trouble::Once(nth, fault) if state.0 == nth => Some(fault()),
                Trouble::From(nth, fault) if state.0 >= nth => Some(fault()),
                _ => None,
            }
        });
        Self(state)
    }

    /// Returns how many requests there were before.
    fn set(&self, trouble: Trouble) -> usize {
        std::mem::replace(&mut *self.0.lock().unwrap(), (0, trouble)).0
    }
}

/// Pushes an index of two images that have a layer in common with nobody, one of them with a signature of either kind.
async fn push(name: &str) -> (Document, Document) {
    let reference: Reference = name.parse().unwrap();
    let mut entries = Vec::new();
    let first = push_image(&format!("{name}-a"), 1, 1).await;
    let second = push_image(&format!("{name}-b"), 2, 1).await;
    for image in [&first, &second] {
        entries.push(image.descriptor());
    }
    let index = Document::Index(Exact::write(Index::new(entries)).unwrap());
    let client = crate::world::client();
    client.put_manifest(&reference.repository, &reference.target(), &index).await.unwrap();
    push_artifact(&reference.repository, &index, "about").await;
    let tag = format!("sha256-{}.sig", first.digest().hex());
    push_tagged(&reference.repository, &tag, "signature").await;
    (index, first)
}

async fn copy(world: &mut World, from: &str, to: &str) -> Result<(), consign_transfer::TransferError> {
    // One that knows nothing, as each run does.
    world.client = crate::world::client();
    let (source, sink, options) = (world.source(from), world.sink(to), Options::default());
    Copier::new(&source, &sink, &options).copy().await.map(drop)
}

/// Checks that everything is there.
async fn check(place: &Place, (index, first): &(Document, Document), case: &str) {
    let root = place.root().await.unwrap().expect(case);
    assert_eq!(root.digest, *index.digest(), "{case}");
    is_whole(place, &root).await.expect(case);
    let about = place.referrers(index.digest()).await.unwrap();
    assert_eq!(about.len(), 1, "{case}");
    is_whole(place, &about[0]).await.expect(case);
    let tag = format!("sha256-{}.sig", first.digest().hex()).parse().unwrap();
    is_whole(place, &place.tagged(&tag).await.unwrap().expect(case)).await.expect(case);
}

/// Lets something go wrong at each request of a copy in turn, and returns how often the copy succeeded all the same, of how many. Where `misleads`
/// is set, it may say that there is nothing about the image.
async fn each_request(at_source: bool, misleads: bool, trouble: impl Fn(usize) -> Trouble) -> (usize, usize) {
    let mut world = World::new().await;
    let from = World::at(&world.from, "team/app:1");
    let expected = push(&from).await;
    let (source, destination) = (Troubled::new(&world.from), Troubled::new(&world.to));
    let troubled = if at_source { &source } else { &destination };
    let first = World::at(&world.to, "mirror/first:1");
    copy(&mut world, &from, &first).await.unwrap();
    let requests = troubled.set(Trouble::None);
    let mut succeeded = 0;
    for nth in 1..=requests {
        let to = World::at(&world.to, &format!("mirror/app-{nth}:1"));
        troubled.set(trouble(nth));
        let result = copy(&mut world, &from, &to).await;
        troubled.set(Trouble::None);
        let case = format!("request {nth} of {requests}, source: {at_source}: {result:?}");
        let place = world.source(&to);
        if let Some(root) = place.root().await.unwrap() {
            is_whole(&place, &root).await.expect(&case);
        }
        if result.is_ok() {
            succeeded += 1;
            if misleads {
                continue;
            }
            check(&place, &expected, &case).await;
        }
        copy(&mut world, &from, &to).await.expect(&case);
        check(&place, &expected, &case).await;
    }
    (succeeded, requests)
}

#[tokio::test(start_paused = true)]
async fn what_breaks_off_once_is_copied_all_the_same() {
    let busy: [fn() -> Fault; 3] = [|| Fault::busy(429), || Fault::status(429), || Fault::status(500)];
    for at_source in [true, false] {
        for trouble in
            [&|nth| Trouble::Once(nth, || Fault::Drop), &|nth| Trouble::Once(nth, || Fault::DropAfter), &|nth| {
                Trouble::Once(nth, busy[nth % busy.len()])
            }] as [&dyn Fn(usize) -> Trouble; 3]
        {
            let (succeeded, requests) = each_request(at_source, false, trouble).await;
            assert!(requests > 10, "{requests}");
            assert_eq!(succeeded, requests, "{at_source}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn nothing_incomplete_is_named_by_one_that_fails() {
    let from: [fn() -> Fault; 2] = [|| Fault::Drop, || Fault::status(500)];
    // That there is no list of referrers, or that a manifest was taken, may be said without being so.
    let once: [fn() -> Fault; 4] = [
        || Fault::status(403),
        || Fault::status(404),
        || Fault::status(202),
        || Fault::bytes(b"{\"schemaVersion\":2,"),
    ];
    for at_source in [true, false] {
        for (misleads, trouble) in [
            (false, &|nth| Trouble::From(nth, from[nth % from.len()])),
            (true, &|nth| Trouble::Once(nth, once[nth % once.len()])),
        ] as [(bool, &dyn Fn(usize) -> Trouble); 2]
        {
            let (succeeded, requests) = each_request(at_source, misleads, trouble).await;
            assert!(succeeded < requests, "{at_source} {misleads}");
        }
    }
}
