//! What came with an image that was built elsewhere. It counts if it is signed by somebody whom the policy names; all else is only noted as
//! being there, so that the gate can say that it does not count.

use crate::{ImportProblem, Job, ReleaseError, origin};
use consign_image::Place;
use consign_oci::{Descriptor, Digest, Document, Exact, Platform, media_type};
use consign_receipt::{Receipt, Statement, Trust, predicate};
use consign_sign::{Bundle, PublicKey, bundle_of};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Most manifests about one platform that are looked at.
const REFERRER_LIMIT: usize = 1_000;
/// Most bytes of manifests and statements about all platforms of an image that are read, as their descriptors state them.
const BYTES_LIMIT: u64 = 256 << 20;
/// The types that are heard. What is in an image is always looked up again.
const HEARD: [&str; 2] = [predicate::PROVENANCE, predicate::TEST_RESULT];
/// The annotations by which manifests say what they carry. Nothing vouches for them; but who calls a statement something else could as well
/// leave it out.
const STATED: [&str; 2] = ["dev.sigstore.bundle.predicateType", "in-toto.io/predicate-type"];

/// What came with one platform's image. It is read once; which keys count is known later.
#[derive(Clone, Debug)]
pub(crate) struct Brought {
    subject: Digest,
    claims: Vec<Claim>,
}

#[derive(Clone, Debug)]
struct Claim {
    /// Where it is from, for messages.
    place: String,
    /// The type that its manifest states, if that is one that is heard.
    stated: Option<&'static str>,
    content: Content,
}

#[derive(Clone, Debug)]
enum Content {
    Bundle(Box<Bundle>),
    /// A bundle of another kind than is read.
    Unreadable,
    /// A statement that nobody signed.
    Statement(Exact<Statement>),
}

impl Brought {
    /// Returns the receipts: of those that one of the keys signed all, of others one for each type, without what it claims.
    pub(crate) fn receipts(
        &self,
        job: &Job,
        platform: &Platform,
        keys: &[&PublicKey],
    ) -> Result<Vec<Receipt>, ReleaseError> {
        let mut found = BTreeMap::new();
        for claim in &self.claims {
            let Some(receipt) = claim.receipt(&self.subject, keys)? else { continue };
            if !HEARD.contains(&receipt.statement.predicate_type.as_str()) {
                continue;
            }
            origin::check(job, platform, &receipt.statement).map_err(|problem| problem.at(claim.place.clone()))?;
            let receipt = if receipt.trust == Trust::Unproven {
                noted(&self.subject, &receipt.statement.predicate_type)?
            } else {
                receipt
            };
            found.entry(receipt.statement.digest().clone()).or_insert(receipt);
        }
        Ok(found.into_values().collect())
    }
}

impl Claim {
    fn receipt(&self, subject: &Digest, keys: &[&PublicKey]) -> Result<Option<Receipt>, ReleaseError> {
        let signed = match &self.content {
            Content::Statement(statement) => {
                return Ok(Some(Receipt { statement: statement.clone(), trust: Trust::Unproven }));
            }
            Content::Unreadable => None,
            Content::Bundle(bundle) => keys.iter().find_map(|key| {
                let statement = bundle.verify(key, subject).ok()?;
                Some(Receipt { statement, trust: Trust::Signed(key.identity()) })
            }),
        };
        let unproven = || self.stated.map(|stated| noted(subject, stated)).transpose();
        signed.map_or_else(unproven, |receipt| Ok(Some(receipt)))
    }
}

/// Returns a receipt of a type, without a claim.
fn noted(subject: &Digest, predicate_type: &str) -> Result<Receipt, ReleaseError> {
    let statement = Statement::new(subject, predicate_type, Value::Null);
    Ok(Receipt { statement: Exact::write(statement)?, trust: Trust::Unproven })
}

