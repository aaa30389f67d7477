//! Registries and files that lie: what is copied is whole, or the copy fails and names nothing.

use crate::careless::Careless;
use crate::walk::is_whole;
use crate::world::{World, bare, client, push_image, push_index, push_tagged};
use axum::body::Body;
use axum::http::Response;
use consign_image::ImageError;
use consign_oci::{
    Descriptor, Digest, Document, DocumentError, Exact, Index, Manifest, Reference, Repository, media_type,
};
use consign_registry::{Memory, RegistryError};
use consign_testkit::registry::Fault;
use consign_transfer::{Copied, Copier, Mirror, Mirrored, Options, Prune, Selection, TransferError, synchronize};
use serde_json::{Value, json};
use std::sync::Arc;
use tokio::sync::Notify;

fn answer(status: u16, headers: &[(&str, &str)], body: impl Into<Body>) -> Fault {
    let response = headers
        .iter()
        .fold(Response::builder().status(status), |response, (name, value)| response.header(*name, *value));
    Fault::Answer(response.body(body.into()).unwrap())
}

fn repository(name: &str) -> Repository {
    name.parse::<Reference>().unwrap().repository
}

async fn copy(world: &World, from: &str, to: &str) -> Result<Copied, TransferError> {
    let (source, sink, options) = (world.source(from), world.sink(to), bare());
    Copier::new(&source, &sink, &options).copy().await
}

async fn names_nothing(world: &World, to: &str) -> bool {
    world.source(to).root().await.unwrap().is_none()
}

fn list(manifests: Vec<Descriptor>) -> Document {
    Document::Index(Exact::write(Index::new(manifests)).unwrap())
}

/// Makes an image of one layer, which a careless registry has.
fn image(registry: &Careless, text: &str, change: impl FnOnce(&mut Manifest)) -> Document {
    let config = format!("{{\"seed\":\"{text}\"}}").into_bytes();
    let layer = Descriptor::of(media_type::LAYER, text.as_bytes());
    registry.blob("team/app", &layer.digest, text.as_bytes());
    let config_descriptor = Descriptor::of(media_type::CONFIG, &config);
    registry.blob("team/app", &config_descriptor.digest, &config);
    let mut manifest = Manifest::new(config_descriptor, vec![layer]);
    change(&mut manifest);
    let document = Document::Manifest(Exact::write(manifest).unwrap());
    registry.document("team/app", &document.digest().to_string(), &document);
    document
}

