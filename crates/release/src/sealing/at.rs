use super::Sealing;
use crate::ReleaseError;
use consign_attach::{AttachError, Attacher, Forms, Signing, created};
use consign_image::{Place, Sink};
use consign_oci::{Digest, Document, Reference, Repository};
use consign_registry::Client;
use consign_transfer::Arrived;
use tokio::sync::OnceCell;

/// An image where it arrived, without a tag.
pub(super) struct At<'a> {
    pub(super) image: Arrived<'a>,
    /// The name that is to name it.
    pub(super) destination: Reference,
    pub(super) place: Place,
    pub(super) sink: Sink,
    /// Where the older form is kept, if not beside it.
    legacy: Option<(Place, Sink)>,
    document: OnceCell<Document>,
    created: OnceCell<String>,
}

impl<'a> At<'a> {
    pub(super) fn new(image: Arrived<'a>, shared: &Sealing) -> Result<Self, AttachError> {
        let Sink::Registry { client, reference } = image.sink else {
            return Err(AttachError::Fixed { place: image.sink.describe() });
        };
        let (place, sink) = by_digest(client, &reference.repository, &image.root.digest);
        let legacy = shared.legacy().map(|repository| by_digest(client, repository, &image.root.digest));
        let document = OnceCell::new_with(image.document.cloned());
        let destination = match image.sink.tag() {
            Some(tag) => reference.repository.tagged(tag),
            None => reference.clone(),
        };
        Ok(Self { image, destination, place, sink, legacy, document, created: OnceCell::new() })
    }

    pub(super) fn signing<'s>(&'s self, shared: &'s Sealing, created: &'s str, forms: Forms) -> Signing<'s> {
        let legacy = self.legacy.as_ref();
        Signing {
            attacher: Attacher { place: &self.place, sink: &self.sink, legacy: legacy.map(|(_, sink)| sink) },
            legacy: legacy.map_or(&self.place, |(place, _)| place),
            signatory: &shared.signatory,
            forms,
            replace: false,
            created,
        }
    }

    pub(super) async fn document(&self) -> Result<&Document, ReleaseError> {
        let read = || async { Ok(self.place.document(self.image.root).await?) };
        self.document.get_or_try_init(read).await
    }

    pub(super) async fn created(&self) -> Result<&str, ReleaseError> {
        let read = || async { Ok::<_, ReleaseError>(created(&self.place, self.document().await?).await?) };
        self.created.get_or_try_init(read).await.map(String::as_str)
    }

    pub(super) fn fixed(&self) -> AttachError {
        AttachError::Fixed { place: self.sink.describe() }
    }
}

fn by_digest(client: &Client, repository: &Repository, digest: &Digest) -> (Place, Sink) {
    let reference = repository.at(digest.clone());
    let place = Place::Registry { client: client.clone(), reference: reference.clone() };
    (place, Sink::Registry { client: client.clone(), reference })
}
