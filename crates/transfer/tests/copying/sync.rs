//! Repositories that are kept like others.

use crate::world::{World, client, push_artifact, push_image, push_index, push_tagged};
use consign_image::Place;
use consign_oci::{Digest, Document, Reference, Tag};
use consign_registry::Memory;
use consign_testkit::registry::Fault;
use consign_transfer::{
    Admission, Backup, MinimumAge, Mirror, Mirrored, Options, Outcome, Refusal, Selection, State, TransferError,
    synchronize,
};
use futures::future::BoxFuture;
use regex::Regex;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);

pub(crate) fn mirror(world: &World, from: &str, to: &str) -> Mirror {
    Mirror {
        source: world.source(from),
        sink: world.sink(to),
        selection: None,
        may_be_empty: false,
        immutable: Vec::new(),
        admission: None,
        seal: None,
        prune: None,
        options: Options::default(),
    }
}

pub(crate) fn every_tag(world: &World, from: &str, to: &str) -> Mirror {
    Mirror { selection: Some(Selection::default()), ..mirror(world, from, to) }
}

pub(crate) fn pattern(text: &str) -> Vec<Regex> {
    vec![Regex::new(&format!("^(?:{text})$")).unwrap()]
}

pub(crate) async fn sync(world: &World, mirrors: &[Mirror]) -> Vec<Mirrored> {
    world.from.forget();
    world.to.forget();
    synchronize(mirrors).await.0
}

/// Returns what became of the images, each by its name at the destination and a word.
pub(crate) fn outcomes(mirrored: &[Mirrored]) -> Vec<(String, &'static str)> {
    let images = mirrored.iter().flat_map(|mirrored| mirrored.images.as_ref().unwrap());
    let word = |outcome: &Result<Outcome, TransferError>| match outcome {
        Ok(Outcome::Copied(copied)) => match copied.state {
            State::Copied => "copied",
            State::Unchanged => "unchanged",
            State::Waiting => "waiting",
            State::Fixed => "kept",
        },
        Ok(Outcome::Immutable) => "immutable",
        Err(TransferError::Refused { .. }) => "refused",
        Err(_) => "failed",
    };
    let tag = |name: &str| name.parse::<Reference>().unwrap().tag.unwrap().to_string();
    images.map(|image| (tag(&image.destination), word(&image.result))).collect()
}

pub(crate) async fn tag_also(name: &str, image: &Document) {
    let reference: Reference = name.parse().unwrap();
    client().put_manifest(&reference.repository, &reference.target(), image).await.unwrap();
}

pub(crate) async fn named(name: &str) -> Option<Digest> {
    let reference: Reference = name.parse().unwrap();
    let found = client().manifest_descriptor(&reference.repository, &reference.target()).await.unwrap();
    found.map(|found| found.digest)
}

pub(crate) async fn tags(name: &str) -> Vec<String> {
    client().tags(&name.parse().unwrap()).await.unwrap().iter().map(Tag::to_string).collect()
}

#[tokio::test]
async fn tags_and_digests_get_the_tags_that_are_written() {
    let world = World::new().await;
    let from = World::at(&world.from, "team/app");
    let (one, two) = (push_image(&format!("{from}:1"), 1, 1).await, push_image(&format!("{from}:2"), 2, 1).await);
    let to = World::at(&world.to, "mirror/app");
    let mirrors = [
        mirror(&world, &format!("{from}:1"), &format!("{to}:one")),
        mirror(&world, &format!("{from}@{}", two.digest()), &format!("{to}:some-cool-tag")),
        mirror(&world, &format!("{from}:1@{}", one.digest()), &format!("{to}:both")),
    ];
    let done = sync(&world, &mirrors).await;
    assert_eq!(outcomes(&done).iter().map(|(_, word)| *word).collect::<Vec<_>>(), ["copied"; 3]);
    assert_eq!(named(&format!("{to}:some-cool-tag")).await.as_ref(), Some(two.digest()));
    assert_eq!(named(&format!("{to}:both")).await.as_ref(), Some(one.digest()));
    let again = sync(&world, &mirrors).await;
    assert_eq!(outcomes(&again).iter().map(|(_, word)| *word).collect::<Vec<_>>(), ["unchanged"; 3]);
    assert_eq!(world.to.writes(), 0);
    // What names a digest need not be asked for.
    assert_eq!((world.from.requests(), world.to.requests()), (1, 3), "{}", world.asked());
}

