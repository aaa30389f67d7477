//! Images that are put onto newer bases.

use crate::walk::is_whole;
use crate::world::{World, client, push};
use consign_image::{ImageError, ImageReference};
use consign_oci::annotation::{BASE_DIGEST, BASE_NAME};
use consign_oci::{Descriptor, Digest, Document, Exact, Index, Manifest, Reference, media_type};
use consign_testkit::registry::Fault;
use consign_transfer::{Bases, OldBase, Original, Rebase, RebaseError, RebaseProblem, RebaseState, Rebased};
use serde_json::json;
use std::collections::BTreeMap;

const PLATFORMS: [&str; 2] = ["amd64", "arm64"];

/// Pushes an image of layers that hold these words, by its digest.
async fn push_image(
    name: &str,
    architecture: &str,
    words: &[&str],
    annotations: &BTreeMap<String, String>,
) -> Document {
    let (reference, client) = (name.parse::<Reference>().unwrap(), client());
    let texts = words.iter().map(|word| format!("{word} for {architecture} ").repeat(5_000).into_bytes());
    let texts: Vec<Vec<u8>> = texts.collect();
    let contents: Vec<Digest> = texts.iter().map(|text| Digest::of(text)).collect();
    let config = json!({
        "os": "linux", "architecture": architecture, "rootfs": {"type": "layers", "diff_ids": contents},
        "history": words.iter().map(|word| json!({"created_by": word})).collect::<Vec<_>>(),
        "config": {"Env": [format!("LAST={}", words.last().unwrap())]},
    });
    let config = push(&client, &reference.repository, media_type::CONFIG, serde_json::to_vec(&config).unwrap()).await;
    let mut layers = Vec::new();
    for text in texts {
        layers.push(push(&client, &reference.repository, media_type::LAYER, text).await);
    }
    let manifest = Manifest { annotations: annotations.clone(), ..Manifest::new(config, layers) };
    let document = Document::Manifest(Exact::write(manifest).unwrap());
    client.put_manifest(&reference.repository, &document.digest().clone().into(), &document).await.unwrap();
    document
}

/// Pushes an image for two platforms, each of which says that it is based on what lies there for it, with what BuildKit lists besides.
async fn push_index(name: &str, words: &[&str], base: Option<(&str, &Document)>) -> Document {
    let (reference, client) = (name.parse::<Reference>().unwrap(), client());
    let mut entries = Vec::new();
    for (number, architecture) in PLATFORMS.into_iter().enumerate() {
        let annotations = base.map(|(name, base)| stated(name, &base.children()[number].digest)).unwrap_or_default();
        let image = push_image(name, architecture, words, &annotations).await;
        let platform = format!("linux/{architecture}").parse().unwrap();
        entries.push(Descriptor { platform: Some(platform), ..image.descriptor() });
    }
    if base.is_some() {
        let mut extra = Manifest::new(Descriptor::empty(), Vec::new());
        push(&client, &reference.repository, media_type::EMPTY, b"{}".to_vec()).await;
        extra.annotations.insert("about".to_owned(), "an attestation".to_owned());
        let extra = Document::Manifest(Exact::write(extra).unwrap());
        client.put_manifest(&reference.repository, &extra.digest().clone().into(), &extra).await.unwrap();
        entries.push(Descriptor { platform: Some("unknown/unknown".parse().unwrap()), ..extra.descriptor() });
    }
    let index = Document::Index(Exact::write(Index::new(entries)).unwrap());
    client.put_manifest(&reference.repository, &reference.target(), &index).await.unwrap();
    index
}

fn stated(name: &str, digest: &Digest) -> BTreeMap<String, String> {
    BTreeMap::from([(BASE_NAME.to_owned(), name.to_owned()), (BASE_DIGEST.to_owned(), digest.to_string())])
}

