use crate::attestations::{Attestations, attestations};
use crate::fetch;
use crate::image::{check_image, check_other};
use crate::moved::find_moved_back;
use crate::record::{check_platforms, choose, records};
use crate::{Failure, Owner, Part, Piece, Verified, VerifiedPlatform, VerifyError};
use consign_image::Place;
use consign_oci::{Descriptor, Digest, Document, Platform, Repository, Tag};
use consign_receipt::predicate::ReleaseRecord;
use consign_receipt::{Candidate, PlatformCandidate, Policy, Receipt, gate};
use consign_sign::PublicKey;

/// Most entries of an index that are looked at.
const ENTRY_LIMIT: usize = 256;

/// What an image must show.
#[derive(Clone, Copy, Debug)]
pub struct Expectation<'a> {
    /// The key that must have signed everything. The policy believes it.
    pub key: &'a PublicKey,
    /// What every platform must have.
    pub policy: &'a Policy,
    /// Whether to read and hash the layers too.
    pub content: bool,
}

/// Checks the image that a place's reference names, and everything that it is made of and that is claimed about it.
///
/// `requested` is the repository and tag that the user named: a release record must name them, and no later release may have been given
/// the tag. `None` for an image that is named by its digest or lies in a file.
pub async fn verify(
    place: &Place,
    requested: Option<(&Repository, &Tag)>,
    expectation: Expectation<'_>,
) -> Result<Verified, VerifyError> {
    let unresolved = |source| VerifyError::Unresolved { place: place.describe(), source: Box::new(source) };
    let root = place.root().await.map_err(unresolved)?;
    let root = root.ok_or_else(|| VerifyError::NotFound { place: place.describe() })?;
    let walk = Walk::of(place, &root, expectation).await?;
    walk.judge(place, requested, expectation).await
}

/// Everything that was seen on the way through an image's graph.
struct Walk {
    index: Piece,
    /// Whether the reference names an index at all.
    is_index: bool,
    attestations: Attestations,
    platforms: Vec<(Platform, Piece, Attestations)>,
    checks: Vec<Piece>,
    failures: Vec<Failure>,
}

impl Walk {
    async fn of(place: &Place, root: &Descriptor, expectation: Expectation<'_>) -> Result<Self, VerifyError> {
        let index = Piece::new(Part::Manifest, &Owner::Index, &root.digest);
        let document = fetch::document(place, root, &index).await?;
        let attestations = attestations(place, &root.digest, &Owner::Index, expectation.key).await?;
        let is_index = matches!(document, Document::Index(_));
        let checks = vec![index.clone()];
        let mut walk = Self { index, is_index, attestations, platforms: Vec::new(), checks, failures: Vec::new() };
        if let Document::Index(document) = document {
            if document.manifests.len() > ENTRY_LIMIT {
                let (piece, count) = (walk.index, document.manifests.len());
                return Err(Failure::TooMany { piece, what: "entries", count, limit: ENTRY_LIMIT }.into());
            }
            for descriptor in &document.manifests {
                let platform = document.platforms().find(|(_, other)| std::ptr::eq(*other, descriptor));
                walk.visit(place, descriptor, platform.map(|(platform, _)| platform), expectation).await?;
            }
        }
        Ok(walk)
    }

    async fn visit(
        &mut self,
        place: &Place,
        descriptor: &Descriptor,
        platform: Option<&Platform>,
        expectation: Expectation<'_>,
    ) -> Result<(), VerifyError> {
        let found = match platform {
            Some(platform) => check_image(place, descriptor, platform, expectation.content).await?,
            None => check_other(place, descriptor).await?,
        };
        self.checks.extend(found.checks);
        self.failures.extend(found.failures);
        if let Some(platform) = platform {
            let owner = Owner::Platform(platform.clone());
            let attestations = attestations(place, &descriptor.digest, &owner, expectation.key).await?;
            let piece = Piece::new(Part::Manifest, &owner, &descriptor.digest);
            self.platforms.push((platform.clone(), piece, attestations));
        }
        Ok(())
    }

