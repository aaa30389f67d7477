//! Images with layers that only their own source hands out.

use crate::world::{World, bare, client, push_image};
use consign_image::{Access, Engine, Engines, ImageError, Sink};
use consign_oci::{Descriptor, Document, Exact, Manifest, Reference};
use consign_transfer::{Copier, TransferError};
use std::collections::BTreeMap;

/// Pushes an image whose first layer is elsewhere.
async fn push_foreign(name: &str) -> Document {
    let reference: Reference = name.parse().unwrap();
    let Document::Manifest(image) = push_image(name, 1, 1).await else { unreachable!() };
    let foreign = Descriptor::of("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", b"elsewhere");
    let mut manifest = Manifest::clone(&image);
    manifest.layers.insert(0, foreign);
    let document = Document::Manifest(Exact::write(manifest).unwrap());
    client().put_manifest(&reference.repository, &reference.target(), &document).await.unwrap();
    document
}

#[tokio::test]
async fn they_reach_every_place_and_come_back() {
    let world = World::new().await;
    let from = World::at(&world.from, "team/app:1");
    let image = push_foreign(&from).await;
    let at = |scheme: &str, name: &str| format!("{scheme}:{}", world.path(name).display());
    let places = [at("oci", "layout"), at("oci-archive", "file"), "store:app".to_owned()];
    for (number, place) in places.iter().map(String::as_str).enumerate() {
        let back = World::at(&world.to, &format!("back/{number}:1"));
        for (from, to) in [(from.as_str(), place), (place, back.as_str())] {
            let (source, sink, options) = (world.source(from), world.sink(to), bare());
            let copied = Copier::new(&source, &sink, &options).copy().await;
            let copied = copied.unwrap_or_else(|error| panic!("{from} to {to}: {error}"));
            assert_eq!(copied.root.digest, *image.digest(), "{to}");
        }
    }
}

#[tokio::test]
async fn engines_get_none_of_them() {
    let world = World::new().await;
    let from = World::at(&world.from, "team/app:1");
    push_foreign(&from).await;
    world.from.forget();
    let engines = Engines { docker: Access::Program, environment: BTreeMap::new() };
    let name: Reference = "localhost/app".parse().unwrap();
    let sink = Sink::to_engine(engines, Engine::Containers, &name, world.store.clone()).unwrap();
    let (source, options) = (world.source(&from), bare());
    let error = Copier::new(&source, &sink, &options).copy().await.unwrap_err();
    assert!(matches!(error, TransferError::Image(ImageError::Foreign { .. })), "{error}");
    assert!(!world.asked().contains("/blobs/"), "{}", world.asked());
}