/// Names of an image and of the base that it says it is built on, which has moved since.
async fn moved(world: &World) -> (String, String) {
    let (image, base) = (World::at(&world.from, "team/app:1"), World::at(&world.from, "team/base:1"));
    let old = push_index(&base, &["a", "b"], None).await;
    push_index(&image, &["a", "b", "x"], Some((&base, &old))).await;
    push_index(&base, &["c", "d", "e"], None).await;
    (image, base)
}

async fn rebase(world: &World, image: &str, to: &str, dry_run: bool) -> Result<Rebased, RebaseError> {
    let place = world.source(image);
    let original = Original::read(&place).await?;
    let base = ImageReference::Registry(original.base_name()?.unwrap()).to_string();
    let bases = Bases { old: OldBase::Stated(world.source(&base)), new: world.source(&base) };
    let sink = world.sink(to);
    Rebase { image: &place, original: &original, bases: &bases, sink: &sink, dry_run }.run().await
}

#[tokio::test]
async fn the_base_is_replaced_on_every_platform_and_only_configs_are_sent() {
    let world = World::new().await;
    let (image, base) = moved(&world).await;
    world.from.forget();
    let dry = rebase(&world, &image, &image, true).await.unwrap();
    assert_eq!(world.from.writes(), 0);
    let rebased = rebase(&world, &image, &image, false).await.unwrap();
    assert_eq!((rebased.state, &rebased.root), (RebaseState::Rebased, &dry.root));
    assert_eq!((rebased.count.sent, rebased.count.mounted, rebased.count.manifests), (2, 6, 2), "{:?}", rebased.count);
    assert_eq!(rebased.left_out.len(), 1);
    let place = world.source(&image);
    assert_eq!(place.root().await.unwrap().unwrap().digest, rebased.root.digest);
    is_whole(&place, &rebased.root).await.unwrap();
    let index = place.document(&rebased.root).await.unwrap();
    let new_base = world.source(&base).root().await.unwrap().unwrap();
    let new_base = world.source(&base).document(&new_base).await.unwrap();
    assert_eq!(index.children().len(), 2);
    for (number, (platform, of_base)) in rebased.platforms.iter().zip(new_base.children()).enumerate() {
        assert_eq!((platform.base_layers, platform.own_layers), (3, 1));
        let Document::Manifest(manifest) = place.document(index.children()[number]).await.unwrap() else { panic!() };
        assert_eq!(manifest.annotations, stated(&base, &of_base.digest));
        let of_base = world.source(&base).document(of_base).await.unwrap();
        let layers = manifest.layers.iter().collect::<Vec<_>>();
        assert_eq!(layers[..3], of_base.children()[..3]);
        let config = place.bytes(&manifest.config, 1 << 20).await.unwrap();
        let config: serde_json::Value = serde_json::from_slice(&config).unwrap();
        assert_eq!(config["history"][3]["created_by"], "x");
        assert_eq!(config["config"]["Env"][0], "LAST=x");
        assert_eq!(platform.differences[0].variables, ["LAST"]);
    }
    // Now its base is the new one: nothing is done.
    world.from.forget();
    let again = rebase(&world, &image, &image, false).await.unwrap();
    assert_eq!((again.state, world.from.writes()), (RebaseState::Unchanged, 0));
    assert_eq!(again.root.digest, rebased.root.digest);
}

#[tokio::test]
async fn the_result_is_the_same_wherever_it_goes() {
    let world = World::new().await;
    let (image, _) = moved(&world).await;
    let layout = format!("oci:{}:1", world.path("layout").display());
    let elsewhere = World::at(&world.to, "other/app:2");
    let mut digests = Vec::new();
    for to in [elsewhere.as_str(), &layout, "store:app"] {
        let rebased = rebase(&world, &image, to, false).await.unwrap();
        is_whole(&world.source(to), &rebased.root).await.unwrap();
        digests.push(rebased.root.digest);
    }
    digests.dedup();
    assert_eq!(digests.len(), 1);
    world.to.forget();
    let again = rebase(&world, &image, &elsewhere, false).await.unwrap();
    assert_eq!((again.state, world.to.writes()), (RebaseState::Present, 0));
}