#[tokio::test(start_paused = true)]
async fn a_destination_that_answers_everything_alike_is_refused() {
    for status in [200, 201, 202, 204, 206, 301, 304, 307, 400, 429, 500, 507] {
        for body in ["", "{}", "{\"errors\":7}", "[]"] {
            let mut world = World::new().await;
            let from = World::at(&world.from, "team/app:1");
            push_image(&from, 1, 1).await;
            world.to.hook(move |_| Some(answer(status, &[("content-type", "application/json")], body)));
            for to in ["mirror/app:1", &format!("mirror/app@{}", Digest::of(b"x"))] {
                let to = World::at(&world.to, to);
                let error = copy(&world, &from, &to).await.unwrap_err().to_string();
                assert!(error.contains(&world.to.host()), "{status}: {error}");
            }
            assert!(world.to.requests() < 20, "{status}");
            world.client = client();
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_destination_that_takes_writes_and_does_nothing_is_no_endless_work() {
    for status in [200, 201, 202, 204] {
        let world = World::new().await;
        let from = World::at(&world.from, "team/app:1");
        push_index(&from, 1).await;
        world.to.hook(move |head| {
            let digest = Digest::of(b"another").to_string();
            let headers = [("docker-content-digest", digest.as_str()), ("location", "/v2/mirror/app/blobs/uploads/1")];
            (head.method != "GET" && head.method != "HEAD").then(|| answer(status, &headers, ""))
        });
        // Nothing says that it failed where everything is answered as if it had been done.
        let result = copy(&world, &from, &World::at(&world.to, "mirror/app:1")).await;
        assert_eq!(result.is_ok(), status == 201, "{status}: {result:?}");
        assert!(world.to.requests() < 100, "{}", world.asked());
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_not_what_was_listed_is_not_copied() {
    let digest = Digest::of(b"another").to_string();
    let large = vec![b' '; 9 << 20];
    for (what, body, header) in [
        // The tag: another digest than that of the bytes; bytes that end too early; too many of them.
        ("/manifests/1", None, Some(digest.as_str())),
        ("/manifests/1", Some(&b"{\"schemaVersion\":2,"[..]), None),
        ("/manifests/1", Some(&large), None),
        ("/manifests/1", Some(b""), None),
        ("/manifests/sha256:", Some(b"{}"), None),
        ("/manifests/sha256:", Some(b"{\"schemaVersion\":2,\"manifests\":[]}"), None),
        ("/manifests/sha256:", Some(&large), None),
        ("/blobs/", Some(b""), None),
        ("/blobs/", Some(b"{\"os\":"), None),
        ("/blobs/", Some(&large), None),
    ] {
        let world = World::new().await;
        let (from, to) = (World::at(&world.from, "team/app:1"), World::at(&world.to, "mirror/app:1"));
        let index = push_index(&from, 1).await;
        let (body, header) = (body.unwrap_or(index.bytes()).to_vec(), header.map(str::to_owned));
        world.from.hook(move |head| {
            let headers: Vec<(&str, &str)> =
                header.iter().map(|header| ("docker-content-digest", header.as_str())).collect();
            (head.method == "GET" && head.uri.path().contains(what)).then(|| answer(200, &headers, body.clone()))
        });
        for to in [to, format!("oci:{}:1", world.path("layout").display()), "store:app".to_owned()] {
            copy(&world, &from, &to).await.unwrap_err();
            match to.starts_with("oci:") {
                // There is not even a layout.
                true => assert!(!world.path("layout").join("index.json").exists(), "{what}"),
                false => assert!(names_nothing(&world, &to).await, "{what} {to}"),
            }
        }
    }
}

#[tokio::test]
async fn what_is_both_a_list_and_an_image_is_not_copied() {
    let (world, source) = (World::new().await, Careless::start().await);
    let (from, to) = (format!("{}/team/app:1", source.host), World::at(&world.to, "mirror/app:1"));
    let child = image(&source, "x", |_| {});
    let mut value: Value = serde_json::from_slice(child.bytes()).unwrap();
    value.as_object_mut().unwrap().remove("mediaType");
    value["manifests"] = json!([child.descriptor()]);
    for media_type in [media_type::INDEX, media_type::MANIFEST] {
        source.bytes("team/app", "1", media_type, value.to_string().as_bytes());
        let error = copy(&world, &from, &to).await.unwrap_err();
        let source = std::error::Error::source(&error).and_then(|error| error.downcast_ref::<DocumentError>());
        assert!(matches!(source, Some(DocumentError::BothKinds { .. })), "{error:?}");
    }
    assert!(names_nothing(&world, &to).await);
}

#[tokio::test]
async fn lists_in_lists_end() {
    let (world, source) = (World::new().await, Careless::start().await);
    let (from, to) = (format!("{}/team/app:1", source.host), World::at(&world.to, "mirror/app:1"));
    let mut document = image(&source, "x", |_| {});
    for _ in 0..1000 {
        document = list(vec![document.descriptor()]);
        source.document("team/app", &document.digest().to_string(), &document);
    }
    source.document("team/app", "1", &document);
    let error = copy(&world, &from, &to).await.unwrap_err();
    assert!(matches!(error, TransferError::Image(ImageError::TooDeep { .. })), "{error}");
    // One that claims to list itself: whatever is served for its digest has another.
    let digest = Digest::of(b"itself");
    let itself = list(vec![Descriptor::new(media_type::INDEX, digest.clone(), 300)]);
    source.document("team/app", "1", &itself);
    source.document("team/app", &digest.to_string(), &itself);
    let error = copy(&world, &from, &to).await.unwrap_err();
    assert!(matches!(error, TransferError::Image(ImageError::Mismatch { .. })), "{error:?}");
    assert!(names_nothing(&world, &to).await);
    assert_eq!(world.to.writes(), 0);
}

#[tokio::test]
async fn long_lists_end() {
    let (world, source) = (World::new().await, Careless::start().await);
    let (from, to) = (format!("{}/team/app:1", source.host), World::at(&world.to, "mirror/app:1"));
    let nobodys = |number: usize| Descriptor::new(media_type::MANIFEST, Digest::of(&number.to_le_bytes()), 500);
    let child = image(&source, "x", |_| {});
    source.document("team/app", "1", &list((0..100_000).map(nobodys).collect()));
    let error = copy(&world, &from, &to).await.unwrap_err();
    let of_registry = match &error {
        TransferError::Image(ImageError::Registry(error)) => Some(error),
        _ => None,
    };
    assert!(matches!(of_registry, Some(RegistryError::TooLarge { .. })), "{error:?}");
    source.document("team/app", "1", &list((0..20_000).map(nobodys).collect()));
    let error = copy(&world, &from, &to).await.unwrap_err();
    assert!(matches!(error, TransferError::Image(ImageError::Missing { .. })), "{error:?}");
    assert!(names_nothing(&world, &to).await);
    // The same again and again is the same once.
    source.document("team/app", "1", &list(vec![child.descriptor(); 20_000]));
    copy(&world, &from, &to).await.unwrap();
    assert!(world.to.requests() < 10, "{}", world.asked());
    let place = world.source(&to);
    is_whole(&place, &child.descriptor()).await.unwrap();
}

#[tokio::test]
async fn sizes_that_are_wrong_are_refused() {
    let (world, source) = (World::new().await, Careless::start().await);
    let from = format!("{}/team/app:1", source.host);
    for size in [0, 1, 9, 11, 70_000, 2 << 20, 65 << 20, 1 << 40, u64::MAX >> 1, u64::MAX - 1, u64::MAX] {
        for whole in [true, false] {
            // Of the layer, or of the image in a list.
            let of_layer = image(&source, "ten bytes!", |manifest| manifest.layers[0].size = size);
            let child = image(&source, "ten bytes!", |_| {});
            let of_image = list(vec![Descriptor { size, ..child.descriptor() }]);
            source.document("team/app", "1", if whole { &of_image } else { &of_layer });
            for to in [World::at(&world.to, "mirror/app:1"), "store:app".to_owned()] {
                copy(&world, &from, &to).await.expect_err(&format!("{size} {whole}"));
                assert!(names_nothing(&world, &to).await, "{size}");
            }
        }
    }
}

#[tokio::test]
async fn the_same_bytes_listed_as_several_things_are_brought_as_each() {
    let source = Careless::start().await;
    let from = format!("{}/team/app:1", source.host);
    let child = image(&source, "x", |_| {});
    source.blob("team/app", child.digest(), child.bytes());
    let as_blob = Descriptor { media_type: "application/json".to_owned(), ..child.descriptor() };
    let foreign = Descriptor {
        media_type: "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip".to_owned(),
        ..Descriptor::of(media_type::LAYER, b"x")
    };
    for (number, root) in [
        list(vec![child.descriptor(), as_blob.clone()]),
        list(vec![as_blob, child.descriptor()]),
        image(&source, "x", |manifest| manifest.layers.push(foreign.clone())),
        image(&source, "x", |manifest| manifest.layers.insert(0, foreign.clone())),
    ]
    .iter()
    .enumerate()
    {
        source.document("team/app", "1", root);
        let (world, careless) = (World::new().await, Careless::start().await);
        for to in [World::at(&world.to, "mirror/app:1"), format!("{}/mirror/app:1", careless.host)] {
            copy(&world, &from, &to).await.unwrap();
            let place = world.source(&to);
            let whole = match root {
                Document::Index(_) => is_whole(&place, &child.descriptor()).await,
                Document::Manifest(_) => is_whole(&place, &root.descriptor()).await,
            };
            whole.unwrap_or_else(|error| panic!("{number} {to}: {error}"));
        }
    }
}

#[tokio::test]
async fn a_layer_that_is_said_to_be_a_manifest_is_a_layer() {
    let (world, source) = (World::new().await, Careless::start().await);
    let from = format!("{}/team/app:1", source.host);
    let inner = image(&source, "inner", |_| {});
    source.blob("team/app", inner.digest(), inner.bytes());
    let root = image(&source, "x", |manifest| manifest.layers.push(inner.descriptor()));
    source.document("team/app", "1", &root);
    let careless = Careless::start().await;
    for to in [World::at(&world.to, "mirror/app:1"), format!("{}/mirror/app:1", careless.host)] {
        copy(&world, &from, &to).await.unwrap();
        is_whole(&world.source(&to), &root.descriptor()).await.unwrap_or_else(|error| panic!("{to}: {error}"));
    }
}

/// Makes what another run is said to have left: that a repository holds all of this, and that its tag names something.
fn lies(repository: &str, holds: &[Digest], named: &Descriptor, mut features: Value) -> Memory {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    let holds: serde_json::Map<String, Value> = holds.iter().map(|digest| (digest.to_string(), now.into())).collect();
    features["learned"] = now.into();
    let contents = json!({"holds": holds, "tags": {"1": {"descriptor": named, "first": 0, "last": u64::MAX}}});
    let paths = ["", "/", "../../etc", "a b", "UPPER", "x?from=y#z", "a@b", "evil.example/x", repository];
    let repositories: serde_json::Map<String, Value> =
        paths.iter().map(|path| ((*path).to_owned(), contents.clone())).collect();
    serde_json::from_value(json!({"features": features, "repositories": repositories})).unwrap()
}

/// Returns everything that an index of images leads to, by digests.
async fn everything(world: &World, from: &str, index: &Document) -> Vec<Digest> {
    let (mut digests, place) = (vec![index.digest().clone()], world.source(from));
    for entry in index.children() {
        digests.push(entry.digest.clone());
        let image = place.document(entry).await.unwrap();
        digests.extend(image.children().into_iter().map(|part| part.digest.clone()));
    }
    digests
}

#[tokio::test]
async fn what_is_remembered_wrongly_does_no_harm() {
    let mut world = World::new().await;
    let from = World::at(&world.from, "team/app:1");
    let index = push_index(&from, 2).await;
    let holds = everything(&world, &from, &index).await;
    let image = index.children()[0].digest.clone();
    for features in [
        json!({}),
        json!({"validates": true, "mounts": true, "answersMounts": true, "takesWhole": true, "takesPieces": true}),
        json!({"validates": false, "mounts": false, "answersMounts": false, "takesWhole": false, "takesPieces": false}),
    ] {
        for from in [from.clone(), format!("{}@{image}", repository(&from))] {
            for options in [bare(), Options::default()] {
                world.to = consign_testkit::registry::TestRegistry::start().await.unwrap();
                let careless = Careless::start().await;
                // That a registry looks for parts is believed for a while, whoever has its name then.
                let careless_too = features["validates"] != true;
                for host in [world.to.host()].into_iter().chain(careless_too.then(|| careless.host.clone())) {
                    let to = format!("{host}/mirror/app:1");
                    world.client = client();
                    world
                        .client
                        .recall(&repository(&to), lies("mirror/app", &holds, &index.descriptor(), features.clone()));
                    let (source, sink) = (world.source(&from), world.sink(&to));
                    let copied = Copier::new(&source, &sink, &options).copy().await.unwrap();
                    let whole = is_whole(&world.source(&to), &copied.root).await;
                    let kind = if host == careless.host { "takes anything" } else { "looks for parts" };
                    whole.unwrap_or_else(|error| panic!("{kind} {features} {from}: {error}"));
                }
            }
        }
    }
}

fn mirror(world: &World, from: &str, to: &str) -> Mirror {
    Mirror {
        source: world.source(from),
        sink: world.sink(to),
        may_be_empty: false,
        selection: Some(Selection::default()),
        immutable: Vec::new(),
        admission: None,
        seal: None,
        prune: Some(Prune { maximum_percent: 100, keep: Vec::new() }),
        options: Options::default(),
    }
}

async fn sync(world: &World, from: &str, to: &str) -> Mirrored {
    synchronize(&[mirror(world, from, to)]).await.0.remove(0)
}

async fn tags(name: &str) -> Vec<String> {
    client().tags(&name.parse().unwrap()).await.unwrap().iter().map(ToString::to_string).collect()
}

async fn delete(name: &str) {
    let reference: Reference = name.parse().unwrap();
    assert!(client().delete_manifest(&reference.repository, &reference.target()).await.unwrap());
}

async fn tag_also(name: &str, image: &Document) {
    let reference: Reference = name.parse().unwrap();
    client().put_manifest(&reference.repository, &reference.target(), image).await.unwrap();
}

fn signature_of(image: &Document) -> String {
    format!("sha256-{}.sig", image.digest().hex())
}

#[tokio::test(start_paused = true)]
async fn nothing_is_deleted_where_the_source_cannot_be_listed() {
    let other = World::new().await;
    let elsewhere = format!("<http://{}/v2/team/app/tags/list>; rel=\"next\"", other.to.host());
    let circle = "</v2/team/app/tags/list?n=1000>; rel=\"next\"".to_owned();
    for (status, link, body) in [
        (200, None, ""),
        (200, None, "{}"),
        (200, None, "[]"),
        (200, None, "{\"tags\":null}"),
        (200, None, "{\"tags\":[]}"),
        (200, None, "{\"tags\":[\"../x\",\"\"]}"),
        (200, None, "{\"tags\":7}"),
        (200, None, "{\"tags\":[\"1\""),
        (200, Some(elsewhere.as_str()), "{\"tags\":[\"1\"]}"),
        (200, Some(&circle), "{\"tags\":[\"1\"]}"),
        (204, None, ""),
        (307, None, ""),
        (401, None, ""),
        (403, None, ""),
        (404, None, ""),
        (429, None, ""),
        (500, None, ""),
    ] {
        let world = World::new().await;
        let (from, to) = (World::at(&world.from, "team/app"), World::at(&world.to, "mirror/app"));
        for (seed, tag) in [(1, "1"), (2, "2"), (3, "3")] {
            push_image(&format!("{from}:{tag}"), seed, 1).await;
        }
        assert_eq!(sync(&world, &from, &to).await.failures(), 0);
        let link = link.map(str::to_owned);
        world.from.hook(move |head| {
            let headers: Vec<(&str, &str)> = link.iter().map(|link| ("link", link.as_str())).collect();
            head.uri.path().ends_with("/tags/list").then(|| answer(status, &headers, body))
        });
        assert_eq!(sync(&world, &from, &to).await.failures(), 1, "{status} {body}");
        assert_eq!(tags(&to).await, ["1", "2", "3"], "{status} {body}");
    }
    assert_eq!(other.to.requests(), 0);
}

#[tokio::test]
async fn a_signature_stays_with_an_image_that_another_tag_names_now() {
    let world = World::new().await;
    let (from, to) = (World::at(&world.from, "team/app"), World::at(&world.to, "mirror/app"));
    let image = push_image(&format!("{from}:old"), 1, 1).await;
    push_tagged(&from.parse().unwrap(), &signature_of(&image), "signature").await;
    assert_eq!(sync(&world, &from, &to).await.failures(), 0);
    tag_also(&format!("{from}:new"), &image).await;
    delete(&format!("{from}:old")).await;
    assert_eq!(sync(&world, &from, &to).await.failures(), 0);
    assert_eq!(tags(&to).await, ["new".to_owned(), signature_of(&image)]);
}

#[tokio::test]
async fn a_signature_stays_with_an_image_that_a_list_still_lists() {
    let world = World::new().await;
    let (from, to) = (World::at(&world.from, "team/app"), World::at(&world.to, "mirror/app"));
    let image = push_image(&format!("{from}:one"), 1, 1).await;
    let lonely = push_image(&format!("{from}:lonely"), 2, 1).await;
    for image in [&image, &lonely] {
        push_tagged(&from.parse().unwrap(), &signature_of(image), "signature").await;
    }
    // A list in a list.
    let inner = list(vec![image.descriptor()]);
    let by_digest = format!("{from}@{}", inner.digest());
    tag_also(&by_digest, &inner).await;
    tag_also(&format!("{from}:all"), &list(vec![inner.descriptor()])).await;
    assert_eq!(sync(&world, &from, &to).await.failures(), 0);
    delete(&format!("{from}:one")).await;
    delete(&format!("{from}:lonely")).await;
    assert_eq!(sync(&world, &from, &to).await.failures(), 0);
    assert_eq!(tags(&to).await, ["all".to_owned(), signature_of(&image)]);
}

#[tokio::test]
async fn two_at_once_that_prune_do_not_trouble_each_other() {
    let world = World::new().await;
    let (from, to) = (World::at(&world.from, "team/app"), World::at(&world.to, "mirror/app"));
    for seed in 1..=6 {
        let image = push_image(&format!("{from}:{seed}"), seed, 1).await;
        push_tagged(&from.parse().unwrap(), &signature_of(&image), &format!("signature {seed}")).await;
    }
    assert_eq!(sync(&world, &from, &to).await.failures(), 0);
    for seed in 1..=3 {
        delete(&format!("{from}:{seed}")).await;
    }
    push_image(&format!("{from}:7"), 7, 1).await;
    let (one, other) = (World { client: client(), ..World::new().await }, World::new().await);
    let (first, second) = tokio::join!(sync(&one, &from, &to), sync(&other, &from, &to));
    assert_eq!((first.failures(), second.failures()), (0, 0));
    let left = tags(&to).await;
    let named: Vec<&String> = left.iter().filter(|tag| !tag.ends_with(".sig")).collect();
    assert_eq!(named, ["4", "5", "6", "7"]);
    assert_eq!(left.len(), 4 + 3, "{left:?}");
    for tag in named {
        let place = world.source(&format!("{to}:{tag}"));
        is_whole(&place, &place.root().await.unwrap().unwrap()).await.unwrap();
    }
}

#[tokio::test]
async fn a_tag_that_moves_while_it_is_copied_names_one_image_or_the_other() {
    for what in ["/manifests/1", "/manifests/sha256:", "/blobs/"] {
        let world = World::new().await;
        let (from, to) = (World::at(&world.from, "team/app"), World::at(&world.to, "mirror/app"));
        push_index(&format!("{from}:1"), 1).await;
        let (reached, moved) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (reaching, moving) = (Arc::clone(&reached), Arc::clone(&moved));
        let first = std::sync::atomic::AtomicBool::new(true);
        world.from.hook(move |head| {
            let matches = head.method == "GET" && head.uri.path().contains(what);
            if !matches || !first.swap(false, std::sync::atomic::Ordering::Relaxed) {
                return None;
            }
            reaching.notify_one();
            Some(Fault::Wait(Arc::clone(&moving)))
        });
        let mover = async {
            reached.notified().await;
            let image = push_image(&format!("{from}:1"), 9, 1).await;
            moved.notify_one();
            image
        };
        let (mirrored, image) = tokio::join!(sync(&world, &from, &to), mover);
        assert_eq!(mirrored.failures(), 0, "{what}");
        let place = world.source(&format!("{to}:1"));
        is_whole(&place, &place.root().await.unwrap().unwrap()).await.unwrap();
        assert_eq!(sync(&world, &from, &to).await.failures(), 0);
        assert_eq!(place.root().await.unwrap().unwrap().digest, *image.digest(), "{what}");
    }
}