#[tokio::test]
async fn always_brings_what_came_since() {
    let world = World::new().await;
    let (from, to) = (World::at(&world.from, "team/app:1"), World::at(&world.to, "mirror/app:1"));
    let image = push_image(&from, 1, 1).await;
    let plain = mirror(&world, &from, &to);
    sync(&world, std::slice::from_ref(&plain)).await;
    let signature = push_artifact(&from.parse::<Reference>().unwrap().repository, &image, "signature").await;
    sync(&world, std::slice::from_ref(&plain)).await;
    assert_eq!(world.source(&to).referrers(image.digest()).await.unwrap().len(), 0);
    let always = Mirror { options: Options { always: true, ..Options::default() }, ..plain };
    sync(&world, &[always]).await;
    assert_eq!(world.source(&to).referrers(image.digest()).await.unwrap()[0].digest, *signature.digest());
}

/// Lets in all images but one, and counts how often it is asked.
struct Doorkeeper {
    unwanted: Digest,
    asked: AtomicUsize,
}

impl Admission for Doorkeeper {
    fn admit<'a>(&'a self, image: &'a Place) -> BoxFuture<'a, Result<(), Refusal>> {
        Box::pin(async {
            self.asked.fetch_add(1, Ordering::Relaxed);
            let Place::Registry { reference, .. } = image else { return Err("it lies nowhere".into()) };
            assert!(reference.tag.is_some(), "{reference}");
            match reference.digest.as_ref() == Some(&self.unwanted) {
                true => Err("it is unwanted".into()),
                false => Ok(()),
            }
        })
    }
}

#[tokio::test]
async fn what_is_not_let_in_stays_out_and_stops_nothing() {
    let world = World::new().await;
    let (from, to) = (World::at(&world.from, "team/app"), World::at(&world.to, "mirror/app"));
    let good = push_image(&format!("{from}:1"), 1, 1).await;
    sync(&world, &[every_tag(&world, &from, &to)]).await;
    push_image(&format!("{from}:2"), 2, 1).await;
    let bad = push_image(&format!("{from}:3"), 3, 1).await;
    // It would take the tag of one that is there.
    tag_also(&format!("{from}:1"), &bad).await;
    let doorkeeper = Arc::new(Doorkeeper { unwanted: bad.digest().clone(), asked: AtomicUsize::new(0) });
    let mirrors = |always| {
        let options = Options { always, ..Options::default() };
        [Mirror { admission: Some(doorkeeper.clone()), options, ..every_tag(&world, &from, &to) }]
    };
    let done = sync(&world, &mirrors(false)).await;
    let state = |tag: &str, word| (tag.to_owned(), word);
    assert_eq!(outcomes(&done), [state("1", "refused"), state("2", "copied"), state("3", "refused")]);
    let there = client().blob_exists(&to.parse().unwrap(), &bad.children()[0].digest).await.unwrap();
    assert!(!there, "a blob of an image that is not let in was sent");
    assert_eq!(named(&format!("{to}:1")).await.as_ref(), Some(good.digest()));
    assert_eq!(tags(&to).await, ["1", "2"]);
    assert_eq!(doorkeeper.asked.swap(0, Ordering::Relaxed), 3);
    // What is there is not asked about again, unless everything is.
    sync(&world, &mirrors(false)).await;
    assert_eq!(doorkeeper.asked.swap(0, Ordering::Relaxed), 2);
    sync(&world, &mirrors(true)).await;
    assert_eq!(doorkeeper.asked.load(Ordering::Relaxed), 3);
}

#[tokio::test]
async fn chosen_tags_are_mirrored_and_no_others() {
    let world = World::new().await;
    let (from, to) = (World::at(&world.from, "team/app"), World::at(&world.to, "mirror/app"));
    for (seed, tag) in (1..).zip(["1.0.0", "1.1.0", "2.0.0", "latest"]) {
        push_image(&format!("{from}:{tag}"), seed, 1).await;
    }
    let selection = Selection { matching: pattern("[0-9.]+"), newest: Some(2), ..Selection::default() };
    let done = sync(&world, &[Mirror { selection: Some(selection), ..mirror(&world, &from, &to) }]).await;
    assert_eq!(outcomes(&done), [("1.1.0".to_owned(), "copied"), ("2.0.0".to_owned(), "copied")]);
    assert_eq!(tags(&to).await, ["1.1.0", "2.0.0"]);
}