#[tokio::test]
async fn what_did_not_move_keeps_its_bytes() {
    let world = World::new().await;
    let (image, base) = (World::at(&world.from, "team/app:1"), World::at(&world.from, "team/base:1"));
    let old = push_index(&base, &["a"], None).await;
    let before = push_index(&image, &["a", "x"], Some((&base, &old))).await;
    // Only one platform of the base is another.
    let newer = push_image(&base, "amd64", &["b"], &BTreeMap::new()).await;
    let mut entries: Vec<Descriptor> = old.children().into_iter().cloned().collect();
    entries[0] = Descriptor { platform: entries[0].platform.clone(), ..newer.descriptor() };
    let index = Document::Index(Exact::write(Index::new(entries)).unwrap());
    let reference: Reference = base.parse().unwrap();
    client().put_manifest(&reference.repository, &reference.target(), &index).await.unwrap();
    let rebased = rebase(&world, &image, &image, false).await.unwrap();
    assert_ne!(rebased.platforms[0].digest, before.children()[0].digest);
    assert_eq!(rebased.platforms[1].digest, before.children()[1].digest);
    is_whole(&world.source(&image), &rebased.root).await.unwrap();
}

#[tokio::test]
async fn a_tag_that_others_move_meanwhile_stays_with_them() {
    let world = World::new().await;
    let (image, base) = moved(&world).await;
    let reference: Reference = image.parse().unwrap();
    let other = client().manifest(&reference.repository, &reference.target()).await.unwrap().unwrap();
    let theirs = world.source(&base).root().await.unwrap().unwrap();
    let theirs = world.source(&base).document(&theirs).await.unwrap();
    let heads = std::sync::atomic::AtomicUsize::new(0);
    world.from.hook(move |head| {
        // What the name names is asked before and after: the second answer is another's.
        let is_asked =
            head.method == "HEAD" && head.uri.path().ends_with("/manifests/1") && head.uri.path().contains("app");
        let later = is_asked && heads.fetch_add(1, std::sync::atomic::Ordering::Relaxed) > 0;
        later.then(|| {
            let response = axum::http::Response::builder().header("content-type", theirs.media_type());
            let response = response.header("docker-content-digest", theirs.digest().to_string());
            let response = response.header("content-length", theirs.bytes().len());
            Fault::Answer(response.body(axum::body::Body::empty()).unwrap())
        })
    });
    let error = rebase(&world, &image, &image, false).await.unwrap_err();
    assert!(matches!(error, RebaseError::Moved { .. }), "{error}");
    let now = client().manifest(&reference.repository, &reference.target()).await.unwrap().unwrap();
    assert_eq!(now.digest(), other.digest());
}

#[tokio::test]
async fn a_tag_that_others_moved_since_the_image_was_read_stays_with_them() {
    let world = World::new().await;
    let (image, base) = moved(&world).await;
    let place = world.source(&image);
    let original = Original::read(&place).await.unwrap();
    let theirs = push_single(&image, &["theirs"], &BTreeMap::new()).await;
    let bases = Bases { old: OldBase::Stated(world.source(&base)), new: world.source(&base) };
    let run = async |to: &str| {
        let sink = world.sink(to);
        Rebase { image: &place, original: &original, bases: &bases, sink: &sink, dry_run: false }.run().await
    };
    let error = run(&image).await.unwrap_err();
    assert!(matches!(error, RebaseError::Moved { .. }), "{error}");
    assert_eq!(place.root().await.unwrap().unwrap().digest, *theirs.digest());
    assert_eq!(run(&format!("{image}-rebased")).await.unwrap().state, RebaseState::Rebased);
}

