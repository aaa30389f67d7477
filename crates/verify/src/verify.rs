use crate::attestations::Reader;
use crate::fetch::document;
use crate::walk::Walk;
use crate::{Owner, Part, Piece, Verified, VerifyError};
use consign_image::{Place, Trouble};
use consign_oci::{Document, Repository, Tag};
use consign_receipt::Policy;
use consign_trust::Authority;
use jiff::civil::Date;

/// What an image must show.
#[derive(Clone, Copy)]
pub struct Expectation<'a> {
    /// Those of whom one must have signed everything. The policy believes each.
    pub authorities: &'a [Authority],
    /// What every platform must have, beside what the release record says that the release had to show. Without one, a release must have what the
    /// default policy asks for, and what consign did not release only signatures.
    pub policy: Option<&'a Policy>,
    /// Whether it must have been released by consign, so that the tag is bound.
    pub released: bool,
    /// The day, in UTC: what the policy ignores until an earlier day counts again. What the release tolerated is judged by the day of the release.
    pub today: Date,
    /// Whether to read and hash the layers too.
    pub content: bool,
    /// Types of which there must be a signed statement, about what the reference names or about each platform. With such, nothing that consign did not
    /// release needs a signature beside.
    pub attested: &'a [String],
    /// Where cosign's older form is kept, where that is not beside the image.
    pub legacy: Option<&'a Place>,
}

impl<'a> Expectation<'a> {
    /// Asks for signatures of one of these, on this day, and of a release for what the default policy asks for.
    pub fn new(authorities: &'a [Authority], today: Date) -> Self {
        Self { authorities, policy: None, released: false, today, content: false, attested: &[], legacy: None }
    }
}

/// Checks the image that a place's reference names, and everything that it is made of and that is claimed about it.
///
/// `requested` is the repository and tag that the user named: the record of a release must name them, the tag must name the image even where
/// the reference has a digest too, and no later release may have been given the tag. `None` for an image that is named by its digest
/// alone or lies in a file.
pub async fn verify(
    place: &Place,
    requested: Option<(&Repository, &Tag)>,
    expectation: Expectation<'_>,
) -> Result<Verified, VerifyError> {
    verify_root(place, &root(place).await?, requested, expectation).await
}

/// Does the same with what [`root`] found there, so that it is known what was verified whatever comes of it.
pub async fn verify_root(
    place: &Place,
    root: &Document,
    requested: Option<(&Repository, &Tag)>,
    expectation: Expectation<'_>,
) -> Result<Verified, VerifyError> {
    let reader = Reader::new(place, expectation.legacy, expectation.authorities);
    if requested.is_some() || !matches!(place, Place::Registry { .. }) {
        reader.list_tags(&Piece::new(Part::Tag, &Owner::Index, root.digest())).await?;
    }
    let walk = Box::pin(Walk::of(&reader, root, expectation.content)).await?;
    walk.judge(&reader, requested, expectation).await
}

/// Reads what the reference names; of a registry with one request, unless something is wrong with it.
pub async fn root(place: &Place) -> Result<Document, VerifyError> {
    let unresolved = |source| VerifyError::Unresolved { place: place.describe(), source: Box::new(source) };
    let not_found = || VerifyError::NotFound { place: place.describe() };
    if let Place::Registry { .. } = place {
        match place.find(None).await {
            Ok(found) => return found.document().ok_or_else(not_found),
            Err(error) if error.trouble() == Trouble::Unavailable => return Err(unresolved(error)),
            // Once its digest is known, this can be said better.
            Err(_) => {}
        }
    }
    let root = place.root().await.map_err(unresolved)?.ok_or_else(not_found)?;
    let piece = Piece::new(Part::Manifest, &Owner::Index, &root.digest);
    Ok(document(place, &root, &piece).await?)
}