#[tokio::test]
async fn tags_that_never_move_are_not_asked_for_again() {
    let world = World::new().await;
    let (from, to) = (World::at(&world.from, "team/app"), World::at(&world.to, "mirror/app"));
    for (seed, tag) in (1..).zip(["1.0.0", "1.1.0", "edge"]) {
        push_image(&format!("{from}:{tag}"), seed, 1).await;
    }
    let mirrors = [Mirror { immutable: pattern("[0-9.]+"), ..every_tag(&world, &from, &to) }];
    sync(&world, &mirrors).await;
    push_image(&format!("{from}:1.0.0"), 9, 1).await;
    let done = sync(&world, &mirrors).await;
    let expected = [("1.0.0", "immutable"), ("1.1.0", "immutable"), ("edge", "unchanged")];
    assert_eq!(outcomes(&done), expected.map(|(tag, word)| (tag.to_owned(), word)));
    // Two lists, and the tag that moves.
    assert_eq!((world.from.requests(), world.to.requests()), (2, 2), "{}", world.asked());
}

#[tokio::test]
async fn what_a_tag_named_is_kept_under_another() {
    let world = World::new().await;
    let (from, to) = (World::at(&world.from, "team/app:1"), World::at(&world.to, "mirror/app:1"));
    let first = push_image(&from, 1, 1).await;
    let backup = Backup { template: "{tag}-until-{date}".into(), date: "20261122".into(), time: "120000".into() };
    let options = Options { backup: Some(backup), ..Options::default() };
    let mirrors = [Mirror { options, ..mirror(&world, &from, &to) }];
    sync(&world, &mirrors).await;
    assert_eq!(tags(&World::at(&world.to, "mirror/app")).await, ["1"]);
    let second = push_image(&from, 2, 1).await;
    sync(&world, &mirrors).await;
    assert_eq!(named(&to).await.as_ref(), Some(second.digest()));
    assert_eq!(named(&format!("{to}-until-20261122")).await.as_ref(), Some(first.digest()));
}

#[tokio::test]
async fn no_backup_takes_the_name_of_another() {
    let world = World::new().await;
    let (from, to) = (World::at(&world.from, "team/app:1"), World::at(&world.to, "mirror/app:1"));
    let backup = Backup { template: "{tag}-old".into(), date: String::new(), time: String::new() };
    let options = Options { backup: Some(backup), ..Options::default() };
    let mirrors = [Mirror { options, ..mirror(&world, &from, &to) }];
    let mut images = Vec::new();
    for seed in 1..=2 {
        images.push(push_image(&from, seed, 1).await);
        assert_eq!(outcomes(&sync(&world, &mirrors).await)[0].1, "copied");
    }
    images.push(push_image(&from, 3, 1).await);
    let done = sync(&world, &mirrors).await;
    let error = done[0].images.as_ref().unwrap()[0].result.as_ref().unwrap_err().to_string();
    assert!(error.contains("1-old names another image already"), "{error}");
    assert_eq!(named(&format!("{to}-old")).await.as_ref(), Some(images[0].digest()));
    assert_eq!(named(&to).await.as_ref(), Some(images[1].digest()));
}

#[tokio::test]
async fn what_never_moves_does_not_move_for_those_who_look_again() {
    let world = World::new().await;
    let (from, to) = (World::at(&world.from, "team/app"), World::at(&world.to, "mirror/app"));
    let first = push_image(&format!("{from}:1"), 1, 1).await;
    let options = Options { always: true, ..Options::default() };
    let mirrors = [Mirror { immutable: pattern("1"), options, ..every_tag(&world, &from, &to) }];
    sync(&world, &mirrors).await;
    push_artifact(&from.parse().unwrap(), &first, "signature").await;
    assert_eq!(outcomes(&sync(&world, &mirrors).await)[0].1, "copied");
    let referrers = client().referrers(&to.parse().unwrap(), first.digest()).await.unwrap();
    assert_eq!(referrers.len(), 1);
    push_image(&format!("{from}:1"), 2, 1).await;
    assert_eq!(outcomes(&sync(&world, &mirrors).await)[0].1, "kept");
    assert_eq!(named(&format!("{to}:1")).await.as_ref(), Some(first.digest()));
}