/// Pushes an image for one platform under a tag.
async fn push_single(name: &str, words: &[&str], annotations: &BTreeMap<String, String>) -> Document {
    let image = push_image(name, "amd64", words, annotations).await;
    let reference: Reference = name.parse().unwrap();
    client().put_manifest(&reference.repository, &reference.target(), &image).await.unwrap();
    image
}

#[tokio::test]
async fn an_image_that_says_that_it_is_its_own_base_does_not_grow() {
    let world = World::new().await;
    let image = World::at(&world.from, "team/app:1");
    let old = push_single(&image, &["a"], &BTreeMap::new()).await;
    push_single(&image, &["a", "x"], &stated(&image, old.digest())).await;
    let error = rebase(&world, &image, &image, false).await.unwrap_err();
    assert!(matches!(error, RebaseError::Image { source: RebaseProblem::Circle, .. }), "{error}");
}

#[tokio::test]
async fn what_an_image_says_of_its_base_may_be_anything() {
    let world = World::new().await;
    let (image, base) = (World::at(&world.from, "team/app:1"), World::at(&world.from, "team/base:1"));
    let old = push_single(&base, &["a"], &BTreeMap::new()).await;
    push_single(&base, &["b"], &BTreeMap::new()).await;
    let absent = World::at(&world.from, "team/absent:1");
    let nothing = Digest::of(b"nothing");
    for (annotations, expected) in [
        (stated("../../etc/passwd", old.digest()), "the image says that it is based on `../../etc/passwd`"),
        (stated(&"x".repeat(100_000), old.digest()), "the image says that it is based on `xxx"),
        (stated(&absent, old.digest()), "there is no new base"),
        (stated(&base, &nothing), "there is no old base"),
        (
            BTreeMap::from([(BASE_NAME.to_owned(), base.clone())]),
            "does not say by digest what it is based on for linux/amd64",
        ),
    ] {
        push_single(&image, &["a", "x"], &annotations).await;
        world.from.forget();
        let error = rebase(&world, &image, &image, false).await.unwrap_err().to_string();
        assert!(error.contains(expected) && error.len() < 1_000, "{expected}: {error}");
        assert_eq!(world.from.writes(), 0);
    }
}

#[tokio::test]
async fn a_base_has_to_be_there_for_every_platform() {
    let world = World::new().await;
    let (image, base) = moved(&world).await;
    push_single(&base, &["a", "b"], &BTreeMap::new()).await;
    let error = rebase(&world, &image, &image, false).await.unwrap_err().to_string();
    assert_eq!(error, format!("the new base {base} has no linux/arm64; it has linux/amd64"));
    let reference: Reference = base.parse().unwrap();
    let index = Document::Index(Exact::write(Index::new(Vec::new())).unwrap());
    client().put_manifest(&reference.repository, &reference.target(), &index).await.unwrap();
    let error = rebase(&world, &image, &image, false).await.unwrap_err().to_string();
    assert_eq!(error, format!("the new base {base} has no linux/amd64; it has "));
}

#[tokio::test]
async fn what_is_larger_than_any_config_is_not_read() {
    let world = World::new().await;
    let (image, base) = (World::at(&world.from, "team/app:1"), World::at(&world.from, "team/base:1"));
    let old = push_single(&base, &["a"], &BTreeMap::new()).await;
    push_single(&image, &["a", "x"], &stated(&base, old.digest())).await;
    let reference: Reference = base.parse().unwrap();
    let config = push(&client(), &reference.repository, media_type::CONFIG, vec![b' '; 9 << 20]).await;
    let large = Document::Manifest(Exact::write(Manifest::new(config, Vec::new())).unwrap());
    client().put_manifest(&reference.repository, &reference.target(), &large).await.unwrap();
    let error = rebase(&world, &image, &image, false).await.unwrap_err();
    assert!(matches!(error, RebaseError::Place(ImageError::TooLarge { .. })), "{error}");
}
