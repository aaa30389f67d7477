use crate::attestations::Reader;
use crate::walk::Walk;
use crate::{Verified, VerifyError};
use consign_image::Place;
use consign_oci::{Repository, Tag};
use consign_receipt::Policy;
use consign_sign::PublicKey;
use jiff::civil::Date;

/// What an image must show.
#[derive(Clone, Copy, Debug)]
pub struct Expectation<'a> {
    /// The key that must have signed everything. The policy believes it.
    pub key: &'a PublicKey,
    /// What every platform must have, beside what the release record says that the release had to show.
    pub policy: &'a Policy,
    /// The day, in UTC: what the policy ignores until an earlier day counts again. What the release tolerated is judged by the day of the release.
    pub today: Date,
    /// Whether to read and hash the layers too.
    pub content: bool,
}

/// Checks the image that a place's reference names, and everything that it is made of and that is claimed about it.
///
/// `requested` is the repository and tag that the user named: a release record must name them, the tag must name the image even where
/// the reference has a digest too, and no later release may have been given the tag. `None` for an image that is named by its digest
/// alone or lies in a file.
pub async fn verify(
    place: &Place,
    requested: Option<(&Repository, &Tag)>,
    expectation: Expectation<'_>,
) -> Result<Verified, VerifyError> {
    let unresolved = |source| VerifyError::Unresolved { place: place.describe(), source: Box::new(source) };
    let root = place.root().await.map_err(unresolved)?;
    let root = root.ok_or_else(|| VerifyError::NotFound { place: place.describe() })?;
    let reader = Reader::new(place, expectation.key);
    let walk = Walk::of(&reader, &root, expectation.content).await?;
    walk.judge(&reader, requested, expectation.policy, expectation.today).await
}
