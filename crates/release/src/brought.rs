//! What came with an image that was built elsewhere, or is attached to one that is looked at. It counts if it is signed by somebody whom the policy
//! names; all else is only noted as being there, so that the gate can say that it does not count.

use crate::{ImportProblem, ReleaseError};
use consign_image::Place;
use consign_oci::{Descriptor, Digest, Document, Exact, annotation, media_type};
use consign_receipt::{Receipt, Statement, Testimony, Trust};
use consign_sign::{Bundle, bundle_of};
use consign_trust::Authority;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Most manifests about one manifest that are looked at.
const REFERRER_LIMIT: usize = 1_000;
/// Most bytes of manifests and statements about an image and all its platforms that are read, as their descriptors state them.
const BYTES_LIMIT: u64 = 256 << 20;
/// The annotations by which manifests say what they carry. Nothing vouches for them; but who calls a statement something else could as well
/// leave it out.
const STATED: [&str; 2] = [annotation::BUNDLE_PREDICATE_TYPE, annotation::PREDICATE_TYPE];

/// What is about one manifest. It is read once; which keys count is known later.
#[derive(Clone, Debug)]
pub(crate) struct Brought {
    subject: Digest,
    heard: &'static [Testimony],
    claims: Vec<Claim>,
}

#[derive(Clone, Debug)]
struct Claim {
    /// Where it is from, for messages.
    place: String,
    /// What its manifest says that it speaks for, if that is heard.
    stated: Option<Testimony>,
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
    /// Returns the receipts: of those that one of the authorities signed all, of others one for each type, without what it claims. Fails where `check` does.
    pub(crate) fn receipts(
        &self,
        authorities: &[Authority],
        check: impl Fn(&Statement) -> Result<(), ImportProblem>,
    ) -> Result<Vec<Receipt>, ReleaseError> {
        let mut found = BTreeMap::new();
        for claim in &self.claims {
            let Some(receipt) = claim.receipt(&self.subject, authorities)? else { continue };
            let Some(testimony) = heard(self.heard, &receipt.statement.predicate_type) else { continue };
            check(&receipt.statement).map_err(|problem| problem.at(claim.place.clone()))?;
            let receipt = if receipt.trust == Trust::Unproven { noted(&self.subject, testimony)? } else { receipt };
            found.entry(receipt.statement.digest().clone()).or_insert(receipt);
        }
        Ok(found.into_values().collect())
    }
}

impl Claim {
    fn receipt(&self, subject: &Digest, authorities: &[Authority]) -> Result<Option<Receipt>, ReleaseError> {
        let signed = match &self.content {
            Content::Statement(statement) => {
                return Ok(Some(Receipt { statement: statement.clone(), trust: Trust::Unproven }));
            }
            Content::Unreadable => None,
            Content::Bundle(bundle) => Authority::receipt(authorities, bundle, subject),
        };
        let unproven = || self.stated.map(|stated| noted(subject, stated)).transpose();
        signed.map_or_else(unproven, |receipt| Ok(Some(receipt)))
    }
}

/// Returns a receipt without a claim.
fn noted(subject: &Digest, testimony: Testimony) -> Result<Receipt, ReleaseError> {
    let statement = Statement::new(subject, testimony.predicate_type(), Value::Null);
    Ok(Receipt { statement: Exact::write(statement)?, trust: Trust::Unproven })
}

/// Reads what is about the manifests of one image.
pub(crate) struct Reader<'a> {
    places: &'a [Place],
    /// Bytes that may still be read.
    left: u64,
}

impl<'a> Reader<'a> {
    pub(crate) fn new(places: &'a [Place]) -> Self {
        Self { places, left: BYTES_LIMIT }
    }

    /// Reads all that is about a manifest, wherever it lies, and speaks for what is heard. What is in an image is always looked up again.
    pub(crate) async fn read(
        &mut self,
        subject: &Digest,
        heard: &'static [Testimony],
    ) -> Result<Brought, ReleaseError> {
        let (mut claims, mut seen) = (Vec::new(), BTreeSet::new());
        for place in self.places {
            let referrers = place.referrers(subject).await?;
            if referrers.len() > REFERRER_LIMIT {
                let (subject, count, limit) = (subject.clone(), referrers.len(), REFERRER_LIMIT);
                return Err(ImportProblem::TooManyReferrers { subject, count, limit }.of(place));
            }
            for referrer in referrers {
                if seen.insert(referrer.digest.clone()) {
                    claims.extend(self.claim(place, &referrer, heard).await?);
                }
            }
        }
        Ok(Brought { subject: subject.clone(), heard, claims })
    }

    async fn claim(
        &mut self,
        place: &Place,
        referrer: &Descriptor,
        heard: &[Testimony],
    ) -> Result<Option<Claim>, ReleaseError> {
        if !media_type::is_manifest(&referrer.media_type) || is_of_no_use(&referrer.annotations, heard) {
            return Ok(None);
        }
        self.take(place, referrer)?;
        let Document::Manifest(manifest) = place.document(referrer).await? else { return Ok(None) };
        if is_of_no_use(&manifest.annotations, heard) {
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
        let stated = stated(&manifest.annotations).and_then(|stated| self::heard(heard, stated));
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

/// Returns what a type speaks for, if that is heard.
fn heard(heard: &[Testimony], predicate_type: &str) -> Option<Testimony> {
    Testimony::of(predicate_type).filter(|testimony| heard.contains(testimony))
}

/// Returns whether a manifest is said to carry what is not heard.
fn is_of_no_use(annotations: &BTreeMap<String, String>, heard: &[Testimony]) -> bool {
    stated(annotations).is_some_and(|stated| self::heard(heard, stated).is_none())
}

#[cfg(test)]
mod tests {
    use super::*;
    use consign_oci::Manifest;
    use consign_receipt::predicate;
    use consign_sign::{PrivateKey, artifact, sign};
    use consign_store::Store;

    #[tokio::test]
    async fn what_is_read_is_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let subject = Descriptor::new(media_type::MANIFEST, Digest::of(b"image"), 5);
        let key = PrivateKey::generate().unwrap();
        let mut sizes = 0;
        for predicate_type in [predicate::PROVENANCE, predicate::TEST_RESULT, predicate::VEX, predicate::SBOM] {
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
        let places = [Place::Store { store, root: None, name: "web".to_owned() }];
        let mut reader = Reader { places: &places, left: 2 * sizes };
        for _ in 0..2 {
            assert_eq!(reader.read(&subject.digest, &Testimony::ALL).await.unwrap().claims.len(), 3);
        }
        assert_eq!(reader.left, 0);
        // What is about another platform counts, too.
        let error = reader.read(&subject.digest, &Testimony::ALL).await.unwrap_err();
        let ReleaseError::Import { problem, .. } = error else { panic!("{error}") };
        assert!(matches!(*problem, ImportProblem::TooMuchSaid { .. }), "{problem}");
    }
}