    /// Says what is wrong in this order: what was altered, what is not signed, what was not released so, what the policy misses.
    async fn judge(
        mut self,
        place: &Place,
        requested: Option<(&Repository, &Tag)>,
        expectation: Expectation<'_>,
    ) -> Result<Verified, VerifyError> {
        let key = expectation.key;
        let foreign =
            self.attestations.foreign + self.platforms.iter().map(|(_, _, found)| found.foreign).sum::<usize>();
        self.failures.append(&mut self.attestations.failures);
        for (_, _, found) in &mut self.platforms {
            self.failures.append(&mut found.failures);
        }
        failed(self.failures)?;
        let index = self.index.digest.clone();
        let everything = self.platforms.iter().map(|(_, piece, found)| (piece, found));
        let everything = [(&self.index, &self.attestations)].into_iter().chain(everything);
        let unsigned: Vec<Piece> =
            everything.filter(|(_, found)| !found.is_signed()).map(|(piece, _)| piece.clone()).collect();
        if !unsigned.is_empty() {
            return Err(VerifyError::NotSigned { key: key.fingerprint(), unsigned, foreign });
        }
        if !self.is_index {
            return Err(Failure::Shape { piece: self.index, expected: "an index" }.into());
        }

        let mut failures = Vec::new();
        let images: Vec<(Platform, Digest)> =
            self.platforms.iter().map(|(platform, piece, _)| (platform.clone(), piece.digest.clone())).collect();
        let records = records(&self.attestations, &index, &mut failures);
        failures.extend(records.iter().filter_map(|record| check_platforms(record, &images)));
        failed(failures)?;
        let record = choose(&records, requested, &index).map_err(|failure| VerifyError::from(*failure))?;
        if let Some(requested) = requested {
            failed(find_moved_back(place, record, requested, key).await?.into_iter().collect())?;
        }

        let mut checks = self.checks;
        checks.extend(self.attestations.receipts.iter().map(|(piece, _)| piece.clone()));
        checks.extend(self.platforms.iter().flat_map(|(_, _, found)| &found.receipts).map(|(piece, _)| piece.clone()));
        if requested.is_some() {
            checks.push(Piece::new(Part::Tag, &Owner::Index, &index));
        }
        let record = record.record.clone();
        let platforms: Vec<VerifiedPlatform> = self.platforms.into_iter().map(platform).collect();
        let candidate = candidate(&record, &platforms);
        let policy = expectation.policy.clone().trusting(key.identity());
        let verdict = gate(&candidate, &policy).map_err(|reasons| VerifyError::Policy { reasons })?;
        let receipts = receipts(self.attestations);
        Ok(Verified { index, platforms, receipts, release_record: record, verdict, checks, foreign })
    }
}

fn failed(failures: Vec<Failure>) -> Result<(), VerifyError> {
    if failures.is_empty() { Ok(()) } else { Err(VerifyError::Failed { failures }) }
}

fn receipts(attestations: Attestations) -> Vec<Receipt> {
    attestations.receipts.into_iter().map(|(_, receipt)| receipt).collect()
}

fn platform((platform, piece, attestations): (Platform, Piece, Attestations)) -> VerifiedPlatform {
    VerifiedPlatform { platform, digest: piece.digest, receipts: receipts(attestations) }
}

/// Makes what the gate judges: the image as it is, against the platforms that its release record says were planned.
fn candidate(record: &ReleaseRecord, platforms: &[VerifiedPlatform]) -> Candidate {
    Candidate {
        name: record.image.clone(),
        index: record.index.clone(),
        planned: record.platforms.iter().map(|planned| planned.platform.clone()).collect(),
        platforms: platforms
            .iter()
            .map(|platform| PlatformCandidate {
                platform: platform.platform.clone(),
                digest: platform.digest.clone(),
                tests: None,
                receipts: platform.receipts.clone(),
            })
            .collect(),
        destinations: record.destinations.clone(),
    }
}
