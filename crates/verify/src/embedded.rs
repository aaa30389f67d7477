use crate::attestations::Reader;
use crate::fetch::{self, settle};
use crate::image::ImageChecks;
use crate::{Owner, Part, Piece, VerifyError};
use consign_oci::{Descriptor, Digest, Index, Manifest, Platform, annotation, media_type};
use consign_receipt::{Gist, Subject};
use consign_sign::LIMIT;
use serde::Deserialize;

/// Most statements of one entry that are read.
const STATEMENT_LIMIT: usize = 100;

/// A statement in an index about one of its images (BuildKit, `docs/attestations/attestation-storage.md`). Nobody signed it for itself: whoever signed
/// the index vouches for its being the one that the builder gave, and no policy counts it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Embedded {
    /// Its type.
    pub predicate_type: String,
    /// Digest of its bytes.
    pub digest: Digest,
    /// What it says, in short, where it is of a type that is read.
    pub gist: Option<Gist>,
}

/// Returns the image of the index that an entry is about, if it holds statements about one.
pub(crate) fn subject_of<'a>(entry: &Descriptor, index: &'a Index) -> Option<(&'a Platform, &'a Descriptor)> {
    if entry.annotations.get(annotation::REFERENCE_TYPE).is_none_or(|stated| stated != annotation::ATTESTATIONS) {
        return None;
    }
    let digest = entry.annotations.get(annotation::REFERENCE_DIGEST)?;
    index.platforms().find(|(_, image)| *digest == image.digest.to_string())
}

/// Reads the statements in an entry, one after the other. One that is altered or missing is a failure, as with any other part of the index; one that is
/// too large or malformed, or about something else, says nothing.
pub(crate) async fn read_embedded(
    reader: &Reader<'_>,
    manifest: &Manifest,
    platform: &Platform,
    image: &Digest,
    found: &mut ImageChecks,
) -> Result<Vec<Embedded>, VerifyError> {
    let owner = Owner::Platform(platform.clone());
    let layers = manifest.layers.iter().filter(|layer| layer.media_type == media_type::IN_TOTO && layer.size <= LIMIT);
    let mut embedded = Vec::new();
    for layer in layers.take(STATEMENT_LIMIT) {
        let part = Part::of_predicate(layer.annotations.get(annotation::PREDICATE_TYPE).map(String::as_str));
        let piece = Piece::new(part, &owner, &layer.digest);
        if reader.take(layer, &piece).is_err() {
            break;
        }
        let bytes = fetch::blob(reader.place(), layer, LIMIT, &piece).await;
        let Some(bytes) = settle(bytes, &mut found.failures)? else { continue };
        found.checks.push(piece);
        embedded.extend(read(&bytes, &layer.digest, image));
    }
    Ok(embedded)
}

/// Reads no more of a statement than is told of it: an image's builder may write any number of packages.
fn read(bytes: &[u8], digest: &Digest, image: &Digest) -> Option<Embedded> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Head {
        subject: Vec<Subject>,
        predicate_type: String,
    }
    let Head { subject, predicate_type } = serde_json::from_slice(bytes).ok()?;
    let algorithm = image.algorithm().name();
    let is_about = subject.iter().any(|subject| subject.digest.get(algorithm).is_some_and(|hex| hex == image.hex()));
    let gist = Gist::of_statement(&predicate_type, bytes);
    is_about.then(|| Embedded { predicate_type, digest: digest.clone(), gist })
}