#[tokio::test]
async fn a_name_is_like_one_image_only() {
    let world = World::new().await;
    let (from, to) = (World::at(&world.from, "team/app"), World::at(&world.to, "mirror/app"));
    let other = World::at(&world.from, "team/other");
    let first = push_image(&format!("{from}:1"), 1, 1).await;
    push_image(&format!("{other}:1"), 2, 1).await;
    push_image(&format!("{other}:2"), 3, 1).await;
    let mirrors = [every_tag(&world, &from, &to), every_tag(&world, &other, &to)];
    for _ in 0..2 {
        let done = sync(&world, &mirrors).await;
        let words: Vec<&str> = outcomes(&done).into_iter().map(|(_, word)| word).collect();
        assert_eq!((words[0] == "failed", words[1], words[2] == "failed"), (false, "failed", false), "{words:?}");
        assert_eq!(named(&format!("{to}:1")).await.as_ref(), Some(first.digest()));
    }
}

#[tokio::test]
async fn a_repository_that_is_named_has_tags() {
    let world = World::new().await;
    let (from, to) = (World::at(&world.from, "team/tpyo"), World::at(&world.to, "mirror/app"));
    let done = sync(&world, &[every_tag(&world, &from, &to)]).await;
    assert!(matches!(done[0].images, Err(TransferError::NoTags { .. })));
    let listed = Mirror { may_be_empty: true, ..every_tag(&world, &from, &to) };
    assert_eq!(outcomes(&sync(&world, &[listed]).await), []);
}

#[tokio::test]
async fn new_images_wait_until_they_are_old_enough() {
    let mut world = World::new().await;
    let (from, to) = (World::at(&world.from, "team/app:1"), World::at(&world.to, "mirror/app:1"));
    push_image(&from, 1, 1).await;
    let repository = from.parse::<Reference>().unwrap().repository;
    let options = Options { minimum_age: Some(MinimumAge::Seen(DAY)), ..Options::default() };
    let waiting = |world: &World| [Mirror { options: options.clone(), ..mirror(world, &from, &to) }];
    let done = sync(&world, &waiting(&world)).await;
    assert_eq!(outcomes(&done)[0].1, "waiting");
    assert_eq!(named(&to).await, None);
    // A day goes by.
    let mut memory = serde_json::to_value(world.client.memory(&repository)).unwrap();
    let first = &mut memory["repositories"]["team/app"]["tags"]["1"]["first"];
    *first = (first.as_u64().unwrap() - 90_000).into();
    let memory: Memory = serde_json::from_value(memory).unwrap();
    world.client = client();
    world.client.recall(&repository, memory.clone());
    assert_eq!(outcomes(&sync(&world, &waiting(&world)).await)[0].1, "copied");
    // Another image under the same tag has to wait again.
    push_image(&from, 2, 1).await;
    world.client = client();
    world.client.recall(&repository, memory);
    assert_eq!(outcomes(&sync(&world, &waiting(&world)).await)[0].1, "waiting");
}

#[tokio::test]
async fn images_are_as_old_as_the_youngest_of_their_platforms() {
    let world = World::new().await;
    let (from, to) = (World::at(&world.from, "team/app"), World::at(&world.to, "mirror/app"));
    // Made on the first four days of a January, and one on the seventh.
    push_index(&format!("{from}:list"), 1).await;
    push_image(&format!("{from}:image"), 7, 1).await;
    // There is no such day.
    push_image(&format!("{from}:timeless"), 99, 1).await;
    let at = async |now: &str, tag: &str| {
        let minimum_age = Some(MinimumAge::Created { age: 3 * DAY, now: now.parse().unwrap() });
        let mirrors = [Mirror {
            options: Options { minimum_age, ..Options::default() },
            ..mirror(&world, &format!("{from}:{tag}"), &format!("{to}:{tag}"))
        }];
        outcomes(&sync(&world, &mirrors).await)[0].1
    };
    assert_eq!(at("2026-01-06T23:59:59Z", "list").await, "waiting");
    assert_eq!(at("2025-12-01T00:00:00Z", "list").await, "waiting");
    assert_eq!(at("2026-01-07T00:00:00Z", "list").await, "copied");
    assert_eq!(at("2026-01-07T00:00:00Z", "image").await, "waiting");
    assert_eq!(at("2026-01-10T00:00:00Z", "image").await, "copied");
    assert_eq!(at("2026-01-10T00:00:00Z", "timeless").await, "failed");
    assert_eq!(named(&format!("{to}:timeless")).await, None);
}