/// Reads what came with the platforms of one image.
pub(crate) struct Reader<'a> {
    places: &'a [Place],
    /// Bytes that may still be read.
    left: u64,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(places: &'a [Place]) -> Self {
        Self { places, left: BYTES_LIMIT }
    }

    /// Reads all that is about a platform's image, wherever it lies.
    pub(crate) async fn read(&mut self, platform: &Platform, subject: &Descriptor) -> Result<Brought, ReleaseError> {
        let (mut claims, mut seen) = (Vec::new(), BTreeSet::new());
        for place in self.places {
            let referrers = place.referrers(&subject.digest).await?;
            if referrers.len() > REFERRER_LIMIT {
                let (platform, count, limit) = (platform.clone(), referrers.len(), REFERRER_LIMIT);
                return Err(ImportProblem::TooManyReferrers { platform, count, limit }.of(place));
            }
            for referrer in referrers {
                if seen.insert(referrer.digest.clone()) {
                    claims.extend(self.claim(place, &referrer).await?);
                }
            }
        }
        Ok(Brought { subject: subject.digest.clone(), claims })
    }

    async fn claim(&mut self, place: &Place, referrer: &Descriptor) -> Result<Option<Claim>, ReleaseError> {
        if is_of_no_use(&referrer.annotations) {
            return Ok(None);
        }
        self.take(place, referrer)?;
        let Document::Manifest(manifest) = place.document(referrer).await? else { return Ok(None) };
        if is_of_no_use(&manifest.annotations) {
            return Ok(None);
        }
        let content = if let Some(layer) = bundle_of(&manifest) {
            let bundle = Bundle::read(&self.bytes(place, layer).await?);
            bundle.map_or(Content::Unreadable, |bundle| Content::Bundle(Box::new(bundle)))
        } else {
            let [layer] = &manifest.layers[..] else { return Ok(None) };
            if layer.media_type != media_type::IN_TOTO {
                return Ok(None);
            }
            let Ok(statement) = Exact::read(self.bytes(place, layer).await?) else { return Ok(None) };
            Content::Statement(statement)
        };
        let stated = stated(&manifest.annotations).and_then(|stated| HEARD.into_iter().find(|heard| *heard == stated));
        Ok(Some(Claim { place: place.describe(), stated, content }))
    }

    async fn bytes(&mut self, place: &Place, layer: &Descriptor) -> Result<Vec<u8>, ReleaseError> {
        self.take(place, layer)?;
        Ok(place.bytes(layer, consign_sign::LIMIT).await?)
    }

    fn take(&mut self, place: &Place, descriptor: &Descriptor) -> Result<(), ReleaseError> {
        let left = self.left.checked_sub(descriptor.size);
        self.left = left.ok_or_else(|| ImportProblem::TooMuchSaid { limit: BYTES_LIMIT }.of(place))?;
        Ok(())
    }
}

fn stated(annotations: &BTreeMap<String, String>) -> Option<&str> {
    STATED.iter().find_map(|key| annotations.get(*key)).map(String::as_str)
}

/// Returns whether a manifest is said to carry what is not heard.
fn is_of_no_use(annotations: &BTreeMap<String, String>) -> bool {
    stated(annotations).is_some_and(|stated| !HEARD.contains(&stated))
}

#[cfg(test)]
mod tests {
    use super::*;
    use consign_oci::Manifest;
    use consign_sign::{PrivateKey, artifact, sign};
    use consign_store::Store;

    #[tokio::test]
    async fn what_is_read_is_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let subject = Descriptor::new(media_type::MANIFEST, Digest::of(b"image"), 5);
        let key = PrivateKey::generate().unwrap();
        let mut sizes = 0;
        for predicate_type in [predicate::PROVENANCE, predicate::TEST_RESULT, predicate::SBOM] {
            let statement = Exact::write(Statement::new(&subject.digest, predicate_type, Value::Null)).unwrap();
            let bundle = sign(&statement, &key).unwrap();
            let artifact = artifact(&subject, &bundle, predicate_type, "2026-01-02T03:04:05Z").unwrap();
            let blobs = artifact.blobs.iter().map(|(_, bytes)| &bytes[..]).chain([artifact.manifest.bytes()]);
            blobs.for_each(|bytes| _ = store.put(bytes).unwrap());
            let manifest: &Manifest = &artifact.manifest;
            let descriptor = artifact.manifest.descriptor(media_type::MANIFEST);
            store.put_receipt(&subject.digest, &descriptor).unwrap();
            if predicate_type == predicate::SBOM {
                // Nobody hears it, so only its manifest is read.
                sizes += descriptor.size;
            } else {
                sizes += descriptor.size + manifest.layers[0].size;
            }
        }
        let platform = "linux/amd64".parse().unwrap();
        let places = [Place::Store { store, root: None, name: "web".to_owned() }];
        let mut reader = Reader { places: &places, left: 2 * sizes };
        for _ in 0..2 {
            assert_eq!(reader.read(&platform, &subject).await.unwrap().claims.len(), 2);
        }
        assert_eq!(reader.left, 0);
        // What is about another platform counts, too.
        let error = reader.read(&platform, &subject).await.unwrap_err();
        let ReleaseError::Import { problem, .. } = error else { panic!("{error}") };
        assert!(matches!(*problem, ImportProblem::TooMuchSaid { .. }), "{problem}");
    }
}
