//! Manifests that are listed by other digests than SHA-256.

use crate::world::{World, client, push_image};
use consign_image::ImageError;
use consign_oci::{Algorithm, Descriptor, Document, Exact, Hasher, Index};
use consign_transfer::{Copier, Options, TransferError};

#[tokio::test]
async fn are_written_by_the_digest_that_lists_them() {
    let mut world = World::new().await;
    let (from, to) = (World::at(&world.from, "team/app:1"), World::at(&world.to, "mirror/app:1"));
    let reference: consign_oci::Reference = from.parse().unwrap();
    let image = push_image(&from, 1, 1).await;
    let mut hasher = Hasher::new(Algorithm::Sha512);
    hasher.update(image.bytes());
    let listed = Descriptor { digest: hasher.finish(), ..image.descriptor() };
    client().put_manifest(&reference.repository, &listed.digest.clone().into(), &image).await.unwrap();
    let index = Document::Index(Exact::write(Index::new(vec![listed.clone()])).unwrap());
    client().put_manifest(&reference.repository, &reference.target(), &index).await.unwrap();
    for name in [to, format!("oci:{}", world.path("layout").display())] {
        world.copy(&from, &name, &Options::default()).await;
        assert_eq!(world.source(&name).exact_document(&listed).await.unwrap(), image, "{name}");
    }
    let (source, sink, options) = (world.source(&from), world.sink("store:app"), Options::default());
    let error = Copier::new(&source, &sink, &options).copy().await.unwrap_err();
    assert!(matches!(error, TransferError::Image(ImageError::Algorithm { .. })), "{error}");
}