#[tokio::test]
async fn a_dry_run_writes_nothing_and_counts_bytes() {
    let world = World::new().await;
    let (from, to) = (World::at(&world.from, "team/app"), World::at(&world.to, "mirror/app"));
    let image = push_image(&format!("{from}:1"), 1, 2).await;
    push_artifact(&from.parse().unwrap(), &image, "signature").await;
    push_tagged(&from.parse().unwrap(), &format!("{}.sig", Tag::of_referrers(image.digest())), "older").await;
    let options = Options { dry_run: true, ..Options::default() };
    let (done, count) = synchronize(&[Mirror { options, ..every_tag(&world, &from, &to) }]).await;
    assert_eq!(outcomes(&done), [("1".to_owned(), "copied")]);
    assert_eq!(world.to.writes(), 0, "{}", world.asked());
    let (_, real) = synchronize(&[every_tag(&world, &from, &to)]).await;
    assert_eq!((count.sent, count.bytes), (real.sent, real.bytes));
    assert!(real.bytes > 140_000);
}

#[tokio::test]
async fn what_several_entries_share_is_asked_for_once() {
    let world = World::new().await;
    let from = World::at(&world.from, "team/app");
    let image = push_image(&format!("{from}:0"), 1, 1).await;
    for tag in 1..20 {
        tag_also(&format!("{from}:{tag}"), &image).await;
    }
    let to = |path: &str| World::at(&world.to, path);
    let mut mirrors = vec![every_tag(&world, &from, &to("a")), every_tag(&world, &from, &to("b"))];
    mirrors.push(mirror(&world, &format!("{from}:7"), &format!("{}:seven", to("a"))));
    let done = sync(&world, &mirrors).await;
    assert!(done.iter().all(|mirrored| mirrored.failures() == 0));
    let asked = world.from.lines();
    let of = |what: &str| asked.iter().filter(|line| line.contains(what)).count();
    assert_eq!((of("/referrers/"), of("/tags/list")), (1, 1), "{}", world.asked());
    let sent = world.to.lines().iter().filter(|line| line.starts_with("PATCH") || line.contains("/uploads/")).count();
    assert!(sent <= 12, "{}", world.asked());
}

#[tokio::test]
async fn one_that_fails_stops_no_other() {
    let world = World::new().await;
    let from = World::at(&world.from, "team/app");
    push_image(&format!("{from}:1"), 1, 1).await;
    let to = World::at(&world.to, "mirror/app");
    world.from.hook(|head| head.uri.path().contains("/secret/").then(|| Fault::status(403)));
    let mirrors = [
        every_tag(&world, &World::at(&world.from, "secret/app"), &to),
        mirror(&world, &format!("{from}:none"), &format!("{to}:none")),
        mirror(&world, &format!("{from}:1"), &format!("{to}:1")),
    ];
    let done = sync(&world, &mirrors).await;
    assert!(done[0].images.is_err());
    let failures: Vec<usize> = done.iter().map(Mirrored::failures).collect();
    assert_eq!(failures, [1, 1, 0]);
    assert!(named(&format!("{to}:1")).await.is_some());
}

#[tokio::test]
async fn who_was_set_back_meanwhile_waits_again() {
    let mut world = World::new().await;
    let (from, to) = (World::at(&world.from, "team/app:1"), World::at(&world.to, "mirror/app:1"));
    let first = push_image(&from, 1, 1).await;
    let repository = from.parse::<Reference>().unwrap().repository;
    sync(&world, &[mirror(&world, &from, &to)]).await;
    let options = Options { minimum_age: Some(MinimumAge::Seen(DAY)), ..Options::default() };
    let waiting = |world: &World| [Mirror { options: options.clone(), ..mirror(world, &from, &to) }];
    let second = push_image(&from, 2, 1).await;
    assert_eq!(outcomes(&sync(&world, &waiting(&world)).await)[0].1, "waiting");
    tag_also(&from, &first).await;
    assert_eq!(outcomes(&sync(&world, &waiting(&world)).await)[0].1, "unchanged");
    // A day goes by.
    let mut memory = serde_json::to_value(world.client.memory(&repository)).unwrap();
    if let Some(seen) = memory["repositories"]["team/app"]["tags"].get_mut("1") {
        seen["first"] = (seen["first"].as_u64().unwrap() - 90_000).into();
    }
    world.client = client();
    world.client.recall(&repository, serde_json::from_value(memory).unwrap());
    tag_also(&from, &second).await;
    assert_eq!(outcomes(&sync(&world, &waiting(&world)).await)[0].1, "waiting");
}
